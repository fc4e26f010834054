//! The checks of a pack: what must hold between its parts, so that a run never meets it.
//!
//! All findings are listed, not only the first, each with its place: a chart author mends them in one go.
//! First the files are looked at as text, each against its form; what the reader accepts is then looked at
//! as a whole. A check that depends on a user's values belongs to the run, not here.

mod corrections;
mod evidence;
mod finding;
mod guards;
mod history;
mod names;
mod paths;
mod place;
mod range;
mod replacement;
mod shape;
mod steps;
mod sub_charts;
mod writes;

use std::path::Path as FilePath;

use schemars::JsonSchema;
use semver::Version;
use serde::Serialize;

pub use finding::{Code, FindingSeverity, PackFinding, count_by_severity};
use place::{CheckedFile, Spot};

use super::{
    Migration, Pack, PackError, Step,
    replacement::FILE as REPLACEMENT,
    source::{PackSource, SUB_CHARTS},
};
use crate::spelling::closest;

/// What `refit pack new` is told of keys; nothing else but the check of a pack reads it.
const CORRECTIONS: &str = "corrections.yaml";

/// The result of the check of a folder.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Checked {
    /// The chart, as pack.yaml names it.
    pub chart: Option<String>,
    /// The number of versions that pack.yaml names.
    pub versions: usize,
    /// The number of migrations.
    pub migrations: usize,
    /// The findings, by file and line.
    pub findings: Vec<PackFinding>,
}

/// Checks a pack that could be loaded.
#[must_use]
pub fn check_pack(pack: &Pack) -> Vec<PackFinding> {
    let checked = PackFiles::read(pack.source()).and_then(|files| {
        Ok(match pack.info.sub_charts.is_empty() {
            true => files.check(Some(pack)),
            // What other packs say is not of its files.
            false => files.check(Some(&pack.without_sub_charts()?)),
        })
    });
    checked.unwrap_or_else(|error| vec![unreadable_finding(&error)])
}

/// Checks a folder, also one that cannot be loaded as a pack.
///
/// # Errors
///
/// If the folder has no pack.yaml, or a file of it cannot be read.
pub fn check_folder(folder: &FilePath) -> Result<Checked, PackError> {
    let source = PackSource::Folder(folder.to_owned());
    source.read_file("pack.yaml")?;
    let files = PackFiles::read(&source)?;
    // The packs that it names of sub-charts are looked at by themselves.
    let pack = Pack::load_alone(source.clone());
    let mut findings = files.check(pack.as_ref().ok());
    let error = |finding: &PackFinding| finding.severity == FindingSeverity::Error;
    // A check says the same with its place; only what none of them found is said as the reader says it.
    if let Err(failure) = &pack
        && !findings.iter().any(error)
    {
        findings.push(files.finding_for_error(failure));
    }
    let versions = files.versions();
    Ok(Checked {
        chart: files.get("pack.yaml").and_then(|file| {
            let chart = file.spot().find("chart")?.text()?;
            Some(chart.to_owned())
        }),
        versions: versions.len(),
        migrations: files.migrations().count(),
        findings,
    })
}

fn unreadable_finding(error: &PackError) -> PackFinding {
    PackFinding {
        file: "pack.yaml".to_owned(),
        line: None,
        column: None,
        severity: FindingSeverity::Error,
        code: Code::Format,
        message: error.to_string(),
        excerpt: None,
    }
}

/// The files of a pack.
struct PackFiles {
    files: Vec<CheckedFile>,
    /// The other names in the folder.
    others: Vec<String>,
}

impl PackFiles {
    fn read(source: &PackSource) -> Result<Self, PackError> {
        let mut names = source.file_names()?;
        names.sort();
        let own = |name: &String| {
            let stem = name.strip_suffix(".yaml");
            ["pack.yaml", "keys.yaml", REPLACEMENT, CORRECTIONS].contains(&name.as_str())
                || stem.is_some_and(|stem| Version::parse(stem).is_ok())
        };
        let (own, others): (Vec<String>, Vec<String>) = names.into_iter().partition(own);
        let files = own.into_iter().map(|name| {
            let text = source.read_file(&name)?;
            Ok(CheckedFile::new(name, text))
        });
        Ok(Self {
            files: files.collect::<Result<_, PackError>>()?,
            others,
        })
    }

    fn get(&self, name: &str) -> Option<&CheckedFile> {
        self.files.iter().find(|file| file.name == name)
    }

    fn spot(&self, name: &str) -> Spot<'_> {
        let file = self.get(name).or(self.files.first());
        file.expect("a pack that was read has a file").spot()
    }

    fn migrations(&self) -> impl Iterator<Item = &CheckedFile> {
        let named = ["pack.yaml", "keys.yaml", REPLACEMENT, CORRECTIONS];
        let other = move |file: &&CheckedFile| !named.contains(&file.name.as_str());
        self.files.iter().filter(other)
    }

    /// The versions in pack.yaml that are versions, oldest first.
    fn versions(&self) -> Vec<Version> {
        let versions = self
            .get("pack.yaml")
            .and_then(|f| f.spot().find("versions"));
        let entries = versions.map(Spot::entries).unwrap_or_default();
        let versions = entries
            .iter()
            .filter_map(|(text, _)| Version::parse(text).ok());
        let mut versions: Vec<Version> = versions.collect();
        versions.sort();
        versions
    }

    fn check(&self, pack: Option<&Pack>) -> Vec<PackFinding> {
        let mut found = self.stray_files();
        let versions = self.versions();
        let forms = shape::Forms::new();
        let successor = pack.and_then(|pack| pack.successor().ok().flatten());
        let of_successor: Vec<Version> = successor
            .map(|successor| successor.pack.info.versions.keys().cloned().collect())
            .unwrap_or_default();
        for file in &self.files {
            // Its `target`s are versions of the chart that it leads to.
            let versions = match file.name == REPLACEMENT {
                true => &of_successor,
                false => &versions,
            };
            shape::check(file, &forms, versions, &mut found);
        }
        self.versions_fit(&versions, &mut found);
        for file in self.migrations().chain(self.get(REPLACEMENT)) {
            paths::check_path_texts(file, &mut found);
        }
        if let Some(pack) = pack {
            let mut migrations = Vec::new();
            for version in pack.migrated_versions() {
                match pack.migration(version) {
                    Ok(migration) => migrations.extend(migration),
                    Err(error) => {
                        let name = format!("{version}.yaml");
                        let error_in = |f: &PackFinding| {
                            f.file == name && f.severity == FindingSeverity::Error
                        };
                        if !found.iter().any(error_in) {
                            found.push(self.finding_for_error(&error));
                        }
                    }
                }
            }
            let whole = Whole {
                pack,
                files: self,
                versions,
                migrations,
            };
            whole.check(&mut found);
        }
        let place = |finding: &PackFinding| (finding.file.clone(), finding.line, finding.column);
        // Migrations go by their versions: 0.9.0 comes before 0.10.0, which texts would turn round.
        let order = |file: &str| match file {
            "pack.yaml" => (0, None),
            "keys.yaml" => (1, None),
            name => (
                2,
                name.strip_suffix(".yaml")
                    .and_then(|v| Version::parse(v).ok()),
            ),
        };
        found.sort_by(|a, b| {
            let key = |f: &PackFinding| (order(&f.file), place(f), f.severity, f.code);
            key(a).cmp(&key(b))
        });
        found.dedup();
        found
    }

    /// The files in the folder that are no files of a pack.
    fn stray_files(&self) -> Vec<PackFinding> {
        let mut found = Vec::new();
        for name in &self.others {
            let known = ["README.md", "LICENSE", "CHANGELOG.md", "cases", SUB_CHARTS];
            if known.contains(&name.as_str()) || name.starts_with('.') {
                continue;
            }
            let stem = name.rsplit_once('.').filter(|(_, ending)| {
                ["yaml", "yml", "json"].contains(&ending.to_lowercase().as_str())
            });
            // Only what looks like a file of a pack is an error: another may lie there for its own sake.
            let meant = stem.and_then(|(stem, _)| {
                let version = stem.strip_prefix(['v', 'V']).unwrap_or(stem);
                match closest(stem, ["pack", "keys"]) {
                    _ if Version::parse(version).is_ok() => Some(format!("{version}.yaml")),
                    _ if version.starts_with(|c: char| c.is_ascii_digit()) => {
                        Some("VERSION.yaml, with three numbers,".to_owned())
                    }
                    Some(close) => Some(format!("{close}.yaml")),
                    None => None,
                }
            });
            let message = match &meant {
                Some(meant) => {
                    format!("a pack has no such file, so nothing reads it; is {meant} meant?")
                }
                None => "a pack has no such file; what belongs to it stands in README.md or cases/"
                    .to_owned(),
            };
            let code = match meant {
                Some(_) => Code::UnknownFile,
                None => Code::StrayFile,
            };
            found.push(PackFinding {
                file: name.clone(),
                line: None,
                column: None,
                severity: code.severity(),
                code,
                message,
                excerpt: None,
            });
        }
        found
    }

    /// Checks that versions are versions, in order, and the files are for versions of the pack.
    fn versions_fit(&self, versions: &[Version], found: &mut Vec<PackFinding>) {
        let pack = self.spot("pack.yaml");
        let mut last: Option<Version> = None;
        for (text, spot) in pack.get("versions").entries() {
            match Version::parse(text) {
                Ok(version) => {
                    if last.as_ref().is_some_and(|last| *last > version) {
                        let message = format!("{version} stands behind a newer one; oldest first");
                        found.push(spot.finding_here(Code::VersionOrder, message));
                    }
                    last = Some(version);
                }
                Err(error) => {
                    let message = format!("`{text}` is no version ({error}); write three numbers");
                    found.push(spot.finding_here(Code::BadVersion, message));
                }
            }
        }
        for (text, spot) in pack.get("not-versions").entries() {
            if Version::parse(text).is_ok_and(|version| versions.contains(&version)) {
                let message = format!("{text} is also among the versions");
                found.push(spot.finding_here(Code::VersionRefused, message));
            }
        }
        for (text, spot) in pack.get("effects").get("moved").entries() {
            match Version::parse(text) {
                Ok(version) if versions.contains(&version) => {}
                _ => {
                    let message = format!("{text} is not among the versions");
                    found.push(spot.finding_here(Code::UnknownVersion, message));
                }
            }
        }
        for file in self.migrations() {
            let name = file.name.strip_suffix(".yaml").unwrap_or_default();
            let named = Version::parse(name).ok();
            let Some(spot) = file.spot().find("version") else {
                continue;
            };
            let text = spot.text().unwrap_or_default();
            match Version::parse(text) {
                Err(error) => {
                    let message = format!("`{text}` is no version ({error}); write three numbers");
                    found.push(spot.at_value().finding_here(Code::BadVersion, message));
                }
                Ok(version) if Some(&version) != named.as_ref() => {
                    let message = format!("the file is called {}, and is for {version}", file.name);
                    found.push(spot.at_value().finding_here(Code::BadVersion, message));
                }
                Ok(version) if !versions.contains(&version) => {
                    let message = format!("pack.yaml does not name the version {version}");
                    found.push(spot.at_value().finding_here(Code::UnknownVersion, message));
                }
                Ok(_) => {}
            }
        }
    }

    /// The finding for an error of the reader that no check found, as near to its place as can be told.
    fn finding_for_error(&self, error: &PackError) -> PackFinding {
        match error {
            PackError::Step {
                version,
                step,
                message,
            } => {
                let spot = self.spot(&format!("{version}.yaml"));
                let spot = spot.get("steps").get(step);
                spot.finding_here(Code::BadStep, message.clone())
            }
            PackError::Format { file, message } | PackError::Bounds { file, message } => {
                let code = match error {
                    PackError::Bounds { .. } => Code::Bounds,
                    _ => Code::Format,
                };
                match self.get(file) {
                    Some(file) => file.spot().finding_here(code, message.clone()),
                    None => unreadable_finding(error),
                }
            }
            other => unreadable_finding(other),
        }
    }
}

/// A pack whose files can be read, as a whole.
struct Whole<'p> {
    pack: &'p Pack,
    files: &'p PackFiles,
    /// Oldest first.
    versions: Vec<Version>,
    migrations: Vec<&'p Migration>,
}

impl<'p> Whole<'p> {
    fn check(&self, found: &mut Vec<PackFinding>) {
        evidence::check(self, found);
        sub_charts::check(self, found);
        replacement::check(self, found);
        corrections::check(self, found);
        history::check(self, found);
        steps::check_ids(self, found);
        self.check_migrations(found);
    }

    fn check_migrations(&self, found: &mut Vec<PackFinding>) {
        for migration in &self.migrations {
            for step in &migration.steps {
                let spot = self.spot_of_step(migration, step);
                paths::check(self, migration, step, spot, found);
                names::check(step, spot, found);
                steps::check_step(self, migration, step, spot, found);
            }
            writes::check(self, migration, found);
        }
    }

    /// The place of a step.
    fn spot_of_step(&self, migration: &Migration, step: &Step) -> Spot<'p> {
        let file = self.files.spot(&format!("{}.yaml", migration.version));
        file.get("steps").get(&step.id)
    }
}

/// A row of a step and where it stands: the step itself, an item of `first`, or an option.
#[derive(Clone, Copy)]
struct PlacedRow<'p> {
    row: &'p super::Row,
    spot: Spot<'p>,
    /// The row of the table that it is or belongs to.
    number: usize,
    /// The option it is, if it is one.
    option: Option<&'p super::Choice>,
    /// The row that asks for the option.
    outer: Option<&'p super::Row>,
}

/// Every row of a step, those of options behind the row that asks.
fn placed_rows<'p>(step: &'p Step, spot: Spot<'p>) -> Vec<PlacedRow<'p>> {
    let first = spot.find("first");
    let mut rows = Vec::new();
    for (number, row) in step.rows.iter().enumerate() {
        let spot = first.map_or(spot, |first| first.item(number));
        rows.push(PlacedRow {
            row,
            spot,
            number,
            option: None,
            outer: None,
        });
        for option in row.question.iter().flat_map(|question| &question.options) {
            rows.push(PlacedRow {
                row: &option.row,
                spot: spot.get("options").get(&option.id),
                number,
                option: Some(option),
                outer: Some(row),
            });
        }
    }
    rows
}
