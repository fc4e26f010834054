//! What an umbrella chart hands down as `global`: what the page says of it, in files.

use std::fs;

use crate::{
    demo::{Demo, Run},
    support::page::table,
};

/// An umbrella with the chart `kit`; its pack has `steps` for 2.0.0.
fn umbrella(steps: &str, files: &[(&str, &str)]) -> Demo {
    let demo = Demo::new();
    demo.file(
        "pack/pack.yaml",
        "pack: 1\nchart: kit\ntitle: A kit\nversions:\n  1.0.0: {app: \"1\"}\n  2.0.0: {app: \"2\"}\n\
         facts:\n  registry:\n    title: Images come from\n    by-version:\n      - {versions: \"*\", value: \"=default(values.global.registry, 'the internet')\"}\n",
    );
    demo.file(
        "pack/keys.yaml",
        "size: [{in: \"*\", default: 1}]\nimage.registry: [{in: \"*\", default: \"\"}]\n",
    );
    demo.file(
        "pack/2.0.0.yaml",
        format!(
            "version: 2.0.0\ntitle: Other globals\nlink: https://kit.example\nsteps:\n{steps}\n"
        ),
    );
    for (name, text) in files {
        let path = demo.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    if !files.iter().any(|(name, _)| name.ends_with("Chart.yaml")) {
        fs::create_dir_all(demo.path("in")).unwrap();
        demo.file("in/Chart.yaml", CHART);
    }
    demo
}

const CHART: &str = "apiVersion: v2\nname: umbrella\nversion: 0.1.0\ndependencies:\n  - {name: kit, version: 1.0.0, repository: \"https://charts.kit.example\"}\n";

fn step(what: &str) -> String {
    format!("  step:\n    title: A step\n    why: It is so.\n    {what}")
}

const RENAME: &str = "move: {global.class: global.defaultClass}";

fn words(run: &Run) -> String {
    run.err.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn read(text: &str) -> serde_json::Value {
    serde_yaml::from_str(text).expect("YAML")
}

#[test]
fn the_table_of_the_page_is_true_in_files() {
    let rows = table(["values of the umbrella", "steps of `kit`", "result"]);
    assert!(rows.len() >= 4, "{rows:?}");
    for [values, steps, result] in rows {
        let steps = steps.trim().replace('\n', "\n    ");
        let values = values + "\n";
        let demo = umbrella(&step(&steps), &[("in/values.yaml", &values)]);
        let run = demo.run("upgrade in --pack pack --write");
        let after = demo.text("in/values.yaml");
        if result.starts_with("an error") {
            assert_eq!(run.code, 2, "{values}{steps}: {}", run.err);
            assert_eq!(after, values, "{steps}");
        } else {
            assert_eq!(run.code, 0, "{values}{steps}: {}", run.err);
            assert_eq!(read(&after), read(&result), "{values}{steps}");
        }
    }
}

#[test]
fn what_the_root_hands_down_is_seen_in_facts_and_questions() {
    let ask = step(
        "take: {r: global.registry}\n    ask: \"Images come from {r}. And the new one?\"\n    options:\n      same: {title: \"From {r}\", do: {image.registry: =r}}",
    );
    let values = "global: {registry: reg.example}\nkit: {size: 2}\n";
    let demo = umbrella(&ask, &[("in/values.yaml", values)]);
    let run = demo.run("upgrade in --pack pack");
    assert_eq!(run.code, 0, "{}", run.err);
    let shown = format!("{} {}", run.out, words(&run));
    assert!(shown.contains("Images come from reg.example"), "{shown}");
    assert!(!shown.contains("the internet"), "{shown}");
    let run = demo.run("upgrade in --pack pack --answer step=same --write -v");
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(
        demo.text("in/values.yaml"),
        "global: {registry: reg.example}\nkit: {size: 2, image: {registry: reg.example}}\n"
    );
    assert!(
        words(&run).contains("global.registry stays at the root"),
        "{}",
        run.err
    );
}

#[test]
fn the_root_of_any_layer_counts_over_the_charts_own_globals() {
    // Argo CD deploys the umbrella with a file on top, which has nothing of kit but the root's `global`.
    let app = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: app}\nspec:\n  source:\n    repoURL: https://git.example/repo\n    path: in\n    helm: {valueFiles: [values.yaml, prod.yaml]}\n";
    let values = "global: {class: hdd}\nkit:\n  # how much\n  size: 2\n  global: {class: tape}\n";
    let demo = umbrella(
        &step(RENAME),
        &[
            ("repo/app.yaml", app),
            ("repo/in/Chart.yaml", CHART),
            ("repo/in/values.yaml", values),
            ("repo/in/prod.yaml", "global:\n  class: ssd # fast\n"),
        ],
    );
    let run = demo.run("upgrade repo --pack pack --write");
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(
        demo.text("repo/in/values.yaml"),
        "global: {class: hdd}\nkit:\n  # how much\n  size: 2\n  global: {defaultClass: ssd}\n"
    );
    assert_eq!(
        demo.text("repo/in/prod.yaml"),
        "global:\n  class: ssd # fast\n"
    );
}

#[test]
fn what_a_manifest_itself_has_as_global_counts_too() {
    for own in [
        "valuesObject: {global: {class: ssd}}",
        "values: \"global: {class: ssd}\"",
        "parameters: [{name: global.class, value: ssd}]",
    ] {
        let app = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: app}}\nspec:\n  source:\n    repoURL: https://git.example/repo\n    path: in\n    helm:\n      {own}\n"
        );
        let demo = umbrella(
            &step(RENAME),
            &[
                ("repo/app.yaml", &app),
                ("repo/in/Chart.yaml", CHART),
                ("repo/in/values.yaml", "kit:\n  size: 2 # how much\n"),
            ],
        );
        let run = demo.run("upgrade repo --pack pack --write");
        assert_eq!(run.code, 0, "{own}: {}", run.err);
        assert_eq!(
            demo.text("repo/in/values.yaml"),
            "kit:\n  size: 2 # how much\n  global:\n    defaultClass: ssd\n",
            "{own}"
        );
        assert_eq!(demo.text("repo/app.yaml"), app);
    }
}

#[test]
fn what_does_not_count_is_refused_with_the_step_and_the_place() {
    let values = "global: {class: ssd, defaultClass: hdd}\nkit: {size: 2}\n";
    let demo = umbrella(&step(RENAME), &[("in/values.yaml", values)]);
    let run = demo.run("upgrade in --pack pack --write");
    assert_eq!(run.code, 3, "any chart reads any global: {}", run.err);
    let run = demo.run("upgrade in --pack pack --write --answer live-key=take");
    assert_eq!(run.code, 2, "{}", run.err);
    for said in [
        "global.defaultClass",
        "--skip step",
        "the `global` at its root",
    ] {
        assert!(words(&run).contains(said), "{said}: {}", run.err);
    }
    assert_eq!(demo.text("in/values.yaml"), values);
    let run = demo.run("upgrade in --pack pack --write --skip step");
    assert_eq!(
        (run.code, demo.text("in/values.yaml")),
        (0, values.to_owned()),
        "{}",
        run.err
    );
    // Where the root says the same, it counts.
    let same = "global: {class: ssd, defaultClass: ssd}\nkit: {size: 2}\n";
    let demo = umbrella(&step(RENAME), &[("in/values.yaml", same)]);
    let run = demo.run("upgrade in --pack pack --write");
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn an_umbrella_without_values_of_the_chart_is_told_what_to_do() {
    let values = "global: {class: ssd}\nother: {a: 1}\n";
    let demo = umbrella(&step(RENAME), &[("in/values.yaml", values)]);
    let run = demo.run("upgrade in --pack pack --write");
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(
        words(&run).contains("no values that they could stand in"),
        "{}",
        run.err
    );
    assert_eq!(demo.text("in/values.yaml"), values);
}

#[test]
fn what_a_step_calls_left_over_is_not_asked_about_where_the_root_has_it() {
    let steps = "take: {s: size}\n    do: {global.class: =s}\n    replaces: [global.class]";
    let values = "global: {class: {x: 1}}\nkit: {size: 2}\n";
    let demo = umbrella(&step(steps), &[("in/values.yaml", values)]);
    let run = demo.run("upgrade in --pack pack --write");
    assert_eq!(run.code, 0, "{}", run.err);
    let wanted = "global: {class: {x: 1}}\nkit: {global: {class: 2}}\n";
    assert_eq!(read(&demo.text("in/values.yaml")), read(wanted));
}

#[test]
fn keys_of_both_globals_come_in_the_order_of_the_merged_map() {
    let steps = "read: {g: global.*.*}\n    do: {image.registry: \"=g.map(k, k).join(' ')\"}";
    let values = "global: {g: {u: 1}, h: 1}\nkit: {global: {g: {x: 1}, k: {x: 1}}}\n";
    let demo = umbrella(&step(steps), &[("in/values.yaml", values)]);
    let run = demo.run("upgrade in --pack pack --write");
    assert_eq!(run.code, 0, "{}", run.err);
    let after = read(&demo.text("in/values.yaml"));
    assert_eq!(after["kit"]["image"]["registry"], "g.x g.u k.x", "{after}");
}
