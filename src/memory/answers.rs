//! Answers, as a review saves them and `--answers` reads them.

use std::{collections::BTreeMap, path::Path};

use indexmap::IndexMap;

use super::reader::{self, MemoryError, YamlReader};
use crate::{
    migrate::{Answer, Answers},
    yaml::NodeId,
};

const FORM: &str = "the form is `answers: {ID: {option: NAME, inputs: {NAME: \"text\"}}}`, and `skip: [ID]` for steps to leave out";

/// The content of a file of answers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct AnswerFile {
    /// The answers.
    pub answers: Answers,
    /// Steps that are left out.
    pub skip: Vec<String>,
    /// The same for single releases, by name.
    pub releases: BTreeMap<String, AnswerFile>,
}

impl AnswerFile {
    /// Adds what another file says; its answers go before.
    pub fn extend(&mut self, other: Self) {
        self.answers.extend(other.answers);
        self.skip.extend(other.skip);
        for (name, file) in other.releases {
            self.releases.entry(name).or_default().extend(file);
        }
    }
}

/// Reads a file of answers.
///
/// # Errors
///
/// If it cannot be read, is too large, or is not in the form.
pub fn read(path: &Path) -> Result<AnswerFile, MemoryError> {
    let next = "name a file with answers, or give them with --answer";
    let bytes = reader::read_bytes(path, "the answers", next)?;
    parse(&path.display().to_string(), &bytes)
}

/// Reads answers from the bytes of a file.
///
/// # Errors
///
/// As [`read`].
pub fn parse(name: &str, bytes: &[u8]) -> Result<AnswerFile, MemoryError> {
    let tree = reader::read_tree(name, bytes)?;
    let reader = YamlReader {
        name,
        tree: &tree,
        form: FORM,
    };
    match reader.read_root()? {
        Some(root) => answer_file(&reader, root, true),
        None => Ok(AnswerFile::default()),
    }
}

/// Answers and skips, and those of single releases where they may stand.
fn answer_file(
    reader: &YamlReader<'_>,
    node: NodeId,
    with_releases: bool,
) -> Result<AnswerFile, MemoryError> {
    let mut file = AnswerFile::default();
    for (key, value) in reader.read_map(node)? {
        match key.as_str() {
            "answers" => {
                for (id, node) in reader.read_map(value)? {
                    file.answers
                        .insert(id.clone(), read_answer(reader, &id, node)?);
                }
            }
            "skip" => file.skip = reader.read_list(value)?,
            "releases" if with_releases => {
                for (name, node) in reader.read_map(value)? {
                    file.releases
                        .insert(name, answer_file(reader, node, false)?);
                }
            }
            other => {
                return Err(reader.error(value, format!("`{other}` is not known here"), FORM));
            }
        }
    }
    Ok(file)
}

/// One answer.
pub(super) fn read_answer(
    reader: &YamlReader<'_>,
    id: &str,
    node: NodeId,
) -> Result<Answer, MemoryError> {
    let mut option = None;
    let mut answer = Answer::default();
    for (key, value) in reader.read_map(node)? {
        match key.as_str() {
            "option" => option = Some(reader.read_text(value)?),
            "inputs" => answer.inputs = reader.read_texts(value)?,
            "evidence" => answer.evidence = Some(reader.read_texts::<IndexMap<_, _>>(value)?),
            other => {
                let what = format!("`{other}` is not known here");
                return Err(reader.error(value, what, "known are option, inputs and evidence"));
            }
        }
    }
    answer.option =
        option.ok_or_else(|| reader.error(node, format!("`{id}` has no option"), reader.form))?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_exactly_or_refused_with_its_place() {
        assert!(parse("f", b"").unwrap().answers.is_empty());
        for (text, says) in [
            (
                "answers:\n  a: {option: b, inputs: {tag: 0.10}}\n",
                "f:2:32: `0.10` is a number",
            ),
            ("answers:\n  a: {option: yes}\n", "`yes` is a boolean"),
            ("answers:\n  a: {}\n", "f:2:6: `a` has no option"),
            ("answers:\n  a: b\n", "f:2:6: a map"),
            ("answer: {}\n", "`answer` is not known"),
            ("skip: a\n", "a list"),
            ("skip: [0.10]\n", "`0.10` is a number"),
            ("answers:\n  a: {option: b, x: y}\n", "`x` is not known"),
            ("answers: {a: {option: b}, a: {option: c}}\n", "twice"),
            ("a: [\n", "f:"),
            ("--- {}\n--- {}\n", "second document"),
        ] {
            let error = parse("f", text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        assert_eq!(parse("f", b"skip: [a, \"b\"]\n").unwrap().skip, ["a", "b"]);
        let deep = "[".repeat(100_000);
        assert!(parse("f", deep.as_bytes()).is_err());
    }
}
