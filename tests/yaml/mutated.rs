//! Edits of files that went wrong in every way: real files, mutated, and random edits of what is left of
//! them. Either the edit is refused with a reason, or the result says what is wanted to both readers, and
//! nothing is gone that the edit did not touch.
//!
//! `REFIT_CASES` raises the number of cases, `REFIT_SEED` takes others.

use std::cell::RefCell;

use crate::choice;
use crate::edit_law::edited_right_or_refused;
use crate::material;
use crate::mutated_texts::mutated;
use crate::support::helm::{self, Major};

#[test]
fn mutated_files_are_edited_right_or_refused() {
    let Some(shared) = material::shared(1) else {
        return;
    };
    let mut files: Vec<String> = material::files(&shared.join("corpus"))
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .filter(|text| text.len() < 30_000)
        .collect();
    files.push("a: 1\n".to_owned());
    files.sort_by_key(String::len);
    let judged: RefCell<Vec<(String, String)>> = RefCell::default();
    choice::each("mutated files", 1500, |choices| {
        let text = mutated(&files, choices);
        let found = edited_right_or_refused(&text, choices)?;
        judged.borrow_mut().extend(found);
        Ok(())
    });
    let Some(helm) = helm::helm(Major::Three) else {
        return;
    };
    let judged: Vec<(String, String)> = judged.into_inner();
    let judged = &judged[judged.len().saturating_sub(4000)..];
    let read = helm
        .read_each(judged.iter().map(|(text, _)| text.as_str()))
        .expect("Helm");
    let mut wrong = Vec::new();
    for ((text, json), read) in judged.iter().zip(read) {
        let wanted: serde_json::Value = serde_json::from_str(json).expect("JSON");
        match read {
            Ok(value) if value == wanted => {}
            other => wrong.push(format!(
                "Helm reads {other:?}, not {json}\n{text:?}\n{text}"
            )),
        }
    }
    println!("Helm read {} of them", judged.len());
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n====\n")
    );
}
