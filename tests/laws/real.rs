//! The laws with real things: files that are written, the command's own way through the stages, Helm.

use std::{fs, path::Path};

use refit::{
    load::{InputFile, ReleaseRequest},
    migrate::Answers,
    outcome::Outcome,
    upgrade::{Request, upgrade},
    values::{Map, Value},
    write::{FileReplacement, WriteOptions, write},
};

use super::{
    choice::{Choices, cases, each},
    engine::Done,
    generated::Case,
    support::helm,
};

fn request(case: &Case, folder: &Path, inputs: Vec<InputFile>, answers: &Answers) -> Request {
    Request {
        releases: vec![ReleaseRequest::new(inputs)],
        chart: Some("generated".to_owned()),
        pack_dirs: vec![folder.to_owned()],
        from: Some(case.version(case.from)),
        to: Some(case.version(case.to)),
        answers: answers.clone(),
        ..Request::default()
    }
}

/// Preview law: what was shown is what is written, twice; and the digest tells one result from another.
#[test]
fn preview_law() {
    each("preview law", 30, |choices| {
        let case = Case::new(choices)?;
        let Some((done, answers)) = case.answered(choices)? else {
            return Ok(());
        };
        preview(choices, &case, &done, &answers)
            .map_err(|e| format!("{}\n=== after\n{}", case.shown(&e), done.after))
    });
}

fn preview(
    choices: &mut Choices,
    case: &Case,
    done: &Done,
    answers: &Answers,
) -> Result<(), String> {
    let file = case.folder().join("values to upgrade.yaml");
    fs::write(&file, &case.text).map_err(|e| e.to_string())?;
    let request = request(
        case,
        case.folder(),
        vec![InputFile::Path(file.clone())],
        answers,
    );
    let shown = upgrade(&request);
    let again = upgrade(&request);
    let one = |outcome: &Outcome| -> Result<refit::outcome::Release, String> {
        match outcome.releases.first() {
            Some(release) => Ok(release.clone()),
            None => Err(format!("preview: refused: {:?}", outcome.refused)),
        }
    };
    let (release, same) = (one(&shown)?, one(&again)?);
    let after = &release.files[0].after;
    if **after != *done.after {
        return Err(format!(
            "preview: the whole way gives other bytes than the stages:\n{after}"
        ));
    }
    if release.digest != same.digest {
        return Err("preview: two runs have two digests".to_owned());
    }
    let shown_file = &release.files[0];
    let replacement = FileReplacement {
        path: &file,
        before: shown_file.before.as_bytes(),
        after: shown_file.after.as_bytes(),
    };
    let written = write(&[replacement], &WriteOptions::default())
        .map_err(|e| format!("preview: not written: {e}"))?;
    if written.is_empty() == release.is_changed() {
        return Err(format!("preview: {} files were written", written.len()));
    }
    let on_disk = fs::read(&file).map_err(|e| e.to_string())?;
    if on_disk != shown_file.after.as_bytes() {
        return Err("preview: other bytes were written than shown".to_owned());
    }
    choices.count(if release.is_changed() {
        "written as shown"
    } else {
        "not written, for nothing changes"
    });
    // A file that changed since is not written, and another text has another digest.
    fs::write(&file, format!("{}\n# changed", case.text)).map_err(|e| e.to_string())?;
    if release.is_changed() {
        if write(&[replacement], &WriteOptions::default()).is_ok() {
            return Err("preview: a file that changed on disk was written over".to_owned());
        }
        choices.count("changed on disk: refused");
    }
    let other = upgrade(&request);
    if let Ok(other) = one(&other) {
        if other.files[0].after != *after && other.digest == release.digest {
            return Err("preview: one digest for two results".to_owned());
        }
        choices.count("another text, another digest");
    }
    Ok(())
}

/// The values as templates see them.
pub fn in_templates(value: &Value) -> serde_json::Value {
    match value {
        Value::Number(n) => serde_json::from_str(n.in_templates().as_str()).expect("a number"),
        Value::List(items) => items.iter().map(in_templates).collect(),
        Value::Map(map) => map
            .iter()
            .map(|(k, v)| (k.clone(), in_templates(v)))
            .collect(),
        other => serde_json::Value::from(other),
    }
}

/// Compares what Helm of both majors reads of edited texts with what the migrations came to.
pub fn helm_agrees(what: &str, results: &[(String, Map)]) {
    for helm in helm::each() {
        let texts: Vec<&str> = results
            .iter()
            .map(|(text, _)| text.trim_start_matches('\u{feff}'))
            .collect();
        let read = helm.read_each(texts).expect("Helm reads");
        let mut wrong = String::new();
        for ((text, values), read) in results.iter().zip(read) {
            let wanted = in_templates(&Value::Map(values.clone()));
            if read.as_ref() != Ok(&wanted) {
                wrong.push_str(&format!("{read:?} instead of {wanted} of\n{text}\n"));
            }
        }
        println!(
            "{what}, {:?}: {} texts read as they should be",
            helm.major,
            results.len()
        );
        assert!(wrong.is_empty(), "{what}, {:?}:\n{wrong}", helm.major);
    }
}

/// Oracle law with Helm itself, in one process for all.
#[test]
fn oracle_law_with_helm() {
    let results = std::cell::RefCell::new(Vec::new());
    each("oracle law for Helm", cases(80), |choices| {
        let case = Case::new(choices)?;
        if let Some((done, _)) = case.answered(choices)? {
            choices.count("read by Helm");
            results
                .borrow_mut()
                .push((done.after.to_string(), done.new.clone()));
        }
        Ok(())
    });
    helm_agrees("generated", &results.into_inner());
}
