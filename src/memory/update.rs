//! The new text of `refit.yaml` after releases were brought to a version. Nothing but what changed in it
//! is touched: it is a file that people keep, too.

use std::{collections::HashMap, path::Path};

use indexmap::IndexMap;

use super::{
    project::{NAME, ReleaseRecord},
    reader::{MemoryError, error_at},
};
use crate::{
    edit::{key_source, new_value},
    values::{Map, Value, view::View, write::Quotes},
    yaml::{self, NodeId, Tree, Want, WantEntry, WantKey},
};

/// The beginning of a new file.
pub const HEADER: &str = "\
# What refit knows of this project: its releases, the chart version that their values are for, and what
# was answered. `refit upgrade --write` keeps it up to date; it belongs in version control.
refit: 1
releases:
";

/// The text with releases as they are now. `None` as the text: a new file.
///
/// # Errors
///
/// If the text cannot be edited so.
pub fn update_text(
    text: Option<&str>,
    releases: &IndexMap<String, ReleaseRecord>,
) -> Result<String, MemoryError> {
    let failed = |message: String| error_at(NAME, message, "mend the file, and run refit again");
    let text = text.unwrap_or(HEADER);
    let tree = Tree::parse(text).map_err(|e| failed(e.to_string()))?;
    let Some(document) = tree.documents().first() else {
        return update_text(None, releases);
    };
    let view = View::new(&tree, document.root);
    let writer = EntryUpdater { view: &view };
    let releases = releases
        .iter()
        .map(|(name, remembered)| (name.clone(), Value::Map(release_fields(remembered))));
    let releases = Map::from_iter([("releases".to_owned(), Value::Map(releases.collect()))]);
    let want = writer
        .put_entries(document.root, &releases, Depth::File)
        .map_err(failed)?;
    let rewrite = yaml::rewrite(&tree, document.root, &want).map_err(|e| failed(e.to_string()))?;
    Ok(rewrite.edits.apply(text))
}

/// The fields of a release, as they are written.
fn release_fields(remembered: &ReleaseRecord) -> Map {
    let text = |text: &str| Value::String(text.to_owned());
    let list = |items: Vec<String>| Value::List(items.into_iter().map(Value::String).collect());
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| _ = fields.insert(key.to_owned(), value);
    if let Some(chart) = &remembered.chart {
        put("chart", text(chart));
    }
    if let Some(version) = &remembered.version {
        put("version", text(&version.to_string()));
    }
    put(
        "layers",
        list(
            remembered
                .layers
                .iter()
                .map(|layer| shown_path(layer))
                .collect(),
        ),
    );
    if !remembered.answers.is_empty() {
        let answers = remembered.answers.iter().map(|(id, answer)| {
            let mut map = Map::from_iter([("option".to_owned(), text(&answer.option))]);
            let texts = |entries: &mut dyn Iterator<Item = (&String, &String)>| {
                Value::Map(
                    entries
                        .map(|(key, value)| (key.clone(), text(value)))
                        .collect(),
                )
            };
            if !answer.inputs.is_empty() {
                map.insert("inputs".to_owned(), texts(&mut answer.inputs.iter()));
            }
            if let Some(evidence) = &answer.evidence {
                map.insert("evidence".to_owned(), texts(&mut evidence.iter()));
            }
            (id.clone(), Value::Map(map))
        });
        put("answers", Value::Map(answers.collect()));
    }
    if !remembered.skip.is_empty() {
        put("skip", list(remembered.skip.clone()));
    }
    if !remembered.digests.is_empty() {
        let digests = remembered.digests.iter();
        let digests = digests.map(|(layer, digest)| (layer.clone(), text(digest)));
        put("digests", Value::Map(digests.collect()));
    }
    if let Some(upgrade) = &remembered.upgraded {
        let mut entries = vec![("from", text(&upgrade.from)), ("pack", text(&upgrade.pack))];
        if !upgrade.steps.is_empty() {
            entries.push(("steps", list(upgrade.steps.clone())));
        }
        let entries = entries.into_iter();
        let entries = entries.map(|(key, value)| (key.to_owned(), value));
        put("upgraded", Value::Map(entries.collect()));
    }
    fields
}

fn shown_path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The depth of a map in the file.
#[derive(Clone, Copy)]
enum Depth {
    File,
    Releases,
    Release,
}

struct EntryUpdater<'v> {
    view: &'v View<'v>,
}

impl EntryUpdater<'_> {
    /// The map with these entries. Equal entries are not touched; entries that are not named stay.
    fn put_entries(&self, node: NodeId, entries: &Map, depth: Depth) -> Result<Want, String> {
        let fault = |e: crate::values::ReadError| e.kind.to_string();
        let there = self.view.entries(node).map_err(fault)?.entries;
        let places: HashMap<&str, usize> = there
            .iter()
            .enumerate()
            .map(|(at, entry)| (&*entry.name, at))
            .collect();
        let mut wanted: Vec<WantEntry> = there
            .iter()
            .map(|entry| WantEntry {
                key: WantKey::Entry(entry.key),
                value: Want::Node(entry.value),
            })
            .collect();
        for (key, value) in entries {
            match places.get(key.as_str()) {
                Some(at) => {
                    wanted[*at].value = self.put_over(there[*at].value, key, value, depth)?
                }
                None => wanted.push(WantEntry {
                    key: WantKey::New(key_source(key).map_err(|e| e.to_string())?),
                    value: new_value(value, Quotes::None).map_err(|e| e.to_string())?,
                }),
            }
        }
        // The `releases:` of a new file is null, and no map to edit.
        let is_map = matches!(
            self.view.kind(node),
            Ok(crate::values::view::ValueKind::Map)
        );
        Ok(Want::Map {
            base: is_map.then_some(node),
            entries: wanted,
        })
    }

    /// The text in place of an entry that is there.
    fn put_over(
        &self,
        node: NodeId,
        key: &str,
        value: &Value,
        depth: Depth,
    ) -> Result<Want, String> {
        match (value, depth) {
            (Value::Map(map), Depth::File) => self.put_entries(node, map, Depth::Releases),
            (Value::Map(map), Depth::Releases) => self.put_entries(node, map, Depth::Release),
            _ => match (self.view.value(node), value) {
                // What is equal stays as it is written, with its comments and quotes.
                (Ok(now), _) if now == *value => Ok(Want::Node(node)),
                (_, Value::Map(map)) if key != "answers" => self.replace_entries(node, map),
                _ => new_value(value, Quotes::None).map_err(|e| e.to_string()),
            },
        }
    }

    /// A map with exactly these entries.
    fn replace_entries(&self, node: NodeId, map: &Map) -> Result<Want, String> {
        let entries = self.view.entries(node).map_err(|e| e.kind.to_string())?;
        let mut wanted = Vec::new();
        for (key, value) in map {
            let there = entries.entries.iter().find(|entry| entry.name == *key);
            let new = new_value(value, Quotes::None).map_err(|e| e.to_string())?;
            wanted.push(match there {
                Some(entry) => WantEntry {
                    key: WantKey::Entry(entry.key),
                    value: match self.view.value(entry.value) {
                        Ok(now) if now == *value => Want::Node(entry.value),
                        _ => new,
                    },
                },
                None => WantEntry {
                    key: WantKey::New(key_source(key).map_err(|e| e.to_string())?),
                    value: new,
                },
            });
        }
        let is_map = matches!(
            self.view.kind(node),
            Ok(crate::values::view::ValueKind::Map)
        );
        Ok(Want::Map {
            base: is_map.then_some(node),
            entries: wanted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::project::parse;

    fn one(name: &str, release: ReleaseRecord) -> IndexMap<String, ReleaseRecord> {
        [(name.to_owned(), release)].into()
    }

    fn release(version: &str) -> ReleaseRecord {
        ReleaseRecord {
            chart: Some("arroyo".to_owned()),
            version: Some(version.parse().unwrap()),
            layers: vec!["base.yaml".into(), "prod.yaml".into()],
            digests: [("prod.yaml".to_owned(), "sha256:12".to_owned())].into(),
            ..ReleaseRecord::default()
        }
    }

    #[test]
    fn a_new_file_says_what_it_was_told() {
        let text = update_text(None, &one("prod", release("0.15.0"))).unwrap();
        insta::assert_snapshot!(text);
        let file = parse("refit.yaml", text.as_bytes()).unwrap();
        assert_eq!(file.releases["prod"], release("0.15.0"));
    }

    #[test]
    fn only_what_changed_is_touched() {
        let text = "refit: 1 # ours\nreleases:\n  # the big one\n  prod:\n    version: 0.10.3   # helm list\n    chart: arroyo\n    layers: [base.yaml, prod.yaml]\n  other: {layers: [x.yaml]}\n";
        let after = update_text(Some(text), &one("prod", release("0.15.0"))).unwrap();
        insta::assert_snapshot!(after);
        let again = update_text(Some(&after), &one("prod", release("0.15.0"))).unwrap();
        assert_eq!(again, after);
    }
}
