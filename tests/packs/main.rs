//! The built-in packs, and what is told beside their steps.

#[path = "../demo/mod.rs"]
mod demo;
#[path = "../support/mod.rs"]
mod support;

mod arroyo_cases;
mod authors;
mod built_in;
mod changes;
mod charts;
mod check;
mod expressions;
mod hostile;
mod migrators;
mod replacement;
mod sub_charts;
mod tell;
