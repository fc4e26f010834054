//! Values over a chart's defaults, with the warnings Helm gives.
//!
//! This is `pkg/chartutil/coalesce.go` of Helm 3 (as of 3.22) and `pkg/chart/common/util/coalesce.go`
//! of Helm 4 (as of 4.3), sub-charts and `global` included. Helm 4 differs in one thing: nulls among
//! a chart's own defaults are removed, while Helm 3 lets them through. (Helm 3 before 3.20 also
//! removed a null of the user below the first level where the default itself was null; templates
//! cannot tell.)
//!
//! Helm's maps are shared while it works, so nested globals of a sub-chart show up in the parent's
//! globals too. That is what templates see, so the maps here are shared in the same way.

use std::cell::RefCell;
use std::rc::Rc;

use indexmap::IndexMap;

use super::value::{Map, Value};

/// The key under which charts share values with their sub-charts.
pub const GLOBAL: &str = "global";

/// The major version of Helm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HelmMajor {
    /// Helm 3.
    V3,
    /// Helm 4.
    V4,
}

/// A chart as far as its values go.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ChartDefaults {
    /// The chart's name; for a sub-chart the name or alias under which the parent keeps its values.
    pub name: String,
    /// Its `values.yaml`.
    pub values: Map,
    /// The sub-charts that are enabled.
    pub dependencies: Vec<ChartDefaults>,
}

/// The values that templates see, and what Helm said on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Coalesced {
    /// The values.
    pub values: Map,
    /// Helm's warnings, in the order of the values.
    pub warnings: Vec<Warning>,
}

/// A warning of Helm: a map met another kind of value, and the part that could not be used was left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// The user gave a map where the default is none; the default was left out.
    SkippedDefault(String),
    /// The user gave a scalar or list where the default is a map; the user's value stays.
    CannotOverwriteTable(String),
    /// The user gave a map where the default is none, below the first level; the map stays.
    DestinationIsTable(String),
    /// The sub-chart's `global` is no map; it gets no globals.
    GlobalsDestination,
    /// The parent's `global` is no map; the sub-chart gets no globals.
    GlobalsSource,
    /// A global is a map in the parent and none in the sub-chart.
    GlobalConflict(String),
    /// A global is a map in the sub-chart and none in the parent.
    GlobalIsTable(String),
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SkippedDefault(path) => {
                write!(f, "the default of {path} is not a map and is left out")
            }
            Self::CannotOverwriteTable(path) => {
                write!(f, "{path} is a map in the chart, but not in the values")
            }
            Self::DestinationIsTable(path) => {
                write!(f, "{path} is a map in the values, but not in the chart")
            }
            Self::GlobalsDestination => f.write_str("the sub-chart's global is not a map"),
            Self::GlobalsSource => f.write_str("global is not a map"),
            Self::GlobalConflict(key) => {
                write!(f, "global.{key} is a map here, but not in the sub-chart")
            }
            Self::GlobalIsTable(key) => {
                write!(f, "global.{key} is a map in the sub-chart, but not here")
            }
        }
    }
}

/// The values for a sub-chart are not a map; Helm stops.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the values of the sub-chart {chart} must be a map")]
pub struct SubchartNotMap {
    /// The sub-chart's name.
    pub chart: String,
}

/// Lays values over a chart's defaults as Helm does before it renders.
///
/// # Errors
/// [`SubchartNotMap`], where Helm stops with "type mismatch".
pub fn coalesce(
    helm: HelmMajor,
    chart: &ChartDefaults,
    values: &Map,
) -> Result<Coalesced, SubchartNotMap> {
    let mut work = Coalescing {
        helm,
        warnings: Vec::new(),
    };
    let values = share_map(values);
    work.chart(chart, &values, "")?;
    Ok(Coalesced {
        values: own_map(&values),
        warnings: work.warnings,
    })
}

/// A Go map: several places may hold it, and all see a change.
type Table = Rc<RefCell<IndexMap<String, GoValue>>>;

#[derive(Clone)]
enum GoValue {
    Table(Table),
    Null,
    Other(Rc<Value>),
}

fn share_map(map: &Map) -> Table {
    let shared = map.iter().map(|(k, v)| (k.clone(), share(v))).collect();
    Rc::new(RefCell::new(shared))
}

fn share(value: &Value) -> GoValue {
    match value {
        Value::Map(map) => GoValue::Table(share_map(map)),
        Value::Null => GoValue::Null,
        other => GoValue::Other(Rc::new(other.clone())),
    }
}

fn own_map(table: &Table) -> Map {
    let own = |node: &GoValue| match node {
        GoValue::Table(table) => Value::Map(own_map(table)),
        GoValue::Null => Value::Null,
        GoValue::Other(value) => (**value).clone(),
    };
    table
        .borrow()
        .iter()
        .map(|(k, v)| (k.clone(), own(v)))
        .collect()
}

/// The entries as they are now, so that the table can be changed while they are gone through.
fn entries(table: &Table) -> Vec<(String, GoValue)> {
    let table = table.borrow();
    table.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn get(table: &Table, key: &str) -> Option<GoValue> {
    table.borrow().get(key).cloned()
}

fn set(table: &Table, key: &str, node: GoValue) {
    table.borrow_mut().insert(key.to_owned(), node);
}

fn new_table() -> Table {
    Rc::new(RefCell::new(IndexMap::new()))
}

fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() {
        key.to_owned()
    } else {
        format!("{prefix}.{key}")
    }
}

struct Coalescing {
    helm: HelmMajor,
    warnings: Vec<Warning>,
}

impl Coalescing {
    fn chart(
        &mut self,
        chart: &ChartDefaults,
        dest: &Table,
        prefix: &str,
    ) -> Result<(), SubchartNotMap> {
        // The chart's own defaults come first: what they say of a sub-chart wins over the sub-chart's.
        self.values(chart, dest, prefix);
        for dependency in &chart.dependencies {
            let below = match get(dest, &dependency.name) {
                Some(GoValue::Table(table)) => table,
                Some(_) => {
                    return Err(SubchartNotMap {
                        chart: dependency.name.clone(),
                    });
                }
                None => {
                    let table = new_table();
                    set(dest, &dependency.name, GoValue::Table(table.clone()));
                    table
                }
            };
            let prefix = join(prefix, &chart.name);
            // Before the sub-chart's defaults are laid under: so the parent's globals win over them, too.
            self.globals(&below, dest, &prefix);
            self.chart(dependency, &below, &prefix)?;
        }
        Ok(())
    }

    /// The first level: the chart's defaults under the values meant for it.
    fn values(&mut self, chart: &ChartDefaults, values: &Table, prefix: &str) {
        let prefix = join(prefix, &chart.name);
        for (key, default) in entries(&share_map(&chart.values)) {
            match get(values, &key) {
                Some(GoValue::Null) => {
                    // Only a null that meets a default goes; any other stays for templates to see, as in
                    // Helm.
                    values.borrow_mut().shift_remove(&key);
                }
                Some(GoValue::Table(dest)) => match default {
                    GoValue::Table(src) => {
                        // A null meant for a sub-chart stays until its own defaults are known.
                        let keep_nulls = chart.dependencies.iter().any(|d| d.name == key);
                        if self.helm == HelmMajor::V4 && !keep_nulls {
                            remove_nulls(&src);
                        }
                        self.tables(&dest, &src, &join(&prefix, &key), keep_nulls);
                    }
                    GoValue::Null => {}
                    GoValue::Other(_) => {
                        self.warnings
                            .push(Warning::SkippedDefault(join(&prefix, &key)));
                    }
                },
                Some(GoValue::Other(_)) => {}
                None => {
                    if self.helm == HelmMajor::V4 {
                        match &default {
                            GoValue::Null => continue,
                            GoValue::Table(table) => remove_nulls(table),
                            GoValue::Other(_) => {}
                        }
                    }
                    set(values, &key, default);
                }
            }
        }
    }

    /// Every further level. `dest` wins.
    fn tables(&mut self, dest: &Table, src: &Table, prefix: &str, keep_nulls: bool) {
        if Rc::ptr_eq(dest, src) {
            return;
        }
        // The defaults are copied first, for a null that is marked below must not hide from the loop what
        // stood there.
        let defaults = entries(src);
        // Helm marks the user's nulls in the defaults, where a null then meets a null and stays.
        let nulls: Vec<String> = entries(dest)
            .into_iter()
            .filter(|(_, node)| matches!(node, GoValue::Null))
            .map(|(key, _)| key)
            .collect();
        for key in nulls {
            set(src, &key, GoValue::Null);
        }
        for (key, default) in defaults {
            let path = join(prefix, &key);
            match (get(dest, &key), default) {
                (None, default) => set(dest, &key, default),
                (Some(GoValue::Null), default) => {
                    if !keep_nulls && !matches!(default, GoValue::Null) {
                        dest.borrow_mut().shift_remove(&key);
                    }
                }
                (Some(GoValue::Table(dest)), GoValue::Table(src)) => {
                    self.tables(&dest, &src, &path, keep_nulls);
                }
                (Some(GoValue::Other(_)), GoValue::Table(_)) => {
                    self.warnings.push(Warning::CannotOverwriteTable(path));
                }
                (Some(GoValue::Table(_)), GoValue::Other(_)) => {
                    self.warnings.push(Warning::DestinationIsTable(path));
                }
                (Some(GoValue::Table(_)), GoValue::Null) | (Some(GoValue::Other(_)), _) => {}
            }
        }
    }

    /// The parent's globals go into the sub-chart's values; the parent wins.
    fn globals(&mut self, dest: &Table, src: &Table, prefix: &str) {
        let dest_globals = match get(dest, GLOBAL) {
            None => new_table(),
            Some(GoValue::Table(table)) => table,
            Some(_) => {
                self.warnings.push(Warning::GlobalsDestination);
                return;
            }
        };
        let src_globals = match get(src, GLOBAL) {
            None => new_table(),
            Some(GoValue::Table(table)) => table,
            Some(_) => {
                self.warnings.push(Warning::GlobalsSource);
                return;
            }
        };
        for (key, value) in entries(&src_globals) {
            let there = get(&dest_globals, &key);
            match (value, there) {
                (GoValue::Table(table), there) => {
                    // A copy of this level only: what is nested stays shared with the parent.
                    let copy = Rc::new(RefCell::new(table.borrow().clone()));
                    match there {
                        None => set(&dest_globals, &key, GoValue::Table(copy)),
                        Some(GoValue::Table(theirs)) => {
                            // Nulls stay here: the sub-chart's own coalescing comes next and takes them out.
                            self.tables(&copy, &theirs, &join(prefix, &key), true);
                            set(&dest_globals, &key, GoValue::Table(copy));
                        }
                        Some(_) => self.warnings.push(Warning::GlobalConflict(key)),
                    }
                }
                (_, Some(GoValue::Table(_))) => self.warnings.push(Warning::GlobalIsTable(key)),
                (value, _) => set(&dest_globals, &key, value),
            }
        }
        // Also an empty one: in Helm every sub-chart has a `global`.
        set(dest, GLOBAL, GoValue::Table(dest_globals));
    }
}

fn remove_nulls(table: &Table) {
    table
        .borrow_mut()
        .retain(|_, node| !matches!(node, GoValue::Null));
    for (_, node) in entries(table) {
        if let GoValue::Table(table) = node {
            remove_nulls(&table);
        }
    }
}
