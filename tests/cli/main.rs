//! The program from outside: commands, files in and out, refusals, and what is remembered.

#[path = "../demo/mod.rs"]
mod demo;
#[path = "../pty/mod.rs"]
mod pty;
#[path = "../registry/mod.rs"]
mod registry;
#[path = "../repository/mod.rs"]
mod repository;
#[path = "../support/mod.rs"]
mod support;

mod automation;
mod bad_input;
mod bad_input_corpus;
mod bad_input_detach;
mod bad_input_places;
mod bad_input_request;
mod batch;
mod commands;
mod identity;
mod init;
mod layers_docs;
mod memory;
mod pack_check;
mod pack_docs;
mod pack_new;
mod pack_sources;
mod pack_test;
mod packaging;
mod progress;
mod readme;
mod recipes;
mod releases;
mod reports;
mod schemas;
mod secrets;
mod upgrade;
mod walk;
mod write;
mod write_crash;
mod write_disk;
