//! Charts that were called otherwise before, and charts that are not continued.

use std::fs;

use crate::demo::{Demo, Run};

const HERE: &str = "https://charts.team.example/stable";
const THERE: &str = "https://old.example/incubator";

fn demo(files: &[(&str, &str)]) -> Demo {
    let demo = Demo::new();
    let pack = demo.text("pack/pack.yaml");
    let before = format!(
        "repositories: [{HERE}, oci://registry.team.example/charts]\n\
         called-before:\n  - {{chart: sample, repositories: [{THERE}], until: 1.5.0}}\nidentifies:"
    );
    demo.file("pack/pack.yaml", pack.replace("identifies:", &before));
    for (name, text) in files {
        let path = demo.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    demo
}

fn words(run: &Run) -> String {
    run.err.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn application(repository: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: app}}\nspec:\n  source:\n    \
         repoURL: {repository} # where\n    chart: sample\n    targetRevision: 1.0.0\n    helm:\n      valuesObject: {{old: a}}\n"
    )
}

#[test]
fn name_and_repository_follow_where_they_stand_side_by_side() {
    let demo = demo(&[("in/app.yaml", &application(THERE))]);
    let run = demo.run("upgrade in --pack pack --write");
    assert_eq!(run.code, 0, "{}", run.err);
    let text = demo.text("in/app.yaml");
    for line in [
        "repoURL: https://charts.team.example/stable # where",
        "chart: demo",
        "targetRevision: 2.0.0",
        "new: a",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let again = demo.run("upgrade in --pack pack --check");
    assert_eq!((again.code, again.out.as_str()), (0, ""), "{}", again.err);
}

#[test]
fn up_to_the_last_version_of_that_name_it_stays() {
    let demo = demo(&[("in/app.yaml", &application(THERE))]);
    let run = demo.run("upgrade in --pack pack --to 1.5.0 --write");
    assert_eq!(run.code, 0, "{}", run.err);
    let text = demo.text("in/app.yaml");
    assert!(
        text.contains("chart: sample") && text.contains(THERE),
        "{text}"
    );
    // Where the version stays as it is, the name does too.
    let run = demo.run("upgrade in --pack pack --keep-version --write");
    assert_eq!(run.code, 0, "{}", run.err);
    let text = demo.text("in/app.yaml");
    assert!(
        text.contains("chart: sample") && text.contains("new: a"),
        "{text}"
    );
}

#[test]
fn a_repository_that_is_described_elsewhere_is_for_a_person_to_change() {
    let helmfile = format!(
        "repositories:\n  - {{name: old, url: {THERE}}}\nreleases:\n  - name: app\n    chart: old/sample\n    version: 1.0.0\n    values: [{{old: a}}]\n"
    );
    let demo = demo(&[("in/helmfile.yaml", &helmfile)]);
    let run = demo.run("upgrade in --pack pack --write");
    assert_eq!(run.code, 0, "{}", run.err);
    let text = demo.text("in/helmfile.yaml");
    assert!(
        text.contains("chart: old/sample") && text.contains("new: a"),
        "{text}"
    );
    let said = words(&run);
    for part in [
        "helmfile.yaml:5",
        "The chart is called demo since it is past 1.5.0",
        HERE,
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn within_one_repository_only_the_name_changes() {
    let helmfile = format!(
        "repositories:\n  - {{name: team, url: {HERE}}}\nreleases:\n  - name: app\n    chart: team/sample\n    version: 1.0.0\n    values: [{{old: a}}]\n"
    );
    let demo = demo(&[("in/helmfile.yaml", &helmfile)]);
    let run = demo.run("upgrade in --pack pack --write");
    assert_eq!(run.code, 0, "{}", run.err);
    let text = demo.text("in/helmfile.yaml");
    assert!(
        text.contains("chart: team/demo") && text.contains(HERE),
        "{text}"
    );
}

#[test]
fn the_name_of_a_dependency_is_the_key_of_its_values_and_stays() {
    let chart = format!(
        "apiVersion: v2\nname: all\nversion: 0.1.0\ndependencies:\n  - name: sample\n    repository: {THERE}\n    version: 1.0.0\n"
    );
    let demo = demo(&[
        ("in/Chart.yaml", &chart),
        ("in/values.yaml", "sample:\n  old: a\n"),
    ]);
    let run = demo.run("upgrade in --pack pack --write");
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(demo.text("in/Chart.yaml").contains("name: sample"));
    assert!(demo.text("in/values.yaml").contains("new: a"));
    assert!(words(&run).contains("alias: sample"), "{}", run.err);
}

#[test]
fn what_takes_the_place_of_a_chart_is_told_at_its_end() {
    let demo = demo(&[]);
    let text = demo.text("pack/pack.yaml");
    let by = "replaced-by: {chart: other, repository: https://other.example, version: 0.3.0}\nidentifies:";
    demo.file("pack/pack.yaml", text.replace("identifies:", by));
    let run = demo.upgrade("v.yaml --from 1.0.0");
    let part = "demo is not continued: other from https://other.example takes its place, from its version 0.3.0 on";
    assert!(words(&run).contains(part), "{}", run.err);
    let run = demo.upgrade("v.yaml --from 1.0.0 --to 1.5.0");
    assert!(!run.err.contains("not continued"), "{}", run.err);
}
