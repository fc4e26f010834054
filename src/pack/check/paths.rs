//! The paths of steps: whether they are paths, whether the chart knows them where the step needs them,
//! and whether the wildcards of a destination are those of its source.

use semver::Version;

use super::{
    PlacedRow, Whole,
    finding::{Code, PackFinding},
    place::{CheckedFile, Spot, with_wildcards},
    placed_rows,
};
use crate::{
    pack::{Known, Migration, Pack, Step, Take, model::OPEN_REASON},
    spelling::closest,
    values::{Path, Segment, Value},
};

/// Checks that there is a reason for what is ignored: a draft has a question in its place.
fn check_reason(what: &str, spot: Spot<'_>, found: &mut Vec<PackFinding>) {
    let is_one = |text: &str| text.chars().any(char::is_alphanumeric) && text.trim() != OPEN_REASON;
    if spot.text().is_some_and(|text| !is_one(text)) {
        let message = format!(
            "there is no reason for ignoring {what}; say what users could be told, or take the line away"
        );
        found.push(spot.finding_here(Code::NoReason, message));
    }
}

/// Checks that whatever must be a path is one.
pub(super) fn check_path_texts(file: &CheckedFile, found: &mut Vec<PackFinding>) {
    for (what, spot) in file.spot().get("ignored").entries() {
        check_reason(what, spot.at_value(), found);
    }
    let mut path = |text: Option<&str>, spot: Spot<'_>| {
        if let Some(Err(error)) = text.map(str::parse::<Path>) {
            let message = format!("this is no path: {error}");
            found.push(spot.finding_here(Code::BadPath, message));
        }
    };
    for (text, spot) in file.spot().get("ignored").entries() {
        path(Some(text), spot);
    }
    for (_, step) in file.spot().get("steps").entries() {
        let mut path = |text: Option<&str>, spot: Spot<'_>| match step.find("for") {
            // Its names stand for keys and positions.
            Some(_) => path(text.map(with_wildcards).as_deref(), spot),
            None => path(text, spot),
        };
        for field in ["take", "read"] {
            for (_, spot) in step.get(field).entries() {
                path(spot.at_value().text(), spot.at_value());
            }
        }
        for field in ["keep", "replaces", "foreign"] {
            for spot in step.get(field).items() {
                path(spot.text(), spot);
            }
        }
        let first = step.get("first").items();
        for row in std::iter::once(step).chain(first) {
            let options = row.get("options").entries();
            for row in std::iter::once(row).chain(options.into_iter().map(|(_, spot)| spot)) {
                for (from, spot) in row.get("move").entries() {
                    path(Some(from), spot);
                    path(spot.at_value().text(), spot.at_value());
                }
                for spot in row.get("drop").items() {
                    path(spot.text(), spot);
                }
                for field in ["do", "upsert"] {
                    for (to, spot) in row.get(field).entries() {
                        path(Some(to), spot);
                    }
                }
            }
        }
    }
}

/// Checks the paths of a step against what the chart knows.
pub(super) fn check(
    whole: &Whole<'_>,
    migration: &Migration,
    step: &Step,
    spot: Spot<'_>,
    found: &mut Vec<PackFinding>,
) {
    let version = &migration.version;
    let known = |path: &Path, which: &dyn Fn(&Version) -> bool| {
        let mut versions = whole.versions.iter().filter(|version| which(version));
        versions.any(|version| whole.knows(path, version))
    };
    let before = |other: &Version| other < version;
    let after = |other: &Version| other >= version;
    let hint = |path: &Path| did_you_mean(whole.pack, path);

    // What it takes and reads.
    for take in &step.takes {
        if !known(&take.path, &before) && !step.foreign.contains(&take.path) {
            let at = spot_of_take(step, spot, take);
            let message = format!(
                "no version before {version} knows {}{}; if forks do, list it under `foreign`",
                take.path,
                hint(&take.path)
            );
            found.push(at.finding_here(Code::UnknownKey, message));
        }
        if let Some(to) = &take.to {
            check_captures(step, &take.path, to, row_of(step, spot, take), found);
        }
    }
    for (name, path) in &step.reads {
        let any = known(path, &before) || known(path, &after);
        if !any && !step.foreign.contains(path) {
            let message = format!(
                "no version knows {path}{}; if forks do, list it under `foreign`",
                hint(path)
            );
            let at = spot.get("read").get(name).at_value();
            found.push(at.finding_here(Code::UnknownKey, message));
        }
    }
    fields_that_do_nothing(whole, version, step, spot, found);

    // What it writes.
    for path in &step.replaces {
        if !known(path, &after) {
            let message = format!(
                "no version from {version} on knows {path}, which it replaces{}",
                hint(path)
            );
            let at = spot.get("replaces").find_path(path).unwrap_or(spot);
            found.push(at.finding_here(Code::UnknownKey, message));
        }
    }
    for take in &step.takes {
        let Some(to) = &take.to else { continue };
        let at = || {
            let moves = row_of(step, spot, take).get("move");
            moves.find_path(&take.path).unwrap_or(spot).at_value()
        };
        check_written(whole, version, to, None, &at, found);
    }
    for placed in placed_rows(step, spot) {
        for write in &placed.row.writes {
            let field = if write.by.is_some() { "upsert" } else { "do" };
            let fields = placed.spot.get(field);
            let at = || fields.find_path(&write.path).unwrap_or(placed.spot);
            if !write.path.is_concrete() && step.each.is_none() {
                let message = format!("{} has a wildcard; only `move` can have one", write.path);
                found.push(at().finding_here(Code::WildcardWritten, message));
                continue;
            }
            check_written(whole, version, &write.path, Some(&placed), &at, found);
        }
    }
}

/// The place of the row that takes a path; of the step itself, if it does so whatever its row.
pub(super) fn row_of<'f>(step: &Step, spot: Spot<'f>, take: &Take) -> Spot<'f> {
    let Some((number, option)) = take.of else {
        return spot;
    };
    let row = spot.find("first").map_or(spot, |first| first.item(number));
    let question = step.rows.get(number).and_then(|row| row.question.as_ref());
    match (option, question) {
        (Some(option), Some(question)) => row.get("options").get(&question.options[option].id),
        _ => row,
    }
}

/// The place of a path that a step takes.
pub(super) fn spot_of_take<'f>(step: &Step, spot: Spot<'f>, take: &Take) -> Spot<'f> {
    let row = row_of(step, spot, take);
    let fields = ["take", "move", "drop"];
    let mut found = fields
        .iter()
        .filter_map(|field| row.get(field).find_path(&take.path));
    found.next().unwrap_or(row)
}

/// Checks that a version that a write is for knows the key.
fn check_written<'f>(
    whole: &Whole<'_>,
    version: &Version,
    path: &Path,
    placed: Option<&PlacedRow<'_>>,
    at: &dyn Fn() -> Spot<'f>,
    found: &mut Vec<PackFinding>,
) {
    let targets: Vec<_> = placed.map_or(Vec::new(), |placed| placed.named_targets(whole, version));
    let after = || whole.versions.iter().filter(|other| *other >= version);
    if !after().any(|other| whole.knows(path, other)) {
        let message = format!(
            "no version from {version} on knows {path}, which it writes{}",
            did_you_mean(whole.pack, path)
        );
        return found.push(at().finding_here(Code::UnknownKey, message));
    }
    // A row for targets is written for these, any other for the version itself.
    let own = whole.versions.iter().find(|other| *other == version);
    let wanted: Vec<&Version> = match placed.is_some_and(PlacedRow::is_for_targets) {
        true => targets,
        false => own.into_iter().collect(),
    };
    if let Some(unknown) = wanted.iter().find(|other| !whole.knows(path, other)) {
        let since = after().find(|other| whole.knows(path, other));
        let message = match since {
            Some(since) if since > *unknown => format!(
                "{unknown} does not know {path} yet; {since} does, so this belongs to a later migration, \
                 or to a row with `target: \">={since}\"`"
            ),
            _ => format!(
                "{unknown} does not know {path} any more; `target` says which versions the row is for"
            ),
        };
        return found.push(at().finding_here(Code::LaterKey, message));
    }
    let dead = |other: &&&Version| whole.pack.keys.known(path, other) == Known::Dead;
    if let Some(other) = wanted.iter().find(dead) {
        let message = format!("no template of {other} reads {path} (`read: \"no\"` in keys.yaml)");
        found.push(at().finding_here(Code::DeadKey, message));
    }
    if let Some(placed) = placed {
        check_literal(whole, path, placed, &wanted, at, found);
    }
}

/// Checks that a literal has the type of the key's default.
fn check_literal<'f>(
    whole: &Whole<'_>,
    path: &Path,
    placed: &PlacedRow<'_>,
    versions: &[&Version],
    at: &dyn Fn() -> Spot<'f>,
    found: &mut Vec<PackFinding>,
) {
    let mut writes = placed.row.writes.iter();
    let write = writes.find(|write| write.path == *path && write.by.is_none());
    let Some(crate::pack::Template::Literal(value)) = write.map(|write| &write.value) else {
        return;
    };
    for version in versions {
        let Some(default) = whole.default(path, version) else {
            continue;
        };
        if let (Some(own), Some(theirs)) = (telling_kind(value), telling_kind(default))
            && own != theirs
        {
            let message =
                format!("this is {own}, and the default of {path} in {version} is {theirs}");
            return found.push(at().at_value().finding_here(Code::LiteralType, message));
        }
    }
}

/// The kind of a value, if that says anything: an empty text and a null often stand for anything.
pub(super) fn telling_kind(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(_) => "true or false",
        Value::String(text) if text.is_empty() => return None,
        Value::String(_) => "a text",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
        _ => "a number",
    })
}

/// Checks that a destination has as many wildcards as its source, and of the same kinds.
fn check_captures(
    step: &Step,
    from: &Path,
    to: &Path,
    spot: Spot<'_>,
    found: &mut Vec<PackFinding>,
) {
    let at = || spot.get("move").find_path(from).unwrap_or(spot).at_value();
    if from == to {
        let message = format!("`{}` moves {from} onto itself", step.id);
        return found.push(at().finding_here(Code::SamePath, message));
    }
    let (theirs, own) = (wildcard_kinds(from), wildcard_kinds(to));
    if theirs == own {
        return;
    }
    let message = if own.len() < theirs.len() {
        format!(
            "{from} can match several places, and {to} is {}: all but one value would be lost; the \
             destination needs the same wildcards ({})",
            if own.is_empty() { "one" } else { "fewer" },
            theirs.join(", "),
        )
    } else if own.len() > theirs.len() {
        format!("{to} has a wildcard that {from} lacks, so nothing says what it stands for")
    } else {
        format!(
            "the wildcards of {from} ({}) and of {to} ({}) are not of the same kind: `*` stands for a \
             text, `[*]` for a position, and `**` for keys",
            theirs.join(", "),
            own.join(", ")
        )
    };
    found.push(at().finding_here(Code::Captures, message));
}

/// The captures of a path, as their wildcards are written, by kind: a text, a position, or keys.
fn wildcard_kinds(path: &Path) -> Vec<&'static str> {
    let kind = |segment: &Segment| match segment {
        Segment::AnyItem => "[*]",
        Segment::AnyDepth => "**",
        _ => "*",
    };
    let segments = path.segments().iter();
    let kinds = segments.flat_map(|at| std::iter::repeat_n(kind(at), at.captures()));
    kinds.collect()
}

/// Fields of a step about paths that it has nothing to do with.
fn fields_that_do_nothing(
    whole: &Whole<'_>,
    version: &Version,
    step: &Step,
    spot: Spot<'_>,
    found: &mut Vec<PackFinding>,
) {
    let known = |path: &Path| whole.versions.iter().any(|other| whole.knows(path, other));
    let known_before = |path: &Path| {
        let mut versions = whole.versions.iter().filter(|other| *other < version);
        versions.any(|other| whole.knows(path, other))
    };
    for path in &step.keep {
        let at = || spot.get("keep").find_path(path).unwrap_or(spot);
        let held = step
            .takes
            .iter()
            .any(|take| take.path.may_overlap(path) && take.path != *path);
        let same = step.takes.iter().any(|take| take.path == *path);
        if same {
            let message = format!("it keeps {path} and takes it too");
            found.push(at().finding_here(Code::SamePath, message));
        } else if !held {
            let message = format!("it keeps {path}, and takes nothing above it");
            found.push(at().finding_here(Code::UselessField, message));
        } else if !known(path) && !step.foreign.contains(path) {
            let message = format!("it keeps {path}, which no version knows");
            found.push(at().finding_here(Code::UnknownKey, message));
        }
    }
    for path in &step.foreign {
        let at = || spot.get("foreign").find_path(path).unwrap_or(spot);
        let takes = step.takes.iter().map(|take| &take.path);
        let reads = step.reads.iter().map(|(_, path)| path);
        let mut own = takes.chain(reads).chain(&step.keep);
        if !own.any(|own| own == path) {
            let message =
                format!("{path} is listed as foreign, and the step neither takes nor reads it");
            found.push(at().finding_here(Code::UselessField, message));
        } else if known_before(path) {
            let message = format!("{path} is listed as foreign, and keys.yaml knows it");
            found.push(at().finding_here(Code::UselessField, message));
        }
    }
    if !step.replaces.is_empty() && step.takes.is_empty() {
        let message = "`replaces` counts where the step takes something, and it takes nothing";
        found.push(
            spot.get("replaces")
                .finding_here(Code::UselessField, message),
        );
    }
    for placed in placed_rows(step, spot) {
        if !placed.row.leave.is_empty() && step.takes.is_empty() {
            let message = "`leave` gives back what the step takes, and it takes nothing";
            found.push(
                placed
                    .spot
                    .get("leave")
                    .finding_here(Code::UselessField, message),
            );
        }
    }
}

/// `; did you mean …?`, or nothing.
pub(super) fn did_you_mean(pack: &Pack, path: &Path) -> String {
    let keys: Vec<String> = pack.keys.iter().map(|(key, _)| key.to_string()).collect();
    match closest(&path.to_string(), keys.iter().map(String::as_str)) {
        Some(close) if close != path.to_string() => format!(" (did you mean {close}?)"),
        _ => String::new(),
    }
}

impl Whole<'_> {
    /// True if a version knows a key that a path can stand for.
    pub(super) fn knows(&self, path: &Path, version: &Version) -> bool {
        self.pack.keys.known(path, version) != Known::Unknown
    }

    /// The default of a key in a version.
    pub(super) fn default(&self, path: &Path, version: &Version) -> Option<&Value> {
        self.pack.keys.default(path, version)
    }
}

impl PlacedRow<'_> {
    /// True if its values are written for the target, not for the version of its migration.
    fn is_for_targets(&self) -> bool {
        self.row.target.is_some() || self.outer.is_some_and(|row| row.target.is_some())
    }

    /// The versions of the pack that its `target` names, from a version on.
    pub(super) fn named_targets<'w>(
        &self,
        whole: &'w Whole<'_>,
        from: &Version,
    ) -> Vec<&'w Version> {
        let own = self.row.target.iter();
        let ranges: Vec<_> = own
            .chain(self.outer.and_then(|row| row.target.as_ref()))
            .collect();
        let mut versions: Vec<&Version> = whole.versions.iter().collect();
        versions.retain(|version| {
            *version >= from && ranges.iter().all(|range| range.contains(version))
        });
        versions
    }
}
