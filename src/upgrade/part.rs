//! A block of a file as it is edited: its edits in the file's own text, the check that the edited file says the
//! migrated values there, and the aliases elsewhere that must go on saying what they said.

use std::ops::Range;

use super::{edited::Edited, release::Worked};
use crate::{
    block::Embedded,
    load::Workspace,
    migrate::together::first_difference,
    outcome::Refusal,
    refusal,
    values::Value,
    verify::oracle,
    yaml::{NodeId, Tree},
};

/// A block, and what becomes of it.
pub(super) struct BlockPart<'p, 'w> {
    pub(super) block: usize,
    pub(super) release: usize,
    pub(super) layer: usize,
    pub(super) worked: &'p Worked<'w>,
    pub(super) edited: &'p Edited,
}

impl BlockPart<'_, '_> {
    /// True if its own text is that of the file.
    pub(super) fn is_whole(&self, workspace: &Workspace) -> bool {
        workspace.blocks[self.block].is_in_tree()
    }

    pub(super) fn embed(&self, workspace: &Workspace) -> Result<Embedded, Box<Refusal>> {
        let Some(rewrite) = &self.edited.rewrite else {
            return Ok(Default::default());
        };
        let node = &self.worked.migrated.layers[self.layer];
        let block = workspace.block_in_file(self.block);
        let embedded = block.embed(self.layer, node, rewrite);
        embedded.map_err(|error| refusal::release::embed(block, &error))
    }

    /// The root of its values in a tree of the file, if they have no text of their own.
    pub(super) fn root(&self, workspace: &Workspace, tree: &Tree) -> Option<NodeId> {
        let view = workspace.blocks[self.block].view_in(tree);
        view.filter(|_| self.is_whole(workspace))
            .map(|view| view.root())
    }

    /// The aliases outside of the block that stand for something that these edits touch. They are to stay
    /// as they are, whatever they belong to; those in the block were looked at when it was edited.
    pub(super) fn followers(
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
                // An insertion has no width, and touches what it comes before.
                range.start < span.end && span.start < range.end.max(range.start + 1)
            })
        };
        let follows = |alias: &NodeId| {
            !root.is_some_and(|root| tree.is_within(*alias, root))
                && tree.alias_target(*alias).is_some_and(touched)
        };
        aliases.iter().copied().filter(follows).collect()
    }

    /// Checks that this block of the edited file has the migrated values.
    pub(super) fn verify(&self, workspace: &Workspace, tree: &Tree) -> Result<(), String> {
        let block = workspace.block_in_file(self.block);
        if self.edited.rewrite.is_none() {
            // It says what it said: all that it should, or all that an open question lets it.
            let old = &block.file.tree;
            let stays = block.values_in(tree) == block.values_in(old);
            return match stays {
                true => Ok(()),
                false => Err("values changed that were to stay".to_owned()),
            };
        }
        let node = &self.worked.migrated.layers[self.layer];
        let before = &self.worked.views[self.layer];
        if self.is_whole(workspace) {
            let after = block
                .block
                .view_in(tree)
                .ok_or("the values are no longer where they were")?;
            return oracle(node, before, &after).map_err(|e| e.to_string());
        }
        let wanted = node.value(before).map_err(|e| e.kind.to_string())?;
        if block.block.is_target_path() {
            return match block.sends_target(tree, &wanted) {
                true => Ok(()),
                false => Err("a targetPath does not lead to where its value belongs".to_owned()),
            };
        }
        let said = block.values_in(tree);
        match said {
            Some(said) if said == wanted => Ok(()),
            // Where no value is left the block itself may be gone.
            None if matches!(&wanted, Value::Map(map) if map.is_empty()) => Ok(()),
            Some(said) => Err(first_difference(&said, &wanted)),
            None => Err("the values are no longer where they were".to_owned()),
        }
    }
}

/// The aliases of a file that stand in none of the blocks, in the order of the text.
pub(super) fn aliases_outside(
    workspace: &Workspace,
    parts: &[BlockPart<'_, '_>],
    tree: &Tree,
) -> Vec<NodeId> {
    let roots = parts.iter().filter_map(|part| part.root(workspace, tree));
    let roots: Vec<NodeId> = roots.collect();
    let is_outside = |alias: &NodeId| !roots.iter().any(|root| tree.is_within(*alias, *root));
    tree.aliases().filter(is_outside).collect()
}
