//! The session in docs/review.md is a real one: it is held again at a pseudo-terminal and compared, line
//! by line. `REFIT_UPDATE_DOCS=1` writes it anew.
#![cfg(unix)]

mod pty;

use std::{fs, path::Path};

use pty::Pty;

const BEGIN: &str = "<!-- session: written by tests/review_docs.rs -->\n\n```text\n";
const END: &str = "```\n";

#[test]
fn the_documented_session_is_what_happens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("arroyo-0.10.yaml");
    fs::copy(root.join("examples/arroyo-0.10.yaml"), &file).unwrap();
    let to = ["--to", "0.15.0"];
    let args = ["review", "arroyo-0.10.yaml", to[0], to[1]];
    let mut pty = Pty::new(folder.path(), &args, 81, &[]);
    pty.until("Accept?");
    pty.press("y", "Which?");
    pty.press("2", "Take this answer?");
    pty.press("b", "Which?");
    pty.press("\r", "Take this answer?");
    pty.press("y", "Accept?");
    pty.press("y", "Accept?");
    pty.press("y", "Write 1 file?");
    pty.press("y", "file:");
    pty.keys("\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    let session = format!("$ refit {}\n{screen}\n", args.join(" "));

    let page = root.join("docs/review.md");
    let text = fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the page has a session");
    let (shown, after) = rest.split_once(END).expect("the session ends");
    if std::env::var_os("REFIT_UPDATE_DOCS").is_some() {
        fs::write(&page, format!("{before}{BEGIN}{session}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(
        shown, session,
        "docs/review.md is out of date; REFIT_UPDATE_DOCS=1 cargo test --test review_docs writes it anew"
    );
    // And the command at its end does what it says, for a file as it was before.
    let written = fs::read(&file).unwrap();
    fs::copy(root.join("examples/arroyo-0.10.yaml"), &file).unwrap();
    let start = session.rfind("  refit upgrade ").unwrap();
    let script = session[start..].trim().replacen("refit", "\"$REFIT\"", 1);
    let run = std::process::Command::new("sh")
        .args(["-c", &script])
        .env("REFIT", env!("CARGO_BIN_EXE_refit"))
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
    assert_eq!(fs::read(&file).unwrap(), written);
}
