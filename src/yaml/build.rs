//! From events to the tree.
//!
//! The builder keeps a cursor at the end of what the text has accounted for. Between the cursor and
//! the next node there can be only white space, comments and the indicators that lead to it (`-`,
//! `?`, `:`, `,`), so walking over them once gives what the events leave out: where block
//! collections begin, where a null stands, which keys are explicit, and where a block scalar's
//! header is.

use std::sync::{Arc, OnceLock};

use super::block;
use super::error::{ParseError, ParseErrorKind};
use super::events::{self, Ev, Props};
use super::source::{self, control_character, line_end, line_start, skip_trivia};
use super::tree::{
    ANCHOR, Comment, DocumentInfo, EXPLICIT, KEY, Kind, NONE, Node, NodeId, PAIR, ScalarStyle, TAG,
    Tree, VERBATIM, check_size,
};

/// The deepest nesting of collections that is read.
pub const MAX_DEPTH: usize = 255;

#[derive(Clone, Copy, PartialEq)]
enum NodeRole {
    BlockItem,
    BlockKey,
    BlockValue,
    FlowItem,
    FlowKey,
    FlowValue,
}

struct Frame {
    id: u32,
    last_child: u32,
    place: NodeRole,
}

struct TreeBuilder<'t> {
    text: &'t str,
    tree: Tree,
    stack: Vec<Frame>,
    /// The node that an [`Ev::Anchor`] belongs to by the parser's anchor number.
    anchors: Vec<u32>,
    cursor: usize,
    /// The start of the document that is being read.
    document: DocumentInfo,
    latest: u32,
}

/// The start of a node, with its flags.
struct NodeStart {
    /// The first byte of the node or its properties; for a node of which nothing is written, where
    /// it would be.
    start: usize,
    /// The first indicator that leads to it, or `start`.
    lead: usize,
    flags: u8,
}

/// The most keys of a text that are aliases with a colon directly behind: each is found by parsing once more.
const MAX_ALIAS_KEYS: usize = 64;

pub(crate) fn build(text: Arc<str>) -> Result<Tree, ParseError> {
    check_size(&text)?;
    if let Some((offset, c)) = control_character(&text) {
        return Err(ParseError::new(ParseErrorKind::ControlCharacter(c), offset));
    }
    let source = Arc::clone(&text);
    let mut builder = TreeBuilder::of(&source);
    let mut parsed = events::parse(&source, |event| builder.event(event));
    // Helm reads `*name: value` as a key that is an alias.
    let mut colons = Vec::new();
    while let Err(error) = &parsed {
        // The same colon again means that the blank did not help, and would not the next time.
        let colon = events::alias_key(&source, error).filter(|_| colons.len() < MAX_ALIAS_KEYS);
        let Some(colon) = colon.filter(|colon| !colons.contains(colon)) else {
            break;
        };
        colons.push(colon);
        colons.sort_unstable();
        builder = TreeBuilder::of(&source);
        parsed = events::parse_with_alias_keys(&source, &colons, |event| builder.event(event));
    }
    parsed?;
    if builder.tree.documents.is_empty() {
        // A text of comments or of nothing is one empty document.
        let none = Props {
            tag: None,
            anchor: false,
        };
        let end = source.len();
        let spot = NodeStart {
            start: end,
            lead: end,
            flags: VERBATIM,
        };
        let kind = Kind::Scalar(ScalarStyle::Plain);
        builder.push(kind, &spot, end as u32, end as u32, none);
        builder.tree.documents.push(builder.document);
    }
    let mut tree = builder.tree;
    if let Some(last) = tree.documents.last_mut() {
        last.span.end = source.len();
    }
    if !tree.comments.is_sorted_by_key(|c| c.span.start) {
        tree.comments.sort_by_key(|c| c.span.start);
    }
    Ok(tree)
}

fn empty_document(start: usize) -> DocumentInfo {
    DocumentInfo {
        root: NodeId(NONE),
        span: start..start,
        start_marker: None,
        end_marker: None,
        directives: Vec::new(),
    }
}

impl<'t> TreeBuilder<'t> {
    fn of(source: &'t Arc<str>) -> Self {
        let tree = Tree {
            // About one node for 14 bytes of values; growing later is cheap, shrinking is not.
            nodes: Vec::with_capacity(source.len() / 16 + 4),
            text: Arc::clone(source),
            documents: Vec::new(),
            comments: Vec::new(),
            tags: Vec::new(),
            anchors: Vec::new(),
            decoded: String::new(),
            decoded_spans: Vec::new(),
            lines: OnceLock::new(),
            divergences: OnceLock::new(),
            first_comments: OnceLock::new(),
            indentation: OnceLock::new(),
        };
        TreeBuilder {
            text: source,
            tree,
            stack: Vec::new(),
            anchors: Vec::new(),
            cursor: 0,
            document: empty_document(0),
            latest: NONE,
        }
    }
}

impl TreeBuilder<'_> {
    fn event(&mut self, event: Ev<'_>) -> Result<(), ParseError> {
        match event {
            Ev::DocumentStart { marker } => self.document_start(marker),
            Ev::DocumentEnd { marker } => self.document_end(marker),
            Ev::Comment { start, end } => {
                let line = &self.text[line_start(self.text, start as usize)..start as usize];
                self.tree.comments.push(Comment {
                    span: start as usize..end as usize,
                    own_line: source::is_blank(line),
                });
            }
            Ev::Anchor { id, start, end } => self.anchor(id, start, end),
            Ev::Alias { start, end, target } => {
                let spot = self.walk_to_node(Some(start as usize));
                let Some(&target) = self.anchors.get(target) else {
                    let name = self.text[start as usize + 1..end as usize].to_owned();
                    let kind = ParseErrorKind::UnknownAnchor(name);
                    return Err(ParseError::new(kind, start as usize));
                };
                let id = self.push(
                    Kind::Alias,
                    &spot,
                    start,
                    end,
                    Props {
                        tag: None,
                        anchor: false,
                    },
                );
                self.tree.nodes[id as usize].link = target;
                self.cursor = end as usize;
            }
            Ev::Scalar {
                start,
                end,
                style,
                props,
                value,
            } => {
                self.scalar(start, end, style, props, &value);
            }
            Ev::Start {
                sequence,
                flow,
                start,
                bracket,
                props,
            } => {
                self.start(sequence, flow, start, bracket, props)?;
            }
            Ev::End { end } => self.end(end),
        }
        Ok(())
    }

    fn document_start(&mut self, marker: Option<(u32, u32)>) {
        let Some((start, end)) = marker else { return };
        let (start, end) = (start as usize, end as usize);
        let gap = self.cursor..start;
        if self.text.as_bytes()[gap.clone()].contains(&b'%') {
            for line in source::lines(self.text, gap) {
                // Any document can begin with a byte order mark (YAML 1.2, section 5.2).
                let text = self.text[line.clone()].trim_start_matches(source::BOM);
                if text.starts_with('%') {
                    let from = line.end - text.len();
                    self.document
                        .directives
                        .push(from..line_end(self.text, from).0);
                }
            }
        }
        let begin = self
            .document
            .directives
            .first()
            .map_or(start, |line| line.start);
        // What stands before a document belongs to the one above, unless that was ended by `...`.
        if let Some(above) = self.tree.documents.last_mut()
            && above.end_marker.is_none()
        {
            above.span.end = begin;
            self.document.span.start = begin;
        }
        self.document.start_marker = Some(start..end);
        self.cursor = end;
    }

    fn document_end(&mut self, marker: Option<(u32, u32)>) {
        let mut end = self.cursor;
        if let Some((from, to)) = marker {
            self.document.end_marker = Some(from as usize..to as usize);
            self.cursor = to as usize;
            end = line_end(self.text, self.cursor).1;
        } else if self.cursor > line_start(self.text, self.cursor) {
            end = line_end(self.text, self.cursor).1;
        }
        self.document.span.end = end;
        let next = empty_document(end);
        self.tree
            .documents
            .push(std::mem::replace(&mut self.document, next));
        self.latest = NONE;
    }

    /// Walks from the cursor to the next node, over the indicators that its place calls for.
    /// `content` is where the parser saw it begin, if anything of it is written.
    fn walk_to_node(&mut self, content: Option<usize>) -> NodeStart {
        let text = self.text;
        let bytes = text.as_bytes();
        let Some(frame) = self.stack.last_mut() else {
            let start = content.map_or(self.cursor, |_| skip_trivia(text, self.cursor));
            return NodeStart {
                start,
                lead: start,
                flags: 0,
            };
        };
        let place = frame.place;
        frame.place = match place {
            NodeRole::BlockKey => NodeRole::BlockValue,
            NodeRole::BlockValue => NodeRole::BlockKey,
            NodeRole::FlowKey => NodeRole::FlowValue,
            NodeRole::FlowValue => NodeRole::FlowKey,
            item => item,
        };
        let mut at = skip_trivia(text, self.cursor);
        let mut flags = match place {
            NodeRole::BlockKey | NodeRole::FlowKey => KEY,
            _ => 0,
        };
        if matches!(place, NodeRole::FlowItem | NodeRole::FlowKey) && bytes.get(at) == Some(&b',') {
            at = skip_trivia(text, at + 1);
        }
        let lead = at;
        // Where a node of which nothing is written would be.
        let mut nothing = at;
        let here = bytes.get(at).copied();
        match place {
            NodeRole::BlockItem => {
                if here == Some(b'-') {
                    nothing = at + 1;
                }
            }
            NodeRole::BlockKey | NodeRole::FlowKey => {
                // A plain key can begin with the sign, as `?x` does.
                if here == Some(b'?') && content != Some(at) {
                    flags |= EXPLICIT;
                    nothing = at + 1;
                }
            }
            NodeRole::BlockValue | NodeRole::FlowValue => {
                let own =
                    here == Some(b':') && (place == NodeRole::FlowValue || self.own_colon(at));
                nothing = if own { at + 1 } else { self.cursor };
            }
            NodeRole::FlowItem => {}
        }
        self.cursor = nothing;
        let start = match content {
            None => nothing,
            Some(_) => skip_trivia(text, nothing),
        };
        NodeStart { start, lead, flags }
    }

    /// True if a `:` found after a key in a block mapping is that key's: one on a later line belongs to the mapping in
    /// whose column it stands (`? ? a` and on the next line `: v`).
    fn own_colon(&self, at: usize) -> bool {
        let bytes = &self.text.as_bytes()[self.cursor..at];
        if !bytes.iter().any(|b| matches!(b, b'\n' | b'\r')) {
            return true;
        }
        let Some(frame) = self.stack.last() else {
            return false;
        };
        let map = &self.tree.nodes[frame.id as usize];
        source::column(self.text, at) == source::column(self.text, map.body as usize)
    }

    fn push(&mut self, kind: Kind, spot: &NodeStart, body: u32, end: u32, props: Props) -> u32 {
        let id = self.tree.nodes.len() as u32;
        let mut flags = spot.flags;
        if let Some((start, end)) = props.tag {
            flags |= TAG;
            self.tree.tags.push((id, start, end));
        }
        let parent = match self.stack.last_mut() {
            None => {
                self.document.root = NodeId(id);
                NONE
            }
            Some(frame) => {
                let parent = &mut self.tree.nodes[frame.id as usize];
                parent.link += 1;
                if frame.last_child == NONE {
                    let block = matches!(
                        parent.kind,
                        Kind::Mapping { flow: false } | Kind::Sequence { flow: false }
                    );
                    // Nothing is written for these themselves: they begin with their first child, or the sign
                    // before it.
                    if block || parent.flags & PAIR != 0 {
                        parent.body = spot.lead as u32;
                    }
                } else {
                    self.tree.nodes[frame.last_child as usize].next = id;
                }
                frame.last_child = id;
                frame.id
            }
        };
        let start = spot.start as u32;
        self.tree.nodes.push(Node {
            start,
            body,
            end,
            parent,
            next: NONE,
            link: 0,
            kind,
            flags,
        });
        self.latest = id;
        id
    }

    fn scalar(&mut self, start: u32, end: u32, style: ScalarStyle, props: Props, value: &str) {
        let kind = Kind::Scalar(style);
        if style == ScalarStyle::Plain && start == end {
            let written = (props.anchor || props.tag.is_some()).then_some(start as usize);
            // An empty node with properties is where they are; without, where the indicator is.
            let spot = self.walk_to_node(written);
            let at = match props.tag {
                Some((_, tag_end)) => tag_end,
                None => spot.start as u32,
            };
            let id = self.push(kind, &spot, at, at, props);
            self.tree.nodes[id as usize].flags |= VERBATIM;
            self.cursor = self.cursor.max(at as usize);
            return;
        }
        let (mut body, mut end) = (start as usize, end as usize);
        let spot = self.walk_to_node(Some(body));
        let inner = match style {
            ScalarStyle::Plain => body..end,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => body + 1..end - 1,
            ScalarStyle::Literal | ScalarStyle::Folded => {
                body = self.header(spot.start);
                let parent = self.stack.last().map(|frame| {
                    // The first child of a block collection is where the collection begins.
                    let parent = &self.tree.nodes[frame.id as usize];
                    let begin = if frame.last_child == NONE {
                        spot.lead
                    } else {
                        parent.body as usize
                    };
                    source::column(self.text, begin)
                });
                end = block::body(self.text, body, parent).end;
                0..0
            }
        };
        let id = self.push(kind, &spot, body as u32, end as u32, props);
        // Most content is in the text as it is and is not stored again; lines of a block are indented there.
        let plainly = inner.len() == value.len() && &self.text[inner] == value;
        if plainly && !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            self.tree.nodes[id as usize].flags |= VERBATIM;
        } else {
            let from = self.tree.decoded.len() as u32;
            self.tree.decoded.push_str(value);
            self.tree
                .decoded_spans
                .push((id, from, self.tree.decoded.len() as u32));
        }
        self.cursor = end;
    }

    /// The offset of a block scalar's `|` or `>`, from the start of its properties.
    fn header(&self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = start;
        while matches!(bytes.get(at), Some(b'&' | b'!')) {
            while bytes
                .get(at)
                .is_some_and(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
            {
                at += 1;
            }
            at = skip_trivia(self.text, at);
        }
        at
    }

    fn start(
        &mut self,
        sequence: bool,
        flow: bool,
        start: u32,
        bracket: bool,
        props: Props,
    ) -> Result<(), ParseError> {
        let at = start as usize;
        let bytes = self.text.as_bytes();
        let spot = self.walk_to_node(Some(at));
        // Whatever goes through the tree by recursion relies on this bound.
        if self.stack.len() >= MAX_DEPTH {
            return Err(ParseError::new(ParseErrorKind::TooDeep, spot.start));
        }
        // A pair in a flow sequence is announced by an empty span at its key, or by its `?`.
        let braces = bracket && bytes[at] == b'{';
        // `{{` can be YAML (a mapping as a key), but nobody writes it: it is a template's.
        if braces && spot.flags & KEY != 0 && at > 0 && bytes[at - 1] == b'{' {
            return Err(ParseError::new(ParseErrorKind::Template, at - 1));
        }
        let kind = if sequence {
            Kind::Sequence { flow }
        } else {
            Kind::Mapping { flow }
        };
        let id = self.push(kind, &spot, start, start, props);
        if flow && !sequence && !braces {
            self.tree.nodes[id as usize].flags |= PAIR;
        } else if flow {
            self.cursor = at + 1;
        } else if let Some((_, end)) = props.tag {
            self.cursor = self.cursor.max(end as usize);
        }
        let place = match (sequence, flow) {
            (true, false) => NodeRole::BlockItem,
            (false, false) => NodeRole::BlockKey,
            (true, true) => NodeRole::FlowItem,
            (false, true) => NodeRole::FlowKey,
        };
        self.stack.push(Frame {
            id,
            last_child: NONE,
            place,
        });
        Ok(())
    }

    fn anchor(&mut self, id: usize, start: u32, end: u32) {
        let node = self.latest;
        if self.anchors.len() <= id {
            self.anchors.resize(id + 1, NONE);
        }
        self.anchors[id] = node;
        self.tree.anchors.push((node, start, end));
        let node = &mut self.tree.nodes[node as usize];
        node.flags |= ANCHOR;
        if node.kind == Kind::Scalar(ScalarStyle::Plain) && node.body == node.end {
            node.body = node.body.max(end);
            node.end = node.body;
        }
        self.cursor = self.cursor.max(end as usize);
    }

    fn end(&mut self, end: u32) {
        let Some(frame) = self.stack.pop() else {
            return;
        };
        let node = &self.tree.nodes[frame.id as usize];
        let flow = matches!(
            node.kind,
            Kind::Mapping { flow: true } | Kind::Sequence { flow: true }
        );
        let end = if flow && node.flags & PAIR == 0 {
            self.cursor = end as usize;
            end
        } else {
            // The parser notices the end of a block only at what follows it, behind blank lines and comments.
            match frame.last_child {
                NONE => self.cursor as u32,
                last => self.tree.nodes[last as usize].end,
            }
        };
        self.tree.nodes[frame.id as usize].end = end;
        self.latest = frame.id;
    }
}
