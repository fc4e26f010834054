//! A pack for two versions of a chart that has none, drafted from the charts themselves.
//!
//! A pack is the one form in which refit knows a chart, so what is found out about an unknown chart takes that
//! form too: everything behind it (text editing, layers, questions, reports, the check of effects) stays as it is,
//! and what was drafted can be kept, read and corrected as an ordinary pack. This room makes texts of packs and
//! nothing else: it must never edit values, and never decide a question.

mod bare;
pub mod candidates;
mod demand;
pub mod footprint;
mod gated;
mod hints;
pub mod infer;
mod keys;
mod kin;
mod lost;
mod migrated;
mod migration;
mod outdated;
mod pack;
pub mod propose;
mod prove;
mod scaffold;
mod several;
mod sides;
mod tryout;
mod written;

pub use bare::{Versions, bare_pack};
pub use infer::infer;
pub use migrated::MigratedValues;
pub use migration::migration_file;
pub use pack::{DraftOptions, drafted};
pub use propose::{PairOfCharts, Proposals, propose};
