//! Releases in the files of a GitOps repository: manifests that say which chart, which version, and where
//! the values are, in themselves or in files beside them.
//!
//! What a manifest says is found by [`carrier`](crate::carrier); here it becomes releases with layers. A
//! carrier is taken only if its chart is one that is known; a file that was found in a folder and belongs
//! to no carrier is never edited, because a key such as `controller.image` is one of many charts.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::{Path as FilePath, PathBuf},
};

use super::{Asked, Broken, Input, Layer, Loader, Place, Sealed, Wanted, sealed::invented};
use crate::{
    carrier::{
        self, Carrier, ChartRef, MentionKind, Sameness, Source, TargetPath, VersionStyle, paths,
        resolve::{self, Index, Placed},
        set::{self, Typing},
    },
    outcome::{At, KnownBy, Notice, Refusal},
    refusal::Reason,
    values::{Map, Path, Segment, place_of, view::Kind, view::View},
    walk::{self, Found},
    yaml::{NodeId, Tree},
};

/// A chart that can be upgraded.
#[derive(Debug, Clone)]
pub struct KnownChart {
    /// Its name.
    pub name: String,
    /// The repositories that it is published in.
    pub repositories: Vec<String>,
}

/// Where a manifest names the version of a chart.
#[derive(Debug, Clone)]
pub struct Pin {
    /// The file.
    pub file: usize,
    /// The scalar.
    pub node: NodeId,
    /// Its text.
    pub text: String,
    /// Whether it is a chart version, or a range of them, that can be raised.
    pub is_version: bool,
}

/// A path string that names a setting of a release without setting it: a `condition` in `Chart.yaml`.
#[derive(Debug, Clone)]
pub struct Mention {
    /// The file.
    pub file: usize,
    /// The scalar.
    pub node: NodeId,
    /// Its text.
    pub text: String,
    /// Who reads it.
    pub kind: MentionKind,
    /// Where the chart's values stand in its parent's.
    pub prefix: Path,
}

/// A setting that two layers set, of which it is not certain which one wins.
#[derive(Debug, Clone)]
pub struct Doubt {
    /// The setting.
    pub path: Path,
    /// The layer that should win by the documentation.
    pub high: usize,
    /// The other one.
    pub low: usize,
    /// Where they stand.
    pub at: [At; 2],
    /// Why it is not certain.
    pub why: String,
}

/// A file that was read, with what it carries.
struct Scanned {
    file: usize,
    /// Its absolute path.
    path: PathBuf,
    found: carrier::Found,
    named: bool,
}

/// A release as its carrier has it.
struct Carried {
    release: resolve::Release,
    carrier: Carrier,
    /// For each layer that is a file: where that can be.
    candidates: Vec<Vec<PathBuf>>,
}

/// Adds what was found in files.
pub(super) fn add(loader: &mut Loader, found: &[Found], charts: &[KnownChart]) {
    if found.is_empty() {
        return;
    }
    let scanned = scan(loader, found, charts);
    let carried = carried(loader, &scanned);
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for one in carried.iter().flatten() {
        *names.entry(one.carrier.name.clone()).or_default() += 1;
    }
    let by_path: HashMap<&FilePath, usize> = scanned
        .iter()
        .map(|file| (file.path.as_path(), file.file))
        .collect();
    let mut claimed: BTreeSet<usize> = BTreeSet::new();
    let mut others: Vec<BTreeSet<String>> = Vec::new();
    let mut of_others: BTreeMap<usize, String> = BTreeMap::new();
    for releases in &carried {
        let mut other = BTreeSet::new();
        for one in releases {
            let Some((chart, sameness)) = known(&one.release.chart, charts) else {
                let name = one.release.chart.name().unwrap_or("of another kind");
                *loader.workspace.others.entry(name.to_owned()).or_default() += 1;
                other.insert(name.to_owned());
                let named = one.candidates.iter().flatten();
                let files = named.filter_map(|path| by_path.get(path.as_path()));
                of_others.extend(files.map(|file| (*file, name.to_owned())));
                continue;
            };
            let builder = Builder {
                loader,
                scanned: &scanned,
                by_path: &by_path,
                one,
                unique: names.get(&one.carrier.name) == Some(&1),
                claimed: &mut claimed,
            };
            builder.build(chart, sameness);
        }
        others.push(other);
    }
    loader.workspace.of_other_charts = of_others;
    for (file, other) in scanned.iter().zip(others) {
        if claimed.contains(&file.file) {
            continue;
        }
        let Loader {
            workspace, plain, ..
        } = &*loader;
        let loaded = &workspace.files[file.file];
        if file.found.carriers.is_empty() {
            if file.named {
                let path = loaded.path.clone().unwrap_or_default();
                loader.release(&Asked::new(vec![Input::Path(path)]));
            } else {
                let checked = match plain.get(&file.file) {
                    Some(checked) => checked.clone(),
                    None => loaded.check(),
                };
                match checked {
                    Ok(()) => loader.workspace.unclaimed.push(file.file),
                    Err(refusal) => {
                        let path = loaded.path.clone().unwrap_or_default();
                        let sealed = Sealed::of(&path, refusal);
                        loader.workspace.unclaimed_sealed.extend(sealed);
                    }
                }
            }
        } else if file.named {
            loader
                .workspace
                .refused
                .push(not_ours(&loaded.name, &other, charts));
        }
    }
}

fn not_ours(name: &str, other: &BTreeSet<String>, charts: &[KnownChart]) -> Refusal {
    let other: Vec<&str> = other.iter().map(String::as_str).collect();
    let known: Vec<&str> = charts.iter().map(|chart| chart.name.as_str()).collect();
    *Reason::new("it deploys no chart that refit knows")
        .why(format!("It names: {}.", other.join(", ")))
        .next(format!(
            "Known charts: {}. Another one can be described: --pack DIR.",
            known.join(", ")
        ))
        .of(name)
}

/// Reads the files, and finds what they carry.
fn scan(loader: &mut Loader, found: &[Found], charts: &[KnownChart]) -> Vec<Scanned> {
    let here = std::env::current_dir().unwrap_or_default();
    let mut scanned: Vec<Scanned> = Vec::new();
    let mut seen: HashSet<usize> = HashSet::new();
    for file in found {
        let input = Input::Path(file.path.clone());
        let read = match file.kind {
            walk::Kind::Template => Err(template(&input.name())),
            walk::Kind::Yaml => loader.file(&input),
        };
        match read {
            Ok(index) if !seen.insert(index) => {}
            Ok(index) => {
                let tree = &loader.workspace.files[index].tree;
                let carried = loader.carried.remove(&index);
                let found = carried.unwrap_or_else(|| carrier::find(tree, &file.path));
                scanned.push(Scanned {
                    file: index,
                    path: resolve::lexical(&here.join(&file.path)),
                    found,
                    named: file.named_directly,
                });
            }
            Err(refusal) => {
                // What is no file is never opened: that alone can wait for ever.
                let is_file = file.path.is_file();
                if !file.named_directly
                    && is_file
                    && let Some(sealed) = Sealed::of(&file.path, refusal.clone())
                {
                    loader.workspace.unclaimed_sealed.push(sealed);
                    continue;
                }
                let text = match is_file {
                    true => std::fs::read_to_string(&file.path).unwrap_or_default(),
                    false => String::new(),
                };
                // In a folder, a template of charts that refit does not know is nobody's business here.
                let concerns =
                    file.named_directly || charts.iter().any(|chart| text.contains(&chart.name));
                let template = carrier::unparsed(&file.path, &text).filter(|_| concerns);
                let refused = match template {
                    Some((kind, why)) => Some(
                        Reason::new(format!("this {kind} is {why}"))
                            .why("What the values are is known only after the template has run.")
                            .next("Put the values into a plain YAML file that the manifest names, or upgrade them by hand with `refit explain`.")
                            .of(&input.name()),
                    ),
                    None => file.named_directly.then_some(refusal),
                };
                loader
                    .workspace
                    .refused
                    .extend(refused.map(|refusal| *refusal));
            }
        }
    }
    scanned
}

fn template(name: &str) -> Box<Refusal> {
    Reason::new("this is a template, not YAML")
        .why("What the values are is known only after the template has run.")
        .next("Name a plain values file.")
        .of(name)
}

/// The releases that the files make together, by the file that their carrier stands in.
fn carried(loader: &Loader, scanned: &[Scanned]) -> Vec<Vec<Carried>> {
    let files: Vec<resolve::File<'_>> = scanned
        .iter()
        .map(|file| resolve::File {
            path: &file.path,
            tree: &loader.workspace.files[file.file].tree,
            found: &file.found,
        })
        .collect();
    let index = Index::new(&files);
    let repository = scanned.first().and_then(|file| repository(&file.path));
    let mut carried: Vec<Vec<Carried>> = scanned.iter().map(|_| Vec::new()).collect();
    for release in index.releases(repository.as_deref()) {
        let candidates = release
            .layers
            .iter()
            .map(|placed| match &placed.layer.source {
                Source::File(reference) => {
                    let mut places =
                        index.candidates(placed.file, reference, repository.as_deref());
                    // A folder of a larger repository that is laid out like one of its own.
                    if repository.is_some() {
                        places.extend(index.candidates(placed.file, reference, None));
                    }
                    places
                }
                _ => Vec::new(),
            });
        carried[release.carrier.file].push(Carried {
            candidates: candidates.collect(),
            carrier: index.carrier(release.carrier).clone(),
            release,
        });
    }
    carried
}

/// The root of the git repository that a file is in.
fn repository(path: &FilePath) -> Option<PathBuf> {
    let mut above = path.ancestors().skip(1);
    above
        .find(|folder| folder.join(".git").exists())
        .map(FilePath::to_owned)
}

/// The known chart that a reference means, and how sure that is.
fn known<'c>(chart: &ChartRef, charts: &'c [KnownChart]) -> Option<(&'c KnownChart, Sameness)> {
    charts.iter().find_map(|known| {
        let sameness = chart.compare(&known.name, &known.repositories);
        match sameness {
            Sameness::OtherChart => None,
            Sameness::Unresolved if chart.name() != Some(known.name.as_str()) => None,
            sameness => Some((known, sameness)),
        }
    })
}

/// The document that a node is part of.
fn document_of(tree: &Tree, mut node: NodeId) -> usize {
    while let Some(parent) = tree.parent(node) {
        node = parent;
    }
    let mut documents = tree.documents().iter();
    documents
        .position(|document| document.root == node)
        .unwrap_or(0)
}

/// Makes one release.
struct Builder<'b> {
    loader: &'b mut Loader,
    scanned: &'b [Scanned],
    /// The files that were scanned, by their absolute path.
    by_path: &'b HashMap<&'b FilePath, usize>,
    one: &'b Carried,
    /// Whether no other release has the same name.
    unique: bool,
    claimed: &'b mut BTreeSet<usize>,
}

impl Builder<'_> {
    fn build(mut self, chart: &KnownChart, sameness: Sameness) {
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
        let mut notices = Vec::new();
        let mut before = Vec::new();
        let of_patch = |refused: &&carrier::Refused| {
            release.patches.is_some() && refused.reason == carrier::Refusal::NoChart
        };
        if let Some(refused) = carrier
            .refused
            .as_ref()
            .filter(|refused| !of_patch(refused))
        {
            let reason = Reason::new(format!("{}: {}", carrier.name, refused.what))
                .why(&refused.why)
                .next(&refused.next);
            self.refuse(own, refused.node, reason);
            return;
        }
        for notice in &carrier.notices {
            if notice.blocks {
                let at = self.at(own, notice.node);
                before.push(format!("{}:{}: {}", at.file, at.line, notice.text));
            } else {
                notices.push(self.notice(own, notice.node, notice.text.clone()));
            }
        }
        before.extend(self.text_patches());
        for gap in &release.gaps {
            notices.push(self.notice(gap.file, gap.node, gap.text.clone()));
        }
        if let Some(text) = from_elsewhere(chart, sameness) {
            notices.push(self.notice(release.chart_file, release.chart.node, text));
        }
        if let Some(node) = carrier.templated.first() {
            let text = "A template writes a part of these values; refit carries it along as the text that it is.";
            notices.push(self.notice(own, *node, text.to_owned()));
        }
        let mut layers = Vec::new();
        let mut sealed = Vec::new();
        let mut refused = false;
        let mut block_of: Vec<(&Placed, usize)> = Vec::new();
        let found: Vec<_> = release
            .layers
            .iter()
            .zip(&self.one.candidates)
            .flat_map(|(placed, candidates)| {
                let layers = self.layers(placed, candidates);
                layers.into_iter().map(move |layer| (placed, layer))
            })
            .collect();
        for (placed, layer) in found {
            match layer {
                Ok(Some(Layer::Block(block))) => {
                    block_of.push((placed, block));
                    self.claimed
                        .insert(self.loader.workspace.blocks[block].file);
                    if !layers.contains(&block) {
                        layers.push(block);
                    }
                }
                Ok(Some(Layer::Sealed(layer))) => sealed.push(Sealed {
                    below: layers.len(),
                    ..layer
                }),
                Ok(None) => {}
                Err(refusal) => {
                    refused = true;
                    self.loader.workspace.refused.push(*refusal);
                }
            }
        }
        if refused {
            let pin = self.pinned_at();
            self.loader
                .workspace
                .broken
                .push(Broken { name, layers, pin });
            return;
        }
        let (mut version, mut range, mut pin, mut no_version) = (None, None, None, None);
        if let Some((file, place)) = &release.version {
            pin = Some(Pin {
                file: self.scanned[*file].file,
                node: place.node,
                text: place.text.clone(),
                is_version: matches!(place.style, VersionStyle::Exact(_) | VersionStyle::Range(_)),
            });
            match &place.style {
                VersionStyle::Exact(exact) => version = Some((exact.clone(), KnownBy::Carrier)),
                VersionStyle::Range(of) => range = Some(of.clone()),
                VersionStyle::Any => pin = None,
                VersionStyle::Revision | VersionStyle::Templated | VersionStyle::Unknown => {
                    no_version = Some(self.place(*file, place.node, no_chart_version(&place.text)));
                }
            }
        }
        let doubts = self.doubts(&block_of);
        let mentions = carrier.mentions.iter().map(|mention| Mention {
            file: self.scanned[own].file,
            node: mention.node,
            text: mention.text.clone(),
            kind: mention.kind,
            prefix: release.prefix.clone(),
        });
        let mentions = mentions.collect();
        self.loader.workspace.releases.push(Wanted {
            name,
            is_named: true,
            carrier: Some(carrier.kind.to_string()),
            chart: Some(chart.name.clone()),
            version,
            layers,
            sealed,
            notices,
            range,
            pin,
            no_version,
            before,
            holder: self.scanned[own].file,
            release_name: carrier.release_name.clone(),
            mentions,
            doubts,
            ..Wanted::default()
        });
    }

    fn file(&self, file: usize) -> &super::Loaded {
        &self.loader.workspace.files[self.scanned[file].file]
    }

    /// What to do about patches of a HelmRelease that stand in kustomizations as texts.
    fn text_patches(&self) -> Vec<String> {
        let carrier = &self.one.carrier;
        if carrier.kind != carrier::Kind::FluxHelmRelease {
            return Vec::new();
        }
        let own = carrier.object.as_ref().map(|object| object.name.as_str());
        let mut tasks = Vec::new();
        for (file, scanned) in self.scanned.iter().enumerate() {
            for patch in &scanned.found.patches {
                if patch.name.is_none() || patch.name.as_deref() == own {
                    let at = self.at(file, patch.node);
                    tasks.push(format!(
                        "{}:{}: This patch changes the values of {} when kustomize runs; refit does not read it. Change it by hand, together with the rest.",
                        at.file, at.line, carrier.name
                    ));
                }
            }
        }
        tasks
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

    fn at(&self, file: usize, node: NodeId) -> At {
        let file = self.file(file);
        file.at(file.tree.span(node).start)
    }

    fn notice(&self, file: usize, node: NodeId, text: String) -> Notice {
        Notice {
            at: Some(self.at(file, node)),
            text,
            path: None,
        }
    }

    fn place(&self, file: usize, node: NodeId, reason: Reason) -> Box<Refusal> {
        let file = self.file(file);
        reason.at(&file.name, &file.text, file.tree.span(node).start)
    }

    fn refuse(&mut self, file: usize, node: NodeId, reason: Reason) {
        let refusal = self.place(file, node, reason);
        self.loader.workspace.refused.push(*refusal);
        self.loader.workspace.broken.push(Broken {
            name: self.one.carrier.name.clone(),
            layers: Vec::new(),
            pin: self.pinned_at(),
        });
    }

    /// Where the manifest names the version.
    fn pinned_at(&self) -> Option<(usize, NodeId)> {
        let (file, place) = self.one.release.version.as_ref()?;
        Some((self.scanned[*file].file, place.node))
    }

    /// The settings of which it is not certain which layer wins.
    fn doubts(&self, block_of: &[(&Placed, usize)]) -> Vec<Doubt> {
        let own = self.one.release.carrier.file;
        let tree = &self.file(own).tree;
        let is_below = |node: NodeId, above: NodeId| {
            std::iter::successors(Some(node), |node| tree.parent(*node)).any(|node| node == above)
        };
        let high = |node: NodeId| {
            block_of
                .iter()
                .find(|(placed, _)| match &placed.layer.source {
                    Source::Paths { entries, .. } => {
                        placed.file == own && entries.iter().any(|entry| entry.name == node)
                    }
                    _ => false,
                })
        };
        let low = |node: NodeId| {
            block_of.iter().find(|(placed, _)| {
                let is_map = matches!(placed.layer.source, Source::Map);
                placed.file == own && is_map && is_below(node, placed.layer.node)
            })
        };
        let doubts = self.one.carrier.doubts.iter();
        doubts
            .filter_map(|doubt| {
                Some(Doubt {
                    path: doubt.path.clone(),
                    high: high(doubt.high)?.1,
                    low: low(doubt.low)?.1,
                    at: [self.at(own, doubt.high), self.at(own, doubt.low)],
                    why: doubt.why.clone(),
                })
            })
            .collect()
    }

    /// What a layer of the carrier stands for: one layer, or all files that a pattern finds.
    fn layers(
        &mut self,
        placed: &Placed,
        candidates: &[PathBuf],
    ) -> Vec<Result<Option<Layer>, Box<Refusal>>> {
        let Source::File(reference) = &placed.layer.source else {
            return vec![self.layer(placed, candidates)];
        };
        let there = |path: &&PathBuf| path.is_file();
        if !reference.glob || candidates.iter().any(|path| there(&path)) {
            return vec![self.layer(placed, candidates)];
        }
        let mut files = Vec::new();
        for pattern in candidates {
            let named = walk::Named::Argument(pattern.clone());
            let walked = walk::find(&[named], walk::Limits::default());
            files.extend(walked.files.into_iter().map(|file| file.path));
            if !files.is_empty() {
                break;
            }
        }
        if files.is_empty() {
            return vec![self.layer(placed, candidates)];
        }
        let one = |file: PathBuf| self.layer(placed, &[file]);
        files.into_iter().map(one).collect()
    }

    /// A layer of the release; nothing if it sets nothing of this chart.
    fn layer(
        &mut self,
        placed: &Placed,
        candidates: &[PathBuf],
    ) -> Result<Option<Layer>, Box<Refusal>> {
        let prefix = &self.one.release.prefix;
        let node = placed.layer.node;
        let loaded = self.file(placed.file);
        let tree = &loaded.tree;
        let document = document_of(tree, node);
        let path = place_of(tree, node);
        if placed.layer.shared && !matches!(placed.layer.source, Source::File(_)) {
            let reason = Reason::new("these values come from an anchor that other places use too")
                .why("Changing them there would change the other places as well.")
                .next("Write the values out at this place, and run refit again.");
            return Err(self.place(placed.file, node, reason));
        }
        let place = match &placed.layer.source {
            Source::Map => {
                let view = View::new(tree, tree.documents()[document].root);
                let path = path.concat(prefix);
                let there = view.at(&path).ok().flatten();
                match there.map(|place| view.kind(place.node)) {
                    Some(Ok(Kind::Map)) => Place::Map { document, path },
                    _ => return Ok(None),
                }
            }
            Source::Text => {
                let text = tree.scalar(node);
                if text.trim().is_empty() {
                    return Ok(None);
                }
                let inner = Tree::parse(text.as_ref()).map_err(|e| {
                    let reason = Reason::new(format!(
                        "the values in this string are not YAML: {}",
                        e.kind
                    ))
                    .next("Mend them, and run refit again.");
                    let file = self.file(placed.file);
                    let offset = crate::yaml::host_offset(&file.tree, node, e.offset);
                    reason.at(&file.name, &file.text, offset)
                })?;
                if !holds(&inner, prefix) {
                    return Ok(None);
                }
                Place::Text {
                    document,
                    path,
                    tree: inner,
                    prefix: prefix.clone(),
                }
            }
            Source::Paths { entries, dialect } => {
                let assigned = paths::read(entries, *dialect);
                if let Some((entry, error)) =
                    assigned.oddities.iter().find_map(|odd| match &odd.kind {
                        paths::OddityKind::Refused(error) => Some((odd.entry, error)),
                        _ => None,
                    })
                {
                    let reason = Reason::new(format!("this path string cannot be read: {error}"))
                        .why("Helm refuses it, too.")
                        .next("Mend it, and run refit again.");
                    return Err(self.place(placed.file, entries[entry].node, reason));
                }
                let fault = |e: crate::yaml::ParseError| Reason::new(e.to_string());
                let inner = Tree::parse(assigned.text())
                    .map_err(|e| self.place(placed.file, node, fault(e)))?;
                if !holds(&inner, prefix) {
                    return Ok(None);
                }
                Place::Paths {
                    document,
                    path,
                    entries: entries.clone(),
                    dialect: *dialect,
                    tree: inner,
                    prefix: prefix.clone(),
                }
            }
            Source::File(reference) => {
                let reference = reference.clone();
                return self.values_file(placed, &reference, candidates);
            }
            Source::Opaque { why, target } => {
                let at = self.at(placed.file, node);
                let name = format!("{}:{} ({why})", at.file, at.line);
                let layer = unseen(name, why, target.as_ref());
                return Ok(layer.below(prefix).map(Layer::Sealed));
            }
            Source::Reference(reference) => {
                let what = format!("{} `{}`", reference.object.kind, reference.object.name);
                let target = reference.target_path.as_ref();
                let layer = unseen(what, "it is not in these files", target);
                return Ok(layer.below(prefix).map(Layer::Sealed));
            }
        };
        let file = self.scanned[placed.file].file;
        Ok(Some(Layer::Block(self.loader.block(file, place))))
    }

    fn values_file(
        &mut self,
        placed: &Placed,
        reference: &carrier::FileRef,
        candidates: &[PathBuf],
    ) -> Result<Option<Layer>, Box<Refusal>> {
        let known = |path: &&PathBuf| self.by_path.contains_key(path.as_path());
        let there = candidates
            .iter()
            .find(known)
            .or_else(|| candidates.iter().find(|path| path.is_file()));
        let Some(path) = there else {
            if reference.missing_ok {
                return Ok(None);
            }
            return Ok(Some(Layer::Sealed(unseen(
                reference.path.clone(),
                "it is named here and not in these files",
                None,
            ))));
        };
        let shown = as_named(
            path,
            self.file(placed.file).path.as_deref(),
            &self.scanned[placed.file].path,
        );
        match self.loader.layer(&Input::Path(shown), true)? {
            Layer::Block(block) => {
                let prefix = self.one.release.prefix.clone();
                let file = self.loader.workspace.blocks[block].file;
                if prefix.is_root() {
                    return Ok(Some(Layer::Block(block)));
                }
                if !holds(&self.loader.workspace.files[file].tree, &prefix) {
                    return Ok(None);
                }
                let place = Place::Map {
                    document: 0,
                    path: prefix,
                };
                Ok(Some(Layer::Block(self.loader.block(file, place))))
            }
            Layer::Sealed(layer) => Ok(layer.below(&self.one.release.prefix).map(Layer::Sealed)),
        }
    }
}

/// A layer that cannot be read; of one that Flux puts at a path, that path is known.
fn unseen(name: String, why: &str, target: Option<&TargetPath>) -> Sealed {
    let (made_up, values) = target.and_then(only).unzip();
    Sealed {
        refusal: Reason::new(why.to_owned()).of(&name),
        name,
        path: None,
        values,
        made_up: made_up.into_iter().collect(),
        below: 0,
    }
}

/// The path that Flux sets, and values in which it has something made up. Below a list it would be a change
/// of another layer's list, which a layer of its own cannot say.
fn only(target: &TargetPath) -> Option<(Path, Map)> {
    let path = set::path(&target.text).ok()?;
    let in_list = |segment: &Segment| !matches!(segment, Segment::Key(_));
    if path.segments().iter().any(in_list) {
        return None;
    }
    let mut values = Map::new();
    let set = format!("{}={}", target.text, invented(&path));
    set::set(&set, Typing::String, &mut values).ok()?;
    Some((path, values))
}

/// Whether a text holds a map at a path.
fn holds(tree: &Tree, path: &Path) -> bool {
    let [document] = tree.documents() else {
        return false;
    };
    let view = View::new(tree, document.root);
    let there = view.at(path).ok().flatten();
    there.is_some_and(|place| matches!(view.kind(place.node), Ok(Kind::Map)))
}

/// A file beside another one, named in the way that the other one was.
fn as_named(path: &FilePath, other: Option<&FilePath>, other_full: &FilePath) -> PathBuf {
    let Some(other) = other else {
        return path.to_owned();
    };
    let (mut shown, mut full) = (other.to_owned(), other_full.to_owned());
    while shown.pop() && full.pop() {
        if let Ok(below) = path.strip_prefix(&full) {
            return shown.join(below);
        }
    }
    path.to_owned()
}

/// What a person should know of where a chart comes from.
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

fn no_chart_version(text: &str) -> Reason {
    let what = match text {
        "" => "no chart version is named".to_owned(),
        text => format!("`{text}` is a branch, a tag or a moving name, and no chart version"),
    };
    Reason::new(what)
        .why("Which version the values are for decides what has to change in them.")
        .next("Name the chart version that runs now: --from VERSION (`helm list` shows it).")
}
