//! `refit pack infer`: what two versions of a chart tell of the keys that moved, as a migration for a pack.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use refit::{
    authoring::left_keys,
    chart::Chart,
    draft::{
        PairOfCharts, Versions,
        candidates::ChartKeys,
        infer, migration_file,
        propose::{Proposals, Suggestion},
    },
    effect::{
        helm::{Helm, next_step},
        render::{Options, Renderer},
    },
    pack::Pack,
    write,
};

use super::{exit::Exit, pack_new, terminal::Terminal};

/// `refit pack infer`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  refit pack infer web-1.4.0.tgz web-2.0.0.tgz --dir my-pack
  refit pack infer charts/old charts/new --kube-version 1.31

Both charts are rendered with Helm a few hundred times. What is sure becomes steps, everything else comments with
their evidence, in VERSION.yaml of the pack. Without Helm there are comments only. A folder without pack.yaml gets
what `refit pack new` makes. docs/any-chart.md says how it is found out.")]
pub struct InferArgs {
    /// The chart before: a folder or an archive (.tgz)
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The chart afterwards
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// The folder of the pack [default: the chart's name]
    #[arg(short, long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// The Kubernetes version that templates see [default: Helm's own]
    #[arg(long, value_name = "VERSION")]
    pub kube_version: Option<String>,
}

/// Drafts the migration and writes it, with the rest of a pack where there is none.
///
/// # Errors
///
/// If a chart cannot be read, the two are no versions of one chart, or the migration is there already.
pub fn run(args: &InferArgs, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let old = Chart::load(&args.old)?;
    let new = Chart::load(&args.new)?;
    let ordered = Versions::of(&old, &new).filter(|versions| versions.old < versions.new);
    let Some(versions) = ordered.filter(|versions| !versions.are_same) else {
        bail!(
            "{} {} and {} {} are no two versions of a chart, the older one first",
            old.name,
            old.version,
            new.name,
            new.version
        );
    };
    let folder = args.dir.clone().unwrap_or_else(|| PathBuf::from(&new.name));
    let file = folder.join(format!("{}.yaml", versions.new));
    if file.exists() {
        bail!(
            "{} is there already and is not overwritten\n  next: take it away, or name another folder with --dir",
            file.display()
        );
    }
    make_pack_ready(args, &folder, &versions, terminal)?;
    let helm = Helm::from_env();
    let has_helm = helm.version().is_ok();
    let options = Options::to_learn_of_charts(args.kube_version.clone());
    let renderer = |path| Renderer::new(helm.clone(), path, options.clone()).without_crds();
    let renderers = (renderer(&args.old), renderer(&args.new));
    let pair = PairOfCharts {
        old: &old,
        new: &new,
        renderers: has_helm.then_some((&renderers.0, &renderers.1)),
    };
    let keys = (ChartKeys::of(&old), ChartKeys::of(&new));
    let found = infer(&pair, (&keys.0, &keys.1));
    let text = migration_file(
        (&keys.0, &keys.1),
        &versions,
        &found,
        &left_keys(&old, &new),
    );
    write::put(&file, text.as_bytes())?;
    let renderings = renderers.0.runs() + renderers.1.runs();
    terminal.say(&format!(
        "{} to {}: {}; {renderings} renderings\n{}Next: read {}, then refit pack check {}\n",
        versions.old,
        versions.new,
        count_fates(&found),
        why_unproven(&found),
        file.display(),
        refit::shell::quote(&folder.display().to_string()),
    ));
    Ok(Exit::Done)
}

/// Makes a pack of the two versions if the folder has none. One that is there must know them.
fn make_pack_ready(
    args: &InferArgs,
    folder: &Path,
    versions: &Versions,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    if folder.join("pack.yaml").exists() {
        let pack = Pack::from_folder(folder)
            .with_context(|| format!("the pack {} cannot be used", folder.display()))?;
        for version in [&versions.old, &versions.new] {
            if !pack.info.versions.contains_key(version) {
                bail!(
                    "the pack {} does not know {version}\n  next: gather its keys again with `refit pack new`, with this version",
                    folder.display()
                );
            }
        }
    } else {
        pack_new::run(
            &pack_new::NewArgs {
                charts: vec![args.old.clone(), args.new.clone()],
                git: Vec::new(),
                path: Vec::new(),
                tags: Vec::new(),
                versions_from_tags: false,
                since: None,
                releases_only: false,
                repository: Vec::new(),
                dir: Some(folder.to_owned()),
            },
            terminal,
        )?;
    }
    Ok(())
}

fn count_fates(found: &Proposals) -> String {
    let count = |is: fn(&Suggestion) -> bool| {
        let settings = found.settings.iter();
        settings.filter(|setting| is(&setting.fate)).count()
    };
    format!(
        "{} keys moved for sure, {} perhaps, {} without a place",
        count(|fate| match fate {
            Suggestion::Moves(place) => !place.wraps,
            Suggestion::Splits(_) => true,
            _ => false,
        }),
        count(|fate| match fate {
            Suggestion::Moves(place) => place.wraps,
            Suggestion::Unsure(_) => true,
            _ => false,
        }),
        count(|fate| matches!(fate, Suggestion::Lost)),
    )
}

fn why_unproven(found: &Proposals) -> String {
    let Some(why) = &found.unproven else {
        return String::new();
    };
    let next = next_step(why).map_or_else(String::new, |next| format!("  next: {next}\n"));
    format!("Nothing could be tried out, so nothing is sure.\n  why:  {why}\n{next}")
}
