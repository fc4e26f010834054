//! Refusals of releases: what their content, their files or each other stand in the way of. Who reads one has
//! the values before them, and refit has changed nothing.

use semver::Version;

use super::{Reason, request, unreadable_value};
use crate::{
    block::{BlockInFile, EmbedError, TextFile},
    edit::EditError,
    outcome::Refusal,
    values::{Path, place_of},
    yaml::{Disagreement, NodeId},
};

/// The ways in which a release cannot be upgraded, beside those of its text and of what was asked for.
#[derive(Debug)]
pub enum ReleaseError {
    /// Something was decided for a release that does not exist.
    Unknown {
        /// Its name.
        name: String,
        /// The releases that exist.
        known: Vec<String>,
    },
    /// It shares a layer with a release that cannot be upgraded.
    SharesLayer {
        /// The file of the layer.
        file: String,
        /// The other release.
        other: String,
    },
    /// It shares the place that names the version with a release that cannot be upgraded.
    SharesVersion {
        /// The file of that place.
        file: String,
        /// The other release.
        other: String,
    },
    /// It would change a layer of a release that is not part of the run.
    SharesWithOutsider {
        /// The file of the layer.
        file: String,
        /// The other release.
        other: String,
        /// The name that this release has in `refit.yaml`; none if it has none.
        release: Option<String>,
    },
    /// Releases want different texts of layers that they share.
    Apart {
        /// The releases.
        releases: Vec<String>,
        /// The files of the layers.
        files: Vec<String>,
        /// Why the differences cannot be written into layers of their own; none if they have no such layers.
        failed: Option<String>,
    },
    /// The content is for other versions than `refit.yaml` says, and the files were edited since.
    NotAsRecorded {
        /// The chart.
        chart: String,
        /// The version in `refit.yaml`.
        recorded: Version,
        /// The oldest and the newest version that the content is for.
        fits: (Version, Version),
        /// The files that were edited.
        edited: Vec<String>,
        /// The evidence against the recorded version.
        against: Vec<String>,
        /// The name that the release has in `refit.yaml`; none if it has none.
        release: Option<String>,
    },
    /// No known version is in the range that the manifest names.
    NoVersionInRange {
        /// The chart.
        chart: String,
        /// The range as it is written.
        range: String,
        /// The oldest version that is known, if the range names only older ones.
        first: Option<Version>,
    },
    /// The content is for newer versions than the target.
    NewerThanTarget {
        /// The chart.
        chart: String,
        /// The oldest version that the content is for.
        oldest: Version,
        /// The target.
        target: Version,
    },
    /// The content leaves the version open.
    VersionOpen {
        /// The chart.
        chart: String,
        /// The oldest and the newest version that it can be; none if its keys exclude each other.
        between: Option<(Version, Version)>,
        /// The evidence.
        clues: Vec<String>,
        /// The versions that can be chosen, oldest first.
        candidates: Vec<String>,
    },
    /// A path string has to be renamed and cannot be edited in its place.
    PathStringFixed {
        /// The new path string.
        text: String,
    },
    /// A comment that another program looks for would be lost.
    MarkerLost,
    /// An alias outside of the edited values would change with them.
    AliasFollows {
        /// The path of the alias.
        path: Path,
    },
    /// Helm's own reader reads the text otherwise than it looks.
    OtherReader {
        /// What that reader says.
        what: String,
    },
    /// The edited text does not say the migrated values: a fault of refit.
    CheckFailed {
        /// The first difference.
        difference: String,
    },
}

impl ReleaseError {
    /// The error of a text that Helm's own reader reads otherwise than it looks.
    #[must_use]
    pub fn other_reader(found: &Disagreement) -> Self {
        let what = found.what.to_string();
        Self::OtherReader { what }
    }

    /// The error of an edited text that does not say the migrated values.
    #[must_use]
    pub fn check_failed(difference: impl ToString) -> Self {
        let difference = difference.to_string();
        Self::CheckFailed { difference }
    }

    /// The refusal of a whole release or file.
    #[must_use]
    pub fn of(&self, name: &str) -> Box<Refusal> {
        self.reason().of(name)
    }

    /// The refusal because of an offset, in bytes, of a file.
    #[must_use]
    pub fn at(&self, file: &TextFile, offset: usize) -> Box<Refusal> {
        self.reason().at(&file.name, &file.text, offset)
    }

    /// The refusal because of a node of a file.
    #[must_use]
    pub fn at_node(&self, file: &TextFile, node: NodeId) -> Box<Refusal> {
        self.at(file, file.tree.span(node).start)
    }

    fn reason(&self) -> Reason {
        match self {
            Self::Unknown { name, known } => Reason::new(format!(
                "there is no release `{name}`, for which something was decided"
            ))
            .next(match known.is_empty() {
                true => "No release was found.".to_owned(),
                false => format!("The releases are: {}.", known.join(", ")),
            }),
            Self::SharesLayer { file, other } => shares(file, other).why(OF_BOTH),
            Self::SharesWithOutsider {
                file,
                other,
                release,
            } => Reason::new(format!(
                "it would change {file}, which is a layer of {other} too, and {other} is not part of this run"
            ))
            .why(OF_BOTH)
            .next(match release {
                Some(name) => format!(
                    "Upgrade both in one run: --release {name} --release {other} (with =FILE,FILE for a release that refit.yaml does not have)."
                ),
                None => format!("Name both releases: --release NAME=FILE,FILE --release {other}."),
            }),
            Self::SharesVersion { file, other } => {
                shares(&format!("the chart version in {file}"), other).why(
                    "Where one place names the version for both, raising it for one raises it for the other.",
                )
            }
            Self::Apart {
                releases,
                files,
                failed,
            } => {
                let reason = Reason::new(format!(
                    "{} want different things of {}, which they share",
                    releases.join(" and "),
                    files.join(" and ")
                ));
                match failed {
                    Some(failed) => reason
                        .why(format!(
                            "One text cannot be both, and what differs cannot be written into their own layers: {failed}."
                        ))
                        .next(format!(
                            "Move what differs out of {} into a layer of each release, and run refit again.",
                            files.join(" and ")
                        )),
                    None => reason
                        .why("One text cannot be both, and there is no layer of their own where the difference could go.")
                        .next("Give each release a values file of its own as its last layer (it may be empty: `{}`), and run refit again."),
                }
            }
            Self::NotAsRecorded {
                chart,
                recorded,
                fits,
                edited,
                against,
                release,
            } => {
                let fits = match fits {
                    (first, last) if first == last => format!("only {first}"),
                    (first, last) => format!("{first} to {last}"),
                };
                let state = match release {
                    Some(name) => format!("--release {name}@VERSION, or --from VERSION for all"),
                    None => "--from VERSION".to_owned(),
                };
                Reason::new(format!(
                    "refit.yaml says that these values are for {chart} {recorded}, and their content is for {fits}"
                ))
                .why(format!(
                    "{} changed since refit wrote it: put back to an older state, or edited. {}",
                    edited.join(" and "),
                    against.join(" ")
                ))
                .next(format!(
                    "If the file was put back, say for which version it is: {state}. If a key of an older chart came in by mistake, remove it: {chart} {recorded} does not read it."
                ))
            }
            Self::NoVersionInRange {
                chart,
                range,
                first,
            } => {
                let reason = Reason::new(format!(
                    "refit knows no version of the chart {chart} that `{range}` allows"
                ));
                match first {
                    Some(first) => reason.older_than_known(chart, first),
                    None => reason.next(
                        "Name the chart version that runs now: --from VERSION (`helm list` shows it).",
                    ),
                }
            }
            Self::NewerThanTarget {
                chart,
                oldest,
                target,
            } => Reason::new(format!(
                "the file is for {chart} {oldest} or later, which is newer than {target}"
            ))
            .next("Name a later target with --to, or state the version with --from."),
            Self::VersionOpen {
                chart,
                between,
                clues,
                candidates,
            } => version_open(chart, between.as_ref(), clues, candidates),
            Self::PathStringFixed { text } => Reason::new(format!(
                "this path string has to become `{text}`, and cannot be edited in place"
            ))
            .next("Write it by hand, and run refit again."),
            Self::MarkerLost => {
                Reason::new("a comment that another program looks for would not survive")
                    .why("What it stands on goes, or becomes another value.")
                    .next("Move the comment to the line that shall be written to, or delete it, and run refit again.")
            }
            Self::AliasFollows { path } => Reason::new(format!(
                "{path} is an alias of values that change, and would change with them"
            ))
            .why(AT_THE_ANCHOR)
            .next("Write the values out at this place instead of the alias, and run refit again."),
            Self::OtherReader { what } => {
                Reason::new("Helm's YAML reader does not read this as it looks")
                    .why(format!("Readers of its kind say here: {what}."))
                    .next("Write it in the common form, on one line or with quotes, and run refit again.")
            }
            Self::CheckFailed { difference } => Reason::new(format!(
                "refit's own check of the edited text failed: {difference}"
            ))
            .why("This is a fault of refit. Nothing was changed.")
            .next("Please report it with the file, or the part of it that is named."),
        }
    }
}

/// Why a layer cannot change for one release alone.
const OF_BOTH: &str = "A shared layer that is changed for one release changes the other, too.";

/// Why an alias cannot change alone.
const AT_THE_ANCHOR: &str = "What it stands for is written once, at its anchor.";

fn shares(what: &str, other: &str) -> Reason {
    Reason::new(format!(
        "it shares {what} with {other}, which cannot be upgraded"
    ))
    .next(format!("Look at the message for {other} first."))
}

fn version_open(
    chart: &str,
    between: Option<&(Version, Version)>,
    clues: &[String],
    candidates: &[String],
) -> Reason {
    let what = match between {
        None => "the file has keys of chart versions that exclude each other",
        Some(_) => "the content does not tell which chart version the file is for, and it matters",
    };
    let mut why: Vec<String> = Vec::new();
    why.extend(between.map(|(first, last)| format!("It can be anything from {first} to {last}.")));
    if !clues.is_empty() {
        why.push(format!("Evidence: {}", clues.join("; ")));
    }
    let reason = Reason::new(what)
        .next(format!(
            "Say which it is: --from VERSION. `helm list` shows it in the column CHART ({chart}-VERSION)."
        ))
        .missing_version(chart, candidates.to_vec());
    match why.is_empty() {
        true => reason,
        false => reason.why(why.join(" ")),
    }
}

/// The refusal of a block whose text cannot be edited.
#[must_use]
pub fn edit(block: BlockInFile<'_>, error: &EditError) -> Box<Refusal> {
    let (file, tree) = (block.file, block.tree());
    let reason = Reason::new(error.to_string());
    let offset_of = |node: NodeId| tree.span(node).start;
    let (reason, offset) = match error {
        EditError::Shared(places) => (
            reason
                .why("Changing it there would change the other places as well.")
                .next("Write the values out at this place instead of the alias, or let refit do that: --answer detach=copy."),
            places.first().map(|shared| offset_of(shared.node)),
        ),
        EditError::Anchored { node, .. } => (
            reason
                .why(AT_THE_ANCHOR)
                .next("Write the values out at this place instead of the alias, and run refit again."),
            Some(offset_of(*node)),
        ),
        EditError::Duplicate { node, by, .. } => (
            reason
                .why(format!(
                    "Helm reads the last one (the next is in line {}); which is meant is not for refit to say.",
                    block.at(*by).line
                ))
                .next("Remove the one that is not meant, and run refit again."),
            Some(offset_of(*node)),
        ),
        EditError::Read(error) => (unreadable_value(error), Some(error.offset)),
        EditError::Text(error) => request::text(error),
        EditError::Key { .. } => (reason, None),
    };
    match offset {
        Some(offset) => reason.at(&file.name, &file.text, block.offset(offset)),
        None => reason.of(&file.name),
    }
}

/// The refusal of a block whose new values its string or its path strings cannot hold.
#[must_use]
pub fn embed(block: BlockInFile<'_>, error: &EmbedError) -> Box<Refusal> {
    let reason = Reason::new(error.to_string());
    let reason = match error {
        EmbedError::Text(_) => reason.next(
            "Write the string as a block (`|`), or the values as a map, and run refit again.",
        ),
        EmbedError::Paths(_) => reason
            .why("A path string sets one value; what has to be set here is more than that.")
            .next("Move the setting to the values beside the list, and run refit again."),
    };
    reason.at(&block.file.name, &block.file.text, block.offset(0))
}

/// The refusal because of an alias outside of the edited values that would change with them.
#[must_use]
pub fn alias_follows(file: &TextFile, alias: NodeId) -> Box<Refusal> {
    let path = place_of(&file.tree, alias);
    ReleaseError::AliasFollows { path }.at_node(file, alias)
}
