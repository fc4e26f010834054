//! Values as Helm reads them.
//!
//! Everything refit says about values is said in Helm's terms: types ([`scalar`]), key names
//! ([`key`]), layers ([`merge`]), a chart's defaults ([`coalesce`]), places ([`path`]). The rules are
//! Helm's own, read from its sources and checked against the real program; YAML 1.2 and other readers
//! differ from them in many small ways. [`mod@write`] goes the other way. This module knows nothing of
//! files, charts' contents or migrations.

mod alike;
pub mod below;
pub mod coalesce;
mod convert;
mod decode;
mod error;
mod float;
pub mod key;
mod large;
mod leaves;
pub mod lookup;
pub mod merge;
mod part;
pub mod path;
pub mod pointer;
pub mod readers;
pub mod scalar;
mod tag;
mod timestamp;
mod value;
pub mod view;
pub mod write;

pub use coalesce::HelmMajor;
pub use convert::ConvertError;
pub use error::{ReadError, ReadErrorKind};
pub use leaves::{leaves, leaves_at};
pub use part::ValuesPart;
pub use path::{Path, Segment};
pub use value::{Map, Number, Value};
pub use view::{View, place_of};
