//! Lists to choose from, and confirmations: dialoguer's, kept from what it does not do well by itself.
//!
//! It paints, and the keys are read as everywhere else (`paint`), so that every key of a review works there. It counts
//! an item as one line, so each is cut to the width of the terminal. Lists that are searched by typing, and those of
//! which several can be ticked, are in `long`.
//!
//! A list shows short names; what they mean stands above it. Nothing in an item is obeyed by the terminal.

use std::fmt;

use dialoguer::theme::Theme;
use refit::{
    report::{ReportStyle, review as show},
    review::talk::{KeyPress, ListAnswer, Person as _, Stop},
    shell::obeyed,
};
use unicode_width::UnicodeWidthChar as _;

use super::{Keyboard, Read, paint};

/// Items that a list shows at once; a longer one can be searched.
pub(super) const SHOWN: usize = 15;
/// Columns that stand before an item, at most, and the last of the line.
const MARKS: usize = 8;

/// The keys of a confirmation.
const CONFIRM_KEYS: [(&str, &str); 3] = [
    ("y", "yes"),
    ("Enter, n, Esc", "no"),
    ("q, Ctrl-C", "quit; nothing is written"),
];

/// The look of prompts and items: signs of ASCII, and colour only if it is wanted.
pub(super) struct Plain {
    colour: bool,
    /// Columns.
    pub room: usize,
    pub items: Vec<String>,
    /// The active item, where dialoguer cannot begin with another than the first.
    pub active: Option<usize>,
}

impl Plain {
    fn item(&self, f: &mut dyn fmt::Write, mark: &str, text: &str, active: bool) -> fmt::Result {
        let sign = if active { '>' } else { ' ' };
        match active && self.colour {
            true => write!(f, "\x1b[36m{sign} {mark}{text}\x1b[0m"),
            false => write!(f, "{sign} {mark}{text}"),
        }
    }
}

impl Theme for Plain {
    fn format_prompt(&self, f: &mut dyn fmt::Write, prompt: &str) -> fmt::Result {
        write!(f, "{prompt}")
    }

    fn format_select_prompt_item(
        &self,
        f: &mut dyn fmt::Write,
        text: &str,
        active: bool,
    ) -> fmt::Result {
        self.item(f, "", text, active)
    }

    fn format_multi_select_prompt_item(
        &self,
        f: &mut dyn fmt::Write,
        text: &str,
        checked: bool,
        _active: bool,
    ) -> fmt::Result {
        let active = self.active.map(|at| self.items[at].as_str()) == Some(text);
        let mark = if checked { "[x] " } else { "[ ] " };
        self.item(f, mark, text, active)
    }

    fn format_fuzzy_select_prompt_item(
        &self,
        f: &mut dyn fmt::Write,
        text: &str,
        active: bool,
        _highlight_matches: bool,
        _matcher: &fuzzy_matcher::skim::SkimMatcherV2,
        _search_term: &str,
    ) -> fmt::Result {
        self.item(f, "", text, active)
    }

    fn format_fuzzy_select_prompt(
        &self,
        f: &mut dyn fmt::Write,
        prompt: &str,
        search_term: &str,
        _bytes_pos: usize,
    ) -> fmt::Result {
        // What is typed last is what is looked at.
        let room = self.room.saturating_sub(prompt.len() + 2).max(8);
        let mut from = search_term.len();
        for (at, _) in search_term.char_indices().rev() {
            if width(&search_term[at..]) > room {
                break;
            }
            from = at;
        }
        write!(f, "{prompt} {}", &search_term[from..])
    }
}

pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// A text of at most so many columns, and so many bytes, with nothing in it that a terminal obeys.
pub(super) fn cut(text: &str, room: usize) -> String {
    let safe: String = text
        .chars()
        .map(|c| if obeyed(c) { '?' } else { c })
        .collect();
    if width(&safe) <= room && safe.len() <= room {
        return safe;
    }
    let mut short = String::new();
    for c in safe.chars() {
        if width(&short) + c.width().unwrap_or(0) + 3 > room
            || short.len() + c.len_utf8() + 3 > room
        {
            break;
        }
        short.push(c);
    }
    short.push_str("...");
    short
}

/// A prompt with the first naming of its keys that has room beside it, or alone.
pub(super) fn with_keys(prompt: &str, keys: &[String], room: usize) -> String {
    let mut with = keys.iter().map(|keys| format!("{prompt}{keys}"));
    with.find(|line| width(line) <= room)
        .unwrap_or_else(|| cut(prompt, room))
}

/// Items cut to a width, each unlike the others: a search tells them apart by their text.
fn fitted(items: &[String], room: usize) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    for item in items {
        let mut text = cut(item, room);
        let mut number = 2;
        while shown.contains(&text) {
            let mark = format!(" ({number})");
            text = cut(item, room.saturating_sub(mark.len())) + &mark;
            number += 1;
        }
        shown.push(text);
    }
    shown
}

impl Keyboard<'_> {
    /// One of a list. A long list is searched by typing. Without a `first` none is marked until a key moves there, so
    /// that Enter alone chooses nothing.
    pub(super) fn choose_from_list(
        &mut self,
        prompt: &str,
        keys: &str,
        items: &[String],
        first: Option<usize>,
    ) -> Result<ListAnswer, Stop> {
        match items.len() <= SHOWN {
            true => self.choose_with_keys(prompt, keys, items, first),
            false => self.search(prompt, items, first),
        }
    }

    /// One of a short list, by its own keys, or a key that is not one of them.
    fn choose_with_keys(
        &mut self,
        prompt: &str,
        own_keys: &str,
        items: &[String],
        mut at: Option<usize>,
    ) -> Result<ListAnswer, Stop> {
        let keys = [
            format!(" [arrows,Enter,{own_keys}] "),
            " [arrows,Enter,q,?] ".to_owned(),
            " [q,?] ".to_owned(),
        ];
        loop {
            if self.lists_by_number() {
                return self.choose_by_number(prompt, own_keys, items, at);
            }
            let theme = self.theme(items);
            let rows = usize::from(self.keys.size().0);
            let prompt = with_keys(prompt, &keys, theme.room.saturating_sub(paint::PAGE));
            self.mode.hide_cursor();
            let lines = paint::select(&theme, prompt.trim_end(), &theme.items, at, rows)?;
            let read = self.read();
            self.mode.show_cursor();
            let key = match read? {
                // The terminal has broken the lines anew: it is shown again below.
                Read::Resized => continue,
                Read::Resumed => return Ok(ListAnswer::Key(KeyPress::Again)),
                Read::Key(key) => key,
            };
            self.keys.clear_last_lines(lines)?;
            let last = items.len() - 1;
            use console::Key;
            match key {
                Key::ArrowDown | Key::Tab | Key::Char('j') => {
                    at = Some(at.map_or(0, |at| if at == last { 0 } else { at + 1 }));
                }
                Key::ArrowUp | Key::BackTab | Key::Char('k') => {
                    at = Some(at.map_or(last, |at| at.checked_sub(1).unwrap_or(last)));
                }
                Key::Home | Key::PageUp => at = Some(0),
                Key::End | Key::PageDown => at = Some(last),
                Key::Enter => {
                    return Ok(at.map_or(ListAnswer::Key(KeyPress::Enter), ListAnswer::Item));
                }
                Key::Escape => return Ok(ListAnswer::Key(KeyPress::Escape)),
                Key::Char(c) if !c.is_control() => return Ok(ListAnswer::Key(KeyPress::Char(c))),
                _ => {}
            }
        }
    }

    /// Yes or no; no if nothing is said.
    pub(super) fn confirm_with_a_key(&mut self, prompt: &str) -> Result<bool, Stop> {
        loop {
            let theme = self.theme(&[]);
            // The keys stand behind it, and then the answer in their place.
            let prompt = cut(prompt, theme.room.saturating_sub(" [y/N] yes".len()));
            self.mode.hide_cursor();
            paint::confirm(&theme, &prompt)?;
            let read = self.read();
            self.mode.show_cursor();
            let answer = |word: &str| {
                self.keys.clear_line()?;
                self.keys.write_line(&format!("{prompt} {word}"))
            };
            match read? {
                Read::Resumed | Read::Resized => self.say("\n"),
                Read::Key(console::Key::Char('y' | 'Y')) => {
                    answer("yes")?;
                    return Ok(true);
                }
                Read::Key(
                    console::Key::Char('n' | 'N' | 'b')
                    | console::Key::Enter
                    | console::Key::Escape,
                ) => {
                    answer("no")?;
                    return Ok(false);
                }
                Read::Key(console::Key::Char('q')) => {
                    answer("quit")?;
                    return Err(Stop::Quit);
                }
                Read::Key(_) => {
                    answer("keys")?;
                    self.say(&show::render_keys(&CONFIRM_KEYS, self.look()));
                }
            }
        }
    }

    /// The look of a prompt and its items at the present width.
    pub(super) fn theme(&self, items: &[String]) -> Plain {
        let columns = usize::from(self.keys.size().1);
        let said = |text: &String| match self.ascii {
            true => show::to_ascii(text),
            false => text.clone(),
        };
        let items: Vec<String> = items.iter().map(said).collect();
        let look: ReportStyle = self.look();
        Plain {
            colour: look.colour,
            room: columns.saturating_sub(1),
            items: fitted(&items, columns.saturating_sub(MARKS).max(10)),
            active: None,
        }
    }

    /// The same where no list can be painted: the items with numbers, and a line to type a number or a key in.
    pub(super) fn choose_by_number(
        &mut self,
        prompt: &str,
        keys: &str,
        items: &[String],
        first: Option<usize>,
    ) -> Result<ListAnswer, Stop> {
        let mut text = format!("{prompt} [{keys}]\n");
        for (at, item) in items.iter().enumerate() {
            let item: String = item
                .chars()
                .map(|c| if obeyed(c) { '?' } else { c })
                .collect();
            text.push_str(&format!("  {}  {item}\n", at + 1));
        }
        self.say(&text);
        loop {
            let enter = match first {
                Some(at) => format!("number, Enter={}, or a key: ", at + 1),
                None => "number, or a key: ".to_owned(),
            };
            let Some(line) = self.line(&enter, "")? else {
                return Ok(ListAnswer::Key(KeyPress::Escape));
            };
            let typed = line.trim();
            let number = typed.parse::<usize>().ok();
            match (typed.chars().next(), first, number) {
                (None, Some(at), _) => return Ok(ListAnswer::Item(at)),
                (None, None, _) => return Ok(ListAnswer::Key(KeyPress::Enter)),
                (_, _, Some(number)) => {
                    let at = number.checked_sub(1);
                    if let Some(at) = at.filter(|at| *at < items.len()) {
                        return Ok(ListAnswer::Item(at));
                    }
                }
                (Some(c), ..) => return Ok(ListAnswer::Key(KeyPress::Char(c))),
            }
            self.say(&format!("a number from 1 to {}\n", items.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_never_takes_more_than_a_line() {
        for text in [
            "a".repeat(200),
            "日本語".repeat(50),
            "é\u{1b}[31mx\n".repeat(40),
            "short".to_owned(),
        ] {
            for room in [10, 40, 72] {
                let shown = cut(&text, room);
                assert!(width(&shown) <= room && shown.len() <= room, "{shown}");
                assert!(!shown.contains(obeyed), "{shown}");
            }
        }
        assert_eq!(cut("short", 40), "short");
    }

    #[test]
    fn items_that_look_alike_when_cut_can_be_told_apart() {
        let items = [
            format!("{}1", "a".repeat(60)),
            format!("{}2", "a".repeat(60)),
        ];
        let shown = fitted(&items, 20);
        assert_eq!(shown[0], "aaaaaaaaaaaaaaaaa...");
        assert_eq!(shown[1], "aaaaaaaaaaaaa... (2)");
    }
}
