#!/usr/bin/env python3
"""Compares what refit finds and does in checkouts of GitOps repositories with an independent count.

    python3 benches/repositories/compare.py REFIT 'CHART=PACK ...' FOLDER...

REFIT is the program, PACK the folder of a pack (nothing behind `=` for a built-in one). Each folder is copied; in the
copy refit previews, writes, and runs again. Printed is a line for each folder and chart, as a Markdown table:

    counted   releases that count_releases.py counts
    found     those of them that refit works out, whatever comes of them
    aside     those that it tells of and leaves alone: in hidden folders, or newer than its pack
    refused   those that it refuses, with the reason; reasons are listed below the table, with how often
    missed    those of which it says nothing, each listed below the table (0 is right)
    more      what it works out beyond them, listed too
    edited, open, same     what came of what was found: files change, a question is open, nothing to do
    again     releases that a second run would still change (0 is right)

A folder that is a git work tree is shown with its commit. Nothing is learnt from refit in count_releases.py; see there.
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent


def counted(folder, charts):
    command = [sys.executable, HERE / "count_releases.py", folder, *charts]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split("\t") for line in lines]


def run(refit, folder, packs, *options):
    command = [refit, "upgrade", ".", *packs, "-o", "json", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    try:
        return done.returncode, json.loads(done.stdout)
    except json.JSONDecodeError:
        sys.exit(f"{folder}: refit ended with {done.returncode} and no JSON:\n{done.stderr[-2000:]}")


def places(release):
    """The files of a release and the folders that they are in."""
    names = [entry["name"] for entry in release.get("files", [])]
    return set(names) | {os.path.dirname(name) for name in names}


def text_of(thing):
    return json.dumps(thing, ensure_ascii=False)


def reason(refusal):
    """Why something is refused, without what differs from case to case."""
    return f"{refusal['what']} {refusal.get('why') or ''}".strip()


def is_open(release):
    return any(step["state"] == "open" for step in release["steps"])


def changes(release):
    return any(file["changed"] for file in release["files"])


def commit(folder):
    command = ["git", "-C", folder, "log", "-1", "--format=%h %cs"]
    done = subprocess.run(command, capture_output=True, text=True)
    top = subprocess.run(["git", "-C", folder, "rev-parse", "--show-prefix"], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 and not top.stdout.strip() else "-"


def compare(refit, folder, charts, packs, notes, reasons):
    with tempfile.TemporaryDirectory() as work:
        copy = pathlib.Path(work) / folder.name
        shutil.copytree(folder, copy, symlinks=True)
        rows = counted(copy, charts)
        _, report = run(refit, copy, packs)
        run(refit, copy, packs, "--write")
        _, second = run(refit, copy, packs)
    lines = []
    for chart in charts:
        counts = collections.Counter()
        releases = [r for r in report["releases"] if r["chart"] == chart]
        refused = [r for r in report["refused"] if chart in text_of(r)]
        seen = [s for s in report.get("seen", []) if s["chart"] == chart]
        ahead = [name for a in report.get("ahead", []) if a["chart"] == chart for name in a["releases"]]
        left = list(releases)
        for kind, file, name, of, version in rows:
            if of != chart:
                continue
            counts["counted"] += 1
            fits = [r for r in left if file in places(r)]
            fits += [r for r in left if r not in fits and os.path.dirname(file) in places(r)]
            if fits:
                left.remove(fits[0])
                counts["found"] += 1
            elif any(s["at"]["file"].removeprefix("./") == file for s in seen) or any(name in a for a in ahead):
                counts["aside"] += 1
            elif why := [r for r in refused if file in text_of(r)] or [r for r in refused if name in text_of(r)]:
                counts["refused"] += 1
                reasons[f"{chart} {version}: {reason(why[0])}"] += 1
            else:
                counts["missed"] += 1
                notes.append(f"missed: {folder.name}: {kind} {file} {name} ({chart} {version})")
        notes += [f"more: {folder.name}: {r['chart']} {r.get('name')} {sorted(places(r))[:2]}" for r in left]
        counts["more"] = len(left)
        counts["open"] = sum(map(is_open, releases))
        counts["edited"] = sum(changes(r) and not is_open(r) for r in releases)
        counts["same"] = len(releases) - counts["open"] - counts["edited"]
        again = [r for r in second["releases"] if r["chart"] == chart and changes(r) and not is_open(r)]
        counts["again"] = len(again)
        if counts["counted"] or releases:
            lines.append((chart, counts))
    return lines


COLUMNS = ["counted", "found", "aside", "refused", "missed", "more", "edited", "open", "same", "again"]


def main():
    refit, packs, folders = sys.argv[1], sys.argv[2].split(), map(pathlib.Path, sys.argv[3:])
    charts = [pack.split("=")[0] for pack in packs]
    options = [o for pack in packs if pack.split("=")[1] for o in ("--pack", os.path.abspath(pack.split("=")[1]))]
    notes, reasons, sums = [], collections.Counter(), collections.Counter()
    print("| repository | commit | chart | " + " | ".join(COLUMNS) + " |")
    print("| --- | --- | --- |" + " ---: |" * len(COLUMNS))
    for folder in folders:
        for chart, counts in compare(os.path.abspath(refit), folder, charts, options, notes, reasons):
            sums.update(counts)
            cells = [folder.name, commit(folder), chart, *(str(counts[column]) for column in COLUMNS)]
            print("| " + " | ".join(cells) + " |", flush=True)
    print("| all | | | " + " | ".join(str(sums[column]) for column in COLUMNS) + " |\n")
    print("\n".join(notes))
    print("\n".join(f"refused {n} times: {why}" for why, n in reasons.most_common()))


if __name__ == "__main__":
    main()
