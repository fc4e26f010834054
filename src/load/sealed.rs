//! Layers that cannot be read: encrypted files among the readable layers of a release, and objects of the
//! cluster that are not in these files.
//!
//! Their values count, but not everybody can see them. What may be visible are their
//! keys; if no step has to do with any of these, the rest of the release can be upgraded. Where values are
//! needed to see what a chart makes of them, made-up ones of the same types stand in. Such a file is never
//! written: a ciphertext that is moved from outside can never be decrypted again.

use std::path::{Path as FilePath, PathBuf};

use crate::{
    digest,
    load::LoadError,
    values::{Map, Number, Path, Value, coalesce::GLOBAL, leaves, merge::hand_down, view::View},
    yaml::Tree,
};

/// A layer that cannot be read.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// Its name in messages.
    pub name: String,
    /// The path on disk, if it was read there.
    pub path: Option<PathBuf>,
    /// The known part of its values, with a made-up one in place of each that is encrypted; `None` if not even the keys
    /// are visible.
    pub values: Option<Map>,
    /// The settings whose values are made up.
    pub made_up: Vec<Path>,
    /// The path to which Flux puts its one value, as it is written, if that is all that it sets.
    pub target: Option<String>,
    /// The number of readable layers of the release that Helm reads before it.
    pub below: usize,
    /// Why it cannot be used by itself.
    pub error: Box<LoadError>,
}

impl Sealed {
    /// The knowledge of a file that cannot be used; nothing if it is not encrypted.
    pub(super) fn of(path: &FilePath, error: Box<LoadError>) -> Option<Self> {
        let sealed = |values, made_up| Self {
            name: path.display().to_string(),
            path: Some(path.to_owned()),
            values,
            made_up,
            target: None,
            below: 0,
            error,
        };
        let bytes = std::fs::read(path).ok()?;
        // Every file that git-crypt has encrypted begins so.
        if bytes.starts_with(b"\0GITCRYPT\0") {
            return Some(sealed(None, Vec::new()));
        }
        let tree = Tree::parse_bytes(&bytes).ok()?;
        let [document] = tree.documents() else {
            return None;
        };
        let view = View::new(&tree, document.root);
        let sops = view.get(document.root, "sops").ok()??;
        // A chart may have a setting called `sops`; the `mac` in it is written by SOPS alone.
        view.get(sops.value, "mac").ok()??;
        let mut values = view.values().ok()?;
        // It is gone when SOPS has decrypted the file: Helm never sees it.
        values.shift_remove("sops");
        let mut made_up = Vec::new();
        for (key, value) in &mut values {
            make_up(&Path::root().key(key), value, &mut made_up);
        }
        Some(sealed(Some(values), made_up))
    }

    /// The same layer, of which only the values below a path count, and below a path the `global` of the root, which
    /// Helm hands down; nothing if it has none of them.
    pub(super) fn narrowed_to(mut self, prefix: &Path) -> Option<Self> {
        let Some(values) = self.values.take() else {
            return Some(self);
        };
        let global = match values.get(GLOBAL) {
            Some(Value::Map(global)) if !prefix.is_root() => Some(global.clone()),
            _ => None,
        };
        let mut below = match prefix.get(&Value::Map(values)) {
            Some(Value::Map(values)) => values.clone(),
            _ if global.is_some() => Map::new(),
            _ => return None,
        };
        let is_global = global.is_some();
        if let Some(global) = global {
            hand_down(&mut below, &global);
        }
        self.values = Some(below);
        let global = Path::root().key(GLOBAL);
        let below = |path: &Path| match path.strip_prefix(&global) {
            Some(_) if is_global => Some(path.clone()),
            _ => path.strip_prefix(prefix),
        };
        self.made_up = self.made_up.iter().filter_map(below).collect();
        Some(self)
    }

    /// The settings that it is known to hold; `None` if not even the keys are visible.
    #[must_use]
    pub fn keys(&self) -> Option<Vec<Path>> {
        let found = leaves(self.values.as_ref()?).into_iter();
        Some(found.map(|(path, _)| path).collect())
    }
}

/// Stands for a number that cannot be seen: one that no chart has by itself.
const SOME_NUMBER: i64 = 4711;

/// A text for a setting whose value cannot be seen. No two settings have the same one, and none says what
/// a chart's own values say.
pub(super) fn invented_text(at: &Path) -> String {
    let at = at.to_string();
    let digest = digest::of_text(&at);
    let plain = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_lowercase(),
        false => '-',
    };
    let name: String = at.chars().map(plain).collect();
    format!("made-up-{name}-{}", &digest[digest.len() - 4..])
}

/// Puts a made-up value of the same type in place of each that SOPS has encrypted. Its notation names the
/// type: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:int]` (`stores` of getsops/sops).
fn make_up(at: &Path, value: &mut Value, done: &mut Vec<Path>) {
    match value {
        Value::Map(map) => {
            for (key, value) in map {
                make_up(&at.key(key), value, done);
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                make_up(&at.index(index), item, done);
            }
        }
        Value::String(text) if text.starts_with("ENC[") => {
            done.push(at.clone());
            let kind = text.trim_end_matches(']').rsplit_once("type:");
            *value = match kind.map(|(_, kind)| kind) {
                Some("int" | "float") => Value::Number(Number::from(SOME_NUMBER)),
                Some("bool") => Value::Bool(true),
                _ => Value::from(invented_text(at)),
            };
        }
        _ => {}
    }
}
