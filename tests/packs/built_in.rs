//! The built-in packs hold what packs must hold, and what is wrong with a pack is found.

use std::{path::Path, sync::Arc};

use refit::{
    jobs::Jobs,
    load::{InputFile, ReleaseRequest},
    pack::{Known, Pack, built_in, built_in_names, check::check_pack},
    upgrade::{Request, packs, upgrade_by},
};

#[test]
fn built_in_packs_are_whole() {
    for name in built_in_names() {
        let pack = built_in(name).unwrap().unwrap();
        let findings: Vec<String> = check_pack(&pack).iter().map(ToString::to_string).collect();
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
        let files = Pack::from_folder(&Path::new(folder).join(name)).unwrap();
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
        assert!(!pack.has_key(&strange), "{name}");
    }
}

/// What the build found out without knowing what paths mean is what the packs say.
#[test]
fn the_index_knows_which_charts_have_a_telling_key() {
    let packs: Vec<Pack> = built_in_names()
        .map(|name| built_in(name).unwrap().unwrap())
        .collect();
    let mut looked_at = 0;
    for pack in &packs {
        assert_eq!(pack.chart(), pack.info.chart);
        assert_eq!(pack.identity.repositories, pack.info.repositories);
        let telling = pack.identity.identifies.keys.iter();
        for telling in telling.filter(|telling| telling.condition.is_none()) {
            let path = telling.path.parse().unwrap();
            for other in packs.iter().filter(|other| other.chart() != pack.chart()) {
                let shares = pack.shares_telling_key(telling, &path, other);
                assert_eq!(
                    shares,
                    other.keys.has_path(&path),
                    "{} {path} {}",
                    pack.chart(),
                    other.chart()
                );
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 100, "{looked_at}");
}

#[test]
fn a_run_reads_only_the_pack_that_its_file_is_for() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/arroyo-0.10.yaml");
    let request = Request {
        releases: vec![ReleaseRequest::new(vec![InputFile::Path(file)])],
        ..Request::default()
    };
    let packs = Arc::new(packs(&request).unwrap());
    assert!(packs.iter().all(|pack| !pack.is_read()));
    let outcome = upgrade_by(&request, &packs, &Jobs::single_thread());
    assert_eq!(outcome.releases[0].chart, "arroyo");
    let read = packs.iter().filter(|pack| pack.is_read());
    let read: Vec<&str> = read.map(|pack| pack.chart()).collect();
    assert_eq!(read, ["arroyo"]);
}

/// What is asked for all versions at once is what each of them says.
#[test]
fn a_key_is_known_in_some_version_if_one_of_them_knows_it() {
    for name in built_in_names() {
        let pack = built_in(name).unwrap().unwrap();
        let versions = || pack.info.versions.keys();
        let each = |path: &refit::values::Path| {
            versions().any(|version| pack.keys.known(path, version) != Known::Unknown)
        };
        let mut asked = 0;
        let keys: Vec<_> = pack.keys.iter().map(|(key, _)| key.clone()).collect();
        for key in keys.iter().step_by(keys.len() / 40 + 1) {
            let above = key.parent().filter(|above| !above.is_root());
            let other = key.parent().unwrap_or_default().key("no-such-key");
            let paths = [
                Some(key.clone()),
                above,
                Some(key.key("below")),
                Some(other),
            ];
            for path in paths.into_iter().flatten() {
                let at_once = pack.keys.is_known_in_any(&path, versions());
                assert_eq!(at_once, each(&path), "{name}: {path}");
                let below = keys
                    .iter()
                    .any(|other| other.depth() > path.depth() && other.starts_with(&path));
                assert_eq!(pack.keys.have_below(&path), below, "{name}: {path}");
                asked += 1;
            }
        }
        assert!(asked > 50, "{name}: {asked}");
    }
}
