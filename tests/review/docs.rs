//! The sessions in docs/review.md are real ones: they are held again at a pseudo-terminal and compared, line
//! by line. `REFIT_UPDATE_DOCS=1` writes it anew.
#![cfg(unix)]

use crate::pty;

use std::{fs, path::Path, sync::Mutex};

use pty::Pty;

const BEGIN: &str = "<!-- session: written by tests/review/docs.rs -->\n\n```text\n";
const BEGIN_TWO: &str =
    "<!-- session of two releases: written by tests/review/docs.rs -->\n\n```text\n";
const END: &str = "```\n";
/// What a list of options ends with.
const LIST: &str = "(leave the question open)";

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
    pty.press("y", LIST);
    pty.press("\x1b[B", "> ");
    pty.press("\r", "Take this answer?");
    pty.press("b", LIST);
    pty.press("\r", "Take this answer?");
    pty.press("y", "Accept?");
    pty.press("y", "Accept?");
    pty.press("y", "Write 1 file?");
    pty.press("y", "file:");
    pty.keys("\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    let session = format!("$ refit {}\n{screen}\n", args.join(" "));

    documented(BEGIN, &session);
    // And the command at its end does what it says, for a file as it was before.
    let written = fs::read(&file).unwrap();
    fs::copy(root.join("examples/arroyo-0.10.yaml"), &file).unwrap();
    paste(&session, folder.path());
    assert_eq!(fs::read(&file).unwrap(), written);
}

/// Compares a session with the one that the page has behind a mark, or writes it there.
fn documented(begin: &str, session: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/review.md");
    // Both tests write the page.
    static PAGE: Mutex<()> = Mutex::new(());
    let _one = PAGE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let text = fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once(begin).expect("the page has a session");
    let (shown, after) = rest.split_once(END).expect("the session ends");
    if std::env::var_os("REFIT_UPDATE_DOCS").is_some() {
        fs::write(&page, format!("{before}{begin}{session}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(
        shown, session,
        "docs/review.md is out of date; REFIT_UPDATE_DOCS=1 cargo test --test review docs writes it anew"
    );
}

/// Runs the command at the end of a session.
fn paste(session: &str, folder: &Path) {
    let start = session.rfind("  refit upgrade ").unwrap();
    let script = session[start..].trim().replacen("refit", "\"$REFIT\"", 1);
    let run = std::process::Command::new("sh")
        .args(["-c", &script])
        .env("REFIT", env!("CARGO_BIN_EXE_refit"))
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
}

/// What two releases share, and the layer of each.
const LAYERS: [(&str, &str); 3] = [
    (
        "base.yaml",
        "controller:\n  image: {repository: registry.fjord.example/arroyo, tag: \"0.10.3\"}\nworker:\n  \
         image: {repository: registry.fjord.example/arroyo, tag: \"0.10.3\"}\n  slots: 8\n\
         artifactUrl: s3://fjord/artifacts\ncheckpointUrl: s3://fjord/checkpoints\n",
    ),
    (
        "prod.yaml",
        "# Our UDFs need libraries that are not in the usual image.\nworker:\n  image: {repository: \
         registry.fjord.example/udf-worker, tag: v7}\n",
    ),
    ("staging.yaml", "podAnnotations:\n  stage: staging\n"),
];

#[test]
fn the_documented_session_with_two_releases_is_what_happens() {
    let folder = tempfile::tempdir().unwrap();
    let lay = || {
        for (name, text) in LAYERS {
            fs::write(folder.path().join(name), text).unwrap();
        }
    };
    lay();
    let args = [
        "review",
        "--release",
        "prod@0.10.3=base.yaml,prod.yaml",
        "--release",
        "staging@0.10.3=base.yaml,staging.yaml",
        "--to",
        "0.15.0",
    ];
    let mut pty = Pty::new(folder.path(), &args, 81, &[]);
    pty.until(LIST);
    pty.press("\r", "worker_tag:");
    pty.press("v8\r", "Take this answer?");
    pty.press("y", "Accept?");
    pty.press("A", LIST);
    pty.press("\x1b[B", "> ");
    pty.press("\r", "Take this answer?");
    pty.press("b", LIST);
    pty.press("\x1b[B\x1b[B", "> ");
    pty.press("\r", "Take this answer?");
    pty.press("y", "Write 2 files?");
    pty.press("y", "file:");
    pty.keys("fjord.answers\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    let command = format!("$ refit {}", args.join(" ")).replace(" --", " \\\n    --");
    // What is told of each release stands in the first session.
    let (before, rest) = screen.split_once("\nEffect").expect("facts are shown");
    let (_, after) = rest.rsplit_once("\nWrite 2 files?").expect("it asks");
    let session = format!("{command}\n{before}\n[...]\n\nWrite 2 files?{after}\n");
    documented(BEGIN_TWO, &session);
    let texts = || LAYERS.map(|(name, _)| fs::read_to_string(folder.path().join(name)).unwrap());
    let written = texts();
    lay();
    paste(&session, folder.path());
    assert_eq!(texts(), written);
}
