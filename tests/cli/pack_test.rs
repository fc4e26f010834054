//! `refit pack test`: cases, the probe of every key, and what a chart does.

use std::fs;

use crate::{
    demo::Demo,
    support::{self, helm},
};

fn case(demo: &Demo, name: &str, old: &str, about: &str, expected: Option<&str>) {
    let folder = demo.path("pack/cases").join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("old.yaml"), old).unwrap();
    fs::write(folder.join("case.yaml"), about).unwrap();
    if let Some(expected) = expected {
        fs::write(folder.join("expected.yaml"), expected).unwrap();
    }
}

const ABOUT: &str = "from: 1.0.0\nto: 2.0.0\nasks: []\n";

#[test]
fn a_pack_whose_cases_hold_passes() {
    let demo = Demo::new();
    case(
        &demo,
        "plain",
        "# mine\nold: a\n",
        ABOUT,
        Some("# mine\nnew: a\n"),
    );
    let about = "from: 1.0.0\nto: 2.0.0\nasks: [choose]\nanswers: {choose: {option: keep}}\n";
    case(&demo, "asks", "pick: b\n", about, Some("picked: b\n"));
    let run = demo.run("pack test pack");
    assert_eq!(
        (run.code, run.out.as_str(), run.err.as_str()),
        (0, "", "demo: 2 cases, 5 settings probed, nothing failed\n"),
        "{run:?}"
    );
    // From within, as a chart's CI runs it.
    let output = demo
        .command()
        .current_dir(demo.path("pack"))
        .args(["pack", "test"])
        .output();
    assert_eq!(output.unwrap().status.code(), Some(0));
}

#[test]
fn each_failure_is_one_line_with_its_place() {
    let demo = Demo::new();
    case(
        &demo,
        "a-text",
        "# mine\nold: a\n",
        ABOUT,
        Some("# mine\nnew: b\n"),
    );
    case(&demo, "b-open", "pick: b\n", ABOUT, Some("picked: b\n"));
    case(&demo, "c-missing", "old: a\n", ABOUT, None);
    case(
        &demo,
        "d-refused",
        "old: a\n",
        "from: 1.7.0\nto: 2.0.0\n",
        Some("new: a\n"),
    );
    case(
        &demo,
        "e-silent",
        "old: a\n",
        &format!("{ABOUT}says: [Back it up]\n"),
        Some("new: a\n"),
    );
    let run = demo.run("pack test pack");
    assert_eq!(run.code, 1, "{run:?}");
    let lines: Vec<&str> = run.out.lines().collect();
    let wanted = [
        "pack/cases/a-text/expected.yaml:2: expected \"new: b\", came out \"new: a\"",
        "pack/cases/b-open/case.yaml: `choose` is asked and not answered: pick is b. Which? (keep, type)",
        "pack/cases/b-open/case.yaml:3: asked: [choose], expected: []",
        "pack/cases/c-missing/expected.yaml: this file is missing; --bless writes what came out, to be read",
        "pack/cases/d-refused/case.yaml:1: refused: ",
        "pack/cases/e-silent/case.yaml:4: nothing that is told says `Back it up`",
    ];
    assert_eq!(lines.len(), wanted.len(), "{run:?}");
    for (line, wanted) in lines.iter().zip(wanted) {
        assert!(line.starts_with(wanted), "{line}\n{wanted}");
    }
    let json = demo.run("pack test pack -o json");
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(
        (
            json["cases"].as_u64(),
            json["failures"].as_array().unwrap().len()
        ),
        (Some(5), 6)
    );
    assert_eq!(json["failures"][0]["line"], 2);
    assert_eq!(json["failures"][0]["kind"], "case");
}

#[test]
fn a_text_that_came_out_otherwise_in_several_lines_is_shown_as_a_difference() {
    let demo = Demo::new();
    case(
        &demo,
        "a",
        "# mine\nold: a\n",
        ABOUT,
        Some("# yours\nnew: b\n"),
    );
    let run = demo.run("pack test pack --no-probe");
    let wanted = "pack/cases/a/expected.yaml:1: expected \"# yours\", came out \"# mine\"\n  @@ -1,2 +1,2 @@\n  -# yours\n  -new: b\n  +# mine\n  +new: a\n";
    assert_eq!(run.out, wanted);
}

#[test]
fn bless_writes_what_came_out_and_no_more() {
    let demo = Demo::new();
    case(&demo, "new", "old: a # why\n", ABOUT, None);
    case(&demo, "open", "pick: b\n", ABOUT, Some("picked: b\n"));
    let run = demo.run("pack test pack --bless --no-probe");
    assert_eq!(demo.text("pack/cases/new/expected.yaml"), "new: a # why\n");
    assert_eq!(demo.text("pack/cases/open/expected.yaml"), "picked: b\n");
    assert!(
        run.err
            .starts_with("written, to be read: pack/cases/new/expected.yaml\n"),
        "{run:?}"
    );
    assert_eq!(run.code, 1, "the question is still open: {run:?}");
}

#[test]
fn layers_are_cases_too() {
    let demo = Demo::new();
    let folder = demo.path("pack/cases/stack");
    fs::create_dir_all(folder.join("expected")).unwrap();
    fs::write(folder.join("base.yaml"), "old: a\n").unwrap();
    fs::write(folder.join("prod.yaml"), "old: b\n").unwrap();
    fs::write(
        folder.join("case.yaml"),
        format!("{ABOUT}layers: [base.yaml, prod.yaml]\n"),
    )
    .unwrap();
    fs::write(folder.join("expected/base.yaml"), "new: a\n").unwrap();
    fs::write(folder.join("expected/prod.yaml"), "new: c\n").unwrap();
    let run = demo.run("pack test pack --no-probe");
    assert_eq!(
        run.out,
        "pack/cases/stack/expected/prod.yaml:1: expected \"new: c\", came out \"new: b\"\n"
    );
}

#[test]
fn the_probe_finds_what_breaks_a_single_setting() {
    let demo = Demo::new();
    let migration = demo.text("pack/2.0.0.yaml");
    // An expression that only works for two settings at once, and one that changes its own result again.
    let broken = "  both:\n    title: Join\n    take: {w: password, p: pick}\n    do: {joined: \"=w + p\"}\n";
    let migration = migration
        .replace("  choose:", &format!("{broken}  choose:"))
        .replace(
            "take: {p: pick}\n    ask",
            "read: {p: picked}\n    if: set(p)\n    ask",
        );
    demo.file("pack/2.0.0.yaml", migration);
    demo.file(
        "pack/keys.yaml",
        demo.text("pack/keys.yaml") + "joined: [{in: \">=2.0.0\", default: \"\"}]\n",
    );
    let run = demo.run("pack test pack");
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.out
            .contains("pack/keys.yaml:5: password set alone in 1.0.0: the upgrade is refused: "),
        "{run:?}"
    );
    assert!(
        run.out
            .contains("pack/keys.yaml:3: pick set alone in 1.0.0: "),
        "{run:?}"
    );
    assert!(!run.out.contains(": old set alone"), "{run:?}");
}

#[test]
fn a_pack_that_cannot_be_used_is_refused() {
    let demo = Demo::new();
    demo.file(
        "pack/2.0.0.yaml",
        demo.text("pack/2.0.0.yaml")
            .replace("move: {old: new}", "move: {old: nwe}"),
    );
    let run = demo.run("pack test pack");
    assert_eq!(run.code, 2);
    assert!(run.err.contains("refit pack check pack"), "{run:?}");
    let run = demo.run("pack test nowhere");
    assert_eq!(run.code, 2, "{run:?}");
}

#[test]
fn keys_are_held_to_the_charts_that_are_at_hand() {
    let Some(helm) = helm::each().last() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let charts = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/charts");
    support::copy_folder(&charts, &root.join("charts"));
    let refit = |args: &str| {
        let mut command = helm::refit(helm.program(), root);
        let output = command
            .current_dir(root)
            .args(args.split_whitespace())
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, _, said) = refit("pack new charts/shop-1 charts/shop-2 --dir pack");
    assert_eq!(code, Some(0), "{said}");
    let test = "pack test pack --no-probe --chart 1.4.0=charts/shop-1 --chart 2.0.0=charts/shop-2";
    let (code, out, said) = refit(test);
    assert_eq!((code, out.as_str()), (Some(0), ""), "{said}");
    assert!(
        said.ends_with("keys.yaml compared with the values of 2 charts\n"),
        "{said}"
    );
    let file = root.join("pack/keys.yaml");
    let keys = fs::read_to_string(&file).unwrap();
    let changed = keys
        .replace("default: 10}", "default: 12}")
        .replace("showTax:\n  - {in: \"<2.0.0\"", "showTax:\n  - {in: \"*\"")
        .replace(
            "log.format:\n  - {in: \">=2.0.0\", default: \"text\"}\n",
            "",
        )
        .replace(
            "ingress.path:\n  - {in: \">=2.0.0\", default: \"/\"}",
            "ingress.path:\n  - {in: \">=2.0.0\", documented: false}",
        );
    fs::write(&file, &changed).unwrap();
    let (code, out, _) = refit(test);
    assert_eq!(code, Some(1));
    let mut lines: Vec<&str> = out
        .lines()
        .map(|line| line.split_once(": ").unwrap().1)
        .collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "ingress.path has no default here, and \"/\" in the chart 2.0.0",
            "showTax has a default here, and the chart 2.0.0 has no such key",
            "the chart 2.0.0 has the key log.format, which is not here",
            "timeout is 12 by default here, and 10 in the chart 2.0.0",
        ]
    );
    let line = changed.lines().position(|line| line == "timeout:").unwrap() + 1;
    assert!(
        out.contains(&format!("keys.yaml:{line}: timeout is 12")),
        "{out}"
    );
    // What a person has corrected is meant.
    let corrections =
        "timeout:\n  - {in: \"*\", default: 12}\nshowTax: []\nlog.format: []\ningress.path: []\n";
    fs::write(root.join("pack/corrections.yaml"), corrections).unwrap();
    let (code, out, _) = refit(test);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    // A case that says that Helm cannot render it must not be rendered.
    let case = root.join("pack/cases/a");
    fs::create_dir_all(&case).unwrap();
    fs::write(case.join("old.yaml"), "timeout: 5\n").unwrap();
    fs::write(case.join("expected.yaml"), "timeout: 5\n").unwrap();
    let about = "from: 1.4.0\nto: 2.0.0\n";
    fs::write(case.join("case.yaml"), about).unwrap();
    let (_, out, said) = refit(test);
    assert!(
        said.contains("1 case rendered with both charts"),
        "{out}{said}"
    );
    fs::write(case.join("case.yaml"), format!("{about}unrendered: No.\n")).unwrap();
    let (code, out, said) = refit(test);
    assert_eq!(code, Some(1));
    assert_eq!(
        out,
        "pack/cases/a/case.yaml:3: both charts render the case: `unrendered` is not so\n"
    );
    assert!(!said.contains("rendered with both charts"), "{said}");
    // A chart that refuses Helm's own version of Kubernetes says which option names another.
    fs::write(case.join("case.yaml"), about).unwrap();
    let chart = root.join("charts/shop-2/Chart.yaml");
    let text = fs::read_to_string(&chart).unwrap() + "kubeVersion: \">=1.99.0\"\n";
    fs::write(&chart, text).unwrap();
    let (code, out, _) = refit(test);
    assert_eq!(code, Some(1));
    assert!(
        out.contains("; name the Kubernetes version of the cluster with --kube-version VERSION\n"),
        "{out}"
    );
    let (code, out, _) = refit(&format!("{test} --kube-version 1.99"));
    assert_eq!((code, out.as_str()), (Some(0), ""));
}
