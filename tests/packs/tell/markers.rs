//! Comments that another program is bound to.

use super::{arroyo, asked, demo::Demo, layers, notices, run, told};

const FLUX_NAME: &str = r##"# {"$imagepolicy": "flux-system:arroyo:name"}"##;
const FLUX_TAG: &str = r##"# {"$imagepolicy": "flux-system:arroyo:tag"}"##;
const URLS: &str = "artifactUrl: s3://a\ncheckpointUrl: s3://b\n";

#[test]
fn a_marker_that_stays_is_nobodys_concern() {
    let text = format!(
        "{URLS}image:\n  repository: a.example/arroyo {FLUX_NAME}\n  # renovate: datasource=docker depName=x\n  \
         tag: \"0.15.1\" {FLUX_TAG}\npodAnnotations:\n  v: \"1.0.0\" # x-release-please-version\n"
    );
    let release = arroyo(&text, "0.14.0", "0.15.0", &[]);
    assert_eq!(notices(&release), [""; 0]);
    assert_eq!(asked(&release), [""; 0]);
}

#[test]
fn a_marker_that_moves_with_its_value_is_told() {
    // Of each program, beside and above a setting.
    for (comment, program) in [
        (FLUX_NAME, "Flux. Flux goes on writing there."),
        (
            "# renovate: datasource=docker depName=x",
            "Renovate. Check that the pattern in Renovate's configuration still fits the line under its new name.",
        ),
        (
            "# x-release-please-version",
            "release-please. release-please goes on writing there.",
        ),
        (
            "#x-release-please-start-version",
            "release-please. release-please goes on writing there.",
        ),
    ] {
        let (name, after) = program.split_once(". ").unwrap();
        let beside = format!("{URLS}api:\n  service:\n    httpPort: 8080 {comment}\n");
        let above =
            format!("{URLS}api:\n  service:\n    {comment}\n    # why\n    httpPort: 8080\n");
        for (text, line) in [(beside, 5), (above, 7)] {
            let release = arroyo(&text, "0.9.1", "0.15.0", &[]);
            assert_eq!(
                notices(&release),
                [format!(
                    "{line}: The marker of {name} moved with `api.service.httpPort` to \
                     `controller.service.httpPort`. {after}"
                )],
                "{text}"
            );
            assert_eq!(asked(&release), [""; 0]);
            assert!(release.files[0].after.contains(comment));
        }
    }
}

#[test]
fn two_equal_markers_become_one() {
    let text = format!(
        "controller:\n  image:\n    repository: a.example/arroyo {FLUX_NAME}\nworker:\n  image:\n    \
         repository: a.example/arroyo {FLUX_NAME}\n{URLS}"
    );
    let release = arroyo(&text, "0.10.3", "0.15.0", &[]);
    assert_eq!(
        notices(&release),
        [
            "3: The marker of Flux moved with `controller.image.repository` to `image.repository`. Flux goes on \
             writing there.",
            "6: The marker of Flux on `worker.image.repository` stood on `image.repository` too, and one is left \
             there. Flux goes on writing there.",
        ]
    );
    assert_eq!(asked(&release), [""; 0]);
}

fn lost() -> String {
    format!(
        "controller:\n  image:\n    repository: a.example/arroyo\n    tag: \"0.10.3\" {FLUX_TAG}\nworker:\n  \
         image:\n    repository: a.example/arroyo\n{URLS}"
    )
}

#[test]
fn a_marker_that_would_be_lost_is_asked_and_nothing_is_written() {
    let release = arroyo(&lost(), "0.10.3", "0.15.0", &[]);
    assert_eq!(asked(&release), ["marker"]);
    assert!(release.is_open());
    let question = release
        .steps
        .iter()
        .find_map(|step| step.question.as_ref())
        .unwrap();
    assert_eq!(
        question.text,
        "A comment that other programs look for would not survive: -:4: the marker of Flux goes with \
         `controller.image.tag`, and Flux no longer updates anything for it. Go on?"
    );
    assert_eq!(question.evidence[0].path, "controller.image.tag");
    assert_eq!(question.evidence[0].at.as_ref().unwrap().line, 4);
    assert!(question.options.iter().all(|option| !option.recommended));

    let gone = arroyo(&lost(), "0.10.3", "0.15.0", &["marker=drop"]);
    assert!(!gone.is_open());
    assert!(!gone.files[0].after.contains("imagepolicy"));
    assert_eq!(
        told(&gone, "marker"),
        [
            "-:4: the marker of Flux goes with `controller.image.tag`, and Flux no longer updates anything for it."
        ]
    );

    let refused = run(&[&lost()], "0.10.3", "0.15.0", &["marker=refuse"]);
    assert_eq!(refused.releases.len(), 0);
    let at = refused.refused[0].at.as_ref().unwrap();
    assert_eq!(
        (at.line, &*refused.refused[0].what),
        (
            4,
            "a comment that another program looks for would not survive"
        )
    );
}

#[test]
fn a_marker_on_a_value_that_is_another_one_now_is_asked() {
    // The tag goes, and with the answer a new one comes to the same line.
    let text = format!(
        "controller:\n  image:\n    repository: a.example/own\n    tag: nightly {FLUX_TAG}\nworker:\n  image:\n    \
         repository: a.example/own\n    tag: nightly\n{URLS}"
    );
    let outcome = run(&[&text], "0.10.3", "0.15.0", &["one-image=tag"]);
    assert!(outcome.releases[0].is_open(), "the tag is missing");
    let mut given = super::answers(&["one-image=tag"]);
    let tag = ("tag".to_owned(), "v2".to_owned());
    given.get_mut("one-image").unwrap().inputs = [tag].into();
    let outcome = refit::upgrade::upgrade(&refit::upgrade::Request {
        releases: vec![refit::load::ReleaseRequest::new(vec![
            refit::load::InputFile::Stdin(text.into_bytes()),
        ])],
        chart: Some("arroyo".to_owned()),
        from: Some("0.10.3".parse().unwrap()),
        to: Some("0.15.0".parse().unwrap()),
        answers: given,
        ..Default::default()
    });
    let release = &outcome.releases[0];
    assert_eq!(asked(release), ["one-image", "marker"]);
    assert!(release.is_open());
}

#[test]
fn each_layer_has_its_own_markers() {
    let base = format!("controller:\n  image:\n    tag: \"0.10.3\" {FLUX_TAG}\n{URLS}");
    let top = format!("worker:\n  image:\n    tag: \"0.10.3\" {FLUX_TAG}\n");
    let release = layers(&[&base, &top], "0.10.3", "0.15.0", &[]);
    let question = release
        .steps
        .iter()
        .find_map(|step| step.question.as_ref())
        .unwrap();
    assert_eq!(question.evidence.len(), 2);
    assert!(
        question
            .text
            .starts_with("Comments that other programs look for"),
        "{}",
        question.text
    );
}

#[test]
fn plain_comments_are_no_markers() {
    for comment in [
        "# -- the tag, for helm-docs",
        "# +doc",
        "# see renovate: it does this",
        "# {\"imagepolicy\": 1}",
        "# x-release-please-end",
    ] {
        let text = lost().replace(FLUX_TAG, comment);
        let release = arroyo(&text, "0.10.3", "0.15.0", &[]);
        assert_eq!(asked(&release), [""; 0], "{comment}");
    }
}

#[test]
fn on_the_command_line() {
    let demo = Demo::new();
    let migration =
        "version: 2.0.0\ntitle: Gone\nsteps:\n  gone:\n    title: Drop old\n    drop: [old]\n";
    demo.file("pack/2.0.0.yaml", migration);
    let text = format!("new: x\nold: a {FLUX_TAG}\n");
    demo.file("v.yaml", &text);
    let open = demo.upgrade("v.yaml --from 1.0.0 --write");
    assert_eq!((open.code, demo.text("v.yaml")), (3, text.clone()));
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("tell_marker", demo.upgrade("v.yaml --from 1.0.0").err);
    });
    let refused = demo.upgrade("v.yaml --from 1.0.0 --write --answer marker=refuse");
    assert_eq!((refused.code, demo.text("v.yaml")), (2, text));
    let done = demo.upgrade("v.yaml --from 1.0.0 --write --answer marker=drop");
    assert_eq!(
        (done.code, &*demo.text("v.yaml")),
        (0, "new: x\n"),
        "{done:?}"
    );
}

#[test]
fn in_a_review_it_is_asked_last_and_cannot_be_skipped_over() {
    use refit::review::StepDecision;
    let mut review = super::review(&lost(), "0.10.3");
    let item = review.next().unwrap().unwrap();
    assert_eq!(item.step.id, "one-image");
    review.decide(&item, StepDecision::Accept, false).unwrap();
    let item = review.next().unwrap().unwrap();
    assert_eq!(item.step.id, "marker");
    review.decide(&item, StepDecision::Skip, false).unwrap();
    assert!(review.is_open());
    review.take_back();
    let drop = refit::migrate::Answer {
        option: "drop".to_owned(),
        ..Default::default()
    };
    review
        .decide(&item, StepDecision::Answer(drop), false)
        .unwrap();
    assert!(review.next().unwrap().is_none());
    assert!(!review.is_open());
}

#[test]
fn in_a_manifest_only_the_comments_of_the_values_count() {
    let view = |text: &'static str| refit::yaml::Tree::parse(text).unwrap();
    let before =
        view("image: a # x-release-please-version\nvalues:\n  old: b # x-release-please-version\n");
    let after =
        view("image: a # x-release-please-version\nvalues:\n  new: b # x-release-please-version\n");
    let of = |tree: &refit::yaml::Tree| {
        let root = tree.documents()[0].root;
        tree.entries(root).nth(1).map(|(_, values)| values).unwrap()
    };
    let (was, is) = (
        refit::values::View::new(&before, of(&before)),
        refit::values::View::new(&after, of(&after)),
    );
    let marks = refit::tell::markers::compare(0, &was, &is);
    assert_eq!(marks.len(), 1);
    assert_eq!(marks[0].path.to_string(), "old");
    assert_eq!(
        marks[0].fate,
        refit::tell::markers::MarkFate::Moved("new".parse().unwrap())
    );
}
