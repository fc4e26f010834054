#!/usr/bin/env python3
"""Compares what refit finds and does in checkouts of GitOps repositories with an independent count.

    python3 benches/repositories/compare.py REFIT 'CHART=PACK ...' FOLDER...

REFIT is the program, PACK the folder of a pack (nothing behind `=` for a built-in one). Each folder is copied; in the
copy refit previews, writes, and runs again. Printed is a line for each folder, as a Markdown table:

    counted   releases that count_releases.py counts     found   those of them that refit knows of
    missed    the others, each listed below the table    more    what refit found beyond them, listed too
    ready, open, refused   what became of what was found
    again     files that a second run would still change (0 is right)

Refused ones are listed with their reasons. Nothing is learnt from refit in count_releases.py; see there.
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


def compare(refit, folder, charts, packs, notes):
    with tempfile.TemporaryDirectory() as work:
        copy = pathlib.Path(work) / folder.name
        shutil.copytree(folder, copy, symlinks=True)
        rows = counted(copy, charts)
        _, report = run(refit, copy, packs)
        releases = [r for r in report["releases"] if r["chart"] in charts]
        refused = [r for r in report["refused"] if any(chart in text_of(r) for chart in charts)]
        left = list(releases)
        found, missed, said = 0, [], 0
        for kind, file, name, chart, version in rows:
            fits = [r for r in left if r["chart"] == chart and file in places(r)]
            fits += [
                r
                for r in left
                if r["chart"] == chart and r not in fits and os.path.dirname(file) in places(r)
            ]
            if fits:
                left.remove(fits[0])
                found += 1
                continue
            why = [r for r in refused if file in text_of(r) or name in text_of(r)]
            if why:
                said += 1
                notes.append(f"refused: {folder.name}: {file} ({chart} {version}): {why[0].get('message', why[0])}")
            else:
                missed.append(f"missed: {folder.name}: {kind} {file} {name} ({chart} {version})")
        notes += missed
        notes += [f"more: {folder.name}: {r['chart']} {r.get('name')} {sorted(places(r))[:2]}" for r in left]
        held = [r for r in releases if any(s["state"] == "open" for s in r["steps"])]
        run(refit, copy, packs, "--write")
        _, again = run(refit, copy, packs)
        changed = sum(f["changed"] for r in again["releases"] for f in r["files"])
        still_open = sum(f["changed"] for r in again["releases"] if any(s["state"] == "open" for s in r["steps"]) for f in r["files"])
        return [
            folder.name,
            len(rows),
            found,
            len(missed),
            len(left),
            len(releases) - len(held),
            len(held),
            said,
            changed - still_open,
        ]


def main():
    refit, packs, folders = sys.argv[1], sys.argv[2].split(), map(pathlib.Path, sys.argv[3:])
    charts = [pack.split("=")[0] for pack in packs]
    options = [o for pack in packs if pack.split("=")[1] for o in ("--pack", os.path.abspath(pack.split("=")[1]))]
    notes, sums = [], collections.Counter()
    print("| repository | counted | found | missed | more | ready | open | refused | again |")
    print("| --- |" + " ---: |" * 8)
    for folder in folders:
        row = compare(os.path.abspath(refit), folder, charts, options, notes)
        sums.update(dict(enumerate(row[1:])))
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
    print("| all | " + " | ".join(str(sums[i]) for i in range(8)) + " |\n")
    print("\n".join(notes))


if __name__ == "__main__":
    main()
