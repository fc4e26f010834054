//! The layer law at the level of the program: two releases that share a layer, in one run.
//!
//! Whatever the shared layer comes to, after the run each release means what it would have come to alone.
//! Where the two want different things of it, that holds for every answer to the question.

use std::{collections::BTreeMap, fs, path::Path};

use refit::{
    load::{InputFile, ReleaseRequest},
    migrate::{Answer, Answers},
    outcome::{KnownBy, Outcome, Release, ReportedStep, State},
    upgrade::{Request, upgrade},
    values::{Map, View, merge::merge_all},
    yaml::Tree,
};
use semver::Version;

use super::{
    choice::{Choices, cases, survey},
    documents::document,
    generated::Case,
    layers::rendered,
};

const NAMES: [&str; 2] = ["one", "two"];
const SHARED: &str = "shared-layer";

/// A folder with the layers of two releases.
struct Stack {
    case: Case,
    folder: tempfile::TempDir,
    texts: Vec<(String, String)>,
}

impl Stack {
    fn new(choices: &mut Choices) -> Result<Self, String> {
        let case = Case::new(choices)?;
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let mut texts = vec![("base.yaml".to_owned(), case.text.clone())];
        for name in NAMES {
            let text = document(choices, &case.generated, case.from);
            texts.push((format!("{name}.yaml"), text));
        }
        for (name, text) in &texts {
            fs::write(folder.path().join(name), text).map_err(|e| e.to_string())?;
        }
        Ok(Self {
            case,
            folder,
            texts,
        })
    }

    fn request(&self, names: &[&str], answers_of: &BTreeMap<String, Answers>) -> Request {
        let from = self.case.version(self.case.from);
        let release = |name: &&str| ReleaseRequest {
            name: Some((*name).to_owned()),
            version: Some((from.clone(), KnownBy::Stated)),
            ..ReleaseRequest::new(
                ["base", name]
                    .map(|layer| InputFile::Path(self.folder.path().join(format!("{layer}.yaml"))))
                    .to_vec(),
            )
        };
        Request {
            releases: names.iter().map(release).collect(),
            chart: Some(self.case.pack.info.chart.clone()),
            pack_dirs: vec![self.case.folder().to_owned()],
            to: Some(self.case.version(self.case.to)),
            answers_of: answers_of
                .iter()
                .filter(|(name, _)| names.contains(&name.as_str()))
                .map(|(name, answers)| (name.clone(), answers.clone()))
                .collect(),
            ..Request::default()
        }
    }

    fn shown(&self, message: &str, outcome: Option<&Outcome>) -> String {
        let mut text = self.case.shown(message);
        for (name, before) in &self.texts {
            text.push_str(&format!("\n=== {name}\n{before}"));
        }
        let releases = outcome.iter().flat_map(|outcome| &outcome.releases);
        for release in releases {
            for file in &release.files {
                let name = release.name.as_deref().unwrap_or_default();
                let file_name = Path::new(&file.name).file_name().unwrap_or_default();
                text.push_str(&format!(
                    "\n=== {name}: {} after\n{}",
                    file_name.to_string_lossy(),
                    file.after
                ));
            }
        }
        text
    }

    /// What the files of a release mean under the target's defaults.
    fn meaning(&self, release: &Release, to: &Version) -> Result<Map, String> {
        let values = |text: &str| {
            let tree = Tree::parse(text.to_owned()).map_err(|e| e.to_string())?;
            let view = View::new(&tree, tree.documents()[0].root);
            view.values().map_err(|e| e.to_string())
        };
        let files = release.files.iter().map(|file| values(&file.after));
        let merged = merge_all(files.collect::<Result<Vec<_>, _>>()?);
        Ok(rendered(&self.case.pack, to, &merged))
    }
}

fn open(release: &Release) -> impl Iterator<Item = &ReportedStep> {
    let steps = release.steps.iter();
    steps.filter(|step| step.state == State::Open && step.question.is_some())
}

/// An answer at random.
fn answer(choices: &mut Choices, step: &ReportedStep) -> Answer {
    let question = step.question.as_ref().expect("it asks");
    let choice = choices.pick(&question.options);
    let mut answer = Answer {
        option: choice.id.clone(),
        ..Answer::default()
    };
    for input in &choice.inputs {
        if input.default.is_none() || choices.once_in(2) {
            let typed = format!("typed{}", choices.below(3));
            let known = [typed.as_str(), "1.2.3", "s3://typed/here", "typed/image"];
            let fits = |text: &&str| {
                let wanted = input.matches.as_deref();
                wanted.is_none_or(|regex| {
                    regex::Regex::new(&format!("^(?:{regex})$"))
                        .is_ok_and(|regex| regex.is_match(text))
                })
            };
            let text = known.into_iter().find(fits).unwrap_or(&typed);
            answer.inputs.insert(input.name.clone(), text.to_owned());
        }
    }
    answer
}

fn refusals(outcome: &Outcome) -> String {
    let what = outcome.refused.iter().map(|refusal| refusal.what.as_str());
    what.collect::<Vec<_>>().join("; ")
}

/// A refusal without what it cites.
fn kind(what: &str) -> String {
    let words = what
        .split(' ')
        .filter(|word| word.chars().all(char::is_alphabetic));
    words.take(6).collect::<Vec<_>>().join(" ")
}

fn law(choices: &mut Choices) -> Result<(), String> {
    let stack = Stack::new(choices)?;
    let to = stack.case.version(stack.case.to);
    let mut answers_of: BTreeMap<String, Answers> = BTreeMap::new();
    let mut alone = BTreeMap::new();
    for name in NAMES {
        let mut rounds = 0;
        let release = loop {
            let outcome = upgrade(&stack.request(&[name], &answers_of));
            let Some(release) = outcome.releases.first() else {
                choices.count(format!("alone refused: {}", kind(&refusals(&outcome))));
                return Ok(());
            };
            let answers = answers_of.entry(name.to_owned()).or_default();
            let asked: Vec<&ReportedStep> = open(release).collect();
            if asked.is_empty() {
                break release.clone();
            }
            for step in asked {
                answers.insert(step.id.clone(), answer(choices, step));
            }
            rounds += 1;
            if rounds > 30 {
                return Err(stack.shown("questions do not end", Some(&outcome)));
            }
        };
        let meaning = stack
            .meaning(&release, &to)
            .map_err(|e| stack.shown(&e, None))?;
        alone.insert(name, meaning);
    }
    let outcome = upgrade(&stack.request(&NAMES, &answers_of));
    if outcome.releases.len() < NAMES.len() {
        choices.count(format!("together refused: {}", kind(&refusals(&outcome))));
        return Ok(());
    }
    let asked: Vec<&ReportedStep> = outcome.releases.iter().flat_map(open).collect();
    if let Some(other) = asked.iter().find(|step| step.id != SHARED) {
        let message = format!("{} is asked only when both are upgraded", other.id);
        return Err(stack.shown(&message, Some(&outcome)));
    }
    let options: Vec<String> = match asked.first().and_then(|step| step.question.as_ref()) {
        None => vec![String::new()],
        Some(question) => question
            .options
            .iter()
            .map(|option| option.id.clone())
            .collect(),
    };
    for option in &options {
        let mut request = stack.request(&NAMES, &answers_of);
        if !option.is_empty() {
            let answer = Answer {
                option: option.clone(),
                ..Answer::default()
            };
            request.answers.insert(SHARED.to_owned(), answer);
        }
        let outcome = upgrade(&request);
        if outcome.releases.len() < NAMES.len() {
            let message = format!(
                "refused with an option that was offered, {option}: {}",
                refusals(&outcome)
            );
            return Err(stack.shown(&message, Some(&outcome)));
        }
        let after = |release: &Release| {
            let base = release
                .files
                .iter()
                .find(|file| file.name.ends_with("base.yaml"));
            base.map(|file| file.after.clone())
        };
        if after(&outcome.releases[0]) != after(&outcome.releases[1]) {
            return Err(stack.shown("the shared layer has two texts", Some(&outcome)));
        }
        for release in &outcome.releases {
            let name = release.name.as_deref().unwrap_or_default();
            let meaning = stack
                .meaning(release, &to)
                .map_err(|e| stack.shown(&e, Some(&outcome)))?;
            if meaning != alone[name] {
                let message = format!(
                    "with `{option}`, {name} means\n{}\nand alone\n{}",
                    refit::values::write::block(
                        &refit::values::Value::Map(meaning),
                        &Default::default()
                    ),
                    refit::values::write::block(
                        &refit::values::Value::Map(alone[name].clone()),
                        &Default::default()
                    ),
                );
                return Err(stack.shown(&message, Some(&outcome)));
            }
        }
        choices.count(match option.as_str() {
            "" => "no question: holds",
            _ => "asked: holds",
        });
    }
    Ok(())
}

#[test]
fn releases_that_share_a_layer_mean_what_they_mean_alone() {
    let counts = survey("shared layers", 200, |choices| law(choices).map(|()| None));
    let count = |what: &str| counts.get(what).copied().unwrap_or_default();
    let (free, asked) = (count("no question: holds"), count("asked: holds"));
    // A law that is refused its cases would hold, too.
    let cases = cases(200);
    assert!(free * 2 > cases, "{free} of {cases} without a question");
    assert!(asked * 5 > cases, "{asked} answers in {cases} cases");
}
