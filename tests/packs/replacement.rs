//! A chart that another one takes the place of: values go there by the way that its pack describes, although the
//! versions of the other one are counted anew.

use std::fs;

use crate::demo::{Demo, Run};

const OLD: &str = "\
pack: 1
chart: old-dns
title: The old publisher's
repositories: [https://old.example/charts]
identifies: {names: [dns]}
replaced-by:
  {chart: dns, repository: https://new.example/charts, version: 1.2.0, link: https://new.example/move}
versions:
  7.0.0: {app: \"0.7\"}
  8.0.0: {app: \"0.8\"}
  8.1.0: {app: \"0.8\"}
facts:
  zone:
    title: Names go to
    by-version: [{versions: \"*\", value: \"=default(values.provider, 'nowhere')\"}]
";

const OLD_KEYS: &str = "\
provider: [{in: \">=8.0.0\", default: \"\"}]
cloud: [{in: \"<8.0.0\", default: \"\"}]
aws.region: [{in: \"*\", default: \"\"}]
image.repository: [{in: \"*\", default: old/dns}]
replicas: [{in: \"*\", default: 1}]
crd.create: [{in: \"*\", default: true}]
txt: [{in: \"*\", default: \"\"}]
";

const OLD_8: &str = "\
version: 8.0.0
title: The provider
steps:
  provider:
    title: Rename the cloud
    why: There are others than clouds.
    move: {cloud: provider}
";

const CHANGE: &str = "\
version: 1.2.0
title: The project's own chart
link: https://new.example/move
steps:
  own-provider:
    title: Name the provider below its key
    why: The project's chart has options beside the name.
    move: {provider: provider.name}
  own-region:
    title: Write the region as a variable
    why: It is read from the environment.
    take: {r: aws.region}
    do: {\"env[name=AWS_REGION].value\": =r}
  own-image:
    title: Leave the old image behind
    why: It begins with other files.
    drop: [image.repository]
    tell: \"{target.version} runs the project's own image.\"
  own-txt:
    title: Say what the names are marked with
    read: {t: txt}
    if: set(t)
    ask: How are the names of {t} kept?
    options:
      prefix: {title: As a prefix, move: {txt: txtPrefix}}
      none: {title: Not at all, drop: [txt]}
";

const NEW: &str = "\
pack: 1
chart: dns
title: The project's own
repositories: [https://new.example/charts]
versions:
  1.0.0: {app: \"0.7\"}
  1.2.0: {app: \"0.8\"}
  1.3.0: {app: \"0.9\"}
  2.0.0: {app: \"1.0\"}
facts:
  zone:
    title: Names go to
    by-version: [{versions: \"*\", value: \"=default(values.provider.name, 'nowhere')\"}]
";

const NEW_KEYS: &str = "\
provider: [{in: \"<1.2.0\", default: \"\"}]
provider.name: [{in: \">=1.2.0\", default: aws}]
env: [{in: \"*\", default: []}]
replicas: [{in: \"<1.3.0\", default: 1}]
replicaCount: [{in: \">=1.3.0\", default: 1}]
txtPrefix: [{in: \"*\", default: \"\"}]
crd.create: [{in: \"<1.1.0\", default: true}]
";

const NEW_13: &str = "\
version: 1.3.0
title: Names
steps:
  count:
    title: Rename replicas
    why: Everybody calls it that.
    move: {replicas: replicaCount}
";

fn demo(files: &[(&str, &str)]) -> Demo {
    let demo = Demo::new();
    fs::remove_file(demo.path("pack/2.0.0.yaml")).unwrap();
    fs::create_dir_all(demo.path("pack/charts/dns")).unwrap();
    for (name, text) in [
        ("pack/pack.yaml", OLD),
        ("pack/keys.yaml", OLD_KEYS),
        ("pack/8.0.0.yaml", OLD_8),
        ("pack/replacement.yaml", CHANGE),
        ("pack/charts/dns/pack.yaml", NEW),
        ("pack/charts/dns/keys.yaml", NEW_KEYS),
        ("pack/charts/dns/1.3.0.yaml", NEW_13),
    ]
    .iter()
    .chain(files)
    {
        let path = demo.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    demo
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn said(run: &Run) -> String {
    format!("{} {}", words(&run.out), words(&run.err))
}

const BEFORE: &str = "\
# names of the shop
cloud: aws # ours
replicas: 2   # one a zone
aws:
  region: eu-north-1
image:
  repository: mirror.example/dns
";

const AFTER: &str = "\
# names of the shop
provider:
  name: aws # ours
replicaCount: 2   # one a zone
env:
  - name: AWS_REGION
    value: eu-north-1
";

#[test]
fn values_go_through_the_old_chart_into_the_new_one() {
    let demo = demo(&[("v.yaml", BEFORE)]);
    let run = demo.run("pack check pack");
    assert_eq!(run.code, 0, "{}", said(&run));
    let run = demo.run("upgrade v.yaml --chart old-dns --from 7.0.0 --to dns=2.0.0 --pack pack -v");
    assert_eq!(run.code, 0, "{}", said(&run));
    for told in [
        "old-dns 7.0.0 → dns 2.0.0",
        "Rename the cloud",
        "2.0.0 runs the project's own image.",
        "--chart old-dns",
        "--from 7.0.0 --to dns=2.0.0",
    ] {
        assert!(said(&run).contains(told), "{told}: {}", said(&run));
    }
    assert!(!said(&run).contains("not continued"), "{}", said(&run));
    let command = run.err.split("To write exactly this:").nth(1).unwrap();
    let command = words(command).replace("\\ ", "");
    let run = demo.run(command.trim_start_matches("refit "));
    assert_eq!(
        (run.code, demo.text("v.yaml")),
        (0, AFTER.to_owned()),
        "{}",
        said(&run)
    );
    // What was reached is a version of the new chart.
    let run = demo.run("upgrade v.yaml --chart dns --from 2.0.0 --pack pack/charts/dns --check");
    assert_eq!(run.code, 0, "{}", said(&run));
}

#[test]
fn facts_are_those_of_the_one_chart_before_and_of_the_other_afterwards() {
    let demo = demo(&[("v.yaml", "provider: azure\n")]);
    let run =
        demo.run("upgrade v.yaml --chart old-dns --from 8.1.0 --to dns=1.2.0 --pack pack -o json");
    let json: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    let release = &json["releases"][0];
    let fact = &release["facts"][0];
    assert_eq!(
        (&fact["before"], &fact["after"]),
        (&"azure".into(), &"azure".into()),
        "{fact}"
    );
    for (field, value) in [
        ("chart", "old-dns"),
        ("to_chart", "dns"),
        ("from", "8.1.0"),
        ("to", "1.2.0"),
    ] {
        assert_eq!(release[field], value, "{field}");
    }
}

#[test]
fn a_question_on_the_way_holds_the_release() {
    let demo = demo(&[("v.yaml", "txt: shop-\n")]);
    let to = "upgrade v.yaml --chart old-dns --from 8.0.0 --to dns=2.0.0 --pack pack --write";
    let run = demo.run(to);
    assert_eq!(
        (run.code, demo.text("v.yaml").as_str()),
        (3, "txt: shop-\n"),
        "{}",
        said(&run)
    );
    let run = demo.run(&format!("{to} --answer own-txt=prefix"));
    assert_eq!(
        (run.code, demo.text("v.yaml").as_str()),
        (0, "txtPrefix: shop-\n"),
        "{}",
        said(&run)
    );
}

#[test]
fn keys_that_the_new_chart_does_not_have_are_told_and_stay() {
    let demo = demo(&[("v.yaml", "crd: {create: false}\nreplicas: 2\n")]);
    let run =
        demo.run("upgrade v.yaml --chart old-dns --from 8.0.0 --to dns=1.2.0 --pack pack --write");
    assert_eq!(run.code, 0, "{}", said(&run));
    assert_eq!(demo.text("v.yaml"), "crd: {create: false}\nreplicas: 2\n");
    assert!(said(&run).contains("does not know `crd`"), "{}", said(&run));
}

#[test]
fn nothing_goes_to_another_chart_that_was_not_asked_for() {
    let demo = demo(&[("v.yaml", "cloud: aws\n")]);
    let run = demo.run("upgrade v.yaml --chart old-dns --from 7.0.0 --pack pack --write");
    assert_eq!(
        (run.code, demo.text("v.yaml").as_str()),
        (0, "provider: aws\n"),
        "{}",
        said(&run)
    );
    let how = "To bring the values there: --chart old-dns --to dns=1.2.0.";
    assert!(said(&run).contains(how), "{}", said(&run));
    // Versions of the new chart from before it took the place, and those that it does not have.
    for (to, told) in [
        (
            "dns=1.0.0",
            "takes the place of old-dns from its version 1.2.0 on",
        ),
        ("dns=1.2.5", "no version 1.2.5 of the chart dns"),
        ("dsn=1.2.0", "no pack for the chart `dsn`"),
        (
            "1.2.0",
            "If 1.2.0 is a version of dns, which takes the place of old-dns: --chart old-dns --to dns=1.2.0.",
        ),
    ] {
        let run = demo.run(&format!(
            "upgrade v.yaml --chart old-dns --from 8.0.0 --to {to} --pack pack"
        ));
        assert_eq!(run.code, 2, "{to}: {}", said(&run));
        assert!(said(&run).contains(told), "{told}: {}", said(&run));
    }
    // Without the way between them.
    fs::remove_file(demo.path("pack/replacement.yaml")).unwrap();
    let run = demo.run("upgrade v.yaml --chart old-dns --from 8.0.0 --to dns=1.2.0 --pack pack");
    assert_eq!(run.code, 2, "{}", said(&run));
    assert!(
        said(&run).contains("does not say how values come there"),
        "{}",
        said(&run)
    );
}

#[test]
fn a_manifest_names_the_new_chart_where_all_of_it_stands_side_by_side() {
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: dns}\nspec:\n  source:\n    \
         repoURL: https://old.example/charts # where\n    chart: dns\n    targetRevision: 8.0.0\n    helm:\n      valuesObject: {provider: aws}\n";
    let chart = "apiVersion: v2\nname: all\nversion: 0.1.0\ndependencies:\n  - name: dns\n    repository: https://old.example/charts\n    version: 8.0.0\n";
    let demo = demo(&[
        ("app/app.yaml", application),
        ("umbrella/Chart.yaml", chart),
        ("umbrella/values.yaml", "dns: {provider: aws}\n"),
    ]);
    let to = "--chart old-dns --to dns=1.3.0 --pack pack --write";
    let run = demo.run(&format!("upgrade app {to}"));
    assert_eq!(run.code, 0, "{}", said(&run));
    let text = demo.text("app/app.yaml");
    for line in [
        "repoURL: https://new.example/charts # where",
        "chart: dns\n",
        "targetRevision: 1.3.0",
        "{provider: {name: aws}}",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    // The name of a dependency is the key of its values: nothing of it is edited by halves.
    let run = demo.run(&format!("upgrade umbrella {to}"));
    assert_eq!(run.code, 0, "{}", said(&run));
    assert_eq!(demo.text("umbrella/Chart.yaml"), chart);
    assert!(
        demo.text("umbrella/values.yaml").contains("name: aws"),
        "{}",
        said(&run)
    );
    for told in [
        "umbrella/Chart.yaml:5: The values are for dns from https://new.example/charts now",
        "Write 1.3.0 in its place",
    ] {
        assert!(said(&run).contains(told), "{told}: {}", said(&run));
    }
}

#[test]
fn the_check_looks_at_the_way_between_the_charts() {
    let demo = demo(&[]);
    let wrong = [
        (
            "replacement.yaml",
            "version: 1.2.0",
            "version: 1.3.0",
            "names 1.2.0",
        ),
        (
            "replacement.yaml",
            "provider: provider.name",
            "provider: provider.nam",
            "knows provider.nam",
        ),
        (
            "replacement.yaml",
            "r: aws.region",
            "r: aws.regoin",
            "knows aws.regoin",
        ),
        // A key that the old chart had once, and one that the new one has later.
        (
            "replacement.yaml",
            "drop: [image.repository]",
            "drop: [cloud]",
            "knows cloud",
        ),
        (
            "replacement.yaml",
            "txt: txtPrefix",
            "txt: replicaCount",
            "does not know replicaCount yet",
        ),
        (
            "replacement.yaml",
            "  own-image:",
            "  count:",
            "is called `count` too",
        ),
        (
            "replacement.yaml",
            "    why: It begins with other files.",
            "    wy: It begins with other files.",
            "`wy` is no field here",
        ),
        (
            "pack.yaml",
            "{chart: dns,",
            "{chart: old-dns,",
            "the chart's own name",
        ),
        (
            "pack.yaml",
            "{chart: dns,",
            "{chart: dnss,",
            "there is no pack `dnss`",
        ),
        ("pack.yaml", "version: 1.2.0", "version: 1.2.5", "1.2.5"),
    ];
    for (file, old, new, told) in wrong {
        let file = format!("pack/{file}");
        let text = demo.text(&file);
        assert_eq!(text.matches(old).count(), 1, "{old}");
        demo.file(&file, text.replace(old, new));
        let run = demo.run("pack check pack");
        assert_eq!(run.code, 1, "{new}: {}", said(&run));
        assert!(said(&run).contains(told), "{told}: {}", said(&run));
        demo.file(&file, text);
    }
    assert_eq!(demo.run("pack check pack").code, 0);
}
