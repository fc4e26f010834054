//! `refit verify`, and the same check before an upgrade writes.

use std::{cell::RefCell, collections::BTreeMap};

use anyhow::{Context as _, bail};
use refit::{
    effect::{
        Charted, Check, SettingPlaces,
        helm::{Helm, next_step},
        model::{Effects, FORMAT, Failed, Report},
        render::Options,
        source::{ChartLocation, SourceError},
        values,
    },
    outcome::{Outcome, Release},
    pack::Pack,
    report::{Detail, Masker, effects, text},
    upgrade::{packs, upgrade},
};
use semver::Version;

use super::{
    args::{
        BackupOption, EffectFormat, Format, JobsOption, OutputOptions, RenderOptions, UpgradeArgs,
        VerifyArgs,
    },
    charts,
    exit::Exit,
    meaning::{Job, Rendering},
    terminal::Terminal,
    upgrade::{known_answers, nothing_found},
};

/// Compares, and gives the exit code.
///
/// # Errors
///
/// If the arguments contradict each other, a chart cannot be had, or Helm cannot be asked.
pub fn run(args: VerifyArgs, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let format = args.output;
    let mut job = job(args)?;
    let _charts = charts::read_both(&mut job, charts::Purpose::Compare)?;
    let job = job;
    let outcome = upgrade(&job.request);
    known_answers(&job, &outcome)?;
    nothing_found(&job, &outcome, terminal);
    let masker = || match job.show_secrets {
        true => Masker::off(),
        false => Masker::for_outcome(&outcome),
    };
    let Some(rendering) = &job.verify else {
        bail!("nothing is to be compared");
    };
    let releases: Vec<&Release> = outcome.releases.iter().collect();
    let found = effects_of(compare(&job, &releases, rendering, terminal)?);
    match format {
        EffectFormat::Text => {
            let look = terminal.result_look(job.detail);
            terminal.result(&effects::render_text(&found, look, &masker()));
        }
        EffectFormat::Json => {
            let pretty = terminal.result_is_seen();
            terminal.result(&effects::render_json(&found, &masker(), pretty)?);
        }
    }
    let open = outcome.releases.iter().any(Release::is_open);
    if open || !outcome.refused.is_empty() {
        let look = terminal.look(Detail::Quiet);
        let questions = text::render_report(&outcome, look, &masker());
        terminal.page(&format!("\n{questions}"));
    }
    say_failed(&found, &masker(), terminal);
    Ok(if !outcome.refused.is_empty() || !found.failed.is_empty() {
        Exit::Error
    } else if open {
        Exit::Open
    } else {
        code(&found)
    })
}

/// The exit code of checks that could be made.
fn code(found: &Effects) -> Exit {
    match found.releases.iter().any(|report| report.unexplained > 0) {
        true => Exit::Differs,
        false => Exit::Done,
    }
}

/// Releases that are named of those which could not be compared for one reason.
const NAMED: usize = 3;

/// Says which releases could not be compared, and why: each reason once.
fn say_failed(found: &Effects, masker: &Masker, terminal: &mut Terminal) {
    let masker = masker.of_rendered([]);
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for Failed { name, message } in &found.failed {
        match reasons.iter_mut().find(|(reason, _)| reason == message) {
            Some((_, names)) => names.push(name),
            None => reasons.push((message, vec![name])),
        }
    }
    for (message, names) in reasons {
        let more = match names.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = names[..names.len().min(NAMED)].join(", ");
        let message = masker.mask_text(message);
        terminal.say(&format!("\nerror: {named}{more}: {message}\n"));
    }
}

/// The meaning of the arguments: that of an upgrade that only looks.
fn job(args: VerifyArgs) -> anyhow::Result<Job> {
    Job::new(UpgradeArgs {
        jobs: JobsOption { jobs: None },
        inputs: args.inputs,
        live: args.live,
        chart: args.chart,
        steps: args.steps,
        // Nothing is written, so that nothing can be lost.
        force: true,
        accept_recommended: args.accept_recommended,
        accept_drafts: false,
        write: false,
        backup: BackupOption { backup: None },
        expect: None,
        record: false,
        check: false,
        verify: true,
        rendering: args.rendering,
        output: OutputOptions {
            output: match args.output {
                EffectFormat::Text => Some(Format::Text),
                EffectFormat::Json => Some(Format::Json),
            },
            color: args.color,
            diff: false,
            reports: Vec::new(),
            quiet: args.quiet,
            verbose: args.verbose,
            show_secrets: args.show_secrets,
        },
    })
}

/// The report of a release, and why it could not be compared, or not as a whole.
#[derive(Default)]
struct Compared {
    report: Option<Report>,
    failed: Option<Failed>,
}

/// Renders and compares releases. One that cannot be compared does not keep the others from it. Without Helm the files of
/// the charts are compared, as far as they are here.
///
/// # Errors
///
/// If there is no folder for charts, or a pack cannot be loaded.
fn compare<'o>(
    job: &Job,
    releases: &[&'o Release],
    rendering: &Rendering,
    terminal: &mut Terminal,
) -> anyhow::Result<Vec<(&'o Release, Compared)>> {
    if releases.is_empty() {
        return Ok(Vec::new());
    }
    let helm = Helm::from_env();
    let version = helm.version();
    if let (true, Ok(version)) = (helm.is_traced(), &version) {
        terminal.say(&format!(
            "Helm {version} renders; HELM_BIN names another one\n"
        ));
    }
    let folder = tempfile::tempdir().context("no folder for charts")?;
    // A pack that cannot be loaded is refused by the outcome already.
    let packs = packs(&job.request).map_err(|refusal| anyhow::anyhow!("{}", refusal.what))?;
    let charts = Charts {
        rendering,
        helm: &helm,
        is_drafted: job.request.drafted.iter().any(|draft| !draft.is_on_top),
        folder: folder.path(),
        opened: RefCell::default(),
    };
    let one = |release: &'o Release| {
        let failed = |message| Failed {
            name: name(release),
            message,
        };
        let compared = match &version {
            Ok(version) => match charts.compare(&packs, release, version) {
                Ok(report) => Compared {
                    report: Some(report),
                    failed: None,
                },
                Err(error) => Compared {
                    report: None,
                    failed: Some(failed(with_next(format!("{error:#}")))),
                },
            },
            Err(error) => {
                let why = error.to_string();
                let report = charts.read(&packs, release, &why).ok();
                let other = match report {
                    Some(_) => "",
                    None => {
                        "; of charts that are here (--old-chart and --new-chart, folders or archives) what their files say is told without it"
                    }
                };
                Compared {
                    report,
                    failed: Some(failed(format!("{why}\n{WITHOUT_HELM}{other}"))),
                }
            }
        };
        (release, compared)
    };
    Ok(releases.iter().copied().map(one).collect())
}

/// Why nothing is compared without Helm, and what to do.
const WITHOUT_HELM: &str = "  why:  effects are compared by rendering both charts with Helm\n  next: install helm, or name the program in HELM_BIN";

/// The message of Helm with the next step.
fn with_next(message: String) -> String {
    match next_step(&message) {
        Some(next) => format!("{message}\n  next: {next}"),
        None => message,
    }
}

fn effects_of(compared: Vec<(&Release, Compared)>) -> Effects {
    let mut found = Effects {
        format: FORMAT,
        releases: Vec::new(),
        failed: Vec::new(),
    };
    for (_, Compared { report, failed }) in compared {
        found.releases.extend(report);
        found.failed.extend(failed);
    }
    found
}

/// True if Helm takes a text as the name of a release (`chartutil.ValidateReleaseName`).
fn is_release_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let part = |part: &str| {
        part.starts_with(plain)
            && part.ends_with(plain)
            && part.chars().all(|c| plain(c) || c == '-')
    };
    // A name in Kubernetes has 63 characters at most, of which Helm keeps ten for what charts add.
    text.len() <= 53 && text.split('.').all(part)
}

fn name(release: &Release) -> String {
    let files = || {
        let names = release.files.iter().map(|file| file.name.as_str());
        names.collect::<Vec<_>>().join(" + ")
    };
    release.name.clone().unwrap_or_else(files)
}

/// True if a chart goes by a name.
fn is_called(pack: &Pack, name: &str) -> bool {
    let mut others = pack.identity.identifies.names.iter();
    pack.chart() == name || others.any(|other| other == name)
}

/// The options with which the charts of a release are rendered.
pub fn options(rendering: &Rendering, release: &Release) -> Options {
    let typed = &rendering.options;
    Options {
        release_name: typed.release_name.clone().unwrap_or_else(|| {
            // A manifest's own title is none; a file's name in the cluster is not known.
            let own = [&release.release_name, &release.name];
            let mut own = own.into_iter().flatten();
            let own = own.find(|name| is_release_name(name));
            own.unwrap_or(&release.chart).clone()
        }),
        namespace: rendering.namespace.clone(),
        kube_version: typed.kube_version.clone(),
        api_versions: typed.api_versions.clone(),
        install: typed.install,
    }
}

/// The charts, each opened once for each release's name.
struct Charts<'a> {
    rendering: &'a Rendering,
    helm: &'a Helm,
    /// True if no pack is for the charts, and one was drafted.
    is_drafted: bool,
    folder: &'a std::path::Path,
    opened: RefCell<BTreeMap<(String, String), std::rc::Rc<Charted>>>,
}

impl Charts<'_> {
    fn options(&self) -> &RenderOptions {
        &self.rendering.options
    }

    fn compare(&self, packs: &[Pack], release: &Release, helm: &str) -> anyhow::Result<Report> {
        self.with_check(packs, release, helm, |check| Ok(check.run()?))
    }

    /// What the files of both charts say, where nothing can be rendered.
    fn read(&self, packs: &[Pack], release: &Release, why: &str) -> anyhow::Result<Report> {
        self.with_check(packs, release, "", |check| Ok(check.by_reading(why)))
    }

    fn with_check(
        &self,
        packs: &[Pack],
        release: &Release,
        helm: &str,
        check: impl Fn(&Check<'_>) -> anyhow::Result<Report>,
    ) -> anyhow::Result<Report> {
        let Some(pack) = packs.iter().find(|pack| pack.chart() == release.chart) else {
            bail!("there is no pack for the chart {}", release.chart);
        };
        let Some((before, after)) = values(release) else {
            bail!("its values cannot be merged");
        };
        let (old, new) = (&self.options().old_chart, &self.options().new_chart);
        // Where the chart is another one afterwards, its own pack says where it is published.
        let successor = match &release.to_chart {
            Some(_) => pack.successor()?,
            None => None,
        };
        let after_pack = successor.map_or(pack, |successor| &successor.pack);
        let old = self.get(
            pack,
            release,
            &release.from,
            ("--old-chart", old.as_deref()),
        )?;
        let new = self.get(
            after_pack,
            release,
            &release.to,
            ("--new-chart", new.as_deref()),
        )?;
        let places = SettingPlaces::of(release, &after);
        check(&Check {
            old: &old,
            new: &new,
            before: &before,
            after: &after,
            release,
            pack,
            places: &places,
            tell_defaults: self.is_drafted || pack.is_draft_of(&release.to),
            helm,
        })
    }

    fn get(
        &self,
        pack: &Pack,
        release: &Release,
        version: &Version,
        (flag, named): (&str, Option<&str>),
    ) -> anyhow::Result<std::rc::Rc<Charted>> {
        let options = options(self.rendering, release);
        let name = pack.chart();
        let source = match named {
            Some(named) => ChartLocation::named(named, &version.to_string()),
            None => {
                let Some(repository) = pack.info.repositories.first() else {
                    bail!(
                        "where the chart {name} is published is not known\n  next: name both charts with --old-chart and --new-chart"
                    );
                };
                ChartLocation::Reference {
                    reference: name.to_owned(),
                    repository: Some(repository.clone()),
                    version: version.to_string(),
                }
            }
        };
        // Renderings are kept with a chart, and templates print the name of the release.
        let key = (format!("{source:?}"), options.release_name.clone());
        if let Some(opened) = self.opened.borrow().get(&key) {
            return Ok(opened.clone());
        }
        let chart = source.open(self.helm, options, self.folder).map_err(|error| match error {
            SourceError::Fetch { .. } if named.is_some_and(|named| !named.contains("://")) => anyhow::anyhow!(
                "there is no folder or archive {}, and {error}\n  next: name a folder or an archive with {flag}, or a chart of a repository that Helm knows; what needs more than that can be fetched with `helm pull`",
                named.unwrap_or_default()
            ),
            SourceError::Fetch { .. } => anyhow::anyhow!(
                "{error}\n  next: fetch it with `helm pull`, which takes a login, a certificate or --plain-http, and name the archive with {flag}"
            ),
            error => anyhow::anyhow!("the chart {name} {version}: {error}"),
        })?;
        // Drafts are made of the very charts that are named.
        let same = self.is_drafted
            || is_called(pack, &chart.chart.name) && chart.chart.semver().as_ref() == Some(version);
        if !same {
            bail!(
                "the chart that is named is {} {}, and {name} {version} is wanted\n  next: name the right one, or say with --from and --to what is meant",
                chart.chart.name,
                chart.chart.version
            );
        }
        let chart = std::rc::Rc::new(chart);
        self.opened.borrow_mut().insert(key, chart.clone());
        Ok(chart)
    }
}

/// Releases that an upgrade must not write.
#[derive(Default)]
pub struct WriteBarred<'o> {
    /// Something differs, and no step says why.
    pub differing: Vec<&'o Release>,
    /// They could not be compared.
    pub failed: Vec<&'o Release>,
}

impl WriteBarred<'_> {
    /// True if a release is among those that differ.
    pub fn differs(&self, release: &Release) -> bool {
        self.differing
            .iter()
            .any(|held| std::ptr::eq(*held, release))
    }

    /// True if a release must not be written.
    pub fn is_withheld(&self, release: &Release) -> bool {
        self.differs(release) || self.has_failed(release)
    }

    /// True if a release is among those that could not be compared.
    pub fn has_failed(&self, release: &Release) -> bool {
        self.failed.iter().any(|held| std::ptr::eq(*held, release))
    }
}

/// The check before an upgrade writes or prints: which releases it must not. What was found is said.
/// Releases with an open question are looked at only if nothing is to be written: they never are.
///
/// # Errors
///
/// If Helm cannot be run.
pub fn withheld_releases<'o>(
    job: &Job,
    outcome: &'o Outcome,
    rendering: &Rendering,
    masker: &Masker,
    terminal: &mut Terminal,
) -> anyhow::Result<WriteBarred<'o>> {
    let gives_values = job.mode.gives_values();
    let releases = outcome.releases.iter();
    let releases: Vec<&Release> = releases
        .filter(|release| !gives_values || !release.is_open())
        .collect();
    let compared = compare(job, &releases, rendering, terminal)?;
    let mut held = WriteBarred::default();
    for (release, Compared { report, failed }) in &compared {
        match report {
            _ if failed.is_some() => held.failed.push(release),
            Some(report) if report.unexplained > 0 => held.differing.push(release),
            _ => {}
        }
    }
    let found = effects_of(compared);
    if code(&found) != Exit::Done || job.detail > Detail::Quiet {
        let said = effects::render_text(&found, terminal.look(job.detail), masker);
        terminal.page(&format!("\n{said}"));
    }
    say_failed(&found, masker, terminal);
    Ok(held)
}
