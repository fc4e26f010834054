//! Tags as go-yaml has them: handles expanded, `%` escapes decoded.

use std::borrow::Cow;

use super::scalar::TAG_PREFIX;
use crate::yaml::{NodeId, Tree};

/// The tag handles of one document: what `%TAG` lines say, else the two that YAML defines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Handles(Vec<(String, String)>);

impl Handles {
    /// Of the document that a node is part of.
    pub(super) fn of(tree: &Tree, node: NodeId) -> Self {
        let document = tree.documents().get(tree.document_of(node));
        let lines = document.map_or(&[][..], |document| &document.directives);
        let handles = lines.iter().filter_map(|line| {
            let mut words = tree.text()[line.clone()].split_whitespace();
            (words.next() == Some("%TAG")).then_some(())?;
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        });
        Self(handles.collect())
    }

    /// The full tag for a tag as written.
    pub(super) fn expand<'t>(&self, written: &'t str) -> Cow<'t, str> {
        if let Some(verbatim) = written.strip_prefix("!<") {
            return decode(verbatim.strip_suffix('>').unwrap_or(verbatim));
        }
        if written == "!" {
            return Cow::Borrowed(written);
        }
        let end = written[1..].find('!').map_or(1, |at| at + 2);
        let (handle, suffix) = written.split_at(end);
        let prefix = self.0.iter().find(|(known, _)| known == handle);
        let prefix = match (prefix, handle) {
            (Some((_, prefix)), _) => prefix,
            (None, "!!") => TAG_PREFIX,
            // A lone `!` stands for itself, and the parser has refused handles that nobody declared.
            (None, handle) => handle,
        };
        Cow::Owned(format!("{prefix}{}", decode(suffix)))
    }
}

fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = (first == b'%')
            .then(|| std::str::from_utf8(tail.get(..2)?).ok())
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}
