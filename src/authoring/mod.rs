//! What authors of packs need: the keys of a chart, gathered from its versions, and the tests of a pack.
//!
//! Nobody types three thousand lines of `keys.yaml`: they are read out of the chart's own releases, be they
//! archives, folders, or the tags of a repository. What a reader of files cannot know is corrected in a small
//! file by hand, which is kept apart, so that everything can be gathered again at any time.
//!
//! Nothing here is part of an upgrade, and an upgrade never comes here. Charts are read and never run: Helm is
//! not needed. Texts are made, and whoever calls writes them.

pub mod corrections;
mod edition;
mod gather;
mod offered;
mod reading;
pub mod repository;
mod text;

pub use edition::{Edition, EditionError, Readings};
pub use gather::{Gathered, KeyRow, gather, left_keys};
pub use text::{ChartFacts, KEYS_MARK, keys_yaml, new_pack_yaml, with_versions};
