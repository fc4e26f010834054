//! A pack of a sub-chart does below its key what it does at the root: the judge works on the sub-chart's values
//! with its own pack, refit on the whole values with the pack of the chart that brings it along.

use std::fs;

use refit::{
    migrate::Answers,
    pack::Pack,
    plan::Selection,
    values::{
        Value,
        write::{Layout, block},
    },
};
use semver::Version;
use serde_json::{Value as Json, json};

use super::{
    choice::{Choices, each},
    engine::{Refused, run},
    judge::{self, Verdict},
    judged::without_empty,
    judged_packs::{Judged, judged},
    packs::load as load_pack,
};

#[test]
fn refit_does_below_a_key_what_the_page_says() {
    each("the judge, sub-charts", 150, |choices| {
        let case = judged(choices);
        below(choices, &case).map_err(|error| {
            let files = case.files.iter();
            let files: String = files
                .map(|(name, text)| format!("# {name}\n{text}"))
                .collect();
            let values = Json::Object(case.values.clone());
            format!("{error}\n=== before\n{values}\n=== pack\n{files}")
        })
    });
}

fn below(choices: &mut Choices, case: &Judged) -> Result<(), String> {
    let failed = |e: std::io::Error| e.to_string();
    let folder = tempfile::tempdir().map_err(failed)?;
    let inner = folder.path().join("charts/generated");
    fs::create_dir_all(&inner).map_err(failed)?;
    let Ok(judges) = judge::Pack::read(&case.files) else {
        return Ok(());
    };
    if case.values.contains_key("global") || load_pack(&case.files, &inner).is_err() {
        choices.count("a pack refused");
        return Ok(());
    }
    // The versions of the chart above are its own.
    let above = ["11.0.0", "12.0.0", "13.0.0", "14.0.0"];
    let both = || above.iter().zip(&case.versions);
    let versions: Json = both()
        .map(|(own, _)| ((*own).to_owned(), json!({"app": "1"})))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let brought: Json = both()
        .map(|(own, of)| ((*own).to_owned(), json!(of)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let pack = json!({
        "pack": 1, "chart": "whole", "title": "A whole", "versions": versions,
        "sub-charts": {"k.it": {"pack": "generated", "versions": brought}},
    });
    let keys = json!({"k\\.it": [{"in": "*", "open": "sub-chart"}]});
    for (name, json) in [("pack.yaml", pack), ("keys.yaml", keys)] {
        fs::write(folder.path().join(name), json.to_string()).map_err(failed)?;
    }
    let whole = Pack::from_folder(folder.path()).map_err(|e| format!("the whole: {e}"))?;
    let version = |text: &str| -> Version { text.parse().expect("a version") };
    let last = case.versions.len() - 1;
    let verdict = judge::judge(
        &judges,
        &case.values,
        &version(case.versions[0]),
        &version(case.versions[last]),
        &judge::Answers::new(),
    );
    let values = json!({"other": {"a": 1}, "k.it": case.values});
    let text = block(&Value::from(&values), &Layout::default());
    let end = run(
        &whole,
        text.as_bytes(),
        &version(above[0]),
        &version(above[last]),
        &Answers::new(),
        &Selection::default(),
        false,
    )?;
    match (end, verdict) {
        (Err(Refused::Clash), Verdict::Clash) => choices.count("two writes differ, says each"),
        (Err(Refused::Pack(_)), Verdict::Error(_)) => choices.count("an expression fails for each"),
        (Err(Refused::Edit(why)), _) => choices.count(format!("refused on editing: {why}")),
        // While something is open, what hangs on it is not done, and may not meet either.
        (Ok(done), _) if done.open().next().is_some() => choices.count("asked"),
        (Ok(done), Verdict::Values { asked, .. }) if !asked.is_empty() => {
            return Err(format!("only the judge asks {asked:?}\n{}", done.after));
        }
        (Ok(done), Verdict::Values { values: wanted, .. }) => {
            let wanted = json!({"other": {"a": 1}, "k.it": wanted});
            let wanted = without_empty("k.it", &wanted);
            let new = without_empty("k.it", &Json::from(&Value::Map(done.new.clone())));
            if new != wanted {
                return Err(format!("below: {new}\n--- the judge has {wanted}"));
            }
            choices.count(if done.edited {
                "edited alike"
            } else {
                "nothing to do"
            });
        }
        (end, verdict) => {
            let end = end.map_or_else(|refused| refused.kind(), |done| done.after.to_string());
            return Err(format!("refit: {end}\n--- the judge: {}", verdict.shown()));
        }
    }
    Ok(())
}
