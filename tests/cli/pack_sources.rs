//! Where packs come from: `--pack`, `packs:` in refit.yaml, charts, the program; and how they get here.

use crate::{registry, repository, support};

use std::{ffi::OsStr, fs, path::Path, process::Command};

use registry::Registry;
use repository::{Repository, Run, run_with};
use serde_json::Value;
use support::{helm, write_files};

/// A chart that carries a pack: what was `greeting` is `message.text` from 2.0.0 on.
const CHART: &str = "\
=== Chart.yaml
apiVersion: v2
name: web
version: 2.0.0
=== values.yaml
message: {text: hi}
=== migrations/README.md
What changed in the chart.
=== migrations/pack.yaml
pack: 1
chart: web
title: The web
identifies:
  keys:
    - {path: greeting, why: No other chart greets.}
evidence:
  - {path: greeting, versions: \"<2.0.0\", strength: strong, why: Chart 2.0 moved it.}
versions:
  1.0.0: {app: \"1\"}
  2.0.0: {app: \"2\"}
=== migrations/keys.yaml
greeting:
  - {in: \"<2.0.0\", default: hello}
message.text:
  - {in: \">=2.0.0\", default: hi}
=== migrations/2.0.0.yaml
version: 2.0.0
title: Messages
link: https://web.example/notes
steps:
  greeting:
    title: Move the greeting
    move: {greeting: message.text}
=== migrations/cases/ahoy/old.yaml
greeting: ahoy
";

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.shown)
            .unwrap_or_else(|_| panic!("{}\n{}", self.shown, self.said))
    }

    /// Where the pack of the only release came from.
    fn origin(&self) -> String {
        let json = self.json();
        let pack = &json["releases"][0]["pack"];
        match pack["place"].as_str() {
            Some(place) => format!("{} {place}", pack["from"].as_str().unwrap()),
            None => pack["from"].as_str().unwrap_or(&self.said).to_owned(),
        }
    }

    fn refused(&self, says: &[&str]) {
        assert_eq!(self.code, 2, "{}\n{}", self.shown, self.said);
        for says in says {
            assert!(self.said.contains(says), "no `{says}` in: {}", self.said);
        }
    }
}

fn refit_with<K: AsRef<OsStr>>(root: &Path, line: &str, env: &[(K, K)]) -> Run {
    let args: Vec<&str> = line.split_whitespace().collect();
    run_with(root, &args, env)
}

fn refit(root: &Path, line: &str) -> Run {
    refit_with::<&str>(root, line, &[])
}

/// A repository with a values file, and a pack in a folder beside it.
fn repository() -> Option<Repository> {
    let repository = Repository::new()?;
    repository.file("values.yaml", "greeting: ahoy\n");
    write_files(&repository.path("web"), CHART);
    Some(repository)
}

fn names(repository: &Repository, place: &str) {
    repository.file("refit.yaml", &format!("refit: 1\npacks:\n  web: {place}\n"));
}

#[test]
fn the_first_source_that_has_the_chart_is_used() {
    let Some(repository) = repository() else {
        return;
    };
    let root = &repository.root;
    let upgrade = "upgrade values.yaml --chart web -o json";
    refit(root, "upgrade values.yaml --chart web").refused(&["no pack for the chart `web`"]);
    // A chart that is named.
    let named = format!("{upgrade} --new-chart web");
    assert_eq!(refit(root, &named).origin(), "chart web");
    // Before it refit.yaml, and before that --pack.
    support::copy_folder(
        &repository.path("web/migrations"),
        &repository.path("packs/web"),
    );
    names(&repository, "packs/web");
    assert_eq!(refit(root, &named).origin(), "project packs/web");
    assert_eq!(refit(root, upgrade).origin(), "project packs/web");
    let given = format!("{named} --pack web/migrations");
    assert_eq!(refit(root, &given).origin(), "option web/migrations");
    // What is not needed is not missed.
    repository.replace("refit.yaml", "packs/web", "packs/gone");
    assert_eq!(refit(root, &given).origin(), "option web/migrations");
    refit(root, "upgrade values.yaml --chart web").refused(&["packs/gone"]);
    let other = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/arroyo-0.10.yaml");
    repository.file("arroyo.yaml", &fs::read_to_string(other).unwrap());
    let run = refit(root, "upgrade arroyo.yaml --chart arroyo -o json");
    assert_eq!(run.origin(), "built-in");
    // Its text form says it with -v.
    let run = refit(root, "upgrade arroyo.yaml --chart arroyo -v");
    assert!(
        run.said.contains("The pack for arroyo is built in."),
        "{}",
        run.said
    );
}

#[test]
fn a_folder_that_refit_yaml_names_holds_for_every_command() {
    let Some(repository) = repository() else {
        return;
    };
    let root = &repository.root;
    names(&repository, "web/migrations");
    let run = refit(root, "upgrade values.yaml");
    assert!(
        run.said
            .contains("The pack for web is web/migrations, as refit.yaml says."),
        "{}",
        run.said
    );
    let run = refit(root, "packs");
    let row = run.shown.lines().find(|line| line.starts_with("web"));
    assert!(
        row.unwrap().ends_with("web/migrations (refit.yaml)"),
        "{}",
        run.shown
    );
    let run = refit(root, "explain greeting");
    assert!(
        run.shown
            .contains("Move the greeting [greeting, web 2.0.0]"),
        "{}",
        run.shown
    );
    let run = refit(root, "init");
    assert!(
        run.shown.contains("values.yaml"),
        "{}\n{}",
        run.shown,
        run.said
    );
    let run = refit(root, "pack pull");
    assert_eq!(run.code, 0, "{}", run.said);
    assert!(
        run.said
            .contains("web: a folder, used as it is; 2 versions"),
        "{}",
        run.said
    );
    // Standard input has no place of its own; what is known of charts holds for it, too.
    let mut command = Command::new(env!("CARGO_BIN_EXE_refit"));
    command.args(["upgrade", "-"]).current_dir(root);
    command.stdin(fs::File::open(repository.path("values.yaml")).unwrap());
    let output = command.output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(shown, "message:\n  text: ahoy\n");
    // A pack for another chart, one outside, and what is no place at all.
    repository.file("refit.yaml", "refit: 1\npacks:\n  shop: web/migrations\n");
    refit(root, "upgrade values.yaml").refused(&["names this pack for shop, and it is for web"]);
    for (place, says) in [
        ("../outside", "is outside of"),
        ("/etc", "is outside of"),
        (
            "https://charts.example/web.tgz",
            "refit.yaml:3:8: `https://charts.example/web.tgz` is no place of a pack",
        ),
        ("oci://r.example/charts/web:2.0.0", "names no digest"),
        ("git+https://git.example/web?ref=v2", "names no commit"),
        ("[web]", "a text must stand here"),
    ] {
        names(&repository, place);
        refit(root, "upgrade values.yaml").refused(&[says]);
    }
}

#[test]
fn a_pack_in_a_git_repository_is_pulled_once_and_used_only_as_it_was() {
    let (Some(repository), Some(source)) = (repository(), Repository::new()) else {
        return;
    };
    let root = &repository.root;
    support::copy_folder(
        &repository.path("web/migrations"),
        &source.path("charts/web"),
    );
    source.commit("A pack");
    let commit = source.git(&["rev-parse", "HEAD"]);
    // A later commit changes nothing for those who named the first.
    source.replace("charts/web/2.0.0.yaml", "Messages", "Other messages");
    source.commit("Another title");
    let address = format!("git+file://{}", source.root.display()).replace(' ', "%20");
    let at = |folder: &str, commit: &str| format!("{address}//{folder}?ref={}", commit.trim());
    names(&repository, &at("charts/web", &commit));

    let upgrade = "upgrade values.yaml --write";
    refit(root, upgrade).refused(&["the pack for web was not pulled yet", "refit pack pull"]);
    let run = refit(root, "upgrade values.yaml -o json");
    let refused = run.json();
    assert!(
        refused["refused"][0]["next"]
            .as_str()
            .unwrap()
            .contains("refit pack pull")
    );
    refit(root, "packs").refused(&["not pulled yet", "refit pack pull"]);
    assert_eq!(repository.text("values.yaml"), "greeting: ahoy\n");

    let run = refit(root, "pack pull");
    assert_eq!(run.code, 0, "{}", run.said);
    assert!(
        run.said
            .contains("web: fetched; 2 versions up to 2.0.0, 1 migration"),
        "{}",
        run.said
    );
    let pulled = repository.path(".refit/packs/web");
    assert!(
        fs::read_to_string(pulled.join("2.0.0.yaml"))
            .unwrap()
            .contains("title: Messages")
    );
    assert!(pulled.join("README.md").is_file() && !pulled.join("cases").exists());
    assert!(repository.text("refit.lock").contains("digest: sha256:"));

    // Neither an upgrade nor a second pull needs the place.
    let elsewhere = source.root.with_file_name("moved");
    fs::rename(&source.root, &elsewhere).unwrap();
    let run = refit(root, "pack pull");
    assert!(run.said.contains("web: here already"), "{}", run.said);
    let run = refit(root, "upgrade values.yaml -o json");
    assert_eq!(
        run.origin(),
        format!("project {}", at("charts/web", &commit))
    );
    // What was pulled is nobody's manifest or values.
    let run = refit(root, "upgrade . -o json").json();
    assert_eq!(run["unclaimed"].as_array().unwrap().len(), 1, "{run}");
    fs::rename(&elsewhere, &source.root).unwrap();

    for (name, text) in [
        ("keys.yaml", "greeting: []\n"),
        ("3.0.0.yaml", "version: 3.0.0\n"),
    ] {
        fs::write(pulled.join(name), text).unwrap();
        refit(root, upgrade).refused(&[
            "the files in .refit/packs/web are not those that were pulled",
            "refit pack pull web",
        ]);
        let run = refit(root, "pack pull web");
        assert!(
            run.said.contains("fetched again, since its files were not"),
            "{}",
            run.said
        );
    }
    // Another commit is another pack, until that one is pulled.
    let second = source.git(&["rev-parse", "HEAD"]);
    names(&repository, &at("charts/web", &second));
    refit(root, upgrade).refused(&["another pack is named for web than the one that was pulled"]);
    assert_eq!(refit(root, "pack pull").code, 0);
    assert!(
        fs::read_to_string(pulled.join("2.0.0.yaml"))
            .unwrap()
            .contains("Other messages")
    );
    assert_eq!(refit(root, upgrade).code, 0);
    assert_eq!(repository.text("values.yaml"), "message:\n  text: ahoy\n");

    names(&repository, &at("charts/web", &"0".repeat(40)));
    refit(root, "pack pull").refused(&["git cannot fetch it", "has no commit 0000"]);
    names(&repository, &at("charts", &commit));
    refit(root, "pack pull").refused(&["there is no pack.yaml in git+file://"]);
    refit(root, "pack pull shop").refused(&["names no pack for `shop`; it names packs for web"]);
    let nowhere = tempfile::tempdir().unwrap();
    let path = [("PATH", nowhere.path().to_str().unwrap())];
    refit_with(root, "pack pull", &path).refused(&["git cannot be run", "install git"]);

    repository.file("refit.yaml", "refit: 1\n");
    let run = refit(root, "pack pull");
    assert!(
        run.said
            .contains("web: taken away, since refit.yaml does not name it"),
        "{}",
        run.said
    );
    assert!(!pulled.exists());
    fs::remove_file(repository.path("refit.yaml")).unwrap();
    refit(root, "pack pull").refused(&["there is no refit.yaml here or above"]);
}

#[cfg(unix)]
#[test]
fn nothing_is_followed_out_of_a_pack() {
    use std::os::unix::fs::symlink;

    let (Some(repository), Some(source)) = (repository(), Repository::new()) else {
        return;
    };
    let root = &repository.root;
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::write(secret.path(), "token: not-for-anybody\n").unwrap();
    let link = |folder: &Path, name: &str| {
        let path = folder.join(name);
        let _ = fs::remove_file(&path);
        symlink(secret.path(), path).unwrap();
    };
    let check = |run: Run| {
        run.refused(&["is a link, which is not followed"]);
        assert!(!run.said.contains("not-for-anybody"), "{}", run.said);
    };
    // In a commit.
    support::copy_folder(&repository.path("web/migrations"), &source.root);
    link(&source.root, "keys.yaml");
    source.commit("A link");
    let commit = source.git(&["rev-parse", "HEAD"]);
    let address = format!("git+file://{}?ref={}", source.root.display(), commit.trim());
    names(&repository, &address.replace(' ', "%20"));
    check(refit(root, "pack pull"));
    assert!(!repository.path(".refit/packs/web").exists());
    // In a folder, as a file and as the folder itself, and in a chart.
    link(&repository.path("web/migrations"), "keys.yaml");
    names(&repository, "web/migrations");
    check(refit(root, "upgrade values.yaml"));
    symlink(repository.path("web"), repository.path("alias")).unwrap();
    names(&repository, "alias");
    check(refit(root, "upgrade values.yaml"));
    fs::remove_file(repository.path("refit.yaml")).unwrap();
    check(refit(root, "upgrade values.yaml --new-chart web"));
    let outside = tempfile::tempdir().unwrap();
    write_files(outside.path(), CHART);
    symlink(outside.path(), repository.path("packs")).unwrap();
    names(&repository, "packs/migrations");
    refit(root, "upgrade values.yaml").refused(&["is outside of"]);
    // A text that a terminal would obey.
    support::copy_folder(
        &outside.path().join("migrations"),
        &repository.path("plain"),
    );
    repository.replace("plain/pack.yaml", "The web", "\"\\e[2J\"");
    names(&repository, "plain");
    refit(root, "upgrade values.yaml").refused(&["U+001B"]);
}

#[cfg(unix)]
#[test]
fn a_chart_in_a_registry_brings_its_pack() {
    for helm in helm::each() {
        let Some(repository) = repository() else {
            return;
        };
        let root = &repository.root;
        let home = tempfile::tempdir().unwrap();
        let bare = home.path().join("bare");
        write_files(
            &bare,
            "=== Chart.yaml\napiVersion: v2\nname: bare\nversion: 1.0.0\n",
        );
        let registry = Registry::of(helm, home.path(), &[&repository.path("web"), &bare]);
        let program = helm::plain(helm.program(), home.path());
        let env = [("HELM_BIN", program.to_str().unwrap())];
        let pinned = registry.pinned("web", "2.0.0");
        names(&repository, &pinned);
        refit(root, "upgrade values.yaml").refused(&["not pulled yet: oci://127.0.0.1"]);
        let run = refit_with(root, "pack pull", &env);
        assert_eq!(run.code, 0, "{}", run.said);
        assert!(
            run.said.contains("web: fetched; 2 versions"),
            "{}",
            run.said
        );
        let run = refit(root, "upgrade values.yaml -o json");
        assert_eq!(run.origin(), format!("project {pinned}"));
        assert_eq!(run.code, 0);

        let wrong = format!("{}{}", &pinned[..pinned.len() - 64], "0".repeat(64));
        names(&repository, &wrong);
        refit_with(root, "pack pull", &env).refused(&["helm cannot fetch it"]);
        names(&repository, &registry.pinned("bare", "1.0.0"));
        refit_with(root, "pack pull", &env)
            .refused(&["there is no pack.yaml in oci://", "migrations/"]);
        let gone = [("HELM_BIN", "no-such-helm")];
        refit_with(root, "pack pull", &gone)
            .refused(&["no-such-helm cannot be run", "install helm"]);
        // An archive that is named brings it, too.
        fs::remove_file(repository.path("refit.yaml")).unwrap();
        let archive = home.path().join("packed/web-2.0.0.tgz");
        let line = format!(
            "upgrade values.yaml --new-chart {} -o json",
            archive.display()
        );
        let run = refit(root, &line);
        assert_eq!(run.origin(), format!("chart {}", archive.display()));
    }
}

#[cfg(unix)]
#[test]
fn an_upgrade_starts_neither_git_nor_helm_for_a_pack() {
    use std::os::unix::fs::PermissionsExt as _;

    let Some(repository) = repository() else {
        return;
    };
    let root = &repository.root;
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("was-started");
    for program in ["helm", "git"] {
        let path = folder.path().join(program);
        fs::write(
            &path,
            format!("#!/bin/sh\necho $0 $@ >> '{}'\nexit 1\n", mark.display()),
        )
        .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = [("PATH", folder.path().to_str().unwrap())];
    let digest = "1".repeat(64);
    for place in [
        format!("oci://r.example/web@sha256:{digest}"),
        format!("git+https://git.example/web?ref={}", &digest[..40]),
    ] {
        names(&repository, &place);
        for line in [
            "upgrade values.yaml",
            "upgrade .",
            "upgrade -",
            "packs",
            "explain greeting",
        ] {
            refit_with(root, line, &path).refused(&["not pulled yet"]);
        }
        // Nor for what a chart says.
        fs::remove_file(repository.path("refit.yaml")).unwrap();
        repository.replace(
            "web/Chart.yaml",
            "name: web\n",
            &format!("name: web\nannotations: {{refit/pack: \"{place}\"}}\n"),
        );
        let hidden = repository.path("web/migrations");
        fs::rename(&hidden, repository.path("aside")).unwrap();
        let run = refit_with(root, "upgrade web --exclude values.yaml", &path);
        assert!(run.said.contains(&place), "{}", run.said);
        fs::rename(repository.path("aside"), hidden).unwrap();
        write_files(&repository.path("web"), CHART);
    }
    assert!(!mark.exists(), "{}", fs::read_to_string(mark).unwrap());
}

#[test]
fn a_chart_that_a_manifest_points_to_brings_its_pack() {
    let Some(repository) = Repository::new() else {
        return;
    };
    let root = &repository.root;
    write_files(&repository.path("charts/web"), CHART);
    // Other tools have folders of that name, and files of that name in them.
    write_files(
        &repository.path("charts/sql"),
        "=== Chart.yaml\napiVersion: v2\nname: sql\nversion: 1.0.0\n=== migrations/pack.yaml\nbundle: [001.sql]\n",
    );
    write_files(
        &repository.root,
        "\
=== argo/web.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec:
  source:
    repoURL: https://git.example/all.git
    path: charts/web
    helm: {valuesObject: {greeting: ahoy}}
=== flux/web.yaml
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web}
spec:
  chart:
    spec:
      chart: ./charts/web
      sourceRef: {kind: GitRepository, name: all}
  values: {greeting: ahoy}
=== helmfile/helmfile.yaml
releases:
  - name: web
    chart: ../charts/web
    values: [{greeting: ahoy}]
=== umbrella/Chart.yaml
apiVersion: v2
name: umbrella
version: 1.0.0
dependencies:
  - name: web
    version: 1.0.0
    repository: file://../charts/web
=== umbrella/values.yaml
web: {greeting: ahoy}
=== sql/app.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: sql}
spec: {source: {repoURL: https://git.example/all.git, path: charts/sql}}
",
    );
    for place in [
        "argo",
        "flux",
        "helmfile",
        "umbrella",
        "charts/web/values-prod.yaml",
    ] {
        repository.file("charts/web/values-prod.yaml", "greeting: ahoy\n");
        let run = refit(root, &format!("upgrade {place} --from 1.0.0 -o json"));
        assert_eq!(run.origin(), "chart charts/web", "{place}: {}", run.said);
        let json = run.json();
        assert_eq!(json["releases"][0]["to"], "2.0.0", "{place}: {json}");
        // Where it comes from is known.
        assert!(
            !run.shown.contains("where it comes from is not said"),
            "{place}: {json}"
        );
    }
    let run = refit(root, "upgrade sql");
    assert_eq!(run.code, 0, "{}", run.said);

    // A pack that cannot be used is told with its place, and not passed over.
    repository.replace("charts/web/migrations/2.0.0.yaml", "move: {", "moves: {");
    refit(root, "upgrade argo --from 1.0.0").refused(&[
        "charts/web/migrations/2.0.0.yaml:7:",
        "refit pack check charts/web/migrations",
    ]);
    let run = refit(root, "upgrade sql");
    assert_eq!(run.code, 0, "{}", run.said);

    // It is an error of the releases of that chart, whether it can be read or not; all others go on.
    repository.file(
        "argo/proxy.yaml",
        "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: proxy}
spec:
  source:
    repoURL: https://traefik.github.io/charts
    chart: traefik
    targetRevision: 22.0.0
    helm: {valuesObject: {image: {name: traefik}}}
",
    );
    let pack = repository.text("charts/web/migrations/pack.yaml");
    for broken in [
        pack.clone(),
        format!("{pack}nonsense: true\n"),
        format!("{pack}\tx: [\n"),
    ] {
        repository.file("charts/web/migrations/pack.yaml", &broken);
        let run = refit(
            root,
            "upgrade argo --from 1.0.0 --to traefik=22.1.0 -o json",
        );
        let run = match run.code {
            2 => run,
            code => panic!("{code}: {}", run.said),
        };
        let json = run.json();
        let refused = json["refused"].as_array().unwrap();
        let of_web: Vec<&Value> = refused
            .iter()
            .filter(|refused| {
                refused["what"]
                    .as_str()
                    .unwrap()
                    .contains("charts/web/migrations")
            })
            .collect();
        assert_eq!(of_web.len(), 1, "{json}");
        assert!(of_web[0]["next"].is_string(), "{json}");
        assert!(of_web[0]["why"].is_string(), "{json}");
        let run = refit(root, "upgrade argo -o json");
        let json = run.json();
        assert_eq!(run.code, 2, "{json}");
        assert_eq!(json["releases"][0]["chart"], "traefik", "{json}");
    }
    repository.file("charts/web/migrations/pack.yaml", &pack);

    // A manifest sends nobody out of the repository.
    let Some(other) = Repository::new() else {
        return;
    };
    let away = format!("{}/charts/web", root.display());
    let depth = other.root.components().count();
    let up = format!("{}{}", "../".repeat(depth), away.trim_start_matches('/'));
    other.file(
        "helmfile.yaml",
        &format!(
            "releases:\n  - name: web\n    chart: \"{up}\"\n    values: [{{greeting: ahoy}}]\n"
        ),
    );
    let run = refit(&other.root, "upgrade . --from 1.0.0 -o json");
    assert_eq!(
        run.json()["releases"],
        Value::Array(Vec::new()),
        "{}",
        run.shown
    );
}

#[test]
fn a_pack_that_a_chart_names_is_told_and_not_used() {
    let Some(repository) = Repository::new() else {
        return;
    };
    let root = &repository.root;
    write_files(&repository.path("web"), CHART);
    fs::rename(repository.path("web/migrations"), repository.path("known")).unwrap();
    let place = format!("oci://r.example/packs/web@sha256:{}", "1".repeat(64));
    repository.replace(
        "web/Chart.yaml",
        "version: 2.0.0\n",
        &format!("version: 2.0.0\nannotations:\n  refit/pack: {place}\n"),
    );
    repository.file("web/values-prod.yaml", "greeting: ahoy\n");
    let run = refit(root, "upgrade web/values-prod.yaml");
    let lines = format!("run `refit pack pull`: packs: web: {place}");
    assert!(
        run.said
            .contains("The chart web names a pack for web, which is not used"),
        "{}",
        run.said
    );
    assert!(run.said.contains(&lines), "{}", run.said);
    let run = refit(root, "upgrade web -o json");
    let named = serde_json::json!([{"chart": "web", "by": "web", "place": place}]);
    assert_eq!(run.json()["named_packs"], named);
    for (format, start) in [("markdown", "  web: oci"), ("html", "  web: oci")] {
        let run = refit(root, &format!("upgrade web -o {format}"));
        assert!(run.shown.contains(start), "{}", run.shown);
    }
    // Whoever has one is told nothing.
    names(&repository, "known");
    let run = refit(root, "upgrade web/values-prod.yaml -o json");
    assert_eq!(run.origin(), "project known");
    assert_eq!(run.json()["named_packs"], Value::Null);
    // What could not be pulled is no hint.
    fs::remove_file(repository.path("refit.yaml")).unwrap();
    for place in [
        "../elsewhere",
        "oci://r.example/packs/web:1",
        "\"a\\e[2Jb\"",
    ] {
        repository.file(
            "web/Chart.yaml",
            &format!("name: web\nversion: 2.0.0\nannotations:\n  refit/pack: {place}\n"),
        );
        let run = refit(root, "upgrade web -o json");
        assert_eq!(run.json()["named_packs"], Value::Null, "{place}");
    }
}

#[test]
fn a_broken_lock_is_told_with_its_place() {
    let Some(repository) = repository() else {
        return;
    };
    let root = &repository.root;
    names(
        &repository,
        &format!("oci://r.example/web@sha256:{}", "1".repeat(64)),
    );
    fs::create_dir_all(repository.path(".refit/packs/web")).unwrap();
    for (text, says) in [
        (
            "refit-lock: 2\n",
            "refit.lock:1:1: `refit-lock: 2` is a format",
        ),
        (
            "refit-lock: 1\npacks:\n  web: here\n",
            "refit.lock:3:8: a map must stand here",
        ),
        ("a: [", "refit.lock"),
    ] {
        repository.file("refit.lock", text);
        refit(root, "upgrade values.yaml").refused(&[says]);
        refit(root, "pack pull").refused(&[says]);
    }
}

#[test]
fn the_example_works_as_it_says() {
    let Some(repository) = Repository::new() else {
        return;
    };
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pack");
    support::copy_folder(&example, &repository.root);
    let run = refit(&repository.root, "upgrade values.yaml -o json");
    assert_eq!(run.origin(), "project shop");
    let run = refit(&repository.root, "upgrade .");
    assert_eq!(run.code, 0, "{}", run.said);
    let run = refit(&repository.root, "pack check shop --deny warnings");
    assert_eq!(run.code, 0, "{}", run.shown);
    // Packs that could be fetched stand there as comments.
    let text = repository.text("refit.yaml");
    for (form, pin) in [("COMMIT", "1".repeat(40)), ("DIGEST", "1".repeat(64))] {
        let line = text.lines().find(|line| line.contains(form)).unwrap();
        let (chart, place) = line
            .trim_start_matches(['#', ' '])
            .split_once(": ")
            .unwrap();
        let project = format!(
            "refit: 1\npacks:\n  {chart}: {}\n",
            place.replace(form, &pin)
        );
        repository.file("refit.yaml", &project);
        refit(&repository.root, "upgrade values.yaml").refused(&["was not pulled yet"]);
    }
}
