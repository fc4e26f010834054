//! `refit review` at a real terminal: every key, every way out, and that a replay of what was decided
//! gives the same bytes.
#![cfg(unix)]

use crate::demo;
use crate::pty;

use demo::{Demo, Run};
use pty::Pty;

const KEYS: &str = "\
old: [{in: \"<2.0.0\", default: \"\"}]
new: [{in: \">=2.0.0\", default: \"\"}]
pick: [{in: \"<2.0.0\", default: \"\"}]
picked: [{in: \">=2.0.0\", default: \"\"}]
also: [{in: \">=2.0.0\", default: \"\"}]
quiz: [{in: \"<2.0.0\", default: \"\"}]
answer: [{in: \">=2.0.0\", default: \"\"}]
gone: [{in: \"<2.0.0\", default: \"\"}]
gone2: [{in: \"<2.0.0\", default: \"\"}]
password: [{in: \"*\", default: \"\"}]
keep: [{in: \"*\", default: \"\"}]
";

const MIGRATION: &str = "\
version: 2.0.0
title: New names
link: https://example.com/2.0.0
steps:
  rename:
    title: Rename old to new
    why: From 2.0 on, old is ignored.
    link: https://example.com/rename
    move: {old: new}
    tell: Whoever reads old must read new.
  choose:
    title: Choose once
    take: {p: pick}
    ask: \"pick is {p}. Which?\"
    options:
      keep: {title: Keep it, recommended: true, do: {picked: =p}}
      type:
        title: Type it
        input:
          text: {title: A word of small letters, match: \"[a-z]+\"}
          more: {title: More of it, default: \"{p}\"}
        do: {picked: =text, also: =more}
  know:
    title: Only you know
    take: {q: quiz}
    ask: \"quiz is {q}. What is the answer?\"
    options:
      one: {title: The first, do: {answer: first}}
      two: {title: The second, do: {answer: second}}
  gone:
    title: Drop gone
    why: Nothing needs it.
    drop: [gone]
  gone2:
    title: Drop gone2
    why: Nothing needs it with gone.
    needs: [gone]
    drop: [gone2]
";

/// A file that all steps change.
const VALUES: &str = "\
# mine
old: a # why
pick: b
quiz: \"7\"
gone: x
gone2: y
keep: k # → stays
password: hunter2-demo
";

fn demo() -> Demo {
    let demo = Demo::new();
    demo.file("pack/keys.yaml", KEYS);
    demo.file("pack/2.0.0.yaml", MIGRATION);
    demo.file("a.yaml", VALUES);
    demo.file("again.yaml", VALUES);
    demo
}

fn review_at(demo: &Demo, line: &str, columns: u16, env: &[(&str, &str)]) -> Pty {
    let mut args = vec![
        "review", "--pack", "pack", "--chart", "demo", "--from", "1.0.0",
    ];
    args.extend(line.split_whitespace());
    Pty::new(demo.folder(), &args, columns, env)
}

fn review(demo: &Demo, line: &str) -> Pty {
    review_at(demo, line, 80, &[])
}

const CHANGE: &str = "Accept? [Y,s,A,S,m,d,l,e,b,q,?]";
const TAKE: &str = "Take this answer? [Y,b,m,d,l,e,q,?]";
const WRITE: &str = "Write 1 file? [y,N,b,d,l,q,?]";
const FILE: &str = "file:";
/// What a list of options ends with.
const LIST: &str = "(leave the question open)";
const ESC: &str = "\x1b";
const CTRL_C: &str = "\x03";

/// Runs a command that a review has printed, for another file with the same text.
fn replay(demo: &Demo, screen: &str, from: &str, to: &str) -> Run {
    let start = screen
        .rfind("  refit upgrade ")
        .expect("a command is printed");
    let text = screen[start..].trim();
    let end = text.find("--write").expect("it writes") + "--write".len();
    let script = text[..end].replacen("refit", "\"$REFIT\"", 1).replacen(
        &format!(" {from} "),
        &format!(" {to} "),
        1,
    );
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]);
    shell.env("REFIT", env!("CARGO_BIN_EXE_refit"));
    shell.current_dir(demo.folder()).output().unwrap().into()
}

#[test]
fn a_whole_review_writes_what_was_shown_and_replays_to_the_same_bytes() {
    let demo = demo();
    let mut pty = review(&demo, "a.yaml");
    let card = pty.until(CHANGE);
    for part in [
        "5 things to decide",
        "[1/5] Rename old to new [rename]",
        "since demo 2.0.0",
        "https://example.com/rename",
        "From 2.0 on, old is ignored.",
        "! Whoever reads old must read new.",
        "-old: a # why\n+new: a # why\n pick: b\n",
    ] {
        assert!(card.contains(part), "{part}: {card}");
    }
    assert!(
        !card.contains("gone\n"),
        "only the lines of this step: {card}"
    );

    let card = pty.press("y", LIST);
    assert!(card.contains("accepted\n"), "{card}");
    assert!(card.contains("a.yaml:3: pick: b\n"), "{card}");
    assert!(card.contains("*1 keep: Keep it (recommended)"), "{card}");
    assert!(card.contains("asks for: A word of small letters"), "{card}");
    // An option with inputs: one that is wrong, one that is right, a default.
    let asked = pty.press("2", "text:");
    assert!(asked.contains("Esc goes back to the options"), "{asked}");
    let refused = pty.press("Nope\r", "\n  text:");
    assert!(
        refused.contains("`Nope` does not look like one"),
        "{refused}"
    );
    assert!(
        refused.ends_with("text: Nope"),
        "to be corrected: {refused}"
    );
    let refused = pty.press("\x15\r", "\n  text:");
    assert!(refused.contains("must not be empty"), "{refused}");
    pty.press("yes\r", "more [b]:");
    let effect = pty.press("\r", TAKE);
    assert!(effect.contains("-pick: b\n"), "{effect}");
    assert!(effect.contains("+picked: \"yes\"\n+also: b\n"), "{effect}");
    // The other option, and back to the first.
    pty.press("b", LIST);
    let effect = pty.press("1", TAKE);
    assert!(effect.contains("-pick: b\n+picked: b\n"), "{effect}");
    let card = pty.press("y", LIST);
    assert!(card.contains("a.yaml:4: quiz: 7\n"), "{card}");
    let told = pty.press("\r", LIST);
    assert!(told.contains("nothing is recommended here"), "{told}");
    let told = pty.press("3", LIST);
    assert!(told.contains("there are options 1 to 2"), "{told}");
    pty.press("2", TAKE);
    pty.press("\r", CHANGE);
    // A skip that leaves a setting unread is asked about, and takes along what needs it.
    let asked = pty.press("s", "[y/N]");
    assert!(
        asked.contains("this stops working: gone. Nothing in demo 2.0.0 reads it."),
        "{asked}"
    );
    assert!(
        asked.contains("What needs it is skipped too: gone2"),
        "{asked}"
    );
    pty.press("n", CHANGE);
    pty.press("s", "[y/N]");
    let result = pty.press("y", WRITE);
    for part in [
        "The result",
        "-old: a # why\n-pick: b\n-quiz: \"7\"\n+new: a # why\n+picked: b\n+answer: second\n",
        "gone: x",
        "Left out, as you asked: ",
        "These settings stop working",
        "3 accepted, 2 skipped, 0 open.",
    ] {
        assert!(result.contains(part), "{part}: {result}");
    }
    assert_eq!(demo.text("a.yaml"), VALUES, "nothing is written yet");
    let written = pty.press("y", FILE);
    assert!(written.contains("Wrote a.yaml\n"), "{written}");
    pty.keys("\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    for part in [
        "Accepted (3)\n  rename  Rename old to new\n  choose: keep  Choose once\n  know: two  Only you know\n",
        "Skipped (2)\n  gone  Drop gone\n  gone2  Drop gone2\n",
        "The decisions are saved in a.yaml.answers\n",
    ] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    assert_eq!(
        demo.text("a.yaml"),
        "# mine\nnew: a # why\npicked: b\nanswer: second\ngone: x\ngone2: y\nkeep: k # → stays\npassword: hunter2-demo\n"
    );
    let record = demo.text("a.yaml.answers");
    assert!(
        record.ends_with(
            "answers:\n  choose:\n    option: keep\n    evidence:\n      \"pick\": \"b\"\n  know:\n    option: two\n    \
             evidence:\n      \"quiz\": \"7\"\nskip: [gone, gone2]\n"
        ),
        "{record}"
    );
    assert!(
        record.contains("--answers a.yaml.answers --force --write\n"),
        "{record}"
    );

    let run = replay(&demo, &screen, "a.yaml", "again.yaml");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(demo.text("again.yaml"), demo.text("a.yaml"));
    assert_eq!(demo.names().len(), 6, "{:?}", demo.names());
}

#[test]
fn what_was_typed_is_recorded_and_replayed() {
    let demo = demo();
    let mut pty = review(&demo, "a.yaml --save-answers my.answers --backup");
    pty.until(CHANGE);
    pty.press("a", LIST);
    pty.press("2", "text:");
    // Edited as in a shell: a wrong word erased, a letter put in.
    pty.press("wrong\x17os\x1b[Dne\x1b[D\x1b[D\x1b[D\x1b[H", "ones");
    pty.press("\r", "more [b]:");
    pty.press("yes: \"no\"\r", TAKE);
    pty.press("\r", LIST);
    pty.press("1", TAKE);
    pty.press("\r", CHANGE);
    pty.press("y", CHANGE);
    pty.press("y", WRITE);
    pty.keys("y");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("Save the decisions"), "{screen}");
    assert_eq!(demo.text("a.yaml.bak"), VALUES);
    let record = demo.text("my.answers");
    assert!(
        record.contains("inputs:\n      more: \"yes: \\\"no\\\"\"\n      text: \"ones\"\n"),
        "{record}"
    );
    let run = replay(&demo, &screen, "a.yaml", "again.yaml");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(demo.text("again.yaml"), demo.text("a.yaml"));
    // Reviewing what is done finds nothing, and says so.
    let (code, screen) = Pty::new(
        demo.folder(),
        &[
            "review", "--pack", "pack", "--chart", "demo", "--from", "2.0.0", "a.yaml",
        ],
        80,
        &[],
    )
    .end();
    assert_eq!(
        (code, screen.as_str()),
        (0, "a.yaml: already fits demo 2.0.0; nothing to do")
    );
    // The record serves an upgrade that has nothing to do, too; but not with a step nobody knows.
    let run = demo.upgrade("a.yaml --from 2.0.0 --answers my.answers");
    assert_eq!(run.code, 0, "{run:?}");
    demo.file("bad.answers", "skip: [gnoe]\n");
    let run = demo.upgrade("again.yaml --from 1.0.0 --answers bad.answers");
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("did you mean `gone`?"), "{run:?}");
}

#[test]
fn every_key_shows_what_it_says() {
    let demo = demo();
    let mut pty = review(&demo, "a.yaml");
    pty.until(CHANGE);
    let help = pty.press("?", CHANGE);
    for line in [
        "Enter, y, a",
        "s, n",
        "A ",
        "S ",
        "m ",
        "d ",
        "l ",
        "e ",
        "b, Esc",
        "q, Ctrl-C",
    ] {
        assert!(help.contains(&format!("\n  {line}")), "{line}: {help}");
    }
    let explained = pty.press("e", CHANGE);
    assert!(explained.contains("[rename, demo 2.0.0]"), "{explained}");
    let told = pty.press("d", CHANGE);
    assert!(told.contains("Nothing is changed."), "{told}");
    let told = pty.press("x", CHANGE);
    assert!(
        told.contains("x means nothing here; ? lists the keys"),
        "{told}"
    );
    let told = pty.press("\t", CHANGE);
    assert!(told.contains("? lists the keys"), "{told}");
    let first = pty.press("b", CHANGE);
    assert!(first.contains("This is the first one."), "{first}");

    pty.press("\r", LIST);
    let so_far = pty.press("d", LIST);
    assert!(
        so_far.contains("-old: a # why\n+new: a # why\n pick: b\n"),
        "{so_far}"
    );
    assert!(
        !so_far.contains("-gone"),
        "what is undecided is not in: {so_far}"
    );
    let ledger = pty.press("l", LIST);
    assert!(ledger.contains("moved     old → new"), "{ledger}");
    // The list may still be on its way to the screen: the help is known by words of its own.
    pty.press("?", "1, 2, ...");
    // Back, and again.
    let card = pty.press("b", CHANGE);
    assert!(card.contains("[1/5] Rename"), "{card}");
    let card = pty.press("n", "[y/N]");
    assert!(card.contains("skip\n"), "{card}");
    let card = pty.press("y", LIST);
    assert!(card.contains("[2/5] Choose once"), "{card}");
    let card = pty.press(ESC, CHANGE);
    assert!(card.contains("[1/5] Rename"), "{card}");
    pty.press("y", LIST);
    // Esc at an input goes back to the options, also after some letters.
    pty.press("2", "text:");
    let back = pty.press("abc\x1b", LIST);
    assert!(back.contains("back to the options"), "{back}");
    pty.keys("q");
    let (code, screen) = pty.end();
    assert_eq!(code, 1);
    assert!(
        screen.contains("Nothing was written.\n\nTo go on from here:\n\n  refit review a.yaml"),
        "{screen}"
    );
    assert_eq!(demo.text("a.yaml"), VALUES);
    assert!(!demo.path("a.yaml.answers").exists());
}

#[test]
fn more_lines_show_the_whole_file() {
    let demo = demo();
    let many: String = (0..30).map(|i| format!("# line {i}\n")).collect();
    demo.file("a.yaml", format!("{many}old: a\n{many}"));
    let mut pty = review(&demo, "a.yaml");
    let card = pty.until(CHANGE);
    assert!(
        card.contains("# line 27\n") && !card.contains("# line 26\n"),
        "{card}"
    );
    let more = pty.press("m", CHANGE);
    assert!(
        more.contains("# line 20\n") && !more.contains("# line 12\n"),
        "{more}"
    );
    let all = pty.press("m", CHANGE);
    assert_eq!(all.matches("# line 0\n").count(), 2, "{all}");
    // A change too long to read at once is cut, and says so.
    let long: String = (0..60).map(|i| format!("  k{i}: {i}\n")).collect();
    demo.file("long.yaml", format!("gone:\n{long}"));
    pty.keys("q");
    pty.end();
    let mut pty = review(&demo, "long.yaml");
    let card = pty.until(CHANGE);
    assert!(card.contains("more lines; m shows more"), "{card}");
    let more = pty.press("m", CHANGE);
    assert!(more.contains("-  k59: 59"), "{more}");
    pty.keys("q");
    pty.end();
}

#[test]
fn accepting_the_rest_asks_what_only_a_person_knows() {
    let demo = demo();
    let mut pty = review(&demo, "a.yaml");
    pty.until(CHANGE);
    let asked = pty.press("A", LIST);
    for part in [
        "accept everything that is left\n  accepted: rename (Rename old to new)\n  answered as recommended: choose: keep (Keep it)\n",
        "[3/5] Only you know",
    ] {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    pty.press("1", TAKE);
    let result = pty.press("y", WRITE);
    assert!(
        result.contains("accepted: gone (Drop gone)\n  accepted: gone2"),
        "{result}"
    );
    // Back takes back all that was accepted together, and only that.
    let back = pty.press("b", CHANGE);
    assert!(back.contains("[4/5] Drop gone [gone]"), "{back}");
    let back = pty.press("b", LIST);
    assert!(back.contains("[3/5] Only you know"), "{back}");
    let back = pty.press("b", CHANGE);
    assert!(back.contains("[1/5] Rename old to new"), "{back}");
    // Skipping all the rest says first what that loses.
    let asked = pty.press("S", "[y/N]");
    assert!(asked.contains("old, pick, quiz, gone, gone2"), "{asked}");
    pty.press("\r", CHANGE);
    pty.press("S", "[y/N]");
    let result = pty.press("y", "Nothing changes. Done?");
    assert!(result.contains("0 accepted, 5 skipped, 0 open"), "{result}");
    pty.press("y", FILE);
    pty.keys(ESC);
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(demo.text("a.yaml"), VALUES);
    assert!(!demo.path("a.yaml.answers").exists());
}

#[test]
fn an_open_question_keeps_the_file_and_the_review_goes_on_later() {
    let demo = demo();
    let mut pty = review(&demo, "a.yaml");
    pty.until(CHANGE);
    pty.press("y", LIST);
    pty.press("1", TAKE);
    pty.press("y", LIST);
    pty.press("u", CHANGE);
    let result = pty.press("A", "Stop here, with the questions open? [Y,b,d,l,q,?]");
    assert!(result.contains("4 accepted, 0 skipped, 1 open"), "{result}");
    assert!(
        result.contains("Nothing can be written while questions are open."),
        "{result}"
    );
    pty.press("\r", FILE);
    // A values file is not overwritten, nor is any file that holds no answers.
    pty.press("a.yaml\r", "a.yaml is one of the values files\n  file:");
    pty.press(
        "again.yaml\r",
        "holds no answers; name another file\n  file:",
    );
    pty.keys("\x15my.answers\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 3, "{screen}");
    assert!(
        screen.contains("Still open (1)\n  know  Only you know\n"),
        "{screen}"
    );
    assert_eq!(demo.text("a.yaml"), VALUES);
    assert_eq!(demo.text("again.yaml"), VALUES);

    let start = screen.rfind("  refit review ").expect("how to go on");
    let line = screen[start..].trim().replace("\\\n", " ");
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let mut pty = Pty::new(demo.folder(), &words, 80, &[]);
    pty.until(CHANGE);
    let card = pty.press("A", LIST);
    assert!(card.contains("choose: keep"), "{card}");
    pty.press("2", TAKE);
    pty.press("y", WRITE);
    pty.press("y", FILE);
    pty.keys("my.answers\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    let run = replay(&demo, &screen, "a.yaml", "again.yaml");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(demo.text("again.yaml"), demo.text("a.yaml"));
}

#[test]
fn the_last_answer_is_no_if_nothing_is_said() {
    let demo = demo();
    let mut pty = review(&demo, "a.yaml --answer know=one --skip gone");
    pty.until(CHANGE);
    let result = pty.press("A", WRITE);
    assert!(result.contains("skipped, as before: gone"), "{result}");
    pty.press("?", WRITE);
    pty.press("d", WRITE);
    pty.press("l", WRITE);
    pty.press("\r", FILE);
    pty.keys(ESC);
    let (code, screen) = pty.end();
    assert_eq!(code, 1, "{screen}");
    assert!(screen.contains("Nothing was written."), "{screen}");
    assert!(
        screen.contains("--answer know=one"),
        "the decisions are not lost: {screen}"
    );
    assert_eq!(demo.text("a.yaml"), VALUES);
}

/// Every prompt there is, and the keys that lead to it.
const PROMPTS: [(&str, &[(&str, &str)]); 7] = [
    ("a change", &[]),
    ("a question", &[("y", LIST)]),
    ("an input", &[("y", LIST), ("2", "text:"), ("ab", "ab")]),
    ("an answer", &[("y", LIST), ("1", TAKE)]),
    ("a loss", &[("s", "[y/N]")]),
    ("the end", &[("A", LIST), ("1", TAKE), ("y", WRITE)]),
    (
        "saving",
        &[("A", LIST), ("1", TAKE), ("y", WRITE), ("n", FILE)],
    ),
];

fn press_all(pty: &mut Pty, keys: &[(&str, &str)]) {
    for (key, text) in keys {
        pty.press(key, text);
    }
}

#[test]
fn ctrl_c_leaves_at_every_prompt_and_the_terminal_is_as_it_was() {
    let demo = demo();
    for (name, keys) in PROMPTS {
        let mut pty = review(&demo, "a.yaml");
        pty.until(CHANGE);
        assert!(!pty.echoes(), "a review does not echo keys");
        press_all(&mut pty, keys);
        pty.keys(CTRL_C);
        let (code, screen) = pty.end();
        assert_eq!(code, 130, "{name}: {screen}");
        assert_eq!(demo.text("a.yaml"), VALUES, "{name}");
        let has_begun = !matches!(name, "a change" | "a loss");
        assert_eq!(screen.contains("  refit "), has_begun, "{name}: {screen}");
    }
    assert!(!demo.path("a.yaml.answers").exists());
}

#[test]
fn q_and_the_end_of_input_leave_too() {
    let demo = demo();
    for (name, keys) in PROMPTS {
        if matches!(name, "an input" | "saving") {
            continue; // there it is a letter
        }
        let mut pty = review(&demo, "a.yaml");
        pty.until(CHANGE);
        press_all(&mut pty, keys);
        pty.keys("q");
        let (code, screen) = pty.end();
        assert_eq!(code, 1, "{name}: {screen}");
        assert!(screen.contains("Nothing was written."), "{name}: {screen}");
    }
    let mut pty = review(&demo, "a.yaml");
    pty.until(CHANGE);
    pty.keys("\x04");
    assert_eq!(pty.end().0, 130);
    assert_eq!(demo.text("a.yaml"), VALUES);
}

#[test]
fn signals_leave_a_sane_terminal() {
    let demo = demo();
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let mut pty = review(&demo, "a.yaml");
        pty.until(CHANGE);
        pty.press("y", LIST);
        pty.press("2", "text:");
        pty.signal(signal);
        let (ended, screen) = pty.end();
        assert_eq!(ended, code, "{screen}");
        assert_eq!(demo.text("a.yaml"), VALUES);
    }
}

#[test]
fn narrow_and_wide_terminals_and_a_resize_in_between_break_no_line() {
    let demo = demo();
    for columns in [60, 200] {
        let mut pty = review_at(&demo, "a.yaml", columns, &[]);
        pty.until(CHANGE);
        // The prompt is the last thing, and typing stands behind it.
        pty.press("y", LIST);
        let before = pty.screen();
        pty.resize(260 - columns);
        // The list is painted anew below; a key that comes first would be taken by the one above.
        pty.wait_for(|screen| screen.matches(LIST).count() == 2);
        pty.press("2", "text:");
        pty.keys(&("abcdefghij".repeat(30) + "end"));
        pty.wait_for(|screen| screen.ends_with("hijend"));
        let lines = pty.screen().lines().count();
        pty.resize(columns);
        pty.keys("x");
        pty.wait_for(|screen| screen.ends_with("hijendx"));
        assert_eq!(pty.screen().lines().count(), lines, "one line however long");
        pty.keys(CTRL_C);
        let (code, screen) = pty.end();
        assert_eq!(code, 130);
        // This emulator cuts lines off where it gets narrower; a real one breaks them.
        for (before, now) in before.lines().zip(screen.lines()) {
            let whole = before == now || columns == 200 && before.starts_with(now);
            assert!(whole || before.contains("Which?"), "{before}\n{screen}");
        }
        let widest = before.lines().map(|line| line.chars().count()).max();
        assert!(widest < Some(columns.into()), "{widest:?}: {before}");
        for line in before.lines().filter(|line| line.starts_with('─')) {
            assert_eq!(line.chars().count(), usize::from(columns.min(100)) - 1);
        }
    }
}

#[test]
fn without_colour_and_in_an_ascii_locale_only_plain_signs_come() {
    let demo = demo();
    let mut pty = review_at(&demo, "a.yaml", 80, &[("NO_COLOR", "1")]);
    pty.until(CHANGE);
    pty.press("y", LIST);
    pty.keys("q");
    let raw = pty.raw();
    let escapes = || raw.split("\x1b[").skip(1);
    let end = |text: &str| text.find(|c: char| c.is_ascii_alphabetic());
    for escape in escapes() {
        let last = end(escape).map(|at| &escape[at..=at]);
        assert!(
            last != Some("m"),
            "the list moves the cursor, and colours nothing: {raw}"
        );
    }
    assert_eq!(pty.end().0, 1);

    let mut pty = review_at(&demo, "a.yaml", 80, &[("LANG", "C")]);
    pty.until(CHANGE);
    assert!(pty.raw().contains("\x1b["), "colour needs no Unicode");
    pty.press("A", LIST);
    pty.press("1", TAKE);
    let result = pty.press("y", WRITE);
    assert!(
        result.contains("keep: k # → stays"),
        "the file's own signs stay: {result}"
    );
    pty.press("l", WRITE);
    let raw = pty.raw().replace("# → stays", "");
    assert!(raw.is_ascii(), "{raw}");
    pty.keys("q");
    assert_eq!(pty.end().0, 1);
}

#[test]
fn several_files_are_reviewed_one_after_the_other_and_recorded_apart() {
    let demo = demo();
    demo.file("again.yaml", "old: z\npick: other\n");
    demo.file("broken.yaml", "a: [\n");
    let mut pty = review(&demo, "a.yaml broken.yaml again.yaml");
    let opened = pty.until(CHANGE);
    assert!(opened.contains("broken.yaml:"), "{opened}");
    assert!(opened.contains("Release 1 of 2"), "{opened}");
    pty.press("A", LIST);
    pty.press("1", TAKE);
    let result = pty.press("y", "Write 2 files?");
    assert!(
        result.contains("again.yaml: 2 steps accepted"),
        "everything that is left, over the border of two files: {result}"
    );
    // Back over that border.
    let back = pty.press("b", CHANGE);
    assert!(back.contains("[1/2] Rename"), "{back}");
    let back = pty.press("b", CHANGE);
    assert!(back.contains("[4/5] Drop gone"), "{back}");
    let result = pty.press("A", "Write 2 files?");
    assert!(result.contains("+picked: other"), "{result}");
    pty.press("y", FILE);
    pty.press("\r", FILE);
    pty.keys("\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 2, "one file was refused: {screen}");
    assert!(demo.text("a.yaml.answers").contains("\"pick\": \"b\""));
    assert!(
        demo.text("again.yaml.answers")
            .contains("\"pick\": \"other\"")
    );
    assert!(demo.text("again.yaml").contains("picked: other"));
}

#[test]
fn a_file_that_changes_meanwhile_is_not_written() {
    let demo = demo();
    let mut pty = review(&demo, "a.yaml");
    pty.until(CHANGE);
    demo.file("a.yaml", "old: other\n");
    let told = pty.press("y", CHANGE);
    assert!(
        told.contains("error: a.yaml: the file has changed since the review began"),
        "{told}"
    );
    pty.keys("q");
    assert_eq!(pty.end().0, 1);
    // Between the last question and the writing.
    demo.file("a.yaml", VALUES);
    let mut pty = review(&demo, "a.yaml --answer know=one");
    pty.until(CHANGE);
    pty.press("A", WRITE);
    demo.file("a.yaml", "old: other\n");
    pty.press("y", FILE);
    pty.keys(ESC);
    let (code, screen) = pty.end();
    assert_eq!(code, 2, "{screen}");
    assert!(screen.contains("nothing was written"), "{screen}");
    assert_eq!(demo.text("a.yaml"), "old: other\n");
}

#[test]
fn without_a_terminal_the_options_are_named() {
    let demo = demo();
    let run = demo.run("review --pack pack --chart demo --from 1.0.0 a.yaml");
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
    for part in [
        "a review needs a terminal",
        "--answer know=one",
        "refit upgrade a.yaml --chart demo --pack pack --from 1.0.0 --to 2.0.0",
        "--answer choose=",
    ] {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
    for (line, says) in [
        ("review -", "standard input"),
        (
            "review a.yaml again.yaml --pack pack --chart demo --from 1.0.0 --save-answers x",
            "one file",
        ),
        (
            "review a.yaml --save-answers a.yaml",
            "one of the values files",
        ),
        (
            "review a.yaml --save-answers again.yaml",
            "holds no answers",
        ),
        ("review a.yaml --skip rename --only rename", "both"),
    ] {
        let run = demo.run(line);
        assert_eq!(run.code, 2, "{line}: {run:?}");
        assert!(run.err.contains(says), "{line}: {}", run.err);
    }
    assert_eq!(demo.text("a.yaml"), VALUES);
}

#[test]
fn a_secret_is_hidden_in_the_lines_of_each_step_whatever_came_before_it() {
    let demo = demo();
    let mut pty = review(&demo, "a.yaml");
    pty.until(CHANGE);
    // What is decided first makes the text above the secret longer, so that it stands elsewhere.
    pty.press("y", LIST);
    pty.press("1", TAKE);
    pty.press("y", LIST);
    pty.press("2", TAKE);
    let card = pty.press("y", CHANGE);
    assert!(card.contains("-gone: x\n"), "{card}");
    assert!(card.contains("password: ••••\n"), "{card}");
    let raw = pty.raw();
    assert!(!raw.contains("hunter2"), "{raw}");
    for line in raw.lines().filter(|line| line.contains("••••")) {
        assert!(line.contains("password"), "nothing else is hidden: {line}");
    }
    pty.keys("q");
    assert_eq!(pty.end().0, 1);
}
