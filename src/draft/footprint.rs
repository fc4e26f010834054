//! What a setting leaves in rendered objects, in a form that finds the same thing under other names.
//!
//! Each field that a setting changes is a trace in three strengths: kind, name, field and value; without the name,
//! because objects are renamed; and field and value alone, because a Deployment may have become a StatefulSet.

use std::collections::BTreeSet;

use crate::{
    effect::{leaves::Effect, objects::Manifest},
    values::{Path, Segment, Value},
};

/// From how many letters on a value tells one option from another.
const MIN_TELLING: usize = 4;

/// The effects of a setting, as traces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Kind, name, field and value.
    full: BTreeSet<String>,
    /// Without the object's name.
    unnamed: BTreeSet<String>,
    /// Field and value.
    bare: BTreeSet<String>,
    /// Kind, field and what an option in it is set to: programs rename their options, too.
    options: BTreeSet<String>,
    /// Kind and field, where the setting's own text is in the value: what stands around it may be another chart's.
    signed: BTreeSet<String>,
    /// The fields in words, for the evidence.
    fields: BTreeSet<String>,
}

impl Footprint {
    /// Of the effects of a setting.
    #[must_use]
    pub fn of<'e>(effects: impl IntoIterator<Item = &'e Effect>, setting: &Value) -> Self {
        let mut print = Self::default();
        let sign = setting
            .scalar_text()
            .filter(|text| text.len() >= MIN_TELLING);
        let sign = sign.filter(|text| !matches!(*text, "true" | "false"));
        for effect in effects {
            let object = &effect.spot.object;
            let path = without_container_name(&effect.spot.path);
            for value in traces(effect) {
                // An item of a list can be anything.
                let is_item = matches!(effect.with, Some(Value::List(_)));
                if !is_item && sign.is_some_and(|sign| value.contains(sign)) {
                    print.signed.insert(format!("{}|{path}", object.kind));
                }
                print.full.insert(format!(
                    "{}|{}|{}|{value}",
                    object.kind, object.name, effect.spot.path
                ));
                print
                    .unnamed
                    .insert(format!("{}|{path}|{value}", object.kind));
                print.bare.insert(format!("{path}|{value}"));
                let option = option(&value);
                print
                    .options
                    .insert(format!("{}|{path}|{option}", object.kind));
            }
            print.fields.insert(effect.spot.to_string());
        }
        print
    }

    /// Of the effects that a candidate has in place of a setting. What it does to an object that was there before,
    /// and that the setting had nothing to do with, is no trace of a renamed object: a second Service's port is not
    /// that of the first one.
    #[must_use]
    pub fn of_candidate(
        effects: &[Effect],
        own: &[Effect],
        before: &Manifest,
        setting: &Value,
    ) -> Self {
        let is_foreign = |effect: &&Effect| {
            let object = &effect.spot.object;
            let container = container(&effect.spot.path);
            before.objects.get(object).is_some_and(|known| {
                let was_there = container
                    .as_ref()
                    .is_none_or(|at| known.fields.keys().any(|field| field.starts_with(at)));
                was_there
                    && !own.iter().any(|effect| {
                        let path = &effect.spot.path;
                        effect.spot.object == *object
                            && container
                                .as_ref()
                                .is_none_or(|at| path.starts_with(at) || at.starts_with(path))
                    })
            })
        };
        let (foreign, free): (Vec<&Effect>, Vec<&Effect>) = effects.iter().partition(is_foreign);
        let mut print = Self::of(free, setting);
        let foreign = Self::of(foreign, setting);
        print.full.extend(foreign.full);
        print.fields.extend(foreign.fields);
        print
    }

    /// Adds the traces of another one.
    pub fn take_in(&mut self, other: Self) {
        self.full.extend(other.full);
        self.unnamed.extend(other.unnamed);
        self.bare.extend(other.bare);
        self.options.extend(other.options);
        self.signed.extend(other.signed);
        self.fields.extend(other.fields);
    }

    /// True if anything of this is found in another one.
    #[must_use]
    pub fn touches(&self, other: &Self) -> bool {
        !self.unnamed.is_disjoint(&other.unnamed)
            || !self.options.is_disjoint(&other.options)
            || !self.signed.is_disjoint(&other.signed)
            || !self.bare.is_disjoint(&other.bare)
    }

    /// True if it leaves no traces.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.full.is_empty()
    }

    /// The part of this that is found in another one, from 0 to 1: half the common part of both, half the part of this
    /// that is covered.
    #[must_use]
    pub fn found_in(&self, other: &Self) -> f64 {
        self.found_in_same_objects(other)
            .max(0.96 * found(&self.unnamed, &other.unnamed))
            .max(0.85 * found(&self.options, &other.options))
            .max(0.9 * found(&self.signed, &other.signed))
            .max(0.6 * found(&self.bare, &other.bare))
    }

    /// The same where objects must have the same names: a key that was there beside the old one had objects of its
    /// own, and another object's field is not this one.
    #[must_use]
    pub fn found_in_same_objects(&self, other: &Self) -> f64 {
        found(&self.full, &other.full)
    }

    /// The part of this that is in another one, which may do more.
    #[must_use]
    pub fn covered_by(&self, other: &Self) -> f64 {
        let of = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
            a.intersection(b).count() as f64 / a.len().max(1) as f64
        };
        of(&self.unnamed, &other.unnamed)
            .max(0.85 * of(&self.options, &other.options))
            .max(0.9 * of(&self.signed, &other.signed))
            .max(0.6 * of(&self.bare, &other.bare))
    }

    /// The first field that both change, or that this one does.
    #[must_use]
    pub fn shared_field(&self, other: &Self) -> Option<String> {
        let mut shared = self.fields.intersection(&other.fields);
        shared.next().or_else(|| self.fields.first()).cloned()
    }

    /// The fields that it changes, in words.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str)
    }
}

/// A field without the name of the container that it is in: that is as much the chart's own as an object's name.
fn without_container_name(path: &Path) -> String {
    let mut text = path.to_string();
    for list in ["ontainers[name="] {
        let mut from = 0;
        while let Some(at) = text[from..].find(list).map(|at| from + at) {
            let begin = at + list.len();
            let Some(end) = text[begin..].find(']').map(|end| begin + end) else {
                break;
            };
            text.replace_range(begin..end, "");
            from = begin;
        }
    }
    text
}

/// The container that a field is in.
fn container(path: &Path) -> Option<Path> {
    let is_list = |segment: &Segment| matches!(segment, Segment::Key(key) if key == "containers" || key == "initContainers");
    let at = path.segments().iter().position(is_list)?;
    let within = path.segments().get(..at + 2)?;
    Some(Path::new(within.to_vec()))
}

fn found(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let shared = a.intersection(b).count() as f64;
    match shared == 0.0 {
        true => 0.0,
        false => 0.5 * shared / a.union(b).count() as f64 + 0.5 * shared / a.len() as f64,
    }
}

/// What the option in a text is set to (`--a.b=c`), or where that is no name for itself, the text without signs and
/// capitals.
fn option(text: &str) -> String {
    let value = match text.split_once('=') {
        Some((name, value)) if name.starts_with('-') => value.trim_matches(['"', '\'']),
        _ => return text.to_owned(),
    };
    let tells = value.len() >= MIN_TELLING && !matches!(value, "true" | "false");
    match tells {
        true => format!("={value}"),
        false => {
            let plain = text.chars().filter(|c| c.is_alphanumeric());
            plain.flat_map(char::to_lowercase).collect()
        }
    }
}

/// The traces of an effect, each item of a list by itself; a sign marks those that it takes away.
fn traces(effect: &Effect) -> Vec<String> {
    let text = |value: &Value| match value.scalar_text() {
        Some(text) => text.to_owned(),
        None => serde_json::Value::from(value).to_string(),
    };
    match (&effect.with, &effect.without) {
        (Some(Value::List(with)), Some(Value::List(without))) => {
            let new = with.iter().filter(|item| !without.contains(item)).map(text);
            let gone = without.iter().filter(|item| !with.contains(item));
            new.chain(gone.map(|item| format!("-{}", text(item))))
                .collect()
        }
        (Some(with), _) => vec![text(with)],
        (None, Some(without)) => vec![format!("-{}", text(without))],
        (None, None) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_containers_name_is_no_part_of_a_field() {
        let path = |text: &str| text.parse::<Path>().unwrap();
        let field = path("spec.template.spec.containers[name=web].image.tag");
        assert_eq!(
            without_container_name(&field),
            "spec.template.spec.containers[name=].image.tag"
        );
        assert_eq!(
            without_container_name(&path("spec.ports[name=http].port")),
            "spec.ports[name=http].port"
        );
        let within = path("spec.template.spec.containers[name=web]");
        assert_eq!(container(&field), Some(within));
        assert_eq!(container(&path("spec.replicas")), None);
    }

    #[test]
    fn an_option_is_known_by_its_value_or_by_its_letters() {
        assert_eq!(
            option("--a.labelselector=tier=web"),
            option("--b.labelSelector=tier=web")
        );
        assert_eq!(
            option("--api.dashBoard=true"),
            option("--api.dashboard=true")
        );
        assert_ne!(option("--api.dashboard=true"), option("--api.debug=true"));
        assert_eq!(option("a=b"), "a=b");
    }
}
