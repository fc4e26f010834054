//! The way of releases from manifests into the workspace: those of known charts are built, others are noted, and
//! what is left over is kept for plain values.
//!
//! Apart from how manifests are read, because which file is whose is decided here: a file that one release has for
//! its own is never taken for plain values of another.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path as FilePath,
};

use super::{
    super::{InputFile, Loader, OtherRelease, ReleaseRequest, Sealed, Workspace, file},
    Carried, KnownChart, KnownFormerName, KnownNamesake, Means, Scanned, UNNAMED,
    another_of_that_name, means_of, not_ours, overlays,
    patches::Patches,
    release::Builder,
};
use crate::{
    carrier::{self, ChartSource, Sameness, resolve},
    outcome::{SeenIn, SeenRelease},
    values::Map,
    walk::Naming,
};

/// The releases of manifests on their way into the workspace.
pub(super) struct Gathering<'g> {
    pub(super) loader: &'g mut Loader,
    pub(super) charts: &'g [KnownChart],
    pub(super) scanned: &'g [Scanned],
    /// The files that were scanned, by their absolute path.
    pub(super) by_path: &'g HashMap<&'g FilePath, usize>,
    pub(super) patches: &'g Patches,
    /// The number of releases of each name.
    pub(super) names: &'g BTreeMap<&'g str, usize>,
    /// The files that a release of a known chart takes for its own.
    pub(super) claimed: BTreeSet<usize>,
    /// The files that releases of other charts name, and those charts.
    pub(super) of_others: BTreeMap<usize, String>,
}

impl<'g> Gathering<'g> {
    /// Adds the releases of one file; gives the charts among them that are not known.
    pub(super) fn add_releases(&mut self, releases: &[Carried]) -> BTreeSet<String> {
        let mut others = BTreeSet::new();
        for one in releases {
            match means_of(one, self.charts) {
                Means::Known(chart, sameness, former) => {
                    self.add_known(one, chart, sameness, former);
                    continue;
                }
                Means::Namesake(chart, namesake) => self.refuse_namesake(one, chart, namesake),
                Means::Other => {}
            }
            others.insert(self.note_other(one));
        }
        others
    }

    fn refuse_namesake(&mut self, one: &Carried, chart: &KnownChart, namesake: &KnownNamesake) {
        let release = &one.release;
        let file = &self.loader.workspace.files[self.scanned[release.chart_file].file];
        let error = another_of_that_name(one, chart, namesake);
        let error = error.at_node(file, release.chart.node);
        self.loader.workspace.errors.push(*error);
        // Its values are the other chart's, so they must not be taken for plain values either.
        self.claimed.insert(self.scanned[release.carrier.file].file);
    }

    /// Notes a release of a chart that is not known; gives the chart's name.
    fn note_other(&mut self, one: &Carried) -> String {
        let release = &one.release;
        let workspace = &mut self.loader.workspace;
        let name = release.chart.name().unwrap_or(UNNAMED).to_owned();
        *workspace.others.entry(name.clone()).or_default() += 1;
        let version = release.version.as_ref();
        workspace.other_releases.push(OtherRelease {
            title: one.carrier.name.clone(),
            holder: self.scanned[release.carrier.file].file,
            chart: release.chart.name().map(str::to_owned),
            address: release.chart.source.address(),
            version: version.map(|(_, place)| place.text.clone()),
        });
        workspace.seen.extend(called_like_a_chart(
            workspace,
            self.scanned,
            one,
            self.charts,
        ));
        let named = one.candidates.iter().flatten();
        let files = named.filter_map(|path| self.by_path.get(path.as_path()));
        self.of_others
            .extend(files.map(|file| (*file, name.clone())));
        name
    }

    fn add_known(
        &mut self,
        one: &Carried,
        chart: &KnownChart,
        sameness: Sameness,
        former: Option<&KnownFormerName>,
    ) {
        if one.carrier.kind == carrier::CarrierKind::Dependency {
            let under = one.release.outer.clone();
            let dependencies = &mut self.loader.workspace.dependencies;
            dependencies.insert((under, chart.name.clone()));
        }
        // Lent to the builder, which borrows everything else of this.
        let mut claimed = std::mem::take(&mut self.claimed);
        self.builder(one, &mut claimed)
            .build(chart, sameness, former);
        if let Some(chart) = one.release.in_tree {
            // The defaults of a chart go with the chart.
            let defaults = self.scanned[chart].path.with_file_name("values.yaml");
            claimed.extend(self.by_path.get(defaults.as_path()));
        }
        self.claimed = claimed;
    }

    fn is_unique(&self, one: &Carried) -> bool {
        self.names.get(one.carrier.name.as_str()) == Some(&1)
    }

    fn builder<'b>(
        &'b mut self,
        one: &'b Carried,
        claimed: &'b mut BTreeSet<usize>,
    ) -> Builder<'b> {
        Builder {
            unique: self.is_unique(one),
            loader: self.loader,
            scanned: self.scanned,
            by_path: self.by_path,
            patches: self.patches,
            one,
            claimed,
            global: Map::new(),
        }
    }

    /// Adds what lies above releases of known charts without being named by their manifests: values beside
    /// umbrella charts, and patches.
    pub(super) fn add_overlaid(&mut self, carried: &[Vec<Carried>]) {
        // What a manifest names is its layer, also where it cannot be read.
        let mut taken = self.claimed.clone();
        let named = carried.iter().flatten().flat_map(|one| &one.candidates);
        let named = named.flatten();
        taken.extend(named.filter_map(|path| self.by_path.get(path.as_path())));
        // Another dependency of the chart may have values in the same file, so what one claims stops no other.
        let mut claimed = BTreeSet::new();
        let mut overlaid_by: BTreeSet<(resolve::CarrierRef, String)> = BTreeSet::new();
        for one in carried.iter().flatten() {
            let Means::Known(chart, sameness, former) = means_of(one, self.charts) else {
                continue;
            };
            let (scanned, by_path) = (self.scanned, self.by_path);
            let mut more = overlays::overlays(self.loader, scanned, by_path, one, &taken);
            // Several deployers of a chart leave the same files to themselves.
            more.retain(|overlaid| {
                let title = overlaid.carrier.name.clone();
                overlaid_by.insert((overlaid.release.carrier, title))
            });
            more.extend(self.patches.patched(self.loader, scanned, one));
            for overlaid in &more {
                let unique = self.is_unique(one);
                let mut builder = self.builder(overlaid, &mut claimed);
                builder.unique = unique;
                builder.build(chart, sameness, former);
            }
        }
        self.claimed.extend(claimed);
    }

    /// Keeps a file that is no release's own for plain values, or says why a file that was named is of no use.
    pub(super) fn leave_over(&mut self, file: &Scanned, others: &BTreeSet<String>) {
        // What another tool's manifest says is no values file, and was told.
        let is_told = !file.found.overrides.is_empty() || !file.found.elsewhere.is_empty();
        if is_told || self.claimed.contains(&file.file) {
            return;
        }
        let Loader {
            workspace, plain, ..
        } = &mut *self.loader;
        let loaded = &workspace.files[file.file];
        let path = || loaded.path.clone().unwrap_or_default();
        if !file.found.carriers.is_empty() {
            if file.naming == Naming::Named {
                let error = not_ours(others, self.charts).of(&loaded.name);
                workspace.errors.push(*error);
            }
            return;
        }
        // With a chart that is stated, whoever lists files means values.
        let is_meant = match file.naming {
            Naming::Found => false,
            Naming::Listed => self.charts.iter().any(|chart| chart.is_stated),
            Naming::Named => true,
        };
        let checked = match plain.get(&file.file) {
            _ if is_meant => Ok(()),
            Some(checked) => checked.clone(),
            None => file::check(loaded),
        };
        match checked {
            Err(error) => {
                let sealed = Sealed::of(&path(), error);
                workspace.unclaimed_sealed.extend(sealed);
            }
            Ok(()) if file.naming == Naming::Found => workspace.unclaimed.push(file.file),
            Ok(()) => {
                let request = ReleaseRequest {
                    is_listed: file.naming == Naming::Listed,
                    ..ReleaseRequest::new(vec![InputFile::Path(path())])
                };
                self.loader.release(&request, None);
            }
        }
    }
}

/// A release whose chart an object brings that is not here, if the object or the release is called like a known chart.
fn called_like_a_chart(
    workspace: &Workspace,
    scanned: &[Scanned],
    one: &Carried,
    charts: &[KnownChart],
) -> Option<SeenRelease> {
    let release = &one.release;
    let ChartSource::Object(object) = &release.chart.source else {
        return None;
    };
    let file = &scanned[release.chart_file];
    // Of one that was named by itself that is an error.
    if file.naming == Naming::Named {
        return None;
    }
    let names = [
        Some(object.name.as_str()),
        one.carrier.release_name.as_deref(),
    ];
    let is_called = |chart: &String| names.iter().flatten().any(|name| *name == chart);
    let mut charts = charts.iter();
    let chart = charts.find(|known| known.names().any(is_called))?;
    let loaded = &workspace.files[file.file];
    Some(SeenRelease {
        at: loaded.at(loaded.tree.span(object.node).start),
        title: one.carrier.name.clone(),
        chart: chart.name.clone(),
        version: None,
        place: SeenIn::ObjectElsewhere,
    })
}
