//! The reasons for which a document cannot be read as values.
//!
//! Each kind can be turned into what is wrong, why, and what to do next; the offset points at the
//! node to look at.

use super::key::KeyError;
use super::scalar::ScalarError;
use super::view::MAX_VALUE_DEPTH;
use crate::yaml::DivergenceKind;

/// A place in a document that Helm cannot read, or reads in no certain way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (at byte {offset})")]
pub struct ReadError {
    /// The kind of error.
    pub kind: ReadErrorKind,
    /// The byte offset in the text.
    pub offset: usize,
}

/// The kinds of errors at a place in a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadErrorKind {
    /// A scalar that Helm refuses.
    #[error(transparent)]
    Scalar(#[from] ScalarError),
    /// A key that Helm refuses.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Keys of different types with one name, such as `1` and `"1"`: Helm picks one at random.
    #[error("several keys of different types are named {0:?}; Helm picks one at random")]
    RandomKey(String),
    /// An alias inside the node it stands for.
    #[error("the alias *{0} stands inside its own anchor")]
    AliasCycle(String),
    /// So many aliases in aliases that Helm refuses the document.
    #[error("aliases expand to too much")]
    AliasBomb,
    /// Values nested deeper than [`MAX_VALUE_DEPTH`](super::view::MAX_VALUE_DEPTH), through aliases.
    #[error("values are nested deeper than {MAX_VALUE_DEPTH} levels")]
    TooDeep,
    /// The value of `<<` is no map and no list of maps.
    #[error("the value of << must be a map or a list of maps")]
    Merge,
    /// YAML that Helm's parser reads otherwise or not at all.
    #[error("{}", divergence(*.0))]
    OtherReader(DivergenceKind),
    /// A `%` directive that Helm's parser refuses; it knows `%YAML 1.1` and `%TAG`.
    #[error("Helm refuses this % directive")]
    Directive,
    /// A tab before the text of a block scalar, where Helm's parser wants spaces.
    #[error("a tab before the text of a block scalar; Helm wants spaces")]
    TabInBlockScalar,
    /// A tag directly before a comma or bracket, which Helm's parser makes part of the tag.
    #[error("a tag directly before a comma or bracket; Helm makes that part of the tag")]
    TagBeforePunctuation,
    /// The root of a values document is not a map.
    #[error("values must be a map at the root, not {0}")]
    RootNotMap(&'static str),
}

fn divergence(kind: DivergenceKind) -> &'static str {
    match kind {
        DivergenceKind::TabOnlyLine => "a line that holds nothing but a tab; Helm refuses it",
        DivergenceKind::TabBeforeComment => "a tab before a comment; Helm refuses it",
        DivergenceKind::AnchorName => {
            "an anchor name with other characters than letters, digits, - and _; Helm refuses it"
        }
        DivergenceKind::ColonInFlowKey => {
            "a colon directly before a comma or bracket; Helm makes it part of the key"
        }
        DivergenceKind::UnicodeLineBreak => {
            "a Unicode line break, which Helm takes for the end of the line"
        }
        DivergenceKind::LongKey => "a key too long for Helm",
        DivergenceKind::FlowKeyOverLines => {
            "a key between brackets that goes over lines; Helm refuses it"
        }
        DivergenceKind::EndBeforeStart => "... before anything else; Helm refuses it",
        // The list of kinds may grow.
        #[allow(unreachable_patterns)]
        _ => "YAML that Helm reads otherwise",
    }
}
