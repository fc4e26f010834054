//! Packs that nobody would write by hand: a small chart that moves its keys at random.
//!
//! A chart is followed from version to version. At every one some keys go elsewhere by one of the verbs
//! that packs have, and what the chart knows afterwards is what the next migration starts from; `keys.yaml`
//! is the history of it. Every pack made here must pass the checks of packs.

use std::{fs, path::Path as FilePath};

use refit::pack::{
    Pack,
    check::{FindingSeverity, check_pack},
};
use serde_json::{Map, Value as Json, json};

use super::choice::Choices;

/// What stands at a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// `old`, `new`, or something else.
    Switch,
    /// A list of texts.
    List,
    /// A list of maps with a `name`.
    Env,
    /// A map of the user's own.
    Open,
    /// A map of the user's own names to maps of these keys.
    Named(Vec<String>),
}

/// A key of the chart, from one version (counted from 0) up to another.
#[derive(Clone, Debug)]
pub struct Key {
    pub path: String,
    pub kind: Kind,
    pub since: usize,
    pub until: Option<usize>,
}

/// A pack, as files.
pub struct Generated {
    pub versions: Vec<&'static str>,
    pub keys: Vec<Key>,
    pub files: Vec<(String, String)>,
    /// Whether what a step does depends on the target, and nothing takes the older form to the newer.
    pub variants: bool,
}

const VERSIONS: &[&str] = &["1.0.0", "1.1.0", "2.0.0", "2.1.0", "3.0.0"];

fn universe() -> Vec<(&'static str, Kind)> {
    vec![
        ("name", Kind::Text),
        ("image.repository", Kind::Text),
        ("image.tag", Kind::Text),
        ("worker.image.repository", Kind::Text),
        ("worker.image.tag", Kind::Text),
        ("worker.slots", Kind::Text),
        ("mode", Kind::Switch),
        ("debug.level", Kind::Text),
        ("debug.enabled", Kind::Switch),
        ("args", Kind::List),
        ("worker.args", Kind::List),
        ("env", Kind::Env),
        ("extraEnv", Kind::Env),
        ("labels", Kind::Open),
        (
            "ports",
            Kind::Named(vec!["port".to_owned(), "protocol".to_owned()]),
        ),
        ("storage.url", Kind::Text),
        ("storage.dir", Kind::Text),
        ("pod\\.spec.class", Kind::Text),
    ]
}

/// Whether one path is the other or above it.
pub fn related(a: &str, b: &str) -> bool {
    let below = |a: &str, b: &str| {
        b.strip_prefix(a)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    below(a, b) || below(b, a)
}

fn under(path: &str, map: &str) -> bool {
    path.strip_prefix(map)
        .is_some_and(|rest| rest.starts_with('.'))
}

struct Maker<'c> {
    choices: &'c mut Choices,
    keys: Vec<Key>,
    count: usize,
    version: usize,
    versions: usize,
    taken: Vec<String>,
    written: Vec<String>,
    /// What a deferred write goes to, or what must not be looked at again.
    frozen: Vec<String>,
    variants: bool,
    /// For a later version: what it must move, because an earlier step depends on the target.
    promised: Vec<(usize, String, String)>,
}

/// A pack.
pub fn pack(choices: &mut Choices) -> Generated {
    let versions = 2 + choices.below(VERSIONS.len() - 1);
    let mut keys = Vec::new();
    for (path, kind) in universe() {
        if choices.below(4) != 3 {
            keys.push(Key {
                path: path.to_owned(),
                kind,
                since: 0,
                until: None,
            });
        }
    }
    let mut maker = Maker {
        choices,
        keys,
        count: 0,
        version: 0,
        versions,
        taken: Vec::new(),
        written: Vec::new(),
        frozen: Vec::new(),
        variants: false,
        promised: Vec::new(),
    };
    let mut files = Vec::new();
    for (version, name) in VERSIONS.iter().enumerate().take(versions).skip(1) {
        if let Some(migration) = maker.migration(version) {
            let text = serde_yaml::to_string(&migration).expect("a migration");
            files.push((format!("{name}.yaml"), text));
        }
    }
    let variants = maker.variants;
    let keys = maker.keys;
    let known: Map<String, Json> = VERSIONS[..versions]
        .iter()
        .map(|version| ((*version).to_owned(), json!({"app": version})))
        .collect();
    let info = json!({"pack": 1, "chart": "generated", "title": "A chart", "versions": known});
    files.push((
        "pack.yaml".to_owned(),
        serde_yaml::to_string(&info).expect("a pack"),
    ));
    files.push(("keys.yaml".to_owned(), keys_yaml(&keys)));
    Generated {
        versions: VERSIONS[..versions].to_vec(),
        keys,
        files,
        variants,
    }
}

fn keys_yaml(keys: &[Key]) -> String {
    let mut file = Map::new();
    for key in keys {
        let range = match key.until {
            Some(until) => format!(">={}, <{}", VERSIONS[key.since], VERSIONS[until]),
            None => format!(">={}", VERSIONS[key.since]),
        };
        let default = match key.kind {
            Kind::Text | Kind::Switch => json!(format!("default of {}", key.path)),
            Kind::List | Kind::Env => json!([]),
            Kind::Open | Kind::Named(_) => json!({}),
        };
        let line = json!({"in": range, "default": default});
        let ranges = file.entry(key.path.clone()).or_insert_with(|| json!([]));
        ranges.as_array_mut().expect("ranges").push(line);
    }
    serde_yaml::to_string(&file).expect("keys")
}

impl Generated {
    /// Writes it to a folder, loads it, and checks it.
    pub fn load(&self, folder: &FilePath) -> Result<Pack, String> {
        load(&self.files, folder)
    }

    /// Its files as one text.
    pub fn shown(&self) -> String {
        let shown = self
            .files
            .iter()
            .filter(|(name, _)| name != "pack.yaml" && name != "keys.yaml")
            .map(|(name, text)| format!("# {name}\n{text}"));
        let changing = self
            .keys
            .iter()
            .filter(|key| key.since > 0 || key.until.is_some());
        let version = |i: usize| VERSIONS[i];
        let changing = changing.map(|key| {
            format!(
                "{}: from {} to {}\n",
                key.path,
                version(key.since),
                key.until.map_or("the end", version)
            )
        });
        shown.chain(changing).collect()
    }
}

/// Writes a pack to a folder, loads it, and checks it.
pub fn load(files: &[(String, String)], folder: &FilePath) -> Result<Pack, String> {
    for (name, text) in files {
        fs::write(folder.join(name), text).map_err(|e| e.to_string())?;
    }
    let pack = Pack::from_folder(folder).map_err(|e| format!("the pack is not read: {e}"))?;
    // What only looks like a mistake is no reason not to run a pack.
    let found = check_pack(&pack).into_iter();
    let errors = found.filter(|finding| finding.severity == FindingSeverity::Error);
    let findings: Vec<String> = errors.map(|finding| finding.to_string()).collect();
    if findings.is_empty() {
        Ok(pack)
    } else {
        Err(format!("the check of packs finds: {}", findings.join("; ")))
    }
}

impl Maker<'_> {
    fn migration(&mut self, version: usize) -> Option<Json> {
        self.version = version;
        self.taken.clear();
        self.written.clear();
        let mut steps = Map::new();
        for (_, from, to) in self
            .promised
            .extract_if(.., |(due, _, _)| *due == version)
            .collect::<Vec<_>>()
        {
            self.frozen.retain(|frozen| *frozen != from);
            if let Some(key) = self.alive_at(&from) {
                let kind = key.kind.clone();
                self.end(&from);
                self.begin(&to, kind);
                self.taken.push(from.clone());
                self.written.push(to.clone());
                let id = self.id();
                steps.insert(id, json!({"title": "Keep a promise", "move": {from: to}}));
            }
        }
        for _ in 0..1 + self.choices.below(4) {
            if let Some(step) = self.step() {
                let id = self.id();
                steps.insert(id, step);
            }
        }
        (!steps.is_empty())
            .then(|| json!({"version": VERSIONS[version], "title": "A change", "steps": steps}))
    }

    fn id(&mut self) -> String {
        self.count += 1;
        format!("s{}", self.count)
    }

    fn alive_at(&self, path: &str) -> Option<&Key> {
        self.keys
            .iter()
            .find(|key| key.path == path && key.until.is_none() && key.since < self.version)
    }

    fn end(&mut self, path: &str) {
        let version = self.version;
        for key in &mut self.keys {
            if key.until.is_none()
                && key.since < version
                && (key.path == path || under(&key.path, path))
            {
                key.until = Some(version);
            }
        }
    }

    fn begin(&mut self, path: &str, kind: Kind) {
        self.keys.push(Key {
            path: path.to_owned(),
            kind,
            since: self.version,
            until: None,
        });
    }

    /// A key that no step of this migration has to do with yet.
    fn some(&mut self, fits: impl Fn(&Kind) -> bool) -> Option<Key> {
        let free: Vec<Key> = self
            .keys
            .iter()
            .filter(|key| key.until.is_none() && key.since < self.version && fits(&key.kind))
            .filter(|key| {
                let apart = |other: &String| !related(other, &key.path);
                self.taken.iter().all(apart)
                    && self.written.iter().all(apart)
                    && self.frozen.iter().all(apart)
            })
            .cloned()
            .collect();
        (!free.is_empty()).then(|| self.choices.pick(&free).clone())
    }

    fn take(&mut self, fits: impl Fn(&Kind) -> bool) -> Option<Key> {
        let key = self.some(fits)?;
        self.taken.push(key.path.clone());
        Some(key)
    }

    /// A map above a free key.
    fn some_map(&mut self) -> Option<String> {
        let key = self.some(|_| true)?;
        let (map, _) = key.path.rsplit_once('.')?;
        if map.ends_with('\\') {
            return None;
        }
        let clash = |other: &String| related(other, map);
        if self.frozen.iter().any(clash)
            || self.written.iter().any(clash)
            || self.taken.iter().any(|t| related(t, map))
        {
            return None;
        }
        Some(map.to_owned())
    }

    /// A new place, which may lie below the old one.
    fn place(&mut self, old: &str) -> String {
        self.count += 1;
        let new = format!("k{}", self.count);
        let parent = old
            .rsplit_once('.')
            .map(|(parent, _)| parent)
            .filter(|parent| !parent.ends_with('\\'));
        let path = match (self.choices.below(5), parent) {
            (0, _) => new,
            (1, Some(parent)) => format!("{parent}.{new}"),
            (2, _) if self.taken.iter().any(|taken| taken == old) => format!("{old}.{new}"),
            (3, _) => {
                let groups = ["image", "worker", "storage", "fresh"];
                let group = *self.choices.pick(&groups);
                if self
                    .frozen
                    .iter()
                    .chain(&self.written)
                    .any(|f| related(f, group))
                {
                    new
                } else {
                    format!("{group}.{new}")
                }
            }
            _ => format!("{new}.deep.{new}"),
        };
        self.written.push(path.clone());
        path
    }

    fn step(&mut self) -> Option<Json> {
        match self.choices.below(20) {
            0 => self.moved(),
            1 => self.renamed_map(),
            2 => self.wildcard(),
            3 => self.swapped(),
            4 => self.wrapped(),
            5 => self.dropped(),
            6 => self.folded(),
            7 => self.copied(),
            8 => self.set_if_absent(),
            9 => self.upserted(),
            10 => self.item_written(),
            11 => self.value_mapped(),
            12 => self.by_target(),
            13 => self.asked(),
            14 => self.left(),
            15 => self.replacing(),
            16 => self.with_let(),
            17 => self.joined(),
            18 => self.hoisted(),
            _ => self.list_to_map(),
        }
    }

    fn moved(&mut self) -> Option<Json> {
        let key = self.take(|_| true)?;
        let to = self.place(&key.path);
        self.end(&key.path);
        self.begin(&to, key.kind);
        Some(json!({"title": "Move a key", "move": {key.path: to}}))
    }

    fn below(&self, map: &str) -> Vec<Key> {
        self.keys
            .iter()
            .filter(|key| key.until.is_none() && key.since < self.version && under(&key.path, map))
            .cloned()
            .collect()
    }

    fn renamed_map(&mut self) -> Option<Json> {
        let map = self.some_map()?;
        let mut step = json!({"title": "Rename a map"});
        // Now and then a more specific path of the map goes elsewhere.
        let mut moves = Map::new();
        let inner = self.below(&map);
        if self.choices.once_in(3) && inner.len() > 1 {
            let key = self.choices.pick(&inner).clone();
            self.taken.push(key.path.clone());
            self.count += 1;
            let to = format!("k{}", self.count);
            self.written.push(to.clone());
            self.end(&key.path);
            self.begin(&to, key.kind);
            moves.insert(key.path, json!(to));
        }
        let inner = self.below(&map);
        self.count += 1;
        let to = format!("k{}", self.count);
        self.taken.push(map.clone());
        self.written.push(to.clone());
        self.end(&map);
        for key in inner {
            self.begin(&key.path.replacen(&map, &to, 1), key.kind);
        }
        moves.insert(map, json!(to));
        step["move"] = Json::Object(moves);
        Some(step)
    }

    fn wildcard(&mut self) -> Option<Json> {
        let key = self.take(|kind| matches!(kind, Kind::Named(_)))?;
        let Kind::Named(fields) = &key.kind else {
            return None;
        };
        let path = &key.path;
        self.count += 1;
        let new = format!("k{}", self.count);
        let i = self.choices.below(fields.len());
        match self.choices.below(3) {
            0 => {
                let from = format!("{path}.*.{}", fields[i]);
                let to = format!("{path}.*.{new}");
                self.written.push(path.clone());
                let mut fields = fields.clone();
                fields[i] = new;
                self.end(path);
                self.begin(path, Kind::Named(fields));
                Some(json!({"title": "Rename a key of each", "move": {from: to}}))
            }
            1 => {
                self.written.push(new.clone());
                self.end(path);
                self.begin(&new, key.kind.clone());
                Some(
                    json!({"title": "Move each", "move": {format!("{path}.*"): format!("{new}.*.{}", "own")}}),
                )
            }
            _ => {
                let mut fields = fields.clone();
                let gone = fields.remove(i);
                self.written.push(path.clone());
                self.end(path);
                self.begin(
                    path,
                    Kind::Named(if fields.is_empty() {
                        vec!["rest".to_owned()]
                    } else {
                        fields
                    }),
                );
                Some(
                    json!({"title": "Drop a key of each", "why": "It is not read.", "drop": [format!("{path}.*.{gone}")]}),
                )
            }
        }
    }

    fn swapped(&mut self) -> Option<Json> {
        let a = self.take(|_| true)?;
        let b = self.take(|kind| *kind == a.kind)?;
        self.written.extend([a.path.clone(), b.path.clone()]);
        Some(
            json!({"title": "Swap two keys", "same-key": true, "move": {a.path.clone(): b.path.clone(), b.path: a.path}}),
        )
    }

    fn wrapped(&mut self) -> Option<Json> {
        let key = self.take(|kind| matches!(kind, Kind::Text | Kind::Switch | Kind::List))?;
        let to = format!("{}.value", key.path);
        self.written.push(to.clone());
        self.end(&key.path);
        self.begin(&to, key.kind);
        Some(json!({
            "title": "Wrap a value", "take": {"x": key.path},
            "first": [
                {"if": "kind(x) == 'map'", "leave": ["x"], "tell": "It is a map already."},
                {"do": {to: "=x"}},
            ],
        }))
    }

    fn dropped(&mut self) -> Option<Json> {
        if self.choices.once_in(2)
            && let Some(map) = self.some_map()
        {
            let inner = self.below(&map);
            let kept = self.choices.pick(&inner).clone();
            self.taken.push(map.clone());
            self.written.push(map.clone());
            for key in inner.iter().filter(|key| key.path != kept.path) {
                self.end(&key.path);
            }
            return Some(
                json!({"title": "Drop a map", "why": "It is not read.", "drop": [map], "keep": [kept.path]}),
            );
        }
        let key = self.take(|_| true)?;
        self.end(&key.path);
        Some(json!({"title": "Drop a key", "why": "It is not read.", "drop": [key.path]}))
    }

    fn folded(&mut self) -> Option<Json> {
        let a = self.take(|kind| *kind == Kind::Text)?;
        let b = self.take(|kind| *kind == Kind::Text)?;
        let to = self.place(&a.path);
        self.end(&a.path);
        self.end(&b.path);
        self.begin(&to, Kind::Text);
        let mut options = Map::new();
        options.insert(
            "first".to_owned(),
            json!({"title": "{a}", "do": {to.clone(): "=a"}}),
        );
        options.insert(
            "second".to_owned(),
            json!({"title": "{b}", "do": {to.clone(): "=b"}, "tell": "{a} is gone."}),
        );
        options.insert(
            "typed".to_owned(),
            json!({
                "title": "Something else", "recommended": self.choices.once_in(3),
                "input": {"t": {"title": "A text", "match": "[a-z0-9]+", "default": "typed"}},
                "do": {to.clone(): "=t"},
            }),
        );
        options.insert("neither".to_owned(), json!({"title": "Neither"}));
        Some(json!({
            "title": "Fold two keys",
            "take": {"a": a.path, "b": b.path},
            "first": [
                {"if": "set(a) && set(b) && a == b", "do": {to.clone(): "=a"}},
                {"if": "set(a) && !set(b)", "do": {to.clone(): "=a"}},
                {"if": "!set(a)", "do": {to: "=b"}},
                {"ask": "Is it {a} or {b}?", "options": options},
            ],
        }))
    }

    fn copied(&mut self) -> Option<Json> {
        let key = self.take(|_| true)?;
        let (p, q) = (self.place(&key.path), self.place(&key.path));
        if related(&p, &q) {
            return None;
        }
        self.end(&key.path);
        self.begin(&p, key.kind.clone());
        self.begin(&q, key.kind);
        Some(json!({"title": "Copy a key", "take": {"x": key.path}, "do": {p: "=x", q: "=x"}}))
    }

    fn set_if_absent(&mut self) -> Option<Json> {
        let key = self.some(|kind| matches!(kind, Kind::Text | Kind::List | Kind::Open))?;
        self.written.push(key.path.clone());
        let value = match key.kind {
            Kind::Text => json!("pinned"),
            Kind::List => json!(["pinned"]),
            _ => json!({"pinned": "here"}),
        };
        // Beside another key, or for everyone.
        if self.choices.once_in(2)
            && let Some(other) = self.some(|_| true)
        {
            return Some(json!({
                "title": "Pin a default", "read": {"x": key.path.clone(), "other": other.path}, "if": "!set(x) && set(other)", "do": {key.path: value},
            }));
        }
        Some(
            json!({"title": "Pin a default", "read": {"x": key.path.clone()}, "if": "!set(x)", "do": {key.path: value}}),
        )
    }

    fn upserted(&mut self) -> Option<Json> {
        let key = self.take(|kind| matches!(kind, Kind::Text | Kind::Switch))?;
        let list = self.some(|kind| *kind == Kind::Env)?;
        self.written.push(list.path.clone());
        self.end(&key.path);
        let name = *self.choices.pick(&["A", "B"]);
        Some(json!({
            "title": "Put a key into a list", "take": {"x": key.path}, "read": {"l": list.path.clone()},
            "first": [
                {"if": "!(kind(x) in ['text', 'number', 'bool'])", "tell": "It said nothing."},
                {"upsert": {list.path: {"by": "name", "items": [{"name": name, "value": "=string(x)"}]}}},
            ],
        }))
    }

    fn item_written(&mut self) -> Option<Json> {
        let key = self.take(|kind| matches!(kind, Kind::Text | Kind::Switch))?;
        let list = self.some(|kind| *kind == Kind::Env)?;
        self.written.push(list.path.clone());
        self.end(&key.path);
        Some(
            json!({"title": "Put a value into a list", "take": {"x": key.path}, "do": {format!("{}[name=A].value", list.path): "=x"}}),
        )
    }

    fn value_mapped(&mut self) -> Option<Json> {
        let key = self.take(|kind| *kind == Kind::Switch)?;
        if self.choices.once_in(2) {
            let to = self.place(&key.path);
            self.end(&key.path);
            self.begin(&to, Kind::Text);
            return Some(json!({
                "title": "Make it a boolean", "take": {"x": key.path},
                "first": [
                    {"if": "x == 'old'", "do": {to.clone(): false}},
                    {"if": "x == 'new'", "do": {to.clone(): true}},
                    {"do": {to: "=x"}},
                ],
            }));
        }
        self.written.push(key.path.clone());
        Some(json!({
            "title": "Rename a value", "same-key": true, "take": {"x": key.path.clone()},
            "first": [
                {"if": "x == 'old'", "do": {key.path: "new"}},
                {"if": "set(x)", "leave": ["x"]},
            ],
        }))
    }

    /// From a later version on there is a better place. Either a migration takes the older form there, so
    /// that both ways mean the same, or none does.
    fn by_target(&mut self) -> Option<Json> {
        let later = self.version + 1 + self.choices.below(2);
        if later >= self.versions {
            return None;
        }
        let key = self.take(|_| true)?;
        self.end(&key.path);
        self.count += 1;
        let (p, q) = (
            format!("k{}", self.count),
            format!("k{}.better", self.count + 1),
        );
        self.count += 1;
        self.written.extend([p.clone(), q.clone()]);
        self.frozen.extend([p.clone(), q.clone()]);
        self.begin(&p, key.kind.clone());
        if self.choices.once_in(2) {
            self.variants = true;
            if let Some(key) = self.keys.last_mut() {
                key.until = Some(later);
            }
            self.keys.push(Key {
                path: q.clone(),
                kind: key.kind,
                since: later,
                until: None,
            });
        } else {
            self.promised.push((later, p.clone(), q.clone()));
        }
        let at = VERSIONS[later];
        Some(json!({
            "title": "Move it to where the target has it", "take": {"x": key.path},
            "first": [{"target": format!("<{at}"), "do": {p: "=x"}}, {"target": format!(">={at}"), "do": {q: "=x"}}],
        }))
    }

    fn asked(&mut self) -> Option<Json> {
        let key = self.take(|_| true)?;
        let to = self.place(&key.path);
        let other = self.place(&key.path);
        if related(&to, &other) {
            return None;
        }
        self.end(&key.path);
        self.begin(&to, key.kind);
        self.begin(&other, Kind::Text);
        let recommended = self.choices.below(3);
        Some(json!({
            "title": "Ask", "take": {"x": key.path},
            "ask": "What of {x}?",
            "options": {
                "take": {"title": "Take it along", "recommended": recommended == 1, "do": {to.clone(): "=x"}},
                "type": {
                    "title": "Type it", "recommended": recommended == 2,
                    "input": {"one": {"title": "A word", "match": "[a-z0-9]+"}, "many": {"title": "Words", "list": true, "default": "some, more"}},
                    "do": {to: "=many", other: "=one"},
                },
                "stay": {"title": "Leave it", "leave": ["x"], "tell": "It is not read."},
                "drop": {"title": "Drop it", "todo": {"before": "Think of {x}."}},
            },
        }))
    }

    fn left(&mut self) -> Option<Json> {
        let a = self.take(|_| true)?;
        let b = self.take(|_| true)?;
        let to = self.place(&b.path);
        self.end(&a.path);
        self.end(&b.path);
        self.begin(&to, b.kind);
        Some(json!({
            "title": "Leave one", "take": {"a": a.path, "b": b.path},
            "first": [{"if": "set(b)", "do": {to: "=b"}, "leave": ["a"]}, {"tell": "{a} goes."}],
        }))
    }

    fn replacing(&mut self) -> Option<Json> {
        let key = self.take(|_| true)?;
        let to = self.place(&key.path);
        self.end(&key.path);
        self.begin(&to, key.kind);
        Some(
            json!({"title": "Replace a key", "take": {"x": key.path}, "do": {to.clone(): "=x"}, "replaces": [to]}),
        )
    }

    fn with_let(&mut self) -> Option<Json> {
        let key = self.take(|kind| matches!(kind, Kind::Text))?;
        let to = self.place(&key.path);
        self.end(&key.path);
        self.begin(&to, Kind::Open);
        Some(json!({
            "title": "Make a map of it", "take": {"x": key.path},
            "let": {"known": {"t": "=kind(x)", "two": 2}, "m": "=known"},
            "do": {to: {"from": "=x", "known": "=m", "fixed": [1, "=x"]}},
        }))
    }

    fn joined(&mut self) -> Option<Json> {
        let a = self.take(|kind| *kind == Kind::List)?;
        let b = self.take(|kind| *kind == Kind::List)?;
        let to = self.place(&a.path);
        self.end(&a.path);
        self.end(&b.path);
        self.begin(&to, Kind::List);
        Some(json!({
            "title": "Join two lists", "take": {"a": a.path, "b": b.path},
            "first": [
                {"if": "kind(a) in ['list', 'unset', 'null', 'text'] && kind(b) in ['list', 'unset', 'null', 'text']", "do": {to: "=union(a, b)"}},
                {"tell": "One of them is no list: {a}, {b}."},
            ],
        }))
    }

    /// A key goes to where its map was.
    fn hoisted(&mut self) -> Option<Json> {
        let map = self.some_map()?;
        let inner = self.below(&map);
        let key = self.choices.pick(&inner).clone();
        self.taken.push(map.clone());
        self.written.push(map.clone());
        self.end(&map);
        self.begin(&map, key.kind);
        Some(
            json!({"title": "Hoist a key", "why": "The others are not read.", "move": {key.path: map.clone()}, "drop": [map]}),
        )
    }

    fn list_to_map(&mut self) -> Option<Json> {
        let key = self.take(|kind| matches!(kind, Kind::List))?;
        let to = self.place(&key.path);
        self.end(&key.path);
        self.begin(&to, Kind::Open);
        Some(json!({
            "title": "Split a list", "take": {"x": key.path},
            "first": [
                {"if": "kind(x) == 'list' && size(x) > 1", "do": {to.clone(): {"first": "=x[0]", "all": "=x"}}},
                {"do": {to: {"all": "=x"}}},
            ],
        }))
    }
}
