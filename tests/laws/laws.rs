//! The laws themselves, each as a function over one finished run.
//!
//! They are told apart from the engine on purpose: bytes are looked at as lines, fates by looking for
//! words in the result, values through a second reader. Where they use the engine's own tree it is that of
//! the text before, and only to know where an entry begins and ends.

use std::collections::{BTreeMap, BTreeSet};

use refit::{
    migrate::Fate,
    values::{Map, Path, Segment, Value, View, leaves},
    yaml::{Kind, NodeId, ScalarStyle, Tree},
};

use super::engine::Done;

/// Byte law.
pub fn byte(done: &Done) -> Result<usize, String> {
    let (before, after) = (done.text(), &*done.after);
    if !done.edited {
        return if before == after {
            Ok(0)
        } else {
            Err("byte: no edit, but other bytes".to_owned())
        };
    }
    let bom = |text: &str| text.starts_with('\u{feff}');
    if bom(before) != bom(after) {
        return Err("byte: the byte order mark changed".to_owned());
    }
    let bare = |text: &str| text.replace("\r\n", "").contains('\n');
    if before.contains("\r\n") && !bare(before) && bare(after) {
        return Err("byte: a line ends with \\n alone among \\r\\n".to_owned());
    }
    if !before.contains('\r') && after.contains('\r') {
        return Err("byte: a \\r came in".to_owned());
    }
    // A block scalar that comes to the end needs its line break: it belongs to the value.
    let after_tree = Tree::parse(done.after.clone()).map_err(|e| e.to_string())?;
    let last = after_tree.nodes().last().map(|node| after_tree.kind(node));
    let block_last = matches!(
        last,
        Some(Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded))
    );
    let ends = |text: &str| text.ends_with('\n');
    if !block_last
        && !before.is_empty()
        && !done.new.is_empty()
        && !done.old.is_empty()
        && ends(before) != ends(after)
    {
        return Err(format!(
            "byte: the final line break {}",
            if ends(before) { "is gone" } else { "came in" }
        ));
    }
    kept_lines(done)
}

/// The entries that stayed wholly as they were: outermost ones only.
fn kept_entries<'t>(done: &Done, view: &View<'t>) -> Vec<(Path, NodeId, NodeId)> {
    let mut touched: Vec<Path> = Vec::new();
    for entry in &done.migrated.ledger.entries {
        if !matches!(entry.fate, Fate::Left | Fate::Held) {
            touched.push(entry.source.path.clone());
        }
        touched.extend(entry.to.iter().cloned());
    }
    for step in &done.migrated.steps {
        for change in &step.changes {
            touched.push(change.path.clone());
            touched.extend(change.to.clone());
        }
    }
    let anchors: Vec<NodeId> = view
        .tree()
        .nodes()
        .filter(|node| {
            view.tree().anchor(*node).is_some() || view.tree().kind(*node) == Kind::Alias
        })
        .collect();
    let within = |node: NodeId, above: NodeId| {
        std::iter::successors(Some(node), |node| view.tree().parent(*node))
            .any(|node| node == above)
    };
    let mut kept = Vec::new();
    let mut work = vec![(Path::root(), view.root())];
    let (old, new) = (Value::Map(done.old.clone()), Value::Map(done.new.clone()));
    while let Some((at, map)) = work.pop() {
        let mut below = Vec::new();
        for (key, value) in view.tree().entries(map) {
            // Only what is written under a plain name, without merges and without the aliases' targets.
            let Ok(Some(entry)) = view.get(map, &view.tree().scalar(key)) else {
                continue;
            };
            if entry.key != key {
                continue;
            }
            let here = at.key(entry.name.as_ref());
            let changed = touched.iter().any(|other| loosely_related(other, &here));
            // Where an anchored text goes away it is written at the first alias that stays.
            let anchored = anchors.iter().any(|node| within(*node, value));
            if !changed && !anchored && here.get(&old) == here.get(&new) && here.get(&new).is_some()
            {
                kept.push((here, key, value));
            } else {
                below.push((here, value));
            }
        }
        work.extend(below.into_iter().rev());
    }
    kept.sort_by_key(|(_, key, _)| *key);
    kept
}

/// Whether two paths may speak of one place; items of lists and selections count as their list.
fn loosely_related(a: &Path, b: &Path) -> bool {
    let keys = |path: &Path| -> Vec<Segment> {
        let key = |segment: &&Segment| matches!(segment, Segment::Key(_));
        path.segments().iter().take_while(key).cloned().collect()
    };
    Path::new(keys(a)).is_related(&Path::new(keys(b)))
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind(['\n', '\r']).map_or(0, |i| i + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find(['\n', '\r']).map_or(text.len(), |i| at + i)
}

/// Whether a mapping, or one it stands in, is written in braces.
fn in_flow(tree: &Tree, mut node: NodeId) -> bool {
    loop {
        if matches!(
            tree.kind(node),
            Kind::Mapping { flow: true } | Kind::Sequence { flow: true }
        ) {
            return true;
        }
        match tree.parent(node) {
            Some(parent) => node = parent,
            None => return false,
        }
    }
}

/// The lines of an entry, from the comments directly above it to its end.
fn lines_of(tree: &Tree, key: NodeId, value: NodeId) -> (usize, usize) {
    let text = tree.text();
    let key_start = tree.span(key).start;
    let mut start = line_start(text, key_start);
    let indent = key_start - start;
    let end = line_end(text, tree.span(value).end.max(tree.span(key).end));
    // Comment lines of the same indentation, up to a blank line.
    while start > 0 {
        let above = line_start(text, start - 1);
        let line = &text[above..start];
        let trimmed = line.trim_start_matches(' ');
        if !trimmed.starts_with('#') || line.len() - trimmed.len() != indent {
            break;
        }
        start = above;
    }
    let first_block = text[..start].trim_start_matches('\u{feff}').is_empty();
    if first_block {
        // The first comment block belongs to the file.
        start = line_start(text, key_start);
    }
    (start, end)
}

fn kept_lines(done: &Done) -> Result<usize, String> {
    let tree = &done.before.tree;
    let view = done.before.view();
    let text = done.text();
    let after = &*done.after;
    let kept = kept_entries(done, &view);
    let mut cursor = 0;
    for (path, key, value) in &kept {
        let parent = tree.parent(*key).expect("a key stands in a mapping");
        if in_flow(tree, parent) {
            let span = tree.span(*key).start..tree.span(*value).end.max(tree.span(*key).end);
            let written = &text[span];
            match after[cursor..].find(written) {
                Some(i) => cursor += i + written.len(),
                None => {
                    return Err(format!(
                        "byte: {path} was kept, but `{written}` is not in the result, or not in order"
                    ));
                }
            }
            continue;
        }
        let (start, end) = lines_of(tree, *key, *value);
        let mut lines = text[start..end]
            .trim_end_matches('\r')
            .trim_start_matches('\u{feff}');
        let shared = text[line_start(text, tree.span(*key).start)..tree.span(*key).start]
            .trim_start_matches('\u{feff}')
            .trim();
        if !shared.is_empty() {
            // It begins on the line of something else, as `--- a: 1` does.
            lines = &text[tree.span(*key).start..end];
        }
        let found = after[cursor..]
            .match_indices(lines)
            .map(|(i, _)| cursor + i)
            .find(|&i| {
                let begins = i == line_start(after, i)
                    || after[line_start(after, i)..i]
                        .trim_start_matches('\u{feff}')
                        .is_empty();
                let rest = &after[i + lines.len()..];
                (begins || !shared.is_empty())
                    && (rest.is_empty() || rest.starts_with(['\n', '\r']))
            });
        match found {
            Some(i) => cursor = i + lines.len(),
            None => {
                return Err(format!(
                    "byte: {path} was kept, but its lines are not in the result, or not in order:\n{lines}"
                ));
            }
        }
    }
    neighbours(done, &kept)?;
    Ok(kept.len())
}

/// Between two kept entries that stood side by side and still do, everything is as it was.
fn neighbours(done: &Done, kept: &[(Path, NodeId, NodeId)]) -> Result<(), String> {
    let tree = &done.before.tree;
    let after_tree = Tree::parse(done.after.clone()).map_err(|e| e.to_string())?;
    let after = View::new(&after_tree, after_tree.documents()[0].root);
    let place = |path: &Path| -> Option<NodeId> { after.node_at(path).ok()??.key };
    for pair in kept.windows(2) {
        let [(a, a_key, _), (b, b_key, b_value)] = pair else {
            continue;
        };
        let adjacent = |tree: &Tree, a: NodeId, b: NodeId| -> bool {
            let Some(parent) = tree.parent(a) else {
                return false;
            };
            if tree.parent(b) != Some(parent) {
                return false;
            }
            let keys: Vec<NodeId> = tree.entries(parent).map(|(key, _)| key).collect();
            keys.windows(2).any(|pair| pair == [a, b])
        };
        if !adjacent(tree, *a_key, *b_key) {
            continue;
        }
        let (Some(a_now), Some(b_now)) = (place(a), place(b)) else {
            continue;
        };
        if !adjacent(&after_tree, a_now, b_now) {
            continue;
        }
        let value_now = after_tree.value_of(b_now).unwrap_or(b_now);
        let was = &tree.text()
            [tree.span(*a_key).start..tree.span(*b_value).end.max(tree.span(*b_key).end)];
        let now = &after_tree.text()[after_tree.span(a_now).start
            ..after_tree
                .span(value_now)
                .end
                .max(after_tree.span(b_now).end)];
        if was != now {
            return Err(format!(
                "byte: between {a} and {b}, side by side still:\n{was}\n--- is now\n{now}"
            ));
        }
    }
    Ok(())
}

/// Every comment is still there, once, or is listed as removed.
pub fn comments(done: &Done) -> Result<(), String> {
    let count = |texts: Vec<&str>| {
        let mut counts: BTreeMap<String, isize> = BTreeMap::new();
        for text in texts {
            *counts.entry(text.trim().to_owned()).or_default() += 1;
        }
        counts
    };
    let of = |tree: &Tree| {
        tree.comments()
            .iter()
            .map(|c| tree.text()[c.span.clone()].to_owned())
            .collect::<Vec<_>>()
    };
    let after = Tree::parse(done.after.clone()).map_err(|e| e.to_string())?;
    let (was, mut now) = (of(&done.before.tree), of(&after));
    now.extend(done.removed_comments.iter().cloned());
    let was = count(was.iter().map(String::as_str).collect());
    let now = count(now.iter().map(String::as_str).collect());
    // Comments within a value are part of its text, and are copied with it.
    let mut in_copies = BTreeSet::new();
    // So are those of an anchored text that is brought to its alias.
    let tree = &done.before.tree;
    for node in tree.nodes().filter(|node| tree.anchor(*node).is_some()) {
        let span = tree.span(node).start..line_end(done.text(), tree.span(node).end);
        let inside = tree
            .comments()
            .iter()
            .filter(|c| span.contains(&c.span.start));
        in_copies.extend(inside.map(|c| done.text()[c.span.clone()].to_owned()));
    }
    for entry in done
        .migrated
        .ledger
        .entries
        .iter()
        .filter(|entry| entry.fate == Fate::Copied || entry.to.len() > 1)
    {
        let mut outer = entry.source.node;
        while let Some(parent) = done
            .before
            .tree
            .parent(outer)
            .filter(|parent| done.before.tree.parent(*parent).is_some())
        {
            outer = parent;
        }
        let span = done.before.tree.span(outer);
        let start = done
            .before
            .tree
            .key_of(outer)
            .map_or(span.start, |key| done.before.tree.span(key).start);
        let span = start..line_end(done.text(), span.end);
        let inside = done
            .before
            .tree
            .comments()
            .iter()
            .filter(|c| span.contains(&c.span.start));
        in_copies.extend(inside.map(|c| done.text()[c.span.clone()].to_owned()));
    }
    for (comment, n) in &was {
        let m = now.get(comment).copied().unwrap_or(0);
        if m < *n {
            return Err(format!(
                "comments: `{comment}` is neither in the result nor listed as removed"
            ));
        }
        if m > *n && !in_copies.contains(comment) {
            return Err(format!(
                "comments: `{comment}` is there twice, or there and listed as removed"
            ));
        }
    }
    match now.keys().find(|comment| !was.contains_key(*comment)) {
        Some(comment) => Err(format!("comments: `{comment}` came in")),
        None => Ok(()),
    }
}

/// The leaves of a value, lists whole, each with its own text.
fn tagged(map: &Map) -> Vec<(String, String)> {
    let said = |value: &Value| serde_json::Value::from(value).to_string();
    leaves(map)
        .into_iter()
        .map(|(path, value)| (path.to_string(), said(value)))
        .collect()
}

/// The words of a leaf that no other leaf of the input has.
fn words(text: &str) -> BTreeSet<String> {
    let word = |word: &&str| {
        word.strip_prefix('t')
            .and_then(|rest| rest.strip_suffix('t'))
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(word)
        .map(str::to_owned)
        .collect()
}

/// Ledger law: every leaf has one fate, and it is the one that can be seen.
pub fn ledger(done: &Done) -> Result<BTreeMap<String, usize>, String> {
    let fates = done.fates()?;
    let (old, new) = (tagged(&done.old), tagged(&done.new));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let new_value = Value::Map(done.new.clone());
    let old_value = Value::Map(done.old.clone());
    let owners = |word: &str| {
        old.iter()
            .filter(|(path, text)| words(text).contains(word) || words(path).contains(word))
            .count()
    };
    for (path, text) in &old {
        let (fate, to, step) = &fates[path];
        let wrong = |what: &str| {
            Err(format!(
                "ledger: {path} = {text} is {fate:?} to {to:?} by {step:?}, but {what}"
            ))
        };
        *seen
            .entry(format!(
                "leaves {}",
                fate.map_or("kept".to_owned(), |f| format!("{f:?}").to_lowercase())
            ))
            .or_default() += 1;
        let parsed: Path = path.parse().map_err(|e| format!("{path}: {e}"))?;
        let stays = parsed.get(&new_value) == parsed.get(&old_value);
        for place in to {
            let exists = place
                .parse::<Path>()
                .ok()
                .and_then(|p| p.get(&new_value).cloned())
                .is_some();
            if !exists {
                return wrong(&format!("there is no {place}"));
            }
        }
        match fate {
            None | Some(Fate::Left | Fate::Held) => {
                if !stays {
                    return wrong("it is not there unchanged");
                }
            }
            Some(Fate::Dropped) => {
                if step.is_none() {
                    return wrong("no step is named");
                }
            }
            Some(_) if to.is_empty() => return wrong("no place is named"),
            Some(_) => {}
        }
        let arrived = to.first().and_then(|place| place.parse::<Path>().ok());
        if *fate == Some(Fate::Moved)
            && arrived.is_some_and(|place| place.get(&new_value) != parsed.get(&old_value))
        {
            return wrong("another value is there");
        }
        if *fate == Some(Fate::Moved) && to.len() != 1 {
            return wrong("there is not one place");
        }
        // Where its own words are now.
        let own: BTreeSet<String> = words(text)
            .into_iter()
            .filter(|word| owners(word) == 1)
            .collect();
        if own.is_empty() {
            continue;
        }
        let places: BTreeSet<&str> = new
            .iter()
            .filter(|(_, now)| !own.is_disjoint(&words(now)))
            .map(|(place, _)| place.as_str())
            .collect();
        let elsewhere: BTreeSet<&str> = places
            .iter()
            .copied()
            .filter(|place| *place != path)
            .collect();
        let here = places.contains(path.as_str());
        match fate {
            None | Some(Fate::Left | Fate::Held) if !elsewhere.is_empty() => {
                return wrong(&format!("its words are at {elsewhere:?} too"));
            }
            Some(Fate::Dropped) if !places.is_empty() => {
                return wrong(&format!("its words are at {places:?}"));
            }
            Some(Fate::Moved) if here => return wrong("its words are still there"),
            Some(Fate::Moved | Fate::Copied) => {
                let named: BTreeSet<&str> = to.iter().map(String::as_str).collect();
                for place in &elsewhere {
                    if !named
                        .iter()
                        .any(|named| place == named || list_of(place) == list_of(named))
                    {
                        return wrong(&format!("its words are at {place}"));
                    }
                }
                // What stays may also have helped to make something else. A part of a list that is elsewhere
                // may be a word that others have too.
                let used = |place: &&str| !here || places.contains(*place);
                let every = words(text);
                let told = new
                    .iter()
                    .filter(|(_, now)| !every.is_disjoint(&words(now)));
                let told: Vec<&str> = told.map(|(place, _)| place.as_str()).collect();
                for place in named.iter().filter(|place| used(place)) {
                    if !told
                        .iter()
                        .any(|p| p == place || list_of(p) == list_of(place))
                    {
                        return wrong(&format!("its words are not at {place}"));
                    }
                }
            }
            Some(Fate::Merged | Fate::Rewritten) => {
                for place in &elsewhere {
                    if !to.iter().any(|named| list_of(named) == list_of(place)) {
                        return wrong(&format!("its words are at {place}"));
                    }
                }
            }
            _ => {}
        }
        // Gone without a word?
        if places.is_empty()
            && !matches!(fate, Some(Fate::Dropped | Fate::Rewritten | Fate::Merged))
        {
            return wrong("its words are nowhere");
        }
    }
    // Nothing out of nothing: every word of the result was in the input.
    let all: BTreeSet<String> = old
        .iter()
        .flat_map(|(path, text)| words(path).into_iter().chain(words(text)))
        .collect();
    for (path, text) in &new {
        if let Some(word) = words(text).iter().find(|word| !all.contains(*word)) {
            return Err(format!(
                "ledger: {path} has `{word}`, which the input has not"
            ));
        }
    }
    Ok(seen)
}

/// The list that a place belongs to, or the place itself.
fn list_of(place: &str) -> String {
    let Ok(path) = place.parse::<Path>() else {
        return place.to_owned();
    };
    let key = |segment: &&Segment| matches!(segment, Segment::Key(_));
    Path::new(path.segments().iter().take_while(key).cloned().collect()).to_string()
}

/// Oracle law, with a second reader: what it reads of the edited text is what the migrations came to,
/// provided that it reads the text before as Helm does.
pub fn second_reader(done: &Done) -> Result<bool, String> {
    let read = |text: &str| -> Option<serde_json::Value> {
        let text = text.trim_start_matches('\u{feff}');
        let mut value: serde_yaml::Value = serde_yaml::from_str(text).ok()?;
        value.apply_merge().ok()?;
        if value.is_null() {
            return Some(serde_json::json!({}));
        }
        serde_json::to_value(value).ok()
    };
    let json = |map: &Map| serde_json::Value::from(&Value::Map(map.clone()));
    if read(done.text()) != Some(json(&done.old)) {
        return Ok(false);
    }
    let (found, wanted) = (read(&done.after), json(&done.new));
    if found.as_ref() == Some(&wanted) {
        Ok(true)
    } else {
        Err(format!(
            "oracle: the second reader has {found:?} instead of {wanted}"
        ))
    }
}

/// All laws that are about one run.
pub fn all(done: &Done) -> Result<(), String> {
    byte(done)?;
    comments(done)?;
    ledger(done)?;
    second_reader(done)?;
    Ok(())
}
