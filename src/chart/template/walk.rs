//! Goes through templates and notes which values they look at.
//!
//! Nothing is run: both branches of an `if` are gone through, every entry of a `range` is one that stands for all,
//! and an `include` is gone through with what its argument can be. A place is *looked at* where only its presence or
//! truth can count, and *taken* where all that is below it can come through (printed, dumped, handed to a function
//! that is not known). What is not understood counts as taken.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    Operand, Pipeline, TemplateNode,
    functions::call_function,
    meaning::{MOST_PLACES, Meaning},
};
use crate::values::{Path, Segment};

/// Most nodes that are gone through for one chart; the largest public charts need a tenth of it.
const MOST_WORK: usize = 3_000_000;
/// The depth to which lists of nodes may stand in each other while they are gone through.
const MAX_LEVEL: usize = 120;
/// The depth to which places are told apart.
const MAX_PLACE: usize = 9;
/// The depth to which includes are followed.
const MAX_INCLUDES: usize = 40;

/// The values that templates were seen to read.
#[derive(Debug, Clone, Default)]
pub struct ValuesRead {
    /// Places that are looked at.
    pub looked: BTreeSet<Path>,
    /// Places that are taken with all that is below.
    pub taken: BTreeSet<Path>,
    /// True if values are rendered as templates.
    pub renders_values: bool,
}

/// A walk through the templates of a chart and of those that it bundles.
#[derive(Debug, Default)]
pub struct TemplateWalk<'t> {
    /// The named templates.
    pub named: HashMap<&'t str, Vec<&'t [TemplateNode]>>,
    /// The values seen so far.
    pub seen: ValuesRead,
    /// The templates that were gone through already, with their contexts.
    done: HashSet<(String, Meaning)>,
    /// The meanings that templates put into values and contexts, by the path that is set.
    pub(super) set: BTreeMap<(bool, Path), Meaning>,
    work: usize,
    /// The present depth.
    level: usize,
}

/// The variables that can be seen at a point.
pub(super) type Variables = Vec<(String, Meaning)>;

impl<'t> TemplateWalk<'t> {
    /// Takes in the named templates of a tree.
    pub fn define_templates(&mut self, nodes: &'t [TemplateNode]) {
        for node in nodes {
            match node {
                TemplateNode::Define { name, body } => {
                    // Of several definitions of a name Helm uses one; all of them are gone through, to be
                    // safe.
                    self.named.entry(name).or_default().push(body);
                    self.define_templates(body);
                }
                TemplateNode::Branch {
                    then, otherwise, ..
                } => {
                    self.define_templates(then);
                    self.define_templates(otherwise);
                }
                TemplateNode::Range {
                    each, otherwise, ..
                } => {
                    self.define_templates(each);
                    self.define_templates(otherwise);
                }
                TemplateNode::Action(_) | TemplateNode::Template { .. } => {}
            }
        }
    }

    /// The size of the meanings that templates have put into values so far.
    #[must_use]
    pub fn size_of_meanings(&self) -> usize {
        self.set.values().map(|meaning| 1 + meaning.size()).sum()
    }

    /// Forgets what was gone through, to go through it again with what is known now.
    pub fn start_again(&mut self) {
        self.done.clear();
    }

    /// Goes through a template whose chart has its values at a place.
    pub fn walk_template(&mut self, nodes: &'t [TemplateNode], values: &Path) {
        self.with_dot(nodes, Meaning::context(values.clone()), 0);
    }

    fn with_dot(&mut self, nodes: &'t [TemplateNode], dot: Meaning, depth: usize) {
        let mut variables = vec![("$".to_owned(), dot.clone())];
        self.walk_nodes(nodes, &dot, &mut variables, depth);
    }

    fn walk_nodes(
        &mut self,
        nodes: &'t [TemplateNode],
        dot: &Meaning,
        variables: &mut Variables,
        depth: usize,
    ) {
        self.level += 1;
        for node in nodes {
            self.work += 1;
            if self.work > MOST_WORK || self.level > MAX_LEVEL {
                // Given up: anything may be looked at.
                self.seen.taken.insert(Path::root());
                break;
            }
            self.walk_node(node, dot, variables, depth);
        }
        self.level -= 1;
    }

    /// A part with variables of its own, which are gone behind it.
    fn walk_scoped(
        &mut self,
        nodes: &'t [TemplateNode],
        dot: &Meaning,
        variables: &mut Variables,
        depth: usize,
    ) {
        let before = variables.len();
        self.walk_nodes(nodes, dot, variables, depth);
        variables.truncate(before);
    }

    fn walk_node(
        &mut self,
        node: &'t TemplateNode,
        dot: &Meaning,
        variables: &mut Variables,
        depth: usize,
    ) {
        match node {
            TemplateNode::Define { .. } => {}
            TemplateNode::Action(pipeline) => {
                let meaning = self.pipeline_meaning(pipeline, dot, variables, depth);
                match pipeline.variables.as_slice() {
                    [] => self.note_taken(&meaning),
                    names => bind_variables(names, &meaning, &Meaning::empty(), variables),
                }
            }
            TemplateNode::Branch {
                binds,
                of,
                then,
                otherwise,
            } => {
                let before = variables.len();
                let meaning = self.pipeline_meaning(of, dot, variables, depth);
                self.note_looked_at(&meaning);
                bind_variables(&of.variables, &meaning, &Meaning::empty(), variables);
                let inner = if *binds { &meaning } else { dot };
                self.walk_scoped(then, inner, variables, depth);
                self.walk_scoped(otherwise, dot, variables, depth);
                variables.truncate(before);
            }
            TemplateNode::Range {
                of,
                each,
                otherwise,
            } => {
                let before = variables.len();
                let meaning = self.pipeline_meaning(of, dot, variables, depth);
                self.note_looked_at(&meaning);
                let item = self.field_meaning(&meaning, None);
                self.note_looked_at(&item);
                bind_variables(&of.variables, &item, &Meaning::empty(), variables);
                let bound = variables.len();
                // Twice: a variable that is set in one round is looked at in the next.
                for _ in 0..2 {
                    self.walk_scoped(each, &item, variables, depth);
                    variables.truncate(bound);
                }
                self.walk_scoped(otherwise, dot, variables, depth);
                variables.truncate(before);
            }
            TemplateNode::Template { name, with } => {
                let with = with
                    .as_ref()
                    .map(|with| self.pipeline_meaning(with, dot, variables, depth));
                self.include_template(name, with.unwrap_or_default(), depth);
            }
        }
    }

    /// Goes through a named template.
    pub(super) fn include_template(&mut self, name: &str, dot: Meaning, depth: usize) {
        let bodies = self.named.get(name).cloned().unwrap_or_default();
        if bodies.is_empty() {
            // It stands in a library that is not here, and may do anything.
            self.note_taken(&dot);
            return;
        }
        if depth >= MAX_INCLUDES || self.work > MOST_WORK {
            return self.note_taken(&dot);
        }
        // The same context reads the same, and helpers that call each other would multiply.
        if !self.done.insert((name.to_owned(), dot.clone())) {
            return;
        }
        for body in bodies {
            self.with_dot(body, dot.clone(), depth + 1);
        }
    }

    /// Goes through every named template whose name can be one that is worked out: it holds these texts in this
    /// order.
    pub(super) fn include_like(&mut self, parts: &[String], dot: &Meaning, depth: usize) {
        let fits = |name: &str| {
            let mut rest = name;
            parts.iter().all(|part| match rest.find(part.as_str()) {
                Some(at) => {
                    rest = &rest[at + part.len()..];
                    true
                }
                None => false,
            })
        };
        let mut names: Vec<&str> = self
            .named
            .keys()
            .copied()
            .filter(|name| fits(name))
            .collect();
        // The order decides what is still gone through when the bound on work is met.
        names.sort_unstable();
        if names.is_empty() {
            self.note_taken(dot);
        }
        for name in names {
            self.include_template(name, dot.clone(), depth);
        }
    }

    /// A text that is rendered as a template.
    pub(super) fn render_text(&mut self, text: &Meaning, with: &Meaning) {
        self.note_taken(text);
        let mut places = BTreeSet::new();
        let mut contexts = BTreeSet::new();
        with.all_places(&mut places, &mut contexts);
        if !contexts.is_empty() || !places.is_empty() {
            self.seen.renders_values = true;
        }
    }

    pub(super) fn pipeline_meaning(
        &mut self,
        pipeline: &'t Pipeline,
        dot: &Meaning,
        variables: &mut Variables,
        depth: usize,
    ) -> Meaning {
        let mut last: Option<Meaning> = None;
        for command in &pipeline.commands {
            self.work += 1;
            let Some((first, rest)) = command.split_first() else {
                continue;
            };
            let piped = last.take();
            last = Some(match first {
                Operand::Function(name) => {
                    let mut args: Vec<Meaning> = rest
                        .iter()
                        .map(|operand| self.operand_meaning(operand, dot, variables, depth))
                        .collect();
                    // Go hands the result on as the last argument.
                    args.extend(piped);
                    let target = match rest.first() {
                        Some(Operand::Variable(name, fields)) if fields.is_empty() => {
                            Some(name.as_str())
                        }
                        _ => None,
                    };
                    self.work += args.iter().map(Meaning::size).sum::<usize>();
                    bound_places(call_function(self, name, args, target, variables, depth))
                }
                first => {
                    let value = self.operand_meaning(first, dot, variables, depth);
                    // A value that is called as a function, as `.Files.Get`: what it is given is taken.
                    for operand in rest {
                        let meaning = self.operand_meaning(operand, dot, variables, depth);
                        self.note_taken(&meaning);
                    }
                    if let Some(piped) = piped {
                        self.note_taken(&piped);
                    }
                    value
                }
            });
        }
        let last = last.unwrap_or_default();
        match last.size() > MOST_PLACES * 4 || last.depth() > 12 {
            true => {
                self.note_taken(&last);
                Meaning::empty()
            }
            false => last,
        }
    }

    fn operand_meaning(
        &mut self,
        operand: &'t Operand,
        dot: &Meaning,
        variables: &mut Variables,
        depth: usize,
    ) -> Meaning {
        match operand {
            Operand::Dot(fields) => self.look_at_fields(dot.clone(), fields),
            Operand::Variable(name, fields) => {
                let bound = variables.iter().rev().find(|(known, _)| known == name);
                let bound = bound
                    .map(|(_, meaning)| meaning.clone())
                    .unwrap_or_default();
                self.look_at_fields(bound, fields)
            }
            Operand::Group(pipeline, fields) => {
                let meaning = self.pipeline_meaning(pipeline, dot, variables, depth);
                self.look_at_fields(meaning, fields)
            }
            // A function without arguments.
            Operand::Function(name) => {
                call_function(self, name, Vec::new(), None, variables, depth)
            }
            Operand::Text(text) => Meaning::text(text),
            Operand::Number(number) => Meaning::text(number),
            Operand::Constant => Meaning::empty(),
        }
    }

    fn look_at_fields(&mut self, mut meaning: Meaning, fields: &[String]) -> Meaning {
        // The method of Helm's values that gives them as an ordinary map is no key.
        for field in fields.iter().filter(|field| *field != "AsMap") {
            meaning = self.field_meaning(&meaning, Some(field));
        }
        meaning
    }

    /// The meaning of a key, with the meanings that templates have put there.
    pub(super) fn field_meaning(&mut self, of: &Meaning, key: Option<&str>) -> Meaning {
        let mut found = of.field_meaning(key);
        self.work += 1 + found.size();
        if !self.set.is_empty() {
            let end = |path: &Path| match key {
                Some(key) => path.key(key),
                None => path.join(Segment::AnyKey),
            };
            let any = |path: &Path| path.join(Segment::AnyKey);
            let places = of
                .places
                .iter()
                .flat_map(|path| [(false, end(path)), (false, any(path))]);
            let contexts = of
                .contexts
                .iter()
                .flat_map(|path| [(true, end(path)), (true, any(path))]);
            for at in places.chain(contexts).collect::<BTreeSet<_>>() {
                if let Some(set) = self.set.get(&at) {
                    found.add_meaning(set.clone());
                }
            }
        }
        bound_places(found)
    }

    /// Notes that places are looked at.
    pub(super) fn note_looked_at(&mut self, meaning: &Meaning) {
        self.seen.looked.extend(meaning.places.iter().cloned());
    }

    /// Notes that places are taken with all that is below.
    pub(super) fn note_taken(&mut self, meaning: &Meaning) {
        let mut contexts = BTreeSet::new();
        let mut places = BTreeSet::new();
        meaning.all_places(&mut places, &mut contexts);
        self.seen.taken.extend(places);
        // Everything of a chart, handed to something that is not known.
        self.seen.taken.extend(contexts);
    }
}

/// A meaning without the places that are too many: the least specific, which contain the others, stay.
fn bound_places(mut meaning: Meaning) -> Meaning {
    if meaning.places.iter().any(|place| place.depth() > MAX_PLACE) {
        // A template that goes through values of any depth: it comes to the same place again and again.
        let cut =
            |place: &Path| Path::new(place.segments()[..place.depth().min(MAX_PLACE)].to_vec());
        meaning.places = meaning.places.iter().map(cut).collect();
    }
    if meaning.places.len() > MOST_PLACES {
        let parents: BTreeSet<Path> = meaning.places.iter().filter_map(Path::parent).collect();
        meaning.places = parents;
        return bound_places(meaning);
    }
    meaning
}

/// Binds the variables of a pipeline: of two the first is a key or position.
fn bind_variables(names: &[String], meaning: &Meaning, key: &Meaning, variables: &mut Variables) {
    let values: Vec<&Meaning> = match names {
        [_, _] => vec![key, meaning],
        _ => vec![meaning; names.len()],
    };
    for (name, value) in names.iter().zip(values) {
        // One that is set again is either of the two.
        if let Some((_, known)) = variables.iter_mut().rev().find(|(known, _)| known == name) {
            known.add_meaning(value.clone());
        }
        variables.push((name.clone(), value.clone()));
    }
}
