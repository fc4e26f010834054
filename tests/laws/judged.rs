//! What a step means: refit writes what the judge, which only knows the page, comes to.

use std::{collections::BTreeSet, fs};

use refit::{
    load::{InputFile, load},
    migrate::{Answers, Decision},
    plan::Selection,
    values::{
        Path, Value,
        write::{Layout, block},
    },
};
use semver::Version;
use serde_json::{Map, Value as Json, json};

use super::{
    choice::{Choices, cases, each},
    corpus::files,
    documents::written,
    engine::{Done, Refused, answer, answered, run},
    judge::{self, Answer, Asked, Verdict},
    judged_packs::{Judged, around, judged, values},
    layers::migrated_layers,
    packs::load as load_pack,
    real::helm_agrees,
    support::shared,
};

fn answers_for_the_judge(answers: &Answers, done: Option<&Done>) -> judge::Answers {
    let mut own = judge::Answers::new();
    for (id, answer) in answers {
        let mut inputs = answer.inputs.clone();
        // What is not typed is what the pack says.
        let steps = done.iter().flat_map(|done| &done.migrated.steps);
        let decisions = steps.filter_map(|step| step.decision.as_ref());
        for decision in decisions.filter(|decision| decision.id == *id) {
            let options = decision
                .options
                .iter()
                .filter(|offer| offer.id == answer.option);
            for input in options.flat_map(|offer| &offer.inputs) {
                if let Some(default) = &input.default {
                    inputs
                        .entry(input.name.clone())
                        .or_insert_with(|| default.clone());
                }
            }
        }
        own.insert(
            plain(id),
            Answer {
                option: answer.option.clone(),
                inputs,
            },
        );
    }
    own
}

/// The id of a question about a place, with the place as paths are written.
fn plain(id: &str) -> String {
    let Some(place) = id.strip_prefix("live-key/") else {
        // Of a step that is done for matches: its id, and what they are.
        let mut parts = id.split('/').map(decoded);
        let step = parts.next().unwrap_or_default();
        return parts.fold(step, |id, part| format!("{id}/{part}"));
    };
    let mut path = Path::root();
    for segment in place.split('/') {
        let text = decoded(segment);
        path = match text.parse::<Path>() {
            Ok(item) if text.starts_with('[') => path.concat(&item),
            _ => path.key(text),
        };
    }
    format!("live-key/{path}")
}

/// A part of an id without its signs.
fn decoded(part: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || {
            char::from(rest.next().unwrap_or(b'0'))
                .to_digit(16)
                .unwrap_or(0)
        };
        bytes.push(match byte {
            b'%' => (digit() * 16 + digit()) as u8,
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
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
    files
        .map(|(name, text)| format!("# {name}\n{text}"))
        .collect()
}

/// One pack over one text.
fn pair(
    choices: &mut Choices,
    case: &Judged,
    text: &str,
) -> Result<Option<(String, Json)>, String> {
    let judges = judge::Pack::read(&case.files);
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let pack = match (load_pack(&case.files, folder.path()), &judges) {
        (Ok(pack), Ok(_)) => pack,
        (Ok(_), Err(error)) => return Err(format!("load: refit takes a pack in which {error}")),
        (Err(error), Err(_)) => {
            let _ = error;
            choices.count("a pack that both refuse");
            return Ok(None);
        }
        (Err(error), Ok(_)) => {
            let error = error.lines().next().unwrap_or_default();
            let words = error.split('`').step_by(2).collect::<String>();
            choices.count(format!("a pack refused: {words}"));
            return Ok(None);
        }
    };
    let judges = judges.map_err(|_| "unreachable")?;
    let last = case.versions.len() - 1;
    let from = if choices.once_in(4) {
        choices.below(last)
    } else {
        0
    };
    let to = if choices.once_in(4) {
        from + 1 + choices.below(last - from)
    } else {
        last
    };
    let version = |i: usize| -> Version { case.versions[i].parse().expect("a version") };
    let (from, to) = (version(from), version(to));
    let before = match load(&InputFile::Stdin(text.as_bytes().to_vec())) {
        Ok(before) => before.view().values().map_err(|e| e.to_string())?,
        Err(error) => {
            let what = refit::refusal::load(&error).what;
            let words = what.split(['`', '(', ':']).next();
            choices.count(format!("refused on loading: {}", words.unwrap_or_default()));
            return Ok(None);
        }
    };
    let Json::Object(before) = Json::from(&Value::Map(before)) else {
        return Err("the values are no map".to_owned());
    };
    // What the readers have of the text is another law's; where they differ before, they may differ after.
    let alike = second_reader(text) == Ok(Json::Object(before.clone()));
    choices.count(if alike {
        "read alike by both readers"
    } else {
        "read otherwise by the second"
    });
    let mut answers = Answers::new();
    let mut asked_before = None;
    let end = loop {
        let all = Selection::default();
        match run(&pack, text.as_bytes(), &from, &to, &answers, &all, false)? {
            Ok(done) if done.open().next().is_some() => {
                answer(choices, &done, &mut answers);
                asked_before = Some(done);
            }
            end => break end,
        }
    };
    let judged = |answers: &judge::Answers| judge::judge(&judges, &before, &from, &to, answers);
    let done = match end {
        Ok(done) => done,
        Err(refused @ Refused::Edit(_)) => {
            choices.count(refused.kind());
            return Ok(None);
        }
        Err(refused) => {
            let own = answers_for_the_judge(&answers, asked_before.as_ref());
            return match (refused, judged(&own)) {
                (Refused::Clash, Verdict::Clash) => {
                    choices.count("two writes differ, says each");
                    Ok(None)
                }
                (Refused::Pack(_), Verdict::Error(_)) => {
                    choices.count("an expression fails for each");
                    Ok(None)
                }
                (refused, verdict) => Err(format!(
                    "verdict: refit is {}, the judge {}\n{own:?}",
                    refused.kind(),
                    verdict.shown()
                )),
            };
        }
    };
    let own = answers_for_the_judge(&answers, Some(&done));
    let shown_after = || format!("\n=== {from} to {to}, {own:?}\n=== after\n{}", done.after);
    let (values, asked) = match judged(&own) {
        Verdict::Values { values, asked } => (Json::Object(values), asked),
        other => {
            return Err(format!(
                "verdict: the judge says {}{}",
                other.shown(),
                shown_after()
            ));
        }
    };
    let asked: BTreeSet<String> = asked
        .into_iter()
        .map(|asked| match asked {
            Asked::Step(step) => step,
            Asked::LiveKey(place) => format!("live-key/{place}"),
        })
        .collect();
    let decided: BTreeSet<String> = decisions(&done).map(|d| plain(&d.id)).collect();
    if asked != decided {
        return Err(format!(
            "asked: the judge asks {asked:?}, refit {decided:?}{}",
            shown_after()
        ));
    }
    let new = Json::from(&Value::Map(done.new.clone()));
    if new != values && ordered_by_keys(case) && unordered(&new) == unordered(&values) {
        choices.count("alike but for the order of keys that became items");
        return Ok(None);
    }
    if new != values {
        return Err(format!(
            "values: the judge has\n{values}\n--- refit has\n{new}{}",
            shown_after()
        ));
    }
    if !asked.is_empty() {
        choices.count("asked alike");
    }
    let again = second_reader(&done.after);
    if alike && !names_an_anchor_twice(&done.after) && again.as_ref() != Ok(&values) {
        let after = shown_after();
        return Err(format!(
            "second reader: {again:?} instead of {values}{after}"
        ));
    }
    choices.count(if done.edited {
        "edited alike"
    } else {
        "nothing to do for either"
    });
    Ok(Some((done.after.to_string(), values)))
}

/// Whether a pack makes items of keys after a migration that may have put keys into that map: the place of a new key is
/// where its source stands in the text, and of that the judge knows nothing.
fn ordered_by_keys(case: &Judged) -> bool {
    let migrations = || {
        case.files
            .iter()
            .filter(|(name, _)| name.starts_with(char::is_numeric))
    };
    let signs = ["[name=*", "[name={", ".map(", "entries(", "items("];
    migrations().count() > 1
        && migrations().any(|(_, text)| signs.iter().any(|sign| text.contains(sign)))
}

/// A value in which the order of items says nothing.
fn unordered(value: &Json) -> Json {
    match value {
        Json::Object(map) => map.iter().map(|(k, v)| (k.clone(), unordered(v))).collect(),
        Json::Array(items) => {
            let mut items: Vec<Json> = items.iter().map(unordered).collect();
            items.sort_by_key(|item| sorted(item).to_string());
            items.into()
        }
        scalar => scalar.clone(),
    }
}

/// A value with its keys in order.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            let entries = keys.into_iter().map(|key| (key.clone(), sorted(&map[key])));
            entries.collect()
        }
        Json::Array(items) => items.iter().map(sorted).collect(),
        scalar => scalar.clone(),
    }
}

/// The second reader takes one anchor for another where a name is given again and another follows.
fn names_an_anchor_twice(text: &str) -> bool {
    let end = |c: char| c.is_whitespace() || ",[]{}".contains(c);
    let names = text
        .split('&')
        .skip(1)
        .filter_map(|rest| rest.split(end).next());
    let mut seen = BTreeSet::new();
    !names
        .filter(|name| !name.is_empty())
        .all(|name| seen.insert(name))
}

fn decisions(done: &Done) -> impl Iterator<Item = &Decision> {
    let steps = done.migrated.steps.iter();
    steps.filter_map(|step| step.decision.as_ref())
}

/// What a reader that knows nothing of refit has of a text.
fn second_reader(text: &str) -> Result<Json, String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut read: serde_yaml::Value = serde_yaml::from_str(text).map_err(|e| e.to_string())?;
    read.apply_merge().map_err(|e| e.to_string())?;
    if read.is_null() {
        return Ok(json!({}));
    }
    serde_json::to_value(read).map_err(|e| e.to_string())
}

fn told(case: &Judged, text: &str, error: &str) -> String {
    format!(
        "{error}\n=== before\n{text}\n=== pack\n{}",
        shown(&case.files)
    )
}

#[test]
fn refit_does_what_the_page_says() {
    each("the judge", 700, |choices| {
        let case = judged(choices);
        let text = document(choices, &case.values);
        let ran = pair(choices, &case, &text);
        ran.map(|_| ()).map_err(|e| told(&case, &text, &e))
    });
}

/// The same over published files, with their comments, styles and hundreds of keys.
#[test]
fn refit_does_what_the_page_says_to_published_files() {
    let Some(shared) = shared() else { return };
    let mut found = Vec::new();
    files(&shared.join("corpus"), &mut found);
    let taken = cases(100);
    each("the judge, published", taken, |choices| {
        let file = &found[choices.case * found.len() / taken.min(found.len()) % found.len()];
        let bytes = fs::read(file).map_err(|e| e.to_string())?;
        let name = file.strip_prefix(&shared).unwrap_or(file).display();
        let loaded = match load(&InputFile::Stdin(bytes)) {
            Ok(loaded) if loaded.text.len() < 20_000 => loaded,
            Ok(_) => {
                choices.count("too long for a naive judge");
                return Ok(());
            }
            Err(_) => {
                choices.count("refused on loading");
                return Ok(());
            }
        };
        let values = loaded.view().values().map_err(|e| e.to_string())?;
        let Json::Object(values) = Json::from(&Value::Map(values)) else {
            return Err("no map".to_owned());
        };
        let text = loaded.text.to_string();
        let case = around(choices, values);
        pair(choices, &case, &text)
            .map(|_| ())
            .map_err(|e| format!("{e}\n=== {name}\n=== pack\n{}", shown(&case.files)))
    });
}

/// Of several layers, each is edited by itself; together they must mean what the judge makes of them.
#[test]
fn refit_does_to_layers_what_the_page_says_of_their_sum() {
    each("the judge, layers", 250, |choices| {
        let case = judged(choices);
        let mut layers = vec![case.values.clone()];
        for _ in 0..1 + choices.below(2) {
            layers.push(values(choices));
        }
        let texts: Vec<String> = layers
            .iter()
            .map(|layer| document(choices, layer))
            .collect();
        // What a text says may be more than was asked for: an alias is what its anchor is.
        let mut sum = Map::new();
        for text in &texts {
            match load(&InputFile::Stdin(text.as_bytes().to_vec())) {
                Ok(loaded) => {
                    let values = loaded.view().values().map_err(|e| e.to_string())?;
                    if let Json::Object(layer) = Json::from(&Value::Map(values)) {
                        merge(&mut sum, &layer);
                    }
                }
                Err(_) => {
                    choices.count("refused on loading");
                    return Ok(());
                }
            }
        }
        stack(choices, &case, &texts, sum).map_err(|e| told(&case, &texts.join("--- layer\n"), &e))
    });
}

/// Maps go into maps; anything else replaces what is there.
fn merge(under: &mut Map<String, Json>, over: &Map<String, Json>) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Json::Object(below)), Json::Object(value)) => merge(below, value),
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

/// What a chart without defaults sees: a null is nothing.
fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Object(map) => map
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), without_nulls(value)))
            .collect(),
        other => other.clone(),
    }
}

fn stack(
    choices: &mut Choices,
    case: &Judged,
    texts: &[String],
    sum: Map<String, Json>,
) -> Result<(), String> {
    let Ok(judges) = judge::Pack::read(&case.files) else {
        return Ok(());
    };
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let Ok(pack) = load_pack(&case.files, folder.path()) else {
        choices.count("a pack refused");
        return Ok(());
    };
    let version = |i: usize| -> Version { case.versions[i].parse().expect("a version") };
    let (from, to) = (version(0), version(case.versions.len() - 1));
    let layout = Layout::default();
    let whole = if sum.is_empty() {
        "{}\n".to_owned()
    } else {
        block(&Value::from(&Json::Object(sum.clone())), &layout)
    };
    let answers = match answered(choices, &pack, whole.as_bytes(), &from, &to)? {
        Ok((done, answers)) => (answers_for_the_judge(&answers, Some(&done)), answers),
        Err(refused) => {
            choices.count(refused.kind());
            return Ok(());
        }
    };
    let (own, answers) = answers;
    let wanted = match judge::judge(&judges, &sum, &from, &to, &own) {
        Verdict::Values { values, .. } => without_nulls(&Json::Object(values)),
        other => return Err(format!("verdict: the judge says {}", other.shown())),
    };
    let (layered, after, open) = match migrated_layers(&pack, texts, &from, &to, &answers)? {
        Ok(done) => done,
        Err(why) => {
            choices.count(format!(
                "a layer refused: {}",
                why.split('`').next().unwrap_or_default()
            ));
            return Ok(());
        }
    };
    if !open.is_empty() {
        choices.count("asks more than the sum does");
        return Ok(());
    }
    let found = without_nulls(&Json::from(&Value::Map(layered)));
    if found == wanted {
        choices.count("means the same");
        return Ok(());
    }
    Err(format!(
        "layers: together they are\n{found}\n--- the judge has\n{wanted}\n=== after\n{}",
        after.join("--- layer\n")
    ))
}

/// Helm's own reader has of the edited texts what the judge came to.
#[test]
fn helm_reads_what_the_judge_came_to() {
    let results = std::cell::RefCell::new(Vec::new());
    each("the judge, for Helm", cases(60).min(2_000), |choices| {
        let case = judged(choices);
        let text = document(choices, &case.values);
        if let Some((after, values)) =
            pair(choices, &case, &text).map_err(|e| told(&case, &text, &e))?
        {
            choices.count("read by Helm");
            if let Value::Map(values) = Value::from(&values) {
                results.borrow_mut().push((after, values));
            }
        }
        Ok(())
    });
    helm_agrees("what the judge came to", &results.into_inner());
}

/// A pack under a prefix, in the values of a chart that brings the pack's chart along: `global` is what the
/// root says over what stands below the prefix.
#[test]
fn refit_does_under_a_prefix_what_the_page_says() {
    each("the judge, prefixes", cases(40).min(1_000), |choices| {
        let mut own = values(choices);
        let mut global = Map::new();
        let (mut above, mut below) = (Map::new(), Map::new());
        for key in ["g", "h", "k"] {
            let value = json!(format!("{key} above"));
            match choices.below(6) {
                0 => above.insert(key.to_owned(), value.clone()),
                1 => below.insert(key.to_owned(), json!(format!("{key} below"))),
                2 => {
                    below.insert(key.to_owned(), json!(format!("{key} below")));
                    above.insert(key.to_owned(), value.clone())
                }
                3 => {
                    below.insert(key.to_owned(), json!({"x": format!("{key}.x below")}));
                    above.insert(key.to_owned(), json!({"u": format!("{key}.u above")}))
                }
                4 => {
                    below.insert(key.to_owned(), json!({"x": format!("{key}.x below")}));
                    above.insert(key.to_owned(), value.clone())
                }
                _ => continue,
            };
        }
        merge(&mut global, &below);
        merge(&mut global, &above);
        own.insert("global".to_owned(), global.into());
        let case = around(choices, own.clone());
        if !below.is_empty() {
            own.insert("global".to_owned(), below.into());
        } else {
            own.shift_remove("global");
        }
        let whole = json!({"other": {"a": 1}, "global": above, "kit": own});
        under(choices, &case, &whole)
            .map_err(|e| format!("{e}\n=== before\n{whole}\n=== pack\n{}", shown(&case.files)))
    });
}

fn under(choices: &mut Choices, case: &Judged, whole: &Json) -> Result<(), String> {
    let Ok(judges) = judge::Pack::read(&case.files) else {
        return Ok(());
    };
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let pack = folder.path().join("pack");
    let chart = folder.path().join("chart");
    for folder in [&pack, &chart] {
        fs::create_dir(folder).map_err(|e| e.to_string())?;
    }
    if load_pack(&case.files, &pack).is_err() {
        choices.count("a pack refused");
        return Ok(());
    }
    let (from, to) = (case.versions[0], case.versions[case.versions.len() - 1]);
    let root = whole.get("global").filter(|global| **global != json!({}));
    let own = whole["kit"].as_object().cloned().unwrap_or_default();
    let version = |text: &str| -> Version { text.parse().expect("a version") };
    let no_answers = judge::Answers::new();
    let verdict = judge::judge_under(
        &judges,
        &own,
        root,
        &version(from),
        &version(to),
        &no_answers,
    );
    let wanted = match verdict {
        Verdict::Values { values, asked } if asked.is_empty() => Some(values),
        Verdict::HandedDown => None,
        _ => {
            choices.count("asked or refused");
            return Ok(());
        }
    };
    let manifest = format!(
        "apiVersion: v2\nname: whole\nversion: 1.0.0\ndependencies:\n  - name: generated\n    alias: kit\n    version: {from}\n    repository: https://charts.example\n"
    );
    fs::write(chart.join("Chart.yaml"), manifest).map_err(|e| e.to_string())?;
    let text = serde_yaml::to_string(whole).map_err(|e| e.to_string())?;
    fs::write(chart.join("values.yaml"), &text).map_err(|e| e.to_string())?;
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_refit"))
        .args(["upgrade", ".", "--write", "--to", to, "--pack"])
        .arg(&pack)
        .current_dir(&chart)
        .output()
        .map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&ran.stderr);
    let Some(wanted) = wanted else {
        let text_after =
            fs::read_to_string(chart.join("values.yaml")).map_err(|e| e.to_string())?;
        if ran.status.code() == Some(3) && text_after == text {
            choices.count("asked before it could be refused");
            return Ok(());
        }
        let words: Vec<&str> = said.split_whitespace().collect();
        let told = words.join(" ").contains("the chart above sets that");
        if ran.status.success() || !told || text_after != text {
            return Err(format!(
                "prefix: what is put into `global` does not count, and refit ends with {}:\n{said}",
                ran.status
            ));
        }
        choices.count("refused: the chart above has another global");
        return Ok(());
    };
    if !ran.status.success() {
        return Err(format!("prefix: refit ends with {}:\n{said}", ran.status));
    }
    let after = fs::read_to_string(chart.join("values.yaml")).map_err(|e| e.to_string())?;
    let mut read = second_reader(&after)?;
    let mut expected = whole.clone();
    expected["kit"] = wanted.into();
    // With an empty map or without one the chart sees the same `global`.
    for values in [&mut read, &mut expected] {
        values["kit"] = without_empty("global", &values["kit"]);
    }
    let (found, wanted) = (without_empty("kit", &read), without_empty("kit", &expected));
    if found != wanted && ordered_by_keys(case) && unordered(&found) == unordered(&wanted) {
        choices.count("the same but for the order of keys that became items");
        return Ok(());
    }
    if found != wanted {
        return Err(format!(
            "prefix: {read}\n--- the judge has {expected}\n{said}"
        ));
    }
    choices.count(if text == after {
        "nothing to do"
    } else {
        "the same under a prefix"
    });
    Ok(())
}

/// Values in which a sub-chart that is set to nothing is not set.
pub fn without_empty(key: &str, values: &Json) -> Json {
    let mut values = values.clone();
    if let Json::Object(map) = &mut values
        && map.get(key) == Some(&json!({}))
    {
        map.shift_remove(key);
    }
    values
}
