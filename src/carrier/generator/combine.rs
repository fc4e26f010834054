//! Matrices and merges: what two or more generators make together.
//!
//! By `applicationset/generators/matrix.go` and `merge.go` of argoproj/argo-cd, and `mergo` for what its Go templates
//! take: there a text that is empty covers no other one. What Argo CD refuses (two generators that contradict each other
//! in a matrix without Go templates, elements that a merge cannot tell apart) makes no application, and is not known
//! here.

use std::{collections::BTreeSet, path::Path as FilePath};

use super::{Generated, GeneratorElement, GeneratorReader, MAX_ELEMENTS};
use crate::yaml::NodeId;

/// The texts of an element under the keys of a merge.
type MergeKey = Vec<Option<String>>;

impl GeneratorReader<'_> {
    /// Each element of the first generator with each of the second, whose texts may name what the first has made.
    pub(super) fn by_matrix(
        &self,
        matrix: NodeId,
        root: Option<&FilePath>,
        outer: &GeneratorElement,
    ) -> Generated {
        // Argo CD takes just two generators in a matrix.
        let [first, second] = self.doc.items_at(matrix, &["generators"])[..] else {
            return Generated::unknown();
        };
        let firsts = self.made_by(first.node, root, outer);
        let mut is_known = !firsts.elements.is_empty();
        let mut product = Vec::new();
        for first in all_of(firsts) {
            let mut named = first.clone();
            named.take(outer, |_, _| false);
            let seconds = self.made_by(second.node, root, &named);
            is_known |= !seconds.elements.is_empty();
            for second in all_of(seconds) {
                if !self.go && first.contradicts(&second) {
                    return Generated::unknown();
                }
                let mut both = first.clone();
                both.take(&second, |own, _| !own.is_empty());
                both.label_with(&second);
                product.push(both);
                if product.len() > MAX_ELEMENTS {
                    return Generated::unknown();
                }
            }
        }
        match is_known {
            true => Generated {
                elements: product,
                is_open: false,
            },
            false => Generated::unknown(),
        }
    }

    /// The elements of the first generator, each with what the others say of one with the same texts under the keys
    /// that are named. Where those texts are not known, an element may be meant or not: it counts both ways.
    pub(super) fn by_merge(
        &self,
        merge: NodeId,
        root: Option<&FilePath>,
        outer: &GeneratorElement,
    ) -> Generated {
        let doc = self.doc;
        let keys = doc.items_at(merge, &["mergeKeys"]);
        let keys: BTreeSet<String> = keys.iter().filter_map(|key| doc.text(key.node)).collect();
        let generators = doc.items_at(merge, &["generators"]);
        let [first, others @ ..] = &generators[..] else {
            return Generated::unknown();
        };
        if keys.is_empty() || others.is_empty() {
            return Generated::unknown();
        }
        let base = self.made_by(first.node, root, outer);
        let mut is_known = !base.elements.is_empty();
        let Some(mut merged) = self.by_keys(all_of(base), &keys) else {
            return Generated::unknown();
        };
        for other in others {
            let made = self.made_by(other.node, root, outer);
            is_known |= !made.elements.is_empty();
            // What is not known at all changes nothing that is known.
            let Some(overriding) = self.by_keys(made.elements, &keys) else {
                return Generated::unknown();
            };
            let certain: BTreeSet<MergeKey> = merged
                .iter()
                .filter(|(key, element)| is_certain(key, element))
                .map(|(key, _)| key.clone())
                .collect();
            let mut more = Vec::new();
            for (key, element) in &mut merged {
                for (other_key, other) in &overriding {
                    if is_certain(key, element) && is_certain(other_key, other) {
                        if key == other_key {
                            element.take(other, |_, text| self.go && text.is_empty());
                        }
                        continue;
                    }
                    let Some(both_keys) = both(key, other_key) else {
                        continue;
                    };
                    let mut variant = element.clone();
                    variant.take(other, |_, text| self.go && text.is_empty());
                    variant.label_with(other);
                    // What is known of those with these texts is known already.
                    if is_certain(key, element) || !certain.contains(&both_keys) {
                        more.push((both_keys, variant));
                    }
                }
            }
            merged.extend(more);
            if merged.len() > MAX_ELEMENTS {
                return Generated::unknown();
            }
        }
        match is_known {
            true => Generated {
                elements: merged.into_iter().map(|(_, element)| element).collect(),
                is_open: false,
            },
            false => Generated::unknown(),
        }
    }

    /// Elements with their texts under the keys of a merge; `None` if two have the same, which Argo CD refuses.
    fn by_keys(
        &self,
        elements: Vec<GeneratorElement>,
        keys: &BTreeSet<String>,
    ) -> Option<Vec<(MergeKey, GeneratorElement)>> {
        let mut seen = BTreeSet::new();
        let mut keyed = Vec::new();
        for element in elements {
            let key: MergeKey = keys.iter().map(|key| self.key_of(&element, key)).collect();
            // A stand-in is any number of elements, none of which need be like another.
            if !element.is_stand_in && !seen.insert(key.clone()) {
                return None;
            }
            keyed.push((key, element));
        }
        Some(keyed)
    }

    /// The text of an element under one key of a merge. With Go's templates a key is a name, and no path.
    fn key_of(&self, element: &GeneratorElement, key: &str) -> Option<String> {
        let is_path = self.go && key.contains('.');
        let text = element.field(key).filter(|_| !is_path)?;
        Some(text.to_owned())
    }
}

/// The elements that are known, and one that stands for the others.
fn all_of(made: Generated) -> Vec<GeneratorElement> {
    let mut elements = made.elements;
    if made.is_open {
        elements.push(GeneratorElement::stand_in());
    }
    elements
}

/// True if all texts under the keys of a merge are known: what a known element lacks is known, too.
fn is_certain(key: &MergeKey, element: &GeneratorElement) -> bool {
    !element.is_stand_in || key.iter().all(Option::is_some)
}

/// The texts of two that may be one, as far as these are known; `None` if they cannot be.
fn both(one: &MergeKey, other: &MergeKey) -> Option<MergeKey> {
    let texts = one.iter().zip(other).map(|pair| match pair {
        (Some(one), Some(other)) if one != other => None,
        (one, other) => Some(one.clone().or_else(|| other.clone())),
    });
    texts.collect()
}
