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
            let (file, node, _) = broken.pin?;
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
    let pairs = pairs(workspace, before, since);
    let mut comparison = Comparison {
        before,
        since,
        packs,
        told: outcome::ReportedSince {
            revision: since.named.clone(),
            commit: since.commit.clone(),
            kept: 0,
            new: Vec::new(),
            notes: gone_elsewhere(workspace, before, since, &pairs),
        },
    };
    let releases = std::mem::take(&mut workspace.releases);
    for (wanted, pair) in releases.into_iter().zip(pairs) {
        let place = place(workspace, &wanted);
        let file = file_of(workspace, &wanted).to_owned();
        let raised = comparison.compare(&file, wanted, pair);
        let (release, note) = match raised {
            Raised::Work(release, note) => (Some(release), note),
            Raised::Told(note) => (None, Some(note)),
            Raised::Passed => (None, None),
        };
        workspace.releases.extend(release.map(|release| *release));
        comparison.told.notes.extend(note.map(|text| Notice {
            at: place,
            severity: NoticeSeverity::Note,
            text,
            path: None,
        }));
    }
    comparison.told
}

/// The fate of one release in a comparison with a revision.
enum Raised {
    /// It is worked on, and that is to be known of it.
    Work(Box<Wanted>, Option<String>),
    /// It is not worked on, for this reason.
    Told(String),
    /// There is nothing to do and nothing to say.
    Passed,
}

impl Raised {
    /// A release of which only the version that it names now is known: whether its values fit that is told by
    /// themselves.
    fn by_itself(mut wanted: Wanted, here: Stated, note: Option<String>) -> Self {
        match (here.version, note) {
            (Some(version), note) => {
                wanted.to = Some(version);
                Self::Work(Box::new(wanted), note)
            }
            (None, Some(note)) => Self::Told(note),
            (None, None) => Self::Passed,
        }
    }

    fn work(wanted: Wanted) -> Self {
        Self::Work(Box::new(wanted), None)
    }
}

/// The comparison of a workspace with the one of a revision.
struct Comparison<'c> {
    before: &'c Workspace,
    since: &'c StateAtRevision,
    packs: &'c [Pack],
    told: outcome::ReportedSince,
}

impl Comparison<'_> {
    fn pack_of(&self, chart: Option<&String>) -> Option<&Pack> {
        let mut packs = self.packs.iter();
        packs.find(|pack| Some(&pack.identity.chart) == chart)
    }

    /// Judges a release by what it was.
    fn compare(&mut self, file: &str, mut wanted: Wanted, pair: StateBefore) -> Raised {
        let predecessor = match pair {
            StateBefore::Of(index) => self.predecessor(&self.before.releases[index], &wanted),
            _ => None,
        };
        // A chart that is known only as the one that takes another's place.
        let has_pack = self.pack_of(wanted.chart.as_ref()).is_some();
        if !has_pack && wanted.carrier.is_some() && predecessor.is_none() {
            return Raised::Passed;
        }
        let (here, name) = (Stated::of(&wanted), wanted.name.clone());
        let revision = &self.since.named;
        match pair {
            StateBefore::Of(index) => {
                wanted.earlier = Some(index);
                let old = &self.before.releases[index];
                let there = Stated::of(old);
                if here.is_like(&there) {
                    self.told.kept += 1;
                    return Raised::Passed;
                }
                match predecessor {
                    Some(pack) => match onto_successor(pack, &mut wanted, &here, &there) {
                        Ok(()) => Raised::work(wanted),
                        Err(text) => Raised::Told(format!("{name}: {text}")),
                    },
                    None => self.way(file, wanted, old, (here, there)),
                }
            }
            StateBefore::Other(index) => {
                let other = &self.before.other_releases[index];
                let chart = other.chart.as_deref().unwrap_or("another chart");
                let version = other.version.as_deref().unwrap_or("of an unknown version");
                let (then, now) = (NamedChart::of_other(other), NamedChart::of(&wanted));
                let note = format!(
                    "{name}: it deployed {chart} {version} in {revision}, which refit does not know. Its values are judged by themselves. {}",
                    compared(&then, &now, file)
                );
                Raised::by_itself(wanted, here, Some(note))
            }
            StateBefore::Broken => Raised::Told(format!(
                "{name}: it could not be read as it was in {revision}. State the version before: --from VERSION, without --since."
            )),
            StateBefore::None => {
                self.told.new.push(name);
                Raised::by_itself(wanted, here, None)
            }
        }
    }

    /// The pack of the chart that a release had, if it has the one now that takes its place.
    fn predecessor(&self, old: &Wanted, wanted: &Wanted) -> Option<&Pack> {
        let pack = self.pack_of(old.chart.as_ref())?;
        let by = pack.info.replaced_by.as_ref()?;
        (Some(&by.chart) == wanted.chart.as_ref()).then_some(pack)
    }

    /// The way of a release whose chart is named otherwise than before.
    fn way(
        &mut self,
        file: &str,
        wanted: Wanted,
        old: &Wanted,
        (here, there): (Stated, Stated),
    ) -> Raised {
        let Some(pack) = self.pack_of(wanted.chart.as_ref()) else {
            return Raised::work(wanted);
        };
        if here.chart != there.chart {
            return self.onto_another(file, wanted, old, (here, there));
        }
        if here.repository != there.repository && here.text == there.text {
            if wanted.is_from_elsewhere || old.is_from_elsewhere {
                return Raised::Told(format!(
                    "{}: its chart came from {} in {} and comes from {} now, in the same version. See that it is the same chart.",
                    wanted.name,
                    there.repository.as_deref().unwrap_or("elsewhere"),
                    self.since.named,
                    here.repository.as_deref().unwrap_or("elsewhere"),
                ));
            }
            self.told.kept += 1;
            return Raised::Passed;
        }
        to_named_version(pack, wanted, old, (here, there))
    }

    /// A release whose chart is another one now, which does not take the place of the old one.
    fn onto_another(
        &self,
        file: &str,
        mut wanted: Wanted,
        old: &Wanted,
        (here, there): (Stated, Stated),
    ) -> Raised {
        let note = format!(
            "{}: its chart was {} {} in {} and is {} {} now. refit knows no way from one to the other; its values are judged by themselves. {}",
            wanted.name,
            there.chart.as_deref().unwrap_or("unknown"),
            there.text.as_deref().unwrap_or_default(),
            self.since.named,
            here.chart.as_deref().unwrap_or("unknown"),
            here.text.as_deref().unwrap_or_default(),
            compared(&NamedChart::of(old), &NamedChart::of(&wanted), file)
        );
        // Nothing of the other chart's version says which of this one's the values are for.
        if here.version.is_some() {
            wanted.earlier = None;
        }
        Raised::by_itself(wanted, here, Some(note))
    }
}

/// Sends a release from the version that it named to the one that it names now.
fn to_named_version(
    pack: &Pack,
    mut wanted: Wanted,
    old: &Wanted,
    (here, there): (Stated, Stated),
) -> Raised {
    let name = &wanted.name;
    let Some(to) = target(pack, &wanted, &here) else {
        return Raised::Told(match &here.text {
            Some(text) => format!(
                "{name}: `{text}` is no chart version that refit knows, so it cannot say what the values need. State both: --from VERSION --to VERSION, without --since."
            ),
            None => format!(
                "{name}: its manifest names no version any more, so nothing can be said of its values."
            ),
        });
    };
    let is_ahead = here.version.as_ref().is_some_and(|version| *version > to);
    let note = is_ahead.then(|| {
        format!(
            "{name}: it goes to {}, and refit knows {} up to {to} only: its values are brought to {to}. Read what the chart changed after that.",
            here.text.as_deref().unwrap_or_default(),
            pack.info.chart,
        )
    });
    wanted.version = there.version.map(|version| (version, KnownBy::Revision));
    wanted.range.clone_from(&old.range);
    // What is no version leaves the content.
    wanted.no_version = None;
    wanted.to = Some(to);
    Raised::Work(Box::new(wanted), note)
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
        // Somebody will copy the command into a shell, and the names in it come from a file.
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

/// A sentence on the way between two charts, with commands that work as they stand where both can be fetched.
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
    Some(file.at(pin.offset(file)))
}
