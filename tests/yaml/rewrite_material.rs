//! Edits of real files: renaming and back, inserting and removing again, removing, moving. After
//! each the text is read again by the events alone and compared.
//!
//! By default one entry of most files is taken, so that the test is quick; `REFIT_YAML_ALL=N` takes
//! every entry of the files that have up to `N` (build it with optimisation for that: the work grows
//! with the square of `N`).

use std::collections::BTreeMap;

use crate::edit::{entry, scalar};
use crate::material::{Data, data, decode, material, name, resolved, untiled};
use refit::yaml::{
    DivergenceKind, Kind, NodeId, RewriteError, Tree, Want, WantEntry, WantKey, rewrite,
};

/// The way from the root to a node: the index among entries or items, at every level.
fn path(tree: &Tree, id: NodeId) -> Option<Vec<usize>> {
    let mut path = Vec::new();
    let mut at = id;
    while let Some(parent) = tree.parent(at) {
        let i = match tree.kind(parent) {
            Kind::Sequence { .. } => tree.items(parent).position(|item| item == at)?,
            _ if at != id && tree.is_key(at) => return None,
            _ => tree
                .entries(parent)
                .position(|(key, value)| key == at || value == at)?,
        };
        path.push(i);
        at = parent;
    }
    path.reverse();
    Some(path)
}

/// The mapping at `map` with other entries, said from its document's root.
fn with_entries(tree: &Tree, map: NodeId, entries: Vec<WantEntry>) -> (NodeId, Want) {
    let mut want = Want::Map {
        base: Some(map),
        entries,
    };
    let mut at = map;
    while let Some(parent) = tree.parent(at) {
        want = match tree.kind(parent) {
            Kind::Sequence { .. } => {
                let mut want = Some(want);
                let items = tree.items(parent);
                let items = items.map(|item| {
                    if item == at {
                        want.take().expect("once")
                    } else {
                        Want::Node(item)
                    }
                });
                Want::List {
                    base: Some(parent),
                    items: items.collect(),
                }
            }
            _ => {
                let mut want = Some(want);
                let entries = tree.entries(parent).map(|(key, value)| WantEntry {
                    key: WantKey::Entry(key),
                    value: if value == at {
                        want.take().expect("once")
                    } else {
                        Want::Node(value)
                    },
                });
                Want::Map {
                    base: Some(parent),
                    entries: entries.collect(),
                }
            }
        };
        at = parent;
    }
    (at, want)
}

fn as_is(tree: &Tree, map: NodeId) -> Vec<WantEntry> {
    tree.entries(map)
        .map(|(key, value)| WantEntry {
            key: WantKey::Entry(key),
            value: Want::Node(value),
        })
        .collect()
}

/// The entries of the mapping at a path in data.
fn entries_at<'a>(
    documents: &'a mut [Data],
    document: usize,
    path: &[usize],
) -> &'a mut Vec<(Data, Data)> {
    let mut at = &mut documents[document];
    for &i in path {
        at = match at {
            Data::Map { entries, .. } => &mut entries[i].1,
            Data::List { items, .. } => &mut items[i],
            _ => panic!("no collection"),
        };
    }
    match at {
        Data::Map { entries, .. } => entries,
        _ => panic!("no mapping"),
    }
}

fn plain(text: &str) -> Data {
    Data::Scalar {
        content: text.into(),
        plain: true,
        tag: None,
        anchor: None,
    }
}

#[derive(Default)]
struct Counts {
    done: BTreeMap<&'static str, usize>,
    refused: BTreeMap<String, usize>,
    problems: Vec<String>,
}

impl Counts {
    fn done(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    fn refused(&mut self, what: &str, error: &RewriteError) {
        let kind = format!("{error:?}");
        let kind = kind.split([' ', '(']).next().unwrap_or_default().to_owned();
        *self.refused.entry(format!("{what}: {kind}")).or_default() += 1;
    }

    fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }
}

/// Applies a want; `None` if it was refused (which is counted).
fn run(
    tree: &Tree,
    root: NodeId,
    want: &Want,
    what: &'static str,
    counts: &mut Counts,
) -> Option<String> {
    match rewrite(tree, root, want) {
        Ok(rewrite) => {
            counts.done(what);
            Some(rewrite.edits.apply(tree.text()))
        }
        Err(error) => {
            counts.refused(what, &error);
            None
        }
    }
}

fn check(file: &str, what: &str, new: &str, expected: Vec<Data>, counts: &mut Counts) {
    let got = match decode(new) {
        Ok(got) => got,
        Err(error) => return counts.problem(format!("{file}: {what}: {error}\n{new}")),
    };
    let same = got == expected || resolved(got) == resolved(expected);
    if !same {
        counts.problem(format!("{file}: {what}: another meaning\n{}", head(new)));
    }
}

fn head(text: &str) -> String {
    text.chars().take(1500).collect()
}

#[test]
fn entries_of_the_material_are_edited() {
    let Some(files) = material() else { return };
    let all = std::env::var("REFIT_YAML_ALL")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0usize);
    let mut counts = Counts::default();
    let (mut read, mut skipped) = (0, 0);
    for (number, path) in files.iter().enumerate() {
        let Ok(tree) = Tree::parse_bytes(&std::fs::read(path).expect("a readable file")) else {
            continue;
        };
        read += 1;
        let keys: Vec<_> = tree.nodes().filter(|&id| tree.is_key(id)).collect();
        // Every entry of the small hard documents; of the others one, here and there in the file,
        // and of the large ones one in every fourth.
        let hard = path.parent().is_some_and(|dir| dir.ends_with("hard")) && keys.len() < 100;
        let sampled = keys.len() > all && !hard;
        if sampled && keys.len() > 400 && number % 4 != 0 {
            skipped += 1;
            continue;
        }
        let chosen = (number * 7919) % keys.len().max(1);
        for (i, &key) in keys.iter().enumerate() {
            if !sampled || i == chosen {
                edits(&name(path), &tree, key, &mut counts);
            }
        }
    }
    println!("{skipped} of the large files were left out; REFIT_YAML_ALL raises what is taken");
    println!(
        "{read} files; done: {:?}; refused: {:?}",
        counts.done, counts.refused
    );
    for problem in &counts.problems {
        println!("{}", problem.lines().next().unwrap_or_default());
    }
    let shown: Vec<_> = counts
        .problems
        .iter()
        .take(12)
        .map(String::as_str)
        .collect();
    assert!(
        shown.is_empty(),
        "{} problems:\n{}",
        counts.problems.len(),
        shown.join("\n=====\n")
    );
}

fn edits(file: &str, tree: &Tree, key: NodeId, counts: &mut Counts) {
    let Some(map) = tree.parent(key) else { return };
    let Some(way) = path(tree, key) else {
        return counts.done("inside of a key, not edited");
    };
    let (index, above) = (way[way.len() - 1], &way[..way.len() - 1]);
    let text = tree.text();
    let here = format!(
        "{:?} at {:?}",
        tree.scalar(key),
        tree.position(tree.span(key).start)
    );
    let mut root = key;
    while let Some(parent) = tree.parent(root) {
        root = parent;
    }
    let document = tree
        .documents()
        .iter()
        .position(|d| d.root == root)
        .expect("a document");
    let documents: Vec<_> = tree
        .documents()
        .iter()
        .map(|d| data(tree, d.root))
        .collect();
    // Inside of an anchored node an edit changes what the aliases stand for as well: there the
    // structure is compared, elsewhere what the aliases stand for.
    let mut anchored = false;
    let mut up = Some(key);
    while let Some(id) = up {
        anchored |= tree.anchor(id).is_some();
        up = tree.parent(id);
    }
    let plainly = if anchored {
        Some(documents)
    } else {
        resolved(documents)
    };
    let Some(plainly) = plainly else {
        return counts.done("bomb, not edited");
    };

    // Rename, and back.
    let mut entries = as_is(tree, map);
    entries[index].key = WantKey::Renamed(key, "zz__new".into());
    let (root, want) = with_entries(tree, map, entries);
    if let Some(new) = run(tree, root, &want, "rename", counts) {
        let mut expected = plainly.clone();
        entries_at(&mut expected, document, above)[index].0 = plain("zz__new");
        // An anchored key keeps its anchor, so its aliases change too: not compared.
        if tree.anchor(key).is_none() {
            check(file, &format!("rename {here}"), &new, expected, counts);
        }
        match Tree::parse(new.as_str()) {
            Err(_) => {}
            Ok(again) => {
                let back = again
                    .nodes()
                    .find(|&id| again.is_key(id) && again.scalar(id) == "zz__new")
                    .expect("the new key");
                let map = again.parent(back).expect("its mapping");
                let mut entries = as_is(&again, map);
                let old = text[tree.body(key)].to_owned();
                entries[index].key = WantKey::Renamed(back, old);
                let (root, want) = with_entries(&again, map, entries);
                if let Some(old) = run(&again, root, &want, "rename back", counts)
                    && old != *text
                    && !text.contains("\":")
                    && !is_colon_bare(tree)
                {
                    counts.problem(format!(
                        "{file}: rename back {here}: other bytes\n{}",
                        head(&old)
                    ));
                }
            }
        }
    }

    // Insert after it, and remove again.
    let mut entries = as_is(tree, map);
    entries.insert(index + 1, entry("zz__new", scalar("1")));
    let (root, want) = with_entries(tree, map, entries);
    if let Some(new) = run(tree, root, &want, "insert", counts) {
        let mut expected = plainly.clone();
        entries_at(&mut expected, document, above)
            .insert(index + 1, (plain("zz__new"), plain("1")));
        check(
            file,
            &format!("insert after {here}"),
            &new,
            expected,
            counts,
        );
        if let Ok(again) = Tree::parse(new.as_str()) {
            let back = again
                .nodes()
                .find(|&id| again.is_key(id) && again.scalar(id) == "zz__new")
                .expect("the new key");
            let map = again.parent(back).expect("its mapping");
            let mut entries = as_is(&again, map);
            entries.remove(index + 1);
            let (root, want) = with_entries(&again, map, entries);
            if let Some(old) = run(&again, root, &want, "remove again", counts)
                && old != *text
                // A block scalar that the end of the file cuts off was closed for what came after it.
                && old.replace("|-", "|") != *text
                // `{b:}` got its space, without which no comma can follow.
                && !is_colon_bare(tree)
            {
                counts.problem(format!(
                    "{file}: remove again after {here}: other bytes\n{}",
                    head(&old)
                ));
            }
        }
    }

    // Remove.
    let mut entries = as_is(tree, map);
    entries.remove(index);
    let (root, want) = with_entries(tree, map, entries);
    if let Some(new) = run(tree, root, &want, "remove", counts) {
        let mut expected = plainly.clone();
        entries_at(&mut expected, document, above).remove(index);
        // Where an anchor inside of an anchored node goes, neither way to compare fits.
        let value = tree.value_of(key).expect("a value");
        if anchored && anchored_below(tree, value) {
            counts.done("anchors in anchored nodes, only read again");
            assert_eq!(decode(&new).err(), None, "{file}: remove {here}");
        } else {
            check(file, &format!("remove {here}"), &new, expected, counts);
        }
        kept_lines(file, tree, &new, &want, &here, counts);
    }

    // Move into a mapping: the first other one of the document that is not inside of the entry.
    let value = tree.value_of(key).expect("a value");
    let inside = tree.span(key).start..tree.extent(key).end.max(tree.span(value).end);
    let target = tree.nodes().find(|&id| {
        matches!(tree.kind(id), Kind::Mapping { .. })
            && id > root
            && id != map
            && !inside.contains(&tree.body(id).start)
            && self::path(tree, id).is_some_and(|way| !above.starts_with(&way))
            && tree.documents().iter().rposition(|d| d.root <= id) == Some(document)
            && tree.is_block_context(id)
            && !anchored_above(tree, id)
    });
    let Some(target) = target else { return };
    let target_way = self::path(tree, target).expect("found by it");
    let moved = Move {
        tree,
        key,
        map,
        target,
    };
    let want = moved.want(root);
    let Some(new) = run(tree, root, &want, "move", counts) else {
        return;
    };
    let mut expected = plainly;
    if anchored {
        return;
    }
    let moved_entry = entries_at(&mut expected, document, above)[index].clone();
    entries_at(&mut expected, document, &target_way).push(moved_entry);
    entries_at(&mut expected, document, above).remove(index);
    check(file, &format!("move {here}"), &new, expected, counts);
    if let Ok(again) = Tree::parse(new.as_str())
        && let Some(problem) = untiled(&again)
    {
        counts.problem(format!("{file}: move {here}: {problem}"));
    }
}

/// Whether a flow key has its colon directly before a bracket or a comma.
fn is_colon_bare(tree: &Tree) -> bool {
    let bare = |found: &refit::yaml::Divergence| found.kind == DivergenceKind::ColonInFlowKey;
    tree.divergences().iter().any(bare)
}

fn anchored_below(tree: &Tree, id: NodeId) -> bool {
    tree.anchor(id).is_some()
        || tree.items(id).any(|item| anchored_below(tree, item))
        || tree
            .entries(id)
            .any(|(k, v)| anchored_below(tree, k) || anchored_below(tree, v))
}

fn anchored_above(tree: &Tree, id: NodeId) -> bool {
    let mut up = Some(id);
    while let Some(id) = up {
        if tree.anchor(id).is_some() {
            return true;
        }
        up = tree.parent(id);
    }
    false
}

/// Every line outside of a removed entry occurs in the result, in the same order.
fn kept_lines(file: &str, tree: &Tree, new: &str, _: &Want, here: &str, counts: &mut Counts) {
    let written = |line: &&str| !line.trim().is_empty();
    let old: Vec<_> = tree.text().lines().filter(written).collect();
    let new_lines: Vec<_> = new.lines().filter(written).collect();
    let same = old
        .iter()
        .zip(&new_lines)
        .take_while(|(a, b)| a == b)
        .count();
    let rest = (old[same..].iter().rev()).zip(new_lines[same..].iter().rev());
    let changed = new_lines.len() - same - rest.take_while(|(a, b)| a == b).count();
    // Flow collections and emptied parents change one line; a first entry after `- ` joins two.
    if changed > 2 && tree.aliases().next().is_none() {
        counts.problem(format!(
            "{file}: remove {here}: {changed} lines are new\n{}",
            head(new)
        ));
    }
}

struct Move<'a> {
    tree: &'a Tree,
    key: NodeId,
    map: NodeId,
    target: NodeId,
}

impl Move<'_> {
    /// The document with the entry at the end of the target; only what leads there is spelled out.
    fn want(&self, id: NodeId) -> Want {
        let tree = self.tree;
        match tree.kind(id) {
            Kind::Mapping { .. } => {
                let mut entries: Vec<_> = tree
                    .entries(id)
                    .filter(|&(key, _)| key != self.key)
                    .map(|(key, value)| WantEntry {
                        key: WantKey::Entry(key),
                        value: self.want(value),
                    })
                    .collect();
                if id == self.target {
                    let value = Want::Node(tree.value_of(self.key).expect("a value"));
                    entries.push(WantEntry {
                        key: WantKey::Entry(self.key),
                        value,
                    });
                }
                let _ = self.map;
                Want::Map {
                    base: Some(id),
                    entries,
                }
            }
            Kind::Sequence { .. } => Want::List {
                base: Some(id),
                items: tree.items(id).map(|item| self.want(item)).collect(),
            },
            _ => Want::Node(id),
        }
    }
}

trait Context {
    fn is_block_context(&self, id: NodeId) -> bool;
}

impl Context for Tree {
    /// Whether a mapping is not empty; flow mappings count as well.
    fn is_block_context(&self, id: NodeId) -> bool {
        self.len(id) > 0
    }
}
