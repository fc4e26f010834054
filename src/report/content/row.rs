//! A release in one line: how it stands, how much changes, what becomes of its settings.

use std::{collections::HashMap, sync::Arc};

use crate::{
    diff::Diff,
    outcome::{Fate, Release, ReportedFile, ReportedStep, State},
    report::wording::{self, count},
};

/// A release in one line.
#[derive(Debug)]
pub struct ReleaseRow<'o> {
    /// The release.
    pub release: &'o Release,
    /// Its verdict.
    pub verdict: Verdict,
    /// Lines that are removed and added in its files.
    pub lines: (usize, usize),
    /// Its open questions.
    pub open: Vec<&'o ReportedStep>,
    /// The number of its questions that are answered.
    pub answered: usize,
    /// The fates of its settings: kept ones first, then the others in a fixed order. They add up to all.
    pub settings: Settings,
}

/// The verdict on a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It can be written.
    Ready,
    /// It waits for answers.
    Waits,
    /// It waits for another release that is written together with it.
    Held,
    /// It needs nothing.
    Fits,
    /// Old settings came into it after the upgrade; a person has to look.
    Stale,
    /// It loses settings, because a step was left out.
    Loses,
}

impl Verdict {
    /// That of a release.
    #[must_use]
    pub fn of(release: &Release) -> Self {
        // A release may be several of these at once. The order is that of [`Self::ALL`]: the first is what
        // needs somebody most.
        if release.is_open() {
            Self::Waits
        } else if release.lost_by_leaving_out().next().is_some() {
            Self::Loses
        } else if !release.stale.is_empty() {
            Self::Stale
        } else if release.held_by.is_some() {
            Self::Held
        } else if release.is_changed() {
            Self::Ready
        } else {
            Self::Fits
        }
    }

    /// All, in the order in which they need somebody.
    pub const ALL: [Self; 6] = [
        Self::Waits,
        Self::Loses,
        Self::Stale,
        Self::Held,
        Self::Ready,
        Self::Fits,
    ];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Waits | Self::Held => "waits",
            Self::Fits => "fits",
            Self::Stale => "look",
            Self::Loses => "loses",
        }
    }

    /// The same where there is room.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Ready => "ready to write",
            Self::Waits => "waits for an answer",
            Self::Held => "waits for another release",
            Self::Fits => "already fits",
            Self::Stale => "has old settings that were edited in",
            Self::Loses => "loses settings, because a step is left out",
        }
    }
}

/// The fates of the settings of a release, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The number of settings that stayed as they were.
    pub kept: usize,
    /// The numbers of settings with another fate; only fates that some have.
    pub others: Vec<(Fate, usize)>,
}

impl Settings {
    /// Those of a release.
    #[must_use]
    pub fn of(release: &Release) -> Self {
        let number = |fate| {
            let leaves = release.ledger.iter();
            leaves.filter(|leaf| leaf.fate == fate).count()
        };
        let others = wording::FATES.iter().map(|fate| (*fate, number(*fate)));
        Self {
            kept: release.kept,
            others: others.filter(|(_, n)| *n > 0).collect(),
        }
    }

    /// The number of all settings.
    #[must_use]
    pub fn total_count(&self) -> usize {
        self.kept + self.others.iter().map(|(_, n)| n).sum::<usize>()
    }

    /// All of it in a line: `9 settings: 5 kept, 3 moved, 1 waiting for your answer`.
    #[must_use]
    pub fn in_one_line(&self) -> String {
        if self.total_count() == 0 {
            return "No settings".to_owned();
        }
        let mut text = format!(
            "{}: {} kept",
            count(self.total_count(), "setting"),
            self.kept
        );
        for (fate, n) in &self.others {
            text.push_str(&format!(", {n} {}", wording::fate_of_several(*fate)));
        }
        text
    }
}

impl<'o> ReleaseRow<'o> {
    /// `known` has the lines of files that releases before it share.
    pub(super) fn of(
        release: &'o Release,
        known: &mut HashMap<*const ReportedFile, (usize, usize)>,
    ) -> Self {
        // A file that several releases share is one in memory: its address tells it, and its lines are counted
        // once.
        let counts = release.files.iter().map(|file| {
            let counts = || Diff::new(&file.before, &file.after).counts();
            *known.entry(Arc::as_ptr(file)).or_insert_with(counts)
        });
        let lines = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let questions = release
            .steps
            .iter()
            .filter_map(|step| step.question.as_ref());
        Self {
            release,
            verdict: Verdict::of(release),
            lines,
            open: open_questions(release).collect(),
            answered: questions
                .filter(|question| question.answer.is_some())
                .count(),
            settings: Settings::of(release),
        }
    }

    /// The versions: `arroyo 0.10.3 → 0.15.0`, or `arroyo 0.15.0` where they are the same.
    #[must_use]
    pub fn versions(&self) -> String {
        match self.release.from == self.release.to {
            true if self.release.to_chart.is_none() => {
                format!("{} {}", self.release.chart, self.release.to)
            }
            _ => version_change(self.release),
        }
    }

    /// The fates of its settings, in short: `3 moved, 1 dropped`, and those that somebody has to look at.
    #[must_use]
    pub fn fates_in_short(&self) -> Vec<Happens> {
        let others = self.settings.others.iter();
        let mut said: Vec<Happens> = others
            .map(|(fate, n)| Happens {
                text: format!("{n} {}", wording::fate_word(*fate)),
                matters: false,
            })
            .collect();
        let matters = |text: String| Happens {
            text,
            matters: true,
        };
        if self.release.lost_by_leaving_out().next().is_some() {
            said.push(matters(Verdict::Loses.title().to_owned()));
        }
        if !self.release.stale.is_empty() {
            let stale = count(self.release.stale.len(), "old setting");
            said.push(matters(format!("{stale} edited in")));
        }
        if said.is_empty() {
            // No setting has another fate and still the files change: by settings that are new, or by the
            // version beside them.
            let text = match self.release.is_changed() {
                true if self.release.is_migrated() => "settings are added",
                true => "chart version only",
                false => "already fits",
            };
            said.push(Happens {
                text: text.to_owned(),
                matters: false,
            });
        }
        if let Some(held) = &self.release.held_by {
            said.push(matters(format!(
                "waits for {}",
                wording::holder_names(held)
            )));
        }
        said
    }
}

/// One thing that becomes of the settings of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happens {
    /// The fate, in a few words.
    pub text: String,
    /// True if somebody has to look at it.
    pub matters: bool,
}

/// The versions that a release goes from and to.
#[must_use]
pub fn version_change(release: &Release) -> String {
    let to = match &release.to_chart {
        Some(chart) => format!("{chart} {}", release.to),
        None => release.to.to_string(),
    };
    format!("{} {} → {to}", release.chart, release.from)
}

/// That a release needs nothing.
#[must_use]
pub fn fits_sentence(release: &Release) -> String {
    format!(
        "already fits {} {}; nothing to do",
        release.chart_after(),
        release.to
    )
}

/// The questions of a release that wait for an answer.
pub fn open_questions(release: &Release) -> impl Iterator<Item = &ReportedStep> {
    release
        .steps
        .iter()
        .filter(|step| step.state == State::Open && step.question.is_some())
}
