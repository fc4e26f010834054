//! Which packs a run has beside those that are named and built in: of `refit.yaml`, and of charts.

use std::path::{Path, PathBuf};

use refit::{
    chart::Chart,
    load::InputFile,
    memory::Project,
    outcome::Refusal,
    pack::{PackOrigin, SuppliedPack},
    refusal::Reason,
    supply::{
        self, SupplyError,
        in_charts::{self, OfCharts},
    },
    upgrade::{Request, Supplied},
};
use semver::Version;

use super::args::RenderOptions;

/// The packs that `refit.yaml` names.
#[must_use]
pub fn of_project(project: Option<&Project>) -> Vec<Supplied> {
    let named = project.iter().flat_map(|project| {
        let packs = project.file.packs.iter();
        packs.map(move |(chart, reference)| {
            let pack = supply::of_project(project, chart, reference);
            let place = project.path.display().to_string();
            Supplied {
                chart: Some(chart.clone()),
                carried_by: None,
                pack: pack.map_err(|error| supply_refusal(&error, &place)),
            }
        })
    });
    named.collect()
}

/// An error as it is told.
#[must_use]
pub fn supply_refusal(error: &SupplyError, place: &str) -> Box<Refusal> {
    Reason::new(error.to_string()).next(error.next()).of(place)
}

/// Adds to a request what `refit.yaml` and charts supply: the charts that are named for rendering, and those that its
/// files point to.
pub fn add(request: &mut Request, project: Option<&Project>, rendering: &RenderOptions) {
    request.supplied = of_project(project);
    let mut of_charts = OfCharts::default();
    let layers = request
        .releases
        .iter()
        .flat_map(|release| &release.layers)
        .filter_map(|input| match input {
            InputFile::Path(path) => Some(path.as_path()),
            InputFile::Stdin(_) => None,
        });
    let named = named(rendering);
    let charts = named
        .iter()
        .map(PathBuf::as_path)
        .chain(in_charts::of_layers(layers).iter().map(PathBuf::as_path))
        .chain(
            in_charts::of_files(&request.found)
                .iter()
                .map(PathBuf::as_path),
        )
        .map(Path::to_owned)
        .collect::<Vec<_>>();
    for chart in charts {
        let before = of_charts.packs.len();
        let pack = match of_charts.add(&chart) {
            // That it cannot be read is told by whoever needs the chart itself.
            Ok(()) | Err(SupplyError::Io { .. }) => of_charts.packs.get(before).cloned().map(Ok),
            Err(error) => Some(Err(supply_refusal(&error, &chart.display().to_string()))),
        };
        let supplied = pack.map(|pack| Supplied {
            chart: None,
            carried_by: in_charts::name_of(&chart),
            pack,
        });
        request.supplied.extend(supplied);
    }
    request.named_packs = of_charts.named;
}

/// The charts that are named for rendering and are here, the newer first: what changed in a chart is said by its newest
/// version.
fn named(rendering: &RenderOptions) -> Vec<PathBuf> {
    let named = [&rendering.new_chart, &rendering.old_chart];
    let paths = named.into_iter().flatten().map(PathBuf::from);
    paths.filter(|path| path.exists()).collect()
}

/// True if one of the charts that are named for rendering carries a pack, sound or not.
#[must_use]
pub fn is_in_named(supplied: &[Supplied], rendering: &RenderOptions) -> bool {
    let named = names(rendering);
    in_named(supplied, rendering).is_some()
        || supplied.iter().any(|supplied| match &supplied.pack {
            Err(refusal) => supplied.chart.is_none() && named.contains(&refusal.name),
            Ok(_) => false,
        })
}

fn in_named<'s>(supplied: &'s [Supplied], rendering: &RenderOptions) -> Option<&'s SuppliedPack> {
    let named = names(rendering);
    let mut packs = supplied
        .iter()
        .filter_map(|supplied| supplied.pack.as_ref().ok());
    packs.find(|pack| matches!(&pack.origin, PackOrigin::Chart { place } if named.contains(place)))
}

fn names(rendering: &RenderOptions) -> Vec<String> {
    let named = named(rendering);
    named
        .iter()
        .map(|path| path.display().to_string())
        .collect()
}

/// Where a chart that is named carries the pack, the values are for the chart that it is for, and go from the version of
/// the one to that of the other, unless somebody said otherwise.
pub fn take_from_named(request: &mut Request, rendering: &RenderOptions) {
    let Some(pack) = in_named(&request.supplied, rendering) else {
        return;
    };
    let Ok(pack) = pack.load() else {
        return;
    };
    let version = |named: &Option<String>| -> Option<Version> {
        let path = named.as_ref().map(Path::new).filter(|path| path.exists())?;
        let chart = Chart::load(path).ok()?;
        let version = chart.semver()?;
        (chart.name == pack.chart() && pack.info.versions.contains_key(&version)).then_some(version)
    };
    let (old, new) = (version(&rendering.old_chart), version(&rendering.new_chart));
    if request.chart.is_none() {
        request.chart = Some(pack.chart().to_owned());
    }
    if request.chart.as_deref() == Some(pack.chart()) {
        request.from = request.from.take().or(old);
        request.to = request.to.take().or(new);
    }
}
