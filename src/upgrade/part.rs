//! A block of a file as it is edited: its edits in the file's own text, the check that the edited file says the
//! migrated values there, and the aliases elsewhere that must go on saying what they said.

use std::ops::Range;

use super::release::{Edited, Worked};
use crate::{
    load::{EmbedError, Embedded, Loaded, Place, Workspace},
    migrate::together::first_difference,
    outcome::Refusal,
    refusal::Reason,
    values::{Value, place_of},
    verify::oracle,
    yaml::{NodeId, Tree},
};

/// A block, and what becomes of it.
pub(super) struct Part<'p, 'w> {
    pub(super) block: usize,
    pub(super) release: usize,
    pub(super) layer: usize,
    pub(super) worked: &'p Worked<'w>,
    pub(super) edited: &'p Edited,
}

impl Part<'_, '_> {
    /// Whether its own text is that of the file.
    pub(super) fn is_whole(&self, workspace: &Workspace) -> bool {
        matches!(
            workspace.blocks[self.block].place,
            Place::Document | Place::Map { .. }
        )
    }

    pub(super) fn embed(&self, workspace: &Workspace) -> Result<Embedded, Box<Refusal>> {
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
    pub(super) fn root(&self, workspace: &Workspace, tree: &Tree) -> Option<NodeId> {
        let view = workspace.blocks[self.block].again(tree);
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
                range.start < span.end && span.start < range.end.max(range.start + 1)
            })
        };
        let follows = |alias: &NodeId| {
            !root.is_some_and(|root| tree.is_within(*alias, root))
                && tree.alias_target(*alias).is_some_and(touched)
        };
        aliases.iter().copied().filter(follows).collect()
    }

    /// What the edited file says at this block must be the migrated values.
    pub(super) fn verify(&self, workspace: &Workspace, tree: &Tree) -> Result<(), String> {
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

/// The aliases of a file that stand in none of the blocks, in the order of the text.
pub(super) fn outside(workspace: &Workspace, parts: &[Part<'_, '_>], tree: &Tree) -> Vec<NodeId> {
    let roots = parts.iter().filter_map(|part| part.root(workspace, tree));
    let roots: Vec<NodeId> = roots.collect();
    let is_outside = |alias: &NodeId| !roots.iter().any(|root| tree.is_within(*alias, *root));
    tree.aliases().filter(is_outside).collect()
}

/// An alias would say something else, because what it stands for is edited at its anchor.
pub(super) fn follows(loaded: &Loaded, alias: NodeId) -> Box<Refusal> {
    let tree = &loaded.tree;
    Reason::new(format!(
        "{} is an alias of values that change, and would change with them",
        place_of(tree, alias)
    ))
    .why("What it stands for is written once, at its anchor.")
    .next("Write the values out at this place instead of the alias, and run refit again.")
    .at(&loaded.name, &loaded.text, tree.span(alias).start)
}
