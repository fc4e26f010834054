//! What good packs do and the check must not mind.

use refit::pack::{Pack, built_in_names, check::PackFinding};

use super::{Copy, good};

fn findings(copy: &Copy) -> Vec<String> {
    copy.check()
        .findings
        .iter()
        .map(PackFinding::to_string)
        .collect()
}

#[test]
fn the_packs_that_mistakes_are_put_into_are_good() {
    for name in built_in_names().chain(["demo"]) {
        let found = findings(&Copy::of(name));
        assert!(found.is_empty(), "{name}\n{}", found.join("\n"));
        assert!(Pack::from_folder(&good(name)).is_ok());
    }
}

/// Puts steps in the place of those of 2.0.0.
fn with_steps(steps: &str) -> Copy {
    let copy = Copy::of("demo");
    let head = "version: 2.0.0\ntitle: Something\nignored:\n  web.replicas: For the test.\n  web.image: For the test.\n  timeout: For the test.\nsteps:\n";
    copy.write("2.0.0.yaml", &format!("{head}{steps}"));
    copy
}

#[test]
fn steps_whose_guards_exclude_each_other_write_one_place() {
    for (one, two) in [
        ("set(a)", "!set(a)"),
        ("a == 1", "a == 2"),
        ("kind(a) == 'text'", "kind(a) == 'number' && b"),
        ("a > 3", "a <= 3"),
    ] {
        let copy = with_steps(&format!(
            "  one:\n    title: One\n    read: {{a: web.replicas, b: probe}}\n    if: {one}\n    do: {{log.level: debug}}\n    tell: \"{{string(a)}}{{string(b)}}\"\n  two:\n    title: Two\n    read: {{a: web.replicas, b: probe}}\n    if: {two}\n    do: {{log.level: info}}\n    tell: \"{{string(a)}}{{string(b)}}\"\n"
        ));
        let found = findings(&copy);
        let meets: Vec<&String> = found.iter().filter(|f| f.contains("writes-meet")).collect();
        assert!(meets.is_empty(), "{one} and {two}: {meets:?}");
    }
    let copy = with_steps(
        "  one:\n    title: One\n    read: {a: web.replicas}\n    if: a == 1\n    do: {log.level: debug}\n  two:\n    title: Two\n    read: {a: web.replicas}\n    if: a != 2\n    do: {log.level: info}\n",
    );
    assert!(findings(&copy).iter().any(|f| f.contains("writes-meet")));
}

#[test]
fn rows_and_options_write_one_place() {
    let copy = with_steps(
        "  one:\n    title: One\n    read: {a: web.replicas, l: log.level}\n    first:\n      - if: a == 1\n        do: {log.level: debug}\n      - if: set(l)\n        do: {log.level: warn}\n      - ask: Which?\n        options:\n          left: {title: Left, do: {log.level: info}}\n          right: {title: Right, do: {log.level: error}}\n",
    );
    assert_eq!(findings(&copy), Vec::<String>::new());
}

#[test]
fn what_goes_is_ignored_with_a_reason() {
    let copy = Copy::of("demo");
    copy.replace(
        "keys.yaml",
        "log.format:\n  - {in: \"*\"",
        "log.format:\n  - {in: \"<3.0.0\"",
    );
    assert_eq!(findings(&copy).len(), 1);
    copy.replace(
        "3.0.0.yaml",
        "title: Ports say what is exposed",
        "title: Ports say what is exposed\nignored: {log.format: Nobody could set it to anything else.}",
    );
    assert_eq!(findings(&copy), Vec::<String>::new());
}

#[test]
fn maps_that_users_name_are_patterns() {
    let pack = Pack::from_folder(&good("demo")).unwrap();
    let known = |path: &str, version: &str| {
        let known = pack
            .keys
            .known(&path.parse().unwrap(), &version.parse().unwrap());
        format!("{known:?}")
    };
    for (path, version, what) in [
        ("ports", "1.0.0", "Read"),
        ("ports.web", "1.0.0", "Read"),
        ("ports.web.port", "3.0.0", "Read"),
        ("ports.own.expose", "2.0.0", "Read"),
        ("ports.own.expose.default", "2.0.0", "Unknown"),
        ("ports.own.expose", "3.0.0", "Read"),
        ("ports.own.expose.default", "3.0.0", "Read"),
        ("ports.own.expose.internal", "3.0.0", "Unknown"),
        ("ports.own.protocol", "3.0.0", "Unknown"),
        ("ports.*.expose", "1.0.0", "Read"),
        ("ports.*.protocol", "1.0.0", "Unknown"),
        ("port", "1.0.0", "Unknown"),
    ] {
        assert_eq!(known(path, version), what, "{path} in {version}");
    }
    let defaults = pack.keys.default_values(&"1.0.0".parse().unwrap());
    assert!(
        !defaults.map().contains_key("ports"),
        "nobody has named a port yet"
    );
}

#[test]
fn one_reason_can_do_for_many_versions() {
    let copy = Copy::of("demo");
    copy.write(
        "2.0.0.yaml",
        "version: 2.0.0\ntitle: Something\nsteps: {}\n",
    );
    let silent = findings(&copy);
    assert!(!silent.is_empty());
    let pack = copy.read("pack.yaml");
    let ignored = |range: &str, keys: &str| {
        let about = format!(
            "ignored:\n  - {{in: \"{range}\", defaults: {keys}, gone: {keys}, why: For the test.}}\n"
        );
        copy.write("pack.yaml", &(pack.clone() + &about));
        findings(&copy)
    };
    assert_eq!(ignored("*", "[\"*\"]"), Vec::<String>::new());
    assert_eq!(ignored("<2.0.0", "[\"*\"]"), silent, "only in the range");
    let found = ignored("*", "[\"a[\", \"*\"]");
    assert!(
        found.iter().all(|f| f.contains("[bad-path]")) && !found.is_empty(),
        "{found:?}"
    );
}

#[test]
fn any_number_of_keys_may_lie_below_what_is_the_users_own() {
    // `resources` takes whatever there is: a path that leads into it may go on to any depth.
    for path in ["resources.**.cpu", "resources.*.**.cpu", "resources.**"] {
        let copy = with_steps(&format!(
            "  one:\n    title: One\n    why: It is not read.\n    drop: [\"{path}\"]\n"
        ));
        assert_eq!(findings(&copy), Vec::<String>::new(), "{path}");
    }
    for path in ["log.level.**.name", "envs.**.name"] {
        let copy = with_steps(&format!(
            "  one:\n    title: One\n    why: It is not read.\n    drop: [\"{path}\"]\n"
        ));
        let found = findings(&copy);
        assert!(
            found.iter().any(|f| f.contains("unknown-key")),
            "{path}: {found:?}"
        );
    }
}
