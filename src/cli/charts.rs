//! Two versions of a chart that are named, where no pack says what changed between them.
//!
//! A pack comes first: where one reaches to the new chart, the charts only render, and nothing here is done. What is
//! newer than all that a pack knows is drafted, for values that are for its newest version or a later one.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use refit::{
    chart::Chart,
    draft::{self, PairOfCharts, Proposals, Versions, bare_pack, drafted},
    effect::{
        helm::{Helm, next_step},
        render::Renderer,
        source::ChartLocation,
        values,
    },
    pack::Pack,
    report::Detail,
    upgrade::{Request, packs, upgrade},
};
use semver::Version;

use super::{meaning::Job, supply, terminal::Terminal, verify};

/// Two charts that are named, read.
pub struct Both {
    old: (PathBuf, Chart),
    new: (PathBuf, Chart),
    versions: Versions,
    /// The newest version that the pack of the chart knows, if it has one: the charts are newer.
    known_up_to: Option<Version>,
    /// The folder of charts that Helm fetched; it is removed with this.
    #[allow(dead_code, reason = "it is there until the job is done")]
    folder: tempfile::TempDir,
}

/// Reads the charts that a job names, if no pack says what changed between them, and gives the job a pack that knows their versions.
/// What Helm fetches is fetched once: from here on the job names the archives, in a folder that goes with what is
/// given back.
///
/// # Errors
///
/// If only one chart is named, one cannot be had, they do not fit what else was said, or a pack knows a part of the way.
pub fn without_pack(job: &mut Job) -> anyhow::Result<Option<Both>> {
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
    if stated == Some(Some(true)) {
        return Ok(None);
    }
    let folder = tempfile::tempdir().context("no folder for charts")?;
    let mut named = Vec::new();
    for (flag, text, version, of) in [
        ("--old-chart", &old, request.from.as_ref(), "--from"),
        ("--new-chart", &new, request.to.as_ref(), "--to"),
    ] {
        let source =
            ChartLocation::named(text, &version.map(Version::to_string).unwrap_or_default());
        if let ChartLocation::Reference { reference, .. } = &source {
            let name = reference.rsplit('/').next().unwrap_or(reference);
            // Without a version the newest that a pack knows is meant.
            if matches!(knows_target(name), Some(None | Some(true))) {
                return Ok(None);
            }
            if version.is_none() {
                bail!(
                    "there is no folder or archive {text}, and which version helm shall fetch is not said\n  next: say it with {of} VERSION, or name a folder or an archive with {flag}"
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
    let known_up_to = match way_known(&known, request, (&old, &new), versions.as_ref())? {
        WayKnown::Whole => return Ok(None),
        WayKnown::UpTo(newest) => Some(newest),
        WayKnown::None => None,
    };
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
    let request = &mut job.request;
    request.drafted = vec![bare_pack(&old, &new, &versions)];
    request.chart = Some(old.name.clone());
    request.from = Some(versions.old.clone());
    request.to = Some(versions.new.clone());
    // A version that only tells two work trees apart belongs in no manifest.
    request.keep_version |= versions.are_same;
    job.name_charts(&old_path, &new_path);
    Ok(Some(Both {
        old: (old_path, old),
        new: (new_path, new),
        versions,
        known_up_to,
        folder,
    }))
}

/// Drafts a migration for the releases of a job, and gives the job a pack that has it. Helm proves the draft; without
/// Helm it is made of what the charts say, and nothing in it is sure.
pub fn draft(job: &mut Job, both: &Both, terminal: &mut Terminal) {
    let request = Request {
        with_values: true,
        ..job.request.clone()
    };
    let outcome = upgrade(&request);
    let helm = Helm::from_env();
    let version = helm.version().ok();
    let mut found = Proposals::default();
    let mut renderings = 0;
    for release in &outcome.releases {
        let Some((before, _)) = values(release) else {
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
        found.add(draft::propose(&pair, &before));
        renderings += renderers.0.runs() + renderers.1.runs();
    }
    job.request.drafted = vec![drafted(
        &both.old.1,
        &both.new.1,
        &both.versions,
        &found,
        job.accept_drafts,
    )];
    if job.detail == Detail::Quiet || job.format.is_whole() {
        return;
    }
    let chart = &both.old.1.name;
    let no_pack = match &both.known_up_to {
        Some(newest) => format!("refit knows {chart} up to {newest}"),
        None => format!("No pack is for the chart {chart}"),
    };
    match &found.unproven {
        None => terminal.say(&format!(
            "{no_pack}: what follows was drafted from the two charts, and tried out in {renderings} renderings.\n\n"
        )),
        Some(why) => terminal.say(&format!(
            "{no_pack}: what follows was drafted from what the two charts say, and could not be tried out.\n  why:  {why}\n{}\n",
            next_step(why).map_or_else(String::new, |next| format!("  next: {next}\n"))
        )),
    }
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
enum WayKnown {
    /// No pack is for the chart.
    None,
    /// A pack reaches to the new chart; or the charts are not just the chart that was stated, and only render.
    Whole,
    /// The values may be for this version, which is the newest that a pack knows, or for a later one.
    UpTo(Version),
}

/// The part of the way between two charts that a pack knows.
///
/// # Errors
///
/// If it ends between them: its steps come first, and what follows is drafted for values that took them.
fn way_known(
    known: &[Pack],
    request: &Request,
    (old, new): (&Chart, &Chart),
    versions: Option<&Versions>,
) -> anyhow::Result<WayKnown> {
    let names = [Some(&old.name), Some(&new.name), request.chart.as_ref()];
    let mut names = names.into_iter().flatten();
    let Some(pack) = names.find_map(|name| pack_of(known, name)) else {
        return Ok(WayKnown::None);
    };
    // A pack of one of two charts says nothing of the way between them, unless one takes the other's place.
    if old.name != new.name && request.chart.is_none() && !continues(pack, &old.name, &new.name) {
        return Ok(WayKnown::None);
    }
    let newest = newest(pack);
    let stated = request.chart.as_ref().unwrap_or(&old.name);
    match versions {
        Some(versions) if versions.new > *newest && !versions.are_same && *stated == old.name => {
            if versions.old < *newest {
                bail!(
                    "refit knows {stated} up to {newest}, and --new-chart is {}\n  next: bring the values to {newest} first (--to {newest}, without charts), then name the chart {newest} with --old-chart: what comes after it is drafted",
                    versions.new
                );
            }
            Ok(WayKnown::UpTo(newest.clone()))
        }
        _ => Ok(WayKnown::Whole),
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
