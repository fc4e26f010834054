//! How refit ends: the exit codes of every command, with what each says. Help texts are made from these lists, and
//! a test holds the pages in `docs/` and README.md to them, so that a code cannot mean two things.
//!
//! Where several apply, the order is [`Exit::Error`], [`Exit::Open`], [`Exit::Differs`], [`Exit::Done`].

use std::process::ExitCode;

/// The end of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Nothing is left to do, or it is done.
    Done = 0,
    /// Something would change, differs, is wrong, or was left alone: what the command was asked to tell.
    Differs = 1,
    /// An error, of usage or otherwise.
    Error = 2,
    /// Questions are open.
    Open = 3,
    /// Ctrl-C, as shells count a process that it has ended.
    Interrupted = 130,
}

impl Exit {
    /// The code that a shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The codes of a command, and what each says.
pub type Meanings = &'static [(Exit, &'static str)];

/// `refit upgrade`.
pub const UPGRADE: Meanings = &[
    (Exit::Done, "done, or nothing to do; a preview that worked"),
    (
        Exit::Differs,
        "`--check`: something would change; `--verify`: something differs and no step says why",
    ),
    (
        Exit::Error,
        "an error; what could be done for other files was done",
    ),
    (
        Exit::Open,
        "a question is open (under `--write`, `--check` or `-`); nothing was written for that file",
    ),
];

/// `refit verify`.
pub const VERIFY: Meanings = &[
    (
        Exit::Done,
        "everything is as it was, or a step says why it is not",
    ),
    (
        Exit::Differs,
        "something differs and no step says why, or the new chart refuses the values",
    ),
    (Exit::Error, "an error; also where there is no Helm"),
    (
        Exit::Open,
        "a question is open; what it holds back was compared as it stands",
    ),
];

/// `refit review`.
pub const REVIEW: Meanings = &[
    (Exit::Done, "written, or nothing to do"),
    (Exit::Differs, "left without writing: `q`, or no at the end"),
    (
        Exit::Error,
        "an error, or no terminal; what could be done was done",
    ),
    (
        Exit::Open,
        "questions are open, so nothing was written for these files",
    ),
    (
        Exit::Interrupted,
        "Ctrl-C (143 after SIGTERM, 129 when the terminal is gone)",
    ),
];

/// A help text that ends with exit codes.
pub fn help(text: &str, meanings: Meanings) -> String {
    let mut help = format!("{text}\n\nExit codes:");
    for (exit, says) in meanings {
        let code = exit.code();
        // In a terminal flags and keys stand without the marks that pages have.
        help.push_str(&format!("\n  {code:<3}  {}", says.replace('`', "")));
    }
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_say_what_the_codes_are() {
        let pages = [
            ("README.md", include_str!("../../README.md"), UPGRADE),
            (
                "docs/automation.md",
                include_str!("../../docs/automation.md"),
                UPGRADE,
            ),
            (
                "docs/verify.md",
                include_str!("../../docs/verify.md"),
                VERIFY,
            ),
            (
                "docs/review.md",
                include_str!("../../docs/review.md"),
                REVIEW,
            ),
        ];
        for (name, page, meanings) in pages {
            for (exit, says) in meanings {
                let code = exit.code();
                let row = format!("| {code} | {says} |");
                assert!(page.contains(&row), "{name} should have this row: {row}");
            }
        }
    }
}
