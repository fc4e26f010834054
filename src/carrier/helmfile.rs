//! helmfile: the entries of `releases:`.
//!
//! Precedence, low to high (`pkg/state/state.go` and `pkg/state/release.go` of helmfile/helmfile):
//! `valuesTemplate`, then `values`, each in list order, files and inline maps alike; then `secrets`;
//! then `set` (with `setTemplate` before it) and `setString`, which Helm reads in this order whatever
//! the command line says. The documentation puts inline maps first; the code does not.
//!
//! A `.gotmpl` is not YAML before helmfile has run. A plain helmfile of before 1.0 is a template too: a
//! scalar with `{{ }}` is noted as templated and its text carried along, and where the template text
//! makes the file unreadable it is refused as a whole by whoever could not parse it
//! ([`super::kind_of_template`]). State values (`environments`, the top-level `values`) are seen by templates
//! only and are none of Helm's.

mod parts;

use std::path::Path as FilePath;

pub use self::parts::{HelmfileParts, parts};
use super::chart::{ChartRef, ChartSource, is_templated};
use super::dialect::Dialect;
use super::model::{
    Carrier, CarrierKind, CarrierLayer, FileCarriers, FileRef, LayerSource, PathEntry, PathValue,
    RefusalReason, Root,
};
use super::read::{BY_THEMSELVES, Doc, Field, file_name};
use super::version::VersionStyle;
use crate::values::Value;
use crate::yaml::NodeId;

/// True for a helmfile's name.
pub(super) fn is_name(path: &FilePath) -> bool {
    let name = file_name(path);
    let plain = name.strip_suffix(".gotmpl").unwrap_or(name);
    let yaml = plain.ends_with(".yaml") || plain.ends_with(".yml");
    let folder = path
        .parent()
        .and_then(FilePath::file_name)
        .is_some_and(|folder| folder == "helmfile.d");
    yaml && (plain.starts_with("helmfile.")
        || folder
        || plain.ends_with(".helmfile.yaml")
        || plain.ends_with("-helmfile.yaml"))
}

/// True for a part of a helmfile: by the file's name, or because it has releases with charts.
pub(super) fn is_shape(doc: &Doc<'_>, path: &FilePath) -> bool {
    let releases = doc.items_at(doc.root, &["releases"]);
    // An object of the cluster may have `releases`, too; a helmfile has no `apiVersion`.
    if doc.field_at(doc.root, &["apiVersion"]).is_some() || releases.is_empty() {
        return false;
    }
    is_name(path)
        || releases.iter().all(|release| {
            doc.field_at(release.node, &["name"]).is_some()
                && doc.field_at(release.node, &["chart"]).is_some()
        })
}

/// Finds the releases of one document; `docs` are the whole file, for its repositories. One that names files by its
/// environment is there once for each of `environments`, if these are known.
pub(super) fn find(
    doc: &Doc<'_>,
    path: &FilePath,
    docs: &[Doc<'_>],
    environments: &[String],
    found: &mut FileCarriers,
) {
    let template = file_name(path).ends_with(".gotmpl");
    let default_reuse = doc.is_true(doc.root, &["helmDefaults", "reuseValues"]);
    let missing = doc.text_at(doc.root, &["missingFileHandler"]);
    for item in doc.items_at(doc.root, &["releases"]) {
        if !doc.is_map(item.node) {
            continue;
        }
        let file = Helmfile {
            doc,
            docs,
            missing: missing.as_deref(),
            default_reuse,
        };
        if environments.is_empty() || !file.names_environment(item) {
            found.carriers.push(file.release(item, None));
            continue;
        }
        let of_each = environments
            .iter()
            .map(|name| file.release(item, Some(name)));
        found.carriers.extend(of_each);
    }
    if template {
        for carrier in &mut found.carriers {
            if carrier.document == doc.document {
                carrier.refuse(
                    RefusalReason::Templated,
                    doc.root,
                    "the helmfile is a Go template",
                    "What it says is known only when helmfile has run it.",
                    "Keep the values in a file of their own, and name that file.",
                );
            }
        }
    }
}

/// A document with releases, and what the file says for all of them.
struct Helmfile<'d> {
    doc: &'d Doc<'d>,
    docs: &'d [Doc<'d>],
    missing: Option<&'d str>,
    default_reuse: bool,
}

impl Helmfile<'_> {
    /// True if a release names files of values by the environment.
    fn names_environment(&self, item: Field) -> bool {
        let lists = ["valuesTemplate", "values", "secrets"].into_iter();
        let files = lists.flat_map(|field| self.doc.items_at(item.node, &[field]));
        let prefix = self.doc.field_at(item.node, &["valuesPathPrefix"]);
        let mut texts = files
            .chain(prefix)
            .filter_map(|field| self.doc.text(field.node));
        texts.any(|text| text.contains(".Environment.Name"))
    }

    fn release(&self, item: Field, environment: Option<&str>) -> Carrier {
        let (doc, map) = (self.doc, item.node);
        let name = doc.text_at(map, &["name"]);
        let title = format!("release {}", name.as_deref().unwrap_or("(unnamed)"));
        let title = match environment {
            Some(environment) => format!("{title} ({environment})"),
            None => title,
        };
        let mut carrier = doc.carrier(CarrierKind::HelmfileRelease, title, map);
        carrier.release_name = name.filter(|name| !is_templated(name));
        carrier.namespace = doc
            .text_at(map, &["namespace"])
            .filter(|name| !is_templated(name));
        chart(doc, map, self.docs, &mut carrier);
        if let Some(version) = doc.version_at(map, &["version"]) {
            if version.style == VersionStyle::Templated {
                carrier.notice(
                    version.node,
                    "A template writes the version; raise it where its value comes from.",
                );
            }
            carrier.version = Some(version);
        }
        self.add_values(map, environment, &mut carrier);
        self.add_path_strings(map, &mut carrier);
        if let Some(env) = doc.field_at(map, &["env"]) {
            carrier.layers.push(CarrierLayer::opaque(
                env,
                "the values come from the environment of helmfile",
            ));
        }
        if let Some(inherit) = doc.field_at(map, &["inherit"]) {
            carrier.refuse(
                RefusalReason::Inherited,
                inherit.node,
                "the release takes parts from a template (`inherit`)",
                "helmfile joins values, lists among them, with rules of its own.",
                "Write the release in full, or keep its values in a file and name that file.",
            );
        }
        let reuse = doc.field_at(map, &["reuseValues"]);
        let reuses = match reuse {
            Some(field) => doc.text(field.node).as_deref() == Some("true"),
            None => self.default_reuse,
        };
        if reuses {
            carrier.blocker(
                reuse.map_or(map, |field| field.node),
                "`reuseValues: true` makes Helm merge the old release's values into the new ones: a key that is removed here stays in force. Take it out for this upgrade.",
            );
        }
        carrier
    }

    /// Adds the files and maps of values of a release, in helmfile's order.
    fn add_values(&self, map: NodeId, environment: Option<&str>, carrier: &mut Carrier) {
        let doc = self.doc;
        let missing_ok = doc
            .text_at(map, &["missingFileHandler"])
            .or_else(|| self.missing.map(str::to_owned))
            // With `Warn`, `Info` and `Debug` helmfile goes on without the file; `Error` is what it does by itself.
            .is_some_and(|handler| handler != "Error");
        let prefix = doc.text_at(map, &["valuesPathPrefix"]).unwrap_or_default();
        let mut names = TemplateNames {
            release: carrier.release_name.clone(),
            namespace: carrier.namespace.clone(),
            environment,
            prefix: String::new(),
        };
        names.prefix = names.filled(&prefix);
        // Files of secrets are read as far as they are here: the keys of an encrypted one can be.
        for field in ["valuesTemplate", "values", "secrets"] {
            for value in doc.items_at(map, &[field]) {
                let layer = values(doc, value, &names, missing_ok);
                if matches!(layer.source, LayerSource::Map) {
                    carrier.templated.extend(doc.templated(layer.node, &["{{"]));
                }
                carrier.layers.push(layer);
            }
        }
    }

    /// Adds the lists of path strings of a release, in helmfile's order.
    fn add_path_strings(&self, map: NodeId, carrier: &mut Carrier) {
        let doc = self.doc;
        for (field, string) in [("setTemplate", false), ("set", false), ("setString", true)] {
            let Some(list) = doc.field_at(map, &[field]) else {
                continue;
            };
            let entries = set_entries(doc, list.node, string);
            if !entries.is_empty() {
                carrier.templated.extend(doc.templated(list.node, &["{{"]));
                let dialect = Dialect::Helmfile;
                let paths = LayerSource::Paths { entries, dialect };
                carrier.layers.push(CarrierLayer::new(list, paths));
            }
        }
    }
}

fn chart(doc: &Doc<'_>, map: NodeId, docs: &[Doc<'_>], carrier: &mut Carrier) {
    let inherited = || {
        let mut names = doc.items_at(map, &["inherit"]).into_iter();
        names.find_map(|item| {
            let name = doc.text_at(item.node, &["template"])?;
            doc.field_at(doc.root, &["templates", &name, "chart"])
        })
    };
    let Some(field) = doc
        .field_at(map, &["chart"])
        .or_else(|| doc.field_at(map, &["directory"]))
        .or_else(inherited)
    else {
        carrier.refuse(
            RefusalReason::NoChart,
            map,
            "the release names no chart",
            "Which chart its values are for is said elsewhere, or by a template.",
            BY_THEMSELVES,
        );
        return;
    };
    let text = doc.text(field.node).unwrap_or_default();
    carrier.chart = ChartRef::of_text(field.node, &text);
    match &carrier.chart.source {
        ChartSource::Templated(_) => carrier.refuse_templated_chart(
            "Which chart its values are for is known only when helmfile has run.",
        ),
        ChartSource::Repository { name, url: None } => {
            if let Some((alias, name)) = name.split_once('/') {
                let (url, oci) = repository(docs, alias);
                let url = match (url, oci) {
                    (Some(url), true) if !url.contains("://") => Some(format!("oci://{url}")),
                    (url, _) => url,
                };
                // A local folder takes the same form; helmfile looks whether it is there.
                carrier.chart.source = match url {
                    Some(url) if is_templated(&url) => ChartSource::Repository {
                        name: name.to_owned(),
                        url: None,
                    },
                    Some(url) => ChartSource::Repository {
                        name: name.to_owned(),
                        url: Some(url),
                    },
                    None => ChartSource::Repository {
                        name: format!("{alias}/{name}"),
                        url: None,
                    },
                };
            }
        }
        _ => {}
    }
}

fn repository(docs: &[Doc<'_>], alias: &str) -> (Option<String>, bool) {
    for doc in docs {
        for item in doc.items_at(doc.root, &["repositories"]) {
            if doc.text_at(item.node, &["name"]).as_deref() == Some(alias) {
                return (
                    doc.text_at(item.node, &["url"]),
                    doc.is_true(item.node, &["oci"]),
                );
            }
        }
    }
    (None, false)
}

/// What stands in the names of files for templates of one release.
struct TemplateNames<'n> {
    release: Option<String>,
    namespace: Option<String>,
    environment: Option<&'n str>,
    /// What stands before the path of each file.
    prefix: String,
}

impl TemplateNames<'_> {
    /// A text in which the release's own name and namespace, and the environment, stand for themselves: helmfile's
    /// release templates (`{{ .Release.Name }}`), written as they are or quoted once more, for the template that the
    /// helmfile is.
    fn filled(&self, text: &str) -> String {
        let unquoted = text.replace("{{`", "").replace("`}}", "");
        let mut out = String::new();
        let mut rest = unquoted.as_str();
        while let Some((before, behind)) = rest.split_once("{{") {
            let Some((inside, after)) = behind.split_once("}}") else {
                break;
            };
            out.push_str(before);
            let value = match inside.trim_matches('-').trim() {
                ".Release.Name" => self.release.as_deref(),
                ".Release.Namespace" => self.namespace.as_deref(),
                ".Environment.Name" => self.environment,
                _ => None,
            };
            match value {
                Some(value) => out.push_str(value),
                None => out.push_str(&format!("{{{{{inside}}}}}")),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

fn values(
    doc: &Doc<'_>,
    value: Field,
    names: &TemplateNames<'_>,
    missing_ok: bool,
) -> CarrierLayer {
    if doc.is_map(value.node) {
        return CarrierLayer::new(value, LayerSource::Map);
    }
    let Some(text) = doc.text(value.node) else {
        return CarrierLayer::opaque(value, "an entry of `values` must be a file or a map");
    };
    let text = names.filled(&text);
    let prefix = &names.prefix;
    if is_templated(&text) || is_templated(prefix) {
        return CarrierLayer::opaque(value, format!("a template names the file: {prefix}{text}"));
    }
    if text.contains("ref+") {
        return CarrierLayer::opaque(value, "helmfile fetches it from a secret store");
    }
    if text.contains("://") || text.contains("::") {
        return CarrierLayer::opaque(value, "the values come from an address on the network");
    }
    if text.ends_with(".gotmpl") {
        return CarrierLayer::opaque(value, format!("{text} is a Go template"));
    }
    let path = format!("{prefix}{text}");
    CarrierLayer::new(
        value,
        LayerSource::File(FileRef {
            glob: path.contains(['*', '?', '[']),
            path,
            root: Root::Folder,
            missing_ok,
        }),
    )
}

fn set_entries(doc: &Doc<'_>, list: NodeId, string: bool) -> Vec<PathEntry> {
    doc.view
        .items(list)
        .filter_map(|item| {
            let name = doc.field_at(item, &["name"])?;
            let value = doc.field_at(item, &["value"]);
            let file = doc.field_at(item, &["file"]);
            let values = doc.field_at(item, &["values"]);
            let text = value.and_then(|field| doc.text(field.node));
            // In this order: an empty `value` counts as none.
            let value = match (text, file, values) {
                (Some(text), ..) if !text.is_empty() => {
                    let node = value.map(|field| field.node);
                    if string {
                        PathValue::String { node, text }
                    } else {
                        PathValue::Set { node, text }
                    }
                }
                (_, Some(file), _) if !string => PathValue::File {
                    node: file.node,
                    path: doc.text(file.node).unwrap_or_default(),
                },
                (_, _, Some(values)) if doc.is_list(values.node) => PathValue::List {
                    node: values.node,
                    items: doc
                        .view
                        .items(values.node)
                        .map(|item| print_item(doc, item))
                        .collect(),
                    string,
                },
                _ => PathValue::Nothing,
            };
            Some(PathEntry {
                node: item,
                name: name.node,
                path: doc.text(name.node)?,
                value,
            })
        })
        .collect()
}

/// An item of `values`: a string as it is, anything else as JSON (`renderValsSecretsAny`).
fn print_item(doc: &Doc<'_>, item: NodeId) -> String {
    match doc.view.value(item) {
        Ok(Value::Null) => "null".to_owned(),
        Ok(value) => match value.scalar_text() {
            Some(text) => text.to_owned(),
            None => doc.tree().text()[doc.tree().span(item)].to_owned(),
        },
        Err(_) => String::new(),
    }
}

/// True if a text that could not be parsed looks like a helmfile.
pub(super) fn looks_like(path: &FilePath, text: &str) -> bool {
    let mut lines = text.lines();
    is_name(path) && lines.any(|line| line.trim_end() == "releases:") || {
        let has = |key: &str| text.lines().any(|line| line.trim_end() == key);
        has("releases:") && text.contains("chart:") && !text.contains("\nkind:")
    }
}
