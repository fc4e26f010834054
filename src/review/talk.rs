//! The dialogue: which key does what, in which order things are asked, and how a person gets back.
//!
//! What is on the screen stays there and scrolls away; nothing is painted over. So a person can look
//! back, a narrow window only breaks lines, and a resized one cannot be garbled. Each screen is made
//! for the width that the terminal has then.

mod again;
mod answering;
mod end;
mod going;

use self::{again::CardDecisions, answering::Picked};
pub use super::person::{KeyPress, ListAnswer, Person, Stop};
use super::{
    Begun, Review, StepDecision, SuggestionSource, UndecidedStep, answer_choosing, is_complete,
};
use crate::{
    migrate::Answer,
    outcome::{Refusal, Release, ReportedOption, Unit},
    questions::can_be_left_out,
    report::{
        Masker, ReportStyle, difference, review as show, review::DifferenceRoom, secrets::MASK,
    },
};

/// The end of a dialogue.
#[derive(Debug)]
pub enum DialogueEnd {
    /// There is nothing to write.
    Nothing,
    /// The person wants the results written.
    Write,
    /// The person does not want them written.
    Leave,
    /// No result can be written, because questions are open.
    Open,
    /// The dialogue was stopped before its end.
    Stopped(Stop),
}

/// The next move after a step.
enum NextMove {
    Next,
    Back,
    /// The person wants to go on with another release.
    Elsewhere,
}

/// The keys that work at changes and at questions alike.
const KEYS: &str = "A,S,m,d,l,e,b,q,?";

/// The rooms for a difference, from little to all.
const ROOMS: [DifferenceRoom; 3] = [
    DifferenceRoom {
        context: 3,
        lines: 40,
    },
    DifferenceRoom {
        context: 10,
        lines: 200,
    },
    DifferenceRoom {
        context: 1_000_000,
        lines: usize::MAX,
    },
];

/// Goes through what was begun with a person. `masked` hides secrets.
pub fn review(begun: &mut Begun, person: &mut dyn Person, masked: bool) -> DialogueEnd {
    let masker = if masked {
        Masker::for_outcome(&begun.outcome)
    } else {
        Masker::off()
    };
    let mut talk = Talk {
        person,
        masker,
        hinted: false,
        accepting: false,
        several: begun.reviews.len() > 1,
        decided: CardDecisions::default(),
        prompt: 0,
    };
    if !begun.outcome.refused.is_empty() {
        talk.show_refusals(&begun.outcome.refused);
    }
    for release in &begun.fitting {
        let text = show::render_opening(&[release], 0, talk.look(), &talk.masker);
        talk.show_report(&text);
    }
    if begun.reviews.is_empty() {
        return DialogueEnd::Nothing;
    }
    talk.go_through(&mut begun.reviews)
        .unwrap_or_else(DialogueEnd::Stopped)
}

struct Talk<'p> {
    person: &'p mut dyn Person,
    masker: Masker,
    /// True if the keys were explained once.
    hinted: bool,
    /// True if all the rest is accepted: only steps that need a person are asked.
    accepting: bool,
    /// True if there are several releases, or groups of them.
    several: bool,
    /// The decisions about cards that may come again.
    decided: CardDecisions,
    /// Columns that the last prompt took.
    prompt: usize,
}

/// A step that is on the screen.
struct AtStep<'i> {
    item: &'i UndecidedStep,
    /// True if there are other releases to go to.
    several: bool,
    /// The lines that are shown around changes, as an index into [`ROOMS`].
    room: usize,
}

/// The result of asking for a decision of a step.
enum Asked {
    /// A key was pressed.
    Key(KeyPress),
    /// An option was picked. Nothing: it did not decide the step, and is asked again.
    Act(Option<Act>),
}

impl Talk<'_> {
    /// The look now; a column or two are kept for signs that are written in more letters.
    fn look(&self) -> ReportStyle {
        let look = self.person.look();
        ReportStyle {
            width: look.width - if self.person.is_ascii() { 3 } else { 0 },
            ..look
        }
    }

    /// The look of lines of a file, which may be as long as the terminal is wide.
    fn full_width_look(&self) -> ReportStyle {
        ReportStyle {
            width: self.person.columns(),
            ..self.person.look()
        }
    }

    /// Shows a report.
    fn show_report(&mut self, text: &str) {
        if self.person.is_ascii() {
            self.person.say(&show::to_ascii(text));
        } else {
            self.person.say(text);
        }
    }

    fn show_sentence(&mut self, text: &str) {
        let text = show::render_sentence(text, self.look());
        self.show_report(&text);
    }

    fn show_warning(&mut self, text: &str) {
        let text = show::render_warning(text, self.look());
        self.show_report(&text);
    }

    fn show_refusals(&mut self, refusals: &[Refusal]) {
        let text = show::render_refusals(refusals, self.look(), &self.masker);
        self.show_report(&text);
    }

    /// Shows a prompt and waits for a key; [`Talk::echo_word`] shows the word for what it does. After a suspension
    /// the prompt is shown again.
    fn ask_key(&mut self, prompt: &str) -> Result<KeyPress, Stop> {
        loop {
            match self.key_or_again(prompt)? {
                KeyPress::Again => self.person.say("\n"),
                key => return Ok(key),
            }
        }
    }

    /// The same; [`KeyPress::Again`] if what belongs to the prompt has to be shown again.
    fn key_or_again(&mut self, prompt: &str) -> Result<KeyPress, Stop> {
        self.prompt = prompt.chars().count();
        if self.person.is_ascii() {
            self.person.key(&show::to_ascii(prompt))
        } else {
            self.person.key(prompt)
        }
    }

    /// Keys and what each does.
    fn show_keys(&mut self, keys: &[(&str, &str)]) {
        let text = show::render_keys(keys, self.look());
        self.show_report(&text);
    }

    /// Puts a word behind the prompt, or below it where it has no room.
    fn echo_word(&mut self, word: &str) {
        if self.prompt + word.chars().count() <= self.look().width {
            self.show_report(&format!("{word}\n"));
        } else {
            self.person.say("\n");
            self.show_sentence(word);
        }
    }

    /// A question of yes or no; no if nothing is said.
    fn ask_to_confirm(&mut self, prompt: &str) -> Result<bool, Stop> {
        self.person.forget();
        self.person.confirm(prompt)
    }

    fn only_back_or_quit(&mut self) -> Result<NextMove, Stop> {
        loop {
            match self.ask_key("Go [b]ack or [q]uit? ")? {
                KeyPress::Char('b') | KeyPress::Escape => {
                    self.echo_word("back");
                    return Ok(NextMove::Back);
                }
                KeyPress::Char('q') => {
                    self.echo_word("quit");
                    return Err(Stop::Quit);
                }
                _ => self.echo_word("b or q"),
            }
        }
    }

    /// Accepts a step without a question to the person, if that is possible; says what was done, if
    /// it is `step_texts`.
    fn try_to_accept(&mut self, review: &mut Review, item: &UndecidedStep, told: bool) -> bool {
        let id = show::step_name(item, review.start());
        if item.was_skipped {
            let done = review.decide(item, StepDecision::Skip, true).is_ok();
            if done && told {
                self.show_sentence(&format!("skipped, as before: {id}"));
            }
            return done;
        }
        let Some(question) = &item.step.question else {
            let done = review.decide(item, StepDecision::Accept, true).is_ok();
            if done && told {
                self.show_sentence(&format!("accepted: {id} ({})", item.step.title));
            }
            return done;
        };
        let Some(answer) = item.suggested.clone().filter(|a| is_complete(a, question)) else {
            return false;
        };
        let option = answer.option.clone();
        let title = question.options.iter().find(|other| other.id == option);
        let title = title.map(|option| self.masker.mask_text(&option.title));
        let done = review
            .decide(item, StepDecision::Answer(answer), true)
            .is_ok();
        if done && told {
            let title = title.unwrap_or_default();
            let how = match &item.source {
                SuggestionSource::Before => "answered as before",
                SuggestionSource::Other(_) => "answered the same",
                _ => "answered as recommended",
            };
            self.show_sentence(&format!("{how}: {id}: {option} ({title})"));
        }
        done
    }

    /// Shows a step: what it is, its lines, what it asks.
    fn show_step(&mut self, review: &Review, item: &UndecidedStep) {
        let look = self.look();
        self.person.say("\n");
        let text = show::render_card(item, review.start(), look, &self.masker);
        self.show_report(&text);
        self.show_lines(&item.files, 0, item.step.question.is_none());
        self.show_question(item);
    }

    /// Shows a step and asks until it is decided. `several` says that there are other releases to go to.
    fn ask_step(
        &mut self,
        review: &mut Review,
        item: &UndecidedStep,
        several: bool,
    ) -> Result<Act, Stop> {
        self.show_step(review, item);
        self.person.forget();
        let mut at = AtStep {
            item,
            several,
            room: 0,
        };
        loop {
            let act = match self.ask_for_key(review, item)? {
                Asked::Key(key) => self.deciding_key(key, review, &mut at)?,
                Asked::Act(act) => act,
            };
            if let Some(act) = act {
                return Ok(act);
            }
        }
    }

    /// Waits for a key, or for an option where there is a question.
    fn ask_for_key(&mut self, review: &mut Review, item: &UndecidedStep) -> Result<Asked, Stop> {
        let Some(question) = item.step.question.as_ref() else {
            return Ok(Asked::Key(self.key_or_again(&self.step_prompt(item))?));
        };
        let is_decided = match self.pick_option(item, question)? {
            Picked::Key(key) => return Ok(Asked::Key(key)),
            Picked::Choice(at) => {
                let answer = suggested_or(item, &question.options[at]);
                self.take_answer(review, item, question, &answer)?
            }
            Picked::Skip => self.skip_step(review, item)?,
            Picked::Open => {
                self.echo_word("left open");
                self.take_decision(review, item, StepDecision::Open)
            }
            Picked::Again => {
                self.decide_everywhere(item);
                return Ok(Asked::Act(Some(Act::Again)));
            }
        };
        Ok(Asked::Act(is_decided.then_some(Act::Next)))
    }

    /// A key that decides something; another one is one that shows or leaves. Nothing: the step is asked again.
    fn deciding_key(
        &mut self,
        key: KeyPress,
        review: &mut Review,
        at: &mut AtStep<'_>,
    ) -> Result<Option<Act>, Stop> {
        let item = at.item;
        let is_decided = match (key, item.step.question.as_ref()) {
            (KeyPress::Enter, _) if item.was_skipped => self.skip_step(review, item)?,
            (KeyPress::Char('y' | 'a') | KeyPress::Enter, None) => {
                self.echo_word("accepted");
                self.take_decision(review, item, StepDecision::Accept)
            }
            (KeyPress::Char('s' | 'n'), _) => self.skip_step(review, item)?,
            (KeyPress::Enter | KeyPress::Char('y' | 'a'), Some(question)) => {
                match &item.suggested {
                    Some(suggested) => {
                        self.echo_word(&suggested.option);
                        self.take_answer(review, item, question, suggested)?
                    }
                    None => {
                        self.echo_word("nothing is recommended here: type a number");
                        false
                    }
                }
            }
            (KeyPress::Char(digit @ '0'..='9'), Some(question)) => {
                match self.option_by_number(question, digit)? {
                    Some(option) => {
                        let answer = suggested_or(item, option);
                        self.take_answer(review, item, question, &answer)?
                    }
                    None => false,
                }
            }
            (KeyPress::Char('u'), Some(_)) => {
                self.echo_word("left open");
                self.take_decision(review, item, StepDecision::Open)
            }
            (KeyPress::Char('A'), _) => {
                self.echo_word("accept everything that is left");
                return Ok(Some(Act::AcceptRest));
            }
            (KeyPress::Char('r'), _) if self.decided_before(item).is_some() => {
                self.echo_word("the same wherever it is the same");
                self.decide_everywhere(item);
                return Ok(Some(Act::Again));
            }
            (KeyPress::Char('S'), _) => self.skip_rest(review)?,
            _ => return self.other_key(key, review, at),
        };
        Ok(is_decided.then_some(Act::Next))
    }

    /// A key that does the same wherever a step is asked about: it shows something, or ends the review. False if it is
    /// another one.
    fn common_key(
        &mut self,
        key: KeyPress,
        review: &Review,
        item: &UndecidedStep,
    ) -> Result<bool, Stop> {
        match key {
            KeyPress::Char('d') => {
                self.echo_word("the difference so far");
                self.so_far(review, Talk::whole_difference);
            }
            KeyPress::Char('l') => {
                self.echo_word("the settings so far");
                self.so_far(review, Talk::show_ledgers);
            }
            KeyPress::Char('e') => {
                self.echo_word("explain");
                self.show_explanation(review, item);
            }
            KeyPress::Char('q') => {
                self.echo_word("quit");
                return Err(Stop::Quit);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A key that shows something or leaves the step.
    fn other_key(
        &mut self,
        key: KeyPress,
        review: &Review,
        at: &mut AtStep<'_>,
    ) -> Result<Option<Act>, Stop> {
        let item = at.item;
        if self.common_key(key, review, item)? {
            return Ok(None);
        }
        match key {
            KeyPress::Char('m') => {
                at.room = (at.room + 1).min(ROOMS.len() - 1);
                self.echo_word(if at.room + 1 < ROOMS.len() {
                    "more lines"
                } else {
                    "the whole file"
                });
                self.show_lines(&item.files, at.room, item.step.question.is_none());
            }
            KeyPress::Char('b') | KeyPress::Escape => {
                self.echo_word("back");
                return Ok(Some(Act::Back));
            }
            KeyPress::Char('g') if at.several => {
                self.echo_word("go to another release");
                return Ok(Some(Act::Elsewhere));
            }
            KeyPress::Char('?' | 'h') => {
                self.echo_word("keys");
                self.show_help(item, at.several);
            }
            KeyPress::Again => self.show_step(review, item),
            KeyPress::Char(c) if !c.is_control() => {
                self.echo_word(&format!("{c} means nothing here; ? lists the keys"));
            }
            _ => self.echo_word("? lists the keys"),
        }
        Ok(None)
    }

    /// The question, and what was decided before.
    fn show_question(&mut self, item: &UndecidedStep) {
        let text = show::render_question(item, self.look(), &self.masker);
        self.show_report(&text);
        if item.source == SuggestionSource::OtherValues {
            self.show_warning("It was answered before, but for other values than these.");
        }
        if item.was_skipped {
            self.show_sentence("It was skipped before; Enter skips it again, y accepts it.");
        }
        if let Some((name, how)) = self.decided_before(item) {
            let text = format!(
                "The same was {how} for {name}. r decides it so here and in every release where it is the same."
            );
            self.show_sentence(&text);
        }
        if !std::mem::replace(&mut self.hinted, true) {
            self.show_sentence(if item.step.question.is_some() {
                "Choose with the arrows and Enter, or by number; ? lists all keys."
            } else {
                "Enter accepts, s skips; ? lists all keys, q leaves without writing."
            });
        }
    }

    /// The prompt at a change.
    fn step_prompt(&self, item: &UndecidedStep) -> String {
        let number = format!("[{}/{}]", item.number, item.of);
        let default = if item.was_skipped { "y,s*" } else { "Y,s" };
        format!("{number} Accept? [{default},{KEYS}] ")
    }

    fn show_help(&mut self, item: &UndecidedStep, several: bool) {
        let mut keys: Vec<(&str, &str)> = Vec::new();
        let mut key = |key: &'static str, what: &'static str| keys.push((key, what));
        if item.step.question.is_some() {
            key(
                "1, 2, ...",
                "choose an option; what it needs is asked for, and its lines are shown",
            );
            key("arrows, Enter", "move the mark, and take what is marked");
            key("y, a", "take the option marked with *");
            key("s, n", "skip: leave this step out");
            key("u", "leave the question open; nothing can be written then");
        } else {
            key("Enter, y, a", "accept");
            key("s, n", "skip: leave this step out");
        }
        if several {
            key(
                "r",
                "repeat what was decided about the same card, in every release where it is the same",
            );
        }
        key(
            "A",
            "accept everything that is left, in all releases; questions are asked if nothing is recommended",
        );
        key("S", "skip all the rest of this release");
        key("m", "more lines around the change, then the whole file");
        key("d", "the whole difference so far");
        key("l", "what became of every setting so far");
        key("e", "explain: all that this step may do and ask");
        key("b, Esc", "back to the one before");
        if several {
            key("g", "go to another release, by number or search");
        }
        key("q, Ctrl-C", "quit; nothing is written");
        key("Ctrl-Z", "suspend; fg in the shell comes back here");
        self.show_keys(&keys);
    }

    /// Shows lines of a file: its own signs as they are, the mask in signs that the terminal has.
    fn file_lines(&mut self, text: &str) {
        match self.person.is_ascii() {
            true => self.person.say(&text.replace(MASK, "****")),
            false => self.person.say(text),
        }
    }

    /// The lines that a step causes.
    fn show_lines(&mut self, files: &[crate::outcome::ReportedFile], room: usize, always: bool) {
        let (text, left) =
            show::render_difference(files, ROOMS[room], self.full_width_look(), &self.masker);
        if !text.is_empty() {
            self.person.say("\n");
            self.file_lines(&text);
            if left > 0 {
                self.show_sentence(&format!("... and {left} more lines; m shows more"));
            }
            self.person.say("\n");
        } else if always {
            self.show_sentence("No line of the file changes through this step alone.");
        }
    }

    fn take_decision(
        &mut self,
        review: &mut Review,
        item: &UndecidedStep,
        decision: StepDecision,
    ) -> bool {
        match review.decide(item, decision.clone(), false) {
            Ok(()) => {
                self.remember_decision(review, item, &decision);
                true
            }
            Err(refusals) => {
                self.show_refusals(&refusals);
                false
            }
        }
    }

    /// Leaves a step out; asks again if settings lose their effect, or other steps go with it.
    fn skip_step(&mut self, review: &mut Review, item: &UndecidedStep) -> Result<bool, Stop> {
        if !can_be_left_out(&item.step.id) {
            self.echo_word(match item.step.question {
                Some(_) => "this has to be answered; u leaves it open, and nothing is written then",
                None => "this cannot be left out",
            });
            return Ok(false);
        }
        self.echo_word("skip");
        if !item.lost.is_empty() || !item.needed_by.is_empty() {
            let look = self.look();
            let text = show::render_losses(
                &item.lost,
                &item.needed_by,
                &review.start()[item.about[0]],
                look,
            );
            self.show_report(&text);
            if !self.ask_to_confirm("Skip it all the same?")? {
                return Ok(false);
            }
        }
        Ok(self.take_decision(review, item, StepDecision::Skip))
    }

    fn skip_rest(&mut self, review: &mut Review) -> Result<bool, Stop> {
        self.echo_word("skip all the rest");
        match review.lost_by_skipping_the_rest() {
            Ok(lost) if lost.is_empty() => {}
            Ok(lost) => {
                // Each is told with its own chart: releases that share a file may be of several.
                for (at, paths) in &lost {
                    let release = &review.start()[*at];
                    let text = show::render_losses(paths, &[], release, self.look());
                    self.show_report(&text);
                }
                if !self.ask_to_confirm("Skip them all the same?")? {
                    return Ok(false);
                }
            }
            Err(refusals) => {
                self.show_refusals(&refusals);
                return Ok(false);
            }
        }
        loop {
            match review.next() {
                Ok(None) => return Ok(true),
                Ok(Some(item)) => {
                    let id = show::step_name(&item, review.start());
                    // What has to be answered is asked.
                    if !can_be_left_out(&item.step.id) {
                        self.show_warning(match item.step.question {
                            Some(_) => "This one has to be answered.",
                            None => "This one cannot be left out.",
                        });
                        return Ok(true);
                    }
                    if let Err(refusals) = review.decide(&item, StepDecision::Skip, true) {
                        self.show_refusals(&refusals);
                        return Ok(true);
                    }
                    self.show_sentence(&format!("skipped: {id} ({})", item.step.title));
                    for id in &item.needed_by {
                        self.show_sentence(&format!("skipped with it: {id}"));
                    }
                }
                Err(refusals) => {
                    self.show_refusals(&refusals);
                    return Ok(true);
                }
            }
        }
    }

    fn so_far(&mut self, review: &Review, shown: fn(&mut Self, &[&Release])) {
        match review.so_far() {
            // What each wants by itself: until all is decided a shared file is not yet one text.
            Ok(releases) if review.start().len() > 1 => {
                for release in &releases {
                    self.show_name(release);
                    shown(self, &[release]);
                }
                if releases.is_empty() {
                    self.show_sentence("Nothing is changed.");
                }
            }
            Ok(releases) => shown(self, &releases.iter().collect::<Vec<_>>()),
            Err(refusals) => self.show_refusals(&refusals),
        }
    }

    /// The name of a release above what is said of it.
    fn show_name(&mut self, release: &Release) {
        let text = show::render_name(release, self.look());
        self.show_report(&text);
    }

    fn whole_difference(&mut self, releases: &[&Release]) {
        let look = self.full_width_look();
        let mut text = String::new();
        let unit = Unit {
            releases: releases.to_vec(),
        };
        for file in unit.files().into_iter().filter(|file| file.changed) {
            text.push_str(&difference::for_eyes(file, look, &self.masker));
        }
        if text.is_empty() {
            self.show_sentence("Nothing is changed.");
        } else {
            self.file_lines(&text);
        }
    }

    fn show_ledgers(&mut self, releases: &[&Release]) {
        for release in releases {
            let text = show::render_ledger(release, self.look(), &self.masker);
            self.show_report(&text);
        }
    }

    fn show_explanation(&mut self, review: &Review, item: &UndecidedStep) {
        match review.explain(item, self.look()) {
            Some(text) => self.show_report(&text),
            None => self.show_sentence("The pack says no more about it."),
        }
    }
}

/// The action of a key at a step.
enum Act {
    Next,
    /// The decision about the same card is taken here.
    Again,
    AcceptRest,
    Back,
    Elsewhere,
}

/// The suggestion, if it is this option; else the option with its defaults.
fn suggested_or(item: &UndecidedStep, option: &ReportedOption) -> Answer {
    let suggested = item.suggested.as_ref();
    let suggested = suggested.filter(|answer| answer.option == option.id);
    suggested
        .cloned()
        .unwrap_or_else(|| answer_choosing(option))
}
