//! Which packs come into question, and which of them a release is for.

use std::{
    path::Path as FilePath,
    sync::{Arc, OnceLock},
};

use super::{Request, Supplied, fault};
use crate::{
    detect::{self, Detection, detect},
    identify::{self, TellingKey, Weight, claim},
    load::{KnownChart, KnownFormerName, KnownNamesake, Wanted},
    outcome::Refusal,
    pack::{
        Pack, PackError, PackOrigin, SuppliedPack, built_in, built_in_names,
        check::{FindingSeverity, check_pack},
    },
    refusal,
    values::{Map, ValuesPart, merge::merge_all, view::View},
};

/// The packs that come into question: what was drafted, those of the user, those that are built in. A draft that goes on
/// top of the pack of its chart is one with it.
///
/// # Errors
///
/// If one cannot be loaded, or the chart that was stated has none.
pub fn packs(request: &Request) -> Result<Vec<Pack>, Box<Refusal>> {
    let mut packs: Vec<Pack> = Vec::new();
    let draft_fault = |e: &PackError| refusal::request::pack(e).of("the draft");
    let mut on_top: Vec<Pack> = Vec::new();
    for draft in &request.drafted {
        let pack = Pack::from_texts(draft.texts.clone()).map_err(|e| draft_fault(&e))?;
        match draft.is_on_top {
            true => on_top.push(pack),
            false => packs.push(pack),
        }
    }
    let drafted: Vec<String> = packs.iter().map(|pack| pack.chart().to_owned()).collect();
    for dir in &request.pack_dirs {
        let pack = Pack::from_folder(dir)
            .map_err(|e| refusal::request::pack(&e).of(&dir.display().to_string()))?;
        refuse_faulty(&pack, dir)?;
        if !drafted.iter().any(|chart| chart == pack.chart()) {
            packs.push(pack);
        }
    }
    supplied(request, &mut packs)?;
    let broken = broken(request, &packs);
    for name in built_in_names() {
        // Those of other charts are not needed where the chart is stated, and none stands in for one that is broken.
        let other = request.chart.as_ref().is_some_and(|chart| chart != name);
        let is_broken = broken.iter().any(|broken| broken.chart == name);
        if other || is_broken || packs.iter().any(|pack| pack.chart() == name) {
            continue;
        }
        let pack = built_in(name).map_err(|e| fault(&e, name))?;
        packs.extend(pack);
    }
    for draft in &on_top {
        let known = packs.iter_mut().find(|pack| pack.chart() == draft.chart());
        if let Some(pack) = known {
            *pack = pack.with_draft(draft).map_err(|e| draft_fault(&e))?;
        }
    }
    let Some(chart) = &request.chart else {
        return Ok(packs);
    };
    let known: Vec<String> = packs.iter().map(|pack| pack.chart().to_owned()).collect();
    packs.retain(|pack| pack.chart() == chart);
    if packs.is_empty() && !broken.iter().any(|broken| broken.chart == *chart) {
        let built_in = built_in_names().map(str::to_owned);
        let mut known: Vec<String> = known.into_iter().chain(built_in).collect();
        known.dedup();
        return Err(refusal::request::unknown_chart(chart, &known).of("--chart"));
    }
    Ok(packs)
}

/// Adds what `refit.yaml` and charts supply, each for a chart that has no pack so far. One that is not needed is not
/// looked at.
fn supplied(request: &Request, packs: &mut Vec<Pack>) -> Result<(), Box<Refusal>> {
    for supplied in &request.supplied {
        let known = |chart: &str| packs.iter().any(|pack| pack.chart() == chart);
        let stated = request.chart.as_deref();
        let other = |chart: &str| stated.is_some_and(|stated| stated != chart);
        let needless = |chart: &str| known(chart) || other(chart);
        if stated.is_some_and(known) || supplied.chart.as_deref().is_some_and(needless) {
            continue;
        }
        match loaded(supplied, known) {
            Ok(pack) => packs.extend(pack),
            // It is told of the releases that are for that chart, and of no others.
            Err(_) if carried(supplied).is_some() => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(())
}

/// A supplied pack, or `None` if there is one for its chart.
fn loaded(supplied: &Supplied, known: impl Fn(&str) -> bool) -> Result<Option<Pack>, Box<Refusal>> {
    let given = supplied.pack.as_ref().map_err(Clone::clone)?;
    let name = given.place.display().to_string();
    let pack = given.load();
    let pack = pack.map_err(|e| refusal::request::pack(&e).of(&name))?;
    if let Some(chart) = supplied
        .chart
        .as_ref()
        .filter(|chart| *chart != pack.chart())
    {
        return Err(refusal::request::pack_of_another(chart, pack.chart()).of(&name));
    }
    if known(pack.chart()) {
        return Ok(None);
    }
    refuse_faulty(&pack, &given.place)?;
    Ok(Some(pack))
}

/// A pack that a chart of the tree carries and that cannot be used.
#[derive(Debug, Clone)]
pub(super) struct BrokenPack {
    /// The chart that it is for.
    pub chart: String,
    /// The reason, with its place.
    pub refusal: Box<Refusal>,
}

impl BrokenPack {
    /// The reason as that of a release.
    fn of(&self, name: &str) -> Box<Refusal> {
        let mut refusal = self.refusal.clone();
        refusal.what = format!("{}: {}", refusal.name, refusal.what);
        name.clone_into(&mut refusal.name);
        refusal.why.get_or_insert_with(|| {
            "The chart carries a pack of its own, and no other stands in for it.".to_owned()
        });
        refusal
    }
}

/// The packs of charts that cannot be used, where no better one is known for the chart.
pub(super) fn broken(request: &Request, packs: &[Pack]) -> Vec<BrokenPack> {
    let mut broken: Vec<BrokenPack> = Vec::new();
    for supplied in &request.supplied {
        let Some(chart) = carried(supplied) else {
            continue;
        };
        let is_settled = packs.iter().any(|pack| pack.chart() == chart)
            || broken.iter().any(|broken| broken.chart == chart);
        if !is_settled && let Err(refusal) = loaded(supplied, |_| false) {
            broken.push(BrokenPack { chart, refusal });
        }
    }
    broken
}

/// The chart of a pack that a chart of the tree carries: as far as it can be told without reading the pack.
fn carried(supplied: &Supplied) -> Option<String> {
    let by = supplied.carried_by.clone()?;
    let says = supplied.pack.as_ref().ok();
    Some(says.and_then(SuppliedPack::says_chart).unwrap_or(by))
}

/// Refuses a pack in which the check finds an error.
fn refuse_faulty(pack: &Pack, place: &FilePath) -> Result<(), Box<Refusal>> {
    let found = check_pack(pack);
    let mut found = found.iter();
    match found.find(|finding| finding.severity == FindingSeverity::Error) {
        Some(finding) => Err(refusal::request::unsound_pack(place, finding)),
        None => Ok(()),
    }
}

/// The charts of packs, as manifests name them. One that is `stated` is what a manifest of that name means,
/// wherever it comes from.
#[must_use]
pub fn known_charts(packs: &[Pack], stated: Option<&str>) -> Vec<KnownChart> {
    let charts = packs.iter().map(|pack| KnownChart {
        name: pack.identity.chart.clone(),
        other_names: pack.identity.identifies.names.clone(),
        repositories: pack.identity.repositories.clone(),
        former_names: pack
            .identity
            .called_before
            .iter()
            .map(|former| KnownFormerName {
                name: former.chart.clone(),
                repositories: former.repositories.clone(),
                until: former.until.clone(),
            })
            .collect(),
        namesakes: pack
            .identity
            .identifies
            .not
            .iter()
            .map(|not| KnownNamesake {
                repository: not.repository.clone(),
                why: not.why.clone(),
            })
            .collect(),
        // Only of a stated chart values can go to the one that takes its place.
        replaced_by: (stated == Some(pack.chart()))
            .then(|| pack.info.replaced_by.as_ref())
            .flatten()
            .map(|by| (by.chart.clone(), by.repository.clone())),
        is_stated: stated == Some(pack.identity.chart.as_str()),
        is_in_tree: matches!(pack.origin(), PackOrigin::Chart { .. }),
        oldest: pack.identity.oldest.clone(),
    });
    charts.collect()
}

/// The charts that take the place of others and have no pack of their own among these.
pub(super) fn successors(packs: &[Pack]) -> Vec<KnownChart> {
    let replaced = packs
        .iter()
        .filter_map(|pack| pack.info.replaced_by.as_ref());
    let unknown = replaced.filter(|by| packs.iter().all(|pack| pack.chart() != by.chart));
    let charts = unknown.map(|by| KnownChart {
        name: by.chart.clone(),
        repositories: vec![by.repository.clone()],
        ..KnownChart::default()
    });
    charts.collect()
}

/// The charts whose own packs are broken, as manifests name them: their releases are told, and not passed over.
pub(super) fn charts_of_broken(broken: &[BrokenPack]) -> impl Iterator<Item = KnownChart> {
    broken.iter().map(|broken| KnownChart {
        name: broken.chart.clone(),
        is_in_tree: true,
        ..KnownChart::default()
    })
}

/// A pack that was chosen for a release.
pub(super) struct ChosenPack<'p> {
    /// The pack.
    pub pack: &'p Pack,
    /// The version that the content tells.
    pub detection: Detection,
    /// The keys in the content that tell the chart, if nothing else named it.
    pub signs: Vec<TellingKey>,
}

/// The packs of a run, with what their evidence looks at: gathered once for each pack that a release is for.
pub(super) struct KnownPacks<'p> {
    /// The packs.
    pub packs: &'p [Pack],
    /// Those that cannot be used.
    broken: &'p [BrokenPack],
    evidence: Vec<OnceLock<Result<ValuesPart, Arc<PackError>>>>,
}

/// The reasons for which a version cannot be looked for in the content.
#[derive(Debug, thiserror::Error)]
enum DetectionError {
    /// The places that the evidence looks at cannot be gathered. It is the same for each release of the chart.
    #[error("{0}")]
    Evidence(Arc<PackError>),
    /// The evidence fails on these values.
    #[error(transparent)]
    Values(#[from] PackError),
}

impl<'p> KnownPacks<'p> {
    /// Nothing is gathered yet.
    pub fn of(packs: &'p [Pack], broken: &'p [BrokenPack]) -> Self {
        let evidence = packs.iter().map(|_| OnceLock::new()).collect();
        Self {
            packs,
            broken,
            evidence,
        }
    }

    /// The version, as far as the content tells it.
    fn detect(&self, pack: &Pack, layers: Layers<'_, '_>) -> Result<Detection, DetectionError> {
        let mut known = self.packs.iter().zip(&self.evidence);
        let cell = known.find(|(known, _)| std::ptr::eq(*known, pack));
        let gather = || {
            let mut part = ValuesPart::default();
            detect::looked_at(pack, &mut part)
                .map(|()| part)
                .map_err(Arc::new)
        };
        let (_, cell) = cell.expect("the pack is one of those that are known");
        let part = cell.get_or_init(gather);
        let part = part.as_ref();
        let part = part.map_err(|e| DetectionError::Evidence(Arc::clone(e)))?;
        Ok(detect(pack, &layers.part(part))?)
    }

    /// The values, as far as keys that tell a chart look at them.
    pub fn telling(&self, layers: Layers<'_, '_>) -> Result<Map, PackError> {
        let mut part = ValuesPart::default();
        for pack in self.packs {
            identify::looked_at(pack, |key| layers.set(key), &mut part)?;
        }
        Ok(layers.part(&part))
    }
}

/// The layers of a release, of which as little is read as is needed.
#[derive(Clone, Copy)]
pub(super) struct Layers<'l, 't>(pub &'l [View<'t>]);

impl Layers<'_, '_> {
    /// All values.
    pub fn whole(self) -> Map {
        merge_all(self.0.iter().map(|view| view.values().unwrap_or_default()))
    }

    /// A part of them.
    fn part(self, part: &ValuesPart) -> Map {
        merge_all(
            self.0
                .iter()
                .map(|view| view.part(part).unwrap_or_default()),
        )
    }

    /// True if a key may be set at their root.
    fn set(self, key: &str) -> bool {
        let mut views = self.0.iter();
        // What cannot be read may hold the key as well.
        views.any(|view| !matches!(view.get(view.root(), key), Ok(None)))
    }
}

/// The pack for a release: the one of the chart that is named for it, else the only one that the values
/// themselves are unmistakably of.
pub(super) fn choose<'p>(
    request: &Request,
    known: &KnownPacks<'p>,
    wanted: &Wanted,
    layers: Layers<'_, '_>,
) -> Result<ChosenPack<'p>, Box<Refusal>> {
    let packs = known.packs;
    let whole = || layers.whole();
    let name = &wanted.name;
    let chosen = |pack: &'p Pack, signs| {
        let detection = known.detect(pack, layers);
        Ok(ChosenPack {
            pack,
            detection: detection.map_err(|e| refusal::Reason::new(e.to_string()).of(name))?,
            signs,
        })
    };
    let own = request.chart_of.get(&wanted.name);
    if let Some(chart) = wanted.chart.as_ref().or(own).or(request.chart.as_ref()) {
        return match packs.iter().find(|pack| pack.chart() == chart) {
            Some(pack) => {
                refuse_namesake(wanted, pack, whole)?;
                chosen(pack, Vec::new())
            }
            None => Err(
                match known.broken.iter().find(|broken| broken.chart == *chart) {
                    Some(broken) => broken.of(name),
                    None => refusal::request::unknown_chart(chart, &names(packs)).of(name),
                },
            ),
        };
    }
    let part = known.telling(layers).map_err(|e| fault(&e, name))?;
    let mut held = Vec::new();
    let mut outweighed = None;
    for pack in packs {
        let claim = claim(pack, packs, &part, whole).map_err(|e| fault(&e, name))?;
        match claim {
            Some(claim) if claim.is_of_chart() => held.push((pack, claim.signs)),
            Some(claim) => outweighed = Some((pack, claim)),
            None => {}
        }
    }
    if held.len() > 1 {
        let charts: Vec<&str> = held.iter().map(|(pack, _)| pack.chart()).collect();
        return Err(refusal::request::several_charts(&charts).of(name));
    }
    match (held.pop(), outweighed) {
        (Some((pack, signs)), _) => chosen(pack, signs),
        (None, Some((pack, claim))) => {
            Err(refusal::request::outweighed(&pack.info.chart, &claim).of(name))
        }
        // It may be of the chart whose pack cannot say so.
        (None, None) if !known.broken.is_empty() => Err(known.broken[0].of(name)),
        (None, None) => Err(refusal::request::no_chart(whole().is_empty(), &names(packs)).of(name)),
    }
}

/// Refuses values of a chart that only has the name of the known one: it comes from elsewhere, and the known
/// one does not know most of its keys.
fn refuse_namesake(
    wanted: &Wanted,
    pack: &Pack,
    whole: impl Fn() -> Map,
) -> Result<(), Box<Refusal>> {
    if !wanted.is_from_elsewhere {
        return Ok(());
    }
    let weight = Weight::of(pack, &whole());
    if weight.unknown.is_empty() || weight.speaks_for_the_chart() {
        return Ok(());
    }
    let repositories = &pack.info.repositories;
    Err(refusal::request::namesake(&pack.info.chart, repositories, &weight).of(&wanted.name))
}

fn names(packs: &[Pack]) -> Vec<String> {
    packs.iter().map(|pack| pack.chart().to_owned()).collect()
}
