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
    Request, common,
    mentions::{self, Renamed},
    part::{BlockPart, aliases_outside},
    pin::{EditsBySpan, Pinned, pinned, scalar},
    release::ReleaseResults,
};
use crate::{
    block::{Embedded, TextFile},
    jobs::{Jobs, Work},
    load::{Wanted, Workspace},
    outcome::{FileDigest, Notice, NoticeSeverity, Refusal, ReportedFile, Secrets},
    refusal::{ReleaseError, own_fault, release::alias_follows},
    values::View,
    verify::{SecondReadingError, second_reading},
    yaml::{EditSet, NodeId, Tree, rewrite_inner},
};

/// The changes that releases need in a file.
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

/// The changes that the releases which can still be upgraded need, by file.
fn needs_by_file(
    request: &Request,
    workspace: &Workspace,
    worked: &ReleaseResults<'_>,
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
            .filter(|pin| !request.keep_version && !pin.is_of_copy)
        {
            let file = needs.entry(pin.file).or_default();
            file.pins.insert(index);
            file.releases.insert(index);
        }
    }
    for (index, one) in renamed.iter().filter(|(index, _)| worked[*index].is_ok()) {
        let file = needs.entry(one.file).or_default();
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
    worked: &mut ReleaseResults<'_>,
    jobs: &Jobs<'_>,
) -> BTreeMap<usize, Arc<ReportedFile>> {
    let mut files = BTreeMap::new();
    let mut renamed = Vec::new();
    for (index, result) in worked.iter_mut().enumerate() {
        let Ok(release) = result else { continue };
        let (mut these, told) = mentions::renamed_mentions(workspace, release);
        if !request.keep_version {
            these.extend(mentions::succeeded(release).0);
        }
        release.notices.extend(told);
        renamed.extend(these.into_iter().map(|one| (index, one)));
    }
    let mut wanted = needs_by_file(request, workspace, worked, &renamed);
    let mut next: Vec<usize> = wanted.keys().copied().collect();
    while !next.is_empty() {
        let results = jobs.run_each(Some(Work::Edit), next.clone(), |file| {
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
                    // It names the file, so once is enough for all releases in it.
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
            common::refuse_with_others(request, workspace, releases, worked);
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
            wanted = needs_by_file(request, workspace, worked, &renamed);
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

/// A file with everything that the releases need in it.
///
/// # Errors
///
/// If what they need cannot stand together in it, or the whole file says something else then.
fn edited(
    workspace: &Workspace,
    worked: &ReleaseResults<'_>,
    file: usize,
    needs: &Needs,
    notices: &mut Vec<(usize, Notice)>,
) -> Result<ReportedFile, Box<Refusal>> {
    let loaded = &workspace.files[file];
    let mut renamed = raised_pins(loaded, worked, needs, notices);
    renamed.extend(needs.renamed.iter().cloned());
    let pins = renames(loaded, &renamed)?;
    let parts = block_parts(worked, needs);
    let changed: Vec<&BlockPart<'_, '_>> = parts
        .iter()
        .filter(|part| part.edited.rewrite.is_some())
        .collect();
    let Embeddings {
        parts: embedded,
        followers,
    } = embed(workspace, file, &changed)?;
    let mut removed = Vec::new();
    let (after, tree) = match changed.as_slice() {
        [] if pins.is_empty() => (Arc::clone(&loaded.text), None),
        // Its own text is that of the file, which was read again and checked when it was edited.
        [only] if pins.is_empty() && only.is_whole(workspace) && !only.edited.is_document => {
            let rewrite = only.edited.rewrite.iter();
            let spans = rewrite.flat_map(|rewrite| rewrite.removed_comments.iter());
            removed.extend(spans.map(|span| (span.start, loaded.text[span.clone()].to_owned())));
            (Arc::clone(&only.edited.text), only.edited.tree.clone())
        }
        _ => {
            let mut edits: Vec<(Range<usize>, String)> = pins
                .into_iter()
                .map(|((start, end), new)| (start..end, new))
                .collect();
            for (release, embedded) in embedded {
                edits.extend(embedded.edits);
                removed.extend(embedded.removed_comments);
                let notice = embedded.notice;
                notices.extend(notice.map(|at| (release, notice_at(loaded, at))));
            }
            let (text, tree) = put_together(loaded, edits)?;
            verify_blocks(workspace, loaded, &tree, (&parts, &followers))?;
            read_again(loaded, &tree)?;
            (text, Some(Arc::new(tree)))
        }
    };
    if let Some(tree) = tree.as_ref().filter(|_| !followers.is_empty()) {
        verify_aliases(workspace, loaded, tree, &parts)?;
    }
    removed.sort_by_key(|(offset, _)| *offset);
    let before = workspace.secrets(file, &loaded.tree);
    Ok(ReportedFile {
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
        digest: FileDigest::default(),
    })
}

/// The versions that are raised.
fn raised_pins(
    loaded: &TextFile,
    worked: &ReleaseResults<'_>,
    needs: &Needs,
    notices: &mut Vec<(usize, Notice)>,
) -> Vec<Renamed> {
    let mut pins = Vec::new();
    for release in &needs.pins {
        if let Ok(worked) = &worked[*release] {
            match pinned(loaded, worked) {
                Pinned::Same => {}
                Pinned::Raised(raised) => pins.push(raised),
                Pinned::Stays(notice) => notices.push((*release, notice)),
            }
        }
    }
    pins
}

/// The blocks of a file, each with the release that edits it.
fn block_parts<'r, 'w>(worked: &'r ReleaseResults<'w>, needs: &Needs) -> Vec<BlockPart<'r, 'w>> {
    let blocks = needs.blocks.iter();
    let parts = blocks.filter_map(|(block, (release, layer))| {
        let worked = worked[*release].as_ref().ok()?;
        Some(BlockPart {
            block: *block,
            release: *release,
            layer: *layer,
            worked,
            edited: &worked.parts[*layer],
        })
    });
    parts.collect()
}

/// The edits of blocks, in terms of the file that they stand in.
#[derive(Default)]
struct Embeddings {
    /// Each with its release.
    parts: Vec<(usize, Embedded)>,
    /// Aliases outside a changed block that stand for something in it.
    followers: Vec<NodeId>,
}

fn embed(
    workspace: &Workspace,
    file: usize,
    changed: &[&BlockPart<'_, '_>],
) -> Result<Embeddings, Box<Refusal>> {
    let mut all = Embeddings::default();
    if changed.is_empty() {
        return Ok(all);
    }
    let aliases: Vec<NodeId> = workspace.files[file].tree.aliases().collect();
    for part in changed {
        let embedded = part.embed(workspace)?;
        let followers = part.followers(workspace, &aliases, &embedded.edits);
        all.followers.extend(followers);
        all.parts.push((part.release, embedded));
    }
    Ok(all)
}

fn notice_at(loaded: &TextFile, (offset, text): (usize, &str)) -> Notice {
    Notice {
        at: Some(loaded.at(offset)),
        severity: NoticeSeverity::Action,
        text: text.to_owned(),
        path: None,
    }
}

/// The text and the tree of a file after some edits.
fn put_together(
    loaded: &TextFile,
    mut edits: Vec<(Range<usize>, String)>,
) -> Result<(Arc<str>, Tree), Box<Refusal>> {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let failed = |message: String| ReleaseError::check_failed(message).of(&loaded.name);
    let edits = EditSet::new(&loaded.text, edits).map_err(|e| failed(e.to_string()))?;
    let text: Arc<str> = edits.apply(&loaded.text).into();
    let tree = Tree::parse(Arc::clone(&text)).map_err(|e| failed(e.to_string()))?;
    Ok((text, tree))
}

/// Checks that a file that was put together says in each block what its release wants there.
fn verify_blocks(
    workspace: &Workspace,
    loaded: &TextFile,
    tree: &Tree,
    (parts, followers): (&[BlockPart<'_, '_>], &[NodeId]),
) -> Result<(), Box<Refusal>> {
    for part in parts {
        part.verify(workspace, tree).map_err(|message| {
            let root = part.root(workspace, &loaded.tree);
            let mut followers = followers.iter();
            // One that stands in another block, or in this one for what another block anchors.
            let alias = followers
                .find(|alias| root.is_some_and(|root| loaded.tree.is_within(**alias, root)));
            match alias {
                Some(alias) => alias_follows(loaded, *alias),
                None => ReleaseError::check_failed(message).of(&loaded.name),
            }
        })?;
    }
    Ok(())
}

/// Checks that the aliases outside of all blocks stand for what they stood for.
fn verify_aliases(
    workspace: &Workspace,
    loaded: &TextFile,
    tree: &Tree,
    parts: &[BlockPart<'_, '_>],
) -> Result<(), Box<Refusal>> {
    let old = aliases_outside(workspace, parts, &loaded.tree);
    let new = aliases_outside(workspace, parts, tree);
    let value = |tree: &Tree, node: NodeId| View::new(tree, node).value(node).ok();
    let mut pairs = old.iter().zip(new);
    match pairs.find(|(old, new)| value(&loaded.tree, **old) != value(tree, *new)) {
        Some((alias, _)) => Err(alias_follows(loaded, *alias)),
        None => Ok(()),
    }
}

/// The edits of a file that give path strings and versions their new texts, also those in YAML that a scalar holds. They
/// are kept by their place: what several releases rename alike is one.
fn renames(loaded: &TextFile, renamed: &[Renamed]) -> Result<EditsBySpan, Box<Refusal>> {
    let mut edits = EditsBySpan::new();
    let mut inner: BTreeMap<NodeId, (&Tree, EditsBySpan)> = BTreeMap::new();
    for one in renamed {
        let fixed = || {
            let text = one.text.clone();
            ReleaseError::PathStringFixed { text }.at_node(loaded, one.node)
        };
        match &one.within {
            None => edits.extend(scalar(&loaded.tree, one.node, &one.text).ok_or_else(fixed)?),
            Some((tree, node)) => {
                let (_, edits) = inner.entry(one.node).or_insert((tree, EditsBySpan::new()));
                edits.extend(scalar(tree, *node, &one.text).ok_or_else(fixed)?);
            }
        }
    }
    for (node, (tree, of_text)) in inner {
        let ranges = of_text.into_iter();
        let ranges = ranges.map(|((start, end), new)| (start..end, new));
        let rewritten = EditSet::new(tree.text(), ranges)
            .map_err(|error| error.to_string())
            .and_then(|all| {
                rewrite_inner(&loaded.tree, node, &all).map_err(|error| error.to_string())
            })
            .map_err(|message| ReleaseError::check_failed(message).of(&loaded.name))?;
        let host = rewritten.edits.iter();
        edits.extend(host.map(|(range, new)| ((range.start, range.end), new.to_owned())));
    }
    Ok(edits)
}

/// Each document of a file in which something changed is read again as Helm's reader would.
fn read_again(loaded: &TextFile, tree: &Tree) -> Result<(), Box<Refusal>> {
    let pairs = loaded.tree.documents().iter().zip(tree.documents());
    for (old, new) in pairs {
        if loaded.text[old.span.clone()] == tree.text()[new.span.clone()] {
            continue;
        }
        second_reading((&loaded.tree, old.root), (tree, new.root)).map_err(
            |error| match error {
                SecondReadingError::Edited(_) => ReleaseError::check_failed(error).of(&loaded.name),
                SecondReadingError::Given(found) => {
                    ReleaseError::other_reader(&found).at(loaded, found.offset)
                }
            },
        )?;
    }
    Ok(())
}
