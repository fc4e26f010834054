//! The built-in packs hold what packs must hold, and what is wrong with a pack is found.

use refit::pack::{Pack, built_in, built_in_names, check::check};

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

#[test]
fn built_in_packs_say_what_their_files_say() {
    for name in built_in_names() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let files = Pack::from_folder(&std::path::Path::new(folder).join(name)).unwrap();
        let built = built_in(name).unwrap().unwrap();
        assert_eq!(format!("{:?}", built.info), format!("{:?}", files.info));
        assert_eq!(format!("{:?}", built.keys), format!("{:?}", files.keys));
        assert!(built.migrated_versions().eq(files.migrated_versions()));
        for version in built.migrated_versions() {
            let (built, files) = (built.migration(version), files.migration(version));
            assert_eq!(
                format!("{built:?}"),
                format!("{files:?}"),
                "{name} {version}"
            );
        }
    }
}

/// A chart whose templates go through all of `.Values` has no key of every name: it would seem to know the keys of
/// every other chart, and none of these would tell theirs any more.
#[test]
fn no_built_in_pack_knows_every_key() {
    for name in built_in_names() {
        let pack = built_in(name).unwrap().unwrap();
        let strange = "key-that-no-chart-has".parse().unwrap();
        assert!(!pack.keys.have(&strange), "{name}");
    }
}
