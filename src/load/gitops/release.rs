//! One release out of what its manifest says: its name, its version, its layers, and what a person should
//! know of it before anything is worked out.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path as FilePath,
};

use super::{
    super::{Broken, LoadError, LoadErrorKind, Loader, NamedLayer, Sealed, Wanted},
    Carried, KnownChart, KnownFormerName, LayerDoubt, Mention, Pin, Scanned,
    patches::Patches,
};
use crate::{
    block::TextFile,
    carrier::{self, LayerSource, Sameness, VersionPart, VersionStyle, resolve::Placed},
    outcome::{FilePosition, KnownBy, Notice, NoticeSeverity, SeenIn, SeenRelease},
    values::{Map, Path},
    walk::Naming,
    yaml::NodeId,
};

/// Makes one release.
pub(super) struct Builder<'b> {
    pub(super) loader: &'b mut Loader,
    pub(super) scanned: &'b [Scanned],
    /// The files that were scanned, by their absolute path.
    pub(super) by_path: &'b HashMap<&'b FilePath, usize>,
    /// The patches that stand in them.
    pub(super) patches: &'b Patches,
    pub(super) one: &'b Carried,
    /// True if no other release has the same name.
    pub(super) unique: bool,
    pub(super) claimed: &'b mut BTreeSet<usize>,
    /// For a sub-chart: what the layers that were read so far have as `global` for all charts.
    pub(super) global: Map,
}

/// The layers of a release as they were read.
#[derive(Default)]
struct ReadLayers<'p> {
    /// The blocks, lowest first.
    layers: Vec<usize>,
    sealed: Vec<Sealed>,
    /// The blocks of each layer that the manifest names.
    block_of: Vec<(&'p Placed, usize)>,
    /// True if one of them cannot be read.
    refused: bool,
}

/// The version that a manifest names, in one of the forms that it can have.
#[derive(Default)]
struct NamedVersion {
    version: Option<(semver::Version, KnownBy)>,
    range: Option<carrier::Range>,
    pin: Option<Pin>,
    no_version: Option<Box<LoadError>>,
}

impl<'b> Builder<'b> {
    pub(super) fn build(
        mut self,
        chart: &KnownChart,
        sameness: Sameness,
        former: Option<&KnownFormerName>,
    ) {
        let Carried {
            release, carrier, ..
        } = self.one;
        let own = release.carrier.file;
        self.claimed.insert(self.scanned[own].file);
        let file_name = self.file(own).name.clone();
        let name = match self.unique {
            true => carrier.name.clone(),
            false => self.unlike_others(&format!("{file_name}#{}", carrier.name)),
        };
        // A patch names no chart, because the base that it is laid over does.
        let of_patch = |refused: &&carrier::Refused| {
            release.patches.is_some() && refused.reason == carrier::RefusalReason::NoChart
        };
        let refused = carrier.refused.as_ref();
        if let Some(refused) = refused.filter(|refused| !of_patch(refused)) {
            let kind = LoadErrorKind::Manifest {
                release: carrier.name.clone(),
                refused: refused.clone(),
            };
            self.refuse(own, refused.node, kind);
            return;
        }
        let (mut before, mut notices) = self.carrier_notices();
        let (tasks, patched) = self.told_patches();
        before.extend(tasks);
        notices.extend(self.layer_notices(chart, sameness));
        let read = self.read_layers();
        let copy = self.copy();
        if read.refused {
            let pin = self.pinned_at();
            let broken = Broken {
                name,
                layers: read.layers,
                pin,
            };
            self.loader.workspace.broken.push(broken);
            return;
        }
        let named = self.named_version(copy.as_ref());
        let doubts = self.doubts(&read.block_of);
        let mut mentions = self.mentions();
        mentions.extend(patched);
        if named.no_version.is_some() && read.layers.is_empty() && mentions.is_empty() {
            let seen = self.chart_elsewhere(chart);
            if seen.is_some() {
                self.loader.workspace.seen.extend(seen);
                return;
            }
        }
        self.loader.workspace.releases.push(Wanted {
            name,
            is_named: true,
            title: carrier.name.clone(),
            repository: release.chart.repository(),
            address: release.chart.source.address(),
            carrier: Some(carrier.kind.to_string()),
            chart: Some(chart.name.clone()),
            succession: former.map(|former| self.succession(chart, former)),
            replacement: self.replacement(chart),
            is_from_elsewhere: !chart.is_stated
                && matches!(
                    sameness,
                    Sameness::OtherRepository | Sameness::UnknownRepository
                )
                || (!chart.is_stated && !chart.is_in_tree && copy.is_some()),
            version: named.version,
            layers: read.layers,
            sealed: read.sealed,
            global: self.global,
            notices,
            range: named.range,
            pin: named.pin,
            copy,
            no_version: named.no_version,
            before,
            holder: self.scanned[own].file,
            release_name: carrier.release_name.clone(),
            mentions,
            doubts,
            ..Wanted::default()
        });
    }

    /// The notices of the manifest: what has to be done before, and the rest.
    fn carrier_notices(&self) -> (Vec<String>, Vec<Notice>) {
        let own = self.one.release.carrier.file;
        let (mut before, mut notices) = (Vec::new(), Vec::new());
        for notice in &self.one.carrier.notices {
            if notice.blocks {
                let at = self.at(own, notice.node);
                before.push(format!("{}:{}: {}", at.file, at.line, notice.text));
            } else {
                notices.push(self.notice(own, notice.node, notice.text.clone()));
            }
        }
        (before, notices)
    }

    /// The notices of layers that are not read whole, and of where the chart comes from.
    fn layer_notices(&self, chart: &KnownChart, sameness: Sameness) -> Vec<Notice> {
        let mut notices = Vec::from_iter(self.whose_chart(chart, sameness));
        if let Some(node) = self.one.carrier.templated.first() {
            let text = "A template writes a part of these values; refit carries it along as the text that it is.";
            let own = self.one.release.carrier.file;
            notices.push(self.notice(own, *node, text.to_owned()));
        }
        notices
    }

    /// Reads the layers that the manifest names. What is wrong with one is put to the errors of the run.
    fn read_layers(&mut self) -> ReadLayers<'b> {
        let mut read = ReadLayers::default();
        let one = self.one;
        let found: Vec<_> = one
            .release
            .layers
            .iter()
            .zip(&one.candidates)
            .flat_map(|(placed, candidates)| {
                let layers = self.layers(placed, candidates);
                layers.into_iter().map(move |layer| (placed, layer))
            })
            .collect();
        for (placed, layer) in found {
            match layer {
                Ok(Some(NamedLayer::Block(block))) => {
                    read.block_of.push((placed, block));
                    self.claimed
                        .insert(self.loader.workspace.blocks[block].file);
                    if !read.layers.contains(&block) {
                        read.layers.push(block);
                    }
                }
                Ok(Some(NamedLayer::Sealed(layer))) => read.sealed.push(Sealed {
                    below: read.layers.len(),
                    ..layer
                }),
                Ok(None) => {}
                Err(error) => {
                    read.refused = true;
                    self.loader.workspace.errors.push(*error);
                }
            }
        }
        read
    }

    /// The version that the manifest names. `copy` is where the chart's own version stands, if it is kept here.
    fn named_version(&self, copy: Option<&Pin>) -> NamedVersion {
        let mut named = NamedVersion::default();
        let Some((file, place)) = &self.one.release.version else {
            return named;
        };
        let is_of_copy = self.one.release.in_tree == Some(*file);
        named.pin = match is_of_copy {
            true => copy.cloned(),
            false => Pin::of(self.scanned[*file].file, place),
        };
        match &place.style {
            VersionStyle::Exact(exact) => {
                named.version = Some((exact.clone(), KnownBy::Carrier));
            }
            VersionStyle::Range(of) => named.range = Some(of.clone()),
            VersionStyle::Any => {}
            VersionStyle::Revision | VersionStyle::Templated | VersionStyle::Unknown => {
                let kind = LoadErrorKind::NoVersion(place.text.clone());
                let offset = place.part.offset(&self.file(*file).tree, place.node);
                named.no_version = Some(kind.at(self.file(*file), offset));
            }
        }
        named
    }

    /// A release whose chart is a folder that is not here: its version and its values are there, too, and nothing of it
    /// can be edited here. Of one that was named by itself that is an error.
    fn chart_elsewhere(&self, chart: &KnownChart) -> Option<SeenRelease> {
        let release = &self.one.release;
        let is_folder = matches!(release.chart.source, carrier::ChartSource::Folder { .. });
        let is_named = self.scanned[release.carrier.file].naming == Naming::Named;
        let is_elsewhere = is_folder && release.in_tree.is_none() && !is_named;
        is_elsewhere.then(|| SeenRelease {
            at: self.at(release.chart_file, release.chart.node),
            title: self.one.carrier.name.clone(),
            chart: chart.name.clone(),
            version: None,
            place: SeenIn::FolderElsewhere,
        })
    }

    /// The texts that name a setting by its path.
    fn mentions(&self) -> Vec<Mention> {
        let Carried {
            release, carrier, ..
        } = self.one;
        let of_carrier = |file: usize, prefix: &Path, mention: &carrier::PathMention| Mention {
            file: self.scanned[file].file,
            node: mention.node,
            within: None,
            text: mention.text.clone(),
            kind: mention.kind,
            prefix: prefix.clone(),
            operation: None,
        };
        let own = carrier.mentions.iter();
        let own = own.map(|mention| of_carrier(release.carrier.file, &release.prefix, mention));
        // A path that a value of the cluster is put at names a setting, though its value is not here.
        let unread = release.layers.iter().filter_map(|placed| {
            let target = match &placed.layer.source {
                LayerSource::Opaque { target, .. } => target.as_ref()?,
                LayerSource::Reference(reference) => reference.target_path.as_ref()?,
                _ => return None,
            };
            Some(Mention {
                file: self.scanned[placed.named_by.file].file,
                node: target.node,
                within: None,
                text: target.text.clone(),
                kind: carrier::MentionKind::SetPath,
                prefix: placed.prefix.clone(),
                operation: None,
            })
        });
        let deployer = self.one.deployer.iter().flat_map(|(file, carrier)| {
            let set = carrier.mentions.iter();
            set.map(|mention| of_carrier(*file, &release.outer, mention))
        });
        own.chain(unread).chain(deployer).collect()
    }

    /// The notice of where the chart comes from, if not from a repository that is known.
    fn whose_chart(&self, chart: &KnownChart, sameness: Sameness) -> Option<Notice> {
        let release = &self.one.release;
        let (file, node) = (release.chart_file, release.chart.node);
        let Some(own) = release.in_tree else {
            let text = from_elsewhere(chart, sameness);
            return match (&release.chart_gap, text) {
                (Some(gap), _) => {
                    let name = &chart.name;
                    let text = format!(
                        "{} The chart is called {name}; refit takes it for the one that it knows.",
                        gap.text
                    );
                    Some(self.notice(gap.file, gap.node, text))
                }
                (None, text) => Some(self.notice(file, node, text?)),
            };
        };
        let (own, name) = (&self.file(own).name, &chart.name);
        let text = format!(
            "This chart is kept here ({own}) and is called {name}; refit takes it for a copy of the one that it knows."
        );
        (!chart.is_in_tree).then(|| Notice {
            severity: NoticeSeverity::Note,
            ..self.notice(file, node, text)
        })
    }

    /// The version that the chart says of itself, if the chart is among the files.
    fn copy(&self) -> Option<Pin> {
        let file = self.one.release.in_tree?;
        let own = self.scanned[file].found.own_chart.as_ref()?;
        Pin::of_copy(self.scanned[file].file, own.version.as_ref()?)
    }

    pub(super) fn file(&self, file: usize) -> &TextFile {
        &self.loader.workspace.files[self.scanned[file].file]
    }

    /// A name that no release has so far: with a number behind it where one file has several of one name.
    fn unlike_others(&self, name: &str) -> String {
        let workspace = &self.loader.workspace;
        let taken = |name: &String| {
            let releases = workspace.releases.iter().map(|wanted| &wanted.name);
            let broken = workspace.broken.iter().map(|broken| &broken.name);
            releases.chain(broken).any(|other| other == name)
        };
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names.find(|name| !taken(name)).unwrap_or_default()
    }

    pub(super) fn at(&self, file: usize, node: NodeId) -> FilePosition {
        let file = self.file(file);
        file.at(file.tree.span(node).start)
    }

    fn notice(&self, file: usize, node: NodeId, text: String) -> Notice {
        Notice {
            at: Some(self.at(file, node)),
            severity: NoticeSeverity::Action,
            text,
            path: None,
        }
    }

    fn refuse(&mut self, file: usize, node: NodeId, kind: LoadErrorKind) {
        let error = kind.at_node(self.file(file), node);
        self.loader.workspace.errors.push(*error);
        self.loader.workspace.broken.push(Broken {
            name: self.one.carrier.name.clone(),
            layers: Vec::new(),
            pin: self.pinned_at(),
        });
    }

    /// The place where the manifest names the version.
    fn pinned_at(&self) -> Option<(usize, NodeId, VersionPart)> {
        let (file, place) = self.one.release.version.as_ref()?;
        Some((self.scanned[*file].file, place.node, place.part))
    }

    /// The settings of which it is not certain which layer wins.
    fn doubts(&self, block_of: &[(&Placed, usize)]) -> Vec<LayerDoubt> {
        let own = self.one.release.carrier.file;
        let tree = &self.file(own).tree;
        let high = |node: NodeId| {
            block_of
                .iter()
                .find(|(placed, _)| match &placed.layer.source {
                    LayerSource::Paths { entries, .. } => {
                        placed.file == own && entries.iter().any(|entry| entry.name == node)
                    }
                    _ => false,
                })
        };
        let low = |node: NodeId| {
            block_of.iter().find(|(placed, _)| {
                let is_map = matches!(placed.layer.source, LayerSource::Map);
                placed.file == own && is_map && tree.is_within(node, placed.layer.node)
            })
        };
        let doubts = self.one.carrier.doubts.iter();
        doubts
            .filter_map(|doubt| {
                Some(LayerDoubt {
                    path: doubt.path.clone(),
                    high: high(doubt.high)?.1,
                    low: low(doubt.low)?.1,
                    at: [self.at(own, doubt.high), self.at(own, doubt.low)],
                    why: doubt.why.clone(),
                })
            })
            .collect()
    }
}

/// The note for a person on the source of a chart.
fn from_elsewhere(chart: &KnownChart, sameness: Sameness) -> Option<String> {
    let name = &chart.name;
    match sameness {
        Sameness::Same | Sameness::OtherChart => None,
        Sameness::OtherRepository => Some(format!(
            "This chart is called {name} and comes from another repository than the one that refit knows: a mirror, or a fork that may differ."
        )),
        Sameness::UnknownRepository | Sameness::Unresolved => Some(format!(
            "This chart is called {name}; where it comes from is not said here. refit takes it for the one that it knows."
        )),
    }
}
