//! Lists and confirmations at a real terminal: what the content of files leaves open, what to review, options; and
//! the ways out of them. The terminal has to be as it was before, whatever happens.
#![cfg(unix)]

use crate::demo;
use crate::pty;

use demo::{ASKS, Demo, PLAIN, PLAIN_AFTER};
use pty::Pty;

const CHANGE: &str = "Accept? [Y,s,A,S,m,d,l,e,b,q,?]";
const LIST: &str = "(leave the question open)";
const NONE: &str = "(none of these, or I do not know)";
const TAKE: &str = "Take this answer?";
const DOWN: &str = "\x1b[B";
const ESC: &str = "\x1b";
const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";

/// A file of which nothing tells the chart.
const UNTOLD: &str = "password: hunter2-demo\n";

fn at(demo: &Demo, line: &str, columns: u16) -> Pty {
    let args: Vec<&str> = line.split_whitespace().collect();
    Pty::new(demo.folder(), &args, columns, &[])
}

#[test]
fn the_chart_is_asked_for_where_nothing_tells_it() {
    let demo = Demo::new();
    demo.file("a.yaml", UNTOLD);
    demo.file("b.yaml", UNTOLD);
    let mut pty = at(&demo, "upgrade --pack pack a.yaml b.yaml --from 1.0.0", 80);
    let asked = pty.until(NONE);
    assert!(
        asked.contains("a.yaml, b.yaml: nothing in the file tells which chart it is for."),
        "{asked}"
    );
    assert!(asked.contains("Which chart?"), "{asked}");
    // Nothing is marked: Enter alone chooses nothing.
    pty.keys("\r");
    pty.press(DOWN, "> ");
    pty.keys("\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("The chart: demo"), "{screen}");
    assert!(screen.contains("demo 1.0.0 → 2.0.0"), "{screen}");

    // Without a terminal, in a check and in a pipeline it is the error that it was.
    let run = demo.run("upgrade --pack pack a.yaml --from 1.0.0");
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("--chart NAME"), "{}", run.err);
    for (line, env) in [
        (
            "upgrade --check --pack pack a.yaml --from 1.0.0",
            [("X", "")],
        ),
        ("upgrade --pack pack a.yaml --from 1.0.0", [("CI", "true")]),
        (
            "upgrade --pack pack a.yaml --from 1.0.0 -o json",
            [("X", "")],
        ),
    ] {
        let args: Vec<&str> = line.split_whitespace().collect();
        let (code, screen) = Pty::new(demo.folder(), &args, 80, &env).end();
        assert_eq!(code, 2, "{line}: {screen}");
        assert!(!screen.contains("Which chart?"), "{line}: {screen}");
    }
}

#[test]
fn the_version_is_asked_for_and_the_printed_command_says_it() {
    let demo = Demo::new();
    // Nothing in it tells 1.0.0 from 2.0.0, and `pick` matters.
    demo.file("a.yaml", "pick: b\npassword: hunter2-demo\n");
    let line = "upgrade --pack pack --chart demo a.yaml";
    let run = demo.run(line);
    assert_eq!(run.code, 2, "{run:?}");
    let mut pty = at(&demo, line, 80);
    let asked = pty.until(NONE);
    assert!(
        asked.contains("Which version of demo are the values for?"),
        "{asked}"
    );
    let newest = asked.find("  2.0.0").expect("versions are listed");
    assert!(
        newest < asked.find("  1.0.0").unwrap(),
        "the newest first: {asked}"
    );
    pty.press(&DOWN.repeat(3), "> 1.0.0");
    pty.keys("\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("demo 1.0.0 → 2.0.0"), "{screen}");
    assert!(
        screen.contains("--from 1.0.0"),
        "the command says it: {screen}"
    );

    // Escape leaves the error, and Ctrl-C everything.
    let mut pty = at(&demo, line, 80);
    pty.until(NONE);
    pty.keys(ESC);
    let (code, screen) = pty.end();
    assert_eq!(code, 2, "{screen}");
    assert!(screen.contains("No version was chosen."), "{screen}");
    let mut pty = at(&demo, line, 80);
    pty.until(NONE);
    assert!(pty.hides_the_cursor(), "a list hides it");
    pty.keys(CTRL_C);
    let (code, screen) = pty.end();
    assert_eq!(code, 130, "{screen}");

    // A review asks the same, and goes on.
    let mut pty = at(&demo, "review --pack pack --chart demo a.yaml", 80);
    pty.until(NONE);
    pty.press(&DOWN.repeat(3), "> 1.0.0");
    let card = pty.press("\r", LIST);
    assert!(card.contains("Choose once"), "{card}");
    pty.keys(CTRL_C);
    assert_eq!(pty.end().0, 130);
}

#[test]
fn of_hundreds_of_versions_a_dozen_is_shown_and_a_search_finds_the_rest() {
    let demo = Demo::new();
    demo.file("a.yaml", "prometheus:\n  prometheusSpec:\n    thanos:\n      objectStorageConfig:\n        key: objstore.yml\n");
    for columns in [50, 120] {
        let mut pty = at(
            &demo,
            "upgrade --chart kube-prometheus-stack a.yaml",
            columns,
        );
        let asked = pty.until("in all: type to search");
        assert!(
            asked.contains("`helm list` shows"),
            "how to find it is said at {columns}: {asked}"
        );
        pty.press("45.0.0", "> 45.0.0");
        pty.keys("\r");
        let (_, screen) = pty.end();
        assert!(screen.contains("The version: 45.0.0"), "{screen}");
        assert!(
            screen.contains("kube-prometheus-stack 45.0.0 →"),
            "{screen}"
        );
    }
}

#[test]
fn what_was_chosen_is_confirmed_before_it_is_written() {
    let demo = Demo::new();
    demo.file("pack/pack.yaml", demo.text("pack/pack.yaml").replace("evidence:\n  - {path: old, versions: \"<2.0.0\", strength: strong, why: Chart 2.0 renamed old.}\n", ""));
    demo.file("a.yaml", PLAIN);
    let line = "upgrade --pack pack --chart demo a.yaml --write";
    let mut pty = at(&demo, line, 80);
    pty.until(NONE);
    pty.press(&DOWN.repeat(3), "> 1.0.0");
    let shown = pty.press("\r", "[y/N]");
    assert!(shown.contains("+new: a"), "it is shown first: {shown}");
    pty.keys("\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 1, "{screen}");
    assert!(
        screen.contains("Write 1 file? no\nNothing was written."),
        "{screen}"
    );
    assert_eq!(demo.text("a.yaml"), PLAIN);
    let mut pty = at(&demo, line, 80);
    pty.until(NONE);
    pty.press(&DOWN.repeat(3), "> 1.0.0");
    pty.press("\r", "[y/N]");
    pty.keys("y");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(demo.text("a.yaml"), PLAIN_AFTER);
}

#[test]
fn options_are_chosen_from_a_list_and_what_is_refused_can_be_corrected() {
    let demo = Demo::new();
    demo.file("a.yaml", ASKS);
    let mut pty = at(&demo, "review --pack pack a.yaml --from 1.0.0", 80);
    pty.until(CHANGE);
    let list = pty.press("y", LIST);
    assert!(list.contains("> keep (recommended)\n  type\n"), "{list}");
    pty.press(DOWN, "> type");
    pty.press("\r", "text:");
    pty.press("one\r", TAKE);
    let list = pty.press("b", LIST);
    assert!(list.contains("> keep"), "{list}");
    // What else can be done stands in the list too.
    pty.press(&DOWN.repeat(2), "> (skip this step)");
    pty.press("\r", "[y/N]");
    pty.press("n", LIST);
    pty.keys(CTRL_C);
    let (code, screen) = pty.end();
    assert_eq!(code, 130, "{screen}");
    assert!(
        screen.contains(
            "Interrupted; nothing was written.\n\nTo go on from here:\n\n  refit review a.yaml"
        ),
        "Ctrl-C says how to go on: {screen}"
    );
}

#[test]
fn every_key_works_at_a_list_and_every_other_prompt() {
    let demo = Demo::new();
    demo.file("a.yaml", ASKS);
    for columns in [50, 80, 120] {
        let mut pty = at(&demo, "review --pack pack a.yaml --from 1.0.0", columns);
        pty.until("Accept?");
        pty.press("y", LIST);
        let prompt = match columns {
            50 => "[2/2] Which? [arrows,Enter,q,?]",
            _ => "[2/2] Which? [arrows,Enter,1-2,s,u,A,S,m,d,l,e,b,q,?]",
        };
        assert!(pty.screen().contains(prompt), "{}", pty.screen());
        for (key, said) in [
            ("?", "accept everything that is left"),
            ("d", "the difference so far"),
            ("l", "the settings so far"),
            ("e", "explain"),
            ("m", "more lines"),
            ("x", "x means nothing here"),
        ] {
            let shown = pty.press(key, LIST);
            assert!(shown.contains(said), "{key} at {columns}: {shown}");
        }
        // Escape and b go back to the change before, as at a change.
        for key in [ESC, "b"] {
            let card = pty.press(key, "Accept?");
            assert!(card.contains("[1/2] Rename old to new"), "{card}");
            pty.press("y", LIST);
        }
        // u leaves it open; back from the end asks it again.
        let end = pty.press("u", "with the questions open?");
        assert!(end.contains("left open"), "{end}");
        pty.press("b", LIST);
        // A number chooses, and at what it came to the keys that only show something work, too.
        pty.press("1", TAKE);
        for (key, said) in [
            ("?", "take this answer"),
            ("d", "the difference so far"),
            ("l", "the settings so far"),
            ("e", "explain"),
            ("m", "more lines"),
        ] {
            let shown = pty.press(key, TAKE);
            assert!(shown.contains(said), "{key} at {columns}: {shown}");
        }
        pty.press("b", LIST);
        pty.press("s", "[y/N]");
        let told = pty.press("?", "[y/N]");
        assert!(told.contains("Enter, n, Esc"), "{told}");
        pty.press("n", LIST);
        pty.keys("q");
        let (code, screen) = pty.end();
        assert_eq!(code, 1, "{screen}");
        assert!(screen.contains("Nothing was written."), "{screen}");
        assert_eq!(demo.text("a.yaml"), ASKS);
    }
}

#[test]
fn what_was_answered_is_in_the_command_that_goes_on_wherever_ctrl_c_comes() {
    let demo = Demo::new();
    demo.file("a.yaml", ASKS);
    let typed = "--answer choose=type --answer choose.text=abc";
    // Answered on the command line, and not come to yet; answered here; at the end.
    for keys in [
        &[("y", LIST)][..],
        &[
            ("y", LIST),
            ("\r", "text [abc]:"),
            ("\r", TAKE),
            ("y", "Write 1 file?"),
        ],
        &[("A", "Write 1 file?"), ("y", "file:")],
    ] {
        demo.file("a.yaml", ASKS);
        let line = format!("review --pack pack a.yaml --from 1.0.0 {typed}");
        let mut pty = at(&demo, &line, 100);
        pty.until(CHANGE);
        for (key, text) in keys {
            pty.press(key, text);
        }
        pty.keys(CTRL_C);
        let (code, screen) = pty.end();
        assert_eq!(code, 130, "{screen}");
        let command = screen.replace("\\\n    ", "");
        assert!(command.contains(typed), "{keys:?}: {screen}");
    }
    // Another answer than the one that was given takes its place.
    demo.file("a.yaml", ASKS);
    let line = format!("review --pack pack a.yaml --from 1.0.0 {typed}");
    let mut pty = at(&demo, &line, 100);
    pty.until(CHANGE);
    pty.press("y", LIST);
    pty.press("1", TAKE);
    pty.press("y", "Write 1 file?");
    pty.keys(CTRL_C);
    let (_, screen) = pty.end();
    assert!(screen.contains("--answer choose=keep"), "{screen}");
    assert!(!screen.contains("choose.text"), "{screen}");
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_says_how_to_go_on_after_ctrl_c() {
    let demo = Demo::new();
    demo.file("a.yaml", ASKS);
    let args = ["review", "--pack", "pack", "a.yaml", "--from", "1.0.0"];
    let mut pty = Pty::new(demo.folder(), &args, 80, &[("TERM", "dumb")]);
    pty.until(CHANGE);
    pty.press("y\r", "or a key:");
    pty.keys(CTRL_C);
    let (code, screen) = pty.end();
    assert_eq!(code, 130, "{screen}");
    assert!(screen.contains("To go on from here:"), "{screen}");
}

#[test]
fn what_to_review_of_a_folder_is_chosen_from_a_list() {
    let demo = Demo::new();
    std::fs::create_dir(demo.path("apps")).unwrap();
    let app = |name: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec:\n  source:\n    \
             chart: demo\n    repoURL: https://charts.example\n    targetRevision: 1.0.0\n    helm:\n      \
             valuesObject:\n        old: {name}\n"
        )
    };
    let long = "a-name-that-is-far-longer-than-any-terminal-of-fifty-columns-is-wide";
    for name in ["one", "two", long] {
        demo.file(&format!("apps/{name}.yaml"), app(name));
    }
    let mut pty = at(&demo, "review --pack pack --chart demo apps", 50);
    let list = pty.until("two.yaml");
    assert!(list.contains("..."), "long names are cut: {list}");
    for line in list.lines() {
        assert!(line.chars().count() < 50, "{line}");
    }
    // The first, which is the long one, is left out.
    pty.press(" ", "> [ ]");
    // What is ticked stays so in a window of another size.
    pty.resize(60);
    let again = pty.until("two.yaml");
    assert!(
        again.contains("[ ] ") && again.matches("[x] ").count() == 2,
        "{again}"
    );
    let card = pty.press("\r", CHANGE.split(' ').next().unwrap());
    assert!(card.contains("2 of 3 are reviewed."), "{card}");
    assert!(card.contains("Release 1 of 2"), "{card}");
    // To another release, by the list of all.
    let list = pty.press("g", "2 ");
    assert!(list.contains("go to another release"), "{list}");
    pty.press(DOWN, "> 2 ");
    let card = pty.press("\r", "Accept?");
    assert!(card.contains("Release 2 of 2"), "{card}");
    let back = pty.press("y", "Accept?");
    assert!(
        back.contains("Release 1 of 2"),
        "what was passed is asked: {back}"
    );
    pty.press("y", "Write 2 files?");
    pty.keys("y");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    assert!(demo.text("apps/one.yaml").contains("new: one"));
    assert!(
        demo.text(&format!("apps/{long}.yaml"))
            .contains("old: a-name")
    );
}

/// Manifests that differ in names and in what stands beside the change.
fn fleet(demo: &Demo, names: &[&str]) {
    std::fs::create_dir(demo.path("apps")).unwrap();
    for name in names {
        let text = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec:\n  source:\n    \
             chart: demo\n    repoURL: https://charts.example\n    targetRevision: 1.0.0\n    helm:\n      \
             valuesObject:\n        password: of-{name}\n        old: a\n        pick: b\n"
        );
        demo.file(&format!("apps/{name}.yaml"), text);
    }
}

#[test]
fn long_lists_spell_their_keys_out_and_keep_what_was_done() {
    let demo = Demo::new();
    fleet(&demo, &["four", "one", "three", "two"]);
    let mut pty = at(&demo, "review --pack pack --chart demo apps", 80);
    pty.until("two.yaml");
    pty.press(&format!("{DOWN} "), "> [ ]");
    let keys = pty.press("?", "two.yaml");
    assert!(keys.contains("tick all, or none"), "{keys}");
    assert!(keys.contains("> [ ] "), "{keys}");
    // Below what a list needs, its items have numbers, and dialoguer is not asked.
    pty.set_rows(2);
    pty.until("\nnumbers:");
    pty.keys("q\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 130, "{screen}");
    assert!(screen.contains("Nothing was chosen"), "{screen}");

    demo.file("a.yaml", "prometheus:\n  prometheusSpec:\n    thanos:\n      objectStorageConfig:\n        key: objstore.yml\n");
    let mut pty = at(&demo, "upgrade --chart kube-prometheus-stack a.yaml", 80);
    pty.until("in all: type to search");
    pty.press("45.0.", " 45.0.");
    let keys = pty.press("?", "> 45.");
    assert!(keys.contains("Backspace takes one back"), "{keys}");
    assert!(keys.contains("Esc, ?) 45.0."), "the search is kept: {keys}");
    pty.press("0", "> 45.0.0");
    pty.keys("\r");
    let (_, screen) = pty.end();
    assert!(screen.contains("The version: 45.0.0"), "{screen}");
}

#[test]
fn a_terminal_of_a_few_rows_asks_with_numbers() {
    let demo = Demo::new();
    fleet(&demo, &["four", "one", "three", "two"]);
    let mut pty = Pty::shell(demo.folder(), 80);
    pty.until("shell>");
    pty.set_rows(2);
    pty.keys("\"$REFIT\" review --pack pack --chart demo apps\r");
    pty.until("\nnumbers:");
    pty.press("9", " 9");
    pty.press("\r", "numbers from 1 to 4");
    let card = pty.press("1,3-4\r", "Accept?");
    assert!(card.contains("3 of 4 are reviewed."), "{card}");
    pty.press(CTRL_C, "nothing was written");
    pty.keys("exit 0\r");
    assert_eq!(pty.end().0, 0);
}

#[test]
fn what_is_ticked_stays_so_over_a_suspension() {
    let demo = Demo::new();
    fleet(&demo, &["one", "three", "two"]);
    let mut pty = Pty::shell(demo.folder(), 80);
    pty.until("shell>");
    pty.keys("\"$REFIT\" review --pack pack --chart demo apps\r");
    pty.until("two.yaml");
    pty.press(&format!("{DOWN}{DOWN} "), "> [ ]");
    std::thread::sleep(std::time::Duration::from_millis(200));
    pty.press(CTRL_Z, "Stopped");
    let list = pty.press("fg\r", "two.yaml");
    assert_eq!(list.matches("[ ] ").count(), 1, "{list}");
    let card = pty.press("\r", "Accept?");
    assert!(card.contains("2 of 3 are reviewed."), "{card}");
    pty.press(CTRL_C, "nothing was written");
    pty.keys("exit 0\r");
    assert_eq!(pty.end().0, 0);
}

#[test]
fn the_same_card_is_decided_once_where_a_person_says_so() {
    let demo = Demo::new();
    fleet(&demo, &["four", "one", "three", "two"]);
    let mut pty = at(&demo, "review --pack pack --chart demo apps", 90);
    pty.until("two.yaml");
    pty.press("\r", "Accept?");
    let list = pty.press("y", LIST);
    assert!(!list.contains("wherever it is the same"), "{list}");
    pty.press("\r", "Take this answer?");
    // Only names and unchanged lines differ from the first.
    let card = pty.press("y", "Accept?");
    assert!(card.contains("The same was accepted for"), "{card}");
    let list = pty.press("r", LIST);
    assert!(list.contains("accepted as for"), "{list}");
    assert!(list.contains("wherever it is the same"), "{list}");
    pty.press("\x1b[A", "> (answered");
    let end = pty.press("\r", "Write 4 files?");
    assert_eq!(end.matches("accepted as for").count(), 2, "{end}");
    assert_eq!(end.matches("answered ").count(), 3, "{end}");
    pty.press("y", "file:");
    pty.keys(ESC);
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    for name in ["four", "one", "three", "two"] {
        let text = demo.text(&format!("apps/{name}.yaml"));
        assert!(
            text.contains("new: a") && text.contains("picked: b"),
            "{text}"
        );
    }
}

#[test]
fn a_list_is_shown_again_in_another_width_and_after_a_suspension() {
    let demo = Demo::new();
    demo.file("a.yaml", ASKS);
    let mut pty = at(&demo, "review --pack pack a.yaml --from 1.0.0", 80);
    pty.until(CHANGE);
    pty.press("y", LIST);
    pty.press(DOWN, "> type");
    pty.resize(50);
    let again = pty.until(LIST);
    assert!(again.contains("> type"), "it begins where it was: {again}");
    pty.press("\r", "text:");
    pty.keys(CTRL_C);
    assert_eq!(pty.end().0, 130);

    let mut pty = Pty::shell(demo.folder(), 80);
    pty.until("shell>");
    pty.keys("\"$REFIT\" review --pack pack a.yaml --from 1.0.0\r");
    pty.until(CHANGE);
    // At a key, the whole card is shown again.
    pty.press(CTRL_Z, "Stopped");
    let card = pty.press("fg\r", CHANGE);
    assert!(card.contains("[1/2] Rename old to new"), "{card}");
    // At a list.
    pty.press("y", LIST);
    assert!(pty.hides_the_cursor());
    // A list reads without signals for a moment, in which no person is quick enough.
    std::thread::sleep(std::time::Duration::from_millis(200));
    pty.press(CTRL_Z, "Stopped");
    assert!(!pty.hides_the_cursor(), "the shell has its cursor");
    let list = pty.press("fg\r", LIST);
    assert!(list.contains("> keep"), "{list}");
    // At a line.
    pty.press(DOWN, "> type");
    pty.press("\r", "text:");
    pty.press("ab", "ab");
    pty.press(CTRL_Z, "Stopped");
    let line = pty.press("fg\r", "text: ab");
    assert!(line.ends_with("text: ab"), "{line}");
    pty.press(CTRL_C, "To go on from here:");
    pty.keys("exit 0\r");
    assert_eq!(pty.end().0, 0);
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_numbers() {
    let demo = Demo::new();
    demo.file("a.yaml", ASKS);
    let args = ["review", "--pack", "pack", "a.yaml", "--from", "1.0.0"];
    let mut pty = Pty::new(demo.folder(), &args, 80, &[("TERM", "dumb")]);
    pty.until(CHANGE);
    let list = pty.press("y\r", "number, Enter=1, or a key:");
    assert!(
        list.contains("  1  keep (recommended)\n  2  type\n"),
        "{list}"
    );
    pty.press("7\r", "a number from 1 to 4");
    pty.press("?\r", "number, Enter=1, or a key:");
    pty.press("2\r", "text:");
    pty.press("abc\r", TAKE);
    pty.keys("q\r");
    let raw = pty.raw();
    assert!(!raw.contains('\x1b'), "{raw}");
    assert_eq!(pty.end().0, 1);
}
