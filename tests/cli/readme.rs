//! The output that README.md shows is what the program prints, whole.

use std::{path::Path, process::Command};

#[test]
fn the_readme_shows_real_output() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let shown = readme.split("<!-- output -->").nth(1).unwrap();
    let shown = shown.split("```").nth(1).unwrap();
    let (_, shown) = shown.split_once('\n').unwrap();
    // Both streams go to one file, in the order in which a terminal gets them.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("printed");
    let file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(&path)
        .unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_refit"))
        .args(["upgrade", "examples/arroyo-0.10.yaml"])
        .current_dir(root)
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .status()
        .unwrap();
    assert!(status.success());
    let printed = std::fs::read_to_string(&path).unwrap();
    assert_eq!(shown, printed, "the sample is the whole output");
    assert!(printed.lines().count() <= 40, "{printed}");
}
