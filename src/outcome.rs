//! The outcome: one serialisable result that holds everything that is shown, asked, written or reported.
//!
//! Whoever prints, asks or writes reads this and nothing else; so what was shown is what is written, and
//! every output says the same. It is data: it decides nothing and renders nothing. As JSON it is the
//! format that `-o json` promises, so a field is added, never renamed.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use schemars::JsonSchema;
use semver::Version;
use serde::Serialize;

use crate::{digest, pack::expr::describe_value, values::Path};

pub use crate::pack::{
    PackOrigin, When,
    model::{NoticeSeverity, Strength, Told},
};

/// The version of the JSON form.
pub const FORMAT: u32 = 1;

/// The outcome of a run.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Outcome {
    /// The version of this format: [`FORMAT`].
    pub format: u32,
    /// The releases, in the order they were given.
    pub releases: Vec<Release>,
    /// The releases that could not be read, detected, planned or migrated. Nothing of them was changed.
    pub refused: Vec<Refusal>,
    /// Values files in the folders that were searched which no manifest claims. They were not touched.
    pub unclaimed: Vec<Unclaimed>,
    /// Releases of known charts that were seen where refit edits nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<SeenRelease>,
    /// Charts that refit does not know and manifests deploy, with how often. Nothing of them was touched.
    pub other_charts: BTreeMap<String, usize>,
    /// Releases that name a version which is newer than all that is known of their chart. Nothing of them was
    /// touched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ahead: Vec<Ahead>,
    /// Packs that charts name, and that refit does not use, since `refit.yaml` does not name them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub named_packs: Vec<NamedPack>,
    /// The git revision that the run compared with, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<ReportedSince>,
}

/// A pack that a chart names in its `Chart.yaml`. It is only told: nothing is fetched because a chart says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NamedPack {
    /// The chart that it is for.
    pub chart: String,
    /// The folder or archive of the chart that names it.
    pub by: String,
    /// The place of the pack, as `packs:` in `refit.yaml` can name it.
    pub place: String,
}

/// Releases of a chart that are ahead of what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ahead {
    /// The chart.
    pub chart: String,
    /// The newest version that is known.
    #[schemars(with = "String")]
    pub newest: Version,
    /// The version that they name, as it is written.
    pub version: String,
    /// Their names.
    pub releases: Vec<String>,
}

/// A comparison with a git revision: only releases whose chart version differs are looked at.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportedSince {
    /// The name of the revision, as it was given.
    pub revision: String,
    /// The commit that it came to: where this branch left it.
    pub commit: String,
    /// The number of releases that name the version that they named there.
    pub kept: usize,
    /// The releases that were not there.
    pub new: Vec<String>,
    /// Notices for a person about releases that could not be compared, or only in part.
    pub notes: Vec<Notice>,
}

/// A values file that belongs to no release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unclaimed {
    /// The file.
    pub file: String,
    /// The chart that it has the keys of.
    pub chart: String,
    /// The key of a dependency under which they stand; `None`: at the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub under: Option<Path>,
}

/// A release of a known chart in a place where refit edits nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SeenRelease {
    /// The place at which its chart is named.
    pub at: FilePosition,
    /// Its name there.
    pub title: String,
    /// The chart.
    pub chart: String,
    /// The version, as it is written.
    pub version: Option<String>,
    /// The reason for which nothing is edited there.
    pub place: SeenIn,
}

/// A kind of place where refit edits nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SeenIn {
    /// A hidden folder, or a hidden file: what people put aside. Named on the command line it is upgraded.
    Hidden,
    /// A file of a tool whose values refit cannot edit: Terraform, Crossplane, Pulumi.
    OtherTool,
    /// A manifest whose chart is brought by an object that is in none of the files, and that is called like the chart.
    ObjectElsewhere,
    /// A manifest whose chart is a folder that is not here, together with its version and its values.
    FolderElsewhere,
}

/// A set of values that goes to one chart: a stack of layers.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Release {
    /// The chart.
    pub chart: String,
    /// The chart that they are for afterwards, if it is another one, which takes the place of the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_chart: Option<String>,
    /// The source of the pack that says what changed in the chart.
    pub pack: PackOrigin,
    /// The keys in the content that tell the chart, if nothing else named it.
    pub chart_told_by: Vec<ChartSign>,
    /// The version that the values were for.
    #[schemars(with = "String")]
    pub from: Version,
    /// The way in which that is known.
    pub known_by: KnownBy,
    /// The oldest version from which the result is the same, if the content could as well be for that one.
    #[schemars(with = "Option<String>")]
    pub same_from: Option<Version>,
    /// The keys in the content that tell the version.
    pub evidence: Vec<Clue>,
    /// The version that they are for afterwards.
    #[schemars(with = "String")]
    pub to: Version,
    /// Its own name, as its carrier, `refit.yaml` or `--release` has it; `None`: it is known by its files.
    pub name: Option<String>,
    /// The name in requests: its own, or the names of its files.
    #[serde(skip)]
    pub called: String,
    /// Its name in the cluster, if that is known.
    #[serde(skip)]
    pub release_name: Option<String>,
    /// The kind of manifest that holds it, as people call it (`Argo CD Application`); `None` for plain
    /// values files.
    pub carrier: Option<String>,
    /// The files that hold its layers, each once, in Helm's order. Releases that share a file share the
    /// entry, too.
    pub files: Vec<Arc<ReportedFile>>,
    /// The names of all files that it is made of, in Helm's order, those included that cannot be read; only for a
    /// release that no manifest describes.
    #[serde(skip)]
    pub sources: Vec<PathBuf>,
    /// The request that it is a part of, if that is for several dependencies of a chart.
    #[serde(skip)]
    pub part_of: Option<Arc<WholeRequest>>,
    /// The steps with their changes, texts and questions, in the order they ran.
    pub steps: Vec<ReportedStep>,
    /// The notices about the file itself, independent of any step.
    pub notices: Vec<Notice>,
    /// Settings that only older versions of the chart read, in files that were edited since refit brought
    /// them to a newer one. Nothing reads them.
    pub stale: Vec<Notice>,
    /// The fate of every leaf that did not stay as it was, and of every leaf that the target ignores.
    pub ledger: Vec<LeafFate>,
    /// The number of leaves that stayed as they were.
    pub kept: usize,
    /// Facts before and after.
    pub facts: Vec<FactChange>,
    /// The tasks for a person outside the files, in order.
    pub checklist: Vec<Task>,
    /// The release that it waits for, though it has no open question itself: they share a file, directly or through
    /// others, and are written together or not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<HeldBy>,
    /// Identifies exactly this result: the bytes of all files after it. What `--expect` compares.
    pub digest: String,
    /// Its merged values, if they were asked for.
    #[serde(skip)]
    pub values: Option<Arc<Values>>,
}

/// A request for layers of a chart that several of its dependencies have values in: it is a release of each of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeRequest {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The version that the values are said to be for, if one is said.
    pub version: Option<Version>,
    /// All layers as they were named, in Helm's order.
    pub layers: Vec<PathBuf>,
}

/// The releases with open questions for which another one waits. Only the first is named: thousands may share a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HeldBy {
    /// The first of them, by its name, or by its files if it has none.
    pub release: String,
    /// The number of the others.
    pub others: usize,
}

impl Release {
    /// The chart that the values are for afterwards.
    #[must_use]
    pub fn chart_after(&self) -> &str {
        self.to_chart.as_deref().unwrap_or(&self.chart)
    }
}

/// The merged values of a release, without the chart's defaults.
#[derive(Debug, Clone)]
pub struct Values {
    /// Before.
    pub before: serde_json::Value,
    /// Afterwards.
    pub after: serde_json::Value,
    /// The place of each leaf before, in the right-most layer that has it.
    pub places: Vec<(Path, FilePosition)>,
    /// The values that are made up or missing, because a layer cannot be read.
    pub unknown: Vec<String>,
    /// The settings whose values are made up.
    pub made_up: Vec<Path>,
}

/// The way in which the source version is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KnownBy {
    /// It was stated with `--from`.
    Stated,
    /// The manifest that holds the values says it.
    Carrier,
    /// `refit.yaml` says it: an earlier run reached it.
    Recorded,
    /// The running release has it.
    Live,
    /// Its manifest said so in the git revision that the run compares with.
    Revision,
    /// The content allows only this, or versions from which the result is the same.
    Content,
}

/// A key in a file that tells its chart.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChartSign {
    /// The path.
    pub path: Path,
    /// Its place.
    pub at: Option<FilePosition>,
    /// The reason for which it tells the chart.
    pub why: String,
}

/// A thing in a file that tells its version.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Clue {
    /// The path.
    pub path: Path,
    /// Its place.
    pub at: Option<FilePosition>,
    /// The versions that it speaks for.
    pub versions: String,
    /// Its strength.
    pub strength: Strength,
    /// The reason for which it tells the version.
    pub why: String,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FilePosition {
    /// The file as it was named; `-` for standard input.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// A file, before and after.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportedFile {
    /// The file as it was named; `-` for standard input.
    pub name: String,
    /// The path on disk; `None` for standard input.
    #[serde(skip)]
    pub path: Option<PathBuf>,
    /// Its text as it was read. What is on disk must still be this when it is written.
    #[serde(skip)]
    pub before: Arc<str>,
    /// Its text afterwards.
    #[serde(skip)]
    pub after: Arc<str>,
    /// True if they differ.
    pub changed: bool,
    /// The places of its secrets.
    #[serde(skip)]
    pub secrets: Secrets,
    /// Comments that went with what was removed, in file order.
    pub removed_comments: Vec<String>,
    /// Its digest, once somebody asked for it.
    #[serde(skip)]
    pub digest: FileDigest,
}

/// The digest of a file by itself. The releases of a manifest share its file, which a thousand of them would else digest
/// a thousand times. A copy of a file may be changed, so it forgets.
#[derive(Debug, Default)]
pub struct FileDigest(OnceLock<String>);

impl Clone for FileDigest {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// The digest of files, as they will be.
#[must_use]
pub fn digest_of<'f>(files: impl IntoIterator<Item = &'f Arc<ReportedFile>>) -> String {
    let pair = |file: &'f Arc<ReportedFile>| (file.name.as_str(), &*file.after);
    let files: Vec<_> = files.into_iter().collect();
    match files.as_slice() {
        [file] => {
            let digest = || digest::of([pair(file)]);
            file.digest.0.get_or_init(digest).clone()
        }
        files => digest::of(files.iter().map(|file| pair(file))),
    }
}

/// The places of a file's secrets, which no report prints, unless it has to be exact. In bytes, in order and apart from
/// each other.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// In its text before.
    pub before: Vec<Range<usize>>,
    /// In its text afterwards.
    pub after: Vec<Range<usize>>,
}

/// A step that was run, left out or waits.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportedStep {
    /// The id.
    pub id: String,
    /// The version that brought it.
    #[schemars(with = "String")]
    pub version: Version,
    /// The title: the thing that the step does.
    pub title: String,
    /// The reason.
    pub why: Option<String>,
    /// The address of its documentation.
    pub link: Option<String>,
    /// True if it was drafted in this run from two versions of the chart, and no pack has it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub drafted: bool,
    /// Its state.
    pub state: State,
    /// The open questions that it waits for.
    pub waits_for: Vec<String>,
    /// The settings that the target will not read because it was left out.
    pub loses: Vec<Path>,
    /// Its changes.
    pub changes: Vec<ReportedChange>,
    /// Its texts.
    pub tell: Vec<Told>,
    /// Its question.
    pub question: Option<ReportedQuestion>,
}

/// The state of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is done.
    Done,
    /// Its question is open; nothing of it is done.
    Open,
    /// It depends on open questions.
    Waiting,
    /// It was left out on request.
    LeftOut,
}

/// One thing that a step did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportedChange {
    /// The fate of the setting, with which the ledger counts it.
    pub fate: Fate,
    /// True if it was dropped because it was left over from another chart version, and not in use.
    pub left_over: bool,
    /// The path of the setting before; of one that was written, the new path.
    pub path: Path,
    /// The new path, if it is elsewhere.
    pub to: Option<Path>,
    /// The places that a written value was made of.
    pub from: Vec<Path>,
    /// The value.
    #[schemars(with = "serde_json::Value")]
    pub value: serde_json::Value,
    /// The file it was done in.
    pub file: String,
    /// The place of the setting before, if it was there.
    pub at: Option<FilePosition>,
    /// The place of the setting now, if it is there and that can be told.
    pub now_at: Option<FilePosition>,
}

/// A question, open or answered.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportedQuestion {
    /// The question, in one sentence.
    pub text: String,
    /// The values it is about.
    pub evidence: Vec<QuestionValue>,
    /// The possible answers.
    pub options: Vec<ReportedOption>,
    /// The option that was chosen; `None` if the question is open.
    pub answer: Option<String>,
    /// The inputs that were typed for it.
    pub inputs: std::collections::BTreeMap<String, String>,
    /// The reason for which a given answer does not do yet.
    pub lacking: Option<String>,
    /// The release that an answer must name in front of the id, because another one asks the same about
    /// other values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl ReportedStep {
    /// The name of this step's question for `--answer`.
    #[must_use]
    pub fn asked_as(&self) -> String {
        match self
            .question
            .as_ref()
            .and_then(|question| question.scope.as_ref())
        {
            Some(release) => format!("{release}:{}", self.id),
            None => self.id.clone(),
        }
    }
}

/// A value that a question is about.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct QuestionValue {
    /// The path.
    pub path: String,
    /// The effective value, as text; `None` if it is not set.
    pub value: Option<String>,
    /// A remark that counts in place of the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// Its place.
    pub at: Option<FilePosition>,
}

impl QuestionValue {
    /// The text that is recorded with an answer: the answer holds as long as it stays the same.
    #[must_use]
    pub fn recorded(&self) -> String {
        let text = self.remark.clone().or_else(|| self.value.clone());
        text.unwrap_or_else(|| describe_value(None))
    }
}

/// An option of a question.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportedOption {
    /// The id.
    pub id: String,
    /// The effect of choosing it.
    pub title: String,
    /// True if it is recommended.
    pub recommended: bool,
    /// The inputs that must be typed for it.
    pub inputs: Vec<ReportedInput>,
}

/// Something to type for an option.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportedInput {
    /// The name.
    pub name: String,
    /// The text to type.
    pub title: String,
    /// The text that is taken if nothing is typed.
    pub default: Option<String>,
    /// A regular expression that the whole text must match.
    pub matches: Option<String>,
    /// True if it is a comma-separated list.
    pub list: bool,
}

/// Something about a file that no step is responsible for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Notice {
    /// The place.
    pub at: Option<FilePosition>,
    /// The severity.
    pub severity: NoticeSeverity,
    /// The text.
    pub text: String,
    /// The setting that it is about, with everything below it, if it is about one.
    pub path: Option<Path>,
}

/// The fate of a leaf.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LeafFate {
    /// The file it stood in.
    pub file: Arc<str>,
    /// The path before.
    pub path: Path,
    /// The fate.
    pub fate: Fate,
    /// The new paths, if it is elsewhere.
    pub to: Vec<Path>,
    /// The step that did it.
    pub step: Option<String>,
}

/// The fates of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is elsewhere, unchanged.
    Moved,
    /// It became one with others.
    Merged,
    /// It is in several places.
    Copied,
    /// Something was made of it.
    Rewritten,
    /// It is gone.
    Dropped,
    /// It stayed, and the target chart does not read it.
    Left,
    /// It stayed, because a question is open.
    Held,
    /// It was not there: a step wrote it. The ledger has only settings that were.
    Written,
}

/// A fact before and after.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FactChange {
    /// The title of the fact.
    pub title: String,
    /// Before.
    pub before: Option<String>,
    /// Afterwards; as if nothing were decided, where questions are open.
    pub after: Option<String>,
    /// The open questions whose answers decide what it is afterwards.
    pub open: Vec<String>,
}

/// Something that a person must do outside the files.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Task {
    /// The time, seen from the upgrade.
    pub when: When,
    /// The text.
    pub text: String,
    /// The step that says so, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

/// Something that was not touched, and why.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Refusal {
    /// The file or release.
    pub name: String,
    /// The place in it.
    pub at: Option<FilePosition>,
    /// The line it is about, with a marker below it.
    pub excerpt: Option<String>,
    /// The error.
    pub what: String,
    /// The reason for which that stops refit.
    pub why: Option<String>,
    /// The next step.
    pub next: Option<String>,
    /// The same without secrets, where there are any in it. A report takes this unless it may show them.
    #[serde(skip)]
    pub hidden: Option<Box<Hidden>>,
    /// The choice that has to be named to go on, if the content leaves it open and its candidates are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
}

/// The part of a file that a refusal shows, without its secrets.
#[derive(Debug, Clone, Default)]
pub struct Hidden {
    /// The line it is about, with a marker below it.
    pub excerpt: String,
    /// The secrets of that line, for a sentence may repeat them.
    pub secrets: Vec<String>,
}

/// A choice that the content of a release leaves open, with its candidates: somebody who is there can choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Missing {
    /// The release, as requests call it.
    #[serde(skip)]
    pub release: String,
    /// The kind of choice.
    pub what: Unnamed,
    /// The chart, if its version is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart: Option<String>,
    /// The candidates: charts in the order in which they come into question, versions oldest first.
    pub candidates: Vec<String>,
}

/// The choices that nothing names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unnamed {
    /// The chart: `--chart`.
    Chart,
    /// The chart version that the values are for: `--from`.
    Version,
}

impl Outcome {
    /// Every file once, in the order in which the releases name them.
    #[must_use]
    pub fn files(&self) -> Vec<&Arc<ReportedFile>> {
        distinct_files(self.releases.iter())
    }

    /// The releases by what has to be written together: those that share a file, directly or through
    /// others. In order of their first releases.
    #[must_use]
    pub fn units(&self) -> Vec<Unit<'_>> {
        let units = self.numbers_by_unit().into_iter();
        let unit = |numbers: Vec<usize>| Unit {
            releases: numbers.iter().map(|at| &self.releases[*at]).collect(),
        };
        units.map(unit).collect()
    }

    /// The same, with the numbers of the releases.
    fn numbers_by_unit(&self) -> Vec<Vec<usize>> {
        let mut unit_of_file: HashMap<*const ReportedFile, usize> = HashMap::new();
        // For each unit begun: the unit that it has become part of.
        let mut joined: Vec<usize> = Vec::new();
        let find = |joined: &[usize], mut unit: usize| {
            while joined[unit] != unit {
                unit = joined[unit];
            }
            unit
        };
        let mut of_release = Vec::new();
        for release in &self.releases {
            let mut unit = joined.len();
            joined.push(unit);
            for file in &release.files {
                let other = *unit_of_file.entry(Arc::as_ptr(file)).or_insert(unit);
                let other = find(&joined, other);
                let (older, newer) = (other.min(unit), other.max(unit));
                joined[newer] = older;
                unit = older;
            }
            of_release.push(unit);
        }
        let mut units: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, unit) in of_release.into_iter().enumerate() {
            units.entry(find(&joined, unit)).or_default().push(number);
        }
        units.into_values().collect()
    }

    /// Notes with each release the one that it waits for, if it has no open question itself.
    pub fn note_held(&mut self) {
        for numbers in self.numbers_by_unit() {
            let open = numbers.iter().filter(|at| self.releases[**at].is_open());
            let open: Vec<usize> = open.copied().collect();
            let Some(first) = open.first() else { continue };
            let by = HeldBy {
                release: self.releases[*first].called.clone(),
                others: open.len() - 1,
            };
            for at in numbers {
                let release = &mut self.releases[at];
                let waits = !release.is_open() && (release.is_changed() || release.is_migrated());
                release.held_by = waits.then(|| by.clone());
            }
        }
    }
}

/// Releases that are written together, or not at all.
#[derive(Debug, Clone)]
pub struct Unit<'o> {
    /// The releases, in order.
    pub releases: Vec<&'o Release>,
}

impl<'o> Unit<'o> {
    /// Every file once.
    #[must_use]
    pub fn files(&self) -> Vec<&'o Arc<ReportedFile>> {
        distinct_files(self.releases.iter().copied())
    }

    /// True if a question is open in any of the releases, so that none is written.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.releases.iter().any(|release| release.is_open())
    }

    /// True if any file would change.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.releases.iter().any(|release| release.is_changed())
    }
}

fn distinct_files<'o>(releases: impl Iterator<Item = &'o Release>) -> Vec<&'o Arc<ReportedFile>> {
    let mut seen = HashSet::new();
    releases
        .flat_map(|release| &release.files)
        .filter(|file| seen.insert(Arc::as_ptr(file)))
        .collect()
}

impl ReportedFile {
    /// The name in bytes: that of the file on disk, which need not be text.
    #[must_use]
    pub fn raw_name(&self) -> Cow<'_, [u8]> {
        #[cfg(unix)]
        if let Some(path) = &self.path {
            return std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).into();
        }
        self.name.as_bytes().into()
    }
}

impl Notice {
    /// True if it is about a setting, or about something above it.
    #[must_use]
    pub fn is_about(&self, path: &Path) -> bool {
        let about = self.path.as_ref();
        about.is_some_and(|about| path.starts_with(about))
    }
}

impl Release {
    /// True if a question is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.steps.iter().any(|step| step.state == State::Open)
    }

    /// True if any file would change.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.files.iter().any(|file| file.changed)
    }

    /// True if a step changed something in it, also where no file shows that: a text that is shared waits for the other
    /// releases of it.
    #[must_use]
    pub fn is_migrated(&self) -> bool {
        self.steps.iter().any(|step| !step.changes.is_empty())
    }

    /// The steps left out whose keys the target does not read: what would be lost without `--force`.
    pub fn lost_by_leaving_out(&self) -> impl Iterator<Item = &ReportedStep> {
        self.steps
            .iter()
            .filter(|step| step.state == State::LeftOut && !step.loses.is_empty())
    }
}

/// True if a sentence has a path in it as a word of its own, or as the beginning of a longer path.
#[must_use]
pub fn mentions(text: &str, path: &str) -> bool {
    let in_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    text.match_indices(path).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + path.len()..].chars().next();
        !before.is_some_and(|c| in_path(c) || c == '.') && !after.is_some_and(in_path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, after: &str) -> Arc<ReportedFile> {
        Arc::new(ReportedFile {
            name: name.to_owned(),
            path: None,
            before: "".into(),
            after: after.into(),
            changed: true,
            secrets: Secrets::default(),
            removed_comments: Vec::new(),
            digest: FileDigest::default(),
        })
    }

    #[test]
    fn a_digest_is_that_of_the_texts_whoever_asked_before() {
        let (one, two) = (file("one.yaml", "a: 1\n"), file("two.yaml", "b: 2\n"));
        let whole = |files: &[(&str, &str)]| digest::of(files.iter().copied());
        for _ in 0..2 {
            assert_eq!(digest_of([&one]), whole(&[("one.yaml", "a: 1\n")]));
            let both = whole(&[("one.yaml", "a: 1\n"), ("two.yaml", "b: 2\n")]);
            assert_eq!(digest_of([&one, &two]), both);
        }
        let mut other = ReportedFile::clone(&one);
        other.after = "a: 2\n".into();
        let other = digest_of([&Arc::new(other)]);
        assert_eq!(other, whole(&[("one.yaml", "a: 2\n")]));
    }

    #[test]
    fn a_path_is_named_only_as_a_word() {
        for text in [
            "s3.region is dead.",
            "Write `s3.region`.",
            "Look at s3.region.",
        ] {
            assert!(mentions(text, "s3.region"), "{text}");
        }
        for text in ["s3.regions", "aws.s3.region", "s3_region", "my-s3.region"] {
            assert!(!mentions(text, "s3.region"), "{text}");
        }
        assert!(mentions("worker.image.tag goes", "worker.image"));
        assert!(!mentions("worker.images", "worker.image"));
    }
}
