//! Small pieces of language that several reports share.

use serde_json::Value as Json;

use super::page::columns_of;
use crate::outcome::{
    Fate, HeldBy, NamedPack, NoticeSeverity, PackOrigin, Refusal, Release, Strength, Unclaimed,
    When,
};

/// Columns that a value may take in a line of text.
const WIDEST_VALUE: usize = 60;

/// `1 question`, `2 questions`.
pub(super) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The same with both words given.
pub(super) fn count_of(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// The name of a release: its own with its files, or the files as they were named.
pub(super) fn release_name(release: &Release) -> String {
    let files: Vec<&str> = release
        .files
        .iter()
        .map(|file| shown_name(&file.name))
        .collect();
    match &release.name {
        // A name that no other release may have begins with its file.
        Some(name) if files.len() == 1 && behind_file(name, files[0]) != name => name.clone(),
        Some(name) => format!("{name} ({})", files.join(", ")),
        None => files.join(" + "),
    }
}

/// The name of a release where there is little room: its own, or its files as they were named.
pub(super) fn short_name(release: &Release) -> String {
    match &release.name {
        Some(name) => name.clone(),
        None => release_name(release),
    }
}

/// The releases that another one waits for: the first by its name.
pub(super) fn holder_names(held: &HeldBy) -> String {
    match held.others {
        0 => held.release.clone(),
        n => format!("{} and {}", held.release, count_of(n, "other", "others")),
    }
}

/// That a release is not written yet, and for which others, behind its name or `It`.
pub(super) fn held_by(held: &HeldBy) -> String {
    let waits = match held.others {
        0 => "waits",
        _ => "wait",
    };
    let holders = holder_names(held);
    format!("is written together with {holders}, which {waits} for an answer")
}

/// A file's name for a sentence.
pub(super) fn shown_name(name: &str) -> &str {
    if name == "-" { "standard input" } else { name }
}

/// A value in one line, as YAML would have it, shortened.
pub(super) fn short_value(value: &Json) -> String {
    shorten(&match value {
        Json::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    })
}

/// True if a text needs no quotes to be told from a number, a boolean or a structure.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '•'))
        && !text.contains(|c: char| c.is_control())
        && !text.contains(": ")
        && !text.contains(" #")
        // YAML 1.1 reads all of these as booleans or null, and so do many programs behind Helm.
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        )
}

/// A value that a question is about: its text, shortened, and the quotes of one that would not be seen.
pub(super) fn quoted_value(text: &str) -> String {
    match text.trim().is_empty() {
        true => format!("{text:?}"),
        false => shorten(text),
    }
}

/// A text cut where it gets too wide for a line.
pub(super) fn shorten(text: &str) -> String {
    if columns_of(text) <= WIDEST_VALUE {
        return text.to_owned();
    }
    // Some characters take two columns, so as many as there are columns may be too many.
    let mut short: String = text.chars().take(WIDEST_VALUE - 1).collect();
    while columns_of(&short) > WIDEST_VALUE - 1 {
        short.pop();
    }
    short.push('…');
    short
}

/// The fates of settings that do not simply stay, in the order of reports.
pub(super) const FATES: [Fate; 7] = [
    Fate::Moved,
    Fate::Merged,
    Fate::Copied,
    Fate::Rewritten,
    Fate::Dropped,
    Fate::Left,
    Fate::Held,
];

/// The word for what became of one setting; lists and sums use the same.
pub(super) fn fate_word(fate: Fate) -> &'static str {
    match fate {
        Fate::Moved => "moved",
        Fate::Merged => "merged",
        Fate::Copied => "copied",
        Fate::Rewritten => "rewritten",
        Fate::Dropped => "dropped",
        Fate::Left => "unused",
        Fate::Held => "waiting",
        Fate::Written => "added",
    }
}

/// The same with what belongs to it, where there is room.
pub(super) fn fate_of_several(fate: Fate) -> &'static str {
    match fate {
        Fate::Left => "unused by the new chart",
        Fate::Held => "waiting for your answer",
        other => self::fate_word(other),
    }
}

/// The time of an action.
pub(super) fn time_of_action(when: When) -> &'static str {
    match when {
        When::Before => "before the upgrade",
        When::With => "with the upgrade",
        When::After => "after the upgrade",
    }
}

/// The place of a refusal: file, line and column, or its name.
pub(super) fn place_of(refusal: &Refusal) -> String {
    match &refusal.at {
        Some(at) => format!("{}:{}:{}", shown_name(&at.file), at.line, at.column),
        None => shown_name(&refusal.name).to_owned(),
    }
}

/// The same with the name of the release, where the place is that of its manifest.
pub(super) fn named_place_of(refusal: &Refusal) -> String {
    let place = place_of(refusal);
    match &refusal.at {
        Some(at) if !at.file.starts_with(&refusal.name) => {
            format!("{place}: {}", behind_file(&refusal.name, &at.file))
        }
        _ => place,
    }
}

/// The part of a release's name behind its file (`FILE#NAME`, where another release has that name), or the whole.
fn behind_file<'n>(name: &'n str, file: &str) -> &'n str {
    let own = name.strip_prefix(file);
    own.and_then(|own| own.strip_prefix('#')).unwrap_or(name)
}

/// The word for how much evidence says.
pub(super) fn strength_word(strength: Strength) -> &'static str {
    match strength {
        Strength::Weak => "weak",
        Strength::Medium => "medium",
        Strength::Strong => "strong",
    }
}

/// Paths in a row.
pub(crate) fn path_list<P: std::fmt::Display>(paths: &[P]) -> String {
    let names: Vec<String> = paths.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// A description of a values file that nothing names.
pub(super) fn unclaimed_in_words(file: &Unclaimed) -> String {
    match &file.under {
        Some(under) => format!("has values of {} under `{under}`", file.chart),
        None => format!("looks like {}", file.chart),
    }
}

/// The source of a pack, in a few words.
pub(super) fn origin_in_words(origin: &PackOrigin) -> String {
    match origin {
        PackOrigin::Option { place } | PackOrigin::Chart { place } => place.clone(),
        PackOrigin::Project { place } => format!("{place} (refit.yaml)"),
        PackOrigin::Draft => "drafted".to_owned(),
        PackOrigin::BuiltIn => "built in".to_owned(),
    }
}

/// The sentence on where the pack for a release comes from, and what it does not know.
pub(super) fn pack_of(release: &Release) -> String {
    let pack = pack_origin(&release.chart, &release.pack);
    let is_drafted = release.steps.iter().any(|step| step.drafted);
    match is_drafted && release.pack != PackOrigin::Draft {
        true => format!("{pack} What it does not say was drafted from the two charts."),
        false => pack,
    }
}

/// The sentence on where the pack for a chart comes from.
fn pack_origin(chart: &str, origin: &PackOrigin) -> String {
    match origin {
        PackOrigin::Option { place } => {
            format!("The pack for {chart} is the one in {place}, as you said.")
        }
        PackOrigin::Project { place } => {
            format!("The pack for {chart} is {place}, as refit.yaml says.")
        }
        PackOrigin::Chart { place } => {
            format!("The pack for {chart} is the one in the chart {place}.")
        }
        PackOrigin::Draft => format!("What changed in {chart} was drafted from the two charts."),
        PackOrigin::BuiltIn => format!("The pack for {chart} is built in."),
    }
}

/// The sentence on a pack that a chart names and that is not used; what makes it used follows.
pub(super) fn named_pack(named: &NamedPack) -> String {
    format!(
        "The chart {} names a pack for {}, which is not used by itself. To use it, write this into refit.yaml, and run `refit pack pull`:",
        named.by, named.chart
    )
}

/// The lines of `refit.yaml` by which a pack is used.
pub(super) fn pack_lines(named: &NamedPack) -> [String; 2] {
    [
        "packs:".to_owned(),
        format!("  {}: {}", named.chart, named.place),
    ]
}

/// The word for a severity.
pub(super) fn severity_word(severity: NoticeSeverity) -> &'static str {
    match severity {
        NoticeSeverity::Danger => "danger",
        NoticeSeverity::Action => "action",
        NoticeSeverity::Note => "note",
    }
}
