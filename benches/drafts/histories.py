#!/usr/bin/env python3
"""What people did by hand when they raised a chart, beside what refit drafts for it without a pack.

    HELM_BIN=... histories.py DRAFTS CHARTS CLONES OUT [MOST [NAME...]]

DRAFTS is the built benchmark (`cargo build --bench drafts`; target/debug/deps/drafts-*), CHARTS a folder of clones of
charts (see charts.py), CLONES one of clones of GitOps repositories. In their histories it looks for commits that change
the version of a HelmRelease's chart and its values, takes the values before and both charts into OUT, drafts, and
compares with the values afterwards. At most MOST files (40) are taken, three for a repository and pair of versions;
NAME takes other charts than the eight that it knows clones of. What was found is kept in OUT
for the next run, and what was drafted. One line a value that wants a look, then a table in Markdown.

People also rename what need not be renamed. So a value for which nothing was drafted is left out of the values before,
and the new chart rendered with and without it: if that differs, its old key is in effect as before.

Where refit is sure of another place than the person's, the value is put there in the values afterwards: if the new
chart makes the same of them, it is another way to the same.

A person moved a value if it is gone from its key and stands at a key that was not there before. Values that are the
same as others (`true`, `1`) can have several such keys; any of them counts.
"""

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parent))
import charts

SECONDS = 240
NAMES = ["app-template", "traefik", "kube-prometheus-stack", "cert-manager", "ingress-nginx", "external-dns", "grafana", "argo-cd"]


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Dates and the like stay texts."""


Loader.yaml_implicit_resolvers = {
    key: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for key, found in Loader.yaml_implicit_resolvers.items()
}


def release(text):
    """(chart, version, values) of the one HelmRelease in a file."""
    try:
        documents = [one for one in yaml.load_all(text, Loader) if isinstance(one, dict)]
    except (yaml.YAMLError, ValueError):
        return None
    found = [one for one in documents if one.get("kind") == "HelmRelease"]
    if len(found) != 1:
        return None
    spec = found[0].get("spec") or {}
    chart = ((spec.get("chart") or {}).get("spec")) or {}
    if not isinstance(spec.get("values"), dict) or not chart.get("chart") or not chart.get("version"):
        return None
    return str(chart["chart"]), str(chart["version"]), spec["values"]


def versions_in(text):
    return re.findall(r"^ *version: *(\S+)", text, re.M)


def leaves(value, at=()):
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*at, str(key)))
    else:
        yield at, value


def shown(path):
    """As refit writes paths."""
    return ".".join(re.sub(r"([.\\\[\]=*,{}])", r"\\\1", key) for key in path)


def plain(text):
    return text.replace("\\", "").replace('[""]', "")


def changes(repository, names):
    """(commit, path) of commits that name a chart, or say that they migrate, and change a HelmRelease; newest first."""
    patterns = [":(glob)**/*helm*release*.y*ml", ":(glob)**/release.y*ml"]
    said = "|".join([*map(re.escape, names), "migrat", "bjw"])
    command = ["git", f"--git-dir={repository}", "log", "--no-merges", "--format=C%H", "--name-only", "-i", "-E"]
    command += [f"--grep={said}", "--diff-filter=M", "--", *patterns]
    try:
        log = subprocess.run(command, capture_output=True, timeout=SECONDS).stdout
    except subprocess.TimeoutExpired as stopped:
        log = stopped.stdout or b""
    commit = None
    for line in log.decode(errors="replace").splitlines():
        if re.fullmatch("C[0-9a-f]{40}", line):
            commit = line[1:]
        elif line and commit:
            yield commit, line


def collect(clones, known, names, most):
    found, per_pair = [], Counter()
    for repository in clones.repositories:
        asked = list(changes(repository, names))
        before = charts.cat(repository, [f"{commit}^:{path}" for commit, path in asked])
        after = charts.cat(repository, [f"{commit}:{path}" for commit, path in asked])
        for (commit, path), old, new in zip(asked, before, after):
            # Reading YAML takes long, and most commits change something else.
            if not old or not new or versions_in(old) == versions_in(new):
                continue
            old, new = release(old), release(new)
            if not old or not new or old[0] != new[0] or old[1] == new[1] or old[2] == new[2]:
                continue
            if old[0] not in names:
                continue
            if charts.number(old[1])[0][0] == charts.number(new[1])[0][0]:
                continue
            versions = known.versions(old[0])
            if old[1] not in versions or new[1] not in versions:
                continue
            key = (repository.parent.name, old[0], charts.number(old[1])[0][0])
            if per_pair[key] < 3:
                per_pair[key] += 1
                found.append((repository.parent.name, commit, path, old, new))
    # Every chart and repository has its turn before any has its second.
    order = Counter()
    ranked = []
    for one in found:
        key = (one[0], one[3][0], charts.number(one[3][1])[0][0])
        ranked.append((order[key], one))
        order[key] += 1
    ranked.sort(key=lambda pair: pair[0])
    return [one for _, one in ranked[:most]]


def without(values, path):
    """The values without the one at a path."""
    key, *rest = path
    kept = {name: without(inner, rest) if rest and str(name) == key else inner for name, inner in values.items()}
    # A map that is left empty would say something of its own.
    return {name: inner for name, inner in kept.items() if str(name) != key or rest and inner}


def render(chart, values):
    """What a chart makes of values; None if it refuses them."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(values, file, sort_keys=False, allow_unicode=True)
        file.flush()
        command = [os.environ.get("HELM_BIN", "helm"), "template", "refit", chart, "--namespace", "default", "-f", file.name]
        # Schemas may lie in the network.
        command.append("--skip-schema-validation")
        if version := os.environ.get("REFIT_KUBE_VERSION"):
            command += ["--kube-version", version]
        done = subprocess.run(command, capture_output=True, timeout=SECONDS)
    return done.stdout if done.returncode == 0 else None


def in_effect(chart, values, settings, demands):
    """Says of a path whether the new chart does something with the value there.

    What the new chart refuses is among the drafted settings; if it refuses the values, they are rendered without these.
    Keys that it demands beside a value are there.
    """
    for demand in demands:
        values = put(values, demand["key"].split("."), demand["value"])
    base, whole = values, render(chart, values)
    if whole is None:
        drafted = {plain(setting["from"]) for setting in settings}
        for path, _ in list(leaves(values)):
            if plain(shown(path)) in drafted:
                base = without(base, path)
        whole = render(chart, base)
    if whole is None:
        # A value that has to be written otherwise hides all others; of the map that has it nothing is known, or of all
        # maps of which something was drafted.
        fewer = [without(base, (str(key),)) for key in base]
        maps = {setting["from"].split(".")[0] for setting in settings}
        fewer.append({key: inner for key, inner in base.items() if str(key) not in maps})
        base, whole = next(((one, text) for one in fewer if (text := render(chart, one)) is not None), (base, None))
    return lambda path: whole is not None and render(chart, without(base, path)) not in (whole, None)


def same_but_for_names(one, other):
    """Whether two keys differ only in names between other keys, as of entries that a user names."""
    a, b = one.split("."), other.split(".")
    different = [at for at, (x, y) in enumerate(zip(a, b)) if x != y]
    apart = all(y - x > 1 for x, y in zip(different, different[1:]))
    return len(a) == len(b) and bool(different) and apart and different[0] > 0 and different[-1] < len(a) - 1


def put(values, path, value):
    """The values with one more."""
    key, *rest = path
    below = values.get(key) if isinstance(values, dict) else None
    return {**(values if isinstance(values, dict) else {}), key: put(below, rest, value) if rest else value}


def another_way(chart, after, moves):
    """Which of the values that refit puts elsewhere do the same there; each is (path, the person's keys, place, value).

    All are put there at once, because one of a map can hide the others; if that is not the same, each alone.
    """
    whole = render(chart, after)

    def is_same(some):
        values = after
        for path, theirs, place, value in some:
            own = [to for to in theirs if to[-1] == path[-1]] or theirs
            values = put(without(values, own[0]), place, value)
        return whole is not None and render(chart, values) == whole

    if moves and is_same(moves):
        return {path for path, *_ in moves}
    return {move[0] for move in moves if is_same([move])}


def keys_of(place):
    """The keys of a path as refit writes it."""
    return [re.sub(r"\\(.)", r"\1", key) for key in re.findall(r"(?:\\.|[^.\\])+", place)]


def judge(before, after, settings, works, other_way):
    """A word for each value of the file before, and lines to be looked at."""
    old, new = dict(leaves(before)), dict(leaves(after))
    fresh = {path: value for path, value in new.items() if path not in old}
    proposals = {plain(setting["from"]): setting for setting in settings}
    words, lines, elsewhere = Counter(), [], []
    for path, value in old.items():
        setting = proposals.get(plain(shown(path)))
        places = [plain(place["to"]) for place in setting["places"]] if setting else []
        kept = path in new
        ways = [to for to, there in fresh.items() if there == value or there == [value]]
        theirs = [plain(shown(to)) for to in ways]
        sure = setting is not None and setting["fate"] == "sure"
        hit = next((at for at, place in enumerate(places) if place in theirs), None)
        named = any(same_but_for_names(place, to) for place in places for to in theirs)
        if kept:
            word = "kept by the person" if not setting else f"kept by the person, drafted {setting['fate']}"
        elif theirs:
            if sure:
                word = "moved: same, sure" if hit is not None else "moved: same but for names, sure" if named else "moved: ELSEWHERE, sure"
                if "ELSEWHERE" in word:
                    elsewhere.append((path, ways, keys_of(setting["places"][0]["to"]), value))
            elif hit is not None:
                word = "moved: same, asked"
            elif named:
                word = "moved: same but for names, asked"
            elif places:
                word = "moved: others asked"
            elif setting:
                word = f"moved: {setting['fate']}"
            else:
                word = "moved: works at its old key" if works(path) else "moved: nothing drafted"
        else:
            word = "dropped or rewritten" + (f", drafted {setting['fate']}" if setting else "")
        words[word] += 1
        if "ELSEWHERE" in word or word.startswith(("moved: others", "moved: nothing", "moved: lost")) or (sure and not theirs):
            lines.append(f"    {shown(path)}: {word}; person: {theirs[:3]}; refit: {places[:3]} {setting and setting['did']}")
    for path in other_way(elsewhere):
        words["moved: ELSEWHERE, sure"] -= 1
        words["moved: another way to the same, sure"] += 1
        lines.append(f"    {shown(path)}: that is another way to the same")
    return words, lines


def main():
    drafts, out = sys.argv[1], Path(sys.argv[4])
    known, clones = charts.Clones(sys.argv[2]), charts.Clones(sys.argv[3])
    most = int(sys.argv[5]) if len(sys.argv) > 5 else 40
    out.mkdir(parents=True, exist_ok=True)
    rows, total = [], Counter()
    # Going through histories takes minutes, so what was found is kept for the next run.
    names = sys.argv[6:] or NAMES
    kept = out / f"{'_'.join(names)}-{most}.json"
    if not kept.exists():
        kept.write_text(json.dumps(collect(clones, known, names, most)))
    cases = json.loads(kept.read_text())
    print(f"{len(cases)} files", flush=True)
    for number, (repository, commit, path, old, new) in enumerate(cases):
        folders = []
        for name, version in ((old[0], old[1]), (new[0], new[1])):
            at = out / f"{name}-{version.lstrip('v')}"
            if not at.exists():
                charts.extract(known, name, version, at)
            folders.append(str(at))
        file = out / f"case-{number:02}.yaml"
        file.write_text(yaml.safe_dump(old[2], sort_keys=False, allow_unicode=True))
        title = f"{repository} {commit[:9]} {path} {old[0]} {old[1]} to {new[1]}"
        try:
            answer = file.with_suffix(".json")
            if not answer.exists():
                run = subprocess.run([drafts, "values", *folders, str(file)], capture_output=True, timeout=SECONDS, env=os.environ)
                answer.write_bytes(run.stdout)
            found = json.loads(answer.read_text())
        except (subprocess.TimeoutExpired, json.JSONDecodeError) as error:
            print(f"{number:02} {title}: NOT DRAFTED: {type(error).__name__}", flush=True)
            continue
        works = in_effect(folders[1], old[2], found["settings"], found.get("demands", []))
        other_way = functools.partial(another_way, folders[1], new[2])
        words, lines = judge(old[2], new[2], found["settings"], works, other_way)
        total.update(words)
        unproven = f" NOT RENDERED: {found['unproven'][:150]}" if found["unproven"] else ""
        print(f"{number:02} {title}: {dict(words)} {found['renderings']} renderings, {found['ms']} ms{unproven}", flush=True)
        print("\n".join(lines), flush=True)
        rows.append((number, repository, commit[:9], f"{old[0]} {old[1]} to {new[1]}", words, found))
    print("\n| | commit | chart | moved by the person | same, sure | same but for names, sure | another way to the same, sure | same, asked | elsewhere, sure | others asked | works at its old key | none | renderings | s |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    sums = Counter()
    for number, repository, commit, chart, words, found in rows:
        moved = {word: count for word, count in words.items() if word.startswith("moved")}
        columns = [sum(moved.values()), words["moved: same, sure"], words["moved: same but for names, sure"], words["moved: another way to the same, sure"], words["moved: same, asked"] + words["moved: same but for names, asked"], words["moved: ELSEWHERE, sure"], words["moved: others asked"], words["moved: works at its old key"]]
        columns.append(columns[0] - sum(columns[1:]))
        sums.update(dict(enumerate([*columns, found["renderings"], found["ms"] / 1000])))
        print(f"| {number} | {repository} {commit} | {chart} | " + " | ".join(map(str, columns)) + f" | {found['renderings']} | {found['ms'] / 1000:.0f} |")
    print("| | all | | " + " | ".join(str(sums[at]) for at in range(10)) + f" | {sums[10]:.0f} |")
    print(dict(total))


main()
