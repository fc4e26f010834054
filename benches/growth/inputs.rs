//! The kinds of input that may be large: what grows in each, and the pack that has something to do with it.

use std::fmt::Write as _;

/// One kind of input.
pub struct Kind {
    pub name: &'static str,
    /// The files of a pack, by name.
    pub pack: fn(usize) -> Vec<(&'static str, String)>,
    /// The values files, by name.
    pub files: fn(usize) -> Vec<(String, String)>,
    /// Whether the files are the layers of one release, not a release each.
    pub is_one_release: bool,
}

pub const KINDS: &[Kind] = &[
    Kind {
        name: "entries that a wildcard moves",
        pack: |_| pack("ports.*.port: listeners.*.number\n      ports.*: listeners.*"),
        files: |n| one(entries("ports", n, "{port: 80, name: n}")),
        is_one_release: false,
    },
    Kind {
        name: "entries of a map that moves whole",
        pack: |_| pack("ports: listeners"),
        files: |n| one(entries("ports", n, "{port: 80, name: n}")),
        is_one_release: false,
    },
    Kind {
        name: "list items that a wildcard moves",
        pack: |_| pack("'hosts[*].host': 'names[*].name'\n      'hosts[*]': 'names[*]'"),
        files: |n| one(items("hosts", n, "{host: a, path: /}")),
        is_one_release: false,
    },
    Kind {
        name: "keys that no step and no chart knows",
        pack: |_| pack("ports: listeners"),
        files: |n| one(lines(n, |i| format!("unknown{i}: {i}\n")) + "ports: {web: {port: 1}}\n"),
        is_one_release: false,
    },
    Kind {
        name: "comments and blank lines",
        pack: |_| pack("ports: listeners"),
        files: |n| one(lines(n, |i| format!("# line {i}\n\n")) + "ports: {web: {port: 1}}\n"),
        is_one_release: false,
    },
    Kind {
        name: "lines of a long text",
        pack: |_| pack("text: words"),
        files: |n| one("text: |\n".to_owned() + &lines(n, |i| format!("  line {i}\n"))),
        is_one_release: false,
    },
    Kind {
        name: "aliases of one anchor",
        pack: |_| pack("ports: listeners"),
        files: |n| {
            let aliases = lines(n, |i| format!("  key{i}: *shared\n"));
            one(format!(
                "ports: {{web: {{port: 1}}}}\nextra:\n  first: &shared {{a: 1}}\n{aliases}"
            ))
        },
        is_one_release: false,
    },
    Kind {
        name: "layers of one release (a tenth of N)",
        pack: |_| pack("ports.*.port: listeners.*.number\n      ports.*: listeners.*"),
        files: |n| {
            let layer = |i| {
                (
                    format!("{i}.yaml"),
                    format!("ports: {{p{i}: {{port: {i}}}}}\n"),
                )
            };
            (0..(n / 10).max(1)).map(layer).collect()
        },
        is_one_release: true,
    },
    Kind {
        name: "files (a tenth of N)",
        pack: |_| pack("ports: listeners"),
        files: |n| {
            let file = |i| {
                (
                    format!("{i}.yaml"),
                    format!("ports: {{p{i}: {{port: {i}}}}}\n"),
                )
            };
            (0..(n / 10).max(1)).map(file).collect()
        },
        is_one_release: false,
    },
    Kind {
        name: "keys of a chart",
        pack: |n| {
            let mut files = pack("ports: listeners");
            files[1].1 += &lines(n, |i| {
                format!("group{}.key{i}: [{{in: '*', default: {i}}}]\n", i / 20)
            });
            files
        },
        files: |n| {
            let own = lines(n / 20, |i| format!("group{i}: {{key{}: 5}}\n", i * 20));
            one(own + "ports: {web: {port: 1}}\n")
        },
        is_one_release: false,
    },
    Kind {
        name: "steps of a migration (a tenth of N)",
        pack: |n| {
            let count = (n / 10).max(1);
            let mut files = pack("ports: listeners");
            files[1].1 += &lines(count, |i| {
                format!(
                    "old{i}: [{{in: '<2.0.0', default: a}}]\nnew{i}: [{{in: '>=2.0.0', default: a}}]\n"
                )
            });
            files[2].1 += &lines(count, |i| {
                format!("  step{i}:\n    title: Step {i}\n    move: {{old{i}: new{i}}}\n")
            });
            files
        },
        files: |n| one(lines((n / 10).max(1), |i| format!("old{i}: b{i}\n"))),
        is_one_release: false,
    },
];

/// A pack of two versions with one step that moves.
fn pack(moves: &str) -> Vec<(&'static str, String)> {
    let info = "pack: 1\nchart: acme\ntitle: Acme\nhome: https://example.com/acme\n\
        repositories: [https://example.com/charts]\n\
        versions:\n  1.0.0: {app: \"1\"}\n  2.0.0: {app: \"2\"}\n";
    let keys = "ports: [{in: '<2.0.0', default: {}, open: map}]\n\
        listeners: [{in: '>=2.0.0', default: {}, open: map}]\n\
        hosts: [{in: '<2.0.0', default: []}]\n\
        names: [{in: '>=2.0.0', default: []}]\n\
        text: [{in: '<2.0.0', default: ''}]\n\
        words: [{in: '>=2.0.0', default: ''}]\n\
        extra: [{in: '*', default: {}, open: map}]\n";
    let migration = format!(
        "version: 2.0.0\ntitle: Moves\nsteps:\n  moves:\n    title: Moves\n    move:\n      {moves}\n"
    );
    vec![
        ("pack.yaml", info.to_owned()),
        ("keys.yaml", keys.to_owned()),
        ("2.0.0.yaml", migration),
    ]
}

fn one(text: String) -> Vec<(String, String)> {
    vec![("values.yaml".to_owned(), text)]
}

fn lines(n: usize, line: impl Fn(usize) -> String) -> String {
    (0..n).fold(String::new(), |mut text, i| {
        text += &line(i);
        text
    })
}

fn entries(key: &str, n: usize, value: &str) -> String {
    let mut text = format!("{key}:\n");
    for i in 0..n {
        let _ = writeln!(text, "  p{i}: {value}");
    }
    text
}

fn items(key: &str, n: usize, item: &str) -> String {
    let mut text = format!("{key}:\n");
    for _ in 0..n {
        let _ = writeln!(text, "  - {item}");
    }
    text
}
