//! Packs as the judge reads them, from their files.

use semver::Version;
use serde_json::{Map, Value as Json};

use super::paths::{Capture, Selector};

/// A chart's versions, keys and migrations.
#[derive(Debug)]
pub struct Pack {
    pub versions: Vec<Version>,
    keys: Vec<(Selector, Vec<Known>)>,
    pub migrations: Vec<Migration>,
}

#[derive(Debug)]
struct Known {
    range: Range,
    open: bool,
    read: bool,
}

#[derive(Clone, Debug)]
pub struct Migration {
    pub version: Version,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub id: String,
    pub paths: Vec<Owned>,
    pub reads: Vec<(String, Selector)>,
    pub replaces: Vec<Selector>,
    pub lets: Vec<(String, Json)>,
    /// The guard of the whole step, where it has rows.
    pub condition: Option<String>,
    pub rows: Vec<Row>,
    /// Whether it waits for an answer.
    pub held: bool,
    /// What it is done for each match of.
    pub each: Option<Each>,
    /// What the names of a match stand for.
    pub known: Vec<(String, Json)>,
    /// What stands behind its id where it asks about a match.
    pub about: String,
}

/// A step that is done for each match of a path.
#[derive(Clone, Debug)]
pub struct Each {
    pub path: Selector,
    names: Vec<String>,
    source: Json,
}

/// A path that can own leaves.
#[derive(Clone, Debug)]
pub struct Owned {
    pub path: Selector,
    pub role: Role,
    /// The path as it is written, with stars in place of the names of a match.
    pub written: Selector,
    /// The row and the option that it is of; none if it is the step's.
    pub of: Option<(usize, Option<usize>)>,
}

impl Owned {
    /// Whether only one of the two is ever used.
    fn apart(&self, other: &Self) -> bool {
        match (self.of, other.of) {
            (Some((row, option)), Some((second, theirs))) => {
                row != second || option.is_some() && theirs.is_some() && option != theirs
            }
            _ => false,
        }
    }
}

#[derive(Clone, Debug)]
pub enum Role {
    Take(String),
    Move(Selector),
    Drop,
    Keep,
}

#[derive(Clone, Debug)]
pub struct Row {
    pub condition: Option<String>,
    pub target: Option<Range>,
    pub leave: Vec<String>,
    pub writes: Vec<(Selector, Json)>,
    pub upserts: Vec<(Selector, String, Json)>,
    pub asks: bool,
    pub options: Vec<Choice>,
}

#[derive(Clone, Debug)]
pub struct Choice {
    pub id: String,
    pub inputs: Vec<(String, bool)>,
    pub row: Row,
}

/// A range of versions.
#[derive(Clone, Debug)]
pub struct Range(Vec<(String, Version)>);

impl Range {
    fn new(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| *part != "*") {
            let digits = part.trim_start_matches(['<', '>', '=']);
            let operator = part[..part.len() - digits.len()].to_owned();
            let version = digits.trim().parse().map_err(|e| format!("{part}: {e}"))?;
            parts.push((operator, version));
        }
        Ok(Self(parts))
    }

    pub fn holds(&self, version: &Version) -> bool {
        self.0
            .iter()
            .all(|(operator, bound)| match operator.as_str() {
                "<" => version < bound,
                "<=" => version <= bound,
                ">" => version > bound,
                ">=" => version >= bound,
                _ => version == bound,
            })
    }
}

impl Pack {
    /// Reads it. An error is a pack that means nothing by the page.
    pub fn read(files: &[(String, String)]) -> Result<Self, String> {
        let parse = |text: &str| -> Result<Json, String> {
            serde_yaml::from_str(text).map_err(|e| e.to_string())
        };
        let mut pack = Self {
            versions: Vec::new(),
            keys: Vec::new(),
            migrations: Vec::new(),
        };
        for (name, text) in files {
            let file = parse(text)?;
            match name.as_str() {
                "pack.yaml" => {
                    for version in entries(&file["versions"]).map(|(version, _)| version) {
                        pack.versions
                            .push(version.parse().map_err(|_| version.clone())?);
                    }
                }
                "keys.yaml" => {
                    for (path, ranges) in entries(&file) {
                        let mut known = Vec::new();
                        for range in ranges.as_array().into_iter().flatten() {
                            let own = range["default"].as_object().is_some_and(Map::is_empty)
                                || range["default"].as_array().is_some_and(Vec::is_empty);
                            known.push(Known {
                                range: Range::new(range["in"].as_str().unwrap_or("*"))?,
                                open: own || !range["open"].is_null(),
                                read: range["read"] != "no",
                            });
                        }
                        pack.keys.push((Selector::new(path)?, known));
                    }
                }
                _ => pack.migrations.push(Migration::read(&file)?),
            }
        }
        pack.migrations.sort_by(|a, b| a.version.cmp(&b.version));
        Ok(pack)
    }

    /// Whether a version reads a key, something below it, or all that is below something above it.
    pub fn reads(&self, version: &Version, keys: &[String]) -> bool {
        use super::paths::Seg;
        // Helm hands `global` to the charts below, whatever this one does with it.
        let global = keys.first().is_some_and(|key| key == "global");
        if global && !self.lists_as_dead(version, keys) {
            return true;
        }
        self.keys.iter().any(|(path, known)| {
            let known = known.iter().find(|known| known.range.holds(version));
            let Some(known) = known.filter(|known| known.read) else {
                return false;
            };
            let mut same = path.segs.iter().zip(keys).all(|(seg, key)| match seg {
                Seg::Key(pattern) => pattern.captures(key).is_some(),
                _ => false,
            });
            if keys.len() > path.segs.len() {
                same &= known.open;
            }
            same
        })
    }

    /// Whether a key, or one above it, stands in a version and nothing reads it.
    fn lists_as_dead(&self, version: &Version, keys: &[String]) -> bool {
        use super::paths::Seg;
        self.keys.iter().any(|(path, known)| {
            let mut known = known.iter();
            let dead = known.any(|known| known.range.holds(version) && !known.read);
            let same = |(seg, key): (&Seg, &String)| match seg {
                Seg::Key(pattern) => pattern.captures(key).is_some(),
                _ => false,
            };
            dead && path.segs.len() <= keys.len() && path.segs.iter().zip(keys).all(same)
        })
    }

    pub fn before(&self, version: &Version) -> Option<&Version> {
        self.versions.iter().rev().find(|other| *other < version)
    }
}

impl Migration {
    fn read(file: &Json) -> Result<Self, String> {
        let version = file["version"].as_str().unwrap_or_default();
        let mut steps = Vec::new();
        for (id, step) in entries(&file["steps"]) {
            steps.push(Step::read(id, step)?);
        }
        let migration = Self {
            version: version.parse().map_err(|e| format!("{version}: {e}"))?,
            steps,
        };
        for step in &migration.steps {
            for (j, owned) in step.paths.iter().enumerate() {
                for other in &step.paths[..j] {
                    if owned.apart(other) {
                        continue;
                    }
                    if owned.path.segs == other.path.segs {
                        return Err(format!("{} stands twice", owned.path.text));
                    }
                    if let (Role::Move(to), Role::Move(too)) = (&owned.role, &other.role)
                        && to.segs == too.segs
                    {
                        return Err(format!("two moves to {}", to.text));
                    }
                }
            }
        }
        for owned in migration.steps.iter().flat_map(|step| &step.paths) {
            if let Role::Move(to) = &owned.role
                && owned.path.kinds() != to.kinds()
            {
                return Err(format!(
                    "{} has not the captures of {}",
                    to.text, owned.path.text
                ));
            }
        }
        Ok(migration)
    }
}

impl Selector {
    /// The captures, by kind.
    fn kinds(&self) -> Vec<u8> {
        use super::paths::Seg;
        let of = |seg: &Seg| match seg {
            Seg::Key(pattern) | Seg::Item { is: pattern, .. } => vec![0; pattern.stars()],
            Seg::AnyItem => vec![1],
            Seg::Deep => vec![2],
            Seg::Nth(_) => vec![],
        };
        self.segs.iter().flat_map(of).collect()
    }
}

impl Step {
    fn read(id: &str, step: &Json) -> Result<Self, String> {
        let Some(path) = step["for"].as_str() else {
            return Self::plain(id, step);
        };
        let names: Vec<String> = match &step["as"] {
            Json::String(name) => vec![name.clone()],
            names => items(names)
                .filter_map(Json::as_str)
                .map(str::to_owned)
                .collect(),
        };
        let path = Selector::new(path)?;
        let star = |kind| if kind == 2 { "**" } else { "*" };
        let stars = path.kinds().into_iter().map(|kind| star(kind).to_owned());
        let stars: Vec<String> = stars.collect();
        let mut shown = Self::plain(id, &put_in(step, &names, &stars))?;
        shown.each = Some(Each {
            path,
            names,
            source: step.clone(),
        });
        Ok(shown)
    }

    /// Whether it is one that was written out for a match.
    pub fn of_match(&self) -> bool {
        !self.known.is_empty()
    }

    /// The plain steps that it stands for.
    pub fn plain_steps(&self, snapshot: &Json) -> Result<Vec<Self>, String> {
        let Some(each) = &self.each else {
            return Ok(vec![self.clone()]);
        };
        let mut steps = Vec::new();
        let mut seen = Vec::new();
        for (_, captures) in each.path.find(snapshot) {
            // Several items of one name are one match.
            if seen.contains(&captures) {
                continue;
            }
            seen.push(captures.clone());
            let texts: Vec<String> = captures.iter().map(Capture::text).collect();
            let written: Vec<String> = (texts.iter().zip(&captures))
                .map(|(text, capture)| {
                    // Keys are a path already.
                    if matches!(capture, Capture::Keys(_)) {
                        return text.clone();
                    }
                    let plain = |c: char| c.is_alphanumeric();
                    let escaped = |c| if plain(c) { vec![c] } else { vec!['\\', c] };
                    text.chars().flat_map(escaped).collect()
                })
                .collect();
            let filled = put_in(&each.source, &each.names, &written);
            let mut step = Self::plain(&self.id, &filled)?;
            for (owned, shown) in step.paths.iter_mut().zip(&self.paths) {
                owned.written = shown.path.clone();
            }
            let known = each.names.iter().zip(&captures).map(|(name, capture)| {
                let value = match capture {
                    Capture::Item(i) => Json::from(*i),
                    other => Json::from(other.text()),
                };
                (name.clone(), value)
            });
            step.known = known.collect();
            step.about = texts.iter().map(|text| format!("/{text}")).collect();
            steps.push(step);
        }
        Ok(steps)
    }

    fn plain(id: &str, step: &Json) -> Result<Self, String> {
        let mut paths = Vec::new();
        let mut own = |path: &str, role: Role, of| -> Result<(), String> {
            let path = Selector::new(path)?;
            paths.push(Owned {
                written: path.clone(),
                path,
                role,
                of,
            });
            Ok(())
        };
        for (name, path) in entries(&step["take"]) {
            own(text(path)?, Role::Take(name.clone()), None)?;
        }
        let mut rows = vec![(step, None)];
        let has_first = step["first"].is_array();
        for (n, row) in items(&step["first"]).enumerate() {
            rows.push((row, Some((n, None))));
        }
        for (row, of) in rows.clone() {
            let n = match of {
                Some((n, _)) => n,
                None if has_first => continue,
                None => 0,
            };
            for (m, (_, option)) in entries(&row["options"]).enumerate() {
                rows.push((option, Some((n, Some(m)))));
            }
        }
        for (row, of) in rows {
            for (from, to) in entries(&row["move"]) {
                own(from, Role::Move(Selector::new(text(to)?)?), of)?;
            }
            for path in items(&row["drop"]) {
                own(text(path)?, Role::Drop, of)?;
            }
        }
        for path in items(&step["keep"]) {
            own(text(path)?, Role::Keep, None)?;
        }
        let mut reads = Vec::new();
        for (name, path) in entries(&step["read"]) {
            reads.push((name.clone(), Selector::new(text(path)?)?));
        }
        let mut replaces = Vec::new();
        for path in items(&step["replaces"]) {
            replaces.push(Selector::new(text(path)?)?);
        }
        let lets = entries(&step["let"]).map(|(name, value)| (name.clone(), value.clone()));
        let (condition, rows) = match step.get("first") {
            Some(first) => {
                let rows: Result<_, _> = items(first).map(Row::read).collect();
                (step["if"].as_str().map(str::to_owned), rows?)
            }
            None => (None, vec![Row::read(step)?]),
        };
        Ok(Self {
            id: id.to_owned(),
            lets: lets.collect(),
            paths,
            reads,
            replaces,
            condition,
            rows,
            held: false,
            each: None,
            known: Vec::new(),
            about: String::new(),
        })
    }
}

impl Row {
    fn read(row: &Json) -> Result<Self, String> {
        let mut writes = Vec::new();
        for (path, value) in entries(&row["do"]) {
            writes.push((Selector::new(path)?, value.clone()));
        }
        let mut upserts = Vec::new();
        for (path, upsert) in entries(&row["upsert"]) {
            let by = text(&upsert["by"])?.to_owned();
            upserts.push((Selector::new(path)?, by, upsert["items"].clone()));
        }
        let mut options = Vec::new();
        for (id, option) in entries(&row["options"]) {
            let inputs = entries(&option["input"]);
            options.push(Choice {
                id: id.clone(),
                inputs: inputs
                    .map(|(name, i)| (name.clone(), i["list"] == true))
                    .collect(),
                row: Self::read(option)?,
            });
        }
        let target = row["target"].as_str().map(Range::new).transpose()?;
        let leave = items(&row["leave"]).filter_map(Json::as_str);
        Ok(Self {
            condition: row["if"].as_str().map(str::to_owned),
            target,
            leave: leave.map(str::to_owned).collect(),
            writes,
            upserts,
            asks: row["ask"].is_string(),
            options,
        })
    }
}

/// A step with something in place of the names in its paths.
fn put_in(step: &Json, names: &[String], texts: &[String]) -> Json {
    let filled = |path: &str| {
        let both = names.iter().zip(texts);
        both.fold(path.to_owned(), |path, (name, text)| {
            let name = format!("{{{name}}}");
            let mut path = path;
            // Where a whole segment stands for no key there is no dot either.
            while let Some(at) = path.find(&name).filter(|_| text.is_empty()) {
                let (before, after) = (&path[..at], &path[at + name.len()..]);
                let begins = before.is_empty() || before.ends_with('.');
                let ends = after.is_empty() || after.starts_with(['.', '[']);
                path = match (begins && ends, before.strip_suffix('.')) {
                    (true, Some(before)) => format!("{before}{after}"),
                    (true, None) => after.trim_start_matches('.').to_owned(),
                    (false, _) => format!("{before}{after}"),
                };
            }
            path.replace(&name, text)
        })
    };
    let value = |value: &Json| match value {
        Json::String(path) => Json::from(filled(path)),
        other => other.clone(),
    };
    let mut made = Map::new();
    for (field, content) in entries(step) {
        let content = match field.as_str() {
            "take" | "read" => entries(content)
                .map(|(k, v)| (k.clone(), value(v)))
                .collect(),
            "move" => entries(content)
                .map(|(k, v)| (filled(k), value(v)))
                .collect(),
            "do" | "upsert" => entries(content)
                .map(|(k, v)| (filled(k), v.clone()))
                .collect(),
            "drop" | "keep" | "replaces" => items(content).map(value).collect(),
            "first" => items(content)
                .map(|row| put_in(row, names, texts))
                .collect(),
            "options" => entries(content)
                .map(|(id, option)| (id.clone(), put_in(option, names, texts)))
                .collect(),
            _ => content.clone(),
        };
        made.insert(field.clone(), content);
    }
    Json::Object(made)
}

fn entries(value: &Json) -> impl Iterator<Item = (&String, &Json)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Json) -> impl Iterator<Item = &Json> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Json) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("{value} is no text"))
}
