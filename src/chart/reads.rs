//! The values that a chart's templates look at.
//!
//! The templates are gone through with what each expression can be ([`super::template`]): what `with` and `range`
//! bind, what variables hold, what an `include` is given. It errs on one side only: a value that might be read counts
//! as read. Templates that nothing includes read nothing, and a bundled chart reads what stands below its name.
//! What is not read so has no effect, and needs no rendering.
//!
//! Where users give the names (`range $name, $port := .Values.ports`), `*` stands for them.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Chart,
    template::{TemplateNode, TemplateWalk, ValuesRead, parse},
};
use crate::values::{Map, Path, Value, coalesce::GLOBAL, merge::merge_below};

/// The values that a chart's templates look at.
#[derive(Debug, Clone)]
pub struct TemplateReads {
    /// True if something reads them all.
    everything: bool,
    /// Places that are looked at, and those that are taken with all that is below.
    looked: BTreeSet<Path>,
    taken: BTreeSet<Path>,
    /// Both, as authors of packs want to see them.
    paths: BTreeSet<Path>,
    /// True if values are rendered as templates, so that they can read values themselves.
    renders_values: bool,
    /// The chart's own values, with those of bundled charts below their names.
    defaults: Arc<Value>,
    /// Each file of templates, with where the values of its chart stand; what only defines has none.
    trees: Vec<ParsedTemplate>,
}

/// A template.
#[derive(Debug, Clone)]
struct ParsedTemplate {
    /// The name for `include`.
    name: String,
    nodes: Arc<Vec<TemplateNode>>,
    /// The path of its chart's values; `None` for one that is not rendered by itself.
    values: Option<Path>,
}

impl TemplateReads {
    /// The values that the templates of a chart look at.
    #[must_use]
    pub fn of(chart: &Chart) -> Self {
        Self::with_workloads(chart, false).0
    }

    /// The same, and if it is wanted what each template of a workload looks at by itself, by the name of its file.
    #[must_use]
    pub fn with_workloads(chart: &Chart, wanted: bool) -> (Self, Vec<(String, Self)>) {
        let mut reads = Self {
            everything: false,
            looked: BTreeSet::new(),
            taken: BTreeSet::new(),
            paths: BTreeSet::new(),
            renders_values: false,
            defaults: Arc::new(Value::Map(default_values(chart))),
            trees: Vec::new(),
        };
        let mut seen = ValuesRead::default();
        reads.gather_reads(chart, &Path::root(), &mut seen, 0);
        let workloads: Vec<&str> = match wanted {
            true => chart.workloads().collect(),
            false => Vec::new(),
        };
        let parts = reads.walk_templates(seen, &format!("{}/", chart.name), &workloads);
        reads.and_values(&Arc::clone(&reads.defaults));
        (reads, parts)
    }

    /// Takes in the templates of a chart whose values stand at a place, and what reads them beside templates.
    fn gather_reads(&mut self, chart: &Chart, at: &Path, seen: &mut ValuesRead, depth: usize) {
        let templates = chart
            .files
            .iter()
            .filter(|(name, _)| name.starts_with("templates/"));
        let uses_files = templates.clone().any(|(_, text)| text.contains(".Files"));
        // `tpl (.Files.Get "x") .` makes a template of any file; without `.Files` no template gets at one.
        let others = chart.files.iter().filter(|(name, text)| {
            uses_files && !name.starts_with("templates/") && text.contains("{{")
        });
        for (name, text) in templates.chain(others) {
            // The texts in `values.yaml` are no template by themselves: `and_values` looks at them.
            let rendered = !chart.is_library && name != "values.yaml";
            self.trees.push(ParsedTemplate {
                name: format!("{}/{name}", chart.name),
                nodes: Arc::new(parse(text)),
                values: rendered.then(|| at.clone()),
            });
        }
        for condition in &chart.conditions {
            seen.looked
                .insert(at.concat(&Path::keys(condition.split('.'))));
        }
        if !chart.bundled_names.is_empty() {
            // Helm itself reads these to switch bundled charts on and off.
            seen.taken.insert(at.key("tags"));
        }
        for name in &chart.bundled_names {
            match chart.bundled_as(name) {
                Some(bundled) if depth < MAX_DEPTH => {
                    self.gather_reads(bundled, &at.key(name), seen, depth + 1);
                }
                _ => {
                    // It is not here, and may read anything.
                    seen.taken.insert(at.key(name));
                    seen.taken.insert(Path::root().key(GLOBAL));
                }
            }
        }
    }

    /// Goes through all templates, and once more through some files of the chart itself, each alone.
    fn walk_templates(
        &mut self,
        seen: ValuesRead,
        folder: &str,
        alone: &[&str],
    ) -> Vec<(String, Self)> {
        let trees = self.trees.clone();
        let mut walk = TemplateWalk::default();
        walk.seen = seen;
        for tree in &trees {
            walk.define_templates(&tree.nodes);
            walk.named.entry(&tree.name).or_default().push(&tree.nodes);
        }
        // Again, until what templates put into values is known everywhere.
        for _ in 0..MOST_ROUNDS {
            let known = walk.size_of_meanings();
            for tree in &trees {
                if let Some(values) = &tree.values {
                    walk.walk_template(&tree.nodes, values);
                }
            }
            if walk.size_of_meanings() == known {
                break;
            }
            walk.start_again();
        }
        let seen = std::mem::take(&mut walk.seen);
        let mut parts = Vec::new();
        for tree in &trees {
            let name = tree.name.strip_prefix(folder).unwrap_or_default();
            let values = tree.values.as_ref().filter(|values| values.is_root());
            let (true, Some(values)) = (alone.contains(&name), values) else {
                continue;
            };
            walk.start_again();
            walk.walk_template(&tree.nodes, values);
            let mut part = Self {
                everything: false,
                looked: BTreeSet::new(),
                taken: BTreeSet::new(),
                paths: BTreeSet::new(),
                renders_values: false,
                defaults: Arc::clone(&self.defaults),
                trees: Vec::new(),
            };
            part.take_in(std::mem::take(&mut walk.seen));
            parts.push((name.to_owned(), part));
        }
        self.take_in(seen);
        parts
    }

    fn take_in(&mut self, seen: ValuesRead) {
        self.renders_values |= seen.renders_values;
        self.everything |= seen.taken.contains(&Path::root());
        let no_root = |path: &Path| !path.is_root();
        self.looked.extend(seen.looked.into_iter().filter(no_root));
        self.taken.extend(seen.taken.into_iter().filter(no_root));
        // An entry of a list is nobody's key.
        let is_key = |path: &&Path| {
            path.segments().iter().enumerate().all(|(at, segment)| {
                !segment.is_wildcard() || {
                    let above = Path::new(path.segments()[..at].to_vec());
                    let found = above.find(&self.defaults);
                    found
                        .iter()
                        .any(|found| matches!(found.value, Value::Map(map) if !map.is_empty()))
                }
            })
        };
        let paths: Vec<Path> = self
            .looked
            .iter()
            .chain(&self.taken)
            .filter(is_key)
            .cloned()
            .collect();
        self.paths.extend(paths);
    }

    /// True if a template may look at a value.
    #[must_use]
    pub fn is_read(&self, path: &Path) -> bool {
        self.everything
            || self.taken.iter().any(|read| read.may_overlap(path))
            || self.looked.iter().any(|read| {
                read.may_overlap(path)
                    && (path.depth() <= read.depth() || !self.is_map(path, read.depth()))
            })
    }

    /// True if the value above a path is a map with keys of the chart's own: then it is there whatever a user puts into
    /// it.
    fn is_map(&self, path: &Path, depth: usize) -> bool {
        let above = Path::new(path.segments()[..depth].to_vec());
        matches!(above.get(&self.defaults), Some(Value::Map(map)) if !map.is_empty())
    }

    /// True if all values are handed to something, so that nothing is known of single ones.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.everything
    }

    /// The places that are looked at, as the templates name them.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.paths.iter()
    }

    /// True if a template looks at this place, or at one below it.
    #[must_use]
    pub fn is_named(&self, path: &Path) -> bool {
        // What is below a path comes right behind it.
        let mut from = self.paths.range(path..);
        from.next().is_some_and(|read| read.starts_with(path))
    }

    /// True if a template hands just this place to something which can make anything of a map there: the keys below it
    /// may be the user's own.
    #[must_use]
    pub fn is_read_whole(&self, path: &Path) -> bool {
        self.taken.contains(path)
    }

    /// The places that are looked at below the names of maps that are empty by default, with `*` for a name.
    pub fn below_names(&self) -> impl Iterator<Item = &Path> {
        let is_map = |path: &Path| {
            path.segments().iter().enumerate().all(|(at, segment)| {
                let above = Path::new(path.segments()[..at].to_vec());
                // No default can be found below a map without entries.
                !segment.is_wildcard()
                    || !above.is_concrete()
                    || !above.is_root() && matches!(above.get(&self.defaults), Some(Value::Map(_)))
            })
        };
        let all = self.looked.iter().chain(&self.taken);
        all.filter(move |path| !path.is_concrete() && !self.paths.contains(*path) && is_map(path))
    }

    /// True if templates go through the entries of a map: `*` stands for their names at the end of such a path.
    #[must_use]
    pub fn is_entered(&self, path: &Path) -> bool {
        self.looked.contains(path) || self.taken.contains(path)
    }

    /// Takes in what a user's own values look at, if the chart renders values as templates.
    pub fn and_values(&mut self, values: &Value) {
        if !self.renders_values {
            return;
        }
        let mut texts = Vec::new();
        collect_strings(values, &mut texts);
        if texts.is_empty() {
            return;
        }
        let trees = self.trees.clone();
        let contexts: BTreeSet<Path> = trees
            .iter()
            .filter_map(|tree| tree.values.clone())
            .collect();
        let parsed: Vec<Vec<TemplateNode>> = texts.iter().map(|text| parse(text)).collect();
        let mut walk = TemplateWalk::default();
        for tree in &trees {
            walk.define_templates(&tree.nodes);
            walk.named.entry(&tree.name).or_default().push(&tree.nodes);
        }
        for nodes in &parsed {
            walk.define_templates(nodes);
        }
        for nodes in &parsed {
            for context in &contexts {
                walk.walk_template(nodes, context);
            }
        }
        let seen = std::mem::take(&mut walk.seen);
        self.take_in(seen);
    }
}

/// The greatest number of rounds through templates.
const MOST_ROUNDS: usize = 3;
/// The depth to which bundled charts are followed.
const MAX_DEPTH: usize = 8;

/// The chart's own values, over those of bundled charts below their names.
fn default_values(chart: &Chart) -> Map {
    let mut all = chart.defaults.clone();
    merge_below(&mut all, bundled_defaults(chart, &|_| true, 0));
    all
}

/// The values of the charts that one bundles, as far as they are wanted, below their names.
pub(crate) fn bundled_defaults(
    chart: &Chart,
    is_wanted: &impl Fn(&Chart) -> bool,
    depth: usize,
) -> Map {
    let mut all = Map::new();
    for name in chart.bundled_names.iter().filter(|_| depth < MAX_DEPTH) {
        if let Some(bundled) = chart.bundled_as(name).filter(|bundled| is_wanted(bundled)) {
            let mut own = bundled.defaults.clone();
            merge_below(&mut own, bundled_defaults(bundled, is_wanted, depth + 1));
            all.insert(name.clone(), Value::Map(own));
        }
    }
    all
}

fn collect_strings(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains("{{") => out.push(text.clone()),
        Value::List(items) => items.iter().for_each(|item| collect_strings(item, out)),
        Value::Map(map) => map.values().for_each(|value| collect_strings(value, out)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(templates: &[(&str, &str)]) -> TemplateReads {
        let files = templates
            .iter()
            .map(|(name, text)| (format!("templates/{name}"), (*text).to_owned()))
            .collect();
        TemplateReads::of(&Chart {
            files,
            ..Chart::default()
        })
    }

    fn of(templates: &[(&str, &str)], values: &str) -> TemplateReads {
        let mut files: std::collections::BTreeMap<String, Vec<u8>> = templates
            .iter()
            .map(|(name, text)| (format!("templates/{name}"), text.as_bytes().to_vec()))
            .collect();
        files.insert(
            "Chart.yaml".to_owned(),
            b"name: a\nversion: 1.0.0\n".to_vec(),
        );
        files.insert("values.yaml".to_owned(), values.as_bytes().to_vec());
        TemplateReads::of(&Chart::from_files("a", files).unwrap())
    }

    fn read(reads: &TemplateReads, path: &str) -> bool {
        reads.is_read(&path.parse().unwrap())
    }

    #[test]
    fn a_path_reads_itself_and_everything_below() {
        let reads = reads(&[(
            "a.yaml",
            "a: {{ .Values.image.tag | quote }}\n{{- with $.Values.extra }}{{ toYaml . }}{{ end }}\nb: {{ index .Values \"odd-key\" \"x\" }}\n{{/* .Values.told */}}",
        )]);
        for path in ["image.tag", "extra.any.thing", "odd-key.x.y", "image"] {
            assert!(read(&reads, path), "{path}");
        }
        for path in ["image.repository", "other", "odd-key.z", "told"] {
            assert!(!read(&reads, path), "{path}");
        }
    }

    #[test]
    fn what_is_bound_is_followed_to_where_it_is_used() {
        let reads = of(
            &[
                (
                    "_h.tpl",
                    r#"{{ define "port" }}{{ .port.expose }}{{ with .root.Values.only }}{{ .this }}{{ end }}{{ end }}
                       {{ define "own" }}{{ .Values.through.dot }}{{ end }}"#,
                ),
                (
                    "a.yaml",
                    r#"{{ $v := .Values.bound }}{{ $v.x }}{{ range $name, $port := .Values.ports }}
                       {{ include "port" (dict "root" $ "port" $port) }}{{ if $port.open }}x{{ end }}{{ end }}
                       {{ template "own" . }}{{ if hasKey .Values.asked "old" }}{{ fail "gone" }}{{ end }}
                       {{ (default dict .Values.group).inner }}{{ dig "a" "b" 1 .Values.dug }}
                       {{ with .Values.dumped }}{{ toYaml . | nindent 2 }}{{ end }}
                       {{ $c := .Values.list | first }}{{ $_ := set .Values "put" .Values.behind }}{{ .Values.put.z }}"#,
                ),
            ],
            "ports: {web: {expose: 1, open: 1, old: 1}}
bound: {x: 1, y: 1}
only: {this: 1, that: 1}
through: {dot: 1, no: 1}
asked: {k: 1}
group: {inner: 1, no: 1}
dug: {a: {b: 1, c: 1}}
behind: {z: 1, y: 1}
",
        );
        for path in [
            "bound.x",
            "ports.web.expose",
            "ports.web.open",
            "only.this",
            "through.dot",
            "asked.old",
            "group.inner",
            "dug.a.b",
            "dumped.any.thing",
            "list",
            "behind.z",
            // A port of the user's own is there because of whatever is set in it.
            "ports.mine.whatever",
        ] {
            assert!(read(&reads, path), "{path}");
        }
        for path in [
            "bound.y",
            "ports.web.old",
            "only.that",
            "through.no",
            "asked.k",
            "group.no",
            "dug.a.c",
            "behind.y",
        ] {
            assert!(!read(&reads, path), "{path}");
        }
        let paths: Vec<String> = reads.paths().map(ToString::to_string).collect();
        assert!(paths.contains(&"ports.*.expose".to_owned()), "{paths:?}");
    }

    /// Charts of before Helm 3 list there what they bring along, and Helm reads it to this day.
    #[test]
    fn charts_that_requirements_list_read_below_their_names() {
        let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
        let files = [
            file("Chart.yaml", "apiVersion: v1\nname: a\nversion: 1.0.0\n"),
            file(
                "requirements.yaml",
                "dependencies:\n- {name: postgresql, version: 8.6.8, condition: postgresql.enabled}\n- {name: cache, alias: store}\n",
            ),
            file("templates/a.yaml", "{{ .Values.port }}"),
        ];
        let reads = TemplateReads::of(&Chart::from_files("a", files.into()).unwrap());
        for path in [
            "port",
            "postgresql.enabled",
            "postgresql.user",
            "store.size",
        ] {
            assert!(read(&reads, path), "{path}");
        }
        for path in ["cache.size", "user"] {
            assert!(!read(&reads, path), "{path}");
        }
    }

    #[test]
    fn bundled_charts_read_below_their_names_and_what_is_not_here_reads_all() {
        let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
        let files = [
            file(
                "Chart.yaml",
                "name: a\nversion: 1.0.0\ndependencies:\n- {name: db, alias: store, condition: store.enabled}\n- {name: lib}\n- {name: elsewhere}\n",
            ),
            file("templates/a.yaml", "{{ include \"lib.name\" . }}"),
            file("charts/db/Chart.yaml", "name: db\nversion: 1.0.0\n"),
            file(
                "charts/db/templates/a.yaml",
                "{{ .Values.user }}{{ .Values.global.zone }}{{ include \"lib.name\" . }}",
            ),
            file(
                "charts/lib/Chart.yaml",
                "name: lib\nversion: 1.0.0\ntype: library\n",
            ),
            file(
                "charts/lib/templates/_a.tpl",
                "{{ define \"lib.name\" }}{{ .Values.name }}{{ end }}{{ .Values.never }}",
            ),
        ];
        let reads = TemplateReads::of(&Chart::from_files("a", files.into()).unwrap());
        for path in [
            "store.user",
            "store.enabled",
            "store.name",
            "name",
            "global.zone",
            "elsewhere.x.y",
        ] {
            assert!(read(&reads, path), "{path}");
        }
        for path in ["store.password", "user", "never"] {
            assert!(!read(&reads, path), "{path}");
        }
    }

    #[test]
    fn braces_in_a_text_end_no_action() {
        let reads = reads(&[(
            "a.yaml",
            "{{ printf \"{{ $x }} \\\" %s\" .Values.a }}{{ print `}}` .Values.b }}{{- print '}' .Values.c -}}{{ dict }} it's {{ .Values.d }} isn't {{ \"}}\" | eq .Values.e }}",
        )]);
        for path in ["a", "b", "c", "d", "e"] {
            assert!(read(&reads, path), "{path}");
        }
    }

    #[test]
    fn a_users_own_text_can_include_a_helper() {
        let mut reads = reads(&[
            (
                "_h.tpl",
                "{{ define \"url\" }}{{ .Values.domain }}{{ end }}",
            ),
            ("a.yaml", "{{ tpl .Values.text . }}"),
        ]);
        assert!(!read(&reads, "domain"));
        let mut map = crate::values::Map::new();
        map.insert("text".to_owned(), "{{ include \"url\" . }}".into());
        reads.and_values(&Value::Map(map));
        assert!(read(&reads, "domain"));
    }

    #[test]
    fn values_as_a_map_are_the_values() {
        let reads = of(
            &[
                (
                    "_a.tpl",
                    r#"{{ define "tag" }}{{ $dot := (index .a 0) }}{{ $values := $dot.Values.AsMap }}{{ $values.image.tag }}{{ end }}"#,
                ),
                ("a.yaml", r#"{{ include "tag" (dict "a" (list .)) }}"#),
            ],
            "image: {tag: a, name: b}\n",
        );
        assert!(read(&reads, "image.tag"));
        assert!(!read(&reads, "image.name"));
    }

    #[test]
    fn only_templates_that_are_included_read() {
        let reads = reads(&[
            (
                "_a.tpl",
                "{{ define \"used\" }}{{ if .Values.x }}{{ include \"inner\" . }}{{ end }}{{ .Values.y }}{{ end }}{{ define \"unused\" }}{{ .Values.z }}{{ end }}{{ define \"inner\" }}{{ .Values.w }}{{ end }}",
            ),
            ("b.yaml", "{{ include \"used\" . }}"),
        ]);
        assert!(read(&reads, "x") && read(&reads, "y") && read(&reads, "w"));
        assert!(!read(&reads, "z"));
    }

    #[test]
    fn values_handed_on_whole_are_all_read() {
        assert!(read(
            &reads(&[("a.yaml", "{{ toYaml .Values }}")]),
            "anything"
        ));
        assert!(read(
            &reads(&[(
                "a.yaml",
                "{{ include (print \"x\") . }}{{ define \"q\" }}{{ .Values.k }}{{ end }}"
            )]),
            "k"
        ));
    }

    #[test]
    fn values_that_are_rendered_can_read_values() {
        let mut reads = reads(&[("a.yaml", "{{ tpl .Values.host . }}")]);
        assert!(!read(&reads, "domain"));
        let mut map = crate::values::Map::new();
        map.insert("host".to_owned(), "x.{{ .Values.domain }}".into());
        reads.and_values(&Value::Map(map));
        assert!(read(&reads, "domain"));
    }
}
