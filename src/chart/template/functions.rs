//! The effect of templates' functions on values: Go's own, those of Sprig, and those of Helm.
//!
//! Here are those that hand on a part of what they get, or look at it only. Every other function takes all that it
//! is given and hands nothing on, which is right for those that make texts and safe for those that are not known.
//! (Sprig's documentation, and `pkg/engine/funcs.go` of Helm.)

use super::{
    meaning::{ANY, MOST_PLACES, Meaning, POSITION},
    walk::{TemplateWalk, Variables},
};
use crate::values::Segment;

/// A call. `target` is the variable that is the first argument, if it is one by itself.
pub(super) fn call_function(
    walk: &mut TemplateWalk<'_>,
    name: &str,
    args: Vec<Meaning>,
    target: Option<&str>,
    variables: &mut Variables,
    depth: usize,
) -> Meaning {
    let text = |at: usize| args.get(at).and_then(|arg| arg.text.clone());
    let either = |args: &[Meaning]| {
        args.iter()
            .cloned()
            .fold(Meaning::empty(), Meaning::either_or)
    };
    match name {
        // Either of what they are given.
        "default" | "coalesce" | "or" | "and" | "ternary" => {
            args.iter().for_each(|arg| walk.note_looked_at(arg));
            let mut found = either(&args);
            // Which of the texts it is shows only when the template is rendered.
            found.text = None;
            found
        }
        // Maps with all that is in them, whichever wins; the first is changed, too.
        "merge" | "mergeOverwrite" | "mustMerge" | "mustMergeOverwrite" => {
            args.iter().for_each(|arg| walk.note_looked_at(arg));
            let merged = either(&args);
            if let Some((first, rest)) = args.split_first() {
                let rest = either(rest);
                let rest = walk.field_meaning(&rest, None);
                put_into(walk, (first, target), None, &rest, variables);
            }
            merged
        }
        "concat" | "deepCopy" | "mustDeepCopy" | "omit" | "without" | "mustWithout" | "uniq"
        | "mustUniq" | "compact" | "mustCompact" | "reverse" | "mustReverse" | "rest"
        | "mustRest" | "initial" | "mustInitial" | "slice" | "mustSlice" | "sortAlpha"
        | "unset" => {
            args.iter().for_each(|arg| walk.note_looked_at(arg));
            match name {
                // Without some keys, or after them: of the arguments only the first is a map.
                "omit" | "unset" => args.into_iter().next().unwrap_or_default(),
                "concat" => either(&args).in_any_order(),
                "slice" | "mustSlice" | "without" | "mustWithout" => {
                    args.into_iter().next().unwrap_or_default()
                }
                "deepCopy" | "mustDeepCopy" => args.into_iter().next_back().unwrap_or_default(),
                _ => args
                    .into_iter()
                    .next_back()
                    .unwrap_or_default()
                    .in_any_order(),
            }
        }
        "required" => {
            let found = args.into_iter().next_back().unwrap_or_default();
            walk.note_looked_at(&found);
            found
        }
        // Only whether it is there, or what kind of thing it is.
        "not" | "empty" | "kindOf" | "kindIs" | "typeOf" | "typeIs" | "typeIsLike" | "len"
        | "isset" => {
            args.iter().for_each(|arg| walk.note_looked_at(arg));
            if name == "len" {
                for arg in &args {
                    let items = walk.field_meaning(arg, None);
                    walk.note_looked_at(&items);
                }
            }
            Meaning::empty()
        }
        "hasKey" => {
            let key = text(1);
            if let Some(map) = args.first() {
                let found = walk.field_meaning(map, key.as_deref());
                walk.note_looked_at(&found);
            }
            Meaning::empty()
        }
        "keys" => {
            for arg in &args {
                let found = walk.field_meaning(arg, None);
                walk.note_looked_at(&found);
            }
            Meaning::empty()
        }
        "values" | "first" | "mustFirst" | "last" | "mustLast" => {
            let found = args
                .first()
                .map(|arg| walk.field_meaning(arg, None))
                .unwrap_or_default();
            walk.note_looked_at(&found);
            match name {
                "values" => Meaning::holding(found),
                _ => found,
            }
        }
        "index" | "get" => {
            let Some((first, keys)) = args.split_first() else {
                return Meaning::empty();
            };
            keys.iter().for_each(|key| walk.note_taken(key));
            let mut found = first.clone();
            for key in keys {
                found = item_of(walk, &found, key.text.as_deref());
            }
            walk.note_looked_at(&found);
            found
        }
        // `dig "a" "b" default map`.
        "dig" => {
            let [keys @ .., otherwise, map] = args.as_slice() else {
                return Meaning::empty();
            };
            let mut found = map.clone();
            for key in keys {
                found = walk.field_meaning(&found, key.text.as_deref());
            }
            walk.note_looked_at(&found);
            found.either_or(otherwise.clone())
        }
        "pluck" => {
            let (Some((_, maps)), key) = (args.split_first(), text(0)) else {
                return Meaning::empty();
            };
            let mut found = Meaning::empty();
            for map in maps {
                found.add_meaning(walk.field_meaning(map, key.as_deref()));
            }
            walk.note_looked_at(&found);
            Meaning::holding(found)
        }
        "pick" => {
            let Some((map, keys)) = args.split_first() else {
                return Meaning::empty();
            };
            let mut found = Meaning::empty();
            for key in keys {
                let value = walk.field_meaning(map, key.text.as_deref());
                walk.note_looked_at(&value);
                let key = key.text.clone().unwrap_or_else(|| ANY.to_owned());
                found.made.entry(key).or_default().add_meaning(value);
            }
            found
        }
        "dict" => {
            let mut found = Meaning::empty();
            for pair in args.chunks(2) {
                let key = pair[0].text.clone().unwrap_or_else(|| ANY.to_owned());
                let value = pair.get(1).cloned().unwrap_or_default();
                found.made.entry(key).or_default().add_meaning(value);
            }
            found
        }
        "list" | "tuple" => {
            let mut found = Meaning::empty();
            for (at, arg) in args.into_iter().enumerate() {
                found.made.insert(format!("{POSITION}{at}"), arg);
            }
            found
        }
        "append" | "mustAppend" | "push" | "prepend" | "mustPrepend" => {
            let mut args = args.into_iter();
            let list = args.next().unwrap_or_default();
            walk.note_looked_at(&list);
            list.in_any_order().either_or(Meaning::holding(
                args.fold(Meaning::empty(), Meaning::either_or),
            ))
        }
        "set" => {
            let [map, key, value] = args.as_slice() else {
                return Meaning::empty();
            };
            put_into(walk, (map, target), key.text.as_deref(), value, variables);
            let key = key.text.clone().unwrap_or_else(|| ANY.to_owned());
            let mut found = map.clone();
            found
                .made
                .entry(key)
                .or_default()
                .add_meaning(value.clone());
            found
        }
        "include" => {
            let dot = args.get(1).cloned().unwrap_or_default();
            match args.first() {
                Some(Meaning {
                    text: Some(name), ..
                }) => walk.include_template(name, dot, depth),
                Some(worked_out) => {
                    walk.note_taken(worked_out);
                    let parts: Vec<String> = worked_out
                        .made
                        .keys()
                        .filter_map(|key| key.strip_prefix(PART).map(str::to_owned))
                        .collect();
                    walk.include_like(&parts, &dot, depth);
                }
                None => {}
            }
            Meaning::empty()
        }
        "tpl" => {
            let with = args.get(1).cloned().unwrap_or_default();
            if let Some(text) = args.first() {
                walk.render_text(text, &with);
            }
            Meaning::empty()
        }
        "print" | "printf" => {
            args.iter().for_each(|arg| walk.note_taken(arg));
            worked_out(&args)
        }
        _ => {
            args.iter().for_each(|arg| walk.note_taken(arg));
            Meaning::empty()
        }
    }
}

/// The meaning of a key, or of a position of a list.
fn item_of(walk: &mut TemplateWalk<'_>, of: &Meaning, key: Option<&str>) -> Meaning {
    let position =
        key.filter(|key| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit()));
    let Some(position) = position else {
        return walk.field_meaning(of, key);
    };
    let made = format!("{POSITION}{position}");
    match of.made.get(&made) {
        Some(inner) if of.places.is_empty() && of.contexts.is_empty() => inner.clone(),
        _ => walk.field_meaning(of, None),
    }
}

/// The prefix under which parts of a text that is worked out are kept beside a meaning.
const PART: &str = "\u{0}part:";

/// A text that is worked out, with the parts of it that are known.
fn worked_out(args: &[Meaning]) -> Meaning {
    let texts = args.iter().filter_map(|arg| arg.text.as_deref());
    let parts = texts.flat_map(|text| {
        let plain = text
            .replace("%s", "\u{0}")
            .replace("%v", "\u{0}")
            .replace("%d", "\u{0}");
        plain.split('\u{0}').map(str::to_owned).collect::<Vec<_>>()
    });
    let mut found = Meaning::empty();
    for part in parts.filter(|part| !part.is_empty()).take(8) {
        found.made.insert(format!("{PART}{part}"), Meaning::empty());
    }
    found
}

/// Puts a value into a map, wherever that is looked at later: a variable (`target`), a place in the values, a context.
fn put_into(
    walk: &mut TemplateWalk<'_>,
    (map, target): (&Meaning, Option<&str>),
    key: Option<&str>,
    value: &Meaning,
    variables: &mut Variables,
) {
    if value.is_nothing() {
        return;
    }
    if let Some(name) = target {
        for (_, known) in variables.iter_mut().filter(|(known, _)| known == name) {
            match key {
                Some(key) => known
                    .made
                    .entry(key.to_owned())
                    .or_default()
                    .add_meaning(value.clone()),
                None => known.add_meaning(value.clone()),
            }
        }
    }
    if map.places.is_empty() && map.contexts.is_empty() {
        return;
    }
    // Maps that hold themselves would be followed for ever.
    if value.size() > MOST_PLACES || walk.set.len() > MOST_PLACES * 4 || value.depth() > 6 {
        return walk.note_taken(value);
    }
    let places = map.places.iter().map(|path| (false, path));
    let contexts = map.contexts.iter().map(|path| (true, path));
    for (is_context, path) in places.chain(contexts).collect::<Vec<_>>() {
        let at = match key {
            Some(key) => path.key(key),
            None => path.join(Segment::AnyKey),
        };
        let known = walk.set.entry((is_context, at)).or_default();
        if known.size() < MOST_PLACES {
            known.add_meaning(value.clone());
        }
    }
}
