//! What the laws showed, each as small as it came, in words that do not depend on the generator.

use refit::{
    block::TextFile,
    load::{InputFile, load},
    migrate::{Answers, migrate},
    pack::Pack,
    plan::{Plan, Selection},
    values::{
        Value, View,
        merge::merge_all,
        write::{Layout, block},
    },
};
use semver::Version;

use super::{
    engine::{Done, Refused, run},
    laws, packs,
};

/// A chart with versions 1, 2 and 3: its keys, and the steps of version 2.
fn pack(keys: &str, steps: &str) -> (tempfile::TempDir, Pack) {
    let info = "pack: 1\nchart: generated\ntitle: A chart\nversions:\n  1.0.0: {app: \"1\"}\n  2.0.0: {app: \"2\"}\n  3.0.0: {app: \"3\"}\n";
    let indented: String = steps.lines().map(|line| format!("  {line}\n")).collect();
    let migration = format!("version: 2.0.0\ntitle: A change\nsteps:\n{indented}");
    let later = "version: 3.0.0\ntitle: Another change\nsteps:\n  last: {title: Move, move: {old-last: new-last}}\n";
    let keys = format!("{keys}old-last: [{{in: \"<3.0.0\"}}]\nnew-last: [{{in: \">=3.0.0\"}}]\n");
    let files = [
        ("pack.yaml", info),
        ("keys.yaml", &keys),
        ("2.0.0.yaml", &migration),
        ("3.0.0.yaml", later),
    ];
    let files: Vec<_> = files
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into();
    let folder = tempfile::tempdir().unwrap();
    let pack = packs::load(&files, folder.path()).unwrap();
    (folder, pack)
}

fn version(major: u64) -> Version {
    Version::new(major, 0, 0)
}

fn leg(pack: &Pack, text: &str, from: u64, to: u64) -> Result<Done, Refused> {
    let run = run(
        pack,
        text.as_bytes(),
        &version(from),
        &version(to),
        &Answers::new(),
        &Selection::default(),
        false,
    );
    let done = run.unwrap()?;
    laws::all(&done).unwrap();
    Ok(done)
}

#[track_caller]
fn becomes(keys: &str, steps: &str, before: &str, after: &str) {
    let (_folder, pack) = pack(keys, steps);
    let done = leg(&pack, before, 1, 2).unwrap();
    assert_eq!(&*done.after, after);
}

const OLD_AND_NEW: &str = "old: [{in: \"<2.0.0\"}]\nnew: [{in: \">=2.0.0\"}]\n";

#[test]
fn an_alias_that_changes_as_its_anchor_does_is_left_to_follow() {
    becomes(
        "hosts: [{in: \"*\", open: map}]\n",
        "s: {title: Rename, move: {\"hosts[*].paths[*].name\": \"hosts[*].paths[*].identifier\"}}",
        "hosts:\n  - host: a\n    paths: &p\n      - name: x # one\n        port: 1\n  - host: b\n    paths: *p\n",
        "hosts:\n  - host: a\n    paths: &p\n      - identifier: x # one\n        port: 1\n  - host: b\n    paths: *p\n",
    );
}

#[test]
fn json_stays_json_in_lists_too() {
    becomes(
        "old: [{in: \"<2.0.0\"}]\nenv: [{in: \"*\", open: map}]\n",
        "s: {title: Move, move: {old: \"env[name=A].value\"}}",
        "{\n  \"old\": \"v\",\n  \"env\": [{\"name\": \"B\", \"value\": \"b\"}]\n}\n",
        "{\n  \"env\": [{\"name\": \"B\", \"value\": \"b\"}, {\"name\": \"A\", \"value\": \"v\"}]\n}\n",
    );
}

#[test]
fn items_that_are_still_in_a_list_keep_their_text_and_comments() {
    becomes(
        "args: [{in: \"*\"}]\n",
        "s: {title: Filter, take: {a: args}, do: {args: \"=a.filter(x, x != 'gone') + ['new']\"}}",
        "args: # all\n  # why\n  - \"kept\"   # one\n  - gone # two\n\n  # last\n  - '--v=2'\n",
        "args: # all\n  # why\n  - \"kept\"   # one\n\n  # last\n  - '--v=2'\n\n  - new\n",
    );
    becomes(
        "old: [{in: \"<2.0.0\"}]\nnew: [{in: \">=2.0.0\"}]\n",
        "s: {title: Filter, take: {a: old}, do: {new: \"=a.filter(x, x != 'gone')\"}}",
        "old:\n  # why\n  - \"kept\"   # one\n  - gone\n",
        "new:\n  # why\n  - \"kept\"   # one\n",
    );
}

#[test]
fn a_null_that_is_written_over_has_a_fate() {
    becomes(
        OLD_AND_NEW,
        "s: {title: Move, move: {old: new}}",
        "old: 1\nnew: null\n",
        "new: 1\n",
    );
}

#[test]
fn an_empty_map_that_is_filled_has_a_fate() {
    let keys = "old: [{in: \"<2.0.0\"}]\nnew.a: [{in: \">=2.0.0\"}]\n";
    becomes(
        keys,
        "s: {title: Move, move: {old: new.a}}",
        "old: 1\nnew: {}\n",
        "new:\n  a: 1\n",
    );
}

#[test]
fn an_item_that_is_filled_says_of_what() {
    let keys = "old: [{in: \"<2.0.0\"}]\nenv: [{in: \"*\", default: []}]\n";
    let steps =
        "s: {title: Put, take: {x: old}, read: {all: env}, do: {\"env[name=A].value\": =x}}";
    let before = "old: t1t\nenv:\n  - name: A\n    value: t2t\n";
    becomes(keys, steps, before, "env:\n  - name: A\n    value: t1t\n");
    becomes(
        keys,
        steps,
        "old: t1t\nenv:\n  - name: A\n    value: t1t\n",
        "env:\n  - name: A\n    value: t1t\n",
    );
    becomes(
        keys,
        steps,
        "old: t1t\nenv:\n  - name: B\n    value: t2t\n",
        "env:\n  - name: B\n    value: t2t\n  - name: A\n    value: t1t\n",
    );
}

#[test]
fn what_stood_where_a_list_comes_has_a_fate() {
    let keys = "old: [{in: \"<2.0.0\"}]\nenv: [{in: \"*\", default: []}]\n";
    let steps =
        "s: {title: Put, take: {x: old}, upsert: {env: {by: name, items: [{name: A, value: =x}]}}}";
    becomes(
        keys,
        steps,
        "old: t1t\nenv:\n  a: t2t\n",
        "env:\n  - name: A\n    value: t1t\n",
    );
}

#[test]
fn a_map_that_goes_into_itself_keeps_its_comments_once() {
    let keys = "m: [{in: \"*\", default: {}}]\n";
    let steps = "s: {title: Wrap, move: {m: m.own}}";
    becomes(
        keys,
        steps,
        "m:\n  # c1c\n  own: 1\n\n  # c2c\n\n  # c3c\n  b: 2\n",
        "m:\n  own:\n    # c1c\n    own: 1\n\n    # c2c\n\n    # c3c\n    b: 2\n",
    );
}

/// For Helm a merge key overrides what is written before it.
#[test]
fn what_overrides_a_merge_key_is_written_behind_it() {
    let keys = "base: [{in: \"*\", open: map}]\nb: [{in: \"*\", open: map}]\nc: [{in: \"*\", open: map}]\n";
    becomes(
        keys,
        "s: {title: Wrap, move: {b: b.own}}",
        "base: &base\n  b: [1, 2]\nc: {d: 1}\n<<: *base\n",
        "base: &base\n  b: [1, 2]\nc: {d: 1}\n<<: *base\nb:\n  own: [1, 2]\n",
    );
    becomes(
        keys,
        "s: {title: Rename, move: {c: b}, drop: [b]}",
        "base: &base\n  b: [1, 2]\nc: {d: 1}\n<<: *base\n",
        "base: &base\n  b: [1, 2]\n<<: *base\nb: {d: 1}\n",
    );
}

#[test]
fn an_alias_of_a_map_that_changes_is_refused() {
    let (_folder, pack) = pack(
        "w.old: [{in: \"<2.0.0\"}]\nw.new: [{in: \">=2.0.0\"}]\nother: [{in: \"*\", open: map}]\n",
        "s: {title: Move, move: {w.old: w.new}}",
    );
    let refused = leg(&pack, "w: &a\n  old: 1\nother: *a\n", 1, 2).err();
    assert_eq!(
        refused,
        Some(Refused::Edit("through an alias or a merge key"))
    );
}

#[test]
fn what_goes_below_new_maps_is_indented_behind_a_byte_order_mark() {
    let keys = "old: [{in: \"<2.0.0\"}]\nnew.deep.old: [{in: \">=2.0.0\"}]\n";
    becomes(
        keys,
        "s: {title: Move, move: {old: new.deep.old}}",
        "\u{feff}old: 1\n",
        "\u{feff}new:\n  deep:\n    old: 1\n",
    );
}

/// What a step leaves is left on the second leg too, and what it writes below what it takes is no left-over.
#[test]
fn two_legs_leave_what_one_leaves() {
    let keys = "a: [{in: \"<2.0.0\"}]\nb: [{in: \"<2.0.0\"}]\nnew: [{in: \">=2.0.0\"}]\n";
    let (_folder, left) = pack(
        keys,
        "s: {title: Leave, take: {x: a, z: b}, do: {new: =z}, leave: [x]}",
    );
    let wrapped = pack(
        "a: [{in: \"<2.0.0\"}]\na.own: [{in: \">=2.0.0\"}]\n",
        "s: {title: Wrap, move: {a: a.own}}",
    );
    for (pack, text) in [
        (&left, "a: 1\nb: 2\n"),
        (&wrapped.1, "a:\n  own:\n    x: 1\n"),
    ] {
        let whole = leg(pack, text, 1, 3).unwrap();
        let first = leg(pack, text, 1, 2).unwrap();
        let second = leg(pack, &first.after, 2, 3).unwrap();
        assert_eq!(whole.after, second.after);
    }
}

/// A list that several steps add to does not tell that one of them has run.
#[test]
fn a_list_that_others_add_to_supersedes_nothing() {
    let keys = "a: [{in: \"<2.0.0\"}]\nenv: [{in: \"*\", default: []}]\n";
    let steps =
        "s: {title: Put, take: {x: a}, upsert: {env: {by: name, items: [{name: A, value: =x}]}}}";
    let (_folder, pack) = pack(keys, steps);
    let text = "a: 1\nenv: [{name: B, value: b}]\n";
    assert_eq!(&*leg(&pack, text, 2, 3).unwrap().after, text);
}

#[test]
fn a_guard_may_ask_for_the_kind_of_a_missing_member() {
    let steps = "s: {title: Move, take: {x: old}, first: [{if: \"kind(x.a.b) == 'map'\", leave: [x]}, {do: {new: =x}}]}";
    becomes(OLD_AND_NEW, steps, "old: {a: {}}\n", "new: {a: {}}\n");
}

/// Migrates layers and merges them, and the other way round.
#[track_caller]
fn layers_agree(keys: &str, steps: &str, texts: &[&str]) {
    let (_folder, pack) = pack(keys, steps);
    let plan = Plan::new(&pack, &version(1), &version(2), &Selection::default()).unwrap();
    let migrated =
        |texts: &[String]| -> Value {
            let loaded: Vec<TextFile> = texts
                .iter()
                .map(|t| load(&InputFile::Stdin(t.clone().into_bytes())).unwrap())
                .collect();
            let views: Vec<View<'_>> = loaded.iter().map(TextFile::view).collect();
            let refs: Vec<&View<'_>> = views.iter().collect();
            let done = migrate(&refs, &plan, &Answers::new(), false).unwrap();
            let values = done.layers.iter().zip(&views).map(|(node, view)| {
                match node.value(view).unwrap() {
                    Value::Map(map) => map,
                    _ => Default::default(),
                }
            });
            Value::Map(merge_all(values))
        };
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let merged = merge_all(texts.iter().map(|t| {
        load(&InputFile::Stdin(t.clone().into_bytes()))
            .unwrap()
            .view()
            .values()
            .unwrap()
    }));
    assert_eq!(
        migrated(&texts),
        migrated(&[block(&Value::Map(merged), &Layout::default())])
    );
}

#[test]
fn an_empty_last_layer_hides_nothing() {
    let steps =
        "s: {title: Move, take: {x: old}, first: [{if: set(x), do: {new: =x}}, {tell: None.}]}";
    layers_agree(OLD_AND_NEW, steps, &["old: 1\n", "# nothing yet\n"]);
}

#[test]
fn a_guard_holds_for_the_release_though_a_lower_layer_alone_would_fail() {
    let steps = "s: {title: First, take: {x: old}, first: [{if: \"kind(x) == 'list' && size(x) > 0\", do: {new: \"=x[0]\"}}, {tell: None.}]}";
    layers_agree(OLD_AND_NEW, steps, &["old: []\n", "old: [1]\n"]);
}

#[test]
fn lists_of_lower_layers_are_written_out_where_an_item_goes() {
    let keys = "old: [{in: \"<2.0.0\"}]\nenv: [{in: \"*\", default: []}]\n";
    let steps = "s: {title: Put, take: {x: old}, do: {\"env[name=A].value\": =x}}";
    layers_agree(keys, steps, &["env: [{name: B, value: b}]\n", "old: 1\n"]);
    layers_agree(keys, steps, &["old: 1\n", "env: [{name: B, value: b}]\n"]);
}

#[test]
fn a_later_layer_does_not_hide_what_moves_to_its_place() {
    layers_agree(
        OLD_AND_NEW,
        "s: {title: Move, move: {old: new}}",
        &["old: 1\n", "new: 2\n"],
    );
    layers_agree(
        OLD_AND_NEW,
        "s: {title: Copy, take: {x: old}, do: {new: =x}}",
        &["old: 1\n", "new: 2\n"],
    );
}
