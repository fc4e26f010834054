//! Packs for the judge: any path may go anywhere, whatever is there.
//!
//! `packs.rs` follows a chart that makes sense; here paths are read off a document, some of their segments
//! loosened to wildcards and selections, and thrown at each other. Most of what comes out is no sensible
//! chart, and means one thing all the same.

use refit::values::{Path, Segment};
use serde_json::{Map, Value as Json, json};

use super::choice::Choices;

/// A document, and a pack for its keys.
pub struct Judged {
    pub values: Map<String, Json>,
    pub files: Vec<(String, String)>,
    pub versions: Vec<&'static str>,
}

const VERSIONS: &[&str] = &["1.0.0", "1.1.0", "2.0.0", "3.0.0"];
const ROOTS: &[&str] = &["a", "b", "c", "d", "e"];
const INNER: &[&str] = &["x", "u", "z", "web", "p.q"];

/// A segment as it is written, and what it captures.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Key(String),
    /// Brackets.
    Item(String),
}

/// What stars capture.
#[derive(Clone, Copy, PartialEq)]
enum Capture {
    Text,
    Position,
    Keys,
}

impl Piece {
    fn text(&self) -> &str {
        let (Self::Key(text) | Self::Item(text)) = self;
        text
    }

    fn text_mut(&mut self) -> &mut String {
        let (Self::Key(text) | Self::Item(text)) = self;
        text
    }

    /// What each of its stars captures.
    fn captured(&self) -> Vec<Capture> {
        match self {
            Self::Key(text) if text == "**" => vec![Capture::Keys],
            Self::Item(text) if text == "*" => vec![Capture::Position],
            other => vec![Capture::Text; pieces(other.text()).len() - 1],
        }
    }

    fn captures(&self) -> bool {
        !self.captured().is_empty()
    }

    /// The same with names in place of its stars.
    fn named<'n>(&self, names: &mut impl Iterator<Item = &'n String>) -> Self {
        let mut piece = self.clone();
        let mut name = || format!("{{{}}}", names.next().expect("one for each star"));
        *piece.text_mut() = match self.text() {
            "**" => name(),
            text => pieces(text)
                .into_iter()
                .reduce(|text, piece| text + &name() + &piece)
                .unwrap_or_default(),
        };
        piece
    }
}

/// What stands between the stars of a text.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let piece = pieces.last_mut().expect("one at least");
        match c {
            '*' => pieces.push(String::new()),
            '\\' => piece.extend([c].into_iter().chain(chars.next())),
            c => piece.push(c),
        }
    }
    pieces
}

fn shown(path: &[Piece]) -> String {
    let mut text = String::new();
    for piece in path {
        match piece {
            Piece::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Piece::Item(item) => text.push_str(&format!("[{item}]")),
        }
    }
    text
}

/// How long a root is in the chart.
#[derive(Clone, Copy, Debug)]
struct Life {
    since: usize,
    until: usize,
    open: bool,
}

struct Maker<'c> {
    choices: &'c mut Choices,
    /// Where values are, or may have got to.
    places: Vec<Vec<Piece>>,
    lives: Vec<(String, Life)>,
    version: usize,
    versions: usize,
    count: usize,
    owned: Vec<String>,
    written: Vec<String>,
}

/// A document and a pack.
pub fn judged(choices: &mut Choices) -> Judged {
    let values = values(choices);
    around(choices, values)
}

/// A pack for a document.
pub fn around(choices: &mut Choices, values: Map<String, Json>) -> Judged {
    let versions = 2 + choices.below(VERSIONS.len() - 1);
    let mut maker = Maker {
        choices,
        places: Vec::new(),
        lives: Vec::new(),
        version: 0,
        versions,
        count: 0,
        owned: Vec::new(),
        written: Vec::new(),
    };
    maker.places_of(&Json::Object(values.clone()), &mut Vec::new(), 0);
    for root in values.keys().filter(|key| !key.is_empty()) {
        let life = match maker.choices.below(5) {
            0..3 => (0, versions),
            3 => (0, 1 + maker.choices.below(versions - 1)),
            _ => (1 + maker.choices.below(versions - 1), versions),
        };
        let life = Life {
            since: life.0,
            until: life.1,
            open: true,
        };
        maker.lives.push((written_key(root), life));
    }
    let mut files = Vec::new();
    for (version, name) in VERSIONS.iter().enumerate().take(versions).skip(1) {
        maker.version = version;
        let steps = maker.migration();
        if !steps.is_empty() {
            let migration = json!({"version": name, "title": "A change", "steps": steps});
            let text = serde_yaml::to_string(&migration).expect("a migration");
            files.push((format!("{name}.yaml"), text));
        }
    }
    let mut keys = Map::new();
    for (root, life) in &maker.lives {
        let until = VERSIONS[..versions].get(life.until);
        let range = match until {
            Some(until) => format!(">={}, <{until}", VERSIONS[life.since]),
            None => format!(">={}", VERSIONS[life.since]),
        };
        let line = if life.open {
            json!({"in": range, "open": "map"})
        } else {
            json!({"in": range, "default": "d"})
        };
        keys.insert(root.clone(), json!([line]));
    }
    let known: Map<String, Json> = VERSIONS[..versions]
        .iter()
        .map(|version| ((*version).to_owned(), json!({"app": version})))
        .collect();
    let info = json!({"pack": 1, "chart": "generated", "title": "A chart", "versions": known});
    files.push(("pack.yaml".to_owned(), yaml(&info)));
    files.push(("keys.yaml".to_owned(), yaml(&Json::Object(keys))));
    Judged {
        values,
        files,
        versions: VERSIONS[..versions].to_vec(),
    }
}

fn yaml(json: &Json) -> String {
    serde_yaml::to_string(json).expect("YAML")
}

fn written_key(key: &str) -> String {
    Path::root().key(key).to_string()
}

/// The brackets that select an item by its name, without the brackets.
fn selected(name: String) -> String {
    let segment = Segment::Select {
        key: "name".to_owned(),
        value: name,
    };
    let text = Path::root().join(segment).to_string();
    text[1..text.len() - 1].to_owned()
}

/// Values that few charts have and any may have.
pub fn values(choices: &mut Choices) -> Map<String, Json> {
    let mut values = Map::new();
    let mut tags = 0;
    for root in ROOTS {
        if choices.below(4) != 3 {
            values.insert((*root).to_owned(), value(choices, &mut tags, 0));
        }
    }
    values
}

fn value(choices: &mut Choices, tags: &mut usize, depth: usize) -> Json {
    let kinds = if depth < 3 { 8 } else { 3 };
    match choices.below(kinds) {
        3 | 4 => {
            let mut map = Map::new();
            for _ in 0..choices.below(4) {
                let key = *choices.pick(INNER);
                let value = value(choices, tags, depth + 1);
                map.insert(key.to_owned(), value);
            }
            map.into()
        }
        5 => {
            // Items with names.
            let mut items = Vec::new();
            for _ in 0..choices.below(4) {
                let names = [json!("A"), json!("B"), json!("A-b"), json!(80)];
                let mut item = Map::new();
                item.insert("name".to_owned(), choices.pick(&names).clone());
                for key in ["value", "x", "u"] {
                    if choices.below(3) == 1 {
                        item.insert(key.to_owned(), value(choices, tags, depth + 2));
                    }
                }
                items.push(item.into());
            }
            Json::Array(items)
        }
        6 => {
            // Maps, or whatever comes.
            let mut items = Vec::new();
            for _ in 0..choices.below(4) {
                items.push(value(choices, tags, depth + 1));
            }
            Json::Array(items)
        }
        7 => {
            let n = choices.below(4);
            (0..n).map(|_| scalar(choices, tags)).collect()
        }
        _ => scalar(choices, tags),
    }
}

fn scalar(choices: &mut Choices, tags: &mut usize) -> Json {
    match choices.below(12) {
        7 => json!(true),
        8 => json!(80),
        9 => json!(0.1),
        10 => Json::Null,
        11 => json!(2_500_000),
        5 | 6 => json!("same"),
        _ => {
            *tags += 1;
            json!(format!("t{tags}t"))
        }
    }
}

impl Maker<'_> {
    /// Every place of the values, as it would be written.
    fn places_of(&mut self, value: &Json, here: &mut Vec<Piece>, depth: usize) {
        if depth > 0 {
            self.places.push(here.clone());
        }
        match value {
            Json::Object(map) => {
                for (key, value) in map.iter().filter(|(key, _)| !key.is_empty()) {
                    here.push(Piece::Key(written_key(key)));
                    self.places_of(value, here, depth + 1);
                    here.pop();
                }
            }
            Json::Array(items) => {
                for (i, value) in items.iter().enumerate() {
                    let name = match value.get("name") {
                        Some(Json::String(name)) => Some(name.clone()),
                        Some(name @ Json::Number(_)) => Some(name.to_string()),
                        _ => None,
                    };
                    let selected = name.map_or_else(|| i.to_string(), selected);
                    for item in [i.to_string(), selected] {
                        here.push(Piece::Item(item));
                        self.places_of(value, here, depth + 1);
                        here.pop();
                    }
                }
            }
            _ => {}
        }
    }

    fn alive(&self, path: &[Piece], version: usize) -> bool {
        let Some(Piece::Key(root)) = path.first() else {
            return false;
        };
        self.lives
            .iter()
            .any(|(other, life)| other == root && life.since <= version && version < life.until)
    }

    /// A path that the chart had just before, loosened; none that is taken already.
    fn source(&mut self) -> Option<Vec<Piece>> {
        let before = self.version - 1;
        let places: Vec<Vec<Piece>> = (self.places.iter())
            .filter(|place| self.alive(place, before))
            .cloned()
            .collect();
        for _ in 0..4 {
            if places.is_empty() {
                return None;
            }
            let mut path = self.choices.pick(&places).clone();
            for piece in path.iter_mut().skip(1) {
                let n = match piece {
                    Piece::Key(_) => 4,
                    Piece::Item(_) => 2,
                };
                if self.choices.once_in(n) {
                    *piece.text_mut() = self.loosened(piece);
                }
            }
            if self.choices.once_in(12) {
                self.deepen(&mut path);
            }
            if !self.owned.contains(&shown(&path)) {
                self.owned.push(shown(&path));
                return Some(path);
            }
        }
        None
    }

    /// A segment with stars in it, or a star alone.
    fn loosened(&mut self, piece: &Piece) -> String {
        let text = piece.text();
        let ends = [text.chars().next(), text.chars().last()];
        match (piece, self.choices.below(4)) {
            (Piece::Key(_), 2) if !text.contains(['\\', '*', '"']) => {
                format!("{}*", ends[0].expect("a key"))
            }
            (Piece::Key(_), 3) if !text.contains(['\\', '*', '"']) => {
                format!("*{}", ends[1].expect("a key"))
            }
            (Piece::Item(_), 1) if text.starts_with("name=") => "name=*".to_owned(),
            (Piece::Item(_), 2) if text.starts_with("name=A") => "name=A*".to_owned(),
            (Piece::Item(_), 3) if text.starts_with("name=") => "name=*b*".to_owned(),
            _ => "*".to_owned(),
        }
    }

    /// Puts `**` in place of some keys, or of none.
    fn deepen(&mut self, path: &mut Vec<Piece>) {
        let from = 1 + self.choices.below(path.len());
        let keys = path[from..].iter();
        let keys = keys.take_while(|piece| matches!(piece, Piece::Key(_)));
        let n = self.choices.below(keys.count() + 1);
        path.splice(from..from + n, [Piece::Key("**".to_owned())]);
    }

    /// A place to write to, with the captures of a source.
    fn destination(&mut self, from: &[Piece]) -> Option<Vec<Piece>> {
        for _ in 0..4 {
            let to = self.any_destination(from);
            let text = shown(&to);
            let moves = text != shown(from);
            if moves && self.alive(&to, self.versions - 1) && !self.written.contains(&text) {
                self.written.push(text);
                self.places.push(to.clone());
                return Some(to);
            }
        }
        None
    }

    fn any_destination(&mut self, from: &[Piece]) -> Vec<Piece> {
        let captures: Vec<Capture> = from.iter().flat_map(Piece::captured).collect();
        // The same place with another last key.
        if self.choices.once_in(4)
            && let Some((Piece::Key(last), above)) = from.split_last()
            && pieces(last).len() == 1
            && !above.is_empty()
        {
            let mut to = above.to_vec();
            to.push(Piece::Key("host".to_owned()));
            return to;
        }
        // Its own child.
        if captures.is_empty() && self.choices.once_in(8) {
            let mut to = from.to_vec();
            to.push(Piece::Key("default".to_owned()));
            return to;
        }
        // A place where something may be, if there is nothing to be filled in.
        if captures.is_empty() && self.choices.below(3) == 1 {
            let plain: Vec<Vec<Piece>> = (self.places.iter())
                .filter(|place| !place.iter().any(Piece::captures))
                .cloned()
                .collect();
            if !plain.is_empty() {
                return self.choices.pick(&plain).clone();
            }
        }
        let root = if self.choices.once_in(3) && !self.lives.is_empty() {
            let i = self.choices.below(self.lives.len());
            self.lives[i].0.clone()
        } else {
            self.fresh()
        };
        let mut to = vec![Piece::Key(root)];
        if self.choices.once_in(3) {
            to.push(Piece::Key("in".to_owned()));
        }
        for capture in captures {
            to.push(match (capture, self.choices.below(4)) {
                (Capture::Text, 1) => Piece::Key("k*".to_owned()),
                (Capture::Text, 2) => Piece::Item("name=*".to_owned()),
                (Capture::Text, _) => Piece::Key("*".to_owned()),
                (Capture::Position, _) => Piece::Item("*".to_owned()),
                (Capture::Keys, _) => Piece::Key("**".to_owned()),
            });
            if self.choices.once_in(3) {
                to.push(Piece::Key("k".to_owned()));
            }
        }
        to
    }

    /// A key that the chart has from this version on.
    fn fresh(&mut self) -> String {
        self.count += 1;
        let name = format!("n{}", self.count);
        let life = Life {
            since: self.version,
            until: self.versions,
            open: true,
        };
        self.lives.push((name.clone(), life));
        name
    }

    fn migration(&mut self) -> Map<String, Json> {
        self.owned.clear();
        self.written.clear();
        let mut steps = Map::new();
        for _ in 0..1 + self.choices.below(3) {
            let made = match self.choices.once_in(16) {
                true => self.exclusive().unwrap_or_default(),
                false => self.step().into_iter().collect(),
            };
            for step in made {
                self.count += 1;
                steps.insert(format!("s{}", self.count), step);
            }
        }
        steps
    }

    fn step(&mut self) -> Option<Json> {
        match self.choices.below(18) {
            0..4 => self.moved(),
            4 => self.dropped(),
            5 => self.named(),
            6 => self.guarded(),
            7 => self.copied_beside(),
            8 => self.asked(),
            9 => self.left(),
            10 => self.replaced(),
            11 => self.upserted(),
            12 => self.item_written(),
            13 | 14 => self.for_each(),
            15 | 16 => self.moved_by_rows(),
            _ => self.computed(),
        }
    }

    fn moves(&mut self) -> Option<Map<String, Json>> {
        let mut moves = Map::new();
        for _ in 0..1 + self.choices.below(3) {
            let Some(from) = self.source() else { break };
            let Some(to) = self.destination(&from) else {
                break;
            };
            moves.insert(shown(&from), json!(shown(&to)));
        }
        (!moves.is_empty()).then_some(moves)
    }

    fn moved(&mut self) -> Option<Json> {
        let mut step = json!({"title": "Move", "move": self.moves()?});
        if self.choices.once_in(3)
            && let Some(path) = self.source()
        {
            let what = *self.choices.pick(&["drop", "keep"]);
            step[what] = json!([shown(&path)]);
            step["why"] = json!("It is not read.");
        }
        Some(step)
    }

    /// Something that is done for each match of a path.
    fn for_each(&mut self) -> Option<Json> {
        let mut from = self.source()?;
        if !from.iter().any(Piece::captures) {
            if from.len() < 2 {
                return None;
            }
            let at = 1 + self.choices.below(from.len() - 1);
            let loosened = self.loosened(&from[at]);
            *from[at].text_mut() = loosened;
            if self.owned.contains(&shown(&from)) {
                return None;
            }
            self.owned.push(shown(&from));
        }
        let captures = from.iter().flat_map(Piece::captured);
        let names: Vec<String> = (0..captures.count()).map(|n| format!("i{n}")).collect();
        let named = |path: &[Piece]| {
            let mut names = names.iter();
            let named = path.iter().map(|piece| piece.named(&mut names));
            shown(&named.collect::<Vec<_>>())
        };
        let to = self.destination(&from)?;
        // What is matched may be what is above what is taken.
        let last = from.iter().rposition(Piece::captures)?;
        let matched = match self.choices.below(3) {
            0 => shown(&from),
            _ => shown(&from[..=last]),
        };
        let mut step = json!({"title": "Each", "for": matched, "as": names});
        let (from, to) = (named(&from), named(&to));
        match self.choices.below(6) {
            0 => step["move"] = json!({from: to}),
            1 => {
                step["take"] = json!({"a": from});
                step["do"] = json!({to: "=a"});
            }
            2 => {
                step["take"] = json!({"a": from});
                step["if"] = json!("kind(a) != 'text'");
                step["do"] = json!({to: {"of": format!("={}", names[0]), "a": "=a"}});
            }
            3 => {
                step["read"] = json!({"a": from});
                step["if"] = json!("set(a)");
                step["do"] = json!({to: "=string(i0)"});
            }
            4 => {
                step["take"] = json!({"a": from});
                step["ask"] = json!("What of this?");
                step["options"] = json!({
                    "take": {"title": "Take it along", "do": {to: "=a"}},
                    "stay": {"title": "Leave it", "leave": ["a"]},
                    "drop": {"title": "Drop it"},
                });
            }
            _ => {
                step["read"] = json!({"a": from.clone()});
                step["first"] = json!([
                    {"if": "kind(a) == 'text'", "move": {from.clone(): to}},
                    {"if": "kind(a) == 'map'", "drop": [from]},
                ]);
                step["why"] = json!("It is not read.");
            }
        }
        if !names
            .iter()
            .all(|name| step.to_string().contains(&format!("{{{name}}}")))
        {
            return None;
        }
        Some(step)
    }

    /// Moves that a row, or an option, does.
    fn moved_by_rows(&mut self) -> Option<Json> {
        let (a, b) = (self.source()?, self.source()?);
        let (to, other) = (self.destination(&a)?, self.destination(&a)?);
        let (a, b) = (shown(&a), shown(&b));
        let mut step = json!({"title": "By rows", "why": "It is not read.", "read": {"r": a}});
        if self.choices.below(2) == 1 {
            step["ask"] = json!("Which?");
            step["options"] = json!({
                "one": {"title": "One", "move": {a.clone(): shown(&to)}},
                "two": {"title": "Two", "move": {a.clone(): shown(&other)}, "drop": [b]},
                "none": {"title": "None"},
            });
        } else {
            let kind = *self.choices.pick(&["text", "map", "list", "number"]);
            step["first"] = json!([
                {"if": format!("kind(r) == '{kind}'"), "move": {a.clone(): shown(&to)}, "drop": [b]},
                {"if": "set(r)", "move": {a: shown(&other)}},
            ]);
        }
        Some(step)
    }

    /// Two steps of which one is done.
    fn exclusive(&mut self) -> Option<Vec<Json>> {
        let a = self.source()?;
        let (to, other) = (self.destination(&a)?, self.destination(&a)?);
        let (a, r) = (shown(&a), shown(&self.source()?));
        let step = |guard: &str, to: &[Piece]| json!({"title": "Either", "read": {"r": r}, "if": guard, "move": {a.clone(): shown(to)}});
        Some(vec![step("set(r)", &to), step("!set(r)", &other)])
    }

    fn dropped(&mut self) -> Option<Json> {
        let mut paths = Vec::new();
        for _ in 0..1 + self.choices.below(3) {
            paths.extend(self.source().map(|path| shown(&path)));
        }
        let step = json!({"title": "Drop", "why": "It is not read.", "drop": paths});
        (!paths.is_empty()).then_some(step)
    }

    /// Values by name, at new places.
    fn named(&mut self) -> Option<Json> {
        let a = self.source()?;
        let to = self.destination(&[])?;
        let mut step = json!({"title": "Name", "take": {"a": shown(&a)}, "do": {shown(&to): "=a"}});
        if let Some(b) = self.source() {
            step["take"]["b"] = json!(shown(&b));
            if let Some(to) = self.destination(&[]) {
                let value = match self.choices.below(4) {
                    0 => json!("=b"),
                    1 => json!({"fixed": 1, "b": "=b"}),
                    2 => json!(["=b", "end"]),
                    _ => json!("=set(b) ? b : a"),
                };
                step["do"][shown(&to)] = value;
            }
        }
        Some(step)
    }

    fn guarded(&mut self) -> Option<Json> {
        let a = self.source()?;
        let (one, two) = (self.destination(&[])?, self.destination(&[])?);
        let read = self.source()?;
        self.owned.pop();
        let guard = *self.choices.pick(&[
            "kind(a) == 'text'",
            "kind(a) in ['map', 'list']",
            "set(r)",
            "default(r, 'same') == 'same'",
            "set(r) && kind(r) == 'text' && kind(a) == 'text'",
        ]);
        let mut step = json!({
            "title": "Decide", "take": {"a": shown(&a)}, "read": {"r": shown(&read)},
            "first": [{"if": guard, "do": {shown(&one): "=a"}}],
        });
        match self.choices.below(3) {
            0 => {}
            1 => {
                let last = json!({"do": {shown(&two): "=a"}});
                step["first"].as_array_mut().expect("rows").push(last);
            }
            _ => step["if"] = json!("set(a)"),
        }
        Some(step)
    }

    /// What nothing is taken for.
    fn copied_beside(&mut self) -> Option<Json> {
        let read = self.source()?;
        self.owned.pop();
        let to = self.destination(&[])?;
        Some(json!({
            "title": "Write beside", "read": {"r": shown(&read)}, "if": "set(r)",
            "do": {shown(&to): "=r"},
        }))
    }

    fn asked(&mut self) -> Option<Json> {
        let a = self.source()?;
        let (one, two) = (self.destination(&[])?, self.destination(&[])?);
        Some(json!({
            "title": "Ask", "take": {"a": shown(&a)}, "ask": "What now?",
            "options": {
                "take": {"title": "Take it along", "do": {shown(&one): "=a"}},
                "type": {
                    "title": "Type it",
                    "input": {"one": {"title": "A word", "match": "[a-z0-9]+"}, "many": {"title": "Words", "list": true, "default": "some, more"}},
                    "do": {shown(&one): "=many", shown(&two): "=one"},
                },
                "stay": {"title": "Leave it", "leave": ["a"]},
                "drop": {"title": "Drop it"},
            },
        }))
    }

    fn left(&mut self) -> Option<Json> {
        let (a, b) = (self.source()?, self.source()?);
        let to = self.destination(&[])?;
        Some(json!({
            "title": "Leave one", "take": {"a": shown(&a), "b": shown(&b)},
            "first": [
                {"if": "set(b)", "do": {shown(&to): "=b"}, "leave": ["a"]},
                {"leave": ["b"], "do": {shown(&to): "=a"}},
            ],
        }))
    }

    fn replaced(&mut self) -> Option<Json> {
        let a = self.source()?;
        let to = self.destination(&[])?;
        // It is for keys that the old chart did not read.
        let read = self.alive(&to, self.version - 1);
        if read || to.iter().any(|piece| matches!(piece, Piece::Item(_))) {
            return None;
        }
        let text = shown(&to);
        Some(json!({
            "title": "Replace", "take": {"a": shown(&a)}, "do": {text.clone(): "=a"}, "replaces": [text],
        }))
    }

    fn a_list(&mut self) -> Option<Vec<Piece>> {
        let lists: Vec<Vec<Piece>> = (self.places.iter())
            .filter(|p| matches!(p.last(), Some(Piece::Item(_))))
            .map(|p| p[..p.len() - 1].to_vec())
            .filter(|p| !p.iter().any(Piece::captures) && self.alive(p, self.versions - 1))
            .collect();
        if lists.is_empty() || self.choices.once_in(4) {
            return self.destination(&[]);
        }
        let list = self.choices.pick(&lists).clone();
        let text = shown(&list);
        (!self.written.contains(&text)).then(|| {
            self.written.push(text);
            list
        })
    }

    fn upserted(&mut self) -> Option<Json> {
        let a = self.source()?;
        let list = shown(&self.a_list()?);
        let name = *self.choices.pick(&["A", "B", "new"]);
        Some(json!({
            "title": "Add to a list", "take": {"a": shown(&a)}, "read": {"l": list.clone()},
            "first": [{
                "if": "kind(l) in ['list', 'unset']",
                "upsert": {list: {"by": "name", "items": [{"name": name, "value": "=a"}, {"name": "last"}]}},
            }],
        }))
    }

    fn item_written(&mut self) -> Option<Json> {
        let a = self.source()?;
        let list = shown(&self.a_list()?);
        let item = *self.choices.pick(&[
            "[name=A].value",
            "[0].value",
            "[1]",
            "[name=new].deep.value",
            "[80]",
        ]);
        let mut step = json!({
            "title": "Write into a list", "take": {"a": shown(&a)}, "do": {format!("{list}{item}"): "=a"},
        });
        if self.choices.below(2) == 1 {
            step["read"] = json!({"l": list});
        }
        Some(step)
    }

    fn computed(&mut self) -> Option<Json> {
        let (a, b) = (self.source()?, self.source()?);
        let to = shown(&self.destination(&[])?);
        let row = match self.choices.below(6) {
            0 => {
                json!({"if": "kind(a) == 'text' && kind(b) == 'text'", "do": {to: "=a + ':' + b"}})
            }
            1 => {
                json!({"if": "kind(a) == 'list' && kind(b) in ['list', 'unset', 'null', 'text']", "do": {to: "=union(a, b)"}})
            }
            2 => {
                json!({"if": "kind(a) == 'map'", "do": {to: "=a.map(k, {'name': k, 'value': a[k]})"}})
            }
            3 => json!({"if": "kind(a) in ['text', 'number', 'bool']", "do": {to: "=string(a)"}}),
            4 => json!({"if": "kind(a) == 'list'", "do": {to: "=a.map(i, {'item': i})"}}),
            _ => json!({"do": {to: {"kind": "=kind(a)", "both": ["=a", "=b"], "m": "=known"}}}),
        };
        Some(json!({
            "title": "Compute", "take": {"a": shown(&a), "b": shown(&b)},
            "let": {"known": {"k": "=kind(b)", "two": 2}}, "first": [row],
        }))
    }
}
