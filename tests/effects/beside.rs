//! Drafts where the likeliest place is another part's: of a container that users name, of a sub-chart that is off.

use crate::shop::{preview_drafted, said_in_words};
use crate::support::{helm, write_files};

use std::path::Path;

/// In the old chart users name containers beside the main one; the new one has only that.
const SIDECARS: &str = "\
=== old/Chart.yaml
{apiVersion: v2, name: quay, version: 1.0.0}
=== old/values.yaml
image: {pull: IfNotPresent}
sidecars: {}
=== old/templates/a.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: quay}
spec:
  template:
    spec:
      containers:
      - name: quay
        imagePullPolicy: IfNotPresent
      {{- range $name, $one := .Values.sidecars }}
      - name: {{ $name }}
        imagePullPolicy: {{ $one.imagePull }}
      {{- end }}
=== new/Chart.yaml
{apiVersion: v2, name: quay, version: 2.0.0}
=== new/values.yaml
image: {pull: IfNotPresent}
parts: {main: {imagePull: IfNotPresent}}
=== new/templates/a.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: quay}
spec:
  template:
    spec:
      containers:
      {{- range $name, $one := .Values.parts }}
      - name: {{ $name }}
        imagePullPolicy: {{ $one.imagePull }}
      {{- end }}
=== values.yaml
sidecars:
  sync:
    imagePull: Always
";

/// What the old chart watched by itself, a sub-chart of the new one does if it is switched on.
const WATCHED: &str = "\
=== old/Chart.yaml
{apiVersion: v2, name: quay, version: 1.0.0}
=== old/values.yaml
cranes: {monitor: {interval: 30s}}
=== old/templates/a.yaml
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: quay-cranes}
spec:
  endpoints:
  - port: http
    interval: {{ .Values.cranes.monitor.interval }}
=== new/Chart.yaml
{apiVersion: v2, name: quay, version: 2.0.0}
=== new/values.yaml
other: 1
=== new/charts/cranes/Chart.yaml
{apiVersion: v2, name: cranes, version: 0.1.0}
=== new/charts/cranes/values.yaml
prometheus:
  monitor:
    enabled: false
    interval: \"\"
=== new/charts/cranes/templates/a.yaml
{{- with .Values.prometheus.monitor }}
{{- if .enabled }}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: quay-cranes}
spec:
  endpoints:
  - port: http
    interval: {{ .interval }}
{{- end }}
{{- end }}
=== values.yaml
cranes:
  monitor:
    interval: 45s
";

fn upgraded(helm: &Path, files: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    write_files(home.path(), files);
    said_in_words(&preview_drafted(helm, home.path()))
}

#[test]
fn a_container_that_users_name_is_not_the_main_one() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let text = upgraded(helm.program(), SIDECARS);
    assert!(text.contains("sidecars.sync.imagePull"), "{text}");
    assert!(!text.contains("parts.main.imagePull"), "{text}");
}

#[test]
fn a_place_behind_a_switch_of_a_sub_chart_is_asked_about_with_that() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let text = upgraded(helm.program(), WATCHED);
    for says in [
        "cranes.prometheus.monitor.interval",
        "it shows there only with cranes.prometheus.monitor.enabled: true",
    ] {
        assert!(text.contains(says), "{says}\n{text}");
    }
    assert!(!text.contains("(recommended)"), "{text}");
}

#[test]
fn a_place_behind_a_switch_is_asked_about_however_likely_it_is() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let near = WATCHED
        .replace(
            "prometheus:\n  monitor:\n    enabled: false\n    interval",
            "monitors:\n  enabled: false\n  interval",
        )
        .replace(".Values.prometheus.monitor", ".Values.monitors");
    let text = upgraded(helm.program(), &near);
    assert!(text.contains("cranes.monitors.interval"), "{text}");
    assert!(text.contains("1 question"), "{text}");
}
