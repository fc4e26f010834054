//! A release in full: why its version is known, what is other in effect, what each step did, what became of every
//! setting. For `-v`, the cards of a page, and the end of a review.

use std::cmp::Reverse;

use semver::Version;

use super::{Item, Settings, item::Items};
use crate::{
    outcome::{
        Fate, FilePosition, KnownBy, LeafFate, Release, ReportedChange, ReportedStep, State,
        Strength,
    },
    report::wording,
    values::Path,
};

/// Reasons shown for a version where not all are.
const DECIDING: usize = 3;

/// All that is to say of a release.
#[derive(Debug)]
pub struct Account<'o> {
    /// The release.
    pub release: &'o Release,
    /// The evidence for its chart and its version.
    pub known: Recognition<'o>,
    /// The settings with another effect, or that wait for an answer.
    pub effect: Vec<EffectLine<'o>>,
    /// The steps with changes.
    pub done: Vec<Done<'o>>,
    /// Its items: as in the content of a run, of this release alone.
    pub items: Vec<Item<'o>>,
    /// The fates of its settings, in numbers.
    pub settings: Settings,
    /// The fate of every setting that did not just stay.
    pub ledger: Vec<LedgerLine<'o>>,
    /// Comments that went with what was removed.
    pub comments: Vec<&'o str>,
}

/// The evidence for a chart and a version.
#[derive(Debug)]
pub struct Recognition<'o> {
    /// The evidence in a sentence.
    pub sentence: String,
    /// True if the content alone tells the version.
    pub by_content: bool,
    /// The source of the pack, in a sentence.
    pub pack: String,
    /// The evidence for the chart, if nothing named it.
    pub chart: Vec<RecognitionReason<'o>>,
    /// The evidence for the version, the strongest first.
    pub version: Vec<RecognitionReason<'o>>,
}

/// A key or text in a file that tells its chart or its version.
#[derive(Debug)]
pub struct RecognitionReason<'o> {
    /// The setting.
    pub path: &'o Path,
    /// Its place.
    pub at: Option<&'o FilePosition>,
    /// The versions that it speaks for.
    pub versions: Option<&'o str>,
    /// Its strength.
    pub strength: Strength,
    /// The reason for which it tells that.
    pub why: &'o str,
}

/// A setting with another effect.
#[derive(Debug)]
pub struct EffectLine<'o> {
    /// Its title.
    pub title: &'o str,
    /// Before.
    pub before: &'o str,
    /// Afterwards; where that depends on an answer, that it is open.
    pub after: String,
    /// True if it is open.
    pub is_open: bool,
}

/// A step with changes.
#[derive(Debug)]
pub struct Done<'o> {
    /// Its id.
    pub id: &'o str,
    /// The chart version that brought it.
    pub version: &'o Version,
    /// The title: the thing that the step does.
    pub title: &'o str,
    /// The address of its documentation.
    pub link: Option<&'o str>,
    /// The reason.
    pub why: Option<&'o str>,
    /// The answer that it was given, in words.
    pub answered: Option<String>,
    /// Its changes.
    pub changes: Vec<ChangeLine<'o>>,
}

/// The change of a step to a setting.
#[derive(Debug)]
pub struct ChangeLine<'o> {
    /// Its fate.
    pub fate: Fate,
    /// The word for that.
    pub word: &'static str,
    /// The setting.
    pub path: &'o Path,
    /// The new path, if it moved.
    pub to: Option<&'o Path>,
    /// The old value, where it is gone.
    pub was: Option<String>,
    /// The new value, where it stays or is new.
    pub now: Option<String>,
    /// The paths that it was made of.
    pub from: &'o [Path],
    /// The file, where the release has several.
    pub file: Option<&'o str>,
}

/// The fate of a setting.
#[derive(Debug)]
pub struct LedgerLine<'o> {
    /// The word for it.
    pub word: &'static str,
    /// The setting.
    pub path: &'o Path,
    /// The new paths.
    pub to: &'o [Path],
    /// The step that did it.
    pub step: Option<&'o str>,
    /// The file, where the release has several.
    pub file: Option<&'o str>,
}

impl<'o> Account<'o> {
    /// All that is to say of a release. It is shown as it is: mask the outcome first.
    #[must_use]
    pub fn of(release: &'o Release) -> Self {
        let mut items = Items::default();
        items.add_release(0, release);
        let acted = |step: &&ReportedStep| step.state == State::Done && !step.changes.is_empty();
        let effect = release.facts.iter();
        let effect = effect.filter(|fact| fact.before != fact.after || !fact.open.is_empty());
        let comments = release.files.iter().flat_map(|file| &file.removed_comments);
        Self {
            release,
            known: Recognition::of(release),
            effect: effect
                .map(|fact| EffectLine {
                    title: &fact.title,
                    before: fact.before.as_deref().unwrap_or("(none)"),
                    after: match fact.open.as_slice() {
                        [] => fact.after.as_deref().unwrap_or("(none)").to_owned(),
                        open => format!("open, until you answer {}", open.join(", ")),
                    },
                    is_open: !fact.open.is_empty(),
                })
                .collect(),
            done: release
                .steps
                .iter()
                .filter(acted)
                .map(|step| Done::of(step, release))
                .collect(),
            items: items.in_order(),
            settings: Settings::of(release),
            ledger: release
                .ledger
                .iter()
                .map(|leaf| LedgerLine::of(leaf, release))
                .collect(),
            comments: comments.map(String::as_str).collect(),
        }
    }

    /// The items in a section.
    pub fn items_in(&self, section: super::Section) -> impl Iterator<Item = &Item<'o>> {
        let items = self.items.iter();
        items.filter(move |item| item.section == section)
    }
}

impl<'o> Recognition<'o> {
    /// The way in which the chart and the version of a release are known.
    #[must_use]
    pub fn of(release: &'o Release) -> Self {
        let chart = release.chart_told_by.iter().map(|sign| RecognitionReason {
            path: &sign.path,
            at: sign.at.as_ref(),
            versions: None,
            strength: Strength::Strong,
            why: &sign.why,
        });
        let clues = release.evidence.iter().map(|clue| RecognitionReason {
            path: &clue.path,
            at: clue.at.as_ref(),
            versions: Some(&clue.versions),
            strength: clue.strength,
            why: &clue.why,
        });
        let mut version: Vec<RecognitionReason<'o>> = clues.collect();
        version.sort_by_key(|clue| Reverse(clue.strength));
        let chart: Vec<RecognitionReason<'o>> = chart.collect();
        let of = format!("{} {}", release.chart, release.from);
        let sentence = match release.known_by {
            KnownBy::Stated => format!("Written for {of}, as you said."),
            KnownBy::Carrier => format!("Written for {of}, as the manifest says."),
            KnownBy::Recorded => format!("Written for {of}, as refit.yaml says."),
            KnownBy::Live => format!("Written for {of}, which runs now."),
            KnownBy::Revision => format!("Written for {of}, which the manifest named before."),
            KnownBy::Content => {
                let same = release
                    .same_from
                    .as_ref()
                    .map_or_else(String::new, |first| {
                        format!("; {first} to {} give the same result", release.from)
                    });
                let telling = version.iter().filter(|clue| clue.strength > Strength::Weak);
                let by = telling.chain(&chart).next().map(|reason| match reason.at {
                    Some(at) => format!(" by {} (line {})", reason.path, at.line),
                    None => format!(" by {}", reason.path),
                });
                format!("Detected {of}{}{same}.", by.unwrap_or_default())
            }
        };
        Self {
            sentence,
            by_content: release.known_by == KnownBy::Content,
            pack: wording::pack_of(release),
            chart,
            version,
        }
    }

    /// The few reasons that decide the version: one for each bound says as much as all.
    pub fn deciding_reasons(&self) -> impl Iterator<Item = &RecognitionReason<'o>> {
        let mut bounds: Vec<&str> = Vec::new();
        let new = move |reason: &&RecognitionReason<'o>| {
            let bound = reason.versions.unwrap_or_default();
            let is_new = !bounds.contains(&bound);
            bounds.push(bound);
            is_new
        };
        let telling = self.version.iter();
        let telling = telling.filter(|reason| reason.strength > Strength::Weak);
        telling.filter(new).take(DECIDING)
    }

    /// The first of what tells the chart, where not all of it is shown.
    #[must_use]
    pub fn deciding_for_chart(&self) -> &[RecognitionReason<'o>] {
        &self.chart[..self.chart.len().min(DECIDING)]
    }
}

impl<'o> Done<'o> {
    fn of(step: &'o ReportedStep, release: &'o Release) -> Self {
        let answered = step.question.as_ref().and_then(|question| {
            let id = question.answer.as_ref()?;
            let mut text = id.clone();
            if let Some(option) = question.options.iter().find(|option| option.id == *id) {
                text.push_str(&format!(": {}", option.title));
            }
            for (name, value) in &question.inputs {
                text.push_str(&format!("; {name} = {value}"));
            }
            Some(text)
        });
        let changes = step.changes.iter();
        Self {
            id: &step.id,
            version: &step.version,
            title: &step.title,
            link: step.link.as_deref(),
            why: step.why.as_deref(),
            answered,
            changes: changes.map(|it| ChangeLine::of(it, release)).collect(),
        }
    }
}

impl<'o> ChangeLine<'o> {
    fn of(change: &'o ReportedChange, release: &Release) -> Self {
        let value = || wording::short_value(&change.value);
        let (mut was, mut now) = (None, None);
        match (&change.to, change.fate) {
            (Some(_), _) => {}
            (None, _) if change.left_over => was = Some(format!("{}; left over, unused", value())),
            (None, Fate::Dropped) => was = Some(value()),
            (None, _) => now = Some(value()),
        }
        Self {
            fate: change.fate,
            word: wording::fate_word(change.fate),
            path: &change.path,
            to: change.to.as_ref(),
            was,
            now,
            from: &change.from,
            file: (release.files.len() > 1).then_some(change.file.as_str()),
        }
    }
}

impl<'o> LedgerLine<'o> {
    fn of(leaf: &'o LeafFate, release: &Release) -> Self {
        Self {
            word: wording::fate_word(leaf.fate),
            path: &leaf.path,
            to: &leaf.to,
            step: leaf.step.as_deref(),
            file: (release.files.len() > 1).then_some(&*leaf.file),
        }
    }
}
