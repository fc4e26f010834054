//! The form of a value as a chart's `values.schema.json` has it: its types, and the values that it may have.
//!
//! Only what names a form is read: `properties`, `additionalProperties`, `patternProperties`, references within the
//! file, and any of several forms. Values are never judged by it; that is for Helm.

use regex::Regex;
use serde_json::Value as Json;

use super::Chart;
use crate::values::{Path, Segment, Value};

/// References that lead to each other are not followed for ever.
const MAX_REFERENCES: usize = 16;

/// The forms of a chart's values.
#[derive(Debug, Default)]
pub struct Schema(Json);

impl Schema {
    /// That of a chart; one that says nothing if it has none, or none that can be read.
    #[must_use]
    pub fn of(chart: &Chart) -> Self {
        let text = chart.files.get("values.schema.json");
        Self(
            text.and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default(),
        )
    }

    /// The values that a key may have, if they are listed; nulls are left out.
    #[must_use]
    pub fn listed_values(&self, path: &Path) -> Vec<Value> {
        let all = self
            .forms_at(path)
            .into_iter()
            .filter_map(|form| form.get("enum")?.as_array());
        all.flatten()
            .filter(|one| !one.is_null())
            .map(Value::from)
            .collect()
    }

    /// The types that a key may have, as JSON Schema calls them; `null` is left out.
    #[must_use]
    pub fn listed_types(&self, path: &Path) -> Vec<&str> {
        let mut found = Vec::new();
        for form in self.forms_at(path) {
            match form.get("type") {
                Some(Json::String(one)) => found.push(one.as_str()),
                Some(Json::Array(several)) => found.extend(several.iter().filter_map(Json::as_str)),
                _ => {}
            }
        }
        found.retain(|one| *one != "null");
        found
    }

    /// True if a map on the way to a key takes only keys that are listed, and the next one is not among them.
    #[must_use]
    pub fn forbids_key(&self, path: &Path) -> bool {
        let mut here = self.spread_form(&self.0, 0);
        for segment in path.segments() {
            let Segment::Key(key) = segment else {
                return false;
            };
            let next: Vec<&Json> = here
                .iter()
                .filter_map(|form| form_below(form, key))
                .flat_map(|form| self.spread_form(form, 0))
                .collect();
            if next.is_empty() {
                let mut maps = here.iter().filter(|form| is_map(form)).peekable();
                // One of several forms that is open lets the key through.
                return maps.peek().is_some() && maps.all(|form| is_closed(form));
            }
            here = next;
        }
        false
    }

    /// The forms that are said of a key.
    fn forms_at(&self, path: &Path) -> Vec<&Json> {
        let mut here = self.spread_form(&self.0, 0);
        for segment in path.segments() {
            let Segment::Key(key) = segment else {
                return Vec::new();
            };
            here = here
                .into_iter()
                .filter_map(|form| form_below(form, key))
                .flat_map(|form| self.spread_form(form, 0))
                .collect();
        }
        here
    }

    /// A form with those that it refers to, or is made of.
    fn spread_form<'s>(&'s self, form: &'s Json, depth: usize) -> Vec<&'s Json> {
        let mut found = vec![form];
        if depth >= MAX_REFERENCES {
            return found;
        }
        let reference = form.get("$ref").and_then(Json::as_str);
        let reference = reference.and_then(|text| text.strip_prefix('#'));
        let referred = reference.and_then(|place| self.0.pointer(place));
        let several = ["allOf", "anyOf", "oneOf"].into_iter();
        let several = several
            .filter_map(|name| form.get(name)?.as_array())
            .flatten();
        for inner in referred.into_iter().chain(several) {
            found.extend(self.spread_form(inner, depth + 1));
        }
        found
    }
}

/// True if a form says something of the keys of a map.
fn is_map(form: &Json) -> bool {
    let is_object = |one: &Json| one.as_str() == Some("object");
    let of_type = form.get("type").is_some_and(|named| match named {
        Json::Array(several) => several.iter().any(is_object),
        one => is_object(one),
    });
    of_type || form.get("properties").is_some()
}

/// True if a map takes only the keys that its form lists.
fn is_closed(form: &Json) -> bool {
    form.get("additionalProperties") == Some(&Json::Bool(false))
        && form.get("patternProperties").is_none()
}

/// The form of a key in that of a map.
fn form_below<'s>(form: &'s Json, key: &str) -> Option<&'s Json> {
    let named = form.get("properties").and_then(|all| all.get(key));
    let pattern = || {
        let mut patterns = form.get("patternProperties")?.as_object()?.iter();
        let fits = |pattern: &str| Regex::new(pattern).is_ok_and(|regex| regex.is_match(key));
        Some(patterns.find(|(pattern, _)| fits(pattern))?.1)
    };
    let other = || {
        form.get("additionalProperties")
            .filter(|other| other.is_object())
    };
    named.or_else(pattern).or_else(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_found_behind_references_and_below_any_key() {
        let text = r##"{"$defs": {"log": {"properties": {"format": {"enum": ["common", "json", null]},
            "size": {"type": ["integer", "null"]}}}},
            "properties": {"access": {"$ref": "#/$defs/log"},
            "ports": {"additionalProperties": {"anyOf": [{"$ref": "#/$defs/log"}, {"type": "null"}]}},
            "units": {"patternProperties": {"^a": {"type": "string"}, "^b": {"$ref": "#/$defs/log"}}}}}"##;
        let files = [("values.schema.json".to_owned(), text.to_owned())];
        let schema = Schema::of(&Chart {
            files: files.into(),
            ..Chart::default()
        });
        let path = |text: &str| text.parse::<Path>().unwrap();
        let choices = [Value::from("common"), Value::from("json")];
        assert_eq!(schema.listed_values(&path("access.format")), choices);
        assert_eq!(schema.listed_values(&path("ports.web.format")), choices);
        assert_eq!(schema.listed_values(&path("units.b1.format")), choices);
        assert!(schema.listed_values(&path("units.a1.format")).is_empty());
        assert_eq!(schema.listed_types(&path("access.size")), ["integer"]);
        assert!(schema.listed_values(&path("nowhere.format")).is_empty());
    }

    #[test]
    fn a_map_that_lists_all_its_keys_forbids_others() {
        let text = r##"{"properties": {
            "access": {"type": "object", "additionalProperties": false, "properties": {"size": {}}},
            "ports": {"anyOf": [{"additionalProperties": false, "properties": {"web": {}}}, {"type": "object"}]},
            "units": {"additionalProperties": false, "patternProperties": {"^u": {"type": "object"}}}}}"##;
        let files = [("values.schema.json".to_owned(), text.to_owned())];
        let schema = Schema::of(&Chart {
            files: files.into(),
            ..Chart::default()
        });
        let forbids = |text: &str| schema.forbids_key(&text.parse().unwrap());
        assert!(forbids("access.colour") && forbids("access.colour.deep"));
        let allowed = [
            "access.size",
            "access",
            "ports.other",
            "units.u1.a",
            "other.a",
        ];
        assert!(!allowed.into_iter().any(forbids));
        assert!(!Schema::default().forbids_key(&"a.b".parse().unwrap()));
    }
}
