//! The migrations, run on values. This is the only interpreter of steps.
//!
//! Layers, a plan and answers go in; new values with their provenance, decisions, notices and a ledger
//! of every leaf come out. It is a pure function: it knows nothing of text, reads no file and prints
//! nothing, so a review that changes an answer simply runs it again.
//!
//! All steps of one migration read the values as they were before it. What they take and write is worked
//! out first, for all of them, and then applied together.

mod apply;
mod bind;
mod clash;
mod consider;
mod decision;
mod dump;
mod entries;
mod error;
mod globals;
mod heirs;
mod layers;
mod ledger;
mod left_overs;
mod meet;
mod node;
mod outputs;
mod own;
mod place;
mod provenance;
mod run;
pub mod together;

pub use decision::{Answer, Answers, Decision, DecisionValue, Offer, OfferedInput};
pub use entries::Entries;
pub use error::MigrateError;
pub use ledger::{Fate, Ledger, LedgerEntry};
pub use node::{Body, Entry, TextPlace, TracedValue, ValueOrigin};
pub use run::{Change, Migrated, MigratedValues, StepReport, StepState, migrate, migrate_values};
