//! Files beside an umbrella chart that hold values of its dependencies: `values-prod.yaml`, `env/prod.yaml`.
//!
//! Helm reads them above the chart's own `values.yaml`, and which of them together is said by whoever
//! deploys the chart. What a manifest names is a layer where it says so; each file that none names is taken
//! above `values.yaml` by itself: so it is not left behind, and nothing is assumed of its neighbours.
//! A file counts if it is plain YAML in the chart's own folder (not in a chart below it) and has a map under the
//! dependency's alias or name. Of a chart that others take in, the files beside the outermost one count.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path as FilePath,
};

use super::{Carried, Scanned, layer::has_map_at};
use crate::{
    carrier::{CarrierKind, CarrierLayer, FileRef, LayerSource, Root, resolve, resolve::Placed},
    load::Loader,
};

/// The dependency's release once more for each such file that is not claimed, with that file on top.
pub(super) fn overlays(
    loader: &Loader,
    scanned: &[Scanned],
    by_path: &HashMap<&FilePath, usize>,
    one: &Carried,
    claimed: &BTreeSet<usize>,
) -> Vec<Carried> {
    if one.carrier.kind != CarrierKind::Dependency {
        return Vec::new();
    }
    let mut one = one.clone();
    // What nobody names is not above what a deployer sets.
    if one.release.deployed_by.take().is_some() {
        let charts =
            std::iter::once(one.release.carrier).chain(one.release.parents.iter().copied());
        let charts: Vec<resolve::CarrierRef> = charts.collect();
        let layers = std::mem::take(&mut one.release.layers);
        let candidates = std::mem::take(&mut one.candidates);
        let of_charts = layers.into_iter().zip(candidates);
        let of_charts = of_charts.filter(|(placed, _)| charts.contains(&placed.named_by));
        (one.release.layers, one.candidates) = of_charts.unzip();
        one.deployer = None;
    }
    let outermost = one.release.parents.last().copied();
    let outermost = outermost.unwrap_or(one.release.carrier);
    let chart = &scanned[outermost.file];
    let named_here = |placed: &&Placed| placed.named_by == outermost;
    let there = one.release.layers.iter().find(named_here).cloned();
    let Some(own) = there.or_else(|| add_own(&mut one, outermost, chart)) else {
        return Vec::new();
    };
    let Some(folder) = chart.path.parent() else {
        return Vec::new();
    };
    let one = &one;
    let is_plain = |file: &&Scanned| {
        file.found.carriers.is_empty()
            && file.found.objects.is_empty()
            && !claimed.contains(&file.file)
            && has_map_at(&loader.workspace.files[file.file].tree, &one.release.outer)
    };
    // The innermost chart that a file is in is the one that it may hold values of.
    let innermost = |path: &FilePath| {
        let mut above = path.ancestors().skip(1);
        above.find(|above| by_path.contains_key(above.join("Chart.yaml").as_path())) == Some(folder)
    };
    let files = scanned.iter().filter(|file| file.path.starts_with(folder));
    files
        .filter(|file| innermost(&file.path))
        .filter(is_plain)
        .filter_map(|file| {
            let below = file.path.strip_prefix(folder).ok()?.display().to_string();
            let mut overlaid = one.clone();
            overlaid.carrier.name = format!("{} with {below}", one.carrier.name);
            overlaid.release.layers.push(Placed {
                layer: CarrierLayer {
                    source: LayerSource::File(FileRef {
                        path: below,
                        root: Root::Folder,
                        missing_ok: false,
                        glob: false,
                    }),
                    ..own.layer.clone()
                },
                ..own.clone()
            });
            overlaid.candidates.push(vec![file.path.clone()]);
            Some(overlaid)
        })
        .collect()
}

/// Puts the values of the outermost chart on top: they were left out where a deployer names them once more.
fn add_own(one: &mut Carried, outermost: resolve::CarrierRef, chart: &Scanned) -> Option<Placed> {
    let carrier = &chart.found.carriers[outermost.carrier];
    let layer = carrier.layers.first()?;
    let LayerSource::File(file) = &layer.source else {
        return None;
    };
    let own = Placed {
        file: outermost.file,
        layer: layer.clone(),
        value: None,
        named_by: outermost,
        prefix: one.release.outer.clone(),
    };
    one.candidates
        .push(vec![chart.path.with_file_name(&file.path)]);
    one.release.layers.push(own.clone());
    Some(own)
}
