//! How far a file may send refit: to files of the git repository that it is in, or, where there is none, to
//! those in and below the folder that was named. What a manifest names beyond that, by `..`, by an absolute
//! path or through a link, is neither looked at nor written: a stranger's pull request must not make a report
//! print the first line of a key that lies elsewhere on the machine.
//!
//! Whatever a person names on the command line has no such bound.

use std::path::{Component, Path, PathBuf};

/// The folder of the files that a file may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    root: PathBuf,
}

impl Bounds {
    /// The bounds of a file that was found in or below `folder`, or of a folder itself.
    #[must_use]
    pub fn of(file: &Path, folder: &Path) -> Self {
        let folder = resolve_links(folder);
        let file = resolve_links(file);
        let above = file.ancestors().find(|above| above.join(".git").exists());
        Self {
            root: above.map_or(folder, Path::to_owned),
        }
    }

    /// The folder in and below which everything is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// True for a path within, read as it is written and by where its links lead. A path that does not exist is judged
    /// by its name and by the folders above it that exist.
    #[must_use]
    pub fn contain(&self, path: &Path) -> bool {
        let here = std::env::current_dir().unwrap_or_default();
        let written = lexical(&here.join(path));
        // The folder that was named may itself have been reached through a link.
        resolve_links(&written).starts_with(&self.root)
    }
}

/// The target of a path, as far as it exists; the rest is left as it is written.
fn resolve_links(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let path = lexical(&here.join(path));
    for above in path.ancestors() {
        if let Ok(real) = above.canonicalize() {
            let below = path.strip_prefix(above).unwrap_or(Path::new(""));
            return match below.as_os_str().is_empty() {
                true => real,
                false => lexical(&real.join(below)),
            };
        }
    }
    path
}

/// A path without `.` and, as far as possible, without `..`; links are not followed.
#[must_use]
pub fn lexical(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => out.push(".."),
            },
            other => out.push(other),
        }
    }
    out
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_above_or_behind_a_link_is_not_within() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("repo/.git")).unwrap();
        fs::create_dir_all(at("repo/a/b")).unwrap();
        fs::create_dir_all(at("out")).unwrap();
        fs::write(at("repo/a/b/app.yaml"), "").unwrap();
        fs::write(at("out/values.yaml"), "").unwrap();
        std::os::unix::fs::symlink("../../out", at("repo/a/link")).unwrap();
        std::os::unix::fs::symlink("b", at("repo/a/inner")).unwrap();
        let bounds = Bounds::of(&at("repo/a/b/app.yaml"), &at("repo/a/b"));
        for (path, within) in [
            ("repo/a/values.yaml", true),
            ("repo/a/inner/app.yaml", true),
            ("repo/a/missing/values.yaml", true),
            ("repo/../out/values.yaml", false),
            ("repo/a/link/values.yaml", false),
            ("repo/a/link/missing.yaml", false),
            ("repo2/values.yaml", false),
        ] {
            assert_eq!(bounds.contain(&at(path)), within, "{path}");
        }
        let alone = Bounds::of(&at("out/values.yaml"), &at("out"));
        assert!(alone.contain(&at("out/x/values.yaml")));
        assert!(!alone.contain(&at("repo/a/values.yaml")));
    }
}
