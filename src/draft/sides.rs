//! Both charts with the same values, rendered; what breaks a chart is taken away first, for it hides all else.
//!
//! A chart that refuses one setting renders nothing at all, so nothing could be said of the others. Which one it is,
//! is found by adding settings in halves; what Helm said of it is kept, for charts often say there where a key went.

use std::collections::BTreeMap;

use super::candidates::ChartKeys;
use crate::{
    chart::Chart,
    effect::{
        leaves::{Side, set_path, without_paths},
        render::{RenderMode, Renderer},
    },
    values::{Map, Path, Value, leaves},
};

/// A chart rendered with values, and what these lack.
#[derive(Debug)]
pub struct Peeled<'c> {
    /// The chart with the values that it takes.
    pub side: Side<'c>,
    /// The settings that it does not take, with what Helm said.
    pub refused: BTreeMap<Path, String>,
}

/// How values are rendered while it is looked for what breaks a chart.
pub(super) const LOOSE: [RenderMode; 2] = [
    RenderMode {
        install: false,
        schema: false,
    },
    RenderMode {
        install: true,
        schema: false,
    },
];

/// True if a chart renders with some values in one of these ways.
pub(super) fn renders(renderer: &Renderer, values: &Map) -> bool {
    let mut modes = LOOSE.iter();
    modes.any(|mode| renderer.render(values, *mode).is_ok())
}

/// In how many parts values are left out of a chart that needs some of them.
const MOST_PARTS: usize = 64;

/// How often it is tried whether a chart takes what it refused before.
const MOST_AGAIN: usize = 3;

/// Renders a chart with values, without those on which it breaks. `ground` are values that it needs.
///
/// # Errors
///
/// What Helm says, if it renders with none of them either.
pub fn peeled<'c>(
    chart: &'c Chart,
    renderer: &'c Renderer,
    values: &Map,
    ground: &Map,
) -> Result<Peeled<'c>, String> {
    let whole_part = match render_side(chart, renderer, values) {
        Ok(side) => {
            return Ok(Peeled {
                side,
                refused: BTreeMap::new(),
            });
        }
        Err(why_left_out) => why_left_out,
    };
    let (kept, refused) = match LOOSE
        .into_iter()
        .find(|mode| renderer.render(ground, *mode).is_ok())
    {
        Some(mode) => {
            let all: Vec<(Path, Value)> = leaves(values)
                .into_iter()
                .map(|(path, value)| (path, value.clone()))
                .collect();
            let mut adding = Adding {
                renderer,
                mode,
                kept: ground.clone(),
                refused: BTreeMap::new(),
            };
            adding.try_halves(&all);
            // What needs others that came later, one of them or all at once.
            for _ in 0..MOST_AGAIN {
                let refused = std::mem::take(&mut adding.refused);
                let is_refused = |(path, _): &&(Path, Value)| refused.contains_key(path);
                let again: Vec<(Path, Value)> = all.iter().filter(is_refused).cloned().collect();
                adding.try_halves(&again);
                if adding.refused.len() == refused.len() {
                    break;
                }
            }
            (adding.kept, adding.refused)
        }
        None => one_by_one(renderer, values, &whole_part),
    };
    let side = render_side(chart, renderer, &kept).map_err(|_| whole_part)?;
    Ok(Peeled { side, refused })
}

/// Settings that are added as long as the chart renders.
struct Adding<'r> {
    renderer: &'r Renderer,
    mode: RenderMode,
    kept: Map,
    refused: BTreeMap<Path, String>,
}

impl Adding<'_> {
    fn try_halves(&mut self, some: &[(Path, Value)]) {
        if some.is_empty() {
            return;
        }
        let mut tried = self.kept.clone();
        for (path, value) in some {
            set_path(&mut tried, path, value.clone());
        }
        match (self.renderer.render(&tried, self.mode).as_ref(), some) {
            (Ok(_), _) => self.kept = tried,
            (Err(error), [(path, _)]) => {
                self.refused.insert(path.clone(), error.to_string());
            }
            (Err(_), some) => {
                let (first, second) = some.split_at(some.len() / 2);
                self.try_halves(first);
                self.try_halves(second);
            }
        }
    }
}

/// For a chart that needs some of the values: leaves out a part of them with which it renders, and takes back what it
/// can of that; else leaves out one at a time, as long as that changes what Helm says.
fn one_by_one(renderer: &Renderer, values: &Map, whole: &str) -> (Map, BTreeMap<Path, String>) {
    let all: Vec<(Path, Value)> = leaves(values)
        .into_iter()
        .map(|(path, value)| (path, value.clone()))
        .collect();
    let mut size = all.len().div_ceil(2);
    while size >= all.len().div_ceil(MOST_PARTS).max(1) {
        let parts: Vec<&[(Path, Value)]> = all.chunks(size).collect();
        let variants: Vec<Map> = parts
            .iter()
            .map(|part| {
                let gone: Vec<Path> = part.iter().map(|(path, _)| path.clone()).collect();
                without_paths(values, &gone)
            })
            .collect();
        let rendered = renderer.render_all(&variants, LOOSE[0]);
        if let Some(at) = rendered.iter().position(|rendered| rendered.is_ok()) {
            let mut adding = Adding {
                renderer,
                mode: LOOSE[0],
                kept: variants[at].clone(),
                refused: BTreeMap::new(),
            };
            adding.try_halves(parts[at]);
            return (adding.kept, adding.refused);
        }
        if size == 1 {
            break;
        }
        size = size.div_ceil(2);
    }
    let mut values = values.clone();
    let mut gone = BTreeMap::new();
    let mut last = whole.to_owned();
    for _ in 0..4 {
        let paths: Vec<Path> = leaves(&values).into_iter().map(|(path, _)| path).collect();
        if paths.len() > MOST_PARTS {
            break;
        }
        let variants: Vec<Map> = paths
            .iter()
            .map(|path| without_paths(&values, std::slice::from_ref(path)))
            .collect();
        let rendered = renderer.render_all(&variants, LOOSE[0]);
        let works = rendered.iter().position(|rendered| rendered.is_ok());
        // Several break it: one whose absence changes what Helm says is one of them.
        let other = rendered.iter().position(|rendered| {
            rendered
                .as_ref()
                .as_ref()
                .is_err_and(|error| error.to_string() != last)
        });
        let Some(at) = works.or(other) else { break };
        values = variants[at].clone();
        gone.insert(paths[at].clone(), last.clone());
        match rendered[at].as_ref() {
            Ok(_) => break,
            Err(error) => last = error.to_string(),
        }
    }
    (values, gone)
}

/// Renders in the strictest way that works.
fn render_side<'c>(
    chart: &'c Chart,
    renderer: &'c Renderer,
    values: &Map,
) -> Result<Side<'c>, String> {
    let mut why = String::new();
    for (install, schema) in [(false, true), (false, false), (true, false)] {
        let mode = RenderMode { install, schema };
        match Side::new(chart, renderer, values.clone(), Vec::new(), mode) {
            Ok(side) => return Ok(side),
            Err(rendered) => {
                if let Err(error) = rendered.as_ref() {
                    why = error.to_string();
                }
            }
        }
    }
    Err(why)
}

/// True if a value has a form that the new chart's default has at its place.
#[must_use]
pub fn fits_default(path: &Path, value: &Value, new: &ChartKeys) -> bool {
    let mut above = path.parent();
    while let Some(at) = above.filter(|at| !at.is_root()) {
        if matches!(
            new.own_default(&at),
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::List(_))
        ) {
            return false;
        }
        above = at.parent();
    }
    match (new.own_default(path), value) {
        (Some(Value::Map(map)), value) if !map.is_empty() => {
            matches!(value, Value::Map(_) | Value::Null)
        }
        (Some(Value::List(_)), value) => matches!(value, Value::List(_) | Value::Null),
        _ => true,
    }
}

/// The values that the new chart reads, and reads in this form.
#[must_use]
pub fn fitting(values: &Map, new: &ChartKeys) -> Map {
    let gone: Vec<Path> = leaves(values)
        .into_iter()
        .filter(|(path, value)| !new.reads.is_read(path) || !fits_default(path, value, new))
        .map(|(path, _)| path)
        .collect();
    without_paths(values, &gone)
}
