//! Comments that another program is bound to.
//!
//! Flux writes image tags where `# {"$imagepolicy": "flux-system:app:tag"}` stands, Renovate where a
//! `# renovate:` comment stands above or beside a line, release-please where `# x-release-please-version`
//! does. Such a comment goes with the setting that it stands on. Where it arrives with the same value the
//! program goes on as before, and that is told. Where it is gone, or stands on a value that is another one
//! now, the program would stop without a word, or write an old kind of tag into a new place; so that is
//! asked.
//!
//! Only the two texts are compared, before and after: whatever edited them, a marker is where it is. A
//! plain comment is nobody's marker, `# --` of helm-docs neither.

use std::collections::HashMap;

use semver::Version;

use crate::{
    migrate::{
        Answers, Decision, DecisionValue, MigrateError, Migrated, Offer, StepReport, StepState,
        TextPlace,
    },
    pack::{NoticeSeverity, Told},
    questions::{MARKER, title},
    values::{Path, Value, view::View},
    yaml::{Comment, Kind, NodeId, Tree},
};

const DROP: &str = "drop";
const REFUSE: &str = "refuse";

/// A program that looks for comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkerTool {
    /// Flux image automation.
    Flux,
    /// Renovate.
    Renovate,
    /// release-please.
    ReleasePlease,
}

impl MarkerTool {
    /// The tool whose marker a comment is.
    fn of(comment: &str) -> Option<Self> {
        let text = comment.trim_start_matches('#').trim_start();
        // The end of a block of release-please stands on no value of its own.
        if text.starts_with("renovate:") {
            Some(Self::Renovate)
        } else if text.starts_with("x-release-please-") && !text.starts_with("x-release-please-end")
        {
            Some(Self::ReleasePlease)
        } else if text.starts_with('{') && text.contains("\"$imagepolicy\"") {
            Some(Self::Flux)
        } else {
            None
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Flux => "Flux",
            Self::Renovate => "Renovate",
            Self::ReleasePlease => "release-please",
        }
    }

    /// The action for a person after the marker moved.
    fn after_a_move(self) -> &'static str {
        match self {
            Self::Flux => "Flux goes on writing there.",
            Self::Renovate => {
                "Check that the pattern in Renovate's configuration still fits the line under its new name."
            }
            Self::ReleasePlease => "release-please goes on writing there.",
        }
    }
}

/// A marker that is not simply where it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The layer.
    pub layer: usize,
    /// Whose it is.
    pub tool: MarkerTool,
    /// The comment.
    pub comment: String,
    /// The setting that it stood on.
    pub path: Path,
    /// The node of that setting, in the text as it was read.
    pub node: NodeId,
    /// Its fate.
    pub fate: MarkFate,
}

/// The fate of a marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkFate {
    /// It stands on the same value at another place.
    Moved(Path),
    /// It became one with the same marker there.
    Merged(Path),
    /// It stands on another value.
    Rewritten(Path),
    /// It is gone.
    Lost,
}

impl Mark {
    /// The notice about a marker that may go on.
    #[must_use]
    pub fn notice(&self) -> Option<String> {
        let tool = self.tool.name();
        match &self.fate {
            MarkFate::Moved(to) => Some(format!(
                "The marker of {tool} moved with `{}` to `{to}`. {}",
                self.path,
                self.tool.after_a_move()
            )),
            MarkFate::Merged(to) => Some(format!(
                "The marker of {tool} on `{}` stood on `{to}` too, and one is left there. {}",
                self.path,
                self.tool.after_a_move()
            )),
            MarkFate::Rewritten(_) | MarkFate::Lost => None,
        }
    }

    /// True if going on needs somebody's consent.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        matches!(self.fate, MarkFate::Rewritten(_) | MarkFate::Lost)
    }

    fn consequence(&self) -> String {
        let tool = self.tool.name();
        match &self.fate {
            MarkFate::Rewritten(to) => format!(
                "the marker of {tool} on `{}` now stands on `{to}`, whose value is a new one: it would be \
                 overwritten as before",
                self.path
            ),
            _ => format!(
                "the marker of {tool} goes with `{}`, and {tool} no longer updates anything for it",
                self.path
            ),
        }
    }
}

/// A marker in a text.
struct Marker {
    tool: MarkerTool,
    comment: String,
    path: Path,
    node: NodeId,
    value: Option<Value>,
}

/// The markers of a layer that are not where they were, in the order of the text before.
#[must_use]
pub fn compare(layer: usize, before: &View<'_>, after: &View<'_>) -> Vec<Mark> {
    let were = markers(before);
    if were.is_empty() {
        return Vec::new();
    }
    let are = markers(after);
    let mut used = vec![false; are.len()];
    let mut fates: Vec<Option<MarkFate>> = vec![None; were.len()];
    let same = |was: &Marker, is: &Marker| was.tool == is.tool && was.comment == is.comment;
    // First those that stayed, then those that moved: of two equal ones the one that stayed did not move.
    let mut at: HashMap<&Path, Vec<usize>> = HashMap::new();
    for (i, is) in are.iter().enumerate() {
        at.entry(&is.path).or_default().push(i);
    }
    for (was, fate) in were.iter().zip(&mut fates) {
        let here = at.get(&was.path).into_iter().flatten();
        let stayed = |i: &&usize| {
            let is = &are[**i];
            !used[**i] && same(was, is) && was.value == is.value
        };
        if let Some(i) = here.copied().find(|i| stayed(&i)) {
            used[i] = true;
            *fate = Some(MarkFate::Moved(was.path.clone()));
        }
    }
    type Fits = fn(&Marker, &Marker) -> bool;
    // From the surest sign to the weakest. The same value at another place has moved; where the value is
    // another one, the tool would overwrite something new.
    let rounds: [Fits; 3] = [
        |was, is| was.value == is.value,
        |was, is| was.path == is.path,
        |_, _| true,
    ];
    for (round, fits) in rounds.iter().enumerate() {
        let mut open: Vec<usize> = (0..are.len()).filter(|i| !used[*i]).collect();
        for (was, fate) in were
            .iter()
            .zip(&mut fates)
            .filter(|(_, fate)| fate.is_none())
        {
            let fits = |i: &usize| same(was, &are[*i]) && fits(was, &are[*i]);
            let Some(place) = open.iter().position(fits) else {
                continue;
            };
            let i = open.remove(place);
            used[i] = true;
            let path = are[i].path.clone();
            *fate = Some(match round {
                0 => MarkFate::Moved(path),
                _ => MarkFate::Rewritten(path),
            });
        }
    }
    let marks = were.into_iter().zip(fates).filter_map(|(was, fate)| {
        let fate = fate.unwrap_or_else(|| {
            // Every marker is taken by another one; one that is the same in all is what is left where two were
            // merged.
            let twin = are
                .iter()
                .find(|is| same(&was, is) && was.value == is.value);
            twin.map_or(MarkFate::Lost, |twin| MarkFate::Merged(twin.path.clone()))
        });
        let stayed = fate == MarkFate::Moved(was.path.clone());
        (!stayed).then_some(Mark {
            layer,
            tool: was.tool,
            comment: was.comment,
            path: was.path,
            node: was.node,
            fate,
        })
    });
    marks.collect()
}

fn markers(view: &View<'_>) -> Vec<Marker> {
    let tree = view.tree();
    let marked = |comment: &&Comment| MarkerTool::of(&tree.text()[comment.span.clone()]).is_some();
    let comments = tree.comments_in(tree.document_span(view.root()));
    let comments: Vec<&Comment> = comments.iter().filter(marked).collect();
    if comments.is_empty() {
        return Vec::new();
    }
    let written = |node: &NodeId| {
        matches!(tree.kind(*node), Kind::Scalar(_) | Kind::Alias) && !tree.is_implicit_null(*node)
    };
    let words: Vec<NodeId> = tree.nodes_beside(view.root()).filter(written).collect();
    let found = comments.into_iter().filter_map(|comment| {
        let text = &tree.text()[comment.span.clone()];
        let node = marked_value(tree, &words, comment)?;
        Some(Marker {
            tool: MarkerTool::of(text)?,
            comment: text.trim_end().to_owned(),
            path: view.path_of(node)?,
            node,
            value: match tree.kind(node) {
                // Of a map or list only the place counts: what is in it may well change.
                Kind::Mapping { .. } | Kind::Sequence { .. } => None,
                _ => view.value(node).ok(),
            },
        })
    });
    found.collect()
}

/// The value that a comment stands on: of its own line, or of the line below if it has one to itself.
/// `words` are the keys and scalars that are written, in the order of the text.
fn marked_value(tree: &Tree, words: &[NodeId], comment: &Comment) -> Option<NodeId> {
    let value = |node: NodeId| tree.value_of(node).unwrap_or(node);
    let line = |offset: usize| tree.position(offset).line;
    let at = line(comment.span.start);
    let next = words.partition_point(|word| tree.span(*word).start < comment.span.start);
    if !comment.own_line {
        // The last word of the line; of `key: # marker` the key.
        let last = *words[..next].last()?;
        return (line(tree.span(last).end) == at).then(|| value(last));
    }
    // More comments may stand between a marker and its value.
    let mut below = at + 1;
    for other in tree.comments_in(comment.span.end..tree.text().len()) {
        if !other.own_line || line(other.span.start) != below {
            break;
        }
        below += 1;
    }
    let first = *words.get(next)?;
    (line(tree.span(first).start) == below).then(|| value(first))
}

/// The decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkerDecision {
    /// Nothing needs to be, or nothing is yet, or the markers may go.
    GoOn,
    /// The release is to be left alone.
    Refuse,
}

/// Puts the question whether markers may be lost among those of the steps, if any would be, and looks for
/// its answer. `place` names where a mark stood, as `FILE:LINE`.
///
/// # Errors
///
/// If the answer is none of the options, has inputs, or was given for other markers.
pub fn apply_answers(
    migrated: &mut Migrated,
    marks: &[Mark],
    place: impl Fn(&Mark) -> String,
    answers: &Answers,
    version: &Version,
) -> Result<MarkerDecision, MigrateError> {
    let asked: Vec<&Mark> = marks.iter().filter(|mark| mark.is_asked()).collect();
    if asked.is_empty() {
        return Ok(MarkerDecision::GoOn);
    }
    let told = |mark: &&Mark| format!("{}: {}", place(mark), mark.consequence());
    let told: Vec<String> = asked.iter().map(told).collect();
    let mut decision = Decision::new(
        MARKER,
        format!(
            "{} that other programs look for would not survive: {}. Go on?",
            if asked.len() == 1 {
                "A comment"
            } else {
                "Comments"
            },
            told.join("; ")
        ),
        asked.iter().map(|mark| evidence(mark)).collect(),
        vec![
            Offer::plain(
                DROP,
                "Go on without; what wrote there is set up anew by hand",
            ),
            Offer::plain(REFUSE, "Leave all files of this release as they are"),
        ],
    );
    decision.look_up(answers)?;
    let choice = match decision.chosen() {
        Some(REFUSE) => MarkerDecision::Refuse,
        _ => MarkerDecision::GoOn,
    };
    let mut report = StepReport::asking(version, title(MARKER), decision);
    if report.state == StepState::Done {
        report.tell = told
            .into_iter()
            .map(|text| Told {
                severity: NoticeSeverity::Action,
                text: text + ".",
            })
            .collect();
    }
    migrated.steps.push(report);
    Ok(choice)
}

fn evidence(mark: &Mark) -> DecisionValue {
    let source = TextPlace {
        layer: mark.layer,
        path: mark.path.clone(),
        node: mark.node,
        direct: true,
    };
    DecisionValue::remark(&mark.path.to_string(), mark.comment.clone(), Some(source))
}
