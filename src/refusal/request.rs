//! Refusals of what was asked for: charts, versions, steps, answers, packs. Who reads one typed
//! something that does not fit; so each lists what would, and the name that is spelled most alike.

use std::path::Path as FilePath;

use semver::Version;

use super::Reason;
use crate::{
    identify::{ChartClaim, Weight},
    migrate::MigrateError,
    outcome::{FilePosition, Refusal},
    pack::{ExprError, Pack, PackError, check::PackFinding, model::Replacement},
    plan::PlanError,
    spelling::closest,
    yaml::RewriteError,
};

/// `; did you mean …?`, or nothing.
fn did_you_mean<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    closest(name, names).map_or_else(String::new, |close| format!("; did you mean `{close}`?"))
}

/// A chart that no pack is for.
#[must_use]
pub fn unknown_chart(chart: &str, known: &[String]) -> Reason {
    let close = did_you_mean(chart, known.iter().map(String::as_str));
    Reason::new(format!("refit has no pack for the chart `{chart}`{close}"))
        .why(format!("Known charts: {}.", known.join(", ")))
        .next("Name one of them, or give a folder with a pack: --pack DIR. Without a pack, name both versions of the chart: --old-chart OLD --new-chart NEW.")
}

/// The number of keys that are listed of those that a chart does not know.
const LISTED: usize = 5;

/// Values of which nothing tells the chart.
#[must_use]
pub fn no_chart(is_empty: bool, known: &[String]) -> Reason {
    let why = match is_empty {
        true => "It sets nothing.",
        false => "None of its keys belongs to one chart alone.",
    };
    Reason::new("nothing in the file tells which chart it is for")
        .why(why)
        .next(format!(
            "Name the chart: --chart NAME (known: {}), or, for any other, both versions of it: --old-chart OLD --new-chart NEW.",
            known.join(", ")
        ))
        .missing_chart(known)
}

/// Values with a key that tells a chart, and with more that the chart does not know.
#[must_use]
pub fn outweighed(chart: &str, claim: &ChartClaim) -> Reason {
    let signs: Vec<String> = claim
        .signs
        .iter()
        .map(|sign| format!("{} ({})", sign.path, sign.why.trim_end_matches('.')))
        .collect();
    let (unknown, strange) = (claim.weight.unknown.len(), strange_keys(&claim.weight));
    Reason::new(format!("the file does not tell for sure that it is for {chart}"))
        .why(format!(
            "For {chart} speaks {}. But of its keys no version of {chart} knows {}, which is not less than it knows: {}.",
            signs.join("; "),
            unknown,
            strange
        ))
        .next(format!("If it is for {chart}: --chart {chart}."))
        .missing_chart(&[chart.to_owned()])
}

/// Some of the keys that a chart does not know.
fn strange_keys(weight: &Weight) -> String {
    let unknown = &weight.unknown;
    let some = unknown.iter().take(LISTED).map(ToString::to_string);
    let mut some: Vec<String> = some.collect();
    if unknown.len() > LISTED {
        some.push(format!("{} more", unknown.len() - LISTED));
    }
    some.join(", ")
}

/// Values of a manifest that names a chart from a repository that is not known, most of which the known
/// chart of that name does not know.
#[must_use]
pub fn namesake(chart: &str, repositories: &[String], weight: &Weight) -> Reason {
    Reason::new(format!(
        "the chart is called {chart}, but its keys are not those of the {chart} that refit knows"
    ))
    .why(format!(
        "The manifest names no repository of that chart ({}), and of the keys it knows {} and does not know {}: {}.",
        repositories.join(", "),
        weight.known,
        weight.unknown.len(),
        strange_keys(weight)
    ))
    .next(format!(
        "If it is that chart: --chart {chart}, or its address under `repositories` in the pack."
    ))
}

/// Values that can be of several charts.
#[must_use]
pub fn several_charts(charts: &[&str]) -> Reason {
    Reason::new(format!(
        "the file could be for several charts: {}",
        charts.join(", ")
    ))
    .why("Each of them has keys in it that tell that chart.")
    .next("Name the chart: --chart NAME.")
    .missing_chart(
        &charts
            .iter()
            .map(|chart| (*chart).to_owned())
            .collect::<Vec<_>>(),
    )
}

/// A version of a chart is not known, and may be meant of the chart that takes its place.
pub fn perhaps_of(reason: Reason, chart: &str, by: &Replacement, to: &Version) -> Reason {
    let new = &by.chart;
    reason.next(format!(
        "If {to} is a version of {new}, which takes the place of {chart}: --chart {chart} --to {new}={to}."
    ))
}

/// A version that a pack does not know, with the pack's own word on it if it has one, and the versions beside it.
#[must_use]
pub fn unknown_version(pack: &Pack, version: &Version) -> Reason {
    let chart = &pack.info.chart;
    let known = || pack.info.versions.keys();
    let below = known().filter(|known| *known < version).max();
    let above = known().filter(|known| *known > version).min();
    let range = match (known().min(), known().max()) {
        (Some(first), Some(newest)) => format!("refit knows {chart} {first} to {newest}."),
        _ => format!("refit knows no version of {chart}."),
    };
    let near = match (below, above) {
        (Some(below), Some(above)) => format!("The nearest are {below} and {above}. {range}"),
        (Some(nearest), None) | (None, Some(nearest)) => {
            format!("The nearest is {nearest}. {range}")
        }
        (None, None) => range,
    };
    if let Some(why) = pack.info.not_versions.get(&version.to_string()) {
        return Reason::new(format!("{version} is not a version of the chart {chart}"))
            .why(why.clone())
            .next(near);
    }
    let reason = Reason::new(format!(
        "refit knows no version {version} of the chart {chart}"
    ));
    match (below, above) {
        (Some(newest), None) => reason
            .why(format!(
                "It is newer than all that this refit knows: {chart} up to {newest}."
            ))
            .next(format!(
                "Update refit, or give a folder with a newer pack: --pack DIR. What changed since {newest} can be drafted from the two charts, behind what refit knows: --old-chart CHART --new-chart CHART."
            )),
        (None, Some(first)) => reason.older_than_known(chart, first),
        _ => reason
            .why("A version is never rounded: what changed at it would be missed.")
            .next(near),
    }
}

/// A route that cannot be gone.
#[must_use]
pub fn plan(error: &PlanError) -> Reason {
    let reason = Reason::new(error.to_string());
    match error {
        PlanError::Backwards { .. } => reason
            .why("What a newer chart has no room for cannot be made up again.")
            .next("Take the older file from version control, or name a later version with --to."),
        PlanError::BeforeSuccession { chart, since, .. } => reason.next(format!(
            "Name a later version: --to {chart}={since}, for one."
        )),
        PlanError::UnknownStep { known, .. } if known.is_empty() => {
            reason.next("Leave --only and --skip away: nothing has to be done on this route.")
        }
        PlanError::UnknownStep { known, .. } => {
            reason.next(format!("Steps on this route: {}.", known.join(", ")))
        }
        PlanError::Pack(error) => pack(error),
    }
}

/// Nothing says how values come to the chart that takes the place of another.
#[must_use]
pub fn not_brought(chart: &str, by: &Replacement) -> Reason {
    Reason::new(format!(
        "{} takes the place of {chart}, and the pack does not say how values come there",
        by.chart
    ))
    .next(format!(
        "Bring the values to {} {} by hand, as its notes say{}.",
        by.chart,
        by.version,
        by.link
            .iter()
            .map(|link| format!(" ({link})"))
            .collect::<String>()
    ))
}

/// A pack that cannot be used.
#[must_use]
pub fn pack(error: &PackError) -> Reason {
    let reason = Reason::new(format!("the pack cannot be used: {error}"));
    match error {
        PackError::Read { file, .. } if file.ends_with("pack.yaml") => reason
            .why("A pack is a folder with pack.yaml, keys.yaml and a file for each migration.")
            .next("Name that folder with --pack."),
        PackError::Clash { .. } => reason,
        PackError::Expression {
            version,
            step,
            error: error @ ExprError::Failed { .. },
        } => Reason::new(format!(
            "the step `{step}` of {version} cannot work with these values: {error}"
        ))
        .why(
            "A value that it reads has another type than the chart wants, lacks a part, or is too large for \
             what the step makes of it.",
        )
        .next(format!(
            "`refit explain {step}` shows what it reads. Correct the value, or leave the step out: --skip {step}."
        )),
        _ => reason.next("Correct the file that is named, or tell the author of the pack."),
    }
}

/// A pack that `refit.yaml` names for a chart, and that is for another one.
#[must_use]
pub fn pack_of_another(chart: &str, found: &str) -> Reason {
    Reason::new(format!(
        "`packs:` names this pack for {chart}, and it is for {found}"
    ))
    .next(format!(
        "Write it as the pack of {found}, or take it out of `packs:`."
    ))
}

/// A pack in a folder, or in an archive, in which `pack check` finds an error.
#[must_use]
pub fn unsound_pack(folder: &FilePath, finding: &PackFinding) -> Box<Refusal> {
    let name = folder.display().to_string();
    let what = match finding.line {
        Some(_) => finding.message.clone(),
        None => format!("{}: {}", finding.file, finding.message),
    };
    let mut refusal = Reason::new(format!("the pack cannot be used: {what}"))
        .next(match folder.is_dir() {
            true => format!(
                "Run `refit pack check {}` for the whole list.",
                crate::shell::quote(&name)
            ),
            false => "Tell the author of the pack.".to_owned(),
        })
        .of(&name);
    refusal.at = finding
        .line
        .zip(finding.column)
        .map(|(line, column)| FilePosition {
            file: folder.join(&finding.file).display().to_string(),
            line,
            column,
        });
    refusal.excerpt.clone_from(&finding.excerpt);
    refusal
}

/// Something that stopped the migrations: mostly an answer that does not fit its question.
#[must_use]
pub fn answer(error: &MigrateError) -> Reason {
    let reason = Reason::new(error.to_string());
    match error {
        MigrateError::UnknownOption {
            id,
            option,
            options,
        } => match closest(option, options.iter().map(String::as_str)) {
            Some(close) => reason.next(format!("Did you mean --answer {id}={close}?")),
            None => reason.next(format!("Choose one of them: --answer {id}=OPTION.")),
        },
        MigrateError::UnknownInput {
            id, input, inputs, ..
        } => match closest(input, inputs.iter().map(String::as_str)) {
            Some(close) => reason.next(format!("Did you mean --answer {id}.{close}=VALUE?")),
            None => reason.next(format!("Leave --answer {id}.{input} away.")),
        },
        MigrateError::BadInput { id, input, .. } => {
            reason.next(format!("Give another one: --answer {id}.{input}=VALUE."))
        }
        MigrateError::OtherEvidence { id, .. } => reason
            .why("An answer holds for the values that it was given for, and for no others.")
            .next(format!(
                "Look at the question again and answer with --answer {id}=OPTION."
            )),
        MigrateError::Pack(error) => pack(error),
        MigrateError::Unaccounted { .. } => {
            reason.next("Please report it with the settings that are named.")
        }
        MigrateError::Layers { .. } => reason
            .why("How these values are spread over the files makes a difference that refit cannot keep. Nothing was changed.")
            .next("Move the setting that is named into one of the layers, or upgrade the merged values."),
        MigrateError::NoValues { step } => reason.next(format!(
            "Add values to the release, if only one setting, and run refit again; or leave the step out with --skip {step}."
        )),
        MigrateError::HandedDown { step, path } => reason
            .why("What stands there goes over what a chart below has in its own `global`, and other charts may read it: changing it is not for one of them to decide. Nothing was changed.")
            .next(format!(
                "Change {path} at the root by hand, if every chart that reads it can do with that; then, or if it shall stay as it is, leave the step out: --skip {step}."
            )),
        MigrateError::Read { .. } => reason,
    }
}

/// A text of a form that cannot be edited, with the place if it has one.
#[must_use]
pub fn text(error: &RewriteError) -> (Reason, Option<usize>) {
    match error {
        RewriteError::ComplexKey { offset, .. } => (
            Reason::new(
                "this entry would have to move, and its key is of a form that cannot be edited",
            )
            .why("It begins with `? `, spans lines, or is a list or a map.")
            .next("Write it as `key: value` on one line, and run refit again."),
            Some(*offset),
        ),
        RewriteError::CommentInFlow { offset, .. } => (
            Reason::new("this comment would have to move into `{ }` or `[ ]` on one line")
                .why("A comment ends its line, so what follows it there would be lost.")
                .next("Write the map that it goes to in several lines, and run refit again."),
            Some(*offset),
        ),
        RewriteError::TabBeforeComment { offset } => (
            Reason::new("a tab stands before this comment, and what is beside it would have to change")
                .why("Readers as old as Helm's refuse such a comment where anything but a scalar without quotes stands before it.")
                .next("Write spaces in place of the tab, and run refit again."),
            Some(*offset),
        ),
        RewriteError::AnchorLost { name, offset, .. } => (
            Reason::new(format!(
                "this alias would lose what it stands for, `&{name}`"
            ))
            .why("The anchored value has to move behind it or to be removed.")
            .next("Write the values out at this place instead of the alias, and run refit again."),
            Some(*offset),
        ),
        RewriteError::UsedTwice { offset, .. } => (fault(error), Some(*offset)),
        other => (fault(other), None),
    }
}

fn fault(error: &RewriteError) -> Reason {
    Reason::new(format!("the text cannot be edited: {error}"))
        .why("This is a fault of refit. Nothing was changed.")
        .next("Please report it with the file, or the part of it that is named.")
}
