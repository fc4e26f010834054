//! The keys of one version of a chart, out of its files: what its `values.yaml` has, what it offers as a
//! comment, what only its templates look at.
//!
//! What is not sure errs on the side that raises no false alarm: a key that a template might read counts as
//! read, and below a map that templates take as a whole anything may stand.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, LazyLock},
};

use regex::Regex;

use super::offered::offered_options;
use crate::{
    chart::{Chart, reads::TemplateReads},
    values::{Map, Path, Segment, Value},
};

/// A key in one version: its path, and the fields of its row in keys.yaml but `in`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReadKey {
    /// The path, as a text of keys.yaml.
    pub path: Arc<str>,
    /// The fields, as the inside of a map in one line. Rows that are alike have the same text.
    pub fields: Arc<str>,
}

/// A key that is not in the chart's values.
pub(super) const UNDOCUMENTED: &str = "documented: false";

/// What was read of one version.
#[derive(Debug, Clone, Default)]
pub(super) struct ReadChart {
    /// The keys in their order.
    pub rows: Vec<ReadKey>,
    /// By file, the keys that the template of a workload reads.
    pub workloads: BTreeMap<String, HashSet<Arc<str>>>,
}

/// The keys of a chart, and which of them its workloads read.
pub(super) fn read_keys(chart: &Chart) -> ReadChart {
    let (reads, parts) = TemplateReads::with_workloads(chart, true);
    let rows = key_rows(chart, &reads);
    let paths: Vec<(Path, Arc<str>)> = rows
        .iter()
        .filter_map(|row| Some((row.path.parse().ok()?, Arc::clone(&row.path))))
        .collect();
    // Of what takes all values nothing can be told.
    let parts = parts.into_iter().filter(|(_, part)| !part.is_everything());
    let workloads = parts.map(|(file, part)| {
        // Most keys of a chart have nothing to do with one of its workloads.
        let firsts: HashSet<&Segment> = part.paths().filter_map(|p| p.segments().first()).collect();
        let near = paths
            .iter()
            .filter(|(path, _)| path.segments().first().is_some_and(|f| firsts.contains(f)));
        let read = near.filter(|(path, _)| part.is_read(path));
        (file, read.map(|(_, text)| Arc::clone(text)).collect())
    });
    ReadChart {
        workloads: workloads.collect(),
        rows,
    }
}

/// The keys of a chart in their order.
fn key_rows(chart: &Chart, reads: &TemplateReads) -> Vec<ReadKey> {
    let bundled: HashSet<&str> = chart.bundled_names.iter().map(String::as_str).collect();
    let takes_all = reads.is_everything();
    let blind = takes_all || includes_what_is_elsewhere(chart);
    let reader = KeyReader {
        reads,
        bundled,
        blind,
        takes_all,
        out: Vec::new(),
        known: BTreeMap::new(),
        whole: BTreeSet::new(),
    };
    reader.read_chart(chart)
}

struct KeyReader<'c> {
    reads: &'c TemplateReads,
    /// The keys that are handed on to other charts.
    bundled: HashSet<&'c str>,
    /// True if it cannot be told which keys are read.
    blind: bool,
    /// True if all values go where it cannot be told what is read of them.
    takes_all: bool,
    out: Vec<(Path, String)>,
    /// The same by path.
    known: BTreeMap<Path, String>,
    /// The maps below which anything may stand.
    whole: BTreeSet<Path>,
}

impl KeyReader<'_> {
    fn read_chart(mut self, chart: &Chart) -> Vec<ReadKey> {
        self.read_map(&Path::root(), &chart.defaults);
        let mut names: Vec<&str> = self.bundled.iter().copied().collect();
        names.sort_unstable();
        for name in names {
            let path = Path::root().key(name);
            if !self.out.iter().any(|(known, _)| *known == path) {
                self.out.push((path, "open: sub-chart".to_owned()));
            }
        }
        let text = chart.files.get("values.yaml").map_or("", String::as_str);
        self.known = self.out.iter().cloned().collect();
        self.take_offers(text);
        if self.takes_all {
            self.read_libraries(chart);
        }
        self.read_undocumented();
        let rows = self.out.into_iter().map(|(path, fields)| ReadKey {
            path: path.to_string().into(),
            fields: fields.into(),
        });
        rows.collect()
    }

    /// Takes in the first keys of libraries that are handed all values: in their maps users give the names, so anything
    /// may stand there.
    fn read_libraries(&mut self, chart: &Chart) {
        let libraries = chart.bundled.iter().filter(|bundled| bundled.is_library);
        for (key, value) in libraries.flat_map(|library| &library.defaults) {
            let path = Path::root().key(key);
            let fields = match value {
                Value::Map(_) | Value::Null => format!("{UNDOCUMENTED}, open: map"),
                _ => UNDOCUMENTED.to_owned(),
            };
            if !self.out.iter().any(|(known, _)| *known == path) {
                self.insert(self.out.len(), path, &fields);
            }
        }
    }

    fn read_map(&mut self, at: &Path, map: &Map) {
        for (key, value) in map {
            let path = at.key(key);
            self.read_value(&path, value);
            if at.is_root() && self.bundled.contains(key.as_str()) {
                self.out.push((path, "open: sub-chart".to_owned()));
            }
        }
    }

    fn read_value(&mut self, path: &Path, value: &Value) {
        let handed_on = matches!(
            path.segments().first(),
            Some(Segment::Key(key)) if self.bundled.contains(key.as_str()) || key == "global"
        );
        let top = path.depth() == 1;
        match value {
            Value::Map(map) if !map.is_empty() => {
                self.read_map(path, map);
                let own = !self.blind && !handed_on && self.reads.is_read_whole(path);
                if own {
                    self.out.push((path.clone(), "open: map".to_owned()));
                    self.whole.insert(path.clone());
                }
            }
            // What stands for itself here is the row of the bundled chart.
            _ if handed_on && top => {}
            leaf => {
                let json = serde_json::Value::from(leaf);
                let mut fields = format!("default: {json}");
                if leaf.is_null() && !handed_on && (self.blind || self.reads.is_read_whole(path)) {
                    fields.push_str(", open: map");
                    self.whole.insert(path.clone());
                }
                if !self.blind && !handed_on && !self.reads.is_read(path) {
                    fields.push_str(", read: \"no\"");
                }
                self.out.push((path.clone(), fields));
            }
        }
    }

    /// True if a key is one already, stands below one that takes anything, or above one.
    fn is_known(&self, path: &Path) -> bool {
        // What is below a path comes right behind it.
        let mut from = self.known.range(path..);
        if from.next().is_some_and(|(key, _)| key.starts_with(path)) {
            return true;
        }
        let segments = path.segments();
        let above = (1..segments.len()).map(|depth| Path::new(segments[..depth].to_vec()));
        above
            .filter_map(|above| self.known.get(&above))
            .any(|fields| {
                let may_be_a_map =
                    fields.starts_with("default: null") || fields.starts_with(UNDOCUMENTED);
                fields.contains("open: ") || !may_be_a_map
            })
    }

    /// Takes in a key at a place.
    fn insert(&mut self, at: usize, path: Path, fields: &str) {
        self.known.insert(path.clone(), fields.to_owned());
        self.out.insert(at, (path, fields.to_owned()));
    }

    /// True if only a library that is not at hand can read an option that is commented out in a map of the values. Where
    /// templates at hand name keys of that map, they name the others as well: a comment there that no template reads is
    /// an example of what users may put into a value. That holds only if all that these read can be told.
    fn is_left_to_a_library(&self, option: &Path) -> bool {
        let Some(parent) = option.parent().filter(|_| self.blind) else {
            return false;
        };
        let is_below = |read: &Path| read.depth() > parent.depth() && read.starts_with(&parent);
        self.takes_all
            || !parent.is_root() && self.reads.is_read_whole(&parent)
            || !self.reads.paths().any(is_below)
    }

    /// Takes in the options that are commented out, if a template reads them.
    fn take_offers(&mut self, text: &str) {
        // What was offered so far, and whether it is left to a library.
        let mut left: HashMap<Path, bool> = HashMap::new();
        for offer in offered_options(text) {
            let is_read = self.reads.paths().any(|read| read.starts_with(&offer.path));
            let above = offer.path.parent().and_then(|parent| left.get(&parent));
            let is_left = match above {
                // What stands below an option is as the option.
                Some(is_left) => *is_left,
                None => self.is_left_to_a_library(&offer.path),
            };
            left.insert(offer.path.clone(), is_left && !is_read);
            if !is_read && !is_left || self.is_known(&offer.path) {
                continue;
            }
            // It stands behind what is in front of it in the file.
            let after = offer.after.as_ref();
            let at = after.and_then(|after| {
                self.out
                    .iter()
                    .rposition(|(path, _)| path == after || path.starts_with(after))
            });
            let at = at.map_or(self.out.len(), |at| at + 1);
            self.insert(at, offer.path, UNDOCUMENTED);
        }
    }

    /// Takes in what only templates know.
    fn read_undocumented(&mut self) {
        let paths: Vec<Path> = self.reads.paths().cloned().collect();
        // What is below says more than what is above it, and comes right behind it.
        let next = paths.iter().skip(1).map(Some).chain([None]);
        let deepest = paths
            .iter()
            .zip(next)
            .filter(|(path, next)| next.is_none_or(|next| !next.starts_with(path)));
        let found: Vec<Path> = deepest.map(|(path, _)| path.clone()).collect();
        let mut last: HashMap<Path, usize> = HashMap::new();
        for path in found {
            let first = path.segments().first();
            // Templates that go through all values make no keys: every key would be one of the chart.
            let named =
                matches!(first, Some(Segment::Key(key)) if key != "global" && key != "tags");
            if !named || self.is_known(&path) {
                continue;
            }
            let parent = path.parent().unwrap_or_default();
            let at = last.get(&parent).copied().or_else(|| {
                (!parent.is_root()).then(|| {
                    self.out
                        .iter()
                        .rposition(|(known, _)| known.starts_with(&parent))
                })?
            });
            let at = at.map_or(self.out.len(), |at| at + 1);
            self.insert(at, path, UNDOCUMENTED);
            last.clear();
            last.insert(parent, at);
        }
    }
}

static INCLUDED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\b(?:include|template)\s+["`]([^"`]+)["`]"#).expect("a constant")
});
static DEFINED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"\b(?:define|block)\s+["`]([^"`]+)["`]"#).expect("a constant"));

/// True if templates include a definition of none of the files at hand: in a library that Helm would fetch, which may
/// read anything.
fn includes_what_is_elsewhere(chart: &Chart) -> bool {
    let all = chart.templates();
    let defined: HashSet<&str> = DEFINED
        .captures_iter(&all)
        .filter_map(|found| Some(found.get(1)?.as_str()))
        .collect();
    INCLUDED
        .captures_iter(&all)
        .filter_map(|found| Some(found.get(1)?.as_str()))
        .any(|name| !defined.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &str, template: &str) -> Chart {
        let files = [
            ("Chart.yaml", "name: c\nversion: 1.0.0\n"),
            ("values.yaml", values),
            ("templates/a.yaml", template),
        ];
        let files = files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
        Chart::from_files("c", files.into()).unwrap()
    }

    fn read(values: &str, template: &str) -> Vec<String> {
        let read = super::read_keys(&chart(values, template));
        read.rows
            .iter()
            .map(|row| format!("{}: {}", row.path, row.fields))
            .collect()
    }

    #[test]
    fn keys_come_in_the_order_of_the_file_with_who_reads_them() {
        let values = "b: 1\na:\n  x: yes\n  w: no\n  # z: 1\nm:\n  k: v\ndead: x\nnothing:\n";
        let template = "{{ .Values.b }}{{ if .Values.a.x }}{{ .Values.a.z }}{{ .Values.a.w }}{{ end }}\
                        {{ toYaml .Values.m }}{{ with .Values.nothing }}{{ toYaml . }}{{ end }}{{ .Values.a.hidden }}";
        assert_eq!(
            read(values, template),
            [
                "b: default: 1",
                "a.x: default: true",
                "a.w: default: false",
                "a.z: documented: false",
                "a.hidden: documented: false",
                "m.k: default: \"v\"",
                "m: open: map",
                "dead: default: \"x\", read: \"no\"",
                "nothing: default: null, open: map",
            ]
        );
    }

    #[test]
    fn templates_that_go_through_all_values_make_no_keys() {
        let template = "{{ range $k, $v := .Values }}{{ $v.port }}{{ end }}{{ .Values.b.c }}";
        assert_eq!(
            read("a: 1\n", template),
            ["a: default: 1", "b.c: documented: false"]
        );
    }

    #[test]
    fn examples_are_no_options_of_a_library_that_is_not_at_hand() {
        let values = "\
labels: {}
# team: crew
mast:
  height: 3
  # colour: red
  # rigging:
  #   rope: hemp
hull:
  length: 9
  # beam: 3
";
        // What the library is handed, or nobody at hand looks into, may have the option.
        let template = "{{ include \"fleet.name\" (dict \"of\" 1) }}{{ .Values.mast.height }}{{ .Values.mast.colour }}\
                        {{ toYaml .Values.labels }}";
        assert_eq!(
            read(values, template),
            [
                "labels: default: {}",
                "mast.height: default: 3",
                "mast.colour: documented: false",
                "hull.length: default: 9",
                "hull.beam: documented: false",
            ]
        );
    }

    #[test]
    fn options_count_where_all_values_go_where_nothing_can_be_told() {
        let values = "a:\n  x: 1\n  # y: 2\n";
        let template = "{{ .Values.a.x }}{{ include \"common.all\" . }}";
        assert_eq!(
            read(values, template),
            ["a.x: default: 1", "a.y: documented: false"]
        );
    }

    #[test]
    fn below_the_maps_of_a_library_that_is_handed_all_values_anything_may_stand() {
        let files = [
            ("Chart.yaml", "name: c\nversion: 1.0.0\n"),
            ("values.yaml", ""),
            ("templates/a.yaml", "{{ include \"common.all\" . }}"),
            (
                "charts/common/Chart.yaml",
                "name: common\nversion: 1.0.0\ntype: library\n",
            ),
            (
                "charts/common/values.yaml",
                "service: {main: {type: null}}\nargs: []\n",
            ),
            (
                "charts/common/templates/_all.tpl",
                "{{ define \"common.all\" }}{{ range $name, $one := .Values.service }}{{ toYaml (merge $one $.Values) }}{{ end }}{{ end }}",
            ),
        ];
        let files = files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
        let read = super::read_keys(&Chart::from_files("c", files.into()).unwrap());
        let rows: Vec<String> = read
            .rows
            .iter()
            .map(|row| format!("{}: {}", row.path, row.fields))
            .collect();
        let service = "service: documented: false, open: map";
        assert!(rows.iter().any(|row| row == service), "{rows:?}");
        assert!(
            rows.iter().any(|row| row == "args: documented: false"),
            "{rows:?}"
        );
    }

    #[test]
    fn what_a_library_may_read_is_read() {
        let values = "a: 1\n# b: 2\n";
        let template = "{{ include \"common.all\" . }}";
        assert_eq!(
            read(values, template),
            ["a: default: 1", "b: documented: false"]
        );
    }
}
