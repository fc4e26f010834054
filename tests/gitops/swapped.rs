//! `--since` where a branch lets a release deploy another chart: one that takes the place of its chart, one that refit
//! knows no way to, one that it does not know.

use std::path::Path;

use crate::{
    places::{repository, upgrade},
    registry::Registry,
    repository::{Repository, Run},
    support::helm,
};

const OLD: &str = "https://old.tern.example/charts";
const NEW: &str = "https://new.tern.example/charts";

/// A chart `gull` that is continued as `tern`: `old` is `new.name` there, and since 1.1.0 `size` is `count`.
fn with_succession() -> Option<Repository> {
    let here = Repository::new()?;
    for (name, text) in [
        (
            "pack.yaml",
            format!(
                "pack: 1\nchart: gull\ntitle: A gull\nrepositories: [{OLD}]\nreplaced-by: {{chart: tern, repository: {NEW}, version: 1.0.0}}\nversions:\n  8.0.0: {{app: \"1\"}}\n"
            ),
        ),
        (
            "keys.yaml",
            "old: [{in: \"*\", default: \"\"}]\nsize: [{in: \"*\", default: 1}]\n".to_owned(),
        ),
        (
            "replacement.yaml",
            "version: 1.0.0\ntitle: Terns\nsteps:\n  names: {title: Name it below its key, move: {old: new.name}}\n".to_owned(),
        ),
        (
            "charts/tern/pack.yaml",
            format!(
                "pack: 1\nchart: tern\ntitle: A tern\nrepositories: [{NEW}]\nversions:\n  1.0.0: {{app: \"1\"}}\n  1.1.0: {{app: \"2\"}}\n"
            ),
        ),
        (
            "charts/tern/keys.yaml",
            "new.name: [{in: \"*\", default: \"\"}]\nsize: [{in: \"<1.1.0\", default: 1}]\ncount: [{in: \">=1.1.0\", default: 1}]\n".to_owned(),
        ),
        (
            "charts/tern/1.1.0.yaml",
            "version: 1.1.0\ntitle: Counts\nsteps:\n  count: {title: Rename size, move: {size: count}}\n".to_owned(),
        ),
    ] {
        here.file(&format!("packs/gull/{name}"), &text);
    }
    Some(here)
}

fn app(name: &str, (home, chart, version): (&str, &str, &str), values: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec:\n  source:\n    repoURL: {home}\n    chart: {chart}\n    targetRevision: {version}\n    helm:\n      valuesObject: {{{values}}}\n"
    )
}

/// What `--since` makes of a branch on which the file says something else.
fn since(here: &Repository, pack: &str, args: &[&str]) -> Run {
    let own = ["upgrade", "--pack", pack, "--since", "main", "g"];
    here.refit(&[&own, args].concat())
}

#[test]
fn a_release_goes_to_the_chart_that_takes_the_place_of_its_own() {
    let Some(here) = with_succession() else {
        return;
    };
    let values = "old: a, size: 3";
    here.file("g/app.yaml", &app("one", (OLD, "gull", "8.0.0"), values));
    // One that is of the new chart already is nobody's business.
    here.file(
        "g/own.yaml",
        &app("own", (NEW, "tern", "1.0.0"), "count: 2"),
    );
    here.commit("Deploy");
    here.git(&["checkout", "-q", "-b", "branch"]);
    here.file("g/app.yaml", &app("one", (NEW, "tern", "1.1.0"), values));
    let run = since(&here, "packs/gull", &["--check"]);
    assert_eq!(run.code, 1, "{run:?}");
    let run = since(&here, "packs/gull", &["--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        here.text("g/app.yaml"),
        app("one", (NEW, "tern", "1.1.0"), "new: {name: a}, count: 3"),
        "{run:?}"
    );
    let run = since(&here, "packs/gull", &["--check"]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn a_version_of_the_new_chart_that_is_not_known_is_told_with_what_to_do() {
    let Some(here) = with_succession() else {
        return;
    };
    here.file("g/app.yaml", &app("one", (OLD, "gull", "8.0.0"), "old: a"));
    here.commit("Deploy");
    here.git(&["checkout", "-q", "-b", "branch"]);
    here.file("g/app.yaml", &app("one", (NEW, "tern", "main"), "old: a"));
    let run = since(&here, "packs/gull", &["--check"]);
    for words in [
        "its chart is tern now, which takes the place of gull",
        "--chart gull --from VERSION --to tern=VERSION",
    ] {
        assert!(run.said.contains(words), "{words}: {run:?}");
    }
}

/// Where no way is known the values are judged as those of a new release, and the commands that compare the charts are
/// told.
#[test]
fn another_chart_is_told_with_the_commands_that_compare_them() {
    let Some(here) = repository() else { return };
    let home = "https://charts.tern.example";
    here.file("g/in.yaml", &app("in", (OLD, "gull", "8.0.0"), "old: x"));
    here.file("g/out.yaml", &app("out", (home, "one", "1.0.0"), "old: x"));
    here.file(
        "g/fits.yaml",
        &app("fits", (OLD, "gull", "8.0.0"), "new: x"),
    );
    here.commit("Deploy");
    here.git(&["checkout", "-q", "-b", "branch"]);
    here.file("g/in.yaml", &app("in", (home, "one", "2.0.0"), "old: x"));
    here.file("g/out.yaml", &app("out", (OLD, "gull", "8.0.0"), "old: x"));
    here.file(
        "g/fits.yaml",
        &app("fits", (home, "one", "2.0.0"), "new: x"),
    );
    let run = upgrade(&here, &["--since", "main", "g", "--check"]);
    // The values that are left over from the other chart are asked about.
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.said.contains("raised-first"), "{run:?}");
    let pull = "`helm pull gull --repo https://old.tern.example/charts --version 8.0.0`";
    let other = "`helm pull one --repo https://charts.tern.example --version";
    for words in [
        "Application/in: it deployed gull 8.0.0 in main, which refit does not know. Its values are judged by themselves.",
        "Application/out (g/out.yaml): its chart was one 1.0.0 in main and is gull 8.0.0 now, which refit does not know.",
        &format!(
            "To compare the two charts: {pull}, {other} 2.0.0`, then `refit upgrade g/in.yaml --old-chart gull-8.0.0.tgz --new-chart one-2.0.0.tgz`."
        ),
        &format!(
            "To compare the two charts: {other} 1.0.0`, {pull}, then `refit upgrade g/out.yaml --old-chart one-1.0.0.tgz --new-chart gull-8.0.0.tgz`."
        ),
    ] {
        assert!(run.said.contains(words), "{words}: {run:?}");
    }
    // Without that one the branch passes.
    here.file("g/in.yaml", &app("in", (home, "one", "2.0.0"), "new: x"));
    let run = upgrade(&here, &["--since", "main", "g", "--check"]);
    assert_eq!(run.code, 0, "{run:?}");
}

/// The commands that are told compare the charts, pasted as they stand.
#[test]
fn the_commands_that_compare_two_charts_work_as_they_are_printed() {
    for helm in helm::each() {
        // Of the new chart a pack may be known, or none but the one that is named.
        for new in [("one", "2.0.0"), ("cert-manager", "1.14.0")] {
            compare_as_printed(helm, new);
        }
    }
}

#[track_caller]
fn compare_as_printed(helm: &helm::Helm, (new, version): (&str, &str)) {
    let Some(here) = repository() else { return };
    let temp = tempfile::tempdir().unwrap();
    let charts = [("gull", "8.0.0", "old"), (new, version, "new")].map(|(chart, version, key)| {
        let folder = temp.path().join(chart);
        let about = format!("apiVersion: v2\nname: {chart}\nversion: {version}\n");
        let values = format!("{key}: a\nsize: 3\n");
        let template = "kind: ConfigMap\ndata: {size: {{ .Values.size | quote }}}\n";
        std::fs::create_dir_all(folder.join("templates")).unwrap();
        for (name, text) in [
            ("Chart.yaml", about.as_str()),
            ("values.yaml", values.as_str()),
            ("templates/a.yaml", template),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        folder
    });
    let charts = charts.each_ref().map(|path| path.as_path());
    let registry = Registry::of(helm, temp.path(), &charts);
    let home = registry.repository();
    here.replace("packs/one/pack.yaml", "https://charts.tern.example", &home);
    here.file("g/in.yaml", &app("in", (&home, "gull", "8.0.0"), "size: 4"));
    here.commit("Deploy");
    here.file("g/in.yaml", &app("in", (&home, new, version), "size: 4"));
    let run = upgrade(&here, &["--since", "main", "g"]);
    let (_, told) = run.said.split_once("To compare the two charts: ").unwrap();
    let commands: Vec<&str> = told.split('`').skip(1).step_by(2).take(3).collect();
    assert!(commands[2].starts_with("refit upgrade"), "{run:?}");

    let bin = temp.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, bin.join(name)).unwrap();
    link(helm.program(), "helm");
    link(Path::new(env!("CARGO_BIN_EXE_refit")), "refit");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    for command in commands {
        let output = std::process::Command::new("sh")
            .args(["-c", command])
            .current_dir(&here.root)
            .env("PATH", &path)
            .env("HELM_CONFIG_HOME", temp.path().join("config"))
            .env("HELM_CACHE_HOME", temp.path().join("cache"))
            .env("HELM_DATA_HOME", temp.path().join("data"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        let way = format!("gull 8.0.0 → 8.0.0+{new}-{version}");
        assert!(
            !command.starts_with("refit") || said.contains(&way),
            "{said}"
        );
    }
}

/// A chart that moved to another repository that is known to have it is the same chart.
#[test]
fn another_repository_of_the_chart_is_no_other_chart() {
    let Some(here) = repository() else { return };
    let pack = here.text("packs/one/pack.yaml");
    let oci = "oci://reg.tern.example/charts";
    here.file(
        "packs/one/pack.yaml",
        &pack.replace("tern.example]", &format!("tern.example, '{oci}']")),
    );
    let home = "https://charts.tern.example";
    let text = |home: &str, version: &str, values: &str| app("one", (home, "one", version), values);
    here.file("g/app.yaml", &text(home, "1.0.0", "old: x"));
    here.commit("Deploy");
    here.git(&["checkout", "-q", "-b", "branch"]);
    here.file(
        "g/app.yaml",
        &text(&format!("{oci}/one"), "1.0.0", "old: x"),
    );
    let run = upgrade(&here, &["--since", "main", "g", "--check"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        !run.said.contains("See that it is the same chart"),
        "{run:?}"
    );
    here.file(
        "g/app.yaml",
        &text("https://mirror.example", "1.0.0", "old: x"),
    );
    let run = upgrade(&here, &["--since", "main", "g", "--check"]);
    assert!(
        run.said.contains("See that it is the same chart"),
        "{run:?}"
    );
    here.file(
        "g/app.yaml",
        &text(&format!("{oci}/one"), "2.0.0", "old: x"),
    );
    let run = upgrade(&here, &["--since", "main", "g", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(here.text("g/app.yaml").contains("new: x"), "{run:?}");
}
