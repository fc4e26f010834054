//! The `selector` of a generator: which of the elements that it makes count.
//!
//! By `applicationset/utils/selector.go` and `Transform` in `applicationset/generators/generator_spec_processor.go` of
//! argoproj/argo-cd: it looks at the fields as they are before any template is filled, each under its path in dots. What
//! is not known of an element speaks neither for nor against it.

use super::{Generated, GeneratorElement};
use crate::{carrier::read::Doc, yaml::NodeId};

/// One condition of a selector.
struct Requirement {
    key: String,
    kind: RequirementKind,
}

enum RequirementKind {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

/// The elements of a generator that its selector leaves. Of one whose selector Argo CD refuses, nothing is known.
pub(super) fn selected(doc: &Doc<'_>, selector: NodeId, made: Generated) -> Generated {
    let Some(requirements) = requirements(doc, selector) else {
        return Generated::unknown();
    };
    let mut made = made;
    made.elements.retain(|element| {
        let mut requirements = requirements.iter();
        requirements.all(|requirement| requirement.is_met(element))
    });
    made
}

fn requirements(doc: &Doc<'_>, selector: NodeId) -> Option<Vec<Requirement>> {
    let mut requirements = Vec::new();
    if let Some(labels) = doc.field_at(selector, &["matchLabels"]) {
        for entry in doc.view.entries(labels.node).ok()?.entries {
            requirements.push(Requirement {
                key: entry.name.to_string(),
                kind: RequirementKind::In(vec![doc.text(entry.value).unwrap_or_default()]),
            });
        }
    }
    for expression in doc.items_at(selector, &["matchExpressions"]) {
        let values = doc.items_at(expression.node, &["values"]);
        let values: Vec<String> = values.iter().filter_map(|one| doc.text(one.node)).collect();
        let operator = doc.text_at(expression.node, &["operator"])?;
        requirements.push(Requirement {
            key: doc.text_at(expression.node, &["key"])?,
            kind: match (operator.as_str(), values.is_empty()) {
                ("In", false) => RequirementKind::In(values),
                ("NotIn", false) => RequirementKind::NotIn(values),
                ("Exists", true) => RequirementKind::Exists,
                ("DoesNotExist", true) => RequirementKind::DoesNotExist,
                _ => return None,
            },
        });
    }
    Some(requirements)
}

impl Requirement {
    fn is_met(&self, element: &GeneratorElement) -> bool {
        let Some(text) = self.text_of(element) else {
            // As for labels in Kubernetes, `NotIn` holds for what is not there.
            let wants_none = matches!(
                self.kind,
                RequirementKind::NotIn(_) | RequirementKind::DoesNotExist
            );
            return element.is_stand_in || wants_none;
        };
        match &self.kind {
            RequirementKind::In(values) => values.iter().any(|value| value == text),
            RequirementKind::NotIn(values) => values.iter().all(|value| value != text),
            RequirementKind::Exists => true,
            RequirementKind::DoesNotExist => false,
        }
    }

    /// The text of the field; the parts of a path have another name in Go's templates.
    fn text_of<'e>(&self, element: &'e GeneratorElement) -> Option<&'e str> {
        element.field(&self.key).or_else(|| {
            let (above, at) = self.key.split_once("path.segments.")?;
            element.field(&format!("index .{above}path.segments {at}"))
        })
    }
}
