//! `refit verify` for charts that no pack is for.

use crate::shop::{MOVED, bench, said, upgrade, values};
use crate::support;

use std::{fs, path::Path, process::Output};

use support::helm;

const CHARTS: [&str; 4] = ["--old-chart", "old", "--new-chart", "new"];

fn verify(helm: &Path, home: &Path, args: &[&str]) -> Output {
    let mut command = helm::refit(helm, home);
    command.args(["verify", "values.yaml"]).args(args);
    command.output().unwrap()
}

#[test]
fn any_two_charts_are_compared_and_every_difference_is_told() {
    for helm in helm::each() {
        let home = bench();
        let output = verify(helm.program(), home.path(), &CHARTS);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        for says in [
            "shop 1.4.0 → 2.0.0",
            "values.yaml:2: no template of shop 2.0.0 reads replicaCount",
            "Deployment/shop, spec.replicas: was 3, is 1",
            "variable SHOW_TAX: was \"yes\", and is gone",
            "New defaults of the chart reach your objects (1)",
            "timeout: was 30, is 10",
            "image.tag, ingress.enabled, nodeSelector.disk",
            "6 differences are not explained",
        ] {
            assert!(text.contains(says), "{says}\n{text}");
        }
        assert!(
            !text.contains("log.format"),
            "what is new is no setting's\n{text}"
        );
    }
}

#[test]
fn values_that_already_fit_are_exit_code_0() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = bench();
    let values = "image: {tag: 3.1.2-fjord}\ntimeout: 60\nnodeSelector: {disk: fast}\n";
    fs::write(home.path().join("values.yaml"), values).unwrap();
    let output = verify(helm.program(), home.path(), &CHARTS);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        !text.contains("New defaults"),
        "the default is overridden\n{text}"
    );
}

#[test]
fn what_the_new_chart_requires_or_refuses_is_told_by_line() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = bench();
    let new = home.path().join("new");
    let template = new.join("templates/more.yaml");
    let more = "{{- $_ := required \"an owner must be named\" .Values.owner }}\n";
    fs::write(&template, more).unwrap();
    let schema = r#"{"properties": {"nodeSelector": {"type": "array"}}}"#;
    fs::write(new.join("values.schema.json"), schema).unwrap();
    let output = verify(helm.program(), home.path(), &CHARTS);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for says in [
        "an owner must be named",
        "values.yaml:20: the new chart's schema refuses nodeSelector",
    ] {
        assert!(text.contains(says), "{says}\n{text}");
    }
}

/// Without Helm what the files of the charts say is told, and no verdict.
#[test]
fn without_helm_a_comparison_tells_what_the_charts_say() {
    let none = Path::new("/nonexistent/helm");
    let home = bench();
    let schema = r#"{"additionalProperties": false, "properties": {"replicas": {}, "image": {}, "log": {},
        "service": {}, "ingress": {}, "timeout": {}, "extraEnv": {}, "nodeSelector": {}}}"#;
    fs::write(home.path().join("new/values.schema.json"), schema).unwrap();
    let output = verify(none, home.path(), &CHARTS);
    let text = said(&output);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(2), "{text}");
    for says in [
        "shop 1.4.0 → 2.0.0",
        "values.yaml:2: no template of shop 2.0.0 reads replicaCount",
        "no template of shop 2.0.0 reads service.port",
        "values.yaml:17: the new chart's schema refuses showTax: it takes no such key",
        "Defaults that changed, and that your values leave as they are (1)",
        "timeout: was 30, is 10",
        "Nothing was rendered: this is what the files of the two charts say.",
        "next: install helm, or name the program in HELM_BIN",
    ] {
        assert!(text.contains(says), "{says}\n{text}");
    }
    assert!(!text.contains("Everything is as it was"), "{text}");
    assert!(!text.contains("reads image.tag"), "{text}");
    let output = verify(none, home.path(), &[&CHARTS[..], &["-o", "json"]].concat());
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let report = &found["releases"][0];
    assert!(
        report["unrendered"]
            .as_str()
            .unwrap()
            .contains("/nonexistent/helm")
    );
    assert_eq!(found["failed"][0]["name"], "values.yaml");
    // Nothing is written that was to be compared first, and the preview is shown.
    let before = values(home.path());
    let answers = ["replicacount", "loglevel", "service-port", "ingress-host"];
    let answers = answers.map(|id| format!("place-{id}=move"));
    let mut args = vec!["--verify", "--write"];
    args.extend(answers.iter().flat_map(|answer| ["--answer", answer]));
    let output = upgrade(none, home.path(), &args);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(values(home.path()), before);
    assert!(
        said(&output).contains("shop 1.4.0 → 2.0.0, "),
        "{}",
        said(&output)
    );
}

#[test]
fn work_trees_of_one_version_are_compared_too() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = bench();
    let about = home.path().join("new/Chart.yaml");
    let text = fs::read_to_string(&about).unwrap();
    fs::write(&about, text.replace("2.0.0", "1.4.0")).unwrap();
    let output = verify(helm.program(), home.path(), &CHARTS);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("1.4.0 → 1.4.0+new"), "{text}");
}

#[test]
fn what_contradicts_itself_is_an_error_that_says_what_to_do() {
    let home = bench();
    let none = Path::new("/nonexistent/helm");
    for (args, says) in [
        (
            vec!["--from", "1.0.0"],
            "--from says 1.0.0, and the chart that is named is 1.4.0",
        ),
        (vec!["--chart", "other"], "--old-chart is shop"),
        (vec!["--to", "3.0.0"], "--to says 3.0.0"),
    ] {
        let args: Vec<&str> = CHARTS.into_iter().chain(args).collect();
        let output = verify(none, home.path(), &args);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(says), "{says}\n{text}");
    }
    let args = ["--old-chart", "some/chart", "--new-chart", "new"];
    let text = said(&verify(none, home.path(), &args));
    assert!(text.contains("--from VERSION"), "{text}");
    let back = ["--old-chart", "new", "--new-chart", "old"];
    let text = said(&verify(none, home.path(), &back));
    assert!(text.contains("does not go back"), "{text}");
}

#[test]
fn a_draft_finds_where_settings_went_and_asks_before_it_moves_them() {
    for helm in helm::each() {
        let home = bench();
        let home = home.path();
        let before = values(home);
        let output = upgrade(helm.program(), home, &[]);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(0), "{text}");
        for says in [
            "No pack is for the chart shop",
            "move   replicas (sets the same field: Deployment/shop spec.replicas",
            "4 questions for you",
            "(recommended)",
            "`showTax` has no effect in 2.0.0, and nothing was found",
        ] {
            assert!(text.contains(says), "{says}\n{text}");
        }
        let held = upgrade(helm.program(), home, &["--write"]);
        assert_eq!(held.status.code(), Some(3), "{}", said(&held));
        let checked = upgrade(helm.program(), home, &["--check", "--accept-drafts"]);
        assert_eq!(checked.status.code(), Some(1), "{}", said(&checked));
        assert_eq!(values(home), before);
    }
}

#[test]
fn what_a_draft_moves_keeps_its_text_and_does_what_it_did() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let accepted = bench();
    let home = accepted.path();
    let output = upgrade(
        helm.program(),
        home,
        &["--accept-drafts", "--verify", "--write"],
    );
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(values(home), MOVED);
    // Again: the old chart reads none of what was moved.
    let again = upgrade(helm.program(), home, &["--accept-drafts", "--check"]);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));

    let answered = bench();
    let home = answered.path();
    let output = upgrade(
        helm.program(),
        home,
        &[
            "--accept-recommended",
            "--answer",
            "place-loglevel=leave",
            "--write",
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(
        values(home),
        MOVED.replace("log:\n  level: debug", "logLevel: debug")
    );
}

#[test]
fn without_helm_a_draft_says_what_the_charts_say_and_is_sure_of_nothing() {
    let home = bench();
    let home = home.path();
    let output = upgrade(Path::new("/nonexistent/helm"), home, &["--accept-drafts"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for says in [
        "could not be tried out",
        "  why:  Helm is not here\n  next: install helm, or name the program in HELM_BIN\n",
        "log.level",
        "ingress.hostname",
    ] {
        assert!(text.contains(says), "{says}\n{text}");
    }
    assert!(
        !text.contains("(recommended)") && !text.contains("moved "),
        "{text}"
    );
}

#[test]
fn a_place_that_takes_the_value_and_does_something_else_is_not_sure() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = bench();
    let home = home.path();
    // The likeliest name now sets another variable.
    let template = home.join("new/templates/shop.yaml");
    let text = fs::read_to_string(&template).unwrap();
    fs::write(
        &template,
        text.replace("name: LOG_LEVEL", "name: AUDIT_LEVEL"),
    )
    .unwrap();
    let output = upgrade(helm.program(), home, &["--accept-drafts"]);
    let text = said(&output);
    assert!(!text.contains("move-loglevel"), "{text}");
}

#[test]
fn what_is_sure_of_a_whole_chart_becomes_steps_of_a_pack_that_passes_its_check() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = bench();
    let run = |args: &[&str]| {
        let output = helm::refit(helm.program(), home.path())
            .args(args)
            .output()
            .unwrap();
        (output.status.code(), said(&output))
    };
    let (code, text) = run(&["pack", "infer", "old", "new", "--dir", "mine"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("4 keys moved for sure"), "{text}");
    let migration = fs::read_to_string(home.path().join("mine/2.0.0.yaml")).unwrap();
    for says in [
        "\"replicaCount\": \"replicas\"",
        "\"logLevel\": \"log.level\"",
        "  # showTax: nothing was found; it did set Deployment/",
        "#   \"timeout\": WHY?   # was 30, is 10",
    ] {
        assert!(migration.contains(says), "{says}\n{migration}");
    }
    // Only warnings: what nobody has acknowledged yet.
    let (code, text) = run(&["pack", "check", "mine"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("shop: 2 warnings"), "{text}");
    let (code, text) = run(&["pack", "infer", "old", "new", "--dir", "mine"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("is there already and is not overwritten"),
        "{text}"
    );
    let upgraded = run(&[
        "upgrade",
        "values.yaml",
        "--pack",
        "mine",
        "--chart",
        "shop",
        "--from",
        "1.4.0",
    ]);
    assert!(upgraded.1.contains("replicas: 3"), "{}", upgraded.1);
}

#[test]
fn without_helm_nothing_of_an_inferred_migration_is_a_step() {
    let home = bench();
    let output = helm::refit(Path::new("/nowhere/helm"), home.path())
        .args(["pack", "infer", "old", "new", "--dir", "mine"])
        .output()
        .unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("nothing is sure"), "{text}");
    let migration = fs::read_to_string(home.path().join("mine/2.0.0.yaml")).unwrap();
    assert!(migration.contains("steps: {}"), "{migration}");
    assert!(
        migration.contains("  # replicaCount, perhaps:"),
        "{migration}"
    );
}

#[test]
fn one_setting_that_the_new_chart_refuses_hides_no_other() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = bench();
    let refuses = "{{- if .Values.showTax }}{{ fail \"showTax is gone\" }}{{ end }}\n";
    fs::write(home.path().join("new/templates/refuses.yaml"), refuses).unwrap();
    let output = helm::refit(helm.program(), home.path())
        .args(["upgrade", "values.yaml", "--accept-drafts"])
        .args(CHARTS)
        .output()
        .unwrap();
    let text = said(&output);
    assert!(text.contains("replicas: 3"), "{text}");
    // What the chart says of it is told: that it has no effect would be untrue.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("2.0.0 does not render with `showTax`: showTax is gone. Nothing was found"),
        "{text}"
    );
}

/// A setting that says by now what the new chart's own values say is as it was, also if what it does is that something is
/// not there.
#[test]
fn what_the_new_default_says_is_not_called_lost() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let route = "{{ if .Values.route.enabled }}\napiVersion: v1\nkind: Service\nmetadata: {name: route}\n{{ end }}\n";
    for (folder, version, values) in [
        ("old", "1.0.0", "route: {enabled: true}\n"),
        ("new", "2.0.0", "route: {enabled: false}\n"),
    ] {
        small_chart(&home.join(folder), version, values, "\"crab\"");
        fs::write(home.join(folder).join("templates/route.yaml"), route).unwrap();
    }
    fs::write(home.join("values.yaml"), "route:\n  enabled: false\n").unwrap();
    let output = upgrade(helm.program(), home, &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(!text.contains("route.enabled"), "{text}");
}

#[test]
fn what_another_object_had_beside_it_is_not_where_a_setting_went() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = bench();
    let home = home.path();
    let service = |name: &str, affinity: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  type: ClusterIP\n{affinity}"
        )
    };
    let line = |key: &str| {
        format!(
            "{{{{- with .Values.{key}.affinity }}}}\n  sessionAffinity: {{{{ . }}}}\n{{{{- end }}}}\n"
        )
    };
    let add = |chart: &str, templates: String, values: &str| {
        let folder = home.join(chart);
        fs::write(folder.join("templates/services.yaml"), templates).unwrap();
        let file = folder.join("values.yaml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, format!("{text}{values}")).unwrap();
    };
    // The second Service goes; the first one, which was there all the time, gets the same setting.
    let both = service("front", "") + &service("inner", &line("inner"));
    add("old", both, "inner:\n  affinity: \"\"\n");
    add(
        "new",
        service("front", &line("front")),
        "front:\n  affinity: \"\"\n",
    );
    let values = home.join("values.yaml");
    let text = fs::read_to_string(&values).unwrap();
    fs::write(&values, format!("{text}inner:\n  affinity: ClientIP\n")).unwrap();
    let output = upgrade(helm.program(), home, &["--accept-drafts"]);
    let text = said(&output);
    assert!(text.contains("inner.affinity"), "{text}");
    assert!(!text.contains("move-inner-affinity"), "{text}");
}

/// A pack that ends at the old chart: what comes after it is drafted.
#[test]
fn what_is_newer_than_a_pack_is_drafted() {
    for helm in helm::each() {
        let home = bench();
        let write = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
        let pack = |versions: &str| {
            fs::create_dir_all(home.path().join("pack")).unwrap();
            write(
                "pack/pack.yaml",
                &format!(
                    "pack: 1\nchart: shop\ntitle: A shop\nrepositories: [https://charts.tern.example]\nversions: {{{versions}}}\n"
                ),
            );
            write(
                "pack/keys.yaml",
                "replicaCount: [{in: \"*\", default: 1}]\n",
            );
        };
        let upgrade = |args: &[&str]| {
            let mut command = helm::refit(helm.program(), home.path());
            command.args(["upgrade", "values.yaml", "--pack", "pack"]);
            command.args(args).output().unwrap()
        };
        pack("1.3.0: {app: '1'}, 1.4.0: {app: '1'}");
        let output = upgrade(&CHARTS);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(
            text.contains("refit knows shop up to 1.4.0: what follows was drafted"),
            "{text}"
        );
        assert!(text.contains("shop 1.4.0 → 2.0.0"), "{text}");
        pack("1.4.0: {app: '1'}, 1.9.0: {app: '1'}");
        // The way to there is shown where a version is too new.
        let output = upgrade(&["--chart", "shop", "--from", "1.4.0", "--to", "2.0.0"]);
        let text = said(&output)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(
            text.contains("can be drafted from the two charts"),
            "{text}"
        );
    }
}

/// What a chart demands and nobody has is told: a draft that is proven with something made up in its place must say so.
#[test]
fn a_key_that_the_new_chart_demands_is_told() {
    for helm in helm::each() {
        let home = bench();
        let demand = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: demand}\ndata:\n  domain: {{ required \"web.domain is needed\" .Values.web.domain | quote }}\n";
        fs::write(home.path().join("new/templates/demand.yaml"), demand).unwrap();
        let values = home.path().join("new/values.yaml");
        let text = fs::read_to_string(&values).unwrap();
        fs::write(&values, format!("{text}web: {{domain: \"\"}}\n")).unwrap();
        let upgrade = || {
            let mut command = helm::refit(helm.program(), home.path());
            command.args(["upgrade", "values.yaml"]).args(CHARTS);
            let output = command.output().unwrap();
            said(&output)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        let told = "does not render without a value for `web.domain`";
        let text = upgrade();
        assert!(text.contains(told) && text.contains("tried out"), "{text}");
        let own = home.path().join("values.yaml");
        let text = fs::read_to_string(&own).unwrap();
        fs::write(&own, format!("{text}web: {{domain: shop.example}}\n")).unwrap();
        let text = upgrade();
        assert!(!text.contains(told), "{text}");
    }
}

/// A chart of one template that prints a text of the values.
fn small_chart(at: &Path, version: &str, values: &str, prints: &str) {
    fs::create_dir_all(at.join("templates")).unwrap();
    let about = format!("apiVersion: v2\nname: tide\nversion: {version}\n");
    fs::write(at.join("Chart.yaml"), about).unwrap();
    fs::write(at.join("values.yaml"), values).unwrap();
    let template = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: tide\ndata:\n  user: {{{{ {prints} }}}}\n"
    );
    fs::write(at.join("templates/a.yaml"), template).unwrap();
}

#[test]
fn what_still_works_and_is_called_out_of_date_is_moved_if_all_renders_the_same() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let new = "# Deprecated: use account.name\nuser: \"\"\naccount:\n  name: nobody\n";
    let same = ".Values.user | default .Values.account.name";
    let other = ".Values.user | default (print .Values.account.name \"-of-tide\")";
    for (prints, is_same) in [(same, true), (other, false)] {
        let home = tempfile::tempdir().unwrap();
        small_chart(
            &home.path().join("old"),
            "1.0.0",
            "user: nobody\n",
            ".Values.user",
        );
        small_chart(&home.path().join("new"), "2.0.0", new, prints);
        let file = home.path().join("values.yaml");
        fs::write(&file, "# Who runs it\nuser: fjord\n").unwrap();
        let text = said(&upgrade(helm.program(), home.path(), &[]));
        assert!(
            text.contains("`user` still works and is out of date"),
            "{text}"
        );
        assert_eq!(text.contains("(recommended)"), is_same, "{text}");
        upgrade(helm.program(), home.path(), &["--accept-drafts", "--write"]);
        let expected = match is_same {
            true => "# Who runs it\naccount:\n  name: fjord\n",
            false => "# Who runs it\nuser: fjord\n",
        };
        assert_eq!(values(home.path()), expected);
    }
}

#[test]
fn what_neither_chart_reads_is_asked_about_where_a_key_is_much_like_it() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let old = "user: nobody\naccess:\n  statuscodes: \"\"\n";
    let new = "user: nobody\naccess:\n  filters:\n    statuscodes: \"\"\n";
    let prints = "print .Values.user .Values.access.filters.statuscodes";
    small_chart(&home.path().join("old"), "1.0.0", old, ".Values.user");
    small_chart(&home.path().join("new"), "2.0.0", new, prints);
    let file = home.path().join("values.yaml");
    let text = "access:\n  statuscodes: \"500\"\n";
    fs::write(&file, text).unwrap();
    let output = said(&upgrade(helm.program(), home.path(), &[]));
    assert!(
        output.contains("`access.statuscodes` never had an effect"),
        "{output}"
    );
    assert!(output.contains("access.filters.statuscodes"), "{output}");
    assert!(!output.contains("(recommended)"), "{output}");
    upgrade(helm.program(), home.path(), &["--accept-drafts", "--write"]);
    assert_eq!(
        values(home.path()),
        text,
        "what did nothing is not switched on unasked"
    );
}

/// Without Helm, too, a key that is spelled otherwise is found below the map that a text names.
#[test]
fn a_key_with_other_capitals_below_a_map_that_a_text_names_is_offered_without_helm() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let (old, new) = (home.join("old"), home.join("new"));
    let prints = |key: &str| format!("{key} | toString");
    small_chart(
        &old,
        "1.0.0",
        "tide:\n  netSyncAt: 5\n",
        &prints(".Values.tide.netSyncAt"),
    );
    small_chart(
        &new,
        "2.0.0",
        "harbour:\n  netsyncat: 8\n",
        &prints(".Values.harbour.netsyncat"),
    );
    fs::write(new.join("README.md"), "In 2.0 `tide` became `harbour`.\n").unwrap();
    fs::write(home.join("values.yaml"), "tide:\n  netSyncAt: 6\n").unwrap();
    let output = upgrade(Path::new("/nonexistent/helm"), home, &[]);
    let text = said(&output);
    assert!(text.contains("move   harbour.netsyncat"), "{text}");
}
