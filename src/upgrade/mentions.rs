//! Path strings that name settings without setting them: `condition` and `import-values` in `Chart.yaml`.
//!
//! If a setting moves, whoever names it must name its new place. Where a setting goes is found by moving it:
//! the migrations run over values that hold nothing else. What does not simply move is told instead.

use std::{cell::LazyCell, sync::Arc};

use super::{
    pointers::{self, Followed, PatchedValues},
    release::Worked,
};
use crate::{
    carrier::{MentionKind, set},
    load::{Mention, Wanted, Workspace},
    migrate::{Answers, Migrated, migrate},
    outcome::{Fate, Notice, NoticeSeverity},
    pack::{Known, Pack},
    plan::Plan,
    values::{Map, Path, Segment, Value, view::View, write},
    yaml::{NodeId, Tree, host_offset},
};

/// A path string or a version that has to change.
#[derive(Debug, Clone)]
pub(super) struct Renamed {
    /// The file.
    pub file: usize,
    /// The scalar.
    pub node: NodeId,
    /// The YAML that the scalar holds, and the scalar in it that has to change; `None` if it is itself
    /// meant.
    pub within: Option<(Arc<Tree>, NodeId)>,
    /// The new text.
    pub text: String,
}

/// The path strings of a release that have to change, and what is to be told of others.
pub(super) fn renamed_mentions(
    workspace: &Workspace,
    worked: &Worked<'_>,
) -> (Vec<Renamed>, Vec<Notice>) {
    let (mut renamed, mut notices) = (Vec::new(), Vec::new());
    let patched = LazyCell::new(|| PatchedValues::of(workspace, worked));
    for mention in &worked.wanted.mentions {
        let at = || {
            let file = &workspace.files[mention.file];
            let offset = match &mention.within {
                Some((inner, node)) => {
                    host_offset(&file.tree, mention.node, inner.span(*node).start)
                }
                None => file.tree.span(mention.node).start,
            };
            Some(file.at(offset))
        };
        let told = |text: String| Notice {
            at: at(),
            severity: NoticeSeverity::Action,
            text,
            path: None,
        };
        let to = |text: String| Renamed {
            file: mention.file,
            node: mention.node,
            within: mention.within.clone(),
            text,
        };
        if mention.kind == MentionKind::Pointer {
            match pointers::followed(&patched, worked, mention) {
                Some(Followed::To(text)) => renamed.push(to(text)),
                Some(Followed::Not(text)) => notices.push(told(text)),
                Some(Followed::Same) | None => {}
            }
            continue;
        }
        let mut texts: Vec<String> = Vec::new();
        let parts: Vec<&str> = match mention.kind {
            kind if kind.is_set() => vec![&mention.text],
            _ => mention.text.split(',').collect(),
        };
        for one in parts {
            let Some((above, path)) = own_path(mention, one.trim()) else {
                texts.push(one.to_owned());
                continue;
            };
            match place(&worked.plan, mention.kind, &path) {
                NewPlace::Same => texts.push(one.to_owned()),
                NewPlace::Moved(to) if can_follow(mention.kind, &to) => {
                    let to = above.concat(&to);
                    // The blanks around it stay as they are.
                    texts.push(one.replace(one.trim(), &to.to_string()));
                }
                other => {
                    texts.push(one.to_owned());
                    let made = other.made().map(|to| above.concat(to).to_string());
                    notices.push(told(names_nothing(worked, one.trim(), made)));
                }
            }
        }
        let text = texts.join(",");
        if text != mention.text {
            renamed.push(to(text));
        }
    }
    (renamed, once_each(notices))
}

/// The sentence for a person about a path string whose setting has no single new place.
/// `made` is the path of what is made of it, if that is one place.
pub(super) fn names_nothing(worked: &Worked<'_>, text: &str, made: Option<String>) -> String {
    let next = match made {
        Some(made) => format!("Something else is made of it at `{made}`: change this by hand."),
        None => "Name another one.".to_owned(),
    };
    format!(
        "`{text}` names a setting that {} {} no longer has in this form. {next}",
        worked.pack.info.chart, worked.plan.to
    )
}

/// The notices, of which those that say the same are one that names every place: a patch is often copied.
fn once_each(notices: Vec<Notice>) -> Vec<Notice> {
    let mut once: Vec<(Notice, Vec<String>)> = Vec::new();
    for notice in notices {
        match once.iter_mut().find(|(first, _)| first.text == notice.text) {
            Some((_, also)) => {
                let place = notice.at.map(|at| format!("{}:{}", at.file, at.line));
                also.extend(place);
            }
            None => once.push((notice, Vec::new())),
        }
    }
    let named = once.into_iter().map(|(notice, also)| Notice {
        text: match also.is_empty() {
            true => notice.text,
            false => format!("{} (Also at {}.)", notice.text, also.join(", ")),
        },
        ..notice
    });
    named.collect()
}

/// The names and repositories of a chart that a manifest has to say otherwise, because the route leads past the
/// version up to which it had the name that stands there; and what a person has to do where that cannot be
/// edited.
pub(super) fn succeeded(worked: &Worked<'_>) -> (Vec<Renamed>, Option<String>) {
    let wanted = worked.wanted;
    let succession = match worked.plan.before {
        Some(_) => wanted.replacement.as_ref(),
        None => (wanted.succession.as_ref()).filter(|one| worked.plan.to > one.until),
    };
    let Some(succession) = succession else {
        return (Vec::new(), None);
    };
    let renames = succession.renames.iter().cloned();
    let renames = renames.map(|(file, node, text)| Renamed {
        file,
        node,
        within: None,
        text,
    });
    (renames.collect(), succession.todo.clone())
}

/// The settings that only a `condition` reads: Helm itself looks at them, and no version of the chart does.
pub(super) fn conditions(worked: &Worked<'_>) -> Vec<Path> {
    let mentions = worked.wanted.mentions.iter();
    mentions
        .filter(|mention| mention.kind == MentionKind::Condition)
        .flat_map(|mention| {
            let texts = mention.text.split(',');
            texts.filter_map(|one| Some(own_path(mention, one.trim())?.1))
        })
        .filter(|path| is_helms(&worked.plan, path))
        .collect()
}

/// True if the chart itself has nothing to do with a setting.
fn is_helms(plan: &Plan<'_>, path: &Path) -> bool {
    let first = plan.origin();
    let knows = |pack: &Pack, version| pack.keys.known(path, version) != Known::Unknown;
    !knows(first.pack, &first.from) && !knows(plan.pack, &plan.to)
}

/// True if a `targetPath` whose value cannot be read needs nobody's care: its setting stays, or simply moves, and the
/// path follows.
pub(super) fn follows(plan: &Plan<'_>, wanted: &Wanted, text: &str) -> bool {
    let is_meant =
        |mention: &&Mention| mention.kind == MentionKind::SetPath && mention.text == text;
    let mut meant = wanted.mentions.iter().filter(is_meant).peekable();
    meant.peek().is_some()
        && meant.all(|mention| match own_path(mention, text) {
            Some((_, path)) => match place(plan, mention.kind, &path) {
                NewPlace::Same => is_only_moved(plan, &path),
                NewPlace::Moved(to) => is_only_moved(plan, &path) && is_only_moved(plan, &to),
                NewPlace::Held | NewPlace::Gone(_) => false,
            },
            None => true,
        })
}

/// True if no step looks at the value of a setting: its decision would be made without the value that cannot be read.
pub(super) fn is_only_moved(plan: &Plan<'_>, path: &Path) -> bool {
    let mut steps = plan.all_migrations().flat_map(|one| &one.steps);
    steps.all(|step| {
        let named = step.takes.iter().filter(|take| take.name.is_some());
        let mut looked_at = named
            .map(|take| &take.path)
            .chain(step.reads.iter().map(|(_, path)| path));
        !looked_at.any(|other| other.may_overlap(path))
    })
}

/// The path above a mentioned setting, and its path in the chart's own values; `None` if it is not of this chart.
fn own_path(mention: &Mention, text: &str) -> Option<(Path, Path)> {
    let path = match mention.kind {
        MentionKind::SetPath => set::path(text).ok()?,
        // Those of patches are followed by what they do (`pointers`).
        MentionKind::Pointer => return None,
        _ => Path::keys(text.split('.').filter(|key| !key.is_empty())),
    };
    if path.is_root() {
        return None;
    }
    match mention.kind {
        MentionKind::SetPath => {
            let below = path.strip_prefix(&mention.prefix)?;
            (!below.is_root()).then(|| (mention.prefix.clone(), below))
        }
        MentionKind::ImportChild => Some((Path::root(), path)),
        // A name of the chart's own choosing; no pack moves `exports`.
        MentionKind::ImportExport | MentionKind::Pointer => None,
        MentionKind::Condition | MentionKind::ImportParent => {
            let below = path.strip_prefix(&mention.prefix)?;
            (!below.is_root() && !mention.prefix.is_root()).then(|| (mention.prefix.clone(), below))
        }
    }
}

/// True if the reader of a path string finds a setting at its new place.
fn can_follow(kind: MentionKind, to: &Path) -> bool {
    match kind {
        MentionKind::SetPath => true,
        _ => is_plain(to),
    }
}

/// Helm splits these paths at each dot and knows no escapes.
fn is_plain(path: &Path) -> bool {
    path.segments()
        .iter()
        .all(|segment| matches!(segment, Segment::Key(key) if !key.contains(['.', ','])))
}

/// The fate of a setting.
pub(super) enum NewPlace {
    /// It stays.
    Same,
    /// It is moved, and nothing else.
    Moved(Path),
    /// A question is open about it.
    Held,
    /// Something else; perhaps something is made of it at one place.
    Gone(Option<Path>),
}

impl NewPlace {
    /// The place of what is made of it.
    pub(super) fn made(&self) -> Option<&Path> {
        match self {
            Self::Gone(made) => made.as_ref(),
            _ => None,
        }
    }
}

/// The place of a setting after the migrations.
fn place(plan: &Plan<'_>, kind: MentionKind, path: &Path) -> NewPlace {
    let is_set = kind.is_set();
    if !is_set && is_helms(plan, path) {
        return NewPlace::Same;
    }
    let value = match is_set {
        true => Value::from("x"),
        false => Value::Bool(true),
    };
    match place_of(plan, path, value) {
        // What is only named is not lost by a question about it.
        NewPlace::Held if !is_set => NewPlace::Same,
        place => place,
    }
}

/// The place of a setting with this value after the migrations.
pub(super) fn place_of(plan: &Plan<'_>, path: &Path, value: Value) -> NewPlace {
    let value = alone(path, value);
    let Ok(tree) = Tree::parse(write::block(&value, &write::Layout::default())) else {
        return NewPlace::Same;
    };
    let view = View::new(&tree, tree.documents()[0].root);
    let Ok(alone) = migrate(&[&view], plan, &Answers::new(), false) else {
        return NewPlace::Gone(None);
    };
    let mut entries = alone.ledger.entries.iter();
    // A list is one leaf, and what is in it goes with it, unless a step looks into it.
    let entry = entries.find(|entry| {
        let source = &entry.source.path;
        path.starts_with(source) || source.starts_with(path)
    });
    let Some(entry) = entry else {
        return NewPlace::Same;
    };
    let below = path.strip_prefix(&entry.source.path);
    let after = alone
        .layers
        .first()
        .and_then(|layer| layer.value(&view).ok());
    let after = |to: &Path| after.as_ref().and_then(|after| to.get(after));
    match (entry.fate, entry.to.as_slice(), below) {
        (Fate::Moved | Fate::Merged, [to], Some(below)) => NewPlace::Moved(to.concat(&below)),
        (Fate::Held, ..) => NewPlace::Held,
        (Fate::Rewritten, ..) => match by_changes(&alone, path) {
            Some((to, true)) => NewPlace::Gone(Some(to)),
            // An item before it may be gone, so that its number is another one.
            Some((to, false)) if after(&to) == path.get(&value) => match to == *path {
                true => NewPlace::Same,
                false => NewPlace::Moved(to),
            },
            _ => NewPlace::Gone(None),
        },
        _ => NewPlace::Gone(None),
    }
}

/// The place of a setting after the changes of all steps, and whether another value was made of it on the way: what
/// becomes of the items of a list, which is one leaf, is only said there.
fn by_changes(migrated: &Migrated, path: &Path) -> Option<(Path, bool)> {
    let (mut at, mut is_made) = (path.clone(), false);
    for change in migrated.steps.iter().flat_map(|step| &step.changes) {
        let meets = |other: &Path| at.starts_with(other) || other.starts_with(&at);
        let from_here = change.from.iter().any(meets);
        match (change.fate, &change.to, at.strip_prefix(&change.path)) {
            (Fate::Moved | Fate::Merged, Some(to), Some(below)) => at = to.concat(&below),
            // Made once, or nobody can say of which.
            (Fate::Written, ..) if from_here && !is_made => {
                (at, is_made) = (change.path.clone(), true);
            }
            _ if from_here || meets(&change.path) => return None,
            _ => {}
        }
    }
    Some((at, is_made))
}

/// A value with nothing else around it, at a path.
fn alone(path: &Path, value: Value) -> Value {
    let segments = path.segments().iter().rev();
    segments.fold(value, |value, segment| match segment {
        Segment::Key(key) => Value::Map(Map::from_iter([(key.clone(), value)])),
        Segment::Index(index) => {
            // A pointer may name any number; a list is not filled up to it whatever it is.
            let mut items = vec![Value::Null; (*index).min(64)];
            items.push(value);
            Value::List(items)
        }
        _ => value,
    })
}
