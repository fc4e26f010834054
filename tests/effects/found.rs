//! What the check of effects once got wrong, each on two small charts of its own: losses that it let pass,
//! right migrations that it blamed, and words that misled.

use crate::support;

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value as Json;
use support::{helm, write_files};

/// Two charts and a file, written as `=== PATH` and the text below it: `old/…`, `new/…` and `values`.
pub(crate) struct Case {
    home: tempfile::TempDir,
}

/// What `refit verify` said of it.
#[derive(Debug)]
struct Said {
    code: i32,
    text: String,
    json: Json,
}

impl Case {
    pub(crate) fn new(files: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for (folder, version) in [("old", "1.0.0"), ("new", "2.0.0")] {
            write(
                &format!("{folder}/Chart.yaml"),
                &format!("apiVersion: v2\nname: demo\nversion: {version}\n"),
            );
        }
        write_files(home.path(), files);
        write(
            "pack/pack.yaml",
            "pack: 1\nchart: demo\ntitle: Demo\nversions:\n  1.0.0: {app: '1'}\n  2.0.0: {app: '2'}\n",
        );
        // Every key that is set somewhere exists in every version.
        let mut keys = BTreeSet::new();
        for file in ["old/values.yaml", "new/values.yaml", "values.yaml"] {
            let text = fs::read_to_string(home.path().join(file)).unwrap();
            leaves(&serde_yaml::from_str(&text).unwrap(), "", &mut keys);
        }
        let keys = keys.iter().map(|key| format!("{key}: [{{in: '*'}}]\n"));
        write("pack/keys.yaml", &keys.collect::<String>());
        Self { home }
    }

    /// With one template and its values on both sides.
    pub(crate) fn of(old: (&str, &str), new: (&str, &str), values: &str) -> Self {
        let chart = |folder: &str, (template, values): (&str, &str)| {
            format!(
                "=== {folder}/templates/a.yaml\n{template}\n=== {folder}/values.yaml\n{values}\n"
            )
        };
        Self::new(&format!(
            "{}{}=== values.yaml\n{values}\n",
            chart("old", old),
            chart("new", new)
        ))
    }

    fn run(&self, helm: &Path, steps: &str, args: &[&str]) -> (i32, String) {
        self.run_on(helm, steps, args, "old")
    }

    fn run_on(&self, helm: &Path, steps: &str, args: &[&str], old: &str) -> (i32, String) {
        fs::write(
            self.home.path().join("pack/2.0.0.yaml"),
            format!("version: 2.0.0\ntitle: Two\nsteps:\n{steps}\n"),
        )
        .unwrap();
        let home = self.home.path();
        let output = helm::refit(helm, home)
            .args(["verify", "values.yaml", "--pack", "pack", "--chart", "demo"])
            .args(["--from", "1.0.0", "--to", "2.0.0"])
            .args(["--old-chart", old, "--new-chart", "new"])
            .args(args)
            .output()
            .unwrap();
        let both = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        (output.status.code().unwrap(), both)
    }

    fn said(&self, helm: &Path, steps: &str) -> Said {
        let (code, text) = self.run(helm, steps, &["-v"]);
        let (_, json) = self.run(helm, steps, &["-o", "json"]);
        let json = json.lines().next().unwrap_or_default();
        Said {
            code,
            text,
            json: serde_json::from_str(json).unwrap_or(Json::Null),
        }
    }

    /// Each migration with the exit code that it must have. What is wrong is wrong with every Helm.
    pub(crate) fn expect(&self, migrations: &[(&str, i32)]) {
        for (nth, helm) in helm::each().enumerate() {
            for (steps, code) in migrations.iter().filter(|(_, code)| nth == 0 || *code == 0) {
                let (found, text) = self.run(helm.program(), steps, &["-v"]);
                assert_eq!(found, *code, "{steps}\n{text}");
            }
        }
    }
}

fn leaves(value: &serde_yaml::Value, at: &str, keys: &mut BTreeSet<String>) {
    match value.as_mapping().filter(|map| !map.is_empty()) {
        Some(map) => {
            for (key, value) in map {
                let dot = if at.is_empty() { "" } else { "." };
                leaves(value, &format!("{at}{dot}{}", key.as_str().unwrap()), keys);
            }
        }
        None if at.is_empty() => {}
        None => {
            keys.insert(at.to_owned());
        }
    }
}

/// A step that moves values.
pub(crate) fn moves(moves: &str) -> String {
    format!("  all: {{title: Move, move: {{{moves}}}}}")
}

/// A step that drops values without a word.
pub(crate) fn drops(paths: &str) -> String {
    format!("  all: {{title: Tidy up, drop: [{paths}]}}")
}

/// A step that gives one value to several.
fn gives(from: &str, to: &[&str]) -> String {
    let to: Vec<String> = to.iter().map(|to| format!("{to}: =v")).collect();
    format!(
        "  all: {{title: Give, take: {{v: {from}}}, do: {{{}}}}}",
        to.join(", ")
    )
}

pub(crate) const NOTHING: &str = "  none: {title: Nothing, take: {v: nowhere}, foreign: [nowhere]}";

/// A Deployment of one container.
pub(crate) fn workload(name: &str, container: &str) -> String {
    let lines: String = container
        .lines()
        .map(|line| format!("          {line}\n"))
        .collect();
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n        - name: {name}\n          image: app:1\n{lines}"
    )
}

fn config(data: &str) -> String {
    let lines: String = data.lines().map(|line| format!("  {line}\n")).collect();
    format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n{lines}")
}

#[test]
fn words_in_a_composed_text_must_stand_where_they_stood() {
    let two = |template: &dyn Fn(&str, &str) -> String| {
        Case::of(
            (&template(".Values.a", ".Values.b"), "a: info\nb: warn"),
            (
                &template(".Values.to.a", ".Values.to.b"),
                "to: {a: info, b: warn}",
            ),
            "a: debug\nb: error",
        )
    };
    let args: &dyn Fn(&str, &str) -> String = &|a, b| {
        workload(
            "app",
            &format!("args: ['--log={{{{ {a} }}}}', '--audit={{{{ {b} }}}}']"),
        )
    };
    let pairs: &dyn Fn(&str, &str) -> String = &|a, b| {
        workload(
            "app",
            &format!("args: [-l, '{{{{ {a} }}}}', -a, '{{{{ {b} }}}}']"),
        )
    };
    let line: &dyn Fn(&str, &str) -> String = &|a, b| {
        workload(
            "app",
            &format!("args: ['run -l {{{{ {a} }}}} -a {{{{ {b} }}}}']"),
        )
    };
    let ini: &dyn Fn(&str, &str) -> String = &|a, b| {
        config(&format!(
            "app.ini: |\n  [one]\n  level = {{{{ {a} }}}}\n  [two]\n  level = {{{{ {b} }}}}"
        ))
    };
    let block: &dyn Fn(&str, &str) -> String = &|a, b| {
        config(&format!(
            "app.conf: |\n  one {{\n    level {{{{ {a} }}}};\n  }}\n  two {{\n    level {{{{ {b} }}}};\n  }}"
        ))
    };
    let dsn: &dyn Fn(&str, &str) -> String = &|a, b| {
        workload(
            "app",
            &format!("env: [{{name: DSN, value: 'pg://{{{{ {a} }}}}/{{{{ {b} }}}}'}}]"),
        )
    };
    let image: &dyn Fn(&str, &str) -> String = &|a, b| {
        workload(
            "app",
            &format!("env: [{{name: IMAGE, value: '{{{{ {a} }}}}/{{{{ {b} }}}}:1'}}]"),
        )
    };
    for template in [args, pairs, line, ini, block, dsn, image] {
        two(template).expect(&[
            (&moves("a: to.a, b: to.b"), 0),
            (&moves("a: to.b, b: to.a"), 1),
        ]);
        let one = Case::of(
            (&template(".Values.a", ".Values.b"), "a: info\nb: warn"),
            (
                &template(".Values.to.a", ".Values.to.b"),
                "to: {a: info, b: warn}",
            ),
            "a: debug",
        );
        one.expect(&[(&moves("a: to.a"), 0), (&moves("a: to.b"), 1)]);
    }
}

#[test]
fn a_chart_may_write_other_words_around_a_value() {
    let case = Case::of(
        (
            &workload(
                "app",
                "args: ['--log={{ .Values.a }}', '--audit={{ .Values.b }}']",
            ),
            "a: info\nb: warn",
        ),
        (
            &workload(
                "app",
                "args: ['--new', '--log.level={{ .Values.to.a }}', '--audit={{ .Values.to.b }} --x']",
            ),
            "to: {a: info, b: warn}",
        ),
        "a: debug\nb: error",
    );
    case.expect(&[(&moves("a: to.a, b: to.b"), 0)]);
}

#[test]
fn a_repetition_is_of_the_same_setting_and_in_something_new() {
    let privileged = |name: &str, value: &str| {
        workload(
            name,
            &format!(
                "securityContext:\n  readOnlyRootFilesystem: false\n  {{{{- if {value} }}}}\n  privileged: true\n  {{{{- end }}}}"
            ),
        )
    };
    let plain = workload("web", "securityContext: {readOnlyRootFilesystem: false}");
    let old = privileged("agent", ".Values.privileged") + &plain;
    let new = privileged("agent", ".Values.agent.privileged")
        + &privileged("web", ".Values.web.privileged");
    let defaults = "agent: {privileged: false}\nweb: {privileged: false}\ndebug: false";
    let case = Case::of(
        (&old, "privileged: false\ndebug: false"),
        (&new, defaults),
        "privileged: true\ndebug: true",
    );
    case.expect(&[
        (&moves("privileged: agent.privileged"), 0),
        (
            &gives("privileged", &["agent.privileged", "web.privileged"]),
            1,
        ),
        (
            &moves("privileged: agent.privileged, debug: web.privileged"),
            1,
        ),
    ]);
    // What the chart adds by itself may have it as well, and nothing else may.
    let old = privileged("agent", ".Values.privileged");
    let case = Case::of(
        (&old, "privileged: false\ndebug: false"),
        (&new, defaults),
        "privileged: true\ndebug: true",
    );
    case.expect(&[
        (
            &gives("privileged", &["agent.privileged", "web.privileged"]),
            0,
        ),
        (
            &moves("privileged: agent.privileged, debug: web.privileged"),
            1,
        ),
    ]);
}

#[test]
fn a_place_that_is_another_settings_own_is_no_new_home() {
    let env = |name: &str, variables: &[(&str, &str)]| {
        let variables: String = variables
            .iter()
            .map(|(name, value)| {
                format!("  {{{{- with {value} }}}}\n  - {{name: {name}, value: {{{{ . }}}}}}\n  {{{{- end }}}}\n")
            })
            .collect();
        workload(
            name,
            &format!("env:\n  - {{name: FIXED, value: x}}\n{variables}"),
        )
    };
    let case = Case::of(
        (
            &env(
                "app",
                &[
                    ("PRIMARY_DB_HOST", ".Values.p"),
                    ("REPLICA_DB_HOST", ".Values.r"),
                ],
            ),
            "p: ''\nr: ''",
        ),
        (
            &env(
                "app",
                &[
                    ("PRIMARY_DB_HOST", ".Values.db.p"),
                    ("REPLICA_DB_HOST", ".Values.db.r"),
                ],
            ),
            "db: {p: '', r: ''}",
        ),
        "p: pg.example",
    );
    case.expect(&[(&moves("p: db.p"), 0), (&moves("p: db.r"), 1)]);
    let both = |c: &str, w: &str| {
        env("ctl", &[("CHECKPOINT_URL", c)]) + &env("wrk", &[("CHECKPOINT_URL", w)])
    };
    let case = Case::of(
        (&both(".Values.u", ".Values.u"), "u: ''"),
        (
            &both(".Values.c.u", ".Values.w.u"),
            "c: {u: ''}\nw: {u: ''}",
        ),
        "u: s3://b/c",
    );
    case.expect(&[(&gives("u", &["c.u", "w.u"]), 0), (&moves("u: c.u"), 1)]);
    // A variable that got another name is found.
    let case = Case::of(
        (&env("app", &[("CHECKPOINT_URL", ".Values.u")]), "u: ''"),
        (
            &env("app", &[("APP__CHECKPOINT_URL", ".Values.to.u")]),
            "to: {u: ''}",
        ),
        "u: s3://b/c",
    );
    case.expect(&[(&moves("u: to.u"), 0), (&drops("u"), 1)]);
}

#[test]
fn what_a_setting_does_elsewhere_excuses_no_loss_in_an_object_that_stays() {
    let case = Case::of(
        (
            &config("host: {{ .Values.host }}\ndsn: 'pg://{{ .Values.host }}:5432'"),
            "host: localhost",
        ),
        (
            &config("host: {{ .Values.api.host }}\ndsn: 'pg://{{ .Values.db.host }}:5432'"),
            "api: {host: localhost}\ndb: {host: localhost}",
        ),
        "host: pg.prod",
    );
    case.expect(&[
        (&gives("host", &["api.host", "db.host"]), 0),
        (&moves("host: api.host"), 1),
        (&moves("host: db.host"), 1),
    ]);
    let url = |name: &str, value: &str| {
        workload(
            name,
            &format!(
                "env:\n  - {{name: FIXED, value: x}}\n  {{{{- with {value} }}}}\n  - {{name: URL, value: 'http://{{{{ . }}}}/x'}}\n  {{{{- end }}}}"
            ),
        )
    };
    let both = |c: &str, w: &str| url("ctl", c) + &url("wrk", w);
    let case = Case::of(
        (&both(".Values.host", ".Values.host"), "host: d"),
        (
            &both(".Values.c.host", ".Values.w.host"),
            "c: {host: d}\nw: {host: ''}",
        ),
        "host: my.example",
    );
    case.expect(&[
        (&gives("host", &["c.host", "w.host"]), 0),
        (&moves("host: c.host"), 1),
    ]);
    // What the chart calls its own objects is its affair, as long as they keep the name.
    let named = |calls: &str| {
        workload(
            "{{ .Values.name }}",
            &format!("env:\n  - {{name: FIXED, value: x}}\n{calls}"),
        ) + &config("a: b").replace("name: c", "name: '{{ .Values.name }}-c'")
    };
    let calls = "  - {name: METRICS, value: 'http://{{ .Values.name }}-metrics:9090'}";
    let case = Case::of(
        (&named(calls), "name: app"),
        (&named(""), "name: app"),
        "name: mine",
    );
    case.expect(&[(NOTHING, 0)]);
}

#[test]
fn a_secret_is_shown_nowhere() {
    let template = |at: &str| {
        let value = format!("{{{{ {at}.password }}}}");
        workload(
            "app",
            &format!("args: ['--pw={value}', '--user={{{{ {at}.user }}}}']"),
        ) + &config(&format!(
            "app.ini: |\n  user = {{{{ {at}.user }}}}\n  pw = {value}\ntok: 'x {{{{ {at}.user }}}} {{{{ {at}.password | b64enc }}}}'"
        )) + &format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{app.conf: {{{{ {at}.dsn | quote }}}}}}\n"
        )
    };
    let defaults = "{password: d, user: d, dsn: d}";
    let values = "auth: {password: hunter2, user: me, dsn: Server=x;Pw=geheim7}";
    let case = Case::of(
        (&template(".Values.auth"), &format!("auth: {defaults}")),
        (&template(".Values.to"), &format!("to: {defaults}")),
        values,
    );
    let refusing = |template: &str, schema: &str| {
        Case::new(&format!(
            "=== old/templates/a.yaml\n{}\n=== old/values.yaml\nauth: {defaults}\n=== new/templates/a.yaml\n{template}\n=== new/values.yaml\nauth: {defaults}\n=== new/values.schema.json\n{schema}\n=== values.yaml\nauth: {{password: hunter2}}\n",
            self::config("a: '{{ .Values.auth.password }}'")
        ))
    };
    let schema = refusing(
        &config("a: '{{ .Values.auth.password }}'"),
        r#"{"properties": {"auth": {"properties": {"password": {"pattern": "^d+$"}}}}}"#,
    );
    let fails = refusing(
        "{{ fail (printf \"%s is too short\" .Values.auth.password) }}",
        "{}",
    );
    for helm in helm::each() {
        for (case, steps) in [
            (&case, drops("auth").as_str()),
            (&schema, NOTHING),
            (&fails, NOTHING),
        ] {
            let said = case.said(helm.program(), steps);
            assert_eq!(said.code, 1, "{}", said.text);
            let all = format!("{}{}", said.text, said.json);
            for secret in ["hunter2", "aHVudGVyMg", "geheim7"] {
                assert!(!all.contains(secret), "{secret} is shown in {all}");
            }
            assert!(said.json.is_object() && said.text.contains("••••"));
        }
    }
}

#[test]
fn a_checksum_of_what_is_rendered_is_no_effect_of_a_setting() {
    let template = |more: &str| {
        let pod = workload("app", "ports: []").replace(
            "    metadata: {labels: {app: app}}",
            "    metadata:\n      labels: {app: app}\n      annotations:\n        checksum/config: '{{ toJson .Values | sha256sum }}'\n        {{- with .Values.pod }}\n        {{- toYaml . | nindent 8 }}\n        {{- end }}",
        );
        format!(
            "{pod}{}",
            config(&format!("level: '{{{{ .Values.level }}}}'{more}"))
        )
    };
    let digest = "0123456789abcdef0123456789abcdef";
    let case = Case::of(
        (&template(""), "level: info\npod: {}"),
        (&template("\nadded: x"), "level: info\npod: {}\nadded: x"),
        &format!("level: debug\npod: {{my-hash: {digest}}}"),
    );
    case.expect(&[(NOTHING, 0), (&drops("pod"), 1), (&drops("level"), 1)]);
}

#[test]
fn objects_of_one_kind_and_name_are_told_apart() {
    let two = |at: &str| {
        let object = |namespace: &str| {
            config(&format!("v: '{{{{ {at}.{namespace} }}}}'"))
                .replace("name: c", &format!("name: c, namespace: {namespace}"))
        };
        object("one") + &object("two")
    };
    let case = Case::of(
        (&two(".Values.a"), "a: {one: x, two: y}"),
        (&two(".Values.b"), "b: {one: x, two: y}"),
        "a: {one: mine, two: yours}",
    );
    let lost = "  all: {title: Move, move: {a.two: b.two}, drop: [a.one]}";
    case.expect(&[(&moves("a: b"), 0), (lost, 1)]);
    let of = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {{ports: [{{name: h, port: {{{{ {value} }}}}}}]}}\n---\napiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {{name: s}}\nspec: {{x: y}}\n"
        )
    };
    let groups = Case::of(
        (&of(".Values.p"), "p: 1"),
        (&of(".Values.q"), "q: 1"),
        "p: 5",
    );
    groups.expect(&[(&moves("p: q"), 0), (&drops("p"), 1)]);
    // The release's own namespace, and another version of an API, make no other object.
    let plain = config("v: {{ .Values.v }}");
    let written = plain.replace("name: c", "name: c, namespace: '{{ .Release.Namespace }}'");
    let elsewhere = plain.replace("name: c", "name: c, namespace: elsewhere");
    let ingress = |group: &str| {
        format!(
            "apiVersion: {group}\nkind: Ingress\nmetadata: {{name: i}}\nspec: {{ingressClassName: '{{{{ .Values.v }}}}'}}\n"
        )
    };
    for (old, new) in [
        (plain.clone(), written.clone()),
        (written, plain.clone()),
        (plain, elsewhere),
        (
            ingress("extensions/v1beta1"),
            ingress("networking.k8s.io/v1"),
        ),
    ] {
        Case::of((&old, "v: x"), (&new, "v: x"), "v: mine").expect(&[(NOTHING, 0)]);
    }
    let Some(helm) = helm::each().next() else {
        return;
    };
    let said = case.said(helm.program(), lost).text;
    assert!(
        said.contains("ConfigMap/one/c, v: was mine, is x"),
        "{said}"
    );
    let said = groups.said(helm.program(), &drops("p")).text;
    assert!(said.contains("Service/s, "), "{said}");
}

#[test]
fn what_could_not_be_compared_is_told_and_must_not_vanish() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  a.conf: |\n    password {{ randAlphaNum 10 }}\n    memory {{ .Values.V }}\n";
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: 'j-{{ randAlphaNum 5 | lower }}'}\nspec: {template: {spec: {containers: [{name: j, image: 'j:1', args: ['{{ .Values.V }}']}]}}}\n";
    let strict = "{{- if not (has .Values.V (list \"9g\")) }}{{ fail \"no\" }}{{ end }}\na: b\n";
    for old in [secret, job, strict] {
        let new = if old == strict { "a: b" } else { old };
        let case = Case::of(
            (
                &old.replace(".V ", ".v ").replace(".V)", ".v)"),
                "v: '1g'\nother: x",
            ),
            (&new.replace(".V ", ".w "), "w: '1g'"),
            "v: 9g\nother: mine",
        );
        let told =
            "  all: {title: Tidy up, drop: [v, other], why: The setting v is no longer there.}";
        case.expect(&[(&moves("v: w"), 0), (&drops("v"), 1), (told, 0)]);
        let Some(helm) = helm::each().next() else {
            return;
        };
        let said = case.said(helm.program(), &moves("v: w"));
        let found = said.json["releases"][0]["settings"].as_array().unwrap();
        let fates: Vec<_> = found.iter().map(|s| s["fate"].as_str().unwrap()).collect();
        assert_eq!(fates, ["not-compared", "none"], "{}", said.text);
        assert!(said.text.contains("Not compared (1)"), "{}", said.text);
    }
}

#[test]
fn a_step_explains_what_it_did_or_lists_and_nothing_by_its_words() {
    let case = Case::of(
        (&config("v: '{{ .Values.a.other }}'"), "a: {}\nb: {}"),
        (&config("v: fixed"), "m: {}"),
        "a: {other: 1}",
    );
    let all = |fields: &str| format!("  all: {{title: Tidy up, {fields}}}");
    // It carried the setting, so it promised the same effect, whatever words its notice has.
    let named = "move: {a: m}, tell: This step is not why a.other is fixed; nobody knows.";
    let listed = |path: &str| all(&format!("{named}, explains: [{path}]"));
    case.expect(&[
        (&all(named), 1),
        (&listed("a.other"), 0),
        (&listed("a"), 0),
        (&listed("m"), 0),
        (&listed("b"), 1),
        (&listed("a.other.below"), 1),
        // It took the setting away, and said something or why.
        (&all("drop: [a], tell: Nobody reads it."), 0),
        (&all("drop: [a], why: Nobody reads it."), 0),
        (&all("drop: [a]"), 1),
        (&all("drop: [a], explains: [a]"), 1),
        // It only looks, but it tells; or it would tell, but not in this run.
        (&all("read: {x: a.other}, tell: What other does is fixed now."), 0),
        (&all("read: {x: a.other}, if: x == 2, tell: a.other is fixed now., explains: [a]"), 1),
        // What is left to a person is said, too.
        (&all("read: {x: a.other}, todo: {with: Say other by hand.}"), 0),
        (&all("move: {a: m}, todo: {with: Say m by hand.}, explains: [a]"), 0),
        (&all("move: {a: m}, todo: {with: Say m by hand.}"), 1),
        // A question that is open says so itself.
        (
            &all("read: {x: a}, ask: Which?, options: {one: {title: One, recommended: true}, two: {title: Two, explains: [b]}}"),
            3,
        ),
    ]);
}

#[test]
fn words_say_what_is_there_and_what_is_missing() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    // A value in a text that stays is not gone.
    let ini = |at: &str| config(&format!("app.ini: |\n  x = {{{{ {at} }}}}\n  y\n"));
    let case = Case::of(
        (&ini(".Values.a"), "a: d"),
        (&ini(".Values.b"), "b: d"),
        "a: mine",
    );
    let said = case.said(helm.program(), &drops("a")).text;
    assert!(
        said.contains(r#"was "x = mine\ny\n", is "x = d\ny\n""#),
        "{said}"
    );
    // Annotations of a pod template are not those of its Deployment.
    let pod = |at: &str| {
        workload("app", "ports: []").replace(
            "{labels: {app: app}}",
            &format!("{{labels: {{app: app}}, annotations: {{k: '{{{{ {at} }}}}'}}}}"),
        )
    };
    let case = Case::of(
        (&pod(".Values.a"), "a: d"),
        (&pod(".Values.b"), "b: d"),
        "a: mine",
    );
    let said = case.said(helm.program(), &drops("a")).text;
    assert!(
        said.contains("Deployment/app, pod template, metadata.annotations.k: was mine"),
        "{said}"
    );
    // What does not render at all was not rendered as an installation.
    let case = Case::of(
        (&config("a: b"), "a: d"),
        ("{{ fail \"no\" }}", "a: d"),
        "a: mine",
    );
    let said = case.said(helm.program(), NOTHING);
    assert_eq!(said.code, 1);
    assert!(!said.text.contains("as an installation"), "{}", said.text);
    // What is no Helm, and what is no folder.
    let (code, text) = case.run(Path::new("/bin/true"), NOTHING, &[]);
    assert!(code == 2 && text.contains("is it Helm?"), "{text}");
    for folder in ["nofolder", "some/nofolder", "./nofolder"] {
        let (code, text) = case.run_on(helm.program(), NOTHING, &[], folder);
        assert!(code == 2, "{text}");
        let says = ["there is no folder or archive", "No such file or directory"];
        assert!(says.iter().any(|says| text.contains(says)), "{text}");
        assert!(text.matches("No such file").count() < 2, "{text}");
    }
}
