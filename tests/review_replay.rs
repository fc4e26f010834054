//! A review comes to what `refit upgrade` comes to with its record: the same bytes, whatever was decided.
//!
//! The old files of all Arroyo cases are reviewed without a terminal, with decisions drawn at random:
//! accepted, skipped, answered with any option and with what its check lets through. The record of each
//! is read back from a file by the program, which writes.

use std::{fs, path::Path, process::Command};

use refit::{
    load::{Asked, Input},
    migrate::{Answer, OfferedInput},
    review::{Decision, Item, Review, begin, record::record},
    upgrade::Request,
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

fn answer(item: &Item, dice: &mut Dice) -> Option<Answer> {
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
        let text = TYPED.into_iter().find(|text| check.check(text).is_ok())?;
        answer.inputs.insert(input.name.clone(), text.to_owned());
    }
    Some(answer)
}

/// Goes through a review; what is refused is decided in another way.
fn through(review: &mut Review, dice: &mut Dice) {
    while let Some(item) = review.next().unwrap() {
        let id = item.step.id.clone();
        let skip = dice.below(4) == 0;
        let mut decision = match (skip, item.step.question.is_some()) {
            (true, _) => Decision::Skip,
            (_, true) => answer(&item, dice).map_or(Decision::Skip, Decision::Answer),
            _ => Decision::Accept,
        };
        if let Decision::Answer(answer) = &decision
            && review.try_answer(&item, answer).is_err()
        {
            decision = Decision::Skip;
        }
        // Back and again: that must change nothing.
        if dice.below(3) == 0 && review.decide(&item, decision.clone(), false).is_ok() {
            assert!(review.back());
            assert_eq!(review.next().unwrap().unwrap().step.id, id);
        }
        review.decide(&item, decision, false).unwrap();
    }
}

/// The only review of a request.
fn begun(request: &Request, name: &str) -> Review {
    let mut begun = begin(request).unwrap_or_else(|e| panic!("{name}: {e:#?}"));
    assert!(
        begun.outcome.refused.is_empty(),
        "{name}: {:#?}",
        begun.outcome.refused
    );
    begun
        .reviews
        .pop()
        .unwrap_or_else(|| panic!("{name}: nothing to review"))
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
    for case in cases.iter().step_by(sample) {
        let old = fs::read(case.join("old.yaml")).unwrap();
        let route: Case =
            serde_yaml::from_str(&fs::read_to_string(case.join("case.yaml")).unwrap()).unwrap();
        for seed in 0..reviews {
            let name = format!("{} with {seed}", case.display());
            fs::write(&file, &old).unwrap();
            let request = Request {
                releases: vec![Asked::new(vec![Input::Path(file.clone())])],
                chart: Some("arroyo".to_owned()),
                from: Some(route.from.parse().unwrap()),
                to: Some(route.to.parse().unwrap()),
                ..Request::default()
            };
            let mut review = begun(&request, &name);
            through(&mut review, &mut Dice(seed * 1_000 + seen));
            seen += 1;
            let tally = review.tally(0);
            decided += tally.accepted.len() + tally.skipped.len();
            assert!(tally.open.is_empty() && tally.waiting.is_empty(), "{name}");
            let after = review.result()[0].files[0].after.clone();
            let answers = folder.path().join("record.answers");
            fs::write(&answers, record(&[&review], "refit upgrade ...")).unwrap();
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
        seen > 20 && decided > 20,
        "{seen} reviews, {decided} decisions"
    );
}
