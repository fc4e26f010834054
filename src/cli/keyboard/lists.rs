//! Lists to choose from, and confirmations: dialoguer's, kept from what it does not do well by itself.
//!
//! A short list and a confirmation are only painted by it (`paint`), so that every key of a review works there. A
//! long list that is searched by typing, and one of which several can be ticked, it reads itself:
//!
//! - It counts an item as one line, so each is cut to the width of the terminal, in columns and in bytes
//!   (it counts bytes to find out what a broken line took).
//! - It does not see a resize, and what it painted before is broken anew by the terminal. A resize ends it, and
//!   the list is shown again below.
//! - Ended so, or by Ctrl-Z, it forgets what was ticked. Whoever paints an item is told whether it is, so that is
//!   noted and the list begins with it again.
//! - Left by Ctrl-C it leaves the cursor hidden. `mode` shows it.
//!
//! A list shows short names; what they mean stands above it. Nothing in an item is obeyed by the terminal.

use std::{
    cell::{Cell, RefCell},
    fmt, io,
};

use dialoguer::{FuzzySelect, MultiSelect, theme::Theme};
use refit::{
    report::{ReportStyle, review as show},
    review::talk::{KeyPress, ListAnswer, Person as _, Stop},
    shell::obeyed,
};
use unicode_width::UnicodeWidthChar as _;

use super::{Keyboard, Read, mode::ReadEnd, paint};

/// Items that a list shows at once; a longer one can be searched.
const SHOWN: usize = 15;
/// Columns that stand before an item, at most, and the last of the line.
const MARKS: usize = 8;

/// The keys of a confirmation.
const CONFIRM_KEYS: [(&str, &str); 3] = [
    ("y", "yes"),
    ("Enter, n, Esc", "no"),
    ("q, Ctrl-C", "quit; nothing is written"),
];

/// The state of a list, so that it begins there when it is shown again.
#[derive(Default)]
struct ListState {
    /// The active item.
    active: Cell<Option<usize>>,
    /// The ticked items, in a list of which several can be.
    ticks: RefCell<Vec<bool>>,
}

impl ListState {
    /// Notes what an item was painted as. A key ticks the active item, or all: an item that is not active and changes
    /// says so of those, too, that have no room on the screen.
    fn tick(&self, at: usize, ticked: bool, active: bool) {
        let mut ticks = self.ticks.borrow_mut();
        match ticks.get_mut(at) {
            Some(known) if active => *known = ticked,
            Some(known) if *known != ticked => ticks.fill(ticked),
            _ => {}
        }
    }
}

/// The look of prompts and items: signs of ASCII, and colour only if it is wanted. It also notes the state of the list.
struct Plain<'k> {
    colour: bool,
    /// Columns.
    room: usize,
    items: Vec<String>,
    kept: &'k ListState,
}

impl Plain<'_> {
    fn place(&self, text: &str) -> Option<usize> {
        self.items.iter().position(|item| item == text)
    }

    fn item(&self, f: &mut dyn fmt::Write, mark: &str, text: &str, active: bool) -> fmt::Result {
        if active && let Some(at) = self.place(text) {
            self.kept.active.set(Some(at));
        }
        let sign = if active { '>' } else { ' ' };
        match active && self.colour {
            true => write!(f, "\x1b[36m{sign} {mark}{text}\x1b[0m"),
            false => write!(f, "{sign} {mark}{text}"),
        }
    }
}

impl Theme for Plain<'_> {
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
        active: bool,
    ) -> fmt::Result {
        if let Some(at) = self.place(text) {
            self.kept.tick(at, checked, active);
        }
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

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// A text of at most so many columns, and so many bytes, with nothing in it that a terminal obeys.
fn cut(text: &str, room: usize) -> String {
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
fn with_keys(prompt: &str, keys: &[String], room: usize) -> String {
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
        if items.len() <= SHOWN {
            return self.choose_with_keys(prompt, keys, items, first);
        }
        let kept = ListState {
            active: Cell::new(first),
            ..ListState::default()
        };
        let search = format!("{} in all: type to search", items.len());
        let keys = [
            format!(" ({search}, arrows, Enter, Esc)"),
            format!(" ({search})"),
        ];
        let chosen = self.list(&kept, items, |theme, items, room| {
            let list = FuzzySelect::with_theme(theme)
                .with_prompt(with_keys(prompt, &keys, room))
                .max_length(SHOWN)
                .items(items)
                .highlight_matches(false)
                .report(false);
            let list = match kept.active.get() {
                Some(at) => list.default(at),
                None => list,
            };
            list.interact_on_opt(&console::Term::stderr())
                .map_err(io::Error::from)
        })?;
        Ok(chosen.map_or(ListAnswer::Key(KeyPress::Escape), ListAnswer::Item))
    }

    /// One of a short list, by its own keys, or a key that is not one of them.
    fn choose_with_keys(
        &mut self,
        prompt: &str,
        keys: &str,
        items: &[String],
        mut at: Option<usize>,
    ) -> Result<ListAnswer, Stop> {
        let keys = [
            format!(" [arrows,Enter,{keys}] "),
            " [arrows,Enter,q,?] ".to_owned(),
            " [q,?] ".to_owned(),
        ];
        let kept = ListState::default();
        loop {
            let theme = self.theme(items, &kept);
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

    /// Some of a list; `None` if it is left with Escape. All are taken to begin with.
    pub fn choose_some(
        &mut self,
        prompt: &str,
        items: &[String],
    ) -> Result<Option<Vec<usize>>, Stop> {
        let kept = ListState {
            ticks: RefCell::new(vec![true; items.len()]),
            ..ListState::default()
        };
        self.list(&kept, items, |theme, items, room| {
            let prompt = cut(prompt, room);
            let ticks = kept.ticks.borrow().clone();
            let chosen = MultiSelect::with_theme(theme)
                .with_prompt(prompt)
                .items(items)
                .defaults(&ticks)
                .report(false)
                .interact_on_opt(&console::Term::stderr());
            chosen.map_err(io::Error::from)
        })
    }

    /// Yes or no; no if nothing is said.
    pub(super) fn confirm_with_a_key(&mut self, prompt: &str) -> Result<bool, Stop> {
        let kept = ListState::default();
        loop {
            let theme = self.theme(&[], &kept);
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
                    self.say(&show::keys(&CONFIRM_KEYS, self.look()));
                }
            }
        }
    }

    /// The look of a prompt and its items at the present width.
    fn theme<'k>(&self, items: &[String], kept: &'k ListState) -> Plain<'k> {
        let columns = usize::from(self.keys.size().1);
        let said = |text: &String| match self.ascii {
            true => show::ascii(text),
            false => text.clone(),
        };
        let items: Vec<String> = items.iter().map(said).collect();
        let look: ReportStyle = self.look();
        Plain {
            colour: look.colour,
            room: columns.saturating_sub(1),
            items: fitted(&items, columns.saturating_sub(MARKS).max(10)),
            kept,
        }
    }

    /// Shows something of dialoguer's until it comes to an end; again after a suspension or a resize.
    fn list<T>(
        &mut self,
        kept: &ListState,
        items: &[String],
        show: impl Fn(&Plain<'_>, &[String], usize) -> io::Result<T>,
    ) -> Result<T, Stop> {
        loop {
            if self.mode.begin_to_read() {
                return Err(Stop::Interrupted);
            }
            let theme = self.theme(items, kept);
            let result = self.mode.list(|| show(&theme, &theme.items, theme.room));
            match result {
                Ok(result) => return Ok(result),
                Err(error) => match self.mode.after(error) {
                    ReadEnd::Resumed | ReadEnd::Resized => {}
                    ReadEnd::Stop(stop) => return Err(stop),
                },
            }
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
            let line = self.whole_line(&enter)?;
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
    fn ticks_are_noted_as_they_are_painted() {
        let kept = ListState {
            ticks: RefCell::new(vec![true; 4]),
            ..ListState::default()
        };
        // The space bar: the active one alone. The last two have no room on the screen.
        kept.tick(0, true, false);
        kept.tick(1, false, true);
        assert_eq!(*kept.ticks.borrow(), [true, false, true, true]);
        // `a` ticks all, and then none.
        for ticked in [true, false] {
            kept.tick(0, ticked, false);
            kept.tick(1, ticked, true);
        }
        assert_eq!(*kept.ticks.borrow(), [false; 4]);
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
