//! What `helm template` printed, as Kubernetes objects, and which object of one rendering is which of
//! another.
//!
//! An object is the same if its kind, API group, namespace and name are, or else its kind and name. What
//! is then left over on both sides may be the same thing under another name: matched by kind, labels,
//! container names and the likeness of the names, the best pair first, and only where something speaks for
//! it. Pods of `helm test` are left out:
//! no release runs them.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use indexmap::IndexMap;

use super::fields::{self, Fields};
use crate::{
    values::{Map, Path, Value, View},
    yaml::Tree,
};

/// The identity of an object in a release.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its API group; empty for the core's.
    pub group: String,
    /// Its namespace; empty if it is the release's, or none is written.
    pub namespace: String,
}

impl ObjectId {
    /// True if kind and name are the same.
    #[must_use]
    pub fn is_called(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name
    }

    /// With what tells it apart from others of its kind and name: `Service.serving.knative.dev/web`, or
    /// `ConfigMap/monitoring/rules`.
    #[must_use]
    pub fn in_full(&self) -> String {
        let with = |text: &str, sign: &str| match text.is_empty() {
            true => String::new(),
            false => format!("{sign}{text}"),
        };
        let (group, namespace) = (with(&self.group, "."), with(&self.namespace, "/"));
        format!("{}{group}{namespace}/{}", self.kind, self.name)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// A Kubernetes object.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its identity.
    pub id: ObjectId,
    /// Its API version.
    pub api_version: String,
    /// The file of the chart that it comes from, as Helm says it.
    pub source: String,
    /// Everything in it.
    pub value: Value,
    /// Its fields, texts that hold structures opened.
    pub fields: Fields,
}

/// Everything that a chart renders to.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// The objects, in Helm's order; renderings share those that are the same.
    pub objects: IndexMap<ObjectId, Arc<Object>>,
}

/// Documents that were read already, by their text: of many renderings of a chart most are the same, and reading
/// them costs more than Helm does.
#[derive(Debug, Default)]
pub struct Documents(Mutex<HashMap<String, Arc<[Arc<Object>]>>>);

/// Documents that are kept; then all are let go.
const MOST_DOCUMENTS: usize = 4_000;

impl Documents {
    fn get(&self, text: &str) -> Option<Arc<[Arc<Object>]>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(text).cloned()
    }

    fn keep(&self, text: &str, objects: &Arc<[Arc<Object>]>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_DOCUMENTS {
            known.clear();
        }
        known.insert(text.to_owned(), Arc::clone(objects));
    }
}

/// A rendered document that cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{source_file} renders to YAML that cannot be read: {message}")]
pub struct ManifestError {
    /// The template.
    pub source_file: String,
    /// The error.
    pub message: String,
}

impl Manifest {
    /// Reads what Helm printed.
    ///
    /// # Errors
    ///
    /// If a document cannot be read.
    pub fn read(text: &str) -> Result<Self, ManifestError> {
        Self::read_with(text, &Documents::default())
    }

    /// The same with what was read of other renderings.
    ///
    /// # Errors
    ///
    /// If a document cannot be read.
    pub fn read_with(text: &str, known: &Documents) -> Result<Self, ManifestError> {
        let mut manifest = Self::default();
        for document in documents(text) {
            let objects = match known.get(document) {
                Some(objects) => objects,
                None => {
                    let objects: Arc<[Arc<Object>]> = objects_of(document)?.into();
                    known.keep(document, &objects);
                    objects
                }
            };
            for object in objects.iter() {
                manifest
                    .objects
                    .insert(object.id.clone(), Arc::clone(object));
            }
        }
        Ok(manifest)
    }

    /// True if any object names its namespace.
    #[must_use]
    pub fn has_namespaces(&self) -> bool {
        self.objects.keys().any(|id| !id.namespace.is_empty())
    }

    /// Takes the release's own namespace for none: whether a chart writes it makes no other object.
    #[must_use]
    pub fn of_release_in(mut self, namespace: &str) -> Self {
        let objects = self.objects.into_values().map(|mut object| {
            if object.id.namespace == namespace {
                Arc::make_mut(&mut object).id.namespace.clear();
            }
            (object.id.clone(), object)
        });
        self.objects = objects.collect();
        self
    }

    /// The object of this kind and name, the very same before one of another group or namespace.
    #[must_use]
    pub fn find(&self, id: &ObjectId) -> Option<&ObjectId> {
        let same = self.objects.get(id).map(|object| &object.id);
        same.or_else(|| self.objects.keys().find(|other| other.is_called(id)))
    }

    /// The value of a field.
    #[must_use]
    pub fn field(&self, object: &ObjectId, path: &Path) -> Option<&Value> {
        self.objects.get(object)?.fields.get(path)
    }

    /// Leaves out what is not the same in another rendering of the same: random and dated fields.
    pub fn drop_unstable(&mut self, unstable: &HashSet<(ObjectId, Path)>) {
        if unstable.is_empty() {
            return;
        }
        let random: HashSet<&ObjectId> = unstable.iter().map(|(id, _)| id).collect();
        for (id, object) in &mut self.objects {
            if random.contains(id) {
                Arc::make_mut(object)
                    .fields
                    .retain(|path, _| !unstable.contains(&(id.clone(), path.clone())));
            }
        }
    }
}

/// The objects of one document.
fn objects_of(document: &str) -> Result<Vec<Arc<Object>>, ManifestError> {
    let source = document
        .lines()
        .find_map(|line| line.strip_prefix("# Source: "))
        .unwrap_or_default();
    let failed = |message: String| ManifestError {
        source_file: source.to_owned(),
        message,
    };
    let tree = Tree::parse(document).map_err(|error| failed(error.to_string()))?;
    let mut objects = Vec::new();
    for document in tree.documents() {
        let view = View::new(&tree, document.root);
        let value = view
            .value(document.root)
            .map_err(|error| failed(error.to_string()))?;
        add(value, source, &mut objects);
    }
    Ok(objects)
}

fn add(value: Value, source: &str, objects: &mut Vec<Arc<Object>>) {
    let Value::Map(map) = &value else { return };
    if let (Some(Value::String(kind)), Some(Value::List(items))) =
        (map.get("kind"), map.get("items"))
        && kind.ends_with("List")
    {
        for item in items.clone() {
            add(item, source, objects);
        }
        return;
    }
    let text = |path: &[&str]| text_at(map, path).unwrap_or_default().to_owned();
    let id = ObjectId {
        kind: text(&["kind"]),
        name: text(&["metadata", "name"]),
        group: match text(&["apiVersion"]).split_once('/') {
            Some((group, _)) => group.to_owned(),
            None => String::new(),
        },
        namespace: text(&["metadata", "namespace"]),
    };
    if id.kind.is_empty() || is_test(map) {
        return;
    }
    objects.push(Arc::new(Object {
        api_version: text(&["apiVersion"]),
        source: source.to_owned(),
        fields: fields::of(map),
        id,
        value,
    }));
}

/// True for a pod of `helm test`.
fn is_test(map: &Map) -> bool {
    text_at(map, &["metadata", "annotations", "helm.sh/hook"])
        .is_some_and(|hook| hook.split(',').any(|hook| hook.trim().starts_with("test")))
}

fn text_at<'v>(map: &'v Map, path: &[&str]) -> Option<&'v str> {
    let (last, above) = path.split_last()?;
    let mut map = map;
    for key in above {
        map = map.get(*key)?.as_map()?;
    }
    map.get(*last)?.scalar_text()
}

/// The documents of what Helm printed: it puts `---` on a line of its own before each, and no text inside
/// one can stand at the margin.
fn documents(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            found.push(&text[start..at]);
            start = at + line.len();
        }
        at += line.len();
    }
    found.push(&text[start..]);
    found.retain(|document| {
        document
            .lines()
            .any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    });
    found
}

/// The objects of `a` and `b` that are the same: pairs in the order of `a`.
#[must_use]
pub fn pairs(a: &Manifest, b: &Manifest) -> IndexMap<ObjectId, ObjectId> {
    let mut pairs: IndexMap<ObjectId, ObjectId> = a
        .objects
        .keys()
        .filter(|id| b.objects.contains_key(*id))
        .map(|id| (id.clone(), id.clone()))
        .collect();
    let mut used: HashSet<ObjectId> = pairs.values().cloned().collect();
    let mut left: Vec<&Arc<Object>> = Vec::new();
    for object in a.objects.values() {
        if pairs.contains_key(&object.id) {
            continue;
        }
        // Another version of the API can be of another group.
        let same = |by: fn(&ObjectId, &ObjectId) -> bool| {
            let mut called = b.objects.keys().filter(|id| id.is_called(&object.id));
            called.find(|id| !used.contains(*id) && by(id, &object.id))
        };
        let id = same(|a, b| a.namespace == b.namespace).or_else(|| same(|_, _| true));
        match id.cloned() {
            Some(id) => {
                used.insert(id.clone());
                pairs.insert(object.id.clone(), id);
            }
            None => left.push(object),
        }
    }
    let right: Vec<&Arc<Object>> = b
        .objects
        .values()
        .filter(|object| !used.contains(&object.id))
        .collect();
    if left.is_empty() || right.is_empty() {
        return pairs;
    }
    let left_traits: Vec<Traits> = left.iter().map(|object| Traits::of(object)).collect();
    let right_traits: Vec<Traits> = right.iter().map(|object| Traits::of(object)).collect();
    let mut scored = Vec::new();
    for (i, x) in left_traits.iter().enumerate() {
        for (j, y) in right_traits.iter().enumerate() {
            if left[i].id.kind == right[j].id.kind
                && let Some(score) = x.likeness(y)
            {
                scored.push((score, i, j));
            }
        }
    }
    scored.sort_by(|x, y| y.0.cmp(&x.0).then(x.1.cmp(&y.1)).then(x.2.cmp(&y.2)));
    let (mut used_left, mut used_right) = (HashSet::new(), HashSet::new());
    for (_, i, j) in scored {
        if !used_left.contains(&i) && !used_right.contains(&j) {
            used_left.insert(i);
            used_right.insert(j);
            pairs.insert(left[i].id.clone(), right[j].id.clone());
        }
    }
    pairs
}

/// The traits by which an object is recognised as another one.
struct Traits {
    component: Option<String>,
    source: String,
    containers: HashSet<String>,
    words: Vec<String>,
}

impl Traits {
    fn of(object: &Object) -> Self {
        let map = object.value.as_map();
        let label = |name: &str| {
            map.and_then(|map| text_at(map, &["metadata", "labels", name]))
                .map(str::to_owned)
        };
        // Without the chart's own name, which stands before everything.
        let source = object.source.split_once('/');
        Self {
            component: label("app.kubernetes.io/component").or_else(|| label("component")),
            source: source.map_or(String::new(), |(_, file)| file.to_owned()),
            containers: fields::containers(&object.value)
                .map(str::to_owned)
                .collect(),
            words: object.id.name.split('-').map(str::to_owned).collect(),
        }
    }

    /// `None` if nothing but the kind speaks for it, or something speaks against it.
    fn likeness(&self, other: &Self) -> Option<usize> {
        let mut score = 0;
        if let (Some(x), Some(y)) = (&self.component, &other.component) {
            if x != y {
                return None;
            }
            score += 8;
        }
        let shared = self.containers.intersection(&other.containers).count();
        if shared == 0 && !self.containers.is_empty() && !other.containers.is_empty() {
            return None;
        }
        score += 4 * shared;
        let bundled = |source: &str| source.starts_with("charts/");
        if bundled(&self.source) != bundled(&other.source) {
            return None;
        }
        if !self.source.is_empty() && self.source == other.source {
            score += 3;
        }
        let ends = |x: &[String], y: &[String]| {
            x.iter()
                .rev()
                .zip(y.iter().rev())
                .take_while(|(x, y)| x == y)
                .count()
        };
        score += ends(&self.words, &other.words).min(3);
        (score > 0).then_some(score)
    }
}
