//! The shop of the examples: two versions of a chart, values for the first, and what these are for the second.

use crate::support::{copy_folder, helm};

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

/// A file or folder of the examples.
fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(name)
}

/// A folder with both charts and the values, to be changed.
pub fn bench() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    copy_folder(&example("charts/shop-1"), &home.path().join("old"));
    copy_folder(&example("charts/shop-2"), &home.path().join("new"));
    fs::copy(example("shop.yaml"), home.path().join("values.yaml")).unwrap();
    home
}

/// The values there, as they are now.
pub fn values(home: &Path) -> String {
    fs::read_to_string(home.join("values.yaml")).unwrap()
}

/// All that a program said.
pub fn said(output: &Output) -> String {
    format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// The same, in words with one space between them.
pub fn said_in_words(output: &Output) -> String {
    let all = said(output);
    all.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An upgrade of `values.yaml` in a folder, from the chart in `old` to that in `new`.
pub fn upgrade(helm: &Path, home: &Path, args: &[&str]) -> Output {
    helm::refit(helm, home)
        .args(["upgrade", "values.yaml"])
        .args(["--old-chart", "old", "--new-chart", "new"])
        .args(args)
        .output()
        .unwrap()
}

/// What a preview of it is, with what is sure done.
pub fn preview_drafted(helm: &Path, home: &Path) -> Output {
    upgrade(helm, home, &["--accept-drafts", "-v"])
}

/// The values for the second version of the chart.
pub const MOVED: &str = "\
# The shop of Fjord Books.
replicas: 3   # one for each zone

image:
  tag: 3.1.2-fjord

log:
  level: debug

service:
  ports:
    # The load balancer expects it.
    http: 8080

ingress:
  enabled: true
  hostname: shop.fjord.example

showTax: true

nodeSelector:
  disk: fast
";
