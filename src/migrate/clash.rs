//! Two writes that cannot both be done.
//!
//! It is looked for among everything that the steps which run would write, before anyone is asked what is to
//! count at a place: whether a pack contradicts itself must not hang on an answer. Places are compared, and
//! not the texts of paths, since an item can be written by its position and by its name.

use std::collections::HashMap;

use semver::Version;

use super::{bind::BoundLayer, error::MigrateError, run::Output};
use crate::{
    pack::PackError,
    values::{Segment, Value},
};

/// Two writes of different values to one place, or one below a value of the other that is no map: the
/// pack's checks exclude what can be seen beforehand, and this the rest.
pub(super) fn check_clashes(
    version: &Version,
    outputs: &[Vec<Output>],
    id_of: &dyn Fn(usize) -> String,
    layers: &[BoundLayer<'_>],
) -> Result<(), MigrateError> {
    let all = outputs.iter().enumerate();
    let all = all.flat_map(|(step, own)| own.iter().map(move |output| (step, output)));
    let all: Vec<(usize, &Output)> = all.collect();
    let mut at: HashMap<(usize, &[Segment]), Vec<usize>> = HashMap::new();
    // Items are added beside each other, so two additions to one list are no clash.
    let whole = |(_, (_, output)): &(usize, &(usize, &Output))| output.by.is_none();
    for (i, (_, output)) in all.iter().enumerate().filter(whole) {
        let place = (output.layer, output.place.segments());
        at.entry(place).or_default().push(i);
    }
    let clash = |one: (usize, &Output), other: (usize, &Output)| {
        let (first, second) = (one.0.min(other.0), one.0.max(other.0));
        MigrateError::from(PackError::Clash {
            version: version.clone(),
            first: id_of(first),
            second: id_of(second),
            path: other.1.path.to_string(),
        })
    };
    // What is written into must be a map for the one and a list for the other.
    let mut kinds: HashMap<(usize, &[Segment]), (bool, usize)> = HashMap::new();
    for (i, (step, output)) in all.iter().enumerate() {
        let segments = output.place.segments();
        let below = segments.iter().map(|at| matches!(at, Segment::Key(_)));
        for (n, is_map) in below.chain(output.by.as_ref().map(|_| false)).enumerate() {
            let place = (output.layer, &segments[..n]);
            let (known, first) = *kinds.entry(place).or_insert((is_map, i));
            if known != is_map {
                return Err(clash(all[first], (*step, output)));
            }
        }
    }
    // A map may have thousands of writes below it.
    let mut values: HashMap<usize, Option<Value>> = HashMap::new();
    for (i, (step, output)) in all.iter().enumerate() {
        let segments = output.place.segments();
        // What items are added to is a list, whatever else is in it.
        let value = || match output.by {
            Some(_) => Some(Value::List(Vec::new())),
            None => output.node.value(layers[output.layer].view).ok(),
        };
        for n in 0..=segments.len() {
            let above = at.get(&(output.layer, &segments[..n]));
            for &other in above.into_iter().flatten().filter(|other| **other != i) {
                let (first, above) = all[other];
                let read = || above.node.value(layers[above.layer].view).ok();
                let there = values.entry(other).or_insert_with(read);
                let fits = match (there, value()) {
                    (Some(there), Some(value)) => fits_below(there, &segments[n..], &value),
                    _ => false,
                };
                if !fits {
                    return Err(clash((first, above), (*step, output)));
                }
            }
        }
    }
    Ok(())
}

/// True if a value can be written at a path below another one and nothing of either is lost.
fn fits_below(above: &Value, path: &[Segment], value: &Value) -> bool {
    match (path.split_first(), above) {
        (Some((Segment::Key(key), rest)), Value::Map(map)) => map
            .get(key)
            .is_none_or(|below| fits_below(below, rest, value)),
        (Some(_), _) => false,
        (None, Value::Map(map)) => match value {
            Value::Map(other) => other.iter().all(|(key, value)| {
                map.get(key)
                    .is_none_or(|below| fits_below(below, &[], value))
            }),
            _ => false,
        },
        (None, _) => above == value,
    }
}
