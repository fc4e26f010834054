//! The files of a pack in a folder on the disk: those that a pack has, as they are, and nothing behind a link.

use std::{collections::BTreeMap, fs, io::Read as _, path::Path};

use super::SupplyError;
use crate::pack::{Texts, supplied};

/// The most files that a pack may have, those of the packs in it included.
const MAX_FILES: usize = 4_000;
/// The most bytes that its files may have together.
const MAX_BYTES: u64 = 32 << 20;
/// The depth that its folders may have: those of packs in it (`charts/NAME`), a few times.
const MAX_DEPTH: usize = 8;

/// The files and bytes that may still be gathered.
#[derive(Debug)]
pub(super) struct Allowance {
    files: usize,
    bytes: u64,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            files: MAX_FILES,
            bytes: MAX_BYTES,
        }
    }
}

impl Allowance {
    /// Takes the room of a file.
    pub(super) fn take(&mut self, size: u64) -> Result<(), String> {
        if self.files == 0 || size > self.bytes {
            return Err(format!(
                "a pack has at most {MAX_FILES} files and {} MiB",
                MAX_BYTES >> 20
            ));
        }
        self.files -= 1;
        self.bytes -= size;
        Ok(())
    }
}

/// The files of the pack in a folder, by their path in it.
///
/// # Errors
///
/// If there is no pack, a file of it is a link or something else, is no text, or there is more than packs may have.
pub fn in_folder(folder: &Path) -> Result<Texts, SupplyError> {
    let mut files = BTreeMap::new();
    let mut room = Allowance::default();
    let meta = fs::symlink_metadata(folder);
    if meta.is_ok_and(|meta| meta.is_symlink()) {
        return Err(refused(
            folder,
            "it is a link, which is not followed".to_owned(),
        ));
    }
    gather(folder, folder, &mut files, &mut room)?;
    as_texts(&folder.display().to_string(), files)
}

/// The files as those of a pack.
pub(super) fn as_texts(
    place: &str,
    files: BTreeMap<String, Vec<u8>>,
) -> Result<Texts, SupplyError> {
    if !files.contains_key("pack.yaml") {
        return Err(SupplyError::NoPack(place.to_owned()));
    }
    supplied::decode_texts(files).map_err(|name| SupplyError::Refused {
        place: place.to_owned(),
        what: format!("{name} is no text in UTF-8"),
    })
}

fn refused(folder: &Path, what: String) -> SupplyError {
    SupplyError::Refused {
        place: folder.display().to_string(),
        what,
    }
}

fn gather(
    root: &Path,
    folder: &Path,
    files: &mut BTreeMap<String, Vec<u8>>,
    room: &mut Allowance,
) -> Result<(), SupplyError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| SupplyError::Io { path, source }
    };
    for entry in fs::read_dir(folder).map_err(io(folder))? {
        let entry = entry.map_err(io(folder))?;
        let path = entry.path();
        let below = path.strip_prefix(root).unwrap_or(&path);
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        let name = parts.join("/");
        let kind = entry.file_type().map_err(io(&path))?;
        if kind.is_dir() {
            // Below it stands a pack for another chart, or something that is no part of this one.
            let is_pack = supplied::is_pack_file(&format!("{name}/x/pack.yaml"))
                || supplied::is_pack_file(&format!("{name}/pack.yaml"));
            if is_pack && parts.len() <= MAX_DEPTH {
                gather(root, &path, files, room)?;
            }
            continue;
        }
        if !supplied::is_pack_file(&name) {
            continue;
        }
        if !kind.is_file() {
            return Err(refused(
                root,
                format!("{name} is a link, which is not followed"),
            ));
        }
        let file = fs::File::open(&path).map_err(io(&path))?;
        let size = file.metadata().map_err(io(&path))?.len();
        room.take(size).map_err(|what| refused(root, what))?;
        let mut bytes = Vec::new();
        // It may have grown since.
        file.take(size).read_to_end(&mut bytes).map_err(io(&path))?;
        files.insert(name, bytes);
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nothing_behind_a_link_and_nothing_of_others_is_gathered() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("pack/charts/db/cases")).unwrap();
        fs::create_dir_all(at("pack/cases")).unwrap();
        for name in [
            "secret.yaml",
            "pack/pack.yaml",
            "pack/1.0.0.yaml",
            "pack/notes.txt",
            "pack/cases/keys.yaml",
            "pack/charts/db/pack.yaml",
            "pack/charts/db/cases/pack.yaml",
        ] {
            fs::write(at(name), name).unwrap();
        }
        symlink(at("secret.yaml"), at("pack/notes.yaml")).unwrap();
        let texts = in_folder(&at("pack")).unwrap();
        let names: Vec<&String> = texts.keys().collect();
        assert_eq!(names, ["1.0.0.yaml", "charts/db/pack.yaml", "pack.yaml"]);
        symlink(at("pack"), at("link")).unwrap();
        let said = |folder: &str| in_folder(&at(folder)).unwrap_err().to_string();
        assert!(said("link").ends_with("it is a link, which is not followed"));
        symlink(at("secret.yaml"), at("pack/keys.yaml")).unwrap();
        assert!(said("pack").ends_with("keys.yaml is a link, which is not followed"));
        assert!(said("pack/cases").contains("no pack.yaml"));
    }
}
