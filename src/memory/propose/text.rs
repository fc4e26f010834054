//! A proposal as the text of `refit.yaml`, with its reasons as comments.

use indexmap::IndexMap;

use super::{FolderProposal, Proposed};
use crate::{
    memory::{
        MemoryError,
        project::NAME,
        reader::error_at,
        update::{HEADER, update_text},
    },
    values::view::View,
    yaml::Tree,
};

/// The widest line of a comment, in characters.
const WIDTH: usize = 100;

impl FolderProposal {
    /// The text of `refit.yaml` with what is proposed: a new one, or what is there with more behind it.
    ///
    /// # Errors
    ///
    /// If the text that is there cannot be edited so.
    pub fn text(&self, existing: Option<&str>) -> Result<String, MemoryError> {
        let is_new = existing.is_none_or(|text| text.trim().is_empty());
        let mut text = match existing {
            Some(text) if !is_new => text.to_owned(),
            _ => HEADER.to_owned(),
        };
        for release in &self.releases {
            let one = IndexMap::from_iter([(release.name.clone(), release.remembered.clone())]);
            text = update_text(Some(&text), &one)?;
            text = with_reasons(text, release)?;
        }
        if is_new && !self.unsure.is_empty() {
            text.push_str("\n# Not sure, so left out:\n");
            for (file, why) in &self.unsure {
                push(&mut text, "# ", &format!("  {file}: {why}"), "    ");
            }
        }
        Ok(text)
    }
}

/// Puts the reasons above the key of a release, where it begins a line.
fn with_reasons(text: String, release: &Proposed) -> Result<String, MemoryError> {
    let failed = |message: String| error_at(NAME, message, "mend the file, and run refit again");
    let tree = Tree::parse(text.as_str()).map_err(|e| failed(e.to_string()))?;
    let Some(document) = tree.documents().first() else {
        return Ok(text);
    };
    let view = View::new(&tree, document.root);
    let fault = |e: crate::values::ReadError| failed(e.kind.to_string());
    let Some(releases) = view.get(document.root, "releases").map_err(fault)? else {
        return Ok(text);
    };
    let Some(entry) = view.get(releases.value, &release.name).map_err(fault)? else {
        return Ok(text);
    };
    let key = tree.span(entry.key).start;
    let line = text[..key].rfind('\n').map_or(0, |end| end + 1);
    let indent = &text[line..key];
    // In a flow map no comment can stand above a key.
    if !indent.chars().all(|c| c == ' ') {
        return Ok(text);
    }
    let mut comment = String::new();
    for why in &release.why {
        push(&mut comment, &format!("{indent}# "), why, "  ");
    }
    Ok(format!("{}{comment}{}", &text[..line], &text[line..]))
}

/// A sentence in comment lines.
fn push(to: &mut String, start: &str, sentence: &str, hang: &str) {
    let lead = sentence.len() - sentence.trim_start().len();
    let mut line = sentence[..lead].to_owned();
    for word in sentence.split_whitespace() {
        let has_word = !line.trim().is_empty();
        if has_word && start.len() + line.chars().count() + 1 + word.chars().count() > WIDTH {
            to.push_str(&format!("{start}{line}\n"));
            line = hang.to_owned();
        } else if has_word {
            line.push(' ');
        }
        // A comment ends with its line, and what a name could hide in it stays one.
        line.extend(
            word.chars()
                .map(|c| if c.is_control() { '\u{fffd}' } else { c }),
        );
    }
    to.push_str(&format!("{start}{line}\n"));
}
