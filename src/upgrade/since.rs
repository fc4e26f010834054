//! Which releases were raised since a git revision, and from which version.
//!
//! Whoever raises a chart version first (Renovate does) leaves values behind that are for the version
//! before. That one stands in the revision: so both states are read by one loader, each release is looked
//! up in the other state, and where its chart or version differs its values go from the version there to
//! the version here. The version itself stays as it is, and a release that kept its version is left alone.
//!
//! A release is known again by its file (under the name that it had) and by what its manifest calls it; where
//! it moved to another file, by what it is called, if only one is called so in both states. Nothing is guessed
//! beyond that: what cannot be found again is new, and is told.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path as FilePath, PathBuf},
};

use semver::Version;

use crate::{
    load::{OtherRelease, ReleaseRequest, Wanted, Workspace},
    outcome::{self, FilePosition, KnownBy, Notice, NoticeSeverity},
    pack::Pack,
    refusal,
    walk::FoundFile,
};

/// The state that a run compares with.
#[derive(Debug, Clone, Default)]
pub struct StateAtRevision {
    /// The name of the revision, as it was given.
    pub named: String,
    /// The commit that it came to.
    pub commit: String,
    /// The root of the work tree, by its real name.
    pub root: PathBuf,
    /// The folder that holds the files of the commit, under their paths, by its real name.
    pub folder: PathBuf,
    /// Files of the work tree that had another name: now, and then.
    pub renamed: BTreeMap<PathBuf, PathBuf>,
    /// The files of the commit to look for releases in.
    pub found: Vec<FoundFile>,
    /// The files of the commit that are read only if one of those names them, as hidden ones are.
    pub aside: Vec<PathBuf>,
    /// The releases that `refit.yaml` had.
    pub releases: Vec<ReleaseRequest>,
}

/// A release, as it is known again: its file below the root, what it is called, and which of those it is.
type ReleaseKey = (PathBuf, String, usize);

/// Leaves out of a workspace the errors that were there before, unless one of them keeps a release that was
/// raised from being read: a branch is not to blame for them.
pub(super) fn without_old_errors(
    workspace: &mut Workspace,
    before: &Workspace,
    since: &StateAtRevision,
) {
    let texts = |workspace: &Workspace| -> BTreeMap<String, String> {
        let pins = workspace.broken.iter().filter_map(|broken| {
            let (file, node) = broken.pin?;
            let text = workspace.files[file].tree.content(node).to_owned();
            Some((broken.name.clone(), text))
        });
        pins.collect()
    };
    if texts(workspace) != texts(before) {
        return;
    }
    let key = |name: &str, root: &FilePath| {
        let path = FilePath::new(name);
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        real.strip_prefix(root).unwrap_or(path).to_owned()
    };
    let old: HashSet<(PathBuf, String)> = before
        .errors
        .iter()
        .map(|error| (key(&error.name, &since.folder), refusal::load(error).what))
        .collect();
    workspace.errors.retain(|error| {
        let here = key(&error.name, &since.root);
        !old.contains(&(here, refusal::load(error).what))
    });
}

/// Keeps of a workspace the releases that were raised, each with its way.
pub(super) fn keep_raised(
    workspace: &mut Workspace,
    before: &Workspace,
    since: &StateAtRevision,
    packs: &[Pack],
) -> outcome::ReportedSince {
    let mut told = outcome::ReportedSince {
        revision: since.named.clone(),
        commit: since.commit.clone(),
        kept: 0,
        new: Vec::new(),
        notes: Vec::new(),
    };
    let pairs = pairs(workspace, before, since);
    told.notes
        .extend(gone_elsewhere(workspace, before, since, &pairs));
    let pack_of = |chart: Option<&String>| {
        let mut packs = packs.iter();
        packs.find(|pack| Some(&pack.identity.chart) == chart)
    };
    let releases = std::mem::take(&mut workspace.releases);
    for (mut wanted, pair) in releases.into_iter().zip(pairs) {
        let here = Stated::of(&wanted);
        let has_pack = pack_of(wanted.chart.as_ref()).is_some();
        let continues = |index: usize| {
            let pack = pack_of(before.releases[index].chart.as_ref())?;
            let by = pack.info.replaced_by.as_ref()?;
            (Some(&by.chart) == wanted.chart.as_ref()).then_some(pack)
        };
        let predecessor = match pair {
            StateBefore::Of(index) => continues(index),
            _ => None,
        };
        // A chart that is known only as the one that takes another's place.
        if !has_pack && wanted.carrier.is_some() && predecessor.is_none() {
            continue;
        }
        let (at, name) = (place(workspace, &wanted), wanted.name.clone());
        let note = |text: String| Notice {
            at: at.clone(),
            severity: NoticeSeverity::Note,
            text: format!("{name}: {text}"),
            path: None,
        };
        let old = match pair {
            StateBefore::Of(index) => {
                wanted.earlier = Some(index);
                &before.releases[index]
            }
            StateBefore::Other(index) => {
                let other = &before.other_releases[index];
                let chart = other.chart.as_deref().unwrap_or("another chart");
                let version = other.version.as_deref().unwrap_or("of an unknown version");
                let (then, now) = (NamedChart::of_other(other), NamedChart::of(&wanted));
                told.notes.push(note(format!(
                    "it deployed {chart} {version} in {}, which refit does not know. Its values are judged by themselves. {}",
                    since.named,
                    compared(&then, &now, file_of(workspace, &wanted))
                )));
                // What it names now says which values it should have.
                if let Some(version) = here.version {
                    wanted.to = Some(version);
                    workspace.releases.push(wanted);
                }
                continue;
            }
            StateBefore::Broken => {
                told.notes.push(note(format!(
                    "it could not be read as it was in {}. State the version before: --from VERSION, without --since.",
                    since.named
                )));
                continue;
            }
            StateBefore::None => {
                told.new.push(wanted.name.clone());
                if let Some(version) = here.version {
                    wanted.to = Some(version);
                    workspace.releases.push(wanted);
                }
                continue;
            }
        };
        let there = Stated::of(old);
        if here.is_like(&there) {
            told.kept += 1;
            continue;
        }
        if let Some(pack) = predecessor {
            match onto_successor(pack, &mut wanted, &here, &there) {
                Ok(()) => workspace.releases.push(wanted),
                Err(text) => told.notes.push(note(text)),
            }
            continue;
        }
        let Some(pack) = pack_of(wanted.chart.as_ref()) else {
            workspace.releases.push(wanted);
            continue;
        };
        if here.chart != there.chart {
            let text = |stated: &Stated| stated.text.clone().unwrap_or_default();
            let (then, now) = (NamedChart::of(old), NamedChart::of(&wanted));
            told.notes.push(note(format!(
                "its chart was {} {} in {} and is {} {} now. refit knows no way from one to the other; its values are judged by themselves. {}",
                there.chart.as_deref().unwrap_or("unknown"),
                text(&there),
                since.named,
                here.chart.as_deref().unwrap_or("unknown"),
                text(&here),
                compared(&then, &now, file_of(workspace, &wanted))
            )));
            if let Some(version) = here.version {
                wanted.earlier = None;
                wanted.to = Some(version);
                workspace.releases.push(wanted);
            }
            continue;
        }
        if here.repository != there.repository && here.text == there.text {
            if !wanted.is_from_elsewhere && !old.is_from_elsewhere {
                told.kept += 1;
                continue;
            }
            told.notes.push(note(format!(
                "its chart came from {} in {} and comes from {} now, in the same version. See that it is the same chart.",
                there.repository.as_deref().unwrap_or("elsewhere"),
                since.named,
                here.repository.as_deref().unwrap_or("elsewhere"),
            )));
            continue;
        }
        let Some(to) = target(pack, &wanted, &here) else {
            told.notes.push(note(match &here.text {
                Some(text) => format!(
                    "`{text}` is no chart version that refit knows, so it cannot say what the values need. State both: --from VERSION --to VERSION, without --since."
                ),
                None => "its manifest names no version any more, so nothing can be said of its values.".to_owned(),
            }));
            continue;
        };
        if here.version.as_ref().is_some_and(|version| *version > to) {
            told.notes.push(note(format!(
                "it goes to {}, and refit knows {} up to {to} only: its values are brought to {to}. Read what the chart changed after that.",
                here.text.as_deref().unwrap_or_default(),
                pack.info.chart,
            )));
        }
        wanted.version = there.version.map(|version| (version, KnownBy::Revision));
        wanted.range.clone_from(&old.range);
        // What is no version leaves the content.
        wanted.no_version = None;
        wanted.to = Some(to);
        workspace.releases.push(wanted);
    }
    told
}

/// Sends a release to the chart that takes the place of the one that it had.
///
/// # Errors
///
/// A sentence for a person, if that cannot be done.
fn onto_successor(
    pack: &Pack,
    wanted: &mut Wanted,
    here: &Stated,
    there: &Stated,
) -> Result<(), String> {
    let (old, new) = (&pack.info.chart, here.chart.as_deref().unwrap_or_default());
    let successor = pack.successor().map_err(|error| error.to_string())?;
    let Some(successor) = successor else {
        return Err(format!(
            "its chart is {new} now, which takes the place of {old}. The pack says so and does not bring values over; see each setting by hand."
        ));
    };
    let Some(to) = target(&successor.pack, wanted, here) else {
        return Err(format!(
            "its chart is {new} now, which takes the place of {old}, and `{}` is no version of it that refit knows. State both: --chart {old} --from VERSION --to {new}=VERSION, without --since.",
            here.text.as_deref().unwrap_or_default()
        ));
    };
    wanted.chart = Some(old.clone());
    wanted.version = (there.version.clone()).map(|version| (version, KnownBy::Revision));
    wanted.range = None;
    wanted.no_version = None;
    wanted.to = Some(to);
    wanted.goes_to_successor = true;
    // Its manifest names the new chart already.
    (wanted.replacement, wanted.succession) = (None, None);
    Ok(())
}

/// The releases that are of a chart now that is not known, and were of one that is.
fn gone_elsewhere(
    workspace: &Workspace,
    before: &Workspace,
    since: &StateAtRevision,
    pairs: &[StateBefore],
) -> Vec<Notice> {
    let paired: HashSet<usize> = pairs
        .iter()
        .filter_map(|pair| match pair {
            StateBefore::Of(index) => Some(*index),
            _ => None,
        })
        .collect();
    let mut there: HashMap<(PathBuf, &str), &Wanted> = HashMap::new();
    for (index, old) in before.releases.iter().enumerate() {
        if old.carrier.is_some() && !paired.contains(&index) {
            let path = path_below(before, old.holder, &since.folder);
            there.entry((path, &old.title)).or_insert(old);
        }
    }
    let others = workspace.other_releases.iter();
    let told = others.filter_map(|other| {
        let path = path_below(workspace, other.holder, &since.root);
        let then = since.renamed.get(&path).unwrap_or(&path).clone();
        let old = there.get(&(then, other.title.as_str()))?;
        let file = &workspace.files[other.holder].name;
        let (then, now) = (NamedChart::of(old), NamedChart::of_other(other));
        Some(Notice {
            at: None,
            severity: NoticeSeverity::Note,
            text: format!(
                "{} ({file}): its chart was {} in {} and is {} now, which refit does not know. See each setting by hand. {}",
                other.title,
                then,
                since.named,
                now,
                compared(&then, &now, file)
            ),
            path: None,
        })
    });
    told.collect()
}

/// A chart as a manifest names it.
struct NamedChart {
    chart: Option<String>,
    address: Option<String>,
    version: Option<String>,
}

impl NamedChart {
    fn of(wanted: &Wanted) -> Self {
        let stated = Stated::of(wanted);
        Self {
            chart: stated.chart,
            address: wanted.address.clone(),
            version: stated.text,
        }
    }

    fn of_other(other: &OtherRelease) -> Self {
        Self {
            chart: other.chart.clone(),
            address: other.address.clone(),
            version: other.version.clone(),
        }
    }

    /// The command by which Helm fetches the chart, and the name of the archive.
    fn fetched(&self) -> Option<(String, String)> {
        let (chart, version) = (self.chart.as_ref()?, self.version.as_ref()?);
        let address = self.address.as_ref()?;
        let version = Version::parse(version.trim_start_matches('v')).ok()?;
        let text = self.version.as_deref().unwrap_or_default();
        let command = match address.starts_with("oci://") {
            true => format!("helm pull {address} --version {text}"),
            false => format!("helm pull {chart} --repo {address} --version {text}"),
        };
        let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_./:+ ".contains(c);
        let archive = match text.starts_with('v') {
            true => format!("{chart}-v{version}.tgz"),
            false => format!("{chart}-{version}.tgz"),
        };
        (command.chars().all(is_safe)).then_some((command, archive))
    }
}

impl std::fmt::Display for NamedChart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let chart = self.chart.as_deref().unwrap_or("another chart");
        match &self.version {
            Some(version) => write!(f, "{chart} {version}"),
            None => f.write_str(chart),
        }
    }
}

/// How a person finds the way between two charts, with commands that work as they stand where both can be fetched.
fn compared(then: &NamedChart, now: &NamedChart, file: &str) -> String {
    match (then.fetched(), now.fetched()) {
        (Some((old, old_archive)), Some((new, new_archive))) => format!(
            "To compare the two charts: `{old}`, `{new}`, then `refit upgrade {file} --old-chart {old_archive} --new-chart {new_archive}`."
        ),
        _ => format!(
            "With both charts at hand, `refit upgrade {file} --old-chart OLD --new-chart NEW` compares them."
        ),
    }
}

fn file_of<'w>(workspace: &'w Workspace, wanted: &Wanted) -> &'w str {
    &workspace.files[wanted.holder].name
}

/// The chart that a release names.
struct Stated {
    chart: Option<String>,
    repository: Option<String>,
    /// The version, as it is written.
    text: Option<String>,
    /// The version, if it is one.
    version: Option<Version>,
}

impl Stated {
    fn of(wanted: &Wanted) -> Self {
        let version = wanted.version.as_ref().map(|(version, _)| version.clone());
        let pin = wanted.pin.as_ref().map(|pin| pin.text.clone());
        Self {
            chart: wanted.chart.clone(),
            repository: wanted.repository.clone(),
            text: pin.or_else(|| version.as_ref().map(ToString::to_string)),
            version,
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        let version = match (&self.version, &other.version) {
            (Some(one), Some(other)) => one == other,
            _ => self.text == other.text,
        };
        // An address that is not said in one state is no other one.
        let repository = match (&self.repository, &other.repository) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        version && repository && self.chart == other.chart
    }
}

/// The version that a release goes to: the one it names, the newest that its range allows, or the newest
/// that is known if it names a newer one.
fn target(pack: &Pack, wanted: &Wanted, here: &Stated) -> Option<Version> {
    let known = || pack.info.versions.keys();
    if let Some(range) = &wanted.range {
        return known()
            .rev()
            .find(|version| range.contains(version))
            .cloned();
    }
    let version = here.version.as_ref()?;
    match known().next_back() {
        Some(newest) if version > newest => Some(pack.newest_release().clone()),
        _ => Some(version.clone()),
    }
}

/// The state of a release before.
#[derive(Debug, Clone, Copy)]
enum StateBefore {
    /// This release.
    Of(usize),
    /// One of a chart that is not known.
    Other(usize),
    /// One that could not be read.
    Broken,
    /// It was not there.
    None,
}

/// For each release what it was.
fn pairs(workspace: &Workspace, before: &Workspace, since: &StateAtRevision) -> Vec<StateBefore> {
    let own = keys(workspace, &since.root, workspace.releases.iter());
    let old = keys(before, &since.folder, before.releases.iter());
    let by_key: HashMap<&ReleaseKey, usize> =
        old.iter().enumerate().map(|(i, key)| (key, i)).collect();
    let then = |(path, title, nth): &ReleaseKey| {
        let path = since.renamed.get(path).unwrap_or(path);
        (path.clone(), title.clone(), *nth)
    };
    let mut pairs: Vec<Option<usize>> = own
        .iter()
        .map(|key| by_key.get(&then(key)).copied())
        .collect();
    let taken: HashSet<usize> = pairs.iter().flatten().copied().collect();
    // By what they are called, those that are in another file.
    let mut called: HashMap<&str, Vec<usize>> = HashMap::new();
    for (i, (_, title, _)) in old.iter().enumerate() {
        if !taken.contains(&i) {
            called.entry(title).or_default().push(i);
        }
    }
    let missing = |title: &str, pairs: &[Option<usize>]| {
        let all = own.iter().zip(pairs);
        all.filter(|((_, other, _), pair)| other == title && pair.is_none())
            .count()
    };
    for i in 0..own.len() {
        let title = &own[i].1;
        if pairs[i].is_none()
            && let Some([one]) = called.get(title.as_str()).map(Vec::as_slice)
            && missing(title, &pairs) == 1
        {
            pairs[i] = Some(*one);
        }
    }
    let found = |i: usize| {
        let (path, title, _) = then(&own[i]);
        let name = |file: usize| path_below(before, file, &since.folder);
        let other = before.other_releases.iter();
        let mut other = other.enumerate().filter(|(_, o)| o.title == title);
        let here = other.clone().find(|(_, o)| name(o.holder) == path);
        if let Some((index, _)) = here.or_else(|| other.next()) {
            return StateBefore::Other(index);
        }
        let file = since.folder.join(&path);
        let mut broken = before.broken.iter().map(|broken| &broken.name);
        let mut refused = before.errors.iter().map(|error| &error.name);
        let unread = refused.any(|name| file == FilePath::new(name));
        match unread || broken.any(|name| *name == title) {
            true => StateBefore::Broken,
            false => StateBefore::None,
        }
    };
    let all = pairs.into_iter().enumerate();
    all.map(|(i, pair)| pair.map_or_else(|| found(i), StateBefore::Of))
        .collect()
}

fn keys<'w>(
    workspace: &Workspace,
    root: &FilePath,
    releases: impl Iterator<Item = &'w Wanted>,
) -> Vec<ReleaseKey> {
    let mut seen: HashMap<(PathBuf, String), usize> = HashMap::new();
    releases
        .map(|wanted| {
            let path = match wanted.carrier {
                Some(_) => path_below(workspace, wanted.holder, root),
                // Its name in refit.yaml tells it.
                None => PathBuf::new(),
            };
            let nth = seen
                .entry((path.clone(), wanted.title.clone()))
                .or_default();
            *nth += 1;
            (path, wanted.title.clone(), *nth)
        })
        .collect()
}

/// The path of a file below a root.
fn path_below(workspace: &Workspace, file: usize, root: &FilePath) -> PathBuf {
    let path = workspace.files[file].path.clone().unwrap_or_default();
    // The file may be a link; its folder tells where it stands.
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => FilePath::new("."),
    };
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let real = real.join(path.file_name().unwrap_or_default());
    real.strip_prefix(root).unwrap_or(&real).to_owned()
}

fn place(workspace: &Workspace, wanted: &Wanted) -> Option<FilePosition> {
    let pin = wanted.pin.as_ref()?;
    let file = &workspace.files[pin.file];
    Some(file.at(file.tree.span(pin.node).start))
}
