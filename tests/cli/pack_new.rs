//! `refit pack new`: a pack's keys and versions, out of folders, archives and tags.

use std::{fs, path::Path};

use crate::{demo::Demo, repository::git};

/// A version of a small chart that was never published.
fn chart(folder: &Path, version: &str, values: &str, template: &str) {
    fs::create_dir_all(folder.join("templates")).unwrap();
    let about = format!(
        "apiVersion: v2\nname: web\ndescription: Serves pages\nversion: {version}\nappVersion: \"{version}-app\"\n"
    );
    fs::write(folder.join("Chart.yaml"), about).unwrap();
    fs::write(folder.join("values.yaml"), values).unwrap();
    fs::write(folder.join("templates/web.yaml"), template).unwrap();
}

const OLD: (&str, &str, &str) = (
    "1.0.0",
    "replicas: 1\nimage:\n  repository: web\n  # tag: x\nlabels: {}\n",
    "a: {{ .Values.replicas }}{{ .Values.image.repository }}{{ .Values.image.tag }}{{ toYaml .Values.labels }}\n",
);
const NEW: (&str, &str, &str) = (
    "2.0.0",
    "image:\n  repository: web\n  tag: \"\"\nlabels: {}\nscale:\n  min: 1\n",
    "a: {{ .Values.image.repository }}{{ .Values.image.tag }}{{ toYaml .Values.labels }}{{ .Values.scale.min }}{{ .Values.scale.hidden }}\n",
);

const KEYS: &str = "\
image.repository:
  - {in: \"*\", default: \"web\"}
image.tag:
  - {in: \"<2.0.0\", documented: false}
  - {in: \">=2.0.0\", default: \"\"}
labels:
  - {in: \"*\", default: {}}
scale.min:
  - {in: \">=2.0.0\", default: 1}
scale.hidden:
  - {in: \">=2.0.0\", documented: false}
";

fn keys(demo: &Demo) -> String {
    let text = demo.text("mine/keys.yaml");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn folders_become_a_pack_that_can_be_used() {
    let demo = Demo::new();
    for (name, (version, values, template)) in [("old", OLD), ("new", NEW)] {
        chart(&demo.path(name), version, values, template);
    }
    let run = demo.run("pack new old new --dir mine --repository https://charts.example");
    assert_eq!(
        (run.code, run.err.as_str()),
        (
            0,
            "web: 2 versions (1.0.0 to 2.0.0), 6 keys in mine/keys.yaml\nNext: refit pack check mine\n"
        )
    );
    assert_eq!(
        keys(&demo),
        format!("replicas:\n  - {{in: \"<2.0.0\", default: 1}}\n{KEYS}")
    );
    let pack = demo.text("mine/pack.yaml");
    assert!(pack.contains("chart: web\ntitle: Serves pages\n"), "{pack}");
    assert!(
        pack.contains("repositories: [https://charts.example]\n"),
        "{pack}"
    );
    assert!(
        pack.ends_with("versions:\n  1.0.0: {app: \"1.0.0-app\"}\n  2.0.0: {app: \"2.0.0-app\"}\n"),
        "{pack}"
    );
    let check = demo.run("pack check mine -o json");
    assert_eq!(check.code, 0, "{check:?}");
    let found: serde_json::Value = serde_json::from_str(&check.out).unwrap();
    let codes: Vec<_> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["code"].clone())
        .collect();
    assert_eq!(codes, ["vanished-key"], "{check:?}");
    demo.file("web.yaml", "replicas: 3\n");
    let upgrade = demo.run("upgrade web.yaml --pack mine --chart web --from 1.0.0");
    assert_eq!(upgrade.code, 0, "{upgrade:?}");
}

#[test]
fn gathering_again_keeps_what_was_written_by_hand() {
    let demo = Demo::new();
    for (name, (version, values, template)) in [("old", OLD), ("new", NEW)] {
        chart(&demo.path(name), version, values, template);
    }
    assert_eq!(demo.run("pack new old --dir mine").code, 0);
    let pack = demo.text("mine/pack.yaml");
    demo.file(
        "mine/pack.yaml",
        pack.replace("# identifies:", "# What I know.\n# identifies:") + "# the end\n",
    );
    let corrections = "# Only a person knows.\nscale.max:\n  - {in: \">=2.0.0\", documented: false}\nlabels: []\n";
    demo.file("mine/corrections.yaml", corrections);
    assert_eq!(demo.run("pack new old new --dir mine").code, 0);
    let text = demo.text("mine/pack.yaml");
    assert!(
        text.contains("# What I know.\n") && text.ends_with("# the end\n"),
        "{text}"
    );
    assert!(text.contains("  2.0.0: {app: "), "{text}");
    let keys = keys(&demo);
    assert!(!keys.contains("labels"), "{keys}");
    assert!(
        keys.contains("scale.max:\n  - {in: \">=2.0.0\", documented: false}\n"),
        "{keys}"
    );
    assert_eq!(demo.text("mine/corrections.yaml"), corrections);
    let before = demo.text("mine/keys.yaml");
    assert_eq!(demo.run("pack new old new --dir mine").code, 0);
    assert_eq!(demo.text("mine/keys.yaml"), before, "the same again");
    // A version that is not given any more goes, and that is said.
    let run = demo.run("pack new new --dir mine");
    assert!(
        run.code == 0 && run.err.contains("taken out: ") && run.err.contains("which the pack knew"),
        "{run:?}"
    );
}

/// Runs git in a clone, which must not fail.
fn in_clone(clone: &Path, args: &[&str]) {
    let output = git(clone, args);
    assert!(output.status.success(), "git {args:?}: {output:?}");
}

/// Makes a repository with a chart at `at`, one commit and tag for each version.
fn repository(clone: &Path, at: &str, releases: &[(&str, &str, &str)]) {
    fs::create_dir(clone).unwrap();
    in_clone(clone, &["init", "-q"]);
    for (version, values, template) in releases {
        // Its version is filled in when it is released.
        chart(&clone.join(at), "0.0.0", values, template);
        in_clone(clone, &["add", "."]);
        let who = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
        in_clone(
            clone,
            &[&who[..], &["commit", "-q", "-m", version]].concat(),
        );
        in_clone(clone, &["tag", &format!("web-{version}")]);
    }
}

#[test]
fn a_chart_that_moved_has_its_tags_in_two_clones() {
    let demo = Demo::new();
    repository(&demo.path("before"), "charts/web", &[OLD]);
    repository(&demo.path("after"), "web", &[NEW]);
    let line = "--path charts/web --path web --tags web-* --versions-from-tags --dir mine";
    let run = demo.run(&format!("pack new --git before --git after {line}"));
    assert_eq!(run.code, 0, "{run:?}");
    assert!(keys(&demo).ends_with(KEYS), "{}", keys(&demo));

    let one = demo.run(&format!("pack new --git before {line}"));
    assert_eq!(one.code, 0, "{one:?}");
    assert!(one.err.contains("taken out: 2.0.0"), "{one:?}");
}

#[test]
fn tags_of_a_repository_are_versions() {
    let demo = Demo::new();
    let clone = demo.path("clone");
    repository(&clone, "charts/web", &[OLD, NEW]);
    in_clone(&clone, &["tag", "web-next"]);
    in_clone(&clone, &["tag", "other-1.0.0"]);
    let line = "--path charts/web --tags web-* --versions-from-tags --dir mine";
    let run = demo.run(&format!("pack new --git clone {line}"));
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.err
            .starts_with("left out: web-next: `next` is no version with three numbers\n"),
        "{run:?}"
    );
    assert!(keys(&demo).ends_with(KEYS), "{}", keys(&demo));
    let first = demo.text("mine/keys.yaml");
    let bare = demo.run(&format!("pack new --git clone/.git {line} --since 2.0.0"));
    assert_eq!(bare.code, 0, "{bare:?}");
    assert!(!demo.text("mine/keys.yaml").contains("replicas"));
    assert_ne!(demo.text("mine/keys.yaml"), first);
}

#[test]
fn nothing_written_by_hand_is_overwritten() {
    let demo = Demo::new();
    let (version, values, template) = OLD;
    chart(&demo.path("old"), version, values, template);
    let before = demo.text("pack/keys.yaml");
    let run = demo.run("pack new old --dir pack");
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("was not made by `refit pack new`"),
        "{run:?}"
    );
    assert_eq!(demo.text("pack/keys.yaml"), before);
}

#[test]
fn what_is_no_chart_is_named() {
    let demo = Demo::new();
    for (line, said) in [
        ("pack new pack", "pack is no chart"),
        ("pack new", "required"),
        (
            "pack new --git pack --tags v*",
            "git cannot read the repository",
        ),
    ] {
        let run = demo.run(line);
        assert_eq!(run.code, 2, "{line}: {run:?}");
        assert!(run.err.contains(said), "{line}: {run:?}");
    }
    let (version, values, template) = OLD;
    chart(&demo.path("a"), version, values, template);
    chart(&demo.path("b"), version, values, template);
    let about = demo
        .text("b/Chart.yaml")
        .replace("name: web", "name: other");
    demo.file("b/Chart.yaml", about);
    let run = demo.run("pack new a b");
    assert!(
        run.code == 2 && run.err.contains("different charts"),
        "{run:?}"
    );
}

/// A chart whose web server and nightly job may read the pull policy, each with its own template.
fn with_job(folder: &Path, version: &str, web: &str, helper: &str) {
    let values = "image: {pullPolicy: Always}\nport: 80\n";
    chart(folder, version, values, web);
    let job = "kind: CronJob\na: {{ .Values.image.pullPolicy }}{{ .Values.port }}\n";
    fs::write(folder.join("templates/job.yaml"), job).unwrap();
    fs::write(folder.join("templates/_helpers.tpl"), helper).unwrap();
}

#[test]
fn a_key_that_a_workload_does_not_read_any_more_has_to_be_spoken_of() {
    let demo = Demo::new();
    let web = "kind: Deployment\na: {{ .Values.port }}{{ .Values.image.pullPolicy }}\n";
    with_job(&demo.path("1"), "1.0.0", web, "");
    // What a helper reads for it counts as well.
    let helper = "{{ define \"pull\" }}{{ .Values.image.pullPolicy }}{{ end }}";
    let web = "kind: Deployment\na: {{ .Values.port }}{{ include \"pull\" . }}\n";
    with_job(&demo.path("2"), "2.0.0", web, helper);
    let web = "kind: Deployment\na: {{ .Values.port }}\n";
    with_job(&demo.path("3"), "3.0.0", web, helper);
    with_job(&demo.path("4"), "4.0.0", web, helper);
    assert_eq!(demo.run("pack new 1 2 3 4 --dir mine").code, 0);
    assert_eq!(
        keys(&demo),
        "image.pullPolicy:\n  - {in: \"<3.0.0\", default: \"Always\"}\n  - {in: \">=3.0.0\", default: \"Always\", \
         gone-from: [\"templates/web.yaml\"]}\nport:\n  - {in: \"*\", default: 80}\n"
    );
    let check = demo.run("pack check mine");
    let said = "templates/web.yaml does not read image.pullPolicy any more from 3.0.0 on";
    assert!(check.out.contains(said), "{check:?}");
    assert!(check.out.contains("left-key"), "{check:?}");

    let infer = demo.run("pack infer 2 3 --dir mine");
    assert_eq!(infer.code, 0, "{infer:?}");
    let draft = demo.text("mine/3.0.0.yaml");
    let line = "#   \"image.pullPolicy\": WHY?   # templates/web.yaml does not read it any more, others still do\n";
    assert!(draft.contains(line), "{draft}");
    demo.file(
        "mine/3.0.0.yaml",
        "version: 3.0.0\ntitle: The web server pulls what it wants\nignored: {image.pullPolicy: The image is never pulled.}\nsteps: {}\n",
    );
    let check = demo.run("pack check mine --deny warnings");
    assert_eq!(check.code, 0, "{check:?}");
}
