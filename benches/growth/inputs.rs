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
        name: "keys that a star of any depth moves",
        pack: |_| pack("extra.**.port: extra.**.number"),
        files: |n| one(entries("extra", n, "{port: 80, name: n}")),
        is_one_release: false,
    },
    Kind {
        name: "list items that become keys",
        pack: |_| pack("'hosts[name=*].host': 'extra.*'"),
        files: |n| {
            one("hosts:\n".to_owned()
                + &lines(n, |i| format!("  - {{name: n{i}, host: a, path: /}}\n")))
        },
        is_one_release: false,
    },
    Kind {
        name: "keys that become list items",
        pack: |_| pack("'ports.*': 'names[name=*]'"),
        files: |n| one(entries("ports", n, "{port: 80}")),
        is_one_release: false,
    },
    Kind {
        name: "list items that ten selectors look through",
        pack: |_| {
            pack(
                lines(10, |i| {
                    format!("'hosts[name=n{i}].host': 'extra.h{i}'\n      ")
                })
                .trim_end(),
            )
        },
        files: |n| {
            one("hosts:\n".to_owned()
                + &lines(n, |i| format!("  - {{name: n{i}, host: a, path: /}}\n")))
        },
        is_one_release: false,
    },
    Kind {
        name: "selectors that each find an item (a tenth of N)",
        pack: |n| {
            pack(
                lines((n / 10).max(1), |i| {
                    format!("'hosts[name=n{i}].host': 'extra.h{i}'\n      ")
                })
                .trim_end(),
            )
        },
        files: |n| {
            one("hosts:\n".to_owned()
                + &lines((n / 10).max(1), |i| {
                    format!("  - {{name: n{i}, host: a, path: /}}\n")
                }))
        },
        is_one_release: false,
    },
    Kind {
        name: "questions, one for each match (a tenth of N)",
        pack: |_| {
            let mut files = pack("text: words");
            files[2].1 += "  ask:\n    title: Ask\n    for: ports.*\n    as: port\n    \
                take: {p: 'ports.{port}.port'}\n    ask: What does {port} do?\n    options:\n      \
                keep: {title: Keep it, do: {'listeners.{port}.number': =p}}\n      \
                other: {title: Take another, do: {'listeners.{port}.number': 1}}\n";
            files
        },
        files: |n| one(entries("ports", (n / 10).max(1), "{port: 80}")),
        is_one_release: false,
    },
    Kind {
        name: "questions of refit itself (a tenth of N)",
        pack: |_| {
            let mut files = pack("ports.*.port: extra.*");
            files[1].1 = files[1]
                .1
                .replace("extra: [{in: '*'", "extra: [{in: '<9.0.0'");
            files
        },
        files: |n| {
            let n = (n / 10).max(1);
            one(entries("ports", n, "{port: 80}") + &entries("extra", n, "81"))
        },
        is_one_release: false,
    },
    Kind {
        name: "notices, one for each match (a tenth of N)",
        pack: |_| {
            let mut files = pack("text: words");
            files[2].1 += "  tell:\n    title: Tell\n    for: ports.*\n    as: port\n    \
                take: {p: 'ports.{port}.port'}\n    if: p > 1\n    \
                do: {'listeners.{port}.number': =p}\n    tell: Port {port} is {p}.\n";
            files
        },
        files: |n| one(entries("ports", (n / 10).max(1), "{port: 80}")),
        is_one_release: false,
    },
    Kind {
        name: "entries of a map in one line",
        pack: |_| pack("ports.*.port: listeners.*.number\n      ports.*: listeners.*"),
        files: |n| {
            let entries = lines(n, |i| format!("p{i}: {{port: 80, name: n}}, "));
            one(format!("ports: {{{entries}}}\n"))
        },
        is_one_release: false,
    },
    Kind {
        name: "items of a list in one line",
        pack: |_| pack("'hosts[*].host': 'names[*].name'\n      'hosts[*]': 'names[*]'"),
        files: |n| {
            let items = lines(n, |_| "{host: a, path: /}, ".to_owned());
            one(format!("hosts: [{items}]\n"))
        },
        is_one_release: false,
    },
    Kind {
        name: "levels below each other (a fiftieth of N)",
        pack: |_| pack("extra.**.port: extra.**.number"),
        files: |n| {
            // In one line: the indentation of lines would grow with the square of their depth.
            let depth = (n / 50).clamp(1, 200);
            let open = lines(depth, |i| format!("{{k{i}: "));
            let close = "}".repeat(depth);
            one(format!("extra: {open}{{port: 80}}{close}\n"))
        },
        is_one_release: false,
    },
    Kind {
        name: "anchors, each with an alias",
        pack: |_| pack("ports: listeners"),
        files: |n| {
            let anchors = lines(n, |i| format!("  a{i}: &n{i} {{a: 1}}\n  b{i}: *n{i}\n"));
            one(format!("ports: {{web: {{port: 1}}}}\nextra:\n{anchors}"))
        },
        is_one_release: false,
    },
    Kind {
        name: "merge keys of one anchor",
        pack: |_| pack("ports: listeners"),
        files: |n| {
            let merged = lines(n, |i| format!("  p{i}: {{<<: *shared, b: {i}}}\n"));
            one(format!(
                "extra:\n  first: &shared {{a: 1}}\n{merged}ports: {{web: {{port: 1}}}}\n"
            ))
        },
        is_one_release: false,
    },
    Kind {
        name: "entries with comments that a wildcard moves",
        pack: |_| pack("ports.*.port: listeners.*.number\n      ports.*: listeners.*"),
        files: |n| {
            one("ports:\n".to_owned()
                + &lines(n, |i| {
                    format!("  # Port {i}.\n  p{i}:\n    port: {i}   # as ever\n\n    name: n\n")
                }))
        },
        is_one_release: false,
    },
    Kind {
        name: "entries that an expression makes items of",
        pack: |_| {
            let mut files = pack("text: words");
            files[2].1 += "  list:\n    title: List\n    take: {p: ports.*.port}\n    \
                do: {names: '=p.map(k, p[k])'}\n";
            files
        },
        files: |n| one(entries("ports", n, "{port: 80}")),
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
        name: "releases of one manifest (a tenth of N)",
        pack: |_| pack("ports: listeners"),
        files: |n| {
            one(lines((n / 10).max(1), |i| {
                let values = match i % 2 {
                    0 => format!("values: |\n          ports: {{p{i}: {{port: {i}}}}}\n"),
                    _ => format!("valuesObject:\n          ports: {{p{i}: {{port: {i}}}}}\n"),
                };
                let source = "repoURL: https://example.com/charts\n      chart: acme\n      targetRevision: 1.0.0";
                format!(
                    "---\napiVersion: argoproj.io/v1alpha1\nkind: Application\n\
                     metadata: {{name: a{i}, namespace: argocd}}\nspec:\n  sources:\n    - {source}\n      \
                     helm:\n        {values}"
                )
            }))
        },
        is_one_release: false,
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
        name: "keys of a chart, all of them set",
        pack: |n| {
            let mut files = pack("ports: listeners");
            files[1].1 += &lines(n, |i| {
                format!("group{}.key{i}: [{{in: '*', default: {i}}}]\n", i / 20)
            });
            files
        },
        files: |n| {
            let line = |i: usize| match i % 20 {
                0 => format!("group{}:\n  key{i}: 5\n", i / 20),
                _ => format!("  key{i}: 5\n"),
            };
            one(lines(n, line) + "ports: {web: {port: 1}}\n")
        },
        is_one_release: false,
    },
    Kind {
        name: "versions of a chart (a tenth of N)",
        pack: |n| {
            let mut files = pack("ports: listeners");
            files[0].1 = files[0].1.replace(
                "versions:\n",
                &("versions:\n".to_owned()
                    + &lines((n / 10).max(1), |i| format!("  0.{i}.0: {{app: '0'}}\n"))),
            );
            files[1].1 += &lines((n / 10).max(1), |i| {
                format!(
                    "key{i}: [{{in: '<0.{i}.0', default: 1}}, {{in: '>=0.{i}.0', default: 2}}]\n"
                )
            });
            files
        },
        files: |_| one("ports: {web: {port: 1}}\nkey0: 3\n".to_owned()),
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
