//! The laws over Arroyo's own pack: from every version to every later one.

use std::cell::OnceCell;

use refit::{
    migrate::Answers,
    pack::{Pack, built_in},
    plan::Selection,
    values::{Map, Path, Segment, Value},
};
use semver::Version;

use super::{
    choice::{Choices, cases, each},
    documents::written,
    engine::{Done, answered, run},
    laws,
    real::helm_agrees,
};

/// Steps that do another thing for another target, so that two legs may end elsewhere than one: what they
/// wrote for the version between is not looked at again.
const BY_TARGET: &[&str] = &["s3-region"];

thread_local! {
    static PACK: OnceCell<Pack> = const { OnceCell::new() };
}

fn with_pack<T>(work: impl FnOnce(&Pack) -> T) -> T {
    PACK.with(|pack| {
        work(pack.get_or_init(|| {
            built_in("arroyo")
                .expect("it loads")
                .expect("it is built in")
        }))
    })
}

/// Every version with every later one.
fn routes() -> Vec<(Version, Version)> {
    with_pack(|pack| {
        let versions: Vec<&Version> = pack.info.versions.keys().collect();
        let mut routes = Vec::new();
        for (i, from) in versions.iter().enumerate() {
            routes.extend(
                versions[i + 1..]
                    .iter()
                    .map(|to| ((*from).clone(), (*to).clone())),
            );
        }
        routes
    })
}

const TEXTS: &[&str] = &[
    "mirror.example/arroyo/{}",
    "{}",
    "1.2.3",
    "v0.9.0",
    "s3://bucket-{}/path",
    "/data/{}",
    "",
    "file:///tmp/{}",
    "Always",
    "400m",
    "1Gi",
    "ghcr.io/arroyosystems/arroyo-services",
    "arroyo-{}",
    "true",
    "0.10",
];

/// A value for a key with this default.
fn value(choices: &mut Choices, path: &Path, default: Option<&Value>, n: &mut usize) -> Value {
    *n += 1;
    let text = |choices: &mut Choices, n: usize| {
        Value::String(choices.pick(TEXTS).replace("{}", &format!("t{n}t")))
    };
    if let Some(default) = default
        && choices.once_in(4)
    {
        return default.clone();
    }
    if choices.once_in(20) {
        return Value::Null;
    }
    let last = match path.last() {
        Some(Segment::Key(key)) => key.as_str(),
        _ => "",
    };
    match default {
        Some(Value::Number(_)) => Value::from(1000 + *n as i64),
        Some(Value::Bool(b)) => Value::Bool(!b),
        Some(Value::List(_)) => {
            let item = |choices: &mut Choices, n: usize| {
                let mut map =
                    Map::from_iter([("name".to_owned(), Value::String(format!("t{n}t")))]);
                if last.to_lowercase().contains("env") {
                    map.insert("value".to_owned(), text(choices, n + 1));
                }
                Value::Map(map)
            };
            let mut items = Vec::new();
            for _ in 0..choices.below(3) {
                items.push(item(choices, *n));
                *n += 2;
            }
            Value::List(items)
        }
        Some(Value::Map(_)) => {
            let mut map = Map::new();
            for _ in 0..choices.below(3) {
                let entry = if last == "limits" || last == "requests" || last == "resources" {
                    ("cpu".to_owned(), Value::String("400m".to_owned()))
                } else {
                    (format!("t{n}t"), text(choices, *n + 1))
                };
                map.insert(entry.0, entry.1);
                *n += 2;
            }
            Value::Map(map)
        }
        _ => text(choices, *n),
    }
}

/// An override file with some of a version's keys.
fn overrides(choices: &mut Choices, pack: &Pack, version: &Version) -> String {
    let defaults = pack.keys.default_values(version);
    let mut values = Vec::new();
    let mut n = 0;
    let keys: Vec<(Path, bool)> = pack
        .keys
        .iter()
        .map(|(path, mut ranges)| {
            (
                path.clone(),
                ranges.any(|range| range.versions.contains(version)),
            )
        })
        .collect();
    for (path, alive) in keys {
        let there = if alive {
            choices.below(4) == 3
        } else {
            choices.once_in(40)
        };
        if there {
            let value = value(choices, &path, path.get(defaults.values()), &mut n);
            values.push((path, value));
        }
    }
    written(choices, &values)
}

fn shown(message: &str, from: &Version, to: &Version, text: &str, answers: &Answers) -> String {
    format!(
        "{message}\n=== {from} to {to}, answers {answers:?}\n=== before\n{}",
        text.replace('\r', "\\r")
    )
}

fn laws_of(done: &Done) -> Result<(), String> {
    laws::all(done).map_err(|e| format!("{e}\n=== after\n{}", done.after))
}

#[test]
fn every_route_of_the_arroyo_pack() {
    let routes = routes();
    let results = std::cell::RefCell::new(Vec::new());
    // Every third route by default; from 325 on every one.
    let taken = cases(108);
    each("arroyo", taken, |choices| {
        let step = (routes.len() / taken).max(1);
        let (from, to) = &routes[choices.case * step % routes.len()];
        with_pack(|pack| {
            let text = overrides(choices, pack, from);
            let bytes = text.as_bytes();
            let none = Answers::new();
            match run(pack, bytes, from, to, &none, &Selection::default(), true)
                .map_err(|e| shown(&e, from, to, &text, &none))?
            {
                Ok(done) => {
                    laws_of(&done).map_err(|e| shown(&e, from, to, &text, &none))?;
                    choices.count(if done.open().next().is_some() {
                        "recommended: still open"
                    } else {
                        "recommended: decided"
                    });
                }
                Err(refused) => {
                    if let super::engine::Refused::Pack(e) = &refused {
                        return Err(shown(e, from, to, &text, &none));
                    }
                    choices.count(format!("recommended: {}", refused.kind()));
                }
            }
            let (done, answers) = match answered(choices, pack, bytes, from, to)
                .map_err(|e| shown(&e, from, to, &text, &none))?
            {
                Ok(done) => done,
                Err(refused) => {
                    choices.count(format!("answered: {}", refused.kind()));
                    return Ok(());
                }
            };
            let fail = |e: String| shown(&e, from, to, &text, &answers);
            laws_of(&done).map_err(fail)?;
            choices.count("answered");
            results
                .borrow_mut()
                .push((done.after.to_string(), done.new.clone()));
            let again = run(
                pack,
                done.after.as_bytes(),
                to,
                to,
                &answers,
                &Selection::default(),
                false,
            )
            .map_err(fail)?;
            match again {
                Ok(again) if !again.edited && again.migrated.steps.is_empty() => {
                    choices.count("idempotent")
                }
                _ => {
                    return Err(fail(format!(
                        "idempotence: it has to do again with\n{}",
                        done.after
                    )));
                }
            }
            chain(choices, pack, &text, (from, to), &answers, &done).map_err(fail)
        })
    });
    helm_agrees("arroyo", &results.into_inner());
}

fn chain(
    choices: &mut Choices,
    pack: &Pack,
    text: &str,
    (from, to): (&Version, &Version),
    answers: &Answers,
    done: &Done,
) -> Result<(), String> {
    let between: Vec<Version> = pack
        .info
        .versions
        .keys()
        .filter(|v| *v > from && *v < to)
        .cloned()
        .collect();
    if between.is_empty() {
        return Ok(());
    }
    let middle = choices.pick(&between).clone();
    let leg = |text: &[u8], from: &Version, to: &Version| {
        run(pack, text, from, to, answers, &Selection::default(), false)
    };
    // An option may be offered for the one target and not for the other.
    let refused = |e: String| {
        if e.contains("is no answer to") || e.contains("takes no input") {
            Ok(())
        } else {
            Err(e)
        }
    };
    let first = match leg(text.as_bytes(), from, &middle) {
        Ok(Ok(first)) => first,
        Ok(Err(other)) => {
            choices.count(format!("chain: first leg {}", other.kind()));
            return Ok(());
        }
        Err(e) => {
            choices.count("chain: an answer is not offered on the first leg");
            return refused(e);
        }
    };
    laws_of(&first)?;
    if first.open().next().is_some() {
        choices.count("chain: the first leg asks something else");
        return Ok(());
    }
    let second = match leg(first.after.as_bytes(), &middle, to) {
        Ok(Ok(second)) => second,
        Ok(Err(other)) => {
            choices.count(format!("chain: second leg {}", other.kind()));
            return Ok(());
        }
        Err(e) => {
            choices.count("chain: an answer is not offered on the second leg");
            return refused(e);
        }
    };
    laws_of(&second)?;
    if second.open().next().is_some() {
        choices.count("chain: the second leg asks something else");
        return Ok(());
    }
    if second.new == done.new {
        choices.count("chain: the same");
        return Ok(());
    }
    let by_target = done
        .migrated
        .steps
        .iter()
        .chain(&first.migrated.steps)
        .find(|step| BY_TARGET.contains(&step.id.as_str()));
    if let Some(step) = by_target {
        choices.count(format!("chain: other, by the target: {}", step.id));
        return Ok(());
    }
    let steps: Vec<&str> = done
        .migrated
        .steps
        .iter()
        .map(|step| step.id.as_str())
        .collect();
    Err(format!(
        "chain: over {middle} it is\n{}\n--- after the first leg\n{}\n--- in one\n{}\n--- steps {steps:?}",
        second.after, first.after, done.after
    ))
}
