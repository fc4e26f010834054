//! What the check of effects blamed settings for that charts did by themselves: items of lists without a `name`, and
//! the version of an image that a switch brings.

use crate::found::{Case, NOTHING, drops, workload};

/// A template of an object that is no workload.
fn object(kind: &str, spec: &str) -> String {
    format!("---\napiVersion: example/v1\nkind: {kind}\nmetadata: {{name: a}}\nspec:\n{spec}\n")
}

#[test]
fn a_template_of_a_volume_claim_goes_by_the_name_of_its_object() {
    let claim = |about: &str| {
        object(
            "StatefulSet",
            &format!(
                "  volumeClaimTemplates:\n    - metadata: {{name: data{about}}}\n      spec: {{resources: {{requests: {{storage: '{{{{ .Values.size }}}}'}}}}}}"
            ),
        )
    };
    let case = Case::of(
        (&claim(", labels: {}"), "size: 1Gi"),
        (&claim(""), "size: 1Gi"),
        "size: 9Gi",
    );
    case.expect(&[(NOTHING, 0), (&drops("size"), 1)]);
}

#[test]
fn an_endpoint_of_a_monitor_goes_by_its_port() {
    let monitor = |more: &str| {
        object(
            "ServiceMonitor",
            &format!("  endpoints:\n    - port: web\n      path: '{{{{ .Values.path }}}}'{more}"),
        )
    };
    let case = Case::of(
        (&monitor(""), "path: /metrics"),
        (&monitor("\n      scheme: http"), "path: /metrics"),
        "path: /mine",
    );
    case.expect(&[(NOTHING, 0), (&drops("path"), 1)]);
}

#[test]
fn the_version_of_a_container_that_a_switch_brings_is_the_charts_own() {
    let pod = |version: &str| {
        workload("app", "ports: []")
            + &format!(
                "        {{{{- if .Values.side.use }}}}\n        - name: side\n          image: 'side:{{{{ .Values.side.tag | default \"{version}\" }}}}'\n        {{{{- end }}}}\n"
            )
    };
    let charts = (pod("1.0"), pod("2.0"));
    let defaults = "side: {use: false, tag: ''}";
    let of = |values: &str| Case::of((&charts.0, defaults), (&charts.1, defaults), values);
    of("side: {use: true}").expect(&[(NOTHING, 0), (&drops("side.use"), 1)]);
    // A tag that was chosen must stay.
    of("side: {use: true, tag: '1.5'}").expect(&[(NOTHING, 0), (&drops("side.tag"), 1)]);
}

#[test]
fn a_chart_may_write_its_version_as_its_tag() {
    let chart = |folder: &str, version: &str| {
        let about = format!("apiVersion: v2\nname: demo\nversion: {version}\n");
        let template = workload("app", "args: ['{{ .Values.level }}']");
        format!(
            "=== {folder}/Chart.yaml\n{about}=== {folder}/templates/a.yaml\n{template}=== {folder}/values.yaml\nlevel: info\n"
        )
    };
    let charts = chart("old", "v1.0.0") + &chart("new", "v2.0.0");
    let case = Case::new(&format!("{charts}=== values.yaml\nlevel: debug\n"));
    case.expect(&[(NOTHING, 0)]);
}
