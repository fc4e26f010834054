//! A chart's keys: what can be set, what stands there by default, and what is said of it.
//!
//! Beside its defaults a chart has options that stand commented out in its `values.yaml`, and maps whose keys users
//! name. An option that is commented out is a key like any other here, if a template reads it; and the name that an
//! example has is the one to take where a chart's defaults have none.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    candidates::NameWords,
    hints::TextHints,
    written::{WrittenKey, written},
};
use crate::{
    chart::{
        Chart,
        reads::{TemplateReads, bundled_defaults},
        schema::Schema,
    },
    values::{Map, Path, Segment, Value, leaves, merge::merge_below},
};

/// The number of the chart's own names that are tried where users give names.
const MOST_NAMES: usize = 2;
/// The name where nobody gives one.
const MADE_UP: &str = "main";
/// Deeper examples are no options.
const MAX_DEPTH: usize = 12;

/// A chart's keys.
#[derive(Debug)]
pub struct ChartKeys {
    /// The values that its templates look at.
    pub reads: Arc<TemplateReads>,
    /// Its own defaults.
    pub defaults: Value,
    /// The same, over those of the charts that it bundles, below their names.
    all_defaults: Value,
    /// Keys that a value can be put at: leaves of the defaults, options that are commented out, and what templates
    /// look at beyond them. With `*` where users give the names.
    paths: BTreeSet<Path>,
    /// The same, with those below names of maps that are empty by default, and the words of each.
    places: Vec<(Path, NameWords)>,
    /// The comment above each key, in words.
    comments: BTreeMap<Path, BTreeSet<String>>,
    /// The values to which options that are commented out are set there.
    documented: BTreeMap<Path, Value>,
    /// The words of its texts on keys.
    pub(super) hints: TextHints,
    /// The keys that its schema refuses.
    pub(super) schema: Schema,
}

/// The source of the name of a map's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameSource {
    /// The chart or the user has the entry.
    There,
    /// The chart has it as an example only, and any other name would do.
    Example,
    /// Nobody names it.
    MadeUp,
}

impl ChartKeys {
    /// Reads a chart.
    #[must_use]
    pub fn of(chart: &Chart) -> Self {
        let reads = chart.reads();
        let mut defaults = chart.defaults.clone();
        let mut texts = vec![(Path::root(), text(chart))];
        // A library that is handed all values brings the keys that they may have, with its own defaults.
        let mut libraries: Vec<Path> = Vec::new();
        for library in chart.bundled.iter().filter(|chart| chart.is_library) {
            if reads.is_everything() {
                merge_below(&mut defaults, library.defaults.clone());
                texts.push((Path::root(), text(library)));
                libraries.push(Path::root().key(&library.name));
            }
        }
        let mut all_defaults = defaults.clone();
        let is_own = |bundled: &Chart| !bundled.is_library;
        merge_below(&mut all_defaults, bundled_defaults(chart, &is_own, 0));
        let mut hints = TextHints::of(chart);
        bundled_charts(chart, &Path::root(), 0, &mut |at, bundled| {
            texts.push((at.clone(), text(bundled)));
            hints.gather(bundled, at);
        });
        let mut paths: BTreeSet<Path> = leaves(&all_defaults)
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        let defaults = Value::Map(defaults);
        let all_defaults = Value::Map(all_defaults);
        let mut comments = BTreeMap::new();
        let mut documented = BTreeMap::new();
        let options = texts.into_iter().flat_map(|(at, text)| {
            let options = written(text).into_iter();
            options.map(move |option| (at.concat(&option.path), option))
        });
        for (path, option) in options {
            let WrittenKey {
                comment,
                said,
                example,
                ..
            } = option;
            hints.comment(&path, &said);
            if let Some(value) = example
                && path.depth() <= MAX_DEPTH
                && has_room(&path, &all_defaults)
            {
                documented.entry(path.clone()).or_insert(value);
            }
            if !comment.is_empty() {
                comments.entry(path).or_insert(comment);
            }
        }
        // What has others below it is no option itself.
        let inner = documented.keys().filter(|path| {
            let mut below = documented.range::<Path, _>(*path..).map(|(path, _)| path);
            !below.nth(1).is_some_and(|next| next.starts_with(path))
        });
        paths.extend(inner.cloned());
        let mut paths: BTreeSet<Path> = paths
            .into_iter()
            .filter(|path| reads.is_read(path))
            .collect();
        let general: Vec<Path> = documented
            .keys()
            .filter(|path| paths.contains(*path))
            .filter_map(|path| generalised(path, &reads))
            .collect();
        paths.extend(general);
        paths.extend(reads.paths().cloned());
        // The same keys are there below the library's name, too, and nobody writes them so.
        let is_own = |path: &Path| !libraries.iter().any(|library| path.starts_with(library));
        paths.retain(is_own);
        let mut places: BTreeSet<&Path> = paths.iter().collect();
        places.extend(reads.below_names().filter(|path| is_own(path)));
        let places = places
            .into_iter()
            .map(|path| (path.clone(), NameWords::of(path)))
            .collect();
        Self {
            reads,
            defaults,
            all_defaults,
            paths,
            places,
            comments,
            documented,
            hints,
            schema: Schema::of(chart),
        }
    }

    /// True if a map of the user's own stands there.
    pub(super) fn is_open(&self, path: &Path) -> bool {
        match self.default(path) {
            Some(Value::Map(map)) => map.is_empty(),
            Some(Value::Null) => self.reads.is_read_whole(path) || self.reads.is_everything(),
            None => {
                self.reads.is_read_whole(path)
                    || self.documented.get(path).is_some_and(|value| match value {
                        Value::Map(map) => map.is_empty(),
                        value => value.is_null(),
                    })
            }
            Some(_) => false,
        }
    }

    /// The keys that a value can be put at, with `*` where users give the names.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.paths.iter()
    }

    /// The same, and keys below names of maps that are empty by default, with their words.
    pub(super) fn places(&self) -> &[(Path, NameWords)] {
        &self.places
    }

    /// True if the chart knows a key by name: it is among its defaults, below a map that is the user's own, or a
    /// template names it.
    #[must_use]
    pub fn knows(&self, path: &Path) -> bool {
        if self.default(path).is_some() || self.reads.is_named(path) {
            return true;
        }
        // What goes through all of a chart's values knows none of them by name.
        let named = |known: &Path| {
            known.depth() == path.depth()
                && !known.segments()[0].is_wildcard()
                && known.may_overlap(path)
        };
        if self.paths.iter().any(named) {
            return true;
        }
        let mut above = path.parent();
        while let Some(at) = above.filter(|at| !at.is_root()) {
            match self.default(&at) {
                // Handed on as a whole, it takes more than it has by itself.
                Some(Value::Map(map)) if !map.is_empty() => return self.reads.is_read_whole(&at),
                Some(Value::Map(_)) => return true,
                Some(_) => return false,
                None if self.reads.is_read_whole(&at) => return true,
                None => {}
            }
            above = at.parent();
        }
        false
    }

    /// The default of a key, of the chart or of one that it bundles.
    #[must_use]
    pub fn default(&self, path: &Path) -> Option<&Value> {
        path.get(&self.all_defaults)
    }

    /// The chart's own default of a key: what a bundled chart alone knows is none.
    pub(super) fn own_default(&self, path: &Path) -> Option<&Value> {
        path.get(&self.defaults)
    }

    /// True if the chart has just this key, among its defaults or as an example.
    pub(super) fn knows_itself(&self, path: &Path) -> bool {
        self.default(path).is_some() || self.documented.contains_key(path)
    }

    /// The value of a key in the chart's defaults, or in an example of it.
    #[must_use]
    pub fn example(&self, path: &Path) -> Option<&Value> {
        let documented = || self.documented.get(path).filter(|value| !value.is_null());
        self.default(path).or_else(documented)
    }

    pub(super) fn comment(&self, path: &Path) -> Option<&BTreeSet<String>> {
        self.comments.get(path)
    }

    /// A key with names where users give them: those that a setting has at the same place, the user's own in `values`,
    /// the chart's, or those of its examples.
    pub(super) fn filled(
        &self,
        key: &Path,
        path: &Path,
        values: &Value,
    ) -> Vec<(Path, NameSource)> {
        if key.is_concrete() {
            return vec![(key.clone(), self.named(key))];
        }
        let shares = key.segments().first() == path.segments().first();
        let mut found = vec![(Path::root(), NameSource::There)];
        for (at, segment) in key.segments().iter().enumerate() {
            if !segment.is_wildcard() {
                found
                    .iter_mut()
                    .for_each(|(one, _)| one.push(segment.clone()));
                continue;
            }
            let own = path.segments().get(at).filter(|own| shares && own.is_key());
            found = found
                .into_iter()
                .flat_map(|(above, so_far)| {
                    let (names, from) = match (own, rest_of_name(path, &above)) {
                        (Some(own), _) => (vec![own.clone()], NameSource::There),
                        (None, Some(rest)) => (vec![rest], NameSource::There),
                        (None, None) => self.names(&above, values),
                    };
                    let named = so_far.max(from);
                    names.into_iter().map(move |name| (above.join(name), named))
                })
                .take(2 * MOST_NAMES)
                .collect();
        }
        found
    }

    /// The names of the entries of a map that users name.
    fn names(&self, map: &Path, values: &Value) -> (Vec<Segment>, NameSource) {
        let of = |value: Option<&Value>| -> Vec<Segment> {
            let map = value.and_then(Value::as_map);
            let keys = map.into_iter().flat_map(Map::keys);
            keys.take(MOST_NAMES).cloned().map(Segment::Key).collect()
        };
        for known in [of(map.get(values)), of(self.default(map))] {
            if !known.is_empty() {
                return (known, NameSource::There);
            }
        }
        let below = self.documented.range(map.clone()..);
        let below = below.take_while(|(path, _)| path.starts_with(map));
        let mut examples: Vec<Segment> = below
            .filter_map(|(path, _)| path.segments().get(map.depth()).cloned())
            .collect();
        examples.dedup();
        examples.truncate(MOST_NAMES);
        match examples.is_empty() {
            false => (examples, NameSource::Example),
            true => (vec![Segment::Key(MADE_UP.to_owned())], NameSource::MadeUp),
        }
    }

    /// True if a key of the chart has a name in it that only an example gives.
    fn named(&self, key: &Path) -> NameSource {
        let is_example = self.default(key).is_none() && self.documented.contains_key(key);
        match is_example && generalised(key, &self.reads).is_some() {
            true => NameSource::Example,
            false => NameSource::There,
        }
    }
}

/// The name that a key has behind the name of the map that it may have gone into: `exposeInternal` is `internal` in
/// `expose`.
fn rest_of_name(path: &Path, map: &Path) -> Option<Segment> {
    let (Some(Segment::Key(own)), Some(Segment::Key(map_name))) = (path.last(), map.last()) else {
        return None;
    };
    let rest = own.strip_prefix(map_name.as_str())?;
    let mut letters = rest.chars();
    let first = letters.next().filter(|first| first.is_uppercase())?;
    let is_beside = path.parent() == map.parent();
    let name: String = first.to_lowercase().chain(letters).collect();
    is_beside.then_some(Segment::Key(name))
}

/// Goes through the charts that one bundles, with where the values of each stand.
fn bundled_charts<'c>(
    chart: &'c Chart,
    at: &Path,
    depth: usize,
    visit: &mut impl FnMut(&Path, &'c Chart),
) {
    for name in chart.bundled_names.iter().filter(|_| depth < MAX_DEPTH) {
        if let Some(bundled) = chart.bundled_as(name).filter(|chart| !chart.is_library) {
            let at = at.key(name);
            visit(&at, bundled);
            bundled_charts(bundled, &at, depth + 1, visit);
        }
    }
}

fn text(chart: &Chart) -> &str {
    chart.files.get("values.yaml").map_or("", String::as_str)
}

/// True if something can stand below what is above a key.
fn has_room(path: &Path, defaults: &Value) -> bool {
    let mut above = path.parent();
    while let Some(at) = above.filter(|at| !at.is_root()) {
        match at.get(defaults) {
            Some(Value::Map(_) | Value::Null) => return true,
            Some(_) => return false,
            None => above = at.parent(),
        }
    }
    true
}

/// A key with `*` for each name that templates take any of.
fn generalised(path: &Path, reads: &TemplateReads) -> Option<Path> {
    let mut general = Path::root();
    let mut is_other = false;
    for segment in path.segments() {
        let any = general.join(Segment::AnyKey);
        match reads.is_entered(&any) {
            // All of a chart's values are nobody's map.
            true if !general.is_root() => {
                is_other = true;
                general = any;
            }
            _ => general.push(segment.clone()),
        }
    }
    is_other.then_some(general)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_a_bundled_chart_says_of_its_keys_stands_below_its_name() {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let files = BTreeMap::from([
            (
                "Chart.yaml".to_owned(),
                bytes("name: shop\nversion: 1.0.0\ndependencies:\n- {name: till, alias: desk}\n"),
            ),
            (
                "values.yaml".to_owned(),
                bytes("desk:\n  watch: {enabled: true}\n"),
            ),
            (
                "charts/till/Chart.yaml".to_owned(),
                bytes("name: till\nversion: 0.1.0\n"),
            ),
            (
                "charts/till/values.yaml".to_owned(),
                bytes(
                    "watch:\n  enabled: false\n  # How often it is looked at\n  interval: \"\"\n  # timeout: 5s\n",
                ),
            ),
            (
                "charts/till/templates/a.yaml".to_owned(),
                bytes(
                    "{{- with .Values.watch }}\na: {{ .enabled }}{{ .interval }}{{ .timeout }}\n{{- end }}\n{{- if .Values.poll }}{{ fail \"`poll` was replaced by `watch.interval`\" }}{{ end }}\n",
                ),
            ),
        ]);
        let keys = ChartKeys::of(&Chart::from_files("shop", files).unwrap());
        let path = |text: &str| text.parse::<Path>().unwrap();
        let interval = path("desk.watch.interval");
        assert_eq!(keys.default(&interval), Some(&Value::from("")));
        assert!(keys.own_default(&interval).is_none());
        assert_eq!(
            keys.default(&path("desk.watch.enabled")),
            Some(&Value::Bool(true))
        );
        assert!(
            keys.comment(&interval)
                .is_some_and(|said| said.contains("often"))
        );
        assert_eq!(
            keys.example(&path("desk.watch.timeout")),
            Some(&Value::from("5s"))
        );
        assert_eq!(
            keys.hints.outdated_for(&path("desk.poll")),
            std::slice::from_ref(&interval)
        );
        assert!(keys.knows(&interval) && !keys.knows(&path("desk.watch.other")));
    }
}
