//! `refit pack new`: the keys and versions of a pack, out of a chart's releases.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Args;
use refit::{
    authoring::{
        ChartFacts, Edition, Gathered, KEYS_MARK, Readings, corrections::Corrections, gather,
        keys_yaml, new_pack_yaml, repository::Repository, with_versions,
    },
    jobs::Jobs,
    write,
};
use semver::Version;

use super::exit::Exit;
use super::terminal::Terminal;

/// The number of versions that are in memory at once while they are read.
const AT_ONCE: usize = 64;

/// `refit pack new`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  refit pack new web-1.4.0.tgz web-2.0.0.tgz --dir my-pack
  refit pack new --git ~/charts --path charts/web --tags 'web-*' --dir my-pack

keys.yaml is written anew each time, and in pack.yaml the versions; everything else in the folder stays as it
is. What refit reads wrongly is put right in corrections.yaml beside keys.yaml, which has the same form.
docs/packs.md goes on from there.")]
pub struct NewArgs {
    /// Versions of the chart: archives (.tgz) or folders
    #[arg(value_name = "CHART", required_unless_present = "git")]
    pub charts: Vec<PathBuf>,
    /// A clone of the chart's repository, or its git directory, to read tags of; of a chart that moved, one for
    /// each repository, oldest first (repeatable)
    #[arg(long, value_name = "DIR", requires = "tags")]
    pub git: Vec<PathBuf>,
    /// Where the chart stands in the repository; of several the first that a tag has counts (repeatable)
    #[arg(long, value_name = "FOLDER", requires = "git")]
    pub path: Vec<String>,
    /// Which tags are releases of the chart, as a pattern such as 'web-*' (repeatable)
    #[arg(long, value_name = "PATTERN", requires = "git")]
    pub tags: Vec<String>,
    /// Take versions from the tags, where the repository fills them in only when it releases
    #[arg(long, requires = "git")]
    pub versions_from_tags: bool,
    /// The oldest version to read
    #[arg(long, value_name = "VERSION", value_parser = super::args::version)]
    pub since: Option<Version>,
    /// Leave pre-releases out
    #[arg(long)]
    pub releases_only: bool,
    /// Where the chart is published, for a new pack.yaml (repeatable)
    #[arg(long, value_name = "URL")]
    pub repository: Vec<String>,
    /// The folder of the pack [default: the chart's name]
    #[arg(short, long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Reads the versions and writes the pack's files.
///
/// # Errors
///
/// If nothing can be read, the charts are not of one name, or a file stands in the way.
pub fn run(args: &NewArgs, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let (editions, left_out) = read_editions(args)?;
    let Some(first) = editions.last() else {
        bail!("no version of a chart was found{}", why_left_out(&left_out));
    };
    let name = first.name.clone();
    if let Some(other) = editions.iter().find(|edition| edition.name != name) {
        bail!(
            "these are versions of different charts: {name} {} and {} {}; a pack is for one",
            first.version,
            other.name,
            other.version
        );
    }
    let folder = args.dir.clone().unwrap_or_else(|| PathBuf::from(&name));
    let corrections = Corrections::of_pack(&folder)?;
    let gathered = gather(editions, &corrections).context("no version of a chart was found")?;

    let keys = folder.join("keys.yaml");
    if let Ok(text) = fs::read_to_string(&keys)
        && !text.contains(KEYS_MARK)
    {
        bail!(
            "{} was not made by `refit pack new` and is not overwritten; name another folder with --dir",
            keys.display()
        );
    }
    let pack = folder.join("pack.yaml");
    let (pack_text, taken_out) = pack_yaml(args, &pack, &gathered)?;
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    write_new(&keys, &keys_yaml(&gathered))?;
    write_new(&pack, &pack_text)?;

    for line in &left_out {
        terminal.say(&format!("left out: {line}\n"));
    }
    if let Some(first) = taken_out.first() {
        let others = match taken_out.len() {
            1 => String::new(),
            number => format!(" and {} more", number - 1),
        };
        terminal.say(&format!(
            "taken out: {first}{others}, which the pack knew; a pack knows the versions that it was gathered from last. If that is not meant, gather again with all of them\n"
        ));
    }
    let versions = &gathered.versions;
    let ends = versions.first().zip(versions.last());
    let (oldest, newest) = ends.map_or_else(Default::default, |((a, _), (b, _))| {
        (a.to_string(), b.to_string())
    });
    terminal.say(&format!(
        "{name}: {} versions ({oldest} to {newest}), {} keys in {}\nNext: refit pack check {}\n",
        versions.len(),
        gathered.keys.len(),
        keys.display(),
        refit::shell::quote(&folder.display().to_string()),
    ));
    Ok(Exit::Done)
}

/// The versions that are asked for, and what was left out with the reason.
fn read_editions(args: &NewArgs) -> anyhow::Result<(Vec<Edition>, Vec<String>)> {
    let mut editions = Vec::new();
    let mut left_out = Vec::new();
    for path in &args.charts {
        editions.push(Edition::load(path)?);
    }
    for clone in &args.git {
        from_git(args, clone, &mut editions, &mut left_out)?;
    }
    editions.retain(|edition| {
        let late = args
            .since
            .as_ref()
            .is_none_or(|since| edition.version >= *since);
        late && (edition.version.pre.is_empty() || !args.releases_only)
    });
    Ok((editions, left_out))
}

/// The text of pack.yaml with the versions that were gathered, and those that it had and that were not.
fn pack_yaml(
    args: &NewArgs,
    path: &Path,
    gathered: &Gathered,
) -> anyhow::Result<(String, Vec<Version>)> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let repositories = args.repository.clone();
            let text = new_pack_yaml(gathered, &ChartFacts { repositories });
            return Ok((text, Vec::new()));
        }
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let mut taken_out = versions_in(&text);
    taken_out.retain(|version| !gathered.versions.iter().any(|(given, _)| given == version));
    let text = with_versions(&text, gathered)
        .map_err(|message| anyhow::anyhow!("{}: {message}", path.display()))?;
    Ok((text, taken_out))
}

/// The versions that a pack.yaml has; none if it cannot be read, which is said elsewhere.
fn versions_in(text: &str) -> Vec<Version> {
    let pack: serde_yaml::Value = serde_yaml::from_str(text).unwrap_or_default();
    let versions = pack.get("versions").and_then(serde_yaml::Value::as_mapping);
    let keys = versions.into_iter().flat_map(|versions| versions.keys());
    keys.filter_map(|key| Version::parse(key.as_str()?).ok())
        .collect()
}

fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    write::put(path, text.as_bytes()).map_err(Into::into)
}

fn why_left_out(left_out: &[String]) -> String {
    match left_out.first() {
        Some(line) => format!(
            "; the first of {} that cannot be used: {line}",
            left_out.len()
        ),
        None => String::new(),
    }
}

/// The tags that can be releases of the chart, each with what its name says of the version. A tag that names its
/// version and is too old, or a pre-release that is not wanted, is not among them.
///
/// # Errors
///
/// If the tags cannot be listed, or none is like a pattern.
fn release_tags(
    args: &NewArgs,
    clone: &Path,
    repository: &Repository,
) -> anyhow::Result<Vec<(String, String)>> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for pattern in &args.tags {
        let prefix = pattern
            .split(['*', '?', '[', '{'])
            .next()
            .unwrap_or_default();
        for tag in repository.tags(pattern)? {
            let rest = tag.strip_prefix(prefix).unwrap_or(&tag);
            let rest = rest.strip_prefix('v').unwrap_or(rest).to_owned();
            if !tags.iter().any(|(known, _)| *known == tag) {
                tags.push((tag, rest));
            }
        }
    }
    if tags.is_empty() {
        bail!(
            "{} has no tag like {}",
            clone.display(),
            args.tags.join(", ")
        );
    }
    tags.retain(|(_, rest)| {
        Version::parse(rest).ok().is_none_or(|version| {
            args.since.as_ref().is_none_or(|since| version >= *since)
                && (version.pre.is_empty() || !args.releases_only)
        })
    });
    Ok(tags)
}

/// Reads the chart at each tag. What is no version of it is left out, with the reason.
fn from_git(
    args: &NewArgs,
    clone: &Path,
    editions: &mut Vec<Edition>,
    left_out: &mut Vec<String>,
) -> anyhow::Result<()> {
    let mut repository = Repository::open(clone)?;
    let paths = match args.path.as_slice() {
        [] => vec![".".to_owned()],
        paths => paths.to_vec(),
    };
    let tags = release_tags(args, clone, &repository)?;
    let jobs = Jobs::many();
    let readings = Readings::default();
    for some in tags.chunks(AT_ONCE) {
        let mut read = Vec::new();
        for (tag, rest) in some {
            let mut files = Default::default();
            // A chart that moved within its repository is somewhere else at older tags.
            for path in &paths {
                files = repository.files_at(tag, path)?;
                if !files.is_empty() {
                    break;
                }
            }
            if !files.contains_key("Chart.yaml") && !files.contains_key("Chart.template.yaml") {
                left_out.push(format!("{tag}: no chart at {}", paths.join(", ")));
                continue;
            }
            read.push((tag, rest, files));
        }
        let made = jobs.run_each(None, read, |(tag, rest, files)| {
            let named = args.versions_from_tags.then_some(rest.as_str());
            Edition::read(tag, &files, named, &readings).map_err(|error| error.to_string())
        });
        for edition in made {
            match edition {
                Ok(Ok(edition)) => editions.push(edition),
                Ok(Err(error)) => left_out.push(error),
                Err(fault) => left_out.push(fault.to_string()),
            }
        }
    }
    Ok(())
}
