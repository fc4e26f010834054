//! Paths: their text, their order, and what they match.

use std::cmp::Ordering;

use proptest::prelude::*;
use refit::values::path::{PathErrorKind, Pattern, PatternMatch};
use refit::values::{Path, Segment, Value};
use serde_json::json;

fn path(text: &str) -> Path {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn key(key: &str) -> Segment {
    Segment::Key(key.to_owned())
}

fn select(key: &str, value: &str) -> Segment {
    Segment::Select {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

#[test]
fn the_text_of_helm_set_is_understood() {
    let cases: [(&str, Vec<Segment>); 8] = [
        ("a", vec![key("a")]),
        ("a.b-c.D_e", vec![key("a"), key("b-c"), key("D_e")]),
        (
            r"nodeSelector.kubernetes\.io/role",
            vec![key("nodeSelector"), key("kubernetes.io/role")],
        ),
        (r"a\,b\=c\[d\\", vec![key(r"a,b=c[d\")]),
        ("a[0].b", vec![key("a"), Segment::Index(0), key("b")]),
        (
            "a[1][2]",
            vec![key("a"), Segment::Index(1), Segment::Index(2)],
        ),
        (
            r"env[name=A_B.C\]].value",
            vec![key("env"), select("name", "A_B.C]"), key("value")],
        ),
        (r#"[""].a[""]"#, vec![key(""), key("a"), key("")]),
    ];
    for (text, segments) in cases {
        assert_eq!(path(text).segments(), segments, "{text}");
    }
    assert_eq!(
        path(r"*.\*[*].a\*[\*=\*]").segments(),
        [
            Segment::AnyKey,
            key("*"),
            Segment::AnyItem,
            key("a*"),
            select("*", "*")
        ]
    );
    let pattern = |pieces: &[&str]| {
        let pieces = pieces.iter().map(|piece| (*piece).to_owned());
        Pattern::new(pieces.collect()).unwrap()
    };
    assert_eq!(
        path(r"**.a*b\**[n*=*-x]").segments(),
        [
            Segment::AnyDepth,
            Segment::KeyPattern(pattern(&["a", "b*", ""])),
            Segment::SelectPattern {
                key: "n*".to_owned(),
                value: pattern(&["", "-x"]),
            }
        ]
    );
}

#[test]
fn a_text_that_is_no_path_says_why_and_where() {
    use PathErrorKind as Kind;
    let cases = [
        ("", Kind::Empty, 0),
        (".a", Kind::MissingKey, 0),
        ("a..b", Kind::MissingKey, 2),
        ("a.", Kind::MissingKey, 2),
        ("a.[0]", Kind::MissingKey, 2),
        (r"a.b\", Kind::DanglingEscape, 3),
        ("a=b", Kind::Unescaped('='), 1),
        ("é,b", Kind::Unescaped(','), 2),
        ("a[0", Kind::Unclosed, 1),
        ("a[]", Kind::BadBrackets, 2),
        ("a[-1]", Kind::BadBrackets, 2),
        ("a[x]", Kind::BadBrackets, 2),
        ("a[65537]", Kind::IndexTooLarge, 2),
        ("a[99999999999999999999999]", Kind::IndexTooLarge, 2),
        ("a[0]b", Kind::AfterBrackets, 4),
        ("a**", Kind::Depth, 0),
        ("a.**.b.**", Kind::Depth, 7),
        ("a[n=**]", Kind::Depth, 2),
    ];
    for (text, kind, position) in cases {
        let error = text.parse::<Path>().expect_err(text);
        assert_eq!((error.kind, error.position), (kind, position), "{text}");
    }
    assert!(path("a[65536]").is_concrete());
}

#[test]
fn wildcards_capture_what_they_stand_for() {
    let pattern = path("servers.*.ports[*].name");
    assert_eq!(
        pattern.matches(&path("servers.web.ports[2].name")),
        Some(vec!["web".to_owned(), "2".to_owned()])
    );
    assert_eq!(pattern.matches(&path("servers.web.ports[2]")), None);
    assert_eq!(pattern.matches(&path("servers.web.ports[2].name.x")), None);
    assert_eq!(
        pattern.matches_prefix(&path("servers.web.ports[2].name.x")),
        Some(vec!["web".to_owned(), "2".to_owned()])
    );
    assert_eq!(path("*").matches(&path("[0]")), None);
    assert_eq!(path("[*]").matches(&path("a")), None);
    assert_eq!(path("a[n=x]").matches(&path("a[n=x]")), Some(vec![]));
    assert_eq!(path("a[n=x]").matches(&path("a[0]")), None);
    assert_eq!(
        path("new.*.list[*]").fill(&["web".to_owned(), "2".to_owned()]),
        Some(path("new.web.list[2]"))
    );
    let texts = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect());
    let family = path("controller*.env[name=*-url].*");
    assert_eq!(
        family.matches(&path("controllerX.env[name=db-url].value")),
        texts(&["X", "db", "value"])
    );
    assert_eq!(
        family.matches(&path("controller.env[id=db-url].value")),
        None
    );
    assert_eq!(path("a*b*").matches(&path("axbybz")), texts(&["x", "ybz"]));
    assert_eq!(path("a*b").matches(&path("ab")), texts(&[""]));
    assert_eq!(path("a*a").matches(&path("a")), None);
    let deep = path("top.**.image");
    assert_eq!(deep.matches(&path("top.image")), texts(&[""]));
    assert_eq!(
        deep.matches(&path(r"top.a\.b.c.image")),
        texts(&[r"a\.b.c"])
    );
    assert_eq!(deep.matches(&path("top.l[0].image")), None);
    assert_eq!(
        deep.covers(&path("top.image.image.tag")),
        Some((vec!["image".to_owned()], 3))
    );
    for place in ["new.img", r"new.a\.b.c.img"] {
        let to = path("new.**.img");
        assert_eq!(
            to.fill(&to.matches(&path(place)).unwrap()),
            Some(path(place))
        );
    }
    assert_eq!(
        path("new[name=*].k-*").fill(&texts(&["db", "x"]).unwrap()),
        Some(path("new[name=db].k-x"))
    );
    assert_eq!(path("new.*").fill(&[]), None);
    assert_eq!(path("new[*]").fill(&["x".to_owned()]), None);
}

#[test]
fn prefixes_and_overlaps() {
    let (api, http) = (path("api"), path("api.http"));
    assert!(http.starts_with(&api) && http.starts_with(&http) && !api.starts_with(&http));
    assert!(!path("apis").starts_with(&api));
    assert_eq!(http.strip_prefix(&api), Some(path("http")));
    assert!(http.is_related(&api) && !http.is_related(&path("api.tcp")));
    let overlap = |a: &str, b: &str| {
        let (a, b) = (path(a), path(b));
        assert_eq!(a.may_overlap(&b), b.may_overlap(&a));
        a.may_overlap(&b)
    };
    assert!(overlap("a.*", "a.b.c"));
    assert!(overlap("a", "a.b"));
    assert!(overlap("env[name=A]", "env[0].value"));
    assert!(overlap("env[name=A]", "env[id=3]"));
    assert!(overlap("env[*]", "env[name=A]"));
    assert!(!overlap("env[name=A]", "env[name=B]"));
    assert!(!overlap("a.b", "a.c"));
    assert!(!overlap("a.*", "a[0]"));
    assert!(!overlap("a[0]", "a[1]"));
}

#[test]
fn the_most_specific_path_comes_first() {
    let mut paths: Vec<Path> = [
        "*",
        "api",
        "api.*",
        "api.service.httpPort",
        "*.service",
        "api.service",
        "api[*]",
        "api[name=x]",
        "api[0]",
    ]
    .into_iter()
    .map(path)
    .collect();
    paths.sort_by(Path::specificity);
    let order: Vec<String> = paths.iter().map(ToString::to_string).collect();
    // Of paths to places of different depths only who asks can say; they have some order, too.
    assert_eq!(
        order,
        [
            "api.service.httpPort",
            "api.service",
            "api[0]",
            "api[name=x]",
            "api.*",
            "api[*]",
            "api",
            "*.service",
            "*",
        ]
    );
    // Paths to one place, that of `api.image`.
    let mut same: Vec<Path> = [
        "**",
        "**.image",
        "api.**",
        "*.*",
        "api.**.image",
        "api.*",
        "api.i*",
        "api.image",
        "*.im*e",
        "api.image.**",
    ]
    .into_iter()
    .map(path)
    .collect();
    same.sort_by(Path::specificity);
    let order: Vec<String> = same.iter().map(ToString::to_string).collect();
    assert_eq!(
        order,
        [
            "api.image",
            "api.image.**",
            "api.i*",
            "api.*",
            "api.**.image",
            "api.**",
            "*.im*e",
            "*.*",
            "**.image",
            "**",
        ]
    );
}

#[test]
fn patterns_find_places_in_values() {
    let root = Value::from(&json!({
        "env": [{"name": "A", "value": 1}, {"name": 7, "value": 2}, "x", {"name": "A", "value": 3}],
        "a": {"x": {"p": 1}, "y": {"p": 2, "q": 3}, "z": 5},
    }));
    let found = |text: &str| -> Vec<String> {
        path(text)
            .find(&root)
            .into_iter()
            .map(
                |PatternMatch {
                     path,
                     captures,
                     value,
                 }| {
                    assert_eq!(path.get(&root), Some(value));
                    format!("{path} {captures:?}")
                },
            )
            .collect()
    };
    assert_eq!(
        found("env[name=A].value"),
        ["env[0].value []", "env[3].value []"]
    );
    assert_eq!(found("env[name=7].value"), ["env[1].value []"]);
    assert_eq!(found("a.*.p"), [r#"a.x.p ["x"]"#, r#"a.y.p ["y"]"#]);
    assert_eq!(found("env[*].name").len(), 3);
    assert_eq!(
        found("env[name=*].value"),
        [
            r#"env[0].value ["A"]"#,
            r#"env[1].value ["7"]"#,
            r#"env[3].value ["A"]"#
        ]
    );
    assert_eq!(found("**.p"), [r#"a.x.p ["a.x"]"#, r#"a.y.p ["a.y"]"#]);
    assert_eq!(
        found("a.**"),
        [
            r#"a [""]"#,
            r#"a.x ["x"]"#,
            r#"a.x.p ["x.p"]"#,
            r#"a.y ["y"]"#,
            r#"a.y.p ["y.p"]"#,
            r#"a.y.q ["y.q"]"#,
            r#"a.z ["z"]"#
        ]
    );
    assert_eq!(found("a[0]"), Vec::<String>::new());
    assert_eq!(path("env[name=A].value").get(&root), Some(&Value::from(1)));
    assert_eq!(path("env[9]").get(&root), None);
    assert_eq!(Path::root().get(&root), Some(&root));
}

fn any_segment() -> impl Strategy<Value = Segment> {
    let text = || prop_oneof![r#"[a-z.\\\[\]=,*"' é-]{0,4}"#, any::<String>()];
    prop_oneof![
        4 => text().prop_map(Segment::Key),
        1 => (0..=65_536usize).prop_map(Segment::Index),
        1 => (text(), text()).prop_map(|(key, value)| Segment::Select { key, value }),
        1 => Just(Segment::AnyKey),
        1 => Just(Segment::AnyItem),
        1 => any_pattern().prop_map(Segment::KeyPattern),
        1 => (text(), any_pattern())
            .prop_map(|(key, value)| Segment::SelectPattern { key, value }),
        1 => Just(Segment::AnyDepth),
    ]
}

/// A pattern of a part, which neither is a star alone nor has two of them side by side.
fn any_pattern() -> impl Strategy<Value = Pattern> {
    let piece = r#"[a-z.\\\[\]=,*é-]{1,3}"#;
    (piece, prop::collection::vec(piece, 0..2), ".{0,2}").prop_map(|(first, middle, last)| {
        let pieces = std::iter::once(first).chain(middle).chain([last]);
        Pattern::new(pieces.collect()).unwrap()
    })
}

/// A path; only the first `**` stays.
fn any_path() -> impl Strategy<Value = Path> {
    prop::collection::vec(any_segment(), 1..5).prop_map(|segments| {
        let mut deep = false;
        let once = |segment: &Segment| {
            *segment != Segment::AnyDepth || !std::mem::replace(&mut deep, true)
        };
        segments.into_iter().filter(once).collect()
    })
}

proptest! {
    #[test]
    fn what_is_displayed_is_parsed_back(given in any_path()) {
        let text = given.to_string();
        prop_assert_eq!(text.parse::<Path>(), Ok(given), "{}", text);
    }

    #[test]
    fn parsing_never_panics_and_is_stable(text in any::<String>()) {
        if let Ok(parsed) = text.parse::<Path>() {
            prop_assert_eq!(parsed.to_string().parse::<Path>(), Ok(parsed));
        }
    }

    #[test]
    fn specificity_is_a_total_order(a in any_path(), b in any_path(), c in any_path()) {
        prop_assert_eq!(a.specificity(&b), b.specificity(&a).reverse());
        prop_assert_eq!(a.specificity(&b) == Ordering::Equal, a == b);
        if a.specificity(&b) != Ordering::Greater && b.specificity(&c) != Ordering::Greater {
            prop_assert_ne!(a.specificity(&c), Ordering::Greater);
        }
    }

    #[test]
    fn a_pattern_filled_with_its_captures_is_the_place(path in any_path()) {
        // The pattern that has a wildcard wherever one can stand.
        let pattern: Path = path.segments().iter().map(|segment| match segment {
            Segment::Key(_) => Segment::AnyKey,
            Segment::Index(_) => Segment::AnyItem,
            other => other.clone(),
        }).collect();
        prop_assume!(path.is_concrete());
        let captures = pattern.matches(&path);
        prop_assert_eq!(captures.and_then(|captures| pattern.fill(&captures)), Some(path));
    }
}
