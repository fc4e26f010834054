//! Settings that went below names that users give, or that make sense only together.

use crate::shop::{preview_drafted, said, said_in_words, upgrade};
use crate::support;

use std::{fs, path::Path};

use support::helm;

const OLD_VALUES: &str = "image:\n  repository: \"\"\n  tag: \"\"\nreplicas: 1\n";
const OLD: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
      - name: app
        image: \"{{ .Values.image.repository }}:{{ .Values.image.tag }}\"
";
const NEW: &str = "\
{{- range $name, $unit := .Values.units }}
{{- if not (and $unit.image $unit.image.repository $unit.image.tag) }}{{ fail (printf \"no image in unit %s\" $name) }}{{ end }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
spec:
  replicas: {{ $unit.replicas | default 1 }}
  template:
    spec:
      containers:
      - name: {{ $name }}
        image: \"{{ $unit.image.repository }}:{{ $unit.image.tag }}\"
{{- end }}
";
/// What the new chart has: an example that is commented out, or an entry of its own that lacks an image.
const EXAMPLE: &str = "\
units: {}
#  web:
#    image:
#      repository:
#      tag:
#    # -- How many there are
#    replicas: 2
";
const ENTRY: &str = "\
units:
  web:
    image:
      repository:
      tag:
    replicas: 2
";

fn chart(folder: &Path, version: &str, template: &str, values: &str) {
    fs::create_dir_all(folder.join("templates")).unwrap();
    let about = format!("apiVersion: v2\nname: pods\nversion: {version}\n");
    fs::write(folder.join("Chart.yaml"), about).unwrap();
    fs::write(folder.join("templates/app.yaml"), template).unwrap();
    fs::write(folder.join("values.yaml"), values).unwrap();
}

fn upgraded(helm: &Path, new_values: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    chart(&home.join("old"), "1.0.0", OLD, OLD_VALUES);
    chart(&home.join("new"), "2.0.0", NEW, new_values);
    let values = "image:\n  repository: example/app\n  tag: \"1.2\"\nreplicas: 3\n";
    fs::write(home.join("values.yaml"), values).unwrap();
    said(&preview_drafted(helm, home))
}

fn assert_moved(text: &str) {
    for says in [
        "+units:",
        "+  web:",
        "+    image:",
        "+      repository: example/app",
        "+      tag: \"1.2\"",
        "+    replicas: 3",
    ] {
        assert!(text.contains(says), "{says}\n{text}");
    }
}

#[test]
fn settings_go_together_below_the_name_of_the_charts_example() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let text = upgraded(helm.program(), EXAMPLE);
    assert_moved(&text);
    assert!(text.contains("named as in the chart's example"), "{text}");
}

#[test]
fn a_chart_that_renders_with_nothing_less_is_given_what_it_asks_for() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let text = upgraded(helm.program(), ENTRY);
    assert_moved(&text);
    assert!(!text.contains("chart's example"), "{text}");
}

#[test]
fn where_nobody_gives_a_name_the_place_is_a_question() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let text = upgraded(helm.program(), "units: {}\n");
    assert!(text.contains("any other will do"), "{text}");
    assert!(!text.contains("+units:"), "{text}");
}

#[test]
fn a_preview_of_a_draft_names_the_review_that_asks_the_same() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    chart(&home.join("old"), "1.0.0", OLD, OLD_VALUES);
    chart(&home.join("new"), "2.0.0", NEW, EXAMPLE);
    let values = "image:\n  repository: example/app\n  tag: \"1.2\"\n";
    fs::write(home.join("values.yaml"), values).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = helm::refit(helm.program(), home);
        let output = command.args(arguments).output().unwrap();
        (output.status.code(), said(&output))
    };
    let charts = ["--old-chart", "old", "--new-chart", "new"];
    let (_, preview) = run(&[&["upgrade", "values.yaml"], &charts[..]].concat());
    // A chart that asks for a newer Kubernetes than Helm takes by itself is drafted with the one that is said.
    let about = "apiVersion: v2\nname: pods\nversion: 2.0.0\nkubeVersion: \">=1.99.0\"\n";
    fs::write(home.join("new/Chart.yaml"), about).unwrap();
    let newer = ["--kube-version", "1.99.0"];
    let (_, with_version) = run(&[&["upgrade", "values.yaml"], &charts[..], &newer].concat());
    assert!(with_version.contains("tried out in"), "{with_version}");
    let review = "refit review values.yaml --old-chart old --new-chart new";
    assert!(preview.contains(review), "{preview}");
    fs::write(
        home.join("new/Chart.yaml"),
        about.replace(">=1.99.0", ">=1.1.0"),
    )
    .unwrap();
    // Without a terminal it says what would be asked.
    let (code, text) = run(&[&["review", "values.yaml"], &charts[..]].concat());
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("--answer place-image-repository=move"),
        "{text}"
    );
    assert!(text.contains("needs a terminal"), "{text}");
}

#[test]
fn a_key_that_the_new_charts_schema_refuses_is_no_place() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let data = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n";
    let old = format!("{data}  statuscodes: {{{{ .Values.logs.statuscodes | quote }}}}\n");
    let new = format!(
        "{data}  {{{{- range $key, $value := .Values.access }}}}\n  {{{{ lower $key }}}}: {{{{ $value | quote }}}}\n  {{{{- end }}}}\n"
    );
    chart(
        &home.join("old"),
        "1.0.0",
        &old,
        "logs: {statuscodes: \"\"}\n",
    );
    chart(
        &home.join("new"),
        "2.0.0",
        &new,
        "access: {statusCodes: \"\"}\n",
    );
    fs::write(home.join("new/README.md"), "`logs` became `access`.\n").unwrap();
    let schema = r#"{"properties": {"access": {"additionalProperties": false, "properties": {"statusCodes": {}}}}}"#;
    fs::write(home.join("new/values.schema.json"), schema).unwrap();
    fs::write(home.join("values.yaml"), "logs:\n  statuscodes: 500-599\n").unwrap();
    // Without Helm nothing else says that it is none.
    let read = upgrade(&home.join("no-helm"), home, &[]);
    let offered = said(&read);
    assert!(!offered.contains("access.statuscodes"), "{offered}");

    let output = upgrade(helm.program(), home, &["--accept-drafts", "--write"]);
    let written = fs::read_to_string(home.join("values.yaml")).unwrap();
    assert_eq!(
        written,
        "access:\n  statusCodes: 500-599\n",
        "{}",
        said(&output)
    );
}

const SERVICES: &str = "\
{{- range $name, $service := .Values.services }}
{{- if not $service.unit }}{{ fail (printf \"unit field is required for Service. (service: %s)\" $name) }}{{ end }}
{{- if not (hasKey $.Values.units $service.unit) }}{{ fail \"there is no such unit\" }}{{ end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
spec:
  ports:
  - port: {{ $service.port }}
{{- end }}
";

/// A setting that stays where it is, and that the new chart takes only with a key beside it.
#[test]
fn a_key_that_is_demanded_beside_a_setting_gets_the_name_with_which_it_renders() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let old = SERVICES.lines().filter(|line| !line.contains("fail"));
    let old: String = old.map(|line| format!("{line}\n")).collect();
    for (units, name) in [("web: {}", Some("web")), ("web: {}\n  jobs: {}", None)] {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        chart(
            &home.join("old"),
            "1.0.0",
            &old,
            "services: {}\nunits: {}\n",
        );
        chart(
            &home.join("new"),
            "2.0.0",
            SERVICES,
            "services: {}\nunits: {}\n",
        );
        let values =
            format!("services:\n  shop:\n    port: 8080 # for the proxy\nunits:\n  {units}\n");
        fs::write(home.join("values.yaml"), values).unwrap();
        let text = said_in_words(&upgrade(helm.program(), home, &[]));
        let asks = "2.0.0 does not render with `services.shop.port`: unit field is required for Service. (service: shop). What is `services.shop.unit`?";
        assert!(text.contains(asks), "{text}");
        assert!(!text.contains("Where does it go"), "{text}");
        assert_eq!(
            text.contains("web, as in `units`, with which it renders (recommended)"),
            name.is_some(),
            "{text}"
        );
        assert_eq!(
            text.contains("jobs, as in `units`"),
            name.is_none(),
            "{text}"
        );
        let drafted = said(&preview_drafted(helm.program(), home));
        let line = name.map(|name| format!("+    unit: {name}"));
        assert_eq!(
            line.as_ref().is_some_and(|line| drafted.contains(line)),
            name.is_some(),
            "{drafted}"
        );
    }
}
