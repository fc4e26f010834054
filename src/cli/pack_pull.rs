//! `refit pack pull`: fetches the packs that `refit.yaml` names, and nothing else does.

use anyhow::bail;
use clap::Args;
use refit::{
    effect::helm::Helm,
    memory::Project,
    pack::{
        Pack, PackOrigin, PackReference, SuppliedPack, Texts,
        check::{self, FindingSeverity},
    },
    shell::shown,
    supply::{SupplyError, fetch::fetch, store},
};

use super::{exit::Exit, project, terminal::Terminal};

/// `refit pack pull`.
#[derive(Debug, Args)]
#[command(after_help = "\
Packs are named in refit.yaml, by the chart that they are for:
  refit: 1
  packs:
    web: oci://registry.example/charts/web@sha256:DIGEST
    shop: git+https://git.example/charts.git//charts/shop/migrations?ref=COMMIT
    site: packs/site

A chart in a registry carries its pack in migrations/. helm and git fetch, with the access that
they have; HELM_BIN names another helm. What was fetched lies in .refit/packs/ beside refit.yaml,
and refit.lock says what it is: each run compares. Other commands fetch nothing.
docs/packs.md has more.")]
pub struct PullArgs {
    /// The charts whose packs are fetched [default: all that refit.yaml names]
    #[arg(value_name = "CHART")]
    pub charts: Vec<String>,
}

/// Fetches, and gives the exit code.
///
/// # Errors
///
/// If there is no `refit.yaml`, or it names no pack for a chart.
pub fn run(args: &PullArgs, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let Some(project) = project::project_here()? else {
        bail!(
            "there is no refit.yaml here or above that could name packs\n  next: write one with `refit: 1` and `packs: {{CHART: PLACE}}`; `refit pack pull --help` shows how"
        );
    };
    let packs = &project.file.packs;
    let known = || packs.keys().map(String::as_str);
    if let Some(unknown) = args.charts.iter().find(|chart| !packs.contains_key(*chart)) {
        let known: Vec<&str> = known().collect();
        let hint = match super::closest(unknown, known.iter().copied()) {
            Some(close) => format!("; did you mean `{close}`?"),
            None if known.is_empty() => String::new(),
            None => format!("; it names packs for {}", known.join(", ")),
        };
        bail!(
            "{} names no pack for `{}`{hint}",
            project.path.display(),
            unknown.escape_debug()
        );
    }
    if packs.is_empty() {
        terminal.say(&format!(
            "{} names no packs: there is nothing to fetch.\n",
            project.path.display()
        ));
    }
    let mut exit = Exit::Done;
    let wanted = |chart: &String| args.charts.is_empty() || args.charts.contains(chart);
    for (chart, reference) in packs.iter().filter(|(chart, _)| wanted(chart)) {
        match pull_one(&project, chart, reference) {
            Ok(said) => terminal.say(&format!("{chart}: {}\n", shown(&said))),
            Err((what, next)) => {
                exit = Exit::Error;
                terminal.say(&format!(
                    "error: {chart}: {}\n  next: {next}\n",
                    shown(&what)
                ));
            }
        }
    }
    if args.charts.is_empty() {
        let named: Vec<&str> = packs
            .iter()
            .filter(|(_, reference)| reference.is_remote())
            .map(|(chart, _)| chart.as_str())
            .collect();
        for chart in store::forget_others(project.home_folder(), &named)? {
            terminal.say(&format!(
                "{chart}: taken away, since refit.yaml does not name it any more\n"
            ));
        }
    }
    Ok(exit)
}

/// Fetches one pack, if it is not there as it should be; what there is to say, or what went wrong and what comes next.
fn pull_one(
    project: &Project,
    chart: &str,
    reference: &PackReference,
) -> Result<String, (String, String)> {
    let told = |error: SupplyError| (error.to_string(), error.next());
    let home = project.home_folder();
    let mut why = "fetched";
    match reference {
        PackReference::Folder(folder) => {
            let texts = fetch(
                &PackReference::Folder(project.layer_path(folder)),
                &Helm::from_env(),
            );
            let pack = checked_pack(chart, reference, texts.map_err(told)?)?;
            return Ok(format!("a folder, used as it is; {}", size(&pack)));
        }
        _ => match store::pulled(home, chart, reference) {
            Ok((_, texts)) => {
                let pack = checked_pack(chart, reference, texts)?;
                return Ok(format!("here already; {}", size(&pack)));
            }
            Err(SupplyError::NotPulled { .. } | SupplyError::Other { .. }) => {}
            // Whatever is there is not what was pulled.
            Err(SupplyError::Lock(error)) => return Err(told(SupplyError::Lock(error))),
            Err(_) => why = "fetched again, since its files were not those that were pulled",
        },
    }
    let texts = fetch(reference, &Helm::from_env()).map_err(told)?;
    let pack = checked_pack(chart, reference, texts.clone())?;
    store::keep(home, chart, reference, &texts).map_err(told)?;
    Ok(format!("{why}; {}", size(&pack)))
}

/// The pack, if it is for the chart and `pack check` finds no error in it.
fn checked_pack(
    chart: &str,
    reference: &PackReference,
    texts: Texts,
) -> Result<Pack, (String, String)> {
    let supplied = SuppliedPack {
        texts: texts.into(),
        origin: PackOrigin::Project {
            place: reference.to_string(),
        },
        place: reference.to_string().into(),
    };
    let author = "tell the author of the pack, or name another one".to_owned();
    let unusable = |what: String| (format!("the pack cannot be used: {what}"), author.clone());
    let pack = supplied
        .load()
        .map_err(|error| unusable(error.to_string()))?;
    if pack.chart() != chart {
        let error = SupplyError::OtherChart {
            chart: chart.to_owned(),
            found: pack.chart().to_owned(),
        };
        return Err((error.to_string(), error.next()));
    }
    let found = check::check_pack(&pack);
    match found
        .iter()
        .find(|finding| finding.severity == FindingSeverity::Error)
    {
        Some(finding) => Err(unusable(finding.to_string())),
        None => Ok(pack),
    }
}

fn size(pack: &Pack) -> String {
    let versions = pack.info.versions.len();
    let migrations = pack.migrated_versions().count();
    let s = |count: usize| if count == 1 { "" } else { "s" };
    format!(
        "{versions} version{} up to {}, {migrations} migration{}",
        s(versions),
        pack.newest_release(),
        s(migrations)
    )
}
