//! `refit review`: at a terminal, in its record, and in the docs.

#[path = "../demo/mod.rs"]
mod demo;
#[path = "../pty/mod.rs"]
mod pty;
#[path = "../support/mod.rs"]
mod support;

mod docs;
mod first_use;
mod prompts;
mod releases;
mod replay;
mod terminal;
