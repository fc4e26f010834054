//! The keys of a chart over its versions: what goes or changes needs a step that speaks of it.
//!
//! A key that just vanishes is what loses a user's setting without a word, and a default that changes is
//! what surprises them. Neither is an error by itself, so both are warnings, and `ignored` in a migration
//! says why there is nothing to do.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
};

use semver::Version;

use super::{
    Whole,
    finding::{Code, PackFinding},
    paths::{did_you_mean, telling_kind},
    place::Spot,
};
use crate::{
    pack::{
        Known,
        model::{KeyRange, ReadAnswer},
    },
    values::{Path, Segment, Value},
};

/// Checks keys.yaml.
pub(super) fn check(whole: &Whole<'_>, found: &mut Vec<PackFinding>) {
    let keys = whole.files.spot("keys.yaml");
    let entries: HashMap<&str, Spot<'_>> = keys.entries().into_iter().collect();
    let mut history = HistoryCheck {
        whole,
        used: BTreeSet::new(),
        gone: BTreeSet::new(),
        found,
    };
    for (text, path, ranges) in whole.pack.keys.each_key() {
        let Some(entry) = entries.get(text) else {
            continue;
        };
        let ranges: Vec<&KeyRange> = ranges.collect();
        history.check_key((path, *entry), &ranges);
    }
    let used = history.used;
    check_ignored(whole, &used, found);
    ignored_keys(whole, found);
}

/// The change of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyChangeKind {
    /// It goes, or nothing reads it any more.
    Gone,
    /// It has another default.
    Default,
}

/// True if pack.yaml says that nothing needs to be done about a change.
fn is_ignored(whole: &Whole<'_>, path: &Path, version: &Version, change: KeyChangeKind) -> bool {
    whole.pack.info.ignored.iter().any(|ignored| {
        let keys = match change {
            KeyChangeKind::Gone => &ignored.gone,
            KeyChangeKind::Default => &ignored.defaults,
        };
        let mut keys = keys.iter().filter_map(|key| key.parse::<Path>().ok());
        ignored.versions.contains(version) && keys.any(|key| key.may_overlap(path))
    })
}

/// Checks that the keys that pack.yaml ignores can be read.
fn ignored_keys(whole: &Whole<'_>, found: &mut Vec<PackFinding>) {
    let list = whole.files.spot("pack.yaml").get("ignored");
    for (number, ignored) in whole.pack.info.ignored.iter().enumerate() {
        for (field, keys) in [("defaults", &ignored.defaults), ("gone", &ignored.gone)] {
            for (at, key) in keys.iter().enumerate() {
                if let Err(error) = key.parse::<Path>() {
                    let spot = list.item(number).get(field).item(at);
                    found.push(spot.finding_here(Code::BadPath, error.to_string()));
                }
            }
        }
    }
}

/// A key at the version where something happens to it.
struct KeyChange<'a> {
    path: &'a Path,
    entry: Spot<'a>,
    version: &'a Version,
    before: &'a Version,
}

/// The check of keys.yaml, with what it has met so far.
struct HistoryCheck<'c> {
    whole: &'c Whole<'c>,
    /// The entries under `ignored` of migrations that would be found without them.
    used: BTreeSet<(Version, String)>,
    /// The maps of which it was said that they go.
    gone: BTreeSet<(Version, String)>,
    found: &'c mut Vec<PackFinding>,
}

impl HistoryCheck<'_> {
    /// Goes through a key at the versions at which one of its ranges begins or ends: charts have hundreds of versions
    /// and keys, and nothing else changes between them.
    fn check_key(&mut self, (path, entry): (&Path, Spot<'_>), ranges: &[&KeyRange]) {
        let mut last: Option<usize> = None;
        let mut overlap = false;
        let versions = &self.whole.versions;
        let within = ranges.iter().map(|range| range.versions.within(versions));
        let within: Vec<Range<usize>> = within.collect();
        let ends = within.iter().filter(|places| !places.is_empty());
        let ends: BTreeSet<usize> = ends.flat_map(|places| [places.start, places.end]).collect();
        for at in ends {
            // What holds to the last version ends behind it.
            let Some(version) = versions.get(at) else {
                break;
            };
            let mut own = (0..ranges.len()).filter(|range| within[*range].contains(&at));
            let range = own.next();
            // Once for a key: the versions behind this one would only repeat it.
            if let (Some(second), false) = (own.next(), overlap) {
                let message = format!("two ranges of {path} contain {version}");
                let spot = entry.item(second).get("in");
                self.found
                    .push(spot.finding_here(Code::RangesOverlap, message));
                overlap = true;
            }
            let before = at.checked_sub(1).map(|at| &versions[at]);
            if let (Some(last), Some(before)) = (last, before) {
                let change = KeyChange {
                    path,
                    entry,
                    version,
                    before,
                };
                match range {
                    Some(range) if range != last => {
                        self.check_changed(&change, ranges[last], (ranges[range], range));
                    }
                    Some(_) => {}
                    None => self.check_vanished(&change, ranges[last], last),
                }
            }
            last = range;
        }
    }

    /// True if a step of the version has to do with the key, or the migration says that none need.
    fn is_spoken_of(&mut self, at: &KeyChange<'_>, change: KeyChangeKind) -> bool {
        if is_ignored(self.whole, at.path, at.version, change) {
            return true;
        }
        let mut migrations = self.whole.migrations.iter();
        let Some(migration) = migrations.find(|migration| migration.version == *at.version) else {
            // Of a file that cannot be read nobody knows what it would say.
            let mut files = self.whole.pack.migrated_versions();
            return files.any(|version| version == at.version);
        };
        // `**` can stand for whatever is below a key, and speaks only of what it leads to.
        let meets = |path: &Path| match path.is_deep() {
            true => path.may_hold(at.path),
            false => path.may_overlap(at.path),
        };
        if let Some(ignored) = migration.ignored.iter().find(|path| meets(path)) {
            self.used
                .insert((migration.version.clone(), ignored.to_string()));
            return true;
        }
        migration.steps.iter().any(|step| {
            let takes = step.takes.iter().map(|take| &take.path);
            let reads = step.reads.iter().map(|(_, path)| path);
            takes
                .chain(reads)
                .chain(step.written_paths())
                .chain(&step.keep)
                .any(meets)
        })
    }

    /// Checks a key that has another range from a version on, by the number of that range.
    fn check_changed(
        &mut self,
        change: &KeyChange<'_>,
        old: &KeyRange,
        (new, at): (&KeyRange, usize),
    ) {
        let (path, version) = (change.path, change.version);
        let range = change.entry.item(at);
        if old.read == ReadAnswer::Yes && new.read == ReadAnswer::No {
            if !self.is_spoken_of(change, KeyChangeKind::Gone) {
                let message = format!(
                    "nothing reads {path} from {version} on, and no step of {version}.yaml takes it; move or \
                     drop it there, or say why not under `ignored`"
                );
                self.found
                    .push(range.get("read").finding_here(Code::VanishedKey, message));
            }
            return;
        }
        if !new.gone_from.is_empty() && !self.is_spoken_of(change, KeyChangeKind::Gone) {
            let files = new.gone_from.join(", ");
            let message = format!(
                "{files} does not read {path} any more from {version} on, others still do, and no step of \
                 {version}.yaml looks at it; move or tell it there, or say why not under `ignored`"
            );
            self.found
                .push(range.get("gone-from").finding_here(Code::LeftKey, message));
        }
        // A tag is what an upgrade is for.
        let tag = matches!(path.last(), Some(Segment::Key(key)) if ["tag", "digest"].contains(&key.as_str()));
        if new.read == ReadAnswer::Yes && !tag && old.default != new.default {
            self.check_default(change, range.get("default").at_value());
        }
    }

    /// Checks a key whose default is written otherwise from a version on, at its place.
    fn check_default(&mut self, change: &KeyChange<'_>, spot: Spot<'_>) {
        let (path, version) = (change.path, change.version);
        let defaults = (
            self.whole.default(path, change.before),
            self.whole.default(path, version),
        );
        let (Some(before), Some(now)) = defaults else {
            return;
        };
        let kinds = (telling_kind(before), telling_kind(now));
        // An empty text, map or list and a null all say that nothing is set.
        if is_nothing(before) && is_nothing(now) && kinds.0.zip(kinds.1).is_none_or(|(a, b)| a == b)
            || self.is_spoken_of(change, KeyChangeKind::Default)
        {
            return;
        }
        self.found.push(match kinds {
            (Some(theirs), Some(own)) if theirs != own => {
                let message = format!(
                    "the default of {path} is {own} from {version} on and was {theirs}; if that is right, a step \
                     of {version}.yaml should convert or tell it, or `ignored` say why not"
                );
                spot.finding_here(Code::DefaultType, message)
            }
            _ => {
                let message = format!(
                    "the default of {path} changes with {version}, and no step of {version}.yaml looks at it; \
                     tell it there (`read` and `tell`), or say why not under `ignored`"
                );
                spot.finding_here(Code::ChangedDefault, message)
            }
        });
    }

    /// Checks a key that is in no range any more, by the number of the range that it was in.
    fn check_vanished(&mut self, change: &KeyChange<'_>, old: &KeyRange, at: usize) {
        let (path, version) = (change.path, change.version);
        if old.read == ReadAnswer::No
            || self.whole.pack.keys.known(path, version) != Known::Unknown
            || self.is_spoken_of(change, KeyChangeKind::Gone)
        {
            return;
        }
        // Of a whole map that goes, the map is named, once.
        let segments = path.segments();
        let above = (1..=segments.len()).map(|depth| Path::new(segments[..depth].to_vec()));
        let mut above = above.filter(|above| !self.whole.knows(above, version));
        let top = above.next().unwrap_or_else(|| path.clone());
        if !self.gone.insert((version.clone(), top.to_string())) {
            return;
        }
        let what = match top == *path {
            true => format!("{version} does not know {path} any more"),
            false => format!("{version} does not know {path} and the rest of {top} any more"),
        };
        let message = format!(
            "{what}, and no step of {version}.yaml takes it; move or drop it there, or say why not under \
             `ignored`"
        );
        let spot = change.entry.item(at).get("in");
        self.found
            .push(spot.finding_here(Code::VanishedKey, message));
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// Finds entries that are ignored and would not be found.
fn check_ignored(
    whole: &Whole<'_>,
    used: &BTreeSet<(Version, String)>,
    found: &mut Vec<PackFinding>,
) {
    for migration in &whole.migrations {
        let name = format!("{}.yaml", migration.version);
        let spot = whole.files.spot(&name).get("ignored");
        for path in &migration.ignored {
            if used.contains(&(migration.version.clone(), path.to_string())) {
                continue;
            }
            let message = format!(
                "nothing about {path} would be found at {}{}",
                migration.version,
                did_you_mean(whole.pack, path)
            );
            let at = spot.find_path(path).unwrap_or(spot);
            found.push(at.finding_here(Code::UselessIgnored, message));
        }
    }
}
