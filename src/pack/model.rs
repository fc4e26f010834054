//! The format of a pack, as it is written: one struct per thing that `docs/packs.md` describes.
//!
//! Plain data and nothing else: what a text means (a path, an expression) is worked out by the parts
//! that use it, and what must hold between the parts is in `check`. Unknown fields are errors, because
//! a misspelled guard that is silently ignored would lose a user's setting.

use indexmap::IndexMap;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_yaml::Value as Yaml;

use super::range::VersionRange;

/// What stands in a draft where a reason is missing.
pub const OPEN_REASON: &str = "WHY?";

/// `pack.yaml`: the chart, its versions, how they are recognised, and the facts shown.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PackFile {
    /// The version of the pack format: 1.
    pub pack: u32,
    /// The chart's name, as in its `Chart.yaml`.
    pub chart: String,
    /// A title of the chart in a few words.
    pub title: String,
    /// A page about the chart.
    #[serde(default)]
    pub home: Option<String>,
    /// The repositories where the chart is published.
    #[serde(default)]
    pub repositories: Vec<String>,
    /// The keys that tell the chart, apart from any version of it.
    #[serde(default)]
    pub identifies: Identifies,
    /// The names that it had before.
    #[serde(default)]
    pub called_before: Vec<FormerName>,
    /// The chart that takes its place, where it is not continued.
    #[serde(default)]
    pub replaced_by: Option<Replacement>,
    /// Charts that it brings along and that have packs, by the key that their values stand under.
    #[serde(default)]
    pub sub_charts: IndexMap<String, SubChartDefinition>,
    /// Every released chart version, oldest first.
    #[schemars(with = "IndexMap<String, VersionInfo>")]
    pub versions: IndexMap<Version, VersionInfo>,
    /// Version numbers that people will try and that do not exist, each with what to use instead.
    #[serde(default)]
    pub not_versions: IndexMap<String, String>,
    /// The keys in a values file that tell its version.
    #[serde(default)]
    pub evidence: Vec<VersionEvidence>,
    /// The facts that are shown of a set of values before and after.
    #[serde(default)]
    pub facts: IndexMap<String, Fact>,
    /// The fields whose effects moved between kinds of place, for `refit verify`.
    #[serde(default)]
    pub effects: EffectsFile,
    /// Keys that go or whose default changes without a step, over many versions, and why that is right (for the
    /// check only).
    #[serde(default)]
    pub ignored: Vec<Ignored>,
}

/// A chart that another one brings along.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubChartDefinition {
    /// Its pack: a folder in `charts/` beside this file, or else a built-in one.
    pub pack: String,
    /// By version of this chart, from which on: the version of it that comes along.
    #[schemars(with = "IndexMap<String, String>")]
    pub versions: IndexMap<Version, Version>,
}

/// Keys of which no migration speaks, in a range of versions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ignored {
    /// The versions with which they go or change.
    #[serde(rename = "in")]
    pub versions: VersionRange,
    /// Keys whose default changes; what is below them is meant too.
    #[serde(default)]
    pub defaults: Vec<String>,
    /// Keys that go; what is below them is meant too.
    #[serde(default)]
    pub gone: Vec<String>,
    /// The reason for which nothing needs to be done or told.
    pub why: String,
}

/// The fields whose effects moved between kinds of place.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EffectsFile {
    /// Names for places: a kind, a slash and a name (one `*` stands for any text), then a path.
    #[serde(default)]
    pub places: IndexMap<String, String>,
    /// The moves, by the version that made them.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, Vec<MovedEffect>>")]
    pub moved: IndexMap<Version, Vec<MovedEffect>>,
}

/// A place that moved.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MovedEffect {
    /// The old field: a name of `places`, or a kind, a slash and a name; then a path.
    pub from: String,
    /// The new field. Of several the first that is there counts: it overrides the others.
    pub to: OneOrMany,
}

/// The keys that tell a chart, apart from any version of it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identifies {
    /// Keys that are this chart's and hardly any other's.
    #[serde(default)]
    pub keys: Vec<Telling>,
    /// Other names that it is published under.
    #[serde(default)]
    pub names: Vec<String>,
    /// Other charts of the same name, by where they are published.
    #[serde(default)]
    pub not: Vec<Namesake>,
}

/// A name that a chart had before.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormerName {
    /// The name.
    pub chart: String,
    /// The repositories where it was published under that name, if elsewhere.
    #[serde(default)]
    pub repositories: Vec<String>,
    /// The last version under that name.
    #[schemars(with = "String")]
    pub until: Version,
}

/// A chart that takes the place of another.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replacement {
    /// Its name.
    pub chart: String,
    /// The repository where it is published.
    pub repository: String,
    /// The first version of it that does: its count may begin anew.
    #[schemars(with = "String")]
    pub version: Version,
    /// The address of its documentation.
    #[serde(default)]
    pub link: Option<String>,
}

/// A key that tells the chart.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Telling {
    /// The path that is set.
    pub path: String,
    /// An expression over `values` that must hold too. Without it the name of the key alone tells, as long as
    /// no other known chart has it.
    #[serde(default, rename = "if")]
    pub condition: Option<String>,
    /// The reason for which it tells the chart.
    pub why: String,
}

/// Another chart that has the same name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Namesake {
    /// The repository, registry or folder of a registry that it is published in.
    pub repository: String,
    /// Whose chart that is, and how it differs.
    pub why: String,
}

/// The facts about one chart version.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionInfo {
    /// The application version it installs by default.
    pub app: String,
}

/// The strength of a piece of evidence.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// Shown, and nothing more.
    Weak,
    /// Bounds the version unless strong evidence contradicts.
    Medium,
    /// Bounds the version.
    Strong,
}

/// A thing in a values file that tells which versions it can be for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionEvidence {
    /// The path that is set.
    pub path: String,
    /// A path that must not be set beside it.
    #[serde(default)]
    pub unless: Option<String>,
    /// An expression over `values` that must hold too.
    #[serde(default, rename = "if")]
    pub condition: Option<String>,
    /// The versions it speaks for.
    pub versions: VersionRange,
    /// Its strength.
    pub strength: Strength,
    /// The reason for which it tells the version.
    pub why: String,
}

/// A line that is shown of the values before and after.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fact {
    /// The title of the fact.
    pub title: String,
    /// Its expression, for each range of versions.
    pub by_version: Vec<FactValue>,
}

impl Fact {
    /// The text or expression for a version, if the fact exists in it.
    #[must_use]
    pub fn text(&self, version: &Version) -> Option<&str> {
        let value = self
            .by_version
            .iter()
            .find(|v| v.versions.contains(version))?;
        Some(&value.value)
    }
}

/// A fact's value in a range of versions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactValue {
    /// The versions.
    pub versions: VersionRange,
    /// A text, or an expression after `=`.
    pub value: String,
}

/// `keys.yaml`: every key of the chart, in the chart's own order.
pub type KeysFile = IndexMap<String, Vec<KeyRange>>;

/// A key in a range of versions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KeyRange {
    /// The versions.
    #[serde(rename = "in")]
    pub versions: VersionRange,
    /// The chart's default; absent for a key that is read but not in the chart's values.
    #[serde(default, deserialize_with = "keep_null")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub default: Option<Yaml>,
    /// True if a template reads it.
    #[serde(default)]
    pub read: ReadAnswer,
    /// True if the chart's values.yaml has it.
    #[serde(default = "default_true")]
    pub documented: bool,
    /// Set if everything below the key is the user's own, or passed on.
    #[serde(default)]
    pub open: Option<OpenKind>,
    /// Templates of workloads that read it just before these versions and do not any more, while others do.
    #[serde(default)]
    pub gone_from: Vec<String>,
}

/// Keeps an explicit null apart from an absent field.
fn keep_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Yaml>, D::Error> {
    Yaml::deserialize(deserializer).map(Some)
}

fn default_true() -> bool {
    true
}

/// The answer whether a template reads a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReadAnswer {
    /// It does.
    #[default]
    Yes,
    /// None does: the key is dead.
    No,
}

/// The kind of the keys below an open key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OpenKind {
    /// Values of a sub-chart.
    SubChart,
    /// The user's own keys.
    Map,
}

/// A migration: what changed at one version.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MigrationFile {
    /// The version that brought it.
    #[schemars(with = "String")]
    pub version: Version,
    /// The title of the migration.
    pub title: String,
    /// The address of its documentation.
    #[serde(default)]
    pub link: Option<String>,
    /// Its steps, by id.
    pub steps: IndexMap<String, StepDefinition>,
    /// Keys that go or whose default changes with this version without a step, and why that is right (for
    /// the check only).
    #[serde(default)]
    pub ignored: IndexMap<String, String>,
}

/// One step of a migration.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StepDefinition {
    /// The title, as an order.
    pub title: String,
    /// The reason for which it is needed.
    #[serde(default)]
    pub why: Option<String>,
    /// The address of its documentation, if not the migration's link.
    #[serde(default)]
    pub link: Option<String>,
    /// Consumed paths, named.
    #[serde(default)]
    pub take: IndexMap<String, String>,
    /// Paths that are looked at, named.
    #[serde(default)]
    pub read: IndexMap<String, String>,
    /// A path with wildcards: the step is done once for each place that it matches.
    #[serde(default, rename = "for")]
    pub each: Option<String>,
    /// The names of what the wildcards of `for` stand for, in their order.
    #[serde(default, rename = "as")]
    pub each_as: OneOrMany,
    /// Paths that a wildcard or a map path of this step does not take.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Keys of the newer chart that are left-overs where this step takes something.
    #[serde(default)]
    pub replaces: Vec<String>,
    /// Paths that no version of the chart knows.
    #[serde(default)]
    pub foreign: Vec<String>,
    /// Constants and derived names.
    #[serde(default, rename = "let")]
    #[schemars(with = "IndexMap<String, serde_json::Value>")]
    pub lets: IndexMap<String, Yaml>,
    /// True if it changes the meaning of a key that stays.
    #[serde(default)]
    pub same_key: bool,
    /// Steps that must run too.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Settings of which it explains what became of them, beside what it takes, moves and reads.
    #[serde(default)]
    pub explains: Vec<String>,
    /// The rows of a decision table, instead of one row written in the step itself.
    #[serde(default)]
    pub first: Vec<RowDefinition>,
    /// The one row.
    #[serde(flatten)]
    pub row: RowFields,
}

/// A row of a decision table.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowDefinition {
    /// Its fields.
    #[serde(flatten)]
    pub fields: RowFields,
}

/// The actions, notices and questions of a row.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct RowFields {
    /// The condition under which the row is used.
    #[serde(default, rename = "if")]
    pub condition: Option<String>,
    /// The targets that the row is for.
    #[serde(default)]
    pub target: Option<VersionRange>,
    /// Paths that go elsewhere unchanged.
    #[serde(default, rename = "move")]
    pub moves: IndexMap<String, String>,
    /// Paths that go.
    #[serde(default)]
    pub drop: Vec<String>,
    /// Names whose leaves stay.
    #[serde(default)]
    pub leave: Vec<String>,
    /// Writes: paths and literals, or expressions after `=`.
    #[serde(default, rename = "do")]
    #[schemars(with = "IndexMap<String, serde_json::Value>")]
    pub writes: IndexMap<String, Yaml>,
    /// List items added or replaced by a key.
    #[serde(default)]
    pub upsert: IndexMap<String, Upsert>,
    /// Notices.
    #[serde(default)]
    pub tell: Tell,
    /// The tasks for a person outside the file.
    #[serde(default)]
    pub todo: Todo,
    /// The question.
    #[serde(default)]
    pub ask: Option<String>,
    /// Its options.
    #[serde(default)]
    pub options: IndexMap<String, OptionDefinition>,
}

/// List items added or replaced by a key.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upsert {
    /// The key that tells items apart.
    pub by: String,
    /// The items: a list, or an expression after `=`.
    #[schemars(with = "serde_json::Value")]
    pub items: Yaml,
}

/// An option of a question.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionDefinition {
    /// The effect of choosing it.
    pub title: String,
    /// True if it is the recommended one.
    #[serde(default)]
    pub recommended: bool,
    /// The inputs that must be typed for it.
    #[serde(default)]
    pub input: IndexMap<String, InputDefinition>,
    /// Settings of which choosing it explains what became of them.
    #[serde(default)]
    pub explains: Vec<String>,
    /// Its actions.
    #[serde(flatten)]
    pub row: RowFields,
}

/// Something to type for an option.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputDefinition {
    /// The text to type.
    pub title: String,
    /// A regular expression that the whole text must match.
    #[serde(default, rename = "match")]
    pub matches: Option<String>,
    /// True for a comma-separated list.
    #[serde(default)]
    pub list: bool,
    /// The text that is taken if nothing is typed, or an expression after `=`.
    #[serde(default)]
    pub default: Option<String>,
}

/// The importance of a notice to whoever upgrades.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Deserialize,
    Serialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum NoticeSeverity {
    /// Something breaks, is lost or becomes visible to others, and nothing else says so.
    Danger,
    /// Somebody has to do or decide something.
    Action,
    /// Good to know.
    #[default]
    Note,
}

/// A notice, and how much it matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Told {
    /// Its severity.
    pub severity: NoticeSeverity,
    /// The notice, in sentences.
    pub text: String,
}

impl<T: Into<String>> From<T> for Told {
    /// A notice that is good to know.
    fn from(text: T) -> Self {
        Self {
            severity: NoticeSeverity::Note,
            text: text.into(),
        }
    }
}

/// Notices: a text, texts by how much they matter, or a list of both.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a notice is a text, a list of texts, or texts under `danger`, `action` or `note`"
)]
pub enum Tell {
    /// None.
    #[default]
    None,
    /// Several.
    Many(Vec<TellItem>),
    /// One, or several by how much they matter.
    One(TellItem),
}

/// A notice, or several by how much they matter.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a notice is a text, or texts under `danger`, `action` or `note`"
)]
pub enum TellItem {
    /// A text: good to know.
    Text(String),
    /// Texts by how much they matter.
    Graded(Graded),
}

/// Texts by how much they matter.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Graded {
    /// Something breaks, is lost or becomes visible to others.
    #[serde(default)]
    pub danger: OneOrMany,
    /// Somebody has to do or decide something.
    #[serde(default)]
    pub action: OneOrMany,
    /// Good to know.
    #[serde(default)]
    pub note: OneOrMany,
}

impl Tell {
    /// The notices, in the order of the file; those of one item with the worst first.
    #[must_use]
    pub fn notices(&self) -> Vec<Told> {
        let items = match self {
            Self::None => &[],
            Self::One(item) => std::slice::from_ref(item),
            Self::Many(items) => items.as_slice(),
        };
        let mut notices = Vec::new();
        for item in items {
            match item {
                TellItem::Text(text) => notices.push(Told::from(text.clone())),
                TellItem::Graded(graded) => {
                    for (severity, texts) in [
                        (NoticeSeverity::Danger, &graded.danger),
                        (NoticeSeverity::Action, &graded.action),
                        (NoticeSeverity::Note, &graded.note),
                    ] {
                        let texts = texts.as_slice().iter().cloned();
                        notices.extend(texts.map(|text| Told { severity, text }));
                    }
                }
            }
        }
        notices
    }
}

/// A text or several.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// None.
    #[default]
    None,
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The texts.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// The tasks for a person outside the file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Todo {
    /// Before the upgrade.
    #[serde(default)]
    pub before: OneOrMany,
    /// In the same change as the upgrade.
    #[serde(default)]
    pub with: OneOrMany,
    /// After it.
    #[serde(default)]
    pub after: OneOrMany,
}
