//! What the generators of an ApplicationSet make: for each application the texts that stand in its template as `{{ }}`.
//!
//! What a list generator makes stands in the manifest. A git generator makes one application for each folder or
//! file of a repository that fits a pattern; if those are here (`Listing`), they are known too. A matrix is each of
//! one generator with each of another, a merge the elements of one with what others say of the same. A `selector` leaves
//! out what does not fit. What other generators make (clusters, pull requests) is not known here, and never taken for
//! a value: it stays the text of a template; only the `values` that they add to each are written in the manifest.
//!
//! By the documentation and the code of argoproj/argo-cd: `docs/operator-manual/applicationset/Generators-*.md`;
//! `applicationset/generators/git.go` (names of parameters); `reposerver/repository/repository.go`
//! (`GetGitDirectories` leaves hidden folders out; the files are found by `git ls-files`, where `*` goes beyond slashes).

mod combine;
mod element;
mod git;
mod selector;

use std::{
    collections::HashSet,
    path::{Path as FilePath, PathBuf},
};

pub(super) use self::element::{FieldPlace, GeneratorElement};
pub use self::git::{GitPatterns, file_pattern, git_patterns};
use super::{chart::is_templated, read::Doc};
use crate::{
    bounds::lexical,
    values::view::View,
    yaml::{NodeId, Tree},
};

/// The most applications that one ApplicationSet is taken for. Two patterns that each fit everything would else
/// multiply.
const MAX_ELEMENTS: usize = 2_000;

/// What is around a manifest: the files of a repository, as a git generator sees them, and the environments.
#[derive(Clone, Debug, Default)]
pub struct Listing<'f> {
    /// The folders of which each may be the repository's root, the likeliest first.
    pub roots: Vec<PathBuf>,
    /// The files, by their paths.
    pub files: Vec<ListedFile<'f>>,
    /// The environments in which a helmfile may be run, if they are known.
    pub environments: Vec<String>,
}

/// A file of a repository.
#[derive(Clone, Copy, Debug)]
pub struct ListedFile<'f> {
    /// Its absolute path.
    pub path: &'f FilePath,
    /// Its content, and its number among the files that carriers are looked for in; `None` if it was not read.
    pub content: Option<(usize, &'f Tree)>,
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
    let own: Vec<Option<NodeId>> = generators
        .iter()
        .map(|generator| own_template(doc, *generator))
        .collect();
    let templates: Vec<NodeId> = std::iter::once(template)
        .chain(own.iter().flatten().copied())
        .collect();
    let templated = templates
        .iter()
        .flat_map(|node| doc.templated(*node, &["{{"]));
    let texts: Vec<&str> = templated.map(|node| doc.tree().content(node)).collect();
    let takes = |element: &GeneratorElement| {
        element.template.is_some() || texts.iter().any(|text| element.fill(text) != **text)
    };
    let named: Vec<String> = templates
        .iter()
        .flat_map(|template| named_files(doc, *template))
        .collect();
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
        for (at, (generator, own)) in generators.iter().zip(&own).enumerate() {
            let mut made = reader.made_by(*generator, root, &GeneratorElement::default());
            // One with a template of its own stands for nothing that the others make.
            match own {
                Some(_) if made.is_open => {
                    let mut unknown = GeneratorElement::default();
                    unknown.label = Some(format!("generator {}", at + 1));
                    made.elements.push(unknown);
                }
                _ => incomplete |= made.is_open,
            }
            for element in &mut made.elements {
                element.template = *own;
            }
            all.extend(made.elements);
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
    // Two that fill the template alike are one application.
    let mut seen = HashSet::new();
    all.retain(|element| {
        let filled = texts
            .iter()
            .map(|text| (element.fill(text), element.place(text)));
        seen.insert((element.template, filled.collect::<Vec<_>>()))
    });
    let several = all.len() > 1;
    for element in &mut all {
        element.is_one_of_several = several;
    }
    all
}

/// The `spec` that a generator's own template gives its applications: it covers that of the template for all
/// (`applicationset/generators/generator_spec_processor.go`, `mergeGeneratorTemplate`). Those of generators inside of a
/// matrix or a merge count for nothing.
fn own_template(doc: &Doc<'_>, generator: NodeId) -> Option<NodeId> {
    let kinds = doc.view.entries(generator).ok()?.entries;
    let mut specs = kinds
        .iter()
        .filter_map(|kind| doc.field_at(kind.value, &["template", "spec"]));
    let names = ["source", "sources"];
    let spec = specs.next()?;
    let says = names
        .iter()
        .any(|name| doc.field_at(spec.node, &[name]).is_some());
    says.then_some(spec.node)
}

/// The paths in a template that generators write: folders of charts, and values files (below such a folder, or of
/// the repository).
fn named_files(doc: &Doc<'_>, template: NodeId) -> Vec<String> {
    let mut sources = doc.items_at(template, &["sources"]);
    sources.extend(doc.field_at(template, &["source"]));
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
            // The files are in the order of their paths, so the first one that may be below it tells.
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

/// What a generator makes.
#[derive(Default)]
struct Generated {
    elements: Vec<GeneratorElement>,
    /// True if there may be more of which nothing is known.
    is_open: bool,
}

impl Generated {
    /// Nothing is known of it.
    fn unknown() -> Self {
        Self {
            elements: Vec::new(),
            is_open: true,
        }
    }
}

struct GeneratorReader<'a> {
    doc: &'a Doc<'a>,
    listing: &'a Listing<'a>,
    /// True with Go's templates, which name the parts of a path otherwise.
    go: bool,
}

impl GeneratorReader<'_> {
    /// The elements that one generator makes. Its texts may name what `outer` has: in a matrix the element of the
    /// first generator.
    fn made_by(
        &self,
        generator: NodeId,
        root: Option<&FilePath>,
        outer: &GeneratorElement,
    ) -> Generated {
        let doc = self.doc;
        let made = if let Some(list) = doc.field_at(generator, &["list"]) {
            self.by_list(list.node, outer)
        } else if let Some(git) = doc.field_at(generator, &["git"]) {
            let made = root.map_or_else(Vec::new, |root| self.by_git(git.node, root, outer));
            Generated {
                is_open: made.is_empty(),
                elements: made,
            }
        } else if let Some(matrix) = doc.field_at(generator, &["matrix"]) {
            self.by_matrix(matrix.node, root, outer)
        } else if let Some(merge) = doc.field_at(generator, &["merge"]) {
            self.by_merge(merge.node, root, outer)
        } else {
            self.by_cluster(generator, outer)
        };
        match doc.field_at(generator, &["selector"]) {
            Some(selector) => selector::selected(doc, selector.node, made),
            None => made,
        }
    }

    fn by_list(&self, list: NodeId, outer: &GeneratorElement) -> Generated {
        let doc = self.doc;
        let listed = doc.items_at(list, &["elements"]);
        let elements = listed.iter().map(|element| {
            let mut made = GeneratorElement::default();
            self.scalars(element.node, "", doc, &FieldPlace::Here, &mut made);
            made.fill_in(outer);
            made.label = first_field(doc, element.node);
            made
        });
        let mut made = Generated {
            is_open: listed.is_empty(),
            elements: elements.collect(),
        };
        let of_text = doc.field_at(list, &["elementsYaml"]);
        if let Some((field, text)) = of_text.and_then(|field| Some((field, doc.text(field.node)?)))
        {
            let more = match outer.list_in(&text) {
                Some(elements) => Some(elements),
                None => {
                    let filled = outer.fill(&text);
                    let place = (filled == text).then_some(field.node);
                    self.by_text(&filled, place)
                }
            };
            made.is_open = more.is_none();
            made.elements.extend(more.unwrap_or_default());
        }
        made
    }

    /// The elements in a text that is YAML; none if a template still writes it. `host` is the scalar that has it as it is.
    fn by_text(&self, text: &str, host: Option<NodeId>) -> Option<Vec<GeneratorElement>> {
        let tree = Tree::parse(text).ok()?;
        let [document] = tree.documents() else {
            return None;
        };
        let of = &Doc {
            view: View::new(&tree, document.root),
            document: 0,
            root: document.root,
        };
        if is_templated(text) || !of.is_list(of.root) {
            return None;
        }
        let place = |node| match host {
            Some(host) => FieldPlace::InText(host, node),
            None => FieldPlace::Nowhere,
        };
        let elements = of.view.items(of.root).map(|item| {
            let mut made = GeneratorElement::default();
            self.scalars(item, "", of, &place, &mut made);
            made.label = first_field(of, item);
            made
        });
        Some(elements.collect())
    }

    /// The element of a generator that asks a cluster or another server: what it adds to each is written here, and one
    /// element stands for all.
    fn by_cluster(&self, generator: NodeId, outer: &GeneratorElement) -> Generated {
        let doc = self.doc;
        let kinds = doc.view.entries(generator).unwrap_or_default().entries;
        let added = kinds
            .iter()
            .find_map(|kind| doc.field_at(kind.value, &["values"]));
        let Some(added) = added.filter(|added| doc.is_map(added.node)) else {
            return Generated::unknown();
        };
        let mut element = GeneratorElement::stand_in();
        self.scalars(added.node, "values.", doc, &FieldPlace::Here, &mut element);
        element.fill_in(outer);
        Generated {
            elements: vec![element],
            is_open: false,
        }
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
                None => {
                    for (at, item) in of.view.items(entry.value).enumerate() {
                        match of.text(item) {
                            Some(text) => element.set(format!("{name}.{at}"), text, place(item)),
                            None if of.is_map(item) => {
                                let above = format!("{name}.{at}.");
                                self.scalars(item, &above, of, place, element);
                            }
                            None => {}
                        }
                    }
                }
            }
        }
    }
}

/// The first field of an element of a list, for people.
fn first_field(doc: &Doc<'_>, element: NodeId) -> Option<String> {
    let entries = doc.view.entries(element).ok()?.entries;
    let mut texts = entries.iter().filter_map(|entry| {
        let text = doc.text(entry.value)?;
        Some(format!("{}: {text}", entry.name))
    });
    texts.next()
}
