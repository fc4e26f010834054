//! The pack in a packed chart, read out of the archive without unpacking it.
//!
//! Archives come from strangers. One is read with a bound on what comes out of it, and refused as a whole if it has a
//! name that leads out of it, a name with control characters, the same name twice, or a link among the files of a
//! pack: whoever makes such an archive wants something else than to give out a pack.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    path::{Component, Path},
};

use super::{SupplyError, files::Allowance};
use crate::pack::supplied;

/// The folder of a chart that holds its pack.
pub const IN_CHART: &str = "migrations";
/// The most bytes that an archive may have unpacked: Helm's own bound for a chart.
const MAX_ARCHIVE: u64 = 100 << 20;
/// The largest `Chart.yaml` that is read.
const MAX_ABOUT: u64 = 1 << 20;

/// The words of a packed chart on a pack.
#[derive(Debug, Default)]
pub struct PackedChart {
    /// Its `Chart.yaml`.
    pub about: String,
    /// The files of the pack in it, by their path in that; none if it carries none.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Reads a packed chart (`.tgz`).
///
/// # Errors
///
/// If it cannot be read, is larger than charts may be, or has something that archives of charts do not have.
pub fn read(path: &Path) -> Result<PackedChart, SupplyError> {
    let place = path.display().to_string();
    let refused = |what: String| SupplyError::Refused {
        place: place.clone(),
        what,
    };
    let io = |source: io::Error| SupplyError::Io {
        path: path.to_owned(),
        source,
    };
    let file = fs::File::open(path).map_err(io)?;
    // Counted as it is unpacked: a small archive can hold very much.
    let unpacked = flate2::read::GzDecoder::new(file).take(MAX_ARCHIVE + 1);
    let mut archive = tar::Archive::new(unpacked);
    let mut chart = PackedChart::default();
    let mut room = Allowance::default();
    let mut folder: Option<String> = None;
    for entry in archive.entries().map_err(io)? {
        let entry = entry.map_err(|error| refused(format!("it cannot be unpacked: {error}")))?;
        let path = entry.path().map_err(io)?.into_owned();
        let name = plain(&path).map_err(refused)?;
        let Some((first, below)) = name.split_once('/') else {
            continue;
        };
        if folder.get_or_insert_with(|| first.to_owned()) != first {
            return Err(refused(format!(
                "it holds {first}/ beside the folder of the chart"
            )));
        }
        let of_pack = below
            .strip_prefix(IN_CHART)
            .and_then(|below| below.strip_prefix('/'))
            .filter(|below| supplied::is_pack_file(below));
        if of_pack.is_none() && below != "Chart.yaml" {
            continue;
        }
        // A link could lead to any file of this machine.
        if !entry.header().entry_type().is_file() {
            return Err(refused(format!("{name} is a link, which is not followed")));
        }
        let size = entry.size();
        let bounds = match of_pack {
            Some(_) => room.take(size),
            None if size > MAX_ABOUT => Err("its Chart.yaml is too large".to_owned()),
            None => Ok(()),
        };
        bounds.map_err(refused)?;
        let mut bytes = Vec::new();
        let mut entry = entry.take(size);
        entry
            .read_to_end(&mut bytes)
            .map_err(|error| refused(format!("it cannot be unpacked: {error}")))?;
        let twice = match of_pack {
            Some(own) => chart.files.insert(own.to_owned(), bytes).is_some(),
            None => {
                let text = String::from_utf8(bytes);
                let text =
                    text.map_err(|_| refused("Chart.yaml is no text in UTF-8".to_owned()))?;
                !std::mem::replace(&mut chart.about, text).is_empty()
            }
        };
        if twice {
            return Err(refused(format!("it holds {name} twice")));
        }
    }
    if chart.about.is_empty() {
        return Err(refused("it is no chart: it has no Chart.yaml".to_owned()));
    }
    Ok(chart)
}

/// The name of a file in an archive, with `/` between its parts.
fn plain(path: &Path) -> Result<String, String> {
    let shown = path.to_string_lossy().into_owned();
    // A backslash is a part of a name here, and leads elsewhere on Windows.
    let hidden = |c: char| c.is_control() || c == '\\' || c == char::REPLACEMENT_CHARACTER;
    if shown.chars().any(hidden) {
        return Err(format!(
            "a name in it has characters that names of files do not have: {}",
            shown.escape_debug()
        ));
    }
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => parts.push(part.to_string_lossy()),
            Component::CurDir => {}
            _ => return Err(format!("a name in it leads out of it: {shown}")),
        }
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive of these files; a text that begins with `-> ` is a link.
    fn archive(files: &[(&str, &str)]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let packed =
            flate2::write::GzEncoder::new(file.reopen().unwrap(), flate2::Compression::fast());
        let mut archive = tar::Builder::new(packed);
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o644);
            let bytes = match text.strip_prefix("-> ") {
                Some(target) => {
                    header.set_entry_type(tar::EntryType::Symlink);
                    header.set_link_name(target).unwrap();
                    header.set_size(0);
                    &[][..]
                }
                None => {
                    header.set_size(text.len() as u64);
                    text.as_bytes()
                }
            };
            // `set_path` would refuse what is tested.
            let field = &mut header.as_old_mut().name;
            field[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            archive.append(&header, bytes).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap();
        file
    }

    #[test]
    fn the_pack_is_read_out_of_the_chart() {
        let chart = archive(&[
            ("web/Chart.yaml", "name: web\n"),
            ("web/migrations/pack.yaml", "pack: 1\n"),
            ("./web/migrations/charts/db/pack.yaml", "pack: 1\n"),
            ("web/migrations/001.sql", "select 1"),
            ("web/templates/link.yaml", "-> ../values.yaml"),
        ]);
        let read = read(chart.path()).unwrap();
        assert_eq!(read.about, "name: web\n");
        let names: Vec<&String> = read.files.keys().collect();
        assert_eq!(names, ["charts/db/pack.yaml", "pack.yaml"]);
    }

    #[test]
    fn an_archive_that_is_more_than_a_chart_is_refused() {
        let pack = ("web/migrations/pack.yaml", "pack: 1\n");
        let about = ("web/Chart.yaml", "name: web\n");
        for (files, what) in [
            (vec![about, pack, ("web/../../etc/x", "")], "leads out"),
            (vec![about, pack, ("/etc/x", "")], "leads out"),
            (
                vec![about, pack, ("web/migrations/../../x", "")],
                "leads out",
            ),
            (vec![about, pack, ("web/a\u{1b}[2J", "")], "characters"),
            (vec![about, pack, ("web/a\\..\\b", "")], "characters"),
            (vec![about, pack, pack], "twice"),
            (vec![about, about], "twice"),
            (vec![about, ("other/migrations/pack.yaml", "")], "beside"),
            (
                vec![about, ("web/migrations/pack.yaml", "-> /etc/passwd")],
                "is a link",
            ),
            (vec![pack], "no Chart.yaml"),
        ] {
            let error = read(archive(&files).path()).unwrap_err().to_string();
            assert!(error.contains(what), "{what}: {error}");
        }
        let broken = tempfile::NamedTempFile::new().unwrap();
        fs::write(broken.path(), "no archive").unwrap();
        assert!(read(broken.path()).is_err());
    }

    #[test]
    fn what_unpacks_to_more_than_a_pack_may_be_is_refused() {
        let large = " ".repeat(33 << 20);
        let chart = archive(&[
            ("web/Chart.yaml", "name: web\n"),
            ("web/migrations/keys.yaml", &large),
        ]);
        let error = read(chart.path()).unwrap_err().to_string();
        assert!(error.contains("at most 4000 files and 32 MiB"), "{error}");
    }
}
