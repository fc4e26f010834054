//! A review comes to what `refit upgrade` comes to with its record: the same bytes, whatever was decided.
//!
//! The old files of all Arroyo cases are reviewed without a terminal, with decisions drawn at random:
//! accepted, skipped, answered with any option and with what its check lets through. The record of each
//! is read back from a file by the program, which writes. The same with two releases that share such a
//! file, and with the GitOps manifests of the carrier cases.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::copy_folder;
use refit::{
    load::{InputFile, ReleaseRequest},
    migrate::{Answer, OfferedInput},
    outcome::KnownBy,
    questions::{SHARED_LAYER, can_be_left_out},
    review::{Review, StepDecision, UndecidedStep, begin, record::record_decisions},
    upgrade::Request,
    walk::{Limits, NamedPath, find},
};
use serde::Deserialize;

/// Of how many files one is reviewed, once; with `REFIT_REVIEWS` each is, that many times.
const SAMPLE: usize = 4;
/// Texts to type: the first that an input takes is typed.
const TYPED: [&str; 8] = [
    "0.15.0-mine",
    "registry.example/arroyo",
    "arn:aws:iam::123412341234:role/x",
    "https://bucket.example/path",
    "eu-north-1",
    "name",
    "8",
    "a,b",
];

/// A small generator of numbers: what it gives only depends on the seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

#[derive(Deserialize)]
struct Case {
    from: String,
    to: String,
}

fn answer(item: &UndecidedStep, dice: &mut Dice) -> Option<Answer> {
    let question = item.step.question.as_ref()?;
    let option = &question.options[dice.below(question.options.len())];
    let mut answer = Answer {
        option: option.id.clone(),
        ..Answer::default()
    };
    for input in &option.inputs {
        if input.default.is_some() && dice.below(2) == 0 {
            continue;
        }
        let check = OfferedInput {
            name: input.name.clone(),
            title: input.title.clone(),
            matches: input.matches.clone(),
            list: input.list,
            default: None,
        };
        // Which version ran before is no text like others: it must be one that the chart had.
        let text = match item.step.id == "raised-first" {
            true => "0.10.3",
            false => TYPED.into_iter().find(|text| check.check(text).is_ok())?,
        };
        answer.inputs.insert(input.name.clone(), text.to_owned());
    }
    Some(answer)
}

/// What can be decided about a step, what the dice prefer first.
fn decisions(item: &UndecidedStep, dice: &mut Dice) -> Vec<StepDecision> {
    let mut decisions = Vec::new();
    match &item.step.question {
        None => decisions.push(StepDecision::Accept),
        Some(question) => {
            for _ in &question.options {
                decisions.extend(answer(item, dice).map(StepDecision::Answer));
            }
            let all = question.options.iter().map(refit::review::answer_choosing);
            decisions.extend(all.map(StepDecision::Answer));
        }
    }
    if can_be_left_out(&item.step.id) {
        let at = if dice.below(4) == 0 {
            0
        } else {
            decisions.len()
        };
        decisions.insert(at, StepDecision::Skip);
    }
    decisions
}

/// Goes through a review; what is refused is decided in another way. How many decisions it took; nothing,
/// if they led nowhere.
fn through(review: &mut Review, dice: &mut Dice) -> Option<usize> {
    let mut taken = 0;
    while let Some(item) = review.next().unwrap() {
        let id = item.step.id.clone();
        let mut is_decided = false;
        for decision in decisions(&item, dice) {
            if let StepDecision::Answer(answer) = &decision
                && review.try_answer(&item, answer).is_err()
            {
                continue;
            }
            if review.decide(&item, decision.clone(), false).is_err() {
                continue;
            }
            // Back and again: that must change nothing.
            if dice.below(3) == 0 {
                assert!(review.take_back());
                assert_eq!(review.next().unwrap().unwrap().step.id, id);
                review.decide(&item, decision, false).unwrap();
            }
            is_decided = true;
            break;
        }
        if !is_decided {
            // What was skipped for one release alone cannot always be written into a layer of its own.
            assert_eq!(id, SHARED_LAYER, "nothing can be decided");
            return None;
        }
        taken += 1;
    }
    Some(taken)
}

/// The files below a folder.
fn texts(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(self::texts(&path));
        } else {
            texts.insert(path.clone(), fs::read_to_string(path).unwrap());
        }
    }
    texts
}

/// Records reviews, replays the record with these arguments, and compares what is written with what the
/// reviews came to.
fn replayed(reviews: &[Review], args: &[&str], folder: &Path, name: &str) {
    let mut expected = texts(folder);
    for file in reviews.iter().flat_map(|review| review.files()) {
        expected.insert(file.path.clone().unwrap(), file.after.to_string());
    }
    let answers = tempfile::NamedTempFile::new().unwrap();
    let all: Vec<&Review> = reviews.iter().collect();
    let record = record_decisions(&all, "refit upgrade ...");
    fs::write(&answers, &record).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_refit"))
        .args([
            "upgrade",
            "--write",
            "--force",
            "-q",
            "--to",
            "0.15.0",
            "--answers",
        ])
        .arg(answers.path())
        .args(args)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(0), "{name}: {said}\n{record}");
    assert_eq!(texts(folder), expected, "{name}\n{record}");
}

fn arroyo() -> Request {
    Request {
        to: Some("0.15.0".parse().unwrap()),
        ..Request::default()
    }
}

/// How often each is reviewed, and of how many one is.
fn times() -> (u64, usize) {
    match std::env::var("REFIT_REVIEWS") {
        Ok(times) => (times.parse().unwrap(), 1),
        Err(_) => (1, SAMPLE),
    }
}

/// What the upper layers of two releases set: what they want differently of the layer below.
const OWN: [&str; 4] = [
    "{}\n",
    "# ours\nworker:\n  image: {repository: reg.example/b/worker, tag: v7}\n",
    "controller:\n  image: {repository: reg.example/b/arroyo, tag: \"0.10.3\"}\nworker: {slots: 2}\n",
    "s3: {region: eu-west-9}\nprometheus: {setAnnotations: true}\n",
];

#[test]
fn releases_that_share_a_layer_are_replayed_to_the_same_bytes() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/arroyo");
    let (times, sample) = times();
    let mut cases: Vec<_> = fs::read_dir(cases)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    cases.sort();
    let (mut seen, mut decided, mut shared, mut stuck) = (0, 0, 0, 0);
    for case in cases
        .iter()
        .filter(|path| path.is_dir())
        .step_by(sample * 2)
    {
        let old = fs::read_to_string(case.join("old.yaml")).unwrap();
        'seeds: for seed in 0..times {
            seen += 1;
            let mut dice = Dice(seed * 1_000 + seen);
            let name = format!("{} with {seed}", case.display());
            let folder = tempfile::tempdir().unwrap();
            let file = |layer: &str| folder.path().join(format!("{layer}.yaml"));
            fs::write(file("base"), &old).unwrap();
            fs::write(file("prod"), OWN[dice.below(OWN.len())]).unwrap();
            fs::write(file("staging"), OWN[dice.below(OWN.len())]).unwrap();
            let release = |name: &str| ReleaseRequest {
                name: Some(name.to_owned()),
                version: Some(("0.10.3".parse().unwrap(), KnownBy::Stated)),
                ..ReleaseRequest::new(vec![
                    InputFile::Path(file("base")),
                    InputFile::Path(file(name)),
                ])
            };
            let request = Request {
                releases: vec![release("prod"), release("staging")],
                chart: Some("arroyo".to_owned()),
                ..arroyo()
            };
            let mut begun = begin(&request).unwrap();
            // Some old files are not for this version, or cannot be one of several layers.
            for review in &mut begun.reviews {
                let Some(taken) = through(review, &mut dice) else {
                    stuck += 1;
                    continue 'seeds;
                };
                decided += taken;
                let mut steps = review.result()[0].steps.iter();
                shared += usize::from(steps.any(|step| step.id == SHARED_LAYER));
            }
            if begun.reviews.is_empty() {
                continue;
            }
            let [prod, staging] = ["prod", "staging"].map(|name| {
                let path = |layer: &str| file(layer).display().to_string();
                format!("--release={name}@0.10.3={},{}", path("base"), path(name))
            });
            let args = ["--chart", "arroyo", &prod, &staging];
            replayed(&begun.reviews, &args, folder.path(), &name);
        }
    }
    assert!(
        decided > 20 && shared > 3 && stuck * 3 < seen,
        "{seen} reviews, {decided} decisions, {shared} conflicts, {stuck} led nowhere"
    );
}

#[test]
fn manifests_are_replayed_to_the_same_bytes() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/carriers");
    let (times, _) = times();
    let mut cases: Vec<_> = fs::read_dir(cases)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    cases.sort();
    let (mut seen, mut decided) = (0, 0);
    for case in cases.iter().filter(|path| path.is_dir()) {
        for seed in 0..times {
            let name = format!("{} with {seed}", case.display());
            let folder = tempfile::tempdir().unwrap();
            copy_folder(&case.join("old"), folder.path());
            let found = find(
                &[NamedPath::Argument(folder.path().to_owned())],
                Limits::default(),
            );
            let request = Request {
                found: found.files,
                ..arroyo()
            };
            let mut begun = begin(&request).unwrap();
            if begun.reviews.is_empty() || !begun.outcome.refused.is_empty() {
                continue;
            }
            seen += 1;
            for review in &mut begun.reviews {
                let taken = through(review, &mut Dice(seed * 1_000 + seen));
                decided += taken.unwrap_or_else(|| panic!("{name}"));
            }
            let path = folder.path().display().to_string();
            replayed(&begun.reviews, &[&path], folder.path(), &name);
        }
    }
    assert!(
        seen > 10 && decided > 20,
        "{seen} reviews, {decided} decisions"
    );
}

/// The only review of a request, if there is anything to review.
fn begun(request: &Request, name: &str) -> Option<Review> {
    let mut begun = begin(request).unwrap_or_else(|e| panic!("{name}: {e:#?}"));
    assert!(
        begun.outcome.refused.is_empty(),
        "{name}: {:#?}",
        begun.outcome.refused
    );
    begun.reviews.pop()
}

#[test]
fn every_review_is_replayed_to_the_same_bytes() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/arroyo");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("values.yaml");
    let reviews = std::env::var("REFIT_REVIEWS").ok();
    let sample = if reviews.is_some() { 1 } else { SAMPLE };
    let reviews = reviews.map_or(1, |n| n.parse().unwrap());
    let (mut seen, mut decided) = (0, 0);
    let mut cases: Vec<_> = fs::read_dir(cases)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    cases.sort();
    cases.retain(|path| path.is_dir());
    // Full copies of the chart's values have a question of their own.
    let always = |case: &Path| case.display().to_string().contains("full-copy");
    let cases = cases.iter().enumerate();
    for (_, case) in cases.filter(|(i, case)| i % sample == 0 || always(case)) {
        let old = fs::read(case.join("old.yaml")).unwrap();
        let route: Case =
            serde_yaml::from_str(&fs::read_to_string(case.join("case.yaml")).unwrap()).unwrap();
        for seed in 0..reviews {
            let name = format!("{} with {seed}", case.display());
            fs::write(&file, &old).unwrap();
            let request = Request {
                releases: vec![ReleaseRequest::new(vec![InputFile::Path(file.clone())])],
                chart: Some("arroyo".to_owned()),
                from: Some(route.from.parse().unwrap()),
                to: Some(route.to.parse().unwrap()),
                ..Request::default()
            };
            let Some(mut review) = begun(&request, &name) else {
                continue;
            };
            through(&mut review, &mut Dice(seed * 1_000 + seen)).unwrap();
            seen += 1;
            let tally = review.tally(0);
            decided += tally.accepted.len() + tally.skipped.len();
            assert!(tally.open.is_empty() && tally.waiting.is_empty(), "{name}");
            let after = review.result()[0].files[0].after.clone();
            let answers = folder.path().join("record.answers");
            fs::write(&answers, record_decisions(&[&review], "refit upgrade ...")).unwrap();
            let run = Command::new(env!("CARGO_BIN_EXE_refit"))
                .args(["upgrade", "--chart", "arroyo", "--write", "--force", "-q"])
                .args(["--from", &route.from, "--to", &route.to, "--answers"])
                .args([&answers, &file])
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&run.stderr);
            let record = fs::read_to_string(&answers).unwrap();
            assert_eq!(run.status.code(), Some(0), "{name}: {said}\n{record}");
            assert_eq!(
                fs::read_to_string(&file).unwrap(),
                *after,
                "{name}\n{record}"
            );
        }
    }
    assert!(
        seen > 15 && decided > 20,
        "{seen} reviews, {decided} decisions"
    );
}
