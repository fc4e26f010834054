//! The person at the terminal: keys, lines, lists to choose from, and a terminal that is sane again however
//! it ends.
//!
//! As long as refit asks, the terminal does not echo and does not wait for Enter. What was set before is set
//! again when it ends, when it fails, when a signal ends the process, and while it is suspended with Ctrl-Z
//! (`mode`); only while files are being written a signal has to wait. Single keys and lines are read with
//! console; lists and confirmations are painted by dialoguer, with what it lacks around it (`lists`, `long`).

mod lists;
mod long;
mod mode;
mod paint;

use std::io;

use console::Term;
use mode::{ReadEnd, TerminalMode};
use refit::{
    report::{Detail, ReportStyle},
    review::talk::{self, ListAnswer, Person, Stop},
};
use unicode_width::UnicodeWidthStr as _;

use super::terminal::{Terminal, takes_unicode};

/// The terminal of this process while a review has it.
pub struct Keyboard<'t> {
    terminal: &'t mut Terminal,
    keys: Term,
    /// True if the terminal cannot move its cursor: then whole lines are read.
    dumb: bool,
    ascii: bool,
    mode: TerminalMode,
}

/// The event that ends the waiting for a key.
enum Read {
    Key(console::Key),
    /// The process was suspended, and goes on.
    Resumed,
    /// The terminal has another size.
    Resized,
}

impl<'t> Keyboard<'t> {
    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// If its settings cannot be read or changed.
    pub fn new(terminal: &'t mut Terminal) -> io::Result<Self> {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Ok(Self {
            terminal,
            // Standard output may hold the result of a run.
            keys: Term::stderr(),
            dumb,
            ascii: !takes_unicode(),
            mode: TerminalMode::take(dumb)?,
        })
    }

    /// Does something that a signal must not interrupt.
    pub fn without_interruption<T>(&mut self, act: impl FnOnce(&mut Terminal) -> T) -> T {
        let _guard = self.mode.without_interruption();
        act(self.terminal)
    }

    /// True if a person can be asked with lists: at a terminal that can move its cursor.
    pub fn can_list(&self) -> bool {
        !self.dumb
    }

    /// True if a list has no room to be painted, or cannot be: then its items have numbers.
    fn lists_by_number(&self) -> bool {
        let is_too_low = usize::from(self.keys.size().0) < paint::ROWS;
        self.dumb || is_too_low || !cfg!(unix)
    }

    /// Waits for a key, or for what makes it necessary to show something again.
    fn read(&self) -> Result<Read, Stop> {
        if self.mode.begin_to_read() {
            return Err(Stop::Interrupted);
        }
        let error = match self.keys.read_key_raw() {
            // Ctrl-D: the end of the input.
            Ok(console::Key::Char('\u{4}')) => return Err(Stop::Interrupted),
            // In raw mode the terminal raises no signal for Ctrl-Z: it comes as a character.
            Ok(console::Key::Char('\u{1a}')) => {
                self.mode.suspend();
                return Ok(Read::Resumed);
            }
            Ok(console::Key::CtrlC) => io::ErrorKind::Interrupted.into(),
            Ok(key) => return Ok(Read::Key(key)),
            Err(error) => error,
        };
        match self.mode.after(error) {
            ReadEnd::Resumed => Ok(Read::Resumed),
            ReadEnd::Resized => Ok(Read::Resized),
            ReadEnd::Stop(stop) => Err(stop),
        }
    }

    fn whole_line(&mut self, prompt: &str) -> Result<String, Stop> {
        self.terminal.page(prompt);
        loop {
            if self.mode.begin_to_read() {
                return Err(Stop::Interrupted);
            }
            if let Err(error) = self.mode.wait_for_line() {
                match self.mode.after(error) {
                    ReadEnd::Resumed => self.terminal.page(prompt),
                    ReadEnd::Resized => {}
                    ReadEnd::Stop(stop) => return Err(stop),
                }
                continue;
            }
            let mut line = String::new();
            if io::stdin().read_line(&mut line)? == 0 {
                return Err(Stop::Interrupted);
            }
            return Ok(line.trim_end_matches(['\n', '\r']).to_owned());
        }
    }
}

impl Person for Keyboard<'_> {
    fn say(&mut self, text: &str) {
        self.terminal.page(text);
    }

    fn key(&mut self, prompt: &str) -> Result<talk::KeyPress, Stop> {
        if self.dumb {
            let line = self.whole_line(prompt)?;
            return Ok(match line.trim().chars().next() {
                Some(c) => talk::KeyPress::Char(c),
                None => talk::KeyPress::Enter,
            });
        }
        self.terminal.page(prompt);
        loop {
            return Ok(match self.read()? {
                // What is on the screen the terminal itself fits to its size.
                Read::Resized => continue,
                Read::Resumed => talk::KeyPress::Again,
                Read::Key(console::Key::Char(c)) => talk::KeyPress::Char(c),
                Read::Key(console::Key::Enter) => talk::KeyPress::Enter,
                Read::Key(console::Key::Escape) => talk::KeyPress::Escape,
                Read::Key(_) => talk::KeyPress::Other,
            });
        }
    }

    fn line(&mut self, prompt: &str, begun: &str) -> Result<Option<String>, Stop> {
        if self.dumb {
            return self.whole_line(&format!("{prompt}{begun}")).map(Some);
        }
        let mut line = LineEditor::new(begun);
        loop {
            let (_, columns) = self.keys.size();
            let shown = line.paint_line(prompt, usize::from(columns));
            self.terminal.page(&shown);
            match self.read()? {
                Read::Resumed | Read::Resized => {}
                Read::Key(console::Key::Enter) => {
                    self.terminal.page("\n");
                    return Ok(Some(line.text()));
                }
                Read::Key(console::Key::Escape) => {
                    self.terminal.page("\n");
                    return Ok(None);
                }
                Read::Key(key) => line.edit(&key),
            }
        }
    }

    fn choose(
        &mut self,
        prompt: &str,
        keys: &str,
        items: &[String],
        first: Option<usize>,
    ) -> Result<ListAnswer, Stop> {
        self.choose_from_list(prompt, keys, items, first)
    }

    fn confirm(&mut self, prompt: &str) -> Result<bool, Stop> {
        match self.dumb || !cfg!(unix) {
            true => {
                let line = self.whole_line(&format!("{prompt} [y/N] "))?;
                if line.trim() == "q" {
                    return Err(Stop::Quit);
                }
                Ok(matches!(line.trim(), "y" | "Y" | "yes"))
            }
            false => self.confirm_with_a_key(prompt),
        }
    }

    fn is_interrupted(&mut self) -> bool {
        self.mode.is_interrupted()
    }

    fn forget(&mut self) {
        self.mode.forget();
    }

    fn look(&self) -> ReportStyle {
        let look = self.terminal.look(Detail::Normal);
        ReportStyle {
            // A prompt and a rule that end in the last column would begin a line of their own.
            width: look
                .width
                .min(usize::from(self.keys.size().1))
                .max(ReportStyle::NARROWEST)
                - 1,
            ..look
        }
    }

    fn columns(&self) -> usize {
        usize::from(self.keys.size().1).max(ReportStyle::NARROWEST) - 1
    }

    fn is_ascii(&self) -> bool {
        self.ascii
    }
}

/// A line that is being typed. It is painted on one line of the screen, and scrolls sideways.
struct LineEditor {
    chars: Vec<char>,
    at: usize,
}

impl LineEditor {
    fn new(begun: &str) -> Self {
        let chars: Vec<char> = begun.chars().collect();
        Self {
            at: chars.len(),
            chars,
        }
    }

    fn text(&self) -> String {
        self.chars.iter().collect()
    }

    fn edit(&mut self, key: &console::Key) {
        use console::Key;
        match key {
            Key::Backspace if self.at > 0 => {
                self.at -= 1;
                self.chars.remove(self.at);
            }
            Key::Del if self.at < self.chars.len() => {
                self.chars.remove(self.at);
            }
            Key::ArrowLeft => self.at = self.at.saturating_sub(1),
            Key::ArrowRight => self.at = (self.at + 1).min(self.chars.len()),
            Key::Home => self.at = 0,
            Key::End => self.at = self.chars.len(),
            // Ctrl-U and Ctrl-W, as shells have them.
            Key::Char('\u{15}') => {
                self.chars.drain(..self.at);
                self.at = 0;
            }
            Key::Char('\u{17}') => {
                let before = &self.chars[..self.at];
                let word = before.iter().rposition(|c| !c.is_whitespace()).unwrap_or(0);
                let start = before[..word].iter().rposition(|c| c.is_whitespace());
                let start = start.map_or(0, |at| at + 1);
                self.chars.drain(start..self.at);
                self.at = start;
            }
            Key::Char(c) if !c.is_control() => {
                self.chars.insert(self.at, *c);
                self.at += 1;
            }
            _ => {}
        }
    }

    /// The text that paints the line: the prompt, the part around the cursor that fits, and the cursor back to where it
    /// belongs.
    fn paint_line(&self, prompt: &str, columns: usize) -> String {
        let text = |chars: &[char]| chars.iter().collect::<String>();
        let columns = columns.max(20) - 1;
        // A prompt that leaves no room to type has a line of its own, and is not painted again.
        let prompt = cut(prompt, columns / 2);
        let room = columns - prompt.width();
        let mut from = 0;
        while text(&self.chars[from..self.at]).width() > room {
            from += 1;
        }
        let mut to = self.at;
        while to < self.chars.len() && text(&self.chars[from..=to]).width() <= room {
            to += 1;
        }
        let behind = text(&self.chars[self.at..to]).width();
        let back = if behind > 0 {
            format!("\x1b[{behind}D")
        } else {
            String::new()
        };
        format!("\r\x1b[K{prompt}{}{back}", text(&self.chars[from..to]))
    }
}

/// A prompt that leaves room to type behind it.
fn cut(prompt: &str, columns: usize) -> String {
    if prompt.width() <= columns {
        return prompt.to_owned();
    }
    let mut short = String::new();
    for c in prompt.chars() {
        if short.width() + 6 > columns {
            break;
        }
        short.push(c);
    }
    format!("{short}...: ")
}

#[cfg(test)]
mod tests {
    use console::Key;

    use super::*;

    fn typed(keys: &[Key]) -> LineEditor {
        let mut line = LineEditor::new("");
        for key in keys {
            line.edit(key);
        }
        line
    }

    #[test]
    fn a_line_is_edited_as_shells_do() {
        let word = |text: &str| text.chars().map(Key::Char).collect::<Vec<_>>();
        let mut keys = word("one two  ");
        keys.push(Key::Char('\u{17}'));
        assert_eq!(typed(&keys).text(), "one ");
        keys.extend([Key::Home, Key::Del, Key::Char('O'), Key::ArrowRight]);
        keys.extend([Key::Backspace, Key::End, Key::Char('é')]);
        assert_eq!(typed(&keys).text(), "Oe é");
        keys.push(Key::Char('\u{15}'));
        assert_eq!(typed(&keys).text(), "");
        assert_eq!(
            typed(&[Key::Backspace, Key::Del, Key::ArrowLeft]).text(),
            ""
        );
    }

    #[test]
    fn a_line_stays_on_one_line_of_the_screen() {
        let mut line = LineEditor::new(&"日".repeat(40));
        for prompt in ["tag: ".to_owned(), "long ".repeat(30)] {
            let shown = line.paint_line(&prompt, 40);
            let shown = shown.strip_prefix("\r\x1b[K").unwrap();
            assert!(shown.width() < 40, "{shown}");
        }
        line.edit(&Key::Home);
        assert!(line.paint_line("> ", 40).starts_with("\r\x1b[K> 日"));
        assert!(line.paint_line("> ", 40).ends_with("D"));
    }
}
