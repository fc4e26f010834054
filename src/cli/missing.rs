//! What the content of files leaves open, asked at a terminal: which chart they are for, or which of its
//! versions.
//!
//! Without a terminal, in a check and in a pipeline it stays the error that it is. A choice holds for the
//! releases that it was made for and for no other, and the command that is printed names it.

use anyhow::Context as _;
use refit::{
    outcome::{Missing, Refusal, Unnamed},
    report::review as show,
    review::talk::{KeyPress, ListAnswer, Person as _, Stop},
};

use super::{keyboard::Keyboard, meaning::Job};

/// Names in a prompt before the rest is only counted.
const NAMED: usize = 2;

/// The keys of a list here.
const KEYS: [(&str, &str); 4] = [
    ("arrows", "move the mark"),
    ("Enter", "take what is marked"),
    ("b, Esc", "choose none of these"),
    ("q, Ctrl-C", "quit; nothing is written"),
];

/// The end of the questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionsEnd {
    /// There was none, or none was answered.
    Nothing,
    /// Some were answered: the job has to be done again.
    Answered,
    /// Somebody pressed `q` or Ctrl-C.
    Interrupted,
}

/// Asks for what refusals say is missing, and puts the answers into the job. Releases that lack the same are
/// asked about once.
///
/// # Errors
///
/// If the terminal cannot be used.
pub fn ask(
    job: &mut Job,
    refused: &[Refusal],
    keyboard: &mut Keyboard<'_>,
) -> anyhow::Result<QuestionsEnd> {
    let mut groups: Vec<Vec<(&Refusal, &Missing)>> = Vec::new();
    for refusal in refused {
        let Some(missing) = &refusal.missing else {
            continue;
        };
        if missing.candidates.is_empty() {
            continue;
        }
        let key = |of: &Missing| (of.what, of.chart.clone(), of.candidates.clone());
        match groups
            .iter_mut()
            .find(|group| key(group[0].1) == key(missing))
        {
            Some(group) => group.push((refusal, missing)),
            None => groups.push(vec![(refusal, missing)]),
        }
    }
    let mut asked = QuestionsEnd::Nothing;
    for group in groups {
        match ask_one(job, &group, keyboard) {
            Ok(true) => asked = QuestionsEnd::Answered,
            Ok(false) => {}
            Err(Stop::Terminal(e)) => return Err(e).context("the terminal cannot be used"),
            Err(stop) => {
                keyboard.say(match stop {
                    Stop::Quit => "Nothing was written.\n",
                    _ => "\nInterrupted; nothing was written.\n",
                });
                return Ok(QuestionsEnd::Interrupted);
            }
        }
    }
    Ok(asked)
}

/// One question; whether it was answered.
fn ask_one(
    job: &mut Job,
    group: &[(&Refusal, &Missing)],
    keyboard: &mut Keyboard<'_>,
) -> Result<bool, Stop> {
    let (refusal, missing) = group[0];
    let names: Vec<&str> = group
        .iter()
        .take(NAMED)
        .map(|(_, missing)| missing.release.as_str())
        .collect();
    let mut about = names.join(", ");
    if group.len() > NAMED {
        about.push_str(&format!(" and {} more", group.len() - NAMED));
    }
    let look = keyboard.look();
    let mut text = show::render_sentence(&format!("{about}: {}.", refusal.what), look);
    if let Some(why) = &refusal.why {
        text.push_str(&show::render_sentence(why, look));
    }
    keyboard.say(&text);
    let (question, prompt) = match (&missing.what, &missing.chart) {
        (Unnamed::Chart, _) => ("Which chart?".to_owned(), "Chart"),
        (Unnamed::Version, Some(chart)) => (
            format!(
                "Which version of {chart} are the values for? `helm list` shows it in the column CHART."
            ),
            "Version",
        ),
        (Unnamed::Version, None) => ("Which version are the values for?".to_owned(), "Version"),
    };
    keyboard.say(&show::render_sentence(&question, look));
    // The newest comes first: most are nearer to it.
    let mut candidates = missing.candidates.clone();
    if missing.what == Unnamed::Version {
        candidates.reverse();
    }
    let mut items = candidates.clone();
    items.push("(none of these, or I do not know)".to_owned());
    let asked = prompt.to_lowercase();
    let chosen = loop {
        match keyboard.choose(prompt, "b,q,?", &items, None)? {
            ListAnswer::Item(at) => break Some(at),
            ListAnswer::Key(KeyPress::Escape | KeyPress::Char('b')) => break None,
            ListAnswer::Key(KeyPress::Char('q')) => return Err(Stop::Quit),
            ListAnswer::Key(KeyPress::Again) => {}
            ListAnswer::Key(_) => keyboard.say(&show::render_keys(&KEYS, look)),
        }
    };
    let Some(choice) = chosen.and_then(|at| candidates.get(at)) else {
        keyboard.say(&show::render_sentence(
            &format!("No {asked} was chosen."),
            look,
        ));
        return Ok(false);
    };
    keyboard.say(&format!("The {asked}: {choice}\n\n"));
    for (_, missing) in group {
        let release = missing.release.clone();
        match missing.what {
            Unnamed::Chart => {
                job.given.chart_chosen.push(release.clone());
                job.request.chart_of.insert(release, choice.clone());
            }
            Unnamed::Version => {
                let version = choice.parse().map_err(std::io::Error::other)?;
                job.request.from_of.insert(release, version);
            }
        }
    }
    // What was chosen for one of them cannot be said of a folder as a whole.
    job.given.whole.clear();
    job.chose = true;
    Ok(true)
}
