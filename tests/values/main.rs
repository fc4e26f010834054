//! Values as Helm has them: paths, scalars, merging, `--set`; with the real Helm as the judge.

#[path = "../support/mod.rs"]
mod support;

mod helm;
mod helm_smoke;
mod merge;
mod path;
mod scalars;
mod set_helm;
mod view;
mod write;
