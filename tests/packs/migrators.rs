//! What packs make of the values with which other projects test their own migrators, beside what these make of them.
//!
//! The shared folder has their inputs and outputs. Compared is what the values mean: comments, order and quotes are not
//! looked at. Each difference stands in `PAIRS` with its reason; one that is not there fails, and so does one that is there
//! and is none. What a pack drops is listed too, so that nothing is lost in silence.
//!
//! Kong's migrator leads to a layout of its chart that was never released. The built-in pack leaves the keys where the
//! released charts read them; packs of this test's own show that the move can be said.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use refit::{
    load::{InputFile, ReleaseRequest},
    migrate::Answer,
    outcome::{Fate, Release},
    pack::{Known, built_in},
    upgrade::{Request, upgrade},
    values::{Map, Value, leaves, view::View},
    yaml::Tree,
};

use crate::support;

/// Paths with a reason each; what is below a path is meant too.
type Reasons = &'static [(&'static str, &'static str)];

/// Two files of a migrator's tests, and how refit comes from one to the other.
struct Pair {
    /// The files, below `oracles/`.
    input: &'static str,
    output: &'static str,
    chart: &'static str,
    from: &'static str,
    to: &'static str,
    answers: &'static [(&'static str, &'static str)],
    /// What only refit's values have, or have otherwise.
    ours: Reasons,
    /// What only their values have.
    theirs: Reasons,
    /// What the pack drops.
    dropped: Reasons,
}

const SUMOLOGIC: Pair = Pair {
    input: "",
    output: "",
    chart: "sumologic",
    from: "2.19.1",
    to: "3.0.0",
    answers: &[],
    ours: &[],
    theirs: &[],
    dropped: &[],
};
const KONG: Pair = Pair {
    chart: "kong",
    from: "2.33.3",
    to: "3.4.1",
    ours: KONG_STAYS,
    theirs: &[("ingressController.deployment", UNRELEASED)],
    ..SUMOLOGIC
};

/// Thanos: their migrator drops whatever is set; refit asks, and here the answer is to drop it.
const THANOS: Pair = Pair {
    answers: &[("sumo-thanos", "drop")],
    dropped: &[(
        "kube-prometheus-stack.prometheus.prometheusSpec.thanos",
        "refit asks whether Thanos stays; the answer here is no, which is what theirs does unasked",
    )],
    ..SUMOLOGIC
};

const UNRELEASED: &str = "theirs moves it into a layout that no released chart reads, so that it would be lost; ours \
                          leaves it where charts up to 3.4.1 read it";
const KONG_STAYS: Reasons = &[
    ("ingressController.image", UNRELEASED),
    ("ingressController.args", UNRELEASED),
    ("ingressController.env", UNRELEASED),
    ("ingressController.customEnv", UNRELEASED),
    ("ingressController.livenessProbe", UNRELEASED),
    ("ingressController.readinessProbe", UNRELEASED),
    ("ingressController.resources", UNRELEASED),
];
const FALCO: Reasons = &[(
    "falco.ebpf.enabled",
    "falco.driver.kind: ebpf says it, in both",
)];

const PAIRS: &[Pair] = &[
    Pair {
        input: "kong-chart-migrate/source/001_kong_values.yaml",
        output: "kong-chart-migrate/expected/001_kong_values.yaml",
        answers: &[("strip-defaults", "keep")],
        ours: &[
            ("ingressController.image", UNRELEASED),
            ("ingressController.args", UNRELEASED),
            ("ingressController.env", UNRELEASED),
            ("ingressController.livenessProbe", UNRELEASED),
            ("ingressController.readinessProbe", UNRELEASED),
            ("ingressController.resources", UNRELEASED),
            (
                "ingressController.konnect.controlPlaneID",
                "charts from 2.40 on call the runtime group so; theirs keeps the deprecated name",
            ),
        ],
        theirs: &[
            ("ingressController.deployment", UNRELEASED),
            (
                "ingressController.konnect.runtimeGroupID",
                "deprecated since 2.40; ours renames it",
            ),
        ],
        ..KONG
    },
    Pair {
        input: "kong-chart-migrate/source/002_kong_values.yaml",
        output: "kong-chart-migrate/expected/002_kong_values.yaml",
        ..KONG
    },
    Pair {
        input: "kong-chart-migrate/source/001_ingress_values.yaml",
        output: "kong-chart-migrate/expected/001_ingress_values.yaml",
        ours: &[("deployment.test", ROOT)],
        dropped: UMBRELLA,
        ..INGRESS
    },
    Pair {
        input: "kong-chart-migrate/source/002_ingress_values.yaml",
        output: "kong-chart-migrate/expected/002_ingress_values.yaml",
        ours: &[
            ("deployment.test", ROOT),
            ("ingressController.ingressClassAnnoations", UNKNOWN),
            ("ingressController.serviceAccount", UNKNOWN),
            ("ingressController.hostNetwork", UNKNOWN),
            ("ingressController.tmpDir", UNKNOWN),
        ],
        dropped: UMBRELLA,
        ..INGRESS
    },
    Pair {
        input: "sumologic-v2-v3/disable-thanos/default.input.yaml",
        output: "sumologic-v2-v3/disable-thanos/default.output.yaml",
        ..SUMOLOGIC
    },
    Pair {
        input: "sumologic-v2-v3/disable-thanos/other.input.yaml",
        output: "sumologic-v2-v3/disable-thanos/other.output.yaml",
        ..THANOS
    },
    Pair {
        input: "sumologic-v2-v3/disable-thanos/resources.input.yaml",
        output: "sumologic-v2-v3/disable-thanos/resources.output.yaml",
        ..THANOS
    },
    Pair {
        input: "sumologic-v2-v3/disable-thanos/version.input.yaml",
        output: "sumologic-v2-v3/disable-thanos/version.output.yaml",
        ..THANOS
    },
    Pair {
        input: "sumologic-v2-v3/events-config-merge/basic.input.yaml",
        output: "sumologic-v2-v3/events-config-merge/basic.output.yaml",
        ..SUMOLOGIC
    },
    Pair {
        input: "sumologic-v2-v3/falco-upgrade/default.input.yaml",
        output: "sumologic-v2-v3/falco-upgrade/default.output.yaml",
        dropped: FALCO,
        ..SUMOLOGIC
    },
    Pair {
        input: "sumologic-v2-v3/falco-upgrade/default-with-additions.input.yaml",
        output: "sumologic-v2-v3/falco-upgrade/default-with-additions.output.yaml",
        dropped: FALCO,
        ..SUMOLOGIC
    },
    Pair {
        input: "sumologic-v2-v3/kube-prometheus-stack-repository/all_values.input.yaml",
        output: "sumologic-v2-v3/kube-prometheus-stack-repository/all_values.output.yaml",
        ..SUMOLOGIC
    },
    Pair {
        input: "sumologic-v2-v3/logs-metadata-config/basic.input.yaml",
        output: "sumologic-v2-v3/logs-metadata-config/basic.output.yaml",
        ours: &[("metadata.metrics.config.merge", ONE_STEP)],
        theirs: &[("metadata.metrics.config.keymetrics", ONE_STEP)],
        ..SUMOLOGIC
    },
    Pair {
        input: "sumologic-v2-v3/logs-metadata-config/nochange.input.yaml",
        output: "sumologic-v2-v3/logs-metadata-config/nochange.output.yaml",
        ..SUMOLOGIC
    },
    Pair {
        input: "sumologic-v2-v3/otellogs-config-merge/basic.input.yaml",
        output: "sumologic-v2-v3/otellogs-config-merge/basic.output.yaml",
        ..SUMOLOGIC
    },
    Pair {
        input: "sumologic-v2-v3/testdata/containerd-multiline.input.yaml",
        output: "sumologic-v2-v3/testdata/containerd-multiline.output.yaml",
        ..SUMOLOGIC
    },
    Pair {
        input: "sumologic-v2-v3/testdata/multiline.input.yaml",
        output: "sumologic-v2-v3/testdata/multiline.output.yaml",
        ours: &[(
            "another_key",
            "Helm reads a plain yes as true; theirs makes the text \"yes\" of it",
        )],
        ..SUMOLOGIC
    },
    Pair {
        input: "sumologic-v2-v3/testdata/simple.input.yaml",
        output: "sumologic-v2-v3/testdata/simple.output.yaml",
        ..THANOS
    },
    Pair {
        input: "sumologic-v2-v3/testdata/special-characters.input.yaml",
        output: "sumologic-v2-v3/testdata/special-characters.output.yaml",
        ..SUMOLOGIC
    },
    Pair {
        input: "sumologic-v2-v3/testdata/sumologic.input.yaml",
        output: "sumologic-v2-v3/testdata/sumologic.output.yaml",
        ..SUMOLOGIC
    },
    Pair {
        input: "sumologic-v2-v3/testdata/tracing.input.yaml",
        output: "sumologic-v2-v3/testdata/tracing.output.yaml",
        ours: &[
            ("otelcolInstrumentation.enabled", TRACES),
            ("otelcolInstrumentation.config.exporters", TRACES),
            ("tracesGateway.enabled", TRACES),
            ("tracesSampler.config.exporters", TRACES),
            ("tracesSampler.config.processors.other", TRACES),
        ],
        ..SUMOLOGIC
    },
    Pair {
        input: "traefik-v40-v41/sample-v40-values.yaml",
        output: "traefik-v40-v41/expected-v41-values.yaml",
        chart: "traefik",
        from: "40.3.0",
        to: "41.0.0",
        ..SUMOLOGIC
    },
];
const ONE_STEP: &str =
    "their test runs one of their migrations alone; the one for metrics does what ours does";
const TRACES: &str = "theirs loses it: it takes over what it knows of agent, gateway and collector, and drops the rest; \
                      ours moves all to where the notes say it is";

/// The umbrella chart of a gateway and a controller, which Kong's migrator puts together.
const INGRESS: Pair = Pair {
    chart: "ingress",
    from: "0.10.2",
    to: "1.0.0",
    ..SUMOLOGIC
};
const ROOT: &str = "theirs loses it: only what stands below gateway and controller is taken over";
const UNKNOWN: &str =
    "theirs loses it: only keys of the controller that its list has are taken over";
const UMBRELLA: Reasons = &[
    (
        "gateway.enabled",
        "there is one chart, which has no such switch",
    ),
    (
        "controller.enabled",
        "there is one chart, which has no such switch",
    ),
    (
        "gateway.ingressController",
        "it said that the gateway has no controller",
    ),
    (
        "controller.deployment.kong",
        "it said that the controller has no gateway",
    ),
    (
        "controller.proxy",
        "it told the controller the gateway's name",
    ),
];

/// Where Kong's migrator moves keys of the controller, in the layout that was not released.
const CONTAINER: [&str; 7] = [
    "image",
    "args",
    "env",
    "customEnv",
    "livenessProbe",
    "readinessProbe",
    "resources",
];
/// Keys of the umbrella's controller beside them, and where they go below `ingressController.deployment`.
const CONTROLLER: [(&str, &str); 10] = [
    ("podAnnotations", "pod.annotations"),
    ("podLabels", "pod.labels"),
    ("deploymentAnnotations", "annotations"),
    ("replicaCount", "replicaCount"),
    (
        "terminationGracePeriodSeconds",
        "pod.terminationGracePeriodSeconds",
    ),
    ("tolerations", "pod.tolerations"),
    ("nodeSelector", "pod.nodeSelector"),
    ("priorityClassName", "pod.priorityClassName"),
    ("securityContext", "pod.securityContext"),
    ("containerSecurityContext", "pod.container.securityContext"),
];

/// Writes packs for the layout that was not released: of the chart, and of the umbrella.
fn write_unreleased_packs(folder: &Path) {
    let container = |from: &str| -> String {
        let moves = CONTAINER.iter();
        let moves = moves.map(|key| {
            format!("      {from}.{key}: ingressController.deployment.pod.container.{key}\n")
        });
        moves.collect()
    };
    let head = "version: 1.0.0\ntitle: Another layout\nlink: https://github.com/Kong/chart-migrate\nsteps:\n";
    let kong = format!(
        "{head}  container:\n    title: Move what is the container's\n    why: It stands there.\n    move:\n{}",
        container("ingressController")
    );
    let controller: String = CONTROLLER
        .iter()
        .map(|(key, to)| format!("      controller.{key}: ingressController.deployment.{to}\n"))
        .collect();
    let ingress = format!(
        "{head}  gateway:\n    title: Move the gateway\n    why: It is the chart.\n    \
         move: {{gateway.admin: admin, gateway.deployment: deployment, gateway.env: env}}\n  \
         controller:\n    title: Move the controller\n    why: It is a part of the chart.\n    move:\n      \
         controller.ingressController: ingressController\n{}{controller}  \
         switches:\n    title: Drop what told the two apart\n    why: There is one chart.\n    \
         drop: [gateway.enabled, gateway.ingressController, controller.enabled, controller.proxy, controller.deployment.kong]\n",
        container("controller.ingressController")
    );
    for (chart, migration, keys) in [
        ("kong", kong, vec!["ingressController"]),
        (
            "ingress",
            ingress,
            vec![
                "gateway",
                "controller",
                "deployment",
                "ingressController",
                "admin",
                "env",
            ],
        ),
    ] {
        let folder = folder.join(chart);
        fs::create_dir_all(&folder).unwrap();
        let about = format!(
            "pack: 1\nchart: {chart}\ntitle: A chart\nversions: {{0.10.2: {{app: \"3\"}}, 1.0.0: {{app: \"3\"}}}}\n"
        );
        let keys: String = keys
            .iter()
            .map(|key| format!("{key}: [{{in: \"*\", open: map}}]\n"))
            .collect();
        fs::write(folder.join("pack.yaml"), about).unwrap();
        fs::write(folder.join("keys.yaml"), keys).unwrap();
        fs::write(folder.join("1.0.0.yaml"), migration).unwrap();
    }
}

/// What refit makes of the input of a pair.
fn upgraded(pair: &Pair, input: Vec<u8>, packs: Vec<PathBuf>) -> Release {
    let answers = pair.answers.iter().map(|(question, option)| {
        let answer = Answer {
            option: (*option).to_owned(),
            inputs: BTreeMap::new(),
            evidence: None,
        };
        ((*question).to_owned(), answer)
    });
    let mut outcome = upgrade(&Request {
        releases: vec![ReleaseRequest::new(vec![InputFile::Stdin(input)])],
        chart: Some(pair.chart.to_owned()),
        from: Some(pair.from.parse().unwrap()),
        to: Some(pair.to.parse().unwrap()),
        pack_dirs: packs,
        answers: answers.collect(),
        ..Request::default()
    });
    let release = outcome.releases.remove(0);
    let open = release.steps.iter().filter(|step| {
        let question = step.question.as_ref();
        question.is_some_and(|question| question.answer.is_none())
    });
    let open: Vec<&str> = open.map(|step| step.id.as_str()).collect();
    assert_eq!(open, [""; 0], "{} leaves questions open", pair.input);
    release
}

fn values(text: &str) -> Map {
    let tree = Tree::parse(text.to_owned()).unwrap();
    View::new(&tree, tree.documents()[0].root).values().unwrap()
}

/// The settings of the first values that the second have not, or have otherwise.
fn beside(values: &Map, others: &Map) -> Vec<String> {
    let others: BTreeMap<String, &Value> = leaves(others)
        .into_iter()
        .map(|(path, value)| (path.to_string(), value))
        .collect();
    let own = leaves(values).into_iter();
    let own = own.map(|(path, value)| (path.to_string(), value));
    own.filter(|(path, value)| others.get(path) != Some(value))
        .map(|(path, _)| path)
        .collect()
}

/// What is in one list and not in the other: paths without a reason, and reasons without a path.
fn unlike(paths: &[String], reasons: Reasons) -> Vec<String> {
    let meant = |path: &str, reason: &str| {
        path == reason
            || path
                .strip_prefix(reason)
                .is_some_and(|rest| rest.starts_with('.'))
    };
    let without = paths
        .iter()
        .filter(|path| !reasons.iter().any(|(reason, _)| meant(path, reason)));
    let without = without.map(|path| format!("{path} is not listed"));
    let empty = reasons
        .iter()
        .filter(|(reason, _)| !paths.iter().any(|path| meant(path, reason)));
    let empty = empty.map(|(reason, _)| format!("{reason} is listed, and is no difference"));
    without.chain(empty).collect()
}

fn differences(pair: &Pair, oracles: &Path, packs: Vec<PathBuf>) -> Vec<String> {
    let read = |file: &str| fs::read(oracles.join(file)).unwrap();
    let release = upgraded(pair, read(pair.input), packs);
    let ours = values(&release.files[0].after);
    let theirs = values(&String::from_utf8(read(pair.output)).unwrap());
    // Values that both have, and not alike, are told once: in `ours`.
    let only_ours = beside(&ours, &theirs);
    let shared: BTreeSet<String> = leaves(&ours)
        .iter()
        .map(|(path, _)| path.to_string())
        .collect();
    let mut only_theirs = beside(&theirs, &ours);
    only_theirs.retain(|path| !shared.contains(path));
    let dropped = release
        .ledger
        .iter()
        .filter(|leaf| leaf.fate == Fate::Dropped);
    let dropped: Vec<String> = dropped.map(|leaf| leaf.path.to_string()).collect();
    let mut unlike_all = Vec::new();
    for (what, paths, reasons) in [
        ("only ours", only_ours, pair.ours),
        ("only theirs", only_theirs, pair.theirs),
        ("dropped", dropped, pair.dropped),
    ] {
        let found = unlike(&paths, reasons).into_iter();
        unlike_all.extend(found.map(|text| format!("{}: {what}: {text}", pair.input)));
    }
    unlike_all
}

#[test]
fn what_other_migrators_make_of_values_is_made_or_the_difference_has_its_reason() {
    let Some(shared) = support::shared() else {
        return;
    };
    let oracles = shared.join("oracles");
    let own = tempfile::tempdir().unwrap();
    write_unreleased_packs(own.path());
    let mut wrong = Vec::new();
    for pair in PAIRS {
        let packs = match pair.chart {
            "ingress" => vec![own.path().join("ingress")],
            _ => Vec::new(),
        };
        wrong.extend(differences(pair, &oracles, packs));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_pair_of_another_migrator_is_compared() {
    let Some(shared) = support::shared() else {
        return;
    };
    let oracles = shared.join("oracles");
    let compared: BTreeSet<PathBuf> = PAIRS
        .iter()
        .flat_map(|pair| [pair.input, pair.output])
        .map(|file| oracles.join(file))
        .collect();
    let mut files = BTreeSet::new();
    let mut folders = vec![oracles.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => _ = files.insert(path),
            }
        }
    }
    assert_eq!(files, compared);
}

/// The reason that the table gives for Kong's pairs.
#[test]
fn no_released_kong_reads_the_layout_that_its_migrator_leads_to() {
    let pack = built_in("kong").unwrap().unwrap();
    let newest = pack.info.versions.keys().next_back().unwrap();
    for key in CONTAINER {
        let path = |text: String| -> refit::values::Path { text.parse().unwrap() };
        let read = path(format!("ingressController.{key}"));
        assert_ne!(pack.keys.known(&read, newest), Known::Unknown, "{read}");
        let moved = path(format!("ingressController.deployment.pod.container.{key}"));
        for version in pack.info.versions.keys() {
            assert_eq!(
                pack.keys.known(&moved, version),
                Known::Unknown,
                "{moved} {version}"
            );
        }
    }
}

/// Packs can say the move: with it both mean the same.
#[test]
fn a_pack_can_lead_to_the_layout_that_kong_did_not_release() {
    let Some(shared) = support::shared() else {
        return;
    };
    let own = tempfile::tempdir().unwrap();
    write_unreleased_packs(own.path());
    for number in ["001", "002"] {
        let input = format!("kong-chart-migrate/source/{number}_kong_values.yaml");
        let output = format!("kong-chart-migrate/expected/{number}_kong_values.yaml");
        let pair = Pair {
            input: "",
            from: "0.10.2",
            to: "1.0.0",
            ..KONG
        };
        let read = |file: &str| fs::read(shared.join("oracles").join(file)).unwrap();
        let release = upgraded(&pair, read(&input), vec![own.path().join("kong")]);
        let theirs = String::from_utf8(read(&output)).unwrap();
        assert_eq!(
            Value::Map(values(&release.files[0].after)),
            Value::Map(values(&theirs)),
            "{number}"
        );
    }
}
