//! What settings of a chart do that another one brings along: its own pack says where effects moved and which
//! differences its steps explain.

use std::fs;

use crate::support::{helm, write_files};

const FILES: &str = "\
=== old/Chart.yaml
{apiVersion: v2, name: whole, version: 10.0.0}
=== old/charts/boards/Chart.yaml
{apiVersion: v2, name: boards, version: 1.0.0}
=== old/charts/boards/values.yaml
{title: Boards, theme: light}
=== old/charts/boards/templates/a.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: boards-env}
data:
  TITLE: {{ .Values.title | quote }}
  THEME: {{ .Values.theme | quote }}
=== new/Chart.yaml
{apiVersion: v2, name: whole, version: 11.0.0}
=== new/charts/boards/Chart.yaml
{apiVersion: v2, name: boards, version: 2.0.0}
=== new/charts/boards/values.yaml
{title: Boards}
=== new/charts/boards/templates/a.yaml
apiVersion: v1
kind: Secret
metadata: {name: boards-settings}
stringData:
  heading: {{ .Values.title | quote }}
=== pack/pack.yaml
pack: 1
chart: whole
title: A whole
sub-charts: {boards: {pack: boards, versions: {10.0.0: 1.0.0, 11.0.0: 2.0.0}}}
versions: {10.0.0: {app: '1'}, 11.0.0: {app: '2'}}
=== pack/keys.yaml
boards: [{in: '*', open: sub-chart}]
=== pack/charts/boards/keys.yaml
title: [{in: '*', default: Boards}]
theme: [{in: '<2.0.0', default: light}]
=== values.yaml
boards: {title: Fjord, theme: dark}
";

const STEPS: &str = "\
version: 2.0.0
title: One look
steps:
  theme:
    title: Take the theme away
    why: There is one look from 2.0 on.
    drop: [theme]
";

const PACK: &str = "\
pack: 1
chart: boards
title: Boards
versions: {1.0.0: {app: '1'}, 2.0.0: {app: '2'}}
";

const EFFECTS: &str = "\
effects:
  moved:
    2.0.0:
      - {from: ConfigMap/boards-env data.TITLE, to: Secret/boards-settings stringData.heading}
";

/// How `refit verify` ends, and what it says.
fn verified(effects: &str, steps: &str) -> Option<(i32, String)> {
    let helm = helm::each().next()?;
    let home = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write_files(home.path(), FILES);
    write("pack/charts/boards/pack.yaml", &format!("{PACK}{effects}"));
    write("pack/charts/boards/2.0.0.yaml", steps);
    let output = helm::refit(helm.program(), home.path())
        .args([
            "verify",
            "values.yaml",
            "--pack",
            "pack",
            "--chart",
            "whole",
            "--from",
            "10.0.0",
            "-v",
        ])
        .args(["--old-chart", "old", "--new-chart", "new"])
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    Some((output.status.code().unwrap(), format!("{out}{err}")))
}

#[test]
fn effects_of_a_sub_chart_moved_and_are_explained_as_its_pack_says() {
    let Some((code, text)) = verified(EFFECTS, STEPS) else {
        return;
    };
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("boards-theme"), "{text}");
    // Without the word of its pack nobody knows where the title is, or why the theme went.
    let (code, text) = verified("", STEPS).unwrap();
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("boards.title"), "{text}");
    let (code, text) = verified(
        EFFECTS,
        &STEPS.replace("    why: There is one look from 2.0 on.\n", ""),
    )
    .unwrap();
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("boards.theme"), "{text}");
}
