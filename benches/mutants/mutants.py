#!/usr/bin/env python3
"""Tries cargo-mutants' mutants of the parts that .cargo/mutants.toml names, all built into one program behind a switch.

    git worktree add --detach /tmp/mutants && cd /tmp/mutants
    mkdir -p target && cargo mutants --list --json > target/mutants.json     # which
    python3 benches/mutants/mutants.py plant target/mutants.json             # into this work tree's sources
    python3 benches/mutants/mutants.py reach                                 # which test comes by which mutant
    python3 benches/mutants/mutants.py reach --cases 8 laws                  # those that took too long, with fewer cases
    python3 benches/mutants/mutants.py judge --minutes 60 src/write          # drawn by chance; goes on where it stopped
    python3 benches/mutants/mutants.py table                                 # the score of each folder, and what survived

A build of refit takes minutes, so a build for each mutant takes days. Here `a == b` becomes
`(if crate::mutant::on(7) { a != b } else { a == b })`, and a function gets `if crate::mutant::on(8) { return ...; }` in
front: one build holds them all, REFIT_MUTANT=7 chooses one, and with REFIT_REACHED=FILE the program notes which ones it
came by. A mutant is then judged by the tests that come by it, the quick ones first, each with a limit of time.

What rustc does not take behind a switch is left out: mutants that are no program, those of constants, of chains with
`let`, and of fields of structs. So is what other systems build.

It writes over the sources of the work tree that it stands in: never use it in a tree with work in it. What it finds out
lies in target/mutants/. It needs cargo-mutants, and tree-sitter with tree-sitter-rust from PyPI.
"""

import argparse, collections, json, math, os, pathlib, random, re, signal, subprocess, sys, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "target" / "mutants"
FOLDERS = ["src/yaml/rewrite", "src/edit", "src/migrate", "src/values", "src/write"]

SWITCH = """//! One of many mutants: the one that the environment names.
#![allow(missing_docs)]

use std::{
    io::Write as _,
    sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
};

const MANY: usize = 16384;
static CHOSEN: AtomicU32 = AtomicU32::new(u32::MAX);
static NOTING: AtomicBool = AtomicBool::new(false);
static SEEN: [AtomicBool; MANY] = [const { AtomicBool::new(false) }; MANY];

pub fn on(mutant: u32) -> bool {
    let mut chosen = CHOSEN.load(Relaxed);
    if chosen == u32::MAX {
        chosen = std::env::var("REFIT_MUTANT").ok().and_then(|name| name.parse().ok()).unwrap_or(0);
        NOTING.store(std::env::var_os("REFIT_REACHED").is_some(), Relaxed);
        CHOSEN.store(chosen, Relaxed);
    }
    if NOTING.load(Relaxed) && !SEEN[mutant as usize].swap(true, Relaxed) {
        if let Some(path) = std::env::var_os("REFIT_REACHED") {
            if let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(path) {
                let _ = file.write_all(format!("{mutant}\\n").as_bytes());
            }
        }
    }
    chosen == mutant
}
"""


def folder_of(path):
    return next(folder for folder in FOLDERS if path.startswith(folder))


def read(name):
    path = OUT / name
    return json.loads(path.read_text()) if path.exists() else None


def write(name, value):
    OUT.mkdir(parents=True, exist_ok=True)
    new = OUT / f"{name}.{os.getpid()}"
    new.write_text(json.dumps(value, indent=0))
    new.rename(OUT / name)


# ---------------------------------------------------------------- plant


class Source:
    """A file, and the nodes of it that get a switch."""

    def __init__(self, path):
        import tree_sitter, tree_sitter_rust

        self.text = (ROOT / path).read_bytes()
        self.lines = [0]
        for line in self.text.split(b"\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)
        parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))
        self.tree = parser.parse(self.text)
        self.sites = {}

    def offset(self, place):
        start = self.lines[place["line"] - 1]
        line = self.text[start : self.lines[place["line"]] - 1].decode()
        return start + len(line[: place["column"] - 1].encode())

    def node(self, mutant):
        """The node to switch, and of which kind it is; None if there is none that can be switched."""
        start, end = (self.offset(mutant["span"][side]) for side in ("start", "end"))
        node = self.tree.root_node.descendant_for_byte_range(start, end)
        if elsewhere(node):
            return None
        genre = mutant["genre"]
        if genre == "FnValue":
            while node and node.type not in ("function_item",):
                node = node.parent
            if not node or b"const" in self.text[node.start_byte : node.child_by_field_name("body").start_byte].split():
                return None
            return "body", node.child_by_field_name("body")
        if genre == "BinaryOperator":
            while node and node.type not in ("binary_expression", "compound_assignment_expr", "let_chain"):
                node = node.parent
            return None if not node or node.type == "let_chain" else ("binary", node)
        if genre == "UnaryOperator":
            while node and node.type != "unary_expression":
                node = node.parent
            return node and ("unary", node)
        if genre in ("MatchArm", "MatchArmGuard"):
            while node and node.type != "match_arm":
                node = node.parent
            others = [arm for arm in node.parent.children if arm != node] if node else []
            if genre == "MatchArm" and not any(map(catches_all, others)):
                return None
            pattern = node and node.child_by_field_name("pattern")
            guard = pattern and pattern.child_by_field_name("condition")
            if guard and guard.type.startswith("let_") and mutant["replacement"] == "true":
                return None
            return pattern and ("arm", pattern)
        return None

    def add(self, mutant):
        found = self.node(mutant)
        if not found:
            return False
        kind, node = found
        self.sites.setdefault((node.start_byte, node.end_byte, kind), (node, []))[1].append(mutant)
        return True

    def planted(self):
        spots = sorted(self.sites, key=lambda spot: (spot[0], -spot[1], spot[2]))
        return self.render(0, len(self.text), spots).decode()

    def render(self, start, end, spots):
        """The text from start to end, with the outermost spots in it switched."""
        out, at = [], start
        while spots:
            spot, spots = spots[0], spots[1:]
            inner = [other for other in spots if other[0] >= spot[0] and other[1] <= spot[1]]
            spots = spots[len(inner) :]
            out += [self.text[at : spot[0]], self.switched(spot, inner)]
            at = spot[1]
        return b"".join(out + [self.text[at:end]])

    def switched(self, spot, inner):
        node, mutants = self.sites[spot]
        on = lambda mutant: f"crate::mutant::on({mutant['id']})".encode()
        part = lambda child: self.text[child.start_byte : child.end_byte]
        if spot[2] == "body":
            returns = b"".join(
                b"if " + on(each) + b" { return " + each["replacement"].encode() + b"; } " for each in mutants
            )
            return b"{ " + returns + self.render(spot[0] + 1, spot[1], inner)
        if spot[2] == "arm":
            guard = node.child_by_field_name("condition")
            pattern_end = node.children[0].end_byte
            for child in node.children:
                if child.type == "if":
                    pattern_end = child.start_byte
            text = self.render(guard.start_byte, guard.end_byte, inner) if guard else b"true"
            if guard and not guard.type.startswith("let_"):
                text = b"(" + text + b")"
            for each in mutants:
                if each["genre"] == "MatchArm":
                    text = b"!" + on(each) + b" && " + text
                elif each["replacement"] == "true":
                    text = b"(" + on(each) + b" || (" + text + b"))"
                else:
                    text = b"!" + on(each) + b" && " + text
            if not guard:
                pattern_end = spot[1]
            return self.text[spot[0] : pattern_end] + b" if " + text
        plain = self.render(spot[0], spot[1], inner)
        text = b"("
        for each in mutants:
            if spot[2] == "unary":
                changed = part(node.children[1]) if len(node.children) > 1 else b""
            else:
                left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
                changed = part(left) + b" " + each["replacement"].encode() + b" " + part(right)
            text += b"if " + on(each) + b" { " + changed + b" } else "
        return text + b"{ " + plain + b" })"


def catches_all(arm):
    """Whether nothing that comes to this arm of a match goes on: `_` with a guard does not."""
    pattern = arm.child_by_field_name("pattern") if arm.type == "match_arm" else None
    if not pattern or pattern.child_by_field_name("condition"):
        return False
    return bool(re.fullmatch(rb"_|[a-z_]+", pattern.text.strip()))


def elsewhere(node):
    """Whether another system than this one builds the function around a node, as far as it says so itself."""
    while node and node.type != "function_item":
        node = node.parent
    before = node and node.prev_named_sibling
    while before and before.type in ("attribute_item", "line_comment"):
        if before.type == "attribute_item" and re.search(rb"cfg\(not\((unix|any\(target_os)", before.text):
            return True
        before = before.prev_named_sibling
    return False


def plant(arguments):
    mutants = json.loads(pathlib.Path(arguments.list).read_text())
    mutants = [each for each in mutants if any(each["file"].startswith(folder) for folder in FOLDERS)]
    for number, each in enumerate(mutants, 1):
        each["id"] = number
    lib = ROOT / "src" / "lib.rs"
    plain_lib = subprocess.run(["git", "show", "HEAD:src/lib.rs"], cwd=ROOT, capture_output=True, text=True).stdout
    (ROOT / "src" / "mutant.rs").write_text(SWITCH)
    lib.write_text(plain_lib + "\n#[doc(hidden)]\npub mod mutant;\n")
    files = sorted({each["file"] for each in mutants})
    state = {each["id"]: "planted" for each in mutants}
    for turn in range(40):
        subprocess.run(["git", "checkout", "-q", "--", *files], cwd=ROOT, check=True)
        for path in files:
            source = Source(path)
            for each in mutants:
                if each["file"] == path and state[each["id"]] == "planted" and not source.add(each):
                    state[each["id"]] = "no switch"
            (ROOT / path).write_text(source.planted())
        bad = refused()
        print(f"round {turn + 1}: {sum(value == 'planted' for value in state.values())} planted, {len(bad)} refused")
        if not bad:
            break
        for number in bad:
            state[number] = "refused"
    for each in mutants:
        each["state"] = state[each["id"]]
    write("list.json", mutants)
    for folder in FOLDERS:
        print(folder, dict(collections.Counter(each["state"] for each in mutants if each["file"].startswith(folder))))


def refused():
    """The mutants that rustc does not take, by the places of its errors."""
    run = subprocess.run(
        ["cargo", "test", "--no-run", "--test", "values", "--message-format=json", "-q"],
        cwd=ROOT, capture_output=True, text=True,
    )
    bad, strange = set(), []
    for line in run.stdout.splitlines():
        message = json.loads(line).get("message")
        if not message or message.get("level") != "error":
            continue
        numbers = set()
        for span in filter(lambda span: span["is_primary"], message["spans"]):
            numbers |= at(span)
        if not numbers and message["spans"]:
            strange.append(message["rendered"])
        bad |= numbers
    if run.returncode and not bad:
        sys.exit("\n".join(strange) or run.stderr)
    return bad


def at(span):
    """The mutants whose switched text holds a place."""
    text = (ROOT / span["file_name"]).read_bytes()
    place = span["byte_start"]
    # The nearest switch before it in the same function.
    found = list(re.finditer(rb"crate::mutant::on\((\d+)\)", text[: span["byte_end"]]))
    inside = [int(each[1]) for each in found if each.start() >= place]
    if inside:
        return set(inside)
    return {int(found[-1][1])} if found and place - found[-1].end() < 2000 else set()


# ---------------------------------------------------------------- reach


def environment(**more):
    gone = ("REFIT_MUTANT", "REFIT_REACHED", "CI")
    kept = {name: value for name, value in os.environ.items() if name not in gone}
    return {**kept, "CARGO_MANIFEST_DIR": str(ROOT), "INSTA_UPDATE": "no", "INSTA_WORKSPACE_ROOT": str(ROOT),
            "RUSTC_BOOTSTRAP": "1", "RUST_BACKTRACE": "0", **more}


def programs(names):
    """The test programs: name to path."""
    which = [flag for name in names for flag in (["--lib"] if name == "lib" else ["--test", name])]
    run = subprocess.run(
        ["cargo", "test", "--no-run", "--message-format=json", *which], cwd=ROOT, capture_output=True, text=True,
    )
    found = {}
    for line in run.stdout.splitlines():
        line = json.loads(line)
        if line.get("executable") and line.get("profile", {}).get("test"):
            found["lib" if "lib" in line["target"]["kind"] else line["target"]["name"]] = line["executable"]
    if run.returncode:
        sys.exit(run.stderr)
    return found


def run_tests(program, tests, limit, more=(), **environ):
    """The exit code (None if it took too long), the output and the seconds."""
    started = time.monotonic()
    process = subprocess.Popen(
        [program, "--exact", *more, *tests], cwd=ROOT, env=environment(**environ), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )
    try:
        said = process.communicate(timeout=limit)[0]
        return process.returncode, said.decode(errors="replace"), time.monotonic() - started
    except subprocess.TimeoutExpired:
        return None, "", time.monotonic() - started
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def reach(arguments):
    tests, found = read("tests.json") or {}, {}
    built = read("programs.json") or {}
    paths = {name: built[name] for name in arguments.tests} if arguments.built else programs(arguments.tests)
    write("programs.json", {**built, **paths})
    for name, program in paths.items():
        listed = subprocess.run([program, "--list", "--format", "terse"], cwd=ROOT, capture_output=True, text=True,
                                env=environment()).stdout
        todo = [line[: -len(": test")] for line in listed.splitlines() if line.endswith(": test")]
        todo = [test for test in todo if arguments.named in test]
        print(f"{name}: {len(todo)} tests", flush=True)
        for test in todo:
            key = f"{name} {test}"
            if arguments.cases and not (key in tests and tests[key].get("slow")):
                continue
            if key in tests and not arguments.again and not arguments.cases:
                continue
            note = OUT / f"reached-{name}.txt"
            note.unlink(missing_ok=True)
            cases = {"REFIT_CASES": str(arguments.cases)} if arguments.cases else {}
            code, said, seconds = run_tests(program, [test], arguments.limit, REFIT_REACHED=str(note), **cases)
            met = sorted({int(line) for line in note.read_text().split()}) if note.exists() else []
            found[key] = tests[key] = {"seconds": seconds, "passed": code == 0 and "1 passed" in said, "met": met,
                          "slow": code is None, "cases": arguments.cases}
            if not tests[key]["passed"]:
                print(f"  left out, {'too slow' if code is None else 'does not pass'}: {test}", flush=True)
            write("tests.json", {**(read("tests.json") or {}), **found})


# ---------------------------------------------------------------- judge


def judge(arguments):
    mutants = {each["id"]: each for each in read("list.json") if each["state"] == "planted"}
    tests = {key: each for key, each in read("tests.json").items() if each["passed"]}
    kept_in = f"verdicts-{arguments.folder.replace('/', '-')}.json"
    paths, verdicts = read("programs.json"), {int(key): value for key, value in (read(kept_in) or {}).items()}
    meets = collections.defaultdict(list)
    for key, each in tests.items():
        for number in each["met"]:
            meets[number].append(key)
    order = sorted(number for number in mutants if mutants[number]["file"].startswith(arguments.folder + "/"))
    random.Random(arguments.seed).shuffle(order)
    order = order[: arguments.most]
    if arguments.only:
        order = arguments.only
    tag = lambda key: key.split(" ", 1)[0] + (f"@{tests[key]['cases']}" if tests[key].get("cases") else "")
    known = {tag(key) for key in tests}
    kills = collections.Counter()
    for number, verdict in verdicts.items():
        if verdict.get("by") and number in mutants:
            kills[mutants[number]["file"], verdict["by"]] += 1
    end = time.monotonic() + 60 * arguments.minutes
    for number in order:
        tried = set()
        if number in verdicts and not arguments.only:
            tried = set(verdicts[number].get("programs", [arguments.folder.split("/")[1]]))
            if verdicts[number]["is"] in ("caught", "timeout") or not known - tried:
                continue
        if time.monotonic() > end:
            break
        left = [key for key in meets[number] if tag(key) not in tried]
        verdict = try_one(number, mutants[number]["file"], left, tests, paths, kills)
        if verdict["is"] == "unreached" and verdicts.get(number, {}).get("is") == "survived":
            verdict["is"] = "survived"
        verdict["programs"] = sorted(known)
        verdicts[number] = verdict
        if verdict.get("by"):
            kills[mutants[number]["file"], verdict["by"]] += 1
        print(f"{verdict['is']:9} {verdict['seconds']:6.1f} s  {number} {mutants[number]['name']}"
              f"  {verdict.get('by', '')}", flush=True)
        if not arguments.dry:
            write(kept_in, verdicts)


def try_one(number, path, keys, tests, paths, kills):
    started = time.monotonic()
    ended = lambda what, by="": {"is": what, "by": by, "seconds": round(time.monotonic() - started, 1)}
    if not keys:
        return ended("unreached")
    keys = sorted(keys, key=lambda key: tests[key]["seconds"])
    proven = sorted((key for key in keys if kills[path, key]), key=lambda key: -kills[path, key])[:5]
    rest = [key for key in keys if key not in proven]
    stages, total = [proven] if proven else [], 0.0
    stage, bound = [], 0.5
    for key in rest:
        if stage and total + tests[key]["seconds"] > bound:
            stages.append(stage)
            stage, total, bound = [], 0.0, bound * 3
        stage.append(key)
        total += tests[key]["seconds"]
    for stage in stages + [stage]:
        by_program = collections.defaultdict(list)
        for key in stage:
            by_program[key.split(" ", 1)[0], tests[key].get("cases")].append(key.split(" ", 1)[1])
        for (name, cases), chosen in by_program.items():
            limit = 20 + 8 * sum(tests[f"{name} {test}"]["seconds"] for test in chosen)
            code, said, _ = run_tests(
                paths[name], chosen, limit, ["-Zunstable-options", "--fail-fast"], REFIT_MUTANT=str(number),
                **({"REFIT_CASES": str(cases)} if cases else {}),
            )
            if code is None:
                return ended("timeout")
            if code:
                failed = re.search(r"^test (\S+).* FAILED$", said, re.M)
                return ended("caught", f"{name} {failed[1]}" if failed else "")
    return ended("survived")


# ---------------------------------------------------------------- table


def interval(good, all_):
    """Wilson's, for 95 %."""
    if not all_:
        return 0, 1
    share, deviation = good / all_, 1.96
    middle = share + deviation**2 / (2 * all_)
    spread = deviation * math.sqrt(share * (1 - share) / all_ + deviation**2 / (4 * all_**2))
    return (middle - spread) / (1 + deviation**2 / all_), (middle + spread) / (1 + deviation**2 / all_)


def table(arguments):
    mutants = read("list.json")
    verdicts = {}
    for folder in FOLDERS:
        kept = read(f"verdicts-{folder.replace('/', '-')}.json") or {}
        verdicts |= {int(key): value for key, value in kept.items()}
    print("| folder | mutants | left out | tried | caught | too slow | survived | score | 95 % |\n" + "|---" * 9 + "|")
    for folder in FOLDERS + [""]:
        here = [each for each in mutants if each["file"].startswith(folder)]
        tried = [each["id"] for each in here if each["id"] in verdicts and each["state"] == "planted"]
        counts = collections.Counter(verdicts[number]["is"] for number in tried)
        tried, caught = len(tried), counts["caught"] + counts["timeout"]
        low, high = interval(caught, tried)
        print(f"| {folder or 'all'} | {len(here)} | {sum(each['state'] != 'planted' for each in here)} | {tried} "
              f"| {counts['caught']} | {counts['timeout']} | {tried - caught} | {100 * caught / max(tried, 1):.1f} % "
              f"| {100 * low:.0f} to {100 * high:.0f} % |")
    for each in mutants:
        if each["state"] == "planted" and verdicts.get(each["id"], {}).get("is") in ("survived", "unreached"):
            print(each["id"], verdicts[each["id"]]["is"], each["name"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("plant")
    command.add_argument("list")
    command.set_defaults(run=plant)
    command = commands.add_parser("reach")
    command.add_argument("--limit", type=float, default=90, help="seconds for a test; slower ones are left out")
    command.add_argument("--named", default="", help="only tests with this in their names")
    command.add_argument("--cases", type=int, help="only tests that were too slow, with so many generated cases")
    command.add_argument("--built", action="store_true", help="the test programs are built already")
    command.add_argument("--again", action="store_true", help="also tests that were asked before")
    command.add_argument("tests", nargs="*", default=["lib", "values", "yaml", "laws", "packs", "cli"])
    command.set_defaults(run=reach)
    command = commands.add_parser("judge")
    command.add_argument("folder", choices=FOLDERS)
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--most", type=int, default=10000, help="how many")
    command.add_argument("--minutes", type=float, default=60)
    command.add_argument("--only", type=int, nargs="*", help="these, also if they were tried before")
    command.add_argument("--dry", action="store_true", help="keep no verdicts")
    command.set_defaults(run=judge)
    commands.add_parser("table").set_defaults(run=table)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
