//! Where the two charts of a check come from: a repository that `helm` knows by name, and an OCI registry.
//!
//! Both are served on the loopback interface. Over plain HTTP Helm wants to be told so for a registry;
//! refit leaves that to Helm, so `HELM_BIN` names a script here that says it, as a person's could.

#![cfg(unix)]

use crate::registry;
use crate::support;

use std::{fs, path::Path, process::Output};

use registry::Registry;
use support::helm;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn verify(helm: &Path, home: &Path, old: &str, new: &str) -> Output {
    helm::refit(helm, home)
        .args([
            "verify",
            "values.yaml",
            "--from",
            "0.10.3",
            "--accept-recommended",
        ])
        .args(["--old-chart", old, "--new-chart", new])
        .output()
        .unwrap()
}

#[test]
fn charts_are_had_by_every_name_that_helm_resolves() {
    for helm in helm::each() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let chart = |name: &str| root().join("examples/charts").join(name);
        let (old, new) = (chart("two-image"), chart("one-image"));
        let registry = Registry::of(helm, home, &[&old, &new]);
        fs::copy(
            root().join("examples/arroyo-0.10.yaml"),
            home.join("values.yaml"),
        )
        .unwrap();
        let mut add = helm.command(home);
        add.args(["repo", "add", "fjord", &registry.repository()]);
        let added = add
            .env("HELM_CONFIG_HOME", home.join("config"))
            .env("HELM_CACHE_HOME", home.join("cache"))
            .env("HELM_DATA_HOME", home.join("data"))
            .output()
            .unwrap();
        assert!(added.status.success(), "{added:?}");

        let program = helm::plain(helm.program(), home);
        let path = |chart: &Path| chart.display().to_string();
        let folders = verify(&program, home, &path(&old), &path(&new));
        assert_eq!(folders.status.code(), Some(0), "{folders:?}");
        let reference = registry.reference();
        for name in ["fjord/arroyo", &reference] {
            let found = verify(&program, home, name, name);
            assert_eq!(found.status.code(), Some(0), "{name}: {found:?}");
            assert_eq!(found.stdout, folders.stdout, "{name}");
        }

        // Nothing answers in the scheme that was asked for.
        let failed = verify(helm.program(), home, &reference, &reference);
        let said = String::from_utf8_lossy(&failed.stderr);
        assert_eq!(failed.status.code(), Some(2), "{said}");
        for says in [
            &format!("the chart {reference} 0.10.3 cannot be fetched"),
            "why:  `helm pull` failed",
            "name the archive with --old-chart",
        ] {
            assert!(said.contains(says), "{says}\n{said}");
        }
        // Nor has it every version.
        let missing = verify(&program, home, "fjord/arroyo", "fjord/other");
        let said = String::from_utf8_lossy(&missing.stderr);
        assert_eq!(missing.status.code(), Some(2), "{said}");
        assert!(
            said.contains("fjord/other 0.15.0 cannot be fetched"),
            "{said}"
        );
    }
}
