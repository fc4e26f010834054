//! Where output goes: standard output for results, standard error for everything said about them.
//!
//! Nobody reading is no error: after a broken pipe the rest is dropped in silence. Any other failure of
//! standard output is one, because the result was lost.

use std::io::{self, IsTerminal as _};

use refit::{
    report::{Detail, ReportStyle, review::to_ascii, secrets::MASK},
    shell::shown,
};
use terminal_size::{Width, terminal_size_of};

use super::args::ColourChoice;
use super::exit::Exit;

/// The two streams, and what they are.
pub struct Terminal {
    out: Stream<io::Stdout>,
    err: Stream<io::Stderr>,
    color: ColourChoice,
}

struct Stream<W> {
    to: W,
    terminal: bool,
    broken: bool,
    failed: Option<io::Error>,
}

impl<W: io::Write> Stream<W> {
    fn new(to: W, terminal: bool) -> Self {
        Self {
            to,
            terminal,
            broken: false,
            failed: None,
        }
    }

    fn print(&mut self, text: &[u8]) {
        if self.broken || text.is_empty() {
            return;
        }
        if let Err(e) = self.to.write_all(text).and_then(|()| self.to.flush()) {
            self.broken = true;
            // Whoever reads may stop when it has enough, as `head` does: nothing was lost then.
            if e.kind() != io::ErrorKind::BrokenPipe {
                self.failed = Some(e);
            }
        }
    }
}

impl Terminal {
    /// The streams of this process.
    pub fn new(color: ColourChoice) -> Self {
        Self {
            out: Stream::new(io::stdout(), io::stdout().is_terminal()),
            err: Stream::new(io::stderr(), io::stderr().is_terminal()),
            color,
        }
    }

    /// Prints a result.
    pub fn result(&mut self, text: &str) {
        match self.out.terminal && !takes_unicode() {
            true => self.out.print(plain_notes(text).as_bytes()),
            false => self.out.print(text.as_bytes()),
        }
    }

    /// Says something about it. Names of files, releases and keys stand in such sentences, and a terminal obeys what
    /// is in them; so nothing but line breaks and tabs goes through as it is.
    pub fn say(&mut self, text: &str) {
        self.err.print(shown(text).as_bytes());
    }

    /// Prints what was laid out for a person, with colours: a page that shows what it was given and obeys none of it.
    pub fn page(&mut self, text: &str) {
        self.err.print(text.as_bytes());
    }

    /// The same for a report, which holds no lines of files: in plain signs where the terminal has no others.
    pub fn report(&mut self, text: &str) {
        match self.err.terminal && !takes_unicode() {
            true => self.page(&to_ascii(text)),
            false => self.page(text),
        }
    }

    /// True if results are read on a terminal.
    pub fn result_is_seen(&self) -> bool {
        self.out.terminal
    }

    /// True if a person can be asked: messages are read on a terminal, and answers are typed on one.
    pub fn can_ask(&self) -> bool {
        self.err.terminal && io::stdin().is_terminal()
    }

    /// True if something that moves can be drawn beside messages: on a terminal that can move at all.
    pub fn can_draw(&self) -> bool {
        self.err.terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// The look of results.
    pub fn result_look(&self, detail: Detail) -> ReportStyle {
        look(
            self.colour(self.out.terminal),
            terminal_size_of(&self.out.to),
            self.out.terminal,
            detail,
        )
    }

    /// The look of messages.
    pub fn look(&self, detail: Detail) -> ReportStyle {
        look(
            self.colour(self.err.terminal),
            terminal_size_of(&self.err.to),
            self.err.terminal,
            detail,
        )
    }

    fn colour(&self, terminal: bool) -> bool {
        // An empty NO_COLOR says nothing (no-color.org).
        let env = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        match self.color {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto => {
                terminal
                    && env("NO_COLOR").is_none()
                    && env("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }

    /// Ends the output. Says so if a result was lost, and gives the error's exit code then.
    pub fn finish(mut self, code: Exit) -> Exit {
        match self.out.failed.take() {
            Some(e) => {
                self.say(&format!(
                    "error: standard output could not be written: {e}\n"
                ));
                Exit::Error
            }
            None => code,
        }
    }
}

/// True if the locale says that the terminal shows more than ASCII.
pub fn takes_unicode() -> bool {
    if cfg!(windows) {
        return true;
    }
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    // In the order in which they count for POSIX.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// A difference in a terminal without signs beyond ASCII: the masks and the notes of what is left out become plain; the
/// lines of files stay as they are.
fn plain_notes(text: &str) -> String {
    let text = text.replace(MASK, "****");
    let lines = text.split_inclusive('\n').map(|line| {
        let painted = line
            .strip_prefix("\x1b[")
            .and_then(|rest| rest.split_once('m'));
        let seen = painted.map_or(line, |(_, rest)| rest);
        let starts = ["… ", "- … ", "+ … ", "@@ "];
        match starts.iter().any(|start| seen.starts_with(start)) {
            true => to_ascii(line),
            false => line.to_owned(),
        }
    });
    lines.collect()
}

fn look(
    colour: bool,
    size: Option<(Width, terminal_size::Height)>,
    terminal: bool,
    detail: Detail,
) -> ReportStyle {
    let look = ReportStyle {
        colour,
        detail,
        ..ReportStyle::default()
    };
    match size {
        Some((Width(columns), _)) if terminal && columns > 0 => {
            look.with_width(usize::from(columns))
        }
        _ => look,
    }
}
