//! Values files for a generated pack, written in every way that YAML has.
//!
//! Nearly every leaf and every comment has a word of its own (`t7`, `c3`), so that what became of it can be
//! seen in the result by looking for the word.

use refit::values::{
    Path, Segment, Value,
    write::{self, Context, Quotes},
};

use super::{
    choice::Choices,
    packs::{Generated, Kind},
};

enum Data {
    /// A scalar as it is written, and whether it may go without quotes.
    Text(String),
    Raw(&'static str),
    List(Vec<Data>),
    Map(Vec<(String, Data)>),
}

struct Writer<'c> {
    choices: &'c mut Choices,
    tags: usize,
    comments: usize,
    texts: Vec<String>,
    newline: &'static str,
    step: usize,
    flat_lists: bool,
    anchors: Option<Vec<(String, bool)>>,
    plain: bool,
    out: String,
}

/// A values file for a version of the pack.
pub fn document(choices: &mut Choices, pack: &Generated, version: usize) -> String {
    let mut writer = Writer::new(choices);
    let root = writer.values(pack, version);
    writer.text(root)
}

/// A values file with these values at these places, as far as they do not stand in each other's way.
pub fn written(choices: &mut Choices, values: &[(Path, Value)]) -> String {
    let mut writer = Writer::new(choices);
    let mut root = Vec::new();
    for (path, value) in values {
        put(&mut root, path.segments(), Data::of(value));
    }
    writer.tags = 1;
    writer.text(root)
}

impl<'c> Writer<'c> {
    fn new(choices: &'c mut Choices) -> Self {
        let anchors = choices.once_in(6).then(Vec::new);
        let newline = if choices.once_in(8) { "\r\n" } else { "\n" };
        let step = *choices.pick(&[2, 4, 3]);
        let flat_lists = choices.once_in(3);
        let plain = choices.once_in(6);
        Self {
            choices,
            tags: 0,
            comments: 0,
            texts: Vec::new(),
            newline,
            step,
            flat_lists,
            anchors,
            plain,
            out: String::new(),
        }
    }

    fn tag(&mut self) -> String {
        if !self.texts.is_empty() && self.choices.once_in(8) {
            return self.choices.pick(&self.texts.clone()).clone();
        }
        self.tags += 1;
        let tag = format!("t{}t", self.tags);
        self.texts.push(tag.clone());
        tag
    }

    fn values(&mut self, pack: &Generated, version: usize) -> Vec<(String, Data)> {
        let mut root = Vec::new();
        for key in &pack.keys {
            let alive = key.since <= version && key.until.is_none_or(|until| version < until);
            let there = if alive {
                self.choices.below(2) == 1
            } else {
                self.choices.once_in(10)
            };
            if there {
                let path: Path = key.path.parse().expect("a path");
                let data = self.data(&key.kind);
                put(&mut root, path.segments(), data);
            }
        }
        for _ in 0..self.choices.below(3) {
            let name = self.tag();
            let data = Data::Text(self.tag());
            let under = *self.choices.pick(&["", "image", "worker"]);
            let path = if under.is_empty() {
                vec![Segment::Key(name)]
            } else {
                vec![Segment::Key(under.to_owned()), Segment::Key(name)]
            };
            put(&mut root, &path, data);
        }
        if root.len() > 1 && self.choices.once_in(3) {
            let i = self.choices.below(root.len());
            root.rotate_left(i);
        }
        root
    }

    fn data(&mut self, kind: &Kind) -> Data {
        if self.choices.once_in(14) {
            return match self.choices.below(6) {
                0 => Data::Raw("null"),
                1 => Data::Map(Vec::new()),
                2 => Data::List(Vec::new()),
                3 => Data::Raw(""),
                4 => Data::Map(vec![(self.tag(), Data::Text(self.tag()))]),
                _ => Data::Text(self.tag()),
            };
        }
        match kind {
            Kind::Text => match self.choices.below(8) {
                6 => {
                    let raw = ["12", "0.10", "true", "1e3", "0o17", "-0.0"];
                    Data::Raw(raw[self.choices.below(raw.len())])
                }
                7 => Data::Text(format!("{}: {} # no comment", self.tag(), self.tag())),
                _ => Data::Text(self.tag()),
            },
            Kind::Switch => match self.choices.below(3) {
                0 => Data::Raw("old"),
                1 => Data::Raw("new"),
                _ => Data::Text(self.tag()),
            },
            Kind::List => {
                let n = self.choices.below(4);
                Data::List((0..n).map(|_| Data::Text(self.tag())).collect())
            }
            Kind::Env => {
                let n = self.choices.below(3);
                let item = |this: &mut Self| {
                    let name = match this.choices.below(3) {
                        0 => Data::Raw("A"),
                        1 => Data::Raw("B"),
                        _ => Data::Text(this.tag()),
                    };
                    Data::Map(vec![
                        ("name".to_owned(), name),
                        ("value".to_owned(), Data::Text(this.tag())),
                    ])
                };
                Data::List((0..n).map(|_| item(self)).collect())
            }
            Kind::Open => {
                let n = self.choices.below(3);
                Data::Map(
                    (0..n)
                        .map(|_| (self.tag(), Data::Text(self.tag())))
                        .collect::<Vec<_>>(),
                )
                .unique()
            }
            Kind::Named(fields) => {
                let n = self.choices.below(3);
                let names = ["web", "api", "x.y"];
                let mut map = Vec::new();
                for name in names.iter().take(n) {
                    let mut inner = Vec::new();
                    for field in fields {
                        if self.choices.below(4) != 3 {
                            inner.push((field.clone(), Data::Text(self.tag())));
                        }
                    }
                    map.push(((*name).to_owned(), Data::Map(inner)));
                }
                Data::Map(map)
            }
        }
    }

    fn text(mut self, root: Vec<(String, Data)>) -> String {
        if self.choices.once_in(12) {
            self.out.push('\u{feff}');
        }
        match self.choices.below(12) {
            10 => {
                let text = self.flow(&Data::Map(root), true);
                self.out.push_str(&text);
                self.out.push_str(self.newline);
            }
            11 => {
                self.json(&Data::Map(root), 0);
                self.out.push_str(self.newline);
            }
            _ if root.is_empty() => self.out.push_str(if self.tags == 0 { "" } else { "{}\n" }),
            _ => {
                if self.choices.once_in(3) {
                    self.comment(0);
                    if self.choices.below(2) == 1 {
                        self.out.push_str(self.newline);
                    }
                }
                if self.choices.once_in(10) {
                    self.out.push_str("---");
                    self.out.push_str(self.newline);
                }
                self.map(root, 0);
                if self.choices.once_in(5) {
                    if self.choices.below(2) == 1 {
                        self.out.push_str(self.newline);
                    }
                    self.comment(0);
                }
            }
        }
        if self.choices.once_in(6) {
            while self.out.ends_with(['\n', '\r']) {
                self.out.pop();
            }
        }
        self.out
    }

    fn pad(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn comment(&mut self, indent: usize) {
        self.pad(indent);
        self.trailing();
        self.out.push_str(self.newline);
    }

    fn trailing(&mut self) {
        self.comments += 1;
        let comment = format!("# c{}c", self.comments);
        self.out.push_str(&comment);
    }

    fn line_end(&mut self) {
        if !self.plain && self.choices.once_in(6) {
            self.out
                .push_str(if self.choices.once_in(3) { "   " } else { " " });
            self.trailing();
        }
        self.out.push_str(self.newline);
    }

    fn above(&mut self, indent: usize, first: bool) {
        if self.plain {
            return;
        }
        match self.choices.below(10) {
            7 => self.comment(indent),
            8 => {
                self.comment(indent);
                if self.choices.below(2) == 1 {
                    self.comment(indent);
                } else {
                    self.out.push_str(self.newline);
                }
            }
            9 if !first => {
                self.out.push_str(self.newline);
                if self.choices.below(2) == 1 {
                    self.comment(indent);
                }
            }
            _ => {}
        }
    }

    fn key(&mut self, key: &str) -> String {
        match self.choices.below(12) {
            10 => format!("\"{key}\""),
            11 => format!("'{key}'"),
            _ => key.to_owned(),
        }
    }

    fn map(&mut self, entries: Vec<(String, Data)>, indent: usize) {
        for (i, (key, value)) in entries.into_iter().enumerate() {
            self.above(indent, i == 0);
            self.pad(indent);
            self.entry(&key, value, indent);
        }
    }

    fn entry(&mut self, key: &str, value: Data, indent: usize) {
        let key = self.key(key);
        self.out.push_str(&key);
        self.out.push(':');
        self.value(value, indent);
    }

    /// A value behind `key:`.
    fn value(&mut self, value: Data, indent: usize) {
        let flow = self.choices.once_in(8);
        let empty = matches!(&value, Data::List(items) if items.is_empty())
            || matches!(&value, Data::Map(map) if map.is_empty());
        if matches!(value, Data::Raw("")) {
            return self.line_end();
        }
        let collection = matches!(value, Data::List(_) | Data::Map(_));
        if let Some(anchors) = self.anchors.clone() {
            let fitting: Vec<String> = anchors
                .iter()
                .filter(|(_, of)| *of == collection)
                .map(|(name, _)| name.clone())
                .collect();
            if !fitting.is_empty() && self.choices.once_in(4) {
                let name = self.choices.pick(&fitting).clone();
                self.out.push_str(&format!(" *{name}"));
                return self.line_end();
            }
            if self.choices.once_in(5) {
                let name = format!("a{}", anchors.len());
                self.out.push_str(&format!(" &{name}"));
                let mut anchors = anchors;
                // A collection is known under its name only behind its end.
                if !collection || flow || empty {
                    anchors.push((name, collection));
                } else {
                    self.block(value, indent);
                    if let Some(known) = &mut self.anchors {
                        known.push((name, true));
                    }
                    return;
                }
                if flow || empty || !collection {
                    self.simple(value, indent, flow || empty);
                }
                self.anchors = Some(anchors);
                return;
            }
        }
        if collection && !flow && !empty {
            self.block(value, indent);
        } else {
            self.simple(value, indent, flow || empty);
        }
    }

    fn simple(&mut self, value: Data, indent: usize, flow: bool) {
        if !flow
            && let Data::Text(text) = &value
            && self.choices.once_in(10)
        {
            let header = *self.choices.pick(&["|", ">", "|-", ">-", "|+"]);
            self.out.push_str(&format!(" {header}"));
            if !self.plain && self.choices.once_in(4) {
                self.out.push(' ');
                self.trailing();
            }
            self.out.push_str(self.newline);
            let text = text.clone();
            for line in 0..1 + self.choices.below(2) {
                self.pad(indent + self.step);
                self.out.push_str(&format!("{text} line {line}"));
                self.out.push_str(self.newline);
            }
            return;
        }
        let text = self.flow(&value, false);
        self.out.push(' ');
        self.out.push_str(&text);
        self.line_end();
    }

    fn block(&mut self, value: Data, indent: usize) {
        self.line_end();
        match value {
            Data::Map(entries) => self.map(entries, indent + self.step),
            Data::List(items) => {
                let at = if self.flat_lists {
                    indent
                } else {
                    indent + self.step
                };
                for (i, item) in items.into_iter().enumerate() {
                    self.above(at, i == 0);
                    self.pad(at);
                    self.out.push('-');
                    match item {
                        Data::Map(entries) if !entries.is_empty() => {
                            self.out.push(' ');
                            for (i, (key, value)) in entries.into_iter().enumerate() {
                                if i > 0 {
                                    self.above(at + 2, false);
                                    self.pad(at + 2);
                                }
                                self.entry(&key, value, at + 2);
                            }
                        }
                        item => self.simple(item, at, true),
                    }
                }
            }
            Data::Text(_) | Data::Raw(_) => {}
        }
    }

    fn flow(&mut self, value: &Data, json: bool) -> String {
        match value {
            Data::Raw(raw) => match *raw {
                "" => "null".to_owned(),
                raw if json && !matches!(raw, "null" | "12" | "true") => format!("\"{raw}\""),
                raw => raw.to_owned(),
            },
            Data::Text(text) if json || text.contains(": ") => {
                if json || self.choices.below(2) == 0 {
                    format!("\"{text}\"")
                } else {
                    format!("'{text}'")
                }
            }
            Data::Text(text) => match self.choices.below(6) {
                4 => format!("\"{text}\""),
                5 => format!("'{text}'"),
                _ => write::string(text, Context::Flow, Quotes::None),
            },
            Data::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flow(item, json)).collect();
                let spaced = !json && !items.is_empty() && self.choices.once_in(3);
                if spaced {
                    format!("[ {} ]", items.join(" , "))
                } else {
                    format!("[{}]", items.join(", "))
                }
            }
            Data::Map(entries) => {
                let quote = if json { "\"" } else { "" };
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("{quote}{key}{quote}: {}", self.flow(value, json)))
                    .collect();
                let spaced = !json && !entries.is_empty() && self.choices.once_in(3);
                if spaced {
                    format!("{{ {} }}", entries.join(", "))
                } else {
                    format!("{{{}}}", entries.join(", "))
                }
            }
        }
    }

    /// As other tools write JSON: a line for each entry.
    fn json(&mut self, value: &Data, indent: usize) {
        let Data::Map(entries) = value else {
            let text = self.flow(value, true);
            return self.out.push_str(&text);
        };
        if entries.is_empty() {
            return self.out.push_str("{}");
        }
        self.out.push('{');
        for (i, (key, value)) in entries.iter().enumerate() {
            self.out.push_str(if i > 0 { "," } else { "" });
            self.out.push_str(self.newline);
            self.pad(indent + self.step);
            self.out.push_str(&format!("\"{key}\": "));
            self.json(value, indent + self.step);
        }
        self.out.push_str(self.newline);
        self.pad(indent);
        self.out.push('}');
    }
}

impl Data {
    fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.clone()),
            Value::List(items) => Self::List(items.iter().map(Self::of).collect()),
            Value::Map(map) => {
                Self::Map(map.iter().map(|(k, v)| (k.clone(), Self::of(v))).collect())
            }
            scalar => {
                let text = write::one_line(scalar, Context::Flow, Quotes::None);
                Self::Raw(Box::leak(text.into_boxed_str()))
            }
        }
    }

    fn unique(self) -> Self {
        match self {
            Self::Map(entries) => {
                let mut kept: Vec<(String, Self)> = Vec::new();
                for (key, value) in entries {
                    if !kept.iter().any(|(other, _)| *other == key) {
                        kept.push((key, value));
                    }
                }
                Self::Map(kept)
            }
            other => other,
        }
    }
}

/// Puts a value where nothing is in the way.
fn put(map: &mut Vec<(String, Data)>, path: &[Segment], data: Data) {
    let Some((Segment::Key(key), rest)) = path.split_first() else {
        return;
    };
    let there = map.iter_mut().find(|(other, _)| other == key);
    match (there, rest.is_empty()) {
        (None, true) => map.push((key.clone(), data)),
        (None, false) => {
            let mut below = Vec::new();
            put(&mut below, rest, data);
            map.push((key.clone(), Data::Map(below)));
        }
        (Some((_, Data::Map(below))), false) => put(below, rest, data),
        (Some(_), _) => {}
    }
}
