//! What was found as an ordinary pack: steps, each with its reason, questions with their options, notices.

use std::{collections::BTreeSet, fmt::Write as _};

use semver::Version;

use super::{
    bare::{Versions, bare_pack},
    demand::Demand,
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
            Suggestion::Splits(places) => {
                let each = places.iter().map(|place| (proposal, place));
                steps.moves(&each.collect());
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
    for demand in &found.demands {
        steps.set_demanded(demand, new);
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

/// The settings that are sure and went from the same map to the same map; of those that are merged, all that went there.
pub(super) fn moved_together<'p>(
    first: &'p Proposal,
    place: &'p Destination,
    all: &'p [Proposal],
) -> Pairs<'p> {
    let way = without_shared_end(&first.from, &place.to);
    let goes_along = |other: &(Path, Path)| match place.is_shared {
        true => other.1 == way.1,
        false => *other == way,
    };
    let same = all.iter().filter_map(|other| match &other.fate {
        Suggestion::Moves(to)
            if to.wraps == place.wraps
                && to.is_shared == place.is_shared
                && other.standing == first.standing
                && goes_along(&without_shared_end(&other.from, &to.to)) =>
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
        let id = id(&mut self.ids, "move", &first.from);
        let steps = &mut self.text;
        let _ = writeln!(
            steps,
            "  {id}:\n    title: {}\n    why: {}",
            escape_braces(&Ways::of(pairs).title()),
            escape_braces(&reason(pairs))
        );
        let sources = sources(pairs);
        let writes = writes(pairs, &sources);
        if sources.len() != pairs.len() || writes.len() != pairs.len() {
            take(steps, &sources);
            steps.push_str("    do:\n");
            for (to, value) in writes {
                let _ = writeln!(steps, "      {to}: {value}");
            }
            return;
        }
        steps.push_str("    move:\n");
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
        let ways = Ways::of(pairs);
        let title = match recommends {
            true => ways.title(),
            false => format!("Find the new place of {}", ways.from()),
        };
        let _ = writeln!(steps, "  {id}:\n    title: {}", escape_braces(&title));
        let _ = writeln!(steps, "    why: {}", escape_braces(&reason(pairs)));
        let sources = sources(pairs);
        take(steps, &sources);
        let ask = format!("{}{}", self.mark, ways.ask(first));
        let _ = writeln!(steps, "    ask: {}\n    options:", escape_braces(&ask));
        match pairs {
            [_] => {
                for (number, place) in places.iter().enumerate() {
                    let title = format!("{} ({})", place.to, place.evidence);
                    let writes = writes(&[(first, place)], &sources);
                    let is_first = recommends && number == 0;
                    write_option(steps, (option(number), &title), is_first, &writes);
                }
            }
            several => {
                let title = format!("{} ({})", ways.to(), place.evidence);
                write_option(
                    steps,
                    (option(0), &title),
                    recommends,
                    &writes(several, &sources),
                );
            }
        }
        let names: Vec<String> = (0..sources.len()).map(|at| format!("v{at}")).collect();
        let it = match names.len() {
            1 => ("it", "it is"),
            _ => ("them", "they are"),
        };
        let _ = writeln!(
            steps,
            "      leave:\n        title: Leave {} where {}, {}\n        leave: [{}]",
            it.0,
            it.1,
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

    /// Sets a key without which the new chart does not take a setting, or asks for its value.
    fn set_demanded(&mut self, demand: &Demand, new: &Version) {
        let (key, beside, map) = (&demand.key, &demand.beside, &demand.named_in);
        let id = id(&mut self.ids, "set", key);
        let said = sentence(&demand.said);
        let steps = &mut self.text;
        let quoted_key = quoted(&key.to_string());
        let _ = writeln!(
            steps,
            "  {id}:\n    title: {}\n    why: {}\n    read: {{v: {}}}\n    if: set(v)",
            escape_braces(&format!("Set {key}")),
            escape_braces("Drafted, not taken by the new chart without this key beside it."),
            quoted(&beside.to_string()),
        );
        if let (true, [value]) = (self.accepted, demand.values.as_slice()) {
            let value = serde_json::Value::from(value);
            let _ = writeln!(steps, "    do: {{{quoted_key}: {value}}}");
            return;
        }
        let ask = format!(
            "{}{new} does not render with `{beside}`: {said} What is `{key}`?",
            self.mark
        );
        let _ = writeln!(steps, "    ask: {}\n    options:", escape_braces(&ask));
        for (number, value) in demand.values.iter().enumerate() {
            let text = value.scalar_text().unwrap_or_default();
            let title = format!("{text}, as in `{map}`, with which it renders");
            let id = if number == 0 { "set" } else { option(number) };
            let writes = [(
                quoted_key.clone(),
                serde_json::Value::from(value).to_string(),
            )];
            write_option(steps, (id, &title), demand.values.len() == 1, &writes);
        }
        steps
            .push_str("      leave:\n        title: Leave it out, and the chart does not render\n");
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

/// From where to where, for one setting, a map of them, several that become one, or one that becomes several.
struct Ways {
    from: Vec<String>,
    to: Vec<String>,
}

impl Ways {
    fn of(pairs: &[(&Proposal, &Destination)]) -> Self {
        let places = |way: &dyn Fn(&Proposal, &Destination) -> (Path, Path)| {
            let mut all = Self {
                from: Vec::new(),
                to: Vec::new(),
            };
            for (proposal, place) in pairs {
                let (from, to) = way(proposal, place);
                for (known, one) in [(&mut all.from, from), (&mut all.to, to)] {
                    if !known.contains(&one.to_string()) {
                        known.push(one.to_string());
                    }
                }
            }
            all
        };
        let exact = places(&|proposal, place| (proposal.from.clone(), place.to.clone()));
        match exact.from.len() == 1 || exact.to.len() == 1 {
            true => exact,
            false => places(&|proposal, place| without_shared_end(&proposal.from, &place.to)),
        }
    }

    fn from(&self) -> String {
        self.from.join(" and ")
    }

    fn to(&self) -> String {
        self.to.join(" and ")
    }

    fn title(&self) -> String {
        format!("Move {} to {}", self.from(), self.to())
    }

    /// What is asked of settings that stand as the first one does.
    fn ask(&self, first: &Proposal) -> String {
        let from = self.from.join("` and `");
        let (has, do_they) = match self.from.len() {
            1 => ("has", "does it"),
            _ => ("have", "do they"),
        };
        match first.standing {
            SettingState::Lost => {
                format!("`{from}` {has} no effect any more. Where {do_they} go?")
            }
            SettingState::Refused => {
                let said = first.refused.as_deref().map(sentence).unwrap_or_default();
                format!("The new chart does not render with `{from}`: {said} Where {do_they} go?")
            }
            SettingState::NeverWorked => {
                format!("`{from}` never had an effect. Where {do_they} go?")
            }
            SettingState::OutOfDate => {
                format!("`{from}` still works and is out of date. Where {do_they} go?")
            }
        }
    }
}

/// The settings that are taken, each once; `v0` is the first.
fn sources<'p>(pairs: &[(&'p Proposal, &Destination)]) -> Vec<&'p Path> {
    let mut sources: Vec<&Path> = Vec::new();
    for (proposal, _) in pairs {
        if !sources.contains(&&proposal.from) {
            sources.push(&proposal.from);
        }
    }
    sources
}

/// An option of a question, with what it writes.
fn write_option(
    steps: &mut String,
    (id, title): (&str, &str),
    is_recommended: bool,
    writes: &[(String, String)],
) {
    let _ = writeln!(
        steps,
        "      {id}:\n        title: {}",
        escape_braces(title)
    );
    if is_recommended {
        steps.push_str("        recommended: true\n");
    }
    steps.push_str("        do:\n");
    for (to, value) in writes {
        let _ = writeln!(steps, "          {to}: {value}");
    }
}

fn take(steps: &mut String, sources: &[&Path]) {
    steps.push_str("    take:\n");
    for (at, from) in sources.iter().enumerate() {
        let _ = writeln!(steps, "      v{at}: {}", quoted(&from.to_string()));
    }
}

/// What is written where, each place once: settings that are merged have the same value.
fn writes(pairs: &[(&Proposal, &Destination)], sources: &[&Path]) -> Vec<(String, String)> {
    let mut writes: Vec<(String, String)> = Vec::new();
    for (proposal, place) in pairs {
        let to = quoted(&place.to.to_string());
        let source = sources.iter().position(|from| **from == proposal.from);
        let at = source.unwrap_or_default();
        let value = match place.wraps {
            true => format!("[\"=v{at}\"]"),
            false => format!("\"=v{at}\""),
        };
        if !writes.iter().any(|(known, _)| *known == to) {
            writes.push((to, value));
        }
    }
    writes
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
