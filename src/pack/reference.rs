//! The name of a pack that lies somewhere else: one text, in `refit.yaml` and in a chart's annotation.
//!
//! What can be fetched is named by what it is (a commit, a digest) and never by a name that can be given to something
//! else tomorrow. This module reads the text; it fetches nothing, and must never let a text through that makes `git`
//! or `helm` run another program.

use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Serialize, Serializer};

/// The place where a pack is to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackReference {
    /// A folder.
    Folder(PathBuf),
    /// A folder in a git repository, in one commit: `git+URL//FOLDER?ref=COMMIT`.
    Git {
        /// The repository.
        url: String,
        /// The folder in it; empty for the root.
        folder: String,
        /// The commit, in full.
        commit: String,
    },
    /// A chart in an OCI registry that carries the pack in `migrations/`: `oci://REGISTRY/NAME@sha256:DIGEST`.
    Oci {
        /// The chart, without the digest.
        name: String,
        /// The digest of its manifest, with `sha256:`.
        digest: String,
    },
}

/// The forms, for messages.
pub const REFERENCE_FORMS: &str = "write a folder, git+https://HOST/REPOSITORY//FOLDER?ref=COMMIT, or oci://REGISTRY/CHART@sha256:DIGEST";

/// A text that names no place of a pack, or one that can change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` {what}", text.escape_debug())]
pub struct ReferenceError {
    /// The text.
    pub text: String,
    /// The fault.
    pub what: &'static str,
}

/// The addresses from which git may fetch. Others (`ext::`) name programs.
const GIT: [&str; 3] = ["https://", "ssh://", "file://"];

impl FromStr for PackReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let wrong = |what| ReferenceError {
            text: text.to_owned(),
            what,
        };
        if text.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(wrong("is no place of a pack"));
        }
        if let Some(rest) = text.strip_prefix("git+") {
            return read_git(rest).map_err(wrong);
        }
        if let Some(rest) = text.strip_prefix("oci://") {
            return read_oci(rest).map_err(wrong);
        }
        if text.contains("://") || text.starts_with('-') {
            return Err(wrong("is no place of a pack"));
        }
        Ok(Self::Folder(PathBuf::from(text)))
    }
}

/// Reads what stands behind `git+`.
fn read_git(text: &str) -> Result<PackReference, &'static str> {
    let (place, commit) = text
        .split_once("?ref=")
        .ok_or("names no commit: `?ref=COMMIT` belongs at its end")?;
    if !is_hex(commit, 40) && !is_hex(commit, 64) {
        return Err(
            "names no commit: a branch or tag can move, so write all 40 digits of the commit",
        );
    }
    let scheme = GIT.iter().find(|scheme| place.starts_with(**scheme));
    let scheme = scheme.ok_or("is no address that packs are fetched from: https, ssh or file")?;
    let below = &place[scheme.len()..];
    let (url, folder) = below.split_once("//").unwrap_or((below, ""));
    let host = url.split('/').next().unwrap_or_default();
    // Git would take it for an option of the program that it starts.
    if host.starts_with('-') || host.is_empty() && *scheme != "file://" {
        return Err("has no host");
    }
    if host
        .split_once('@')
        .is_some_and(|(user, _)| user.contains(':'))
    {
        return Err("holds a password, which belongs into git's own credentials");
    }
    let folder = folder.trim_matches('/');
    if folder.split('/').any(|part| part == "..") {
        return Err("leads out of the repository");
    }
    Ok(PackReference::Git {
        url: format!("{scheme}{url}"),
        folder: folder.to_owned(),
        commit: commit.to_owned(),
    })
}

/// Reads what stands behind `oci://`.
fn read_oci(text: &str) -> Result<PackReference, &'static str> {
    let pinned = text.rsplit_once("@sha256:");
    let (name, digest) = pinned
        .filter(|(_, digest)| is_hex(digest, 64))
        .ok_or("names no digest: a tag can move, so write `@sha256:` and its 64 digits")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-:/[]".contains(c);
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
        || !name.chars().all(plain)
        || !name.contains('/')
    {
        return Err("is no name in a registry");
    }
    Ok(PackReference::Oci {
        name: format!("oci://{name}"),
        digest: format!("sha256:{digest}"),
    })
}

impl PackReference {
    /// True if it has to be fetched before it can be used.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        !matches!(self, Self::Folder(_))
    }
}

impl fmt::Display for PackReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Git {
                url,
                folder,
                commit,
            } => {
                let between = if folder.is_empty() { "" } else { "//" };
                write!(f, "git+{url}{between}{folder}?ref={commit}")
            }
            Self::Oci { name, digest } => write!(f, "{name}@{digest}"),
        }
    }
}

impl Serialize for PackReference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    text.len() == digits && text.bytes().all(hex)
}

/// True if a text can be the name of a chart, and of a folder.
#[must_use]
pub fn is_chart_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_pinned_reference_reads_back_as_it_is_written() {
        let digest = "ab".repeat(32);
        for text in [
            "packs/web".to_owned(),
            format!("git+https://git.example/charts.git//charts/web/migrations?ref={COMMIT}"),
            format!("git+ssh://git@git.example/charts?ref={COMMIT}"),
            format!("git+file:///srv/git/charts//web?ref={COMMIT}"),
            format!("oci://registry.example:5000/charts/web@sha256:{digest}"),
        ] {
            let read: PackReference = text.parse().unwrap();
            assert_eq!(read.to_string(), text);
            assert_eq!(read.is_remote(), text != "packs/web");
        }
    }

    #[test]
    fn what_can_move_or_runs_a_program_is_refused() {
        let git = |rest: &str| format!("git+{rest}");
        for (text, what) in [
            (
                git("https://git.example/charts//web?ref=main"),
                "names no commit",
            ),
            (git("https://git.example/charts//web"), "names no commit"),
            (
                git(&format!(
                    "https://git.example/charts//web?ref={}",
                    &COMMIT[..12]
                )),
                "names no commit",
            ),
            (git(&format!("ext::sh -c id?ref={COMMIT}")), "is no place"),
            (git(&format!("ext::id?ref={COMMIT}")), "is no address"),
            (
                git(&format!("http://git.example/x?ref={COMMIT}")),
                "is no address",
            ),
            (
                git(&format!("https://-oProxy/x?ref={COMMIT}")),
                "has no host",
            ),
            (
                git(&format!("ssh://-oProxyCommand=id/x?ref={COMMIT}")),
                "has no host",
            ),
            (
                git(&format!("https://me:secret@git.example/x?ref={COMMIT}")),
                "holds a password",
            ),
            (
                git(&format!("https://git.example/x//../y?ref={COMMIT}")),
                "leads out",
            ),
            (
                "oci://registry.example/web:1.0.0".to_owned(),
                "names no digest",
            ),
            (
                "oci://registry.example/web@sha256:12".to_owned(),
                "names no digest",
            ),
            (
                format!("oci://--ca-file=x/web@sha256:{}", "0".repeat(64)),
                "is no name",
            ),
            ("https://charts.example/web.tgz".to_owned(), "is no place"),
            (String::new(), "is no place"),
            ("a\u{1b}[2J".to_owned(), "is no place"),
        ] {
            let error = text.parse::<PackReference>().unwrap_err();
            assert!(error.what.starts_with(what), "{text}: {}", error.what);
        }
    }
}
