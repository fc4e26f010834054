//! A folder as a batch: what is left out of it, where each chart goes, and the command that writes it.

use crate::repository::{self, Repository};

/// A pack for a chart whose only key is renamed in 2.0.0.
fn pack(here: &Repository, chart: &str, newest: &str) {
    here.file(
        &format!("packs/{chart}/pack.yaml"),
        &format!(
            "pack: 1\nchart: {chart}\ntitle: A chart for tests\nrepositories: [https://charts.tern.example]\nversions:\n  1.0.0: {{app: \"1\"}}\n  {newest}: {{app: \"2\"}}\n"
        ),
    );
    here.file(
        &format!("packs/{chart}/keys.yaml"),
        &format!(
            "old: [{{in: \"<{newest}\", default: \"\"}}]\nnew: [{{in: \">={newest}\", default: \"\"}}]\n"
        ),
    );
    here.file(
        &format!("packs/{chart}/{newest}.yaml"),
        &format!(
            "version: {newest}\ntitle: New names\nsteps:\n  rename-{chart}: {{title: Rename old, move: {{old: new}}}}\n"
        ),
    );
}

fn app(chart: &str, version: &str, values: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {chart}\nspec:\n  source:\n    repoURL: https://charts.tern.example\n    chart: {chart}\n    targetRevision: {version}\n    helm:\n      valuesObject: {{{values}}}\n"
    )
}

const PACKS: &[&str] = &["--pack", "packs/one", "--pack", "packs/two"];

/// Two charts that go to different versions, each in two clusters.
fn two_charts() -> Option<Repository> {
    let here = Repository::new()?;
    pack(&here, "one", "2.0.0");
    pack(&here, "two", "5.0.0");
    for cluster in ["prod", "test"] {
        for chart in ["one", "two"] {
            let name = format!("clusters/{cluster}/{chart}.yaml");
            here.file(&name, &app(chart, "1.0.0", "old: x"));
        }
    }
    Some(here)
}

fn upgrade(here: &Repository, args: &[&str]) -> repository::Run {
    here.refit(&[&["upgrade"], PACKS, args].concat())
}

#[test]
fn the_printed_command_writes_what_was_shown_of_every_chart() {
    let Some(here) = two_charts() else { return };
    let preview = upgrade(&here, &["clusters"]);
    assert_eq!(preview.code, 0, "{preview:?}");
    for word in ["--to one=2.0.0", "--to two=5.0.0", "--expect"] {
        assert!(preview.said.contains(word), "{word}: {preview:?}");
    }
    let command = preview.said.rsplit("refit upgrade ").next().unwrap();
    let words: Vec<&str> = command.split(' ').filter(|word| *word != "\\").collect();
    let written = here.refit(&[&["upgrade"], &words[..]].concat());
    assert_eq!(written.code, 0, "{written:?}");
    for cluster in ["prod", "test"] {
        for (chart, version) in [("one", "2.0.0"), ("two", "5.0.0")] {
            let text = here.text(&format!("clusters/{cluster}/{chart}.yaml"));
            assert_eq!(text, app(chart, version, "new: x"));
        }
    }
}

#[test]
fn each_chart_can_have_its_own_target() {
    let Some(here) = two_charts() else { return };
    let one = upgrade(&here, &["clusters", "--to", "two=1.0.0", "--write"]);
    assert_eq!(one.code, 0, "{one:?}");
    assert_eq!(
        here.text("clusters/prod/one.yaml"),
        app("one", "2.0.0", "new: x")
    );
    assert_eq!(
        here.text("clusters/prod/two.yaml"),
        app("two", "1.0.0", "old: x")
    );
    for (to, says) in [
        (&["--to", "three=1.0.0"][..], "three"),
        (
            &["--to", "one=1.0.0", "--to", "one=2.0.0"],
            "two versions for one",
        ),
        (&["--to", "one=9.9.9"], "9.9.9"),
        (&["--to", "=1.0.0"], "a chart's name"),
    ] {
        let refused = upgrade(&here, &[&["clusters"], to].concat());
        assert_eq!(refused.code, 2, "{to:?}: {refused:?}");
        assert!(refused.said.contains(says), "{to:?}: {refused:?}");
    }
}

#[test]
fn what_is_excluded_is_not_looked_at() {
    let changed = |here: &Repository| -> Vec<String> {
        let names = ["prod/one", "prod/two", "test/one", "test/two"];
        let changed = names.into_iter().filter(|name| {
            here.text(&format!("clusters/{name}.yaml"))
                .contains("new: x")
        });
        changed.map(str::to_owned).collect()
    };
    for (patterns, left) in [
        (&["test/"][..], &["prod/one", "prod/two"][..]),
        (&["/clusters/test"], &["prod/one", "prod/two"]),
        (
            &["/test"],
            &["prod/one", "prod/two", "test/one", "test/two"],
        ),
        (
            &["one.yaml", "!/clusters/prod/one.yaml"],
            &["prod/one", "prod/two", "test/two"],
        ),
        (&["clusters/**/two.*"], &["prod/one", "test/one"]),
    ] {
        let Some(here) = two_charts() else { return };
        let mut args = vec!["clusters", "--write"];
        args.extend(patterns.iter().flat_map(|pattern| ["--exclude", pattern]));
        let run = upgrade(&here, &args);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(changed(&here), left, "{patterns:?}");
    }
    // The same in refit.yaml, for everybody; what is named itself is taken.
    let Some(here) = two_charts() else { return };
    here.file(
        "refit.yaml",
        "refit: 1\nexclude: [test/, two.yaml]\nreleases: {}\n",
    );
    assert_eq!(upgrade(&here, &["clusters", "--write"]).code, 0);
    assert_eq!(changed(&here), ["prod/one"]);
    assert_eq!(
        upgrade(&here, &["clusters/test/two.yaml", "--write"]).code,
        0
    );
    assert_eq!(changed(&here), ["prod/one", "test/two"]);
    let broken = upgrade(&here, &["clusters", "--exclude", "[z-a]"]);
    assert_eq!(broken.code, 2, "{broken:?}");
    assert!(broken.said.contains("[z-a]"), "{broken:?}");
}

/// A value of the cluster needs nobody's word where its path simply moves; and a path that ends in a list leads to the
/// same item of the list that moved.
#[test]
fn a_path_at_which_the_cluster_puts_a_value_follows_a_move() {
    let Some(here) = Repository::new() else {
        return;
    };
    pack(&here, "one", "2.0.0");
    let release = |version: &str, paths: [&str; 2]| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: one}}\nspec:\n  chart:\n    spec: {{chart: one, version: {version}, sourceRef: {{kind: HelmRepository, name: tern}}}}\n  valuesFrom:\n  - {{kind: Secret, name: far, valuesKey: x, targetPath: '{}'}}\n  - {{kind: ConfigMap, name: near, valuesKey: x, targetPath: '{}'}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: near}}\ndata: {{x: y}}\n---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: tern}}\nspec: {{url: 'https://charts.tern.example'}}\n",
            paths[0], paths[1]
        )
    };
    for (before, after) in [
        (["old", "other"], ["new", "other"]),
        (["old.a\\.b.c", "old.d[1].e"], ["new.a\\.b.c", "new.d[1].e"]),
        (["other", "old[0]"], ["other", "new[0]"]),
    ] {
        here.file("g/release.yaml", &release("1.0.0", before));
        let run = here.refit(&["upgrade", "g", "--pack", "packs/one", "--write"]);
        assert_eq!(run.code, 0, "{before:?}: {run:?}");
        assert_eq!(
            here.text("g/release.yaml"),
            release("2.0.0", after),
            "{run:?}"
        );
    }
}

/// Whoever lists all files of a repository does not mean each: what no pack is for is passed over as in a folder, and
/// what is broken or not there is told.
#[test]
fn a_list_of_all_files_is_looked_at_like_their_folder() {
    let Some(here) = two_charts() else { return };
    here.file("README.md", "# Apps\n{not: [yaml\n");
    here.file("scripts/up.sh", "helm upgrade\n");
    here.file(".github/workflows/ci.yaml", "on: push\njobs: {}\n");
    here.file(
        "other/app.yaml",
        &app("another", "1.0.0", "old: x").replace("name: another", "name: other"),
    );
    here.file("other/values.yaml", "image: {tag: \"1\"}\n");
    here.file(
        "charts/own/Chart.yaml",
        "apiVersion: v2\nname: own\nversion: 0.1.0\n",
    );
    here.file("charts/own/values.yaml", "replicas: 1\n");
    here.file(
        "charts/own/templates/d.yaml",
        "kind: Deployment\nspec: {{ .Values.replicas }}\n",
    );
    here.file(
        "site/page.yaml",
        "{{- range .Site.Pages }}\n- {{ .Title }}\n{{- end }}\n",
    );
    here.file("labels.yaml", "- {name: bug}\n");
    here.file("objects.yaml", "kind: A\n---\nkind: B\n");
    here.file(
        "secrets.yaml",
        "a: ENC[AES256_GCM,data:x,type:str]\nsops: {mac: x, version: 3.8.1}\n",
    );
    here.commit("all");
    let listed = here.git(&["ls-files"]);
    here.file("list.txt", &listed);
    let folder = upgrade(&here, &["."]);
    let list = upgrade(&here, &["--files-from", "list.txt"]);
    assert_eq!(folder.code, 0, "{folder:?}");
    assert_eq!(list.code, 0, "{list:?}");
    let releases = |run: &repository::Run| {
        let ready = run.said.find("ready ").unwrap_or_else(|| panic!("{run:?}"));
        let end = run.said.find(" Nothing was written.");
        run.said[ready..end.unwrap_or(run.said.len())].to_owned()
    };
    assert!(releases(&list).contains("4 releases: 4 ready."), "{list:?}");
    assert_eq!(releases(&list), releases(&folder));

    here.file("list.txt", &format!("{listed}gone.yaml\nbroken.yaml\n"));
    here.file("broken.yaml", "a: b\n  c: [\n");
    let run = upgrade(&here, &["--files-from", "list.txt"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.said.contains("error: gone.yaml"), "{}", run.said);
    assert!(run.said.contains("error: broken.yaml:2"), "{}", run.said);
    assert!(run.said.contains("2 refused"), "{}", run.said);
    assert!(
        run.said.contains("4 releases: 4 ready"),
        "the rest goes on: {}",
        run.said
    );

    // A values file that tells its chart, or whose chart is stated, is upgraded.
    here.file("plain.yaml", "old: x\n");
    here.file("list.txt", "plain.yaml\n");
    let stated = upgrade(
        &here,
        &[
            "--files-from",
            "list.txt",
            "--chart",
            "one",
            "--from",
            "1.0.0",
            "--write",
        ],
    );
    assert_eq!(stated.code, 0, "{stated:?}");
    assert_eq!(here.text("plain.yaml"), "new: x\n");
}

/// Many releases are told together only if they fare alike: here they go to different versions of two charts.
#[test]
fn many_releases_are_told_together_by_chart_and_version() {
    let Some(here) = two_charts() else { return };
    for number in 0..12 {
        for chart in ["one", "two"] {
            let text = app(chart, "1.0.0", "old: x").replace(
                &format!("name: {chart}"),
                &format!("name: {chart}-{number}"),
            );
            here.file(&format!("many/{chart}-{number}.yaml"), &text);
        }
    }
    let run = upgrade(&here, &["many"]);
    for line in [
        "ready 12 releases one 1.0.0 → 2.0.0",
        "ready 12 releases two 1.0.0 → 5.0.0",
        "24 releases: 24 ready.",
    ] {
        assert!(run.said.contains(line), "{line}: {}", run.said);
    }
}

/// Only what is of no chart is passed over in a list: values that tell theirs and cannot be upgraded are an error.
#[test]
fn a_listed_file_that_tells_its_chart_is_never_passed_over() {
    let Some(here) = Repository::new() else {
        return;
    };
    here.file("values.yaml", "artifactUrl: s3://a/b\n");
    here.file("list.txt", "values.yaml\n");
    let run = here.refit(&["upgrade", "--files-from", "list.txt", "--from", "99.0.0"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.said.contains("error: values.yaml"), "{}", run.said);
}
