//! What is found in folders, by patterns and in lists.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use refit::walk::{
    FileKind, Limits, ListError, NamedPath, Naming, WalkTrouble, Walked, find, read_list,
};

/// A folder with empty files.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[&str]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|file| tree.file(file, ""));
        tree
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn find(&self, named: &[&str]) -> Walked {
        let named: Vec<NamedPath> = named
            .iter()
            .map(|name| NamedPath::Argument(self.path(name)))
            .collect();
        find(&named, Limits::default())
    }

    /// The names below the folder, with `!` behind those that were named and `?` behind templates.
    fn names(&self, walked: &Walked) -> Vec<String> {
        let name = |path: &Path| {
            path.strip_prefix(self.0.path())
                .unwrap()
                .display()
                .to_string()
        };
        let found = walked.files.iter();
        found
            .map(|found| {
                let named = if found.naming > Naming::Found {
                    "!"
                } else {
                    ""
                };
                let template = if found.kind == FileKind::Template {
                    "?"
                } else {
                    ""
                };
                format!("{}{named}{template}", name(&found.path))
            })
            .collect()
    }

    /// What is found without any trouble.
    fn found(&self, named: &[&str]) -> Vec<String> {
        let walked = self.find(named);
        assert!(walked.troubles.is_empty(), "{:?}", walked.troubles);
        self.names(&walked)
    }
}

#[test]
fn a_folder_gives_its_yaml_in_order_and_nothing_else() {
    let tree = Tree::new(&[
        "b.yml",
        "a/z.yaml",
        "a.yaml",
        "C.YAML",
        "a/b/c.yaml",
        "README.md",
        "values.json",
        "yaml",
        "a/helmfile.yaml.gotmpl",
        "a/env.gotmpl",
        "a/_helpers.tpl",
        "x.yaml.tpl",
        ".hidden.yaml",
        ".github/workflows/ci.yaml",
        ".git/config.yaml",
        "x.yaml.bak",
    ]);
    let all = [
        "C.YAML",
        "a/b/c.yaml",
        "a/env.gotmpl?",
        "a/helmfile.yaml.gotmpl?",
        "a/z.yaml",
        "a.yaml",
        "b.yml",
        "x.yaml.tpl?",
    ];
    assert_eq!(tree.found(&[""]), all);
    assert_eq!(tree.found(&["", "", "a"]), all, "each file once");
    assert_eq!(
        tree.found(&[".github"]),
        [".github/workflows/ci.yaml"],
        "what is named is looked into"
    );
}

#[test]
fn what_is_named_stays_in_its_order_and_is_named() {
    let tree = Tree::new(&["a/1.yaml", "a/2.yaml", "b.txt"]);
    let found = tree.found(&["b.txt", "a/2.yaml", "a", "missing.yaml"]);
    assert_eq!(found, ["b.txt!", "a/2.yaml!", "a/1.yaml", "missing.yaml!"]);
    // Also if a folder brought it first, and under whatever name.
    assert_eq!(
        tree.found(&["a", "a/../a/2.yaml"]),
        ["a/1.yaml", "a/2.yaml!"]
    );
}

#[test]
fn the_templates_of_a_chart_are_marked() {
    let tree = Tree::new(&[
        "chart/Chart.yaml",
        "chart/values.yaml",
        "chart/templates/a.yaml",
        "chart/templates/sub/b.yaml",
        "templates/c.yaml",
    ]);
    let all = [
        "chart/Chart.yaml",
        "chart/templates/a.yaml?",
        "chart/templates/sub/b.yaml?",
        "chart/values.yaml",
        "templates/c.yaml",
    ];
    assert_eq!(tree.found(&[""]), all);
    assert_eq!(
        tree.found(&["chart/templates/sub"]),
        ["chart/templates/sub/b.yaml?"]
    );
}

#[test]
fn ignore_files_are_respected_in_and_outside_a_repository() {
    let tree = Tree::new(&[
        "a.yaml",
        "out/b.yaml",
        "in/c.yaml",
        "in/d.yaml",
        "in/e.yaml",
    ]);
    tree.file(".gitignore", "out/\n*.tmp.yaml\n");
    tree.file("in/.ignore", "d.yaml\n");
    tree.file(".git/info/exclude", "e.yaml\n");
    assert_eq!(tree.found(&[""]), ["a.yaml", "in/c.yaml"]);
    // Ignore files above what is named count, but what is named is looked at.
    assert_eq!(
        tree.found(&["in", "out", "in/d.yaml"]),
        ["in/c.yaml", "out/b.yaml", "in/d.yaml!"]
    );
    fs::remove_dir_all(tree.path(".git")).unwrap();
    assert_eq!(tree.found(&[""]), ["a.yaml", "in/c.yaml", "in/e.yaml"]);
}

#[test]
fn a_line_that_is_no_pattern_is_told_and_the_rest_is_found() {
    let tree = Tree::new(&["a.yaml", "b.yaml"]);
    tree.file(".gitignore", "{a\nb.yaml\n");
    let walked = tree.find(&[""]);
    assert_eq!(tree.names(&walked), ["a.yaml"]);
    let told: Vec<String> = walked.troubles.iter().map(WalkTrouble::to_string).collect();
    assert!(
        told.len() == 1 && told[0].contains(".gitignore"),
        "{told:?}"
    );
}

#[test]
fn patterns_are_matched_as_a_shell_would_but_not_in_what_is_ignored() {
    let tree = Tree::new(&[
        "a/values-1.yaml",
        "a/values-2.yml",
        "a/b/values-3.yaml",
        "a/b/other.yaml",
        "a/values.txt",
        "out/values-4.yaml",
        "{x}/values-5.yaml",
    ]);
    tree.file(".gitignore", "out/\n");
    assert_eq!(
        tree.found(&["a/values-*"]),
        ["a/values-1.yaml!", "a/values-2.yml!"]
    );
    assert_eq!(
        tree.found(&["**/values-*.yaml"]),
        [
            "a/b/values-3.yaml!",
            "a/values-1.yaml!",
            "{x}/values-5.yaml!"
        ]
    );
    assert_eq!(
        tree.found(&["a/{b,c}/values-[0-9].yaml"]),
        ["a/b/values-3.yaml!"]
    );
    // A name that only looks like a pattern.
    assert_eq!(tree.found(&["{x}"]), ["{x}/values-5.yaml"]);
    assert_eq!(tree.found(&["{x}/values-5.yaml"]), ["{x}/values-5.yaml!"]);
    for (pattern, said) in [
        ("a/*.json", "no YAML file matches this pattern"),
        ("nowhere/*.yaml", "no YAML file matches this pattern"),
        ("a/[.yaml", "this is not a pattern that refit knows"),
    ] {
        let walked = tree.find(&[pattern, "a/b"]);
        assert_eq!(walked.files.len(), 2, "the rest goes on");
        let told = walked.troubles[0].to_string();
        assert!(told.contains(pattern) && told.contains(said), "{told}");
        assert!(!walked.troubles[0].next().is_empty());
    }
}

#[test]
fn a_search_is_bounded() {
    let tree = Tree::new(&["a/1.yaml", "a/2.yaml", "a/b/c/3.yaml", "z.yaml"]);
    let named = [NamedPath::Argument(tree.path(""))];
    let limits = |files, depth| Limits { files, depth };
    let walked = find(&named, limits(2, 100));
    assert_eq!(walked.files.len(), 2);
    assert!(
        matches!(walked.troubles[..], [WalkTrouble::TooMany { limit: 2, .. }]),
        "{:?}",
        walked.troubles
    );
    let walked = find(&named, limits(100, 2));
    assert_eq!(tree.names(&walked), ["a/1.yaml", "a/2.yaml", "z.yaml"]);
}

#[test]
fn lists_are_read_by_lines_or_by_zero_bytes() {
    let listed = |names: &[&str]| -> Vec<NamedPath> {
        names
            .iter()
            .map(|name| NamedPath::Listed(name.into()))
            .collect()
    };
    for (list, zero, names) in [
        (&b""[..], false, &[][..]),
        (b"a\nb c\r\n\n*.yaml", false, &["a", "b c", "*.yaml"]),
        (b"a\nb\0c\r\0", true, &["a\nb", "c\r"]),
    ] {
        assert_eq!(read_list(list, zero).unwrap(), listed(names));
    }
    assert_eq!(read_list(b"a\0b\0", false).unwrap_err(), ListError::Zero);
    // What a list says is a name, whatever it looks like.
    let tree = Tree::new(&["a.yaml"]);
    let walked = find(&[NamedPath::Listed(tree.path("*.yaml"))], Limits::default());
    assert_eq!(tree.names(&walked), ["*.yaml!"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_only_if_they_are_what_was_named() {
    use std::os::unix::fs::symlink;
    let tree = Tree::new(&["real/a.yaml", "outside/b.yaml"]);
    symlink("../outside", tree.path("real/folder")).unwrap();
    symlink("../outside/b.yaml", tree.path("real/b.yaml")).unwrap();
    symlink("nowhere", tree.path("real/c.yaml")).unwrap();
    symlink("real", tree.path("link")).unwrap();
    assert_eq!(tree.found(&["real"]), ["real/a.yaml"]);
    assert_eq!(tree.found(&["link"]), ["link/a.yaml"]);
    assert_eq!(
        tree.found(&["link", "real"]),
        ["link/a.yaml"],
        "each file once"
    );
    assert_eq!(tree.found(&["real/b.yaml", "outside"]), ["real/b.yaml!"]);
}

/// Runs one test of this program as a user who is not root.
#[cfg(unix)]
fn as_nobody(test: &str) {
    use std::{os::unix::fs::PermissionsExt as _, process::Command};
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let run = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(["--exact", test])
        .current_dir("/")
        .output();
    match run {
        Ok(run) => assert!(run.status.success(), "{run:?}"),
        Err(e) => {
            assert!(std::env::var_os("CI").is_none(), "setpriv: {e}");
            eprintln!("setpriv is not here ({e}): not run as root: {test}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_read_stops_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let tree = Tree::new(&["a/1.yaml", "b/2.yaml"]);
    let mode = |mode| {
        fs::set_permissions(tree.path("a"), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o000);
    let readable = fs::read_dir(tree.path("a")).is_ok();
    let walked = tree.find(&[""]);
    mode(0o755);
    if readable {
        // Root may read every folder: the same test once more, as somebody else.
        return as_nobody("a_folder_that_cannot_be_read_stops_nothing");
    }
    assert_eq!(tree.names(&walked), ["b/2.yaml"]);
    let [WalkTrouble::Unreadable { path, .. }] = &walked.troubles[..] else {
        panic!("{:?}", walked.troubles)
    };
    assert_eq!(path, &tree.path("a"));
}

#[test]
fn ten_thousand_files_are_found_in_a_moment() {
    let tree = Tree::new(&[]);
    for folder in 0..200 {
        fs::create_dir_all(tree.path(&format!("{folder}"))).unwrap();
        for file in 0..50 {
            fs::write(tree.path(&format!("{folder}/{file}.yaml")), "").unwrap();
        }
    }
    let start = Instant::now();
    let walked = tree.find(&[""]);
    let took = start.elapsed();
    eprintln!("10,000 files were found in {took:?}");
    assert_eq!(walked.files.len(), 10_000);
    // Far above what it takes, because machines can be busy; a search that opens files or grows faster
    // than the tree takes longer.
    assert!(took < Duration::from_secs(5), "{took:?}");
}
