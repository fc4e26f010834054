//! No output shows a secret unless it is asked to: whatever the key is called, and whatever the value looks like.

use std::{fs, process::Command};

fn refit() -> Command {
    Command::new(env!("CARGO_BIN_EXE_refit"))
}

/// Ways in which a values file holds a secret, each with a text that must never be seen. A line stands under the key
/// `old` of the chart, which goes, so that a difference has all of it.
const KEPT: &[(&str, &str)] = &[
    // Keys with numbers and prefixes.
    ("password: kite-A01", "kite-A01"),
    ("password2: kite-A02", "kite-A02"),
    ("db_password_1: kite-A03", "kite-A03"),
    ("token1: kite-A04", "kite-A04"),
    ("secretV2: kite-A05", "kite-A05"),
    ("POSTGRES_PASSWORD: kite-A06", "kite-A06"),
    ("adminPasswd: kite-A07", "kite-A07"),
    ("bindpw: kite-A08", "kite-A08"),
    ("ldapBindPw: kite-A09", "kite-A09"),
    ("rootpw: kite-A10", "kite-A10"),
    ("smtp_pass: kite-A11", "kite-A11"),
    ("mysqlpass: kite-A12", "kite-A12"),
    ("existingPassword: kite-A13", "kite-A13"),
    ("registryPullPassword: kite-A14", "kite-A14"),
    ("passphrase: kite-A15", "kite-A15"),
    ("pwd: kite-A16", "kite-A16"),
    // Keys that are called key.
    ("apiKey: kite-B01", "kite-B01"),
    ("api-keys: [kite-B02, kite-B03]", "kite-B03"),
    ("accessKey: kite-B04", "kite-B04"),
    ("AWS_SECRET_ACCESS_KEY: kite-B05", "kite-B05"),
    ("licenseKey: kite-B06", "kite-B06"),
    ("sshKey: kite-B07", "kite-B07"),
    ("storageAccountKey: kite-B08", "kite-B08"),
    ("tls: {key: kite-B09, cert: c}", "kite-B09"),
    ("tls.key: kite-B10", "kite-B10"),
    ("ca.key: kite-B11", "kite-B11"),
    ("unsealKeys: [kite-B12]", "kite-B12"),
    ("sessionKey: kite-B13", "kite-B13"),
    ("datadogAppKey: kite-B14", "kite-B14"),
    ("wireguardPreSharedKey: kite-B15", "kite-B15"),
    // Other words.
    ("clientSecret: kite-C01", "kite-C01"),
    ("credentials: {user: u, value: kite-C02}", "kite-C02"),
    ("Authorization: Bearer kite-C03", "kite-C03"),
    (".dockerconfigjson: kite-C04", "kite-C04"),
    ("dockerconfigjson: kite-C05", "kite-C05"),
    ("dockercfg: kite-C06", "kite-C06"),
    ("connectionString: Server=h;Pwd=kite-C07", "kite-C07"),
    ("dsn: bob:kite-C08@tcp(db)/x", "kite-C08"),
    ("kubeconfig: kite-C09", "kite-C09"),
    ("htpasswd: kite-C10", "kite-C10"),
    // Values under harmless names, by their form.
    ("url: postgres://u:kite-D01@h/db", "kite-D01"),
    (
        "also: a amqp://u:kite-D02@h and redis://:kite-D03@h",
        "kite-D03",
    ),
    (
        "repo: https://kiteD0400000000000000@git.example/x",
        "kiteD0400000000000000",
    ),
    (
        "jdbc: jdbc:postgresql://h/db?user=u&password=kite-D05",
        "kite-D05",
    ),
    ("ado: Server=h;Password=kite-D06;Encrypt=yes", "kite-D06"),
    ("driver: bob:kite-D07@tcp(db:3306)/x", "kite-D07"),
    ("args: [\"--password=kite-D08\"]", "kite-D08"),
    ("flags: [\"--token\", kite-D09]", "kite-D09"),
    ("command: run --api-key kite-D10 now", "kite-D10"),
    ("header: \"Bearer kite-D11-0123456\"", "kite-D11-0123456"),
    ("basic: Basic a2l0ZTpEMTI=", "a2l0ZTpEMTI="),
    ("gh: ghp_kiteD13kiteD13kiteD13kiteD13", "ghp_kiteD13"),
    ("gl: glpat-kiteD14kiteD14kiteD14", "glpat-kiteD14"),
    ("slack: xoxb-1234567890-kiteD15", "kiteD15"),
    (
        "hook: https://hooks.slack.com/services/T0/B0/kiteD16",
        "kiteD16",
    ),
    ("aws: AKIAKITED17KITED17AA", "AKIAKITED17KITED17AA"),
    (
        "jwt: eyJhbGciOiJIUzI1NiJ9.eyJraXRlIjoxfQ.kiteD18",
        "kiteD18",
    ),
    ("stripe: sk_live_kiteD19kiteD19", "kiteD19"),
    (
        "users: \"admin:$2y$10$kiteD20kiteD20kiteD20kiteD2\"",
        "kiteD20",
    ),
    (
        "age: AGE-SECRET-KEY-1KITED21KITED21KITED21KITED21",
        "KITED21",
    ),
    ("vault: hvs.kiteD22kiteD22kiteD22", "kiteD22"),
    // Texts of several lines.
    (
        "extra: |\n    -----BEGIN EC PRIVATE KEY-----\n    kite-E01\n    -----END EC PRIVATE KEY-----",
        "kite-E01",
    ),
    (
        "pem: \"-----BEGIN PRIVATE KEY-----\\nkite-E02\\n-----END PRIVATE KEY-----\"",
        "kite-E02",
    ),
    ("ini: |\n    [db]\n    password = kite-E03", "kite-E03"),
    ("file: |\n    db:\n      password: kite-E04", "kite-E04"),
    (
        "json: '{\"a\": 1, \"clientSecret\": \"kite-E05\"}'",
        "kite-E05",
    ),
    (
        "auths: '{\"auths\":{\"r.example\":{\"auth\":\"a2l0ZUUwNg==\"}}}'",
        "a2l0ZUUwNg==",
    ),
    ("privateKey: |\n    kite-E07\n    kite-E08", "kite-E08"),
    // Beside a name, and in a Secret.
    ("env: [{name: DB_PASSWORD, value: kite-F01}]", "kite-F01"),
    (
        "objects: [{kind: Secret, stringData: {x: kite-F02}}]",
        "kite-F02",
    ),
    // Comments.
    ("a: 1 # password: kite-G01", "kite-G01"),
    ("b: 1\n  # url: https://u:kite-G02@h", "kite-G02"),
    (
        "c: 1\n  # -----BEGIN RSA PRIVATE KEY-----\n  # kite-G03\n  # -----END RSA PRIVATE KEY-----",
        "kite-G03",
    ),
    ("d: 1\n  # run --token kite-G04", "kite-G04"),
];

/// What looks like a secret's name and is none: a person must see it to judge a change.
const SHOWN: &[(&str, &str)] = &[
    ("imagePullSecrets: [{name: lark-A1}]", "lark-A1"),
    ("existingSecret: lark-A2", "lark-A2"),
    ("secretName: lark-A3", "lark-A3"),
    ("tokenPath: /lark-A4", "lark-A4"),
    ("passwordFile: /lark-A5", "lark-A5"),
    ("publicKey: lark-A6", "lark-A6"),
    ("proxy_pass: http://lark-A7", "lark-A7"),
    ("image: registry.example/lark-A8", "lark-A8"),
    ("args: [\"--password=$(LARK_A9)\"]", "LARK_A9"),
    ("topologyKey: lark-B1", "lark-B1"),
    ("basic: basic authentication of lark-B2", "lark-B2"),
    ("tokenTTL: lark-B3", "lark-B3"),
    ("compass: lark-B4", "lark-B4"),
    ("monkey: lark-B5", "lark-B5"),
];

const OUTPUTS: &[&[&str]] = &[
    &["--diff"],
    &["-v"],
    &["--color", "always", "-v"],
    &["-o", "json"],
    &["-o", "jsonl"],
    &["-o", "markdown"],
    &["-o", "html"],
];

fn values(lines: &[(&str, &str)]) -> String {
    let mut text = String::from("old:\n");
    for (index, (line, _)) in lines.iter().enumerate() {
        // A key twice is no YAML, so each stands in a map of its own.
        text.push_str(&format!(
            "  case{index}:\n    {}\n",
            line.replace("\n  ", "\n    ")
        ));
    }
    text
}

fn pack(at: &std::path::Path) {
    fs::create_dir(at).unwrap();
    let files = [
        (
            "pack.yaml",
            "pack: 1\nchart: kites\ntitle: A chart for tests\nversions: {1.0.0: {app: \"1\"}, 2.0.0: {app: \"2\"}}\n",
        ),
        (
            "keys.yaml",
            "old: [{in: \"<2.0.0\", default: {}}]\nnew: [{in: \">=2.0.0\", default: {}}]\n\"old.**\": [{in: \"<2.0.0\"}]\n",
        ),
        (
            "2.0.0.yaml",
            "version: 2.0.0\ntitle: New names\nsteps:\n  gone: {title: Old is gone, drop: [old], why: Nobody reads it.}\n",
        ),
    ];
    for (name, text) in files {
        fs::write(at.join(name), text).unwrap();
    }
}

#[test]
fn no_output_shows_any_of_many_secrets() {
    assert!(KEPT.len() >= 60);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    pack(&at("pack"));
    fs::write(at("values.yaml"), values(KEPT)).unwrap();
    fs::write(at("names.yaml"), values(SHOWN)).unwrap();
    let run = |file: &str, args: &[&str]| {
        let mut command = refit();
        command.current_dir(folder.path());
        command.args(["upgrade", file, "--chart", "kites", "--pack", "pack"]);
        let output = command
            .args(["--from", "1.0.0", "--to", "2.0.0"])
            .args(args)
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&text)
        );
        String::from_utf8_lossy(&text).into_owned()
    };
    // What is shown without any flag leaves lines out, so it can only be looked at for leaks.
    for output in OUTPUTS.iter().chain(&[&[][..]]) {
        let text = run("values.yaml", output);
        let leaked: Vec<&str> = KEPT
            .iter()
            .filter(|(_, secret)| text.contains(secret))
            .map(|(line, _)| *line)
            .collect();
        assert!(leaked.is_empty(), "{output:?} shows {leaked:#?}");
        if output.is_empty() {
            continue;
        }
        let text = run("names.yaml", output);
        let hidden: Vec<&str> = SHOWN
            .iter()
            .filter(|(_, name)| !text.contains(name) && output.first() != Some(&"jsonl"))
            .map(|(line, _)| *line)
            .collect();
        let has_texts = !output.contains(&"json") && !output.contains(&"jsonl");
        assert!(
            !has_texts || hidden.is_empty(),
            "{output:?} hides {hidden:#?}"
        );
    }
    let shown = run("values.yaml", &["--diff", "--show-secrets"]);
    for (line, secret) in KEPT {
        assert!(shown.contains(secret), "{line}");
    }
}

/// A file with a mistake is shown around the mistake: without the secrets that stand there, in each of the lines that
/// belong to one.
#[test]
fn an_excerpt_of_a_mistake_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    pack(&at("pack"));
    for text in [
        "auth: {password: kite-H01, b: .inf}\n",
        "auth: {password: kite-H01, x\n",
        "password: !!int kite-H01\n",
        "password: |\n  ok\n\tkite-H01\n",
        "privateKey: |\n -----BEGIN PRIVATE KEY-----\nkite-H01\n",
        "a: [1, 2\nurl: https://u:kite-H01@h: x\n",
        "- name: API_TOKEN\n  value: kite-H01: x\n",
        "a: 1\n  token: kite-H01\n b: 2\n",
        "token: \"kite-H01\n",
    ] {
        fs::write(at("values.yaml"), text).unwrap();
        for format in ["text", "json", "markdown", "html"] {
            let mut command = refit();
            command.current_dir(folder.path());
            command.args([
                "upgrade",
                "values.yaml",
                "--chart",
                "kites",
                "--pack",
                "pack",
            ]);
            let output = command
                .args(["--from", "1.0.0", "-o", format])
                .output()
                .unwrap();
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert_eq!(output.status.code(), Some(2), "{text}{said}");
            assert!(!said.contains("kite-H01"), "{format} of {text}{said}");
        }
    }
}

/// A release's name stands in sentences, and a terminal obeys what is in them.
#[test]
fn a_name_is_shown_and_not_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    pack(&at("pack"));
    fs::write(
        at("values.yaml"),
        "old: {a: 1}\nb: \"\u{202e}x\u{2066}\" # \u{200f}\n",
    )
    .unwrap();
    fs::write(
        at("refit.yaml"),
        "refit: 1\nreleases:\n  \"\\e[31mred\\e]0;x\\a\\u202e\": {chart: kites, version: 1.0.0, layers: [values.yaml]}\n",
    )
    .unwrap();
    let formats: &[&[&str]] = &[
        &["-o", "json"],
        &["-o", "html"],
        &["-o", "markdown"],
        &["-v"],
        &["--write"],
    ];
    for args in formats {
        let mut command = refit();
        command
            .current_dir(folder.path())
            .args(["upgrade", "--pack", "pack", "--to", "2.0.0"]);
        let output = command.args(*args).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(output.status.code(), Some(0), "{said}");
        let obeyed = |c: char| c != '\n' && refit::shell::obeyed(c);
        assert!(!said.contains(obeyed), "{args:?}: {said:?}");
    }
}
