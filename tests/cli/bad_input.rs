//! Bad text: each kind is refused by name, with its place, the reason and what to do; nothing of the
//! file is touched, and the rest of the batch goes on.
//!
//! The messages are snapshots, read as somebody reads them who knows their file and not this program.

use crate::demo;

use demo::{Demo, PLAIN, PLAIN_AFTER};

/// Refuses a text: the message is the snapshot of that name.
fn refused(name: &str, text: impl AsRef<[u8]>) {
    let text = text.as_ref();
    let demo = Demo::new();
    demo.file("bad.yaml", text);
    let preview = demo.upgrade("bad.yaml --from 1.0.0");
    assert_eq!((preview.code, preview.out.as_str()), (2, ""), "{preview:?}");
    for line in ["bad.yaml v.yaml", "v.yaml bad.yaml"] {
        demo.file("v.yaml", PLAIN);
        let run = demo.upgrade(&format!("{line} --from 1.0.0 --write"));
        assert_eq!(run.code, 2, "{name}: {run:?}");
        assert!(run.err.contains("Wrote v.yaml\n"), "{name}: {run:?}");
        assert_eq!(
            demo.text("v.yaml"),
            PLAIN_AFTER,
            "{name}: the batch goes on"
        );
        assert_eq!(
            std::fs::read(demo.path("bad.yaml")).unwrap(),
            text,
            "{name}"
        );
    }
    assert_eq!(demo.names(), ["asks.yaml", "bad.yaml", "pack", "v.yaml"]);
    // The same from standard input: the values are replaced by a sentence that Helm refuses. Only the
    // header of `helm get values` is taken off there.
    let run = demo.filter_bytes("--from 1.0.0 -", text);
    if name.starts_with("helm_header") {
        assert_eq!(
            (run.code, run.out.trim_end()),
            (0, "new: a"),
            "{name}: {run:?}"
        );
    } else {
        assert_eq!(run.code, 2, "{name}: {run:?}");
        assert!(
            run.out.starts_with('"') && run.out.lines().count() == 1,
            "{name}: {run:?}"
        );
    }
    insta::assert_snapshot!(name, preview.err);
}

/// Reads a text without a word about how it is written.
fn taken(text: impl AsRef<[u8]>, after: impl AsRef<[u8]>) {
    let demo = Demo::new();
    demo.file("odd.yaml", text.as_ref());
    let run = demo.upgrade("odd.yaml --from 1.0.0 --write");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        String::from_utf8_lossy(&std::fs::read(demo.path("odd.yaml")).unwrap()),
        String::from_utf8_lossy(after.as_ref()),
        "{run:?}"
    );
}

macro_rules! refused {
    ($($name:ident: $text:expr;)*) => {$(
        #[test]
        fn $name() {
            refused(stringify!($name), $text);
        }
    )*};
}

refused! {
    unclosed_double_quote: "image:\n  tag: \"0.10.3\nold: a\n";
    unclosed_single_quote: "image:\n  tag: '0.10.3\nold: a\n";
    unclosed_bracket: "args: [a, b\nold: a\n";
    unclosed_brace: "args: {a: b\nold: a\n";
    deeper_than_its_line_above: "image:\n  tag: x\n   name: y\nold: a\n";
    between_two_levels: "image:\n    tag: x\n  name: y\nold: a\n";
    second_colon: "a: b: c\n";
    second_key_on_the_line: "image: repository: x\nold: a\n";
    line_without_a_key: "old: a\njust a line\n";
    text_after_a_quote: "old: \"a\" b\n";
    unknown_escape: "old: \"C:\\quux\"\n";
    reserved_character: "old: @a\n";
    backquote: "old: `a`\n";
    tab_as_indentation: "image:\n\ttag: x\n";
    line_of_a_tab: "image:\n  tag: x\n\t\nold: a\n";
    unfinished_merge: "old: a\n<<<<<<< HEAD\nx: 1\n=======\nx: 2\n>>>>>>> topic\n";
    two_documents: "old: a\n---\nold: b\n";
    duplicate_key_that_moves: "x: 1\nold: a\nold: b\n";
    list_at_the_root: "- old: a\n";
    scalar_at_the_root: "hello\n";
    template_line: "old: a\n{{- if .Values.x }}\nb: c\n{{- end }}\n";
    template_first_line: "{{ if .x }}\nold: a\n{{ end }}\n";
    template_value: "old: {{ .Values.x }}\n";
    template_key: "old: a\n{{ .Values.k }}: b\n";
    template_in_a_list: "old: a\nlist:\n{{- range .x }}\n  - {{ . }}\n{{- end }}\n";
    template_of_jinja: "old: a\n{% if x %}\nb: c\n{% endif %}\n";
    sops: "old: ENC[AES256_GCM,data:abc]\nsops:\n  mac: ENC[AES256_GCM,data:def]\n  version: 3.8.1\n";
    git_crypt: b"\0GITCRYPT\0\x01\x02\x03\xff";
    not_utf_8: b"old: a\nname: J\xfcrgen\n";
    not_text: b"\x1f\x8b\x08\0\0\0\0\0\0\x03";
    nul_byte: "old: a\nx: b\0c\n";
    escape_character: "old: a\nx: \"b\x1b[31mc\"\n";
    byte_order_mark_inside: "old: a\n\u{feff}x: b\n";
    line_separator: "old: a\nx: b\u{2028}c\n";
    unknown_anchor: "old: *nope\n";
    alias_in_its_own_anchor: "old: &a\n  x: *a\n";
    merge_of_itself: "old: &a\n  <<: *a\n  x: 1\n";
    merge_of_a_text: "old: a\nb:\n  <<: c\n";
    null_key: "old: a\n~: c\n";
    key_that_is_a_list: "old: a\n? [a, b]\n: c\n";
    keys_of_two_types: "old: a\n1: c\n\"1\": d\n";
    wrong_tag: "old: !!int abc\n";
    directive: "%YAML 1.2\n---\nold: a\n";
    helm_header: "USER-SUPPLIED VALUES:\nold: a\n";
    helm_header_of_all_values: "COMPUTED VALUES:\r\nold: a\r\n";
    broken_with_lone_carriage_returns: "# c\rold: a # why\rnew2: [b\r";
    far_to_the_right: format!("old: a\nx: \"{}\" z\n", "y".repeat(300));
    wide_characters: "old: \"日本語\" z\n";
}

/// Everything that a hidden value could be seen by is masked where the message goes to a file.
#[test]
fn a_password_in_the_excerpt_is_hidden() {
    let demo = Demo::new();
    demo.file("bad.yaml", "password: hunter2-demo: x\n");
    let run = demo.upgrade("bad.yaml --from 1.0.0");
    assert_eq!(run.code, 2);
    assert!(!run.err.contains("hunter2"), "{run:?}");
}

#[test]
fn utf_16_and_32_are_named_with_and_without_a_mark() {
    let text = "old: a\nnew: b\n";
    let wide = |big: bool| -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    };
    let long: Vec<u8> = text
        .chars()
        .flat_map(|c| u32::from(c).to_le_bytes())
        .collect();
    for bytes in [
        wide(false),
        wide(true),
        [&b"\xff\xfe"[..], &wide(false)].concat(),
        [&b"\xfe\xff"[..], &wide(true)].concat(),
    ] {
        refused("utf_16", bytes);
    }
    for bytes in [long.clone(), [&b"\xff\xfe\0\0"[..], &long].concat()] {
        refused("utf_32", bytes);
    }
}

#[test]
fn the_header_is_found_before_anything_behind_it() {
    // What `helm get values` prints for a release without values.
    for text in [
        "USER-SUPPLIED VALUES:\nnull\n",
        "\u{feff}USER-SUPPLIED VALUES:\r\nnull\r\n",
    ] {
        let demo = Demo::new();
        demo.file("bad.yaml", text);
        let run = demo.upgrade("bad.yaml --from 1.0.0");
        assert_eq!(run.code, 2);
        assert!(
            run.err.contains("the first line, `USER-SUPPLIED VALUES:`"),
            "{run:?}"
        );
    }
    // A key that only looks like it is a key.
    taken(
        "USER-SUPPLIED VALUES: x\nold: a\n",
        "USER-SUPPLIED VALUES: x\nnew: a\n",
    );
}

#[test]
fn no_depth_overflows_the_stack() {
    const DEEP: usize = 10_000;
    let block: String = (0..DEEP)
        .map(|i| format!("{}a:\n", " ".repeat(i)))
        .collect();
    for (name, text) in [
        (
            "too_deep_flow_list",
            format!("x: {}{}\n", "[".repeat(DEEP), "]".repeat(DEEP)),
        ),
        ("too_deep_flow_list", format!("x: {}", "[".repeat(DEEP))),
        (
            "too_deep_flow_map",
            format!("x: {}{}\n", "{a: ".repeat(DEEP), "}".repeat(DEEP)),
        ),
        ("too_deep_block_map", block),
        ("too_deep_block_list", format!("{}a\n", "- ".repeat(DEEP))),
        ("too_deep_keys", format!("{}a\n", "? ".repeat(DEEP))),
    ] {
        refused(name, text);
    }
}

#[test]
fn alias_bombs_do_not_go_off() {
    let mut text = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (from, to) in ('a'..'k').zip('b'..='k') {
        text.push_str(&format!(
            "{to}: &{to} [{}]\n",
            vec![format!("*{from}"); 9].join(",")
        ));
    }
    refused("alias_bomb", format!("{text}old: *k\n"));
    let mut text = String::from("a: &a {x: 1}\n");
    for (from, to) in ('a'..'y').zip('b'..='y') {
        text.push_str(&format!(
            "{to}: &{to}\n  <<: [*{from}, *{from}, *{from}, *{from}]\n"
        ));
    }
    refused("merge_bomb", format!("{text}old: *y\n"));
}

#[test]
fn what_only_looks_odd_is_read() {
    taken("\u{feff}old: a # why\n", "\u{feff}new: a # why\n");
    taken(
        "# c\rold: a # why\rlast: b\r",
        "# c\rnew: a # why\rlast: b\r",
    );
    taken("old: a\r\nlast: b", "new: a\r\nlast: b");
    taken("---\nold: a\n...\n", "---\nnew: a\n...\n");
    taken(
        "{\"old\": \"a\", \"x\": 1,}\n",
        "{\"new\": \"a\", \"x\": 1,}\n",
    );
    taken("old: \"{{ .Values.x }}\"\n", "new: \"{{ .Values.x }}\"\n");
    taken("old: a\n\u{a0}x: 1\n", "new: a\n\u{a0}x: 1\n");
}

#[test]
fn a_file_that_sets_nothing_stays_as_it_is() {
    for text in [
        "",
        "  \n\n",
        "# nothing\n# here\n",
        "null\n",
        "{}\n",
        "---\n",
        "~",
        "\u{feff}",
    ] {
        let demo = Demo::new();
        demo.file("odd.yaml", text);
        let run = demo.upgrade("odd.yaml --from 1.0.0 --write");
        assert_eq!((run.code, run.out.as_str()), (0, ""), "{text:?}: {run:?}");
        assert!(
            run.err.contains("it already fits; nothing to do"),
            "{run:?}"
        );
        assert_eq!(demo.text("odd.yaml"), text);
    }
}

#[test]
fn duplicates_that_no_step_touches_stay_and_are_told() {
    let demo = Demo::new();
    demo.file(
        "odd.yaml",
        "z: 1\nold: a\nmap:\n  y: 1\n  # second\n  y: 2\nz: 2\n",
    );
    let run = demo.upgrade("odd.yaml --from 1.0.0 --write");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        demo.text("odd.yaml"),
        "z: 1\nnew: a\nmap:\n  y: 1\n  # second\n  y: 2\nz: 2\n"
    );
    insta::assert_snapshot!("duplicates_told", run.err);
}

#[test]
fn what_helm_4_reads_otherwise_is_told() {
    let demo = Demo::new();
    demo.file("odd.yaml", "--- {old: a}\n");
    let run = demo.upgrade("odd.yaml --from 1.0.0 --write");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(demo.text("odd.yaml"), "--- {new: a}\n");
    assert!(
        run.err.contains("line 1: Helm 4 refuses the file"),
        "{run:?}"
    );
}
