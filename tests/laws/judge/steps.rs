//! What the steps of a run come to.

use std::collections::{HashMap, HashSet};

use refit::values::{Path, Segment};
use semver::Version;
use serde_json::{Map, Value as Json};

use super::{
    Answer, Answers, Asked, Stop, Tree,
    expression::{Names, Val, holds, template},
    paths::{At, Place, Seg, Selector, To, fill, fill_move, get, joined},
    place::{Exact, Work, clash},
    read::{Choice, Migration, Owned, Pack, Role, Row, Step},
};

/// Something to be put somewhere.
struct Put {
    to: Vec<To>,
    what: What,
    moves: bool,
}

enum What {
    Value(Json),
    /// Items for a list, told apart by a key.
    Items(String, Vec<Json>),
}

/// What a write waits for.
struct Deferred {
    put: Put,
    looked: Vec<Selector>,
    before: Version,
}

/// Runs every migration of the way.
pub fn run(
    pack: &Pack,
    values: &Tree,
    root: Option<&Json>,
    from: &Version,
    to: &Version,
    answers: &Answers,
) -> Result<(Tree, Vec<Asked>), Stop> {
    let mut run = Run {
        pack,
        root,
        target: to,
        answers,
        asked: Vec::new(),
        deferred: Vec::new(),
        globals: Vec::new(),
    };
    let mut values = Json::Object(values.clone());
    let on_the_way = |m: &&Migration| *from < m.version && m.version <= *to;
    let goes = pack.migrations.iter().any(|m| on_the_way(&m));
    for migration in pack
        .migrations
        .iter()
        .filter(|m| goes && m.version <= *from)
    {
        values = run.left_overs(migration, values, from)?;
    }
    for migration in pack.migrations.iter().filter(on_the_way) {
        values = run.migrate(migration, values)?;
    }
    let mut work = Work::from(&values);
    let deferred = std::mem::take(&mut run.deferred);
    let mut puts = Vec::new();
    let snapshot = Work::from(&run.seen(&values));
    for deferred in deferred {
        if let Some(put) = run.live(deferred.put, &snapshot, &deferred.looked, &deferred.before)? {
            puts.push(put);
        }
    }
    run.note_globals(&work, &puts);
    write(&mut work, puts)?;
    let values = work.json();
    run.globals_count(&values)?;
    let mut asked = run.asked;
    asked.sort();
    asked.dedup();
    match values {
        Json::Object(values) => Ok((values, asked)),
        _ => Ok((Map::new(), asked)),
    }
}

struct Run<'r> {
    pack: &'r Pack,
    root: Option<&'r Json>,
    target: &'r Version,
    answers: &'r Answers,
    asked: Vec<Asked>,
    deferred: Vec<Deferred>,
    /// The places below `global` at which something was put.
    globals: Vec<Vec<String>>,
}

/// The leaves of a snapshot and who owns each: a step and one of its paths, by their numbers.
struct Ownership<'s> {
    snapshot: &'s Json,
    split: HashSet<Place>,
    /// With how far down the place is that their path names.
    owners: HashMap<Place, (usize, Vec<(usize, usize)>)>,
}

impl<'s> Ownership<'s> {
    fn new(steps: &[Step], snapshot: &'s Json) -> Self {
        let mut split = HashSet::new();
        let mut matched = Vec::new();
        for (i, step) in steps.iter().enumerate() {
            for (j, owned) in step.paths.iter().enumerate() {
                split.extend(owned.path.lists(snapshot));
                let places = owned.path.find(snapshot);
                let places: HashSet<Place> = places.into_iter().map(|(place, _)| place).collect();
                matched.push(((i, j), owned, places));
            }
        }
        matched.sort_by(|(_, a, _), (_, b, _)| a.written.specificity(&b.written));
        let mut ownership = Self {
            snapshot,
            split,
            owners: HashMap::new(),
        };
        for leaf in ownership.leaves(&[]) {
            let above = |places: &HashSet<Place>| {
                let mut depths = (0..=leaf.len()).rev();
                depths.find(|n| places.contains(&leaf[..*n]))
            };
            let Some(depth) = matched.iter().filter_map(|(.., p)| above(p)).max() else {
                continue;
            };
            let deepest = |(.., places): &&(_, _, HashSet<Place>)| above(places) == Some(depth);
            let of_leaf = || matched.iter().filter(deepest);
            if let Some((_, first, _)) = of_leaf().next() {
                // Rows and steps of which one is done may have the same path.
                let same = |owned: &Owned| {
                    owned.path.segs == first.path.segs && owned.written.segs == first.written.segs
                };
                let owners = of_leaf().filter(|(_, owned, _)| same(owned));
                let owners = owners.map(|(owner, ..)| *owner).collect();
                ownership.owners.insert(leaf, (depth, owners));
            }
        }
        ownership
    }

    /// The leaves at and below a place.
    fn leaves(&self, place: &[At]) -> Vec<Place> {
        let below: Vec<Place> = match get(self.snapshot, place) {
            None => return Vec::new(),
            Some(Json::Object(map)) => map
                .keys()
                .map(|key| [place, &[At::Key(key.clone())]].concat())
                .collect(),
            Some(Json::Array(items)) if self.split.contains(place) => (0..items.len())
                .map(|i| [place, &[At::Item(i)]].concat())
                .collect(),
            Some(_) => Vec::new(),
        };
        if below.is_empty() {
            return vec![place.to_vec()];
        }
        below.iter().flat_map(|place| self.leaves(place)).collect()
    }

    /// Whether a path owns a leaf by the place that it names at a depth.
    fn owns(&self, leaf: &[At], depth: usize, owner: (usize, usize)) -> bool {
        let owners = self.owners.get(leaf);
        owners.is_some_and(|(at, owners)| *at == depth && owners.contains(&owner))
    }

    /// The part of what is at a place that a path owns which names it.
    fn part(&self, place: &[At], owner: (usize, usize)) -> Val {
        self.part_below(place, place.len(), owner)
    }

    fn part_below(&self, place: &[At], depth: usize, owner: (usize, usize)) -> Val {
        let value = get(self.snapshot, place)?;
        match value {
            Json::Object(map) if !map.is_empty() => {
                let mut part = Map::new();
                for key in map.keys() {
                    let below = [place, &[At::Key(key.clone())]].concat();
                    if let Some(value) = self.part_below(&below, depth, owner) {
                        part.insert(key.clone(), value);
                    }
                }
                (!part.is_empty()).then_some(Json::Object(part))
            }
            Json::Array(items) if !items.is_empty() && self.split.contains(place) => {
                let below = (0..items.len()).map(|i| [place, &[At::Item(i)]].concat());
                let part: Vec<Json> =
                    (below.filter_map(|b| self.part_below(&b, depth, owner))).collect();
                (!part.is_empty()).then_some(Json::Array(part))
            }
            leaf => self.owns(place, depth, owner).then(|| leaf.clone()),
        }
    }
}

impl Run<'_> {
    /// The values as the chart has them: a sub-chart gets the `global` of the chart above it.
    fn seen(&self, values: &Json) -> Json {
        let mut seen = values.clone();
        if let (Some(Json::Object(root)), Json::Object(map)) = (self.root, &mut seen) {
            let own = map
                .entry("global".to_owned())
                .or_insert_with(|| Json::Object(Map::new()));
            let Json::Object(own) = own else { return seen };
            for (key, value) in root {
                match own.get_mut(key) {
                    None => _ = own.insert(key.clone(), value.clone()),
                    // Where only one of the two is a map, the sub-chart's stays.
                    Some(there) if there.is_object() == value.is_object() => merge(there, value),
                    Some(_) => {}
                }
            }
            if own.is_empty() {
                return values.clone();
            }
        }
        seen
    }

    /// Remembers what is put into `global`.
    fn note_globals(&mut self, work: &Work, puts: &[Put]) {
        if self.root.is_none() {
            return;
        }
        let places = puts.iter().map(|put| keys_of(&work.resolve(&put.to)));
        let global = places.filter(|keys| keys.first().is_some_and(|key| key == "global"));
        self.globals.extend(global);
    }

    /// What was put into `global` and stands there must be what the chart sees there.
    fn globals_count(&self, values: &Json) -> Result<(), Stop> {
        fn same(own: &Json, seen: &Json) -> bool {
            match (own, seen) {
                (Json::Object(own), Json::Object(seen)) => own
                    .iter()
                    .all(|(key, own)| seen.get(key).is_some_and(|seen| same(own, seen))),
                _ => own == seen,
            }
        }
        let seen = self.seen(values);
        for keys in &self.globals {
            let at = |values: &Json| {
                let below = |value: Json, key: &String| value.get(key).cloned();
                keys.iter().try_fold(values.clone(), below)
            };
            let (own, seen) = (at(values), at(&seen));
            if own.is_some_and(|own| seen.is_none_or(|seen| !same(&own, &seen))) {
                return Err(Stop::HandedDown);
            }
        }
        Ok(())
    }

    fn migrate(&mut self, migration: &Migration, values: Json) -> Result<Json, Stop> {
        let snapshot = self.seen(&values);
        let migration = &written_out(migration, &snapshot)?;
        let ownership = Ownership::new(&migration.steps, &snapshot);
        let before = self
            .pack
            .before(&migration.version)
            .unwrap_or(&migration.version);
        let mut taken: Vec<Place> = Vec::new();
        let mut puts: Vec<(Put, usize)> = Vec::new();
        let mut replaced: Vec<Place> = Vec::new();
        for (i, step) in migration.steps.iter().enumerate() {
            let Some(done) = self.step(i, step, &ownership, before)? else {
                continue;
            };
            if !done.taken.is_empty() {
                for path in &step.replaces {
                    replaced.extend(path.find(&snapshot).into_iter().map(|(place, _)| place));
                }
            }
            puts.extend(done.puts.into_iter().map(|put| (put, i)));
            if done.taken.iter().any(|place| taken.contains(place)) {
                return Err(Stop::Clash);
            }
            taken.extend(done.taken);
        }
        let mut work = Work::from(&values);
        let mut shown = Work::from(&snapshot);
        for place in taken.iter().chain(&replaced) {
            work.remove(place);
            shown.remove(place);
        }
        clashes(&shown, puts.iter().map(|(put, _)| put))?;
        let mut asking = HashSet::new();
        let mut kept = Vec::new();
        for (put, i) in puts {
            let looked = looked(&migration.steps[i]);
            match self.live(put, &shown, &looked, before)? {
                Some(put) => kept.push((put, i)),
                None => {
                    asking.insert(i);
                }
            }
        }
        if asking.is_empty() {
            let kept: Vec<Put> = kept.into_iter().map(|(put, _)| put).collect();
            self.note_globals(&work, &kept);
            write(&mut work, kept)?;
            return Ok(work.json());
        }
        // What is not answered is not done, as if its step were not there.
        let mut held = migration.clone();
        for i in asking {
            held.steps[i].held = true;
        }
        self.migrate(&held, values)
    }

    /// What a step takes and puts, if it runs.
    fn step(
        &mut self,
        i: usize,
        step: &Step,
        ownership: &Ownership<'_>,
        before: &Version,
    ) -> Result<Option<Done>, Stop> {
        if step.held {
            return Ok(None);
        }
        let snapshot = ownership.snapshot;
        let mut own: HashMap<usize, Vec<Place>> = HashMap::new();
        for leaf in ownership.leaves(&[]) {
            let owners = ownership.owners.get(&leaf).map(|(_, owners)| owners);
            for (owner, path) in owners.into_iter().flatten() {
                if *owner == i && !matches!(step.paths[*path].role, Role::Keep) {
                    own.entry(*path).or_default().push(leaf.clone());
                }
            }
        }
        let consumes = step
            .paths
            .iter()
            .any(|owned| !matches!(owned.role, Role::Keep));
        if own.is_empty() && consumes {
            return Ok(None);
        }
        let mut names = Names::new();
        for (j, owned) in step.paths.iter().enumerate() {
            if let Role::Take(name) = &owned.role {
                let part = |place: &[At]| ownership.part(place, (i, j));
                names.push((name.clone(), named(&owned.path, snapshot, part)));
            }
        }
        for (name, path) in &step.reads {
            let whole = |place: &[At]| get(snapshot, place).cloned();
            names.push((name.clone(), named(path, snapshot, whole)));
        }
        for (name, value) in &step.known {
            names.push((name.clone(), Some(value.clone())));
        }
        for (name, data) in &step.lets {
            let value = template(data, &names)?;
            names.push((name.clone(), value));
        }
        if let Some(condition) = &step.condition
            && !holds(condition, &names)?
        {
            return Ok(None);
        }
        let mut chosen = None;
        for (number, row) in step.rows.iter().enumerate() {
            let fits = row
                .target
                .as_ref()
                .is_none_or(|range| range.holds(self.target));
            let condition = row.condition.as_ref();
            if fits && condition.map_or(Ok(true), |condition| holds(condition, &names))? {
                chosen = Some((number, row));
                break;
            }
        }
        let Some((number, row)) = chosen else {
            return Ok(None);
        };
        let mut option = None;
        let mut rows = vec![(row, names.clone())];
        if row.asks {
            let id = format!("{}{}", step.id, step.about);
            self.asked.push(Asked::Step(id.clone()));
            let Some(answer) = self.answers.get(&id) else {
                return Ok(None);
            };
            option = row
                .options
                .iter()
                .position(|choice| choice.id == answer.option);
            let choice = option.map(|option| &row.options[option]);
            let choice = choice.ok_or_else(|| format!("no option {}", answer.option))?;
            for (name, value) in typed(choice, answer) {
                names.push((name, Some(value)));
            }
            rows.push((&choice.row, names));
        }
        let mut done = Done::default();
        let leaves_stay = |j: usize| match &step.paths[j].role {
            Role::Take(name) => rows.iter().any(|(row, _)| row.leave.contains(name)),
            _ => false,
        };
        let is_used = |j: usize| match step.paths[j].of {
            None => true,
            Some((of, None)) => of == number,
            Some((of, chosen)) => of == number && chosen == option,
        };
        for (j, leaves) in own {
            if is_used(j) && !leaves_stay(j) {
                done.taken.extend(leaves);
            }
        }
        for (j, owned) in step.paths.iter().enumerate() {
            let Role::Move(to) = &owned.role else {
                continue;
            };
            if !is_used(j) {
                continue;
            }
            for (place, captures) in owned.path.find(snapshot) {
                if let Some(value) = ownership.part(&place, (i, j)) {
                    let to = fill_move(to, &captures)
                        .ok_or_else(|| format!("{} does not fit {}", to.text, owned.path.text))?;
                    done.puts.push(Put {
                        to,
                        what: What::Value(value),
                        moves: true,
                    });
                }
            }
        }
        for (row, names) in &rows {
            let written = row_puts(row, names, step.of_match())?;
            if row.target.is_some() {
                self.deferred
                    .extend(written.into_iter().map(|put| Deferred {
                        put,
                        looked: looked(step),
                        before: before.clone(),
                    }));
            } else {
                done.puts.extend(written);
            }
        }
        Ok(Some(done))
    }

    /// Looks at what stands where something is to be put. Nothing comes back where a question is open.
    fn live(
        &mut self,
        mut put: Put,
        work: &Work,
        looked: &[Selector],
        before: &Version,
    ) -> Result<Option<Put>, Stop> {
        let What::Value(value) = &mut put.what else {
            return Ok(Some(put));
        };
        let path = work.resolve(&put.to);
        let mut open = false;
        for (place, _) in work.replaced(&path, value) {
            let keys = keys_of(&place);
            if !self.pack.reads(before, &keys) || looked.iter().any(|l| is_above(&l.segs, &place)) {
                continue;
            }
            let shown = shown(&place);
            let id = format!("live-key/{shown}");
            self.asked.push(Asked::LiveKey(shown));
            match self.answers.get(&id).map(|answer| answer.option.as_str()) {
                None => open = true,
                Some("keep") => {
                    if place.len() <= path.len() {
                        return Ok(Some(Put {
                            what: What::Value(Json::Object(Map::new())),
                            to: Vec::new(),
                            moves: false,
                        }));
                    }
                    without(value, &place[path.len()..]);
                }
                Some(_) => {}
            }
        }
        Ok((!open).then_some(put))
    }

    /// Drops what was already not read when the values were written, where what replaced it is set.
    fn left_overs(
        &mut self,
        migration: &Migration,
        values: Json,
        from: &Version,
    ) -> Result<Json, Stop> {
        let snapshot = self.seen(&values);
        let migration = &written_out(migration, &snapshot)?;
        let ownership = Ownership::new(&migration.steps, &snapshot);
        let mut work = Work::from(&values);
        let shown = Work::from(&snapshot);
        for (i, step) in migration.steps.iter().enumerate() {
            for (j, owned) in step.paths.iter().enumerate() {
                for (place, captures) in owned.path.find(&snapshot) {
                    for leaf in ownership.leaves(&place) {
                        if !ownership.owns(&leaf, place.len(), (i, j)) {
                            continue;
                        }
                        let keys: Vec<String> = (leaf.iter())
                            .map_while(|at| match at {
                                At::Key(key) => Some(key.clone()),
                                At::Item(_) => None,
                            })
                            .collect();
                        if self.pack.reads(from, &keys) {
                            continue;
                        }
                        let rest = &leaf[place.len()..];
                        let set = match &owned.role {
                            Role::Move(to) => fill_move(to, &captures).is_some_and(|mut to| {
                                to.extend(rest.iter().map(|at| match at {
                                    At::Key(key) => To::Key(key.clone()),
                                    At::Item(i) => To::Slot(*i),
                                }));
                                shown.has(&shown.resolve(&to))
                            }),
                            Role::Take(name) => step.destinations(name).iter().any(|to| {
                                to.text != owned.path.text && !to.find(&snapshot).is_empty()
                            }),
                            _ => false,
                        };
                        if set {
                            work.remove(&leaf);
                        }
                    }
                }
            }
        }
        Ok(work.json())
    }
}

/// A migration in which steps that are done for matches are written out, match by match.
fn written_out(migration: &Migration, snapshot: &Json) -> Result<Migration, Stop> {
    let mut steps = Vec::new();
    for step in &migration.steps {
        steps.extend(step.plain_steps(snapshot)?);
    }
    Ok(Migration {
        version: migration.version.clone(),
        steps,
    })
}

#[derive(Default)]
struct Done {
    taken: Vec<Place>,
    puts: Vec<Put>,
}

fn row_puts(row: &Row, names: &Names, of_match: bool) -> Result<Vec<Put>, Stop> {
    let mut puts = Vec::new();
    // The positions of a match are those of its items.
    let fill = if of_match { fill_move } else { fill };
    for (path, data) in &row.writes {
        if let Some(value) = template(data, names)? {
            let to = fill(path, &[]).ok_or_else(|| format!("{} has captures", path.text))?;
            puts.push(Put {
                to,
                what: What::Value(value),
                moves: false,
            });
        }
    }
    for (path, by, data) in &row.upserts {
        let items = match template(data, names)? {
            Some(Json::Array(items)) => items,
            None => continue,
            Some(other) => return Err(Stop::Error(format!("{other} are no items"))),
        };
        let to = fill(path, &[]).ok_or_else(|| format!("{} has captures", path.text))?;
        puts.push(Put {
            to,
            what: What::Items(by.clone(), items),
            moves: false,
        });
    }
    Ok(puts)
}

/// Stops where two writes put different things at one place.
fn clashes<'p>(work: &Work, puts: impl Iterator<Item = &'p Put>) -> Result<(), Stop> {
    let resolved: Vec<(Vec<Exact>, &What)> =
        puts.map(|put| (work.resolve(&put.to), &put.what)).collect();
    for (i, (a, one)) in resolved.iter().enumerate() {
        for (b, other) in &resolved[..i] {
            let differ = match (one, other) {
                (What::Value(x), What::Value(y)) => clash((a, x), (b, y)),
                (What::Items(..), What::Value(y)) => into_items(a, b, y),
                (What::Value(x), What::Items(..)) => into_items(b, a, x),
                (What::Items(..), What::Items(..)) => into_items(a, &item_of(b), &Json::Null),
            };
            if differ {
                return Err(Stop::Clash);
            }
        }
    }
    Ok(())
}

/// Whether something cannot be put because items are added to a list.
fn into_items(list: &[Exact], path: &[Exact], value: &Json) -> bool {
    if path.len() > list.len() {
        return clash((&item_of(list), &Json::Null), (path, value));
    }
    clash((list, &Json::Array(Vec::new())), (path, value))
}

/// An item of a list that no path names.
fn item_of(list: &[Exact]) -> Vec<Exact> {
    let item = Exact::NewNth(usize::MAX);
    list.iter().cloned().chain([item]).collect()
}

/// Puts everything, unless two writes differ.
fn write(work: &mut Work, puts: Vec<Put>) -> Result<(), Stop> {
    clashes(work, puts.iter())?;
    // Of new items those that moves bring come first.
    let (moved, written): (Vec<_>, Vec<_>) = puts.iter().partition(|put| put.moves);
    let resolved: Vec<(Vec<Exact>, &What)> = moved
        .into_iter()
        .chain(written)
        .map(|put| (work.resolve(&put.to), &put.what))
        .collect();
    for (path, what) in &resolved {
        if let What::Value(value) = what {
            work.put(path, value);
        }
    }
    // Items are added when everything else is there.
    for (path, what) in &resolved {
        if let What::Items(by, items) = what {
            for item in items {
                work.upsert(path, by, item);
            }
        }
    }
    Ok(())
}

/// What a name stands for.
fn named(path: &Selector, snapshot: &Json, part: impl Fn(&[At]) -> Val) -> Val {
    let found = path.find(snapshot);
    let mut found = found
        .into_iter()
        .filter_map(|(place, captures)| Some((joined(&captures), part(&place)?)));
    if !path.has_captures() {
        return found.next().map(|(_, value)| value);
    }
    // Of several items of one name it is the first.
    let mut map = Map::new();
    for (captures, value) in found {
        map.entry(captures).or_insert(value);
    }
    (!map.is_empty()).then_some(Json::Object(map))
}

fn typed(choice: &Choice, answer: &Answer) -> Vec<(String, Json)> {
    let mut typed = Vec::new();
    for (name, is_list) in &choice.inputs {
        let Some(text) = answer.inputs.get(name) else {
            continue;
        };
        let value = if *is_list {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            items.map(Json::from).collect()
        } else {
            Json::from(text.clone())
        };
        typed.push((name.clone(), value));
    }
    typed
}

/// The paths that a step looks at.
fn looked(step: &Step) -> Vec<Selector> {
    let taken = step
        .paths
        .iter()
        .filter(|owned| matches!(owned.role, Role::Take(_)));
    let taken = taken.map(|owned| owned.path.clone());
    taken
        .chain(step.reads.iter().map(|(_, path)| path.clone()))
        .collect()
}

/// Whether a path names a place or something above it.
fn is_above(path: &[Seg], place: &[Exact]) -> bool {
    let Some((seg, rest)) = path.split_first() else {
        return true;
    };
    if *seg == Seg::Deep && is_above(rest, place) {
        return true;
    }
    let Some((at, below)) = place.split_first() else {
        return false;
    };
    match (seg, at) {
        (Seg::Deep, Exact::Key(_)) => is_above(path, below),
        (Seg::Key(pattern), Exact::Key(key)) => {
            pattern.captures(key).is_some() && is_above(rest, below)
        }
        (Seg::Nth(i), Exact::Slot(j)) => i == j && is_above(rest, below),
        (Seg::AnyItem | Seg::Item { .. }, Exact::Slot(_)) => is_above(rest, below),
        _ => false,
    }
}

fn shown(place: &[Exact]) -> String {
    let segment = |at: &Exact| match at {
        Exact::Key(key) => Segment::Key(key.clone()),
        Exact::Slot(i) | Exact::NewNth(i) => Segment::Index(*i),
        Exact::NewNamed { by, is } => Segment::Select {
            key: by.clone(),
            value: is.clone(),
        },
    };
    Path::new(place.iter().map(segment).collect()).to_string()
}

fn keys_of(place: &[Exact]) -> Vec<String> {
    let keys = place.iter().map_while(|at| match at {
        Exact::Key(key) => Some(key.clone()),
        _ => None,
    });
    keys.collect()
}

/// Takes something out of a value that is to be written.
fn without(value: &mut Json, place: &[Exact]) {
    let (Json::Object(map), Some((Exact::Key(key), rest))) = (value, place.split_first()) else {
        return;
    };
    if rest.is_empty() {
        map.shift_remove(key);
    } else if let Some(below) = map.get_mut(key) {
        without(below, rest);
    }
}

/// Puts a map over another; anything else replaces what is there.
fn merge(under: &mut Json, over: &Json) {
    match (&mut *under, over) {
        (Json::Object(under), Json::Object(over)) => {
            for (key, value) in over {
                match under.get_mut(key) {
                    Some(below) => merge(below, value),
                    None => {
                        under.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (under, over) => *under = over.clone(),
    }
}

impl Step {
    /// Where a row may put what a name stands for.
    fn destinations(&self, name: &str) -> Vec<&Selector> {
        let rows = || {
            self.rows.iter().flat_map(|row| {
                let options = row.options.iter().map(|choice| &choice.row);
                std::iter::once(row).chain(options)
            })
        };
        if rows().any(|row| row.leave.iter().any(|left| left == name)) {
            return Vec::new();
        }
        let writes = || rows().flat_map(|row| &row.writes);
        let used = writes().filter(|(_, data)| self.mentions(data, name));
        let used: Vec<&Selector> = used.map(|(path, _)| path).collect();
        if used.is_empty() {
            return writes().map(|(path, _)| path).collect();
        }
        used
    }

    fn mentions(&self, data: &Json, name: &str) -> bool {
        match data {
            Json::String(text) => text.strip_prefix('=').is_some_and(|source| {
                let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
                source.split(word).any(|word| {
                    word == name
                        || (self.lets.iter())
                            .any(|(other, data)| other == word && self.mentions(data, name))
                })
            }),
            Json::Array(items) => items.iter().any(|item| self.mentions(item, name)),
            Json::Object(map) => map.values().any(|value| self.mentions(value, name)),
            _ => false,
        }
    }
}
