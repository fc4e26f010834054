//! A pack that ends before the new chart, or says nothing of a setting: its steps come first, and the rest is drafted on
//! top of them in the same run.

use crate::shop::{self, MOVED, said_in_words as said, values};
use crate::support;

use std::{fs, path::Path, process::Output};

use semver::Version;
use support::{copy_folder, helm};

/// Keys of the shop as two of its versions have them; of the first alone and of the second alone.
fn keys(second: &str, of_first: &[&str], of_second: &[&str]) -> String {
    let both = "image.repository image.tag service.type ingress.enabled timeout";
    let both = both
        .split(' ')
        .map(|key| format!("{key}: [{{in: \"*\"}}]\n"));
    let only = |range: String| move |key: &&str| format!("{key}: [{{in: \"{range}\"}}]\n");
    let first = of_first.iter().map(only(format!("<{second}")));
    let later = of_second.iter().map(only(format!(">={second}")));
    let open = "nodeSelector: [{in: \"*\", open: map}]\n".to_owned();
    both.chain(first).chain(later).chain([open]).collect()
}

/// A step that asks.
const ASKS: &str = "
  scale:
    title: Count pods below scale
    take: {pods: replicaCount}
    ask: Do {pods} hold for the day, too?
    options:
      same: {title: Keep it, recommended: true, do: {scale.count: '=pods'}}
      leave: {title: Leave it, leave: [pods]}
";

const PACK: &str =
    "pack: 1\nchart: shop\ntitle: A shop\nrepositories: [https://charts.tern.example]\n";

const STEPS: &str = "
  log:
    title: Log below a map
    move: {logLevel: log.level}
  tax:
    title: Show tax always
    read: {tax: showTax}
    if: set(tax)
    tell: {action: Prices always show tax.}
";

/// The two charts of the example, its values, and a pack that knows 1.4.0 and a version that nobody has at hand, in which
/// a setting moved that moved once more before 2.0.0.
fn bench() -> tempfile::TempDir {
    let home = shop::bench();
    ending_before(
        home.path(),
        "  scale:
    title: Count pods below scale
    move: {replicaCount: scale.count}
",
    );
    home
}

/// A pack that ends before the new chart.
fn ending_before(home: &Path, step: &str) {
    let keys = keys(
        "1.9.0",
        &["replicaCount", "logLevel", "showTax"],
        &["scale.count", "log.level", "service.port", "ingress.host"],
    );
    write_pack(home, "1.9.0", &keys, step);
}

fn write_pack(home: &Path, last: &str, keys: &str, step: &str) {
    let pack = home.join("pack");
    let _ = fs::remove_dir_all(&pack);
    fs::create_dir_all(&pack).unwrap();
    let versions = format!("versions: {{1.4.0: {{app: '1'}}, {last}: {{app: '1'}}}}\n");
    fs::write(pack.join("pack.yaml"), format!("{PACK}{versions}")).unwrap();
    fs::write(pack.join("keys.yaml"), keys).unwrap();
    let migration = format!("version: {last}\ntitle: Other names\nsteps:{STEPS}{step}");
    fs::write(pack.join(format!("{last}.yaml")), migration).unwrap();
}

fn run(helm: &Path, home: &Path, command: &str, args: &[&str]) -> Output {
    let mut refit = helm::refit(helm, home);
    refit.args([command, "values.yaml", "--pack", "pack"]);
    refit.args(["--old-chart", "old", "--new-chart", "new"]);
    refit.args(args).output().unwrap()
}

#[test]
fn steps_of_a_pack_come_first_and_what_is_newer_is_drafted_for_their_result() {
    for helm in helm::each() {
        let home = bench();
        let (helm, home) = (helm.program(), home.path());
        let output = run(helm, home, "upgrade", &[]);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(0), "{text}");
        for says in [
            "refit knows shop up to 1.9.0: its steps come first",
            "values.yaml: shop 1.4.0 → 2.0.0",
            "Drafted: `scale.count` has no effect any more",
            "move replicas (sets the same field: Deployment/shop spec.replicas",
            "Drafted: `service.port` has no effect any more",
            "Drafted: `ingress.host` has no effect any more",
            "3 questions for you",
            "Prices always show tax. [tax]",
        ] {
            assert!(text.contains(says), "{says}\n{text}");
        }
        // A step speaks of it; and what a step moved works where it is.
        assert!(!text.contains("gone-showtax"), "{text}");
        assert!(!text.contains("place-log-level"), "{text}");
        let held = run(helm, home, "upgrade", &["--write"]);
        assert_eq!(held.status.code(), Some(3), "{}", said(&held));
        let checked = run(helm, home, "upgrade", &["--check", "--accept-drafts"]);
        assert_eq!(checked.status.code(), Some(1), "{}", said(&checked));
        assert!(values(home).contains("replicaCount: 3"));
        let args = ["--accept-drafts", "--verify", "--write"];
        let written = run(helm, home, "upgrade", &args);
        let text = said(&written);
        assert_eq!(written.status.code(), Some(0), "{text}");
        assert!(text.contains("move-scale-count"), "{text}");
        assert_eq!(values(home), MOVED);
    }
}

/// No step can be done of a pack that begins behind the old chart.
#[test]
fn what_is_older_than_a_pack_is_drafted_without_it() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = bench();
    let (helm, home) = (helm.program(), home.path());
    let file = home.join("pack/pack.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("1.4.0", "1.8.0")).unwrap();
    let alone = helm::refit(helm, home)
        .args(["upgrade", "values.yaml", "--pack", "pack"])
        .args(["--chart", "shop", "--from", "1.4.0"])
        .output()
        .unwrap();
    let text = said(&alone);
    assert!(
        text.contains("--old-chart CHART --new-chart CHART"),
        "{text}"
    );
    let output = run(helm, home, "upgrade", &["--accept-drafts", "--write"]);
    let text = said(&output);
    let head = "refit knows shop from 1.8.0 on, and not 1.4.0: all that follows was drafted";
    assert!(text.contains(head) && !text.contains("Drafted: "), "{text}");
    assert_eq!(values(home), MOVED);
}

#[test]
fn questions_of_a_pack_and_of_a_draft_are_answered_in_one_run() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = bench();
    let (helm, home) = (helm.program(), home.path());
    ending_before(home, ASKS);
    // What is drafted for what the pack recommends waits behind its question.
    let text = said(&run(helm, home, "upgrade", &[]));
    assert!(text.contains("Do 3 hold for the day, too?"), "{text}");
    let answers = [
        "--answer",
        "scale=same",
        "--answer",
        "place-scale-count=move",
        "--answer",
        "place-service-port=move",
        "--answer",
        "place-ingress-host=move",
    ];
    let output = run(
        helm,
        home,
        "upgrade",
        &[&answers[..], &["--write"]].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(values(home), MOVED);
    // What somebody decided to leave is not asked about again.
    let home = bench();
    let home = home.path();
    ending_before(home, ASKS);
    let text = said(&run(helm, home, "upgrade", &["--answer", "scale=leave"]));
    assert!(
        !text.contains("`replicaCount` has no effect any more"),
        "{text}"
    );
    assert!(text.contains("place-service-port"), "{text}");
}

#[test]
fn programs_are_told_which_steps_are_drafted() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = bench();
    let args = ["--accept-drafts", "-o", "json"];
    let output = run(helm.program(), home.path(), "upgrade", &args);
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let release = &outcome["releases"][0];
    assert_eq!(release["pack"]["from"], "option");
    let steps = release["steps"].as_array().unwrap();
    let drafted = |step: &&serde_json::Value| step["drafted"] == true;
    let ids = |steps: Vec<&serde_json::Value>| -> Vec<String> {
        let ids = steps.iter().map(|step| step["id"].as_str().unwrap());
        ids.map(str::to_owned).collect()
    };
    let (draft, pack): (Vec<_>, Vec<_>) = steps.iter().partition(drafted);
    assert_eq!(ids(pack), ["log", "tax", "scale"]);
    assert_eq!(
        ids(draft),
        ["move-scale-count", "move-service-port", "move-ingress-host"]
    );
}

#[test]
fn of_versions_that_a_pack_knows_only_what_it_says_nothing_of_is_drafted() {
    for helm in helm::each() {
        let home = bench();
        let (helm, home) = (helm.program(), home.path());
        write_pack(
            home,
            "2.0.0",
            &keys(
                "2.0.0",
                &[
                    "replicaCount",
                    "logLevel",
                    "showTax",
                    "service.port",
                    "ingress.host",
                ],
                &[
                    "replicas",
                    "log.level",
                    "service.ports.http",
                    "ingress.hostname",
                ],
            ),
            "  replicas:\n    title: Count pods\n    move: {replicaCount: replicas}\n",
        );
        // Nothing but the chart that is named says for which version the values are.
        let output = run(helm, home, "upgrade", &[]);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(0), "{text}");
        for says in [
            "refit knows shop 1.4.0 and 2.0.0. What none of its steps speaks of was drafted",
            "Drafted: `service.port` has no effect any more",
            "2 questions for you",
        ] {
            assert!(text.contains(says), "{says}\n{text}");
        }
        assert!(!text.contains("gone-showtax"), "{text}");
        let output = run(helm, home, "upgrade", &["--accept-drafts", "--write"]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(values(home), MOVED);
        // Nothing is left to be drafted.
        fs::write(home.join("values.yaml"), "replicaCount: 2\n").unwrap();
        let text = said(&run(helm, home, "upgrade", &[]));
        assert!(
            text.contains("no other setting of these values lost"),
            "{text}"
        );
    }
}

#[test]
fn without_helm_what_the_new_chart_does_not_read_is_drafted_all_the_same() {
    let home = bench();
    let output = run(Path::new("/nonexistent/helm"), home.path(), "upgrade", &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for says in [
        "could not be tried out",
        "Drafted: `scale.count` has no effect any more",
        "Drafted: `service.port` has no effect any more",
    ] {
        assert!(text.contains(says), "{says}\n{text}");
    }
    assert!(!text.contains("(recommended)"), "{text}");
}

#[test]
fn effects_are_compared_where_a_pack_ends_before_the_new_chart() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = bench();
    let output = run(helm.program(), home.path(), "verify", &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for says in [
        "shop 1.4.0 → 2.0.0",
        "no template of shop 2.0.0 reads scale.count",
        "Deployment/shop, spec.replicas: was 3, is 1",
    ] {
        assert!(text.contains(says), "{says}\n{text}");
    }
    assert!(
        !text.contains("LOG_LEVEL"),
        "the pack's step keeps it\n{text}"
    );
}

/// A step may put a map where a setting stood, with the setting in it.
#[test]
fn what_a_step_put_below_its_own_place_is_looked_at_there() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = bench();
    let home = home.path();
    ending_before(
        home,
        "  zones:\n    title: Spread over zones\n    move: {replicaCount: replicaCount.all}\n",
    );
    let keys = home.join("pack/keys.yaml");
    let text = fs::read_to_string(&keys).unwrap();
    fs::write(&keys, text.replace("scale.count", "replicaCount.all")).unwrap();
    let new = home.join("new/templates/shop.yaml");
    let template = fs::read_to_string(&new).unwrap();
    let template = template.replace(".Values.replicas", ".Values.replicaCount.all");
    fs::write(&new, template).unwrap();
    let values = home.join("new/values.yaml");
    let text = fs::read_to_string(&values).unwrap();
    let text = text.replace("replicas: 1", "replicaCount: {all: 1}");
    fs::write(&values, text).unwrap();
    let text = said(&run(helm.program(), home, "upgrade", &[]));
    assert!(text.contains("place-service-port"), "{text}");
    assert!(!text.contains("Drafted: `replicaCount"), "{text}");
}

/// A manifest says for which version its values are; the chart that is named says to which they go, also where the pack
/// knows a newer one.
#[test]
fn values_of_a_manifest_go_to_the_chart_that_is_named() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = bench();
    let home = home.path();
    let keys = keys(
        "2.0.0",
        &["logLevel", "showTax", "service.port"],
        &["log.level", "service.ports.http"],
    );
    write_pack(home, "2.0.0", &keys, "");
    let about = home.join("pack/pack.yaml");
    let text = fs::read_to_string(&about).unwrap();
    fs::write(
        &about,
        text.replace("2.0.0: {app: '1'}", "2.0.0: {app: '1'}, 3.0.0: {app: '1'}"),
    )
    .unwrap();
    let manifest = |version: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: tern}}\nspec: {{url: https://charts.tern.example}}\n---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: shop}}\nspec:\n  chart:\n    spec:\n      chart: shop\n      version: {version}\n      sourceRef: {{kind: HelmRepository, name: tern}}\n  values:\n    service: {{port: 8080}}\n"
        )
    };
    for (version, says) in [
        ("1.4.0", "Drafted: `service.port` has no effect any more"),
        (
            "1.5.0",
            "Nothing was drafted: no values here go from shop 1.4.0 to 2.0.0.",
        ),
    ] {
        let text = fs::read_to_string(&about).unwrap();
        let known = text.replace(
            "{1.4.0: {app: '1'}, 2",
            "{1.4.0: {app: '1'}, 1.5.0: {app: '1'}, 2",
        );
        fs::write(&about, known).unwrap();
        fs::write(home.join("values.yaml"), manifest(version)).unwrap();
        let text = said(&run(helm.program(), home, "upgrade", &[]));
        assert!(text.contains(&format!("shop {version} → 2.0.0")), "{text}");
        assert!(text.contains(says), "{says}\n{text}");
    }
}

/// A built-in pack that is cut off at a version, as it was before anybody had written down what came later.
fn cut_off(chart: &str, last: &str, to: &Path) {
    let last: Version = last.parse().unwrap();
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    copy_folder(&migrations.join(chart), to);
    let is_later = |text: &str| text.parse::<Version>().is_ok_and(|version| version > last);
    for entry in fs::read_dir(to).unwrap() {
        let path = entry.unwrap().path();
        if is_later(path.file_stem().unwrap().to_str().unwrap()) {
            fs::remove_file(path).unwrap();
        }
    }
    let about = to.join("pack.yaml");
    let text = fs::read_to_string(&about).unwrap();
    let mut about_pack: serde_yaml::Mapping = serde_yaml::from_str(&text).unwrap();
    let by_version = |map: &mut serde_yaml::Value| {
        let map = map.as_mapping_mut().unwrap();
        map.retain(|version, _| !is_later(version.as_str().unwrap()));
    };
    by_version(&mut about_pack["versions"]);
    if let Some(moved) = about_pack
        .get_mut("effects")
        .and_then(|it| it.get_mut("moved"))
    {
        by_version(moved);
    }
    fs::write(about, serde_yaml::to_string(&about_pack).unwrap()).unwrap();
}

/// Of real charts: what a pack does beyond the version at which it was cut off is drafted, and comes to the same.
///
/// The charts are public and not part of this repository: `benches/drafts/charts.py` takes them out of clones.
#[test]
fn what_built_in_packs_document_is_drafted_where_they_are_cut_off() {
    let Some(charts) = std::env::var_os("REFIT_CHARTS").filter(|path| !path.is_empty()) else {
        let how = "REFIT_CHARTS names a folder that benches/drafts/charts.py filled";
        return support::not_asked_for("Charts of others", how);
    };
    let Some(helm) = helm::each().next() else {
        return;
    };
    let thanos = "prometheus:\n  prometheusSpec:\n    thanos:\n      objectStorageConfig:\n        name: thanos\n        key: objstore.yml\n";
    let traefik =
        "ports:\n  traefik:\n    expose: true # for a while\n  metrics:\n    expose: true\n";
    let dns = "sources: [ingress]\nprovider: cloudflare # since 2021\n";
    for (chart, old, cut, new, text) in [
        ("external-dns", "1.12.2", "1.13.1", "1.19.0", dns),
        ("traefik", "20.8.0", "26.1.0", "27.0.2", traefik),
        (
            "kube-prometheus-stack",
            "48.2.3",
            "50.3.1",
            "56.21.4",
            thanos,
        ),
    ] {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let upgraded = |args: &[&str]| {
            fs::write(home.join("values.yaml"), text).unwrap();
            let mut refit = helm::refit(helm.program(), home);
            refit.args([
                "upgrade",
                "values.yaml",
                "--chart",
                chart,
                "--from",
                old,
                "--to",
                new,
            ]);
            let output = refit.args(args).arg("--write").output().unwrap();
            (values(home), output)
        };
        let (documented, _) = upgraded(&["--accept-recommended"]);
        cut_off(chart, cut, &home.join("pack"));
        let place = |version: &str| {
            let folder = Path::new(&charts).join(format!("{chart}-{version}"));
            assert!(folder.is_dir(), "{} is not there", folder.display());
            folder.to_string_lossy().into_owned()
        };
        let (before, after) = (place(old), place(new));
        let mut args = vec![
            "--pack",
            "pack",
            "--old-chart",
            &before,
            "--new-chart",
            &after,
        ];
        args.extend(["--accept-drafts", "--kube-version", "1.29.0"]);
        let (drafted, output) = upgraded(&args);
        assert_ne!(documented, text, "{chart}");
        assert_eq!(drafted, documented, "{chart}\n{}", said(&output));
    }
}
