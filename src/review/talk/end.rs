//! The end of a review: the whole result, and the one question that lets it be written.

use super::{End, Key, Stop, Talk};
use crate::{report::review as show, review::Review};

impl Talk<'_> {
    /// Shows what it came to, and asks whether to write it. `None` to go back.
    pub(super) fn end(&mut self, reviews: &[Review]) -> Result<Option<End>, Stop> {
        let mut writable = 0;
        let mut open = 0;
        for review in reviews {
            let release = review.result();
            let begun = review.is_begun();
            if release.is_open() {
                open += 1;
            } else if release.is_changed() {
                writable += release.files.iter().filter(|file| file.changed).count();
            }
            if begun || release.is_changed() || release.is_open() {
                self.result(review);
            }
        }
        if writable == 0 && open == 0 && !reviews.iter().any(Review::is_begun) {
            return Ok(Some(End::Nothing));
        }
        if open > 0 {
            let text = if writable > 0 {
                "What has open questions is not written."
            } else {
                "Nothing can be written while questions are open."
            };
            self.warning(text);
        }
        let files = if writable == 1 { "file" } else { "files" };
        let prompt = match (writable, open) {
            (0, 0) => "Nothing changes. Done? [Y,b,d,q,?] ".to_owned(),
            (0, _) => "Stop here, with the questions open? [Y,b,d,q,?] ".to_owned(),
            (n, _) => format!("Write {n} {files}? [y,N,b,d,l,q,?] "),
        };
        self.person.forget();
        loop {
            match self.key(&prompt)? {
                Key::Char('y' | 'Y') if writable > 0 => {
                    self.did("yes");
                    return Ok(Some(End::Write));
                }
                Key::Char('y' | 'Y') | Key::Enter if writable == 0 => {
                    self.did("yes");
                    return Ok(Some(if open > 0 { End::Open } else { End::Nothing }));
                }
                Key::Char('n' | 'N') | Key::Enter => {
                    self.did("no");
                    return Ok(Some(End::Leave));
                }
                Key::Char('b') | Key::Escape => {
                    self.did("back");
                    if reviews.iter().any(Review::is_begun) {
                        return Ok(None);
                    }
                    self.sentence("There is nothing to go back to.");
                }
                Key::Char('d') => {
                    self.did("the difference");
                    for review in reviews {
                        self.whole_difference(review.result());
                    }
                }
                Key::Char('l') => {
                    self.did("the settings");
                    for review in reviews {
                        self.ledger(review.result());
                    }
                }
                Key::Char('q') => {
                    self.did("quit");
                    return Err(Stop::Quit);
                }
                _ => self.did(
                    "y writes, n does not, b goes back, d and l show the difference and the settings again",
                ),
            }
        }
    }

    fn result(&mut self, review: &Review) {
        let release = review.result();
        let look = self.look();
        self.person.say("\n");
        let text = show::part("The result", look);
        self.report(&text);
        self.whole_difference(release);
        let text = show::closing(release, &review.tally(), look, &self.masker);
        self.person.say("\n");
        self.report(&text);
    }
}
