//! Answering a question: an option, what it needs typed, and what it would do before it is taken.

use super::{KEYS, KeyPress, ListAnswer, ROOMS, Stop, Talk};
use crate::{
    migrate::{Answer, OfferedInput},
    outcome::{ReportedFile, ReportedInput, ReportedOption, ReportedQuestion, ReportedStep},
    questions::can_be_left_out,
    report::review as show,
    review::{Review, StepDecision, UndecidedStep},
};

/// The choice at a question.
pub(super) enum Picked {
    /// The option at that place is looked at.
    Choice(usize),
    /// The step is left out.
    Skip,
    /// The question stays open.
    Open,
    /// As the same question was answered for another release, wherever it is the same.
    Again,
    /// Something else, by its key.
    Key(KeyPress),
}

impl Talk<'_> {
    /// Lets an option be chosen from a list of short names, with what else can be done about a question.
    pub(super) fn pick_option(
        &mut self,
        item: &UndecidedStep,
        question: &ReportedQuestion,
    ) -> Result<Picked, Stop> {
        let mut items = Vec::new();
        let mut meant = Vec::new();
        for (at, option) in question.options.iter().enumerate() {
            items.push(show::short_choice(option, item));
            meant.push(Picked::Choice(at));
        }
        if can_be_left_out(&item.step.id) {
            items.push("(skip this step)".to_owned());
            meant.push(Picked::Skip);
        }
        items.push("(leave the question open)".to_owned());
        meant.push(Picked::Open);
        if let Some((name, how)) = self.decided_before(item) {
            items.push(format!("({how} as for {name}, wherever it is the same)"));
            meant.push(Picked::Again);
        }
        let suggested = item.suggested.as_ref();
        let first = match item.was_skipped {
            true => meant.iter().position(|other| matches!(other, Picked::Skip)),
            false => suggested.and_then(|answer| {
                let mut options = question.options.iter();
                options.position(|option| option.id == answer.option)
            }),
        };
        let prompt = format!("[{}/{}] Which?", item.number, item.of);
        let keys = match question.options.len() {
            1 => format!("1,s,u,{KEYS}"),
            n => format!("1-{n},s,u,{KEYS}"),
        };
        let picked = match self.person.choose(&prompt, &keys, &items, first)? {
            ListAnswer::Item(at) => meant.swap_remove(at),
            ListAnswer::Key(key) => Picked::Key(key),
        };
        match &picked {
            Picked::Choice(at) => {
                let id = &question.options[*at].id;
                self.show_report(&format!("{prompt} {id}\n"));
            }
            Picked::Again | Picked::Key(KeyPress::Again) => {}
            Picked::Skip | Picked::Open | Picked::Key(_) => {
                self.prompt = prompt.len() + 1;
                self.show_report(&format!("{prompt} "));
            }
        }
        Ok(picked)
    }

    /// The option with a number; if there are more than nine, the rest of the number is typed.
    pub(super) fn option_by_number<'q>(
        &mut self,
        question: &'q ReportedQuestion,
        digit: char,
    ) -> Result<Option<&'q ReportedOption>, Stop> {
        let count = question.options.len();
        let number = if count > 9 {
            self.person.say("\n");
            self.person.line("number: ", &digit.to_string())?
        } else {
            Some(digit.to_string())
        };
        let Some(number) = number else {
            return Ok(None);
        };
        let at = number.trim().parse::<usize>().ok();
        let option = at.and_then(|at| question.options.get(at.checked_sub(1)?));
        match option {
            Some(option) => self.echo_word(&option.id),
            None => self.echo_word(&format!("there are options 1 to {count}")),
        }
        Ok(option)
    }

    /// Asks for what an option needs, shows what it does, and takes it.
    pub(super) fn take_answer(
        &mut self,
        review: &mut Review,
        item: &UndecidedStep,
        question: &ReportedQuestion,
        chosen: &Answer,
    ) -> Result<bool, Stop> {
        let options = question.options.iter();
        let Some(option) = options.into_iter().find(|o| o.id == chosen.option) else {
            return Ok(false);
        };
        let mut answer = chosen.clone();
        let mut is_refused = false;
        loop {
            for input in &option.inputs {
                let before = answer.inputs.get(&input.name).cloned();
                match self.ask_input(input, before.as_deref(), is_refused)? {
                    Some(text) => {
                        answer.inputs.insert(input.name.clone(), text);
                    }
                    None => return Ok(false),
                }
            }
            match review.try_answer(item, &answer) {
                Ok((step, files)) => {
                    self.show_effect(&step, &files);
                    break;
                }
                Err(refusals) => {
                    self.show_refusals(&refusals);
                    if option.inputs.is_empty() {
                        return Ok(false);
                    }
                    is_refused = true;
                }
            }
        }
        let mut room = 0;
        loop {
            let key = self.ask_key("Take this answer? [Y,b,m,d,l,e,q,?] ")?;
            if self.common_key(key, review, item)? {
                continue;
            }
            match key {
                KeyPress::Enter | KeyPress::Char('y' | 'a') => {
                    self.echo_word("taken");
                    return Ok(self.take_decision(review, item, StepDecision::Answer(answer)));
                }
                KeyPress::Char('b' | 'n') | KeyPress::Escape => {
                    self.echo_word("back to the options");
                    self.show_question(item);
                    return Ok(false);
                }
                KeyPress::Char('m') => {
                    room = (room + 1).min(ROOMS.len() - 1);
                    self.echo_word("more lines");
                    if let Ok((_, files)) = review.try_answer(item, &answer) {
                        self.show_lines(&files, room, true);
                    }
                }
                _ => {
                    self.echo_word("keys");
                    self.show_keys(&[
                        ("Enter, y, a", "take this answer"),
                        ("b, n, Esc", "back to the options, where all other keys are"),
                        ("m", "more lines around the change"),
                        ("d", "the whole difference so far, without this answer"),
                        ("l", "what became of every setting so far"),
                        ("e", "explain: all that this step may do and ask"),
                        ("q, Ctrl-C", "quit; nothing is written"),
                        ("Ctrl-Z", "suspend; fg in the shell comes back here"),
                    ]);
                }
            }
        }
    }

    /// Shows the effect of an answer.
    fn show_effect(&mut self, step: &ReportedStep, files: &[ReportedFile]) {
        self.show_lines(files, 0, false);
        if !files.iter().any(|file| file.changed) {
            self.show_sentence("This answer changes no line of the file.");
        }
        let text = show::step_texts(step, self.look(), &self.masker);
        self.show_report(&text);
    }

    /// Lets a text be typed until it does; a text that is refused stays in the line and can be corrected.
    fn ask_input(
        &mut self,
        input: &ReportedInput,
        before: Option<&str>,
        is_refused: bool,
    ) -> Result<Option<String>, Stop> {
        let default = before.or(input.default.as_deref());
        let text = show::render_input(input, default, self.look(), &self.masker);
        self.show_report(&text);
        let check = OfferedInput {
            name: input.name.clone(),
            title: input.title.clone(),
            matches: input.matches.clone(),
            list: input.list,
            default: None,
        };
        let shown = default.map(|text| self.masker.mask_value(&input.name, text));
        let prompt = match shown {
            Some(default) => format!("  {} [{default}]: ", input.name),
            None => format!("  {}: ", input.name),
        };
        let mut begun = match (is_refused, before) {
            (true, Some(before)) => before.to_owned(),
            _ => String::new(),
        };
        loop {
            let Some(typed) = self.person.line(&prompt, &begun)? else {
                self.show_sentence("back to the options");
                return Ok(None);
            };
            let text = match (typed.trim(), default) {
                ("", Some(default)) => default.to_owned(),
                (typed, _) => typed.to_owned(),
            };
            match check.check(&text) {
                Ok(()) => return Ok(Some(text)),
                Err(message) => self.show_warning(&message),
            }
            begun = text;
        }
    }
}
