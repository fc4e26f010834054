//! The end of a review: the whole result, and the one question that lets it be written.

use super::{DialogueEnd, KeyPress, Stop, Talk};
use crate::{report::review as show, review::Review};

impl Talk<'_> {
    /// Shows what it came to, and asks whether to write it. `None` to go back.
    pub(super) fn ask_to_write(&mut self, reviews: &[Review]) -> Result<Option<DialogueEnd>, Stop> {
        let (writable, open) = count_ends(reviews);
        for review in reviews {
            if review.is_begun() || review.is_changed() || review.is_open() {
                self.show_result(review);
            }
        }
        if writable == 0 && open == 0 && !reviews.iter().any(Review::is_begun) {
            return Ok(Some(DialogueEnd::Nothing));
        }
        if open > 0 {
            let text = if writable > 0 {
                "What has open questions is not written."
            } else {
                "Nothing can be written while questions are open."
            };
            self.show_warning(text);
        }
        let prompt = end_prompt(writable, open);
        self.person.forget();
        loop {
            match self.ask_key(&prompt)? {
                KeyPress::Char('y' | 'Y') if writable > 0 => {
                    self.echo_word("yes");
                    return Ok(Some(DialogueEnd::Write));
                }
                KeyPress::Char('y' | 'Y') | KeyPress::Enter if writable == 0 => {
                    self.echo_word("yes");
                    return Ok(Some(if open > 0 {
                        DialogueEnd::Open
                    } else {
                        DialogueEnd::Nothing
                    }));
                }
                // Enter alone writes nothing: that takes a `y`.
                KeyPress::Char('n' | 'N') | KeyPress::Enter => {
                    self.echo_word("no");
                    return Ok(Some(DialogueEnd::Leave));
                }
                KeyPress::Char('b') | KeyPress::Escape => {
                    self.echo_word("back");
                    if reviews.iter().any(Review::is_begun) {
                        return Ok(None);
                    }
                    self.show_sentence("There is nothing to go back to.");
                }
                KeyPress::Char('d') => {
                    self.echo_word("the difference");
                    for review in reviews {
                        self.whole_difference(&review.result().iter().collect::<Vec<_>>());
                    }
                }
                KeyPress::Char('l') => {
                    self.echo_word("the settings");
                    self.show_settings(reviews);
                }
                KeyPress::Char('q') => {
                    self.echo_word("quit");
                    return Err(Stop::Quit);
                }
                _ => {
                    self.echo_word("keys");
                    self.show_end_keys(writable > 0);
                }
            }
        }
    }

    /// Shows what became of every setting.
    fn show_settings(&mut self, reviews: &[Review]) {
        for review in reviews {
            for release in review.result() {
                if review.result().len() > 1 {
                    self.show_name(release);
                }
                self.show_ledgers(&[release]);
            }
        }
    }

    fn show_end_keys(&mut self, can_write: bool) {
        let ends: &[(&str, &str)] = match can_write {
            false => &[("Enter, y", "this is all; nothing is written")],
            true => &[
                ("y", "write what is shown above"),
                ("Enter, n", "write nothing; what was decided can be saved"),
            ],
        };
        let mut keys = ends.to_vec();
        keys.extend([
            ("b, Esc", "back to what was decided last"),
            ("d", "the whole difference again"),
            ("l", "what became of every setting"),
            ("q, Ctrl-C", "quit; nothing is written"),
            ("Ctrl-Z", "suspend; fg in the shell comes back here"),
        ]);
        self.show_keys(&keys);
    }

    fn show_result(&mut self, review: &Review) {
        let releases = review.result();
        let look = self.look();
        self.person.say("\n");
        let text = show::part_heading("The result", look);
        self.show_report(&text);
        self.whole_difference(&releases.iter().collect::<Vec<_>>());
        for (at, release) in releases.iter().enumerate() {
            self.person.say("\n");
            if releases.len() > 1 {
                self.show_name(release);
            }
            let text = show::render_closing(release, &review.tally(at), look, &self.masker);
            self.show_report(&text);
        }
    }
}

/// The number of files that can be written, and of reviews with open questions: nothing of these is written.
fn count_ends(reviews: &[Review]) -> (usize, usize) {
    let (open, done): (Vec<&Review>, Vec<&Review>) =
        reviews.iter().partition(|review| review.is_open());
    let files = done.iter().flat_map(|review| review.files());
    (files.filter(|file| file.changed).count(), open.len())
}

/// The last question. The answer that Enter gives is the capital letter.
fn end_prompt(writable: usize, open: usize) -> String {
    let files = if writable == 1 { "file" } else { "files" };
    match (writable, open) {
        (0, 0) => "Nothing changes. Done? [Y,b,d,l,q,?] ".to_owned(),
        (0, _) => "Stop here, with the questions open? [Y,b,d,l,q,?] ".to_owned(),
        (n, _) => format!("Write {n} {files}? [y,N,b,d,l,q,?] "),
    }
}
