//! The laws over generated packs and values files.

use refit::{
    migrate::{Answers, Fate, StepState},
    pack::Pack,
    plan::Selection,
    values::Path,
};
use semver::Version;

use super::{
    choice::{Choices, each},
    documents::document,
    engine::{Done, Refused, answered, run},
    laws,
    packs::{Generated, pack},
};

/// A pack, a text, and the way to go.
pub struct Case {
    folder: tempfile::TempDir,
    pub generated: Generated,
    pub pack: Pack,
    pub text: String,
    pub from: usize,
    pub to: usize,
}

impl Case {
    pub fn new(choices: &mut Choices) -> Result<Self, String> {
        let generated = pack(choices);
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let loaded = generated
            .load(folder.path())
            .map_err(|e| format!("{e}\n{}", generated.shown()))?;
        let last = generated.versions.len() - 1;
        let from = if choices.once_in(3) {
            choices.below(last)
        } else {
            0
        };
        let to = if choices.once_in(4) {
            from + 1 + choices.below(last - from)
        } else {
            last
        };
        let text = document(choices, &generated, from);
        Ok(Self {
            folder,
            pack: loaded,
            generated,
            text,
            from,
            to,
        })
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub fn version(&self, i: usize) -> Version {
        self.generated.versions[i].parse().expect("a version")
    }

    pub fn shown(&self, message: &str) -> String {
        format!(
            "{message}\n=== {} to {}\n{}=== before\n{}\n=== pack\n{}",
            self.version(self.from),
            self.version(self.to),
            "",
            self.text.replace('\r', "\\r"),
            self.generated.shown()
        )
    }

    /// Runs it with random answers to everything.
    pub fn answered(&self, choices: &mut Choices) -> Result<Option<(Done, Answers)>, String> {
        let (from, to) = (self.version(self.from), self.version(self.to));
        match answered(choices, &self.pack, self.text.as_bytes(), &from, &to)
            .map_err(|e| self.shown(&e))?
        {
            Ok(done) => Ok(Some(done)),
            Err(refused) => {
                if let Refused::Pack(error) = &refused {
                    return Err(self.shown(error));
                }
                choices.count(refused.kind());
                Ok(None)
            }
        }
    }
}

fn with_case(
    choices: &mut Choices,
    law: impl Fn(&mut Choices, &Case, Done, Answers) -> Result<(), String>,
) -> Result<(), String> {
    let case = Case::new(choices)?;
    let Some((done, answers)) = case.answered(choices)? else {
        return Ok(());
    };
    choices.count(if done.edited { "edited" } else { "no edit" });
    let after = done.after.clone();
    law(choices, &case, done, answers).map_err(|e| {
        format!(
            "{}\n=== after\n{}",
            case.shown(&e),
            after.replace('\r', "\\r")
        )
    })
}

#[test]
fn byte_law() {
    each("byte law", 160, |choices| {
        with_case(choices, |choices, _, done, _| {
            let kept = laws::byte(&done)?;
            *choices
                .counts
                .entry("kept entries compared".to_owned())
                .or_default() += kept;
            laws::comments(&done)
        })
    });
}

#[test]
fn ledger_law() {
    each("ledger law", 160, |choices| {
        with_case(choices, |choices, _, done, _| {
            for (what, n) in laws::ledger(&done)? {
                *choices.counts.entry(what).or_default() += n;
            }
            Ok(())
        })
    });
}

#[test]
fn oracle_law_with_a_second_reader() {
    each("oracle law", 160, |choices| {
        with_case(choices, |choices, _, done, _| {
            let read = laws::second_reader(&done)?;
            choices.count(if read {
                "read alike by serde_yaml"
            } else {
                "read otherwise by serde_yaml before"
            });
            Ok(())
        })
    });
}

#[test]
fn idempotence() {
    each("idempotence", 120, |choices| {
        with_case(choices, |_, case, done, answers| {
            let to = case.version(case.to);
            let again = run(
                &case.pack,
                done.after.as_bytes(),
                &to,
                &to,
                &answers,
                &Selection::default(),
                false,
            )?
            .map_err(|refused| format!("the result is {}", refused.kind()))?;
            if again.edited || *again.after != *done.after {
                return Err(format!("idempotence: edited again to\n{}", again.after));
            }
            if let Some(step) = again.migrated.steps.first() {
                return Err(format!(
                    "idempotence: {} has to do: {:?}",
                    step.id, step.tell
                ));
            }
            Ok(())
        })
    });
}

#[test]
fn chain_law() {
    each("chain law", 160, |choices| {
        with_case(choices, |choices, case, done, answers| {
            if case.to - case.from < 2 {
                choices.count("nothing between");
                return Ok(());
            }
            let middle = case.from + 1 + choices.below(case.to - case.from - 1);
            let (from, middle, to) = (
                case.version(case.from),
                case.version(middle),
                case.version(case.to),
            );
            let leg = |text: &[u8], from: &Version, to: &Version| {
                run(
                    &case.pack,
                    text,
                    from,
                    to,
                    &answers,
                    &Selection::default(),
                    false,
                )
            };
            let first = match leg(case.text.as_bytes(), &from, &middle)? {
                Ok(first) => first,
                Err(refused) => {
                    choices.count(format!("first leg {}", refused.kind()));
                    return Ok(());
                }
            };
            laws::all(&first)?;
            let second = match leg(first.after.as_bytes(), &middle, &to)? {
                Ok(second) => second,
                Err(refused) => {
                    choices.count(format!("second leg {}", refused.kind()));
                    return Ok(());
                }
            };
            laws::all(&second)?;
            let same = second.new == done.new;
            let bytes = second.after == done.after;
            if case.generated.variants {
                choices.count(if same {
                    "with variants: same"
                } else {
                    "with variants: other values"
                });
                return Ok(());
            }
            choices.count(if bytes { "same bytes" } else { "same values" });
            if same {
                return Ok(());
            }
            Err(format!(
                "chain: over {middle} it is\n{}\n--- after the first leg\n{}\n--- not",
                second.after, first.after
            ))
        })
    });
}

#[test]
fn ask_law() {
    each("ask law", 120, |choices| {
        let case = Case::new(choices)?;
        let (from, to) = (case.version(case.from), case.version(case.to));
        let text = case.text.as_bytes();
        let go = |answers: &Answers, skip: &[String]| {
            let selection = Selection {
                only: Vec::new(),
                skip: skip.to_vec(),
                ..Selection::default()
            };
            run(&case.pack, text, &from, &to, answers, &selection, false)
                .map_err(|e| case.shown(&e))
        };
        let done = match go(&Answers::new(), &[])? {
            Ok(done) => done,
            Err(refused) => {
                choices.count(refused.kind());
                return Ok(());
            }
        };
        let fail = |done: &Done, message: String| {
            Err(format!(
                "{}\n=== after\n{}",
                case.shown(&message),
                done.after
            ))
        };
        let mut not_done = Vec::new();
        for step in &done.migrated.steps {
            if matches!(step.state, StepState::Open | StepState::Waiting(_)) {
                choices.count(if step.state == StepState::Open {
                    "open steps"
                } else {
                    "waiting steps"
                });
                if !step.changes.is_empty() || !step.tell.is_empty() || !step.todo.is_empty() {
                    return fail(&done, format!("ask: {} is open and did something", step.id));
                }
                // A question about one place is no step; the step that waits for it is left out.
                if !step.id.contains('/') {
                    not_done.push(step.id.clone());
                }
            }
        }
        if let Err(message) = laws::all(&done) {
            return fail(&done, message);
        }
        // What a question is about is held: its leaves, where nothing has moved them before.
        let fates = done.fates().map_err(|e| case.shown(&e))?;
        for decision in done.open() {
            for source in decision.evidence.iter().filter_map(|e| e.source.as_ref()) {
                let about = fates.iter().filter(|(path, _)| {
                    path.parse::<Path>()
                        .is_ok_and(|path| path.starts_with(&source.path))
                });
                for (path, (fate, ..)) in about {
                    if !matches!(
                        fate,
                        Some(
                            Fate::Held
                                | Fate::Moved
                                | Fate::Copied
                                | Fate::Merged
                                | Fate::Rewritten
                        )
                    ) {
                        return fail(
                            &done,
                            format!("ask: {} is open, and {path} is {fate:?}", decision.id),
                        );
                    }
                    choices.count("leaves that open questions are about");
                }
            }
        }
        if not_done.is_empty() {
            choices.count("no question");
            return Ok(());
        }
        // What is held is as if its step had been left out.
        if let Ok(without) = go(&Answers::new(), &not_done)?
            && without.open().next().is_none()
            && without.new != done.new
        {
            return fail(
                &done,
                format!(
                    "ask: with the open steps left out it is\n{}\n--- not",
                    without.after
                ),
            );
        }
        // Answers replay to the same result, and not for other values.
        let Some((decided, answers)) = case.answered(choices)? else {
            return Ok(());
        };
        let mut recorded = Answers::new();
        for step in &decided.migrated.steps {
            if let Some(decision) = &step.decision {
                recorded.insert(
                    step.id.clone(),
                    decision.answer.clone().expect("it is answered"),
                );
            }
        }
        if !recorded.keys().eq(answers.keys()) {
            return fail(
                &decided,
                format!(
                    "ask: {:?} was answered, {:?} is recorded",
                    answers.keys(),
                    recorded.keys()
                ),
            );
        }
        match go(&recorded, &[])? {
            Ok(replayed) if replayed.after == decided.after => choices.count("answers replayed"),
            Ok(replayed) => {
                return fail(
                    &decided,
                    format!("ask: replayed it is\n{}\n--- not", replayed.after),
                );
            }
            Err(refused) => {
                return fail(&decided, format!("ask: replayed it is {}", refused.kind()));
            }
        }
        let evidence = recorded
            .values_mut()
            .next()
            .and_then(|answer| answer.evidence.as_mut());
        if let Some((_, value)) = evidence.and_then(|evidence| evidence.first_mut()) {
            value.push_str(" once");
            match run(
                &case.pack,
                text,
                &from,
                &to,
                &recorded,
                &Selection::default(),
                false,
            ) {
                Err(message) if message.contains("was given for other values") => {
                    choices.count("other evidence refused")
                }
                other => {
                    return fail(
                        &decided,
                        format!(
                            "ask: an answer for other values does {:?}",
                            other.map(|_| "its work")
                        ),
                    );
                }
            }
        }
        Ok(())
    });
}
