//! The way through several releases: one after the other, back over their borders, straight to one of them, and
//! through all that is left at once.

use super::{Act, DialogueEnd, KeyPress, ListAnswer, NextMove, Stop, Talk};
use crate::{outcome::Release, report::review as show, review::Review};

impl Talk<'_> {
    /// Goes through all releases, until the result is to be written or left.
    pub(super) fn go_through(&mut self, reviews: &mut [Review]) -> Result<DialogueEnd, Stop> {
        let of = reviews.len();
        let mut at = 0;
        let mut came_back = false;
        loop {
            while at < of {
                let is_opened = came_back;
                came_back = false;
                if !is_opened && self.accepting && self.accept_rest_of(&mut reviews[at])? {
                    at += 1;
                    continue;
                }
                if !is_opened {
                    self.open_review(&reviews[at], at, of);
                }
                match self.review_release(&mut reviews[at], of > 1)? {
                    NextMove::Next => at += 1,
                    NextMove::Elsewhere => match self.ask_where_to_go(reviews, at)? {
                        Some(to) => at = to,
                        None => came_back = true,
                    },
                    NextMove::Back if at > 0 => {
                        at -= 1;
                        reviews[at].take_back();
                        came_back = true;
                    }
                    NextMove::Back => {
                        self.show_sentence("This is the first one.");
                        came_back = true;
                    }
                }
            }
            // What somebody went past is still to be decided.
            if let Some(passed) = reviews
                .iter()
                .position(|review| !review.undecided_steps().is_empty())
            {
                at = passed;
                continue;
            }
            if let Some(end) = self.ask_to_write(reviews)? {
                return Ok(end);
            }
            self.accepting = false;
            at = of - 1;
            while at > 0 && !reviews[at].is_begun() {
                at -= 1;
            }
            reviews[at].take_back();
            came_back = true;
        }
    }

    fn open_review(&mut self, review: &Review, at: usize, of: usize) {
        let look = self.look();
        let releases: Vec<&Release> = review.start().iter().collect();
        if of > 1 {
            let what = if releases.len() > 1 {
                "Part"
            } else {
                "Release"
            };
            self.person.say("\n");
            let text = show::part_heading(&format!("{what} {} of {of}", at + 1), look);
            self.show_report(&text);
        }
        let steps = match review.next() {
            Ok(Some(item)) => item.of,
            _ => 0,
        };
        let text = show::render_opening(&releases, steps, look, &self.masker);
        self.show_report(&text);
    }

    /// Goes through what is undecided in a release.
    fn review_release(&mut self, review: &mut Review, several: bool) -> Result<NextMove, Stop> {
        loop {
            if self.person.is_interrupted() {
                return Err(Stop::Interrupted);
            }
            let item = match review.next() {
                Ok(Some(item)) => item,
                Ok(None) => return Ok(NextMove::Next),
                Err(refusals) => {
                    self.show_refusals(&refusals);
                    self.accepting = false;
                    return self.only_back_or_quit();
                }
            };
            if self.accepting && self.try_to_accept(review, &item, true) {
                continue;
            }
            if self.decided_again(review, &item) {
                continue;
            }
            match self.ask_step(review, &item, several)? {
                Act::Next | Act::Again => {}
                Act::AcceptRest => {
                    self.accepting = true;
                    if !self.try_to_accept(review, &item, true) {
                        self.show_warning("This one needs an answer that refit cannot know.");
                    }
                }
                Act::Elsewhere => return Ok(NextMove::Elsewhere),
                Act::Back => {
                    self.accepting = false;
                    if !review.take_back() {
                        return Ok(NextMove::Back);
                    }
                }
            }
        }
    }

    /// Accepts all that is left of a release, in one line. Whether nothing of it needs a person.
    fn accept_rest_of(&mut self, review: &mut Review) -> Result<bool, Stop> {
        let mut accepted = 0;
        let mut done = false;
        loop {
            if self.person.is_interrupted() {
                return Err(Stop::Interrupted);
            }
            match review.next() {
                Ok(None) => done = true,
                Ok(Some(item)) if self.try_to_accept(review, &item, false) => {
                    accepted += 1;
                    continue;
                }
                _ => {}
            }
            break;
        }
        if done && accepted > 0 {
            let text = show::steps_accepted(review.start(), accepted);
            self.show_sentence(&text);
        }
        Ok(done)
    }

    /// The release to go on with; `None` to stay.
    fn ask_where_to_go(&mut self, reviews: &[Review], at: usize) -> Result<Option<usize>, Stop> {
        let items: Vec<String> = reviews
            .iter()
            .enumerate()
            .map(|(at, review)| {
                show::render_place(at + 1, review.start(), review.undecided_steps().len())
            })
            .collect();
        let mut marked = at;
        let mut typed = 0;
        loop {
            let keys = format!("1-{},b,q,?", items.len());
            let key = match self.person.choose("Go to", &keys, &items, Some(marked))? {
                ListAnswer::Item(to) => return Ok((to != at).then_some(to)),
                ListAnswer::Key(key) => key,
            };
            match key {
                KeyPress::Char(digit @ '0'..='9') => {
                    let digit = digit as usize - '0' as usize;
                    // A further digit goes on with the number that was begun, or begins another one where there
                    // is none like it.
                    let number = [typed * 10 + digit, digit]
                        .into_iter()
                        .find(|number| (1..=items.len()).contains(number));
                    typed = number.unwrap_or(0);
                    marked = number.map_or(marked, |number| number - 1);
                }
                KeyPress::Escape | KeyPress::Char('b') => return Ok(None),
                KeyPress::Char('q') => return Err(Stop::Quit),
                KeyPress::Char('?' | 'h') => self.show_keys(&[
                    ("1, 2, ...", "mark the release with that number"),
                    ("Enter", "go to the marked release"),
                    ("b, Esc", "stay at this one"),
                    ("q, Ctrl-C", "quit; nothing is written"),
                ]),
                _ => {}
            }
        }
    }
}
