//! Two versions of a chart that are named, and what no pack says of the way between them.
//!
//! A pack comes first: its steps bring values as far as it knows the chart. What is newer than all that it knows is
//! drafted for the values behind its steps, and so is what the new chart does not read and no step speaks of. Without a
//! pack all is drafted.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{Context as _, bail};
use refit::{
    chart::Chart,
    draft::{
        self, DraftOptions, MigratedValues, PairOfCharts, Proposals, Versions, bare_pack, drafted,
    },
    effect::{
        helm::{Helm, next_step},
        render::Renderer,
        source::ChartLocation,
        values,
    },
    outcome::{KnownBy, Refusal, Release},
    pack::Pack,
    report::Detail,
    upgrade::{DraftedPack, Request, packs, upgrade},
};
use semver::Version;

use super::{meaning::Job, supply, terminal::Terminal, verify};

/// Two charts that are named, read.
pub struct Both {
    old: (PathBuf, Chart),
    new: (PathBuf, Chart),
    versions: Versions,
    /// The part of the way between them that a pack knows.
    known: WayKnown,
    /// The folder of charts that Helm fetched; it is removed with this.
    #[allow(dead_code, reason = "it is there until the job is done")]
    folder: tempfile::TempDir,
}

/// What two charts are read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Their effects are compared: a pack that knows both needs no draft.
    Compare,
    /// What no pack says is drafted.
    Draft,
}

/// The part of the way between two charts that a pack knows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum WayKnown {
    /// No pack is for the chart.
    Nothing,
    /// The pack begins with this version, behind the old chart: none of its steps can be done.
    From(Version),
    /// The pack ends with this version, before the new chart.
    UpTo(Version),
    /// The pack reaches to the new chart; this is the newest version that it knows.
    Whole(Version),
    /// The charts are not just the chart that was stated: they only render.
    Elsewhere,
}

impl WayKnown {
    /// The newest version that the pack knows, if it knows a part of the way.
    fn newest(&self) -> Option<&Version> {
        match self {
            Self::UpTo(newest) | Self::Whole(newest) => Some(newest),
            Self::Nothing | Self::From(_) | Self::Elsewhere => None,
        }
    }
}

/// Reads the charts that a job names, if something of the way between them may have to be drafted, and gives the job a
/// pack that knows their versions. What Helm fetches is fetched once: from here on the job names the archives, in a
/// folder that goes with what is given back.
///
/// # Errors
///
/// If only one chart is named, one cannot be had, or they do not fit what else was said.
pub fn read_both(job: &mut Job, purpose: Purpose) -> anyhow::Result<Option<Both>> {
    let options = &job.rendering.options;
    let (Some(old), Some(new)) = (options.old_chart.clone(), options.new_chart.clone()) else {
        return Ok(None);
    };
    let known = known_packs(&job.request)?;
    let request = &job.request;
    // A version that was stated needs no chart to be looked at: whether a pack for a chart knows it.
    let knows_target = |name: &str| {
        let pack = pack_of(&known, name)?;
        let knows = |to: &Version| pack.info.versions.contains_key(to) || to < newest(pack);
        Some(request.to.as_ref().map(knows))
    };
    let stated = request.chart.as_deref().and_then(knows_target);
    if purpose == Purpose::Compare && stated == Some(Some(true)) {
        return Ok(None);
    }
    let folder = tempfile::tempdir().context("no folder for charts")?;
    // Without a version the one is meant that the pack finds.
    let is_left_to_pack = |name: &str, version: Option<&Version>| match purpose {
        Purpose::Compare => matches!(knows_target(name), Some(None | Some(true))),
        Purpose::Draft => version.is_none() && knows_target(name).is_some(),
    };
    let mut named = Vec::new();
    for (flag, text, version, version_flag) in [
        ("--old-chart", &old, request.from.as_ref(), "--from"),
        ("--new-chart", &new, request.to.as_ref(), "--to"),
    ] {
        let version_text = version.map(Version::to_string).unwrap_or_default();
        let source = ChartLocation::named(text, &version_text);
        if let ChartLocation::Reference { reference, .. } = &source {
            let name = reference.rsplit('/').next().unwrap_or(reference);
            if is_left_to_pack(name, version) {
                return Ok(None);
            }
            if version.is_none() {
                bail!(
                    "there is no folder or archive {text}, and which version helm shall fetch is not said\n  next: say it with {version_flag} VERSION, or name a folder or an archive with {flag}"
                );
            }
        }
        let path = source
            .fetch(&Helm::from_env(), folder.path())
            .map_err(|error| anyhow::anyhow!("{flag}: {error}"))?;
        let chart = Chart::load(&path).with_context(|| format!("{flag} {text}"))?;
        named.push((path, chart));
    }
    let (Some((new_path, new)), Some((old_path, old))) = (named.pop(), named.pop()) else {
        return Ok(None);
    };
    let versions = Versions::of(&old, &new);
    let known = way_known(&known, request, (&old, &new), versions.as_ref());
    match (&known, purpose) {
        (WayKnown::Elsewhere, _) | (WayKnown::Whole(_), Purpose::Compare) => return Ok(None),
        _ => {}
    }
    let versions = agreeing_versions(request, (&old, &new), versions)?;
    let both = Both {
        old: (old_path, old),
        new: (new_path, new),
        versions,
        known,
        folder,
    };
    both.state_versions(job);
    Ok(Some(both))
}

/// The versions of two charts, if they can be compared and nothing else was stated.
fn agreeing_versions(
    request: &Request,
    (old, new): (&Chart, &Chart),
    versions: Option<Versions>,
) -> anyhow::Result<Versions> {
    if let Some(chart) = request.chart.as_ref().filter(|chart| **chart != old.name) {
        bail!(
            "the values are for the chart {chart}, and --old-chart is {}\n  next: name the chart {chart} with --old-chart",
            old.name
        );
    }
    let Some(versions) = versions else {
        bail!(
            "the versions of the charts cannot be compared: `{}` and `{}`\n  why:  a chart's version has three numbers, such as 1.2.3",
            old.version,
            new.version
        );
    };
    for (flag, stated, found) in [
        ("--from", &request.from, &versions.old),
        ("--to", &request.to, &versions.new),
    ] {
        if let Some(stated) = stated.as_ref().filter(|stated| *stated != found) {
            bail!("{flag} says {stated}, and the chart that is named is {found}");
        }
    }
    Ok(versions)
}

impl Both {
    /// Gives a job the versions of the charts, with a pack that knows them.
    fn state_versions(&self, job: &mut Job) {
        let (old, new, versions) = (&self.old.1, &self.new.1, &self.versions);
        let request = &mut job.request;
        match &self.known {
            WayKnown::Nothing | WayKnown::From(_) | WayKnown::Elsewhere => {
                request.drafted = vec![DraftedPack {
                    texts: bare_pack(old, new, versions),
                    is_on_top: false,
                }];
            }
            WayKnown::UpTo(_) => {
                let nothing = Proposals::default();
                request.drafted = vec![self.draft_of(&nothing, &DraftOptions::default())];
            }
            // For which version values are, a manifest and refit.yaml know better than a chart beside them.
            WayKnown::Whole(_) if !leaves_version_open(request) => {
                if request.to.is_none() && request.since.is_none() {
                    let to = request.to_of.entry(old.name.clone());
                    to.or_insert_with(|| versions.new.clone());
                }
                return job.name_charts(&self.old.0, &self.new.0);
            }
            WayKnown::Whole(_) => {}
        }
        request.chart = Some(old.name.clone());
        request.from = Some(versions.old.clone());
        request.to = Some(versions.new.clone());
        // A version that only tells two work trees apart belongs in no manifest.
        request.keep_version |= versions.are_same;
        job.name_charts(&self.old.0, &self.new.0);
    }

    /// What was found as a draft.
    fn draft_of(&self, found: &Proposals, options: &DraftOptions) -> DraftedPack {
        let charts = (&self.old.1, &self.new.1);
        DraftedPack {
            texts: drafted(charts, &self.versions, found, options),
            is_on_top: self.known.newest().is_some(),
        }
    }

    /// True if a release goes from the one chart to the other.
    fn is_way_of(&self, release: &Release) -> bool {
        release.to_chart.is_none()
            && release.chart == self.old.1.name
            && release.from == self.versions.old
            && release.to == self.versions.new
    }

    /// The values of a release before and behind the steps of its pack; `None` if they cannot be had.
    ///
    /// # Errors
    ///
    /// If a migration of the pack cannot be read.
    fn migrated(
        &self,
        release: &Release,
        packs: &[Pack],
    ) -> anyhow::Result<Option<MigratedValues>> {
        let Some((before, after)) = values(release) else {
            return Ok(None);
        };
        let pack = pack_of(packs, &release.chart);
        let (Some(newest), Some(pack)) = (self.known.newest(), pack) else {
            return Ok(Some(MigratedValues::unchanged(&before)));
        };
        Ok(Some(MigratedValues::by_pack(
            release,
            pack,
            (before, after),
            newest,
        )?))
    }
}

/// True if nothing but the content of plain files would tell the chart and the version that the values are for.
fn leaves_version_open(request: &Request) -> bool {
    let states = request.from.is_some() || request.since.is_some() || !request.to_of.is_empty();
    if states {
        return false;
    }
    let outcome = upgrade(request);
    let by_content = |release: &Release| release.known_by == KnownBy::Content;
    let is_missing = |refusal: &Refusal| refusal.missing.is_some();
    let is_anything = !outcome.releases.is_empty() || !outcome.refused.is_empty();
    is_anything && outcome.releases.iter().all(by_content) && outcome.refused.iter().all(is_missing)
}

/// Drafts a migration for the releases of a job, and gives the job a pack that has it. Helm proves the draft; without
/// Helm it is made of what the charts say, and nothing in it is sure.
///
/// # Errors
///
/// If a pack cannot be read.
pub fn draft(job: &mut Job, both: &Both, terminal: &mut Terminal) -> anyhow::Result<()> {
    let is_on_top = both.known.newest().is_some();
    let request = Request {
        with_values: true,
        // What is drafted stands behind the pack's questions: it is made for what the pack recommends.
        accept_recommended: job.request.accept_recommended || is_on_top,
        ..job.request.clone()
    };
    let outcome = upgrade(&request);
    // A pack that cannot be loaded is refused by the outcome already.
    let packs = packs(&request).unwrap_or_default();
    let helm = Helm::from_env();
    let version = helm.version().ok();
    let mut found = Proposals::default();
    let mut renderings = 0;
    let on_way = |release: &&Release| !is_on_top || both.is_way_of(release);
    for release in outcome.releases.iter().filter(on_way) {
        let Some(migrated) = both.migrated(release, &packs)? else {
            continue;
        };
        let options = verify::options(&job.rendering, release);
        let renderer = |path| Renderer::new(helm.clone(), path, options.clone()).without_crds();
        let renderers = (renderer(&both.old.0), renderer(&both.new.0));
        let pair = PairOfCharts {
            old: &both.old.1,
            new: &both.new.1,
            renderers: version.is_some().then_some((&renderers.0, &renderers.1)),
        };
        found.add(draft::propose(&pair, &migrated));
        renderings += renderers.0.runs() + renderers.1.runs();
    }
    let options = DraftOptions {
        accepted: job.accept_drafts,
        pack_steps: match is_on_top {
            true => Some(step_ids(&packs, &both.old.1.name)?),
            false => None,
        },
    };
    job.request.drafted = vec![both.draft_of(&found, &options)];
    if job.detail == Detail::Quiet || job.format.is_whole() {
        return Ok(());
    }
    if outcome.releases.iter().any(|release| on_way(&release)) {
        terminal.say(&headline(both, &found, renderings));
    } else if !outcome.releases.is_empty() {
        let Versions { old, new, .. } = &both.versions;
        let chart = &both.old.1.name;
        terminal.say(&format!(
            "Nothing was drafted: no values here go from {chart} {old} to {new}.\n\n"
        ));
    }
    Ok(())
}

/// What was drafted, what a pack knows, and whether it was tried out.
fn headline(both: &Both, found: &Proposals, renderings: usize) -> String {
    let chart = &both.old.1.name;
    let Versions { old, new, .. } = &both.versions;
    let (what, was_drafted) = match &both.known {
        WayKnown::Nothing | WayKnown::Elsewhere => (
            format!("No pack is for the chart {chart}: what follows"),
            true,
        ),
        WayKnown::From(first) => (
            format!("refit knows {chart} from {first} on, and not {old}: all that follows"),
            true,
        ),
        WayKnown::UpTo(newest) if old < newest => (
            format!(
                "refit knows {chart} up to {newest}: its steps come first.\nWhat is newer or missing in them"
            ),
            true,
        ),
        WayKnown::UpTo(newest) => (
            format!("refit knows {chart} up to {newest}: what follows"),
            true,
        ),
        WayKnown::Whole(_) => (
            format!("refit knows {chart} {old} and {new}.\nWhat none of its steps speaks of"),
            !found.settings.is_empty() || !found.needed.is_empty() || !found.demands.is_empty(),
        ),
    };
    match (&found.unproven, was_drafted) {
        (None, true) => format!(
            "{what} was drafted from the two charts, and tried out in {renderings} renderings.\n\n"
        ),
        (None, false) => format!(
            "refit knows {chart} {old} and {new}.\nBeside what its steps say, no other setting of these values lost its effect ({renderings} renderings).\n\n"
        ),
        (Some(why), was_drafted) => {
            let drafted = match was_drafted {
                true => format!(
                    "{what} was drafted from what the two charts say, and could not be tried out"
                ),
                false => format!(
                    "refit knows {chart} {old} and {new}.\nNothing is missing in its steps as far as the two charts say, which could not be tried out"
                ),
            };
            let next = next_step(why);
            let next = next.map_or_else(String::new, |next| format!("  next: {next}\n"));
            format!("{drafted}.\n  why:  {why}\n{next}\n")
        }
    }
}

/// The ids of all steps of a chart's pack.
fn step_ids(packs: &[Pack], chart: &str) -> anyhow::Result<BTreeSet<String>> {
    let Some(pack) = pack_of(packs, chart) else {
        return Ok(BTreeSet::new());
    };
    let every = pack.every_migration()?.into_iter();
    let steps = every.flat_map(|(_, migration)| &migration.steps);
    Ok(steps.map(|step| step.id.clone()).collect())
}

/// The packs that there are, whatever chart was stated.
fn known_packs(request: &Request) -> anyhow::Result<Vec<Pack>> {
    let any = Request {
        pack_dirs: request.pack_dirs.clone(),
        supplied: request.supplied.clone(),
        ..Request::default()
    };
    packs(&any).map_err(|refusal| anyhow::anyhow!("{}: {}", refusal.name, refusal.what))
}

/// The part of the way between two charts that a pack knows.
fn way_known(
    known: &[Pack],
    request: &Request,
    (old, new): (&Chart, &Chart),
    versions: Option<&Versions>,
) -> WayKnown {
    let names = [Some(&old.name), Some(&new.name), request.chart.as_ref()];
    let mut names = names.into_iter().flatten();
    let Some(pack) = names.find_map(|name| pack_of(known, name)) else {
        return WayKnown::Nothing;
    };
    // A pack of one of two charts says nothing of the way between them, unless one takes the other's place.
    if old.name != new.name && request.chart.is_none() && !continues(pack, &old.name, &new.name) {
        return WayKnown::Nothing;
    }
    let newest = newest(pack);
    let stated = request.chart.as_ref().unwrap_or(&old.name);
    match versions {
        Some(versions) if !versions.are_same && *stated == old.name => {
            let first = pack.info.versions.keys().min().unwrap_or(newest);
            if versions.old < *first && old.name == new.name {
                WayKnown::From(first.clone())
            } else if versions.new > *newest {
                WayKnown::UpTo(newest.clone())
            } else if old.name == new.name {
                WayKnown::Whole(newest.clone())
            } else {
                WayKnown::Elsewhere
            }
        }
        _ => WayKnown::Elsewhere,
    }
}

/// True if a pack leads from one chart to another: it has the way, or the other is the same under another name.
fn continues(pack: &Pack, old: &str, new: &str) -> bool {
    let identity = &pack.identity;
    let has_name = |name: &str| {
        identity.chart == name
            || identity.identifies.names.iter().any(|other| other == name)
            || identity
                .called_before
                .iter()
                .any(|former| former.chart == name)
    };
    let by = pack.info.replaced_by.as_ref();
    has_name(old) && (has_name(new) || by.is_some_and(|by| by.chart == new))
}

fn pack_of<'p>(known: &'p [Pack], name: &str) -> Option<&'p Pack> {
    known.iter().find(|pack| pack.chart() == name)
}

/// The newest version that a pack knows, released or not.
fn newest(pack: &Pack) -> &Version {
    let versions = pack.info.versions.keys();
    versions.max().unwrap_or_else(|| pack.newest_release())
}

/// Refuses charts that are named for a run which neither renders nor drafts, and that carry no pack.
///
/// # Errors
///
/// If one is named.
pub fn refuse_useless(job: &Job) -> anyhow::Result<()> {
    let options = &job.rendering.options;
    let carry = supply::is_in_named(&job.request.supplied, options);
    if options.old_chart.is_some() && !carry {
        bail!(
            "--old-chart says how charts are rendered, which only --verify does: a pack says what changed between these versions"
        );
    }
    Ok(())
}
