//! What is shown beside code: annotations for GitHub, and SARIF.

use crate::outcomes;

use outcomes::{done, open, outcome, refusal};
use refit::{
    outcome::{FilePosition, Notice, Outcome, ReportedSince},
    report::{Masker, github, gitlab, jsonl, markdown, sarif},
};
use serde_json::Value;

/// An outcome with everything in it, and texts that would end an annotation.
fn everything() -> Outcome {
    let mut done = done();
    done.notices.push(Notice {
        severity: refit::outcome::NoticeSeverity::Action,
        at: Some(FilePosition {
            file: "my values, 100%: a.yaml".to_owned(),
            line: 7,
            column: 3,
        }),
        text: "first\n::error::second\r\x1b[31m 100%".to_owned(),
        path: None,
    });
    let mut all = outcome([done, open()]);
    all.refused = vec![refusal()];
    all
}

#[test]
fn annotations_name_file_and_line_and_cannot_be_ended_early() {
    let text = github::render(&everything(), &Masker::off(), "deploy/");
    for line in text.lines() {
        let kind = ["::error ", "::warning ", "::notice "];
        assert!(kind.iter().any(|kind| line.starts_with(kind)), "{line}");
        assert!(!line.chars().any(char::is_control), "{line}");
    }
    assert!(
        text.contains("::notice file=deploy/my values%2C 100%25%3A a.yaml,line=7,col=3,title="),
        "{text}"
    );
    assert!(text.contains("::first%0A::error::second"), "{text}");
    assert!(text.contains(" ␛[31m 100%25\n"), "{text}");
    // What stops comes first.
    let first = text.lines().next().unwrap();
    assert!(first.starts_with("::error "), "{first}");
    assert!(
        text.contains("--answer "),
        "questions say how to answer: {text}"
    );
}

#[test]
fn a_runner_shows_ten_of_a_kind_so_the_rest_is_counted() {
    let mut all = everything();
    all.refused = vec![refusal(); 30];
    let text = github::render(&all, &Masker::off(), "");
    let errors: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("::error "))
        .collect();
    assert_eq!(errors.len(), 10, "{text}");
    assert!(errors[9].contains("more like these"), "{}", errors[9]);
}

#[test]
fn gitlab_gets_a_file_a_line_and_a_fingerprint_that_outlives_moved_lines() {
    let read = |all: &Outcome| -> Vec<Value> {
        let text = gitlab::render(all, &Masker::off(), "deploy").unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let mut all = everything();
    let before = read(&all);
    assert!(!before.is_empty());
    let severities = ["critical", "major", "info"];
    for finding in &before {
        // What GitLab's page names as required.
        let text = |pointer: &str| finding.pointer(pointer).unwrap().as_str().unwrap();
        assert!(!text("/description").is_empty(), "{finding}");
        assert!(!text("/check_name").is_empty(), "{finding}");
        assert!(text("/location/path").starts_with("deploy/"), "{finding}");
        assert!(severities.contains(&text("/severity")), "{finding}");
        assert!(finding["location"]["lines"]["begin"].as_u64() >= Some(1));
    }
    let of = |findings: &[Value]| -> Vec<(String, u64)> {
        let one = |it: &Value| {
            let print = it["fingerprint"].as_str().unwrap().to_owned();
            (print, it["location"]["lines"]["begin"].as_u64().unwrap())
        };
        findings.iter().map(one).collect()
    };
    let (notice, moved) = (of(&before), {
        all.releases[0]
            .notices
            .last_mut()
            .unwrap()
            .at
            .as_mut()
            .unwrap()
            .line = 70;
        of(&read(&all))
    });
    let old: Vec<_> = notice.iter().filter(|(_, line)| *line == 7).collect();
    let new: Vec<_> = moved.iter().filter(|(_, line)| *line == 70).collect();
    assert_eq!((old.len(), new.len()), (1, 1), "{before:#?}");
    assert_eq!(old[0].0, new[0].0);
    let prints: std::collections::HashSet<_> = notice.iter().map(|(print, _)| print).collect();
    assert_eq!(
        prints.len(),
        notice.len(),
        "two findings have one fingerprint"
    );
}

#[test]
fn sarif_holds_what_the_standard_asks_for() {
    let text = sarif::render(&everything(), &Masker::off(), "deploy").unwrap();
    let log: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 3, "{text}");
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let locations = result["locations"].as_array().into_iter().flatten();
        for location in locations {
            let place = &location["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            assert!(
                uri.starts_with("deploy/") && !uri.contains([' ', ':']),
                "{uri}"
            );
            assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
            if let Some(region) = place.get("region") {
                assert!(region["startLine"].as_u64() >= Some(1));
                assert!(region["startColumn"].as_u64() >= Some(1));
            }
        }
    }
    let mut ids: Vec<&str> = rules
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "a rule stands there once");
}

#[test]
fn both_are_masked() {
    let all = outcome([done(), open()]);
    let masker = Masker::for_outcome(&all);
    let (before, after) = ("hunter2", "••••");
    let texts = [
        github::render(&all, &masker, ""),
        sarif::render(&all, &masker, "").unwrap(),
    ];
    for text in texts {
        assert!(!text.contains(before), "{after}: {text}");
    }
}

#[test]
fn what_was_compared_stands_in_json_lines_and_markdown_too() {
    let mut all = outcome([done()]);
    all.since = Some(ReportedSince {
        revision: "origin/main".to_owned(),
        commit: "0123456789abcdef".to_owned(),
        kept: 3,
        new: vec!["streams".to_owned()],
        notes: vec![Notice {
            severity: refit::outcome::NoticeSeverity::Action,
            at: None,
            text: "It could be compared in part only.".to_owned(),
            path: None,
        }],
    });
    let lines = jsonl::render(&all, &Masker::off()).unwrap();
    let since = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|record| record["type"] == "since")
        .expect("a record");
    assert_eq!(
        (&since["revision"], &since["kept"]),
        (&"origin/main".into(), &3.into())
    );
    let text = markdown::render(&all, &Masker::off());
    assert!(text.contains("Since origin/main"), "{text}");
    assert!(
        text.contains("It could be compared in part only."),
        "{text}"
    );
}
