//! `refit upgrade`: works out the result, shows it, and writes it if that was asked for.

use std::{cell::OnceCell, path::Path};

use refit::{
    jobs::Jobs,
    load::InputFile,
    outcome::{Outcome, Release, Unit},
    questions::{self, kind_of},
    report::{
        Detail, Masker, command, difference,
        preview::{self, RunSoFar, ShownDifference, Ways},
        secrets, text,
    },
    review::talk::{Person as _, Stop},
    upgrade::{packs, upgrade_with},
};

use super::{
    args::Format,
    charts,
    exit::Exit,
    keyboard::Keyboard,
    meaning::{Job, ResultMode},
    missing::{self, QuestionsEnd},
    precautions::Writing,
    progress::Bars,
    reports::{self, ReportSource},
    terminal::Terminal,
    verify::{self, WriteBarred},
    writing::{end_if_unexpected, write_all},
};

/// The text on standard output instead of values after an error. A program that reads it must not go on with an empty
/// file, which Helm takes for "as before".
pub const NOTHING: &str = "\"refit migrated nothing because of an error; see its messages.\"\n";

/// Carries out a job and gives the exit code.
///
/// # Errors
///
/// If an answer was given that belongs to no question, or the outcome cannot be shown as JSON.
pub fn run(job: &mut Job, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let drafted = charts::read_both(job, charts::Purpose::Draft)?;
    match &drafted {
        Some(both) => charts::draft(job, both, terminal)?,
        None if job.verify.is_none() => charts::refuse_useless(job)?,
        None => {}
    }
    let writing = Writing::new();
    let inputs = paths(job);
    match job.mode {
        ResultMode::Write { .. } => writing.mend(&inputs, terminal),
        _ => writing.tell(&inputs, terminal),
    }
    job.request.in_short = is_in_short(job);
    let bars = Bars::new(terminal.can_draw());
    let jobs = Jobs::new(job.threads, &bars);
    let mut outcome = upgrade_with(&job.request, &jobs);
    bars.done();
    // Once one thing is known, another may turn out to be missing.
    while outcome
        .refused
        .iter()
        .any(|refusal| refusal.missing.is_some())
        && may_ask(job, terminal)
    {
        let mut keyboard = Keyboard::new(terminal)?;
        match missing::ask(job, &outcome.refused, &mut keyboard)? {
            QuestionsEnd::Nothing => break,
            QuestionsEnd::Interrupted => return Ok(Exit::Interrupted),
            QuestionsEnd::Answered => outcome = upgrade_with(&job.request, &jobs),
        }
    }
    let job = &*job;
    known_answers(job, &outcome)?;
    nothing_found(job, &outcome, terminal);
    let show = Show::new(job, &outcome, &jobs);
    // Before the files: where a report would overwrite one that was read, nothing may be written.
    show.write_reports()?;
    let exit = carry_out(&show, terminal)?;
    show.say_reports(terminal);
    Ok(exit)
}

/// Shows, checks or writes the outcome.
fn carry_out(show: &Show<'_>, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let (job, outcome) = (show.job, show.outcome);
    let gives_values = job.mode.gives_values();
    let mut held = WriteBarred::default();
    if let Some(rendering) = &job.verify {
        held = verify::withheld_releases(job, outcome, rendering, &show.said, terminal)?;
        terminal.say("\n");
        let all = held.differing.len() == outcome.releases.len();
        if all && gives_values && !outcome.releases.is_empty() {
            return refused_by_effects(job, show, terminal);
        }
    }
    let (differs, unsure) = (!held.differing.is_empty(), !held.failed.is_empty());
    let code = |outcome: &Outcome, check, failed| match code(outcome, check, failed || unsure) {
        Exit::Done if differs => Exit::Differs,
        code => code,
    };
    match &job.mode {
        ResultMode::Preview => {
            show.print_all(terminal, &show.ways_on())?;
            Ok(if unsure || !outcome.refused.is_empty() {
                Exit::Error
            } else if differs {
                Exit::Differs
            } else {
                Exit::Done
            })
        }
        ResultMode::Check => {
            if job.format != Format::Text {
                show.result(terminal)?;
            }
            show.check(terminal);
            Ok(code(outcome, true, false))
        }
        ResultMode::Filter { check: false } if unsure => {
            terminal.result(NOTHING);
            Ok(Exit::Error)
        }
        ResultMode::Filter { check } => filter(job, outcome, show, *check, terminal),
        ResultMode::Write { backup, expect } => {
            // What a preview has shown is not shown again: with its digest, the result is that one.
            let unexpected = expect
                .as_ref()
                .and_then(|expected| end_if_unexpected(outcome, expected, terminal));
            if let Some(end) = unexpected {
                return Ok(end);
            }
            if expect.is_none() {
                show.print_all(terminal, &Ways::default())?;
            } else if job.format == Format::Text {
                terminal.say(&text::render_brief(
                    outcome,
                    terminal.look(job.detail),
                    &show.said,
                ));
            } else {
                show.result(terminal)?;
            }
            if job.chose && !is_confirmed(outcome, terminal)? {
                return Ok(code(outcome, true, false));
            }
            let failed = write_all(job, outcome, &held, backup.as_deref(), terminal);
            show.say_how_to_answer(terminal);
            let stale = outcome
                .releases
                .iter()
                .any(|release| !release.stale.is_empty());
            Ok(code(outcome, false, failed || stale))
        }
    }
}

/// True if what a job shows has neither facts nor digests of releases in it: the texts for a terminal have facts in full
/// detail only.
fn is_in_short(job: &Job) -> bool {
    matches!(job.format, Format::Text | Format::Patch)
        && job.detail < Detail::Verbose
        && job.reports.is_empty()
        && job.verify.is_none()
}

/// True if somebody is there to be asked for missing arguments, and waits for a text. A check and a report for programs
/// ask nothing, wherever they run; nor does a run in a pipeline, which may well have a terminal.
fn may_ask(job: &Job, terminal: &Terminal) -> bool {
    let in_pipeline = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty() && ci != "false");
    terminal.can_ask()
        && terminal.result_is_seen()
        && terminal.can_draw()
        && !in_pipeline
        && job.format == Format::Text
        && job.detail > Detail::Quiet
        && matches!(job.mode, ResultMode::Preview | ResultMode::Write { .. })
}

/// True if the result is to be written: it rests on a choice that was made a moment ago, and that nobody typed.
fn is_confirmed(outcome: &Outcome, terminal: &mut Terminal) -> anyhow::Result<bool> {
    let units = outcome.units();
    let written = units.iter().filter(|unit| !unit.is_open());
    let files: usize = written
        .map(|unit| unit.files().iter().filter(|file| file.changed).count())
        .sum();
    if files == 0 {
        return Ok(true);
    }
    let files = match files {
        1 => "1 file".to_owned(),
        n => format!("{n} files"),
    };
    terminal.say("\n");
    let mut keyboard = Keyboard::new(terminal)?;
    // What was typed before the question stood there does not answer it.
    keyboard.forget();
    match keyboard.confirm(&format!("Write {files}?")) {
        Ok(true) => Ok(true),
        Ok(false) | Err(Stop::Interrupted | Stop::Quit) => {
            keyboard.say("Nothing was written.\n");
            Ok(false)
        }
        Err(Stop::Terminal(e)) => Err(e.into()),
    }
}

/// Nothing is written and no values are printed, because effects differ that nobody has explained.
fn refused_by_effects(job: &Job, show: &Show<'_>, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    if job.format != Format::Text {
        show.result(terminal)?;
    }
    terminal.say(
        "error: nothing was written, because settings would do something else and no step says why\n  \
         next: look at each above; if it is meant, write without --verify\n",
    );
    if matches!(job.mode, ResultMode::Filter { .. }) && job.format == Format::Text {
        terminal.result(
            "\"refit migrated nothing: effects differ and no step says why; see its messages.\"\n",
        );
    }
    Ok(Exit::Differs)
}

/// The files that are read.
fn paths(job: &Job) -> Vec<&Path> {
    let inputs = job
        .request
        .releases
        .iter()
        .flat_map(|release| &release.layers);
    let layers = inputs.filter_map(|input| match input {
        InputFile::Path(path) => Some(path.as_path()),
        InputFile::Stdin(_) => None,
    });
    let found = job.request.found.iter().map(|found| found.path.as_path());
    layers.chain(found).collect()
}

/// Says that folders hold nothing for refit: silence could also mean that all is well.
pub fn nothing_found(job: &Job, outcome: &Outcome, terminal: &mut Terminal) {
    // Compared with another state, that is told instead.
    let told = outcome.since.is_some() || !outcome.ahead.is_empty();
    let searched = job.request.releases.is_empty() && !told;
    if searched
        && outcome.releases.is_empty()
        && outcome.refused.is_empty()
        && job.detail > Detail::Quiet
    {
        let files = job.request.found.len();
        let others: Vec<&str> = outcome.other_charts.keys().map(String::as_str).collect();
        let seen = match others.len() {
            0 => String::new(),
            1..=8 => format!(" Other charts there: {}.", others.join(", ")),
            n => format!(
                " Other charts there: {} and {} more.",
                others[..8].join(", "),
                n - 8
            ),
        };
        // What is listed below looks like it, or is another tool's.
        let what = match outcome.unclaimed.is_empty() && outcome.seen.is_empty() {
            true => "Nothing here is",
            false => "No manifest here that refit upgrades is",
        };
        terminal.say(&format!(
            "{what} for a chart that refit knows ({files} YAML {} looked at).{seen}\n",
            if files == 1 { "file was" } else { "files were" }
        ));
    }
}

fn code(outcome: &Outcome, check: bool, failed: bool) -> Exit {
    if failed || !outcome.refused.is_empty() {
        Exit::Error
    } else if outcome.releases.iter().any(Release::is_open) {
        Exit::Open
    } else if check
        && outcome
            .releases
            .iter()
            .any(|release| release.is_changed() || !release.stale.is_empty())
    {
        Exit::Differs
    } else {
        Exit::Done
    }
}

/// The result to show, and its maskers.
struct Show<'a> {
    job: &'a Job,
    outcome: &'a Outcome,
    /// The masker for standard output.
    shown: Masker,
    /// The masker for messages.
    said: Masker,
    /// The masker for files.
    kept: Masker,
    jobs: &'a Jobs<'a>,
}

impl<'a> Show<'a> {
    fn new(job: &'a Job, outcome: &'a Outcome, jobs: &'a Jobs<'a>) -> Self {
        let known = OnceCell::new();
        let masker = |exact: bool| {
            if exact || job.show_secrets {
                return Masker::off();
            }
            known.get_or_init(|| Masker::for_outcome(outcome)).clone()
        };
        let shown = match job.format {
            Format::Text => masker(false),
            // A patch that shows a mask would write it into the files.
            Format::Patch => masker(true),
            _ => masker(false),
        };
        Self {
            job,
            outcome,
            shown,
            said: masker(false),
            // Nobody asks for it without reports, and secrets are looked for in all values.
            kept: masker(job.reports.is_empty()),
            jobs,
        }
    }

    /// The commands that write what is shown, unless it is written anyway.
    fn commands(&self) -> Vec<command::NextCommand> {
        match self.job.mode {
            ResultMode::Preview | ResultMode::Check => {
                command::writing_commands(self.outcome, &self.job.given)
            }
            _ => Vec::new(),
        }
    }

    /// The reports that stand beside the output.
    fn write_reports(&self) -> anyhow::Result<()> {
        if self.job.reports.is_empty() {
            return Ok(());
        }
        let read = paths(self.job);
        let source = ReportSource {
            outcome: self.outcome,
            masker: &self.kept,
            commands: &self.commands(),
            jobs: self.jobs,
        };
        reports::write_all(&source, &self.job.reports, &read)
    }

    /// Says where the reports are.
    fn say_reports(&self, terminal: &mut Terminal) {
        if self.job.detail > Detail::Quiet && self.job.format == Format::Text {
            for report in &self.job.reports {
                terminal.say(&format!("Wrote {}\n", report.path.display()));
            }
        }
    }

    /// The text on standard output: the difference, the patch, or a whole report.
    fn result(&self, terminal: &mut Terminal) -> anyhow::Result<()> {
        match self.job.format {
            Format::Text => {
                let look = terminal.result_look(self.job.detail);
                let (text, masked) =
                    difference::shown_with(self.outcome, look, &self.shown, self.jobs);
                self.difference(terminal, &text, masked);
            }
            format => {
                let pretty = terminal.result_is_seen();
                let source = ReportSource {
                    outcome: self.outcome,
                    masker: &self.shown,
                    commands: &self.commands(),
                    jobs: self.jobs,
                };
                let text = reports::render(&source, format, pretty)?;
                terminal.result(&text.unwrap_or_default());
                let units = self.outcome.units();
                let mut held = units.iter().filter(|unit| unit.is_open());
                if format == Format::Patch && held.any(Unit::is_changed) {
                    terminal.say("note: files with open questions are not in the patch\n\n");
                }
            }
        }
        Ok(())
    }

    /// The difference, and what has to be known of it.
    fn difference(&self, terminal: &mut Terminal, text: &str, masked: bool) {
        let loud = self.job.detail > Detail::Quiet;
        terminal.result(text);
        if terminal.result_is_seen() && !text.is_empty() && loud {
            terminal.say("\n");
        }
        if masked && loud {
            let mask = secrets::MASK;
            terminal.say(&format!(
                "note: secrets are shown as {mask}; --show-secrets shows them, -o patch is exact\n"
            ));
        }
    }

    /// The ways in which a run goes on after its preview.
    fn ways_on(&self) -> Ways {
        Ways {
            before: match self.job.mode {
                ResultMode::Check => RunSoFar::Check,
                _ => RunSoFar::Preview,
            },
            review: command::review_command(self.outcome, &self.job.given),
            write: command::writing_commands(self.outcome, &self.job.given),
        }
    }

    /// The ways to answer what is open, after everything else was written.
    fn say_how_to_answer(&self, terminal: &mut Terminal) {
        let job = self.job;
        if job.format != Format::Text || job.detail == Detail::Quiet {
            return;
        }
        let units = self.outcome.units();
        let open = units.iter().filter(|unit| unit.is_open());
        let open: Vec<Release> = open
            .flat_map(|unit| unit.releases.iter().map(|release| (*release).clone()))
            .collect();
        let mut given = job.given.clone();
        // What is written would be taken for the version before once more.
        if given.from.is_some() {
            given.whole.clear();
        }
        let releases = match given.whole.is_empty() || open.is_empty() {
            true => open,
            // A folder is named as a whole again, with the versions of all its charts.
            false => self.outcome.releases.clone(),
        };
        let outcome = Outcome {
            releases,
            ..self.outcome.clone()
        };
        let mut ways = Ways {
            before: RunSoFar::Write,
            review: command::review_command(&outcome, &given),
            write: command::writing_commands(&outcome, &given),
        };
        for command in &mut ways.write {
            // The rest is another one now.
            command
                .pieces
                .retain(|piece| !piece.starts_with("--expect "));
        }
        let text = text::render_ways(&ways, terminal.look(job.detail));
        self.next(terminal, &text);
    }

    /// The result and what there is to say of it, in the order in which it is read.
    fn print_all(&self, terminal: &mut Terminal, ways: &Ways) -> anyhow::Result<()> {
        if self.job.format.is_whole() {
            return self.result(terminal);
        }
        let detail = self.job.detail;
        if detail != Detail::Normal {
            self.result(terminal)?;
            self.report(terminal);
            if detail == Detail::Verbose {
                let text = text::render_ways(ways, terminal.look(detail));
                self.next(terminal, &text);
            }
            return Ok(());
        }
        let shown = match self.job.format {
            Format::Text if self.job.whole_difference => ShownDifference::Whole,
            Format::Text => ShownDifference::Short {
                searched: self.job.searched,
            },
            _ => ShownDifference::Nothing,
        };
        let preview = self.preview(terminal, ways, shown, false);
        terminal.report(&preview.head);
        match shown {
            ShownDifference::Short { .. } => {
                self.difference(terminal, &preview.difference, preview.masked);
            }
            _ => self.result(terminal)?,
        }
        terminal.report(&preview.rest);
        Ok(())
    }

    fn preview(
        &self,
        terminal: &Terminal,
        ways: &Ways,
        shown: ShownDifference,
        check: bool,
    ) -> preview::Preview {
        let detail = self.job.detail;
        let words = (terminal.look(detail), &self.said);
        let lines = (terminal.result_look(detail), &self.shown);
        preview::render_preview(self.outcome, ways, (shown, check), words, lines)
    }

    /// The message of a check: a line for each release, and everything else once.
    fn check(&self, terminal: &mut Terminal) {
        let detail = self.job.detail;
        let text = match detail {
            Detail::Normal => {
                let preview =
                    self.preview(terminal, &self.ways_on(), ShownDifference::Nothing, true);
                preview.head + &preview.rest
            }
            Detail::Verbose => {
                let look = terminal.look(detail);
                let report = text::render_report(self.outcome, look, &self.said);
                match text::render_ways(&self.ways_on(), look) {
                    ways if ways.is_empty() => report,
                    ways => format!("{report}\n{ways}"),
                }
            }
            Detail::Quiet => text::render_summary(self.outcome, terminal.look(detail), &self.said),
        };
        terminal.report(&text);
    }

    /// The messages beside values on standard output.
    fn report(&self, terminal: &mut Terminal) {
        if self.job.format.is_whole() {
            return;
        }
        if self.job.detail == Detail::Normal {
            let preview = self.preview(terminal, &Ways::default(), ShownDifference::Nothing, false);
            terminal.report(&(preview.head + &preview.rest));
            return;
        }
        terminal.report(&text::render_report(
            self.outcome,
            terminal.look(self.job.detail),
            &self.said,
        ));
        self.say_unneeded_answers(terminal);
    }

    /// Answers that no question needed, with `-v`.
    fn say_unneeded_answers(&self, terminal: &mut Terminal) {
        let answers = self.job.request.answers.keys();
        let unneeded: Vec<&str> = answers
            .filter(|id| !question_ids(self.outcome).any(|asked| asked == **id))
            .map(String::as_str)
            .collect();
        if self.job.detail == Detail::Verbose && !unneeded.is_empty() {
            terminal.say(&format!(
                "\nAnswers that no question needed: {}\n",
                unneeded.join(", ")
            ));
        }
    }

    fn next(&self, terminal: &mut Terminal, text: &str) {
        if !text.is_empty() {
            terminal.say(&format!("\n{text}"));
        }
    }
}

/// The questions of a run, open or answered.
fn question_ids(outcome: &Outcome) -> impl Iterator<Item = &str> {
    let steps = outcome.releases.iter().flat_map(|release| &release.steps);
    steps
        .filter(|step| step.question.is_some())
        .map(|step| step.id.as_str())
}

/// Refuses answers to what no pack asks: a misspelled id must not look like a question that was not
/// needed.
pub fn known_answers(job: &Job, outcome: &Outcome) -> anyhow::Result<()> {
    let given: Vec<&String> = job.request.answers.keys().collect();
    let of_releases = job
        .request
        .answers_of
        .values()
        .flat_map(|answers| answers.keys());
    let given: Vec<&String> = given.into_iter().chain(of_releases).collect();
    let of_releases = job.request.skip_of.values().flatten();
    let skipped: Vec<&String> = job
        .request
        .selection
        .skip_known
        .iter()
        .chain(of_releases)
        .collect();
    if skipped.is_empty()
        && given
            .iter()
            .all(|id| question_ids(outcome).any(|asked| asked == *id || kind_of(asked) == *id))
    {
        return Ok(());
    }
    // A pack that cannot be loaded is refused by the outcome already.
    let Ok(packs) = packs(&job.request) else {
        return Ok(());
    };
    let own = || questions::ALL.iter();
    let asking = own().filter(|own| own.asks);
    let mut known: Vec<String> = asking.map(|own| own.id.to_owned()).collect();
    let optional = own().filter(|own| own.can_be_left_out);
    let mut steps: Vec<&str> = optional.map(|own| own.id).collect();
    for pack in &packs {
        for (_, migration) in pack.every_migration()? {
            let all = || migration.steps.iter();
            steps.extend(all().map(|step| step.id.as_str()));
            let asks =
                |step: &&refit::pack::Step| step.rows.iter().any(|row| row.question.is_some());
            known.extend(all().filter(asks).map(|step| step.id.clone()));
        }
    }
    if let Some(unknown) = skipped.iter().find(|id| !steps.contains(&id.as_str())) {
        let mut message = format!("no step is called `{unknown}`, which the answers leave out");
        if let Some(close) = super::closest(unknown, steps) {
            message.push_str(&format!("; did you mean `{close}`?"));
        }
        anyhow::bail!(message);
    }
    let Some(unknown) = given
        .iter()
        .find(|id| !known.iter().any(|known| known == kind_of(id)))
    else {
        return Ok(());
    };
    let mut here: Vec<&str> = question_ids(outcome).collect();
    here.sort_unstable();
    here.dedup();
    let mut message = format!("no question is called `{unknown}`");
    if let Some(close) = super::closest(unknown, known.iter().map(String::as_str)) {
        message.push_str(&format!("; did you mean `{close}`?"));
    }
    message.push_str(&match here.as_slice() {
        [] => "\n  Nothing is asked here.".to_owned(),
        ids => format!("\n  Asked here: {}", ids.join(", ")),
    });
    anyhow::bail!(message)
}

/// `-`: the migrated values on standard output, or one sentence that Helm cannot take for values.
fn filter(
    job: &Job,
    outcome: &Outcome,
    show: &Show<'_>,
    check: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    if job.format.is_whole() {
        show.result(terminal)?;
        return Ok(code(outcome, check, false));
    }
    show.report(terminal);
    let lost = !job.force
        && outcome
            .releases
            .iter()
            .any(|r| r.lost_by_leaving_out().next().is_some());
    if lost {
        terminal.say("\nerror: settings would lose their effect; --force accepts that\n");
    }
    let code = code(outcome, check, lost);
    if code == Exit::Done {
        for file in outcome.files() {
            terminal.result(&file.after);
        }
        return Ok(code);
    }
    let mut ids: Vec<&str> = outcome
        .releases
        .iter()
        .flat_map(|release| &release.steps)
        .filter(|step| step.state == refit::outcome::State::Open)
        .map(|step| step.id.as_str())
        .collect();
    ids.dedup();
    let quoted = |sentence: String| format!("{}\n", serde_json::Value::String(sentence));
    terminal.result(&match code {
        Exit::Open => quoted(format!(
            "refit migrated nothing: it needs answers ({}); see its messages.",
            ids.join(", ")
        )),
        Exit::Differs => quoted(
            "refit --check: these values would change; run it without --check to get them."
                .to_owned(),
        ),
        _ => NOTHING.to_owned(),
    });
    if code == Exit::Open {
        terminal.say("\nNothing was migrated. Give the answers above on the same command line.\n");
    }
    Ok(code)
}
