//! What an edit leaves and what it takes: one example for every rule.

use crate::edit::{entry, given, list, map, scalar};
use refit::yaml::{NodeId, RewriteError, Tree, Want, WantEntry, WantKey, rewrite};

#[test]
fn nothing_wanted_nothing_edited() {
    for text in [
        "",
        "# c",
        "a: 1",
        "\u{feff}a: 1\r\n\r\n",
        "- a: [1, {b: 2}]\n  c: |+\n\n",
        "{}\n",
    ] {
        let doc = given(text);
        let rewrite = doc.try_run().expect("a rewrite");
        assert!(rewrite.edits.is_empty() && rewrite.removed_comments.is_empty());
        assert_eq!(rewrite.edits.apply(text), text);
    }
}

#[test]
fn a_removed_entry_takes_its_own_comments() {
    let text = "\
# header

# detached

# about a
# still about a
a: 1 # one
# about b
b: 2
  # deeper than b

# detached too
c: 3
";
    given(text).remove("a").produces(
        "# header\n\n# detached\n\n# about b\nb: 2\n  # deeper than b\n\n# detached too\nc: 3\n",
    );
    let doc = given(text).remove("b");
    doc.produces(
        "# header\n\n# detached\n\n# about a\n# still about a\na: 1 # one\n\n# detached too\nc: 3\n",
    );
    let gone: Vec<_> = doc
        .try_run()
        .expect("a rewrite")
        .removed_comments
        .into_iter()
        .map(|span| &text[span])
        .collect();
    assert_eq!(gone, ["# about b", "# deeper than b"]);
}

#[test]
fn the_first_comment_block_stays() {
    given("# header\na: 1\nb: 2\n")
        .remove("a")
        .produces("# header\nb: 2\n");
    given("# header\na: 1\nb:\n  c: 2\n")
        .shift("a", "b")
        .produces("# header\nb:\n  c: 2\n  a: 1\n");
}

#[test]
fn separation_stays_single() {
    let text = "a: 1\n\nb: 2\n\n\nc: 3\n";
    given(text).remove("b").produces("a: 1\n\n\nc: 3\n");
    given(text).remove("a").produces("b: 2\n\n\nc: 3\n");
    given(text).remove("c").produces("a: 1\n\nb: 2\n");
    given("x:\n  a: 1\n\n  b: 2\ny: 3\n")
        .remove("x/b")
        .produces("x:\n  a: 1\ny: 3\n");
    given("x:\n  a: 1\n\n  b: 2\n\ny: 3\n")
        .remove("x/b")
        .produces("x:\n  a: 1\n\ny: 3\n");
    given("x:\n  a: 1\n\n  b: 2\n")
        .remove("x/a")
        .produces("x:\n  b: 2\n");
    given("# h\n\na: 1\n\nb: 2\n")
        .remove("a")
        .produces("# h\n\nb: 2\n");
    given("a: 1\n\nb: 2\nc: 3\n")
        .remove("b")
        .produces("a: 1\n\nc: 3\n");
    given("a: 1\nb: 2\n\nc: 3\n")
        .remove("b")
        .produces("a: 1\n\nc: 3\n");
    given("a: 1\n\nb: 2\n\nc: 3\n\nd: 4\n")
        .remove("b")
        .remove("c")
        .produces("a: 1\n\nd: 4\n");
    given("a: 1\n\nb: 2\n\n# kept\n\nc: 3\n\nd: 4\n")
        .remove("b")
        .remove("c")
        .produces("a: 1\n\n# kept\n\nd: 4\n");
}

#[test]
fn a_missing_final_line_break_stays_missing() {
    given("a: 1\nb: 2").remove("b").produces("a: 1");
    given("a: 1\nb: 2").remove("a").produces("b: 2");
    given("a: 1")
        .put("", 9, entry("b", scalar("2")))
        .produces("a: 1\nb: 2");
    given("a:\n  c: 1\nb: 2")
        .shift("b", "a")
        .produces("a:\n  c: 1\n  b: 2");
    given("a: 1\r\nb: 2").remove("b").produces("a: 1");
    given("# c")
        .put("", 9, entry("b", scalar("2")))
        .produces("# c\nb: 2");
}

#[test]
fn a_block_scalar_cut_off_by_the_end_keeps_its_content() {
    // Without a final line break its content ends without one for Helm's reader.
    given("a: |\n  t")
        .put("", 9, entry("b", scalar("1")))
        .produces("a: |-\n  t\nb: 1");
    given("b:\n  c: 1\na: |+\n  t")
        .shift("a", "b")
        .produces("b:\n  c: 1\n  a: |-\n    t");
    given("a: |\n  t\nb: 1").remove("b").produces("a: |\n  t\n");
    given("a: |-\n  t\nb: 1").remove("b").produces("a: |-\n  t");
    given("b: 1\na: |\n  t").remove("b").produces("a: |\n  t");
}

#[test]
fn values_change_in_place() {
    let text = "a:   1   # one\nb: \"x\"\n";
    given(text)
        .set_text("a", "2")
        .produces("a:   2   # one\nb: \"x\"\n");
    given(text)
        .rename("a", "longer")
        .produces("longer:   1   # one\nb: \"x\"\n");
    given("a: # c\nb: 1\n")
        .set_text("a", "x")
        .produces("a: x # c\nb: 1\n");
    given("a: |- # c\n  t\n\n  u\nb: 1\n")
        .set_text("a", "x")
        .produces("a: x # c\nb: 1\n");
    given("a:\n  # why\n  x # c\nb: 1\n")
        .set_text("a", "y")
        .produces("a:\n  # why\n  y # c\nb: 1\n");
    given("a: \"x\n  y\" # c\n")
        .set_text("a", "z")
        .produces("a: z # c\n");
    given("a: x # c\n").set_text("a", "").produces("a: # c\n");
    given("- x # c\n- y\n")
        .set("", list(vec![]))
        .produces("[]\n");
}

#[test]
fn values_change_their_kind_in_place() {
    let block = || {
        map(vec![
            entry("x", scalar("1")),
            entry("y", list(vec![scalar("2")])),
        ])
    };
    given("a: # c\nb: 1\n")
        .set("a", block())
        .produces("a: # c\n  x: 1\n  y:\n    - 2\nb: 1\n");
    given("a: null # c\n")
        .set("a", block())
        .produces("a: # c\n  x: 1\n  y:\n    - 2\n");
    given("a: {} # c\n")
        .put("a", 0, entry("x", scalar("1")))
        .produces("a: # c\n  x: 1\n");
    given("a: []\n")
        .set("a", list(vec![scalar("1")]))
        .produces("a:\n  - 1\n");
    given("a: |\n  t\nb: 1\n")
        .set("a", block())
        .produces("a:\n  x: 1\n  y:\n    - 2\nb: 1\n");
    given("a: # c\n  x: 1 # d\n  # e\nb: 1\n")
        .set_text("a", "2")
        .produces("a: 2 # c\nb: 1\n");
    given("a: # c\n  x: 1\nb: 1\n")
        .remove("a/x")
        .produces("a: {} # c\nb: 1\n");
    given("a:\n  - x\n\nb: 1\n")
        .remove("a/0")
        .produces("a: []\n\nb: 1\n");
    given("- a: 1\n  b: 2\n- c\n")
        .set_text("0", "x")
        .produces("- x\n- c\n");
    given("- x # c\n- c\n")
        .set("0", block())
        .produces("- # c\n  x: 1\n  y:\n    - 2\n- c\n");
    given("- x\n- c\n")
        .set("0", block())
        .produces("- x: 1\n  y:\n    - 2\n- c\n");
    given("{}\n")
        .put("", 0, entry("x", scalar("1")))
        .produces("x: 1\n");
    given("# c\n---\n# d\n")
        .put("", 0, entry("x", scalar("1")))
        .produces("# c\n---\n# d\nx: 1\n");
    given("a: 1\nb: 2\n")
        .remove("a")
        .remove("b")
        .produces("{}\n");
    given("a:\n  # c\n  x # d\nb: 1\n")
        .set("a", block())
        .produces("a:\n  # c\n  # d\n  x: 1\n  y:\n    - 2\nb: 1\n");
}

#[test]
fn new_entries_look_like_their_neighbours() {
    let nested = || {
        entry(
            "n",
            map(vec![entry("x", map(vec![entry("y", scalar("1"))]))]),
        )
    };
    given("a:\n    b: 1\n")
        .put("a", 9, nested())
        .produces("a:\n    b: 1\n    n:\n        x:\n            y: 1\n");
    given("a: 1\n")
        .put("", 9, nested())
        .produces("a: 1\nn:\n  x:\n    y: 1\n");
    let seq = || {
        entry(
            "s",
            list(vec![scalar("1"), list(vec![scalar("2"), scalar("3")])]),
        )
    };
    given("a:\n- b\n")
        .put("", 9, seq())
        .produces("a:\n- b\ns:\n- 1\n- - 2\n  - 3\n");
    given("a:\n  - b\n")
        .put("", 9, seq())
        .produces("a:\n  - b\ns:\n  - 1\n  - - 2\n    - 3\n");
    given("a: 1\n\nb: 2\n")
        .put("", 1, entry("n", scalar("3")))
        .produces("a: 1\n\nn: 3\n\nb: 2\n");
    given("a: 1\n\nb: 2\n")
        .put("", 9, entry("n", scalar("3")))
        .produces("a: 1\n\nb: 2\n\nn: 3\n");
    given("a: 1\n\nb: 2\n")
        .put("", 0, entry("n", scalar("3")))
        .produces("n: 3\n\na: 1\n\nb: 2\n");
    given("a: 1\nb: 2\n\nc: 3\n")
        .put("", 1, entry("n", scalar("4")))
        .produces("a: 1\nn: 4\nb: 2\n\nc: 3\n");
    given("- a: 1\n  b: 2\n")
        .put("0", 0, entry("n", scalar("3")))
        .produces("- n: 3\n  a: 1\n  b: 2\n");
    given("- a: 1\n  b: 2\n").remove("0/a").produces("- b: 2\n");
    given("- a: 1\n  # detached\n\n  b: 2\n")
        .remove("0/a")
        .produces("- # detached\n\n  b: 2\n");
    given("- a: 1\n\n  # about b\n  b: 2\n")
        .remove("0/a")
        .produces("- # about b\n  b: 2\n");
}

#[test]
fn a_new_map_is_indented_as_those_beside_it_though_the_file_is_indented_otherwise() {
    let text = "a:\n  b: 1\nc:\n  d: 1\ne:\n  f: 1\nw:\n    x:\n        y: 1\n";
    let new = || entry("n", map(vec![entry("k", scalar("1"))]));
    given(text)
        .put("w", 9, new())
        .produces(&format!("{text}    n:\n        k: 1\n"));
    // Nothing beside it shows how: then as its own map is indented.
    given(text)
        .put("w/x", 9, new())
        .produces(&format!("{text}        n:\n            k: 1\n"));
    given(text)
        .put("a", 9, new())
        .produces(&text.replace("c:", "  n:\n    k: 1\nc:"));
}

#[test]
fn a_new_entry_stands_apart_from_a_block_that_stands_apart() {
    let text = "a: 1\nb: 2\n\nc:\n  d: 3\n\ne:\n  f: 4\ng:\n  h: 5\n";
    let put = |i| given(text).put("", i, entry("n", scalar("6"))).run();
    // Behind c, which blank lines set apart; not within the groups a b, and e g.
    assert_eq!(put(3), text.replace("\n\ne:", "\n\nn: 6\n\ne:"));
    assert_eq!(put(1), text.replace("b: 2", "n: 6\nb: 2"));
    assert_eq!(put(4), text.replace("g:", "n: 6\ng:"));
    assert_eq!(put(9), format!("{text}n: 6\n"));
    given("a: 1\nb: 2\n\nc:\n  d: 3\n")
        .put("", 9, entry("n", scalar("6")))
        .produces("a: 1\nb: 2\n\nc:\n  d: 3\n\nn: 6\n");
}

#[test]
fn a_new_entry_takes_the_place_of_its_source() {
    given("a: 1\n\n# about b\nb: 2 # two\n\nc: 3\n")
        .remove("b")
        .put("", 1, entry("n", scalar("4")))
        .produces("a: 1\n\nn: 4\n\nc: 3\n");
    given("a: 1\nb: 2\n")
        .remove("a")
        .put("", 0, entry("n", scalar("4")))
        .produces("n: 4\nb: 2\n");
}

#[test]
fn line_breaks_are_those_of_the_neighbours() {
    given("a: 1\r\nb:\r\n  c: 2\r\n")
        .put("b", 9, entry("n", map(vec![entry("x", scalar("1"))])))
        .produces("a: 1\r\nb:\r\n  c: 2\r\n  n:\r\n    x: 1\r\n");
    given("\u{feff}a: 1\r\nb:\r\n  c: 2\r\n")
        .shift("a", "b")
        .produces("\u{feff}b:\r\n  c: 2\r\n  a: 1\r\n");
    given("a: 1\r\nb: 2\n")
        .put("", 1, entry("n", scalar("3")))
        .produces("a: 1\r\nn: 3\r\nb: 2\n");
    given("a: 1\r\nb: 2\n")
        .put("", 9, entry("n", scalar("3")))
        .produces("a: 1\r\nb: 2\nn: 3\n");
}

#[test]
fn text_outside_of_the_document_stays() {
    given("%YAML 1.2\n---\na: 1\nb: 2\n... # end\n# after\n")
        .remove("b")
        .produces("%YAML 1.2\n---\na: 1\n... # end\n# after\n");
    given("a: 1\n---\nb: 2\n")
        .put("", 9, entry("n", scalar("3")))
        .produces("a: 1\nn: 3\n---\nb: 2\n");
    given("--- # c\n---\nb: 2\n")
        .put("", 9, entry("n", scalar("3")))
        .produces("--- # c\nn: 3\n---\nb: 2\n");
}

#[test]
fn moved_entries_are_indented_anew() {
    given("# h\n\n# about a\na: # r\n    # in\n    b: |\n      t\n        u\n\n      v\n    c: \"x\n      y\"\n    d: p\n      q\nt:\n  k: 1\n")
        .shift("a", "t")
        .produces("# h\n\nt:\n  k: 1\n  # about a\n  a: # r\n      # in\n      b: |\n        t\n          u\n\n        v\n      c: \"x\n        y\"\n      d: p\n        q\n");
    given("t:\n  n:\n    a: |2\n         t\n       u\n    s:\n    - x\n    - y: 1\n      z: 2\nk: 1\n")
        .shift("t/n", "")
        .produces("t: {}\nk: 1\nn:\n  a: |2\n       t\n     u\n  s:\n  - x\n  - y: 1\n    z: 2\n");
    given("t:\n  - a: 1\n    b: 2\n  - c\nk:\n  x: 1\n")
        .shift("t/0/a", "k")
        .produces("t:\n  - b: 2\n  - c\nk:\n  x: 1\n  a: 1\n");
    given("a: {b: 1, c: 2}\nk:\n  x: 1\n")
        .shift("a/b", "k")
        .produces("a: {c: 2}\nk:\n  x: 1\n  b: 1\n");
}

#[test]
fn kept_line_breaks_of_a_block_scalar_move_with_it() {
    given("t: {}\na: |+\n  x\n\n\nb: 1\n")
        .shift("a", "t")
        .produces("t:\n  a: |+\n    x\n\n\nb: 1\n");
    given("a: |+\n  x\n\n\nt: {}")
        .shift("a", "t")
        .produces("t:\n  a: |+\n    x\n\n\n");
}

#[test]
fn changes_inside_a_moved_entry_go_with_it() {
    given("a:\n  # about b\n  b: 1\n  c: 2 # two\nt:\n    k: 1\n")
        .set_text("a/c", "3")
        .remove("a/b")
        .put("a", 9, entry("n", map(vec![entry("x", scalar("4"))])))
        .rename("a", "z")
        .shift("z", "t")
        .produces("t:\n    k: 1\n    z:\n      c: 3 # two\n      n:\n        x: 4\n");
}

#[test]
fn a_key_can_move_into_its_own_child() {
    let mut doc = given("# h\n\n# about\na:\n  x: 1 # c\n  y: 2\nb: 3\n");
    let old = doc
        .tree
        .entries(doc.tree.documents()[0].root)
        .next()
        .expect("an entry")
        .1;
    *doc.at("a") = map(vec![entry("v", Want::Node(old))]);
    doc.produces("# h\n\n# about\na:\n  v:\n    x: 1 # c\n    y: 2\nb: 3\n");
}

#[test]
fn flow_without_spaces_gets_none_where_text_stays() {
    let text = "{\"a\":1,\"b\":{\"c\":2},\"d\":3}\n";
    given(text)
        .set_text("a", "9")
        .produces("{\"a\":9,\"b\":{\"c\":2},\"d\":3}\n");
    given(text)
        .rename("b", "\"n\"")
        .produces("{\"a\":1,\"n\":{\"c\":2},\"d\":3}\n");
    given(text)
        .rename("a", "n")
        .produces("{n: 1,\"b\":{\"c\":2},\"d\":3}\n");
    given(text)
        .remove("a")
        .put("", 0, entry("n", scalar("4")))
        .produces("{n: 4,\"b\":{\"c\":2},\"d\":3}\n");
    given(text)
        .put("", 1, entry("n", scalar("4")))
        .produces("{\"a\":1,n: 4,\"b\":{\"c\":2},\"d\":3}\n");
}

#[test]
fn flow_stays_flow() {
    given("m: {a: 1, b: 2}\n")
        .remove("m/a")
        .produces("m: {b: 2}\n");
    given("m: {a: 1, b: 2}\n")
        .remove("m/b")
        .produces("m: {a: 1}\n");
    given("m: { a: 1, b: 2 }\n")
        .remove("m/a")
        .produces("m: { b: 2 }\n");
    given("m: { a: 1, b: 2 }\n")
        .remove("m/b")
        .produces("m: { a: 1 }\n");
    given("m: [1, 2, 3, ] # c\n")
        .remove("m/2")
        .produces("m: [1, 2, ] # c\n");
    given("m: {a: 1}\n").remove("m/a").produces("m: {}\n");
    given("m: {a: 1}\n")
        .put("m", 9, entry("b", scalar("2")))
        .produces("m: {a: 1, b: 2}\n");
    given("m: {a: 1}\n")
        .put("m", 0, entry("b", scalar("2")))
        .produces("m: {b: 2, a: 1}\n");
    given("m: [{}]\n")
        .put("m/0", 0, entry("b", scalar("2")))
        .produces("m: [{b: 2}]\n");
    given("m: {\n  a: 1, # one\n  # about b\n  b: 2 # two\n}\n")
        .put("m", 9, entry("c", scalar("3")))
        .produces("m: {\n  a: 1, # one\n  # about b\n  b: 2, # two\n  c: 3\n}\n");
    given("m: {\n  a: 1, # one\n  # about b\n  b: 2 # two\n}\n")
        .remove("m/b")
        .produces("m: {\n  a: 1 # one\n}\n");
    given("m: {\n  a: 1, # one\n  b: 2,\n}\n")
        .remove("m/a")
        .produces("m: {\n  b: 2,\n}\n");
    given("m: {a: , b, \"c\":3}\n")
        .set_text("m/a", "1")
        .set_text("m/b", "2")
        .rename("m/c", "d")
        .produces("m: {a: 1, b: 2, d: 3}\n");
    given("m: {a: 1}\nn:\n  # not here\n  x: a, b\n  y:\n    - z\n    -\n    - |\n      t\n")
        .remove("n/x")
        .shift("n", "m")
        .produces("m: {a: 1, n: {y: [z, null, \"t\\n\"]}}\n");
    let doc = given("m: {a: 1}\nn:\n  x: 1 # c\n").shift("n", "m");
    assert!(matches!(
        doc.try_run(),
        Err(RewriteError::CommentInFlow { .. })
    ));
}

#[test]
fn anchors_stay_before_their_aliases() {
    given("a: &x 1\nb: *x\nc: *x\n")
        .remove("a")
        .produces("b: &x 1\nc: *x\n");
    given("a: &x\n  k: 1 # c\nb: *x # d\nc: *x\n")
        .remove("a")
        .produces("b: &x # d\n  k: 1 # c\nc: *x\n");
    given("a: &x 1\nb: *x\nc:\n  d: 2\n")
        .shift("a", "c")
        .produces("b: &x 1\nc:\n  d: 2\n  a: *x\n");
    given("a:\n  b: &x [1]\nc: {d: *x}\n")
        .remove("a")
        .produces("c: {d: &x [1]}\n");
    given("a: &x\n  k: 1\nb:\n  <<: *x\n  z: 2\n")
        .remove("a")
        .produces("b:\n  <<: &x\n    k: 1\n  z: 2\n");
    let doc = given("&k a: 1\n*k : 2\n").remove("a");
    assert!(matches!(
        doc.try_run(),
        Err(RewriteError::AnchorLost { .. })
    ));
    given("a: &x 1\nb: *x\n")
        .set_text("a", "2")
        .produces("a: 2\nb: &x 1\n");
    given("a: &x\n  k: 1\nb: *x\n")
        .remove("a/k")
        .produces("a: &x {}\nb: *x\n");
}

#[test]
fn anchors_of_the_same_name_are_told_apart() {
    // Seen in a real file that names every host `&host`.
    let text = "m:\n  n: 1\na: &x 1\nb: *x\nc: &x 2\nd: *x\n";
    given(text)
        .shift("c", "m")
        .produces("m:\n  n: 1\n  c: &x 2\na: &x 1\nb: *x\nd: &x 2\n");
    given(text)
        .shift("d", "m")
        .produces("m:\n  n: 1\n  d: &x 2\na: &x 1\nb: *x\nc: &x 2\n");
    given(text)
        .remove("c")
        .produces("m:\n  n: 1\na: &x 1\nb: *x\nd: &x 2\n");
}

#[test]
fn what_cannot_be_edited_is_refused() {
    let doc = given("? [a, b]\n: 1\nc: 2\n");
    let key = doc
        .tree
        .entries(doc.tree.documents()[0].root)
        .next()
        .expect("an entry")
        .0;
    let mut doc = doc;
    if let Want::Map { entries, .. } = doc.at("") {
        entries[0].key = refit::yaml::WantKey::Renamed(key, "x".into());
    }
    assert!(matches!(
        doc.try_run(),
        Err(RewriteError::ComplexKey { .. })
    ));
    let doc = given("a: 1\n").set_text("a", "x\ny");
    assert!(matches!(doc.try_run(), Err(RewriteError::NotOneLine(_))));
    let mut doc = given("a: 1\nb: 2\n");
    let again = doc.take("a");
    let doc = doc.put("", 0, again.clone()).put("", 9, again);
    assert!(matches!(doc.try_run(), Err(RewriteError::UsedTwice { .. })));
}

#[test]
fn an_entry_that_moves_up_moves_alone() {
    let text = "\
a: 1

b: 1

# ===== section C

# about c
c: 1  # tc
# foot c

# ===== section D

d: 1

# ===== section Z

z: 2
# tail
";
    let mut doc = given(text);
    let z = doc.take("z");
    doc.remove("b").put("", 1, z).produces(
        "\
a: 1

z: 2

# ===== section C

# about c
c: 1  # tc
# foot c

# ===== section D

d: 1

# ===== section Z

# tail
",
    );
}

#[test]
fn an_entry_that_moves_down_moves_alone() {
    let text = "# about a\na: 1\n\n# about b\nb: 2\n\n# about c\nc: 3\n\nd: 4\n";
    let mut doc = given(&format!("# h\n\n{text}"));
    let a = doc.take("a");
    doc.put("", 2, a)
        .produces("# h\n\n# about b\nb: 2\n\n# about c\nc: 3\n\n# about a\na: 1\n\nd: 4\n");
}

#[test]
fn untouched_entries_stay_where_touched_ones_pass_them() {
    // Two that change against one that does not: the one keeps its place and its comment.
    let text = "a: 1\nb: 2\n# section\n\nc: 3\n";
    let mut doc = given(text);
    let c = doc.take("c");
    doc.set_text("a", "9")
        .set_text("b", "9")
        .put("", 0, c)
        .produces("# section\n\nc: 3\na: 9\nb: 9\n");
}

#[test]
fn items_that_change_places_keep_the_others() {
    let text = "- a # first\n# above b\n- b\n\n- c # third\n- d\n";
    let mut doc = given(text);
    let d = doc.take("3");
    doc.put("", 0, d)
        .produces("- d\n- a # first\n# above b\n- b\n\n- c # third\n");
}

#[test]
fn nothing_stands_directly_behind_the_colon_of_a_flow_key() {
    // `{d:}` has the key `d:` for the readers that Helm uses.
    given("m: {a: 1, d: , e: 2}\n")
        .remove("m/e")
        .produces("m: {a: 1, d: }\n");
    given("m: {a: 1, d: }\n")
        .put("m", 9, entry("e", scalar("2")))
        .produces("m: {a: 1, d: , e: 2}\n");
    given("m: {\n  a: 1,\n  d:\n}\n")
        .put("m", 9, entry("e", scalar("2")))
        .produces("m: {\n  a: 1,\n  d: ,\n  e: 2\n}\n");
    given("m: {\n  d:\n  ,\n  e: 2\n}\n")
        .remove("m/e")
        .produces("m: {\n  d: \n}\n");
    given("m: {\"d\":, e: 2}\n")
        .rename("m/d", "n")
        .produces("m: {n: , e: 2}\n");
    given("m: {a: [1], e: 2}\n")
        .set_text("m/a/0", "")
        .produces("m: {a: [null], e: 2}\n");
}

#[test]
fn nothing_stands_directly_behind_a_bare_tag_in_flow() {
    given("m: {a: !!null , e: 2}\n")
        .remove("m/e")
        .produces("m: {a: !!null }\n");
    given("x: !!null\nm: {e: 2}\n")
        .shift("x", "m")
        .produces("m: {e: 2, x: !!null }\n");
}

#[test]
fn plain_text_that_begins_with_an_indicator_is_quoted_in_flow() {
    given("x: ?y\nz: :y\nm: {e: 2}\n")
        .shift("x", "m")
        .shift("z", "m")
        .produces("m: {e: 2, x: \"?y\", z: \":y\"}\n");
}

#[test]
fn what_is_new_stands_under_the_heading_of_its_source() {
    let text = "# the file\n\n# --- args ---\n\nargs: [x]\n\n# --- limit ---\n\nlimit: 5 # pods\n\n# --- rest ---\n\nrest: z\n";
    let wanted = "# the file\n\n# --- args ---\n\ncontroller:\n  args: [x]\n\n# --- limit ---\n\nlimits:\n  max: 5 # pods\n\n# --- rest ---\n\nrest: z\n";
    let tree = Tree::parse(text).unwrap();
    let root = tree.documents()[0].root;
    let entries: Vec<_> = tree.entries(root).collect();
    let under = |name: &str, (key, value): (NodeId, NodeId), renamed: Option<&str>| WantEntry {
        key: WantKey::New(name.to_owned()),
        value: Want::Map {
            base: None,
            entries: vec![WantEntry {
                key: match renamed {
                    Some(name) => WantKey::Renamed(key, name.to_owned()),
                    None => WantKey::Entry(key),
                },
                value: Want::Node(value),
            }],
        },
    };
    let want = Want::Map {
        base: Some(root),
        entries: vec![
            under("controller", entries[0], None),
            under("limits", entries[1], Some("max")),
            WantEntry {
                key: WantKey::Entry(entries[2].0),
                value: Want::Node(entries[2].1),
            },
        ],
    };
    let edited = rewrite(&tree, root, &want).unwrap();
    assert_eq!(edited.edits.apply(text), wanted);
}

#[test]
fn a_scalar_that_goes_on_left_of_its_map_can_leave_its_braces() {
    // Between braces a scalar may go on in any column; in a map of lines it may not.
    for line_break in ["\n", "\r", "\r\n"] {
        let lines = |text: &str| text.replace('\n', line_break);
        let mut moved = 0;
        for value in ["x\ny", "'x\ny'", "\"x\n y\""] {
            let text = lines(&format!("top:\n  from: {{k: {value}}}\n  to: {{}}\n"));
            if Tree::parse(text.as_str()).is_err() {
                continue;
            }
            let mut doc = given(&text);
            let entry_of_k = doc.take("top/from/k");
            let after = doc
                .set("top/to", map(vec![entry("new", map(vec![entry_of_k]))]))
                .run();
            let after = Tree::parse(after.as_str()).unwrap_or_else(|e| panic!("{e}:\n{after:?}"));
            let scalars = after.nodes().filter(|node| after.scalar(*node) == "x y");
            assert_eq!(scalars.count(), 1, "{text:?}");
            moved += 1;
        }
        assert!(moved > 0, "{line_break:?}");
    }
}

#[test]
fn nothing_beside_a_comment_with_a_tab_before_it_is_edited() {
    // Older readers take it for a comment behind a plain scalar only.
    let text = "a: 1\n\t# b\nc: 2\nd: 3\n";
    let refused = |doc: crate::edit::Doc| doc.try_run().expect_err("it is beside the comment");
    let expected = RewriteError::TabBeforeComment { offset: 5 };
    assert_eq!(refused(given(text).set_text("a", "'x'")), expected);
    assert_eq!(refused(given(text).set_text("a", "[]")), expected);
    assert_eq!(refused(given(text).remove("a")), expected);
    given(text)
        .set_text("d", "'x'")
        .produces("a: 1\n\t# b\nc: 2\nd: 'x'\n");
}

/// A document without `---` is one only by what it holds: emptied, it is written as `null`, so that the documents behind
/// it keep their places.
#[test]
fn a_document_that_is_emptied_stays_a_document() {
    for (text, document, expected) in [
        ("# c\ntext\n---\na: 1\n", 0, "# c\nnull\n---\na: 1\n"),
        ("a: 1\n...\ntext\n", 1, "a: 1\n...\nnull\n"),
        ("---\ntext\n---\na: 1\n", 0, "---\n\n---\na: 1\n"),
        ("text\n", 0, "\n"),
    ] {
        let tree = Tree::parse(text).unwrap();
        let root = tree.documents()[document].root;
        let new = rewrite(&tree, root, &scalar("")).unwrap().edits.apply(text);
        assert_eq!(new, expected);
        let after = Tree::parse(new.as_str()).unwrap();
        assert_eq!(after.documents().len(), tree.documents().len(), "{new}");
    }
}
