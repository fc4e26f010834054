//! The public editor: examples for each rule, and any sequence of edits against the same edits on values
//! that another parser read.

use refit::yaml::{Editor, EditorError, NewValue, NodePath, PathStep};
use serde_yaml::{Mapping, Value};

use crate::choice::{self, Choices};
use crate::material;

fn edited(text: &str, edit: impl FnOnce(&mut Editor) -> Result<(), EditorError>) -> String {
    let mut editor = Editor::open(text).expect("YAML");
    edit(&mut editor).unwrap_or_else(|e| panic!("{e}\n{text}"));
    editor.text().to_owned()
}

#[track_caller]
fn error(text: &str, edit: impl FnOnce(&mut Editor) -> Result<(), EditorError>) -> EditorError {
    let mut editor = Editor::open(text).expect("YAML");
    let Err(error) = edit(&mut editor) else {
        panic!("{text} became {}", editor.text());
    };
    assert_eq!(editor.text(), text, "a refused edit changes nothing");
    error
}

#[test]
fn a_value_is_set_in_its_place() {
    let text = "# head\na: 1   # one\n\nb: {c: x, d: [1, 2]}\n";
    assert_eq!(
        edited(text, |e| e.set("a", 2)),
        "# head\na: 2   # one\n\nb: {c: x, d: [1, 2]}\n"
    );
    assert_eq!(
        edited(text, |e| e.set("b.d[1]", "v")),
        "# head\na: 1   # one\n\nb: {c: x, d: [1, v]}\n"
    );
    assert_eq!(
        edited(text, |e| e.set("b.d[2]", true)),
        "# head\na: 1   # one\n\nb: {c: x, d: [1, 2, true]}\n"
    );
    assert_eq!(
        edited("a: 1\r\n", |e| e.set("b.c", vec!["x", "on"])),
        "a: 1\r\nb:\r\n  c:\r\n    - x\r\n    - \"on\"\r\n"
    );
    assert_eq!(edited("", |e| e.set("a.b", ())), "a:\n  b: null");
    assert_eq!(edited("a:\n", |e| e.set("a[0]", 0.5)), "a:\n  - 0.5\n");
    assert_eq!(
        edited("{\"a\": \"x\"}\n", |e| e.set("b", "y")),
        "{\"a\": \"x\", \"b\": \"y\"}\n"
    );
}

#[test]
fn entries_are_renamed_moved_and_removed_with_their_comments() {
    let text = "a: 1\n# about b\nb: 2 # two\n\nc:\n  d: 3\n";
    assert_eq!(
        edited(text, |e| e.rename("b", "z")),
        "a: 1\n# about b\nz: 2 # two\n\nc:\n  d: 3\n"
    );
    assert_eq!(
        edited(text, |e| e.move_to("b", "c.z")),
        "a: 1\n\nc:\n  d: 3\n  # about b\n  z: 2 # two\n"
    );
    assert_eq!(edited(text, |e| e.remove("b")), "a: 1\n\nc:\n  d: 3\n");
    assert_eq!(
        edited(text, |e| e.remove("c.d")),
        "a: 1\n# about b\nb: 2 # two\n\nc: {}\n"
    );
    assert_eq!(
        edited("l: # here\n  - a # first\n  - b\n  - c\n", |e| e
            .move_to("l[2]", "l[0]")),
        "l: # here\n  - c\n  - a # first\n  - b\n"
    );
    assert_eq!(
        edited("- a\n- b\n", |e| e.insert("[1]", "x")),
        "- a\n- x\n- b\n"
    );
    assert_eq!(
        edited("a: 1\nb: 2\n", |e| e.insert_at("x", 1, "v")),
        "a: 1\nx: v\nb: 2\n"
    );
}

#[test]
fn what_cannot_be_edited_is_refused_and_nothing_changes() {
    use EditorError as E;
    let text = "a: &x {b: 1}\nc: *x\nd: 1\nd: 2\ns: text\nl: [1]\n";
    assert!(matches!(error(text, |e| e.set("a.b", 2)), E::Shared(_)));
    assert!(matches!(error(text, |e| e.set("c.b", 2)), E::Shared(_)));
    assert!(matches!(error(text, |e| e.set("d", 2)), E::Duplicate(_)));
    assert!(matches!(error(text, |e| e.set("s.x", 2)), E::WrongKind(_)));
    assert!(matches!(error(text, |e| e.set("l.x", 2)), E::WrongKind(_)));
    assert!(matches!(error(text, |e| e.set("l[2]", 2)), E::NotFound(_)));
    assert!(matches!(error(text, |e| e.remove("n")), E::NotFound(_)));
    assert!(matches!(error(text, |e| e.remove("")), E::WrongKind(_)));
    assert!(matches!(
        error(text, |e| e.rename("s", "l")),
        E::Occupied(_)
    ));
    assert!(matches!(error(text, |e| e.insert("s", 1)), E::Occupied(_)));
    assert!(matches!(
        error(text, |e| e.move_to("n", "m")),
        E::NotFound(_)
    ));
    assert!(matches!(
        error("a: {b: {}}\n", |e| e.move_to("a", "a.b.c")),
        E::IntoItself(_)
    ));
    assert!(matches!(error(text, |e| e.set("a..b", 1)), E::Path(_)));
    assert!(matches!(error(text, |e| e.set("l[x]", 1)), E::Path(_)));
    assert!(matches!(
        error("# c\na: # x\n  - b\nf: {g: 1}\n", |e| e.move_to("a", "f.a")),
        E::Text(_)
    ));
    assert!(matches!(
        error("a: {b c\n  d: 1}\n", |e| e.set("x", 1)),
        E::OtherReader(_)
    ));
    assert!(matches!(
        Editor::open("a: [").expect_err("no YAML"),
        E::Parse(_)
    ));
}

#[test]
fn documents_are_edited_one_by_one() {
    let mut editor = Editor::open_document("a: 1\n---\na: 2\n", 1).expect("YAML");
    editor.set("a", 3).expect("an edit");
    assert_eq!(editor.text(), "a: 1\n---\na: 3\n");
    assert!(Editor::open_document("a: 1\n", 1).is_err());
}

/// The value at a path of what the other parser read.
fn at<'v>(value: &'v mut Value, path: &[PathStep]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, step| match step {
        PathStep::Key(key) => value.as_mapping_mut()?.get_mut(key.as_str()),
        PathStep::Index(index) => value.as_sequence_mut()?.get_mut(*index),
    })
}

/// All paths of a value.
fn paths(value: &Value, path: &NodePath, found: &mut Vec<NodePath>) {
    found.push(path.clone());
    match value {
        Value::Mapping(map) => {
            for (key, below) in map {
                if let Value::String(key) = key {
                    paths(below, &path.clone().key(key), found);
                }
            }
        }
        Value::Sequence(items) => {
            for (n, below) in items.iter().enumerate() {
                paths(below, &path.clone().index(n), found);
            }
        }
        _ => {}
    }
}

fn new(choices: &mut Choices) -> (NewValue, Value) {
    let text = |text: &str| (NewValue::from(text), Value::from(text));
    match choices.below(9) {
        0 => (true.into(), true.into()),
        1 => (7.into(), 7.into()),
        2 => (0.5.into(), 0.5.into()),
        3 => (().into(), Value::Null),
        4 => (vec!["a", "no"].into(), vec!["a", "no"].into()),
        5 => {
            let map = NewValue::Map(vec![("k".to_owned(), "v: w".into())]);
            let mut same = Mapping::new();
            same.insert("k".into(), "v: w".into());
            (map, same.into())
        }
        6 => text("0x1f"),
        7 => text("two words # or: more"),
        _ => text(""),
    }
}

/// Makes one edit on both; `Ok(false)` if the editor refuses it with a reason.
fn step(editor: &mut Editor, model: &mut Value, choices: &mut Choices) -> Result<bool, String> {
    let mut all = Vec::new();
    paths(model, &NodePath::root(), &mut all);
    let path = all[choices.below(all.len())].clone();
    let (new_source, new_value) = new(choices);
    let mut wanted = model.clone();
    let what = choices.below(5);
    let (said, done) = match what {
        0 => {
            *at(&mut wanted, path.steps()).ok_or("a path")? = new_value;
            (format!("set {path}"), editor.set(&path, new_source))
        }
        1 => {
            let name = format!("new-{}", choices.below(100));
            match at(&mut wanted, path.steps()).ok_or("a path")? {
                Value::Mapping(map) if !map.contains_key(name.as_str()) => {
                    map.insert(name.clone().into(), new_value);
                }
                _ => return Ok(false),
            }
            let path = path.key(name);
            (format!("insert {path}"), editor.insert(&path, new_source))
        }
        2 => {
            let Value::Sequence(items) = at(&mut wanted, path.steps()).ok_or("a path")? else {
                return Ok(false);
            };
            let place = choices.below(items.len() + 1);
            items.insert(place, new_value);
            let path = path.index(place);
            (format!("insert {path}"), editor.insert(&path, new_source))
        }
        3 => {
            let Some((last, above)) = path.steps().split_last() else {
                return Ok(false);
            };
            match (at(&mut wanted, above).ok_or("a path")?, last) {
                (Value::Mapping(map), PathStep::Key(key)) => {
                    map.shift_remove(key.as_str());
                }
                (Value::Sequence(items), PathStep::Index(n)) => {
                    items.remove(*n);
                }
                _ => return Ok(false),
            }
            (format!("remove {path}"), editor.remove(&path))
        }
        _ => {
            // To another map, under a new key.
            let Some((last, above)) = path.steps().split_last() else {
                return Ok(false);
            };
            let target = all[choices.below(all.len())].clone();
            let moved = at(&mut wanted, path.steps()).ok_or("a path")?.clone();
            let name = format!("moved-{}", choices.below(100));
            if target.steps().starts_with(path.steps()) {
                return Ok(false);
            }
            let same_map = target.steps() == above;
            match at(&mut wanted, target.steps()).ok_or("a path")? {
                Value::Mapping(map) if !map.contains_key(name.as_str()) => match last {
                    PathStep::Key(key) if same_map => {
                        // In its place.
                        *map = std::mem::take(map)
                            .into_iter()
                            .map(|(k, v)| {
                                if k == key.as_str() {
                                    (name.clone().into(), v)
                                } else {
                                    (k, v)
                                }
                            })
                            .collect();
                    }
                    _ => {
                        map.insert(name.clone().into(), moved);
                    }
                },
                _ => return Ok(false),
            }
            if !same_map || matches!(last, PathStep::Index(_)) {
                match (at(&mut wanted, above).ok_or("a path")?, last) {
                    (Value::Mapping(map), PathStep::Key(key)) => {
                        map.shift_remove(key.as_str());
                    }
                    (Value::Sequence(items), PathStep::Index(n)) => {
                        items.remove(*n);
                    }
                    _ => return Ok(false),
                }
            }
            let target = target.key(name);
            (
                format!("move {path} to {target}"),
                editor.move_to(&path, &target),
            )
        }
    };
    match done {
        Ok(()) => {
            *model = wanted;
            choices.count(said.split(' ').next().unwrap_or_default());
        }
        Err(
            EditorError::Text(_)
            | EditorError::Shared(_)
            | EditorError::Duplicate(_)
            | EditorError::IntoItself(_),
        ) => {
            choices.count("refused");
            return Ok(false);
        }
        Err(other) => return Err(format!("{said}: {other}")),
    }
    let read: Value = serde_yaml::from_str(editor.text()).map_err(|e| format!("{said}: {e}"))?;
    match same(&read, model) {
        true => Ok(true),
        false => Err(format!("{said}: it says {read:?}\nand not {model:?}")),
    }
}

/// Equal values in equal order.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Mapping(one), Value::Mapping(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|((k, v), (l, w))| k == l && same(v, w))
        }
        (Value::Sequence(one), Value::Sequence(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(v, w)| same(v, w))
        }
        // An empty text says null, and so does one of which everything was taken.
        _ => one == other,
    }
}

#[test]
fn any_edits_say_what_the_same_edits_on_values_say() {
    let mut texts: Vec<String> = [
        "a: 1\n",
        "# h\n\na: {b: [1, {c: d}], e: }\n# f\nf:\n- x\n- y: 1\n  z: |\n    text\n\n# end\n",
        "{\"a\": [{\"b\": 1}], \"c\": {}}\n",
        "a:\r\n  b: 'x' # c\r\n  d: >-\r\n    e\r\n    f\r\n",
    ]
    .map(str::to_owned)
    .to_vec();
    if let Some(shared) = material::shared(1) {
        texts.extend(
            material::files(&shared.join("corpus"))
                .iter()
                .filter_map(|path| std::fs::read_to_string(path).ok())
                .filter(|text| text.len() < 6_000 && !text.contains("\n---")),
        );
    }
    // What the other parser reads as values, keys as texts and nothing shared.
    texts.retain(|text| {
        let read: Result<Value, _> = serde_yaml::from_str(text);
        read.is_ok_and(|value| value.is_mapping() && plain_keys(&value))
            && Editor::open(text.as_str()).is_ok()
            && !text.contains(['&', '*'])
    });
    texts.sort_by_key(String::len);
    choice::each("edits by path", 120, |choices| {
        let text = choices.pick(&texts).clone();
        let mut editor = Editor::open(text.as_str()).map_err(|e| e.to_string())?;
        let mut model: Value = serde_yaml::from_str(&text).map_err(|e| e.to_string())?;
        for _ in 0..1 + choices.below(6) {
            let before = editor.text().to_owned();
            step(&mut editor, &mut model, choices).map_err(|message| {
                format!(
                    "{message}\n--- before\n{before}\n--- after\n{}",
                    editor.text()
                )
            })?;
            if !model.is_mapping() {
                break;
            }
        }
        Ok(())
    });
}

fn plain_keys(value: &Value) -> bool {
    match value {
        Value::Mapping(map) => map.iter().all(|(k, v)| k.is_string() && plain_keys(v)),
        Value::Sequence(items) => items.iter().all(plain_keys),
        Value::Tagged(_) => false,
        _ => true,
    }
}

#[test]
fn setting_a_scalar_touches_nothing_but_its_line() {
    let Some(shared) = material::shared(1) else {
        return;
    };
    let mut set = 0;
    for path in material::files(&shared.join("corpus")).iter().step_by(20) {
        let Ok(text) = std::fs::read_to_string(path) else {
            continue;
        };
        let read: Result<Value, _> = serde_yaml::from_str(&text);
        let (Ok(value), Ok(editor)) = (read, Editor::open(text.as_str())) else {
            continue;
        };
        let mut all = Vec::new();
        paths(&value, &NodePath::root(), &mut all);
        for path in all.iter().step_by(5).take(20) {
            let Ok(Some(found)) = editor.get(path) else {
                continue;
            };
            let source = found.source();
            if source.is_empty() || source.contains('\n') || !found.is_empty() {
                continue;
            }
            let line = found.position().line - 1;
            let mut editor = Editor::open(text.as_str()).expect("YAML");
            if editor.set(path, "set-by-a-test").is_err() {
                continue;
            }
            let (old, new): (Vec<_>, Vec<_>) = (
                text.split('\n').collect(),
                editor.text().split('\n').collect(),
            );
            assert_eq!(old.len(), new.len(), "{path}");
            for (n, (old, new)) in old.iter().zip(&new).enumerate() {
                assert_eq!(
                    old == new,
                    n != line,
                    "{path}: line {n}: {old:?} became {new:?}"
                );
            }
            set += 1;
        }
    }
    assert!(set > 80, "{set}");
}

#[test]
fn new_lines_end_as_the_lines_around_them_and_not_as_a_lone_carriage_return_among_them() {
    for (text, after) in [
        ("a: 1\rb: 1\n", "a: 1\rb: 1\nc:\n  d: 2\n"),
        ("a: 1\rb: 1\r\n", "a: 1\rb: 1\r\nc:\r\n  d: 2\r\n"),
        ("a: 1\rb: 1\r", "a: 1\rb: 1\rc:\r  d: 2\r"),
    ] {
        let mut editor = Editor::open(text).unwrap();
        editor.set("c.d", 2).unwrap();
        assert_eq!(editor.text(), after);
    }
}

#[test]
fn a_block_scalar_that_loses_the_end_of_the_file_is_closed_at_its_header() {
    for (style, line) in [
        ("|", "x | y"),
        (">", "a -> b > c"),
        ("|2", "| |2"),
        (">-", ">-"),
    ] {
        let text = format!("new:\n  a: 1\nold:\n  b: 1\n  note: {style}\n    {line}\n    {line}");
        let read = |text: &str| serde_yaml::from_str::<Value>(text).unwrap();
        let mut editor = Editor::open(&*text).unwrap();
        editor.move_to("old.note", "new.note").unwrap();
        let (before, after) = (read(&text), read(editor.text()));
        assert_eq!(
            after["new"]["note"],
            before["old"]["note"],
            "{}",
            editor.text()
        );
        assert!(before["old"]["note"].is_string());
    }
}
