//! What the check of effects lets pass and what it does not: right migrations raise no alarm, and wrong
//! ones, made wrong on purpose, are all caught. On the two small charts of `examples/`, with both Helms.

use crate::support;

use std::{collections::BTreeMap, fs, path::Path};

use refit::{
    effect::{
        Charted, Check, SettingPlaces, model::Report, model::SettingFate, render::Options,
        source::ChartLocation, values,
    },
    load::{InputFile, ReleaseRequest},
    migrate::{Answer, Answers},
    outcome::Release,
    pack::{Pack, built_in},
    upgrade::{Request, upgrade},
    values::{Map, Path as ValuePath, Value, view::View},
    yaml::Tree,
};
use support::helm::{self, Helm};

const FULL: &str = "\
fullnameOverride: streams
imagePullSecrets:
  - name: fjord-registry
  - name: fjord-mirror
controller:
  image:
    repository: registry.fjord.example/mirror/arroyo
    tag: '0.10.3'
    pullPolicy: Always
  service:
    grpcPort: 9290
    httpPort: 8080
worker:
  image:
    repository: registry.fjord.example/mirror/arroyo
    tag: '0.10.3'
    pullPolicy: Always
  slots: 8
  resources:
    requests:
      memory: 4Gi
artifactUrl: s3://fjord/artifacts
checkpointUrl: s3://fjord/checkpoints
s3:
  region: eu-north-1
serviceAccount:
  name: streams
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::123412341234:role/streams
postgresql:
  deploy: false
  externalDatabase:
    host: db.fjord.example
    password: only-a-test
prometheus:
  deploy: false
podAnnotations:
  cost-centre: '4711'
nodeSelector:
  disk: ssd
volumes:
  - name: models
    emptyDir: {}
  - name: certs
    secret:
      secretName: certs
volumeMounts:
  - name: models
    mountPath: /models
  - name: certs
    mountPath: /certs
    readOnly: true
";

struct Bench {
    old: Charted,
    new: Charted,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(helm: &Helm) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = helm.effects(folder.path());
        let chart = |name: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("examples/charts")
                .join(name);
            let options = Options {
                release_name: "streams".to_owned(),
                namespace: None,
                kube_version: None,
                api_versions: Vec::new(),
                install: false,
            };
            ChartLocation::Path(path)
                .open(&program, options, folder.path())
                .unwrap()
        };
        Self {
            old: chart("two-image"),
            new: chart("one-image"),
            folder,
        }
    }

    fn check(&self, release: &Release, pack: &Pack, after: &Map) -> Report {
        let (before, _) = values(release).unwrap();
        let places = SettingPlaces::of(release, after);
        Check {
            old: &self.old,
            new: &self.new,
            before: &before,
            after,
            release,
            pack,
            places: &places,
            tell_defaults: false,
            helm: "",
        }
        .run()
        .unwrap()
    }

    /// The report on a text, with its new values changed behind the migration's back.
    fn report(&self, text: &str, answers: &[(&str, &str)], change: impl Fn(&mut Value)) -> Report {
        let pack = built_in("arroyo").unwrap().unwrap();
        let release = migrated(text, answers, None);
        let (_, after) = values(&release).unwrap();
        let mut after = Value::Map(after);
        change(&mut after);
        let Value::Map(after) = after else {
            unreachable!()
        };
        self.check(&release, &pack, &after)
    }

    /// The report on a text that was migrated by a pack of which one text is another.
    fn report_of_pack(
        &self,
        text: &str,
        answers: &[(&str, &str)],
        (old, new): (&str, &str),
    ) -> Report {
        let folder = tempfile::tempdir_in(self.folder.path()).unwrap();
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/arroyo");
        for entry in fs::read_dir(built_in).unwrap() {
            let entry = entry.unwrap();
            let mut text = fs::read_to_string(entry.path()).unwrap();
            if entry.file_name() == "0.11.0.yaml" {
                assert!(text.contains(old), "the pack no longer says `{old}`");
                text = text.replace(old, new);
            }
            fs::write(folder.path().join(entry.file_name()), text).unwrap();
        }
        let pack = Pack::from_folder(folder.path()).unwrap();
        let release = migrated(text, answers, Some(folder.path()));
        let (_, after) = values(&release).unwrap();
        self.check(&release, &pack, &after)
    }
}

fn migrated(text: &str, given: &[(&str, &str)], pack: Option<&Path>) -> Release {
    let answers: Answers = given
        .iter()
        .map(|(id, option)| {
            let answer = Answer {
                option: (*option).to_owned(),
                inputs: BTreeMap::new(),
                ..Answer::default()
            };
            ((*id).to_owned(), answer)
        })
        .collect();
    let outcome = upgrade(&Request {
        releases: vec![ReleaseRequest::new(vec![InputFile::Stdin(
            text.as_bytes().to_vec(),
        )])],
        chart: Some("arroyo".to_owned()),
        pack_dirs: pack.map(Path::to_owned).into_iter().collect(),
        from: Some("0.10.3".parse().unwrap()),
        to: Some("0.15.0".parse().unwrap()),
        answers,
        accept_recommended: true,
        with_values: true,
        ..Request::default()
    });
    let release = outcome.releases.into_iter().next();
    let release = release.unwrap_or_else(|| panic!("{:?}", outcome.refused));
    assert!(!release.is_open(), "{:#?}", release.steps);
    release
}

fn unexplained(report: &Report) -> Vec<String> {
    let effects = report.settings.iter().flat_map(|setting| {
        let path = setting.path.clone().unwrap_or_default();
        let seen = setting.effects.iter().filter(|seen| seen.unexplained);
        seen.map(move |seen| {
            format!(
                "{path}: {:?} {} {} {}",
                seen.fate, seen.place, seen.was, seen.now
            )
        })
    });
    let findings = report
        .findings
        .iter()
        .filter(|finding| finding.is_unexplained());
    effects
        .chain(findings.map(|finding| finding.what.clone()))
        .collect()
}

fn at<'v>(root: &'v mut Value, path: &str) -> &'v mut Map {
    let mut value = root;
    for key in path.split('.').filter(|key| !key.is_empty()) {
        let Value::Map(map) = value else {
            panic!("{path}")
        };
        value = map
            .entry(key.to_owned())
            .or_insert_with(|| Map::new().into());
    }
    let Value::Map(map) = value else {
        panic!("{path}")
    };
    map
}

fn set(root: &mut Value, path: &str, value: impl Into<Value>) {
    let (above, last) = path.rsplit_once('.').unwrap_or(("", path));
    at(root, above).insert(last.to_owned(), value.into());
}

fn remove(root: &mut Value, path: &str) {
    let (above, last) = path.rsplit_once('.').unwrap_or(("", path));
    let gone = at(root, above).shift_remove(last);
    assert!(gone.is_some(), "{path} was not there to be removed");
}

fn yaml(text: &str) -> Value {
    let tree = Tree::parse(text).unwrap();
    let root = tree.documents()[0].root;
    View::new(&tree, root).value(root).unwrap()
}

type Wrong = (&'static str, fn(&mut Value));

const WRONG: &[Wrong] = &[
    ("one pull secret dropped", |v| {
        set(v, "imagePullSecrets", yaml("[{name: fjord-registry}]"))
    }),
    ("all pull secrets dropped", |v| {
        remove(v, "imagePullSecrets")
    }),
    ("a pull secret renamed", |v| {
        set(
            v,
            "imagePullSecrets",
            yaml("[{name: fjord-registry}, {name: fjord-miror}]"),
        )
    }),
    ("another image", |v| {
        set(v, "image.repository", "registry.fjord.example/mirror/other")
    }),
    ("the mirror forgotten", |v| remove(v, "image.repository")),
    ("a tag nobody asked for", |v| set(v, "image.tag", "latest")),
    ("a volume renamed", |v| {
        set(
            v,
            "volumes",
            yaml("[{name: model, emptyDir: {}}, {name: certs, secret: {secretName: certs}}]"),
        )
    }),
    ("a volume of another kind", |v| {
        set(
            v,
            "volumes",
            yaml(
                "[{name: models, hostPath: {path: /models}}, {name: certs, secret: {secretName: certs}}]",
            ),
        )
    }),
    ("a volume of another Secret", |v| {
        set(
            v,
            "volumes",
            yaml("[{name: models, emptyDir: {}}, {name: certs, secret: {secretName: cert}}]"),
        )
    }),
    ("a volume mounted elsewhere", |v| {
        set(
            v,
            "volumeMounts",
            yaml(
                "[{name: models, mountPath: /model}, {name: certs, mountPath: /certs, readOnly: true}]",
            ),
        )
    }),
    ("a mount that can be written", |v| {
        set(
            v,
            "volumeMounts",
            yaml("[{name: models, mountPath: /models}, {name: certs, mountPath: /certs}]"),
        )
    }),
    ("two mounts swapped", |v| {
        set(
            v,
            "volumeMounts",
            yaml(
                "[{name: certs, mountPath: /models}, {name: models, mountPath: /certs, readOnly: true}]",
            ),
        )
    }),
    ("a port off by one", |v| {
        set(v, "controller.service.httpPort", 8081_i64)
    }),
    ("two ports swapped", |v| {
        set(v, "controller.service.httpPort", 9290_i64);
        set(v, "controller.service.grpcPort", 8080_i64);
    }),
    ("a port forgotten", |v| {
        remove(v, "controller.service.grpcPort")
    }),
    ("an annotation lost", |v| remove(v, "podAnnotations")),
    ("an annotation that became a number", |v| {
        set(v, "podAnnotations.cost-centre", 4711_i64)
    }),
    ("the role of the service account lost", |v| {
        remove(v, "serviceAccount.annotations")
    }),
    ("another service account", |v| {
        set(v, "serviceAccount.name", "stream")
    }),
    ("the service account forgotten", |v| {
        remove(v, "serviceAccount.name")
    }),
    ("two URLs swapped", |v| {
        set(v, "artifactUrl", "s3://fjord/checkpoints");
        set(v, "checkpointUrl", "s3://fjord/artifacts");
    }),
    ("a URL with a typo", |v| {
        set(v, "checkpointUrl", "s3://fjord/checkpoint")
    }),
    ("a URL forgotten", |v| remove(v, "checkpointUrl")),
    ("another database", |v| {
        set(v, "postgresql.externalDatabase.host", "db2.fjord.example")
    }),
    ("the database in the cluster again", |v| {
        remove(v, "postgresql.deploy")
    }),
    ("worker slots forgotten", |v| remove(v, "worker.slots")),
    ("worker memory halved", |v| {
        set(v, "worker.resources.requests.memory", "2Gi")
    }),
    ("another pull policy", |v| {
        set(v, "imagePullPolicy", "Never")
    }),
    ("nodes forgotten", |v| remove(v, "nodeSelector")),
    ("another region", |v| {
        set(
            v,
            "env",
            yaml(
                "[{name: ARROYO__KUBERNETES_SCHEDULER__RESOURCE_MODE, value: per-pod}, {name: AWS_DEFAULT_REGION, value: eu-north-2}]",
            ),
        )
    }),
    ("the region forgotten", |v| {
        set(
            v,
            "env",
            yaml("[{name: ARROYO__KUBERNETES_SCHEDULER__RESOURCE_MODE, value: per-pod}]"),
        )
    }),
    ("another name for everything", |v| {
        set(v, "fullnameOverride", "stream")
    }),
    ("a worker image nobody asked for", |v| {
        set(
            v,
            "env",
            yaml(
                "[{name: ARROYO__KUBERNETES_SCHEDULER__RESOURCE_MODE, value: per-pod}, {name: AWS_DEFAULT_REGION, value: eu-north-1}, {name: ARROYO__KUBERNETES_SCHEDULER__WORKER__IMAGE, value: 'ghcr.io/arroyosystems/arroyo:0.15'}]",
            ),
        )
    }),
];

#[test]
fn every_wrong_migration_is_caught() {
    // Both Helms agree on the right one; what is wrong is wrong with either.
    for (nth, helm) in helm::each().enumerate() {
        let bench = Bench::new(helm);
        let right = bench.report(FULL, &[], |_| ());
        assert_eq!(
            unexplained(&right),
            [""; 0],
            "the right one raises an alarm"
        );
        if nth > 0 {
            continue;
        }
        let missed: Vec<&str> = WRONG
            .iter()
            .filter(|(_, wrong)| bench.report(FULL, &[], wrong).unexplained == 0)
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(
            missed,
            [""; 0],
            "of {} wrong migrations these were missed",
            WRONG.len()
        );
    }
}

#[test]
fn every_wrong_pack_is_caught() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let bench = Bench::new(helm);
    let wrong = [
        (
            "drops nodes without a word",
            "steps:\n",
            "steps:\n  tidy:\n    title: Tidy up\n    drop: [nodeSelector]\n",
        ),
        (
            "says one port and writes another",
            "steps:\n",
            "steps:\n  port:\n    title: Move the port\n    move: {controller.service.httpPort: controller.service.adminPort}\n    tell: controller.service.httpPort stays as it is.\n",
        ),
    ];
    for (name, old, new) in wrong {
        let report = bench.report_of_pack(FULL, &[], (old, new));
        assert!(report.unexplained > 0, "a pack that {name} was not caught");
    }
}

#[test]
fn what_goes_with_an_object_has_to_be_said() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let bench = Bench::new(helm);
    let text = "artifactUrl: s3://a/b\ncheckpointUrl: s3://a/c\npostgresql: {auth: {password: x}, externalDatabase: {host: db.example}}\n";
    let answers = [("external-database", "external")];
    // The step looks at the host alone, and its option lists the whole map.
    let said = bench.report(text, &answers, |_| ());
    assert_eq!(unexplained(&said), [""; 0]);
    // Listing something in it, or another map, is not enough, and no words are.
    let listed = "        explains: [postgresql]\n";
    for other in [
        "",
        "        explains: [postgresql.other]\n",
        "        explains: [postgresql.externalDatabase, prometheus]\n",
    ] {
        let report = bench.report_of_pack(text, &answers, (listed, other));
        let left = unexplained(&report);
        assert!(
            left.len() == 1 && left[0].contains("postgresql.auth.password"),
            "{other} {left:?}"
        );
    }
}

#[test]
fn right_migrations_raise_no_alarm() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("artifactUrl: s3://a/b\ncheckpointUrl: s3://a/c\n", &[]),
        ("artifactUrl: s3://a/b\n", &[("storage-urls", "elsewhere")]),
        ("{}\n", &[("storage-urls", "pod")]),
        (
            "artifactUrl: s3://a/b\ncheckpointUrl: s3://a/c\ncontroller: {image: {repository: r.example/a/arroyo}}\nworker: {image: {repository: r.example/b/udf-worker, tag: '0.10.3'}}\n",
            &[("one-image", "controller")],
        ),
        (
            "artifactUrl: s3://a/b\ncheckpointUrl: s3://a/c\ncontroller: {image: {pullPolicy: Always}}\n",
            &[("one-pull-policy", "worker")],
        ),
        (
            "artifactUrl: s3://a/b\ncheckpointUrl: s3://a/c\nworker: {resources: {requests: {cpu: 2, memory: 4Gi}}}\n",
            &[("worker-resources", "divide")],
        ),
        (
            "artifactUrl: s3://a/b\ncheckpointUrl: s3://a/c\nprometheus: {setAnnotations: false, deploy: true, queryRate: 60s}\n",
            &[],
        ),
        (
            "artifactUrl: s3://a/b\ncheckpointUrl: s3://a/c\npostgresql: {externalDatabase: {host: db.example, password: x}}\n",
            &[("external-database", "external")],
        ),
    ];
    for helm in helm::each() {
        let bench = Bench::new(helm);
        for (text, answers) in cases {
            let report = bench.report(text, answers, |_| ());
            assert_eq!(unexplained(&report), [""; 0], "{text}");
        }
    }
}

#[test]
fn each_setting_is_credited_with_what_it_does() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let bench = Bench::new(helm);
    let report = bench.report(FULL, &[], |_| ());
    let fate = |path: &str| {
        let found = report
            .settings
            .iter()
            .find(|s| s.path.as_deref() == Some(path));
        found
            .unwrap_or_else(|| panic!("{path} is not told of"))
            .fate
    };
    assert_eq!(fate("controller.image.repository"), SettingFate::Kept);
    assert_eq!(fate("worker.image.repository"), SettingFate::Moved);
    assert_eq!(fate("controller.image.tag"), SettingFate::Different);
    assert_eq!(fate("imagePullSecrets"), SettingFate::More);
    assert_eq!(fate("checkpointUrl"), SettingFate::Moved);
    assert_eq!(fate("nodeSelector.disk"), SettingFate::Kept);
    let secrets = report
        .settings
        .iter()
        .find(|s| s.path.as_deref() == Some("imagePullSecrets"));
    let new = secrets
        .unwrap()
        .effects
        .iter()
        .find(|seen| seen.place.contains("image-pull-secrets"));
    assert_eq!(new.unwrap().step.as_deref(), Some("pull-secrets-reach"));
    let line = secrets.unwrap().at.as_ref().unwrap().line;
    assert!(
        FULL.lines()
            .nth(line - 1)
            .unwrap()
            .starts_with("imagePullSecrets:"),
        "{line}"
    );
}

#[test]
fn what_does_nothing_is_not_rendered_for() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let bench = Bench::new(helm);
    let urls = "artifactUrl: s3://a/b\ncheckpointUrl: s3://a/c\n";
    let little = bench.report(urls, &[], |_| ());
    // Four values that nobody reads, and two that say what the chart says.
    let more = format!(
        "{urls}unread: {{a: 1, b: 2, c: 3, d: 4}}\nserviceAccount: {{create: true}}\nprometheus: {{setAnnotations: true}}\n"
    );
    let much = Bench::new(helm).report(&more, &[], |_| ());
    assert_eq!(much.renderings, little.renderings);
    let unread: Vec<_> = much
        .findings
        .iter()
        .filter_map(|f| f.path.clone())
        .collect();
    assert_eq!(unread, ["unread.a", "unread.b", "unread.c", "unread.d"]);
    // Asked again, everything is known but what is rendered to see what is not the same each time.
    let bench = Bench::new(helm);
    bench.report(urls, &[], |_| ());
    assert_eq!(bench.report(urls, &[], |_| ()).renderings, 2);
}

#[test]
fn paths_of_values_are_taken_apart() {
    // What the wrong migrations above rely on.
    let mut value = yaml("a: {b: 1}\n");
    set(&mut value, "a.c.d", "x");
    remove(&mut value, "a.b");
    let path: ValuePath = "a.c.d".parse().unwrap();
    assert_eq!(path.get(&value), Some(&Value::from("x")));
}
