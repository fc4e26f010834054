//! Lossless YAML: where every key, value, comment and anchor stands, and edits that touch nothing
//! else.
//!
//! A [`Tree`] is the text of a stream and a flat arena of spans into it. Nothing is normalised and
//! nothing is thrown away: what the tree does not name is white space, an indicator, a comment or a
//! document marker, and all of it stays where the user put it. An edit says what a document should
//! become in terms of what it is ([`Want`]), and [`rewrite()`] answers with the text replacements that
//! make it so ([`EditSet`]). [`Editor`] is the same for those who want to change a place and no more.
//!
//! The module knows YAML and nothing of Helm: it does not type scalars, does not merge, and does not
//! expand aliases (so their number is harmless). It never recurses deeper than [`MAX_DEPTH`], and it
//! never panics on a user's text. The event parser is named in [`events`](self) alone, so that it
//! can be exchanged.

mod agreement;
mod block;
mod build;
mod divergence;
mod editor;
mod edits;
mod error;
mod events;
mod excerpt;
mod extent;
mod inner;
mod quote;
mod rewrite;
mod source;
mod tree;
mod want;

pub use agreement::{Disagreement, check_agreement};
pub use build::MAX_DEPTH;
pub use divergence::{Divergence, DivergenceKind};
pub use editor::{Editor, EditorError, FoundNode, NewValue, NodePath, PathStep};
pub use edits::{EditSet, OverlappingEdits};
pub use error::{ParseError, ParseErrorKind};
pub use excerpt::{excerpt, excerpt_at, line_of};
pub use inner::{HostPlaces, InnerError, InnerRewrite, host_offset, rewrite_inner};
pub use quote::{double_quoted, needs_escape};
pub use rewrite::{Rewrite, rewrite};
pub(crate) use source::LineStarts;
pub use source::Position;
pub use tree::{Comment, DocumentInfo, Kind, NodeId, ScalarStyle, Tree};
pub use want::{RewriteError, Want, WantEntry, WantKey};
