//! The report for the description of a pull request.

use crate::outcomes;

use comrak::{Options, markdown_to_html};
use outcomes::{done, file, open, outcome, refusal, release, rename};
use refit::{
    outcome::Outcome,
    report::{Masker, markdown},
};

fn report(outcome: &Outcome) -> String {
    markdown::render(outcome, &Masker::for_outcome(outcome))
}

/// What GitHub makes of it, as far as a library does the same.
fn rendered(markdown: &str) -> String {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.math_dollars = true;
    options.render.r#unsafe = true;
    markdown_to_html(markdown, &options)
}

/// Many files, each a little different, half of them with questions.
fn fleet(n: usize) -> Outcome {
    let releases = (0..n).map(|i| {
        let mut release = if i % 2 == 0 { done() } else { open() };
        let name = format!("clusters/eu-{}/arroyo-{i}/values.yaml", i % 7);
        rename(&mut release, &name);
        if let Some(question) = release.steps[0].question.as_mut() {
            question.text = format!("{} ({i})", question.text);
        }
        for task in &mut release.checklist {
            task.text = format!("{} ({i})", task.text);
        }
        release
    });
    outcome(releases)
}

#[test]
fn it_reads_well() {
    let mut other = done();
    rename(&mut other, "other.yaml");
    let mut both = outcome([done(), other, open()]);
    both.refused.push(refusal());
    both.unclaimed.push(refit::outcome::Unclaimed {
        file: "charts/values.yaml".into(),
        chart: "arroyo".into(),
        under: None,
    });
    insta::assert_snapshot!("markdown", report(&both));
}

#[test]
fn where_nothing_is_to_do_it_is_short() {
    let text = report(&outcome([release(vec![file(
        "v.yaml", "a: 1\n", "a: 1\n",
    )])]));
    assert_eq!(
        text,
        "## Helm values: arroyo 0.10.3 → 0.15.0\n\nThe file does not change.\n\n### Files\n\n\
         | File | Chart | From → to | What happens | Questions |\n| --- | --- | --- | --- | --- |\n\
         | `v.yaml` | arroyo | 0.10.3 → 0.15.0 | already fits |  |\n"
    );
    assert_eq!(
        report(&outcome([])),
        "## Helm values\n\nNo file was read.\n"
    );
}

#[test]
fn github_takes_it_however_many_files_there_are() {
    for n in [1, 40, 300, 1_000] {
        let outcome = fleet(n);
        let text = report(&outcome);
        assert!(text.len() <= markdown::LIMIT, "{n}: {}", text.len());
        assert!(text.contains("### Differences"), "{n}");
        let shown = text.matches("<details>").count();
        assert_eq!(shown, text.matches("</details>").count(), "none is cut");
        let changed = n.div_ceil(2);
        if shown < changed {
            let left = changed - shown;
            assert!(
                text.contains(&format!("*{left} differences of {changed} do not fit")),
                "{n}: {}",
                &text[text.len() - 300..]
            );
        }
        assert!(n > 40 || shown == changed, "{n}: {shown}");
        assert!(n < 300 || shown > 0, "the first are there");
    }
    let text = report(&fleet(1_000));
    assert!(text.contains(" more releases; the reports as HTML and JSON"));
    // One question in 500 wordings is one question.
    assert!(
        text.contains("### To decide (2)") && text.contains(" more like it, for other releases")
    );
}

#[test]
fn one_huge_value_does_not_push_the_rest_out() {
    let mut huge = open();
    let long = "x ".repeat(100_000);
    let step = &mut huge.steps[0];
    step.question.as_mut().unwrap().text = long.clone();
    step.question.as_mut().unwrap().options[0].title = long.clone();
    step.question.as_mut().unwrap().evidence[0].value = Some(long.clone());
    huge.notices = vec![refit::outcome::Notice {
        severity: refit::outcome::NoticeSeverity::Note,
        at: None,
        path: None,
        text: long.clone(),
    }];
    let mut outcome = outcome([huge, done()]);
    outcome.refused = vec![refit::outcome::Refusal {
        what: long,
        ..refusal()
    }];
    let text = report(&outcome);
    assert!(text.len() <= markdown::LIMIT);
    for part in ["### To decide (2)", "### Files", "### Notes (", "<details>"] {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn nothing_from_a_file_is_markdown() {
    let evil = "a|b`c`<b>@team #12 **x** $y$\n# z";
    let mut release = done();
    rename(&mut release, evil);
    release.name = Some(evil.into());
    release.facts.clear();
    release.steps[0].title = evil.into();
    release.steps[0].id = evil.into();
    release.steps[0].why = Some(evil.into());
    release.steps[0].link = Some("javascript:alert(1)".into());
    release.steps[1].tell = vec![evil.into(), "- [x] done".into()];
    release.notices[0].text = evil.into();
    release.checklist[0].text = evil.into();
    let mut asks = open();
    rename(&mut asks, evil);
    asks.name = Some(evil.into());
    asks.steps[0].id = evil.into();
    let question = asks.steps[0].question.as_mut().unwrap();
    question.text = evil.into();
    question.evidence[0].path = evil.into();
    question.evidence[0].value = Some(evil.into());
    question.options[0].id = evil.into();
    question.options[0].title = evil.into();
    question.options[1].inputs[0].title = evil.into();
    let mut outcome = outcome([release, asks]);
    outcome.refused = vec![refit::outcome::Refusal {
        name: evil.into(),
        at: None,
        what: evil.into(),
        why: Some(evil.into()),
        ..refusal()
    }];
    let html = rendered(&report(&outcome));
    let plain = html.replace("<span>$</span>", "$");
    for markup in [
        "<b>",
        "<strong>x",
        "<a href=\"java",
        "<span data-math",
        "<h1>",
        "checked",
    ] {
        assert!(!plain.contains(markup), "{markup} in {html}");
    }
    // Whatever looks like a reference is broken up or in code, where GitHub looks for none.
    let mut outside = String::new();
    for (i, part) in html.split("<code").enumerate() {
        outside.push_str(if i == 0 {
            part
        } else {
            part.split_once("</code>").unwrap().1
        });
    }
    assert!(
        !outside.contains("@team") && !outside.contains("#12"),
        "{outside}"
    );
    let rows: Vec<&str> = html.split("<tr>").skip(1).collect();
    for row in rows {
        let row = row.split("</tr>").next().unwrap();
        let cells = row.matches("</td>").count() + row.matches("</th>").count();
        assert!([3, 5].contains(&cells), "{row}");
    }
}

#[test]
fn a_fence_in_a_values_file_ends_no_fold() {
    let (before, after) = (
        "a: |\n  ```\n  </details>\n  ````\n",
        "a: |\n  ```\n  </details>\n  ~~~\n",
    );
    let html = rendered(&report(&outcome([release(vec![file(
        "v.yaml", before, after,
    )])])));
    assert_eq!(html.matches("</details>").count(), 1, "{html}");
    assert!(html.contains("+  ~~~\n</code></pre>\n</details>"), "{html}");
}
