//! Mistakes as authors of packs make them, each put into a good pack by itself: the check must find it, by
//! its code and in its line. What it does not find is listed with the reason.

use refit::pack::check::Code;

use super::Copy;

/// A mistake: in a file of a pack, a text in place of another. It must be found in the line that holds
/// `line`, or without a line if that is empty.
struct Mistake {
    pack: &'static str,
    file: &'static str,
    old: &'static str,
    new: &'static str,
    code: Code,
    at: (&'static str, &'static str),
}

const fn mistake(
    file: &'static str,
    old: &'static str,
    new: &'static str,
    code: Code,
    line: &'static str,
) -> Mistake {
    Mistake {
        pack: "demo",
        file,
        old,
        new,
        code,
        at: (file, line),
    }
}

const fn arroyo(
    file: &'static str,
    old: &'static str,
    new: &'static str,
    code: Code,
    line: &'static str,
) -> Mistake {
    Mistake {
        pack: "arroyo",
        file,
        old,
        new,
        code,
        at: (file, line),
    }
}

/// The same, found in another file than the one where it was made.
const fn seen(mistake: Mistake, file: &'static str, line: &'static str) -> Mistake {
    Mistake {
        at: (file, line),
        ..mistake
    }
}

const P: &str = "pack.yaml";
const K: &str = "keys.yaml";
const TWO: &str = "2.0.0.yaml";
const THREE: &str = "3.0.0.yaml";

#[rustfmt::skip]
const MISTAKES: &[Mistake] = &[
    // Form.
    mistake(TWO, "    title: Rename web.replicas", "    titel: Rename web.replicas", Code::UnknownField, "titel"),
    mistake(TWO, "    title: Rename web.replicas\n", "", Code::MissingField, "  replicas:"),
    mistake(TWO, "    move:\n      web.replicas", "    moves:\n      web.replicas", Code::UnknownField, "moves:"),
    mistake(TWO, "    tell: timeout", "    notice: timeout", Code::UnknownField, "notice:"),
    mistake(TWO, "            recommended: true", "            recommended: always", Code::WrongType, "recommended:"),
    mistake(TWO, "            recommended: true", "            default: true", Code::UnknownField, "default: true"),
    mistake(THREE, "    drop: [legacy]", "    drop: legacy", Code::WrongType, "drop: legacy"),
    mistake(THREE, "    same-key: true", "    same_key: true", Code::UnknownField, "same_key"),
    mistake(TWO, "  timeout:\n", "  image:\n", Code::KeyTwice, "  image:\n    title: Look"),
    mistake(TWO, "      web.replicas: replicaCount", "      web.replicas: replicaCount\n      web.replicas: image.tag", Code::KeyTwice, "web.replicas: image.tag"),
    mistake(K, "timeout:\n", "env:\n", Code::KeyTwice, "env:\n  - {in: \"<2.0.0\""),
    mistake(P, "  3.0.0: {app: \"3.0\"}", "  2.0.0: {app: \"3.0\"}", Code::KeyTwice, "2.0.0: {app: \"3.0\"}"),
    mistake(K, "probe:\n  - {in: \"*\", default: true}", "probe:\n  - {in: \"*\", default: yes}", Code::NotText, "default: yes"),
    mistake(K, "read: \"no\"", "read: never", Code::WrongType, "read: never"),
    mistake(K, "{in: \"*\", open: map}", "{in: \"*\", open: maps}", Code::WrongType, "open: maps"),
    mistake(K, "log.level:\n  - {in: \"*\", default: info}", "log.level:\n  - {in: \"*\", defualt: info}", Code::UnknownField, "defualt"),
    mistake(P, "    strength: strong", "    strength: sure", Code::WrongType, "strength: sure"),
    mistake(THREE, "      cpu: resources.requests.cpu", "\tcpu: resources.requests.cpu", Code::NotYaml, "\tcpu"),
    mistake(TWO, "Which tag of {repo} runs now?", "\"Which tag of {repo} runs now?", Code::NotYaml, ""),
    mistake(TWO, "      variables: env", "      variables: *env", Code::NotYaml, "*env"),
    // Versions and ranges.
    mistake(P, "  1.5.0: {app: \"1.5\"}\n  2.0.0: {app: \"2.0\"}", "  2.0.0: {app: \"2.0\"}\n  1.5.0: {app: \"1.5\"}", Code::VersionOrder, "  1.5.0: {app"),
    mistake(P, "  1.5.0: {app: \"1.5\"}", "  \"1.5\": {app: \"1.5\"}", Code::BadVersion, "\"1.5\": {"),
    mistake(P, "  1.4.0: There", "  1.5.0: There", Code::VersionRefused, "1.5.0: There"),
    mistake(TWO, "version: 2.0.0", "version: 2.1.0", Code::BadVersion, "version: 2.1.0"),
    seen(mistake(P, "  2.0.0: {app: \"2.0\"}\n", "", Code::UnknownVersion, ""), TWO, "version: 2.0.0"),
    mistake(P, "    2.0.0:\n      - {from", "    2.1.0:\n      - {from", Code::UnknownVersion, "2.1.0:"),
    mistake(K, "ports.*.expose:\n  - {in: \"<3.0.0\"", "ports.*.expose:\n  - {in: \">=3.0.0, <2.0.0\"", Code::EmptyRange, ">=3.0.0, <2.0.0"),
    mistake(K, "web.image.tag:\n  - {in: \"<2.0.0\"", "web.image.tag:\n  - {in: \"=1.0.0, =1.5.0\"", Code::EmptyRange, "=1.0.0, =1.5.0"),
    mistake(K, "image.digest:\n  - {in: \">=3.0.0\"", "image.digest:\n  - {in: \">=30.0.0\"", Code::RangeWithoutVersion, ">=30.0.0"),
    mistake(K, "web.image.tag:\n  - {in: \"<2.0.0\"", "web.image.tag:\n  - {in: \"<2.0\"", Code::BadRange, "\"<2.0\""),
    mistake(P, "    versions: \">=2.0.0\"\n    strength: medium", "    versions: 2.x\n    strength: medium", Code::BadRange, "versions: 2.x"),
    mistake(K, "timeout:\n  - {in: \"<2.0.0\"", "timeout:\n  - {in: \"<=2.0.0\"", Code::RangesOverlap, ">=2.0.0\", default: 60"),
    mistake(TWO, "    target: \">=3.0.0\"", "    target: \">=1.0.0, <1.5.0\"", Code::UnreachableRow, "target:"),
    // Paths and keys.
    mistake(TWO, "      web.replicas: replicaCount", "      web.replica: replicaCount", Code::UnknownKey, "web.replica:"),
    mistake(TWO, "      web.replicas: replicaCount", "      web.replicas: replicasCount", Code::UnknownKey, "replicasCount"),
    mistake(TWO, "      repo: web.image.repository", "      repo: web.image.repo", Code::UnknownKey, "web.image.repo\n"),
    mistake(TWO, "      level: log.level", "      level: logs.level", Code::UnknownKey, "logs.level"),
    mistake(TWO, "      wait: timeout", "      wait: time.out", Code::UnknownKey, "time.out"),
    mistake(TWO, "              image.tag: =tag", "              image.tags: =tag", Code::UnknownKey, "image.tags"),
    mistake(TWO, "              image.tag: =tag", "              image.digest: =tag", Code::LaterKey, "image.digest"),
    mistake(TWO, "      web.replicas: replicaCount", "      web.replicas: web.image..tag", Code::BadPath, "web.image..tag"),
    mistake(TWO, "      web.replicas: replicaCount", "      web.replicas: ports[name", Code::BadPath, "ports[name"),
    mistake(THREE, "    do:\n      resources", "    do:\n      legacy: \"\"\n      resources", Code::DeadKey, "legacy: \"\""),
    mistake(THREE, "    do:\n      resources", "    do:\n      probe: \"yes\"\n      resources", Code::LiteralType, "probe: \"yes\""),
    mistake(K, "  - {in: \">=2.0.0\", default: 60}", "  - {in: \">=2.0.0, <3.0.0\", default: 60}\n  - {in: \">=3.0.0\", default: 90}", Code::ChangedDefault, "default: 90"),
    mistake(K, "  - {in: \">=2.0.0\", default: 60}", "  - {in: \">=2.0.0, <3.0.0\", default: 60}\n  - {in: \">=3.0.0\", default: 1m}", Code::DefaultType, "default: 1m"),
    mistake(K, "log.format:\n  - {in: \"*\"", "log.format:\n  - {in: \"<3.0.0\"", Code::VanishedKey, "default: text"),
    mistake(THREE, "title: Ports say what is exposed", "title: Ports say what is exposed\nignored: {log.level: It stays.}", Code::UselessIgnored, "ignored:"),
    mistake(THREE, "title: Ports say what is exposed", "title: Ports say what is exposed\nignored: {log.level: WHY?}", Code::NoReason, "ignored:"),
    mistake(P, "  - path: web.replicas", "  - path: web.replica", Code::UnknownEvidence, "path: web.replica\n"),
    mistake(P, "    unless: web.replicas", "    unless: web.replica", Code::UnknownEvidence, "unless:"),
    mistake(P, "default(values.replicaCount, 1)", "default(values.replicas, 1)", Code::UnknownEvidence, "values.replicas"),
    mistake(P, "values.web.image.repository", "values.web.img.repository", Code::UnknownEvidence, "values.web.img"),
    mistake(P, "{values.image.repository}", "{values.web.image.repository}", Code::UnknownEvidence, "{values.web.image"),
    mistake(P, "to: ConfigMap/*-config", "to: ConfigMap/*-*-config", Code::Effects, "effects:"),
    // What is taken and written.
    mistake(THREE, "ports.*.expose: ports.*.expose.default", "ports.*.expose: ports.web.expose.default", Code::Captures, "ports.web"),
    mistake(THREE, "ports.*.expose: ports.*.expose.default", "ports.*.expose: \"env[*].value\"", Code::Captures, "env[*]"),
    mistake(THREE, "ports.*.expose: ports.*.expose.default", "ports.*.expose: ports.*.*.default", Code::Captures, "ports.*.*"),
    mistake(TWO, "      web.replicas: replicaCount", "      web.replicas: web.replicas", Code::SamePath, "web.replicas: web"),
    mistake(TWO, "      web.replicas: replicaCount", "      web.replicas: image.tag\n      timeout: image.tag", Code::WritesMeet, "timeout: image"),
    mistake(TWO, "    tell: timeout is", "    do: {replicaCount: 2}\n    tell: timeout is", Code::WritesMeet, "replicaCount: 2"),
    mistake(TWO, "      old: web.image.tag", "      old: web.image.tag\n      again: web.image.tag", Code::SamePath, "old: web.image.tag"),
    mistake(THREE, "    drop: [legacy]", "    drop: [legacy]\n    keep: [legacy]", Code::SamePath, "keep:"),
    mistake(THREE, "    drop: [legacy]", "    drop: [legacy, resources.requests.cpu]", Code::SamePath, "cpu: resources"),
    mistake(THREE, "    drop: [legacy]", "    drop: [legacy]\n    keep: [log.level]", Code::UselessField, "keep:"),
    mistake(TWO, "              image.tag: =tag", "              image.tag: =tag\n              \"env[*].value\": =tag", Code::WildcardWritten, "env[*]"),
    mistake(TWO, "      web.replicas: replicaCount", "      web.replicas: log.level", Code::LiveKey, "log.level\n"),
    mistake(TWO, "    tell: timeout is", "    leave: [wait]\n    tell: timeout is", Code::UnknownName, "leave:"),
    mistake(THREE, "    drop: [legacy]", "    drop: [legacy]\n    foreign: [other.key]", Code::UselessField, "foreign:"),
    // Names and expressions.
    mistake(TWO, "        do:\n          image.repository: =repo\n        tell", "        do:\n          image.repository: repo\n        tell", Code::TextIsName, "image.repository: repo"),
    mistake(TWO, "              image.tag: =tag", "              image.tag: tag", Code::ForgottenEquals, "image.tag: tag"),
    mistake(TWO, "              image.tag: =tag", "              image.tag: tag + '-slim'", Code::ForgottenEquals, "-slim"),
    mistake(TWO, "              image.tag: =tag", "              image.tag: =tga", Code::UnknownName, "=tga"),
    mistake(TWO, "              image.tag: =tag", "              image.tag: =tag +", Code::BadExpression, "=tag +"),
    mistake(TWO, "              image.tag: =tag", "              image.tag: =lower(tag)", Code::UnknownFunction, "=lower"),
    mistake(TWO, "      - if: same && release(old)", "      - if: same && release(tag)", Code::UnknownName, "release(tag)"),
    mistake(TWO, "      - if: same && release(old)", "      - if: same && release(old) && target.version != '3.0.0'", Code::TargetInIf, "target.version"),
    mistake(TWO, "The tag {old} goes", "The tag {odl} goes", Code::UnknownName, "{odl}"),
    mistake(TWO, "The tag {old} goes", "The tag {{old}} goes", Code::TextForm, "{{old}}"),
    mistake(TWO, "The tag {old} goes", "The tag ${old} goes", Code::TextForm, "${old}"),
    mistake(TWO, "The tag {old} goes", "The tag {old goes", Code::BadExpression, "{old goes"),
    mistake(TWO, "    tell: timeout is 60 seconds now and was 30.", "    tell: =string(wait)", Code::TextForm, "tell: =string"),
    mistake(TWO, "              image.repository: =repo\n              image.tag: =tag", "              image.repository: =repo", Code::UnusedName, "tag: {title"),
    mistake(TWO, "runs with the level {level}", "runs", Code::UnusedName, "level: log.level"),
    mistake(TWO, "      official: [docker.io/demo/web]", "      official: [docker.io/demo/web]\n      mirror: r.example/web", Code::UnusedName, "mirror:"),
    mistake(TWO, "match: \"[a-z0-9.]+\"", "match: \"[a-z0-9.+\"", Code::BadRegex, "match:"),
    mistake(P, "default(values.replicaCount, 1) > 0", "default(value.replicaCount, 1) > 0", Code::UnknownName, "value.replicaCount"),
    // Steps.
    mistake(THREE, "  legacy:\n", "  replicas:\n", Code::IdTwice, "  replicas:"),
    mistake(THREE, "  half-cpu:\n", "  half_cpu:\n", Code::BadId, "half_cpu:"),
    mistake(THREE, "  half-cpu:\n", "  layers:\n", Code::BadId, "  layers:"),
    mistake(TWO, "    needs: [image]", "    needs: [images]", Code::UnknownStep, "needs:"),
    mistake(TWO, "    title: Fold the image of web into the chart's", "    title: Fold the image of web into the chart's\n    needs: [pull-secrets]", Code::NeedsCycle, "needs: [pull-secrets]"),
    mistake(TWO, "    tell: timeout is 60 seconds now and was 30.\n", "", Code::NoEffect, "  timeout:"),
    mistake(TWO, "      - if: same && release(old)\n        do:", "      - do:", Code::UnreachableRow, "      - ask:"),
    mistake(TWO, "      - ask: Which", "      - if: same && release(old)\n        ask: Which", Code::UnreachableRow, "      - if: same && release(old)\n        ask"),
    mistake(TWO, "              image.repository: =repo\n              image.tag: =tag", "              image.repository: =repo", Code::OptionsAlike, "          chart:"),
    mistake(TWO, "    read:\n      wait: timeout\n    if: \"!set(wait)\"", "    same-key: true", Code::SameKey, "same-key"),
    mistake(THREE, "    same-key: true\n", "", Code::SameKeyMissing, "resources.requests.cpu: =divide"),
    mistake(TWO, "        tell: The tag", "        options: {a: {title: b}}\n        tell: The tag", Code::BadStep, "  image:"),
    mistake(TWO, "            title: A tag of {repo}\n", "            title: A tag of {repo}\n            recommended: true\n", Code::BadStep, "  image:"),
    mistake(TWO, "    why: From 2.0 on", "    tell: x\n    why: From 2.0 on", Code::BadStep, "  image:"),
    // The pack of a real chart.
    arroyo("0.11.0.yaml", "      ct: controller.image.tag\n", "      ct: controller.image.tags\n", Code::UnknownKey, "controller.image.tags"),
    arroyo("0.11.0.yaml", "    let:\n      all: =union(ci, wi, c, w)", "    let:\n      all: =union(ci, wi, c, x)", Code::UnknownName, "=union(ci"),
    arroyo("0.11.0.yaml", "    replaces: [image.repository, image.tag]", "    replaces: [image.repositry, image.tag]", Code::UnknownKey, "repositry"),
    arroyo("0.11.0.yaml", "    upsert:\n      imagePullSecrets:\n        by: name\n        items: \"=all.map", "    upsert:\n      imagePullSecret:\n        by: name\n        items: \"=all.map", Code::UnknownKey, "imagePullSecret:"),
    arroyo("0.11.0.yaml", "      - if: =!some\n        target: \"<0.11.1\"", "      - if: =!some\n        target: \"<0.11.0\"", Code::UnreachableRow, "target: \"<0.11.0\""),
    arroyo("0.10.0.yaml", "    target: \"<0.11.0\"\n    tell: >-", "    if: =set(z)\n    target: \"<0.11.0\"\n    tell: >-", Code::KeyTwice, "    if: =set(z)"),
    arroyo("pack.yaml", "{path: artifactUrl, why", "{path: artefactUrl, why", Code::UnknownEvidence, "artefactUrl"),
    arroyo("pack.yaml", "base(string(values.worker.image.repository)).matches(", "base(string(values.workers.image.repository)).matches(", Code::UnknownEvidence, "values.workers.image"),
    arroyo("pack.yaml", "  - path: clusterDomain", "  - path: clusterDomains", Code::UnknownEvidence, "clusterDomains"),
    arroyo("pack.yaml", "  0.12.0: {app: \"0.12.0\"}", "  0.12: {app: \"0.12.0\"}", Code::BadVersion, "  0.12: {"),
];

/// Fewer would not be a sample of what authors do.
const _: () = assert!(MISTAKES.len() >= 60);

#[test]
fn mistakes_are_found() {
    let mut missed = Vec::new();
    for mistake in MISTAKES {
        let copy = Copy::of(mistake.pack);
        if copy.read(mistake.file).matches(mistake.old).count() != 1 {
            missed.push(format!(
                "{}: {:?} is not there once",
                mistake.file, mistake.old
            ));
            continue;
        }
        copy.replace(mistake.file, mistake.old, mistake.new);
        let (file, mark) = mistake.at;
        let text = copy.read(file);
        let line = text
            .find(mark)
            .map(|at| 1 + text[..at].matches('\n').count());
        let checked = copy.check();
        let found = checked.findings.iter().any(|finding| {
            let there = mark.is_empty() || line.is_some() && finding.line == line;
            finding.code == mistake.code && finding.file == file && there
        });
        if !found {
            let shown: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
            missed.push(format!(
                "{}: {:?} in place of {:?}: no {} in {file}:{line:?}; found\n    {}",
                mistake.file,
                mistake.new,
                mistake.old,
                mistake.code,
                shown.join("\n    ")
            ));
        }
    }
    assert!(
        missed.is_empty(),
        "{} of {} missed\n{}",
        missed.len(),
        MISTAKES.len(),
        missed.join("\n")
    );
}

#[test]
fn files_that_nothing_reads_are_found() {
    for (name, code, hint) in [
        ("v2.0.0.yaml", Code::UnknownFile, "2.0.0.yaml"),
        ("3.0.0.yml", Code::UnknownFile, "3.0.0.yaml"),
        ("3.0.yaml", Code::UnknownFile, "VERSION.yaml"),
        ("key.yaml", Code::UnknownFile, "keys.yaml"),
        ("keys.yml", Code::UnknownFile, "keys.yaml"),
        ("pack.json", Code::UnknownFile, "pack.yaml"),
        ("notes.txt", Code::StrayFile, "README.md"),
        ("my values.yaml", Code::StrayFile, "README.md"),
    ] {
        let copy = Copy::of("demo");
        copy.write(name, "a: 1\n");
        let checked = copy.check();
        let [finding] = checked.findings.as_slice() else {
            panic!("{name}: {:?}", checked.findings);
        };
        assert_eq!((finding.file.as_str(), finding.code), (name, code));
        assert!(finding.message.contains(hint), "{finding}");
    }
}

#[test]
fn what_is_meant_otherwise_is_told_with_the_way_out() {
    for (old, new, code, hint) in [
        // `on` is true for Helm; quotes would make it a name that nobody wants to write.
        (
            "    let:\n",
            "    let:\n      on: 1\n",
            Code::NotText,
            "take another name",
        ),
        (
            "The tag {old} goes",
            "The tag %{} goes",
            Code::BadExpression,
            "a brace as such is written `{{`",
        ),
    ] {
        let copy = Copy::of("demo");
        let text = copy.read(TWO);
        assert!(text.contains(old), "{old:?} is not in {TWO}");
        copy.write(TWO, &text.replace(old, new));
        let checked = copy.check();
        let told = checked
            .findings
            .iter()
            .any(|finding| finding.code == code && finding.message.contains(hint));
        assert!(told, "{new:?}: {:?}", checked.findings);
    }
}

#[test]
fn corrections_that_are_not_in_the_keys_are_found() {
    let copy = Copy::of("traefik");
    let found = |text: &str| {
        copy.write("corrections.yaml", text);
        let findings = copy.check().findings;
        let shown = findings.iter().map(|finding| {
            (
                finding.file.clone(),
                finding.line.unwrap_or_default(),
                finding.code,
            )
        });
        shown.collect::<Vec<_>>()
    };
    let own = copy.read("corrections.yaml");
    assert_eq!(found(&own), [], "what it says is in the keys");
    assert_eq!(found("# Nothing yet.\n"), []);
    let file = || "corrections.yaml".to_owned();
    // Another default, a key that is none, and a row for a key that is not there.
    let more = format!(
        "image.repository:\n  - {{in: \">=30.0.0\", default: other}}\nimage.tag: []\nimage.tog:\n  - {{in: \"*\", documented: false}}\n{own}"
    );
    assert_eq!(
        found(&more),
        [
            (file(), 1, Code::StaleKeys),
            (file(), 3, Code::StaleKeys),
            (file(), 4, Code::StaleKeys)
        ]
    );
    // It has the form of keys.yaml.
    let broken = found("image.tag:\n  - {in: \"*\", defalt: x}\n");
    assert_eq!(broken, [(file(), 2, Code::UnknownField)]);
}
