//! `refit review` of several releases at a real terminal: what they share, what is decided for each,
//! what `refit.yaml` and manifests have to do with it, and the questions that refit itself asks.
#![cfg(unix)]

use crate::demo;
use crate::pty;

use demo::{Demo, Run};
use pty::Pty;

const BASE: &str = "# ours\nold: a # why\npick: b\n";
const PROD: &str = "# prod\npassword: hunter2-prod\n";
const STAGING: &str = "# staging\npassword: hunter2-staging\n";
const TWO: [&str; 4] = [
    "--release",
    "prod@1.0.0=base.yaml,prod.yaml",
    "--release",
    "staging@1.0.0=base.yaml,staging.yaml",
];
const FILES: [&str; 3] = ["base.yaml", "prod.yaml", "staging.yaml"];

const CHANGE: &str = "Accept? [Y,s,A,S,m,d,l,e,b,q,?]";
const TAKE: &str = "Take this answer? [Y,b,m,d,l,e,q,?]";
const FILE: &str = "file:";
/// What a list of options ends with.
const LIST: &str = "(leave the question open)";

fn team() -> Demo {
    let demo = Demo::new();
    restore(&demo);
    demo
}

fn restore(demo: &Demo) {
    for (name, text) in FILES.into_iter().zip([BASE, PROD, STAGING]) {
        demo.file(name, text);
    }
}

fn texts(demo: &Demo) -> [String; 3] {
    FILES.map(|name| demo.text(name))
}

fn review(demo: &Demo, args: &[&str], columns: u16) -> Pty {
    let mut all = vec!["review", "--pack", "pack", "--chart", "demo"];
    all.extend(args);
    Pty::new(demo.folder(), &all, columns, &[])
}

/// Runs the last command that a review has printed.
fn replay(demo: &Demo, screen: &str) -> Run {
    let start = screen
        .rfind("  refit upgrade ")
        .expect("a command is printed");
    let text = screen[start..].trim();
    let end = text.find("--write").expect("it writes") + "--write".len();
    let script = text[..end].replacen("refit", "\"$REFIT\"", 1);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]);
    shell.env("REFIT", env!("CARGO_BIN_EXE_refit"));
    shell.current_dir(demo.folder()).output().unwrap().into()
}

#[test]
fn each_release_is_decided_and_what_they_share_is_asked_once() {
    let demo = team();
    let mut pty = review(&demo, &TWO, 80);
    let card = pty.until(CHANGE);
    for part in [
        "prod (base.yaml, prod.yaml): demo 1.0.0 → 2.0.0\nstaging (base.yaml, staging.yaml): demo",
        "They share files",
        "4 things to decide",
        "[1/4] Rename old to new [rename]\n  for prod (base.yaml, prod.yaml)\n",
        "-old: a # why\n+new: a # why\n pick: b\n",
    ] {
        assert!(card.contains(part), "{part}: {card}");
    }
    pty.press("y", LIST);
    pty.press("1", TAKE);
    let card = pty.press("y", CHANGE);
    for part in [
        "[3/4] Rename old to new [rename]\n  for staging (base.yaml, staging.yaml)\n",
        // By itself: what was decided for prod is not mixed in.
        "-old: a # why\n+new: a # why\n pick: b\n",
    ] {
        assert!(card.contains(part), "{part}: {card}");
    }
    // So far, by release.
    let so_far = pty.press("d", CHANGE);
    assert!(
        so_far.contains("prod (base.yaml, prod.yaml)\nbase.yaml  -2 +2\n"),
        "{so_far}"
    );
    assert!(!so_far.contains("staging (base.yaml"), "{so_far}");
    // Back over the border of two releases.
    let back = pty.press("b", LIST);
    assert!(
        back.contains("[2/4] Choose once [choose]\n  for prod"),
        "{back}"
    );
    pty.press("1", TAKE);
    pty.press("y", CHANGE);
    let card = pty.press("y", LIST);
    assert!(card.contains("[4/4] Choose once"), "{card}");
    assert!(card.contains("*1 keep: Keep it (as for prod)"), "{card}");
    pty.press("2", "text:");
    pty.press("other\r", TAKE);
    // They want different things of base.yaml now.
    let card = pty.press("y", LIST);
    for part in [
        "[5/5] Keep apart what releases want of a layer that they share [shared-layer]",
        "for prod (base.yaml, prod.yaml) and staging (base.yaml, staging.yaml)",
        "prod and staging share base.yaml and want different things of it.",
        "1 like-prod: As prod needs it; staging gets what differs in staging.yaml",
    ] {
        assert!(card.contains(part), "{part}: {card}");
    }
    assert!(
        !card.contains("since demo 2.0.0"),
        "no chart asks this: {card}"
    );
    let told = pty.press("s", LIST);
    assert!(told.contains("this has to be answered"), "{told}");
    let effect = pty.press("1", TAKE);
    for part in [
        "-old: a # why\n-pick: b\n+new: a # why\n+picked: b\n",
        "staging.yaml",
        "+picked: other\n",
    ] {
        assert!(effect.contains(part), "{part}: {effect}");
    }
    let back = pty.press("b", LIST);
    assert!(back.contains("back to the options"), "{back}");
    let effect = pty.press("2", TAKE);
    assert!(
        effect.contains("prod.yaml") && effect.contains("+picked: b\n"),
        "{effect}"
    );
    let result = pty.press("y", "Write 2 files? [y,N,b,d,l,q,?]");
    for part in [
        "prod (base.yaml, prod.yaml)\n",
        "3 accepted, 0 skipped, 0 open.",
        "2 accepted, 0 skipped, 0 open.",
    ] {
        assert!(result.contains(part), "{part}: {result}");
    }
    // From the end back to the question that was asked last.
    pty.press("b", LIST);
    pty.press("2", TAKE);
    pty.press("y", "Write 2 files?");
    assert_eq!(texts(&demo), [BASE, PROD, STAGING], "nothing is written");
    pty.press("y", FILE);
    pty.keys("\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    let written = texts(&demo);
    assert_eq!(written[0], "# ours\nnew: a # why\npicked: other\n");
    assert_eq!(written[1], "# prod\npicked: b\npassword: hunter2-prod\n");
    assert_eq!(written[2], STAGING);
    let record = demo.text("base.yaml.answers");
    for part in [
        "releases:\n  prod:\n    answers:\n      choose:\n        option: keep\n",
        "      shared-layer:\n        option: like-staging\n",
        "  staging:\n    answers:\n      choose:\n        option: type\n        inputs:\n          text: \"other\"\n",
    ] {
        assert!(record.contains(part), "{part}: {record}");
    }
    restore(&demo);
    let run = replay(&demo, &screen);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(texts(&demo), written);
}

#[test]
fn a_step_is_skipped_for_one_release_alone() {
    let demo = team();
    let mut pty = review(&demo, &TWO, 200);
    pty.until(CHANGE);
    pty.press("s", "[y/N]");
    pty.press("y", LIST);
    // Leaving here: what was decided is in the command, with its release.
    pty.keys("q");
    let (code, screen) = pty.end();
    assert_eq!(code, 1, "{screen}");
    assert!(screen.contains("--skip prod:rename"), "{screen}");
    let start = screen.rfind("  refit review ").expect("how to go on");
    let line = screen[start..].trim().replace("\\\n", " ");
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let mut pty = Pty::new(demo.folder(), &words, 200, &[]);
    let card = pty.until("Accept? [y,s*,A,S,m,d,l,e,b,q,?]");
    assert!(card.contains("It was skipped before"), "{card}");
    // All the rest: as before for prod, accepted for staging; the layer that is shared is asked about.
    let asked = pty.press("A", LIST);
    for part in [
        "1 like-staging: ",
        "skipped, as before: rename for prod\n",
        "answered as recommended: choose for prod: keep (Keep it)\n",
        "accepted: rename for staging (Rename old to new)\n",
        "answered the same: choose for staging: keep (Keep it)\n",
    ] {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    pty.press("1", TAKE);
    pty.press("y", "Write 2 files?");
    pty.press("y", FILE);
    pty.keys("two.answers\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    let written = texts(&demo);
    assert_eq!(written[0], "# ours\nnew: a # why\npicked: b\n");
    assert!(written[1].contains("old: a"), "{}", written[1]);
    assert!(
        demo.text("two.answers").contains("    skip: [rename]\n"),
        "{}",
        demo.text("two.answers")
    );
    restore(&demo);
    let run = replay(&demo, &screen);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(texts(&demo), written);
    // Without the file, with options alone.
    restore(&demo);
    let run = demo.run(
        "upgrade --pack pack --chart demo --release prod@1.0.0=base.yaml,prod.yaml --release \
         staging@1.0.0=base.yaml,staging.yaml --skip prod:rename --answer choose=keep --answer \
         shared-layer=like-staging --force --write",
    );
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(texts(&demo), written);
    let run =
        demo.run("upgrade --pack pack --chart demo --release a@1.0.0=base.yaml --skip b:rename");
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("there is no release `b`"), "{run:?}");
}

const PROJECT: &str = "\
refit: 1
releases:
  prod:
    chart: demo
    version: \"1.0.0\"
    layers: [base.yaml, prod.yaml]
    answers:
      choose: {option: type, inputs: {text: \"typed\"}, evidence: {pick: b}}
  staging:
    chart: demo
    version: \"1.0.0\"
    layers: [base.yaml, staging.yaml]
    answers:
      choose: {option: type, inputs: {text: \"typed\"}, evidence: {pick: z}}
";

#[test]
fn a_review_of_refit_yaml_proposes_its_answers_and_notes_what_was_reached() {
    let demo = team();
    demo.file("refit.yaml", PROJECT);
    let mut pty = Pty::new(demo.folder(), &["review", "--pack", "pack"], 80, &[]);
    pty.until(CHANGE);
    let card = pty.press("y", LIST);
    assert!(card.contains("*2 type: Type it (as before)"), "{card}");
    pty.press("\r", "text [typed]:");
    pty.press("\r", TAKE);
    pty.press("y", CHANGE);
    // That one was given for other values, and is not proposed; what was said for prod is.
    let card = pty.press("y", LIST);
    assert!(card.contains("*2 type: Type it (as for prod)"), "{card}");
    pty.press("2", "text [typed]:");
    pty.press("\r", TAKE);
    // They agree, so nothing is asked about the layer.
    pty.press("y", "Write 1 file?");
    let noted = pty.press("y", FILE);
    assert!(
        noted.contains("Noted in refit.yaml: prod is on demo 2.0.0, staging is on demo 2.0.0"),
        "{noted}"
    );
    pty.keys("\x1b");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(
        demo.text("base.yaml"),
        "# ours\nnew: a # why\npicked: typed\n"
    );
    let project = demo.text("refit.yaml");
    assert_eq!(project.matches("2.0.0").count(), 2, "{project}");
    // From here on there is nothing to do.
    let (code, screen) = Pty::new(demo.folder(), &["review", "--pack", "pack"], 80, &[]).end();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(screen.matches("nothing to do").count(), 2, "{screen}");
}

#[test]
fn an_answer_for_other_values_is_not_proposed() {
    let demo = team();
    let (start, staging) = PROJECT.split_at(PROJECT.find("  staging:").unwrap());
    let start = &start[..start.find("  prod:").unwrap()];
    demo.file("refit.yaml", format!("{start}{staging}"));
    let args = ["review", "--pack", "pack", "--release", "staging"];
    let mut pty = Pty::new(demo.folder(), &args, 80, &[]);
    pty.until(CHANGE);
    let card = pty.press("y", LIST);
    assert!(
        card.contains("It was answered before, but for other values than these."),
        "{card}"
    );
    assert!(card.contains("*1 keep: Keep it (recommended)"), "{card}");
    pty.keys("q");
    assert_eq!(pty.end().0, 1);
}

const APPLICATION: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: streams
spec:
  source:
    repoURL: https://arroyosystems.github.io/helm-repo
    chart: arroyo
    targetRevision: 0.10.3
    helm:
      valuesObject:
        controller:
          image: {repository: reg.example/a/arroyo, tag: \"0.10.3\"}
        worker:
          image: {repository: reg.example/a/arroyo, tag: \"0.10.3\"}
        artifactUrl: s3://a/artifacts
        checkpointUrl: s3://a/checkpoints
";

#[test]
fn a_folder_with_manifests_is_reviewed() {
    let demo = Demo::new();
    std::fs::create_dir(demo.path("apps")).unwrap();
    demo.file("apps/streams.yaml", APPLICATION);
    demo.file("apps/other.yaml", APPLICATION.replace("streams", "rivers"));
    demo.file("apps/notes.yaml", "not: ours\n");
    let mut pty = Pty::new(
        demo.folder(),
        &["review", "apps", "--to", "0.15.0"],
        80,
        &[],
    );
    let list = pty.until("streams.yaml)");
    assert!(list.contains("Review which of 2?"), "{list}");
    let card = pty.press("\r", CHANGE);
    assert!(card.contains("2 of 2 are reviewed."), "{card}");
    assert!(card.contains("rivers (apps/other.yaml)"), "{card}");
    assert!(card.contains("Release 1 of 2"), "{card}");
    let card = pty.press("y", CHANGE);
    assert!(card.contains("streams (apps/streams.yaml)"), "{card}");
    let asked = pty.press("s", "[y/N]");
    assert!(asked.contains("this stops working"), "{asked}");
    pty.press("y", "Write 2 files?");
    pty.press("y", FILE);
    // One record for the folder: one command makes it again.
    pty.keys("apps.answers\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    let written = ["apps/streams.yaml", "apps/other.yaml"].map(|name| demo.text(name));
    assert!(
        written[0].contains("targetRevision: 0.15.0"),
        "{}",
        written[0]
    );
    assert!(written[0].contains("controller:"), "it was skipped here");
    assert!(!written[1].contains("controller:"), "and done here");
    let record = demo.text("apps.answers");
    assert!(
        record.contains("  \"Application/streams\":\n    answers: {}\n    skip: [one-image]\n"),
        "{record}"
    );
    demo.file("apps/streams.yaml", APPLICATION);
    demo.file("apps/other.yaml", APPLICATION.replace("streams", "rivers"));
    let run = replay(&demo, &screen);
    assert_eq!(run.code, 0, "{run:?}");
    let again = ["apps/streams.yaml", "apps/other.yaml"].map(|name| demo.text(name));
    assert_eq!(again, written);
    // A folder in which there is nothing for refit is not passed over in silence.
    std::fs::remove_file(demo.path("apps/streams.yaml")).unwrap();
    std::fs::remove_file(demo.path("apps/other.yaml")).unwrap();
    let (code, screen) = Pty::new(demo.folder(), &["review", "apps"], 80, &[]).end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("Nothing here is for a chart"), "{screen}");
}

const ALIASES: &str = "\
controller:
  image: &image
    repository: reg.example/app
    tag: \"0.10\"
worker:
  image: *image
";

#[test]
fn a_copy_is_asked_about_when_its_lines_can_be_shown() {
    let demo = Demo::new();
    let keys =
        ["controller", "worker"].map(|key| format!("{key}: [{{in: \"*\", default: {{}}}}]\n"));
    demo.file(
        "pack/keys.yaml",
        keys.concat() + "old: [{in: \"<2.0.0\", default: \"\"}]\n",
    );
    demo.file(
        "pack/2.0.0.yaml",
        "version: 2.0.0\ntitle: Tags\nsteps:\n  tags:\n    title: Rename the tag\n    \
         move: {worker.image.tag: worker.image.version}\n",
    );
    demo.file("v.yaml", ALIASES);
    let mut pty = review(&demo, &["v.yaml", "--from", "1.0.0"], 80);
    let card = pty.until(CHANGE);
    assert!(card.contains("[1/2] Rename the tag"), "{card}");
    assert!(card.contains("-  image: *image\n"), "{card}");
    assert!(card.contains("version: \"0.10\"\n"), "{card}");
    let card = pty.press("y", LIST);
    assert!(
        card.contains("[2/2] Give values that several places share a copy"),
        "{card}"
    );
    assert!(card.contains("*1 copy:"), "{card}");
    let told = pty.press("s", LIST);
    assert!(told.contains("this has to be answered"), "{told}");
    // The way that leaves the file as it is leads nowhere, and says so.
    let told = pty.press("2", LIST);
    assert!(told.contains("error: v.yaml"), "{told}");
    let effect = pty.press("1", TAKE);
    assert!(effect.contains("-  image: *image\n"), "{effect}");
    pty.press("y", "Write 1 file?");
    pty.press("y", FILE);
    pty.keys("\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    let written = demo.text("v.yaml");
    assert!(written.contains("version: \"0.10\""), "{written}");
    demo.file("v.yaml", ALIASES);
    let run = replay(&demo, &screen);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(demo.text("v.yaml"), written);
}

const SEALED: &str = "\
s3:
    region: ENC[AES256_GCM,data:abc=,iv:abc=,tag:abc=,type:str]
sops:
    mac: ENC[AES256_GCM,data:abc=,iv:abc=,tag:abc=,type:str]
    version: 3.9.0
";

#[test]
fn what_cannot_be_read_has_to_be_answered() {
    let demo = Demo::new();
    demo.file(
        "base.yaml",
        "artifactUrl: s3://a/a\ncheckpointUrl: s3://a/b\ncontroller: {image: {tag: \"0.10.3\"}}\n",
    );
    demo.file("secrets.yaml", SEALED);
    let args = [
        "review",
        "--from",
        "0.10.3",
        "--to",
        "0.15.0",
        "-f",
        "base.yaml",
        "-f",
        "secrets.yaml",
    ];
    let mut pty = Pty::new(demo.folder(), &args, 80, &[]);
    pty.until("b,q,?]");
    pty.press("S", "[y/N]");
    let asked = pty.press("y", LIST);
    for part in [
        "This one has to be answered.",
        "Mind the layers that cannot be read [sealed-layer]",
        "secrets.yaml cannot be read, and may hold settings that the upgrade moves.",
        "s3.region: set in secrets.yaml",
        "1 go-on: Yes: it holds nothing that moves",
    ] {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    let effect = pty.press("1", TAKE);
    assert!(effect.contains("changes no line"), "{effect}");
    pty.press("y", "Nothing changes. Done?");
    pty.press("y", FILE);
    pty.keys("\x1b");
    assert_eq!(pty.end().0, 0);
    assert_eq!(demo.text("secrets.yaml"), SEALED);
}

#[test]
fn which_of_two_places_counts_is_asked_first() {
    let demo = Demo::new();
    let case = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/cases/carriers/flux-doubt/old"
    );
    let file = std::fs::read_dir(case).unwrap().next().unwrap().unwrap();
    demo.file("release.yaml", std::fs::read(file.path()).unwrap());
    let args = ["review", "release.yaml", "--to", "0.15.0"];
    let mut pty = Pty::new(demo.folder(), &args, 80, &[]);
    let card = pty.press("", LIST);
    assert!(
        card.contains("[1/2] Say which of two settings counts"),
        "{card}"
    );
    let effect = pty.press("2", TAKE);
    assert!(effect.contains("changes no line"), "{effect}");
    let card = pty.press("y", CHANGE);
    assert!(card.contains("[2/2] Move s3.region"), "{card}");
    assert!(card.contains("eu-north-1"), "{card}");
    pty.press("y", "Write 1 file?");
    pty.press("y", FILE);
    pty.keys("\r");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    let written = demo.text("release.yaml");
    demo.file("release.yaml", std::fs::read(file.path()).unwrap());
    let run = replay(&demo, &screen);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(demo.text("release.yaml"), written);
}
