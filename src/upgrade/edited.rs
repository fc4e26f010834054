//! A block with its edits: its text afterwards, read again and checked.

use std::{fmt::Display, sync::Arc};

use crate::{
    block::Block,
    load::Workspace,
    migrate::TracedValue,
    outcome::Refusal,
    refusal::ReleaseError,
    values::view::View,
    verify::{SecondReadingError, oracle, second_reading},
    yaml::{Rewrite, Tree},
};

/// An edited block.
#[derive(Debug, Clone)]
pub(super) struct Edited {
    /// The edits of the tree that the block stands in; `None` if there is nothing to edit.
    pub rewrite: Option<Rewrite>,
    /// The text of that tree afterwards, if this block alone is edited in it.
    pub text: Arc<str>,
    /// It, read again.
    pub tree: Option<Arc<Tree>>,
    /// True if the text is only that of the document that the block stands in, of several in its file: a manifest may
    /// hold thousands of releases, and would be read again as a whole for each of them.
    pub is_document: bool,
}

impl Edited {
    /// A block that stays as it is.
    pub fn unchanged(tree: &Tree) -> Self {
        Self {
            rewrite: None,
            text: tree.shared_text(),
            tree: None,
            is_document: false,
        }
    }

    /// The values of the block afterwards; none if there is nothing to edit.
    pub fn view(&self, block: &Block) -> Option<View<'_>> {
        let tree = self.tree.as_deref()?;
        match self.is_document {
            true => block.view_in_document(tree),
            false => block.view_in(tree),
        }
    }

    /// Checks that the text says the migrated values. Of a text that was read before, both readers were asked already.
    pub fn checked(
        mut self,
        workspace: &Workspace,
        block: usize,
        node: &TracedValue,
        before: &View<'_>,
    ) -> Result<Self, Box<Refusal>> {
        let name = &workspace.file_of(block).name;
        let failed = |e: &dyn Display| ReleaseError::check_failed(e).of(name);
        let is_new = self.tree.is_none();
        if is_new {
            let tree = Tree::parse(Arc::clone(&self.text)).map_err(|e| failed(&e))?;
            self.tree = Some(Arc::new(tree));
        }
        let after = self.view(&workspace.blocks[block]);
        let after = after.ok_or_else(|| failed(&"the values are no longer where they were"))?;
        oracle(node, before, &after).map_err(|e| failed(&e))?;
        if is_new {
            let given = (before.tree(), before.root());
            second_reading(given, (after.tree(), after.root())).map_err(|error| match error {
                SecondReadingError::Edited(_) => failed(&error),
                SecondReadingError::Given(found) => {
                    let file = workspace.file_of(block);
                    let offset = workspace.block_in_file(block).offset(found.offset);
                    ReleaseError::other_reader(&found).at(file, offset)
                }
            })?;
        }
        Ok(self)
    }
}

/// The text of a block with its edits.
pub(super) fn rewritten(
    workspace: &Workspace,
    block: usize,
    before: &View<'_>,
    rewrite: Rewrite,
) -> Edited {
    let tree = workspace.block_in_file(block).tree();
    let document = match workspace.is_one_of_several(block) {
        true => {
            let part = tree.document_span(before.root());
            rewrite.edits.apply_within(tree.text(), part)
        }
        false => None,
    };
    let is_document = document.is_some();
    let text = document.unwrap_or_else(|| rewrite.edits.apply(tree.text()));
    Edited {
        rewrite: Some(rewrite),
        text: text.into(),
        tree: None,
        is_document,
    }
}

/// Carries out the edits of one block, and checks that the edited text says the migrated values.
pub(super) fn edited(
    workspace: &Workspace,
    block: usize,
    node: &TracedValue,
    before: &View<'_>,
    rewrite: Rewrite,
) -> Result<Edited, Box<Refusal>> {
    rewritten(workspace, block, before, rewrite).checked(workspace, block, node, before)
}
