//! Packs: what is known of a chart. Its versions, its keys and their defaults, how a version is
//! recognised, the facts shown, and the migrations.
//!
//! A pack is data and may come from a stranger: loading one runs nothing, its files are bounded in size
//! and depth, and whatever it does not say in the format of `docs/packs.md` is an error. Nothing about
//! any chart is written in Rust; this module must never learn a chart's name.

mod built_in;
pub mod check;
mod defaults;
mod drafted;
mod each;
pub mod effects;
mod error;
pub mod expr;
mod functions;
mod keys;
mod load;
mod migration;
pub mod model;
mod nearby;
mod range;
pub mod reference;
mod replacement;
pub mod schema;
mod source;
mod spellings;
mod sub_charts;
pub mod supplied;
mod trace;

pub use built_in::{Identity, built_in_names};
pub use defaults::{DefaultLeaves, Defaults};
pub use each::StepMatches;
pub use error::PackError;
pub use expr::{ExprError, Expression, LazyValue, Scope};
pub use keys::{Keys, Known};
pub use load::{LazyKeys, Pack, PackContent, built_in};
pub use migration::{Choice, Migration, Question, Row, Step, Take, Template, When, Write};
pub use model::{NoticeSeverity, Told};
pub use range::{RangeError, VersionRange};
pub use reference::PackReference;
pub use replacement::Successor;
pub use source::Texts;
pub use spellings::Spellings;
pub use sub_charts::{Below, SubChart};
pub use supplied::{PackOrigin, SuppliedPack};
pub use trace::Trace;
