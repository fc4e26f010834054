//! Mistakes as authors of packs make them, each put by itself into a pack that works and has cases: the check or the
//! tests of the pack must find it. The pack is for the shop in `examples/charts/`.
//!
//! What neither finds is in the list as well: a pack alone cannot know that its `keys.yaml` says of a chart what is not
//! so, and evidence for versions before the first is how keys of forks are told apart.

use std::{fs, path::Path};

use crate::support::copy_folder;
use refit::{
    jobs::Jobs,
    pack::check::check_folder,
    trial::{Case, Trial},
};

use FoundBy::{Check, Nothing, Tests};

/// What finds a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FoundBy {
    /// `refit pack check --deny warnings`.
    Check,
    /// `refit pack test`, where the check does not.
    Tests,
    /// Neither.
    Nothing,
}

/// A mistake in words; the file, a text in it and what stands there instead; what finds it.
type Mistake = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    FoundBy,
);

#[rustfmt::skip]
const MISTAKES: &[Mistake] = &[
    ("typo in a move's target", "2.0.0.yaml", "replicaCount: replicas", "replicaCount: replica", Check),
    ("typo in a move's source", "2.0.0.yaml", "replicaCount: replicas", "replicasCount: replicas", Check),
    ("move to another key that exists", "2.0.0.yaml", "ingress.host: ingress.hostname", "ingress.host: ingress.path", Tests),
    ("two moves to one place", "2.0.0.yaml", "ingress.host: ingress.hostname", r##"ingress.host: ingress.hostname
      showTax: ingress.hostname"##, Check),
    ("swapped direction", "2.0.0.yaml", "replicaCount: replicas", "replicas: replicaCount", Check),
    ("forgotten move", "2.0.0.yaml", r##"      ingress.host: ingress.hostname
"##, "", Check),
    ("forgotten drop", "2.0.0.yaml", r##"  tax:
    title: Take the switch for taxes away
    why: Prices are always shown with tax from 2.0 on.
    drop: [showTax]
"##, "", Check),
    ("drop of another key", "2.0.0.yaml", "drop: [showTax]", "drop: [nodeSelector]", Check),
    ("drop too wide", "2.0.0.yaml", "drop: [showTax]", "drop: [showTax, ingress]", Tests),
    ("wildcard too wide in a drop", "2.0.0.yaml", "drop: [showTax]", r##"drop: ["show*", "*Env"]"##, Tests),
    ("wildcard move without its capture", "2.0.0.yaml", "ingress.host: ingress.hostname", r##""ingress.*": ingress.hostname"##, Check),
    ("wildcard too wide in a move", "2.0.0.yaml", "ingress.host: ingress.hostname", r##""ingress.*": "ingress.*name""##, Tests),
    ("forgotten = in a write", "2.0.0.yaml", "- do: {log.level: =l}", "- do: {log.level: l}", Check),
    ("forgotten = in another write", "2.0.0.yaml", r##"if: p == 80 || p >= 1024
        do: {service.ports.http: =p}"##, r##"if: p == 80 || p >= 1024
        do: {service.ports.http: p}"##, Check),
    ("forgotten = of a function", "2.0.0.yaml", "=int(port)", "int(port)", Check),
    ("= where a literal is meant", "2.0.0.yaml", "do: {log.level: debug}", "do: {log.level: =debug}", Check),
    ("wrong literal", "2.0.0.yaml", "do: {log.level: debug}", "do: {log.level: info}", Tests),
    ("literal of another type", "2.0.0.yaml", "do: {log.level: debug}", "do: {log.level: 0}", Check),
    ("write to a key above the right one", "2.0.0.yaml", "- do: {log.level: =l}", "- do: {log: =l}", Tests),
    ("write to a key that only the old chart has", "2.0.0.yaml", "- do: {log.level: =l}", "- do: {logLevel: =l}", Check),
    ("write with a typo", "2.0.0.yaml", "- do: {log.level: =l}", "- do: {log.levl: =l}", Check),
    ("guard the wrong way round", "2.0.0.yaml", r##"if: "!set(t)""##, "if: set(t)", Tests),
    ("guard compares with a misspelled value", "2.0.0.yaml", "if: l == 'trace'", "if: l == 'tracing'", Tests),
    ("guard with the wrong sign", "2.0.0.yaml", "p >= 1024", "p <= 1024", Tests),
    ("and in place of or", "2.0.0.yaml", "p == 80 || p >= 1024", "p == 80 && p >= 1024", Tests),
    ("guard without set", "2.0.0.yaml", "if: set(e) && e.exists", "if: e.exists", Tests),
    ("guard over the wrong name", "2.0.0.yaml", "if: l == 'trace'", "if: level == 'trace'", Check),
    ("assignment in a guard", "2.0.0.yaml", "if: l == 'trace'", "if: l = 'trace'", Check),
    ("unknown function", "2.0.0.yaml", "=int(port)", "=toInt(port)", Check),
    ("function forgotten: text for a number", "2.0.0.yaml", "=int(port)", "=port", Tests),
    ("catch-all row first", "2.0.0.yaml", r##"      - if: l == 'trace'
        do: {log.level: debug}
        tell: "The shop has no level {l} any more: it logs as for debug."
      - do: {log.level: =l}"##, r##"      - do: {log.level: =l}
      - if: l == 'trace'
        do: {log.level: debug}
        tell: "The shop has no level {l} any more: it logs as for debug.""##, Check),
    ("last row forgotten", "2.0.0.yaml", r##"      - do: {log.level: =l}
"##, "", Tests),
    ("taken and written nowhere", "2.0.0.yaml", r##"      - do: {log.level: =l}
"##, r##"      - tell: The level of the log changed.
"##, Tests),
    ("take in place of read", "2.0.0.yaml", r##"read: {t: timeout}
    if: "!set(t)""##, "take: {t: timeout}", Check),
    ("read in place of take", "2.0.0.yaml", "take: {l: logLevel}", "read: {l: logLevel}", Tests),
    ("take of a key that is moved elsewhere, too", "2.0.0.yaml", "take: {l: logLevel}", "take: {l: logLevel, r: replicaCount}", Check),
    ("take with a typo", "2.0.0.yaml", "take: {p: service.port}", "take: {p: service.prot}", Check),
    ("take of the map above", "2.0.0.yaml", "take: {p: service.port}", "take: {p: service}", Tests),
    ("options that do the same", "2.0.0.yaml", "do: {service.ports.http: =int(port)}", "do: {service.ports.http: =p}", Check),
    ("a question without options", "2.0.0.yaml", r##"        options:
          same:
            title: Keep {p}
            do: {service.ports.http: =p}
          other:
            title: Another port
            input: {port: {title: The port, match: "[0-9]+"}}
            do: {service.ports.http: =int(port)}
"##, "", Check),
    ("input that is never used", "2.0.0.yaml", "do: {service.ports.http: =int(port)}", "do: {service.ports.http: 8443}", Check),
    ("input under another name", "2.0.0.yaml", "input: {port: {title", "input: {number: {title", Check),
    ("match that nothing meets", "2.0.0.yaml", r##"match: "[0-9]+""##, r##"match: "[a-z]+""##, Tests),
    ("broken regular expression", "2.0.0.yaml", r##"match: "[0-9]+""##, r##"match: "[0-9+""##, Check),
    ("name of no value in a text", "2.0.0.yaml", "The shop has no level {l} any more", "The shop has no level {lvl} any more", Check),
    ("brace forgotten in a text", "2.0.0.yaml", "The shop has no level {l} any more", "The shop has no level {l any more", Check),
    ("default told of the wrong key", "2.0.0.yaml", "read: {t: timeout}", "read: {t: timeOut}", Check),
    ("untold default", "2.0.0.yaml", r##"  timeout:
    title: Tell of the timeout
    read: {t: timeout}
    if: "!set(t)"
    tell: "A request counts as lost after {target.values.timeout} seconds now; it was 30. To keep that: timeout: 30"
"##, "", Check),
    ("field misspelled", "2.0.0.yaml", "    drop: [showTax]", "    drops: [showTax]", Check),
    ("tell misspelled", "2.0.0.yaml", "    tell: {action:", "    tells: {action:", Check),
    ("severity misspelled", "2.0.0.yaml", "tell: {action:", "tell: {todo:", Check),
    ("two steps of one name", "2.0.0.yaml", r##"  tax:
"##, r##"  level:
"##, Check),
    ("step without a title", "2.0.0.yaml", r##"    title: Take the switch for taxes away
"##, "", Check),
    ("wrong indentation", "2.0.0.yaml", "    drop: [showTax]", "   drop: [showTax]", Check),
    ("file of another version", "2.0.0.yaml", "version: 2.0.0", "version: 1.4.0", Check),
    ("version that does not exist", "2.0.0.yaml", "version: 2.0.0", "version: 2.1.0", Check),
    ("versions in the wrong order", "pack.yaml", r##"  1.4.0: {app: "3.1.0"}
  2.0.0: {app: "4.0.0"}"##, r##"  2.0.0: {app: "4.0.0"}
  1.4.0: {app: "3.1.0"}"##, Check),
    ("version forgotten", "pack.yaml", r##"  1.4.0: {app: "3.1.0"}
"##, "", Check),
    ("evidence with the wrong range", "pack.yaml", r##"{path: replicaCount, versions: "<2.0.0""##, r##"{path: replicaCount, versions: ">=2.0.0""##, Check),
    ("range that nothing meets", "pack.yaml", r##"{path: replicaCount, versions: "<2.0.0""##, r##"{path: replicaCount, versions: "<1.0.0""##, Nothing),
    ("evidence with a typo", "pack.yaml", "{path: replicaCount,", "{path: replicacount,", Check),
    ("fact of the wrong version", "pack.yaml", r##"{versions: "<2.0.0", value: =string(values.replicaCount)}"##, r##"{versions: "<2.0.0", value: =string(values.replicas)}"##, Check),
    ("telling key with a typo", "pack.yaml", "- path: image.repository", "- path: image.repo", Check),
    ("key known in the wrong versions", "keys.yaml", r##"replicas:
  - {in: ">=2.0.0""##, r##"replicas:
  - {in: "<2.0.0""##, Check),
    ("key forgotten", "keys.yaml", r##"ingress.hostname:
  - {in: ">=2.0.0", default: ""}
"##, "", Check),
    ("key as if it stayed", "keys.yaml", r##"showTax:
  - {in: "<2.0.0""##, r##"showTax:
  - {in: "*""##, Nothing),
    ("ranges of a key overlap", "keys.yaml", r##"  - {in: ">=2.0.0", default: 10}"##, r##"  - {in: "*", default: 10}"##, Check),
    ("default in the wrong type", "keys.yaml", r##"  - {in: ">=2.0.0", default: 10}"##, r##"  - {in: ">=2.0.0", default: "10s"}"##, Nothing),
    ("wrong expectation in a case", "cases/fjord/expected.yaml", "level: debug", "level: trace", Tests),
    ("comment lost in an expectation", "cases/fjord/expected.yaml", "   # one for each zone", "", Tests),
    ("case from the wrong version", "cases/fjord/case.yaml", r##"from: "1.4.0""##, r##"from: "2.0.0""##, Tests),
    ("case without its question", "cases/low-port/case.yaml", "asks: [port]", "asks: []", Tests),
    ("answer with a misspelled option", "cases/low-port/case.yaml", "option: other", "option: others", Tests),
    ("case that expects what nobody tells", "cases/quiet/case.yaml", "tells: []", "tells: [timeout]", Tests),
];

fn good() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/packs/authors/shop"
    ))
}

/// What finds something in a pack, and the first that it says.
fn found(folder: &Path) -> (FoundBy, String) {
    let checked = match check_folder(folder) {
        Ok(checked) => checked,
        Err(error) => return (Check, error.to_string()),
    };
    if let Some(finding) = checked.findings.first() {
        return (Check, finding.to_string());
    }
    let tested = Trial::open(folder).and_then(|trial| {
        let mut failures = trial.cases(
            &Case::read_all(&folder.join("cases"))?,
            &Jobs::single_thread(),
        );
        failures.extend(trial.probe(&Jobs::single_thread()).failures);
        Ok(failures)
    });
    match tested {
        Err(error) => (Tests, error.to_string()),
        Ok(failures) => match failures.first() {
            Some(failure) => (Tests, failure.to_string()),
            None => (Nothing, String::new()),
        },
    }
}

#[test]
fn the_pack_without_a_mistake_is_right() {
    assert_eq!(found(good()), (Nothing, String::new()));
}

#[test]
fn mistakes_of_authors_are_found() {
    let mut wrong = Vec::new();
    for (what, file, old, new, by) in MISTAKES {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(good(), folder.path());
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{what}: {file} has no `{old}`");
        fs::write(&path, text.replacen(old, new, 1)).unwrap();
        let (found, said) = found(folder.path());
        if found != *by {
            wrong.push(format!("{what}: {found:?} and not {by:?}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let missed = MISTAKES.iter().filter(|mistake| mistake.4 == Nothing);
    let (all, missed) = (MISTAKES.len(), missed.count());
    assert!(all >= 46 && missed * 20 <= all, "{missed} of {all}");
}
