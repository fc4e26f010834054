//! Git generators: which folders and files of a repository they make applications of, and the names that templates
//! have for these.
//!
//! Nothing is read here: the files stand in the [`Listing`](super::Listing).

use std::{
    collections::BTreeMap,
    path::{Path as FilePath, PathBuf},
};

use globset::{GlobBuilder, GlobMatcher};

use super::{FieldPlace, GeneratorElement, GeneratorReader};
use crate::{
    carrier::read::{Doc, manifests},
    values::view::{ValueKind, View},
    yaml::{NodeId, Tree},
};

/// The patterns of the folders and files of which the ApplicationSets in a file make applications.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitPatterns {
    /// Those of folders.
    pub folders: Vec<String>,
    /// Those of files, which are read for what they hold. `**` stands where another generator writes a part.
    pub files: Vec<String>,
}

/// The patterns of the git generators in a file, at any depth of matrices and merges.
#[must_use]
pub fn git_patterns(tree: &Tree) -> GitPatterns {
    let mut patterns = GitPatterns::default();
    for doc in manifests(tree) {
        if doc.text_at(doc.root, &["kind"]).as_deref() != Some("ApplicationSet") {
            continue;
        }
        let generators = doc.items_at(doc.root, &["spec", "generators"]);
        let mut open: Vec<NodeId> = generators.iter().map(|field| field.node).collect();
        while let Some(generator) = open.pop() {
            let named = |kind| {
                let items = doc.items_at(generator, &["git", kind]).into_iter();
                items.filter_map(|item| doc.text_at(item.node, &["path"]))
            };
            patterns.folders.extend(named("directories"));
            patterns.files.extend(named("files").map(without_templates));
            for kind in ["matrix", "merge"] {
                let inner = doc.items_at(generator, &[kind, "generators"]);
                open.extend(inner.iter().map(|field| field.node));
            }
        }
    }
    patterns
}

/// A pattern with `**` in place of each `{{ }}`.
fn without_templates(pattern: String) -> String {
    let mut out = String::new();
    let mut rest = pattern.as_str();
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((_, behind)) = behind.split_once("}}") else {
            break;
        };
        out.push_str(before);
        out.push_str("**");
        rest = behind;
    }
    out + rest
}

/// A matcher of files as git's own patterns match them: `*` goes beyond slashes. `None` for what is no pattern.
#[must_use]
pub fn file_pattern(text: &str) -> Option<GlobMatcher> {
    matcher(text, false)
}

fn matcher(text: &str, stops_at_slash: bool) -> Option<GlobMatcher> {
    let text = text.trim_start_matches("./").trim_matches('/');
    let mut glob = GlobBuilder::new(text);
    let glob = glob.literal_separator(stops_at_slash).build().ok()?;
    Some(glob.compile_matcher())
}

impl GeneratorReader<'_> {
    /// The elements of a git generator, of a repository whose root is `root`.
    pub(super) fn by_git(
        &self,
        git: NodeId,
        root: &FilePath,
        outer: &GeneratorElement,
    ) -> Vec<GeneratorElement> {
        let doc = self.doc;
        let prefix = match doc.text_at(git, &["pathParamPrefix"]) {
            Some(prefix) => format!("{prefix}."),
            None => String::new(),
        };
        let mut made: BTreeMap<PathBuf, GeneratorElement> = BTreeMap::new();
        let folders = self.patterns(git, "directories", true, outer);
        if !folders.is_empty() {
            // git has no folders but those of its files.
            let of_files = self.listing.below(root).flat_map(|(path, _)| {
                let folders = path.ancestors().skip(1);
                folders.filter(|folder| !folder.as_os_str().is_empty())
            });
            for folder in of_files {
                let mut parts = folder.components();
                let hidden =
                    parts.any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."));
                if !hidden && !made.contains_key(folder) && fits(&folders, folder) {
                    let mut element = GeneratorElement::default();
                    self.path_of(folder, &prefix, &mut element);
                    element.label = Some(format!("path: {}", folder.display()));
                    made.insert(folder.to_owned(), element);
                }
            }
        }
        // Argo CD looks at one of the two only.
        let files = match folders.is_empty() {
            true => self.patterns(git, "files", false, outer),
            false => Vec::new(),
        };
        let mut made: Vec<GeneratorElement> = made.into_values().collect();
        for (path, content) in self.listing.below(root) {
            let Some((number, tree)) = content.filter(|_| fits(&files, path)) else {
                continue;
            };
            let place = |node| FieldPlace::InFile(number, node);
            for object in objects_in(tree) {
                let mut element = GeneratorElement::default();
                self.scalars(object.root, "", &object, &place, &mut element);
                self.path_of(path.parent().unwrap_or(path), &prefix, &mut element);
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let names = [
                    ("filename", name.to_string()),
                    ("filenameNormalized", normalized(&name)),
                ];
                for (part, text) in names {
                    element.set(format!("{prefix}path.{part}"), text, FieldPlace::Nowhere);
                }
                element.label = Some(format!("file: {}", path.display()));
                made.push(element);
            }
        }
        if let Some(values) = doc.field_at(git, &["values"]) {
            for element in &mut made {
                let mut more = GeneratorElement::default();
                self.scalars(values.node, "values.", doc, &FieldPlace::Here, &mut more);
                more.fill_in(outer);
                more.fill_in(element);
                element.take(&more, |_, _| false);
            }
        }
        made
    }

    /// The patterns of a git generator, each with whether it leaves out what fits.
    fn patterns(
        &self,
        git: NodeId,
        kind: &str,
        stops_at_slash: bool,
        outer: &GeneratorElement,
    ) -> Vec<(GlobMatcher, bool)> {
        let items = self.doc.items_at(git, &[kind]);
        let patterns = items.iter().filter_map(|item| {
            let text = self.doc.text_at(item.node, &["path"])?;
            let glob = matcher(&outer.fill(&text), stops_at_slash)?;
            Some((glob, self.doc.is_true(item.node, &["exclude"])))
        });
        patterns.collect()
    }

    /// The parts of a folder's path, under the names that templates have for them.
    fn path_of(&self, folder: &FilePath, prefix: &str, element: &mut GeneratorElement) {
        let parts: Vec<String> = folder
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        let base = parts.last().cloned().unwrap_or_default();
        let mut set = |name: String, value: String| element.set(name, value, FieldPlace::Nowhere);
        for (at, part) in parts.iter().enumerate() {
            set(
                match self.go {
                    true => format!("index .{prefix}path.segments {at}"),
                    false => format!("{prefix}path[{at}]"),
                },
                part.clone(),
            );
        }
        let whole = if self.go { "path.path" } else { "path" };
        set(format!("{prefix}{whole}"), parts.join("/"));
        set(
            format!("{prefix}path.basenameNormalized"),
            normalized(&base),
        );
        set(format!("{prefix}path.basename"), base);
    }
}

/// The objects of a file of parameters: it is one, or a list of them.
fn objects_in(tree: &Tree) -> Vec<Doc<'_>> {
    let Some(document) = tree.documents().first() else {
        return Vec::new();
    };
    let view = View::new(tree, document.root);
    let roots: Vec<NodeId> = match view.kind(document.root) {
        Ok(ValueKind::Map) => vec![document.root],
        Ok(ValueKind::List) => view.items(document.root).collect(),
        _ => Vec::new(),
    };
    let docs = roots.into_iter().map(|root| Doc {
        view: view.clone(),
        document: 0,
        root,
    });
    docs.filter(|doc| doc.is_map(doc.root)).collect()
}

/// True if a path fits a pattern, and none that leaves out.
fn fits(patterns: &[(GlobMatcher, bool)], path: &FilePath) -> bool {
    let fitting = |leaves_out: bool| {
        let mut patterns = patterns.iter();
        patterns.any(|(glob, out)| *out == leaves_out && glob.is_match(path))
    };
    fitting(false) && !fitting(true)
}

/// A name as Kubernetes takes it: lower case, and `-` for what else is no letter, digit, dot or dash
/// (`SanitizeName` in `applicationset/utils/utils.go`).
fn normalized(name: &str) -> String {
    let name: String = name
        .to_ascii_lowercase()
        .chars()
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '-' | '.' => c,
            _ => '-',
        })
        // The longest name that Kubernetes takes.
        .take(253)
        .collect();
    name.trim_matches(['-', '.']).to_owned()
}
