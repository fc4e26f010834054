//! What the generators of an ApplicationSet make: for each application the texts that stand in its template as `{{ }}`.
//!
//! What a list generator makes stands in the manifest. A git generator makes one application for each folder or
//! file of a repository that fits a pattern; if those are here (`Listing`), they are known too. A matrix is each of
//! one generator with each of another. What other generators make (clusters, pull requests) is not known here, and
//! never taken for a value: it stays the text of a template.
//!
//! By the documentation and the code of argoproj/argo-cd: `docs/operator-manual/applicationset/Generators-*.md`;
//! `applicationset/generators/git.go` (names of parameters); `reposerver/repository/repository.go`
//! (`GetGitDirectories` leaves hidden folders out; the files are found by `git ls-files`, where `*` goes beyond slashes).

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::chart::is_templated;
use super::read::{Doc, manifests};
use crate::bounds::lexical;
use crate::values::view::{ValueKind, View};
use crate::yaml::{NodeId, Tree};

/// The most applications that one ApplicationSet is taken for. Two patterns that each fit everything would else
/// multiply.
const MAX_ELEMENTS: usize = 2_000;

/// The files of a repository, as a git generator sees them.
#[derive(Clone, Debug, Default)]
pub struct Listing<'f> {
    /// The folders of which each may be the repository's root, the likeliest first.
    pub roots: Vec<PathBuf>,
    /// The files, by their paths.
    pub files: Vec<ListedFile<'f>>,
}

/// A file of a repository.
#[derive(Clone, Copy, Debug)]
pub struct ListedFile<'f> {
    /// Its absolute path.
    pub path: &'f FilePath,
    /// Its content, and its number among the files that carriers are looked for in; `None` if it was not read.
    pub content: Option<(usize, &'f Tree)>,
}

/// A place where an element says something, if it can be edited there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldPlace {
    /// In the ApplicationSet itself.
    Here(NodeId),
    /// In a file that a git generator has found.
    InFile(usize, NodeId),
    /// It is a path, or put together.
    Nowhere,
}

/// The fields of one element that a generator makes.
#[derive(Clone, Debug, Default)]
pub(super) struct GeneratorElement {
    fields: BTreeMap<String, (String, FieldPlace)>,
    /// A word that tells it from its neighbours, for people.
    label: Option<String>,
    /// True if there are others, so that it needs a name.
    is_one_of_several: bool,
}

impl GeneratorElement {
    /// The label, if it needs one.
    pub(super) fn label(&self) -> Option<&str> {
        self.label.as_deref().filter(|_| self.is_one_of_several)
    }

    /// The field that a text consists of: `{{version}}`, or `{{ .version }}` with Go's templates.
    pub(super) fn whole(&self, text: &str) -> Option<(FieldPlace, &str)> {
        let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
        let (text, place) = self.fields.get(name_in(inner))?;
        Some((*place, text))
    }

    /// A text with what the element says in place of its names.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(begin) = rest.find("{{") {
            let Some(end) = rest[begin..].find("}}").map(|end| begin + end) else {
                break;
            };
            filled.push_str(&rest[..begin]);
            match self.fields.get(name_in(&rest[begin + 2..end])) {
                Some((value, _)) => filled.push_str(value),
                None => filled.push_str(&rest[begin..end + 2]),
            }
            rest = &rest[end + 2..];
        }
        filled.push_str(rest);
        filled
    }

    fn set(&mut self, name: String, value: String, place: FieldPlace) {
        self.fields.insert(name, (value, place));
    }

    /// The element with the fields of another one as well.
    fn with(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.fields.extend(other.fields.clone());
        let labels = [&self.label, &other.label].into_iter().flatten();
        let labels: Vec<&str> = labels.map(String::as_str).collect();
        both.label = (!labels.is_empty()).then(|| labels.join(", "));
        both
    }
}

/// The name that stands in `{{ }}`.
fn name_in(inner: &str) -> &str {
    let inner = inner.trim_matches('-').trim();
    inner.strip_prefix('.').unwrap_or(inner)
}

/// The patterns of the folders and files of which the ApplicationSets in a file make applications.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitPatterns {
    /// Those of folders.
    pub folders: Vec<String>,
    /// Those of files, which are read for what they hold. `**` stands where another generator writes a part.
    pub files: Vec<String>,
}

/// The patterns of the git generators in a file, at any depth of matrices.
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
            let inner = doc.items_at(generator, &["matrix", "generators"]);
            open.extend(inner.iter().map(|field| field.node));
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

/// The elements that an ApplicationSet makes, if its template takes anything of a release from them; else, and for what
/// is not known, one that says nothing. `template` is the `spec` of its applications.
pub(super) fn elements(
    doc: &Doc<'_>,
    template: NodeId,
    listing: &Listing<'_>,
) -> Vec<GeneratorElement> {
    let generators = doc.items_at(doc.root, &["spec", "generators"]);
    let generators: Vec<NodeId> = generators.iter().map(|field| field.node).collect();
    let templated = doc.templated(template, &["{{"]);
    let texts: Vec<&str> = templated
        .iter()
        .map(|node| doc.tree().content(*node))
        .collect();
    let takes = |element: &GeneratorElement| texts.iter().any(|text| element.fill(text) != **text);
    let named = named_files(doc, template);
    let reader = GeneratorReader {
        doc,
        listing,
        go: doc.is_true(doc.root, &["spec", "goTemplate"]),
    };
    // At last without a repository: then only what stands here is known.
    let roots = listing.roots.iter().map(|root| Some(root.as_path()));
    let roots = roots.chain([None]);
    let mut all = Vec::new();
    for root in roots {
        let mut incomplete = generators.is_empty();
        all.clear();
        for generator in &generators {
            match reader.made_by(*generator, root, &GeneratorElement::default()) {
                Some(made) => all.extend(made),
                None => incomplete = true,
            }
        }
        if !all.iter().any(takes) {
            all.clear();
        }
        // A repository that has none of the files that are named so is another one.
        let is_here = named.is_empty()
            || all
                .iter()
                .any(|element| root.is_some_and(|root| listing.has_any(root, &named, element)));
        if root.is_none() || (!all.is_empty() && is_here) {
            if all.is_empty() || incomplete {
                all.push(GeneratorElement::default());
            }
            break;
        }
    }
    let several = all.len() > 1;
    for element in &mut all {
        element.is_one_of_several = several;
    }
    all
}

/// The paths in a template that generators write: folders of charts, and values files (below such a folder, or of
/// the repository).
fn named_files(doc: &Doc<'_>, template: NodeId) -> Vec<String> {
    let mut sources = doc.items_at(template, &["sources"]);
    sources.extend(doc.at(template, &["source"]));
    let mut named = Vec::new();
    for source in sources {
        let folder = doc.text_at(source.node, &["path"]);
        named.extend(folder.clone());
        for file in doc.items_at(source.node, &["helm", "valueFiles"]) {
            let Some(path) = doc.text(file.node) else {
                continue;
            };
            named.push(match path.split_once('/') {
                Some((root, path)) if root.is_empty() || root.starts_with('$') => path.to_owned(),
                _ => format!("{}/{path}", folder.as_deref().unwrap_or(".")),
            });
        }
    }
    named.retain(|path| is_templated(path));
    named
}

impl Listing<'_> {
    /// True if one of these files or folders is here, as the element names it.
    fn has_any(&self, root: &FilePath, named: &[String], element: &GeneratorElement) -> bool {
        named.iter().any(|path| {
            let path = lexical(&root.join(element.fill(path)));
            let first = self
                .files
                .partition_point(|file| file.path < path.as_path());
            let file = self.files.get(first);
            file.is_some_and(|file| file.path.starts_with(&path))
        })
    }

    /// The files below a root: their paths from there, and what they hold.
    fn below<'a>(
        &'a self,
        root: &'a FilePath,
    ) -> impl Iterator<Item = (&'a FilePath, Option<(usize, &'a Tree)>)> + 'a {
        let files = self.files.iter();
        files.filter_map(move |file| Some((file.path.strip_prefix(root).ok()?, file.content)))
    }
}

struct GeneratorReader<'a> {
    doc: &'a Doc<'a>,
    listing: &'a Listing<'a>,
    /// True with Go's templates, which name the parts of a path otherwise.
    go: bool,
}

impl GeneratorReader<'_> {
    /// The elements of one generator; none if it is not known what it makes. In a matrix the second generator's texts
    /// may name what the first has made.
    fn made_by(
        &self,
        generator: NodeId,
        root: Option<&FilePath>,
        outer: &GeneratorElement,
    ) -> Option<Vec<GeneratorElement>> {
        let doc = self.doc;
        let listed = doc.items_at(generator, &["list", "elements"]);
        if !listed.is_empty() {
            let elements = listed.iter().map(|element| {
                let mut made = GeneratorElement::default();
                self.scalars(element.node, "", doc, &FieldPlace::Here, &mut made);
                made.label = self.first_field(element.node);
                made
            });
            return Some(elements.collect());
        }
        if let Some(git) = doc.at(generator, &["git"]) {
            let made = self.by_git(git.node, root?, outer);
            return (!made.is_empty()).then_some(made);
        }
        let [first, second] = doc.items_at(generator, &["matrix", "generators"])[..] else {
            return None;
        };
        let mut product = Vec::new();
        let firsts = self.made_by(first.node, root, outer);
        let mut known = firsts.is_some();
        for first in firsts.unwrap_or_else(|| vec![GeneratorElement::default()]) {
            let seconds = self.made_by(second.node, root, &first);
            known |= seconds.is_some();
            for second in seconds.unwrap_or_else(|| vec![GeneratorElement::default()]) {
                product.push(first.with(&second));
            }
            if product.len() > MAX_ELEMENTS {
                return None;
            }
        }
        known.then_some(product)
    }

    /// The first field of an element of a list, for people.
    fn first_field(&self, element: NodeId) -> Option<String> {
        let entries = self.doc.view.entries(element).ok()?.entries;
        let mut texts = entries.iter().filter_map(|entry| {
            let text = self.doc.text(entry.value)?;
            Some(format!("{}: {text}", entry.name))
        });
        texts.next()
    }

    /// The scalars of a map, each by its path in dots.
    fn scalars(
        &self,
        map: NodeId,
        above: &str,
        of: &Doc<'_>,
        place: &dyn Fn(NodeId) -> FieldPlace,
        element: &mut GeneratorElement,
    ) {
        for entry in of.view.entries(map).unwrap_or_default().entries {
            let name = format!("{above}{}", entry.name);
            match of.text(entry.value) {
                Some(text) => element.set(name, text, place(entry.value)),
                None if of.is_map(entry.value) => {
                    self.scalars(entry.value, &format!("{name}."), of, place, element);
                }
                None => {}
            }
        }
    }

    fn by_git(
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
        if let Some(values) = doc.at(git, &["values"]) {
            for element in &mut made {
                let mut more = GeneratorElement::default();
                self.scalars(values.node, "values.", doc, &FieldPlace::Here, &mut more);
                for (name, (text, place)) in more.fields {
                    let filled = element.fill(&text);
                    let place = match filled == text {
                        true => place,
                        false => FieldPlace::Nowhere,
                    };
                    element.set(name, filled, place);
                }
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
        .take(253)
        .collect();
    name.trim_matches(['-', '.']).to_owned()
}
