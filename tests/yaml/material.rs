//! What the YAML tests share: the material, and a second way to read a document.

#![allow(dead_code, missing_docs)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use granit_parser::{Event, Parser, options};
use refit::yaml::{Kind, NodeId, ScalarStyle, Tree};

/// The shared material; without it `n` tests are named on standard error and pass, unless `CI` is
/// set.
pub fn shared(n: usize) -> Option<PathBuf> {
    let path = std::env::var_os("REFIT_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("shared material not found, {n} tests of it not run");
    assert!(
        std::env::var_os("CI").is_none(),
        "shared material is missing at {}",
        path.display()
    );
    None
}

/// All files below `dir`, sorted, without the index.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().is_some_and(|name| name != "INDEX.tsv") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The hard documents and the corpus.
pub fn material() -> Option<Vec<PathBuf>> {
    let shared = shared(1)?;
    let mut all = files(&shared.join("yaml/hard"));
    assert!(all.len() >= 82, "{} hard documents", all.len());
    let corpus = files(&shared.join("corpus"));
    assert!(corpus.len() >= 839, "{} corpus files", corpus.len());
    all.extend(corpus);
    Some(all)
}

pub fn name(path: &Path) -> String {
    path.file_name()
        .expect("a file")
        .to_string_lossy()
        .into_owned()
}

/// A document as data: what an edit must keep. Aliases are kept as the number of their target in
/// the order of anchors, so that equal data means equal structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    Scalar {
        content: String,
        plain: bool,
        tag: Option<String>,
        anchor: Option<String>,
    },
    Map {
        entries: Vec<(Data, Data)>,
        tag: Option<String>,
        anchor: Option<String>,
    },
    List {
        items: Vec<Data>,
        tag: Option<String>,
        anchor: Option<String>,
    },
    Alias(String),
}

impl Data {
    fn anchor_mut(&mut self) -> &mut Option<String> {
        match self {
            Self::Scalar { anchor, .. } | Self::Map { anchor, .. } | Self::List { anchor, .. } => {
                anchor
            }
            Self::Alias(_) => unreachable!("an alias has no anchor"),
        }
    }
}

/// The documents of a text, from the parser's events alone.
pub fn decode(text: &str) -> Result<Vec<Data>, String> {
    let options = options! {
        emit_anchor_events: true,
        block_scalar_eof_without_line_feed: true,
        max_buffered_comment_events: usize::MAX,
    };
    let mut documents = Vec::new();
    let mut stack: Vec<(Data, Vec<Data>)> = Vec::new();
    let mut names = BTreeMap::new();
    // The anchor of a leaf comes after the leaf.
    let mut last_leaf = false;
    fn place(stack: &mut [(Data, Vec<Data>)], documents: &mut Vec<Data>, data: Data) {
        match stack.last_mut() {
            Some((_, children)) => children.push(data),
            None => documents.push(data),
        }
    }
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|e| e.to_string())?;
        let tag = span
            .tag_span()
            .and_then(|tag| tag.slice(text))
            .map(str::to_owned);
        match event {
            Event::Scalar(content, style, _, _) => {
                let plain = style == granit_parser::ScalarStyle::Plain;
                let nothing = plain && span.byte_range().is_some_and(|range| range.is_empty());
                let content = if nothing {
                    String::new()
                } else {
                    content.into_owned()
                };
                place(
                    &mut stack,
                    &mut documents,
                    Data::Scalar {
                        content,
                        plain,
                        tag,
                        anchor: None,
                    },
                );
                last_leaf = true;
            }
            Event::SequenceStart(..) => {
                stack.push((
                    Data::List {
                        items: Vec::new(),
                        tag,
                        anchor: None,
                    },
                    Vec::new(),
                ));
                last_leaf = false;
            }
            Event::MappingStart(..) => {
                stack.push((
                    Data::Map {
                        entries: Vec::new(),
                        tag,
                        anchor: None,
                    },
                    Vec::new(),
                ));
                last_leaf = false;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (mut data, children) = stack.pop().expect("an open collection");
                match &mut data {
                    Data::List { items, .. } => *items = children,
                    Data::Map { entries, .. } => {
                        let mut children = children.into_iter();
                        while let (Some(key), Some(value)) = (children.next(), children.next()) {
                            entries.push((key, value));
                        }
                    }
                    _ => unreachable!("a collection"),
                }
                place(&mut stack, &mut documents, data);
            }
            Event::Anchor(id, name) => {
                names.insert(id, name.to_string());
                let node = if !last_leaf {
                    &mut stack.last_mut().expect("an open collection").0
                } else if let Some((_, children)) = stack.last_mut() {
                    children.last_mut().expect("a leaf")
                } else {
                    documents.last_mut().expect("a leaf")
                };
                *node.anchor_mut() = Some(name.to_string());
            }
            Event::Alias(id) => {
                place(&mut stack, &mut documents, Data::Alias(names[&id].clone()));
                last_leaf = true;
            }
            _ => {}
        }
    }
    if documents.is_empty() {
        let content = String::new();
        documents.push(Data::Scalar {
            content,
            plain: true,
            tag: None,
            anchor: None,
        });
    }
    Ok(documents)
}

/// A node of a tree as data.
pub fn data(tree: &Tree, id: NodeId) -> Data {
    let tag = tree.tag(id).map(str::to_owned);
    let anchor = tree.anchor(id).map(|(name, _)| name.to_owned());
    match tree.kind(id) {
        Kind::Scalar(style) => Data::Scalar {
            content: tree.scalar(id).into_owned(),
            plain: style == ScalarStyle::Plain,
            tag,
            anchor,
        },
        Kind::Mapping { .. } => {
            let entries = tree
                .entries(id)
                .map(|(k, v)| (data(tree, k), data(tree, v)))
                .collect();
            Data::Map {
                entries,
                tag,
                anchor,
            }
        }
        Kind::Sequence { .. } => Data::List {
            items: tree.items(id).map(|item| data(tree, item)).collect(),
            tag,
            anchor,
        },
        Kind::Alias => {
            let target = tree.alias_target(id).expect("an alias has a target");
            Data::Alias(
                tree.anchor(target)
                    .expect("a target has an anchor")
                    .0
                    .to_owned(),
            )
        }
    }
}

/// Every byte that the tree does not account for must be white space, an indicator, a byte order
/// mark, a marker or a directive. Returns what is wrong.
pub fn untiled(tree: &Tree) -> Option<String> {
    let text = tree.text();
    let mut owner = vec![0u8; text.len()];
    let mut claim = |range: std::ops::Range<usize>, by: u8| -> Option<String> {
        for at in range.clone() {
            if owner[at] != 0 {
                return Some(format!(
                    "{range:?} {:?} is claimed twice",
                    &text[range.clone()]
                ));
            }
            owner[at] = by;
        }
        None
    };
    let mut problem = None;
    let mut block = Vec::new();
    for id in tree.nodes() {
        if matches!(
            tree.kind(id),
            Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded)
        ) {
            block.push(tree.body(id));
        }
        let properties = [tree.tag_span(id), tree.anchor(id).map(|(_, span)| span)];
        for span in properties.into_iter().flatten() {
            problem = problem.or(claim(span, 1));
        }
        let body = tree.body(id);
        match tree.kind(id) {
            Kind::Scalar(_) | Kind::Alias => problem = problem.or(claim(body, 2)),
            Kind::Mapping { .. } | Kind::Sequence { .. } => {}
        }
        if let Some(parent) = tree.parent(id) {
            let (outer, inner) = (tree.span(parent), tree.span(id));
            if inner.start < outer.start || inner.end > outer.end {
                problem = problem.or(Some(format!("{inner:?} is not inside {outer:?}")));
            }
        }
    }
    for comment in tree.comments() {
        if !text[comment.span.clone()].starts_with('#') {
            problem = problem.or(Some(format!("no comment at {:?}", comment.span)));
        }
        // A comment after a block scalar's header is inside the scalar's span.
        let i = block.partition_point(|scalar| scalar.end <= comment.span.start);
        if block
            .get(i)
            .is_none_or(|scalar| scalar.start > comment.span.start)
        {
            problem = problem.or(claim(comment.span.clone(), 3));
        }
    }
    let mut at = 0;
    for document in tree.documents() {
        if document.span.start != at {
            problem = problem.or(Some(format!("documents do not tile at {at}")));
        }
        at = document.span.end;
        let markers = [document.start_marker.clone(), document.end_marker.clone()];
        for span in markers
            .into_iter()
            .flatten()
            .chain(document.directives.iter().cloned())
        {
            problem = problem.or(claim(span, 4));
        }
    }
    for (at, c) in text.char_indices() {
        if owner[at] == 0 && !" \t\r\n-?:,[]{}\u{feff}".contains(c) {
            problem = problem.or(Some(format!("byte {at} {c:?} belongs to nothing")));
        }
    }
    problem
}

/// Documents with their aliases replaced by what they stand for, without anchors, and with
/// spellings that mean the same made one. `None` if that is too large (a bomb).
pub fn resolved(documents: Vec<Data>) -> Option<Vec<Data>> {
    let mut budget = 2_000_000usize;
    documents
        .into_iter()
        .map(|document| resolve(document, &mut BTreeMap::new(), &mut budget))
        .collect()
}

fn resolve(
    data: Data,
    names: &mut BTreeMap<String, Option<Data>>,
    budget: &mut usize,
) -> Option<Data> {
    *budget = budget.checked_sub(1)?;
    let name = match &data {
        Data::Scalar { anchor, .. } | Data::Map { anchor, .. } | Data::List { anchor, .. } => {
            anchor.clone()
        }
        Data::Alias(_) => None,
    };
    if let Some(name) = &name {
        // Inside of itself a node cannot be expanded.
        names.insert(name.clone(), None);
    }
    let done = match data {
        Data::Scalar {
            content,
            plain,
            tag,
            ..
        } => {
            let null = plain && matches!(content.as_str(), "" | "~" | "null");
            let plain = plain && !content.contains(['[', ']', '{', '}', ',', '\n']);
            let content = if null { "null".to_owned() } else { content };
            Data::Scalar {
                content,
                plain,
                tag,
                anchor: None,
            }
        }
        Data::Map { entries, tag, .. } => {
            let mut new = Vec::new();
            for (key, value) in entries {
                new.push((resolve(key, names, budget)?, resolve(value, names, budget)?));
            }
            Data::Map {
                entries: new,
                tag,
                anchor: None,
            }
        }
        Data::List { items, tag, .. } => {
            let mut new = Vec::new();
            for item in items {
                new.push(resolve(item, names, budget)?);
            }
            Data::List {
                items: new,
                tag,
                anchor: None,
            }
        }
        Data::Alias(name) => match names.get(&name) {
            Some(Some(target)) => {
                *budget = budget.checked_sub(size(target))?;
                target.clone()
            }
            _ => Data::Alias(name),
        },
    };
    if let Some(name) = name {
        names.insert(name, Some(done.clone()));
    }
    Some(done)
}

fn size(data: &Data) -> usize {
    match data {
        Data::Scalar { .. } | Data::Alias(_) => 1,
        Data::Map { entries, .. } => {
            entries
                .iter()
                .map(|(k, v)| size(k) + size(v))
                .sum::<usize>()
                + 1
        }
        Data::List { items, .. } => items.iter().map(size).sum::<usize>() + 1,
    }
}
