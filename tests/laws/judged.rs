//! What a step means: refit writes what the judge, which only knows the page, comes to.

use std::collections::BTreeSet;

use refit::{
    migrate::{Answers, Decision},
    values::{Path, Value},
};
use semver::Version;
use serde_json::{Map, Value as Json, json};

use super::{
    choice::{Choices, each},
    documents::written,
    engine::{Done, Refused, answered},
    judge::{self, Answer, Asked, Verdict},
    judged_packs::{Judged, judged},
    packs::load,
};

/// A pack that has nothing but these steps, for a chart whose old keys and new keys are these.
fn pack(old: &[&str], new: &[&str], steps: Json) -> Vec<(String, String)> {
    let mut keys = Map::new();
    for key in old.iter().filter(|key| !new.contains(key)) {
        keys.insert((*key).to_owned(), json!([{"in": "<2.0.0", "open": "map"}]));
    }
    for key in new {
        let range = if old.contains(key) { "*" } else { ">=2.0.0" };
        keys.insert((*key).to_owned(), json!([{"in": range, "open": "map"}]));
    }
    let versions = json!({"1.0.0": {"app": "1"}, "2.0.0": {"app": "2"}});
    let files = [
        ("2.0.0.yaml", json!({"version": "2.0.0", "title": "A change", "steps": steps})),
        ("pack.yaml", json!({"pack": 1, "chart": "c", "title": "C", "versions": versions})),
        ("keys.yaml", Json::Object(keys)),
    ];
    files
        .into_iter()
        .map(|(name, json)| (name.to_owned(), json.to_string()))
        .collect()
}

fn tree(yaml: &str) -> judge::Tree {
    serde_yaml::from_str::<Json>(yaml)
        .expect("YAML")
        .as_object()
        .cloned()
        .unwrap_or_default()
}

/// The table of the page, and what is said above it in sentences.
#[test]
fn the_judge_knows_the_table_of_the_page() {
    let rows = [
        ("{a: {x: 1, y: 2}}", json!({"move": {"a": "b", "a.x": "c"}}), "{b: {y: 2}, c: 1}"),
        ("{a: 1, b: 2}", json!({"move": {"a": "b", "b": "a"}}), "{b: 1, a: 2}"),
        ("{a: true}", json!({"move": {"a": "a.default"}}), "{a: {default: true}}"),
        (
            "{l: [{v: 1}, {v: 2, w: 3}]}",
            json!({"move": {"l[*].v": "l[*].host"}}),
            "{l: [{host: 1}, {w: 3, host: 2}]}",
        ),
        (
            "{l: [a, b, c, d]}",
            json!({"move": {"l[0]": "first", "l[1]": "second"}}),
            "{first: a, second: b, l: [c, d]}",
        ),
        ("{l: [a, b]}", json!({"drop": ["l[*]"]}), "{}"),
        (
            "{l: [{name: x, v: 1}, {name: y, v: 2}]}",
            json!({"move": {"l[name=x].v": "x"}}),
            "{l: [{name: x}, {name: y, v: 2}], x: 1}",
        ),
        (
            "{ports: {80: a}, m: {p: {i: 1}, q: {i: 2}}}".replace("80", "'80'").leak(),
            json!({"move": {"m.*.i": "n.*"}}),
            "{ports: {'80': a}, n: {p: 1, q: 2}}",
        ),
        ("{a: {}, w: {s: 4}}", json!({"move": {"a": "w"}}), "{w: {s: 4}}"),
        (
            "{old: {host: db, user: me}}",
            json!({"take": {"o": "old", "h": "old.host"}, "do": {"new": "=o", "new.addr": "=h + ':1'"}}),
            "{new: {user: me, addr: 'db:1'}}",
        ),
        // A number is selected by its text; an item in the middle goes, and those behind it move up.
        (
            "{l: [{port: 80, v: 1}, {port: 81}]}",
            json!({"drop": ["l[port=80]"]}),
            "{l: [{port: 81}]}",
        ),
        // A name beside a star; what is emptied by a more specific path is not left over.
        (
            "{p: {web: {port: main, n: 1}, api: {port: x}}}",
            json!({"move": {"p.web.port": "main", "p.*.port": "p.*.to"}}),
            "{main: main, p: {web: {n: 1}, api: {to: x}}}",
        ),
        (
            "{g: {fields: {general: {m: keep}}}}",
            json!({"move": {"g": "h", "g.fields.general.m": "h.fields.m"}}),
            "{h: {fields: {m: keep}}}",
        ),
        // Items keep together, and come without gaps.
        (
            "{a: [{q: 1}, {x: 2, z: 3}, {x: 4}]}",
            json!({"move": {"a[*].x": "b[*].y", "a[*].z": "b[*].w"}}),
            "{a: [{q: 1}], b: [{y: 2, w: 3}, {y: 4}]}",
        ),
    ];
    for (before, mut step, after) in rows {
        step["title"] = json!("A step");
        let keys = ["a", "b", "c", "l", "m", "n", "p", "w", "x", "g", "h", "old", "new"];
        let all: Vec<&str> = keys.into_iter().chain(["ports", "first", "second", "main"]).collect();
        let files = pack(&all, &all, json!({"s": step}));
        let pack = judge::Pack::read(&files).expect("a pack");
        let (from, to) = (Version::new(1, 0, 0), Version::new(2, 0, 0));
        match judge::judge(&pack, &tree(before), &from, &to, &judge::Answers::new()) {
            Verdict::Values { values, asked } => {
                assert_eq!(Json::Object(values), Json::Object(tree(after)), "{before} {step}");
                assert_eq!(asked, [], "{before} {step}");
            }
            other => panic!("{before} {step}: {other:?}"),
        }
    }
}

fn answers_for_the_judge(answers: &Answers, done: Option<&Done>) -> judge::Answers {
    let mut own = judge::Answers::new();
    for (id, answer) in answers {
        let mut inputs = answer.inputs.clone();
        // What is not typed is what the pack says.
        let steps = done.iter().flat_map(|done| &done.migrated.steps);
        let decisions = steps.filter_map(|step| step.decision.as_ref());
        for decision in decisions.filter(|decision| decision.id == *id) {
            let options = decision.options.iter().filter(|offer| offer.id == answer.option);
            for input in options.flat_map(|offer| &offer.inputs) {
                if let Some(default) = &input.default {
                    inputs.entry(input.name.clone()).or_insert_with(|| default.clone());
                }
            }
        }
        own.insert(
            id.clone(),
            Answer {
                option: answer.option.clone(),
                inputs,
            },
        );
    }
    own
}

fn document(choices: &mut Choices, values: &Map<String, Json>) -> String {
    let values: Vec<(Path, Value)> = values
        .iter()
        .map(|(key, value)| (Path::root().key(key), Value::from(value)))
        .collect();
    written(choices, &values)
}

fn shown(files: &[(String, String)]) -> String {
    let files = files.iter().filter(|(name, _)| name != "pack.yaml");
    files.map(|(name, text)| format!("# {name}\n{text}")).collect()
}

/// One pack over one text.
fn pair(choices: &mut Choices, case: &Judged, text: &str) -> Result<(), String> {
    let judges = judge::Pack::read(&case.files);
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let pack = match (load(&case.files, folder.path()), &judges) {
        (Ok(pack), Ok(_)) => pack,
        (Ok(_), Err(error)) => return Err(format!("load: refit takes a pack in which {error}")),
        (Err(error), Err(_)) => {
            let _ = error;
            choices.count("a pack that both refuse");
            return Ok(());
        }
        (Err(error), Ok(_)) => {
            let error = error.lines().next().unwrap_or_default();
            let words = error.split('`').step_by(2).collect::<String>();
            choices.count(format!("a pack refused: {words}"));
            return Ok(());
        }
    };
    let judges = judges.map_err(|_| "unreachable")?;
    let last = case.versions.len() - 1;
    let from = if choices.once_in(4) { choices.below(last) } else { 0 };
    let to = if choices.once_in(4) { from + 1 + choices.below(last - from) } else { last };
    let version = |i: usize| -> Version { case.versions[i].parse().expect("a version") };
    let (from, to) = (version(from), version(to));
    let end = answered(choices, &pack, text.as_bytes(), &from, &to)?;
    let judged = |answers: &judge::Answers| {
        judge::judge(&judges, &case.values, &from, &to, answers)
    };
    let (done, answers) = match end {
        Ok(done) => done,
        Err(Refused::Load(what)) => {
            choices.count(format!("refused on loading: {}", what.split(['`', '(', ':']).next().unwrap_or_default()));
            return Ok(());
        }
        Err(refused @ Refused::Edit(_)) => {
            choices.count(refused.kind());
            return Ok(());
        }
        Err(refused) => {
            // The answers that led there are not known; a clash needs none more often than not.
            return match (refused, judged(&judge::Answers::new())) {
                (Refused::Clash, Verdict::Clash) => {
                    choices.count("two writes differ, says each");
                    Ok(())
                }
                (Refused::Pack(_), Verdict::Error(_)) => {
                    choices.count("an expression fails for each");
                    Ok(())
                }
                (refused, verdict) => Err(format!("verdict: refit is {}, the judge {verdict:?}", refused.kind())),
            };
        }
    };
    let read = Json::from(&Value::Map(done.old.clone()));
    if read != Json::Object(case.values.clone()) {
        return Err(format!("reader: {read} was written as {}", Json::Object(case.values.clone())));
    }
    let own = answers_for_the_judge(&answers, Some(&done));
    let shown_after = || format!("\n=== {from} to {to}, {own:?}\n=== after\n{}", done.after);
    let (values, asked) = match judged(&own) {
        Verdict::Values { values, asked } => (Json::Object(values), asked),
        other => return Err(format!("verdict: the judge says {other:?}{}", shown_after())),
    };
    let new = Json::from(&Value::Map(done.new.clone()));
    if new != values {
        return Err(format!("values: the judge has\n{values}\n--- refit has\n{new}{}", shown_after()));
    }
    let asked: BTreeSet<String> = asked.into_iter().map(|asked| match asked {
        Asked::Step(step) => step,
        Asked::LiveKey { step, .. } => format!("{step}.live-key"),
    }).collect();
    let decided: BTreeSet<String> = decisions(&done).map(|d| d.id.clone()).collect();
    if asked != decided {
        return Err(format!("asked: the judge asks {asked:?}, refit {decided:?}{}", shown_after()));
    }
    if !asked.is_empty() {
        choices.count("asked alike");
    }
    second_reader(&done, &values).map_err(|e| e + &shown_after())?;
    choices.count(if done.edited { "edited alike" } else { "nothing to do for either" });
    Ok(())
}

fn decisions(done: &Done) -> impl Iterator<Item = &Decision> {
    let steps = done.migrated.steps.iter();
    steps.filter_map(|step| step.decision.as_ref())
}

/// What a reader that knows nothing of refit has of the text.
fn second_reader(done: &Done, values: &Json) -> Result<(), String> {
    let text = done.after.trim_start_matches('\u{feff}');
    let read: serde_yaml::Value =
        serde_yaml::from_str(text).map_err(|e| format!("second reader: {e}"))?;
    let read = if read.is_null() { json!({}) } else {
        serde_json::to_value(read).map_err(|e| format!("second reader: {e}"))?
    };
    if read == *values {
        Ok(())
    } else {
        Err(format!("second reader: {read} instead of {values}"))
    }
}

#[test]
fn refit_does_what_the_page_says() {
    each("the judge", 600, |choices| {
        let case = judged(choices);
        let text = document(choices, &case.values);
        pair(choices, &case, &text)
            .map_err(|e| format!("{e}\n=== before\n{text}\n=== pack\n{}", shown(&case.files)))
    });
}
