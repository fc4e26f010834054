//! The preview: short, in the order of what matters, and each thing once.

use crate::outcomes;

use outcomes::{done, file, left_out, open, outcome, refusal, release, rename, step};
use refit::{
    outcome::{FactChange, NoticeSeverity, Outcome, State, Told},
    report::{
        Detail, Masker, ReportStyle,
        command::{self, Given},
        content::{ReportContent, Section, Verdict},
        preview::{LINES, Preview, RunSoFar, ShownDifference, Ways, render_preview},
        text,
    },
};

fn made(outcome: &Outcome, searched: bool) -> Preview {
    let given = Given::default();
    let ways = Ways {
        before: RunSoFar::Preview,
        review: command::review_command(outcome, &given),
        write: command::writing_commands(outcome, &given),
    };
    let masker = Masker::for_outcome(outcome);
    let look = (ReportStyle::default(), &masker);
    render_preview(
        outcome,
        &ways,
        (ShownDifference::Short { searched }, false),
        look,
        look,
    )
}

fn whole(outcome: &Outcome, searched: bool) -> String {
    let made = made(outcome, searched);
    format!("{}{}{}", made.head, made.difference, made.rest)
}

/// Where each of these stands, which must be below the one before.
fn in_order(text: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        let at = text[from..].find(part);
        from += at.unwrap_or_else(|| panic!("no `{part}` behind the one before in:\n{text}"));
    }
}

#[test]
fn one_file_is_read_from_the_headline_to_the_command() {
    let mut file = open();
    let told = |severity, text: &str| Told {
        severity,
        text: text.into(),
    };
    let mut step = step("ports", "Default ports changed", State::Done);
    step.tell = vec![
        told(NoticeSeverity::Note, "A small thing."),
        told(NoticeSeverity::Action, "Open the new port."),
        told(NoticeSeverity::Danger, "The password is shown to all."),
    ];
    file.steps.push(step);
    let text = whole(&outcome([file]), false);
    in_order(
        &text,
        &[
            "values.yaml: arroyo 0.10.3 → 0.15.0",
            "Written for arroyo 0.10.3",
            "? ",
            "danger  The password is shown to all. [ports]",
            "action  Open the new port. [ports]",
            "note",
            "waiting for your answer.",
            "refit review values.yaml",
            "  refit upgrade values.yaml",
        ],
    );
    assert!(!text.contains("A small thing"), "notes are counted: {text}");
    assert!(text.lines().count() <= LINES, "{text}");
}

#[test]
fn what_many_releases_share_is_said_once_with_their_number() {
    let releases = (0..12).map(|number| {
        let mut release = if number < 3 { open() } else { done() };
        rename(&mut release, &format!("fleet/{number}.yaml"));
        release
    });
    let mut outcome = outcome(releases);
    outcome.refused.push(refusal());
    let made = made(&outcome, true);
    assert_eq!(made.head.lines().count(), 12, "{}", made.head);
    assert_eq!(made.difference, "", "folders are many lines");
    let rest = made.rest.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(rest.matches("[one-image] (3").count(), 1, "{rest}");
    // Which three it is their lines say.
    assert!(rest.contains("[one-image] (3 releases)"), "{rest}");
    assert_eq!(
        made.head.matches("one-image, storage").count(),
        3,
        "{}",
        made.head
    );
    assert_eq!(rest.matches("Copy ghcr.io").count(), 1, "{rest}");
    let total = "12 releases: 9 ready, 3 wait (one-image 3, storage 3), 1 refused. --diff shows";
    assert!(rest.contains(total), "{rest}");
}

#[test]
fn a_question_about_other_values_elsewhere_says_so() {
    let asked = |name: &str, value: &str| {
        let mut release = open();
        rename(&mut release, name);
        for question in release
            .steps
            .iter_mut()
            .filter_map(|step| step.question.as_mut())
        {
            question.options[0].title = format!("Divide by {value}");
        }
        release
    };
    let same = outcome([asked("a.yaml", "1"), asked("b.yaml", "1")]);
    let other = outcome([
        asked("a.yaml", "1"),
        asked("b.yaml", "1"),
        asked("c.yaml", "2"),
    ]);
    let sentence = "those of the first; 1 other release has others.";
    for (outcome, says) in [(same, false), (other, true)] {
        let masker = Masker::for_outcome(&outcome);
        let joined = whole(&outcome, true)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert_eq!(joined.contains(sentence), says, "{joined}");
        let page = refit::report::html::render(&outcome, &masker);
        assert_eq!(page.contains(sentence), says);
    }
}

#[test]
fn the_content_counts_every_setting_and_every_release() {
    let fits = release(vec![file("b.yaml", "a: 1\n", "a: 1\n")]);
    let outcome = outcome([done(), open(), left_out(), fits]);
    let content = ReportContent::of(&outcome);
    let verdicts: Vec<Verdict> = content.rows.iter().map(|row| row.verdict).collect();
    assert_eq!(
        verdicts,
        [
            Verdict::Ready,
            Verdict::Waits,
            Verdict::Loses,
            Verdict::Fits
        ]
    );
    for row in &content.rows {
        let leaves = row.release.kept + row.release.ledger.len();
        assert_eq!(
            row.settings.total_count(),
            leaves,
            "{}",
            row.settings.in_one_line()
        );
    }
    let lost = content.items_in(Section::Danger).next().unwrap();
    assert!(
        lost.text.contains("These settings stop working"),
        "{lost:?}"
    );
    let sections: Vec<Section> = content.items.iter().map(|item| item.section).collect();
    assert!(sections.is_sorted(), "{sections:?}");
}

#[test]
fn what_depends_on_an_answer_is_open() {
    let mut file = open();
    file.facts = vec![FactChange {
        title: "Images a node pulls".into(),
        before: Some("registry.example.com/arroyo:0.10.3".into()),
        after: Some("ghcr.io/arroyosystems/arroyo:0.15".into()),
        open: vec!["one-image".into()],
    }];
    let look = ReportStyle {
        detail: Detail::Verbose,
        ..ReportStyle::default()
    };
    let text = text::render_report(&outcome([file]), look, &Masker::off());
    assert!(text.contains("open, until you answer one-image"), "{text}");
    assert!(
        !text.contains("ghcr.io/arroyosystems/arroyo:0.15"),
        "{text}"
    );
}
