//! The files of a pack, wherever they are: in the program, on the disk, or made in this run.
//!
//! Of files on the disk, which may come from a stranger, size, depth and entanglement are bounded before they
//! are read as anything.

use std::{borrow::Cow, collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use semver::Version;
use serde::de::DeserializeOwned;

use super::{
    built_in::{BuiltInFiles, Identity},
    error::PackError,
    model::{KeysFile, MigrationFile, PackFile},
    supplied::{self, PackOrigin},
};
use crate::yaml::{Kind, Tree};

/// The files of a pack that was made in this run, by name.
pub type Texts = BTreeMap<String, String>;

/// The largest file of a pack, in bytes.
const MAX_FILE: usize = 1 << 20;
/// The most versions that a pack may name.
const MAX_VERSIONS: usize = 5_000;
/// The most keys that a pack may have.
const MAX_KEYS: usize = 20_000;
/// The most files that may lie in a pack's folder.
const MAX_FILES: usize = 4_000;
/// The folder beside `pack.yaml` in which packs of sub-charts are.
pub(super) const SUB_CHARTS: &str = "charts";
/// The deepest nesting of a pack's file.
pub(super) const MAX_DEPTH: usize = 64;

/// Where the files of a pack are.
#[derive(Debug, Clone)]
pub(super) enum PackSource {
    /// In the program.
    BuiltIn(BuiltInFiles),
    /// On the disk.
    Folder(PathBuf),
    /// Made in this run.
    Texts(Texts),
    /// Gathered from a chart or from where `refit.yaml` says: a stranger's.
    Supplied {
        /// All files, those of the packs in it included.
        texts: Arc<Texts>,
        /// The beginning of the paths of this pack's own files.
        below: String,
        /// Who supplied it.
        origin: PackOrigin,
    },
}

impl PackSource {
    /// The names of what lies in the folder, in no order; of a built-in pack its files.
    pub(super) fn file_names(&self) -> Result<Vec<String>, PackError> {
        match self {
            Self::BuiltIn(files) => Ok(files.names()),
            Self::Folder(folder) => {
                let failed = |source| PackError::Read {
                    file: folder.display().to_string(),
                    source,
                };
                let mut names = Vec::new();
                for entry in fs::read_dir(folder).map_err(failed)? {
                    if names.len() == MAX_FILES {
                        return Err(PackError::Bounds {
                            file: folder.display().to_string(),
                            message: format!("more than {MAX_FILES} files lie in it"),
                        });
                    }
                    let name = entry.map_err(failed)?.file_name();
                    names.push(name.to_string_lossy().into_owned());
                }
                Ok(names)
            }
            Self::Texts(texts) => Ok(texts.keys().cloned().collect()),
            Self::Supplied { texts, below, .. } => {
                let names = supplied::names_below(texts, below);
                match names.len() > MAX_FILES {
                    true => Err(PackError::Bounds {
                        file: "pack.yaml".to_owned(),
                        message: format!("more than {MAX_FILES} files lie beside it"),
                    }),
                    false => Ok(names),
                }
            }
        }
    }

    /// Who supplied it.
    pub(super) fn origin(&self) -> PackOrigin {
        match self {
            Self::BuiltIn(_) => PackOrigin::BuiltIn,
            Self::Folder(folder) => PackOrigin::Option {
                place: folder.display().to_string(),
            },
            Self::Texts(_) => PackOrigin::Draft,
            Self::Supplied { origin, .. } => origin.clone(),
        }
    }

    /// The text of a file.
    pub(super) fn read_file(&self, name: &str) -> Result<String, PackError> {
        match self {
            Self::BuiltIn(files) => {
                let text = files.text(name).map(Cow::into_owned);
                text.ok_or_else(|| PackError::Read {
                    file: name.to_owned(),
                    source: std::io::ErrorKind::NotFound.into(),
                })
            }
            Self::Folder(folder) => {
                let file = folder.join(name);
                let failed = |source| PackError::Read {
                    file: file.display().to_string(),
                    source,
                };
                // Before it is read: whatever lies there may be of any size.
                let size = fs::metadata(&file).map_err(failed)?.len();
                if size > MAX_FILE as u64 {
                    return Err(PackError::Bounds {
                        file: file.display().to_string(),
                        message: format!("it is larger than {MAX_FILE} bytes"),
                    });
                }
                fs::read_to_string(&file).map_err(failed)
            }
            Self::Texts(texts) => texts.get(name).cloned().ok_or_else(|| PackError::Read {
                file: name.to_owned(),
                source: std::io::ErrorKind::NotFound.into(),
            }),
            Self::Supplied { texts, below, .. } => {
                let text = texts.get(&format!("{below}{name}"));
                let text = text.ok_or_else(|| PackError::Read {
                    file: name.to_owned(),
                    source: std::io::ErrorKind::NotFound.into(),
                })?;
                match text.len() > MAX_FILE {
                    true => Err(PackError::Bounds {
                        file: name.to_owned(),
                        message: format!("it is larger than {MAX_FILE} bytes"),
                    }),
                    false => Ok(text.clone()),
                }
            }
        }
    }

    /// The identity of the chart, of a pack in the program.
    pub(super) fn identity(&self) -> Option<Identity> {
        match self {
            Self::BuiltIn(files) => Some(files.identity()),
            Self::Folder(_) | Self::Texts(_) | Self::Supplied { .. } => None,
        }
    }

    /// `pack.yaml`.
    pub(super) fn read_info(&self) -> Result<PackFile, PackError> {
        let info: PackFile = self.parse("pack.yaml")?;
        let format = |message| PackError::Format {
            file: "pack.yaml".to_owned(),
            message,
        };
        if info.pack != 1 {
            return Err(format(format!(
                "pack format {} is not known to this version of refit, which knows format 1",
                info.pack
            )));
        }
        if info.versions.len() > MAX_VERSIONS {
            return Err(PackError::Bounds {
                file: "pack.yaml".to_owned(),
                message: format!("it names more than {MAX_VERSIONS} versions"),
            });
        }
        if info.versions.is_empty() {
            return Err(format("it names no version of the chart".to_owned()));
        }
        Ok(info)
    }

    /// The keys as they are written.
    pub(super) fn read_keys(&self) -> Result<KeysFile, PackError> {
        let keys: KeysFile = self.parse("keys.yaml")?;
        if keys.len() > MAX_KEYS {
            return Err(PackError::Bounds {
                file: "keys.yaml".to_owned(),
                message: format!("it has more than {MAX_KEYS} keys"),
            });
        }
        Ok(keys)
    }

    /// A migration as it is written.
    pub(super) fn read_migration(&self, version: &Version) -> Result<MigrationFile, PackError> {
        let name = format!("{version}.yaml");
        let file: MigrationFile = self.parse(&name)?;
        if file.version != *version {
            let message = format!("it says that it is for version {}", file.version);
            return Err(PackError::Format {
                file: name,
                message,
            });
        }
        Ok(file)
    }

    /// The place of the files of a pack that this one names: in `charts/` of its folder, or else built in.
    pub(super) fn of_sub_chart(&self, name: &str) -> Option<Self> {
        // The name becomes a path: no `..` or `/` may lead out of the folder.
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            return None;
        }
        if let Self::Folder(folder) = self {
            let own = folder.join(SUB_CHARTS).join(name);
            if own.join("pack.yaml").is_file() {
                return Some(Self::Folder(own));
            }
        }
        if let Self::Supplied {
            texts,
            below,
            origin,
        } = self
        {
            let below = format!("{below}{SUB_CHARTS}/{name}/");
            if texts.contains_key(&format!("{below}pack.yaml")) {
                return Some(Self::Supplied {
                    texts: Arc::clone(texts),
                    below,
                    origin: origin.clone(),
                });
            }
        }
        BuiltInFiles::find(name).map(Self::BuiltIn)
    }

    pub(super) fn parse<T: DeserializeOwned>(&self, name: &str) -> Result<T, PackError> {
        let format = |message| PackError::Format {
            file: name.to_owned(),
            message,
        };
        if let Self::BuiltIn(files) = self
            && let Some(json) = files.text(name)
        {
            return serde_json::from_str(&json).map_err(|e| format(e.to_string()));
        }
        let text = self.read_file(name)?;
        // What refit made itself, in this run or when it was built, needs no bounds.
        if let Self::Folder(_) | Self::Supplied { .. } = self {
            check_bounds(&text).map_err(|message| PackError::Bounds {
                file: name.to_owned(),
                message,
            })?;
        }
        serde_yaml::from_str(&text).map_err(|e| format(e.to_string()))
    }
}

/// True if a character has no place in a pack: what a terminal obeys, or what shows a text in another order than it
/// has.
fn is_hidden(c: char) -> bool {
    c.is_control() && !['\n', '\t'].contains(&c)
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Refuses what would keep the typed reader busy, which does not bound the cost of nesting and aliases itself, and
/// texts that would not show what they are.
fn check_bounds(text: &str) -> Result<(), String> {
    let tree = Tree::parse(text).map_err(|e| e.to_string())?;
    if let Some(alias) = tree.aliases().next() {
        let line = tree.position(tree.span(alias).start).line;
        return Err(format!(
            "line {line}: it uses an alias, which packs do not need"
        ));
    }
    let scalars = tree
        .nodes()
        .filter(|node| matches!(tree.kind(*node), Kind::Scalar(_)));
    for node in scalars {
        if let Some(hidden) = tree.scalar(node).chars().find(|c| is_hidden(*c)) {
            let line = tree.position(tree.span(node).start).line;
            return Err(format!(
                "line {line}: a text holds the character U+{:04X}, which packs do not have",
                u32::from(hidden)
            ));
        }
    }
    let depth = |mut node| {
        let mut depth = 0;
        while let Some(parent) = tree.parent(node) {
            depth += 1;
            node = parent;
        }
        depth
    };
    match tree.nodes().find(|node| depth(*node) > MAX_DEPTH) {
        Some(node) => {
            let line = tree.position(tree.span(node).start).line;
            Err(format!(
                "line {line}: it nests deeper than {MAX_DEPTH} levels"
            ))
        }
        None => Ok(()),
    }
}
