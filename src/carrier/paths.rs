//! Lists of path strings as values, and new values as edits of such a list.
//!
//! `parameters`, `set` and their like are a layer of values written sideways: each entry has a path and a
//! value. [`read`] carries the entries out in the order in which Helm sees them, which is not that of
//! the text (`--set` before `--set-string` before `--set-file`; k3s sorts), and remembers which entries
//! made which leaf. [`rewrite`] goes back: it is told what the leaves should become and from which old
//! leaf each of them comes, and changes in the list only what that takes: a moved leaf gets another
//! `name`, a new value another `value`, a dropped one loses its entry with its comments, and a new one
//! is put at the end.
//!
//! What an entry cannot say is an error with its reason, for somebody else to put where it can be said.
//! An entry that sets one item of a list, or several paths at once, is moved as a whole or not at all.

use indexmap::IndexMap;

use super::dialect::Dialect;
use super::model::{PathEntry, PathValue};
use super::set::{self, SetError, Typing, UnwritableError, type_text, write_path};
use crate::values::write::{self, Context, Layout, Quotes};
use crate::values::{Map, Path, Segment, Value, leaves};
use crate::yaml::{
    self, Kind, NodeId, Rewrite, RewriteError, ScalarStyle, Tree, Want, WantEntry, WantKey,
};

/// A list of path strings, read as values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assigned {
    /// The values.
    pub values: Map,
    /// The leaves of the values, each with the entries that set it: positions in the list, in the order
    /// in which Helm sees them, the last one being the one that counts.
    pub leaves: IndexMap<Path, Vec<usize>>,
    /// The oddities of single entries.
    pub oddities: Vec<Oddity>,
}

/// An entry that is not simply one path with one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// The entry.
    pub entry: usize,
    /// The kind of oddity.
    pub kind: OddityKind,
}

/// The oddities of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OddityKind {
    /// Helm refuses it.
    Refused(SetError),
    /// It sets nothing: helmfile leaves it out.
    Nothing,
    /// Variables of the carrier are in its value, which is not known; the text stands for it here.
    Variables,
    /// Its value is the content of a file; the file's name stands for it here.
    File,
    /// It sets an item of a list, or something in one, and leaves the list's other items, which may
    /// come from other layers, alone.
    InList,
    /// It sets more than one path.
    Several,
}

impl Assigned {
    /// The values as the text of a YAML document.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = write::block(&Value::Map(self.values.clone()), &Layout::default());
        text.push('\n');
        text
    }

    fn has_oddity(&self, entry: usize, kind: &OddityKind) -> bool {
        self.oddities
            .iter()
            .any(|oddity| oddity.entry == entry && oddity.kind == *kind)
    }
}

/// Reads a list of path strings as values.
#[must_use]
pub fn read(entries: &[PathEntry], dialect: Dialect) -> Assigned {
    let mut assigned = Assigned::default();
    let mut set_by: Vec<(Path, usize)> = Vec::new();
    for entry in order(entries, dialect) {
        let odd = |kind| Oddity { entry, kind };
        let name = dialect.name_to_helm(&entries[entry].path);
        let result = match helm(&entries[entry].value, dialect) {
            HelmReading::Nothing => {
                assigned.oddities.push(odd(OddityKind::Nothing));
                continue;
            }
            HelmReading::Text(text, typing) => {
                set::set(&format!("{name}={text}"), typing, &mut assigned.values)
            }
            HelmReading::Unknown(text, kind) => {
                assigned.oddities.push(odd(kind));
                set::path(&name).and_then(|_| {
                    let text =
                        set::write_value(&Value::String(text), Typing::String).unwrap_or_default();
                    set::set(
                        &format!("{name}={text}"),
                        Typing::String,
                        &mut assigned.values,
                    )
                })
            }
        };
        if let Err(error) = result {
            assigned.oddities.push(odd(OddityKind::Refused(error)));
            continue;
        }
        for path in targets(&name, &entries[entry].value, dialect) {
            let whole = list_path(&path);
            if whole != path {
                assigned.oddities.push(odd(OddityKind::InList));
            }
            set_by.push((whole, entry));
        }
        let several = set_by.iter().filter(|(_, by)| *by == entry).count() > 1;
        if several {
            assigned.oddities.push(odd(OddityKind::Several));
        }
    }
    for (path, _) in leaves(&assigned.values) {
        let by = set_by
            .iter()
            .filter(|(set, _)| *set == path)
            .map(|(_, entry)| *entry)
            .collect();
        assigned.leaves.insert(path, by);
    }
    assigned
}

/// The paths that an assignment sets: one as a rule, more if its value has commas of its own.
fn targets(name: &str, value: &PathValue, dialect: Dialect) -> Vec<Path> {
    let mut alone = Map::new();
    if let HelmReading::Text(text, typing) = helm(value, dialect)
        && set::set(&format!("{name}={text}"), typing, &mut alone).is_ok()
    {
        let set: Vec<Path> = leaves(&alone).into_iter().map(|(path, _)| path).collect();
        if set.len() > 1 {
            return set;
        }
    }
    set::path(name).into_iter().collect()
}

/// The path of the outermost list on the way of a path; the path itself if there is none.
fn list_path(path: &Path) -> Path {
    path.segments()
        .iter()
        .take_while(|segment| !matches!(segment, Segment::Index(_)))
        .cloned()
        .collect()
}

/// The order in which Helm sees the entries.
fn order(entries: &[PathEntry], dialect: Dialect) -> Vec<usize> {
    let rank = |entry: &PathEntry| match &entry.value {
        PathValue::Set { .. } | PathValue::List { string: false, .. } | PathValue::Nothing => 0,
        PathValue::String { .. } | PathValue::List { string: true, .. } => 1,
        PathValue::File { .. } => 2,
    };
    let mut order: Vec<usize> = (0..entries.len()).collect();
    // The sort is stable: for one flag the order of the text stays.
    order.sort_by(|&a, &b| {
        let by_rank = rank(&entries[a]).cmp(&rank(&entries[b]));
        if dialect == Dialect::K3s {
            by_rank.then_with(|| entries[a].path.cmp(&entries[b].path))
        } else {
            by_rank
        }
    });
    order
}

/// The value that Helm gets.
enum HelmReading {
    Text(String, Typing),
    /// Not known here; the text stands for it.
    Unknown(String, OddityKind),
    Nothing,
}

fn helm(value: &PathValue, dialect: Dialect) -> HelmReading {
    let one = |text: &str, typing| match dialect.value_to_helm(text, typing) {
        Some((helm, typing)) => HelmReading::Text(helm, typing),
        None => HelmReading::Unknown(text.to_owned(), OddityKind::Variables),
    };
    match value {
        PathValue::Set { text, .. } => one(text, Typing::Typed),
        PathValue::String { text, .. } => one(text, Typing::String),
        PathValue::List { items, string, .. } => {
            let typing = if *string {
                Typing::String
            } else {
                Typing::Typed
            };
            let items: Vec<String> = items
                .iter()
                .map(|item| {
                    dialect
                        .value_to_helm(item, typing)
                        .map_or_else(|| item.clone(), |(helm, _)| helm)
                })
                .collect();
            // As helmfile hands the items of `values` on to `--set`.
            HelmReading::Text(format!("{{{}}}", items.join(",")), typing)
        }
        PathValue::File { path, .. } => HelmReading::Unknown(path.clone(), OddityKind::File),
        PathValue::Nothing => HelmReading::Nothing,
    }
}

/// A leaf as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewLeaf {
    /// Its path.
    pub path: Path,
    /// Its value.
    pub value: Value,
    /// The old leaf that it comes from, if it comes from one.
    pub from: Option<Path>,
}

/// The reasons for which a list of path strings cannot express the new values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathsError {
    /// A path or a value that this form cannot say.
    #[error("{path} cannot be set here: {error}")]
    Unwritable {
        /// The path.
        path: Path,
        /// The reason.
        error: UnwritableError,
    },
    /// A list that is set item by item would have to change.
    #[error("{0} is set item by item, and its new value cannot be")]
    InParts(Path),
    /// One entry sets this path and others.
    #[error("one entry sets {0} and other paths too")]
    Several(Path),
    /// The value stands in another file.
    #[error("the value of {0} stands elsewhere")]
    Elsewhere(Path),
    /// The entry is written at an anchor, and other places use it too.
    #[error("the entry of {0} is an alias")]
    Alias(Path),
    /// The text cannot be edited so.
    #[error(transparent)]
    Text(#[from] RewriteError),
}

/// The fate of an entry.
enum EntryEdit {
    Keep,
    Remove,
    Change {
        path: Option<Path>,
        value: Option<Value>,
    },
}

/// The edits by which a list of path strings says the new values. `list` is the node of the list (for
/// k3s of the map); `leaves` are all leaves that the list should set.
///
/// # Errors
/// What the list cannot say; nothing is done then.
pub fn rewrite(
    tree: &Tree,
    list: NodeId,
    entries: &[PathEntry],
    dialect: Dialect,
    leaves: &[NewLeaf],
) -> Result<Rewrite, PathsError> {
    let assigned = read(entries, dialect);
    let root = Value::Map(assigned.values.clone());
    let mut fates: Vec<EntryEdit> = entries.iter().map(|_| EntryEdit::Keep).collect();
    let mut new: Vec<&NewLeaf> = leaves
        .iter()
        .filter(|leaf| {
            let from = leaf.from.as_ref();
            from.is_none_or(|from| !assigned.leaves.contains_key(from))
        })
        .collect();
    for (old, by) in &assigned.leaves {
        let mut uses: Vec<&NewLeaf> = leaves
            .iter()
            .filter(|leaf| leaf.from.as_ref() == Some(old))
            .collect();
        // The one that stays where it was keeps the entry; else the first does.
        uses.sort_by_key(|leaf| leaf.path != *old);
        let value = old.get(&root);
        let Some((first, others)) = uses.split_first() else {
            for &entry in by {
                whole(&assigned, entry, old)?;
                fates[entry] = EntryEdit::Remove;
            }
            continue;
        };
        new.extend(others);
        let path = (first.path != *old).then(|| first.path.clone());
        let value = (value != Some(&first.value)).then(|| first.value.clone());
        if path.is_none() && value.is_none() {
            continue;
        }
        let in_list = |entry: &usize| assigned.has_oddity(*entry, &OddityKind::InList);
        if value.is_some() && by.iter().any(in_list) {
            return Err(PathsError::InParts(old.clone()));
        }
        for (i, &entry) in by.iter().enumerate() {
            whole(&assigned, entry, old)?;
            let path = match &path {
                Some(path) => {
                    let name = dialect.name_to_helm(&entries[entry].path);
                    let below = set::path(&name)
                        .ok()
                        .and_then(|full| full.strip_prefix(old))
                        .unwrap_or_default();
                    Some(path.concat(&below))
                }
                None => None,
            };
            fates[entry] = EntryEdit::Change {
                path,
                // Of several entries for one leaf the last counts, so that one alone takes the new value.
                value: value.clone().filter(|_| i + 1 == by.len()),
            };
        }
    }
    EntryWriter {
        tree,
        entries,
        dialect,
        context: match tree.kind(list) {
            Kind::Mapping { flow: true } | Kind::Sequence { flow: true } => Context::Flow,
            _ => Context::Block,
        },
    }
    .rewrite(list, &fates, &new)
}

fn whole(assigned: &Assigned, entry: usize, path: &Path) -> Result<(), PathsError> {
    if assigned.has_oddity(entry, &OddityKind::Several) {
        return Err(PathsError::Several(path.clone()));
    }
    Ok(())
}

struct EntryWriter<'a> {
    tree: &'a Tree,
    entries: &'a [PathEntry],
    dialect: Dialect,
    context: Context,
}

impl EntryWriter<'_> {
    fn rewrite(
        &self,
        list: NodeId,
        fates: &[EntryEdit],
        new: &[&NewLeaf],
    ) -> Result<Rewrite, PathsError> {
        if matches!(self.dialect, Dialect::Flux | Dialect::FluxLiteral) {
            return self.target_path(fates, new);
        }
        let want = if self.dialect == Dialect::K3s {
            let mut wanted = Vec::new();
            for (entry, fate) in self.entries.iter().zip(fates) {
                wanted.extend(self.k3s(entry, fate)?);
            }
            for leaf in new {
                wanted.push(WantEntry {
                    key: WantKey::New(self.key(&self.name(&leaf.path)?, Quotes::None)),
                    value: self.k3s_value(&leaf.path, &leaf.value)?,
                });
            }
            Want::Map {
                base: Some(list),
                entries: wanted,
            }
        } else {
            let mut items = Vec::new();
            let mut fates = self.entries.iter().zip(fates).peekable();
            // Items without a name are no entries, and stay.
            for item in self.tree.items(list) {
                match fates.next_if(|(entry, _)| entry.node == item) {
                    Some((entry, fate)) => items.extend(self.item(entry, fate)?),
                    None => items.push(Want::Node(item)),
                }
            }
            for leaf in new {
                items.push(self.new_item(leaf)?);
            }
            Want::List {
                base: Some(list),
                items,
            }
        };
        Ok(yaml::rewrite(self.tree, list, &want)?)
    }

    fn name(&self, path: &Path) -> Result<String, PathsError> {
        let text = write_path(path).map_err(|error| unwritable_error(path, error))?;
        Ok(self.dialect.name_from_helm(&text))
    }

    fn key(&self, text: &str, quotes: Quotes) -> String {
        write::string(text, self.context, quotes)
    }

    /// The quotes of a scalar.
    fn quotes(&self, node: NodeId) -> Quotes {
        match self.tree.kind(node) {
            Kind::Scalar(ScalarStyle::SingleQuoted) => Quotes::Single,
            Kind::Scalar(ScalarStyle::DoubleQuoted) => Quotes::Double,
            _ => Quotes::None,
        }
    }

    fn context_of(&self, node: NodeId) -> Context {
        match self.tree.kind(node) {
            Kind::Mapping { flow: true } | Kind::Sequence { flow: true } => Context::Flow,
            _ => self.context,
        }
    }

    /// The quotes that entries of the list have at a place.
    fn common_quotes(&self, of: impl Fn(&PathEntry) -> Option<NodeId>) -> Quotes {
        self.entries
            .iter()
            .rev()
            .find_map(of)
            .map_or(Quotes::None, |node| self.quotes(node))
    }

    fn k3s(&self, entry: &PathEntry, fate: &EntryEdit) -> Result<Option<WantEntry>, PathsError> {
        let node = match &entry.value {
            PathValue::Set { node, .. } | PathValue::String { node, .. } => *node,
            _ => None,
        };
        let kept = node.map_or(Want::Scalar(String::new()), Want::Node);
        Ok(match fate {
            EntryEdit::Remove => None,
            EntryEdit::Keep => Some(WantEntry {
                key: WantKey::Entry(entry.node),
                value: kept,
            }),
            EntryEdit::Change { path, value } => Some(WantEntry {
                key: match path {
                    Some(path) => WantKey::Renamed(
                        entry.node,
                        self.key(&self.name(path)?, self.quotes(entry.name)),
                    ),
                    None => WantKey::Entry(entry.node),
                },
                value: match value {
                    Some(value) => {
                        let shown = path.clone().unwrap_or_default();
                        self.k3s_value(&shown, value)?
                    }
                    None => kept,
                },
            }),
        })
    }

    fn k3s_value(&self, path: &Path, value: &Value) -> Result<Want, PathsError> {
        let text = self
            .dialect
            .write(value, self.dialect.typing(value, Typing::Typed))
            .map_err(|error| unwritable_error(path, error))?;
        Ok(Want::Scalar(match value {
            Value::Number(_) => text,
            // Words stand in quotes: Kubernetes takes a number or a string here.
            Value::Bool(_) | Value::Null => write::string(&text, self.context, Quotes::Double),
            _ => write::string(&text, self.context, Quotes::None),
        }))
    }

    /// An entry of a list, as it should be.
    fn item(&self, entry: &PathEntry, fate: &EntryEdit) -> Result<Option<Want>, PathsError> {
        let (path, value) = match fate {
            EntryEdit::Keep => return Ok(Some(Want::Node(entry.node))),
            EntryEdit::Remove => return Ok(None),
            EntryEdit::Change { path, value } => (path, value),
        };
        let shown = match path {
            Some(path) => path.clone(),
            None => set::path(&self.dialect.name_to_helm(&entry.path)).unwrap_or_default(),
        };
        if self.tree.kind(entry.node) == Kind::Alias {
            return Err(PathsError::Alias(shown));
        }
        let context = self.context_of(entry.node);
        let value = match value {
            Some(value) => Some(self.entry_field(entry, &shown, value, context)?),
            None => None,
        };
        let mut entries = Vec::new();
        let mut has_value = false;
        for (key, node) in self.tree.entries(entry.node) {
            let name = self.tree.content(key);
            let mut want = Want::Node(node);
            if node == entry.name {
                if let Some(path) = path {
                    let text = self.name(path)?;
                    want = Want::Scalar(write::string(&text, context, self.quotes(node)));
                }
            } else if let Some(said) = &value {
                match name {
                    "value" | "values" | "path" | "file" if name == said.field => {
                        want = said.want.clone();
                        has_value = true;
                    }
                    // Only one field may say the value, and `forceString` is decided anew below.
                    "value" | "values" | "path" | "file" | "forceString" => continue,
                    _ => {}
                }
            }
            entries.push(WantEntry {
                key: WantKey::Entry(key),
                value: want,
            });
        }
        if let Some(said) = value {
            if !has_value {
                entries.push(WantEntry {
                    key: WantKey::New(said.field.to_owned()),
                    value: said.want,
                });
            }
            if said.force_string {
                // The entry's own, if it has one, so that it keeps its place.
                let own = self
                    .tree
                    .entries(entry.node)
                    .find(|(key, _)| self.tree.content(*key) == "forceString");
                entries.push(match own {
                    Some((key, node)) => WantEntry {
                        key: WantKey::Entry(key),
                        value: Want::Node(node),
                    },
                    None => WantEntry {
                        key: WantKey::New("forceString".to_owned()),
                        value: Want::Scalar("true".to_owned()),
                    },
                });
            }
        }
        Ok(Some(Want::Map {
            base: Some(entry.node),
            entries,
        }))
    }

    fn entry_field(
        &self,
        entry: &PathEntry,
        path: &Path,
        value: &Value,
        context: Context,
    ) -> Result<EntryField, PathsError> {
        let (node, string) = match &entry.value {
            PathValue::Set { node, .. } => (*node, false),
            PathValue::String { node, .. } => (*node, true),
            PathValue::List { string, .. } => (None, *string),
            PathValue::File { .. } => return Err(PathsError::Elsewhere(path.clone())),
            PathValue::Nothing => (None, false),
        };
        let quotes = node.map_or(Quotes::None, |node| self.quotes(node));
        self.new_field(path, value, string, quotes, context)
    }

    /// The entry of the list for a value.
    fn new_field(
        &self,
        path: &Path,
        value: &Value,
        string: bool,
        quotes: Quotes,
        context: Context,
    ) -> Result<EntryField, PathsError> {
        let text = |text: &str| Want::Scalar(write::string(text, context, quotes));
        if let (Dialect::Helmfile, Value::List(items)) = (self.dialect, value) {
            let typing = if string {
                Typing::String
            } else {
                Typing::Typed
            };
            if items.is_empty() {
                let error = UnwritableError::Collection("an empty list");
                return Err(unwritable_error(path, error));
            }
            let items = items
                .iter()
                .map(|item| {
                    let written = self.dialect.write(item, typing)?;
                    // A number may stand without quotes: the list takes any type.
                    Ok(match item {
                        Value::String(_) => text(&written),
                        // Older helmfiles print a null as `<nil>`.
                        Value::Null => {
                            Want::Scalar(write::string(&written, context, Quotes::Double))
                        }
                        _ => Want::Scalar(written),
                    })
                })
                .collect::<Result<_, _>>()
                .map_err(|error| unwritable_error(path, error))?;
            return Ok(EntryField {
                field: "values",
                want: Want::List { base: None, items },
                force_string: false,
            });
        }
        let typings = match self.dialect {
            // What must be a string can be forced to be one, and what must not be is not.
            Dialect::Argo if string => &[Typing::String, Typing::Typed][..],
            Dialect::Argo => &[Typing::Typed, Typing::String],
            _ if string => &[Typing::String],
            _ => &[Typing::Typed],
        };
        let mut first = None;
        for &typing in typings {
            match self.dialect.write(value, typing) {
                Ok(written) => {
                    return Ok(EntryField {
                        field: "value",
                        want: text(&written),
                        force_string: self.dialect == Dialect::Argo && typing == Typing::String,
                    });
                }
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        Err(unwritable_error(
            path,
            first.unwrap_or(UnwritableError::Collection("the value")),
        ))
    }

    fn new_item(&self, leaf: &NewLeaf) -> Result<Want, PathsError> {
        // In helmfile strings have a list of their own, so a new entry is typed like its neighbours.
        let string = self.dialect == Dialect::Helmfile
            && self.entries.iter().any(|entry| {
                matches!(
                    entry.value,
                    PathValue::String { .. } | PathValue::List { string: true, .. }
                )
            });
        let names = self.common_quotes(|entry| Some(entry.name));
        let values = self.common_quotes(|entry| match &entry.value {
            PathValue::Set { node, .. } | PathValue::String { node, .. } => *node,
            _ => None,
        });
        let context = self.context;
        let said = self.new_field(&leaf.path, &leaf.value, string, values, context)?;
        let entry = |key: &str, value| WantEntry {
            key: WantKey::New(key.to_owned()),
            value,
        };
        let name = self.name(&leaf.path)?;
        let mut entries = vec![
            entry("name", Want::Scalar(write::string(&name, context, names))),
            entry(said.field, said.want),
        ];
        if said.force_string {
            entries.push(entry("forceString", Want::Scalar("true".to_owned())));
        }
        Ok(Want::Map {
            base: None,
            entries,
        })
    }

    /// A `targetPath` has its one value in another object: the path can change, or the entry go.
    fn target_path(&self, fates: &[EntryEdit], new: &[&NewLeaf]) -> Result<Rewrite, PathsError> {
        if let Some(leaf) = new.first() {
            return Err(PathsError::Elsewhere(leaf.path.clone()));
        }
        let [entry] = self.entries else {
            return Err(PathsError::Elsewhere(Path::root()));
        };
        let old = || set::path(&entry.path).unwrap_or_default();
        let want = match &fates[0] {
            EntryEdit::Remove => return self.without_item(entry.node),
            EntryEdit::Keep
            | EntryEdit::Change {
                path: None,
                value: None,
            } => Want::Node(entry.name),
            EntryEdit::Change { value: Some(_), .. } => return Err(PathsError::Elsewhere(old())),
            EntryEdit::Change {
                path: Some(path), ..
            } => Want::Scalar(write::string(
                &self.name(path)?,
                self.context_of(self.tree.parent(entry.name).unwrap_or(entry.name)),
                self.quotes(entry.name),
            )),
        };
        Ok(yaml::rewrite(self.tree, entry.name, &want)?)
    }
}

impl EntryWriter<'_> {
    /// Takes an item out of the list that it stands in.
    fn without_item(&self, item: NodeId) -> Result<Rewrite, PathsError> {
        let list = self.tree.parent(item).unwrap_or(item);
        let items = self.tree.items(list).filter(|other| *other != item);
        let want = Want::List {
            base: Some(list),
            items: items.map(Want::Node).collect(),
        };
        Ok(yaml::rewrite(self.tree, list, &want)?)
    }
}

/// A value as a field of an entry.
struct EntryField {
    field: &'static str,
    want: Want,
    force_string: bool,
}

fn unwritable_error(path: &Path, error: UnwritableError) -> PathsError {
    PathsError::Unwritable {
        path: path.clone(),
        error,
    }
}

/// The value that a text is in this list; for messages.
#[must_use]
pub fn shown_value(value: &PathValue, dialect: Dialect) -> Option<Value> {
    match helm(value, dialect) {
        HelmReading::Text(text, typing) => super::dialect::read_value(&text, typing),
        HelmReading::Unknown(text, _) => Some(type_text(&text, Typing::String)),
        HelmReading::Nothing => None,
    }
}
