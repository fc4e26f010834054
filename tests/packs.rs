//! The built-in packs hold what packs must hold, and what is wrong with a pack is found.

use refit::pack::{built_in, built_in_names, check::check};

#[test]
fn built_in_packs_are_whole() {
    for name in built_in_names() {
        let pack = built_in(name).unwrap().unwrap();
        let findings: Vec<String> = check(&pack).iter().map(ToString::to_string).collect();
        assert!(
            findings.is_empty(),
            "{name}: {} findings\n{}",
            findings.len(),
            findings.join("\n")
        );
    }
}
