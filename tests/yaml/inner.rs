//! YAML inside a scalar: what is edited in the content comes back into the host, line by line, and
//! nothing else in the host changes.

use proptest::prelude::*;
use refit::yaml::{
    EditSet, InnerError, Kind, NodeId, ScalarStyle, Tree, host_offset, rewrite_inner,
};

/// The value of the key `v`, wherever it is.
fn scalar(tree: &Tree) -> NodeId {
    tree.nodes()
        .find_map(|node| {
            (tree.is_key(node) && tree.scalar(node) == "v").then(|| tree.value_of(node))?
        })
        .expect("the host has a key `v`")
}

/// Replaces the first occurrence of a text in the content.
fn edit(content: &str, old: &str, new: &str) -> EditSet {
    let at = content.find(old).expect("the text is in the content");
    EditSet::new(content, [(at..at + old.len(), new.to_owned())]).unwrap()
}

#[track_caller]
fn check(host: &str, old: &str, new: &str, wanted: &str) {
    let tree = Tree::parse(host).unwrap();
    let node = scalar(&tree);
    let edits = edit(tree.content(node), old, new);
    let rewrite = rewrite_inner(&tree, node, &edits).unwrap();
    let result = rewrite.edits.apply(host);
    assert_eq!(result, wanted);
    let again = Tree::parse(result.as_str()).unwrap();
    assert_eq!(
        again.content(scalar(&again)),
        edits.apply(tree.content(node))
    );
    let literal = tree.kind(node) == Kind::Scalar(ScalarStyle::Literal);
    assert_eq!(rewrite.restyled, !literal);
}

#[test]
fn a_literal_block_changes_only_where_its_content_does() {
    // Blank lines with and without spaces, a trailing space, a comment behind the header.
    check(
        "k:\n    v: | # values\n        a: 1 \n   \n        b:  2\n\n        c: 3\nw: 1\n",
        "b:  2",
        "bb: 2",
        "k:\n    v: | # values\n        a: 1 \n   \n        bb: 2\n\n        c: 3\nw: 1\n",
    );
    check("v: |\n  a: 1\n  b: 2\n", "a: 1\n", "", "v: |\n  b: 2\n");
    check(
        "v: |\n  a: 1\n  b: 2\n",
        "b: 2\n",
        "b: 2\nc: 3\n",
        "v: |\n  a: 1\n  b: 2\n  c: 3\n",
    );
    check(
        "v: |-\n  a: 1\n  b: 2\n",
        "b: 2",
        "b: 2\nc: 3",
        "v: |-\n  a: 1\n  b: 2\n  c: 3\n",
    );
    check(
        "v: |\r\n  a: 1\r\n  b: 2\r\n",
        "a: 1",
        "a: 1\nx: 2",
        "v: |\r\n  a: 1\r\n  x: 2\r\n  b: 2\r\n",
    );
    check(
        "- v: |2\n     a: 1\n    b: 2\n",
        "b: 2",
        "b: 3",
        "- v: |2\n     a: 1\n    b: 3\n",
    );
}

#[test]
fn the_header_changes_only_if_the_content_ends_or_begins_otherwise() {
    check("v: |\n  a: 1\n", "a: 1\n", "a: 2", "v: |-\n  a: 2\n");
    check(
        "v: |-\n  a: 1\nw: 1\n",
        "a: 1",
        "a: 1\n",
        "v: |\n  a: 1\nw: 1\n",
    );
    check(
        "v: |+\n  a: 1\n\n\nw: 1\n",
        "a: 1\n\n\n",
        "a: 2\n",
        "v: |+\n  a: 2\nw: 1\n",
    );
    check(
        "v: |\n  a: 1\nw: 1\n",
        "a: 1\n",
        "a: 1\n\n",
        "v: |+\n  a: 1\n\nw: 1\n",
    );
    check(
        "v: |\n  a: 1\n  b: 1\n",
        "a: 1\n",
        "  a: 1\n",
        "v: |2\n    a: 1\n  b: 1\n",
    );
}

#[test]
fn a_host_without_a_line_break_at_its_end_keeps_it_so() {
    check(
        "v: |\n  a: 1\n  b: 2",
        "b: 2",
        "b: 3",
        "v: |\n  a: 1\n  b: 3",
    );
    check("v: |\n  a: 1", "a: 1", "a: 1\nb: 2", "v: |\n  a: 1\n  b: 2");
    // Without that line break the content has none at its end either.
    check("v: |\n  a: 1", "a: 1", "a: 2\n", "v: |\n  a: 2\n");
}

#[test]
fn other_notations_become_a_literal_block() {
    check(
        "v: \"a: 1\\nb: 2\\n\" # why\nw: 1\n",
        "b: 2",
        "b: 3",
        "v: | # why\n  a: 1\n  b: 3\nw: 1\n",
    );
    check(
        "k:\n    v: 'a: 1'\nw: 1\n",
        "1",
        "1\nb: 2",
        "k:\n    v: |-\n        a: 1\n        b: 2\nw: 1\n",
    );
    check(
        "v: >\n  a: 1\n\n  b: 2\n\nw: 1\n",
        "b: 2",
        "b: 3",
        "v: |\n  a: 1\n  b: 3\n\nw: 1\n",
    );
    check("v: x\nw: 1", "x", "y", "v: |-\n  y\nw: 1");
}

#[test]
fn one_line_in_quotes_stays_one() {
    for (host, old, new, wanted) in [
        (
            "v: '{\"a\": 1}' # why\n",
            "1",
            "it's",
            "v: '{\"a\": it''s}' # why\n",
        ),
        ("v: \"{a: 1}\"\n", "1", "\"2\"", "v: \"{a: \\\"2\\\"}\"\n"),
    ] {
        let tree = Tree::parse(host).unwrap();
        let node = scalar(&tree);
        let rewrite = rewrite_inner(&tree, node, &edit(tree.content(node), old, new)).unwrap();
        assert!(!rewrite.restyled, "{host}");
        assert_eq!(rewrite.edits.apply(host), wanted);
    }
}

#[test]
fn in_flow_notation_there_are_only_quotes() {
    check(
        "{v: 'a: 1', w: 2}\n",
        "1",
        "\"2\"\n",
        "{v: \"a: \\\"2\\\"\\n\", w: 2}\n",
    );
}

#[test]
fn text_from_windows_keeps_its_quotes() {
    let host = "v: \"a: 1\\r\\nb: 2\\r\\n\" # why\nw: 1\n";
    let tree = Tree::parse(host).unwrap();
    let node = scalar(&tree);
    let rewrite = rewrite_inner(&tree, node, &edit(tree.content(node), "b: 2", "b: 3")).unwrap();
    assert!(!rewrite.restyled);
    assert_eq!(
        rewrite.edits.apply(host),
        "v: \"a: 1\\r\\nb: 3\\r\\n\" # why\nw: 1\n"
    );
}

#[test]
fn what_becomes_empty_is_quoted() {
    let host = "v: | # why\n  a: 1\nw: 1\n";
    let tree = Tree::parse(host).unwrap();
    let node = scalar(&tree);
    let rewrite = rewrite_inner(&tree, node, &edit(tree.content(node), "a: 1\n", "")).unwrap();
    assert_eq!(rewrite.edits.apply(host), "v: \"\" # why\nw: 1\n");
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let try_edit = |host: &str, old: &str, new: &str| {
        let tree = Tree::parse(host).unwrap();
        let node = scalar(&tree);
        rewrite_inner(&tree, node, &edit(tree.content(node), old, new)).unwrap_err()
    };
    assert_eq!(
        try_edit("v: |\n  a\n", "a", "\u{7}"),
        InnerError::Character('\u{7}')
    );
    assert_eq!(
        try_edit("v: |\n  a\n\n\n\nw: 1\n", "a\n", "a\n\n"),
        InnerError::BlankEnd
    );
    let far = format!("v: |\n{}a\n", " ".repeat(12));
    assert_eq!(try_edit(&far, "a", " a"), InnerError::Indentation);
    let tree = Tree::parse("v: [a]").unwrap();
    assert_eq!(
        rewrite_inner(&tree, scalar(&tree), &EditSet::default()),
        Err(InnerError::NotScalar)
    );
}

#[test]
fn places_are_found_in_the_host() {
    let host = "k:\r\n  v: |\r\n    a: 1\r\n\r\n    b:\r\n      c: 2\r\n";
    let tree = Tree::parse(host).unwrap();
    let node = scalar(&tree);
    for word in ["a: 1", "b:", "c: 2"] {
        let inner = tree.content(node).find(word).unwrap();
        assert_eq!(
            host_offset(&tree, node, inner),
            host.find(word).unwrap(),
            "{word}"
        );
    }
    let quoted = Tree::parse("v: \"a: 1\"").unwrap();
    assert_eq!(host_offset(&quoted, scalar(&quoted), 3), 3);
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,3}: [a-z0-9#'\"]{0,4} ?",
        1 => " {1,3}[a-z]: x",
        1 => Just(String::new()),
        1 => " {1,4}",
        1 => "# [a-z ]{0,5}",
        1 => Just("ü: §".to_owned()),
        1 => Just("---".to_owned()),
        1 => Just("\tx".to_owned()),
    ]
}

/// Lines of a content, and how it ends.
fn content() -> impl Strategy<Value = String> {
    (prop::collection::vec(line(), 1..7), 0usize..4)
        .prop_map(|(lines, end)| format!("{}{}", lines.join("\n"), "\n".repeat(end)))
        .prop_filter("something is in it", |text| {
            !text.trim_matches(['\n', ' ']).is_empty()
        })
}

/// A host in which the content is a literal block, and its newline.
fn host() -> impl Strategy<Value = String> {
    (
        content(),
        prop::sample::select(vec!["", "k:\n", "k:\n- ", "k:\n  j:\n  - "]),
        1usize..5,
        prop::sample::select(vec!["", "w: 1\n", "\nw: 1\n", "\n\n# c\nw: 1\n"]),
        prop::sample::select(vec!["", " # c"]),
        any::<bool>(),
        any::<bool>(),
        any::<u64>(),
    )
        .prop_map(
            |(content, before, indent, after, comment, crlf, cut, blanks)| {
                let column = match before {
                    "" => 0,
                    "k:\n" => 2,
                    "k:\n- " => 2,
                    _ => 4,
                };
                let key = if before == "k:\n" { "  v: " } else { "v: " };
                let first = content
                    .split('\n')
                    .find(|line| !line.trim_matches(' ').is_empty());
                let leading = content
                    .split('\n')
                    .take_while(|line| line.trim_matches(' ').is_empty())
                    .any(|line| !line.is_empty());
                let indicator = if leading || first.is_some_and(|line| line.starts_with(' ')) {
                    indent.to_string()
                } else {
                    String::new()
                };
                let chomp = match content.len() - content.trim_end_matches('\n').len() {
                    0 => "-",
                    1 => "",
                    _ => "+",
                };
                let mut host = format!("{before}{key}|{indicator}{chomp}{comment}\n");
                let body = content.strip_suffix('\n').unwrap_or(&content);
                for (i, line) in body.split('\n').enumerate() {
                    let spaces = if line.is_empty() {
                        // Blank lines may be shorter than the others.
                        (blanks >> (i % 60)) as usize % (column + indent + 1)
                    } else {
                        column + indent
                    };
                    host.push_str(&" ".repeat(spaces));
                    host.push_str(line);
                    host.push('\n');
                }
                host.push_str(after);
                if cut {
                    host.pop();
                }
                if crlf {
                    host.replace('\n', "\r\n")
                } else {
                    host
                }
            },
        )
}

/// Edits of a text of this length: places and new texts.
fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, prop::sample::Index, bool, String)>> {
    let new = prop_oneof![
        Just(String::new()),
        line(),
        line().prop_map(|line| format!("{line}\n")),
        line().prop_map(|line| format!("\n{line}")),
        (line(), line()).prop_map(|(one, two)| format!("{one}\n{two}\n")),
    ];
    prop::collection::vec(
        (
            any::<prop::sample::Index>(),
            any::<prop::sample::Index>(),
            any::<bool>(),
            new,
        ),
        1..4,
    )
}

fn build(
    content: &str,
    wanted: &[(prop::sample::Index, prop::sample::Index, bool, String)],
) -> EditSet {
    let line_starts: Vec<usize> = std::iter::once(0)
        .chain(content.match_indices('\n').map(|(at, _)| at + 1))
        .collect();
    let place = |index: &prop::sample::Index, lines: bool| {
        if lines {
            return line_starts[index.index(line_starts.len())];
        }
        let mut at = index.index(content.len() + 1);
        while !content.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let mut ranges: Vec<(std::ops::Range<usize>, String)> = wanted
        .iter()
        .map(|(from, to, lines, new)| {
            let (a, b) = (place(from, *lines), place(to, *lines));
            (a.min(b)..a.max(b), new.clone())
        })
        .collect();
    ranges.sort_by_key(|(range, _)| (range.start, range.end));
    let mut apart: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    for (range, new) in ranges {
        if apart.last().is_none_or(|(last, _)| last.end < range.start) {
            apart.push((range, new));
        }
    }
    EditSet::new(content, apart).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_host_reads_back_and_all_else_stays(host in host(), wanted in edits()) {
        let tree = Tree::parse(host.as_str()).unwrap();
        let node = scalar(&tree);
        let content = tree.content(node);
        let edits = build(content, &wanted);
        let new = edits.apply(content);
        let rewrite = match rewrite_inner(&tree, node, &edits) {
            Ok(rewrite) => rewrite,
            Err(error) => {
                let known = matches!(error, InnerError::BlankEnd | InnerError::Indentation);
                prop_assert!(known, "{}", error);
                return Ok(());
            }
        };
        let result = rewrite.edits.apply(&host);
        if edits.is_empty() {
            prop_assert_eq!(&result, &host);
        }
        let again = match Tree::parse(result.as_str()) {
            Ok(again) => again,
            Err(error) => return Err(TestCaseError::fail(format!("{error}\n{result:?}"))),
        };
        let new_node = scalar(&again);
        prop_assert_eq!(again.content(new_node), &new, "{:?}", result);
        // The bytes before the scalar and after it are those of before.
        let before = tree.body(node).start;
        prop_assert_eq!(&result[..before], &host[..before]);
        let rest = |tree: &Tree, text: &str| {
            let key = tree.nodes().find(|&k| tree.is_key(k) && tree.scalar(k) == "w");
            key.map(|key| text[tree.span(key).start..].to_owned())
        };
        prop_assert_eq!(rest(&tree, &host), rest(&again, &result));
        // Lines of the content that no edit touches keep their bytes.
        for line in host.split_inclusive('\n') {
            let bare = line.trim_end_matches(['\r', '\n']).trim_start_matches(' ');
            let same = |text: &str| text.trim_end_matches('\n').trim_start_matches(' ') == bare;
            let untouched = content
                .split_inclusive('\n')
                .filter(|text| !text.trim().is_empty() && same(text))
                .any(|text| new.split_inclusive('\n').any(|other| other == text));
            if untouched && line.ends_with('\n') && content.matches(line.trim()).count() == 1 {
                prop_assert!(result.contains(line), "{:?} is gone from {:?}", line, result);
            }
        }
    }

    #[test]
    fn other_notations_read_back(content in content(), wanted in edits(), style in 0..3) {
        let quoted = match style {
            0 => format!("\"{}\"", content.replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t")),
            _ => {
                let Some(one) = content.split('\n').find(|line| line.contains(": ")) else { return Ok(()) };
                format!("'{}'", one.replace('\'', "''"))
            }
        };
        let host = if style == 2 {
            format!("k: {{v: {quoted}, w: 1}}\n")
        } else {
            format!("k:\n  v: {quoted} # c\n  w: 1\n")
        };
        let tree = Tree::parse(host.as_str()).unwrap();
        let node = scalar(&tree);
        let edits = build(tree.content(node), &wanted);
        let new = edits.apply(tree.content(node));
        let Ok(rewrite) = rewrite_inner(&tree, node, &edits) else { return Ok(()) };
        let result = rewrite.edits.apply(&host);
        let again = Tree::parse(result.as_str()).unwrap();
        prop_assert_eq!(again.content(scalar(&again)), &new, "{:?}", result);
        prop_assert!(result.contains("w: 1") && (style == 2 || result.contains("# c\n")), "{:?}", result);
    }
}
