//! Pulled packs: `.refit/packs/CHART/` beside `refit.yaml`, and `refit.lock`, which says what each is.
//!
//! They are plain files that people can read, keep in version control, or leave out of it and pull again. One is used
//! only if it is what `refit.yaml` names now, and only as it was pulled: its digest covers the names and all bytes of
//! its files, and is compared with the very bytes that are used. Nothing but `refit pack pull` writes here.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{SupplyError, files};
use crate::{
    digest,
    memory::{LOCK, LockedPack, PackLock},
    pack::{PackReference, Texts},
    write,
};

/// The folder beside `refit.yaml`.
const FOLDER: &str = ".refit/packs";

/// The folder of a pulled pack, and its files.
///
/// # Errors
///
/// If it is not there, is something else, or changed.
pub fn pulled(
    home: &Path,
    chart: &str,
    reference: &PackReference,
) -> Result<(PathBuf, Texts), SupplyError> {
    let folder = below(home).join(chart);
    let lock = PackLock::read(home)?;
    let known = lock.packs.get(chart).filter(|_| folder.is_dir());
    let known = known.ok_or_else(|| SupplyError::NotPulled {
        chart: chart.to_owned(),
        reference: reference.to_string(),
    })?;
    if known.from != *reference {
        return Err(SupplyError::Other {
            chart: chart.to_owned(),
            reference: reference.to_string(),
            pulled: known.from.to_string(),
        });
    }
    let texts = files::in_folder(&folder)?;
    if digest_of(&texts) != known.digest {
        return Err(SupplyError::Changed {
            chart: chart.to_owned(),
            folder,
        });
    }
    Ok((folder, texts))
}

/// The digest of the files of a pack.
#[must_use]
pub fn digest_of(texts: &Texts) -> String {
    let files = texts.iter();
    digest::of_files(files.map(|(name, text)| (name.as_str(), text.as_str())))
}

/// Keeps what was fetched: it takes the place of what was there. What `refit.lock` notes for the same place must be it.
///
/// # Errors
///
/// If it is something else than what is noted, or cannot be written.
pub fn keep(
    home: &Path,
    chart: &str,
    reference: &PackReference,
    texts: &Texts,
) -> Result<(), SupplyError> {
    let mut lock = PackLock::read(home)?;
    let digest = digest_of(texts);
    let noted = lock.packs.get(chart);
    if noted.is_some_and(|noted| noted.from == *reference && noted.digest != digest) {
        return Err(SupplyError::Unlike {
            chart: chart.to_owned(),
            reference: reference.to_string(),
        });
    }
    let packs = below(home);
    fs::create_dir_all(&packs).map_err(io_error(&packs))?;
    // Complete before anything is taken away.
    let new = tempfile::tempdir_in(&packs).map_err(io_error(&packs))?;
    let inner = new.path().join(chart);
    for (name, text) in texts {
        let path = inner.join(name);
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).map_err(io_error(above))?;
        }
        fs::write(&path, text).map_err(io_error(&path))?;
    }
    let folder = packs.join(chart);
    remove(&folder)?;
    fs::rename(&inner, &folder).map_err(io_error(&folder))?;
    let from = reference.clone();
    let pack = LockedPack { from, digest };
    if lock.packs.insert(chart.to_owned(), pack.clone()) != Some(pack) {
        note(home, &lock)?;
    }
    Ok(())
}

/// Takes away what `refit.yaml` does not name any more; the charts of which something was there.
///
/// # Errors
///
/// If it cannot be taken away.
pub fn forget_others(home: &Path, named: &[&str]) -> Result<Vec<String>, SupplyError> {
    let mut lock = PackLock::read(home)?;
    let others = lock.packs.keys();
    let others = others.filter(|chart| !named.contains(&chart.as_str()));
    let others: Vec<String> = others.cloned().collect();
    for chart in &others {
        lock.packs.remove(chart);
        remove(&below(home).join(chart))?;
    }
    if !others.is_empty() {
        note(home, &lock)?;
    }
    Ok(others)
}

/// The folder of pulled packs, as people write it.
fn below(home: &Path) -> PathBuf {
    match home == Path::new(".") {
        true => PathBuf::from(FOLDER),
        false => home.join(FOLDER),
    }
}

/// Takes a folder away, or the link of that name and not what it leads to.
fn remove(folder: &Path) -> Result<(), SupplyError> {
    let removed = match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => Err(error),
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(folder),
        Ok(_) => fs::remove_file(folder),
    };
    removed.map_err(io_error(folder))
}

fn note(home: &Path, lock: &PackLock) -> Result<(), SupplyError> {
    write::put(&home.join(LOCK), lock.text().as_bytes())?;
    Ok(())
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> SupplyError + use<> {
    let path = path.to_owned();
    move |source| SupplyError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_is_used_only_as_it_was_pulled() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let reference = |digit: &str| -> PackReference {
            let digest = digit.repeat(64);
            format!("oci://r.example/web@sha256:{digest}")
                .parse()
                .unwrap()
        };
        let texts = |title: &str| Texts::from([("pack.yaml".to_owned(), title.to_owned())]);
        let said = |reference: &PackReference| {
            let pulled = pulled(home, "web", reference);
            pulled.map_or_else(
                |error| error.to_string(),
                |(_, texts)| texts["pack.yaml"].clone(),
            )
        };
        let (one, two) = (reference("1"), reference("2"));
        assert!(said(&one).contains("not pulled yet"));
        keep(home, "web", &one, &texts("a")).unwrap();
        assert_eq!(said(&one), "a");
        assert!(said(&two).contains("another pack is named for web"));
        let file = home.join(FOLDER).join("web/pack.yaml");
        fs::write(&file, "b").unwrap();
        assert!(said(&one).contains("not those that were pulled"));
        assert!(matches!(
            keep(home, "web", &one, &texts("b")),
            Err(SupplyError::Unlike { .. })
        ));
        keep(home, "web", &one, &texts("a")).unwrap();
        assert_eq!(said(&one), "a");
        // A migration that is added counts, too.
        fs::write(file.with_file_name("2.0.0.yaml"), "").unwrap();
        assert!(said(&one).contains("not those that were pulled"));
        keep(home, "web", &two, &texts("c")).unwrap();
        assert_eq!(said(&two), "c");
        assert_eq!(forget_others(home, &["web"]).unwrap(), [""; 0]);
        assert_eq!(forget_others(home, &[]).unwrap(), ["web"]);
        assert!(!file.exists());
        assert!(said(&two).contains("not pulled yet"));
    }
}
