//! Generated documents: comments, styles, CRLF, anchors of every kind at random places.
//!
//! `PROPTEST_CASES` raises the number of documents.

use crate::material::{Data, data, decode, resolved, untiled};
use proptest::prelude::*;
use refit::yaml::{Kind, NodeId, Tree, Want, WantEntry, WantKey, rewrite};

/// A value to be written down.
#[derive(Clone, Debug)]
enum Node {
    Leaf(usize),
    Map(Vec<(Decor, Node)>),
    List(Vec<(Decor, Node)>),
    Flow(bool, Vec<usize>),
}

/// What stands around an entry.
#[derive(Clone, Debug)]
struct Decor {
    blank: u8,
    above: bool,
    right: bool,
    detached: bool,
}

const INLINE: [&str; 10] = [
    "1",
    "\"q # \\\" x\"",
    "'it''s'",
    "",
    "plain words",
    "~",
    "!!str 5",
    "a#b",
    "http://x:80/",
    "{}",
];
/// Values of several lines: after the header, lines are indented below their key.
const LINES: [&[&str]; 6] = [
    &["|", "text", "  more", "", "end # no comment"],
    &[">-", "folded", "text", "", "para"],
    &["|2-", "   lead", " text"],
    &["\"two", "lines\""],
    &["plain", "goes on"],
    &["|+", "kept", "", ""],
];

fn decor() -> impl Strategy<Value = Decor> {
    (
        0u8..3,
        any::<bool>(),
        any::<bool>(),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(blank, above, right, detached)| Decor {
            blank: blank.saturating_sub(1),
            above,
            right,
            detached,
        })
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        4 => (0..INLINE.len() + LINES.len()).prop_map(Node::Leaf),
        1 => (any::<bool>(), prop::collection::vec(0usize..4, 0..3)).prop_map(|(m, v)| Node::Flow(m, v)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            2 => prop::collection::vec((decor(), inner.clone()), 1..4).prop_map(Node::Map),
            1 => prop::collection::vec((decor(), inner), 1..4).prop_map(Node::List),
        ]
    })
}

struct Writer {
    out: String,
    width: usize,
    unindented: bool,
    names: usize,
}

impl Writer {
    fn name(&mut self) -> String {
        self.names += 1;
        format!("k{}", self.names)
    }

    fn spaces(&mut self, n: usize) {
        self.out.extend(std::iter::repeat_n(' ', n));
    }

    fn before(&mut self, decor: &Decor, column: usize) {
        for _ in 0..decor.blank {
            self.out.push('\n');
        }
        if decor.detached {
            self.spaces(column);
            self.out.push_str("# detached\n\n");
        }
        if decor.above {
            self.spaces(column);
            self.out.push_str("# above\n");
        }
    }

    /// What follows `key:` or `-` in `column`.
    fn value(&mut self, node: &Node, decor: &Decor, column: usize, item: bool) {
        let right = if decor.right { " # right" } else { "" };
        match node {
            Node::Leaf(i) if *i < INLINE.len() => {
                let gap = if INLINE[*i].is_empty() { "" } else { " " };
                self.out.push_str(&format!("{gap}{}{right}\n", INLINE[*i]));
            }
            Node::Leaf(i) => {
                let lines = LINES[*i - INLINE.len()];
                self.out.push_str(&format!(" {}", lines[0]));
                let header = lines[0].starts_with(['|', '>']);
                self.out.push_str(if header { right } else { "" });
                let indent = column
                    + if lines[0].contains('2') {
                        2
                    } else {
                        self.width
                    };
                for line in &lines[1..] {
                    self.out.push('\n');
                    if !line.is_empty() {
                        self.spaces(indent);
                    }
                    self.out.push_str(line);
                }
                self.out.push_str(if header { "" } else { right });
                self.out.push('\n');
            }
            Node::Flow(mapping, values) => {
                let parts: Vec<_> = values
                    .iter()
                    .map(|i| {
                        if *mapping {
                            format!("{}: {}", self.name(), INLINE[*i])
                        } else {
                            INLINE[*i].to_owned()
                        }
                    })
                    .map(|part| {
                        if part.is_empty() {
                            "z".to_owned()
                        } else {
                            part
                        }
                    })
                    .collect();
                let (open, close) = if *mapping { ('{', '}') } else { ('[', ']') };
                self.out
                    .push_str(&format!(" {open}{}{close}{right}\n", parts.join(", ")));
            }
            Node::Map(entries) if item => {
                self.out.push(' ');
                self.map(entries, column + 2, true);
            }
            Node::Map(entries) => {
                self.out.push_str(&format!("{right}\n"));
                self.map(entries, column + self.width, false);
            }
            Node::List(items) if item => {
                self.out.push(' ');
                self.list(items, column + 2, true);
            }
            Node::List(items) => {
                self.out.push_str(&format!("{right}\n"));
                self.list(
                    items,
                    column + if self.unindented { 0 } else { self.width },
                    false,
                );
            }
        }
    }

    fn map(&mut self, entries: &[(Decor, Node)], column: usize, compact: bool) {
        for (n, (decor, node)) in entries.iter().enumerate() {
            if n > 0 || !compact {
                self.before(decor, column);
                self.spaces(column);
            }
            let name = self.name();
            self.out.push_str(&name);
            self.out.push(':');
            self.value(node, decor, column, false);
        }
    }

    fn list(&mut self, items: &[(Decor, Node)], column: usize, compact: bool) {
        for (n, (decor, node)) in items.iter().enumerate() {
            if n > 0 || !compact {
                self.before(decor, column);
                self.spaces(column);
            }
            self.out.push('-');
            self.value(node, decor, column, true);
        }
    }
}

prop_compose! {
    fn document()(
        root in prop::collection::vec((decor(), node()), 1..6),
        width in 2usize..5,
        unindented in any::<bool>(),
        crlf in any::<bool>(),
        bom in prop::bool::weighted(0.1),
        cut in prop::bool::weighted(0.2),
        header in any::<bool>(),
    ) -> String {
        let mut writer = Writer { out: String::new(), width, unindented, names: 0 };
        if header {
            writer.out.push_str("# header\n\n");
        }
        writer.map(&root, 0, false);
        let mut text = writer.out;
        if cut {
            text.truncate(text.trim_end_matches('\n').len());
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        if bom { format!("\u{feff}{text}") } else { text }
    }
}

/// The document with one entry taken out, and put at the end of `target` if there is one.
fn moved(tree: &Tree, id: NodeId, key: NodeId, target: Option<NodeId>) -> Want {
    match tree.kind(id) {
        Kind::Mapping { .. } => {
            let mut entries: Vec<_> = tree
                .entries(id)
                .filter(|(k, _)| *k != key)
                .map(|(k, v)| WantEntry {
                    key: WantKey::Entry(k),
                    value: moved(tree, v, key, target),
                })
                .collect();
            if Some(id) == target {
                let value = Want::Node(tree.value_of(key).expect("a value"));
                entries.push(WantEntry {
                    key: WantKey::Entry(key),
                    value,
                });
            }
            Want::Map {
                base: Some(id),
                entries,
            }
        }
        Kind::Sequence { .. } => Want::List {
            base: Some(id),
            items: tree
                .items(id)
                .map(|item| moved(tree, item, key, target))
                .collect(),
        },
        _ => Want::Node(id),
    }
}

/// The same on data; keys are unique.
fn moved_data(
    from: &Data,
    key: &str,
    target: Option<&str>,
    name: &str,
    taken: &mut Option<(Data, Data)>,
) -> Data {
    match from {
        Data::Map { entries, tag, .. } => {
            let mut new = Vec::new();
            for (k, v) in entries {
                let Data::Scalar { content, .. } = k else {
                    panic!("scalar keys")
                };
                if content == key {
                    *taken = Some((k.clone(), v.clone()));
                } else {
                    new.push((k.clone(), moved_data(v, key, target, content, taken)));
                }
            }
            let _ = (target, name);
            Data::Map {
                entries: new,
                tag: tag.clone(),
                anchor: None,
            }
        }
        Data::List { items, tag, .. } => {
            let items = items
                .iter()
                .map(|item| moved_data(item, key, target, "", taken))
                .collect();
            Data::List {
                items,
                tag: tag.clone(),
                anchor: None,
            }
        }
        leaf => leaf.clone(),
    }
}

fn append(data: &mut Data, target: &str, entry: &(Data, Data), name: &str) {
    match data {
        Data::Map { entries, .. } => {
            for (k, v) in entries.iter_mut() {
                let Data::Scalar { content, .. } = &*k else {
                    panic!("scalar keys")
                };
                let content = content.clone();
                append(v, target, entry, &content);
            }
            if name == target {
                entries.push(entry.clone());
            }
        }
        Data::List { items, .. } => items
            .iter_mut()
            .for_each(|item| append(item, target, entry, "")),
        _ => {}
    }
}

/// The document with the value of one entry exchanged.
fn exchanged(tree: &Tree, id: NodeId, key: NodeId, new: &Want) -> Want {
    match tree.kind(id) {
        Kind::Mapping { .. } => Want::Map {
            base: Some(id),
            entries: tree
                .entries(id)
                .map(|(k, v)| WantEntry {
                    key: WantKey::Entry(k),
                    value: if k == key {
                        new.clone()
                    } else {
                        exchanged(tree, v, key, new)
                    },
                })
                .collect(),
        },
        Kind::Sequence { .. } => Want::List {
            base: Some(id),
            items: tree
                .items(id)
                .map(|item| exchanged(tree, item, key, new))
                .collect(),
        },
        _ => Want::Node(id),
    }
}

fn exchanged_data(from: &Data, key: &str, new: &Data) -> Data {
    match from {
        Data::Map {
            entries,
            tag,
            anchor,
        } => {
            let entries = entries
                .iter()
                .map(|(k, v)| {
                    let Data::Scalar { content, .. } = k else {
                        panic!("scalar keys")
                    };
                    let value = if content == key {
                        new.clone()
                    } else {
                        exchanged_data(v, key, new)
                    };
                    (k.clone(), value)
                })
                .collect();
            Data::Map {
                entries,
                tag: tag.clone(),
                anchor: anchor.clone(),
            }
        }
        Data::List { items, tag, anchor } => Data::List {
            items: items
                .iter()
                .map(|item| exchanged_data(item, key, new))
                .collect(),
            tag: tag.clone(),
            anchor: anchor.clone(),
        },
        leaf => leaf.clone(),
    }
}

/// New values of every kind, with what they mean.
fn news() -> Vec<(Want, Data)> {
    let plain = |text: &str| Data::Scalar {
        content: text.to_owned(),
        plain: true,
        tag: None,
        anchor: None,
    };
    let seven = || Want::Scalar("7".to_owned());
    let list = Want::List {
        base: None,
        items: vec![
            seven(),
            Want::List {
                base: None,
                items: vec![],
            },
        ],
    };
    let empty = Data::List {
        items: vec![],
        tag: None,
        anchor: None,
    };
    let list_data = Data::List {
        items: vec![plain("7"), empty],
        tag: None,
        anchor: None,
    };
    let entry = |name: &str, value: Want| WantEntry {
        key: WantKey::New(name.to_owned()),
        value,
    };
    let map = Want::Map {
        base: None,
        entries: vec![entry("n", list.clone()), entry("m", seven())],
    };
    let entries = vec![(plain("n"), list_data.clone()), (plain("m"), plain("7"))];
    let map_data = Data::Map {
        entries,
        tag: None,
        anchor: None,
    };
    vec![
        (seven(), plain("7")),
        (Want::Scalar(String::new()), plain("")),
        (list, list_data),
        (map, map_data),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(96),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn generated_documents_are_read_and_edited(text in document()) {
        let tree = Tree::parse(text.as_str()).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(untiled(&tree), None, "{}", text);
        let root = tree.documents()[0].root;
        prop_assert_eq!(&decode(&text), &Ok(vec![data(&tree, root)]));
        let keys: Vec<_> = tree.nodes().filter(|&id| tree.is_key(id)).collect();
        for &key in &keys {
            // Remove.
            let name = tree.scalar(key).into_owned();
            let want = moved(&tree, root, key, None);
            let new = rewrite(&tree, root, &want).expect("a rewrite").edits.apply(&text);
            let mut taken = None;
            let less = moved_data(&data(&tree, root), &name, None, "", &mut taken);
            let got = decode(&new).map_err(|e| TestCaseError::fail(format!("remove {name}: {e}\n{text}\n=>\n{new}")))?;
            prop_assert!(resolved(got) == resolved(vec![less.clone()]), "remove {}\n{}\n=>\n{}", name, text, new);
            // A block scalar that comes to stand last keeps the line break that is its own.
            let own = text.contains(['|', '>']) && new.ends_with('\n');
            prop_assert!(own || text.ends_with('\n') == new.ends_with('\n'), "remove {}\n{}\n=>\n{:?}", name, text, new);
            let mixed = new.replace("\r\n", "").contains('\n');
            prop_assert!(!text.contains("\r\n") || !mixed, "line breaks: {:?}", new);
            // Other values of every kind.
            for (new_want, new_data) in news() {
                let want = exchanged(&tree, root, key, &new_want);
                let done = rewrite(&tree, root, &want).expect("a rewrite");
                let new = done.edits.apply(&text);
                let expected = exchanged_data(&data(&tree, root), &name, &new_data);
                let got = decode(&new).map_err(|e| TestCaseError::fail(format!("set {name}: {e}\n{text}\n=>\n{new}")))?;
                prop_assert!(resolved(got) == resolved(vec![expected]), "set {}\n{}\n=>\n{}", name, text, new);
            }
            // Move to the end of every mapping that is a value.
            for &other in &keys {
                let Some(value) = tree.value_of(other) else { continue };
                let inside = tree.span(key).start <= tree.span(other).start
                    && tree.span(other).start < tree.extent(key).end.max(tree.span(tree.value_of(key).expect("a value")).end);
                if inside || !matches!(tree.kind(value), Kind::Mapping { .. }) || tree.parent(key) == Some(value) {
                    continue;
                }
                let target = tree.scalar(other).into_owned();
                let want = moved(&tree, root, key, Some(value));
                let Ok(done) = rewrite(&tree, root, &want) else {
                    // Only what cannot stand in a flow collection is refused.
                    let flow = tree.kind(value) == Kind::Mapping { flow: true };
                    prop_assert!(flow, "move {} to {}\n{}", name, target, text);
                    continue;
                };
                let new = done.edits.apply(&text);
                let mut more = less.clone();
                append(&mut more, &target, taken.as_ref().expect("taken"), "");
                let got = decode(&new).map_err(|e| TestCaseError::fail(format!("move {name} to {target}: {e}\n{text}\n=>\n{new}")))?;
                prop_assert!(resolved(got) == resolved(vec![more]), "move {} to {}\n{}\n=>\n{}", name, target, text, new);
                // The comments behind blank lines in a mapping that is left empty go with its lines.
                let emptied = tree.parent(key).is_some_and(|map| tree.len(map) == 1);
                prop_assert!(emptied || done.removed_comments.is_empty(), "move {} to {}\n{}\n=>\n{}", name, target, text, new);
            }
        }
    }
}
