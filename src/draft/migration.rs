//! What was found out about a whole chart as the file of a migration, for an author of a pack to go through.
//!
//! What is sure are steps. What is not sure stands there as comments, with its evidence, to be taken or thrown away:
//! a person knows the chart, and a wrong step would go to everybody who uses the pack. Keys that go and defaults that
//! change are listed with the form in which a migration says that nothing has to be done about them. Nothing here
//! decides such a line: each is a comment until a person takes it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use super::{
    bare::Versions,
    candidates::ChartKeys,
    pack::{escape_braces, id, moved_together, quoted, reason},
    propose::{Destination, Proposal, Proposals, Suggestion, without_shared_end},
};
use crate::{
    pack::model::OPEN_REASON,
    values::{Map, Path, Segment, Value, leaves},
};

/// What stands in front of every file.
const HEAD: &str = "\
# Drafted by refit from the two charts; nobody has read it yet. Steps are what rendering both charts showed to be the
# same. Everything else is a comment: take what is right, and delete the rest.
";

/// The file of the migration to the new chart's version; `left` are keys that workloads do not read any more, with
/// their templates.
#[must_use]
pub fn migration_file(
    (old, new): (&ChartKeys, &ChartKeys),
    versions: &Versions,
    found: &Proposals,
    left: &BTreeMap<String, Vec<String>>,
) -> String {
    let mut steps = String::new();
    let mut comments = String::new();
    let mut ids = BTreeSet::new();
    let mut done: BTreeSet<&Path> = BTreeSet::new();
    let mut taken: Vec<Path> = Vec::new();
    for (at, proposal) in found.settings.iter().enumerate() {
        match &proposal.fate {
            Suggestion::Moves(place) if place.wraps => comment_unsure(&mut comments, proposal),
            Suggestion::Moves(_) if done.contains(&proposal.from) => {}
            Suggestion::Moves(place) => {
                let pairs = moved_together(proposal, place, &found.settings[at..]);
                done.extend(pairs.iter().map(|(proposal, _)| &proposal.from));
                let moves = whole_moves(&pairs, (old, new), &taken);
                if moves.is_empty() {
                    continue;
                }
                taken.extend(moves.iter().map(|(from, _)| from.clone()));
                step(&mut steps, &mut ids, &moves, &reason(&pairs));
            }
            // What goes for each name of a map that users name is for a person to write.
            Suggestion::Splits(places)
                if places.iter().any(|place| {
                    starred(&proposal.from, &place.to, (old, new)).0 != proposal.from
                }) =>
            {
                comment_unsure(&mut comments, proposal);
            }
            Suggestion::Splits(places) => {
                taken.push(proposal.from.clone());
                split(&mut steps, &mut ids, proposal, places);
            }
            Suggestion::Unsure(_) => comment_unsure(&mut comments, proposal),
            Suggestion::IsDefault => {
                let _ = writeln!(
                    comments,
                    "  # {}: the chart's own default does what it did.",
                    on_one_line(&proposal.from.to_string())
                );
            }
            Suggestion::Lost => {
                let did = proposal.did.as_deref();
                let did = did.map_or_else(
                    || "it showed nowhere".to_owned(),
                    |did| format!("it did set {did}"),
                );
                let _ = writeln!(
                    comments,
                    "  # {}: nothing was found; {}.",
                    on_one_line(&proposal.from.to_string()),
                    on_one_line(&did)
                );
            }
        }
    }
    for demand in &found.demands {
        let _ = writeln!(
            comments,
            "  # {} is demanded where {} is set: {}",
            on_one_line(&demand.key.to_string()),
            on_one_line(&demand.beside.to_string()),
            on_one_line(&demand.said)
        );
    }
    let steps = match steps.is_empty() {
        true => "steps: {}\n".to_owned(),
        false => format!("steps:\n{steps}"),
    };
    let comments = match comments.is_empty() {
        true => String::new(),
        false => format!("\n  # Not sure:\n{comments}"),
    };
    format!(
        "{HEAD}version: {}\ntitle: {}\n{steps}{comments}{}",
        quoted(&versions.new.to_string()),
        escape_braces(&format!("Keys that move in {}", versions.new)),
        acknowledged((old, new), left, &taken)
    )
}

/// A text in one line.
fn on_one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// The moves of settings that went the same way: the whole map where all that the old chart has in it went, and with
/// `*` where users give the names.
fn whole_moves(
    pairs: &[(&Proposal, &Destination)],
    (old, new): (&ChartKeys, &ChartKeys),
    taken: &[Path],
) -> Vec<(Path, Path)> {
    let (first, place) = pairs[0];
    let (from, to) = without_shared_end(&first.from, &place.to);
    let mut all: Vec<(Path, Path)> = match old.default(&from) {
        Some(Value::Map(map)) if is_whole(map, &from, pairs) => vec![(from, to)],
        _ => pairs
            .iter()
            .map(|(proposal, place)| (proposal.from.clone(), place.to.clone()))
            .collect(),
    };
    for (from, to) in &mut all {
        (*from, *to) = starred(from, to, (old, new));
    }
    all.sort();
    all.dedup();
    all.retain(|(from, _)| !taken.contains(from));
    all
}

/// True if every setting of a map is among those that went.
fn is_whole(map: &Map, at: &Path, pairs: &[(&Proposal, &Destination)]) -> bool {
    let mut inner = leaves(map)
        .into_iter()
        .map(|(path, _)| at.concat(&path))
        .peekable();
    inner.peek().is_some()
        && inner.all(|leaf| {
            pairs
                .iter()
                .any(|(proposal, _)| proposal.from.starts_with(&leaf))
        })
}

/// A move as it is for every name that users give, if both charts read the keys of any.
fn starred(from: &Path, to: &Path, (old, new): (&ChartKeys, &ChartKeys)) -> (Path, Path) {
    let unchanged = (from.clone(), to.clone());
    let key = old
        .paths()
        .filter(|key| {
            !key.is_concrete() && key.depth() == from.depth() && key.matches(from).is_some()
        })
        .min_by_key(|key| {
            key.segments()
                .iter()
                .filter(|one| one.is_wildcard())
                .count()
        });
    let Some(key) = key else { return unchanged };
    let mut general = to.segments().to_vec();
    for (at, segment) in key.segments().iter().enumerate() {
        if segment.is_wildcard() {
            match general.get_mut(at) {
                Some(own) if Some(&*own) == from.segments().get(at) => *own = Segment::AnyKey,
                _ => return unchanged,
            }
        }
    }
    let general = Path::new(general);
    match new
        .paths()
        .any(|known| !known.is_concrete() && known.may_overlap(&general))
    {
        true => (key.clone(), general),
        false => unchanged,
    }
}

fn step(steps: &mut String, ids: &mut BTreeSet<String>, moves: &[(Path, Path)], why: &str) {
    let (from, to) = &moves[0];
    let (from, to) = match moves {
        [_] => (from.clone(), to.clone()),
        _ => without_shared_end(from, to),
    };
    let _ = writeln!(
        steps,
        "  {}:\n    title: {}\n    why: {}\n    move:",
        id(ids, "move", &from),
        escape_braces(&format!("Move {from} to {to}")),
        escape_braces(why)
    );
    for (from, to) in moves {
        let _ = writeln!(
            steps,
            "      {}: {}",
            quoted(&from.to_string()),
            quoted(&to.to_string())
        );
    }
}

/// A step for a setting that became several.
fn split(
    steps: &mut String,
    ids: &mut BTreeSet<String>,
    proposal: &Proposal,
    places: &[Destination],
) {
    let title = escape_braces(&format!("Split {}", proposal.from));
    let why = escape_braces(&reason(&[(proposal, &places[0])]));
    let from = quoted(&proposal.from.to_string());
    let id = id(ids, "split", &proposal.from);
    let _ = writeln!(
        steps,
        "  {id}:\n    title: {title}\n    why: {why}\n    take: {{v: {from}}}\n    do:"
    );
    for place in places {
        let _ = writeln!(steps, "      {}: =v", quoted(&place.to.to_string()));
    }
}

/// A setting that is not sure, with its places.
fn comment_unsure(comments: &mut String, proposal: &Proposal) {
    let _ = writeln!(
        comments,
        "  # {}, perhaps:",
        on_one_line(&proposal.from.to_string())
    );
    for place in proposal.places() {
        let wraps = if place.wraps {
            ", as the one item of its list"
        } else {
            ""
        };
        let _ = writeln!(
            comments,
            "  #   move: {{{}: {}}}   # {}{wraps}",
            on_one_line(&quoted(&proposal.from.to_string())),
            on_one_line(&quoted(&place.to.to_string())),
            on_one_line(&place.evidence)
        );
    }
}

/// Keys that go and defaults that change without a step, each in the form in which a migration acknowledges it.
fn acknowledged(
    (old, new): (&ChartKeys, &ChartKeys),
    left: &BTreeMap<String, Vec<String>>,
    taken: &[Path],
) -> String {
    let is_taken = |path: &Path| taken.iter().any(|from| from.may_overlap(path));
    let mut whats: Vec<(String, String)> = Vec::new();
    for (path, was) in old.defaults.as_map().map(leaves).unwrap_or_default() {
        let what = match new.default(&path) {
            _ if is_taken(&path) => continue,
            None => "goes".to_owned(),
            Some(now) if now == was => continue,
            Some(now) => format!("was {}, is {}", short(was), short(now)),
        };
        whats.push((path.to_string(), what));
    }
    for (key, files) in left {
        if key.parse().is_ok_and(|path: Path| is_taken(&path)) {
            continue;
        }
        let files = on_one_line(&files.join(", "));
        let what = format!("{files} does not read it any more, others still do");
        match whats.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => *known = format!("{known}; {what}"),
            None => whats.push((key.clone(), what)),
        }
    }
    let mut lines = String::new();
    for (key, what) in whats {
        let _ = writeln!(lines, "#   {}: {OPEN_REASON}   # {what}", quoted(&key));
    }
    match lines.is_empty() {
        true => lines,
        false => format!(
            "\n# Keys that go or lost a reader, and defaults that change. Each wants a step, a notice, or a reason why there is nothing to do:\n# ignored:\n{lines}"
        ),
    }
}

fn short(value: &Value) -> String {
    let text = on_one_line(&serde_json::Value::from(value).to_string());
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
