//! `refit init`: proposes `refit.yaml` for what lies in a folder, and makes it if that is asked for.
//!
//! The proposal goes to standard output, so that it can be kept or edited; what was seen, what was left out
//! and what comes next is said on standard error. A file that is there is only ever added to.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use refit::{
    jobs::Jobs,
    load::workspace,
    memory::{
        Project,
        project::{NAME, schema},
        propose::{FolderProposal, ProposalInputs, propose},
    },
    outcome::Refusal,
    shell::quote as shell,
    upgrade::{Request, known_charts, packs},
    walk::{self, Limits, NamedPath},
    write::{self, FileReplacement},
};

use super::{args::InitArgs, exit::Exit, precautions::Writing, supply, terminal::Terminal};

/// Proposes, and writes if that was asked for. The exit code.
///
/// # Errors
///
/// If the folder cannot be looked at, a pack cannot be used, or the file cannot be written.
pub fn run(args: &InitArgs, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    if args.schema {
        terminal.result(&(serde_json::to_string_pretty(&schema())? + "\n"));
        return Ok(Exit::Done);
    }
    let folder = folder_to_look_at(args)?;
    let project = match Project::find(&folder) {
        Some(path) => Some(Project::read(&in_folder(&folder, &path))?),
        None => None,
    };
    let path = match &project {
        Some(project) => project.path.clone(),
        None => in_folder(&folder, Path::new(NAME)),
    };
    let home = real_folder_of(&path)?;
    let request = Request {
        chart: args.chart.clone(),
        pack_dirs: args.packs.packs.clone(),
        supplied: supply::of_project(project.as_ref()),
        ..Request::default()
    };
    let packs = packs(&request).map_err(|refusal| refusal_error(&refusal))?;
    let walked = walk::find(&[NamedPath::Listed(folder.clone())], Limits::default());
    for trouble in &walked.troubles {
        terminal.say(&format!("warning: {trouble}\n  next: {}\n", trouble.next()));
    }
    let workspace = workspace(
        &[],
        &walked.files,
        &known_charts(&packs, None),
        &Jobs::single_thread(),
    );
    let below = |file: &Path| {
        let real = file.canonicalize().ok()?;
        real.strip_prefix(&home).map(Path::to_owned).ok()
    };
    let proposal = propose(&ProposalInputs {
        workspace: &workspace,
        packs: &packs,
        stated: args.chart.is_some(),
        below: &below,
        project: project.as_ref(),
    })?;
    let existing = project.as_ref().map(|project| project.text.as_str());
    let text = proposal.text(existing)?;
    let is_news = !proposal.releases.is_empty() || project.is_none() && !proposal.unsure.is_empty();
    if is_news {
        terminal.result(&text);
    }
    terminal.say(&count_summary(&proposal, workspace.errors.len()));
    if proposal.releases.is_empty() {
        terminal.say(&reason_for_nothing(&proposal, &path, args));
        return Ok(Exit::Done);
    }
    if !args.write {
        terminal.say(&format!(
            "\nNothing was written. `{}` {} {}.\n",
            command_to_write(args),
            if project.is_some() {
                "adds this to"
            } else {
                "makes"
            },
            path.display()
        ));
        return Ok(Exit::Done);
    }
    write_project(project.as_ref(), &path, &text)?;
    let names = proposal.releases.iter();
    let names: Vec<&str> = names.map(|release| release.name.as_str()).collect();
    terminal.say(&format!(
        "\nWrote {}: {}\n  next: look through it, then `refit upgrade` shows what these releases need\n",
        path.display(),
        names.join(", ")
    ));
    Ok(Exit::Done)
}

fn folder_to_look_at(args: &InitArgs) -> anyhow::Result<PathBuf> {
    let folder = args.folder.clone().unwrap_or_else(|| PathBuf::from("."));
    if !folder.is_dir() {
        bail!(
            "{}: this is not a folder; name the one that holds your values files",
            folder.display()
        );
    }
    Ok(folder)
}

/// The folder that a file is in, without links on the way.
fn real_folder_of(path: &Path) -> anyhow::Result<PathBuf> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    folder
        .canonicalize()
        .with_context(|| format!("{}: cannot look into it", folder.display()))
}

/// Writes `refit.yaml`: the one that was read, or a new one.
fn write_project(project: Option<&Project>, path: &Path, text: &str) -> anyhow::Result<()> {
    let written = match project {
        Some(project) => {
            let replacement = FileReplacement {
                path,
                before: project.text.as_bytes(),
                after: text.as_bytes(),
            };
            write::write(&[replacement], &Writing::new().options(None)).map(drop)
        }
        None => write::create(path, text.as_bytes()),
    };
    written.map_err(|error| anyhow::anyhow!("{error}\n  next: {}", error.next()))
}

/// A path below a folder, as a person would write it.
fn in_folder(folder: &Path, path: &Path) -> PathBuf {
    if folder == Path::new(".") {
        path.to_owned()
    } else {
        folder.join(path)
    }
}

fn refusal_error(refusal: &Refusal) -> anyhow::Error {
    let next = refusal.next.iter().map(|next| format!("\n  next: {next}"));
    anyhow::anyhow!(
        "{}: {}{}",
        refusal.name,
        refusal.what,
        next.collect::<String>()
    )
}

/// The numbers of files that were looked at, and left out.
fn count_summary(proposal: &FolderProposal, refused: usize) -> String {
    let files = |n: usize| {
        if n == 1 {
            "1 YAML file".to_owned()
        } else {
            format!("{n} YAML files")
        }
    };
    let mut text = format!("Looked at {}.\n", files(proposal.looked_at));
    let mut say = |what: &str, rest: &str| text.push_str(&format!("  {what:<10} {rest}\n"));
    for release in &proposal.releases {
        let layers = release.remembered.layers.iter();
        let layers: Vec<_> = layers.map(|layer| layer.display().to_string()).collect();
        let versions = match release.candidates.as_slice() {
            [] => "no version".to_owned(),
            [one] => one.to_string(),
            [first, .., last] => format!("{first} to {last}"),
        };
        let chart = release.remembered.chart.as_deref().unwrap_or_default();
        say(
            "release",
            &format!(
                "{}: {} ({chart} {versions})",
                release.name,
                layers.join(" + ")
            ),
        );
    }
    for name in &proposal.known {
        say("known", &format!("{name}: refit.yaml has it already"));
    }
    for (file, why) in &proposal.left_out {
        say("left out", &format!("{file}: {why}"));
    }
    for (file, why) in &proposal.unsure {
        say("not sure", &format!("{file}: {why}"));
    }
    if refused > 0 {
        say(
            "unread",
            &format!(
                "{} cannot be used; `refit upgrade` on the folder says why",
                files(refused)
            ),
        );
    }
    text
}

/// The reason for which there is nothing to write.
fn reason_for_nothing(proposal: &FolderProposal, path: &Path, args: &InitArgs) -> String {
    if !proposal.known.is_empty() {
        return format!("\n{} has all releases that lie here.\n", path.display());
    }
    if !proposal.left_out.is_empty() && proposal.unsure.is_empty() {
        return "\nNothing here needs an entry: what lies here belongs to manifests, which carry their versions\nthemselves (`refit upgrade DIR` upgrades them), or to another chart.\n".to_owned();
    }
    let hint = match (&args.chart, proposal.unsure.is_empty()) {
        (None, _) => {
            "If the values are of a chart that refit knows (`refit packs`), name it: --chart NAME."
        }
        (Some(_), true) => "Name the folder that holds the values files.",
        (Some(_), false) => {
            "Name the files of a release yourself: `refit upgrade --release NAME=FILE,FILE --write --record`."
        }
    };
    format!("\nNo release could be made out. {hint}\n")
}

/// The command once more, with `--write`.
fn command_to_write(args: &InitArgs) -> String {
    let mut line = "refit init".to_owned();
    let mut add = |word: &str| line.push_str(&format!(" {}", shell(word)));
    if let Some(folder) = &args.folder {
        add(&folder.to_string_lossy());
    }
    if let Some(chart) = &args.chart {
        add("--chart");
        add(chart);
    }
    for pack in &args.packs.packs {
        add("--pack");
        add(&pack.to_string_lossy());
    }
    add("--write");
    line
}
