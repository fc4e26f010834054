//! Scalars that Helm reads otherwise than they look.

use std::fs;

use super::{arroyo, notices, support};

fn of(text: &str) -> Vec<String> {
    let mut told = notices(&arroyo(text, "0.15.0", "0.15.0", &[]));
    // Of a tag that is the application of an older chart there is more to say.
    told.retain(|notice| !notice.contains("which came with chart"));
    told
}

fn told(line: usize, written: &str, kind: &str, printed: &str) -> String {
    let value = written.split(": ").nth(1).unwrap();
    format!(
        "{line}: To Helm `{written}` is {kind}, and templates print {printed}. If the text is meant, put it \
         in quotes: \"{value}\"."
    )
}

#[test]
fn a_number_where_the_chart_has_a_text_is_told_if_it_is_printed_otherwise() {
    for (value, printed) in [
        ("0.10", "0.1"),
        ("1.20", "1.2"),
        ("20240115", "2.0240115e+07"),
        ("1000000", "1e+06"),
        ("0777", "511"),
        ("1_000", "1000"),
        ("2e5", "200000"),
        ("0x1F", "31"),
        ("08", "8"),
        ("12345678901234567890", "1.2345678901234567e+19"),
    ] {
        let text = format!("image:\n  tag: {value}\n");
        let expected = told(2, &format!("image.tag: {value}"), "a number", printed);
        assert_eq!(of(&text), [expected]);
    }
    for value in [
        "0.15",
        "15",
        "100000",
        "\"0.10\"",
        "'0.10'",
        "!!str 0.10",
        "v0.10",
        "1:30",
        "2024-01-15",
        "~",
    ] {
        assert_eq!(of(&format!("image:\n  tag: {value}\n")), [""; 0], "{value}");
    }
}

#[test]
fn a_boolean_of_old_where_the_chart_has_a_text_is_told() {
    assert_eq!(
        of("nameOverride: no\npodAnnotations: {scrape: yes}\nserviceAccount: {create: yes}\n"),
        [
            told(1, "nameOverride: no", "a boolean", "false"),
            told(2, "podAnnotations.scrape: yes", "a boolean", "true"),
        ],
        "serviceAccount.create is a boolean"
    );
    assert_eq!(
        of("nameOverride: false\n"),
        [""; 0],
        "it is printed as it is written"
    );
}

#[test]
fn below_other_charts_names_tell() {
    assert_eq!(
        of(
            "postgresql:\n  image: {tag: 15.10}\n  primary: {podSecurityContext: {fsGroup: 1000650000}}\n"
        ),
        [told(2, "postgresql.image.tag: 15.10", "a number", "15.1")],
        "fsGroup is a number and means one"
    );
    assert_eq!(
        of("env:\n  - {name: VERSION, value: 1.10}\n"),
        [told(2, "env[0].value: 1.10", "a number", "1.1")]
    );
}

#[test]
fn a_password_is_not_repeated() {
    let told = of("postgresql:\n  auth: {password: 20240115}\n");
    assert_eq!(
        told,
        [
            "2: To Helm the value of `postgresql.auth.password` is a number, and templates print it otherwise \
          than it is written. Put it in quotes."
        ]
    );
}

#[test]
fn quantities_and_numbers_that_stay_numbers_are_no_surprise() {
    let text = "\
worker:
  slots: 0x10
  resources: {requests: {cpu: 0.50, memory: 1073741824}, limits: {cpu: 1.0}}
controller: {service: {httpPort: 08080}}
";
    assert_eq!(of(text), [""; 0]);
}

#[test]
fn whole_numbers_that_helm_cannot_hold_are_told_anywhere() {
    assert_eq!(
        of("securityContext: {odd: 9007199254740993}\n"),
        [
            "1: Helm holds numbers as 64-bit floats: `securityContext.odd: 9007199254740993` becomes \
          9007199254740992. If the chart takes a text there, put it in quotes: \"9007199254740993\"."
        ]
    );
    assert_eq!(of("securityContext: {odd: 9007199254740992}\n"), [""; 0]);
}

#[test]
fn what_a_step_took_or_tells_of_is_not_told_again() {
    let text = "controller: {image: {tag: 0.10}}\nartifactUrl: s3://a\ncheckpointUrl: s3://b\n";
    let release = arroyo(text, "0.10.3", "0.15.0", &[]);
    assert_eq!(notices(&release), [""; 0]);
    assert!(super::told(&release, "number-tag")[0].contains("as 0.1"));
}

/// What this file says of printing, Helm says too.
#[test]
fn helm_prints_what_is_told() {
    for helm in support::helm::each() {
        let chart = tempfile::tempdir().unwrap();
        fs::create_dir(chart.path().join("templates")).unwrap();
        fs::write(
            chart.path().join("Chart.yaml"),
            "apiVersion: v2\nname: c\nversion: 1.0.0\n",
        )
        .unwrap();
        let template = "out: |\n{{- range .Values.list }}\n  {{ . }}\n{{- end }}\n";
        fs::write(chart.path().join("templates/t.yaml"), template).unwrap();
        let written = [
            "0.10",
            "20240115",
            "1000000",
            "999999",
            "999999.5",
            "0777",
            "2e5",
            "0x1F",
            "08",
            "0.0001",
            "0.00001",
            "12345678901234567890",
            "yes",
            "off",
            "1:30",
            "2024-01-15",
            "1.5e300",
            "-0.0",
        ];
        let values = chart.path().join("v.yaml");
        fs::write(&values, format!("list: [{}]\n", written.join(", "))).unwrap();
        let mut command = helm.command(chart.path());
        command
            .arg("template")
            .arg("x")
            .arg(chart.path())
            .arg("-f")
            .arg(&values);
        let out = command.output().unwrap();
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let out = String::from_utf8(out.stdout).unwrap();
        let printed: Vec<&str> = out
            .lines()
            .filter_map(|line| line.strip_prefix("  "))
            .collect();
        let ours: Vec<String> = written.iter().map(|text| print(text)).collect();
        assert_eq!(printed, ours);
    }
}

/// What is told of a number, and what an expression and a text of a pack make of it.
fn print(text: &str) -> String {
    let value = refit::values::scalar::value(text, true, None).unwrap();
    let told = match &value {
        refit::values::Value::Number(number) => number.printed(),
        other => other.scalar_text().unwrap().to_owned(),
    };
    let mut scope = refit::pack::Scope::new();
    scope.bind("x", Some(&value));
    let string = refit::pack::Expression::new("string(x)");
    let string = scope.eval(&string).unwrap();
    assert_eq!(string, Some(told.as_str().into()), "{text}");
    assert_eq!(
        scope.fill("{x} {string(x)}").unwrap(),
        format!("{told} {told}")
    );
    told
}
