//! The typing of scalars and the naming of keys against a table made with Helm's own reader.
//!
//! `values/scalars.tsv` has some 7,800 scalars: words, digits with prefixes and underscores, floats
//! at the borders of their formats, timestamps, base64, each also as a key, and under every tag.

use refit::values::scalar::{self, TAG_PREFIX};
use refit::values::{Number, Value, key};

struct Row {
    position: String,
    tag: Option<String>,
    content: String,
    expected: Option<serde_json::Value>,
    line: String,
}

fn rows(table: &str) -> Vec<Row> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut columns = line.split('\t');
            let mut column = || columns.next().expect("four columns").to_owned();
            let (position, tag, content, expected) = (column(), column(), column(), column());
            Row {
                position,
                tag: (!tag.is_empty()).then(|| tag.replacen("!!", TAG_PREFIX, 1)),
                content: serde_json::from_str(&content).expect("JSON string"),
                expected: (expected != "ERR")
                    .then(|| serde_json::from_str(&expected).expect("JSON value")),
                line: line.to_owned(),
            }
        })
        .collect()
}

/// The text of a JSON number in the table is Helm's own, so it is compared as text.
fn same(row: &Row, value: &Value) -> bool {
    match (&row.expected, value) {
        (Some(serde_json::Value::Number(_)), Value::Number(n)) => {
            row.line.split('\t').nth(3) == Some(n.as_str())
        }
        (Some(expected), value) => serde_json::Value::from(value) == *expected,
        (None, _) => false,
    }
}

#[test]
fn every_scalar_of_the_table_is_typed_as_helm_types_it() {
    let rows = rows(include_str!("scalars.tsv"));
    let mut wrong = Vec::new();
    for row in &rows {
        let plain = row.tag.is_none();
        let resolved = scalar::resolve(&row.content, plain, row.tag.as_deref());
        if row.position == "value" {
            match resolved.and_then(scalar::Resolved::into_value) {
                Ok(value) if same(row, &value) => {}
                Err(_) if row.expected.is_none() => {}
                other => wrong.push(format!("{} -> {other:?}", row.line)),
            }
        } else {
            let name = resolved.ok().and_then(|key| key::name(key).ok());
            let name = name.map(|(name, _)| serde_json::Value::String(name));
            if name != row.expected {
                wrong.push(format!("{} -> {name:?}", row.line));
            }
        }
    }
    assert!(rows.len() > 7000, "only {} rows", rows.len());
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        rows.len(),
        wrong.join("\n")
    );
}

#[test]
fn numbers_are_written_as_go_writes_them() {
    for (float, text) in [
        (0.1, "0.1"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (-1.5e-10, "-1.5e-10"),
        (1.234_567_890_123_456_8e29, "1.2345678901234568e+29"),
        (-0.0, "-0"),
        (5e-324, "5e-324"),
    ] {
        assert_eq!(Number::from_f64(float).expect("finite").as_str(), text);
    }
    assert_eq!(Number::from_f64(f64::NAN), None);
    assert_eq!(Number::from_f64(f64::INFINITY), None);
}

#[test]
fn json_numbers_come_into_one_form() {
    for (given, text) in [
        ("1.50", "1.5"),
        ("1E3", "1000"),
        ("-0", "-0"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "18446744073709552000"),
    ] {
        assert_eq!(Number::parse(given).expect(given).as_str(), text);
    }
    for refused in [
        "", "-", "01", "1.", ".5", "+1", "0x1", "1e999", "nan", "1_0", "1.e3",
    ] {
        assert_eq!(Number::parse(refused), None, "{refused}");
    }
}

#[test]
fn templates_see_integers_rounded_to_a_float() {
    let big = Number::parse("12345678901234567890").expect("a number");
    assert_eq!(big.as_str(), "12345678901234567890");
    assert_eq!(big.in_templates().as_str(), "12345678901234567000");
    let small = Number::parse("9007199254740992").expect("a number");
    assert_eq!(small.in_templates(), small);
}
