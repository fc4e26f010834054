//! `refit.yaml`: the releases of a project, and how far each was brought.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema};
use semver::Version;
use serde::Serialize;

use super::{
    answers,
    reader::{self, MemoryError, YamlReader},
};
use crate::{
    bounds::Bounds,
    load::{InputFile, ReleaseRequest},
    migrate::Answers,
    outcome::KnownBy,
    pack::{PackReference, reference},
    yaml::NodeId,
};

/// The name of the file.
pub const NAME: &str = "refit.yaml";
/// The version of its format.
pub const FORMAT: &str = "1";

/// A semantic version: three numbers, and what may stand behind them.
const VERSION: &str =
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$";

const FORM: &str = "the form is `refit: 1` and `releases: {NAME: {chart: …, version: …, layers: [FILE, …]}}`; `exclude` and `packs` can stand beside them";

/// The JSON Schema of `refit.yaml`, so that an editor says what refit would.
#[must_use]
pub fn schema() -> Schema {
    schemars::schema_for!(ProjectFile)
}

/// `refit.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectFile {
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub refit: u32,
    /// The files and folders that refit shall not look at: patterns as in a `.gitignore` beside this file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Packs that are used before the built-in ones, by the name of their chart: a folder relative to this file,
    /// `git+URL//FOLDER?ref=COMMIT`, or `oci://REGISTRY/CHART@sha256:DIGEST`. `refit pack pull` fetches them.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub packs: IndexMap<String, PackReference>,
    /// The releases, by name: the layers of each, and what is known of it.
    #[serde(default)]
    #[schemars(with = "Option<IndexMap<String, ReleaseRecord>>", extend("propertyNames" = {"pattern": "^[^:@=]*$"}))]
    pub releases: IndexMap<String, ReleaseRecord>,
}

/// The record of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRecord {
    /// The chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub chart: Option<String>,
    /// The chart version that the values are for now, such as 0.15.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = VERSION))]
    pub version: Option<Version>,
    /// The values files in Helm's order (the last one wins), relative to the folder of `refit.yaml`.
    #[schemars(with = "Vec<String>", length(min = 1), inner(regex(pattern = "^[^/]")), extend("uniqueItems" = true))]
    pub layers: Vec<PathBuf>,
    /// Answers that hold for this release alone, by the id of their question.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, AnswerForm>")]
    pub answers: Answers,
    /// Ids of steps that are left out.
    #[serde(default)]
    pub skip: Vec<String>,
    /// Digests of the layers as they were written last, by layer.
    #[serde(default)]
    pub digests: BTreeMap<String, String>,
    /// The upgrade that was written last, for those who want to know later what ran. Nothing is decided by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "UpgradeRecord")]
    pub upgraded: Option<UpgradeRecord>,
}

/// The record of an upgrade.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpgradeRecord {
    /// The chart and its version before, such as `arroyo 0.10.3`.
    pub from: String,
    /// The pack that knew the steps: its place, or the refit that has it built in.
    pub pack: String,
    /// Ids of the steps that were done, in their order.
    #[serde(default)]
    pub steps: Vec<String>,
}

/// An answer to a question.
#[derive(JsonSchema)]
#[schemars(rename = "Answer", deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema is used")]
struct AnswerForm {
    /// The option.
    option: String,
    /// The inputs that were typed for it, by name.
    #[serde(default)]
    inputs: BTreeMap<String, String>,
    /// The values that it was given for, by name; for other values it does not hold.
    #[serde(default)]
    evidence: BTreeMap<String, String>,
}

/// A `refit.yaml` that was read.
#[derive(Debug, Clone)]
pub struct Project {
    /// The path of the file, as it is shown.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// Its content.
    pub file: ProjectFile,
}

impl Project {
    /// The `refit.yaml` that holds for a folder: its own, or the nearest above it up to the root of the
    /// git repository.
    #[must_use]
    pub fn find(folder: &Path) -> Option<PathBuf> {
        let mut up = PathBuf::new();
        loop {
            let here = folder.join(&up);
            if here.join(NAME).is_file() {
                return Some(up.join(NAME));
            }
            let above = here.canonicalize().ok()?;
            // In a further work tree of a repository `.git` is a file, and a folder elsewhere.
            if here.join(".git").exists() || above.parent().is_none() {
                return None;
            }
            up.push("..");
        }
    }

    /// Reads one.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is not in the form.
    pub fn read(path: &Path) -> Result<Self, MemoryError> {
        let next = "mend it, or name the files themselves on the command line";
        let bytes = reader::read_bytes(path, "the releases of this project", next)?;
        let file = parse(&path.display().to_string(), &bytes)?;
        let project = Self {
            path: path.to_owned(),
            // The reader refuses what is not UTF-8.
            text: String::from_utf8_lossy(&bytes).into_owned(),
            file,
        };
        project.stays_within()?;
        Ok(project)
    }

    /// A layer outside of the repository, or below no folder of the file's own, is not read: the file may come
    /// from a stranger.
    fn stays_within(&self) -> Result<(), MemoryError> {
        let bounds = Bounds::of(&self.path, self.home_folder());
        for (chart, pack) in &self.file.packs {
            let PackReference::Folder(folder) = pack else {
                continue;
            };
            if folder.is_absolute() || !bounds.contain(&self.layer_path(folder)) {
                return Err(reader::error_at(
                    self.path.display().to_string(),
                    format!(
                        "the pack {} of {chart} is outside of {}",
                        folder.display(),
                        bounds.root().display()
                    ),
                    "copy it into the repository, or name it on the command line: --pack",
                ));
            }
        }
        for (name, remembered) in &self.file.releases {
            let mut layers = remembered.layers.iter();
            if let Some(layer) = layers.find(|layer| !bounds.contain(&self.layer_path(layer))) {
                return Err(reader::error_at(
                    self.path.display().to_string(),
                    format!(
                        "the layer {} of {name} is outside of {}",
                        layer.display(),
                        bounds.root().display()
                    ),
                    "what lies elsewhere is read only if it is named on the command line",
                ));
            }
        }
        Ok(())
    }

    /// The folder that the file is in.
    #[must_use]
    pub fn home_folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// The file of a layer, or the folder of a pack, as it is shown.
    #[must_use]
    pub fn layer_path(&self, layer: &Path) -> PathBuf {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.join(layer),
            _ => layer.to_owned(),
        }
    }

    /// A release as it is asked for.
    #[must_use]
    pub fn request_for(&self, name: &str) -> Option<ReleaseRequest> {
        let remembered = self.file.releases.get(name)?;
        let layers = remembered.layers.iter();
        let digests = remembered.digests.iter();
        Some(ReleaseRequest {
            name: Some(name.to_owned()),
            chart: remembered.chart.clone(),
            version: remembered.version.clone().map(|v| (v, KnownBy::Recorded)),
            answers: remembered.answers.clone(),
            skip: remembered.skip.clone(),
            digests: digests
                .map(|(layer, digest)| (self.layer_path(Path::new(layer)), digest.clone()))
                .collect(),
            ..ReleaseRequest::new(
                layers
                    .map(|layer| InputFile::Path(self.layer_path(layer)))
                    .collect(),
            )
        })
    }

    /// The releases of which a file is a layer, in order, by the real path of the file.
    #[must_use]
    pub fn releases_by_file(&self) -> HashMap<PathBuf, Vec<&str>> {
        let mut files: HashMap<PathBuf, Vec<&str>> = HashMap::new();
        for (name, remembered) in &self.file.releases {
            for layer in &remembered.layers {
                let Ok(real) = self.layer_path(layer).canonicalize() else {
                    continue;
                };
                let names = files.entry(real).or_default();
                if names.last() != Some(&name.as_str()) {
                    names.push(name);
                }
            }
        }
        files
    }
}

/// Reads `refit.yaml` from its bytes.
///
/// # Errors
///
/// With the place, if it is not in the form.
pub fn parse(name: &str, bytes: &[u8]) -> Result<ProjectFile, MemoryError> {
    let tree = reader::read_tree(name, bytes)?;
    let reader = YamlReader {
        name,
        tree: &tree,
        form: FORM,
    };
    let mut file = ProjectFile {
        refit: 1,
        ..ProjectFile::default()
    };
    let Some(root) = reader.read_root()? else {
        return Ok(file);
    };
    let mut format = None;
    for (key, node) in reader.read_map(root)? {
        match key.as_str() {
            "refit" => format = Some(tree.content(node).to_owned()),
            "exclude" => file.exclude = reader.read_list(node)?,
            "packs" if tree.is_implicit_null(node) => {}
            "packs" => {
                for (chart, node) in reader.read_map(node)? {
                    let pack = read_reference(&reader, &chart, node)?;
                    file.packs.insert(chart, pack);
                }
            }
            // The beginning of a new file has nothing behind `releases:`.
            "releases" if tree.is_implicit_null(node) => {}
            "releases" => {
                for (name, node) in reader.read_map(node)? {
                    if name.contains([':', '@', '=']) {
                        let what = format!(
                            "`{name}` cannot name a release: `:`, `@` and `=` have a meaning in options"
                        );
                        return Err(reader.error(node, what, "choose another name"));
                    }
                    file.releases.insert(name, read_remembered(&reader, node)?);
                }
            }
            other => return Err(reader.error(node, format!("`{other}` is not known here"), FORM)),
        }
    }
    match format.as_deref() {
        Some(FORMAT) => Ok(file),
        Some(other) => Err(reader.error(
            root,
            format!("`refit: {other}` is a format that this refit does not know"),
            "update refit; it knows `refit: 1`",
        )),
        None => Err(reader.error(root, "`refit: 1` is missing", FORM)),
    }
}

/// The place of a pack.
fn read_reference(
    reader: &YamlReader<'_>,
    chart: &str,
    node: NodeId,
) -> Result<PackReference, MemoryError> {
    if !reference::is_chart_name(chart) {
        let what = format!("`{}` is no name of a chart", chart.escape_debug());
        return Err(reader.error(node, what, "the form is `packs: {CHART: PLACE}`"));
    }
    let text = reader.read_text(node)?;
    text.parse().map_err(|error: reference::ReferenceError| {
        reader.error(node, error.to_string(), reference::REFERENCE_FORMS)
    })
}

fn read_upgrade(reader: &YamlReader<'_>, node: NodeId) -> Result<UpgradeRecord, MemoryError> {
    let mut upgrade = UpgradeRecord::default();
    for (key, node) in reader.read_map(node)? {
        match key.as_str() {
            "from" => upgrade.from = reader.read_text(node)?,
            "pack" => upgrade.pack = reader.read_text(node)?,
            "steps" => upgrade.steps = reader.read_list(node)?,
            other => {
                let what = format!("`{other}` is not known here");
                return Err(reader.error(node, what, "known are from, pack and steps"));
            }
        }
    }
    Ok(upgrade)
}

fn read_remembered(reader: &YamlReader<'_>, node: NodeId) -> Result<ReleaseRecord, MemoryError> {
    let mut remembered = ReleaseRecord::default();
    for (key, node) in reader.read_map(node)? {
        match key.as_str() {
            "chart" => remembered.chart = Some(reader.read_text(node)?),
            "version" => {
                let text = reader.read_text(node)?;
                let version = Version::parse(&text).map_err(|_| {
                    let what = format!("`{text}` is not a chart version");
                    reader.error(node, what, "a version has three numbers, such as 0.15.0")
                })?;
                remembered.version = Some(version);
            }
            "layers" => {
                let layers = reader.read_list(node)?;
                let twice = layers.iter().enumerate().find(|(i, layer)| {
                    let plain = |layer: &str| layer.trim_start_matches("./").to_owned();
                    layers[..*i]
                        .iter()
                        .any(|other| plain(other) == plain(layer))
                });
                if let Some((_, layer)) = twice {
                    let what = format!("the layer {layer} is here twice");
                    let next =
                        "name it once: Helm would read it twice, but it can be edited once only";
                    return Err(reader.error(node, what, next));
                }
                remembered.layers = layers.into_iter().map(PathBuf::from).collect();
                let mut layers = remembered.layers.iter();
                if let Some(absolute) = layers.find(|layer| layer.is_absolute()) {
                    let what = format!("{} is an absolute path", absolute.display());
                    return Err(reader.error(node, what, "name layers relative to this file"));
                }
            }
            "answers" => {
                for (id, node) in reader.read_map(node)? {
                    let answer = answers::read_answer(reader, &id, node)?;
                    remembered.answers.insert(id, answer);
                }
            }
            "skip" => remembered.skip = reader.read_list(node)?,
            "digests" => remembered.digests = reader.read_texts(node)?,
            "upgraded" => remembered.upgraded = Some(read_upgrade(reader, node)?),
            other => {
                let what = format!("`{other}` is not known here");
                let known = "known are chart, version, layers, answers, skip, digests and upgraded";
                return Err(reader.error(node, what, known));
            }
        }
    }
    if remembered.layers.is_empty() {
        return Err(reader.error(node, "a release needs `layers`", FORM));
    }
    Ok(remembered)
}
