//! A copy of all values of an old version, and the question what to do about it.

use std::{fs, path::Path};

use refit::{
    outcome::{Fate, Release},
    pack::{Pack, built_in},
    values::{
        Map, Value,
        write::{Layout, block},
    },
};

use super::{arroyo, asked, layers, support, told};

fn pack() -> Pack {
    built_in("arroyo").unwrap().unwrap()
}

fn defaults(version: &str) -> Map {
    let defaults = pack().keys.default_values(&version.parse().unwrap());
    defaults.map().clone()
}

fn text(values: Map) -> String {
    block(&Value::Map(values), &Layout::default()) + "\n"
}

/// A copy of a version's values with URLs, so that nothing else has to be asked.
fn copy(version: &str) -> String {
    let urls = "artifactUrl: \"\"\ncheckpointUrl: \"\"\n";
    let set = "artifactUrl: s3://a\ncheckpointUrl: s3://b\n";
    let text = text(defaults(version));
    assert!(text.contains(urls), "{text}");
    text.replace(urls, set)
}

fn after(release: &Release) -> &str {
    &release.files[0].after
}

#[test]
fn a_copy_of_any_version_is_asked_about() {
    let versions: Vec<String> = pack()
        .info
        .versions
        .keys()
        .map(ToString::to_string)
        .collect();
    let target = versions.last().unwrap();
    let mut asked_of = 0;
    for version in versions
        .iter()
        .filter(|version| *version != target && *version != "0.15.0")
    {
        let release = arroyo(&text(defaults(version)), version, "0.15.0", &[]);
        assert!(asked(&release).contains(&"strip-defaults"), "{version}");
        assert!(release.is_open());
        asked_of += 1;
    }
    assert_eq!(asked_of, 24);
}

#[test]
fn nothing_else_is_decided_while_it_is_open() {
    let text = copy("0.10.3");
    let release = arroyo(&text, "0.10.3", "0.15.0", &[]);
    assert_eq!(after(&release), text);
    assert_eq!(asked(&release), ["strip-defaults"]);
    let question = release
        .steps
        .iter()
        .find_map(|step| step.question.as_ref())
        .unwrap();
    assert_eq!(
        question.text,
        "This looks like a copy of all values of arroyo 0.10.3: 37 of its 37 defaults are set, 37 of them \
         unchanged. Were the unchanged ones set on purpose?"
    );
    assert!(question.options.iter().all(|option| !option.recommended));
    let held = release.ledger.iter().filter(|leaf| leaf.fate == Fate::Held);
    assert_eq!(held.count(), 56);
    assert_eq!(release.kept, 2);
}

#[test]
fn stripped_it_holds_what_was_set() {
    let set = "worker:\n  slots: 6 # measured\n";
    let text = copy("0.10.3").replace("  slots: 4\n", "  # why six\n  slots: 6 # measured\n");
    let release = arroyo(&text, "0.10.3", "0.15.0", &["strip-defaults=strip"]);
    assert_eq!(
        after(&release),
        "worker:\n  # why six\n  slots: 6 # measured\nartifactUrl: s3://a\ncheckpointUrl: s3://b\n"
    );
    let dropped = release.ledger.iter().filter(|leaf| {
        leaf.fate == Fate::Dropped && leaf.step.as_deref() == Some("strip-defaults")
    });
    assert_eq!(dropped.count(), 55);
    // What the person would have written from the beginning comes to the same.
    let small = format!("{set}artifactUrl: s3://a\ncheckpointUrl: s3://b\n");
    let small = arroyo(&small, "0.10.3", "0.15.0", &[]);
    assert_eq!(
        after(&small).replace("  # why six\n", ""),
        after(&release).replace("  # why six\n", "")
    );
}

#[test]
fn the_defaults_that_changed_are_told_with_the_lines_that_pin_them() {
    let release = arroyo(
        &copy("0.10.3"),
        "0.10.3",
        "0.15.0",
        &["strip-defaults=strip"],
    );
    assert_eq!(
        told(&release, "strip-defaults"),
        [
            "These defaults are other ones in 0.15.0. To keep that of 0.10.3, write its line: \
          controller.service.grpcPort: 9190 (now 5116), controller.service.compilerPort: 9000 (now 5117), \
          controller.service.adminPort: 8001 (now 5114), worker.resources.requests.memory: 200Mi (now 490Mi), \
          worker.resources.requests.cpu: 400m (now 900m), worker.slots: 4 (now 16)."
        ]
    );
    let unchanged = arroyo(
        &copy("0.13.0"),
        "0.13.0",
        "0.14.0",
        &["strip-defaults=strip"],
    );
    assert_eq!(
        told(&unchanged, "strip-defaults"),
        [
            "These defaults are other ones in 0.14.0. To keep that of 0.13.0, write its line: image.tag: 0.13 \
          (now 0.14)."
        ]
    );
}

#[test]
fn what_a_dump_has_of_bundled_charts_stays_and_is_told() {
    let text = copy("0.10.3").replace(
        "postgresql:\n",
        "postgresql:\n  architecture: standalone\n  metrics: {enabled: false, image: {tag: x}}\n",
    );
    let release = arroyo(&text, "0.10.3", "0.15.0", &["strip-defaults=strip"]);
    assert!(after(&release).contains("architecture: standalone"));
    let told = told(&release, "strip-defaults");
    assert!(
        told[1].starts_with("Settings of bundled charts stay: 3 below postgresql."),
        "{told:?}"
    );
}

#[test]
fn comments_that_stood_on_what_goes_are_listed() {
    let text = copy("0.10.3").replace("  slots: 4\n", "  # as shipped\n  slots: 4\n");
    let release = arroyo(&text, "0.10.3", "0.15.0", &["strip-defaults=strip"]);
    assert_eq!(release.files[0].removed_comments, ["# as shipped"]);
}

#[test]
fn small_files_and_changed_ones_are_never_asked() {
    // A part of a copy: four of five defaults must be there.
    let mut part = defaults("0.10.3");
    part.shift_remove("prometheus");
    let release = arroyo(&text(part), "0.10.3", "0.15.0", &[]);
    assert!(!asked(&release).contains(&"strip-defaults"));
    // Everything is set, and to something else.
    let mut own = defaults("0.10.3");
    change(&mut own);
    let release = arroyo(&text(own), "0.10.3", "0.15.0", &[]);
    assert!(!asked(&release).contains(&"strip-defaults"));
    let Some(shared) = support::shared() else {
        return;
    };
    for entry in fs::read_dir(shared.join("arroyo/cases")).unwrap() {
        let old = fs::read_to_string(entry.unwrap().path().join("old.yaml")).unwrap();
        for from in ["0.3.0", "0.5.1", "0.6.0", "0.9.1", "0.10.3"] {
            let outcome = super::run(&[&old], from, "0.15.0", &[]);
            for release in &outcome.releases {
                assert!(!asked(release).contains(&"strip-defaults"), "{old}");
            }
        }
    }
}

fn change(map: &mut Map) {
    for value in map.values_mut() {
        match value {
            Value::Map(below) => change(below),
            Value::String(text) if !text.is_empty() => text.push_str("-own"),
            Value::Number(_) => *value = Value::from(7),
            _ => {}
        }
    }
}

#[test]
fn a_run_from_the_version_reached_asks_nothing() {
    for answer in ["strip-defaults=strip", "strip-defaults=keep"] {
        let answers = [answer, "worker-resources=per-pod"];
        let done = arroyo(&copy("0.10.3"), "0.10.3", "0.15.0", &answers);
        assert!(!done.is_open(), "{:?}", asked(&done));
        let again = arroyo(after(&done), "0.15.0", "0.15.0", &[]);
        assert_eq!(asked(&again), [""; 0]);
        assert!(!again.is_changed());
    }
}

#[test]
fn two_legs_come_to_what_one_comes_to() {
    for (start, middle) in [
        ("0.10.3", "0.11.2"),
        ("0.9.1", "0.10.3"),
        ("0.6.0", "0.13.0"),
    ] {
        for answer in ["strip-defaults=strip", "strip-defaults=keep"] {
            let answers = [answer, "worker-resources=divide"];
            let text = copy(start).replace("adminPort: 8001", "adminPort: 8002");
            let one = arroyo(&text, start, "0.15.0", &answers);
            let first = arroyo(&text, start, middle, &answers);
            let second = arroyo(after(&first), middle, "0.15.0", &answers);
            assert_eq!(after(&one), after(&second), "{start} {middle} {answer}");
        }
    }
}

#[test]
fn it_is_judged_for_the_release() {
    // A later layer makes a setting the default again: it goes from both.
    let base = copy("0.10.3").replace("slots: 4", "slots: 8");
    let top = "worker: {slots: 4}\nprometheus: {queryRate: 30s}\n";
    let answers = ["strip-defaults=strip"];
    let release = layers(&[&base, top], "0.10.3", "0.15.0", &answers);
    assert_eq!(
        release.files[0].after.as_ref(),
        "artifactUrl: s3://a\ncheckpointUrl: s3://b\n"
    );
    assert_eq!(release.files[1].after.as_ref(), "{}\n");
    // A later layer that sets it otherwise keeps its own, and what that hides stays as it is.
    let release = layers(
        &[&copy("0.10.3"), "worker: {slots: 8}\n"],
        "0.10.3",
        "0.15.0",
        &answers,
    );
    assert!(
        release.files[0].after.contains("slots: 4"),
        "it is not the default that is in effect"
    );
    assert_eq!(release.files[1].after.as_ref(), "worker: {slots: 8}\n");
}

#[test]
fn published_values_of_every_version_are_recognised() {
    let Some(shared) = support::shared() else {
        return;
    };
    let mut seen = 0;
    let target = "0.15.0".parse().unwrap();
    for version in pack().info.versions.keys().filter(|v| **v < target) {
        let file = shared.join(Path::new("arroyo/values").join(format!("{version}.yaml")));
        let Ok(text) = fs::read_to_string(file) else {
            continue;
        };
        seen += 1;
        let release = arroyo(
            &text,
            &version.to_string(),
            "0.15.0",
            &["strip-defaults=strip"],
        );
        let values = refit::yaml::Tree::parse(after(&release)).unwrap();
        let view = refit::values::View::new(&values, values.documents()[0].root);
        assert_eq!(
            view.values().unwrap(),
            Map::new(),
            "{version}: nothing was set"
        );
    }
    assert_eq!(seen, 24);
}

#[test]
fn in_a_review_it_comes_first_and_can_be_skipped() {
    use refit::review::StepDecision;
    let text = copy("0.10.3");
    let mut review = super::review(&text, "0.10.3");
    let item = review.next().unwrap().unwrap();
    assert_eq!(item.step.id, "strip-defaults");
    assert_eq!(item.suggested, None);
    let strip = refit::migrate::Answer {
        option: "strip".to_owned(),
        ..Default::default()
    };
    let (_, files) = review.try_answer(&item, &strip).unwrap();
    assert_eq!(
        &*files[0].after,
        "artifactUrl: s3://a\ncheckpointUrl: s3://b\n"
    );
    review
        .decide(&item, StepDecision::Answer(strip), false)
        .unwrap();
    assert!(
        review.next().unwrap().is_none(),
        "nothing is left to decide"
    );
    review.take_back();
    review.decide(&item, StepDecision::Skip, false).unwrap();
    let next = review.next().unwrap().unwrap();
    assert_eq!(next.step.id, "one-image", "kept, each is migrated");
    let same = arroyo(&text, "0.10.3", "0.15.0", &["strip-defaults=keep"]);
    assert_eq!(review.result()[0].files[0].after, same.files[0].after);
}

#[test]
fn on_the_command_line() {
    let demo = super::demo::Demo::new();
    let text = copy("0.10.3");
    demo.file("values.yaml", &text);
    let run = |flags: &str| {
        demo.run(&format!(
            "upgrade values.yaml --from 0.10.3 --to 0.15.0 {flags}"
        ))
    };
    let open = run("--write");
    assert_eq!((open.code, demo.text("values.yaml")), (3, text));
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("tell_copy_open", run("").err);
        insta::assert_snapshot!("tell_copy_stripped", run("--answer strip-defaults=strip").err);
    });
    let done = run("--answer strip-defaults=strip --write");
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(
        demo.text("values.yaml"),
        "artifactUrl: s3://a\ncheckpointUrl: s3://b\n"
    );
}
