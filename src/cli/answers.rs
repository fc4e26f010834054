//! Answers: from the command line and from files.
//!
//! A file is read with refit's own YAML reader, so that a mistake in it is shown with its place, and
//! what Helm would not take for text (`0.10`, `yes`) is refused instead of becoming something else.
//! Size and depth are bounded: an answer file may come from a stranger's repository.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs::File,
    io::Read as _,
    path::Path,
};

use indexmap::IndexMap;
use refit::{
    migrate::{Answer, Answers},
    refusal,
    values::{Value, scalar},
    yaml::{Kind, NodeId, ScalarStyle, Tree},
};

/// The largest answer file, in bytes.
const MAX_SIZE: u64 = 1 << 20;

/// An answer that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{place}: {what}{}", if next.is_empty() { String::new() } else { format!("\n  next: {next}") })]
pub struct AnswerError {
    place: String,
    what: String,
    next: String,
}

fn error(
    place: impl Into<String>,
    what: impl Into<String>,
    next: impl Into<String>,
) -> AnswerError {
    AnswerError {
        place: place.into(),
        what: what.into(),
        next: next.into(),
    }
}

/// Adds what `--answer` says to answers from files. A flag goes before a file: another option replaces
/// the whole answer, an input replaces that input. `RELEASE:` before an id answers for that release.
///
/// # Errors
///
/// If one has not the form `ID=OPTION` or `ID.INPUT=VALUE`, two contradict, or an input has no option.
pub fn add_flags(file: &mut AnswerFile, flags: &[String]) -> Result<(), AnswerError> {
    let mut of_releases: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut of_all = Vec::new();
    for flag in flags {
        let name = flag.split_once('=').map_or(flag.as_str(), |(name, _)| name);
        match name.rsplit_once(':') {
            Some((release, _)) if !release.is_empty() => {
                let flag = flag[release.len() + 1..].to_owned();
                of_releases.entry(release).or_default().push(flag);
            }
            _ => of_all.push(flag.clone()),
        }
    }
    add_to(&mut file.answers, &of_all)?;
    for (release, flags) in of_releases {
        let file = file.releases.entry(release.to_owned()).or_default();
        add_to(&mut file.answers, &flags)?;
    }
    Ok(())
}

fn add_to(answers: &mut Answers, flags: &[String]) -> Result<(), AnswerError> {
    let mut options: BTreeMap<&str, &str> = BTreeMap::new();
    let mut inputs: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for flag in flags {
        let place = format!("--answer {flag}");
        let form =
            "write --answer ID=OPTION to choose, and --answer ID.INPUT=VALUE for what it needs";
        let Some((name, value)) = flag.split_once('=') else {
            return Err(error(place, "there is no `=` in it", form));
        };
        let twice = |earlier: &str| {
            error(
                place.clone(),
                format!("`{name}` was answered before, with `{earlier}`"),
                "answer it once",
            )
        };
        match name.split_once('.') {
            _ if name.is_empty() || value.is_empty() && !name.contains('.') => {
                return Err(error(place, "a part of it is empty", form));
            }
            None => match options.insert(name, value) {
                Some(earlier) if earlier != value => return Err(twice(earlier)),
                _ => {}
            },
            Some((id, input)) if id.is_empty() || input.is_empty() => {
                return Err(error(place, "a part of it is empty", form));
            }
            Some(key) => match inputs.insert(key, value) {
                Some(earlier) if earlier != value => return Err(twice(earlier)),
                _ => {}
            },
        }
    }
    for (id, option) in options {
        match answers.entry(id.to_owned()) {
            Entry::Occupied(entry) if entry.get().option == option => {}
            Entry::Occupied(mut entry) => *entry.get_mut() = chosen(option),
            Entry::Vacant(entry) => _ = entry.insert(chosen(option)),
        }
    }
    for ((id, input), value) in inputs {
        let Some(answer) = answers.get_mut(id) else {
            return Err(error(
                format!("--answer {id}.{input}={value}"),
                format!("`{id}` itself is not answered"),
                format!("choose an option too: --answer {id}=OPTION"),
            ));
        };
        answer.inputs.insert(input.to_owned(), value.to_owned());
    }
    Ok(())
}

fn chosen(option: &str) -> Answer {
    Answer {
        option: option.to_owned(),
        ..Answer::default()
    }
}

/// What a file of answers holds.
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
pub fn read_file(path: &Path) -> Result<AnswerFile, AnswerError> {
    let name = path.display().to_string();
    let failed = |e: std::io::Error| {
        let next = "name a file with answers, or give them with --answer";
        error(name.clone(), format!("cannot read the answers: {e}"), next)
    };
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(failed)?
        .take(MAX_SIZE + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(error(
            name,
            format!("the file is larger than {MAX_SIZE} bytes"),
            "check that it is a file of answers",
        ));
    }
    parse(&name, &bytes)
}

/// Reads answers from the bytes of a file.
///
/// # Errors
///
/// As [`read_file`].
pub fn parse(name: &str, bytes: &[u8]) -> Result<AnswerFile, AnswerError> {
    let tree = Tree::parse_bytes(bytes).map_err(|e| {
        let refusal = refusal::not_yaml(name, bytes, &e);
        let place = match &refusal.at {
            Some(at) => format!("{name}:{}:{}", at.line, at.column),
            None => name.to_owned(),
        };
        let mut what = refusal.what;
        for line in refusal.excerpt.iter().flat_map(|excerpt| excerpt.lines()) {
            what.push_str(&format!("\n  {line}"));
        }
        error(place, what, refusal.next.unwrap_or_default())
    })?;
    let reader = Reader { name, tree: &tree };
    let root = match tree.documents() {
        [] => return Ok(AnswerFile::default()),
        [one] => one.root,
        [_, second, ..] => {
            return Err(reader.error(second.root, "there is a second document", "keep one"));
        }
    };
    if tree.is_implicit_null(root) {
        return Ok(AnswerFile::default());
    }
    reader.file(root, true)
}

const FORM: &str = "the form is `answers: {ID: {option: NAME, inputs: {NAME: \"text\"}}}`, and `skip: [ID]` for steps to leave out";

struct Reader<'t> {
    name: &'t str,
    tree: &'t Tree,
}

impl Reader<'_> {
    fn error(&self, node: NodeId, what: impl Into<String>, next: &str) -> AnswerError {
        let at = self.tree.position(self.tree.span(node).start);
        error(
            format!("{}:{}:{}", self.name, at.line, at.column),
            what,
            next,
        )
    }

    fn map(&self, node: NodeId) -> Result<Vec<(String, NodeId)>, AnswerError> {
        let Kind::Mapping { .. } = self.tree.kind(node) else {
            return Err(self.error(node, "a map must stand here", FORM));
        };
        let mut entries: Vec<(String, NodeId)> = Vec::new();
        for (key, value) in self.tree.entries(node) {
            let name = self.text(key)?;
            if entries.iter().any(|(other, _)| *other == name) {
                return Err(self.error(key, format!("`{name}` is here twice"), "keep one of them"));
            }
            entries.push((name, value));
        }
        Ok(entries)
    }

    /// Answers and skips, and those of single releases where they may stand.
    fn file(&self, node: NodeId, with_releases: bool) -> Result<AnswerFile, AnswerError> {
        let mut file = AnswerFile::default();
        for (key, value) in self.map(node)? {
            match key.as_str() {
                "answers" => {
                    for (id, node) in self.map(value)? {
                        file.answers.insert(id.clone(), self.answer(&id, node)?);
                    }
                }
                "skip" => file.skip = self.list(value)?,
                "releases" if with_releases => {
                    for (name, node) in self.map(value)? {
                        file.releases.insert(name, self.file(node, false)?);
                    }
                }
                other => {
                    return Err(self.error(value, format!("`{other}` is not known here"), FORM));
                }
            }
        }
        Ok(file)
    }

    fn list(&self, node: NodeId) -> Result<Vec<String>, AnswerError> {
        let Kind::Sequence { .. } = self.tree.kind(node) else {
            return Err(self.error(node, "a list must stand here", FORM));
        };
        self.tree.items(node).map(|item| self.text(item)).collect()
    }

    fn text(&self, node: NodeId) -> Result<String, AnswerError> {
        let Kind::Scalar(style) = self.tree.kind(node) else {
            return Err(self.error(node, "a text must stand here", FORM));
        };
        let content = self.tree.scalar(node);
        let plain = style == ScalarStyle::Plain;
        match scalar::value(&content, plain, self.tree.tag(node)) {
            Ok(Value::String(text)) => Ok(text),
            Ok(other) => Err(self.error(
                node,
                format!(
                    "`{content}` is {} to Helm, and a text must stand here",
                    other.type_name()
                ),
                "put it in quotes",
            )),
            Err(e) => Err(self.error(node, e.to_string(), "put it in quotes")),
        }
    }

    fn texts<C: FromIterator<(String, String)>>(&self, node: NodeId) -> Result<C, AnswerError> {
        self.map(node)?
            .into_iter()
            .map(|(key, value)| Ok((key, self.text(value)?)))
            .collect()
    }

    fn answer(&self, id: &str, node: NodeId) -> Result<Answer, AnswerError> {
        let mut option = None;
        let mut answer = Answer::default();
        for (key, value) in self.map(node)? {
            match key.as_str() {
                "option" => option = Some(self.text(value)?),
                "inputs" => answer.inputs = self.texts(value)?,
                "evidence" => answer.evidence = Some(self.texts::<IndexMap<_, _>>(value)?),
                other => {
                    let what = format!("`{other}` is not known here");
                    return Err(self.error(value, what, "known are option, inputs and evidence"));
                }
            }
        }
        answer.option =
            option.ok_or_else(|| self.error(node, format!("`{id}` has no option"), FORM))?;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(flags: &[&str]) -> Result<Answers, AnswerError> {
        let mut file = AnswerFile::default();
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        add_flags(&mut file, &flags).map(|()| file.answers)
    }

    #[test]
    fn flags_choose_options_and_fill_in_inputs() {
        let answers = flags(&["a.x=1=2", "a=both", "b=one"]).unwrap();
        assert_eq!(answers["a"].option, "both");
        assert_eq!(answers["a"].inputs["x"], "1=2");
        assert_eq!(answers["b"], chosen("one"));
        for (flag, says) in [
            ("a", "no `=`"),
            ("=a", "empty"),
            ("a=", "empty"),
            (".x=1", "empty"),
            ("a.=1", "empty"),
            ("a.x=1", "not answered"),
        ] {
            assert!(
                flags(&[flag]).unwrap_err().to_string().contains(says),
                "{flag}"
            );
        }
        assert!(
            flags(&["a=b", "a=c"])
                .unwrap_err()
                .to_string()
                .contains("answered before")
        );
        assert!(flags(&["a=b", "a=b"]).is_ok());
    }

    #[test]
    fn a_flag_goes_before_a_file() {
        let file = b"answers:\n  a: {option: one, inputs: {x: \"1\"}, evidence: {k: v}}\n";
        let mut same = parse("f", file).unwrap();
        add_flags(&mut same, &["a=one".into(), "a.y=2".into()]).unwrap();
        assert_eq!(same.answers["a"].inputs.len(), 2);
        assert!(same.answers["a"].evidence.is_some());
        let mut other = parse("f", file).unwrap();
        add_flags(&mut other, &["a=two".into()]).unwrap();
        assert_eq!(other.answers["a"], chosen("two"));
        let mut scoped = parse("f", file).unwrap();
        add_flags(&mut scoped, &["prod:a=two".into(), "prod:a.x=y:z".into()]).unwrap();
        assert_eq!(scoped.answers["a"].option, "one");
        assert_eq!(scoped.releases["prod"].answers["a"].inputs["x"], "y:z");
    }

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
