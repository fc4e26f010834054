//! What a check of effects found: data, rendered by the reports and promised as JSON.
//!
//! A field is added, never renamed.

use schemars::JsonSchema;
use semver::Version;
use serde::Serialize;

use crate::outcome::FilePosition;

/// The version of the JSON form.
pub const FORMAT: u32 = 1;

/// The checks of several releases.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Effects {
    /// The version of this format: [`FORMAT`].
    pub format: u32,
    /// Each release, in the order they were given.
    pub releases: Vec<Report>,
    /// The releases whose effects could not be compared.
    pub failed: Vec<Failed>,
}

/// A release whose effects could not be compared.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Failed {
    /// The release, as it is called or after its files.
    pub name: String,
    /// The reason.
    pub message: String,
}

/// The check of one release.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Report {
    /// The release, as it is called or after its files.
    pub name: String,
    /// The chart.
    pub chart: String,
    /// The version that the values were for.
    #[schemars(with = "String")]
    pub from: Version,
    /// The version that they are for afterwards.
    #[schemars(with = "String")]
    pub to: Version,
    /// The Helm that rendered; empty if none did.
    pub helm: String,
    /// The reason for which nothing was rendered, if nothing was: then only what the files of the charts say is told,
    /// and nothing of what settings do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unrendered: Option<String>,
    /// The number of renderings.
    pub renderings: usize,
    /// The differences of the renderings from the release that runs: values that had to be made up, an upgrade that
    /// could only be rendered as an installation.
    pub notes: Vec<String>,
    /// The objects and fields that the upgrade deletes, replaces or cannot change, whether or not the values cause it.
    pub dangers: Vec<Danger>,
    /// The findings of the new chart about the values.
    pub findings: Vec<EffectFinding>,
    /// Facts before and after, as the pack states them.
    pub facts: Vec<crate::outcome::FactChange>,
    /// Defaults that the new chart changed and that reach the objects, where no pack tells of them.
    pub changed_defaults: Vec<ChangedDefault>,
    /// Each setting, and what became of what it did.
    pub settings: Vec<Setting>,
    /// The open questions, by their names for `--answer`: what depends on them was compared as the values stand now.
    pub open: Vec<String>,
    /// The number of effects that differ without a step that says so, and of refusals of the new chart.
    pub unexplained: usize,
}

/// A default of the chart that changed, and reaches the objects because the values do not set it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangedDefault {
    /// Its path.
    pub path: String,
    /// The old default, which a values file can pin.
    #[schemars(with = "serde_json::Value")]
    pub was: serde_json::Value,
    /// The new one.
    #[schemars(with = "serde_json::Value")]
    pub now: serde_json::Value,
    /// The objects and fields where it shows.
    pub places: Vec<String>,
}

/// A setting and what became of what it did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Setting {
    /// Its path; `None` for what several settings do together.
    pub path: Option<String>,
    /// Its place.
    pub at: Option<FilePosition>,
    /// Its value.
    #[schemars(with = "serde_json::Value")]
    pub value: serde_json::Value,
    /// The worst that became of its effects.
    pub fate: SettingFate,
    /// The reason for which it has no effect, if it has none, or for which its effect could not be compared.
    pub because: Option<String>,
    /// Its effects.
    pub effects: Vec<SeenEffect>,
}

/// The fate of the effects of a setting, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SettingFate {
    /// It did nothing and does nothing.
    None,
    /// Its effect could not be found out: [`Setting::because`] says why.
    NotCompared,
    /// All of it is as it was.
    Kept,
    /// All of it is as it was, some of it elsewhere.
    Moved,
    /// It does more than it did.
    More,
    /// It does something else, or less than it did.
    Different,
    /// Nothing of it is left.
    Gone,
}

/// An effect and what became of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SeenEffect {
    /// Its fate.
    pub fate: EffectFate,
    /// The object and field where it was; for a new one where it is; `values` for a setting that could not
    /// be compared and is not in the new values.
    pub place: String,
    /// The new place, if that is elsewhere.
    pub to: Option<String>,
    /// The old value; `null` for nothing.
    #[schemars(with = "serde_json::Value")]
    pub was: serde_json::Value,
    /// The new value; `null` for nothing.
    #[schemars(with = "serde_json::Value")]
    pub now: serde_json::Value,
    /// The step whose notice says why it differs.
    pub step: Option<String>,
    /// The text of the step that explains it.
    pub notice: Option<String>,
    /// True if it differs and no step says why.
    pub unexplained: bool,
}

/// The fate of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EffectFate {
    /// It is the same, in the same place.
    Kept,
    /// It is the same, in another place.
    Moved,
    /// There is something else in its place.
    Different,
    /// It is gone.
    Gone,
    /// The new chart has no such object.
    GoneWithObject,
    /// It was not there before.
    New,
    /// The same in a container or object that the old chart did not have.
    Repeated,
}

/// Something that an upgrade deletes, replaces or cannot change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Danger {
    /// The kind of danger.
    pub kind: DangerKind,
    /// The object.
    pub object: String,
    /// The consequence, in a sentence.
    pub what: String,
    /// The next step.
    pub next: String,
}

/// A kind of danger, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DangerKind {
    /// A volume claim is deleted.
    VolumeDeleted,
    /// A StatefulSet would get other volumes.
    VolumesReplaced,
    /// A definition of custom resources is deleted, and every such resource with it.
    DefinitionDeleted,
    /// Helm does not upgrade definitions in `crds/`.
    DefinitionNotUpgraded,
    /// A field cannot be changed, so that the upgrade fails.
    Immutable,
    /// A Service gets another name.
    ServiceRenamed,
    /// A Secret gets another name.
    SecretRenamed,
    /// Pods lose pull secrets.
    PullSecretsLost,
    /// Pods lose their service account.
    ServiceAccountLost,
    /// An image comes from another registry.
    RegistryChanged,
    /// A workload is deleted.
    WorkloadDeleted,
}

/// A finding of the new chart about the values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EffectFinding {
    /// The kind of finding.
    pub kind: FindingKind,
    /// The setting.
    pub path: Option<String>,
    /// Its place.
    pub at: Option<FilePosition>,
    /// The error.
    pub what: String,
    /// The next step.
    pub next: Option<String>,
    /// The step whose question was answered so that it is as it is.
    pub step: Option<String>,
}

impl EffectFinding {
    /// True if the upgrade fails with it, and nobody has decided that it is seen to.
    #[must_use]
    pub fn is_unexplained(&self) -> bool {
        self.kind.is_fatal() && self.step.is_none()
    }
}

/// A kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// The values do not render.
    DoesNotRender,
    /// A value that the chart requires is missing.
    Required,
    /// The chart's schema refuses a value.
    Schema,
    /// No template reads the setting.
    Unread,
}

impl FindingKind {
    /// True if the upgrade fails with it.
    #[must_use]
    pub fn is_fatal(self) -> bool {
        self != Self::Unread
    }
}
