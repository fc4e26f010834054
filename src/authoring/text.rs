//! The files of a pack as texts.

use std::fmt::Write as _;

use super::gather::Gathered;
use crate::yaml::{Tree, double_quoted};

/// The mark of a keys.yaml that was gathered; one that was written by hand does not have it.
pub const KEYS_MARK: &str = "Gathered by `refit pack new`";

const KEYS_HEAD: &str = "\
# Every key of the chart: where it exists, its default there, whether a template reads it.
# Gathered by `refit pack new` from the chart's releases. What is wrong here is put right in
# corrections.yaml, which has the same form and is never written by refit.
";

/// The facts about a chart that are not in its files.
#[derive(Debug, Default, Clone)]
pub struct ChartFacts {
    /// The repositories where it is published.
    pub repositories: Vec<String>,
}

/// `keys.yaml`.
#[must_use]
pub fn keys_yaml(gathered: &Gathered) -> String {
    let mut text = KEYS_HEAD.to_owned();
    for key in &gathered.keys {
        let _ = writeln!(text, "{}:", one_line_scalar(&key.path));
        for (range, fields) in &key.ranges {
            let comma = if fields.is_empty() { "" } else { ", " };
            let _ = writeln!(text, "  - {{in: \"{range}\"{comma}{fields}}}");
        }
    }
    text
}

/// `pack.yaml` of a chart that has none yet.
#[must_use]
pub fn new_pack_yaml(gathered: &Gathered, about: &ChartFacts) -> String {
    let newest = &gathered.newest;
    let title = match newest.description.trim() {
        "" => &newest.name,
        description => description,
    };
    let mut text = format!(
        "pack: 1\nchart: {}\ntitle: {}\n",
        one_line_scalar(&newest.name),
        one_line_scalar(title)
    );
    if let Some(home) = &newest.home {
        let _ = writeln!(text, "home: {}", one_line_scalar(home));
    }
    match about.repositories.as_slice() {
        [] => text.push_str("# Where the chart is published; a manifest that names it is the chart's.\n# repositories: [https://charts.example]\n"),
        repositories => {
            let list: Vec<String> = repositories.iter().map(|url| one_line_scalar(url)).collect();
            let _ = writeln!(text, "repositories: [{}]", list.join(", "));
        }
    }
    text.push_str(
        "# What tells a values file of this chart by what is in it: keys that hardly any other chart has.\n\
         # identifies:\n\
         #   keys:\n\
         #     - {path: some.key, why: What this chart has it for.}\n\
         # What in a values file tells its version.\n\
         # evidence:\n\
         #   - {path: old.key, versions: \"<2.0.0\", strength: strong, why: 2.0 took it away.}\n",
    );
    text.push_str(&version_list(gathered));
    text
}

/// The text of a `pack.yaml` with the versions that were gathered; nothing else of it is touched.
///
/// # Errors
///
/// With what is wrong, if the text has no map `versions` at its root.
pub fn with_versions(text: &str, gathered: &Gathered) -> Result<String, String> {
    let tree = Tree::parse(text.to_owned()).map_err(|error| error.to_string())?;
    let root = tree.documents().first().map(|document| document.root);
    let entry = root.and_then(|root| {
        let mut entries = tree.entries(root);
        entries.find(|(key, _)| tree.content(*key) == "versions")
    });
    let Some((key, value)) = entry else {
        return Err("it has no `versions`".to_owned());
    };
    let known: Vec<(String, String)> = tree
        .entries(value)
        .map(|(version, about)| {
            let mut about = tree.entries(about);
            let app = about.find(|(key, _)| tree.content(*key) == "app");
            let app = app.map(|(_, app)| tree.content(app).to_owned());
            (tree.content(version).to_owned(), app.unwrap_or_default())
        })
        .collect();
    let now = gathered.versions.iter();
    if now
        .map(|(version, app)| (version.to_string(), app.clone()))
        .eq(known)
    {
        return Ok(text.to_owned());
    }
    let start = tree.span(key).start;
    let mut end = tree.span(value).end;
    if text[end..].starts_with('\n') {
        end += 1;
    }
    Ok([&text[..start], &version_list(gathered), &text[end..]].concat())
}

fn version_list(gathered: &Gathered) -> String {
    let mut text = "versions:\n".to_owned();
    for (version, app) in &gathered.versions {
        let _ = writeln!(text, "  {version}: {{app: {}}}", double_quoted(app));
    }
    text
}

/// A text as a scalar in one line, in quotes if anything about it is unusual.
fn one_line_scalar(text: &str) -> String {
    let usual = |c: char| c.is_ascii_alphanumeric() || "_-./\\ ".contains(c);
    let word = text.to_ascii_lowercase();
    let other = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&&*word);
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with(' ')
        && text.chars().all(usual);
    match plain && !other {
        true => text.to_owned(),
        false
            if text.starts_with("https://")
                && text.chars().all(|c| usual(c) || c == ':')
                && !text.ends_with(':')
                && !text.contains(' ') =>
        {
            text.to_owned()
        }
        false => double_quoted(text),
    }
}
