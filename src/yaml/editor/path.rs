//! Paths to places in a document, for the [`Editor`](super::Editor).

use std::fmt;

use super::EditorError;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathStep {
    /// Into a map: the entry with this key, as it reads without its quotes.
    Key(String),
    /// Into a list: the item at this place, from 0.
    Index(usize),
}

/// A path to a place in a document: `image.tag`, `args[0]`, `hosts[0].paths`.
///
/// As text, keys are separated by dots and places in lists stand in brackets; a dot, a bracket or a
/// backslash that belongs to a key stands behind a backslash (`annotations.example\.com/name`). The empty
/// text is the root.
///
/// ```
/// use refit::yaml::NodePath;
///
/// let path: NodePath = r"nodeSelector.kubernetes\.io/os".parse()?;
/// assert_eq!(path, NodePath::root().key("nodeSelector").key("kubernetes.io/os"));
/// # Ok::<(), refit::yaml::EditorError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NodePath(Vec<PathStep>);

impl NodePath {
    /// The root of a document.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The entry with this key below.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.0.push(PathStep::Key(key.into()));
        self
    }

    /// The item at this place below.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(PathStep::Index(index));
        self
    }

    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[PathStep] {
        &self.0
    }

    /// The path above, and the last step; `None` for the root.
    pub(super) fn split(&self) -> Option<(Self, &PathStep)> {
        let (last, above) = self.0.split_last()?;
        Some((Self(above.to_vec()), last))
    }
}

impl fmt::Display for NodePath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Index(index) => write!(out, "[{index}]")?,
                PathStep::Key(key) => {
                    if n > 0 {
                        out.write_str(".")?;
                    }
                    for c in key.chars() {
                        if matches!(c, '.' | '[' | ']' | '\\') {
                            out.write_str("\\")?;
                        }
                        write!(out, "{c}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl std::str::FromStr for NodePath {
    type Err = EditorError;

    fn from_str(text: &str) -> Result<Self, EditorError> {
        let malformed = || EditorError::Path(text.to_owned());
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (index, behind) = inside.split_once(']').ok_or_else(malformed)?;
                steps.push(PathStep::Index(index.parse().map_err(|_| malformed())?));
                rest = behind;
                continue;
            }
            if !steps.is_empty() {
                rest = rest.strip_prefix('.').ok_or_else(malformed)?;
            }
            let mut key = String::new();
            let mut chars = rest.char_indices();
            let mut end = rest.len();
            while let Some((at, c)) = chars.next() {
                match c {
                    '\\' => key.push(chars.next().ok_or_else(malformed)?.1),
                    '.' | '[' => {
                        end = at;
                        break;
                    }
                    ']' => return Err(malformed()),
                    c => key.push(c),
                }
            }
            if key.is_empty() {
                return Err(malformed());
            }
            steps.push(PathStep::Key(key));
            rest = &rest[end..];
        }
        Ok(Self(steps))
    }
}

impl TryFrom<&str> for NodePath {
    type Error = EditorError;

    fn try_from(text: &str) -> Result<Self, EditorError> {
        text.parse()
    }
}

impl From<&NodePath> for NodePath {
    fn from(path: &NodePath) -> Self {
        path.clone()
    }
}
