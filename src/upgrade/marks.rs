//! The comments of other programs, in the edited texts.
//!
//! What becomes of them can only be seen when a text is edited. So it is looked at twice: with each source
//! version that comes into question, because a question makes a difference between them, and when it is
//! settled what becomes of layers that several releases share.

use semver::Version;

use super::{edited::Edited, release::Worked};
use crate::{
    load::{Wanted, Workspace},
    migrate::{Answers, Migrated},
    outcome::Refusal,
    questions::MARKER,
    refusal::{self, ReleaseError},
    tell::markers::{Mark, MarkerDecision, apply_answers as put, compare},
    values::view::View,
};

/// Looks at the comments of a release once more, when all texts are as they will be.
pub(super) fn settle_marks<'w>(
    workspace: &Workspace,
    mut release: Worked<'w>,
) -> Result<Worked<'w>, Vec<Refusal>> {
    release.migrated.steps.retain(|step| step.id != MARKER);
    let marks = ask(
        workspace,
        release.wanted,
        (&release.views, &release.parts),
        (&release.answers, &release.plan.to),
        &mut release.migrated,
    );
    release.marks = marks.map_err(|refusal| vec![*refusal])?;
    Ok(release)
}

/// Finds the comments that are not where they were, and asks whether those may go that would.
pub(super) fn ask(
    workspace: &Workspace,
    wanted: &Wanted,
    (views, parts): (&[View<'_>], &[Edited]),
    (answers, to): (&Answers, &Version),
    migrated: &mut Migrated,
) -> Result<Vec<Mark>, Box<Refusal>> {
    let mut marks = Vec::new();
    for (layer, (view, part)) in views.iter().zip(parts).enumerate() {
        let block = &workspace.blocks[wanted.layers[layer]];
        let after = part.view(block);
        marks.extend(
            after
                .into_iter()
                .flat_map(|after| compare(layer, view, &after)),
        );
    }
    let block = |mark: &Mark| wanted.layers[mark.layer];
    let place = |mark: &Mark| {
        let at = workspace.block_in_file(block(mark)).at(mark.node);
        format!("{}:{}", at.file, at.line)
    };
    let choice = put(migrated, &marks, place, answers, to)
        .map_err(|e| refusal::request::answer(&e).of(&wanted.name))?;
    let lost = marks.iter().find(|mark| mark.is_asked());
    let (MarkerDecision::Refuse, Some(lost)) = (choice, lost) else {
        return Ok(marks);
    };
    let file = workspace.file_of(block(lost));
    let offset = views[lost.layer].tree().span(lost.node).start;
    let offset = workspace.block_in_file(block(lost)).offset(offset);
    Err(ReleaseError::MarkerLost.at(file, offset))
}
