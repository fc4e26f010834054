//! What must hold of every edit of every text, whatever the text is and whatever is wanted of it.
//!
//! It takes its decisions from [`Choices`], so that a test can make them at random and a fuzzer can look for them.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};

use crate::choice::Choices;
use refit::values::View;
use refit::yaml::{
    Kind, NodeId, RewriteError, ScalarStyle, Tree, Want, WantEntry, WantKey, check_agreement,
    rewrite,
};

/// What a text says, aliases resolved. Nulls are alike, however they are written.
#[derive(Clone, Debug, PartialEq)]
enum Plain {
    Scalar(String, bool, Option<String>),
    Map(Vec<(Plain, Plain)>, Option<String>),
    List(Vec<Plain>, Option<String>),
}

/// What a node says; `None` if its aliases make too much of it.
fn plain(tree: &Tree, id: NodeId, budget: &mut usize) -> Option<Plain> {
    *budget = budget.checked_sub(1)?;
    let tag = tree.tag(id).map(str::to_owned);
    Some(match tree.kind(id) {
        Kind::Alias => {
            let target = tree.alias_target(id)?;
            if tree.is_within(id, target) {
                return None;
            }
            plain(tree, target, budget)?
        }
        Kind::Scalar(style) => scalar(tree.content(id), style == ScalarStyle::Plain, tag),
        Kind::Mapping { .. } => Plain::Map(
            tree.entries(id)
                .map(|(k, v)| Some((plain(tree, k, budget)?, plain(tree, v, budget)?)))
                .collect::<Option<_>>()?,
            tag,
        ),
        Kind::Sequence { .. } => Plain::List(
            tree.items(id)
                .map(|item| plain(tree, item, budget))
                .collect::<Option<_>>()?,
            tag,
        ),
    })
}

fn scalar(content: &str, is_plain: bool, tag: Option<String>) -> Plain {
    let null = is_plain && matches!(content, "" | "~" | "null" | "Null" | "NULL");
    // Whether text has quotes is seen only where that makes a difference.
    let typed = is_plain && (null || content.parse::<f64>().is_ok() || content.len() < 6);
    Plain::Scalar(
        if null {
            String::new()
        } else {
            content.to_owned()
        },
        typed,
        tag,
    )
}

/// What is wanted, as values.
fn wanted(tree: &Tree, want: &Want, budget: &mut usize) -> Option<Plain> {
    let tag = |base: &Option<NodeId>| base.and_then(|base| tree.tag(base)).map(str::to_owned);
    Some(match want {
        Want::Node(id) => plain(tree, *id, budget)?,
        Want::Scalar(text) | Want::Lines(text) => written(text)?,
        Want::Map { base, entries } => Plain::Map(
            entries
                .iter()
                .map(|entry| {
                    let key = match &entry.key {
                        WantKey::Entry(key) => plain(tree, *key, budget)?,
                        WantKey::New(text) => written(text)?,
                        WantKey::Renamed(key, text) => match written(text)? {
                            // The tag of a key stays with it.
                            Plain::Scalar(text, plain, _) => {
                                let tag = tree.tag(*key).map(str::to_owned);
                                Plain::Scalar(text, plain, tag)
                            }
                            other => other,
                        },
                    };
                    Some((key, wanted(tree, &entry.value, budget)?))
                })
                .collect::<Option<_>>()?,
            tag(base),
        ),
        Want::List { base, items } => Plain::List(
            items
                .iter()
                .map(|item| wanted(tree, item, budget))
                .collect::<Option<_>>()?,
            tag(base),
        ),
    })
}

fn written(text: &str) -> Option<Plain> {
    let tree = Tree::parse(text).ok()?;
    plain(&tree, tree.documents().first()?.root, &mut 10)
}

/// A want, with what was used of the tree.
struct Edits<'t> {
    tree: &'t Tree,
    /// Entries that were taken out and can be put elsewhere.
    taken: RefCell<Vec<WantEntry>>,
    /// Collections that are not as they were.
    touched: RefCell<Vec<NodeId>>,
}

const NEW: [&str; 9] = [
    "1", "x", "\"q\"", "''", "", "null", "a b", "\"a: b\"", "'it''s'",
];
const KEYS: [&str; 4] = ["zz1", "\"zz2\"", "zz-3", "'zz4'"];

impl Edits<'_> {
    fn new_value(&self, choices: &mut Choices) -> Want {
        match choices.below(6) {
            0 => Want::Map {
                base: None,
                entries: vec![WantEntry {
                    key: WantKey::New("n".to_owned()),
                    value: Want::Scalar("1".to_owned()),
                }],
            },
            1 => Want::List {
                base: None,
                items: vec![Want::Scalar("1".to_owned()), Want::Scalar("b".to_owned())],
            },
            2 => Want::Map {
                base: None,
                entries: vec![],
            },
            _ => Want::Scalar((*choices.pick(&NEW)).to_owned()),
        }
    }

    /// The node with something done to it or to what is in it.
    fn edited(&self, id: NodeId, choices: &mut Choices) -> Want {
        let tree = self.tree;
        match tree.kind(id) {
            Kind::Mapping { .. } => {
                let mut entries: Vec<WantEntry> = tree
                    .entries(id)
                    .map(|(key, value)| WantEntry {
                        key: WantKey::Entry(key),
                        value: Want::Node(value),
                    })
                    .collect();
                for _ in 0..1 + choices.below(4) {
                    self.edit_map(id, &mut entries, choices);
                }
                Want::Map {
                    base: Some(id),
                    entries,
                }
            }
            Kind::Sequence { .. } => {
                let mut items: Vec<Want> = tree.items(id).map(Want::Node).collect();
                for _ in 0..1 + choices.below(3) {
                    self.edit_list(id, &mut items, choices);
                }
                Want::List {
                    base: Some(id),
                    items,
                }
            }
            _ => {
                self.touched.borrow_mut().push(id);
                self.new_value(choices)
            }
        }
    }

    fn edit_map(&self, id: NodeId, entries: &mut Vec<WantEntry>, choices: &mut Choices) {
        let count = entries.len();
        let what = choices.below(14);
        if count > 0 && !(3..9).contains(&what) {
            // Something below it.
            let at = choices.below(count);
            if let Want::Node(node) = entries[at].value {
                entries[at].value = self.edited(node, choices);
            }
            return;
        }
        self.touched.borrow_mut().push(id);
        let new = |value| WantEntry {
            key: WantKey::New((*KEYS.first().expect("keys")).to_owned()),
            value,
        };
        match what {
            3 if count > 0 => {
                let entry = entries.remove(choices.below(count));
                self.taken.borrow_mut().push(entry);
            }
            4 if count > 0 => {
                let at = choices.below(count);
                if let WantKey::Entry(key) = entries[at].key {
                    entries[at].key = WantKey::Renamed(key, (*choices.pick(&KEYS)).to_owned());
                }
            }
            5 if count > 0 => {
                let at = choices.below(count);
                entries[at].value = self.new_value(choices);
            }
            6 if count > 1 => {
                let entry = entries.remove(choices.below(count));
                entries.insert(choices.below(count), entry);
            }
            7 if !self.taken.borrow().is_empty() => {
                if let Some(entry) = self.taken.borrow_mut().pop() {
                    entries.insert(choices.below(count + 1), entry);
                }
            }
            _ => {
                let mut entry = new(self.new_value(choices));
                entry.key = WantKey::New(format!("{}{count}", ["zn", "zm"][choices.below(2)]));
                entries.insert(choices.below(count + 1), entry);
            }
        }
    }

    fn edit_list(&self, id: NodeId, items: &mut Vec<Want>, choices: &mut Choices) {
        let count = items.len();
        let what = choices.below(8);
        if count > 0 && !(2..6).contains(&what) {
            let at = choices.below(count);
            if let Want::Node(node) = items[at] {
                items[at] = self.edited(node, choices);
            }
            return;
        }
        self.touched.borrow_mut().push(id);
        match what {
            2 if count > 0 => {
                items.remove(choices.below(count));
            }
            3 if count > 0 => {
                let at = choices.below(count);
                items[at] = self.new_value(choices);
            }
            4 if count > 1 => {
                let item = items.remove(choices.below(count));
                items.insert(choices.below(count), item);
            }
            _ => items.insert(choices.below(count + 1), self.new_value(choices)),
        }
    }
}

/// Entries and items that are in their places and wanted as they are, so that no edit may touch them.
/// Where some change places, which of them stay is not for here to say.
fn untouched(tree: &Tree, id: NodeId, want: &Want, found: &mut Vec<NodeId>) {
    let units: Vec<(NodeId, NodeId, &Want, bool)> = match want {
        Want::Map {
            base: Some(base),
            entries,
        } if *base == id => entries
            .iter()
            .filter_map(|entry| match entry.key {
                WantKey::Entry(key) | WantKey::Renamed(key, _) if tree.parent(key) == Some(id) => {
                    let value = tree.value_of(key).expect("a value");
                    let same = matches!(entry.key, WantKey::Entry(_));
                    Some((key, value, &entry.value, same))
                }
                _ => None,
            })
            .collect(),
        Want::List {
            base: Some(base),
            items,
        } if *base == id => items
            .iter()
            .filter_map(|item| {
                let ground = item
                    .grounded_on()
                    .filter(|node| tree.parent(*node) == Some(id))?;
                Some((ground, ground, item, true))
            })
            .collect(),
        _ => return,
    };
    if !units.is_sorted_by_key(|(unit, ..)| *unit) {
        return;
    }
    for (unit, value, want, same) in units {
        match want {
            Want::Node(node) if same && *node == value => found.push(unit),
            _ => untouched(tree, value, want, found),
        }
    }
}

/// Everything written of an entry or an item.
fn core(tree: &Tree, id: NodeId) -> std::ops::Range<usize> {
    let end = tree.value_of(id).map_or(0, |value| tree.span(value).end);
    tree.span(id).start..end.max(tree.span(id).end)
}

fn refused(error: &RewriteError) -> Result<&'static str, String> {
    Ok(match error {
        RewriteError::ComplexKey { .. } => "refused: complex key",
        RewriteError::CommentInFlow { .. } => "refused: comment in flow",
        RewriteError::AnchorLost { .. } => "refused: anchor lost",
        RewriteError::TabBeforeComment { .. } => "refused: tab before a comment",
        other => return Err(format!("not a refusal: {other}")),
    })
}

/// Edits a text at random. Either the edit is refused with a reason, or the result says what is wanted to both
/// readers, and nothing is gone that the edit did not touch.
///
/// The result is the text with its values, if Helm may judge it.
pub fn edited_right_or_refused(
    text: &str,
    choices: &mut Choices,
) -> Result<Option<(String, String)>, String> {
    let tree = match Tree::parse(text) {
        Ok(tree) => tree,
        Err(_) => {
            choices.count("not YAML");
            return Ok(None);
        }
    };
    let documents = tree.documents().len();
    let root = tree.documents()[choices.below(documents)].root;
    if check_agreement(&tree, root, None).is_err() {
        choices.count("not for the second reader");
        return Ok(None);
    }
    let edits = Edits {
        tree: &tree,
        taken: RefCell::default(),
        touched: RefCell::default(),
    };
    let want = edits.edited(root, choices);
    let touched = edits.touched.into_inner();
    let shown = || format!("{want:?}\n--- from\n{text}\n--- {text:?}");
    let done = match rewrite(&tree, root, &want) {
        Ok(done) => done,
        Err(error) => {
            let class = refused(&error).map_err(|e| format!("{e}\n{}", shown()))?;
            choices.count(class);
            return Ok(None);
        }
    };
    let new = done.edits.apply(text);
    let fail = |message: &str| {
        Err(format!(
            "{message}\n--- to\n{new}\n--- {new:?}\n{}",
            shown()
        ))
    };
    let after = match Tree::parse(new.as_str()) {
        Ok(after) => after,
        Err(error) => return fail(&format!("not YAML: {error}")),
    };
    if after.documents().len() != documents {
        return fail("another number of documents");
    }
    let index = tree.documents().iter().position(|d| d.root == root);
    let new_root = after.documents()[index.expect("a document")].root;
    if let Err(found) = check_agreement(&after, new_root, None) {
        return fail(&format!("{found}"));
    }
    // What changes where it is anchored changes for its aliases, too: what that says is not for here.
    let anchors = tree.nodes().any(|node| tree.anchor(node).is_some());
    let followed = touched.iter().any(|node| {
        let mut above = std::iter::successors(Some(*node), |node| tree.parent(*node));
        above.any(|node| tree.anchor(node).is_some())
    });
    if !(anchors && followed) {
        let expected = wanted(&tree, &want, &mut 100_000);
        let found = plain(&after, new_root, &mut 100_000);
        if expected.is_some() && expected != found {
            return fail(&format!("it says {found:?}\nand not {expected:?}"));
        }
        for (i, (old, new)) in tree.documents().iter().zip(after.documents()).enumerate() {
            let say = |tree: &Tree, node| plain(tree, node, &mut 100_000);
            if Some(i) != index && say(&tree, old.root) != say(&after, new.root) {
                return fail("another document changed");
            }
        }
    }
    if !anchors {
        let mut kept = Vec::new();
        untouched(&tree, root, &want, &mut kept);
        for id in kept {
            let core = core(&tree, id);
            // The header of a scalar that the end of the text cut off changes when text follows.
            if core.end == text.len() {
                continue;
            }
            let hit = done
                .edits
                .iter()
                .find(|(range, _)| range.start < core.end && core.start < range.end);
            if let Some((range, put)) = hit {
                return fail(&format!(
                    "{:?} was touched: {:?} became {put:?}",
                    &text[core], &text[range]
                ));
            }
        }
        // Every comment is in the result, or it is told.
        let mut left: BTreeMap<&str, usize> = BTreeMap::new();
        for comment in after.comments() {
            *left.entry(&new[comment.span.clone()]).or_default() += 1;
        }
        let told: HashSet<_> = done.removed_comments.iter().cloned().collect();
        for comment in tree.comments() {
            let words = &text[comment.span.clone()];
            match left.get_mut(words) {
                _ if told.contains(&comment.span) => {}
                Some(n) if *n > 0 => *n -= 1,
                _ => return fail(&format!("the comment {words:?} is gone and not told")),
            }
        }
    }
    choices.count(if done.edits.is_empty() {
        "nothing to do"
    } else {
        "edited"
    });
    let view = View::new(&after, new_root);
    if documents == 1
        && view.check().is_ok()
        && let Ok(values) = view.values()
    {
        let json = serde_json::Value::from(&refit::values::Value::Map(values));
        return Ok(Some((new, json.to_string())));
    }
    Ok(None)
}
