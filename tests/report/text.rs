//! What a person reads: the report beside the difference, the difference, the commands.

use crate::outcomes;

use outcomes::{done, file, left_out, open, outcome, refusal, release, rename};
use refit::{
    outcome::Outcome,
    report::{
        Detail, Masker, ReportStyle,
        command::{Given, writing_commands},
        difference, text,
    },
    values::Path,
};

const WIDTHS: [usize; 2] = [60, 100];

/// Everything that a preview prints, at a width.
fn preview(outcome: &Outcome, look: ReportStyle, masker: &Masker, given: &Given) -> String {
    let report = text::render_report(outcome, look, masker);
    let commands = text::render_commands(&writing_commands(outcome, given), look);
    format!("{report}--\n{commands}")
}

fn plain(columns: usize) -> ReportStyle {
    ReportStyle::default().with_width(columns)
}

/// Escape codes made visible, so that a snapshot can be read and kept in version control.
fn escaped(text: &str) -> String {
    text.replace('\x1b', "␛")
}

fn masker(outcome: &Outcome) -> Masker {
    Masker::for_outcome(outcome)
}

#[test]
fn a_file_with_everything_done() {
    let outcome = outcome([done()]);
    for columns in WIDTHS {
        insta::assert_snapshot!(
            format!("done_{columns}"),
            preview(
                &outcome,
                plain(columns),
                &masker(&outcome),
                &Given::default()
            )
        );
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let outcome = outcome([done(), open()]);
    let look = ReportStyle {
        colour: true,
        ..plain(100)
    };
    let coloured = text::render_report(&outcome, look, &Masker::off());
    insta::assert_snapshot!("done_coloured", escaped(&coloured));
    let mut stripped = String::new();
    let mut rest = coloured.as_str();
    while let Some(at) = rest.find('\x1b') {
        stripped.push_str(&rest[..at]);
        rest = &rest[at + rest[at..].find('m').unwrap() + 1..];
    }
    stripped.push_str(rest);
    assert_eq!(
        stripped,
        text::render_report(&outcome, plain(100), &Masker::off())
    );
}

#[test]
fn verbose_lists_every_setting_and_the_removed_comments() {
    let outcome = outcome([done()]);
    let look = ReportStyle {
        detail: Detail::Verbose,
        ..plain(100)
    };
    insta::assert_snapshot!(
        "verbose",
        text::render_report(&outcome, look, &masker(&outcome))
    );
}

#[test]
fn open_questions_say_what_to_type() {
    let outcome = outcome([open()]);
    for columns in WIDTHS {
        insta::assert_snapshot!(
            format!("questions_{columns}"),
            preview(
                &outcome,
                plain(columns),
                &masker(&outcome),
                &Given::default()
            )
        );
    }
}

#[test]
fn quiet_says_errors_and_open_questions_only() {
    let mut outcome = outcome([done(), open()]);
    outcome.refused.push(refusal());
    let look = ReportStyle {
        detail: Detail::Quiet,
        ..plain(100)
    };
    insta::assert_snapshot!(
        "quiet",
        text::render_report(&outcome, look, &masker(&outcome))
    );
    outcome.refused.clear();
    outcome.releases.truncate(1);
    assert_eq!(text::render_report(&outcome, look, &masker(&outcome)), "");
}

#[test]
fn a_refusal_shows_the_place_the_reason_and_the_next_step() {
    let mut outcome = outcome([]);
    outcome.refused.push(refusal());
    for columns in WIDTHS {
        insta::assert_snapshot!(
            format!("refusal_{columns}"),
            text::render_report(&outcome, plain(columns), &masker(&outcome))
        );
    }
}

#[test]
fn where_nothing_is_to_do_one_line_says_so() {
    let mut fits = release(vec![file("values.yaml", "a: 1\n", "a: 1\n")]);
    let look = plain(100);
    let given = Given::default();
    let outcome_of = |release| outcome([release]);
    assert_eq!(
        preview(&outcome_of(fits.clone()), look, &Masker::off(), &given),
        "values.yaml: arroyo 0.10.3 → 0.15.0: it already fits; nothing to do\n--\n"
    );
    fits.from = fits.to.clone();
    assert_eq!(
        preview(&outcome_of(fits), look, &Masker::off(), &given),
        "values.yaml: already fits arroyo 0.15.0; nothing to do\n--\n"
    );
}

#[test]
fn what_gets_lost_by_leaving_a_step_out_is_said() {
    let outcome = outcome([left_out()]);
    let given = Given {
        recorded: Vec::new(),
        whole: Vec::new(),
        from: None,
        keep_version: false,
        skip: vec!["one-image".into(), "other".into()],
        ..Given::default()
    };
    insta::assert_snapshot!(
        "left_out",
        preview(&outcome, plain(100), &Masker::off(), &given)
    );
}

#[test]
fn a_check_has_one_line_for_each_file() {
    let mut outcome = outcome([
        done(),
        open(),
        release(vec![file("b.yaml", "a: 1\n", "a: 1\n")]),
    ]);
    outcome.refused.push(refusal());
    insta::assert_snapshot!(
        "check",
        text::render_summary(&outcome, plain(100), &masker(&outcome))
    );
}

#[test]
fn what_was_shown_before_is_told_in_brief() {
    let outcome = outcome([done()]);
    insta::assert_snapshot!(
        "brief",
        text::render_brief(&outcome, plain(100), &masker(&outcome))
    );
}

#[test]
fn the_command_repeats_what_it_must_and_quotes_it() {
    let mut first = done();
    rename(&mut first, "my values.yaml");
    let mut second = done();
    rename(&mut second, "b.yaml");
    let mut older = done();
    rename(&mut older, "c.yaml");
    older.from = semver::Version::new(0, 9, 1);
    let given = Given {
        recorded: Vec::new(),
        whole: Vec::new(),
        from: None,
        keep_version: false,
        chart: Some("arroyo".into()),
        packs: vec!["packs/it's".into()],
        only: vec!["one-image".into()],
        skip: vec!["other".into()],
        answer_files: vec!["answers.yaml".into()],
        answers: vec!["a=b".into(), "a.tag=x y".into()],
        accept_recommended: true,
        backup: Some(String::new()),
        ..Given::default()
    };
    let outcome = outcome([first, second, older]);
    insta::assert_snapshot!(
        "commands",
        text::render_commands(&writing_commands(&outcome, &given), plain(80))
    );
    let lacking = Given {
        answers: vec!["one-image=tag".into()],
        ..Given::default()
    };
    let open = outcomes::outcome([open()]);
    insta::assert_snapshot!(
        "command_lacking",
        text::render_commands(&writing_commands(&open, &lacking), plain(80))
    );
    let stdin = outcomes::outcome([release(vec![file("-", "a: 1\n", "b: 1\n")])]);
    assert!(
        writing_commands(&stdin, &given).is_empty(),
        "standard input has nowhere to be written"
    );
}

#[test]
fn a_masked_difference_hides_values_and_nothing_else() {
    let before =
        "a: 1\nprivateKey: |\n  one\n  two\nenv:\n- name: DB_PASSWORD\n  value: \"x\" # why\n";
    let after = "privateKey: |\n  one\n  two\nimage: {pullSecrets: [b]}\nenv:\n- name: DB_PASSWORD\n  value: y\n";
    let outcome = outcome([release(vec![file("v.yaml", before, after)])]);
    let (text, masked) = difference::shown_difference(&outcome, plain(100), &masker(&outcome));
    assert!(masked);
    insta::assert_snapshot!("diff_masked", text);
    let (text, masked) = difference::shown_difference(&outcome, plain(100), &Masker::off());
    assert!(!masked);
    assert_eq!(
        text,
        difference::render_patch(&outcome),
        "without colours it is the patch itself"
    );
}

#[test]
fn a_secret_that_moved_to_another_key_is_still_one() {
    let (before, after) = ("password: correct-horse\n", "config: pw=correct-horse\n");
    let outcome = outcome([release(vec![file("v.yaml", before, after)])]);
    let (text, masked) = difference::shown_difference(&outcome, plain(100), &masker(&outcome));
    assert!(
        masked && text.ends_with("-password: ••••\n+config: pw=••••\n"),
        "{text}"
    );
}

#[test]
fn a_coloured_difference_marks_words_and_line_ends() {
    let look = ReportStyle {
        colour: true,
        ..plain(100)
    };
    let cases = [
        file(
            "words.yaml",
            "a: 1\ntag: \"0.10.3\"\nb: 2\n",
            "a: 1\ntag: \"0.15.0\"\nb: 2\n",
        ),
        file("ends.yaml", "a: 1\r\nb: 2\n", "a: 1\nb: 2"),
        file("crlf.yaml", "a: 1\r\nb: 2\r\n", "a: 1\r\nb: 3\r\n"),
        file("evil.yaml", "a: 1 # \x1b[2J\tx\n", "a: 2 # \x1b[2J\tx\n"),
        file("secret.yaml", "password: old-one\n", "password: new-one\n"),
    ];
    let outcome = outcome([release(cases.into())]);
    let (text, _) = difference::shown_difference(&outcome, look, &masker(&outcome));
    insta::assert_snapshot!("diff_coloured", escaped(&text));
}

#[test]
fn nothing_from_a_file_reaches_the_terminal_as_a_command() {
    let mut evil = done();
    evil.steps[0].changes[0].path = Path::keys(["a\x1b[2Jb"]);
    evil.steps[1].tell[0].text = "clear\x1bc the screen".into();
    evil.notices[0].text = "two\nlines".into();
    std::sync::Arc::make_mut(&mut evil.files[0]).name = "\x1b]0;x\x07.yaml".into();
    let outcome = outcome([evil]);
    let verbose = ReportStyle {
        detail: Detail::Verbose,
        ..plain(100)
    };
    let text = preview(&outcome, verbose, &Masker::off(), &Given::default());
    assert!(!text.contains(['\x1b', '\x07']), "{text}");
}
