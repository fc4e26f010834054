//! The Arroyo pack proven against the real charts: what overrides did they still do, or a step says why not.
//!
//! The charts are public and not part of this repository. `REFIT_ARROYO` names a clone of Arroyo's
//! repository (a checkout, or a bare one); the folder `k8s/arroyo` of each version's commit is taken out of
//! it. Without it these tests say that they did not run. `REFIT_ARROYO_FILES` says how many generated
//! override files are checked; by default a sample.

use crate::support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use refit::{
    effect::{
        Charted, Check, SettingPlaces, helm::Helm, model::Report, render::Options,
        source::ChartLocation, values,
    },
    load::{InputFile, ReleaseRequest},
    migrate::{Answer, Answers},
    outcome::{Release, ReportedQuestion},
    pack::{Pack, built_in},
    upgrade::{Request, upgrade},
};
use serde::Deserialize;

/// Each chart version and the commit that it was packaged from.
const VERSIONS: &[(&str, &str)] = &[
    ("0.1.0", "fdb1560c"),
    ("0.2.0", "e36097f8"),
    ("0.3.0", "ff6c985a"),
    ("0.4.0", "d1f20f1f"),
    ("0.4.1", "af3e5d22"),
    ("0.5.0", "8f7cb3ca"),
    ("0.5.1", "16fd4836"),
    ("0.6.0", "268f5629"),
    ("0.7.0", "d530aa62"),
    ("0.7.1", "96797895"),
    ("0.8.0", "7e197996"),
    ("0.8.1", "8d3298e8"),
    ("0.9.0", "c0a8616b"),
    ("0.9.1", "c28463cd"),
    ("0.10.0", "6d5d4382"),
    ("0.10.1", "f54a6b2d"),
    ("0.10.3", "89c9228e"),
    ("0.11.0", "4ffae774"),
    ("0.11.1", "fcdc859d"),
    ("0.11.2", "8e595960"),
    ("0.12.0", "55dd2e32"),
    ("0.13.0", "f74b9668"),
    ("0.14.0", "649d690e"),
    ("0.14.1", "2a98b6da"),
    ("0.15.0", "ee44cf5a"),
    ("0.16.0-dev", "addb390a"),
];
const FIRST_ADJACENT: &str = "0.6.0";
const NEWEST: &str = "0.15.0";
/// Generated files that are checked if nothing else is asked for.
const SAMPLE: usize = 60;

/// The charts, taken out of the repository as they are needed.
struct Charts {
    repository: PathBuf,
    folder: tempfile::TempDir,
    helm: Helm,
    opened: Mutex<BTreeMap<String, &'static Charted>>,
}

impl Charts {
    fn get(&self, version: &str) -> &'static Charted {
        let mut opened = self.opened.lock().unwrap();
        if let Some(chart) = opened.get(version) {
            return chart;
        }
        let (_, commit) = VERSIONS
            .iter()
            .find(|(known, _)| *known == version)
            .unwrap_or_else(|| panic!("no commit is known for chart {version}"));
        let folder = self.folder.path().join(version);
        let mut archive = Vec::new();
        let mut git = Command::new("git")
            .arg("-C")
            .arg(&self.repository)
            .args(["archive", commit, "k8s/arroyo"])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        git.stdout
            .take()
            .unwrap()
            .read_to_end(&mut archive)
            .unwrap();
        assert!(
            git.wait().unwrap().success(),
            "{commit} is not in the repository"
        );
        tar::Archive::new(archive.as_slice())
            .unpack(&folder)
            .unwrap();
        let options = Options {
            release_name: "arroyo".to_owned(),
            namespace: Some("streams".to_owned()),
            kube_version: None,
            api_versions: Vec::new(),
            install: false,
        };
        let chart = ChartLocation::Path(folder.join("k8s/arroyo"))
            .open(&self.helm, options, self.folder.path())
            .unwrap();
        assert_eq!(chart.chart.version, version);
        let chart: &'static Charted = Box::leak(Box::new(chart));
        opened.insert(version.to_owned(), chart);
        chart
    }
}

fn charts() -> Option<&'static Charts> {
    static CHARTS: OnceLock<Option<Charts>> = OnceLock::new();
    let found = CHARTS.get_or_init(|| {
        let repository = std::env::var_os("REFIT_ARROYO").filter(|path| !path.is_empty())?;
        let major = match std::env::var("REFIT_EFFECTS_HELM").as_deref() {
            Ok("4") => support::helm::Major::Four,
            _ => support::helm::Major::Three,
        };
        let helm = support::helm::helm(major)?;
        let folder = tempfile::tempdir().unwrap();
        Some(Charts {
            repository: repository.into(),
            helm: helm.effects(folder.path()),
            folder,
            opened: Mutex::default(),
        })
    });
    if found.is_none() && std::env::var_os("REFIT_ARROYO").is_none() {
        support::not_asked_for("Arroyo's repository", "REFIT_ARROYO names a clone of it");
    }
    found.as_ref()
}

fn pack() -> &'static Pack {
    thread_local! {
        static PACK: &'static Pack = Box::leak(Box::new(built_in("arroyo").unwrap().unwrap()));
    }
    PACK.with(|pack| *pack)
}

/// Upgrades values, answering what is asked: with what is given, else with one of the options.
fn upgraded(
    text: &str,
    from: &str,
    to: &str,
    given: &Answers,
    chance: &mut Chance,
) -> Result<Release, String> {
    let mut answers = given.clone();
    for _ in 0..8 {
        let outcome = upgrade(&Request {
            releases: vec![ReleaseRequest::new(vec![InputFile::Stdin(
                text.as_bytes().to_vec(),
            )])],
            chart: Some("arroyo".to_owned()),
            from: Some(from.parse().unwrap()),
            to: Some(to.parse().unwrap()),
            answers: answers.clone(),
            with_values: true,
            ..Request::default()
        });
        let Some(release) = outcome.releases.into_iter().next() else {
            return Err(format!("refused: {:?}", outcome.refused));
        };
        let mut open = false;
        for step in &release.steps {
            if let Some(question) = step
                .question
                .as_ref()
                .filter(|question| question.answer.is_none())
            {
                open = true;
                answers.insert(step.id.clone(), answer(question, text, chance));
            }
        }
        if !open {
            return Ok(release);
        }
    }
    Err("questions stay open".to_owned())
}

fn answer(question: &ReportedQuestion, text: &str, chance: &mut Chance) -> Answer {
    let option = &question.options[chance.below(question.options.len())];
    let mut inputs = BTreeMap::new();
    for input in &option.inputs {
        let text = match input.name.as_str() {
            "name" => full_name(text),
            "tag" | "worker_tag" => "0.15.0-fjord".to_owned(),
            "repository" => "registry.fjord.example/streams/arroyo".to_owned(),
            "keys" => "AWS_ACCESS_KEY_ID, S3_ENDPOINT, QUEUE_SIZE".to_owned(),
            "artifact" => "s3://fjord/new-artifacts".to_owned(),
            "checkpoint" => "s3://fjord/new-checkpoints".to_owned(),
            _ => "eu-north-1".to_owned(),
        };
        inputs.insert(input.name.clone(), text);
    }
    Answer {
        option: option.id.clone(),
        inputs,
        ..Answer::default()
    }
}

/// What `kubectl get serviceaccount` shows of the release: the chart's full name for these values.
fn full_name(text: &str) -> String {
    let values: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
    let set = |key: &str| values.get(key).and_then(|value| value.as_str());
    match (set("fullnameOverride"), set("nameOverride")) {
        (Some(full), _) => full.to_owned(),
        (None, Some(name)) => format!("arroyo-{name}"),
        (None, None) => "arroyo".to_owned(),
    }
}

fn check(charts: &Charts, release: &Release) -> Result<Report, String> {
    let (from, to) = (release.from.to_string(), release.to.to_string());
    let (old, new) = (charts.get(&from), charts.get(&to));
    let (before, after) = values(release).ok_or("no values")?;
    let places = SettingPlaces::of(release, &after);
    let report = Check {
        old,
        new,
        before: &before,
        after: &after,
        release,
        pack: pack(),
        places: &places,
        tell_defaults: false,
        helm: "",
    }
    .run();
    report.map_err(|error| error.to_string())
}

fn told(report: &Report) -> String {
    let mut text = String::new();
    for finding in report
        .findings
        .iter()
        .filter(|finding| finding.kind.is_fatal())
    {
        text.push_str(&format!("  {:?}: {}\n", finding.kind, finding.what));
    }
    for setting in &report.settings {
        for seen in setting.effects.iter().filter(|seen| seen.unexplained) {
            text.push_str(&format!(
                "  {} = {}: {:?} {} {:?}, was {}, now {}\n",
                setting.path.as_deref().unwrap_or("several"),
                setting.value,
                seen.fate,
                seen.place,
                seen.to,
                seen.was,
                seen.now
            ));
        }
    }
    text
}

#[derive(Debug, Default)]
struct Counts {
    files: usize,
    settings: usize,
    kept: usize,
    explained: usize,
    renderings: usize,
    /// The new chart itself does not render with them, and did not before the pack either.
    failures: Vec<String>,
}

impl Counts {
    fn add(&mut self, name: &str, result: Result<Report, String>, detail: &str) {
        self.files += 1;
        match result {
            Err(message) => {
                eprintln!("{name}: {message}");
                self.failures.push(format!("{name}: {message}\n{detail}"));
            }
            Ok(report) => {
                self.settings += report.settings.len();
                self.renderings += report.renderings;
                for seen in report.settings.iter().flat_map(|setting| &setting.effects) {
                    if seen.step.is_some() {
                        self.explained += 1;
                    } else if !seen.unexplained {
                        self.kept += 1;
                    }
                }
                if report.unexplained > 0 {
                    eprintln!("{name}\n{}", told(&report));
                    self.failures.push(format!(
                        "{name}: {} unexplained\n{}{detail}",
                        report.unexplained,
                        told(&report)
                    ));
                }
            }
        }
    }

    fn told(&self, what: &str) -> String {
        format!(
            "{what}: {} files, {} settings, {} effects kept, {} explained, {} files with something unexplained, {} renderings",
            self.files,
            self.settings,
            self.kept,
            self.explained,
            self.failures.len(),
            self.renderings
        )
    }

    fn finish(self, what: &str) {
        eprintln!("{}", self.told(what));
        assert!(self.files > 0, "nothing was checked");
        assert!(
            self.failures.is_empty(),
            "{} of {} failed\n{}",
            self.failures.len(),
            self.files,
            self.failures.join("\n")
        );
    }
}

/// Runs many checks, two at a time, and counts.
fn all<T: Sync>(
    jobs: &[T],
    what: &str,
    run: impl Fn(&T) -> (String, Result<Report, String>, String) + Sync,
) {
    let next = AtomicUsize::new(0);
    let counts = Mutex::new(Counts::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (name, result, detail) = run(job);
                    let mut counts = counts.lock().unwrap();
                    counts.add(&name, result, &detail);
                    if counts.files.is_multiple_of(50) {
                        eprintln!("{}", counts.told(what));
                    }
                }
            });
        }
    });
    counts.into_inner().unwrap().finish(what);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default, rename = "note")]
    _note: String,
    from: String,
    to: String,
    #[serde(default)]
    answers: BTreeMap<String, Answer>,
    #[serde(default, rename = "asks")]
    _asks: Option<Vec<String>>,
    #[serde(default, rename = "tells")]
    _tells: Vec<String>,
}

#[test]
fn every_case_does_under_the_new_chart_what_it_did() {
    let Some(charts) = charts() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/arroyo");
    let only = std::env::var("REFIT_CASE").ok();
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .filter(|path| only.as_ref().is_none_or(|only| path.ends_with(only)))
        .collect();
    folders.sort();
    all(&folders, "cases", |folder| {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let case = fs::read_to_string(folder.join("case.yaml")).unwrap();
        let case: Case = serde_yaml::from_str(&case).unwrap();
        let old = fs::read_to_string(folder.join("old.yaml")).unwrap();
        let result = upgraded(&old, &case.from, &case.to, &case.answers, &mut Chance(1))
            .and_then(|release| check(charts, &release));
        (
            format!("{name} ({} to {})", case.from, case.to),
            result,
            String::new(),
        )
    });
}

/// Every pair that is checked: adjacent versions from 0.6.0 on, and every version with the newest.
fn pairs() -> Vec<(&'static str, &'static str)> {
    let versions: Vec<&str> = VERSIONS.iter().map(|(version, _)| *version).collect();
    let first = versions.iter().position(|v| *v == FIRST_ADJACENT).unwrap();
    let adjacent = versions[first..].windows(2).map(|pair| (pair[0], pair[1]));
    let newest = versions.iter().position(|v| *v == NEWEST).unwrap();
    let to_newest = versions[..newest].iter().map(|version| (*version, NEWEST));
    let pairs: BTreeSet<_> = adjacent.chain(to_newest).collect();
    pairs.into_iter().collect()
}

#[test]
fn generated_overrides_do_under_the_new_chart_what_they_did() {
    let Some(charts) = charts() else { return };
    let Some(shared) = support::shared() else {
        return;
    };
    let matrix = Matrix::read(&shared.join("arroyo/key-matrix.csv"));
    let wanted = std::env::var("REFIT_ARROYO_FILES")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(SAMPLE);
    let only: Option<usize> = std::env::var("REFIT_ARROYO_ONLY")
        .ok()
        .and_then(|n| n.parse().ok());
    // Each live key alone for each pair, then keys in combinations.
    let mut jobs: Vec<(usize, &str, &str, Vec<String>)> = Vec::new();
    for (from, to) in pairs() {
        for key in matrix.live(from) {
            jobs.push((jobs.len(), from, to, vec![key]));
        }
    }
    let alone = jobs.len();
    let mut chance = Chance(7);
    while jobs.len() < alone.max(wanted) + wanted / 2 {
        let pairs = pairs();
        let (from, to) = pairs[chance.below(pairs.len())];
        let live = matrix.live(from);
        let count = 2 + chance.below(8);
        let keys: BTreeSet<String> = (0..count)
            .map(|_| live[chance.below(live.len())].clone())
            .collect();
        jobs.push((jobs.len(), from, to, keys.into_iter().collect()));
    }
    // A third of what is wanted are combinations.
    let step = |count: usize, of: usize| (of / count.max(1)).max(1);
    let (single, several) = jobs.split_at(alone);
    let mut chosen: Vec<_> = single
        .iter()
        .step_by(step(wanted * 2 / 3, single.len()))
        .take(wanted * 2 / 3)
        .chain(
            several
                .iter()
                .step_by(step(wanted / 3, several.len()))
                .take(wanted / 3 + 1),
        )
        .cloned()
        .collect();
    if let Some(only) = only {
        chosen = jobs.into_iter().filter(|job| job.0 == only).collect();
    }
    all(&chosen, "generated", |(number, from, to, keys)| {
        let mut chance = Chance(*number as u64 + 1);
        let text = override_file(&matrix, from, keys, &mut chance);
        let result = upgraded(&text, from, to, &Answers::new(), &mut chance);
        let shown = match &result {
            Ok(release) => format!("--- {from}\n{text}--- {to}\n{}", release.files[0].after),
            Err(_) => text.clone(),
        };
        let result = result.and_then(|release| check(charts, &release));
        (
            format!("#{number} {from} to {to}, {}", keys.join(" ")),
            result,
            shown,
        )
    });
}

/// `key-matrix.csv`: which key is read in which version, and its default.
struct Matrix {
    versions: Vec<String>,
    keys: Vec<(String, Vec<String>)>,
}

impl Matrix {
    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap();
        let mut lines = text.lines().map(cells);
        let versions = lines.next().unwrap().split_off(1);
        let keys = lines.map(|mut cells| {
            let rest = cells.split_off(1);
            (cells.remove(0), rest)
        });
        Self {
            keys: keys.collect(),
            versions,
        }
    }

    fn cell(&self, key: &str, version: &str) -> Option<(&str, &str)> {
        let column = self.versions.iter().position(|known| known == version)?;
        let (_, cells) = self.keys.iter().find(|(known, _)| known == key)?;
        let cell = &cells[column];
        Some(cell.split_once('=').unwrap_or((cell, "")))
    }

    fn live(&self, version: &str) -> Vec<String> {
        self.keys
            .iter()
            .map(|(key, _)| key.clone())
            .filter(|key| {
                self.cell(key, version)
                    .is_some_and(|(state, _)| state.starts_with("live") || state == "subchart")
            })
            .collect()
    }
}

fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cells.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

/// Numbers that look random and are always the same.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound.max(1)
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// An override file that sets some keys, and what the chart cannot do without.
fn override_file(matrix: &Matrix, version: &str, keys: &[String], chance: &mut Chance) -> String {
    let mut root = serde_yaml::Mapping::new();
    let mut set = |path: &str, value: serde_yaml::Value| {
        let mut at = &mut root;
        let parts: Vec<&str> = path.split('.').collect();
        let (last, above) = parts.split_last().unwrap();
        for part in above {
            let next = at
                .entry((*part).into())
                .or_insert_with(|| serde_yaml::Mapping::new().into());
            if !next.is_mapping() {
                *next = serde_yaml::Mapping::new().into();
            }
            at = next.as_mapping_mut().unwrap();
        }
        at.insert((*last).into(), value);
    };
    for key in ["artifactUrl", "checkpointUrl"] {
        let live = matrix
            .cell(key, version)
            .is_some_and(|(state, _)| state == "live");
        if live && !keys.iter().any(|other| other == key) {
            set(
                key,
                format!("s3://fjord/{}", key.trim_end_matches("Url")).into(),
            );
        }
    }
    for key in keys {
        let default = matrix.cell(key, version).map_or("", |(_, default)| default);
        set(key, value(key, default, chance));
    }
    serde_yaml::to_string(&root).unwrap()
}

fn value(key: &str, default: &str, chance: &mut Chance) -> serde_yaml::Value {
    let yaml = |text: &str| serde_yaml::from_str::<serde_yaml::Value>(text).unwrap();
    let last = key.rsplit('.').next().unwrap();
    match last {
        "repository" if key.starts_with("postgresql") => "mirror/postgresql".into(),
        "repository" => chance
            .of(&[
                "registry.fjord.example/mirror/arroyo",
                "registry.fjord.example/mirror/arroyo-services",
                "registry.fjord.example/streams/udf-worker",
                "ghcr.io/arroyosystems/arroyo-full",
            ])
            .into(),
        "tag" => chance.of(&["0.9.1", "0.10.3", "2024-05-01", "tip"]).into(),
        "pullPolicy" | "imagePullPolicy" => chance.of(&["Always", "Never"]).into(),
        "limits" | "requests" => yaml("{cpu: 2}"),
        "cpu" => "750m".into(),
        "memory" => "700Mi".into(),
        "artifactUrl" | "checkpointUrl" => format!("gs://fjord/{last}").into(),
        "outputDir" => "/var/lib/arroyo".into(),
        "bucket" => "fjord-bucket".into(),
        "region" => "eu-north-1".into(),
        "imagePullSecrets" => yaml("[{name: fjord-registry}, {name: other}]"),
        "volumes" => {
            yaml("[{name: models, emptyDir: {}}, {name: certs, secret: {secretName: certs}}]")
        }
        "volumeMounts" => yaml(
            "[{name: models, mountPath: /models}, {name: certs, mountPath: /certs, readOnly: true}]",
        ),
        "tolerations" => {
            yaml("[{key: dedicated, operator: Equal, value: streams, effect: NoSchedule}]")
        }
        "env" => yaml(
            "[{name: RUST_LOG, value: debug}, {name: KEY, valueFrom: {secretKeyRef: {name: s, key: k}}}]",
        ),
        "nodeSelector" => yaml("{disk: ssd}"),
        "affinity" => yaml(
            "{nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: In, values: [a]}]}]}}}",
        ),
        "podSecurityContext" => yaml("{fsGroup: 2000}"),
        "securityContext" => yaml("{capabilities: {drop: [ALL]}, runAsUser: 1000}"),
        "annotations" => {
            yaml("{eks.amazonaws.com/role-arn: 'arn:aws:iam::123412341234:role/streams'}")
        }
        "podAnnotations" => yaml("{cost-centre: '4711', fjord.example/team: streams}"),
        "resources" | "apiResources" | "controllerResources" | "compilerResources" => {
            yaml("{limits: {memory: 1Gi}, requests: {cpu: 100m}}")
        }
        "existingConfigMap" => "fjord-env".into(),
        "clusterDomain" => "fjord.local".into(),
        _ => match yaml(if default.is_empty() { "''" } else { default }) {
            serde_yaml::Value::Bool(value) => (!value).into(),
            serde_yaml::Value::Number(n) => {
                (n.as_i64().unwrap_or(0) + 1 + chance.below(9) as i64).into()
            }
            serde_yaml::Value::Mapping(_) => yaml("{fjord: mine}"),
            serde_yaml::Value::Sequence(_) => yaml("[]"),
            _ if ["port", "replicaCount", "workerSlots"].contains(&last) => 7.into(),
            _ => "fjord".into(),
        },
    }
}
