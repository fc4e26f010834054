//! The output that README.md shows is what the program prints: every line of it, in that order.

use std::{path::Path, process::Command};

#[test]
fn the_readme_shows_real_output() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let shown = readme
        .split("<!-- output -->")
        .nth(1)
        .unwrap()
        .split("## Try it")
        .next()
        .unwrap();
    let mut blocks = shown.split("```").skip(1).step_by(2);
    let mut block = || blocks.next().unwrap().split_once('\n').unwrap().1;
    let output = Command::new(env!("CARGO_BIN_EXE_refit"))
        .args(["upgrade", "examples/arroyo-0.10.yaml"])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success());
    for (name, printed, shown) in [
        ("standard output", &output.stdout, block()),
        ("standard error", &output.stderr, block()),
    ] {
        let printed = String::from_utf8_lossy(printed);
        let mut lines = printed.lines();
        for line in shown.lines() {
            assert!(
                lines.any(|printed| printed == line),
                "{name} has no line `{line}` here:\n{printed}"
            );
        }
    }
}
