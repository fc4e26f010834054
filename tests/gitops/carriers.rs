//! What is found in each kind of carrier: the chart, the version, and the layers in the order in which
//! the carrier's own tool merges them.

use crate::carrier_lines;

use std::path::Path as FilePath;

use carrier_lines::{source, source_text};
use refit::carrier::{self, Carrier, CarrierKind, FileCarriers, RefusalReason, Sameness};
use refit::yaml::Tree;

/// What was found, in short lines.
fn show(tree: &Tree, found: &FileCarriers) -> Vec<String> {
    let mut lines = Vec::new();
    for carrier in &found.carriers {
        lines.push(format!("{}: {}", carrier.kind, carrier.name));
        lines.push(format!("  chart {}", chart(carrier)));
        if let Some(version) = &carrier.version {
            lines.push(format!("  version {}", version.text));
        }
        if !carrier.prefix.is_root() {
            lines.push(format!("  under {}", carrier.prefix));
        }
        for layer in &carrier.layers {
            lines.push(format!("  {}", source(tree, layer.node, &layer.source)));
        }
        if let Some(refused) = &carrier.refused {
            lines.push(format!("  refused: {}", refused.what));
            assert!(refused.why.ends_with('.') && refused.next.ends_with('.'));
        }
        for notice in &carrier.notices {
            let how = if notice.blocks { "blocks" } else { "notice" };
            lines.push(format!("  {how}: {}", notice.text));
        }
        for doubt in &carrier.doubts {
            lines.push(format!("  doubt: {}", doubt.path));
        }
        for mention in &carrier.mentions {
            lines.push(format!("  mentions {:?} {}", mention.kind, mention.text));
        }
        for node in &carrier.templated {
            lines.push(format!("  template {}", tree.scalar(*node)));
        }
    }
    lines
}

fn chart(carrier: &Carrier) -> String {
    source_text(&carrier.chart.source)
}

#[track_caller]
fn check(path: &str, text: &str, wanted: &str) {
    let tree = Tree::parse(text).unwrap();
    let found = carrier::find(&tree, FilePath::new(path));
    let lines = show(&tree, &found).join("\n");
    let wanted: Vec<&str> = wanted.trim_matches('\n').lines().collect();
    assert_eq!(lines, wanted.join("\n"));
}

#[test]
fn argo_application() {
    check(
        "apps/arroyo.yaml",
        "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: arroyo, namespace: argocd}
spec:
  sources:
  - repoURL: https://charts.example/
    chart: arroyo
    targetRevision: 0.10.3
    helm:
      ignoreMissingValueFiles: true
      valueFiles:
      - $env/values/arroyo.yaml
      - $nobody/values.yaml
      - values-prod.yaml
      - https://files.example/values.yaml
      valuesObject: {a: 1}
      values: |
        a: 2
      parameters:
      - {name: a.b, value: '3'}
      fileParameters:
      - {name: c, path: c.txt}
  - repoURL: https://git.example/env.git
    targetRevision: main
    ref: env
  - repoURL: https://git.example/env.git
    path: manifests
",
        "
Argo CD Application: Application/argocd/arroyo
  chart arroyo from https://charts.example/
  version 0.10.3
  file values/arroyo.yaml in https://git.example/env.git if there
  opaque: no source has `ref: nobody`
  opaque: the file lies inside the packed chart
  opaque: the values come from an address on the network
  map {a: 1}
  paths a.b
  paths c
  notice: Argo CD reads `valuesObject` and leaves `values` out; what stands in `values` stays as it is.
",
    );
    check(
        "apps/arroyo.yaml",
        "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: arroyo}
spec:
  source:
    repoURL: git@git.example:team/env.git
    targetRevision: HEAD
    path: charts/arroyo
    helm:
      valueFiles: [values.yaml, ../shared.yaml, /envs/prod/*.yaml]
      values: |-
        a: 1
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: plain}
spec:
  source: {repoURL: https://git.example/env.git, path: manifests}
",
        "
Argo CD Application: Application/arroyo
  chart folder charts/arroyo of git@git.example:team/env.git
  version HEAD
  file values.yaml in chart charts/arroyo
  file ../shared.yaml in chart charts/arroyo
  file envs/prod/*.yaml in git@git.example:team/env.git
  text \"a: 1\"
",
    );
}

#[test]
fn argo_application_set() {
    check(
        "set.yaml",
        "\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: arroyo}
spec:
  goTemplate: true
  generators:
  - list:
      elements:
      - {cluster: one, chart: not-this}
  template:
    metadata: {name: 'arroyo-{{ .cluster }}'}
    spec:
      source:
        repoURL: oci://registry.example/charts
        chart: arroyo
        targetRevision: '{{ .version }}'
        helm:
          valuesObject:
            name: 'x-{{ .cluster }}'
            '{{ .key }}': 1
            worker: {slots: 4}
  templatePatch: |
    spec: {source: {helm: {values: x}}}
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: any}
spec:
  template:
    spec:
      source: {repoURL: https://charts.example, chart: '{{ .chart }}', targetRevision: 1.0.0}
",
        "
Argo CD ApplicationSet: ApplicationSet/arroyo
  chart arroyo from oci://registry.example/charts
  version {{ .version }}
  map name: 'x-{{ .cluster }}'             '{{ .key }}': 1             worker: {slots: 4}
  notice: `templatePatch` changes `helm` settings when the applications are made; what it holds is not upgraded.
  template x-{{ .cluster }}
  template {{ .key }}
Argo CD ApplicationSet: ApplicationSet/any
  chart template {{ .chart }} from https://charts.example
  version 1.0.0
  refused: a template names the chart: {{ .chart }} from https://charts.example
",
    );
}

#[test]
fn a_release_has_the_name_that_its_tool_gives_it() {
    for (spec, name) in [
        ("", "arroyo"),
        ("targetNamespace: streams, ", "streams-arroyo"),
        ("targetNamespace: streams, releaseName: own, ", "own"),
    ] {
        let text = format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: arroyo, namespace: flux}}\nspec: {{{spec}chart: {{spec: {{chart: arroyo}}}}}}\n"
        );
        let tree = Tree::parse(text).unwrap();
        let found = carrier::find(&tree, FilePath::new("release.yaml"));
        assert_eq!(found.carriers[0].release_name.as_deref(), Some(name));
    }
}

#[test]
fn flux_helm_release() {
    check(
        "release.yaml",
        "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: arroyo, namespace: streams}
spec:
  upgrade: {preserveValues: true}
  chart:
    spec:
      chart: arroyo
      version: 0.10.x
      sourceRef: {kind: HelmRepository, name: arroyo, namespace: flux-system}
  valuesFrom:
  - {kind: ConfigMap, name: base}
  - {kind: Secret, name: password, valuesKey: pw, targetPath: postgresql.auth.password}
  - {kind: Secret, name: other, valuesKey: x, targetPath: other.key, optional: true}
  - {kind: ConfigMap, name: late, valuesKey: v.yaml}
  values:
    image: {tag: '${TAG}'}
    postgresql: {auth: {password: x}}
",
        "
Flux HelmRelease: HelmRelease/streams/arroyo
  chart arroyo from HelmRepository arroyo
  version 0.10.x
  ConfigMap base values.yaml
  ConfigMap late v.yaml
  map image: {tag: '${TAG}'}     postgresql: {auth: {password: x}}
  Secret password pw at postgresql.auth.password
  Secret other x at other.key
  notice: This object stands behind an entry with `targetPath`; Flux lets it win over that entry, although the documentation says otherwise.
  blocks: `upgrade.preserveValues: true` makes Helm merge the old release's values into the new ones: a key that is removed here stays in force. Take it out for this upgrade.
  doubt: postgresql.auth.password
  template ${TAG}
",
    );
    check(
        "release.yaml",
        "\
apiVersion: helm.toolkit.fluxcd.io/v2beta2
kind: HelmRelease
metadata: {name: arroyo}
spec:
  chartRef: {kind: OCIRepository, name: arroyo}
  values: {a: 1}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: arroyo}
spec:
  values: {a: 2}
---
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {name: old}
spec:
  chart: {repository: https://charts.example, name: arroyo, version: 0.9.1}
  values: {a: 3}
",
        "
Flux HelmRelease: HelmRelease/arroyo
  chart of OCIRepository arroyo
  map {a: 1}
Flux HelmRelease: HelmRelease/arroyo
  chart missing
  map {a: 2}
  refused: this HelmRelease names no chart
Flux HelmRelease: HelmRelease/old
  chart arroyo from https://charts.example
  refused: this is a HelmRelease of Flux v1
",
    );
}

#[test]
fn helmfile_releases() {
    check(
        "helmfile.yaml",
        "\
repositories:
- {name: arroyo, url: https://charts.example}
- {name: oci, url: registry.example/team, oci: true}
---
helmDefaults: {wait: true}
releases:
- name: one
  namespace: streams
  chart: arroyo/arroyo
  version: ~0.10.0
  valuesTemplate:
  - {z: '{{ .Release.Name }}'}
  values:
  - values.yaml
  - {a: 1}
  - more.yaml.gotmpl
  - envs/{{ .Environment.Name }}.yaml
  - ref+vault://x
  secrets: [secrets.yaml]
  set:
  - {name: b.c, value: 5}
  setString:
  - {name: d, value: 6}
- name: two
  chart: oci/arroyo
  reuseValues: true
- name: three
  chart: oci://registry.example/arroyo
  version: '{{ .Values.version }}'
- name: four
  chart: ./charts/arroyo
- name: five
  chart: '{{ .chart }}'
- name: six
  chart: arroyo/arroyo
  inherit: [{template: default}]
",
        "
helmfile release: release one
  chart arroyo from https://charts.example
  version ~0.10.0
  map {z: '{{ .Release.Name }}'}
  file values.yaml
  map {a: 1}
  opaque: more.yaml.gotmpl is a Go template
  opaque: a template names the file: envs/{{ .Environment.Name }}.yaml
  opaque: helmfile fetches it from a secret store
  file secrets.yaml
  paths b.c
  paths d
  template {{ .Release.Name }}
helmfile release: release two
  chart arroyo from oci://registry.example/team
  blocks: `reuseValues: true` makes Helm merge the old release's values into the new ones: a key that is removed here stays in force. Take it out for this upgrade.
helmfile release: release three
  chart arroyo from oci://registry.example
  version {{ .Values.version }}
  notice: A template writes the version; raise it where its value comes from.
helmfile release: release four
  chart folder ./charts/arroyo of here
helmfile release: release five
  chart template {{ .chart }}
  refused: a template names the chart: {{ .chart }}
helmfile release: release six
  chart arroyo from https://charts.example
  refused: the release takes parts from a template (`inherit`)
",
    );
    check(
        "helmfile.yaml.gotmpl",
        "releases:\n- {name: one, chart: team/arroyo}\n",
        "
helmfile release: release one
  chart team/arroyo from ?
  refused: the helmfile is a Go template
",
    );
}

#[test]
fn kustomize_helm_charts() {
    check(
        "base/kustomization.yaml",
        "\
helmGlobals: {chartHome: vendor}
helmCharts:
- name: arroyo
  repo: https://charts.example
  version: 0.10.3
  valuesFile: values.yaml
  valuesInline: {a: 1}
  additionalValuesFiles: [prod.yaml]
- name: arroyo
  repo: https://charts.example
  valuesFile: values.yaml
  valuesInline: {a: 1}
  valuesMerge: merge
- name: arroyo
  valuesFile: values.yaml
  valuesInline: {a: 1}
  valuesMerge: replace
- name: arroyo
  valuesFile: values.yaml
  valuesMerge: replace
helmChartInflationGenerator:
- {chartName: arroyo, chartVersion: 0.9.1, chartRepoUrl: 'https://charts.example', values: old.yaml, valuesLocal: {a: 2}}
",
        "
kustomize helmCharts entry: helmCharts arroyo
  chart arroyo from https://charts.example
  version 0.10.3
  file values.yaml
  map {a: 1}
  file prod.yaml
kustomize helmCharts entry: helmCharts arroyo
  chart arroyo from https://charts.example
  map {a: 1}
  file values.yaml
kustomize helmCharts entry: helmCharts arroyo
  chart folder vendor/arroyo of here
  map {a: 1}
  notice: With `valuesMerge: replace` kustomize does not read this file.
kustomize helmCharts entry: helmCharts arroyo
  chart folder vendor/arroyo of here
  file values.yaml
kustomize helmCharts entry: helmCharts arroyo
  chart arroyo from https://charts.example
  version 0.9.1
  file old.yaml
  map {a: 2}
",
    );
    check(
        "generator.yaml",
        "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: x}\nname: arroyo\nrepo: oci://registry.example/charts\nversion: 0.10.3\nvaluesInline: {a: 1}\n",
        "
kustomize helmCharts entry: helmCharts arroyo
  chart arroyo from oci://registry.example/charts
  version 0.10.3
  map {a: 1}
",
    );
}

#[test]
fn fleet_bundles() {
    check(
        "apps/fleet.yaml",
        "\
defaultNamespace: streams
helm:
  chart: arroyo
  repo: https://charts.example
  version: '>=0.10.0 <0.11.0'
  values:
    a: global.fleet.clusterLabels.zone
    '${ .x }': 1
  valuesFiles: [one.yaml]
  valuesFrom:
  - configMapKeyRef: {name: cm}
    secretKeyRef: {name: sec, key: k}
targetCustomizations:
- name: prod
  helm:
    values: {b: 2}
    templateValues: {c: '${ .y }'}
- name: bare
  clusterSelector: {}
- helm: {chart: ./local, version: 1.0.0}
",
        "
Fleet bundle: fleet bundle
  chart arroyo from https://charts.example
  version >=0.10.0 <0.11.0
  map a: global.fleet.clusterLabels.zone     '${ .x }': 1
  file one.yaml
  ConfigMap cm values.yaml
  Secret sec k
  refused: the fleet target 2 deploys another chart with these values
  template global.fleet.clusterLabels.zone
  template ${ .x }
Fleet bundle: fleet target prod
  chart arroyo from https://charts.example
  version >=0.10.0 <0.11.0
  map a: global.fleet.clusterLabels.zone     '${ .x }': 1
  file one.yaml
  map {b: 2}
  opaque: `templateValues` are templates that the cluster fills in; they replace whole top-level keys
  ConfigMap cm values.yaml
  Secret sec k
  refused: the fleet target 2 deploys another chart with these values
  template global.fleet.clusterLabels.zone
  template ${ .x }
Fleet bundle: fleet target 2
  chart folder ./local of here
  version 1.0.0
  map a: global.fleet.clusterLabels.zone     '${ .x }': 1
  file one.yaml
  ConfigMap cm values.yaml
  Secret sec k
  template global.fleet.clusterLabels.zone
  template ${ .x }
",
    );
    check("other.yaml", "helm: {chart: x}\n", "");
}

#[test]
fn k3s_helm_charts() {
    check(
        "manifests.yaml",
        "\
apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata: {name: arroyo, namespace: kube-system}
spec:
  repo: https://charts.example
  chart: arroyo
  version: v0.10.3
  valuesContent: |-
    a: 1
  values: {a: 2}
  valuesSecrets: [{name: sec, keys: [one, two]}]
  set: {b.c: 1}
---
apiVersion: helm.cattle.io/v1
kind: HelmChartConfig
metadata: {name: arroyo, namespace: kube-system}
spec:
  valuesContent: |-
    a: 3
---
apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata: {name: packed}
spec: {chartContent: H4sI}
",
        "
k3s HelmChart: HelmChart/kube-system/arroyo
  chart arroyo from https://charts.example
  version v0.10.3
  text \"a: 1\"
  map {a: 2}
  Secret sec one
  Secret sec two
  paths b.c
k3s HelmChartConfig: HelmChartConfig/kube-system/arroyo
  chart of HelmChart arroyo
  text \"a: 3\"
k3s HelmChart: HelmChart/packed
  chart missing
  refused: the chart itself is packed into `chartContent`
",
    );
}

#[test]
fn umbrella_charts() {
    check(
        "charts/platform/Chart.yaml",
        "\
apiVersion: v2
name: platform
version: 1.0.0
dependencies:
- name: arroyo
  version: ~0.10.0
  repository: https://charts.example
  alias: streams
  condition: streams.enabled,global.streams
  import-values:
  - child: service.port
    parent: ports.streams
  - data
- {name: arroyo, version: 0.x, repository: '@team'}
- {name: local, version: 1.x, repository: 'file://../local'}
",
        "
Helm chart dependency: dependency streams of platform
  chart arroyo from https://charts.example
  version ~0.10.0
  under streams
  file values.yaml if there
  mentions Condition streams.enabled,global.streams
  mentions ImportChild service.port
  mentions ImportParent ports.streams
  mentions ImportExport data
Helm chart dependency: dependency arroyo of platform
  chart arroyo from ?
  version 0.x
  under arroyo
  file values.yaml if there
Helm chart dependency: dependency local of platform
  chart folder ../local of here
  version 1.x
  under local
  file values.yaml if there
",
    );
}

#[test]
fn anchors_and_lists_are_looked_through() {
    check(
        "list.yaml",
        "\
apiVersion: v1
kind: List
items:
- apiVersion: helm.cattle.io/v1
  kind: HelmChart
  metadata: {name: &n arroyo}
  spec: {chart: *n, repo: 'https://charts.example', valuesContent: ''}
",
        "
k3s HelmChart: HelmChart/arroyo
  chart arroyo from https://charts.example
  text \"\"
",
    );
    let text = "\
x: &shared
  values: [{a: 1}]
releases:
- <<: *shared
  name: one
  chart: team/arroyo
";
    let tree = Tree::parse(text).unwrap();
    let found = carrier::find(&tree, FilePath::new("helmfile.yaml"));
    assert_eq!(found.carriers[0].layers.len(), 1);
    assert!(found.carriers[0].layers[0].shared);
}

#[test]
fn an_encrypted_manifest_is_refused() {
    let text = "\
apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata: {name: arroyo}
spec: {chart: arroyo, valuesContent: 'ENC[AES256_GCM,data:x]'}
sops: {mac: 'ENC[AES256_GCM,data:y]'}
";
    let tree = Tree::parse(text).unwrap();
    let found = carrier::find(&tree, FilePath::new("x.yaml"));
    let refused = found.carriers[0].refused.as_ref().unwrap();
    assert_eq!(refused.reason, RefusalReason::Encrypted);
}

#[test]
fn templates_that_are_not_yaml_are_named() {
    let unparsed = |path: &str, text: &str| carrier::kind_of_template(FilePath::new(path), text);
    assert_eq!(
        unparsed(
            "helmfile.yaml",
            "{{ if x }}\nreleases:\n- chart: a/b\n{{ end }}\n"
        ),
        Some(CarrierKind::HelmfileRelease)
    );
    assert_eq!(
        unparsed(
            "x.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\n{{ x }}\n"
        ),
        Some(CarrierKind::ArgoApplication)
    );
    assert_eq!(unparsed("x.yaml", "a: {{ b }}\n"), None);
    assert_eq!(unparsed("helmfile.yaml", "releases: [\n"), None);
}

#[test]
fn a_chart_is_known_by_name_and_repository() {
    let tree = Tree::parse(
        "releases:\n- {name: a, chart: oci://registry.example/team/arroyo}\n- {name: b, chart: mirror/arroyo}\n- {name: c, chart: oci://fork.example/arroyo}\n",
    )
    .unwrap();
    let found = carrier::find(&tree, FilePath::new("helmfile.yaml"));
    let known = ["oci://registry.example/team".to_owned()];
    let sameness: Vec<Sameness> = found
        .carriers
        .iter()
        .map(|carrier| carrier.chart.source.compare("arroyo", &known))
        .collect();
    assert_eq!(
        sameness,
        [
            Sameness::Same,
            Sameness::UnknownRepository,
            Sameness::OtherRepository
        ]
    );
}
