//! Which packs come into question, and which of them a release is for.

use std::{path::Path as FilePath, sync::OnceLock};

use super::{Request, fault};
use crate::{
    detect::{self, Detection, detect},
    identify::{self, TellingKey, Weight, claim},
    load::{FormerName, KnownChart, Namesake, Wanted},
    outcome::Refusal,
    pack::{
        Origin, Pack, PackError, built_in, built_in_names,
        check::{Severity, check},
    },
    refusal,
    values::{Map, ValuesPart, merge::merge_all, view::View},
};

/// The packs that come into question: what was drafted, those of the user, those that are built in.
///
/// # Errors
///
/// If one cannot be loaded, or the chart that was stated has none.
pub fn packs(request: &Request) -> Result<Vec<Pack>, Box<Refusal>> {
    let mut packs: Vec<Pack> = Vec::new();
    // What was drafted is newer than whatever else there is for the chart.
    for texts in &request.drafted {
        let pack = Pack::from_texts(texts.clone());
        packs.push(pack.map_err(|e| refusal::request::pack(&e).of("the draft"))?);
    }
    let drafted: Vec<String> = packs.iter().map(|pack| pack.chart().to_owned()).collect();
    for dir in &request.pack_dirs {
        let pack = Pack::from_folder(dir)
            .map_err(|e| refusal::request::pack(&e).of(&dir.display().to_string()))?;
        sound(&pack, dir)?;
        if !drafted.iter().any(|chart| chart == pack.chart()) {
            packs.push(pack);
        }
    }
    supplied(request, &mut packs)?;
    for name in built_in_names() {
        // Those of other charts are not needed where the chart is stated.
        let other = request.chart.as_ref().is_some_and(|chart| chart != name);
        if other || packs.iter().any(|pack| pack.chart() == name) {
            continue;
        }
        let pack = built_in(name).map_err(|e| fault(&e, name))?;
        packs.extend(pack);
    }
    let Some(chart) = &request.chart else {
        return Ok(packs);
    };
    let known: Vec<String> = packs.iter().map(|pack| pack.chart().to_owned()).collect();
    packs.retain(|pack| pack.chart() == chart);
    if packs.is_empty() {
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
            continue;
        }
        sound(&pack, &given.place)?;
        packs.push(pack);
    }
    Ok(())
}

/// Refuses a pack in which the check finds an error.
fn sound(pack: &Pack, place: &FilePath) -> Result<(), Box<Refusal>> {
    let found = check(pack);
    let mut found = found.iter();
    match found.find(|finding| finding.severity == Severity::Error) {
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
            .map(|former| FormerName {
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
            .map(|not| Namesake {
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
        is_in_tree: matches!(pack.origin(), Origin::Chart { .. }),
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

/// A pack that was chosen for a release.
pub(super) struct Chosen<'p> {
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
    evidence: Vec<OnceLock<Result<ValuesPart, PackError>>>,
}

impl<'p> KnownPacks<'p> {
    /// Nothing is gathered yet.
    pub fn of(packs: &'p [Pack]) -> Self {
        let evidence = packs.iter().map(|_| OnceLock::new()).collect();
        Self { packs, evidence }
    }

    /// What the content tells of the version.
    fn detect(&self, pack: &Pack, layers: Layers<'_, '_>) -> Result<Detection, String> {
        let mut known = self.packs.iter().zip(&self.evidence);
        let cell = known.find(|(known, _)| std::ptr::eq(*known, pack));
        let gather = || {
            let mut part = ValuesPart::default();
            detect::looked_at(pack, &mut part).map(|()| part)
        };
        let (_, cell) = cell.expect("the pack is one of those that are known");
        let part = cell.get_or_init(gather);
        let part = part.as_ref().map_err(ToString::to_string)?;
        detect(pack, &layers.part(part)).map_err(|e| e.to_string())
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
) -> Result<Chosen<'p>, Box<Refusal>> {
    let packs = known.packs;
    let whole = || layers.whole();
    let name = &wanted.name;
    let chosen = |pack: &'p Pack, signs| {
        let detection = known.detect(pack, layers);
        Ok(Chosen {
            pack,
            detection: detection.map_err(|e| refusal::Reason::new(e).of(name))?,
            signs,
        })
    };
    let own = request.chart_of.get(&wanted.name);
    if let Some(chart) = wanted.chart.as_ref().or(own).or(request.chart.as_ref()) {
        return match packs.iter().find(|pack| pack.chart() == chart) {
            Some(pack) => {
                fits(wanted, pack, whole)?;
                chosen(pack, Vec::new())
            }
            None => Err(refusal::request::unknown_chart(chart, &names(packs)).of(name)),
        };
    }
    let part = known.telling(layers).map_err(|e| fault(&e, name))?;
    let mut held = Vec::new();
    let mut outweighed = None;
    for pack in packs {
        let claim = claim(pack, packs, &part, whole).map_err(|e| fault(&e, name))?;
        match claim {
            Some(claim) if claim.holds() => held.push((pack, claim.signs)),
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
        (None, None) => Err(refusal::request::no_chart(whole().is_empty(), &names(packs)).of(name)),
    }
}

/// Refuses values of a chart that only has the name of the known one: it comes from elsewhere, and the known
/// one does not know most of its keys.
fn fits(wanted: &Wanted, pack: &Pack, whole: impl Fn() -> Map) -> Result<(), Box<Refusal>> {
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
