//! What a setting leaves in rendered objects, in a form that finds the same thing under other names.
//!
//! Each field that a setting changes is a trace in three strengths: kind, name, field and value; without the name,
//! because objects are renamed; and field and value alone, because a Deployment may have become a StatefulSet. What is
//! left of an object's name without the words that all objects of the release share tells one part of it from another.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    effect::{fields::words, leaves::RenderedEffect, objects::Manifest},
    values::{Path, Segment, Value, leaves},
};

/// From how many letters on a value tells one option from another.
const MIN_TELLING: usize = 4;
/// What a trace in an object of another part of the release is worth.
const OTHER_PART: f64 = 0.75;

/// What the same text in any field is worth: never enough to be sure.
pub(super) const SAME_TEXT: f64 = 0.4;

/// Words that many objects of a release have in their names, as its own and the chart's.
#[derive(Debug, Clone, Default)]
pub struct CommonWords(BTreeSet<String>);

impl CommonWords {
    /// Those in half of the names of all objects; one of two is not enough.
    #[must_use]
    pub fn of<'m>(manifests: impl IntoIterator<Item = &'m Manifest>) -> Self {
        let mut found = BTreeSet::new();
        for manifest in manifests {
            let names: BTreeSet<&str> =
                manifest.objects.keys().map(|id| id.name.as_str()).collect();
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for name in &names {
                for word in words(name).into_iter().collect::<BTreeSet<_>>() {
                    *counts.entry(word).or_default() += 1;
                }
            }
            let common = counts
                .into_iter()
                .filter(|(_, count)| count * 2 >= names.len() && (*count > 1 || names.len() == 1));
            found.extend(common.map(|(word, _)| word));
        }
        Self(found)
    }

    /// The words of a name that are not common.
    fn own(&self, name: &str) -> BTreeSet<String> {
        let all = words(name).into_iter();
        all.filter(|word| !self.0.contains(word)).collect()
    }
}

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
    /// The texts alone that the setting's own text is in: a variable of a program may have become a line of its
    /// configuration.
    texts: BTreeSet<String>,
    /// The fields in words, for the evidence.
    fields: BTreeSet<String>,
    /// Words of the objects' names that are not common: they tell one part of a release from another.
    parts: BTreeSet<String>,
    /// True if an object has no such words.
    is_whole: bool,
    /// The names of the containers that it is in.
    containers: BTreeSet<String>,
    /// Each of them in the strengths that hold for other objects, too.
    each: BTreeSet<Trace>,
    /// The number of traces in objects that the setting had nothing to do with ([`Footprint::of_candidate`]).
    foreign: usize,
    /// The texts there that the setting's own text is in.
    foreign_texts: BTreeSet<String>,
}

/// One trace in the strengths that a [`Footprint`] has sets of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    unnamed: String,
    bare: String,
    option: String,
    signed: Option<String>,
    text: Option<String>,
}

impl Footprint {
    /// Of the effects of a setting.
    #[must_use]
    pub fn of<'e>(
        effects: impl IntoIterator<Item = &'e RenderedEffect>,
        setting: &Value,
        common: &CommonWords,
    ) -> Self {
        let mut print = Self::default();
        let sign = setting
            .scalar_text()
            .filter(|text| text.len() >= MIN_TELLING);
        let sign = sign.filter(|text| !matches!(*text, "true" | "false"));
        for effect in effects {
            let object = &effect.spot.object;
            let own_words = common.own(&object.name);
            print.is_whole |= own_words.is_empty();
            // That an object is there says nothing of another one of its kind.
            let part = match effect.spot.path.is_root() {
                true => Vec::from_iter(own_words.iter().map(String::as_str)).join(" "),
                false => String::new(),
            };
            print.parts.extend(own_words);
            print.containers.extend(container_name(&effect.spot.path));
            for (below, value) in traces(effect) {
                let path = without_container_name(&effect.spot.path);
                let path = format!("{part}{path}{below}");
                // An item of a list can be anything.
                let is_item = matches!(effect.with, Some(Value::List(_)));
                let is_signed = !is_item && sign.is_some_and(|sign| value.contains(sign));
                let kind = &object.kind;
                print.full.insert(format!(
                    "{kind}|{}|{}{below}|{value}",
                    object.name, effect.spot.path
                ));
                print.add(Trace {
                    unnamed: format!("{kind}|{path}|{value}"),
                    bare: format!("{path}|{value}"),
                    option: format!("{kind}|{path}|{}", option(&value)),
                    signed: is_signed.then(|| format!("{kind}|{path}")),
                    text: (is_signed || sign == Some(value.as_str())).then_some(value),
                });
            }
            print.fields.insert(effect.spot.to_string());
        }
        print
    }

    fn add(&mut self, trace: Trace) {
        self.unnamed.insert(trace.unnamed.clone());
        self.bare.insert(trace.bare.clone());
        self.options.insert(trace.option.clone());
        self.signed.extend(trace.signed.clone());
        self.texts.extend(trace.text.clone());
        self.each.insert(trace);
    }

    /// Of the effects that a candidate has in place of a setting. What it does to an object that was there before,
    /// and that the setting had nothing to do with, is no trace of a renamed object: a second Service's port is not
    /// that of the first one.
    #[must_use]
    pub fn of_candidate(
        effects: &[RenderedEffect],
        own: &[RenderedEffect],
        (before, common): (&Manifest, &CommonWords),
        setting: &Value,
    ) -> Self {
        let is_foreign = |effect: &&RenderedEffect| {
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
        let (foreign, free): (Vec<&RenderedEffect>, Vec<&RenderedEffect>) =
            effects.iter().partition(is_foreign);
        let mut print = Self::of(free, setting, common);
        let foreign = Self::of(foreign, setting, common);
        print.foreign = foreign.full.len();
        print.foreign_texts = foreign.texts;
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
        self.texts.extend(other.texts);
        self.fields.extend(other.fields);
        self.parts.extend(other.parts);
        self.is_whole |= other.is_whole;
        self.containers.extend(other.containers);
        self.each.extend(other.each);
        self.foreign += other.foreign;
        self.foreign_texts.extend(other.foreign_texts);
    }

    /// True if anything of this is found in another one.
    #[must_use]
    pub fn touches(&self, other: &Self) -> bool {
        self.touches_field(other) || self.shares_text(other)
    }

    fn touches_field(&self, other: &Self) -> bool {
        !self.unnamed.is_disjoint(&other.unnamed)
            || !self.options.is_disjoint(&other.options)
            || !self.signed.is_disjoint(&other.signed)
            || !self.bare.is_disjoint(&other.bare)
    }

    fn shares_text(&self, other: &Self) -> bool {
        !self.texts.is_disjoint(&other.texts) || !self.texts.is_disjoint(&other.foreign_texts)
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
        let elsewhere = (0.96 * found(&self.unnamed, &other.unnamed))
            .max(0.85 * found(&self.options, &other.options))
            .max(0.9 * found(&self.signed, &other.signed))
            .max(0.6 * found(&self.bare, &other.bare))
            .max(SAME_TEXT * found(&self.texts, &other.texts));
        let worth = match self.is_of_other_part(other) {
            true => OTHER_PART,
            false => 1.0,
        };
        self.found_in_same_objects(other).max(worth * elsewhere)
    }

    /// True if the objects of both seem to be of different parts of the release: all have names of their own, without a
    /// word in common.
    #[must_use]
    pub fn is_of_other_part(&self, other: &Self) -> bool {
        !self.is_whole
            && !other.is_whole
            && !self.is_empty()
            && !other.is_empty()
            && self.parts.is_disjoint(&other.parts)
    }

    /// True if this is in a container whose name is a key of the setting, so that a user gave it, and the other one in
    /// containers without it: one beside the main one is not that.
    #[must_use]
    pub fn is_of_other_container(&self, setting: &Path, other: &Self) -> bool {
        let is_given = |name: &&String| setting.segments().contains(&Segment::Key((*name).clone()));
        let given: Vec<&String> = self.containers.iter().filter(is_given).collect();
        let has_one = |name: &String| given.iter().any(|given| name.contains(given.as_str()));
        !given.is_empty() && !other.is_empty() && !other.containers.iter().any(has_one)
    }

    /// The same where objects must have the same names: a key that was there beside the old one had objects of its
    /// own, and another object's field is not this one.
    #[must_use]
    pub fn found_in_same_objects(&self, other: &Self) -> f64 {
        found(&self.full, &other.full)
    }

    /// What the same text is worth in objects that this had nothing to do with: that says something only where a text
    /// of the chart names the place.
    #[must_use]
    pub fn text_found_elsewhere(&self, other: &Self) -> f64 {
        SAME_TEXT * found(&self.texts, &other.foreign_texts)
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
            .max(SAME_TEXT * of(&self.texts, &other.texts))
    }

    /// The part of what the other one does that this does, too, from 0 to 1. The rest the other one does beside it.
    #[must_use]
    pub fn share_of(&self, other: &Self) -> f64 {
        let shared = other.each.iter().filter(|trace| self.leaves(trace)).count();
        let elsewhere = other.part_of_all(shared);
        let same = self.full.intersection(&other.full).count() as f64;
        elsewhere.max(same / other.full.len().max(1) as f64)
    }

    /// The part that some of the traces are, from 0 to 1.
    #[must_use]
    pub fn part_of_all(&self, some: usize) -> f64 {
        some as f64 / (self.each.len() + self.foreign).max(1) as f64
    }

    /// The traces in objects that the setting can have had something to do with.
    pub fn traces(&self) -> impl Iterator<Item = &Trace> {
        self.each.iter()
    }

    /// True if this leaves a trace in the same field.
    #[must_use]
    pub fn leaves(&self, trace: &Trace) -> bool {
        let is_signed = |signed| self.signed.contains(signed);
        self.unnamed.contains(&trace.unnamed)
            || self.bare.contains(&trace.bare)
            || self.options.contains(&trace.option)
            || trace.signed.as_ref().is_some_and(is_signed)
    }

    /// True if this leaves a trace in the same field, or its text in any.
    #[must_use]
    pub fn leaves_text(&self, trace: &Trace) -> bool {
        let is_same = |text| self.texts.contains(text);
        self.leaves(trace) || trace.text.as_ref().is_some_and(is_same)
    }

    /// The first field that the other one changes and this does not.
    #[must_use]
    pub fn field_beside(&self, other: &Self) -> Option<String> {
        other.fields.difference(&self.fields).next().cloned()
    }

    /// The field of the other one in which the same text shows, where both have nothing else in common.
    #[must_use]
    pub fn field_of_text(&self, other: &Self) -> Option<String> {
        let is_all = self.full.is_disjoint(&other.full) && !self.touches_field(other);
        let first = other.fields.first();
        first.filter(|_| is_all && self.shares_text(other)).cloned()
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

/// The name of the container that a field is in.
fn container_name(path: &Path) -> Option<String> {
    match container(path)?.last()? {
        Segment::Select { value, .. } => Some(value.clone()),
        _ => None,
    }
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

/// The traces of an effect, with where below the field they are: each item of a list by itself, and of an item that is
/// changed only what is changed in it. A sign marks those that it takes away.
fn traces(effect: &RenderedEffect) -> Vec<(String, String)> {
    let here = |text: String| (String::new(), text);
    match (&effect.with, &effect.without) {
        (Some(Value::List(with)), Some(Value::List(without))) => {
            let new: Vec<&Value> = with.iter().filter(|item| !without.contains(item)).collect();
            let gone: Vec<&Value> = without.iter().filter(|item| !with.contains(item)).collect();
            if with.len() == without.len()
                && new.len() == gone.len()
                && new.iter().chain(&gone).all(|item| item.as_map().is_some())
            {
                return new
                    .into_iter()
                    .zip(gone)
                    .flat_map(|(new, gone)| changed_in(new, gone))
                    .collect();
            }
            // What an item took the place of is the chart's own, which changes from version to version.
            if !new.is_empty() {
                return new.into_iter().map(text).map(here).collect();
            }
            let gone = gone.into_iter().map(|item| format!("-{}", text(item)));
            gone.map(here).collect()
        }
        (Some(with), _) => vec![here(text(with))],
        (None, Some(without)) => vec![here(format!("-{}", text(without)))],
        (None, None) => Vec::new(),
    }
}

fn text(value: &Value) -> String {
    match value.scalar_text() {
        Some(text) => text.to_owned(),
        None => serde_json::Value::from(value).to_string(),
    }
}

/// What is changed in an item that is a map.
fn changed_in(new: &Value, gone: &Value) -> Vec<(String, String)> {
    let fields = |item: &Value| -> BTreeMap<Path, String> {
        let map = item.as_map().cloned().unwrap_or_default();
        let all = leaves(&map).into_iter();
        all.map(|(path, value)| (path, text(value))).collect()
    };
    let (new, gone) = (fields(new), fields(gone));
    let set = new
        .iter()
        .filter(|(path, text)| gone.get(*path) != Some(text))
        .map(|(path, text)| (format!("[].{path}"), text.clone()));
    let taken = gone
        .iter()
        .filter(|(path, _)| !new.contains_key(*path))
        .map(|(path, text)| (format!("[].{path}"), format!("-{text}")));
    set.chain(taken).collect()
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

    fn effect(object: (&str, &str), path: &str, with: Value, without: Value) -> RenderedEffect {
        let id = crate::effect::objects::ObjectId {
            kind: object.0.to_owned(),
            name: object.1.to_owned(),
            group: String::new(),
            namespace: String::new(),
        };
        RenderedEffect {
            spot: crate::effect::leaves::RenderedField {
                object: id,
                path: path.parse().unwrap(),
            },
            with: Some(with),
            without: Some(without),
        }
    }

    fn items(json: &serde_json::Value) -> Value {
        Value::from(json)
    }

    #[test]
    fn an_item_of_a_list_is_no_sign() {
        let common = CommonWords::default();
        let setting = Value::from("zq0001qz");
        let of = |items_with: serde_json::Value| {
            let with = items(&items_with);
            let effect = effect(
                ("Deployment", "web"),
                "spec.list",
                with,
                items(&serde_json::json!([])),
            );
            Footprint::of([&effect], &setting, &common)
        };
        // The same text among other words is in both; as a field's own text that would be evidence.
        let did = of(serde_json::json!(["--first=zq0001qz"]));
        let other = of(serde_json::json!(["a zq0001qz of another kind"]));
        assert!(!did.touches(&other));
        assert_eq!(did.found_in(&other), 0.0);
        let plain = |with: &str| {
            let effect = effect(
                ("Deployment", "web"),
                "spec.text",
                Value::from(with),
                Value::from(""),
            );
            Footprint::of([&effect], &setting, &common)
        };
        assert!(plain("first zq0001qz").found_in(&plain("a zq0001qz of another kind")) > 0.8);
    }

    #[test]
    fn of_an_item_that_is_changed_only_what_is_changed_is_a_trace() {
        let common = CommonWords::default();
        let of = |scheme: &str| {
            let item = |interval: &str| {
                items(&serde_json::json!([{"scheme": scheme, "interval": interval}]))
            };
            let effect = effect(
                ("ServiceMonitor", "web"),
                "spec.endpoints",
                item("31s"),
                item("10s"),
            );
            Footprint::of([&effect], &Value::from("31s"), &common)
        };
        assert_eq!(of("http").found_in(&of("https")), 1.0);
    }

    #[test]
    fn an_object_of_another_part_of_the_release_counts_for_less() {
        let common = CommonWords(BTreeSet::from(["refit".to_owned()]));
        let of = |name: &str| {
            let effect = effect(
                ("Service", name),
                "spec.port",
                Value::from(1),
                Value::from(2),
            );
            Footprint::of([&effect], &Value::from(1), &common)
        };
        let did = of("refit-node-exporter");
        let renamed = did.found_in(&of("refit-exporter-of-nodes"));
        assert!(renamed > 0.9 && did.found_in(&of("refit-canary")) < renamed - 0.2);
        assert!(of("refit").found_in(&of("refit-main")) > 0.9);
    }
}
