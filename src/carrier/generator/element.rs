//! One element that a generator makes: the fields that a template takes, each with the place where it is said.

use std::collections::BTreeMap;

use crate::yaml::NodeId;

/// A place where an element says something, if it can be edited there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::carrier) enum FieldPlace {
    /// In the ApplicationSet itself.
    Here(NodeId),
    /// In a file that a git generator has found.
    InFile(usize, NodeId),
    /// In the YAML that a text of the ApplicationSet is: the scalar with that text, and the one in it.
    InText(NodeId, NodeId),
    /// It is a path, or put together.
    Nowhere,
}

/// The fields of one element that a generator makes.
#[derive(Clone, Debug, Default)]
pub(in crate::carrier) struct GeneratorElement {
    fields: BTreeMap<String, (String, FieldPlace)>,
    /// A word that tells it from its neighbours, for people.
    pub(super) label: Option<String>,
    /// True if there are others, so that it needs a name.
    pub(super) is_one_of_several: bool,
    /// What its generator's own template says of the `spec` of the application, if it has one.
    pub(in crate::carrier) template: Option<NodeId>,
    /// True if it has fields that are not known here: it stands for any number of elements.
    pub(super) is_stand_in: bool,
}

impl GeneratorElement {
    /// The label, if it needs one.
    pub(in crate::carrier) fn label(&self) -> Option<&str> {
        self.label.as_deref().filter(|_| self.is_one_of_several)
    }

    /// The field that a text consists of: `{{version}}`, or `{{ .version }}` with Go's templates.
    pub(in crate::carrier) fn whole(&self, text: &str) -> Option<(FieldPlace, &str)> {
        let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
        let (text, place) = self.fields.get(name_in(inner))?;
        Some((*place, text))
    }

    /// A text with what the element says in place of its names.
    pub(in crate::carrier) fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(begin) = rest.find("{{") {
            let Some(end) = rest[begin..].find("}}").map(|end| begin + end) else {
                break;
            };
            filled.push_str(&rest[..begin]);
            match self.fields.get(name_in(&rest[begin + 2..end])) {
                Some((value, _)) => filled.push_str(value),
                None => filled.push_str(&rest[begin..end + 2]),
            }
            rest = &rest[end + 2..];
        }
        filled.push_str(rest);
        filled
    }

    /// The elements of a list of this one, if a text consists of that list in Go's templates
    /// (`{{ .components | toJson }}`): each with its fields where they stand.
    pub(super) fn list_in(&self, text: &str) -> Option<Vec<Self>> {
        let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
        let (name, function) = inner.trim_matches('-').split_once('|')?;
        if !matches!(function.trim(), "toJson" | "toRawJson" | "toYaml") {
            return None;
        }
        let above = format!("{}.", name_in(name));
        let mut items: BTreeMap<usize, Self> = BTreeMap::new();
        for (name, (text, place)) in &self.fields {
            let Some((at, name)) = name
                .strip_prefix(&above)
                .and_then(|below| below.split_once('.'))
            else {
                continue;
            };
            let item = items.entry(at.parse().ok()?).or_default();
            item.set(name.to_owned(), text.clone(), *place);
        }
        (!items.is_empty()).then(|| {
            let items = items.into_iter();
            let labelled = items.map(|(at, item)| {
                let label = item
                    .field("name")
                    .map_or_else(|| format!("item {at}"), str::to_owned);
                Self {
                    label: Some(label),
                    ..item
                }
            });
            labelled.collect()
        })
    }

    /// The place of what a text consists of, if it consists of one field.
    pub(super) fn place(&self, text: &str) -> Option<FieldPlace> {
        self.whole(text).map(|(place, _)| place)
    }

    /// An element of which nothing is known.
    pub(super) fn stand_in() -> Self {
        Self {
            is_stand_in: true,
            ..Self::default()
        }
    }

    /// The text of a field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|(text, _)| text.as_str())
    }

    pub(super) fn set(&mut self, name: String, value: String, place: FieldPlace) {
        self.fields.insert(name, (value, place));
    }

    /// Writes what `outer` has in place of its names. What is written so stands nowhere as it is.
    pub(super) fn fill_in(&mut self, outer: &Self) {
        for (text, place) in self.fields.values_mut() {
            let filled = outer.fill(text);
            if filled != *text {
                (*text, *place) = (filled, FieldPlace::Nowhere);
            }
        }
    }

    /// Takes over fields of another element, except those that `keeps` holds against: it is given the own text and the
    /// other one.
    pub(super) fn take(&mut self, other: &Self, keeps: impl Fn(&str, &str) -> bool) {
        for (name, (text, place)) in &other.fields {
            let own = self.fields.get(name);
            if !own.is_some_and(|(own, _)| keeps(own, text)) {
                self.set(name.clone(), text.clone(), *place);
            }
        }
        self.is_stand_in |= other.is_stand_in;
    }

    /// True if a field of both has different texts.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|(name, (text, _))| other.field(name).is_some_and(|other| other != text))
    }

    /// Names it by itself and another one.
    pub(super) fn label_with(&mut self, other: &Self) {
        let labels = [&self.label, &other.label].into_iter().flatten();
        let labels: Vec<&str> = labels.map(String::as_str).collect();
        self.label = (!labels.is_empty()).then(|| labels.join(", "));
    }
}

/// The name that stands in `{{ }}`.
fn name_in(inner: &str) -> &str {
    let inner = inner.trim_matches('-').trim();
    inner.strip_prefix('.').unwrap_or(inner)
}
