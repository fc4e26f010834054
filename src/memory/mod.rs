//! What refit remembers: answers, `refit.yaml`, and in `refit.lock` which packs were fetched.
//!
//! A plain values file carries no version, and whole groups of chart versions cannot be told apart by
//! content. So a project may keep `refit.yaml`: its releases with their layers, the chart version that
//! each has reached, the answers that were given, and digests of what was written. It is read here, and
//! its new text is worked out here; only `write` touches the file.

pub mod answers;
mod lock;
pub mod project;
pub mod propose;
mod reader;
mod update;

pub use answers::AnswerFile;
pub use lock::{LockedPack, NAME as LOCK, PackLock};
pub use project::{Project, ProjectFile, ReleaseRecord, UpgradeRecord};
pub use reader::{MemoryError, error_at};
pub use update::update_text;
