//! The checks between an edit and its showing: each must refuse what it is there for.
//!
//! The laws hold that a right edit passes them; a check that lets everything pass would hold those as well.

use refit::{
    migrate::TracedValue,
    values::View,
    verify::{SecondReadingError, oracle, second_reading},
    yaml::Tree,
};

fn read(text: &str) -> Tree {
    Tree::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// Whether the oracle takes one text for the values of another.
fn passes(values: &str, text: &str) -> bool {
    let (before, after) = (read(values), read(text));
    let before = View::new(&before, before.documents()[0].root);
    let after = View::new(&after, after.documents()[0].root);
    let mut whole = TracedValue::layer(0, &before);
    let untouched = oracle(&whole, &before, &after).is_ok();
    // The same with everything spelled out, as steps leave it.
    whole.open_map(&before);
    let touched = oracle(&whole, &before, &after).is_ok();
    assert_eq!(untouched, touched, "{values:?} and {text:?}");
    untouched
}

#[test]
fn the_oracle_refuses_a_text_that_says_something_else() {
    for (values, text) in [
        ("a: 1\n", "a: 2\n"),
        ("a: 1\n", "a: \"1\"\n"),
        ("a: 0.10\n", "a: \"0.10\"\n"),
        ("a: yes\n", "a: \"yes\"\n"),
        ("a: 1\nb: 2\n", "a: 1\n"),
        ("a: 1\n", "a: 1\nb: 2\n"),
        ("a: 1\n", "b: 1\n"),
        ("a: {b: {c: x}}\n", "a: {b: {c: y}}\n"),
        ("a: {b: 1}\n", "a: {b: null}\n"),
        ("a: {}\n", "a: []\n"),
        ("a: null\n", "a: {}\n"),
        ("a: x\n", "a: [x]\n"),
        ("a: [x, y]\n", "a: [y, x]\n"),
        ("a: [x, y]\n", "a: [x]\n"),
        ("a: [{b: 1}]\n", "a: [{b: 2}]\n"),
        ("a: |\n  x\n", "a: |-\n  x\n"),
        ("a: &x {b: 1}\nc: *x\n", "a: {b: 1}\nc: {b: 2}\n"),
    ] {
        assert!(!passes(values, text), "{values:?} and {text:?}");
        assert!(!passes(text, values), "{text:?} and {values:?}");
    }
}

#[test]
fn the_oracle_takes_another_form_of_the_same_values() {
    for (values, text) in [
        ("a: 1 # why\n", "a:   1\n"),
        ("a: [x, z]\n", "a:\n  - x\n  - \"z\"\n"),
        ("a: 0.10\n", "a: 0.1\n"),
        ("a: &x {b: 1}\nc: *x\n", "a: {b: 1}\nc:\n  b: 1\n"),
    ] {
        assert!(passes(values, text), "{values:?} and {text:?}");
    }
}

#[test]
fn the_second_reading_refuses_what_helm_would_read_otherwise() {
    let good = read("m: {d: 1}\n");
    let root = |tree: &Tree| tree.documents()[0].root;
    for text in ["m: {d:}\n", "m: {d: !!null}\n", "m: [:d]\n", "m: [d:]\n"] {
        let odd = read(text);
        let (good, odd) = ((&good, root(&good)), (&odd, root(&odd)));
        let made = second_reading(good, odd);
        assert!(
            matches!(made, Err(SecondReadingError::Edited(_))),
            "{text:?}"
        );
        let given = second_reading(odd, odd);
        assert!(
            matches!(given, Err(SecondReadingError::Given(_))),
            "{text:?}"
        );
        // What was odd and is no longer is nobody's fault.
        assert!(second_reading(odd, good).is_ok(), "{text:?}");
    }
}

#[test]
fn of_a_large_text_the_second_reading_reads_what_was_edited() {
    let many: String = (0..80_000).map(|i| format!("key{i}: v{i}\n")).collect();
    let root = |tree: &Tree| tree.documents()[0].root;
    let odd = "m: {d:}\n";
    let before = read(&many);
    // A new entry, and one that was there: in the middle, first and last.
    for (old, new) in [
        ("key40000: v40000\n", format!("key40000: v40000\n{odd}")),
        ("key40000: v40000\n", odd.to_owned()),
        ("key0: v0\n", odd.to_owned()),
        ("key79999: v79999\n", odd.to_owned()),
    ] {
        let after = read(&many.replace(old, &new));
        let made = second_reading((&before, root(&before)), (&after, root(&after)));
        assert!(
            matches!(made, Err(SecondReadingError::Edited(_))),
            "{old:?} to {new:?}"
        );
    }
    // What stands elsewhere is no edit's fault, and a file that is not edited is not read again either.
    let given = read(&format!("{odd}{many}"));
    let after = read(&format!("{odd}{}", many.replace("v40000", "w")));
    assert!(second_reading((&given, root(&given)), (&after, root(&after))).is_ok());
    // Unless the edit is in it.
    let after = read(&format!("{}{many}", odd.replace("d:", "e: 1, d:")));
    let edited = second_reading((&given, root(&given)), (&after, root(&after)));
    assert!(matches!(edited, Err(SecondReadingError::Given(_))));
}
