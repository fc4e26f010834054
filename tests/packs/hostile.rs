//! Packs from strangers that want more than they may have: each is refused in words, and soon.

use refit::chart::Chart;
use std::{fs, path::Path, time::Instant};

use refit::pack::Pack;

const PACK: &str =
    "pack: 1\nchart: web\ntitle: Web\nversions:\n  1.0.0: {app: \"1\"}\n  2.0.0: {app: \"2\"}\n";
const KEYS: &str = "a: [{in: \"*\", default: 1}]\n";

/// What is said of a pack with these files, or that it was loaded.
fn said(files: &[(&str, String)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    put("pack.yaml", PACK);
    put("keys.yaml", KEYS);
    for (name, text) in files {
        put(name, text);
    }
    let begun = Instant::now();
    let said = loaded(folder.path());
    assert!(begun.elapsed().as_secs() < 60, "{said}");
    said
}

fn loaded(folder: &Path) -> String {
    let pack = match Pack::from_folder(folder) {
        Ok(pack) => pack,
        Err(error) => return error.to_string(),
    };
    let versions: Vec<_> = pack.migrated_versions().cloned().collect();
    for version in versions {
        if let Err(error) = pack.migrations(&version) {
            return error.to_string();
        }
    }
    "loaded".to_owned()
}

#[test]
fn what_is_too_large_too_deep_or_hidden_is_refused() {
    assert_eq!(said(&[]), "loaded");
    let versions = (0..5_001).map(|n| format!("  0.0.{n}: {{app: \"1\"}}\n"));
    let versions = format!(
        "pack: 1\nchart: web\ntitle: Web\nversions:\n{}",
        versions.collect::<String>()
    );
    let keys: String = (0..20_001)
        .map(|n| format!("k{n}: [{{in: \"*\"}}]\n"))
        .collect();
    let title = |title: &str| format!("version: 2.0.0\ntitle: {title}\nsteps: {{}}\n");
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\n".to_owned();
    let many: Vec<(String, String)> = (0..4_001)
        .map(|n| (format!("1.0.{n}.yaml"), String::new()))
        .collect();
    let many: Vec<(&str, String)> = many
        .iter()
        .map(|(name, text)| (name.as_str(), text.clone()))
        .collect();
    for (files, what) in [
        (
            vec![("keys.yaml", "#".repeat(1 << 20) + "\n" + KEYS)],
            "larger than 1048576 bytes",
        ),
        (
            vec![("keys.yaml", format!("a: {}", "[".repeat(300_000)))],
            "",
        ),
        (
            vec![(
                "keys.yaml",
                format!("a: {}{}", "[".repeat(200), "]".repeat(200)),
            )],
            "nests deeper than 64 levels",
        ),
        (vec![("pack.yaml", bomb)], "uses an alias"),
        (vec![("pack.yaml", versions)], "more than 5000 versions"),
        (vec![("keys.yaml", keys)], "more than 20000 keys"),
        (
            vec![("2.0.0.yaml", title("\"a\\e[2Jb\""))],
            "line 2: a text holds the character U+001B",
        ),
        (
            vec![("2.0.0.yaml", title("\"a\\u202Eb\""))],
            "line 2: a text holds the character U+202E",
        ),
        (
            vec![("2.0.0.yaml", title("a\u{2066}b"))],
            "line 2: a text holds the character U+2066",
        ),
        (many, "more than 4000 files"),
    ] {
        let said = said(&files);
        assert!(said != "loaded" && said.contains(what), "{what}: {said}");
        assert!(
            !said.contains(['\u{1b}', '\u{202e}', '\u{2066}']),
            "{said:?}"
        );
    }
}

/// Archives in archives share one bound, or a chart of some kilobytes could take gigabytes.
#[test]
fn archives_in_a_chart_share_its_bound() {
    let mut packed = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::fast(),
    ));
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        packed.append_data(&mut header, name, bytes).unwrap();
    };
    add("a/Chart.yaml", b"name: a\nversion: 1.0.0\n");
    add("a/zeros", &vec![0; 40 << 20]);
    let packed = packed.into_inner().unwrap().finish().unwrap();
    let chart = |archives: usize| {
        let names = (0..archives).map(|number| format!("charts/a{number}.tgz"));
        let about = (
            "Chart.yaml".to_owned(),
            b"name: whole\nversion: 1.0.0\n".to_vec(),
        );
        let files = names.map(|name| (name, packed.clone())).chain([about]);
        Chart::from_files("whole", files.collect())
    };
    assert!(chart(2).is_ok());
    let error = chart(3).unwrap_err().to_string();
    assert!(error.contains("larger than 100 MiB"), "{error}");
}
