//! Reading: every byte of every document is accounted for, and the tree holds what the events say.

use crate::material::{data, decode, material, name, untiled};
use refit::yaml::{DivergenceKind, Kind, ParseErrorKind, ScalarStyle, Tree};

/// The hard documents that are refused, with the kind.
fn refusal(name: &str) -> Option<fn(&ParseErrorKind) -> bool> {
    use ParseErrorKind as K;
    Some(match name {
        "08_tabs.yaml" | "90_tabindent.yaml" => |k| matches!(k, K::TabIndentation),
        "23_longkey1100.yaml" => |k| matches!(k, K::LongKey),
        "36_tmpl.yaml" => |k| matches!(k, K::Template),
        "90_at.yaml" => |k| matches!(k, K::ReservedCharacter('@')),
        "90_badindent.yaml" => |k| matches!(k, K::BadIndentation),
        "90_colon.yaml" => |k| matches!(k, K::NestedColon),
        "90_ctrl.yaml" | "90_nul.yaml" => |k| matches!(k, K::ControlCharacter(_)),
        "90_dupanchorprop.yaml" => |k| matches!(k, K::BadProperty),
        "90_trailing.yaml" => |k| matches!(k, K::TextAfterQuote),
        "90_unclosedf.yaml" => |k| matches!(k, K::UnclosedFlow(_)),
        "90_unclosedq.yaml" => |k| matches!(k, K::UnclosedQuote),
        "90_undefalias.yaml" => |k| matches!(k, K::UnknownAnchor(_)),
        "91_bom_second.yaml" => |k| matches!(k, K::MisplacedBom),
        _ => return None,
    })
}

#[test]
fn every_byte_of_the_material_is_accounted_for() {
    let Some(files) = material() else { return };
    let (mut read, mut nodes, mut refused, mut problems) = (0, 0, Vec::new(), Vec::new());
    for path in &files {
        let bytes = std::fs::read(path).expect("a readable file");
        let name = name(path);
        let tree = match Tree::parse_bytes(&bytes) {
            Ok(tree) => tree,
            Err(error) => {
                match refusal(&name) {
                    Some(expected) if expected(&error.kind) => {}
                    _ if path.parent().is_some_and(|dir| !dir.ends_with("hard")) => {}
                    _ => problems.push(format!("{name}: refused: {error}")),
                }
                refused.push((name, error));
                continue;
            }
        };
        if refusal(&name).is_some() {
            problems.push(format!("{name}: not refused"));
        }
        if let Some(problem) = untiled(&tree) {
            problems.push(format!("{name}: {problem}"));
        }
        let roots: Vec<_> = tree
            .documents()
            .iter()
            .map(|d| data(&tree, d.root))
            .collect();
        if decode(tree.text()).as_ref() != Ok(&roots) {
            problems.push(format!("{name}: the tree is not what the events say"));
        }
        read += 1;
        nodes += tree.nodes().count();
    }
    println!(
        "{} files: {read} read ({nodes} nodes), {} refused",
        files.len(),
        refused.len()
    );
    for (name, error) in &refused {
        println!("  {name}: {error}");
    }
    assert!(
        problems.is_empty(),
        "{}:\n{}",
        problems.len(),
        problems.join("\n")
    );
    assert_eq!(read + refused.len(), files.len());
}

#[track_caller]
fn refused(text: &str) -> (ParseErrorKind, usize) {
    let error = Tree::parse(text).expect_err("not YAML");
    (error.kind, error.offset)
}

#[test]
fn mistakes_have_kinds_and_places() {
    use ParseErrorKind as K;
    assert_eq!(refused("a:\n\tb: 1\n"), (K::TabIndentation, 3));
    assert_eq!(refused("a: \"x\nb: 1\n"), (K::UnclosedQuote, 3));
    assert_eq!(refused("a: 'x\nb: 1\n"), (K::UnclosedQuote, 3));
    assert_eq!(refused("a: [1, 2\nb: 3\n"), (K::UnclosedFlow('['), 3));
    assert_eq!(refused("a: {x: 1\nb: 3\n"), (K::UnclosedFlow('{'), 3));
    assert_eq!(refused("a: {x: 1, y: [1}\n").0, K::MismatchedFlow);
    assert_eq!(refused("a: [[1] [2]]\n").0, K::FlowSeparator);
    assert_eq!(refused("a:\n    b: 1\n  c: 2\n").0, K::BadIndentation);
    assert_eq!(refused("a: 1\n  b: 2\n").0, K::BadIndentation);
    assert_eq!(refused("a:\n  - 1\n - 2\n").0, K::BadIndentation);
    assert_eq!(refused("a: b: c\n").0, K::NestedColon);
    assert_eq!(refused("a: 1\nb\nc: 2\n").0, K::ExpectedKey);
    assert_eq!(refused("a: - b\n").0, K::MisplacedItem);
    assert_eq!(refused("a: {{ .x }}\n"), (K::Template, 3));
    assert_eq!(
        refused("{{- if .x }}\na: 1\n{{- end }}\n"),
        (K::Template, 0)
    );
    assert_eq!(
        refused("a:\n  {{- toYaml .x | nindent 2 }}\n").0,
        K::Template
    );
    assert_eq!(refused("a: *x\n"), (K::UnknownAnchor("x".into()), 3));
    assert_eq!(refused("a: \u{7}\n"), (K::ControlCharacter('\u{7}'), 3));
    assert_eq!(refused("a: @x\n"), (K::ReservedCharacter('@'), 3));
    assert_eq!(refused("a: %x\n"), (K::ReservedCharacter('%'), 3));
    assert_eq!(refused("a: \"\\q\"\n").0, K::BadEscape);
    assert_eq!(refused("a: \"x\" y\n").0, K::TextAfterQuote);
    assert_eq!(refused("a: |0\n  x\n").0, K::BadBlockHeader);
    assert_eq!(refused("a: &x &y z\n").0, K::BadProperty);
    assert_eq!(refused(&format!("{}: 1\n", "k".repeat(1100))).0, K::LongKey);
    assert_eq!(refused("a: x\n  y # c\n  z\n").0, K::MisplacedComment);
    for (open, depth) in [
        ("[", 256),
        ("- ", 256),
        ("{a: ", 256),
        ("[", 100_000),
        ("- ", 100_000),
    ] {
        let error = Tree::parse(open.repeat(depth)).expect_err("too deep");
        assert_eq!(error.kind, K::TooDeep, "{open} {depth}");
    }
    assert_eq!(
        refused(&format!(
            "{}{}{}",
            "- ".repeat(200),
            "[".repeat(100),
            "]".repeat(100)
        ))
        .0,
        K::TooDeep
    );
    let deep = format!("{}1{}", "[".repeat(255), "]".repeat(255));
    assert_eq!(
        Tree::parse(deep)
            .expect("255 levels are read")
            .nodes()
            .count(),
        256
    );
}

#[test]
fn what_older_readers_read_otherwise_is_named() {
    use DivergenceKind as D;
    let found = |text: &str| -> Vec<_> {
        let tree = Tree::parse(text).expect("YAML");
        tree.divergences()
            .iter()
            .map(|d| (d.kind, text[d.span.clone()].to_owned()))
            .collect()
    };
    assert_eq!(found("a: 1\n\t\nb: 2\n"), [(D::TabOnlyLine, "\t".into())]);
    assert_eq!(
        found("a: 1\n \t# c\nb: 2\n"),
        [(D::TabBeforeComment, " \t# c".into())]
    );
    assert_eq!(found("a: |\n  x\n  \t\n  y\nb: \"x\n\t\n\ty\"\n"), []);
    assert_eq!(
        found("a: &é x\nb: *é\nc: &ok-1 y\n"),
        [(D::AnchorName, "&é".into()), (D::AnchorName, "*é".into())]
    );
    assert_eq!(
        found("a: {b:, \"c\":, d: 1, e:}\nf: [g:]\n"),
        [
            (D::ColonInFlowKey, "b:".into()),
            (D::ColonInFlowKey, "e:".into()),
            (D::ColonInFlowKey, "g:".into())
        ]
    );
    assert_eq!(
        found("a: {b c\n  d: 1, \"e\"\n  : 2, ? f\n  g : 3}\n"),
        [
            (D::FlowKeyOverLines, "b c\n  d:".into()),
            (D::FlowKeyOverLines, "\"e\"\n  :".into())
        ]
    );
    assert_eq!(
        found("# c\n...\n---\na: 1\n"),
        [(D::EndBeforeStart, "...\n".into())]
    );
    assert_eq!(
        found("a: x\u{2028}y # \u{85}\n"),
        [
            (D::UnicodeLineBreak, "\u{2028}".into()),
            (D::UnicodeLineBreak, "\u{85}".into())
        ]
    );
}

#[test]
fn nodes_stand_where_they_are_written() {
    let text = "a: &x !!str |- # c\n  t\n\nb:  # n\nc: [p: q, ? r : s]\n? d\n: - ~\n  -\n";
    let tree = Tree::parse(text).expect("YAML");
    let root = tree.documents()[0].root;
    let entries: Vec<_> = tree.entries(root).collect();
    let written = |id| &text[tree.span(id)];
    assert_eq!(written(entries[0].1), "&x !!str |- # c\n  t");
    assert_eq!(tree.scalar(entries[0].1), "t");
    assert_eq!(tree.tag(entries[0].1), Some("!!str"));
    assert_eq!(tree.anchor(entries[0].1).map(|a| a.0), Some("x"));
    assert_eq!(tree.kind(entries[0].1), Kind::Scalar(ScalarStyle::Literal));
    assert_eq!(
        tree.span(entries[1].1),
        text.find("  # n").unwrap()..text.find("  # n").unwrap()
    );
    let pairs: Vec<_> = tree.items(entries[2].1).map(written).collect();
    assert_eq!(pairs, ["p: q", "? r : s"]);
    let items: Vec<_> = tree.items(entries[3].1).map(written).collect();
    assert_eq!(items, ["~", ""]);
    assert!(tree.is_explicit_key(entries[3].0));
    assert_eq!(tree.key_of(entries[3].1), Some(entries[3].0));
    assert_eq!(tree.parent(entries[3].1), Some(root));
}

#[test]
fn extents_are_whole_lines_with_their_comments() {
    let text = "\
# header
a: 1
# about b
b: # right
  # about c
  c: 2 # two
  # foot of b

    # deeper

  # detached

# about d
d:
- e: 3
  f: |+
    x

- g
";
    let tree = Tree::parse(text).expect("YAML");
    let extent = |key: &str| {
        let id = tree.nodes().find(|&id| tree.scalar(id) == key).expect(key);
        &text[tree.extent(id)]
    };
    assert_eq!(extent("a"), "a: 1\n");
    assert_eq!(
        extent("b"),
        "# about b\nb: # right\n  # about c\n  c: 2 # two\n  # foot of b\n\n    # deeper\n\n  # detached\n"
    );
    assert_eq!(extent("c"), "  # about c\n  c: 2 # two\n");
    assert_eq!(extent("e"), "e: 3\n");
    assert_eq!(extent("f"), "  f: |+\n    x\n\n");
    assert_eq!(extent("g"), "- g\n");
    assert!(extent("d").starts_with("# about d\nd:\n"));
}
