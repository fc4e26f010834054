//! Real files that went wrong in every way that an editor, a merge or a careless script can do it.

use crate::choice::Choices;

const LINES: [&str; 22] = [
    "odd: {a: 1, b: , c: [x, ~, \"q\"]}",
    "odd: {a: , \"b\":, c}",
    "odd: [a, b: 1, {c: }]",
    "odd: {\n    a: 1, # one\n    b:\n    , c: 2 }",
    "odd: [\n    a,\n    b\n    ]",
    "odd: &here {x: 1}",
    "odd: *here",
    "<<: *here",
    "? odd\n: 1",
    "- item",
    "-",
    "odd:",
    "odd: !!null",
    "odd: !!str",
    "odd: |\n      text\n\n       more",
    "odd: >-\n      folded\n      text",
    "odd: |+\n      kept\n\n",
    "odd: \"two\n      lines\"",
    "# a comment",
    "      # a deep comment",
    "odd: plain\n      goes on",
    "odd: - x",
];

const TEXTS: [&str; 14] = [
    "{", "}", "[", "]", ",", ":", " ", "\t", "#", "&a ", "*a", "!!str ", "\"", "'",
];

/// A real file, mostly with something done to it.
pub fn mutated(files: &[String], choices: &mut Choices) -> String {
    let text = choices.pick(files).clone();
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    // A part of a long file, so that what is done to it is near to what is edited.
    let take = 2 + choices.below(40);
    let mut from = choices.below(lines.len());
    if choices.below(3) > 0 {
        // Most beginnings of lines are no beginnings of texts; those in the first column are.
        while from > 0 && lines[from].starts_with([' ', '-', '#']) {
            from -= 1;
        }
    }
    lines = lines.into_iter().skip(from).take(take).collect();
    for _ in 0..choices.below(4) {
        let at = choices.below(lines.len());
        let indent = lines[at].len() - lines[at].trim_start_matches(' ').len();
        let spaces = " ".repeat(indent);
        match choices.below(9) {
            0 => lines.insert(at, format!("{spaces}{}", choices.pick(&LINES))),
            1 => {
                let line = lines[at].clone();
                lines.insert(at, line);
            }
            2 => {
                lines.remove(at);
            }
            3 => {
                let other = choices.below(lines.len());
                lines.swap(at, other);
            }
            4 => {
                let line = &mut lines[at];
                let mut byte = choices.below(line.len() + 1);
                while !line.is_char_boundary(byte) {
                    byte -= 1;
                }
                line.insert_str(byte, choices.pick::<&str>(&TEXTS));
            }
            5 => {
                // Flow in the place of a value.
                if let Some(colon) = lines[at].find(": ") {
                    lines[at].truncate(colon);
                    let value = choices.pick(&LINES).strip_prefix("odd").unwrap_or(": x");
                    lines[at].push_str(value);
                }
            }
            6 => lines[at].push('\r'),
            7 => lines[at] = format!("  {}", lines[at]),
            _ => lines.insert(at, String::new()),
        }
        if lines.is_empty() {
            lines.push(String::new());
        }
    }
    let mut text = lines.join("\n");
    match choices.below(12) {
        11 => text = text.replace('\n', "\r\n"),
        10 => text = text.trim_end().to_owned(),
        9 => text.insert(0, '\u{feff}'),
        8 => text.push_str("\n\n"),
        _ => {}
    }
    text
}
