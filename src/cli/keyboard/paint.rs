//! Lists and confirmations that dialoguer paints and this terminal's own reader reads keys for.
//!
//! dialoguer reads keys itself and drops those it does not know, so no key of a review would work at its prompts.
//! Here it paints to a canvas that ends it as soon as everything stands on the screen: what comes next is a key like
//! any other. So Ctrl-C, Ctrl-Z and a resize are what they are at every other prompt, too.

use std::io;

use dialoguer::{Confirm, FuzzySelect, MultiSelect, Select, theme::Theme};

/// Rows that a list needs, at least: below, dialoguer cannot divide it into pages.
pub(super) const ROWS: usize = 5;
/// Columns for the number of a page, which dialoguer puts behind a prompt.
pub(super) const PAGE: usize = 16;
/// What is written around the items of a list: the cursor is hidden, and the prompt written.
const BESIDE_ITEMS: usize = 2;

/// The lines of a list from `at` on that have room on a terminal of so many rows, by page, as dialoguer divides it.
fn items_shown(items: usize, rows: usize, at: Option<usize>) -> usize {
    let page = rows.max(ROWS) - 2;
    if items <= page {
        return items;
    }
    let first = at.map_or(0, |at| at / page * page);
    page.min(items - first)
}

/// Paints a list; gives the number of lines that it takes.
pub(super) fn select(
    theme: &dyn Theme,
    prompt: &str,
    items: &[String],
    at: Option<usize>,
    rows: usize,
) -> io::Result<usize> {
    let list = Select::with_theme(theme)
        .with_prompt(prompt)
        .items(items)
        .report(false);
    let list = match at {
        Some(at) => list.default(at),
        None => list,
    };
    let shown = items_shown(items.len(), rows, at);
    canvas::paint(shown + BESIDE_ITEMS, |term| {
        list.interact_on_opt(term).map(|_| ())
    })?;
    Ok(shown + 1)
}

/// Paints a list that is searched: what fits a search, of which one is active. Gives the number of lines that it takes.
pub(super) fn search(
    theme: &dyn Theme,
    (prompt, search): (&str, &str),
    items: &[&String],
    active: Option<usize>,
) -> io::Result<usize> {
    let list = FuzzySelect::with_theme(theme)
        .with_prompt(prompt)
        .with_initial_text(search)
        .items(items)
        .highlight_matches(false)
        .report(false);
    let list = match active {
        Some(at) => list.default(at),
        None => list,
    };
    canvas::paint(items.len() + BESIDE_ITEMS, |term| {
        list.interact_on_opt(term).map(|_| ())
    })?;
    Ok(items.len() + 1)
}

/// Paints a list with ticks, all of which must have room; the theme knows the active one. Gives the number of lines
/// that it takes.
pub(super) fn ticks(
    theme: &dyn Theme,
    prompt: &str,
    items: &[String],
    ticks: &[bool],
) -> io::Result<usize> {
    let list = MultiSelect::with_theme(theme)
        .with_prompt(prompt)
        .items(items)
        .defaults(ticks)
        .report(false);
    canvas::paint(items.len() + BESIDE_ITEMS, |term| {
        list.interact_on_opt(term).map(|_| ())
    })?;
    Ok(items.len() + 1)
}

/// Paints a question of yes or no; the cursor is hidden behind it.
pub(super) fn confirm(theme: &dyn Theme, prompt: &str) -> io::Result<()> {
    let question = Confirm::with_theme(theme)
        .with_prompt(prompt)
        .default(false);
    canvas::paint(2, |term| question.interact_on_opt(term).map(|_| ()))
}

#[cfg(unix)]
mod canvas {
    use std::{
        io,
        os::fd::{AsRawFd, RawFd},
    };

    /// Standard error, which says that it is full when enough was written.
    #[derive(Debug)]
    struct Canvas {
        writes: usize,
    }

    /// The message of a full canvas.
    const FULL: &str = "painted";

    impl io::Write for Canvas {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            io::stderr().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            io::stderr().flush()?;
            self.writes = self.writes.saturating_sub(1);
            match self.writes {
                0 => Err(io::Error::other(FULL)),
                _ => Ok(()),
            }
        }
    }

    impl AsRawFd for Canvas {
        fn as_raw_fd(&self) -> RawFd {
            io::stderr().as_raw_fd()
        }
    }

    /// Lets something be painted that takes so many writes, each with its own flush.
    pub fn paint(
        writes: usize,
        paint: impl FnOnce(&console::Term) -> dialoguer::Result<()>,
    ) -> io::Result<()> {
        let term = console::Term::read_write_pair(io::stdin(), Canvas { writes });
        match paint(&term).map_err(io::Error::from) {
            Err(error) if error.to_string() == FULL => Ok(()),
            other => other,
        }
    }
}

#[cfg(not(unix))]
mod canvas {
    use std::io;

    /// Nothing can be painted so: [`super::super::Keyboard`] asks with numbers.
    pub fn paint(
        _writes: usize,
        _paint: impl FnOnce(&console::Term) -> dialoguer::Result<()>,
    ) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_divided_into_pages_where_it_has_no_room() {
        assert_eq!(items_shown(3, 24, None), 3);
        assert_eq!(items_shown(10, 8, None), 6);
        assert_eq!(items_shown(10, 8, Some(5)), 6);
        assert_eq!(items_shown(10, 8, Some(6)), 4);
    }
}
