//! `refit review`: the dialogue at a terminal, and what follows from it: writing, and the record of
//! what was decided.

use std::{
    ffi::OsString,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use refit::{
    memory,
    outcome::{FORMAT, Outcome, Release},
    report::{Detail, Masker, ReportStyle, command, review as show, text},
    review::{
        Begun, Review, begin,
        record::record_decisions,
        talk::{self, DialogueEnd, Person as _, Stop},
    },
    upgrade::upgrade,
    walk::Naming,
    write::{self, FileReplacement},
};

use super::{
    args::{
        Format, JobsOption, LiveOptions, OutputOptions, RenderOptions, ReviewArgs, UpgradeArgs,
    },
    charts,
    exit::Exit,
    keyboard::Keyboard,
    meaning::{Job, ResultMode},
    missing::{self, QuestionsEnd},
    terminal::Terminal,
    upgrade::{known_answers, nothing_found},
    verify::WriteBarred,
    writing::write_all,
};

/// The end of a record's name. Not `.yaml`: whatever takes all YAML files of a folder for values or manifests must not
/// take it.
const RECORD: &str = ".answers";

/// The message where a terminal is there and does not work.
const UNUSABLE: &str = "the terminal cannot be used";

/// Reviews, and gives the exit code.
///
/// # Errors
///
/// If the arguments contradict each other, or the terminal cannot be used.
pub fn run(args: ReviewArgs, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let save = args.save_answers.clone();
    let mut job = job(args)?;
    // Charts that Helm fetched are there as long as this is.
    let drafted = charts::read_both(&mut job, charts::Purpose::Draft)?;
    match &drafted {
        Some(both) => charts::draft(&mut job, both, terminal)?,
        None => charts::refuse_useless(&job)?,
    }
    let mut begun = begin_reviews(&job);
    let mut asked = QuestionsEnd::Nothing;
    if terminal.can_ask() && !begun.outcome.refused.is_empty() {
        let mut keyboard = Keyboard::new(terminal).context(UNUSABLE)?;
        asked = missing::ask(&mut job, &begun.outcome.refused, &mut keyboard)?;
        if asked == QuestionsEnd::Answered {
            begun = self::begin_reviews(&job);
        }
    }
    if asked == QuestionsEnd::Interrupted {
        return Ok(Exit::Interrupted);
    }
    // Said before the first question, and not when all are answered.
    if save.is_some() && groups(&job, &begun.reviews).len() > 1 {
        bail!(
            "--save-answers names one file, and the decisions of each release are saved by themselves; \
             review one release at a time, or leave it out and say where at the end"
        );
    }
    if let Some(save) = &save {
        check_place(save, &job, &begun.outcome)?;
    }
    known_answers(&job, &begun.outcome)?;
    if !terminal.can_ask() {
        return Ok(without_terminal(&job, terminal));
    }
    nothing_found(&job, &begun.outcome, terminal);
    let masked = !job.show_secrets;
    let mut keyboard = Keyboard::new(terminal).context(UNUSABLE)?;
    if !chosen(&job, &mut begun, &mut keyboard)? {
        return Ok(Exit::Interrupted);
    }
    let end = talk::review(&mut begun, &mut keyboard, masked);
    let error = if begun.outcome.refused.is_empty() {
        Exit::Done
    } else {
        Exit::Error
    };
    let mut after = AfterDialogue {
        job: &job,
        begun: &begun,
        keyboard,
        save,
        masked,
    };
    let code = after.end(end)?;
    Ok(match (error, code) {
        (Exit::Error, Exit::Interrupted) => Exit::Interrupted,
        (Exit::Error, _) => Exit::Error,
        (_, code) => code,
    })
}

/// The reviews of a run.
fn begin_reviews(job: &Job) -> Begun {
    begin(&job.request).unwrap_or_else(|refusal| Begun {
        reviews: Vec::new(),
        fitting: Vec::new(),
        outcome: Outcome {
            refused: vec![*refusal],
            ..outcome(std::iter::empty())
        },
    })
}

/// Lets somebody choose what to review of what was found in a folder or a list; the rest is left as it is.
/// True if to go on.
fn chosen(job: &Job, begun: &mut Begun, keyboard: &mut Keyboard<'_>) -> anyhow::Result<bool> {
    if job.given.whole.is_empty() || begun.reviews.len() < 2 || !keyboard.can_list() {
        return Ok(true);
    }
    let reviews = begun.reviews.iter();
    let items: Vec<String> = reviews
        .map(|review| show::list_name(review.start()))
        .collect();
    let prompt = format!("Review which of {}?", items.len());
    match keyboard.choose_some(&prompt, &items) {
        Ok(Some(some)) if !some.is_empty() => {
            let mut at = 0;
            begun.reviews.retain(|_| {
                at += 1;
                some.contains(&(at - 1))
            });
            let text = format!("{} of {} are reviewed.", some.len(), items.len());
            keyboard.say(&show::render_sentence(&text, keyboard.look()));
            Ok(true)
        }
        Ok(_) => {
            keyboard.say("Nothing was chosen, and nothing was written.\n");
            Ok(false)
        }
        Err(Stop::Terminal(e)) => Err(e).context(UNUSABLE),
        Err(_) => {
            keyboard.say("\nInterrupted; nothing was written.\n");
            Ok(false)
        }
    }
}

/// The job that the arguments mean: that of an upgrade which writes.
fn job(args: ReviewArgs) -> anyhow::Result<Job> {
    if args.no_live.live.is_some() {
        bail!(
            "a running release has no file to write; save its values to one first: helm get values NAME -o yaml > values.yaml"
        );
    }
    if args.inputs.files.iter().any(|file| file.as_os_str() == "-") {
        bail!(
            "a review reads its keys from the terminal, so it cannot read values from standard input; \
             save them to a file first"
        );
    }
    Job::new(UpgradeArgs {
        live: LiveOptions::default(),
        inputs: args.inputs,
        chart: args.chart,
        jobs: JobsOption::default(),
        steps: args.steps,
        // What a step left out would lose is asked about.
        force: true,
        accept_drafts: false,
        accept_recommended: false,
        write: true,
        backup: args.backup,
        expect: None,
        record: false,
        check: false,
        verify: false,
        rendering: RenderOptions {
            old_chart: args.pair.old_chart,
            new_chart: args.pair.new_chart,
            ..RenderOptions::default()
        },
        output: OutputOptions {
            output: Some(Format::Text),
            diff: false,
            reports: Vec::new(),
            color: args.color,
            quiet: false,
            verbose: false,
            show_secrets: args.show_secrets,
        },
    })
}

/// Says which commands come to the same without a terminal.
fn without_terminal(job: &Job, terminal: &mut Terminal) -> Exit {
    terminal.say(
        "error: a review needs a terminal to ask on, and there is none\n  \
         next: give the answers as options; nothing is asked then\n",
    );
    let outcome = upgrade(&job.request);
    let look = ReportStyle {
        detail: Detail::Quiet,
        ..terminal.look(Detail::Quiet)
    };
    let masker = if job.show_secrets {
        Masker::off()
    } else {
        Masker::for_outcome(&outcome)
    };
    let questions = text::render_report(&outcome, look, &masker);
    if !questions.is_empty() {
        terminal.say(&format!("\n{questions}"));
    }
    let commands = command::writing_commands(&outcome, &job.given);
    if !commands.is_empty() {
        terminal.say(&format!("\n{}", text::render_commands(&commands, look)));
    }
    Exit::Error
}

/// The work after a dialogue.
struct AfterDialogue<'j, 't> {
    job: &'j Job,
    begun: &'j Begun,
    keyboard: Keyboard<'t>,
    save: Option<PathBuf>,
    masked: bool,
}

impl AfterDialogue<'_, '_> {
    fn say(&mut self, text: &str) {
        self.keyboard.say(&format!("{text}\n"));
    }

    /// Does what the dialogue ended with, and gives the exit code.
    fn end(&mut self, end: DialogueEnd) -> anyhow::Result<Exit> {
        let reviews = &self.begun.reviews;
        match end {
            DialogueEnd::Nothing if reviews.is_empty() => Ok(Exit::Done),
            DialogueEnd::Nothing => self.kept(Exit::Done),
            DialogueEnd::Write => {
                let open = reviews.iter().any(Review::is_open);
                let failed = self.write();
                let code = match (failed, open) {
                    (true, _) => Exit::Error,
                    (_, true) => Exit::Open,
                    _ => Exit::Done,
                };
                self.kept(code)
            }
            DialogueEnd::Leave => {
                self.say("Nothing was written.");
                self.kept(Exit::Differs)
            }
            DialogueEnd::Open => {
                self.say("Nothing was written.");
                self.kept(Exit::Open)
            }
            DialogueEnd::Stopped(Stop::Quit) => {
                self.say("Nothing was written.");
                self.left();
                Ok(Exit::Differs)
            }
            DialogueEnd::Stopped(Stop::Interrupted) => {
                self.keyboard.say("\nInterrupted; nothing was written.\n");
                self.left();
                Ok(Exit::Interrupted)
            }
            DialogueEnd::Stopped(stop @ Stop::Terminal(_)) => {
                let text = format!("\nerror: {stop}; nothing was written\n");
                self.keyboard.say(&text);
                Ok(Exit::Error)
            }
        }
    }

    fn report(&mut self, text: &str) {
        if self.keyboard.is_ascii() {
            self.keyboard.say(&show::to_ascii(text));
        } else {
            self.keyboard.say(text);
        }
    }

    /// Writes what can be written, and notes in `refit.yaml` what was reached. Whether anything went wrong.
    fn write(&mut self) -> bool {
        let reviewed = self.begun.reviews.iter().flat_map(Review::result);
        let releases = reviewed.chain(&self.begun.fitting).cloned();
        let outcome = outcome(releases);
        let backup: Option<OsString> = match &self.job.mode {
            ResultMode::Write { backup, .. } => backup.clone(),
            _ => None,
        };
        let job = self.job;
        self.keyboard.without_interruption(|terminal| {
            write_all(
                job,
                &outcome,
                &WriteBarred::default(),
                backup.as_deref(),
                terminal,
            )
        })
    }

    /// Saves what was decided if the person wants it, and lists it.
    fn kept(&mut self, mut code: Exit) -> anyhow::Result<Exit> {
        for reviews in groups(self.job, &self.begun.reviews) {
            let mut saved = None;
            let records = self.save.is_some() || reviews.iter().copied().any(has_record);
            if records && code != Exit::Interrupted {
                match self.place(&reviews) {
                    Ok(place) => saved = place,
                    Err(Stop::Terminal(e)) => return Err(e).context("the terminal cannot be read"),
                    // Ctrl-C at this prompt takes nothing back that was written.
                    Err(_) => {
                        self.keyboard.say("\nThe answers were not saved.\n");
                        code = Exit::Interrupted;
                    }
                }
            }
            let failed = self.finish(&reviews, saved.as_deref(), true);
            if failed {
                return Ok(Exit::Error);
            }
        }
        Ok(code)
    }

    /// After `q` and Ctrl-C: what was decided is saved only if that was asked for before.
    fn left(&mut self) {
        for reviews in groups(self.job, &self.begun.reviews) {
            if self.job.chose || reviews.iter().any(|review| review.is_begun()) {
                let saved = self.save.clone();
                self.finish(&reviews, saved.as_deref(), false);
            }
        }
    }

    /// Saves, lists, and shows the command. Whether anything went wrong.
    fn finish(&mut self, reviews: &[&Review], saved: Option<&Path>, done: bool) -> bool {
        let look = self.keyboard.look();
        let through = done;
        let done = done && !reviews.iter().any(|review| review.is_open());
        let lines = command_lines(reviews, self.job, saved, done, look.width - 2);
        let failed =
            match saved.map(|path| save(path, &record_decisions(reviews, &lines.join("\n")))) {
                Some(Err(e)) => {
                    self.report(&format!("error: {e:#}\n"));
                    true
                }
                _ => false,
            };
        let several = reviews
            .iter()
            .map(|review| review.result().len())
            .sum::<usize>()
            > 1;
        for review in reviews.iter().filter(|_| through) {
            let masker = if self.masked {
                Masker::for_outcome(&outcome(review.result().iter().cloned()))
            } else {
                Masker::off()
            };
            for (at, release) in review.result().iter().enumerate() {
                let decided = show::render_decided(&review.tally(at), look, &masker);
                let name = match several {
                    true => show::render_name(release, look),
                    false => String::new(),
                };
                self.report(&format!("\n{name}{decided}"));
            }
        }
        if let (Some(path), false) = (saved, failed) {
            self.report(&format!("The decisions are saved in {}\n", path.display()));
        }
        if !lines.is_empty() && !failed {
            let files: usize = reviews.iter().map(|review| review.files().len()).sum();
            let lead = match (done, files) {
                (true, 1) => "The same again, without a terminal, for a file as it was before:",
                (true, _) => "The same again, without a terminal, for files as they were before:",
                (false, _) => "To go on from here:",
            };
            let mut text = format!("\n{lead}\n\n");
            for line in &lines {
                let _ = writeln!(text, "  {line}");
            }
            self.report(&text);
        }
        failed
    }

    /// The path to save the decisions to: from the command line, or as it is typed now.
    fn place(&mut self, reviews: &[&Review]) -> Result<Option<PathBuf>, Stop> {
        if let Some(path) = &self.save {
            return Ok(Some(path.clone()));
        }
        let files = reviews.iter().flat_map(|review| review.files());
        let file = files.filter_map(|file| file.path.clone()).next();
        let mut default = file.unwrap_or_default().into_os_string();
        default.push(RECORD);
        let default = PathBuf::from(default);
        let replaces = if default.exists() {
            ", which is replaced"
        } else {
            ""
        };
        let text = format!(
            "Save the decisions, to make them again with --answers? Enter takes {}{replaces}; type \
             another name, or Esc for no.",
            default.display()
        );
        let look = self.keyboard.look();
        self.keyboard.say("\n");
        self.report(&show::render_sentence(&text, look));
        loop {
            let Some(typed) = self.keyboard.line("  file: ", "")? else {
                return Ok(None);
            };
            let path = match typed.trim() {
                "" => default.clone(),
                typed => PathBuf::from(typed),
            };
            match check_place(&path, self.job, &self.begun.outcome) {
                Ok(()) => return Ok(Some(path)),
                Err(e) => {
                    let look = self.keyboard.look();
                    self.report(&show::render_warning(&format!("{e:#}"), look));
                }
            }
        }
    }
}

fn outcome(releases: impl Iterator<Item = Release>) -> Outcome {
    Outcome {
        format: FORMAT,
        releases: releases.collect(),
        refused: Vec::new(),
        unclaimed: Vec::new(),
        seen: Vec::new(),
        other_charts: Default::default(),
        named_packs: Vec::new(),
        ahead: Vec::new(),
        since: None,
    }
}

/// The reviews that are recorded together, because one command makes them again: each by itself; all of them, if a
/// folder or a list was named that they came from.
fn groups<'r>(job: &Job, reviews: &'r [Review]) -> Vec<Vec<&'r Review>> {
    match job.given.whole.is_empty() || reviews.is_empty() {
        true => reviews.iter().map(|review| vec![review]).collect(),
        false => vec![reviews.iter().collect()],
    }
}

/// True if there is a decision that a second run needs.
fn has_record(review: &Review) -> bool {
    (0..review.result().len()).any(|at| {
        let tally = review.tally(at);
        // A second run does a step that was accepted without an answer by itself.
        !tally.skipped.is_empty() || tally.accepted.iter().any(|(_, answer)| answer.is_some())
    })
}

/// A record may be made where nothing is, and where a record is. Nothing else is overwritten.
fn check_place(path: &Path, job: &Job, outcome: &Outcome) -> anyhow::Result<()> {
    let real = |path: &Path| path.canonicalize().ok();
    let here = real(path);
    let layers = job
        .request
        .releases
        .iter()
        .flat_map(|release| &release.layers);
    let named = layers.map(|input| PathBuf::from(input.name()));
    let found = job
        .request
        .found
        .iter()
        // An older record may lie in a folder that was searched, and can be replaced.
        .filter(|found| found.naming > Naming::Found);
    let read = outcome
        .files()
        .into_iter()
        .filter_map(|file| file.path.clone());
    let mut inputs = named
        .chain(found.map(|found| found.path.clone()))
        .chain(read);
    let is_input = here.is_some() && inputs.any(|input| real(&input) == here);
    if is_input {
        bail!("{} is one of the values files", path.display());
    }
    if path.exists() && memory::answers::read(path).is_err() {
        bail!(
            "{} is there already and holds no answers; name another file",
            path.display()
        );
    }
    Ok(())
}

fn save(path: &Path, text: &str) -> anyhow::Result<()> {
    if !path.exists() {
        return Ok(write::create(path, text.as_bytes())?);
    }
    let before =
        std::fs::read(path).with_context(|| format!("{}: cannot read it", path.display()))?;
    let file = FileReplacement {
        path,
        before: &before,
        after: text.as_bytes(),
    };
    write::write(&[file], &write::WriteOptions::default())?;
    Ok(())
}

/// What was given on the command line, without the answers and skipped steps that were decided anew.
fn given_and_undecided(reviews: &[&Review], given: &command::Given) -> command::Given {
    let names = || {
        let releases = reviews.iter().flat_map(|review| review.result());
        releases.map(|release| release.called.as_str())
    };
    let is_decided =
        |name: &str, id: &str| reviews.iter().any(|review| review.is_decided(name, id));
    let undecided = |key: &String| {
        // `RELEASE:STEP` of --skip, `RELEASE:STEP.INPUT=VALUE` of --answer, both also without a release.
        let key = key.split_once('=').map_or(key.as_str(), |(key, _)| key);
        let (release, step) = match key.rsplit_once(':') {
            Some((release, step)) if !release.is_empty() => (Some(release), step),
            _ => (None, key),
        };
        let id = step.split_once('.').map_or(step, |(id, _)| id);
        match release {
            Some(release) => !is_decided(release, id),
            None => names().any(|name| !is_decided(name, id)),
        }
    };
    let mut given = given.clone();
    given.skip.retain(undecided);
    given.answers.retain(undecided);
    given
}

/// The command that makes the same decisions again: `refit upgrade` if the review is done, else
/// `refit review`, which goes on.
fn command_lines(
    reviews: &[&Review],
    job: &Job,
    saved: Option<&Path>,
    done: bool,
    width: usize,
) -> Vec<String> {
    let mut given = match done {
        true => command::Given {
            skip: Vec::new(),
            answer_files: Vec::new(),
            answers: Vec::new(),
            ..job.given.clone()
        },
        false => given_and_undecided(reviews, &job.given),
    };
    let releases: Vec<Release> = reviews
        .iter()
        .flat_map(|review| review.result())
        .cloned()
        .collect();
    match saved {
        Some(path) => {
            let path = path.display().to_string();
            // Of several files of answers the last one counts.
            given.answer_files.retain(|other| *other != path);
            given.answer_files.push(path);
        }
        None => {
            let scope = |name: &str| match releases.len() {
                1 => String::new(),
                _ => format!("{name}:"),
            };
            for review in reviews {
                let request = review.request();
                for (name, ids) in &request.skip_of {
                    let scope = scope(name);
                    given
                        .skip
                        .extend(ids.iter().map(|id| format!("{scope}{id}")));
                }
                for (name, answers) in &request.answers_of {
                    let scope = scope(name);
                    for (id, answer) in answers {
                        given.answers.push(format!("{scope}{id}={}", answer.option));
                        for (input, value) in &answer.inputs {
                            given.answers.push(format!("{scope}{id}.{input}={value}"));
                        }
                    }
                }
            }
        }
    }
    let outcome = outcome(releases.into_iter());
    let Some(mut command) = command::writing_commands(&outcome, &given).pop() else {
        return Vec::new();
    };
    // What was not decided stays open.
    let recommended = std::mem::take(&mut command.recommended);
    command.pieces.retain(|piece| {
        let pinned = piece.starts_with("--expect ");
        let unanswered = recommended.contains(piece);
        let writes = piece == "--write" || piece == "--force";
        !pinned && !unanswered && (done || !writes)
    });
    if !done && let Some(first) = command.pieces.first_mut() {
        *first = "refit review".to_owned();
    }
    command.wrapped_lines(width)
}
