//! Every file edited once, with all that the releases need in it.
//!
//! A file may hold several blocks of values, and beside them the version of the chart. Their edits were
//! worked out apart from each other; here they are brought into the file and put together, and what the
//! whole file says then is checked again, block by block. All else in the file must be as it was.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use super::{
    Request,
    mentions::{self, Renamed},
    release::{Edited, Worked, check_failed},
    shared,
};
use crate::{
    carrier::raise,
    jobs::{Jobs, Work},
    load::{EmbedError, Loaded, Place, Wanted, Workspace},
    migrate::together::first_difference,
    outcome::{File, Notice, Refusal, Secrets},
    refusal::{Reason, own_fault},
    values::{
        Value, View, place_of,
        write::{Context, Quotes, string},
    },
    verify::oracle,
    yaml::{self, EditSet, Kind, NodeId, ScalarStyle, Tree, Want},
};

type Results<'w> = [Result<Worked<'w>, Vec<Refusal>>];

/// What releases need in a file.
#[derive(Default)]
struct Needs {
    /// Blocks, each with the release and the layer that say what becomes of it.
    blocks: BTreeMap<usize, (usize, usize)>,
    /// Releases whose version stands in it.
    pins: BTreeSet<usize>,
    /// Path strings in it that name settings which are elsewhere now.
    renamed: Vec<Renamed>,
    /// Releases that are in it in any way.
    releases: BTreeSet<usize>,
}

/// What the releases that can still be upgraded need, by file.
fn needs(
    request: &Request,
    workspace: &Workspace,
    worked: &Results<'_>,
    renamed: &[(usize, Renamed)],
) -> BTreeMap<usize, Needs> {
    let mut needs: BTreeMap<usize, Needs> = BTreeMap::new();
    for (index, result) in worked.iter().enumerate() {
        let Ok(release) = result else { continue };
        for (layer, block) in release.wanted.layers.iter().enumerate() {
            let file = needs.entry(workspace.blocks[*block].file).or_default();
            // Where releases share a block they agree on its text, or a question is open.
            file.blocks.entry(*block).or_insert((index, layer));
            file.releases.insert(index);
        }
        if release.wanted.carrier.is_some() {
            let file = needs.entry(release.wanted.holder).or_default();
            file.releases.insert(index);
        }
        if let Some(pin) = release
            .wanted
            .pin
            .as_ref()
            .filter(|_| !request.keep_version)
        {
            let file = needs.entry(pin.file).or_default();
            file.pins.insert(index);
            file.releases.insert(index);
        }
    }
    for (index, one) in renamed.iter().filter(|(index, _)| worked[*index].is_ok()) {
        let file = needs.entry(one.mention.file).or_default();
        file.releases.insert(*index);
        file.renamed.push(one.clone());
    }
    needs
}

/// The files that releases need, by their index in the workspace. A release that a file fails is refused.
pub(super) fn edit(
    request: &Request,
    workspace: &Workspace,
    releases: &[&Wanted],
    worked: &mut Results<'_>,
    jobs: &Jobs<'_>,
) -> BTreeMap<usize, Arc<File>> {
    let mut files = BTreeMap::new();
    let mut renamed = Vec::new();
    for (index, result) in worked.iter_mut().enumerate() {
        let Ok(release) = result else { continue };
        let (these, told) = mentions::renamed(workspace, release);
        release.notices.extend(told);
        renamed.extend(these.into_iter().map(|one| (index, one)));
    }
    let mut wanted = needs(request, workspace, worked, &renamed);
    let mut next: Vec<usize> = wanted.keys().copied().collect();
    while !next.is_empty() {
        let results = jobs.each(Some(Work::Edit), next.clone(), |file| {
            let mut notices = Vec::new();
            edited(workspace, worked, file, &wanted[&file], &mut notices)
                .map(|edited| (edited, notices))
        });
        let mut failed: BTreeSet<usize> = BTreeSet::new();
        for (file, result) in next.into_iter().zip(results) {
            let name = &workspace.files[file].name;
            match result.unwrap_or_else(|fault| Err(own_fault(&fault, name))) {
                Ok(edited) => _ = files.insert(file, edited),
                Err(refusal) => {
                    let mut refusal = Some(*refusal);
                    for release in &wanted[&file].releases {
                        failed.insert(*release);
                        match &mut worked[*release] {
                            Err(refusals) => refusals.extend(refusal.take()),
                            worked => *worked = Err(refusal.take().into_iter().collect()),
                        }
                    }
                }
            }
        }
        if !failed.is_empty() {
            // Nor are those that have something in common with it.
            let sound: Vec<usize> = (0..worked.len())
                .filter(|release| worked[*release].is_ok())
                .collect();
            shared::refuse_with_others(request, workspace, releases, worked);
            failed.extend(
                sound
                    .into_iter()
                    .filter(|release| worked[*release].is_err()),
            );
        }
        // A release that fails in one file is in no other: those are edited again, without it.
        let again = wanted
            .iter()
            .filter(|(_, needs)| !needs.releases.is_disjoint(&failed));
        next = again.map(|(file, _)| *file).collect();
        next.iter().for_each(|file| _ = files.remove(file));
        if !failed.is_empty() {
            wanted = needs(request, workspace, worked, &renamed);
        }
        next.retain(|file| wanted.contains_key(file));
    }
    let mut finished = BTreeMap::new();
    for (file, (edited, notices)) in files {
        finished.insert(file, Arc::new(edited));
        for (release, notice) in notices {
            if let Ok(worked) = &mut worked[release] {
                worked.notices.push(notice);
            }
        }
    }
    finished
}

fn edited(
    workspace: &Workspace,
    worked: &Results<'_>,
    file: usize,
    needs: &Needs,
    notices: &mut Vec<(usize, Notice)>,
) -> Result<File, Box<Refusal>> {
    let loaded = &workspace.files[file];
    // By their place: releases that share a pin raise it once.
    let mut pins = BTreeMap::new();
    for release in &needs.pins {
        if let Ok(worked) = &worked[*release] {
            match pinned(loaded, worked) {
                Pinned::Same => {}
                Pinned::Raised(edits) => pins.extend(edits),
                Pinned::Stays(notice) => notices.push((*release, notice)),
            }
        }
    }
    for renamed in &needs.renamed {
        let node = renamed.mention.node;
        let edits = scalar(&loaded.tree, node, &renamed.text).ok_or_else(|| {
            let reason = Reason::new(format!(
                "this path string has to become `{}`, and cannot be edited in place",
                renamed.text
            ));
            let reason = reason.next("Write it by hand, and run refit again.");
            reason.at(&loaded.name, &loaded.text, loaded.tree.span(node).start)
        })?;
        pins.extend(edits);
    }
    let parts: Vec<Part<'_, '_>> = needs
        .blocks
        .iter()
        .filter_map(|(block, (release, layer))| {
            let worked = worked[*release].as_ref().ok()?;
            Some(Part {
                block: *block,
                release: *release,
                layer: *layer,
                worked,
                edited: &worked.parts[*layer],
            })
        })
        .collect();
    let changed: Vec<&Part<'_, '_>> = parts
        .iter()
        .filter(|part| part.edited.rewrite.is_some())
        .collect();
    let mut removed = Vec::new();
    let (mut embedded, mut followers) = (Vec::new(), Vec::new());
    if !changed.is_empty() {
        let aliases: Vec<NodeId> = loaded.tree.aliases().collect();
        for part in &changed {
            let edits = part.embed(workspace)?;
            followers.extend(part.followers(workspace, &aliases, &edits.edits));
            embedded.push(edits);
        }
    }
    let (after, tree) = match changed.as_slice() {
        [] if pins.is_empty() => (Arc::clone(&loaded.text), None),
        [only] if pins.is_empty() && only.is_whole(workspace) => {
            let rewrite = only.edited.rewrite.iter();
            let spans = rewrite.flat_map(|rewrite| rewrite.removed_comments.iter());
            removed.extend(spans.map(|span| (span.start, loaded.text[span.clone()].to_owned())));
            (Arc::clone(&only.edited.text), only.edited.tree.clone())
        }
        several => {
            let mut edits: Vec<(Range<usize>, String)> = pins
                .into_iter()
                .map(|((start, end), new)| (start..end, new))
                .collect();
            for (part, embedded) in several.iter().zip(embedded) {
                edits.extend(embedded.edits);
                removed.extend(embedded.removed_comments);
                notices.extend(embedded.notice.map(|(offset, text)| {
                    let notice = Notice {
                        at: Some(loaded.at(offset)),
                        text: text.to_owned(),
                        path: None,
                    };
                    (part.release, notice)
                }));
            }
            edits.sort_by_key(|(range, _)| (range.start, range.end));
            let failed = |message: String| check_failed(&loaded.name, &message);
            let edits = EditSet::new(&loaded.text, edits).map_err(|e| failed(e.to_string()))?;
            let text: Arc<str> = edits.apply(&loaded.text).into();
            let tree = Tree::parse(Arc::clone(&text)).map_err(|e| failed(e.to_string()))?;
            for part in &parts {
                part.verify(workspace, &tree).map_err(|message| {
                    let root = part.root(workspace, &loaded.tree);
                    let mut followers = followers.iter();
                    // One that stands in another block, or in this one for what another block anchors.
                    let alias = followers.find(|alias| {
                        root.is_some_and(|root| is_within(&loaded.tree, **alias, root))
                    });
                    alias.map_or_else(|| failed(message), |alias| follows(loaded, *alias))
                })?;
            }
            (text, Some(Arc::new(tree)))
        }
    };
    if let Some(tree) = tree.as_ref().filter(|_| !followers.is_empty()) {
        let old = outside(workspace, &parts, &loaded.tree);
        let new = outside(workspace, &parts, tree);
        let value = |tree: &Tree, node: NodeId| View::new(tree, node).value(node).ok();
        let mut pairs = old.iter().zip(new);
        if let Some((alias, _)) =
            pairs.find(|(old, new)| value(&loaded.tree, **old) != value(tree, *new))
        {
            return Err(follows(loaded, *alias));
        }
    }
    removed.sort_by_key(|(offset, _)| *offset);
    let before = workspace.secrets(file, &loaded.tree);
    Ok(File {
        name: loaded.name.clone(),
        path: loaded.path.clone(),
        before: Arc::clone(&loaded.text),
        changed: loaded.text != after,
        secrets: Secrets {
            after: match &tree {
                Some(tree) => workspace.secrets(file, tree),
                None => before.clone(),
            },
            before,
        },
        after,
        removed_comments: removed.into_iter().map(|(_, text)| text).collect(),
    })
}

/// A block, and what becomes of it.
struct Part<'p, 'w> {
    block: usize,
    release: usize,
    layer: usize,
    worked: &'p Worked<'w>,
    edited: &'p Edited,
}

impl Part<'_, '_> {
    /// Whether its own text is that of the file.
    fn is_whole(&self, workspace: &Workspace) -> bool {
        matches!(
            workspace.blocks[self.block].place,
            Place::Document | Place::Map { .. }
        )
    }

    fn embed(&self, workspace: &Workspace) -> Result<crate::load::Embedded, Box<Refusal>> {
        let Some(rewrite) = &self.edited.rewrite else {
            return Ok(Default::default());
        };
        let node = &self.worked.migrated.layers[self.layer];
        let embedded = workspace.embed(self.block, self.layer, node, rewrite);
        embedded.map_err(|error| {
            let file = workspace.file_of(self.block);
            let reason = Reason::new(error.to_string());
            let reason = match error {
                EmbedError::Text(_) => reason
                    .next("Write the string as a block (`|`), or the values as a map, and run refit again."),
                EmbedError::Paths(_) => reason
                    .why("A path string sets one value; what has to be set here is more than that.")
                    .next("Move the setting to the values beside the list, and run refit again."),
            };
            reason.at(&file.name, &file.text, workspace.offset(self.block, 0))
        })
    }

    /// Where its values stand in a tree of the file, if they have no text of their own.
    fn root(&self, workspace: &Workspace, tree: &Tree) -> Option<NodeId> {
        let view = workspace.blocks[self.block].again(tree);
        view.filter(|_| self.is_whole(workspace))
            .map(|view| view.root())
    }

    /// The aliases outside of the block that stand for something that these edits touch. They are to stay
    /// as they are, whatever they belong to; those in the block were looked at when it was edited.
    fn followers(
        &self,
        workspace: &Workspace,
        aliases: &[NodeId],
        edits: &[(Range<usize>, String)],
    ) -> Vec<NodeId> {
        let tree = &workspace.file_of(self.block).tree;
        let root = self.root(workspace, tree);
        let touched = |node: NodeId| {
            let span = tree.span(node);
            edits.iter().any(|(range, _)| {
                range.start < span.end && span.start < range.end.max(range.start + 1)
            })
        };
        let follows = |alias: &NodeId| {
            !root.is_some_and(|root| is_within(tree, *alias, root))
                && tree.alias_target(*alias).is_some_and(touched)
        };
        aliases.iter().copied().filter(follows).collect()
    }

    /// What the edited file says at this block must be the migrated values.
    fn verify(&self, workspace: &Workspace, tree: &Tree) -> Result<(), String> {
        if self.edited.rewrite.is_none() {
            // It says what it said: all that it should, or all that an open question lets it.
            let old = &workspace.file_of(self.block).tree;
            let stays = workspace.said(self.block, tree) == workspace.said(self.block, old);
            return match stays {
                true => Ok(()),
                false => Err("values changed that were to stay".to_owned()),
            };
        }
        let node = &self.worked.migrated.layers[self.layer];
        let before = &self.worked.views[self.layer];
        if self.is_whole(workspace) {
            let after = workspace.blocks[self.block]
                .again(tree)
                .ok_or("the values are no longer where they were")?;
            return oracle(node, before, &after).map_err(|e| e.to_string());
        }
        let wanted = node.value(before).map_err(|e| e.kind.to_string())?;
        if workspace.is_target_path(self.block) {
            return match workspace.sends(self.block, tree, &wanted) {
                true => Ok(()),
                false => Err("a targetPath does not lead to where its value belongs".to_owned()),
            };
        }
        let said = workspace.said(self.block, tree);
        match said {
            Some(said) if said == wanted => Ok(()),
            None if matches!(&wanted, Value::Map(map) if map.is_empty()) => Ok(()),
            Some(said) => Err(first_difference(&said, &wanted)),
            None => Err("the values are no longer where they were".to_owned()),
        }
    }
}

fn is_within(tree: &Tree, node: NodeId, above: NodeId) -> bool {
    std::iter::successors(Some(node), |node| tree.parent(*node)).any(|node| node == above)
}

/// The aliases of a file that stand in none of the blocks, in the order of the text.
fn outside(workspace: &Workspace, parts: &[Part<'_, '_>], tree: &Tree) -> Vec<NodeId> {
    let roots = parts.iter().filter_map(|part| part.root(workspace, tree));
    let roots: Vec<NodeId> = roots.collect();
    let is_outside = |alias: &NodeId| !roots.iter().any(|root| is_within(tree, *alias, *root));
    tree.aliases().filter(is_outside).collect()
}

/// An alias would say something else, because what it stands for is edited at its anchor.
fn follows(loaded: &Loaded, alias: NodeId) -> Box<Refusal> {
    let tree = &loaded.tree;
    Reason::new(format!(
        "{} is an alias of values that change, and would change with them",
        place_of(tree, alias)
    ))
    .why("What it stands for is written once, at its anchor.")
    .next("Write the values out at this place instead of the alias, and run refit again.")
    .at(&loaded.name, &loaded.text, tree.span(alias).start)
}

/// What becomes of the place where a manifest names the version.
enum Pinned {
    /// It is the target already, or allows it.
    Same,
    /// It is raised.
    Raised(Vec<((usize, usize), String)>),
    /// It cannot be.
    Stays(Notice),
}

fn pinned(loaded: &Loaded, worked: &Worked<'_>) -> Pinned {
    let Some(pin) = &worked.wanted.pin else {
        return Pinned::Same;
    };
    let to = &worked.plan.to;
    let tree = &loaded.tree;
    if !pin.is_version {
        let chart = &worked.pack.info.chart;
        return Pinned::Stays(Notice {
            at: Some(loaded.at(tree.span(pin.node).start)),
            text: format!(
                "`{}` stays as it is, because it is no chart version. See that it leads to {chart} {to} together with these values.",
                pin.text
            ),
            path: None,
        });
    }
    let node = tree.alias_target(pin.node).unwrap_or(pin.node);
    let stays = |why: &str| {
        Pinned::Stays(Notice {
            at: Some(loaded.at(tree.span(pin.node).start)),
            text: format!(
                "The version `{}` stays as it is: {why}. Write {to} in its place.",
                pin.text
            ),
            path: None,
        })
    };
    if node != pin.node || tree.anchor(node).is_some() {
        return stays("other places may use what is anchored here");
    }
    match raise(&pin.text, to) {
        None => stays("its form does not say how a newer one is written"),
        Some(raised) if raised == pin.text => Pinned::Same,
        Some(raised) => match scalar(tree, node, &raised) {
            Some(edits) => Pinned::Raised(edits),
            None => stays("it cannot be edited in place"),
        },
    }
}

/// The edits that give a scalar another text.
fn scalar(tree: &Tree, node: NodeId, text: &str) -> Option<Vec<((usize, usize), String)>> {
    let want = Want::Scalar(written_like(tree, node, text));
    let rewrite = yaml::rewrite(tree, node, &want).ok()?;
    let edits = rewrite.edits.iter();
    Some(
        edits
            .map(|(range, new)| ((range.start, range.end), new.to_owned()))
            .collect(),
    )
}

/// A text as a scalar with the quotes of another one.
fn written_like(tree: &Tree, node: NodeId, text: &str) -> String {
    let quotes = match tree.kind(node) {
        Kind::Scalar(ScalarStyle::SingleQuoted) => Quotes::Single,
        Kind::Scalar(ScalarStyle::DoubleQuoted) => Quotes::Double,
        Kind::Scalar(ScalarStyle::Plain) if is_plain_text(text) => return text.to_owned(),
        _ => Quotes::None,
    };
    string(text, Context::Block, quotes)
}

/// Whether a text without quotes is that text to YAML, in block style and in flow style.
fn is_plain_text(text: &str) -> bool {
    [format!("a: {text}\n"), format!("{{a: {text}}}\n")]
        .into_iter()
        .all(|document| {
            let Ok(tree) = Tree::parse(document) else {
                return false;
            };
            let [document] = tree.documents() else {
                return false;
            };
            let values = View::new(&tree, document.root).values();
            values.is_ok_and(|map| map.get("a") == Some(&Value::from(text)))
        })
}
