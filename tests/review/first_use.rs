//! What a new user meets first: a preview at a real terminal, a folder of releases, a file that is not for refit.

use crate::{demo::Demo, pty::Pty};

const OLD: &str = "\
controller:
  image: {repository: registry.fjord.example/arroyo, tag: \"0.10.3\"}
worker:
  image: {repository: registry.fjord.example/arroyo, tag: \"0.10.3\"}
  slots: 8
  resources:
    requests: {cpu: 3200m, memory: 6Gi}
artifactUrl: s3://fjord/artifacts
checkpointUrl: s3://fjord/checkpoints
";

fn application(name: &str, version: &str, values: &str) -> String {
    let values: String = values
        .lines()
        .map(|line| format!("        {line}\n"))
        .collect();
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {name}\nspec:\n  source:\n    \
         repoURL: https://arroyosystems.github.io/helm-repo\n    chart: arroyo\n    targetRevision: {version}\n    \
         helm:\n      values: |\n{values}"
    )
}

const MIRRORED: &str = "\
controller:
  image: {repository: registry.fjord.example/arroyo, tag: \"0.10.3\"}
worker:
  image: {repository: registry.fjord.example/arroyo, tag: \"0.10.3\"}
artifactUrl: s3://fjord/artifacts
checkpointUrl: s3://fjord/checkpoints
";

#[test]
fn a_preview_at_a_terminal_fits_it_and_hides_secrets() {
    for (columns, env, plain) in [
        (50, &[][..], false),
        (80, &[("NO_COLOR", "1")][..], true),
        (120, &[("LC_ALL", "C"), ("LANG", "C")][..], false),
    ] {
        let demo = Demo::new();
        demo.file(
            "v.yaml",
            "# mine\nold: a\npick: b\npassword: hunter2-demo\n",
        );
        let args = ["upgrade", "v.yaml", "--pack", "pack", "--from", "1.0.0"];
        let mut pty = Pty::new(demo.folder(), &args, columns, env);
        pty.until("--write");
        let raw = pty.raw();
        let (code, screen) = pty.end();
        assert_eq!(code, 0, "{screen}");
        assert!(!raw.contains("hunter2"), "{raw}");
        assert_eq!(plain, !raw.contains("\x1b["), "{columns}: {raw:?}");
        let joined = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "v.yaml: demo 1.0.0",
            "rename: Rename old to new",
            "[choose]",
            "keep Keep it (recommended)",
            "settings:",
            "refit review v.yaml",
            "--answer choose=keep",
        ] {
            assert!(joined.contains(part), "{columns}, {part}:\n{screen}");
        }
        assert!(screen.lines().count() <= 40, "{columns}:\n{screen}");
    }
}

#[test]
fn a_folder_of_many_releases_is_read_in_one_screen() {
    let demo = Demo::new();
    std::fs::create_dir(demo.path("apps")).unwrap();
    for number in 0..46 {
        let values = format!("# {number}\n{MIRRORED}");
        let name = format!("arroyo-{number}");
        std::fs::create_dir(demo.path(&format!("apps/team-{number}"))).unwrap();
        demo.file(
            &format!("apps/team-{number}/{name}.yaml"),
            application(&name, "0.10.3", &values),
        );
    }
    let broken = application("x", "0.10.3", MIRRORED).replace("name: x", "name: [x");
    demo.file("apps/broken.yaml", broken);
    for line in ["upgrade apps", "upgrade --check apps"] {
        let run = demo.run(line);
        assert_eq!(run.code, 2, "{}", run.err);
        let said = format!("{}{}", run.out, run.err);
        assert!(said.lines().count() <= 50, "one screen: {said}");
        assert!(
            said.contains("ready  46 releases  arroyo 0.10.3 → 0.15.0"),
            "{said}"
        );
        // Those that have no room have their number, and the option that shows them.
        let named = said.matches("/arroyo-").count();
        assert!(named > 1, "{said}");
        assert!(
            said.contains(&format!("and {} more (-v)", 46 - named)),
            "{said}"
        );
        let total = "46 releases: 46 ready, 1 refused";
        assert!(said.contains(total), "{said}");
        assert_eq!(said.matches("[default-ports]").count(), 1, "once: {said}");
        assert!(said.contains("(all 46 releases)"), "{said}");
    }
    let all = demo.run("upgrade -v apps");
    let all = format!("{}{}", all.out, all.err);
    for number in 0..46 {
        let name = format!("apps/team-{number}/arroyo-{number}.yaml");
        assert!(all.contains(&name), "{name} with -v");
    }
}

#[test]
fn every_format_counts_the_same() {
    let demo = Demo::new();
    std::fs::create_dir(demo.path("apps")).unwrap();
    for (name, values) in [("one", MIRRORED.to_owned()), ("two", OLD.to_owned())] {
        demo.file(
            &format!("apps/{name}.yaml"),
            application(name, "0.10.3", &values),
        );
    }
    let text = demo.run("upgrade apps").err;
    let total = "2 releases: 1 ready, 1 waits (worker-resources 1)";
    assert!(text.contains(total), "{text}");
    for format in ["markdown", "html"] {
        let run = demo.run(&format!("upgrade apps -o {format}"));
        let plain = run.out.replace('\\', "");
        assert!(plain.contains(total), "{format}: {}", run.out);
        assert!(plain.contains("2 files change"), "{format}: {}", run.out);
        assert!(
            plain.contains("1 open question in 1 release"),
            "{format}: {}",
            run.out
        );
    }
    let lines = demo.run("upgrade apps -o jsonl").out;
    let summary = lines.lines().last().unwrap();
    for count in [
        "\"releases\":2",
        "\"open\":1",
        "\"questions\":1",
        "\"changed\":2",
    ] {
        assert!(summary.contains(count), "{summary}");
    }
    let found = demo.run("upgrade apps -o github").out;
    assert_eq!(found.matches("::error ").count(), 1, "{found}");
    // What a list calls a setting's fate the sum counts by the same word.
    let all = demo.run("upgrade apps/one.yaml -v --to 0.15.0").err;
    let ledger = all
        .split("Every setting that did not just stay")
        .nth(1)
        .unwrap();
    let sum = all
        .lines()
        .rev()
        .find(|line| line.contains("settings: "))
        .unwrap();
    for word in ["moved", "merged", "rewritten", "dropped"] {
        let listed = ledger
            .lines()
            .filter(|line| line.trim_start().starts_with(word))
            .count();
        let said = format!("{listed} {word}");
        assert_eq!(listed > 0, sum.contains(&said), "{said}: {all}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_file_and_what_to_do() {
    let demo = Demo::new();
    // A folder with a manifest that cannot be read is not fine.
    std::fs::create_dir(demo.path("clusters")).unwrap();
    let broken = application("arroyo", "0.10.3", MIRRORED).replace("name: arroyo", "name: [arroyo");
    demo.file("clusters/arroyo.yaml", broken);
    let run = demo.run("upgrade --check clusters");
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("clusters/arroyo.yaml:"), "{}", run.err);
    // A version that was never published is named where it stands.
    demo.file(
        "clusters/arroyo.yaml",
        application("arroyo", "0.10.2", MIRRORED),
    );
    let run = demo.run("upgrade clusters");
    assert!(
        run.err.contains("clusters/arroyo.yaml:9:21: 0.10.2 is not"),
        "{}",
        run.err
    );
    assert!(
        run.err.contains("The nearest are 0.10.1 and 0.10.3."),
        "{}",
        run.err
    );
    // A version from before all that is known.
    let run = demo.run("upgrade v.yaml --chart ingress-nginx --from 3.9.0");
    assert!(
        run.err.contains("refit knows ingress-nginx from 4.0.0 on"),
        "{}",
        run.err
    );
    assert!(run.err.lines().count() < 8, "{}", run.err);
    // Values that any chart could have are for none.
    demo.file(
        "any.yaml",
        "nodeSelector: {disk: ssd}\npodAnnotations: {a: b}\n",
    );
    let run = demo.run("upgrade any.yaml");
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(!run.err.contains("sets nothing"), "{}", run.err);
    // Settings that the version which is named already does not use.
    demo.file(
        "clusters/arroyo.yaml",
        application("arroyo", "0.15.0", MIRRORED),
    );
    let run = demo.run("upgrade --check clusters");
    assert_ne!(run.code, 0, "{}", run.err);
    assert!(!run.err.contains("already fits"), "{}", run.err);
}
