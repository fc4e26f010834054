#!/usr/bin/env python3
"""Takes versions of charts out of clones, so that they can be rendered without a network.

    charts.py CLONES OUT NAME@VERSION...      VERSION may be the beginning of one: the newest that fits is taken
    charts.py CLONES OUT --changes TSV        both versions of every row of a table of changes (chart, from, to)

CLONES is a folder of clones (bare or not, at any depth of two). What a chart depends on is looked for in the same
clones and put into its charts/; what is nowhere is taken out of its Chart.yaml, and told. The result is
OUT/NAME-VERSION/, which is left alone if it is there.
"""

import re
import shutil
import subprocess
import sys
import io
from pathlib import Path

import yaml


def git(repository, *args, data=None, check=True):
    run = subprocess.run(["git", f"--git-dir={repository}", *args], input=data, capture_output=True)
    if check and run.returncode:
        sys.exit(f"{repository}: git {' '.join(args)}: {run.stderr.decode()}")
    return run.stdout


def number(version):
    """What versions are ordered by; a pre-release comes before its release."""
    plain, _, pre = version.lstrip("v").partition("-")
    parts = [int(part) for part in re.findall(r"\d+", plain.partition("+")[0])[:3]]
    return (parts + [0, 0, 0])[:3], not pre, pre


class Clones:
    def __init__(self, folder):
        found = [path for pattern in ("*", "*/*") for path in Path(folder).glob(pattern)]
        candidates = [path / ".git" if (path / ".git").is_dir() else path for path in found]
        self.repositories = [path for path in candidates if (path / "objects").is_dir() and (path / "HEAD").is_file()]
        self.known = {}
        self.logs = {}

    def files(self, repository):
        """Every (commit, path) that sets a Chart.yaml on the way to HEAD, and on other branches behind these."""
        if repository not in self.logs:
            patterns = [":(glob)**/Chart.yaml", ":(glob)**/Chart.template.yaml"]
            found = []
            for revisions in (["--first-parent", "-m", "HEAD"], ["--all"]):
                log = git(repository, "log", *revisions, "--format=C%H", "--name-only", "--", *patterns, check=False)
                commit = None
                for line in log.decode().splitlines():
                    if line.startswith("C") and len(line) == 41:
                        commit = line[1:]
                    elif line and commit:
                        found.append((commit, line))
            self.logs[repository] = list(dict.fromkeys(found))
        return self.logs[repository]

    def versions(self, name):
        """Version to (repository, commit, path of the chart)."""
        if name in self.known:
            return self.known[name]
        versions = {}
        for repository in self.repositories:
            # A folder may have the end of the name only.
            folders = {name[at:] for at in range(len(name)) if at == 0 or name[at - 1] == "-"}
            asked = [(commit, path) for commit, path in self.files(repository) if (path.split("/")[-2:-1] or [""])[0] in folders]
            # A chart whose version is filled in when it is released goes by the tags of its repository.
            templates = sorted({path for _, path in asked if path.endswith(".template.yaml")})
            asked = [(commit, path) for commit, path in asked if not path.endswith(".template.yaml")]
            texts = cat(repository, [f"{commit}:{path}" for commit, path in asked])
            for (commit, path), text in zip(asked, texts):
                if text is None or "<<<<<<<" in text:
                    continue
                chart_name = re.search(r"^name: *[\"']?([^\s\"']+)", text, re.M)
                version = re.search(r"^version: *[\"']?([^\s\"']+)", text, re.M)
                if chart_name and version and chart_name[1] == name:
                    # The log goes back in time: what is left in the end is the commit that set the version.
                    versions[version[1]] = (repository, commit, path.rsplit("/", 1)[0])
            if templates:
                for tag in git(repository, "tag").decode().split():
                    if re.fullmatch(r"v?\d+\.\d+\.\d+(-[\w.]+)?", tag):
                        versions.setdefault(tag, (repository, tag, templates[0].rsplit("/", 1)[0]))
        self.known[name] = versions
        return versions

    def newest(self, name, fits):
        versions = [version for version in self.versions(name) if fits(version)]
        return max(versions, key=number, default=None)


def contents(repository, names):
    """The bytes of each of some objects; None for one that is not there."""
    if not names:
        return []
    out = io.BytesIO(git(repository, "cat-file", "--batch", data="\n".join(names).encode() + b"\n"))
    found = []
    for _ in names:
        head = out.readline().split()
        if len(head) < 3 or not head[-1].isdigit():
            found.append(None)
            continue
        found.append(out.read(int(head[-1])))
        out.read(1)
    return found


def cat(repository, names):
    return [None if content is None else content.decode(errors="replace") for content in contents(repository, names)]


def begins(text):
    wanted = re.sub(r"\.x$", "", text.lstrip("v"))

    def fits(version):
        plain = version.lstrip("v")
        return plain == wanted or plain.startswith(wanted + ".") and "-" not in plain

    return fits


def in_range(text):
    """Whether a version is in a range, as far as charts use them for what they depend on."""
    text = text.strip()
    exact = text.lstrip("v=")
    if re.fullmatch(r"\d+\.\d+\.\d+(-[\w.]+)?", exact):
        return lambda version: version.lstrip("v") == exact
    if re.match(r"[~^]", text):
        low = number(text[1:])[0]
        same = 1 if text[0] == "^" else max(1, min(2, text[1:].count(".")))
        return lambda version: number(version)[1] and number(version)[0] >= low and number(version)[0][:same] == low[:same]
    fixed = re.sub(r"(\.[x*])+$", "", text, flags=re.I)
    if re.fullmatch(r"\d+(\.\d+)*", fixed):
        return lambda version: number(version)[1] and (version.lstrip("v") + ".").startswith(fixed + ".")
    bounds = re.findall(r"([<>]=?)\s*v?([\d.]+)", text)
    holds = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}
    return lambda version: number(version)[1] and all(holds[sign](number(version)[0], number(bound)[0]) for sign, bound in bounds)


def locked(at):
    """What a chart's lock file says that it depends on: name to version."""
    found = {}
    for lock in ("Chart.lock", "requirements.lock"):
        if (at / lock).exists():
            about = yaml.safe_load((at / lock).read_text()) or {}
            found.update({one["name"]: str(one["version"]) for one in about.get("dependencies") or []})
    return found


def released(repository, name, version, commit, path):
    """The tag of a release, if the chart at it is that version; else the commit that set the version."""
    plain = version.lstrip("v")
    pattern = re.compile(rf"(?:.*[-/@])?v?{re.escape(plain)}")
    tags = [tag for tag in git(repository, "tag", "--list", f"*{plain}").decode().split() if pattern.fullmatch(tag)]
    for tag in sorted(tags, key=lambda tag: (name not in tag, tag)):
        text = cat(repository, [f"{tag}:{path}/Chart.yaml"])[0] or ""
        if re.search(rf"^version: *[\"']?{re.escape(version)}[\"']?\s*$", text, re.M):
            return tag
    return commit


def extract(clones, name, version, at, depth=0):
    repository, commit, path = clones.versions(name)[version]
    commit = released(repository, name, version, commit, path)
    at.mkdir(parents=True)
    # What a clone lacks is left away: only large test data is.
    names = [line for line in git(repository, "ls-tree", "-r", "-z", "--name-only", commit, f"{path}/").decode().split("\0") if line]
    for file, content in zip(names, contents(repository, [f"{commit}:{file}" for file in names])):
        if content is None:
            print(f"  {name} {version}: the clone lacks {file}")
            continue
        target = at / file.removeprefix(path).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    template = at / "Chart.template.yaml"
    if template.exists():
        text = re.sub(r"\{\{\w+\}\}", "refit", template.read_text())
        text = re.sub(r"^version:.*", f"version: {version}", text, flags=re.M)
        (at / "Chart.yaml").write_text(re.sub(r"^appVersion:.*", f"appVersion: {version}", text, flags=re.M))
    lock = locked(at)
    for lists in (at / "Chart.yaml", at / "requirements.yaml"):
        if not lists.exists():
            continue
        about = yaml.safe_load(lists.read_text()) or {}
        kept = []
        for wanted in about.get("dependencies") or []:
            inner, spread = wanted["name"], str(wanted.get("version", ""))
            if (at / "charts" / inner / "Chart.yaml").exists():
                kept.append(wanted)
                continue
            exact = in_range(lock.get(inner, "-"))
            found = clones.newest(inner, exact) if depth < 4 and inner in lock else None
            if found is None and depth < 4:
                found = clones.newest(inner, in_range(spread))
            if found is None:
                print(f"  {name} {version}: left out {inner} {spread}, which no clone has")
                continue
            if not (at / "charts" / inner).exists():
                extract(clones, inner, found, at / "charts" / inner, depth + 1)
            kept.append({**wanted, "version": found})
        if about.get("dependencies"):
            about["dependencies"] = kept
            lists.write_text(yaml.safe_dump(about, sort_keys=False))
    for name in ("Chart.lock", "requirements.lock"):
        (at / name).unlink(missing_ok=True)


def main():
    clones, out = Clones(sys.argv[1]), Path(sys.argv[2])
    wanted = []
    if sys.argv[3] == "--changes":
        lines = Path(sys.argv[4]).read_text().splitlines()
        rows = [line.split("\t") for line in lines[1:]]
        for row in rows:
            moves = row[6] in ("move", "move-glob", "rename")
            if moves:
                wanted += [(row[1], row[2]), (row[1], row[3])]
    else:
        wanted = [tuple(text.split("@", 1)) for text in sys.argv[3:]]
    for name, text in dict.fromkeys(wanted):
        if text.endswith(".x"):
            # Within one major version: its first and its last.
            major = [v for v in clones.versions(name) if begins(text)(v) and number(v)[1]]
            versions = [min(major, key=number), max(major, key=number)] if major else []
        else:
            newest = clones.newest(name, begins(text))
            versions = [newest] if newest else []
        if not versions:
            print(f"{name} {text}: no clone has it")
        for version in versions:
            at = out / f"{name}-{version.lstrip('v')}"
            if at.exists():
                continue
            try:
                extract(clones, name, version, at)
                print(f"{name} {version}")
            except BaseException:
                shutil.rmtree(at, ignore_errors=True)
                raise


if __name__ == "__main__":
    main()
