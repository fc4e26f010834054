//! The form of a pack's files: each against the schema that is made from the structs that read it.
//!
//! The typed reader stops at its first error and keeps the last of two equal keys; here everything is
//! listed, and each finding has its place. What the values mean is for the other checks.

use semver::Version;
use serde_json::Value as Json;

use super::{
    CORRECTIONS,
    finding::{Code, PackFinding},
    place::{CheckedFile, Spot},
    range,
};
use crate::{
    pack::{schema::schemas, source::MAX_DEPTH},
    spelling::closest,
    values::{scalar, view::View},
    yaml::{Kind, NodeId, ScalarStyle, Tree},
};

/// The schemas of the files of a pack, by what they are.
pub(super) struct Forms(Vec<(&'static str, Json)>);

impl Forms {
    pub fn new() -> Self {
        let schemas = schemas().into_iter();
        Self(
            schemas
                .map(|(name, schema)| (name, schema.to_value()))
                .collect(),
        )
    }
}

/// Checks the form of a file. `versions` are those of the pack, if its file could be read.
pub(super) fn check(
    file: &CheckedFile,
    forms: &Forms,
    versions: &[Version],
    found: &mut Vec<PackFinding>,
) {
    let tree = match &file.tree {
        Ok(tree) => tree,
        Err(error) => {
            let spot = file.spot_at(error.offset);
            found.push(spot.finding_here(Code::NotYaml, error.kind.to_string()));
            return;
        }
    };
    let [document, more @ ..] = tree.documents() else {
        if file.name != CORRECTIONS {
            found.push(file.spot().finding_here(Code::Format, "the file is empty"));
        }
        return;
    };
    if let Some(second) = more.first() {
        let message = "a file of a pack is one document; this is another one";
        found.push(Spot::of(file, second.root).finding_here(Code::Format, message));
    }
    // Comments alone correct nothing.
    if file.name == CORRECTIONS && tree.is_implicit_null(document.root) {
        return;
    }
    if let Some(alias) = tree.aliases().next() {
        let message = "this is an alias, which packs do not need; write out what it stands for";
        found.push(Spot::of(file, alias).finding_here(Code::Bounds, message));
        return;
    }
    check_duplicates(file, tree, found);
    check_scalars(file, tree, found);
    let name = match file.name.as_str() {
        "pack.yaml" => "pack",
        "keys.yaml" | CORRECTIONS => "keys",
        _ => "migration",
    };
    let schema = forms.0.iter().find(|(other, _)| *other == name);
    let Some((_, schema)) = schema else { return };
    let mut shape = Shape {
        file,
        tree,
        defs: &schema["$defs"],
        versions,
        found,
    };
    shape.check_node(document.root, schema, 0);
}

/// Keys that a map has twice.
fn check_duplicates(file: &CheckedFile, tree: &Tree, found: &mut Vec<PackFinding>) {
    for map in tree.nodes() {
        let mut seen: std::collections::HashMap<&str, NodeId> = std::collections::HashMap::new();
        for (key, _) in tree.entries(map) {
            let text = tree.content(key);
            if let Some(first) = seen.insert(text, key) {
                let line = Spot::of(file, first).line();
                let message = format!(
                    "`{text}` stands twice in this map (first in line {line}); only one of them would count"
                );
                found.push(Spot::of(file, key).finding_here(Code::KeyTwice, message));
            }
        }
    }
}

/// Plain scalars that the reader of packs and Helm type differently must be in quotes, so that a
/// literal in a step is what it looks like.
fn check_scalars(file: &CheckedFile, tree: &Tree, found: &mut Vec<PackFinding>) {
    let Some(document) = tree.documents().first() else {
        return;
    };
    let view = View::new(tree, document.root);
    let maps = tree.nodes().flat_map(|node| tree.entries(node));
    let names: std::collections::HashSet<NodeId> = maps.map(|(key, _)| key).collect();
    for node in tree.nodes() {
        if tree.kind(node) != Kind::Scalar(ScalarStyle::Plain) || tree.tag(node).is_some() {
            continue;
        }
        let text = tree.content(node);
        let helm = view.resolve(node).ok().and_then(|resolved| match resolved {
            scalar::Resolved::String(_) => None,
            resolved => resolved.into_value().ok(),
        });
        let typed = serde_yaml::from_str::<serde_yaml::Value>(text).ok();
        if helm.is_some() && matches!(typed, Some(serde_yaml::Value::String(_))) {
            let way = match names.contains(&node) {
                true => "take another name, or put it in quotes",
                false => "put it in quotes, or write it as Helm prints it",
            };
            let message = format!("`{text}` is no text for Helm; {way}");
            found.push(Spot::of(file, node).finding_here(Code::NotText, message));
        }
    }
}

struct Shape<'f, 's> {
    file: &'f CheckedFile,
    tree: &'f Tree,
    defs: &'s Json,
    versions: &'s [Version],
    found: &'f mut Vec<PackFinding>,
}

impl<'s> Shape<'_, 's> {
    fn push_finding(&mut self, node: NodeId, code: Code, message: impl Into<String>) {
        self.found
            .push(Spot::of(self.file, node).finding_here(code, message));
    }

    /// The kind of a scalar for the typed reader, or the kind of collection that a node is.
    fn kind_of_node(&self, node: NodeId) -> &'static str {
        match self.tree.kind(node) {
            Kind::Mapping { .. } => "object",
            Kind::Sequence { .. } => "array",
            Kind::Scalar(ScalarStyle::Plain) => {
                match serde_yaml::from_str::<serde_yaml::Value>(self.tree.content(node)) {
                    Ok(serde_yaml::Value::Null) => "null",
                    Ok(serde_yaml::Value::Bool(_)) => "boolean",
                    Ok(serde_yaml::Value::Number(n)) if n.is_f64() => "number",
                    Ok(serde_yaml::Value::Number(_)) => "integer",
                    _ => "string",
                }
            }
            _ => "string",
        }
    }

    fn follow_reference(&self, schema: &'s Json) -> (&'s Json, Option<&'s str>) {
        let mut schema = schema;
        let mut name = None;
        while let Some(reference) = schema["$ref"].as_str() {
            name = reference.rsplit('/').next();
            schema = &self.defs[name.unwrap_or_default()];
        }
        (schema, name)
    }

    fn check_node(&mut self, node: NodeId, schema: &'s Json, depth: usize) {
        if depth > MAX_DEPTH {
            let message = format!("this is nested deeper than {MAX_DEPTH} levels");
            return self.push_finding(node, Code::Bounds, message);
        }
        let (schema, name) = self.follow_reference(schema);
        // To the schema a range is any text of its pattern; what can be wrong with it is said there.
        if name == Some("VersionRange") && self.kind_of_node(node) == "string" {
            let spot = Spot::of(self.file, node);
            let evidence = spot.is_below("evidence");
            range::check(
                self.tree.content(node),
                self.versions,
                evidence,
                spot,
                self.found,
            );
            return;
        }
        let variants = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
        if let Some(variants) = variants {
            return self.check_variants(node, variants, depth);
        }
        let kind = self.kind_of_node(node);
        let wanted: Vec<&str> = match &schema["type"] {
            Json::String(one) => vec![one],
            Json::Array(several) => several.iter().filter_map(Json::as_str).collect(),
            _ => return,
        };
        let fits = wanted.contains(&kind) || kind == "integer" && wanted.contains(&"number");
        if !fits {
            let message = format!(
                "this must be {}, and is {}",
                either_of(&wanted),
                kind_word(kind)
            );
            return self.push_finding(node, Code::WrongType, message);
        }
        match kind {
            "object" => self.check_object(node, schema, depth),
            "array" => {
                for item in self.tree.items(node).collect::<Vec<_>>() {
                    self.check_node(item, &schema["items"], depth + 1);
                }
            }
            _ => {}
        }
    }

    /// Variants of which some have variants of their own, in one list.
    fn flatten_variants(&self, variants: &'s [Json]) -> Vec<&'s Json> {
        let one = |variant: &'s Json| match self.follow_reference(variant).0["anyOf"].as_array() {
            Some(below) => self.flatten_variants(below),
            None => vec![variant],
        };
        variants.iter().flat_map(one).collect()
    }

    fn check_variants(&mut self, node: NodeId, variants: &'s [Json], depth: usize) {
        let variants = self.flatten_variants(variants);
        let kind = self.kind_of_node(node);
        let text = self.tree.content(node).to_owned();
        let resolved: Vec<&Json> = variants
            .iter()
            .map(|v| self.follow_reference(v).0)
            .collect();
        let constants = |schema: &&'s Json| -> Vec<&'s str> {
            let one = schema["const"].as_str();
            let several = schema["enum"].as_array().into_iter().flatten();
            let below = schema["oneOf"].as_array().into_iter().flatten();
            let below = below.filter_map(|variant| variant["const"].as_str());
            one.into_iter()
                .chain(several.filter_map(Json::as_str))
                .chain(below)
                .collect()
        };
        let words: Vec<&str> = resolved.iter().flat_map(constants).collect();
        if kind == "string" && words.contains(&text.as_str()) {
            return;
        }
        let accepts = |schema: &Json| {
            let constant = !schema["const"].is_null() || !schema["enum"].is_null();
            let of_kind = match &schema["type"] {
                Json::String(one) => one == kind,
                Json::Array(several) => several.iter().any(|one| one == kind),
                _ => schema["oneOf"].is_null() && schema["anyOf"].is_null(),
            };
            of_kind && !constant
        };
        // Within the variant of its kind a mistake has a place of its own.
        let of_kind = variants.iter().zip(&resolved).find(|(_, r)| accepts(r));
        if let Some((variant, _)) = of_kind {
            return self.check_node(node, variant, depth);
        }
        if !words.is_empty() {
            let list = words.iter().map(|word| format!("`{word}`"));
            let shown = match text.is_empty() {
                true => kind_word(kind).to_owned(),
                false => format!("`{text}`"),
            };
            // To YAML a plain `no` is a boolean where the word is meant.
            let quotes = match kind == "boolean" && !words.contains(&text.as_str()) {
                true => " (in quotes)",
                false => "",
            };
            let message = format!(
                "this must be {}{quotes}, and is {shown}",
                list.collect::<Vec<_>>().join(" or ")
            );
            return self.push_finding(node, Code::WrongType, message);
        }
        let kinds: Vec<&str> = resolved.iter().filter_map(|v| v["type"].as_str()).collect();
        let message = format!(
            "this must be {}, and is {}",
            self::either_of(&kinds),
            kind_word(kind)
        );
        self.push_finding(node, Code::WrongType, message);
    }

    fn check_object(&mut self, node: NodeId, schema: &'s Json, depth: usize) {
        let properties = schema["properties"].as_object();
        let more = &schema["additionalProperties"];
        let mut present = Vec::new();
        for (key, value) in self.tree.entries(node).collect::<Vec<_>>() {
            let text = self.tree.content(key).to_owned();
            match properties.and_then(|properties| properties.get(&text)) {
                Some(schema) => self.check_node(value, schema, depth + 1),
                None if *more == Json::Bool(false) => {
                    let names = properties
                        .into_iter()
                        .flatten()
                        .map(|(name, _)| name.as_str());
                    let names: Vec<&str> = names.collect();
                    let hint = match closest(&text, names.iter().copied()) {
                        Some(close) => format!("did you mean `{close}`?"),
                        None => format!("there are {}", names.join(", ")),
                    };
                    let message = format!("`{text}` is no field here; {hint}");
                    self.push_finding(key, Code::UnknownField, message);
                }
                None if more.is_object() => self.check_node(value, more, depth + 1),
                None => {}
            }
            present.push(text);
        }
        let required = schema["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Json::as_str) {
            if !present.iter().any(|text| text == name) {
                let spot = Spot::of(self.file, node).enclosing_key();
                let message = format!("the field `{name}` is missing here");
                self.found
                    .push(spot.finding_here(Code::MissingField, message));
            }
        }
    }
}

fn kind_word(kind: &str) -> &'static str {
    match kind {
        "object" => "a map",
        "array" => "a list",
        "boolean" => "true or false",
        "number" | "integer" => "a number",
        "null" => "nothing",
        _ => "a text",
    }
}

fn either_of(kinds: &[&str]) -> String {
    let kinds = kinds.iter().filter(|kind| **kind != "null");
    let mut words: Vec<&str> = kinds.map(|kind| kind_word(kind)).collect();
    words.dedup();
    words.join(" or ")
}
