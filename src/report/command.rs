//! The command that writes what a preview showed.
//!
//! It pins everything that was worked out and not typed (the version above all), so that it means the
//! same a week later, and carries the digest of what was shown, so that it writes that or nothing.

use std::{collections::HashSet, path::PathBuf};

use super::content::open_questions;
use crate::{
    digest,
    outcome::{KnownBy, Outcome, Release, ReportedStep, Unit, WholeRequest, digest_of},
    shell::{quote, quote_bytes},
};

/// The arguments that were typed, as far as a second run needs them.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// `--chart`.
    pub chart: Option<String>,
    /// Releases, as requests call them, whose chart was chosen when it was asked for.
    pub chart_chosen: Vec<String>,
    /// `--pack`, in order.
    pub packs: Vec<String>,
    /// `--only`.
    pub only: Vec<String>,
    /// `--skip`.
    pub skip: Vec<String>,
    /// `--answers`, as given.
    pub answer_files: Vec<String>,
    /// `--answer`, as given.
    pub answers: Vec<String>,
    /// `--accept-recommended`.
    pub accept_recommended: bool,
    /// The folders, patterns and lists that were named: they are named again as they are.
    pub whole: Vec<String>,
    /// `--from`.
    pub from: Option<String>,
    /// `--to`, in order.
    pub to: Vec<String>,
    /// `--keep-version`.
    pub keep_version: bool,
    /// `--since`.
    pub since: Option<String>,
    /// `--exclude`, in order.
    pub exclude: Vec<String>,
    /// `--verify` with what says how it renders, as words for a shell; empty if not given.
    pub verify: Vec<String>,
    /// Releases that `refit.yaml` knows the files of.
    pub recorded: Vec<String>,
    /// `--backup`: `None` if not given, the empty text for its default.
    pub backup: Option<String>,
}

/// A command for releases that share their versions.
#[derive(Debug, PartialEq, Eq)]
pub struct NextCommand {
    /// Its words, quoted for a shell; those that belong together are one piece.
    pub pieces: Vec<String>,
    /// Those of its pieces that answer open questions as recommended.
    pub recommended: Vec<String>,
    /// The arguments that a person has to add before it can write: questions without a recommended answer, and inputs
    /// of an answer.
    pub missing: Vec<MissingArgument>,
    /// True if it loses settings on request.
    pub loses: bool,
}

/// Something that only a person can add to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingArgument {
    /// The argument to add, up to the part that the person puts behind it: `--answer one-image=`.
    pub argument: String,
    /// The ids of options that can be put there; none where something is typed.
    pub options: Vec<String>,
    /// The input to type, if there is one.
    pub what: Option<String>,
}

/// More answers than these are given as one: `--accept-recommended`.
const ANSWERS: usize = 6;
const ACCEPT: &str = "--accept-recommended";

/// The commands that write what an outcome shows: one for each pair of versions, in order. None for
/// standard input, and none where nothing would change and nothing is asked.
#[must_use]
pub fn writing_commands(outcome: &Outcome, given: &Given) -> Vec<NextCommand> {
    let writable = outcome.releases.iter().filter(|release| {
        (release.is_changed() || release.is_open())
            && release.files.iter().all(|file| file.path.is_some())
    });
    // What was named whole is read whole again, so one command has to do for everything in it.
    if !given.whole.is_empty() {
        let releases: Vec<&Release> = writable.collect();
        return match releases.is_empty() {
            true => Vec::new(),
            false => vec![writing_command(&releases, &outcome.releases, given)],
        };
    }
    let mut groups: Vec<Vec<&Release>> = Vec::new();
    for release in writable {
        // What was named as one is named as one again, and then has all its charts in it.
        if let Some(whole) = &release.part_of {
            let same = |group: &&mut Vec<&Release>| group[0].part_of.as_ref() == Some(whole);
            match groups.iter_mut().find(same) {
                Some(group) => group.push(release),
                None => groups.push(vec![release]),
            }
            continue;
        }
        // `--chart` and `--from` hold for a whole command: releases that need other ones cannot share it.
        let key = |release: &'_ Release| {
            let from = needs_from(release).then(|| release.from.clone());
            let chosen = given.chart_chosen.contains(&release.called);
            let charts = (release.chart.clone(), release.to_chart.clone());
            (
                release.part_of.is_none(),
                charts,
                chosen,
                from,
                release.to.clone(),
            )
        };
        let like = |group: &&mut Vec<&Release>| key(group[0]) == key(release);
        match groups.iter_mut().find(like) {
            Some(group) => group.push(release),
            None => groups.push(vec![release]),
        }
    }
    let one = |group: &Vec<&Release>| {
        let whole = group[0].part_of.as_ref();
        let beside = outcome.releases.iter();
        let beside = beside.filter(|release| whole.is_some() && release.part_of.as_ref() == whole);
        let beside: Vec<Release> = beside.cloned().collect();
        writing_command(group, &beside, given)
    };
    groups.iter().map(one).collect()
}

/// True if `--from` has to say the version of a release. One with a name of its own brings its version along
/// (`NAME@VERSION`), a manifest too, unless somebody has said another.
fn needs_from(release: &Release) -> bool {
    release.name.is_none() || release.carrier.is_some() && release.known_by == KnownBy::Stated
}

/// The digest that `--expect` names where questions are open: of what the files that nothing is asked of
/// become, and of what the others are now. Answers cannot change either.
#[must_use]
pub fn expectation_of_open<'a>(releases: impl IntoIterator<Item = &'a Release>) -> String {
    let asks = |release: &Release| release.steps.iter().any(|step| step.question.is_some());
    let concerned = |release: &&Release| release.is_changed() || asks(release);
    let releases: Vec<&Release> = releases.into_iter().filter(concerned).collect();
    let asked = Unit {
        releases: releases
            .iter()
            .copied()
            .filter(|release| asks(release))
            .collect(),
    };
    let asked: HashSet<String> = asked.files().iter().map(|file| file.name.clone()).collect();
    let unit = Unit { releases };
    let files = unit.files();
    digest::of(files.iter().map(|file| {
        let text = match asked.contains(&file.name) {
            true => &file.before,
            false => &file.after,
        };
        (file.name.as_str(), &**text)
    }))
}

/// The digest that `--expect` names: of every file of these releases, as far as they change or ask.
#[must_use]
pub fn expected_digest<'a>(releases: impl IntoIterator<Item = &'a Release>) -> String {
    let concerned = |release: &&Release| release.is_changed() || release.is_open();
    let unit = Unit {
        releases: releases.into_iter().filter(concerned).collect(),
    };
    digest_of(unit.files())
}

/// The names of a release's files in order; those that cannot be read are layers, too.
fn file_names(release: &Release) -> Vec<Vec<u8>> {
    match release.sources.is_empty() {
        true => release
            .files
            .iter()
            .map(|file| file.raw_name().into())
            .collect(),
        false => {
            let names = release.sources.iter();
            names
                .map(|name| name.as_os_str().as_encoded_bytes().to_vec())
                .collect()
        }
    }
}

/// The versions to go to: one for all charts if there is but one, else one for each chart. What lies in the
/// same folder and does not change counts too: it must not be told to go where another chart goes.
fn target_versions(releases: &[&Release], beside: &[Release]) -> Vec<String> {
    let all = releases.iter().copied().chain(beside);
    let mut charts: Vec<(&str, String)> = Vec::new();
    for release in all {
        if !charts
            .iter()
            .any(|(chart, _)| *chart == release.chart_after())
        {
            charts.push((release.chart_after(), release.to.to_string()));
        }
    }
    let changes_chart = releases.iter().any(|release| release.to_chart.is_some());
    match charts.as_slice() {
        [(_, to)] if !changes_chart => vec![to.clone()],
        charts => charts
            .iter()
            .map(|(chart, to)| format!("{chart}={to}"))
            .collect(),
    }
}

/// The command that reviews these releases change by change; nothing where nothing is to be decided.
#[must_use]
pub fn review_command(outcome: &Outcome, given: &Given) -> Option<NextCommand> {
    let writable = outcome.releases.iter().filter(|release| {
        (release.is_changed() || release.is_open())
            && release.files.iter().all(|file| file.path.is_some())
    });
    let releases: Vec<&Release> = writable.collect();
    let named = releases.iter().filter(|release| release.name.is_some());
    // Files of several versions cannot share what is stated for one of them.
    if releases.is_empty() || given.whole.is_empty() && named.count() > ANSWERS {
        return None;
    }
    let mut pieces = vec!["refit review".to_owned()];
    push_inputs(&releases, given, &mut pieces);
    let is_chart =
        |words: &&String| words.starts_with("--old-chart ") || words.starts_with("--new-chart ");
    pieces.extend(given.verify.iter().filter(is_chart).cloned());
    let mut flag = |name: &str, value: &str| pieces.push(format!("--{name} {}", quote(value)));
    if let Some(chart) = &given.chart {
        flag("chart", chart);
    }
    let more = [("pack", &given.packs), ("exclude", &given.exclude)];
    for (name, values) in more.into_iter().chain(given_decisions(given)) {
        values.iter().for_each(|value| flag(name, value));
    }
    match (&given.since, &given.from, &given.to) {
        // Both versions are read out of the two states that it compares.
        (Some(since), ..) => flag("since", since),
        (None, from, to) => {
            from.iter().for_each(|from| flag("from", from));
            to.iter().for_each(|to| flag("to", to));
        }
    }
    if given.keep_version {
        pieces.push("--keep-version".to_owned());
    }
    match given.backup.as_deref() {
        Some("") => pieces.push("--backup".to_owned()),
        Some(suffix) => pieces.push(format!("--backup={}", quote(suffix))),
        None => {}
    }
    Some(NextCommand {
        pieces,
        recommended: Vec::new(),
        missing: Vec::new(),
        loses: false,
    })
}

/// The decisions on the command line, by flag, in the order in which commands are printed.
fn given_decisions(given: &Given) -> [(&'static str, &Vec<String>); 4] {
    [
        ("only", &given.only),
        ("skip", &given.skip),
        ("answers", &given.answer_files),
        ("answer", &given.answers),
    ]
}

/// The words that name these releases.
fn push_inputs(releases: &[&Release], given: &Given, pieces: &mut Vec<String>) {
    let mut add = |piece: String| pieces.push(piece);
    for word in &given.whole {
        add(quote(word));
    }
    let mut carriers: HashSet<&str> = HashSet::new();
    let mut wholes: Vec<&WholeRequest> = Vec::new();
    let recorded: HashSet<&str> = given.recorded.iter().map(String::as_str).collect();
    for release in releases.iter().filter(|_| given.whole.is_empty()) {
        if release.carrier.is_some() {
            if let Some(file) = release.files.first()
                && carriers.insert(&file.name)
            {
                add(quote_bytes(&file.raw_name()));
            }
            continue;
        }
        if let Some(whole) = release.part_of.as_deref() {
            if !wholes.contains(&whole) {
                wholes.push(whole);
                whole_request(whole, &recorded, &mut add);
            }
            continue;
        }
        if let Some(name) = &release.name {
            // Bytes, not text: the names of files need not be UTF-8, and the command has to find them.
            let mut word = format!("{name}@{}", release.from).into_bytes();
            if recorded.contains(name.as_str()) {
                add(format!("--release {}", quote_bytes(&word)));
                continue;
            }
            for (i, name) in file_names(release).iter().enumerate() {
                word.push(if i > 0 { b',' } else { b'=' });
                word.extend_from_slice(name);
            }
            add(format!("--release {}", quote_bytes(&word)));
            continue;
        }
        // Files by themselves are releases of their own; `-f` makes several of them the layers of one.
        let names = file_names(release);
        let layer = if names.len() > 1 { "-f " } else { "" };
        for name in &names {
            add(format!("{layer}{}", quote_bytes(name)));
        }
    }
}

/// The words that name a request for several dependencies of a chart.
fn whole_request(whole: &WholeRequest, recorded: &HashSet<&str>, add: &mut impl FnMut(String)) {
    let bytes = |path: &PathBuf| path.as_os_str().as_encoded_bytes().to_vec();
    let files: Vec<Vec<u8>> = whole.layers.iter().map(bytes).collect();
    let Some(name) = &whole.name else {
        let layer = if files.len() > 1 { "-f " } else { "" };
        for file in &files {
            add(format!("{layer}{}", quote_bytes(file)));
        }
        return;
    };
    let mut word = name.clone().into_bytes();
    if let Some(version) = &whole.version {
        word.extend_from_slice(format!("@{version}").as_bytes());
    }
    if !recorded.contains(name.as_str()) {
        word.push(b'=');
        word.extend_from_slice(&files.join(&b','));
    }
    add(format!("--release {}", quote_bytes(&word)));
}

/// The answers that a command still needs.
#[derive(Default)]
struct OpenAnswers {
    /// The recommended ones, `ID=OPTION`.
    recommended: Vec<String>,
    /// What only a person can say.
    missing: Vec<MissingArgument>,
    /// What is asked for already, by its id.
    asked: Vec<String>,
}

impl OpenAnswers {
    /// The answers that releases' open questions need beside those that were given.
    fn of(releases: &[&Release], given: &Given) -> Self {
        let mut answers = Self::default();
        for release in releases {
            for step in open_questions(release) {
                answers.add_step(release, step, given);
            }
        }
        answers
    }

    fn add_step(&mut self, release: &Release, step: &ReportedStep, given: &Given) {
        let answered = |name: &str| {
            let answers = given.answers.iter();
            let mut pairs = answers.filter_map(|answer| answer.split_once('='));
            pairs.find(|(id, _)| *id == name)
        };
        let id = step.asked_as();
        // An answer of one release alone goes before one for all.
        let own = release
            .name
            .iter()
            .map(|name| format!("{name}:{}", step.id));
        let mut ids = own.chain([step.id.clone()]);
        let found = ids.find_map(|id| answered(&id).map(|(_, option)| (id, option)));
        let options = || step.question.iter().flat_map(|question| &question.options);
        let (id, choice) = match found {
            Some((id, given)) => (id, options().find(|choice| choice.id == given)),
            // Another release asks the same: one answer does for both.
            None if self.asked.contains(&id) => return,
            None => {
                self.asked.push(id.clone());
                let choice = options().find(|choice| choice.recommended);
                match choice {
                    Some(choice) => self.recommended.push(format!("{id}={}", choice.id)),
                    None => self.missing.push(MissingArgument {
                        argument: format!("--answer {}=", quote(&id)),
                        options: options().map(|choice| choice.id.clone()).collect(),
                        what: None,
                    }),
                }
                (id, choice)
            }
        };
        let inputs = choice.iter().flat_map(|choice| &choice.inputs);
        for input in inputs.filter(|input| input.default.is_none()) {
            let name = format!("{id}.{}", input.name);
            if answered(&name).is_none() && !self.asked.contains(&name) {
                self.missing.push(MissingArgument {
                    argument: format!("--answer {}=", quote(&name)),
                    options: Vec::new(),
                    what: Some(input.title.clone()),
                });
                self.asked.push(name);
            }
        }
    }
}

/// The words that name the chart, the packs and the versions.
fn push_versions(
    releases: &[&Release],
    beside: &[Release],
    given: &Given,
    pieces: &mut Vec<String>,
) {
    let mut flag = |name: &str, value: &str| pieces.push(format!("--{name} {}", quote(value)));
    let chosen = |release: &&&Release| given.chart_chosen.contains(&release.called);
    let chosen = releases.iter().find(chosen).map(|release| &release.chart);
    if let Some(chart) = given.chart.as_ref().or(chosen) {
        flag("chart", chart);
    }
    for pack in &given.packs {
        flag("pack", pack);
    }
    let needing = releases.iter().find(|release| needs_from(release));
    if let Some(release) = needing.filter(|_| given.whole.is_empty()) {
        flag("from", &release.from.to_string());
    } else if let Some(from) = &given.from {
        flag("from", from);
    }
    match &given.since {
        Some(since) => flag("since", since),
        None => {
            for to in target_versions(releases, beside) {
                flag("to", &to);
            }
        }
    }
}

/// The command for releases; `beside` are all that what was named holds.
fn writing_command(releases: &[&Release], beside: &[Release], given: &Given) -> NextCommand {
    let mut pieces = vec!["refit upgrade".to_owned()];
    push_inputs(releases, given, &mut pieces);
    push_versions(releases, beside, given, &mut pieces);
    let mut add = |piece: String| pieces.push(piece);
    let mut flag = |name: &str, value: &str| add(format!("--{name} {}", quote(value)));
    for pattern in &given.exclude {
        flag("exclude", pattern);
    }
    for (name, values) in given_decisions(given) {
        for value in values {
            flag(name, value);
        }
    }
    let OpenAnswers {
        recommended,
        missing,
        ..
    } = OpenAnswers::of(releases, given);
    let all = recommended.len() > ANSWERS;
    if !all {
        recommended.iter().for_each(|answer| flag("answer", answer));
    }
    let open = releases.iter().any(|release| release.is_open());
    let loses = releases
        .iter()
        .any(|release| release.lost_by_leaving_out().next().is_some());
    if given.keep_version {
        add("--keep-version".to_owned());
    }
    if given.accept_recommended || all {
        add(ACCEPT.to_owned());
    }
    if loses {
        add("--force".to_owned());
    }
    match given.backup.as_deref() {
        Some("") => add("--backup".to_owned()),
        Some(suffix) => add(format!("--backup={}", quote(suffix))),
        None => {}
    }
    for words in &given.verify {
        add(words.clone());
    }
    let expected = match open {
        // What was named whole is read whole again.
        true if !beside.is_empty() => expectation_of_open(beside),
        true => expectation_of_open(releases.iter().copied()),
        false => expected_digest(releases.iter().copied()),
    };
    add(format!("--expect {expected}"));
    add("--write".to_owned());
    NextCommand {
        pieces,
        recommended: match all {
            true => vec![ACCEPT.to_owned()],
            false => {
                let flags = recommended.iter();
                flags
                    .map(|answer| format!("--answer {}", quote(answer)))
                    .collect()
            }
        },
        missing,
        loses,
    }
}

impl NextCommand {
    /// The command in lines of at most `width` columns where its pieces allow, each but the last ending
    /// in a backslash.
    #[must_use]
    pub fn wrapped_lines(&self, width: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for piece in &self.pieces {
            // A space in front of the piece, and two columns for the backslash that may follow it.
            let room = |line: &String| {
                super::page::columns_of(line) + super::page::columns_of(piece) + 3 <= width
            };
            match lines.last_mut() {
                Some(line) if room(line) => {
                    line.push(' ');
                    line.push_str(piece);
                }
                Some(line) => {
                    line.push_str(" \\");
                    lines.push(format!("  {piece}"));
                }
                None => lines.push(piece.clone()),
            }
        }
        lines
    }
}
