//! What several files say together: the chart and version that a carrier really has, and where its layers
//! are.

use crate::carrier_lines;

use std::path::Path as FilePath;

use carrier_lines::{source, source_text};
use refit::carrier::resolve::{Index, IndexedFile, ResolvedRelease};
use refit::carrier::{self, FileCarriers, LayerSource};
use refit::yaml::Tree;

/// The releases of several files, with everything joined.
fn releases(files: &[(&str, &str)], root: Option<&str>) -> Vec<String> {
    let trees: Vec<Tree> = files
        .iter()
        .map(|(_, text)| Tree::parse(*text).unwrap())
        .collect();
    let found: Vec<FileCarriers> = files
        .iter()
        .zip(&trees)
        .map(|((path, _), tree)| carrier::find(tree, FilePath::new(path)))
        .collect();
    let all: Vec<IndexedFile<'_>> = files
        .iter()
        .zip(trees.iter().zip(&found))
        .map(|((path, _), (tree, found))| IndexedFile {
            path: FilePath::new(path),
            tree,
            found,
        })
        .collect();
    let index = Index::new(&all);
    let mut lines = Vec::new();
    for release in index.releases(root.map(FilePath::new)) {
        show_release(&all, &index, &release, root, &mut lines);
    }
    lines
}

fn show_release(
    files: &[IndexedFile<'_>],
    index: &Index<'_>,
    release: &ResolvedRelease,
    root: Option<&str>,
    lines: &mut Vec<String>,
) {
    let by = release.deployed_by.map_or(String::new(), |at| {
        format!(" by {}", index.carrier(at).name)
    });
    lines.push(format!("{}{by}", index.carrier(release.carrier).name));
    lines.push(format!("  chart {}", source_text(&release.chart.source)));
    if let Some((file, version)) = &release.version {
        lines.push(format!(
            "  version {} in {}",
            version.text,
            files[*file].path.display()
        ));
    }
    if !release.prefix.is_root() {
        lines.push(format!("  under {}", release.prefix));
    }
    for placed in &release.layers {
        let shown = match &placed.layer.source {
            LayerSource::File(file) => index
                .candidates(placed.file, file, root.map(FilePath::new))
                .iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>()
                .join(" or "),
            other => source(files[placed.file].tree, placed.layer.node, other),
        };
        lines.push(format!("  {}: {shown}", files[placed.file].path.display()));
        if let Some((file, node)) = placed.value {
            let text = files[file].tree.scalar(node);
            lines.push(format!(
                "    value {text} in {}",
                files[file].path.display()
            ));
        }
    }
    if let Some(gap) = &release.chart_gap {
        lines.push(format!("  chart: {}", gap.text));
    }
}

#[test]
fn flux_objects_are_joined_across_files() {
    let release = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: arroyo, namespace: streams}
spec:
  chart: {spec: {chart: arroyo, version: 0.10.3, sourceRef: {kind: HelmRepository, name: charts}}}
  valuesFrom:
  - {kind: ConfigMap, name: base}
  - {kind: ConfigMap, name: made, valuesKey: prod.yaml}
  - {kind: Secret, name: absent}
  - {kind: ConfigMap, name: base, valuesKey: slots, targetPath: worker.slots}
  values: {a: 1}
";
    let objects = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts}
spec: {url: 'https://charts.example'}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: base, namespace: streams}
data:
  values.yaml: |
    b: 2
  slots: '16'
---
apiVersion: v1
kind: ConfigMap
metadata: {name: base, namespace: elsewhere}
data: {values.yaml: 'no: 1'}
";
    let kustomization = "configMapGenerator:\n- name: made\n  files: [prod.yaml=files/prod.yaml]\n";
    assert_eq!(
        releases(
            &[
                ("apps/release.yaml", release),
                ("sources/objects.yaml", objects),
                ("apps/kustomization.yaml", kustomization),
            ],
            None
        ),
        [
            "HelmRelease/streams/arroyo",
            "  chart arroyo from https://charts.example",
            "  version 0.10.3 in apps/release.yaml",
            "  sources/objects.yaml: text \"b: 2\\n\"",
            "  apps/kustomization.yaml: apps/files/prod.yaml",
            "  apps/release.yaml: opaque: Secret `absent` is not in these files",
            "  apps/release.yaml: map {a: 1}",
            "  apps/release.yaml: paths worker.slots",
            "    value 16 in sources/objects.yaml",
        ]
    );
}

#[test]
fn a_chart_reference_brings_the_version_of_its_object() {
    let release = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: arroyo}
spec: {chartRef: {kind: OCIRepository, name: arroyo}}
";
    let object = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: arroyo}
spec: {url: 'oci://registry.example/charts/arroyo', ref: {tag: 0.10.3}}
";
    let found = releases(&[("r.yaml", release), ("o.yaml", object)], None);
    assert_eq!(
        found,
        [
            "HelmRelease/arroyo",
            "  chart arroyo from oci://registry.example/charts",
            "  version 0.10.3 in o.yaml",
        ]
    );
    // Two that fit, and neither is nearer.
    let found = releases(
        &[
            ("a/r.yaml", release),
            ("b/o.yaml", object),
            ("c/o.yaml", object),
        ],
        None,
    );
    assert_eq!(
        found[2],
        "  chart: OCIRepository `arroyo` is in several files, and which one is meant is not said."
    );
}

#[test]
fn a_config_of_k3s_joins_its_chart_below_set() {
    let chart = "\
apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata: {name: arroyo, namespace: kube-system}
spec: {chart: arroyo, repo: 'https://charts.example', values: {a: 1}, set: {a: 3}}
";
    let config = "\
apiVersion: helm.cattle.io/v1
kind: HelmChartConfig
metadata: {name: arroyo, namespace: kube-system}
spec: {valuesContent: 'a: 2'}
";
    assert_eq!(
        releases(&[("chart.yaml", chart), ("config.yaml", config)], None),
        [
            "HelmChart/kube-system/arroyo",
            "  chart arroyo from https://charts.example",
            "  chart.yaml: map {a: 1}",
            "  config.yaml: text \"a: 2\"",
            "  chart.yaml: paths a",
        ]
    );
    assert_eq!(
        releases(&[("config.yaml", config)], None),
        [
            "HelmChartConfig/kube-system/arroyo",
            "  chart of HelmChart arroyo",
            "  config.yaml: text \"a: 2\"",
            "  chart: The HelmChart `arroyo` is not in these files; k3s may bring it along.",
        ]
    );
    // Another namespace, another chart.
    let other = config.replace("kube-system", "other");
    assert_eq!(
        releases(&[("chart.yaml", chart), ("config.yaml", &other)], None).len(),
        4 + 4
    );
}

#[test]
fn an_umbrella_chart_is_joined_to_what_deploys_it() {
    let chart = "\
apiVersion: v2
name: platform
version: 1.0.0
dependencies:
- {name: arroyo, version: 0.10.3, repository: 'https://charts.example'}
";
    let application = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: platform}
spec:
  source:
    repoURL: https://git.example/env.git
    path: charts/platform
    targetRevision: main
    helm: {valueFiles: [values.yaml, prod.yaml], valuesObject: {arroyo: {a: 1}}}
";
    let wanted = [
        "dependency arroyo of platform by Application/platform",
        "  chart arroyo from https://charts.example",
        "  version 0.10.3 in repo/charts/platform/Chart.yaml",
        "  under arroyo",
        // The chart's own values.yaml once, where it counts.
        "  repo/apps/platform.yaml: repo/charts/platform/values.yaml",
        "  repo/apps/platform.yaml: repo/charts/platform/prod.yaml",
        "  repo/apps/platform.yaml: map {arroyo: {a: 1}}",
    ];
    let files = [
        ("repo/charts/platform/Chart.yaml", chart),
        ("repo/apps/platform.yaml", application),
    ];
    assert_eq!(releases(&files, Some("repo")), wanted);
    // Without the root the folders above are tried.
    assert_eq!(releases(&files, None)[..4], wanted[..4]);
    // And by itself.
    assert_eq!(
        releases(&files[..1], Some("repo"))[..1],
        ["dependency arroyo of platform"]
    );
}
