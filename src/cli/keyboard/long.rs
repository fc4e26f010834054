//! Long lists: one that is searched by typing, and one of which several can be ticked.
//!
//! dialoguer cannot begin with another item than the first of a list with ticks, nor further down in one that is
//! searched. So it is given what is on the screen, and the rest is kept here.

use console::Key;
use fuzzy_matcher::{FuzzyMatcher as _, skim::SkimMatcherV2};
use refit::{
    report::review as show,
    review::talk::{KeyPress, ListAnswer, Person as _, Stop},
    shell::obeyed,
};

use super::{
    Keyboard, Read,
    lists::{SHOWN, cut, with_keys},
    paint,
};

/// The keys of a list that is searched.
const SEARCH_KEYS: [(&str, &str); 5] = [
    ("letters", "search; Backspace takes one back, Ctrl-U all"),
    ("arrows", "move"),
    ("Enter", "take the one behind >"),
    ("Esc", "leave the list"),
    ("Ctrl-C", "quit; nothing is written"),
];

/// The keys of a list with ticks.
const TICK_KEYS: [(&str, &str); 6] = [
    ("arrows, j, k", "move; PageUp, PageDown by a page"),
    ("space", "tick the one behind >, or take the tick away"),
    ("a", "tick all, or none"),
    ("Enter", "go on with those that are ticked"),
    ("Esc, q", "leave; nothing is written"),
    ("Ctrl-C", "quit; nothing is written"),
];

/// A place in a list, and the first item on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    at: Option<usize>,
    top: usize,
}

impl Cursor {
    /// Moves by a key, among so many items of which so many are shown. False if the key does not move.
    fn moved(&mut self, key: &Key, items: usize, shown: usize) -> bool {
        let Some(last) = items.checked_sub(1) else {
            return false;
        };
        let at = self.at;
        self.at = Some(match key {
            Key::ArrowDown | Key::Tab => at.map_or(0, |at| if at >= last { 0 } else { at + 1 }),
            Key::ArrowUp | Key::BackTab => at.map_or(last, |at| at.checked_sub(1).unwrap_or(last)),
            Key::Home => 0,
            Key::End => last,
            Key::PageUp => at.unwrap_or(0).saturating_sub(shown),
            Key::PageDown => (at.unwrap_or(0) + shown).min(last),
            _ => return false,
        });
        true
    }

    /// The items on the screen: so many, with the place among them.
    fn window(&mut self, items: usize, shown: usize) -> std::ops::Range<usize> {
        let at = self.at.unwrap_or(0);
        let lowest = (at + 1).saturating_sub(shown);
        self.top = self.top.clamp(lowest, at.max(lowest));
        self.top = self.top.min(items.saturating_sub(shown));
        self.top..(self.top + shown).min(items)
    }
}

impl Keyboard<'_> {
    /// Rows that a list has for its items.
    fn rows_for_items(&self) -> usize {
        usize::from(self.keys.size().0).saturating_sub(2)
    }

    /// One of a long list, which is searched by typing.
    pub(super) fn search(
        &mut self,
        prompt: &str,
        items: &[String],
        first: Option<usize>,
    ) -> Result<ListAnswer, Stop> {
        let search = format!("{} in all: type to search", items.len());
        let keys = [
            format!(" ({search}, arrows, Enter, Esc, ?)"),
            format!(" ({search})"),
        ];
        let matcher = SkimMatcherV2::default();
        let mut typed = String::new();
        let mut cursor = Cursor { at: first, top: 0 };
        loop {
            if self.lists_by_number() {
                return self.choose_by_number(prompt, "Esc", items, first);
            }
            let theme = self.theme(items);
            let mut found: Vec<(i64, usize)> = (0..items.len())
                .filter_map(|at| Some((matcher.fuzzy_match(&theme.items[at], &typed)?, at)))
                .collect();
            // The sort is stable: what fits equally well stays in the order of the list.
            found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
            let shown = self.rows_for_items().min(SHOWN);
            let window = cursor.window(found.len(), shown);
            let seen: Vec<&String> = found[window.clone()]
                .iter()
                .map(|(_, at)| &theme.items[*at])
                .collect();
            let active = cursor.at.and_then(|at| at.checked_sub(window.start));
            let prompt = with_keys(prompt, &keys, theme.room);
            let key =
                match self.painted(|| paint::search(&theme, (&prompt, &typed), &seen, active))? {
                    Some(key) => key,
                    None => continue,
                };
            match key {
                Key::Enter => {
                    if let Some((_, at)) = cursor.at.and_then(|at| found.get(at)) {
                        return Ok(ListAnswer::Item(*at));
                    }
                }
                Key::Escape => return Ok(ListAnswer::Key(KeyPress::Escape)),
                Key::Char('?') => self.say(&show::render_keys(&SEARCH_KEYS, self.look())),
                Key::Char('\u{15}') => typed.clear(),
                Key::Backspace => {
                    typed.pop();
                }
                Key::Char(c) if !obeyed(c) => {
                    typed.push(c);
                    cursor = Cursor {
                        at: Some(0),
                        top: 0,
                    };
                }
                key => {
                    cursor.moved(&key, found.len(), shown);
                }
            }
        }
    }

    /// Some of a list; `None` if it is left. All are taken to begin with.
    pub fn choose_some(
        &mut self,
        prompt: &str,
        items: &[String],
    ) -> Result<Option<Vec<usize>>, Stop> {
        let keys = [
            " [space: one, a: all or none, Enter: go on, ?] ".to_owned(),
            " [space,a,Enter,q,?] ".to_owned(),
            " [?] ".to_owned(),
        ];
        let mut ticks = vec![true; items.len()];
        let mut cursor = Cursor {
            at: Some(0),
            top: 0,
        };
        loop {
            if self.lists_by_number() {
                return self.choose_some_by_number(prompt, items);
            }
            let mut theme = self.theme(items);
            let shown = self.rows_for_items();
            let window = cursor.window(items.len(), shown);
            let seen = theme.items[window.clone()].to_vec();
            theme.active = cursor.at;
            let of = match window.len() == items.len() {
                true => String::new(),
                false => format!(" {}-{}", window.start + 1, window.end),
            };
            let prompt = with_keys(&format!("{prompt}{of}"), &keys, theme.room);
            let seen_ticks = &ticks[window];
            let painted =
                self.painted(|| paint::ticks(&theme, prompt.trim_end(), &seen, seen_ticks))?;
            let Some(key) = painted else {
                continue;
            };
            match (key, cursor.at) {
                (Key::Char(' '), Some(at)) => ticks[at] = !ticks[at],
                (Key::Char('a'), _) => {
                    let all = ticks.iter().all(|ticked| *ticked);
                    ticks.fill(!all);
                }
                (Key::Char('?'), _) => self.say(&show::render_keys(&TICK_KEYS, self.look())),
                (Key::Enter, _) => {
                    let ticked = (0..items.len()).filter(|at| ticks[*at]);
                    return Ok(Some(ticked.collect()));
                }
                (Key::Escape | Key::Char('q'), _) => return Ok(None),
                (key, _) => {
                    let key = match key {
                        Key::Char('j') => Key::ArrowDown,
                        Key::Char('k') => Key::ArrowUp,
                        Key::ArrowLeft | Key::Char('h') => Key::PageUp,
                        Key::ArrowRight | Key::Char('l') => Key::PageDown,
                        key => key,
                    };
                    cursor.moved(&key, items.len(), shown);
                }
            }
        }
    }

    /// Paints a list and reads a key. Nothing if it has to be shown again; it is gone from the screen otherwise.
    fn painted(&self, paint: impl FnOnce() -> std::io::Result<usize>) -> Result<Option<Key>, Stop> {
        self.mode.hide_cursor();
        let lines = paint()?;
        let read = self.read();
        self.mode.show_cursor();
        match read? {
            // The terminal has broken the lines anew, or something else is on the screen: it is shown again below.
            Read::Resized | Read::Resumed => Ok(None),
            Read::Key(key) => {
                self.keys.clear_last_lines(lines)?;
                Ok(Some(key))
            }
        }
    }

    /// The same where no list can be painted: the items with numbers, and a line to type numbers in.
    fn choose_some_by_number(
        &mut self,
        prompt: &str,
        items: &[String],
    ) -> Result<Option<Vec<usize>>, Stop> {
        let mut text = format!("{prompt} [numbers such as 1,3-5; Enter: all; q: none]\n");
        for (at, item) in items.iter().enumerate() {
            text.push_str(&format!("  {}  {}\n", at + 1, cut(item, usize::MAX)));
        }
        self.say(&text);
        loop {
            let line = self.line("numbers: ", "")?;
            match line.as_deref().unwrap_or("q").trim() {
                "" => return Ok(Some((0..items.len()).collect())),
                "q" => return Ok(None),
                typed => match numbers(typed, items.len()) {
                    Some(some) => return Ok(Some(some)),
                    None => self.say(&format!("numbers from 1 to {}\n", items.len())),
                },
            }
        }
    }
}

/// The places that numbers and ranges of them name, in order; nothing if one names none of so many.
fn numbers(typed: &str, items: usize) -> Option<Vec<usize>> {
    let mut some = Vec::new();
    let parts = typed.split([',', ' ']).filter(|part| !part.is_empty());
    for part in parts {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (from.parse::<usize>().ok()?, to.parse::<usize>().ok()?);
        if from == 0 || to > items || from > to {
            return None;
        }
        some.extend(from - 1..to);
    }
    some.sort_unstable();
    some.dedup();
    Some(some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ranges_name_places() {
        assert_eq!(numbers("1,3-5", 5), Some(vec![0, 2, 3, 4]));
        assert_eq!(numbers(" 2 2-3 ", 5), Some(vec![1, 2]));
        for wrong in ["0", "6", "4-2", "x", "1-", "-"] {
            assert_eq!(numbers(wrong, 5), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_active_is_always_on_the_screen() {
        let mut cursor = Cursor { at: None, top: 0 };
        assert_eq!(cursor.window(40, 10), 0..10);
        assert!(cursor.moved(&Key::ArrowUp, 40, 10));
        assert_eq!((cursor.at, cursor.window(40, 10)), (Some(39), 30..40));
        assert!(cursor.moved(&Key::PageUp, 40, 10));
        assert_eq!((cursor.at, cursor.window(40, 10)), (Some(29), 29..39));
        for _ in 0..12 {
            assert!(cursor.moved(&Key::ArrowDown, 40, 10));
        }
        assert_eq!((cursor.at, cursor.window(40, 10)), (Some(1), 1..11));
        // A lower window.
        cursor.at = Some(11);
        assert_eq!(cursor.window(40, 3), 9..12);
        assert_eq!(cursor.window(0, 3), 0..0);
        assert!(!cursor.moved(&Key::ArrowDown, 0, 3));
        assert!(!cursor.moved(&Key::Char('x'), 40, 3));
    }
}
