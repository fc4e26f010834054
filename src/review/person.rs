//! Who is asked in a review: keys and lines come from here, and what is said goes here.
//!
//! The library only knows this much of a terminal; the command line has the real one.

use std::io;

use crate::report::ReportStyle;

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPress {
    /// A letter, a digit or a sign.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// Anything else.
    Other,
    /// No key: what was on the screen may be gone (after Ctrl-Z and `fg`, or a resize).
    Again,
}

/// The act of somebody at a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListAnswer {
    /// Chose an item, by its place.
    Item(usize),
    /// Pressed a key that means nothing to the list.
    Key(KeyPress),
}

/// The reasons for which a dialogue ends at once.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// The person has left with `q`.
    #[error("left")]
    Quit,
    /// The terminal does not work any longer.
    #[error("the terminal cannot be read: {0}")]
    Terminal(#[from] io::Error),
}

/// The person who is asked.
pub trait Person {
    /// Shows a text.
    fn say(&mut self, text: &str);

    /// Shows a prompt and waits for a key.
    ///
    /// # Errors
    ///
    /// If there will be no key.
    fn key(&mut self, prompt: &str) -> Result<KeyPress, Stop>;

    /// Shows a prompt and lets a line be typed; `None` if the person wants to go back instead.
    ///
    /// # Errors
    ///
    /// If there will be no line.
    fn line(&mut self, prompt: &str, begun: &str) -> Result<Option<String>, Stop>;

    /// Lets one of a list be chosen, which begins at `first`. `keys` names the keys that the prompt knows beside those
    /// of a list; the list gives back every key that is not its own. One that is searched by typing only gives back
    /// Escape.
    ///
    /// # Errors
    ///
    /// If nothing will be chosen.
    fn choose(
        &mut self,
        prompt: &str,
        keys: &str,
        items: &[String],
        first: Option<usize>,
    ) -> Result<ListAnswer, Stop>;

    /// Asks for yes or no; no if nothing is said.
    ///
    /// # Errors
    ///
    /// If there will be no answer.
    fn confirm(&mut self, prompt: &str) -> Result<bool, Stop>;

    /// True if the person has pressed Ctrl-C since the last key; asked between steps of work that takes its time.
    fn is_interrupted(&mut self) -> bool;

    /// Forgets what was typed and not read, so that it is no answer to what was not seen.
    fn forget(&mut self);

    /// The present look of reports.
    fn look(&self) -> ReportStyle;

    /// The number of columns that a line of a file may take.
    fn columns(&self) -> usize;

    /// True if signs beyond ASCII cannot be shown.
    fn is_ascii(&self) -> bool;
}
