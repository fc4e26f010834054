//! The outcome as JSON, for programs.

use std::sync::Arc;

use super::Masker;
use crate::outcome::Outcome;

/// The outcome as one JSON document with a final line end: on one line, or `pretty` for people.
/// Secrets are masked as the masker says; the digests are those of the exact result all the same.
///
/// # Errors
///
/// If the outcome cannot be serialised, which no outcome is known to cause.
pub fn render(
    outcome: &Outcome,
    masker: &Masker,
    pretty: bool,
) -> Result<String, serde_json::Error> {
    let outcome = masked(outcome, masker);
    let mut text = if pretty {
        serde_json::to_string_pretty(&outcome)?
    } else {
        serde_json::to_string(&outcome)?
    };
    text.push('\n');
    Ok(text)
}

fn masked(outcome: &Outcome, masker: &Masker) -> Outcome {
    let mut outcome = outcome.clone();
    if !masker.is_on() {
        return outcome;
    }
    let text = |text: &mut String| *text = masker.text(text);
    let maybe = |text: &mut Option<String>| {
        if let Some(text) = text {
            *text = masker.text(text);
        }
    };
    let lines = |text: &mut String| {
        *text = text
            .split('\n')
            .map(|line| masker.line(line))
            .collect::<Vec<_>>()
            .join("\n");
    };
    for release in &mut outcome.releases {
        release
            .evidence
            .iter_mut()
            .for_each(|clue| text(&mut clue.why));
        release
            .files
            .iter_mut()
            .flat_map(|file| &mut Arc::make_mut(file).removed_comments)
            .for_each(lines);
        for step in &mut release.steps {
            maybe(&mut step.why);
            step.tell.iter_mut().for_each(text);
            for change in &mut step.changes {
                let places = [Some(&change.path), change.to.as_ref()];
                for place in places.into_iter().flatten().chain(&change.from) {
                    masker.json(place, &mut change.value);
                }
            }
            let Some(question) = &mut step.question else {
                continue;
            };
            text(&mut question.text);
            maybe(&mut question.lacking);
            for evidence in &mut question.evidence {
                if let Some(value) = &mut evidence.value {
                    *value = masker.value(&evidence.path, value);
                }
            }
            for (name, value) in &mut question.inputs {
                *value = masker.value(name, value);
            }
            for option in &mut question.options {
                text(&mut option.title);
                for input in &mut option.inputs {
                    text(&mut input.title);
                    if let Some(default) = &mut input.default {
                        *default = masker.value(&input.name, default);
                    }
                }
            }
        }
        release
            .notices
            .iter_mut()
            .chain(&mut release.stale)
            .for_each(|notice| text(&mut notice.text));
        for fact in &mut release.facts {
            maybe(&mut fact.before);
            maybe(&mut fact.after);
        }
        release
            .checklist
            .iter_mut()
            .for_each(|task| text(&mut task.text));
    }
    for refusal in &mut outcome.refused {
        text(&mut refusal.what);
        maybe(&mut refusal.why);
        maybe(&mut refusal.next);
        refusal.excerpt.iter_mut().for_each(lines);
    }
    outcome
}
