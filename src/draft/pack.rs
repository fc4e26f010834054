//! What was found as an ordinary pack: steps, each with its reason, questions with their options, notices.

use std::{collections::BTreeSet, fmt::Write as _};

use semver::Version;

use super::{
    bare::{Versions, bare_pack},
    propose::{Destination, Proposal, Proposals, SettingState, Suggestion, without_shared_end},
};
use crate::{
    authoring::{Edition, corrections::Corrections, gather, keys_yaml},
    chart::Chart,
    pack::Texts,
    values::Path,
};

/// The ways in which what was found becomes steps.
#[derive(Debug, Clone, Default)]
pub struct DraftOptions {
    /// True if what is sure is done, and not asked.
    pub accepted: bool,
    /// The ids of the steps of the pack that the draft goes on top of, if it does: then what was drafted is told as such.
    pub pack_steps: Option<BTreeSet<String>>,
}

/// The texts of a pack that knows two versions of a chart with their keys, and does what was found.
#[must_use]
pub fn drafted(
    (old, new): (&Chart, &Chart),
    versions: &Versions,
    found: &Proposals,
    options: &DraftOptions,
) -> Texts {
    let mut texts = bare_pack(old, new, versions);
    let editions = vec![
        Edition::of_chart(old, &versions.old),
        Edition::of_chart(new, &versions.new),
    ];
    if let Some(gathered) = gather(editions, &Corrections::default()) {
        texts.insert("keys.yaml".to_owned(), keys_yaml(&gathered));
    }
    if let Some(migration) = migration(versions, found, options) {
        texts.insert(format!("{}.yaml", versions.new), migration);
    }
    texts
}

pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text in which no brace begins an expression.
pub(super) fn escape_braces(text: &str) -> String {
    quoted(&text.replace('{', "{{"))
}

/// The migration; `None` if nothing is to be done or told.
fn migration(versions: &Versions, found: &Proposals, options: &DraftOptions) -> Option<String> {
    let new = &versions.new;
    let mut steps = DraftSteps {
        text: String::new(),
        ids: options.pack_steps.clone().unwrap_or_default(),
        accepted: options.accepted,
        mark: match options.pack_steps {
            Some(_) => "Drafted: ",
            None => "",
        },
    };
    let mut done: BTreeSet<&Path> = BTreeSet::new();
    for (at, proposal) in found.settings.iter().enumerate() {
        if done.contains(&proposal.from) {
            continue;
        }
        match &proposal.fate {
            Suggestion::Moves(place) => {
                let together = moved_together(proposal, place, &found.settings[at..]);
                done.extend(together.iter().map(|(proposal, _)| &proposal.from));
                steps.moves(&together);
            }
            Suggestion::Unsure(places) => {
                steps.question(&[(proposal, &places[0])], places, false);
            }
            Suggestion::IsDefault => {
                let text = format!(
                    "`{}` has no effect in {new}, and the chart's own default does the same now.",
                    proposal.from
                );
                steps.notice(proposal, "note", &text);
            }
            Suggestion::Lost => {
                let did = proposal.did.as_deref();
                let did = did.map_or_else(String::new, |did| format!(" It did set {did}."));
                let from = &proposal.from;
                // A setting without effect that nothing replaces is the first thing that a person looks at.
                let (severity, lost) = match &proposal.refused {
                    Some(said) => (
                        "danger",
                        format!(
                            "{new} does not render with `{from}`: {} Nothing",
                            sentence(said)
                        ),
                    ),
                    None => (
                        "action",
                        format!("`{from}` has no effect in {new}, and nothing"),
                    ),
                };
                let text = format!("{lost} was found that does the same.{did}");
                steps.notice(proposal, severity, &text);
            }
        }
    }
    for path in &found.needed {
        steps.demand(path, new);
    }
    if steps.text.is_empty() {
        return None;
    }
    Some(format!(
        "version: {}\ntitle: Drafted from the two charts\nsteps:\n{}",
        quoted(&new.to_string()),
        steps.text
    ))
}

/// A text of a chart as a sentence.
fn sentence(text: &str) -> String {
    match text.ends_with(['.', '!', '?', '…']) {
        true => text.to_owned(),
        false => format!("{text}."),
    }
}

pub(super) type Pairs<'p> = Vec<(&'p Proposal, &'p Destination)>;

/// The settings that are sure and went from the same map to the same map.
pub(super) fn moved_together<'p>(
    first: &'p Proposal,
    place: &'p Destination,
    all: &'p [Proposal],
) -> Pairs<'p> {
    let way = without_shared_end(&first.from, &place.to);
    let same = all.iter().filter_map(|other| match &other.fate {
        Suggestion::Moves(to)
            if to.wraps == place.wraps
                && other.standing == first.standing
                && without_shared_end(&other.from, &to.to) == way =>
        {
            Some((other, to))
        }
        _ => None,
    });
    same.collect()
}

pub(super) fn id(ids: &mut BTreeSet<String>, kind: &str, path: &Path) -> String {
    let plain: String = path
        .to_string()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let plain = plain.trim_matches('-');
    let base = format!("{kind}-{plain}");
    let mut id = base.clone();
    let mut n = 2;
    while !ids.insert(id.clone()) {
        id = format!("{base}-{n}");
        n += 1;
    }
    id
}

/// The steps of a draft, as they are written.
struct DraftSteps {
    text: String,
    /// The ids that steps have, those of the pack among them.
    ids: BTreeSet<String>,
    accepted: bool,
    /// What questions and notices begin with.
    mark: &'static str,
}

impl DraftSteps {
    fn moves(&mut self, pairs: &Pairs<'_>) {
        let Some((first, place)) = pairs.first() else {
            return;
        };
        if !self.accepted || place.wraps {
            return self.question(pairs, std::slice::from_ref(*place), true);
        }
        let (from, to) = shown_places(pairs);
        let id = id(&mut self.ids, "move", &first.from);
        let steps = &mut self.text;
        let _ = writeln!(
            steps,
            "  {id}:\n    title: {}",
            escape_braces(&format!("Move {from} to {to}"))
        );
        let _ = writeln!(
            steps,
            "    why: {}\n    move:",
            escape_braces(&reason(pairs))
        );
        for (proposal, place) in pairs {
            let _ = writeln!(
                steps,
                "      {}: {}",
                quoted(&proposal.from.to_string()),
                quoted(&place.to.to_string())
            );
        }
    }

    fn question(
        &mut self,
        pairs: &[(&Proposal, &Destination)],
        places: &[Destination],
        recommends: bool,
    ) {
        let Some((first, place)) = pairs.first() else {
            return;
        };
        let id = id(&mut self.ids, "place", &first.from);
        let steps = &mut self.text;
        let (from, to) = shown_places(pairs);
        let title = match recommends {
            true => format!("Move {from} to {to}"),
            false => format!("Find the new place of {from}"),
        };
        let _ = writeln!(steps, "  {id}:\n    title: {}", escape_braces(&title));
        let _ = writeln!(steps, "    why: {}", escape_braces(&reason(pairs)));
        steps.push_str("    take:\n");
        for (at, (proposal, _)) in pairs.iter().enumerate() {
            let _ = writeln!(steps, "      v{at}: {}", quoted(&proposal.from.to_string()));
        }
        let ask = match first.standing {
            SettingState::Lost => format!("`{from}` has no effect any more. Where does it go?"),
            SettingState::Refused => {
                let said = first.refused.as_deref().map(sentence).unwrap_or_default();
                format!("The new chart does not render with `{from}`: {said} Where does it go?")
            }
            SettingState::NeverWorked => format!("`{from}` never had an effect. Where does it go?"),
            SettingState::OutOfDate => {
                format!("`{from}` still works and is out of date. Where does it go?")
            }
        };
        let _ = writeln!(
            steps,
            "    ask: {}",
            escape_braces(&format!("{}{ask}", self.mark))
        );
        steps.push_str("    options:\n");
        let write = |steps: &mut String, at: usize, place: &Destination| {
            let value = match place.wraps {
                true => format!("[\"=v{at}\"]"),
                false => format!("\"=v{at}\""),
            };
            let _ = writeln!(
                steps,
                "          {}: {value}",
                quoted(&place.to.to_string())
            );
        };
        match pairs {
            [_] => {
                for (number, place) in places.iter().enumerate() {
                    let _ = writeln!(steps, "      {}:", option(number));
                    let title = format!("{} ({})", place.to, place.evidence);
                    let _ = writeln!(steps, "        title: {}", escape_braces(&title));
                    if recommends && number == 0 {
                        steps.push_str("        recommended: true\n");
                    }
                    steps.push_str("        do:\n");
                    write(steps, 0, place);
                }
            }
            several => {
                let _ = writeln!(
                    steps,
                    "      move:\n        title: {}",
                    escape_braces(&format!("{to} ({})", place.evidence))
                );
                if recommends {
                    steps.push_str("        recommended: true\n");
                }
                steps.push_str("        do:\n");
                for (at, (_, place)) in several.iter().enumerate() {
                    write(steps, at, place);
                }
            }
        }
        let names: Vec<String> = (0..pairs.len()).map(|at| format!("v{at}")).collect();
        let _ = writeln!(
            steps,
            "      leave:\n        title: Leave it where it is, {}\n        leave: [{}]",
            match first.standing {
                SettingState::Lost | SettingState::NeverWorked => "without effect",
                SettingState::Refused => "which the new chart does not take",
                SettingState::OutOfDate => "where it still works",
            },
            names.join(", ")
        );
    }

    fn notice(&mut self, proposal: &Proposal, severity: &str, text: &str) {
        let id = id(&mut self.ids, "gone", &proposal.from);
        let _ = writeln!(
            self.text,
            "  {id}:\n    title: {}\n    read: {{v: {}}}\n    if: set(v)\n    tell: {{{severity}: {}}}",
            escape_braces(&format!("Look at {}", proposal.from)),
            quoted(&proposal.from.to_string()),
            escape_braces(&format!("{}{text}", self.mark))
        );
    }

    /// Tells a key that the new chart does not render without.
    fn demand(&mut self, path: &Path, new: &Version) {
        let text = format!(
            "{}{new} does not render without a value for `{path}`: give it one before the upgrade.",
            self.mark
        );
        let _ = writeln!(
            self.text,
            "  {}:\n    title: {}\n    tell: {{danger: {}}}",
            id(&mut self.ids, "needed", path),
            escape_braces(&format!("Set {path}")),
            escape_braces(&text)
        );
    }
}

/// From where to where, for one setting or a map of them.
fn shown_places(pairs: &[(&Proposal, &Destination)]) -> (String, String) {
    let (first, place) = pairs[0];
    match pairs {
        [_] => (first.from.to_string(), place.to.to_string()),
        _ => {
            let (from, to) = without_shared_end(&first.from, &place.to);
            (from.to_string(), to.to_string())
        }
    }
}

pub(super) fn reason(pairs: &[(&Proposal, &Destination)]) -> String {
    let (first, place) = pairs[0];
    let mut evidence = place.evidence.clone();
    if let Some(first) = evidence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let unread = match first.standing {
        SettingState::Lost => "not read by the new chart where it is",
        SettingState::Refused => "not taken by the new chart where it is",
        SettingState::NeverWorked => "read by neither chart where it is",
        SettingState::OutOfDate => "called out of date by the new chart",
    };
    let said = first.refused.as_deref().map(sentence);
    let said = said.map_or_else(String::new, |said| format!(" It says: {said}"));
    format!("Drafted, {unread}.{said} {evidence}.")
}

/// The id of an option.
fn option(number: usize) -> &'static str {
    ["move", "second", "third"]
        .get(number)
        .copied()
        .unwrap_or("other")
}
