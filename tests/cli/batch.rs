//! A run over a repository: as many threads as one likes, killed at any moment.
#![cfg(unix)]

#[path = "../../benches/fleet/tree.rs"]
mod tree;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use refit::write::{WriteOptions, recover};

/// Every file below a folder, by its name there.
type Texts = BTreeMap<PathBuf, String>;

struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    /// Some teams, files that cannot be read or upgraded among them, and a `refit.yaml`.
    fn new(files: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        tree::make(folder.path(), files).unwrap();
        let repository = Self { folder };
        repository.put("broken/half.yaml", "a: [1\n");
        repository.put(
            "broken/branch.yaml",
            &repository
                .text("teams/0000/apps/map.yaml")
                .replace("0.10.3", "main"),
        );
        repository.put("recorded/one.yaml", &tree::values(1));
        repository.put("recorded/two.yaml", &tree::values(2));
        repository.put(
            "refit.yaml",
            "refit: 1\nreleases:\n  # ours\n  one: {chart: arroyo, version: 0.10.3, layers: [recorded/one.yaml]}\n  \
             two: {chart: arroyo, version: 0.10.3, layers: [recorded/two.yaml]}\n",
        );
        repository
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_refit"));
        command
            .args(["upgrade", "."])
            .args(args.split_whitespace())
            .current_dir(self.folder.path())
            .env("XDG_STATE_HOME", self.folder.path().join(".state"))
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &str) -> Output {
        self.command(args).output().unwrap()
    }

    fn texts(&self) -> Texts {
        let mut texts = Texts::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(self.folder.path()).unwrap();
                    texts.insert(name.to_owned(), fs::read_to_string(&path).unwrap());
                }
            }
        }
        texts
    }

    fn reset(&self, texts: &Texts) {
        for (name, text) in texts {
            fs::write(self.folder.path().join(name), text).unwrap();
        }
    }
}

#[test]
fn eight_threads_say_and_write_what_one_does() {
    let (one, eight) = (Repository::new(100), Repository::new(100));
    for args in [
        "",
        "-v",
        "-o patch",
        "-o json",
        "-o markdown",
        "--check",
        "--color always",
        "--write",
        "--check",
    ] {
        let [a, b] = [(&one, "-j1"), (&eight, "-j8")]
            .map(|(repository, jobs)| repository.run(&format!("{jobs} {args}")));
        assert_eq!(a.status.code(), b.status.code(), "{args}");
        assert_eq!(
            String::from_utf8_lossy(&a.stdout),
            String::from_utf8_lossy(&b.stdout),
            "{args}"
        );
        assert_eq!(
            String::from_utf8_lossy(&a.stderr),
            String::from_utf8_lossy(&b.stderr),
            "{args}"
        );
        // A branch is no version.
        assert_eq!(a.status.code(), Some(2), "{args}");
    }
    let (after, before) = (one.texts(), Repository::new(100).texts());
    assert_eq!(after, eight.texts());
    let changed = after.iter().filter(|(name, text)| before[*name] != **text);
    assert!(changed.count() > 50);
    let project = one.text("refit.yaml");
    assert_eq!(
        project.matches("version: \"0.15.0\"").count(),
        2,
        "{project}"
    );
    assert!(project.contains("# ours"), "{project}");
}

/// The files of one team that are one release together.
const UNITS: &[&[&str]] = &[
    &["apps/files.yaml", "values/arroyo.yaml"],
    &["helmfile/helmfile.yaml", "helmfile/arroyo.yaml"],
    &["kustomize/kustomization.yaml", "kustomize/values.yaml"],
    &["umbrella/Chart.yaml", "umbrella/values.yaml"],
];

#[test]
fn killed_at_any_moment_every_unit_is_old_or_new_and_the_next_run_ends_the_work() {
    const RUNS: u32 = 9;
    let repository = Repository::new(40);
    let old = repository.texts();
    let start = Instant::now();
    let whole = repository.run("--write");
    let time = start.elapsed();
    let new = repository.texts();
    assert_eq!(whole.status.code(), Some(2), "{whole:?}");
    assert_eq!(old.len(), new.len());
    let teams: Vec<PathBuf> = (0..2).map(|n| format!("teams/{n:04}").into()).collect();
    let units: Vec<Vec<PathBuf>> = teams
        .iter()
        .flat_map(|team| {
            UNITS
                .iter()
                .map(|unit| unit.iter().map(|file| team.join(file)).collect())
        })
        .chain([["recorded/one.yaml", "recorded/two.yaml", "refit.yaml"]
            .map(PathBuf::from)
            .into()])
        .collect();
    for file in units.iter().flatten() {
        assert_ne!(old[file], new[file], "{}", file.display());
    }
    let is_new = |texts: &Texts, file: &Path| {
        let text = &texts[file];
        assert!(
            *text == new[file] || *text == old[file],
            "{}: {text}",
            file.display()
        );
        old[file] != new[file] && *text == new[file]
    };
    let all = old
        .iter()
        .filter(|(file, text)| new[*file] != **text)
        .count();
    let (mut half, mut seed) = (0, 0x9e37_79b9_u32);
    for run in 0..RUNS {
        repository.reset(&old);
        // Nobody reads what it says: a pipe that is full would hold it.
        let mut command = repository.command("--write");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let part = f64::from(seed >> 8) / f64::from(1 << 24);
        if run % 3 == 0 {
            std::thread::sleep(Duration::from_secs_f64(time.as_secs_f64() * part));
        } else {
            // The moments that matter: some files are written.
            let first = repository.folder.path().join("recorded/one.yaml");
            let old = &old[Path::new("recorded/one.yaml")];
            while child.try_wait().unwrap().is_none() && fs::read_to_string(&first).unwrap() == *old
            {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_secs_f64(0.1 * part));
        }
        let _ = child.kill();
        child.wait().unwrap();
        let texts = repository.texts();
        let count = old.keys().filter(|file| is_new(&texts, file)).count();
        half += usize::from(count > 0 && count < all);
        let paths: Vec<PathBuf> = old
            .keys()
            .map(|file| repository.folder.path().join(file))
            .collect();
        let state = repository.folder.path().join(".state/refit");
        let mended = recover(
            &paths.iter().map(PathBuf::as_path).collect::<Vec<_>>(),
            &WriteOptions {
                own: Some(&state),
                ..WriteOptions::default()
            },
        );
        assert!(mended.troubles.is_empty(), "{mended:?}");
        let texts = repository.texts();
        for unit in &units {
            let new = unit.iter().filter(|file| is_new(&texts, file)).count();
            assert!(new == 0 || new == unit.len(), "{unit:?}: {new} are new");
        }
        let next = repository.run("--write");
        assert_eq!(next.status.code(), Some(2), "{next:?}");
        assert_eq!(repository.texts(), new, "nothing is left undone or behind");
    }
    eprintln!("{RUNS} runs were killed; {half} had written some files and not others");
    assert!(half > 0, "no run was killed while it wrote");
}
