//! `refit verify`, `refit upgrade --verify`, running releases and the plugin, from the outside.

use crate::shop::said;
use crate::support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use support::{copy_folder, helm};

const VALUES: &str = "\
controller:
  image:
    repository: registry.fjord.example/mirror/arroyo
    tag: '0.10.3'
worker:
  image:
    repository: registry.fjord.example/mirror/arroyo
    tag: '0.10.3'
imagePullSecrets:
  - name: fjord-registry
artifactUrl: s3://fjord/artifacts
checkpointUrl: s3://fjord/checkpoints
postgresql:
  auth:
    password: not-to-be-seen-anywhere
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn refit(helm: &Path, home: &Path, args: &[&str]) -> Output {
    helm::refit(helm, home).args(args).output().unwrap()
}

fn charts() -> [String; 4] {
    let chart = |name: &str| {
        root()
            .join("examples/charts")
            .join(name)
            .display()
            .to_string()
    };
    [
        "--old-chart".to_owned(),
        chart("two-image"),
        "--new-chart".to_owned(),
        chart("one-image"),
    ]
}

fn with_charts<'a>(args: &[&'a str], charts: &'a [String]) -> Vec<&'a str> {
    args.iter()
        .copied()
        .chain(charts.iter().map(String::as_str))
        .collect()
}

#[test]
fn two_images_become_one_and_workers_get_pull_secrets() {
    for helm in helm::each() {
        let home = tempfile::tempdir().unwrap();
        let charts = charts();
        let file = root()
            .join("examples/arroyo-0.10.yaml")
            .display()
            .to_string();
        let args = with_charts(
            &["verify", &file, "--from", "0.10.3", "--accept-recommended"],
            &charts,
        );
        let output = refit(helm.program(), home.path(), &args);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(0), "{text}");
        for says in [
            "2: controller.image, worker.image → 1: image",
            "Worker pods get the pull secrets: no, only the controller does → yes",
            "Does more than before",
            "[pull-secrets-reach]",
        ] {
            assert!(text.contains(says), "{says}\n{text}");
        }
        assert!(
            !text.contains("set-by-the-pipeline"),
            "a password was shown\n{text}"
        );
        // An item of a list is of the setting that it was made of, and not of another one in the same list.
        let region = text.split("  s3.region: ").nth(1).unwrap();
        let (region, env) = region
            .split_once("  env: ")
            .expect("env has a part of its own");
        assert!(region.contains("[s3-region]"), "{region}");
        assert!(!region.contains("RESOURCE_MODE"), "{region}");
        assert!(env.contains("[worker-resources]"), "{env}");
        let once = "What is still wanted belongs in a";
        let flat = text.replace("\n      ", " ");
        assert_eq!(flat.matches(once).count(), 1, "said once: {text}");
        assert!(text.contains("[prometheus] see above"), "{text}");
        // An open question is no part of a good end.
        let output = refit(
            helm.program(),
            home.path(),
            &with_charts(&["verify", &file, "--from", "0.10.3"], &charts),
        );
        let result = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(3), "{result}");
        assert!(
            result.contains("1 question is open (worker-resources)"),
            "{result}"
        );
        assert!(!result.contains("Everything is as it was"), "{result}");
    }
}

#[test]
fn what_nobody_has_explained_is_an_exit_code_and_nothing_is_written() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("values.yaml");
    // A chart that forgets the pull secrets of the controller.
    let wrong = home.path().join("wrong");
    copy_folder(&root().join("examples/charts/one-image"), &wrong);
    let template = wrong.join("templates/controller.yaml");
    let text = fs::read_to_string(&template).unwrap();
    let forgotten = text.replace(".Values.imagePullSecrets", ".Values.pullSecrets");
    assert_ne!(text, forgotten);
    fs::write(&template, forgotten).unwrap();
    fs::write(&file, VALUES).unwrap();
    let old = root()
        .join("examples/charts/two-image")
        .display()
        .to_string();
    let new = wrong.display().to_string();
    let charts = ["--from", "0.10.3", "--old-chart", &old, "--new-chart", &new];

    let args: Vec<&str> = ["verify", "values.yaml"]
        .iter()
        .chain(&charts)
        .copied()
        .collect();
    let output = refit(helm.program(), home.path(), &args);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for says in [
        "pods of Deployment/arroyo-controller no longer get the pull secrets fjord-registry",
        "Differs, and no step says why",
        "imagePullSecrets",
    ] {
        assert!(text.contains(says), "{says}\n{text}");
    }

    let args: Vec<&str> = ["upgrade", "values.yaml", "--verify", "--write"]
        .iter()
        .chain(&charts)
        .copied()
        .collect();
    let output = refit(helm.program(), home.path(), &args);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(fs::read_to_string(&file).unwrap(), VALUES);

    let right = self::charts();
    let args = with_charts(
        &[
            "upgrade",
            "values.yaml",
            "--verify",
            "--write",
            "--from",
            "0.10.3",
        ],
        &right,
    );
    let output = refit(helm.program(), home.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        fs::read_to_string(&file).unwrap().contains("\nimage:\n")
            || fs::read_to_string(&file).unwrap().starts_with("image:\n")
    );
    assert!(!said(&output).contains("not-to-be-seen-anywhere"));
}

#[test]
fn each_release_of_a_folder_is_checked_for_itself_before_it_is_written() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    // A chart that forgets the pull secrets of the controller, and fails for one label.
    let wrong = home.path().join("wrong");
    copy_folder(&root().join("examples/charts/one-image"), &wrong);
    let template = wrong.join("templates/controller.yaml");
    let text = fs::read_to_string(&template).unwrap();
    let text = text.replace(".Values.imagePullSecrets", ".Values.pullSecrets");
    let fails = "{{- if eq (default \"\" .Values.clusterDomain) \"broken\" }}{{ fail \"broken\" }}{{ end }}\n";
    fs::write(&template, format!("{fails}{text}")).unwrap();
    let old = home.path().join("old");
    copy_folder(&root().join("examples/charts/two-image"), &old);
    let template = old.join("templates/controller.yaml");
    let text = fs::read_to_string(&template).unwrap();
    fs::write(&template, format!("{fails}{text}")).unwrap();

    let folder = home.path().join("apps");
    fs::create_dir(&folder).unwrap();
    let urls = "artifactUrl: s3://a/b\n        checkpointUrl: s3://a/c\n";
    let app = |name: &str, values: &str| {
        let text = format!(
            "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  source:
    repoURL: https://arroyosystems.github.io/helm-repo
    chart: arroyo
    targetRevision: 0.10.3
    helm:
      valuesObject:
        {values}"
        );
        fs::write(folder.join(format!("{name}.yaml")), &text).unwrap();
        text
    };
    app("good", urls);
    let differs = app(
        "differs",
        &format!("{urls}        imagePullSecrets: [{{name: p}}]\n"),
    );
    let fails = app("fails", &format!("{urls}        clusterDomain: broken\n"));
    let open = app("open", "worker: {slots: 3}\n");
    let (old, new) = (old.display().to_string(), wrong.display().to_string());
    let charts = ["--old-chart", &old, "--new-chart", &new];
    let run = |args: &[&str]| {
        let args: Vec<&str> = args.iter().chain(&charts).copied().collect();
        refit(helm.program(), home.path(), &args)
    };

    let output = run(&["verify", "apps"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for says in [
        "Application/argocd/good: arroyo 0.10.3 → 0.15.0",
        "pods of Deployment/differs-controller no longer get the pull secrets p",
        "error: Application/argocd/fails: the values do not render with arroyo 0.10.3",
        "[storage-urls]",
    ] {
        assert!(text.contains(says), "{says}\n{text}");
    }
    let output = run(&["verify", "apps", "-o", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["failed"][0]["name"], "Application/argocd/fails");
    assert_eq!(json["releases"].as_array().unwrap().len(), 3);

    let output = run(&["upgrade", "apps", "--verify", "--write"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    let written = |name: &str| fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap();
    assert!(written("good").contains("targetRevision: 0.15.0"), "{text}");
    assert_eq!(written("differs"), differs, "{text}");
    assert_eq!(written("fails"), fails, "{text}");
    assert_eq!(written("open"), open, "{text}");
    for says in [
        "apps/differs.yaml: not written, because settings would do something else",
        "apps/fails.yaml: not written, because the effects of Application/argocd/fails could not be compared",
        "apps/open.yaml: not written, because questions are open",
        "Wrote apps/good.yaml",
    ] {
        assert!(text.contains(says), "{says}\n{text}");
    }
}

#[test]
fn what_is_encrypted_is_made_up_alike_for_both_charts() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
    file("values.yaml", VALUES);
    file(
        "secrets.yaml",
        "\
postgresql:
    externalDatabase:
        password: ENC[AES256_GCM,data:Zm9v=,iv:abc=,tag:abc=,type:str]
controller:
    service:
        httpPort: ENC[AES256_GCM,data:Zm9v=,iv:abc=,tag:abc=,type:int]
sops:
    mac: ENC[AES256_GCM,data:abc=,iv:abc=,tag:abc=,type:str]
    version: 3.9.0
",
    );
    file("blob.yaml", "\0GITCRYPT\0 nobody can say");
    // A schema that a made-up value does not fit: that says nothing of the real one.
    let mut charts = charts();
    let strict = home.path().join("strict");
    copy_folder(&root().join("examples/charts/one-image"), &strict);
    fs::write(
        strict.join("values.schema.json"),
        r#"{"properties": {"controller": {"properties": {"service": {"properties": {"httpPort": {"maximum": 4000}}}}}}}"#,
    )
    .unwrap();
    charts[3] = strict.display().to_string();
    let layers = ["-f", "values.yaml", "-f", "secrets.yaml", "-f", "blob.yaml"];
    let mut args = vec!["verify", "--from", "0.10.3", "--accept-recommended"];
    args.extend(["--answer", "sealed-layer=go-on", "-v"]);
    args.extend(layers);
    let output = refit(helm.program(), home.path(), &with_charts(&args, &charts));
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(!text.contains("ENC["), "{text}");
    let says = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in [
        "secrets.yaml cannot be read: both charts were rendered with made-up values in place of what it hides",
        "blob.yaml cannot be read: what it sets is missing in both renderings, so nothing is said of it",
        // Of the type that the notation names.
        "controller.service.httpPort: 4711 Service/arroyo",
    ] {
        assert!(says.contains(line), "{line}\n{text}");
    }
}

#[test]
fn the_check_as_json_has_every_setting() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("values.yaml"), VALUES).unwrap();
    let charts = charts();
    let args = with_charts(
        &["verify", "values.yaml", "--from", "0.10.3", "-o", "json"],
        &charts,
    );
    let output = refit(helm.program(), home.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let release = &json["releases"][0];
    assert_eq!(release["unexplained"], 0);
    let paths: Vec<&str> = release["settings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|setting| setting["path"].as_str())
        .collect();
    assert!(
        paths.contains(&"worker.image.repository") && paths.contains(&"postgresql.auth.password")
    );
    assert!(!String::from_utf8_lossy(&output.stdout).contains("not-to-be-seen-anywhere"));
    let claims = release["dangers"].as_array().unwrap();
    assert!(
        claims
            .iter()
            .any(|danger| danger["kind"] == "volume-deleted"),
        "{claims:#?}"
    );
}

#[test]
fn a_schema_and_a_missing_value_are_told_in_the_users_file() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let strict = home.path().join("strict");
    copy_folder(&root().join("examples/charts/one-image"), &strict);
    fs::write(
        strict.join("values.schema.json"),
        r#"{"properties": {"worker": {"properties": {"slots": {"type": "integer"}}}}}"#,
    )
    .unwrap();
    fs::write(
        home.path().join("values.yaml"),
        "artifactUrl: s3://a/b\ncheckpointUrl: s3://a/c\nworker:\n  slots: \"8\"\nunheard: of\n",
    )
    .unwrap();
    let old = root()
        .join("examples/charts/two-image")
        .display()
        .to_string();
    let new = strict.display().to_string();
    let output = refit(
        helm.program(),
        home.path(),
        &[
            "verify",
            "values.yaml",
            "--chart",
            "arroyo",
            "--from",
            "0.10.3",
            "--old-chart",
            &old,
            "--new-chart",
            &new,
        ],
    );
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("values.yaml:4: the new chart's schema refuses worker.slots"),
        "{text}"
    );
    assert!(
        text.contains("values.yaml:5: no template of arroyo 0.15.0 reads unheard"),
        "{text}"
    );
}

/// A `helm` that answers `get`, and hands everything else to a real one.
fn stub(folder: &Path, real: &Path, metadata: bool) -> PathBuf {
    let stub = folder.join("helm-stub");
    let metadata = if metadata {
        "printf '{\"name\":\"streams\",\"chart\":\"arroyo\",\"version\":\"0.10.3\",\"namespace\":\"fjord\"}'"
    } else {
        "echo 'Error: unknown command' >&2; exit 1"
    };
    fs::write(folder.join("live.yaml"), VALUES).unwrap();
    let script = format!(
        "#!/bin/sh\necho \"$@ ns=$HELM_NAMESPACE context=$HELM_KUBECONTEXT\" >> {log}\ncase \"$1 $2\" in\n'get values') cat {values} ;;\n'get metadata') {metadata} ;;\n'get manifest') printf -- '---\\n# Source: arroyo/templates/a.yaml\\nmetadata:\\n  labels:\\n    helm.sh/chart: arroyo-0.10.3\\n' ;;\n*) exec {real} \"$@\" ;;\nesac\n",
        log = folder.join("log").display(),
        values = folder.join("live.yaml").display(),
        real = real.display(),
    );
    fs::write(&stub, script).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).unwrap();
    }
    stub
}

#[cfg(unix)]
#[test]
fn a_running_release_is_asked_and_never_changed() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    for metadata in [true, false] {
        let home = tempfile::tempdir().unwrap();
        let stub = stub(home.path(), helm.program(), metadata);
        let charts = charts();
        let args = with_charts(&["verify", "--live", "streams", "-n", "fjord"], &charts);
        let output = refit(&stub, home.path(), &args);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.contains("streams: arroyo 0.10.3 → 0.15.0"), "{text}");
        let log = fs::read_to_string(home.path().join("log")).unwrap();
        for line in log.lines() {
            let reads = ["get ", "version ", "template "];
            assert!(reads.iter().any(|word| line.starts_with(word)), "{line}");
        }
        assert!(
            log.contains("get values streams --namespace fjord --output yaml"),
            "{log}"
        );
        assert!(
            !log.contains("not-to-be-seen-anywhere"),
            "values stand on a command line"
        );

        let output = refit(
            &stub,
            home.path(),
            &["upgrade", "--live", "streams", "-n", "fjord"],
        );
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            printed.contains("repository: registry.fjord.example/mirror/arroyo"),
            "{printed}"
        );
    }
}

#[cfg(unix)]
#[test]
fn both_helms_install_the_plugin_from_a_folder() {
    for helm in helm::each() {
        let home = tempfile::tempdir().unwrap();
        // What is released: the manifest with what stands beside it.
        let plugin = home.path().join("refit-plugin");
        fs::create_dir(&plugin).unwrap();
        for name in ["plugin.yaml", "completion.yaml", "plugin.complete"] {
            fs::copy(root().join(name), plugin.join(name)).unwrap();
        }
        copy_folder(&root().join("packaging"), &plugin.join("packaging"));
        let run = |args: &[&str]| {
            let refit = Path::new(env!("CARGO_BIN_EXE_refit")).parent().unwrap();
            let path = std::env::var("PATH").unwrap_or_default();
            let output = helm
                .command(home.path())
                .args(args)
                // Helm 4 installs below its data folder, whatever this says, and looks here.
                .env("HELM_PLUGINS", home.path().join("data/plugins"))
                .env_remove("REFIT_RELEASES")
                .env("PATH", format!("{}:{path}", refit.display()))
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{} {args:?}: {}",
                helm.version,
                said(&output)
            );
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        run(&["plugin", "install", &plugin.display().to_string()]);
        assert!(run(&["plugin", "list"]).contains("refit"));
        assert!(run(&["refit", "packs"]).contains("arroyo"));
        fs::write(home.path().join("values.yaml"), VALUES).unwrap();
        let file = home.path().join("values.yaml").display().to_string();
        // Helm hands its own flags on in the environment: HELM_BIN is this very Helm.
        let charts = charts();
        let args = with_charts(&["refit", "verify", &file, "--from", "0.10.3"], &charts);
        let text = run(&[&args[..], &["-n", "fjord"]].concat());
        assert!(text.contains("Everything is as it was"), "{text}");
        let completed = run(&["__complete", "refit", "upgrade", "--to", "0.15"]);
        assert!(
            completed.contains("0.15.0"),
            "{}: {completed}",
            helm.version
        );
    }
}

#[test]
fn the_plugins_completions_are_those_of_the_command_line() {
    let output = Command::new(env!("CARGO_BIN_EXE_refit"))
        .arg("plugin-completion")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let file = root().join("completion.yaml");
    if std::env::var_os("REFIT_UPDATE").is_some() {
        fs::write(&file, &text).unwrap();
    }
    assert!(
        fs::read_to_string(&file).unwrap_or_default() == text,
        "completion.yaml is out of date: REFIT_UPDATE=1 cargo test --test effects cli"
    );
    let manifest = fs::read_to_string(root().join("plugin.yaml")).unwrap();
    assert!(manifest.contains(&format!("\nversion: {}\n", env!("CARGO_PKG_VERSION"))));
}
