//! Fetches packs: from git repositories with the `git` program, from OCI registries with `helm`.
//!
//! Both programs know a person's credentials, proxies and certificates, and both check that what they got has the
//! digest that was asked for. Nothing of what is fetched runs and nothing is checked out: files are taken out of a
//! commit or an archive one by one, and only those that a pack has. Only `refit pack pull` comes here.

use std::{collections::BTreeMap, ffi::OsStr, path::Path};

use super::{
    SupplyError, archive,
    files::{self, Allowance},
};
use crate::{
    effect::helm::Helm,
    git,
    pack::{PackReference, Texts, supplied},
};

/// The files of a pack that lies elsewhere, by their path in it.
///
/// # Errors
///
/// If it cannot be had, is none, or is more than packs may be.
pub fn fetch(reference: &PackReference, helm: &Helm) -> Result<Texts, SupplyError> {
    let files = match reference {
        PackReference::Folder(folder) => return files::in_folder(folder),
        PackReference::Git {
            url,
            folder,
            commit,
        } => from_git(url, folder, commit)?,
        PackReference::Oci { name, digest } => from_registry(name, digest, helm)?,
    };
    files::as_texts(&reference.to_string(), files)
}

fn from_registry(
    name: &str,
    digest: &str,
    helm: &Helm,
) -> Result<BTreeMap<String, Vec<u8>>, SupplyError> {
    let scratch = scratch()?;
    let archive = helm.pull(&format!("{name}@{digest}"), None, None, scratch.path())?;
    Ok(archive::read(&archive)?.files)
}

fn scratch() -> Result<tempfile::TempDir, SupplyError> {
    tempfile::tempdir().map_err(|source| SupplyError::Io {
        path: std::env::temp_dir(),
        source,
    })
}

fn from_git(
    url: &str,
    folder: &str,
    commit: &str,
) -> Result<BTreeMap<String, Vec<u8>>, SupplyError> {
    let scratch = scratch()?;
    let here = scratch.path();
    // A repository has digests of one kind, and only a commit with such a one can be in it.
    let format = match commit.len() {
        64 => "--object-format=sha256",
        _ => "--object-format=sha1",
    };
    ask(here, ["init", "--quiet", "--bare", format, "."])?;
    // Not every server gives out a commit by its digest; then all that it has is fetched.
    let one = [
        "fetch",
        "--quiet",
        "--no-tags",
        "--depth=1",
        "--",
        url,
        commit,
    ];
    if ask(here, one).is_err() {
        let refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        ask(here, ["fetch", "--quiet", "--", url, refs[0], refs[1]])?;
    }
    let whole = format!("{commit}^{{commit}}");
    ask(here, ["cat-file", "-e", &whole]).map_err(|error| match error {
        SupplyError::NotFetched(_) => {
            SupplyError::NotFetched(format!("{url} has no commit {commit}"))
        }
        other => other,
    })?;
    // With `-z` git writes names as they are, without quotes of its own.
    let mut list = vec!["ls-tree", "-r", "-z", "-l", "--full-tree", commit];
    let mut prefix = String::new();
    if !folder.is_empty() {
        prefix = format!("{folder}/");
        list.extend(["--", folder]);
    }
    let refused = |what: String| SupplyError::Refused {
        place: url.to_owned(),
        what,
    };
    let (mut files, mut room) = (BTreeMap::new(), Allowance::default());
    for entry in ask(here, list)?.split(|byte| *byte == 0) {
        let entry = String::from_utf8_lossy(entry);
        let Some((about, path)) = entry.split_once('\t') else {
            continue;
        };
        let own = path.strip_prefix(&prefix);
        let Some(own) = own.filter(|own| supplied::is_pack_file(own)) else {
            continue;
        };
        let words: Vec<&str> = about.split_whitespace().collect();
        let &[mode, "blob", object, size] = words.as_slice() else {
            return Err(refused(format!("{path} is no file")));
        };
        // A file has a mode that begins so, 120000 is a link.
        if !mode.starts_with("100") {
            return Err(refused(format!("{path} is a link, which is not followed")));
        }
        room.take(size.parse().unwrap_or(u64::MAX))
            .map_err(refused)?;
        files.insert(own.to_owned(), ask(here, ["cat-file", "blob", object])?);
    }
    Ok(files)
}

/// The text that git prints.
fn ask<S: AsRef<OsStr>>(
    folder: &Path,
    args: impl IntoIterator<Item = S>,
) -> Result<Vec<u8>, SupplyError> {
    let mut command = git::command(folder);
    command
        // Others could run a program of the address's choice.
        .args(["-c", "protocol.allow=never"])
        .args([
            "-c",
            "protocol.https.allow=always",
            "-c",
            "protocol.ssh.allow=always",
        ])
        .args(["-c", "protocol.file.allow=always"])
        .args(args);
    let answer = git::output(&mut command).map_err(SupplyError::Git)?;
    answer.map_err(|said| {
        let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
        let said = lines.next().unwrap_or("it does not say why");
        SupplyError::NotFetched(said.trim_start_matches("fatal: ").to_owned())
    })
}
