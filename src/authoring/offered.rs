//! Options that a chart's `values.yaml` has as comments: `# nodePort: 32080`.
//!
//! Only the form can be told here: a key, at a depth that fits a map above it. Prose has that form as well
//! (`# Note: ...`), so whoever asks must have another reason to believe that it is an option: a template that
//! reads it. Items of lists are none, and neither is what stands below a value that is no map.

use std::collections::HashMap;

use crate::{
    values::{Path, View, place_of},
    yaml::{Kind, Tree},
};

/// An option that is commented out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offered {
    /// The key.
    pub path: Path,
    /// The key in front of it that is none.
    pub after: Option<Path>,
}

/// A line of the file, as far as it tells keys.
enum Line {
    Key {
        column: usize,
        path: Path,
        is_map: bool,
    },
    Comment {
        column: usize,
        text: String,
    },
}

/// The options of a file with the default values, in its order.
pub(super) fn offered_options(text: &str) -> Vec<Offered> {
    let Ok(tree) = Tree::parse(text.to_owned()) else {
        return Vec::new();
    };
    let Some(document) = tree.documents().first() else {
        return Vec::new();
    };
    let view = View::new(&tree, document.root);
    let mut lines: Vec<(usize, Line)> = Vec::new();
    for node in tree.nodes() {
        if !tree.is_key(node) || !tree.is_within(node, view.root()) {
            continue;
        }
        let Some(value) = tree.value_of(node) else {
            continue;
        };
        let path = place_of(&tree, value);
        let at = tree.position(tree.span(node).start);
        // Something can be put below a map with entries, and where nothing stands yet.
        let is_map = matches!(tree.kind(value), Kind::Mapping { .. }) && tree.len(value) > 0
            || tree.is_implicit_null(value);
        let column = at.column;
        lines.push((
            at.line,
            Line::Key {
                column,
                path,
                is_map,
            },
        ));
    }
    let source = tree.text();
    for comment in tree.comments() {
        let at = tree.position(comment.span.start);
        if !comment.own_line {
            continue;
        }
        let text = source[comment.span.clone()].trim_end().to_owned();
        let column = at.column;
        lines.push((at.line, Line::Comment { column, text }));
    }
    lines.sort_by_key(|(line, _)| *line);
    gather_options(lines.into_iter().map(|(_, line)| line))
}

/// The parent of a line: the column, and the path if something can be put there.
type Above = (usize, Option<Path>);

fn gather_options(lines: impl Iterator<Item = Line>) -> Vec<Offered> {
    let mut found: Vec<Offered> = Vec::new();
    let mut columns: HashMap<Path, (usize, bool)> = HashMap::new();
    let mut above: Vec<Above> = Vec::new();
    let mut after: Option<Path> = None;
    for line in lines {
        match line {
            Line::Key {
                column,
                path,
                is_map,
            } => {
                columns.insert(path.clone(), (column, is_map));
                above = (1..=path.depth())
                    .filter_map(|depth| {
                        let up = Path::new(path.segments()[..depth].to_vec());
                        let (column, is_map) = columns.get(&up)?;
                        Some((*column, is_map.then_some(up)))
                    })
                    .collect();
                after = Some(path);
            }
            Line::Comment { column, text } => {
                let rest = text.trim_start_matches('#');
                if text.len() - rest.len() > 1 {
                    continue;
                }
                let spaces = rest.len() - rest.trim_start().len();
                let column = column + spaces.saturating_sub(1);
                let word = rest.trim_start();
                if word.is_empty() || word.starts_with("--") {
                    continue;
                }
                above.retain(|(own, _)| *own < column);
                if word.starts_with("- ") {
                    above.push((column, None));
                    continue;
                }
                let Some(key) = leading_key(word) else {
                    continue;
                };
                let parent = match above.last() {
                    Some((_, Some(parent))) => parent.clone(),
                    Some((_, None)) => continue,
                    None => Path::root(),
                };
                let path = parent.key(key);
                above.push((column, Some(path.clone())));
                if !columns.contains_key(&path) && found.iter().all(|offered| offered.path != path)
                {
                    found.push(Offered {
                        path,
                        after: after.clone(),
                    });
                }
            }
        }
    }
    // A key may come later for real.
    found.retain(|offered| !columns.contains_key(&offered.path));
    found
}

/// The key that a line begins with, if it has the form of one.
fn leading_key(text: &str) -> Option<&str> {
    let (key, rest) = text.split_once(':')?;
    let form = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let fits = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(form)
        && (rest.is_empty() || rest.starts_with(' '));
    let prose = [
        "note", "ref", "see", "example", "default", "e", "i", "http", "https", "warning",
    ];
    (fits && !prose.contains(&key)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let found = offered_options(text);
        found
            .iter()
            .map(|offered| offered.path.to_string())
            .collect()
    }

    #[test]
    fn options_stand_where_their_depth_says() {
        let text = "\
service:
  type: ClusterIP
  # nodePort: 32080
  # annotations:
  #   a-b: c
  ## Note: two signs are prose
# replicas: 2
env: []
# - name: X
#   value: y
resources: {}
  # limits:
  #   cpu: 1
probes:
  # path: /
# See: that
# second.thing: 2
";
        assert_eq!(
            paths(text),
            [
                "service.nodePort",
                "service.annotations",
                "service.annotations.a-b",
                "replicas",
                "probes.path"
            ]
        );
    }

    #[test]
    fn what_is_there_is_not_offered() {
        assert_eq!(paths("# a: 1\na: 2\n# b: 1\n# b: 2\n"), ["b"]);
        assert_eq!(paths("a: 1\n# a: 2\n"), Vec::<String>::new());
    }
}
