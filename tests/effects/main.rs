//! `refit verify`: what settings do, as Helm renders both charts.

#[path = "../registry/mod.rs"]
mod registry;
#[path = "../support/mod.rs"]
mod support;

mod any_chart;
mod arroyo;
mod beside;
mod by_name;
mod cli;
mod danger;
mod found;
mod mutations;
mod named_maps;
mod pack_and_draft;

mod several;
mod shop;
mod source;
mod sub_charts;
