//! The report for a browser, as text. What a browser makes of it is in `report_browser.rs`.

use crate::outcomes;

use outcomes::{done, file, open, outcome, refusal, release};
use refit::{
    outcome::Outcome,
    report::{Masker, html},
    values::Path,
};

fn report(outcome: &Outcome) -> String {
    html::render(outcome, &Masker::for_outcome(outcome))
}

/// The page without what is the same in every one, an element a line.
fn body(page: &str) -> String {
    let body = page.split_once("<body>").unwrap().1;
    let (body, script) = body.split_once("<script>").unwrap();
    assert!(script.contains("</script></body></html>"));
    body.replace(
        concat!("refit ", env!("CARGO_PKG_VERSION")),
        "refit VERSION",
    )
    .replace("><", ">\n<")
}

#[test]
fn a_small_page() {
    let mut both = outcome([done(), open()]);
    let shared = both.releases[0].files[0].clone();
    both.releases[1].files.push(shared);
    both.refused.push(refusal());
    both.unclaimed.push(refit::outcome::Unclaimed {
        file: "charts/values.yaml".into(),
        chart: "arroyo".into(),
        under: None,
    });
    insta::assert_snapshot!("html", body(&report(&both)));
}

#[test]
fn nothing_from_a_file_is_html() {
    let evil = "</script><script>alert(1)</script><img src=x onerror='a'>\"&\u{202e}\x1b\r";
    let mut release = done();
    outcomes::rename(&mut release, evil);
    release.name = Some(evil.into());
    release.chart = evil.into();
    release.facts[0].title = evil.into();
    release.facts[0].after = Some(evil.into());
    release.steps[0].id = evil.into();
    release.steps[0].title = evil.into();
    release.steps[0].why = Some(evil.into());
    release.steps[0].link = Some("javascript:alert(1)".into());
    release.steps[0].changes[0].path = Path::keys([evil]);
    release.steps[0].changes[1].value = serde_json::Value::String(evil.into());
    release.steps[1].tell = vec![evil.into()];
    release.notices[0].text = evil.into();
    release.checklist[0].text = evil.into();
    release.ledger[0].path = Path::keys([evil]);
    let text = format!("a: \"{}\"\n", evil.replace('"', ""));
    release
        .files
        .push(std::sync::Arc::new(file("b.yaml", &text, "a: b\n")));
    let mut asks = open();
    asks.steps[0].question.as_mut().unwrap().options[0].id = evil.into();
    let mut outcome = outcome([release, asks]);
    outcome.refused = vec![refit::outcome::Refusal {
        what: evil.into(),
        ..refusal()
    }];
    let page = report(&outcome);
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains("<img") && !page.contains("href=\"java"));
    assert!(!page.contains(['\u{202e}', '\x1b', '\r']));
}

#[test]
fn a_file_that_releases_share_is_shown_once() {
    let mut both = outcome([done(), done()]);
    both.releases[1].files = both.releases[0].files.clone();
    let page = report(&both);
    assert_eq!(page.matches("<figure").count(), 1);
    assert!(page.contains("its difference is shown with"));
}

#[test]
fn a_secret_is_masked_on_both_sides_and_the_page_says_so() {
    let before = "old: 1\npassword: correct-horse\nurl: postgres://u:battery-staple@h/db\n";
    let after =
        "new: 1\nlogin: {password: correct-horse}\nurl: postgres://u:battery-staple@h/db2\n";
    let outcome = outcome([release(vec![file("v.yaml", before, after)])]);
    let page = report(&outcome);
    assert!(
        !page.contains("horse") && !page.contains("staple"),
        "{page}"
    );
    assert!(page.contains("Secrets are shown as ••••"));
    let page = html::render(&outcome, &Masker::off());
    assert!(page.contains("correct-horse") && !page.contains("••••"));
}

#[test]
fn a_difference_too_long_to_read_is_cut_and_says_so() {
    let before: String = (0..3_000).map(|i| format!("old{i}: {i}\n")).collect();
    let page = report(&outcome([release(vec![file("v.yaml", &before, "a: 1\n")])]));
    assert!(page.contains("1000 more rows. The patch holds all of them."));
    assert!(page.contains("old1999") && !page.contains("old2000"));
}

#[test]
fn releases_that_differ_in_nothing_but_their_names_are_one_card() {
    let of = |name: &str, kept: usize| {
        let mut release = done();
        outcomes::rename(&mut release, name);
        release.kept += kept;
        release
    };
    let all = outcome([of("a.yaml", 0), of("b.yaml", 1), of("c.yaml", 0)]);
    let page = html::render(&all, &Masker::off());
    assert_eq!(page.matches("<details class=\"card").count(), 2, "{page}");
    assert!(
        page.contains("data-files=\"a.yaml\nc.yaml\""),
        "the filter finds both"
    );
    assert!(page.contains("The same in 1 other"));
    assert!(
        page.contains("id=\"r2\""),
        "what leads to it leads somewhere"
    );
}
