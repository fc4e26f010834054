//! `refit packs` and `refit explain`: what is known, as data for the report.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use refit::{
    outcome::Refusal,
    pack::{
        Migration, Pack, built_in, built_in_names,
        check::{self, FindingSeverity},
        schema,
    },
    report::{
        Detail, ReportStyle,
        catalog::{self, MigrationPage, PackRow, StepPage},
    },
};
use semver::Version;

use super::{
    args::{CheckArgs, CheckOutput, Deny, ExplainArgs, PackOptions},
    exit::Exit,
    project, supply,
    terminal::Terminal,
};

/// The packs in the order in which they are looked at, and those of `refit.yaml` that cannot be used.
fn all_packs(folders: &[PathBuf]) -> anyhow::Result<(Vec<Pack>, Vec<Refusal>)> {
    let mut packs: Vec<Pack> = Vec::new();
    for folder in folders {
        let pack = Pack::from_folder(folder)
            .with_context(|| format!("the pack {} cannot be used", folder.display()))?;
        packs.push(pack);
    }
    let mut refused = Vec::new();
    let mut unusable: Vec<String> = Vec::new();
    for supplied in supply::of_project(project::project_here()?.as_ref()) {
        let chart = supplied.chart.unwrap_or_default();
        // What --pack names goes before refit.yaml, as in a run.
        if packs.iter().any(|pack| pack.chart() == chart) {
            continue;
        }
        match supplied.pack {
            Ok(supplied) => packs.push(supplied.load().with_context(|| {
                format!("the pack {} cannot be used", supplied.place.display())
            })?),
            Err(refusal) => {
                unusable.push(chart);
                refused.push(*refusal);
            }
        }
    }
    for name in built_in_names() {
        // What is built in is not what would be used.
        let is_named = unusable.iter().any(|chart| chart == name);
        if !is_named && packs.iter().all(|pack| pack.chart() != name) {
            packs.extend(built_in(name)?);
        }
    }
    Ok((packs, refused))
}

/// Says which packs of `refit.yaml` cannot be used.
fn say_refused(refused: &[Refusal], terminal: &mut Terminal) {
    for refusal in refused {
        let next = refusal.next.as_deref().unwrap_or_default();
        terminal.say(&format!("error: {}\n  next: {next}\n", refusal.what));
    }
}

/// Checks a pack and lists what is wrong with it; the exit code is 1 if there is an error, or a warning that
/// is to count as one.
///
/// # Errors
///
/// If the folder holds no pack.
pub fn check(args: &CheckArgs, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let checked = check::check_folder(&args.folder)?;
    let denied = args.deny.contains(&Deny::Warnings);
    let findings = &checked.findings;
    let wrong = findings
        .iter()
        .any(|f| denied || f.severity == FindingSeverity::Error);
    let exit = match wrong {
        true => Exit::Differs,
        false => Exit::Done,
    };
    if args.output == CheckOutput::Json {
        terminal.result(&(serde_json::to_string_pretty(&checked)? + "\n"));
        return Ok(exit);
    }
    for finding in findings {
        let excerpt = finding.excerpt.iter().flat_map(|text| text.lines());
        let excerpt: String = excerpt.map(|line| format!("  {line}\n")).collect();
        terminal.result(&refit::shell::shown(&format!("{finding}\n{excerpt}")));
    }
    let chart = checked.chart.as_deref().unwrap_or("the pack");
    let summary = check::count_by_severity(findings);
    terminal.say(&match findings.is_empty() {
        true => format!(
            "{chart}: {}, {}: {summary}\n",
            counted(checked.versions, "version"),
            counted(checked.migrations, "migration")
        ),
        false => format!("{chart}: {summary}\n"),
    });
    Ok(exit)
}

/// A number of things.
fn counted(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// Prints the schema of a file of a pack.
///
/// # Errors
///
/// If there is no such schema, which the arguments exclude.
pub fn schema(file: &str, terminal: &mut Terminal) -> anyhow::Result<()> {
    let (_, schema) = schema::schemas()
        .into_iter()
        .find(|(name, _)| *name == file)
        .with_context(|| format!("a pack has no file `{file}`"))?;
    terminal.result(&(serde_json::to_string_pretty(&schema)? + "\n"));
    Ok(())
}

/// Prints the table of packs; an error if `refit.yaml` names one that cannot be used.
///
/// # Errors
///
/// If a pack cannot be read.
pub fn list(options: &PackOptions, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let mut rows = Vec::new();
    let (packs, refused) = all_packs(&options.packs)?;
    for pack in packs {
        let versions = || pack.info.versions.keys();
        let end = |version: Option<&Version>| version.map(ToString::to_string).unwrap_or_default();
        let mut steps = 0;
        for version in pack.migrated_versions() {
            let migrations = pack.migrations(version)?.into_iter();
            steps += migrations
                .map(|migration| migration.steps.len())
                .sum::<usize>();
        }
        rows.push(PackRow {
            chart: pack.info.chart.clone(),
            title: pack.info.title.clone(),
            versions: (end(versions().min()), end(versions().max())),
            newest_release: pack.newest_release().to_string(),
            migrations: pack.migrated_versions().count(),
            steps,
            origin: pack.origin(),
        });
    }
    let look = terminal.result_look(Detail::Normal);
    terminal.result(&catalog::render_packs(&rows, look));
    say_refused(&refused, terminal);
    Ok(match refused.is_empty() {
        true => Exit::Done,
        false => Exit::Error,
    })
}

/// Explains a version or a step, in every chart that has it.
///
/// # Errors
///
/// If nothing is called so, or a pack cannot be read.
pub fn explain(args: &ExplainArgs, terminal: &mut Terminal) -> anyhow::Result<()> {
    let (mut packs, refused) = all_packs(&args.packs.packs)?;
    say_refused(&refused, terminal);
    if let Some(chart) = &args.chart {
        let known: Vec<String> = packs.iter().map(|pack| pack.chart().to_owned()).collect();
        packs.retain(|pack| pack.chart() == chart);
        if packs.is_empty() {
            bail!(
                "refit has no pack for the chart `{chart}`; known: {}",
                known.join(", ")
            );
        }
    }
    let look = terminal.result_look(Detail::Normal);
    if let Some(pack) = packs.iter().find(|pack| pack.chart() == args.id) {
        let mut rows = Vec::new();
        for version in pack.migrated_versions() {
            for migration in pack.migrations(version)? {
                rows.push((version.to_string(), migration.title.clone()));
            }
        }
        terminal.result(&catalog::render_versions(pack.chart(), &rows, look));
        return Ok(());
    }
    let mut found = Explained::default();
    for pack in &packs {
        found.add_pack(pack, &args.id, look)?;
    }
    if !found.pages.is_empty() {
        terminal.result(&found.pages.join("\n"));
        return Ok(());
    }
    if !found.notes.is_empty() {
        terminal.result(&found.notes.concat());
        return Ok(());
    }
    let hint = match super::closest(&args.id, found.ids.iter().map(String::as_str)) {
        Some(close) => format!("; did you mean `{close}`?"),
        None => {
            "; `refit packs` lists the charts, `refit explain CHART` the versions that changed something, `refit explain VERSION` the steps of one"
                .to_owned()
        }
    };
    bail!("no version and no step is called `{}`{hint}", args.id);
}

/// The pages and notes that packs have for one name: that of a version or a step.
#[derive(Default)]
struct Explained {
    pages: Vec<String>,
    /// Notes on a version that changed nothing, or that there is none of.
    notes: Vec<String>,
    /// The names of all versions and steps, for a name that was misspelled.
    ids: Vec<String>,
}

impl Explained {
    fn add_pack(&mut self, pack: &Pack, id: &str, look: ReportStyle) -> anyhow::Result<()> {
        let chart = &pack.info.chart;
        let wanted = Version::parse(id.strip_prefix('v').unwrap_or(id)).ok();
        let versions = pack.migrated_versions();
        let all = versions.map(|version| Ok((version, pack.migrations(version)?)));
        let mut all = all.collect::<anyhow::Result<Vec<_>>>()?;
        // What brings values to the chart that takes its place is of a version of that one.
        let successor = pack.successor()?;
        all.extend(successor.map(|other| (&other.version, vec![&other.migration])));
        for (version, migrations) in all {
            for migration in migrations {
                if wanted.as_ref() == Some(version) {
                    let page = migration_page(chart, version, migration);
                    self.pages.push(catalog::render_migration(&page, look));
                }
                for step in &migration.steps {
                    if step.id == id {
                        let page = StepPage::new(chart, version, step);
                        self.pages.push(catalog::render_step(&page, look));
                    }
                    self.ids.push(step.id.clone());
                }
            }
            self.ids.push(version.to_string());
        }
        let Some(version) = wanted.filter(|_| self.pages.is_empty()) else {
            return Ok(());
        };
        if pack.info.versions.contains_key(&version) {
            self.notes.push(format!(
                "{chart} {version}: nothing changed for values files in this version.\n"
            ));
        } else if let Some(why) = pack.info.not_versions.get(&version.to_string()) {
            self.notes.push(format!("{chart} {version}: {why}\n"));
        }
        Ok(())
    }
}

fn migration_page(chart: &str, version: &Version, migration: &Migration) -> MigrationPage {
    let steps = migration.steps.iter();
    MigrationPage {
        chart: chart.to_owned(),
        version: version.to_string(),
        title: migration.title.clone(),
        link: migration.link.clone(),
        steps: steps.map(|s| (s.id.clone(), s.title.clone())).collect(),
    }
}
