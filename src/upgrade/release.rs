//! One release by itself: which version it was written for, its migrated values, and the edits that make
//! the text of each of its blocks say them.

use std::{cell::RefCell, sync::Arc};

use semver::Version;

use super::{
    OrRefusals, Request,
    ahead::versions_in,
    already, answers_for,
    brought::{self, Left},
    doubts,
    edited::{Edited, rewritten},
    fault, known_version, marks,
    packs::{self, Layers},
    raised, sealed,
};
use crate::{
    block::{BlockPlace, TextFile},
    detach,
    detect::{Detection, detect},
    edit::{EditError, edit},
    identify::TellingKey,
    load::{Wanted, Workspace},
    migrate::{
        Answers, MigrateError, Migrated, StepReport, TracedValue, migrate_values,
        together::{self, migrate_layers},
    },
    outcome::{KnownBy, Missing, Notice, Refusal, Unnamed},
    pack::{Pack, Successor, model::Strength},
    plan::Plan,
    questions::{ALREADY_DONE, RAISED_FIRST, title},
    refusal::{self, Reason, ReleaseError, release::edit as edit_refusal},
    tell::markers::Mark,
    values::{merge::merge_all, view::View},
    yaml::{Rewrite, Tree},
};

/// The releases of a run, or why there is none, in their order.
pub(super) type ReleaseResults<'w> = [OrRefusals<Worked<'w>>];

/// A release that was worked out.
pub(super) struct Worked<'w> {
    /// The release.
    pub wanted: &'w Wanted,
    /// The pack of the chart that it is for afterwards.
    pub pack: &'w Pack,
    /// The keys in its content that tell the chart, if nothing else named it.
    pub signs: Vec<TellingKey>,
    /// The version that its content tells.
    pub detection: Detection,
    /// The way in which its version is known.
    pub known_by: KnownBy,
    /// The route.
    pub plan: Plan<'w>,
    /// The answers that it was given.
    pub answers: Answers,
    /// True if questions without an answer take the recommended one.
    pub accept_recommended: bool,
    /// The layers, as they are before.
    pub views: Vec<View<'w>>,
    /// The migrated values.
    pub migrated: Migrated,
    /// The notices from editing its files.
    pub notices: Vec<Notice>,
    /// The edited text of each layer.
    pub parts: Vec<Edited>,
    /// The comments of other programs that are not where they were.
    pub marks: Vec<Mark>,
}

/// Works out one release. Beside the files stands the state that the run compares with.
pub(super) fn work<'w>(
    request: &'w Request,
    (workspace, before): (&'w Workspace, Option<&'w Workspace>),
    known: &packs::KnownPacks<'w>,
    wanted: &'w Wanted,
) -> Result<Worked<'w>, Vec<Refusal>> {
    let one = |refusal: Box<Refusal>| vec![*refusal];
    let views: Vec<View<'_>> = wanted
        .layers
        .iter()
        .map(|block| workspace.block_in_file(*block).view())
        .collect();
    let chosen = packs::choose(request, known, wanted, Layers(&views)).map_err(one)?;
    let packs::ChosenPack {
        pack,
        detection,
        signs,
    } = chosen;
    let (to, successor) = target(request, pack, wanted).map_err(one)?;
    let run = ReleaseRun {
        request,
        workspace,
        before,
        wanted,
        pack,
        successor,
        views: &views,
        to,
        detection: &detection,
        answers: answers_for(request, wanted),
        read: RefCell::default(),
    };
    let (known_by, candidate) = run.work().map_err(one)?;
    let answers = run.answers;
    Ok(Worked {
        wanted,
        pack: candidate.plan.pack,
        signs,
        known_by,
        plan: candidate.plan,
        answers,
        accept_recommended: request.accept_recommended,
        migrated: candidate.migrated,
        parts: candidate.parts,
        marks: Vec::new(),
        notices: Vec::new(),
        detection,
        views,
    })
}

/// The version to go to: the release's own, that of its chart, that of all, or the newest release. Where the chart
/// was stated and a version was named of the one that takes its place, that one.
fn target<'w>(
    request: &Request,
    pack: &'w Pack,
    wanted: &Wanted,
) -> Result<(Version, Option<&'w Successor>), Box<Refusal>> {
    let chart = &pack.info.chart;
    let known = |pack: &Pack, version: &Version| {
        known_version(pack, version).map_err(|reason| reason.of(&wanted.name))
    };
    if let Some(from) = &request.from {
        known(pack, from)?;
    }
    let of_chart = request.to_of.get(chart);
    let by = pack.info.replaced_by.as_ref();
    let elsewhere = by.and_then(|by| request.to_of.get(&by.chart));
    if let (Some(by), Some(to), None, None) = (by, elsewhere, of_chart, &wanted.to)
        && request.chart.as_ref() == Some(chart)
    {
        let successor = pack.successor().map_err(|e| fault(&e, &wanted.name))?;
        let Some(successor) = successor else {
            return Err(refusal::request::not_brought(chart, by).of(&wanted.name));
        };
        known(&successor.pack, to)?;
        return Ok((to.clone(), Some(successor)));
    }
    if let (true, Some(to)) = (wanted.goes_to_successor, &wanted.to) {
        let successor = pack.successor().map_err(|e| fault(&e, &wanted.name))?;
        return Ok((to.clone(), successor));
    }
    let to = wanted.to.as_ref().or(of_chart).or(request.to.as_ref());
    if let Some(to) = to {
        known_version(pack, to).map_err(|reason| {
            let reason = match by {
                Some(by) => refusal::request::perhaps_of(reason, chart, by, to),
                None => reason,
            };
            reason.of(&wanted.name)
        })?;
    }
    Ok((to.unwrap_or_else(|| pack.newest_release()).clone(), None))
}

struct ReleaseRun<'r, 'w> {
    request: &'w Request,
    workspace: &'w Workspace,
    before: Option<&'w Workspace>,
    wanted: &'w Wanted,
    pack: &'w Pack,
    /// The chart that takes the place of this one, if the values go there.
    successor: Option<&'w Successor>,
    views: &'r [View<'w>],
    to: Version,
    detection: &'r Detection,
    answers: Answers,
    /// The trees that edited layers were read as: source versions that come to the same text share it.
    read: RefCell<Vec<ReadAgain>>,
}

/// A layer, its edited text, and what that was read as.
type ReadAgain = (usize, Arc<str>, Arc<Tree>);

/// The result of one source version.
struct SourceCandidate<'w> {
    plan: Plan<'w>,
    migrated: Migrated,
    parts: Vec<Edited>,
}

impl SourceCandidate<'_> {
    /// The parts of a result that must be the same for two source versions to make no difference.
    fn effect(&self) -> (Vec<Arc<str>>, Vec<String>) {
        let texts = self.parts.iter().map(|part| Arc::clone(&part.text));
        (texts.collect(), decided(&self.migrated.steps))
    }
}

/// What steps ask, with the answers.
fn decided(steps: &[StepReport]) -> Vec<String> {
    let asked = steps.iter().filter_map(|step| step.decision.as_ref());
    let asked = asked.map(|decision| format!("{} {:?}", decision.id, decision.answer));
    asked.collect()
}

impl<'w> ReleaseRun<'_, 'w> {
    fn name(&self) -> &str {
        &self.wanted.name
    }

    fn work(&self) -> Result<(KnownBy, SourceCandidate<'w>), Box<Refusal>> {
        let own = self.request.from_of.get(&self.wanted.name);
        let stated = own
            .or(self.request.from.as_ref())
            .map(|from| (from.clone(), KnownBy::Stated));
        match stated.or_else(|| self.wanted.version.clone()) {
            Some((from, known_by)) => {
                known_version(self.pack, &from)
                    .map_err(|reason| self.of_version(reason, known_by))?;
                if known_by == KnownBy::Recorded {
                    self.still_holds(&from)?;
                }
                if known_by == KnownBy::Carrier
                    && let Some(doubt) = self.doubt(&from)
                {
                    return self.raised_first(&from, &doubt);
                }
                let candidate = self.not_done(self.candidate(&from)?)?;
                match known_by {
                    KnownBy::Stated => Ok((known_by, self.unless_done(candidate)?)),
                    _ => Ok((known_by, candidate)),
                }
            }
            None => match &self.wanted.no_version {
                Some(error) => {
                    let candidates: Vec<&Version> = self.detection.candidates.iter().collect();
                    let mut refusal = refusal::load(error);
                    refusal.missing = Some(Missing {
                        release: self.name().to_owned(),
                        what: Unnamed::Version,
                        chart: Some(self.pack.info.chart.clone()),
                        candidates: self.possible_versions(&candidates),
                    });
                    Err(refusal)
                }
                None => {
                    let best = self.best_candidate()?;
                    Ok((KnownBy::Content, self.not_done(best)?))
                }
            },
        }
    }

    /// The refusal of the version that the values are for, with its place where a manifest names it.
    fn of_version(&self, reason: Reason, known_by: KnownBy) -> Box<Refusal> {
        match &self.wanted.pin {
            Some(pin) if known_by == KnownBy::Carrier => {
                let file = &self.workspace.files[pin.file];
                reason.at(&file.name, &file.text, pin.offset(file))
            }
            _ => reason.of(self.name()),
        }
    }

    /// The result that is left to do where the run compares with another state: the values may have been brought along
    /// on this branch already, by refit or by hand.
    fn not_done(
        &self,
        candidate: SourceCandidate<'w>,
    ) -> Result<SourceCandidate<'w>, Box<Refusal>> {
        let (Some(before), Some(index)) = (self.before, self.wanted.earlier) else {
            return Ok(candidate);
        };
        let old = &before.releases[index];
        let views: Vec<View<'_>> = old
            .layers
            .iter()
            .map(|block| before.block_in_file(*block).view())
            .collect();
        let left = brought::left_to_do(
            (&views, self.views),
            &candidate.plan,
            &candidate.migrated,
            (&self.answers, self.request.accept_recommended),
        );
        match left.map_err(|e| self.migrate_refusal(&e))? {
            Left::All => Ok(candidate),
            Left::Nothing => self.candidate(&self.to),
            Left::Without(steps) => self.candidate_without(&candidate.plan.from, &steps),
        }
    }

    /// The doubt about the version that the manifest names, if the values contradict it.
    fn doubt(&self, stated: &Version) -> Option<raised::Contradiction> {
        let layers: Option<Vec<_>> = self.views.iter().map(|view| view.values().ok()).collect();
        raised::doubt(self.pack, stated, self.detection, &merge_all(layers?))
    }

    /// Asks whether the manifest's version was raised before its values, and goes by the answer.
    fn raised_first(
        &self,
        stated: &Version,
        doubt: &raised::Contradiction,
    ) -> Result<(KnownBy, SourceCandidate<'w>), Box<Refusal>> {
        let file = &self.workspace.files[self.wanted.holder].name;
        let decision = doubt.decide((&self.pack.info.chart, file), stated, &self.answers);
        let decision = decision.map_err(|e| self.migrate_refusal(&e))?;
        let before = raised::answered(&decision);
        let (from, known_by) = before.unwrap_or_else(|| (stated.clone(), KnownBy::Carrier));
        known_version(self.pack, &from).map_err(|reason| reason.of(self.name()))?;
        let mut candidate = self.candidate(&from)?;
        let report = StepReport::asking(stated, title(RAISED_FIRST), decision);
        candidate.migrated.steps.insert(0, report);
        Ok((known_by, candidate))
    }

    /// The result from a stated version. Where the values seem to have been upgraded before, that is asked.
    fn unless_done(
        &self,
        candidate: SourceCandidate<'w>,
    ) -> Result<SourceCandidate<'w>, Box<Refusal>> {
        let stated = candidate.plan.from.clone();
        let named = self.wanted.version.as_ref();
        let migrated = &candidate.migrated;
        let doubt = already::doubt(self.detection, (&stated, &self.to), migrated, named);
        let Some(doubt) = doubt else {
            return self.told_of_second_run(candidate);
        };
        let decision = doubt.decide(&self.pack.info.chart, &stated, &self.answers);
        let decision = decision.map_err(|e| self.migrate_refusal(&e))?;
        let mut candidate = match already::is_done(&decision) {
            true => self.candidate(doubt.fits())?,
            false => candidate,
        };
        let report = StepReport::asking(&stated, title(ALREADY_DONE), decision);
        candidate.migrated.steps.insert(0, report);
        Ok(candidate)
    }

    /// The result from a stated version, saying so if nothing would tell a second run that it was done.
    fn told_of_second_run(
        &self,
        mut candidate: SourceCandidate<'w>,
    ) -> Result<SourceCandidate<'w>, Box<Refusal>> {
        if !already::writes_anew(&candidate.migrated) {
            return Ok(candidate);
        }
        let layers = self
            .wanted
            .layers
            .iter()
            .zip(&candidate.parts)
            .zip(self.views);
        let views: Vec<View<'_>> = layers
            .map(|((block, part), before)| {
                let after = part.view(&self.workspace.blocks[*block]);
                after.unwrap_or_else(|| before.clone())
            })
            .collect();
        let views: Vec<&View<'_>> = views.iter().collect();
        let plan = &candidate.plan;
        let accepted = self.request.accept_recommended;
        // One that is refused, because answers were given for other values, does nothing.
        let Ok(again) = migrate_layers(&views, plan, &self.answers, accepted) else {
            return Ok(candidate);
        };
        let values = views.iter().map(|view| view.values().unwrap_or_default());
        let detection =
            detect(self.pack, &merge_all(values)).map_err(|e| fault(&e, self.name()))?;
        let stated = plan.from.clone();
        let is_asked = already::doubt(&detection, (&stated, &self.to), &again, None).is_some();
        if !is_asked {
            already::tell_of_second_run(&mut candidate.migrated, &again, &stated);
        }
        Ok(candidate)
    }

    /// Checks that the record in `refit.yaml` can still be true. If a file was edited since and its content is
    /// unmistakably of other versions, it was put back to an older state, or somebody upgraded it by hand: to go on
    /// from the recorded version would take its keys for left-overs.
    fn still_holds(&self, recorded: &Version) -> Result<(), Box<Refusal>> {
        let strong = self
            .detection
            .clues
            .iter()
            .filter(|clue| clue.strength == Strength::Strong);
        let against: Vec<String> = strong
            .filter(|clue| !clue.versions.contains(recorded))
            .map(ToString::to_string)
            .collect();
        let candidates = &self.detection.candidates;
        let (Some(first), Some(last)) = (candidates.first(), candidates.last()) else {
            return Ok(());
        };
        if self.wanted.edited.is_empty() || against.is_empty() {
            return Ok(());
        }
        let edited = self.wanted.edited.iter();
        let edited = edited
            .map(|file| self.workspace.files[*file].name.clone())
            .collect();
        Err(ReleaseError::NotAsRecorded {
            chart: self.pack.info.chart.clone(),
            recorded: recorded.clone(),
            fits: (first.clone(), last.clone()),
            edited,
            against,
            release: self.wanted.is_named.then(|| self.name().to_owned()),
        }
        .of(self.name()))
    }

    /// Tries every version that the content allows. If they differ in edits or questions, only a person
    /// can tell which it is.
    fn best_candidate(&self) -> Result<SourceCandidate<'w>, Box<Refusal>> {
        let mut candidates = self.detection.candidates.clone();
        if let (Some(range), Some(pin)) = (&self.wanted.range, &self.wanted.pin) {
            let known = self.pack.info.versions.keys();
            let named: Vec<Version> = known.filter(|v| range.contains(v)).cloned().collect();
            if named.is_empty() {
                let first = self.pack.info.versions.keys().min();
                let is_older = first.is_some_and(|first| {
                    let mut said = versions_in(&pin.text).peekable();
                    said.peek().is_some() && said.all(|version| version < *first)
                });
                let error = ReleaseError::NoVersionInRange {
                    chart: self.pack.info.chart.clone(),
                    range: pin.text.clone(),
                    first: first.filter(|_| is_older).cloned(),
                };
                let file = &self.workspace.files[pin.file];
                return Err(error.at(file, pin.offset(file)));
            }
            candidates.retain(|version| named.contains(version));
        }
        if candidates.is_empty() {
            return Err(self.version_open(&[]));
        }
        let not_newer: Vec<&Version> = candidates
            .iter()
            .filter(|v| *v <= self.newest_version())
            .collect();
        let Some(newest) = not_newer.last() else {
            return Err(ReleaseError::NewerThanTarget {
                chart: self.pack.info.chart.clone(),
                oldest: candidates[0].clone(),
                target: self.newest_version().clone(),
            }
            .of(self.name()));
        };
        let mut result = self.candidate(newest)?;
        let effect = result.effect();
        for candidate in &not_newer[..not_newer.len() - 1] {
            let steps = match self.steps_to_same(candidate, &result.migrated.layers, &effect.1)? {
                Some(steps) => steps,
                None => {
                    let other = self.candidate(candidate)?;
                    if other.effect() != effect {
                        return Err(self.version_open(&not_newer));
                    }
                    other.migrated.steps
                }
            };
            // Only what is told differs: tell all of it.
            for step in steps {
                if !result
                    .migrated
                    .steps
                    .iter()
                    .any(|s| s.id == step.id && s.tell == step.tell)
                {
                    result.migrated.steps.push(step);
                }
            }
        }
        result
            .migrated
            .steps
            .sort_by(|a, b| a.version.cmp(&b.version));
        Ok(result)
    }

    /// The steps of another source version, where it is sure without an edit that it comes to the same: to these values,
    /// and nothing is asked but what these steps ask.
    fn steps_to_same(
        &self,
        from: &Version,
        layers: &[TracedValue],
        asked: &[String],
    ) -> Result<Option<Vec<StepReport>>, Box<Refusal>> {
        let [view] = self.views else {
            // What several layers mean together is not seen in each.
            return Ok(None);
        };
        // Whether these are asked about depends on the way, and not on what it comes to.
        if !self.wanted.sealed.is_empty() || !self.wanted.doubts.is_empty() {
            return Ok(None);
        }
        let plan = self.plan(from, &[])?;
        let accepted = self.request.accept_recommended;
        let other = migrate_values(&[view], &plan, &self.answers, accepted)
            .map_err(|e| self.migrate_refusal(&e))?;
        let is_same = other.layers == layers && decided(&other.steps) == asked;
        Ok(is_same.then_some(other.steps))
    }

    fn version_open(&self, candidates: &[&Version]) -> Box<Refusal> {
        let clues = self.detection.clues.iter();
        let clues = clues.filter(|clue| clue.strength != Strength::Weak);
        let between = candidates.first().zip(candidates.last());
        ReleaseError::VersionOpen {
            chart: self.pack.info.chart.clone(),
            between: between.map(|(first, last)| ((*first).clone(), (*last).clone())),
            clues: clues.map(ToString::to_string).collect(),
            candidates: self.possible_versions(candidates),
        }
        .of(self.name())
    }

    /// The versions that can be chosen from, oldest first. Where the content excludes every version, each can
    /// still be the right one.
    fn possible_versions(&self, candidates: &[&Version]) -> Vec<String> {
        let not_newer = |version: &&Version| *version <= self.newest_version();
        let known: Vec<&Version> = self.pack.info.versions.keys().collect();
        let from = match candidates {
            [] => &known,
            some => some,
        };
        let fitting = from.iter().copied().filter(not_newer);
        fitting.map(ToString::to_string).collect()
    }

    /// The newest version of its chart on the way.
    fn newest_version(&self) -> &Version {
        match self.successor {
            Some(_) => self.pack.newest_release(),
            None => &self.to,
        }
    }

    fn candidate(&self, from: &Version) -> Result<SourceCandidate<'w>, Box<Refusal>> {
        self.candidate_without(from, &[])
    }

    /// The way from a version, without the steps that are done.
    fn plan(&self, from: &Version, done: &[String]) -> Result<Plan<'w>, Box<Refusal>> {
        let mut selection = self.request.selection.clone();
        selection.skip_known.extend(done.iter().cloned());
        selection
            .skip_known
            .extend(self.wanted.skip.iter().cloned());
        let skip = self.request.skip_of.get(&self.wanted.name);
        selection
            .skip_known
            .extend(skip.into_iter().flatten().cloned());
        let plan = match self.successor {
            None => Plan::new(self.pack, from, &self.to, &selection),
            Some(successor) => Plan::succeeding(self.pack, from, successor, &self.to, &selection),
        };
        let plan = plan.map_err(|e| refusal::request::plan(&e).of(self.name()))?;
        Ok(plan.with_global(self.wanted.global.clone()))
    }

    fn candidate_without(
        &self,
        from: &Version,
        done: &[String],
    ) -> Result<SourceCandidate<'w>, Box<Refusal>> {
        let plan = self.plan(from, done)?;
        let views: Vec<&View<'_>> = self.views.iter().collect();
        let mut migrated = migrate_layers(
            &views,
            &plan,
            &self.answers,
            self.request.accept_recommended,
        )
        .map_err(|e| self.migrate_refusal(&e))?;
        for (layer, block) in self.wanted.layers.iter().enumerate() {
            let node = &migrated.layers[layer];
            for path in self
                .workspace
                .block_in_file(*block)
                .unwritable_paths(layer, node)
            {
                // Where no layer can say it, the list is refused with its place when it is edited.
                if let Some(other) = self.layer_in_full() {
                    together::relocate(&mut migrated, &views, &plan, (layer, other), &path)
                        .map_err(|e| self.migrate_refusal(&e))?;
                }
            }
        }
        sealed::ask(self.wanted, &plan, &self.answers, &mut migrated)
            .and_then(|()| doubts::ask(self.wanted, &plan, &self.answers, &mut migrated))
            .map_err(|e| self.migrate_refusal(&e))?;
        let rewrites = self.rewrites(&mut migrated, from)?;
        let mut parts = Vec::new();
        for (i, block) in self.wanted.layers.iter().enumerate() {
            let tree = self.workspace.block_in_file(*block).tree();
            parts.push(match rewrites.get(i).filter(|r| !r.edits.is_empty()) {
                None => Edited::unchanged(tree),
                Some(rewrite) => self.edited(i, &migrated.layers[i], rewrite.clone())?,
            });
        }
        let texts = (self.views, parts.as_slice());
        let known = (&self.answers, &self.to);
        marks::ask(self.workspace, self.wanted, texts, known, &mut migrated)?;
        Ok(SourceCandidate {
            plan,
            migrated,
            parts,
        })
    }

    /// A layer with its edits. Its text is read again once, whichever source versions come to it.
    fn edited(
        &self,
        layer: usize,
        node: &TracedValue,
        rewrite: Rewrite,
    ) -> Result<Edited, Box<Refusal>> {
        let (block, view) = (self.wanted.layers[layer], &self.views[layer]);
        let mut edited = rewritten(self.workspace, block, view, rewrite);
        let mut read = self.read.borrow_mut();
        let mut known = read.iter();
        if let Some((_, text, tree)) =
            known.find(|(of, text, _)| *of == layer && *text == edited.text)
        {
            edited.text = Arc::clone(text);
            edited.tree = Some(Arc::clone(tree));
        }
        let is_new = edited.tree.is_none();
        let edited = edited.checked(self.workspace, block, node, view)?;
        if let (true, Some(tree)) = (is_new, &edited.tree) {
            read.push((layer, Arc::clone(&edited.text), Arc::clone(tree)));
        }
        Ok(edited)
    }

    /// The right-most layer that can say any value.
    fn layer_in_full(&self) -> Option<usize> {
        let place = |block: &usize| &self.workspace.blocks[*block].place;
        let layers = &self.wanted.layers;
        layers
            .iter()
            .rposition(|block| !matches!(place(block), BlockPlace::Paths { .. }))
    }

    fn layer(&self, layer: usize) -> &'w TextFile {
        self.workspace.file_of(self.wanted.layers[layer])
    }

    /// The edits of each layer; none while it is open whether copies may be written where one would go
    /// through an alias or a merge key.
    fn rewrites(
        &self,
        migrated: &mut Migrated,
        from: &Version,
    ) -> Result<Vec<Rewrite>, Box<Refusal>> {
        let (mut rewrites, mut places) = (Vec::new(), Vec::new());
        for (i, view) in self.views.iter().enumerate() {
            let layer = self.layer(i);
            match edit(view, &migrated.layers[i], i, false) {
                Ok(rewrite) => rewrites.push(rewrite),
                Err(EditError::Shared(shared)) => {
                    let copied = edit(view, &migrated.layers[i], i, true);
                    rewrites.push(copied.map_err(|e| {
                        edit_refusal(self.workspace.block_in_file(self.wanted.layers[i]), &e)
                    })?);
                    places.extend(shared.into_iter().map(|shared| {
                        let line = self
                            .workspace
                            .block_in_file(self.wanted.layers[i])
                            .at(shared.node)
                            .line;
                        let at = format!("{}:{line}", layer.name);
                        detach::SharedPlace {
                            layer: i,
                            at,
                            shared,
                        }
                    }));
                }
                Err(error) => {
                    return Err(edit_refusal(
                        self.workspace.block_in_file(self.wanted.layers[i]),
                        &error,
                    ));
                }
            }
        }
        let Some(first) = places.first() else {
            return Ok(rewrites);
        };
        let decision = detach::decide(&places, &self.answers, self.request.accept_recommended)
            .map_err(|e| self.migrate_refusal(&e))?;
        match detach::choice(&decision) {
            detach::CopyDecision::Open => rewrites.clear(),
            detach::CopyDecision::Copy => {}
            detach::CopyDecision::Refuse => {
                let error = EditError::Shared(vec![first.shared.clone()]);
                let block = self.wanted.layers[first.layer];
                return Err(edit_refusal(self.workspace.block_in_file(block), &error));
            }
        }
        detach::add_question(migrated, decision, from, &places);
        Ok(rewrites)
    }

    fn migrate_refusal(&self, error: &MigrateError) -> Box<Refusal> {
        match error {
            MigrateError::Read { layer, error } => {
                let block = self.wanted.layers[*layer];
                let layer = self.layer(*layer);
                let offset = self.workspace.block_in_file(block).offset(error.offset);
                refusal::unreadable_value(error).at(&layer.name, &layer.text, offset)
            }
            _ => refusal::request::answer(error).of(self.name()),
        }
    }
}
