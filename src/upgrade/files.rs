//! Every file edited once, with all that the releases need in it.
//!
//! A file may hold several blocks of values. Their edits were worked out apart from each other; here they
//! are put together, and what the whole file says then is checked again, block by block.

use std::{collections::BTreeMap, sync::Arc};

use super::release::{Edited, Worked, check_failed};
use crate::{
    load::Workspace,
    outcome::{File, Refusal, Secrets},
    secrets,
    verify::oracle,
    yaml::{EditSet, Tree},
};

/// The files that releases need, by their index in the workspace. A release that a file fails is refused.
pub(super) fn edit(
    workspace: &Workspace,
    worked: &mut [Result<Worked<'_>, Vec<Refusal>>],
) -> BTreeMap<usize, Arc<File>> {
    let mut blocks_of: BTreeMap<usize, BTreeMap<usize, (usize, usize)>> = BTreeMap::new();
    for (release, result) in worked.iter().enumerate() {
        let Ok(release_of) = result else { continue };
        for (layer, block) in release_of.wanted.layers.iter().enumerate() {
            let blocks = blocks_of.entry(workspace.blocks[*block].file).or_default();
            // Where releases share a block they agree on its text, or a question is open.
            blocks.entry(*block).or_insert((release, layer));
        }
    }
    let mut files = BTreeMap::new();
    for (file, blocks) in blocks_of {
        match edited(workspace, worked, file, &blocks) {
            Ok(edited) => _ = files.insert(file, Arc::new(edited)),
            Err(refusal) => {
                for (release, _) in blocks.values() {
                    worked[*release] = Err(vec![Refusal::clone(&refusal)]);
                }
            }
        }
    }
    files
}

fn edited(
    workspace: &Workspace,
    worked: &[Result<Worked<'_>, Vec<Refusal>>],
    file: usize,
    blocks: &BTreeMap<usize, (usize, usize)>,
) -> Result<File, Box<Refusal>> {
    let loaded = &workspace.files[file];
    let parts: Vec<(usize, &Worked<'_>, usize, &Edited)> = blocks
        .iter()
        .filter_map(|(block, (release, layer))| {
            let worked = worked[*release].as_ref().ok()?;
            Some((*block, worked, *layer, &worked.parts[*layer]))
        })
        .collect();
    let changed: Vec<&Edited> = parts
        .iter()
        .map(|(.., part)| *part)
        .filter(|part| part.rewrite.is_some())
        .collect();
    let (after, tree) = match changed.as_slice() {
        [] => (Arc::clone(&loaded.text), None),
        [only] => (Arc::clone(&only.text), only.tree.clone()),
        several => {
            let text = together(loaded.tree.text(), several)
                .map_err(|message| check_failed(&loaded.name, &message))?;
            let tree = Tree::parse(Arc::clone(&text))
                .map_err(|e| check_failed(&loaded.name, &e.to_string()))?;
            for (block, worked, layer, _) in &parts {
                let after = workspace.blocks[*block].again(&tree).ok_or_else(|| {
                    check_failed(&loaded.name, "the values are no longer where they were")
                })?;
                oracle(
                    &worked.migrated.layers[*layer],
                    &worked.views[*layer],
                    &after,
                )
                .map_err(|e| check_failed(&loaded.name, &e.to_string()))?;
            }
            (text, Some(Arc::new(tree)))
        }
    };
    let before = secrets::in_tree(&loaded.tree);
    let removed = changed.iter().filter_map(|part| part.rewrite.as_ref());
    let mut removed: Vec<_> = removed
        .flat_map(|rewrite| rewrite.removed_comments.iter().cloned())
        .collect();
    removed.sort_by_key(|span| span.start);
    Ok(File {
        name: loaded.name.clone(),
        path: loaded.path.clone(),
        before: Arc::clone(&loaded.text),
        changed: loaded.text != after,
        secrets: Secrets {
            after: tree
                .as_deref()
                .map_or_else(|| before.clone(), secrets::in_tree),
            before,
        },
        after,
        removed_comments: removed
            .into_iter()
            .map(|span| loaded.text[span].to_owned())
            .collect(),
    })
}

/// The text with the edits of several blocks.
fn together(text: &str, parts: &[&Edited]) -> Result<Arc<str>, String> {
    let mut edits: Vec<_> = parts
        .iter()
        .filter_map(|part| part.rewrite.as_ref())
        .flat_map(|rewrite| rewrite.edits.iter())
        .map(|(range, new)| (range, new.to_owned()))
        .collect();
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let edits = EditSet::new(text, edits).map_err(|e| e.to_string())?;
    Ok(edits.apply(text).into())
}
