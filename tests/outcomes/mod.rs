//! Outcomes made by hand, for tests of what shows and writes them.
#![allow(dead_code, reason = "each test file uses a part")]

use std::{collections::BTreeMap, ops::Range, path::PathBuf, sync::Arc};

use refit::{
    digest,
    outcome::{
        Clue, FORMAT, FactChange, Fate, FilePosition, KnownBy, LeafFate, Notice, NoticeSeverity,
        Outcome, PackOrigin, QuestionValue, Refusal, Release, ReportedChange, ReportedFile,
        ReportedInput, ReportedOption, ReportedQuestion, ReportedStep, Secrets, State, Strength,
        Task, When,
    },
    secrets,
    values::Path,
    yaml::Tree,
};
use semver::Version;
use serde_json::{Value, json};

/// An outcome of these releases, with nothing refused.
pub fn outcome(releases: impl IntoIterator<Item = Release>) -> Outcome {
    Outcome {
        format: FORMAT,
        releases: releases.into_iter().collect(),
        refused: Vec::new(),
        unclaimed: Vec::new(),
        seen: Vec::new(),
        other_charts: Default::default(),
        ahead: Vec::new(),
        named_packs: Vec::new(),
        since: None,
    }
}

pub fn at(line: usize, column: usize) -> Option<FilePosition> {
    Some(FilePosition {
        file: "values.yaml".into(),
        line,
        column,
    })
}

fn secrets(text: &str) -> Vec<Range<usize>> {
    // Some tests are about texts that are no YAML.
    Tree::parse(text).map_or_else(|_| Vec::new(), |tree| secrets::in_tree(&tree))
}

pub fn file(name: &str, before: &str, after: &str) -> ReportedFile {
    ReportedFile {
        name: name.into(),
        path: (name != "-").then(|| PathBuf::from(name)),
        before: before.into(),
        after: after.into(),
        changed: before != after,
        secrets: Secrets {
            before: secrets(before),
            after: secrets(after),
        },
        removed_comments: Vec::new(),
        digest: Default::default(),
    }
}

/// A release in which nothing happened.
pub fn release(files: Vec<ReportedFile>) -> Release {
    let digest = digest::of(files.iter().map(|file| (file.name.as_str(), &*file.after)));
    Release {
        name: None,
        release_name: None,
        called: String::new(),
        carrier: None,
        chart: "arroyo".into(),
        to_chart: None,
        pack: PackOrigin::BuiltIn,
        from: Version::new(0, 10, 3),
        known_by: KnownBy::Stated,
        same_from: None,
        chart_told_by: Vec::new(),
        evidence: Vec::new(),
        to: Version::new(0, 15, 0),
        files: files.into_iter().map(Arc::new).collect(),
        steps: Vec::new(),
        notices: Vec::new(),
        stale: Vec::new(),
        ledger: Vec::new(),
        kept: 2,
        facts: Vec::new(),
        checklist: Vec::new(),
        held_by: None,
        digest,
        sources: Vec::new(),
        part_of: None,
        values: None,
    }
}

/// Gives a release's only file another name, and that place on disk.
pub fn rename(release: &mut Release, name: &str) {
    let file = Arc::make_mut(&mut release.files[0]);
    file.name = name.into();
    file.path = Some(name.into());
}

pub fn step(id: &str, title: &str, state: State) -> ReportedStep {
    ReportedStep {
        id: id.into(),
        version: Version::new(0, 11, 0),
        title: title.into(),
        why: None,
        link: None,
        drafted: false,
        state,
        waits_for: Vec::new(),
        loses: Vec::new(),
        changes: Vec::new(),
        tell: Vec::new(),
        question: None,
    }
}

pub fn path_of(text: &str) -> Path {
    text.parse().expect("a path")
}

pub fn change(fate: Fate, path: &str, to: Option<&str>, value: Value) -> ReportedChange {
    ReportedChange {
        fate,
        left_over: false,
        path: path_of(path),
        from: Vec::new(),
        to: to.map(path_of),
        value,
        file: "values.yaml".into(),
        at: None,
        now_at: None,
    }
}

pub fn fate(path: &str, fate: Fate, to: &[&str], step: &str) -> LeafFate {
    LeafFate {
        file: "values.yaml".into(),
        path: path_of(path),
        fate,
        to: to.iter().map(|to| path_of(to)).collect(),
        step: Some(step.into()),
    }
}

pub const OLD: &str = "\
# Arroyo, production
controller:
  image:
    repository: registry.example.com/arroyo
    tag: \"0.10.3\"
worker:
  image:
    repository: registry.example.com/arroyo
    tag: \"0.10.3\"   # same as above
imagePullSecrets:
  - name: registry-key
postgresql:
  auth:
    password: hunter2-postgres
logLevel: debug
";

pub const NEW: &str = "\
# Arroyo, production
image:
  repository: registry.example.com/arroyo
imagePullSecrets:
  - name: registry-key
postgresql:
  auth:
    password: hunter2-postgres
logLevel: debug
";

/// A file with everything done: moved, dropped, told, with something to do.
pub fn done() -> Release {
    let mut file = file("values.yaml", OLD, NEW);
    file.removed_comments = vec!["# same as above".into(), "# token: old-secret-token".into()];
    let mut release = release(vec![file]);
    release.known_by = KnownBy::Content;
    release.evidence = vec![
        Clue {
            path: path_of("logLevel"),
            at: at(15, 1),
            versions: ">=0.2.0".into(),
            strength: Strength::Weak,
            why: "Chart 0.2 brought logLevel.".into(),
        },
        Clue {
            path: path_of("controller.image"),
            at: at(3, 3),
            versions: "<0.11.0".into(),
            strength: Strength::Strong,
            why: "Chart 0.11 replaced controller.image by image.".into(),
        },
    ];
    release.facts = vec![
        FactChange {
            title: "Images a node pulls".into(),
            before: Some("2: registry.example.com/arroyo:0.10.3, twice".into()),
            after: Some("1: registry.example.com/arroyo:0.15".into()),
            open: Vec::new(),
        },
        FactChange {
            title: "Workers get the pull secrets".into(),
            before: Some("no".into()),
            after: Some("yes".into()),
            open: Vec::new(),
        },
        FactChange {
            title: "Same".into(),
            before: Some("x".into()),
            after: Some("x".into()),
            open: Vec::new(),
        },
    ];
    let mut images = step("one-image", "Merge the two images into one", State::Done);
    images.why = Some("From 0.11 on, controller.image and worker.image are ignored.".into());
    images.link = Some("https://github.com/ArroyoSystems/arroyo/pull/669".into());
    let repository = json!("registry.example.com/arroyo");
    let image = Some("image.repository");
    images.changes = vec![
        change(
            Fate::Moved,
            "controller.image.repository",
            image,
            repository.clone(),
        ),
        change(Fate::Dropped, "controller.image.tag", None, json!("0.10.3")),
        change(Fate::Merged, "worker.image.repository", image, repository),
        ReportedChange {
            left_over: true,
            ..change(Fate::Dropped, "worker.image.tag", None, json!("0.10.3"))
        },
        change(
            Fate::Written,
            "postgresql.auth.password",
            None,
            json!("hunter2-postgres"),
        ),
        ReportedChange {
            from: vec![path_of("a.user"), path_of("a.password")],
            ..change(
                Fate::Written,
                "databaseUrl",
                None,
                json!("made of a secret"),
            )
        },
    ];
    let mut secrets = step(
        "pull-secrets-reach",
        "Pull secrets reach workers",
        State::Done,
    );
    secrets.tell = vec![
        "Worker pods now get imagePullSecrets too; until 0.10 only the controller did.".into(),
        "imagePullSecrets still does not reach the in-cluster PostgreSQL, whose password hunter2-postgres stays.".into(),
    ];
    release.steps = vec![images, secrets];
    release.notices = vec![Notice {
        at: at(10, 1),
        severity: NoticeSeverity::Action,
        text: "A key stands here twice.".into(),
        path: None,
    }];
    release.ledger = vec![
        fate(
            "controller.image.repository",
            Fate::Merged,
            &["image.repository"],
            "one-image",
        ),
        fate("controller.image.tag", Fate::Dropped, &[], "one-image"),
        fate(
            "worker.image.repository",
            Fate::Merged,
            &["image.repository"],
            "one-image",
        ),
        fate("worker.image.tag", Fate::Dropped, &[], "one-image"),
        LeafFate {
            step: None,
            ..fate("compiler.image", Fate::Left, &[], "")
        },
    ];
    release.kept = 3;
    release.checklist = vec![
        Task {
            when: When::Before,
            text: "Copy ghcr.io/arroyosystems/arroyo:0.15 to registry.example.com/arroyo:0.15."
                .into(),
            step: Some("one-image".into()),
        },
        Task {
            when: When::After,
            text: "Delete the old image.".into(),
            step: None,
        },
    ];
    release
}

/// A question with a recommended option, inputs and evidence.
pub fn question() -> ReportedQuestion {
    let option = |id: &str, title: &str, recommended| ReportedOption {
        id: id.into(),
        title: title.into(),
        recommended,
        inputs: Vec::new(),
    };
    let input = |name: &str, title: &str, default: Option<&str>, list| ReportedInput {
        name: name.into(),
        title: title.into(),
        default: default.map(str::to_owned),
        matches: None,
        list,
    };
    let mut tag = option(
        "tag",
        "registry.example.com/arroyo for both, with a tag built on 0.15.0",
        false,
    );
    tag.inputs = vec![
        input(
            "tag",
            "Tag of registry.example.com/arroyo built on 0.15.0",
            None,
            false,
        ),
        input(
            "mirrors",
            "Other registries that have it",
            Some("it's, one"),
            true,
        ),
    ];
    ReportedQuestion {
        text: "The controller ran registry.example.com/arroyo:ca1, workers :ca2. What runs now?"
            .into(),
        evidence: vec![
            QuestionValue {
                path: "controller.image.tag".into(),
                value: Some("ca1".into()),
                remark: None,
                at: at(5, 5),
            },
            QuestionValue {
                path: "worker.image.tag".into(),
                value: None,
                remark: None,
                at: None,
            },
            QuestionValue {
                path: "postgresql.auth.password".into(),
                value: Some("hunter2-postgres".into()),
                remark: None,
                at: at(14, 5),
            },
        ],
        options: vec![option("chart-tag", "The chart's own tag", true), tag],
        answer: None,
        inputs: BTreeMap::new(),
        lacking: None,
        scope: None,
    }
}

/// A file with an open question, and a step that waits for it.
pub fn open() -> Release {
    let mut release = release(vec![file("values.yaml", OLD, OLD)]);
    let mut images = step("one-image", "Merge the two images into one", State::Open);
    images.question = Some(question());
    let mut second = step("storage", "Write storage as URLs", State::Open);
    second.question = Some(ReportedQuestion {
        lacking: Some("storage.bucket is missing: The bucket".into()),
        ..ReportedQuestion {
            evidence: Vec::new(),
            ..question()
        }
    });
    let mut waits = step("env", "Fill env", State::Waiting);
    waits.waits_for = vec!["one-image".into()];
    release.steps = vec![images, second, waits];
    release.ledger = vec![fate("controller.image.tag", Fate::Held, &[], "one-image")];
    release
}

/// A file where a step was left out whose keys the target ignores.
pub fn left_out() -> Release {
    let mut release = release(vec![file("values.yaml", "a: 1\nb: 2\n", "b: 2\na: 1\n")]);
    let mut images = step("one-image", "Merge the two images into one", State::LeftOut);
    images.loses = vec![
        path_of("controller.image.repository"),
        path_of("worker.image.repository"),
    ];
    release.steps = vec![images, step("other", "Another one", State::LeftOut)];
    release.ledger = vec![fate(
        "controller.image.repository",
        Fate::Left,
        &[],
        "one-image",
    )];
    release
}

pub fn refusal() -> Refusal {
    Refusal {
        name: "other values.yaml".into(),
        at: Some(FilePosition {
            file: "other values.yaml".into(),
            line: 12,
            column: 11,
        }),
        excerpt: Some("12 | password: \"abcdef\n   |           ^".into()),
        what: "quote that is never closed".into(),
        why: Some("Helm refuses the file because of it.".into()),
        next: Some("Close the quote.".into()),
        missing: None,
        hidden: None,
    }
}
