//! Told before surprised: what is said of keys, scalars, comments and copies that no step is about.

mod awake;
mod dump;
mod markers;
mod numbers;
mod pinned;
mod unknown;

use crate::{demo, support};

use refit::{
    load::{InputFile, ReleaseRequest},
    migrate::{Answer, Answers},
    outcome::{Outcome, Release},
    upgrade::{Request, upgrade},
};

/// The Arroyo chart's values, upgraded; `answers` as `id=option`.
fn arroyo(text: &str, from: &str, to: &str, answers: &[&str]) -> Release {
    layers(&[text], from, to, answers)
}

/// The same with several layers.
fn layers(texts: &[&str], from: &str, to: &str, answers: &[&str]) -> Release {
    let outcome = run(texts, from, to, answers);
    let refused = format!("{:#?}", outcome.refused);
    outcome.releases.into_iter().next().expect(&refused)
}

fn run(texts: &[&str], from: &str, to: &str, answers: &[&str]) -> Outcome {
    run_of("arroyo", texts, (from, to), answers)
}

/// Values of a chart whose pack is built in, upgraded.
fn run_of(chart: &str, texts: &[&str], (from, to): (&str, &str), answers: &[&str]) -> Outcome {
    let layers = texts
        .iter()
        .map(|text| InputFile::Stdin(text.as_bytes().to_vec()));
    upgrade(&Request {
        releases: vec![ReleaseRequest::new(layers.collect())],
        chart: Some(chart.to_owned()),
        from: Some(from.parse().unwrap()),
        to: Some(to.parse().unwrap()),
        answers: self::answers(answers),
        ..Request::default()
    })
}

fn answers(given: &[&str]) -> Answers {
    let answer = |text: &&str| {
        let (id, option) = text.split_once('=').unwrap();
        let answer = Answer {
            option: option.to_owned(),
            ..Answer::default()
        };
        (id.to_owned(), answer)
    };
    given.iter().map(answer).collect()
}

/// The notices, as `LINE: text`.
fn notices(release: &Release) -> Vec<String> {
    let line = |notice: &refit::outcome::Notice| notice.at.as_ref().map_or(0, |at| at.line);
    let notices = release.notices.iter();
    notices
        .map(|notice| format!("{}: {}", line(notice), notice.text))
        .collect()
}

/// Everything that a step says of itself.
fn told(release: &Release, id: &str) -> Vec<String> {
    let steps = release.steps.iter().filter(|step| step.id == id);
    let told = steps.flat_map(|step| step.tell.clone());
    told.map(|told| told.text).collect()
}

/// The ids of the questions, open or answered.
fn asked(release: &Release) -> Vec<&str> {
    let asked = release.steps.iter().filter(|step| step.question.is_some());
    asked.map(|step| step.id.as_str()).collect()
}

#[test]
fn no_step_has_the_id_of_a_question_of_refits_own() {
    let demo = demo::Demo::new();
    let migration = demo.text("pack/2.0.0.yaml");
    for own in refit::questions::ALL {
        let renamed = migration.replace("rename:", &format!("{}:", own.id));
        demo.file("pack/2.0.0.yaml", renamed);
        let run = demo.upgrade("v.yaml --from 1.0.0");
        assert_eq!(run.code, 2, "{}: {run:?}", own.id);
    }
    demo.file("pack/2.0.0.yaml", migration.replace("rename:", "marker:"));
    let run = demo.upgrade("v.yaml --from 1.0.0");
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("refit itself uses the id `marker`"),
        "{}",
        run.err
    );
}

/// A review of one text for 0.15.0.
fn review(text: &str, from: &str) -> refit::review::Review {
    let request = Request {
        releases: vec![ReleaseRequest::new(vec![InputFile::Stdin(
            text.as_bytes().to_vec(),
        )])],
        chart: Some("arroyo".to_owned()),
        from: Some(from.parse().unwrap()),
        to: Some("0.15.0".parse().unwrap()),
        ..Request::default()
    };
    refit::review::begin(&request).unwrap().reviews.remove(0)
}
