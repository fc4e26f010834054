//! How refit ends: the exit codes of every command, with what each says. Help texts are made from these lists, and
//! a test holds the pages in `docs/` and README.md to them, so that a code cannot mean two things.
//!
//! Where several apply, the order is [`ERROR`], [`OPEN`], [`DIFFERS`], [`DONE`].

/// Nothing is left to do, or it is done.
pub const DONE: u8 = 0;
/// Something would change, differs, is wrong, or was left alone: what the command was asked to tell.
pub const DIFFERS: u8 = 1;
/// An error, of usage or otherwise.
pub const ERROR: u8 = 2;
/// Questions are open.
pub const OPEN: u8 = 3;
/// Ctrl-C, as shells count a process that it has ended.
pub const INTERRUPTED: u8 = 130;

/// The codes of a command, and what each says.
pub type Meanings = &'static [(u8, &'static str)];

/// `refit upgrade`.
pub const UPGRADE: Meanings = &[
    (DONE, "done, or nothing to do; a preview that worked"),
    (
        DIFFERS,
        "`--check`: something would change; `--verify`: something differs and no step says why",
    ),
    (
        ERROR,
        "an error; what could be done for other files was done",
    ),
    (
        OPEN,
        "a question is open (under `--write`, `--check` or `-`); nothing was written for that file",
    ),
];

/// `refit verify`.
pub const VERIFY: Meanings = &[
    (
        DONE,
        "everything is as it was, or a step says why it is not",
    ),
    (
        DIFFERS,
        "something differs and no step says why, or the new chart refuses the values",
    ),
    (ERROR, "an error"),
    (
        OPEN,
        "a question is open; what it holds back was compared as it stands",
    ),
];

/// `refit review`.
pub const REVIEW: Meanings = &[
    (DONE, "written, or nothing to do"),
    (DIFFERS, "left without writing: `q`, or no at the end"),
    (
        ERROR,
        "an error, or no terminal; what could be done was done",
    ),
    (
        OPEN,
        "questions are open, so nothing was written for these files",
    ),
    (
        INTERRUPTED,
        "Ctrl-C (143 after SIGTERM, 129 when the terminal is gone)",
    ),
];

/// A help text that ends with exit codes.
pub fn help(text: &str, meanings: Meanings) -> String {
    let mut help = format!("{text}\n\nExit codes:");
    for (code, says) in meanings {
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
            for (code, says) in meanings {
                let row = format!("| {code} | {says} |");
                assert!(page.contains(&row), "{name} should have this row: {row}");
            }
        }
    }
}
