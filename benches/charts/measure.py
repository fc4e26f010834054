#!/usr/bin/env python3
"""Measures the built-in packs on real charts, and prints the table of docs/packs.md.

    python3 benches/charts/measure.py --clones DIR [--refit PROGRAM] [--helm HELM] [PACK...]

DIR holds clones of the charts' repositories, with their tags, each in a folder OWNER+NAME (a work tree or a bare
repository). Each version that a case in tests/cases/PACK goes from or to is taken out of its tag, with the other charts
that it needs from theirs, and `refit pack test --chart` does the rest: it renders both charts of each case with Helm,
compares what each setting does, and holds keys.yaml to each chart's values.yaml. Before that stand the size of the pack
and what it makes of the changes that the chart's notes document (changes.tsv).

A chart that it needs and that is in no clone (Redis, MinIO) is taken out of Chart.yaml, in all versions alike; that is
printed. Nothing is fetched, and nothing is written outside a temporary folder (--charts names one to keep).
"""

import argparse, json, os, pathlib, re, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Where each chart stands: repository, tag, folder.
CHARTS = {
    "app-template": [
        (owner + "+helm-charts", "app-template-{}", "charts/other/app-template") for owner in ("bjw-s-labs", "bjw-s")
    ],
    "argo-cd": [("argoproj+argo-helm", "argo-cd-{}", "charts/argo-cd")],
    "cert-manager": [("cert-manager+cert-manager", "v{}", "deploy/charts/cert-manager")],
    "external-dns": [("kubernetes-sigs+external-dns", "external-dns-helm-chart-{}", "charts/external-dns")],
    "grafana": [("grafana+helm-charts", "grafana-{}", "charts/grafana")],
    "ingress-nginx": [
        ("kubernetes+ingress-nginx", "helm-chart-{}", "charts/ingress-nginx"),
        ("kubernetes+ingress-nginx", "ingress-nginx-{}", "charts/ingress-nginx"),
    ],
    "kong": [("Kong+charts", "kong-{}", "charts/kong")],
    "kube-prometheus-stack": [
        ("prometheus-community+helm-charts", "kube-prometheus-stack-{}", "charts/kube-prometheus-stack")
    ],
    "loki": [
        ("grafana+loki", "helm-loki-{}", "production/helm/loki"),
        ("grafana+helm-charts", "loki-{}", "charts/loki"),
        ("grafana+helm-charts", "helm-loki-{}", "charts/loki"),
    ],
    "redpanda": [
        ("redpanda-data+redpanda-operator", "charts/redpanda/v{}", "charts/redpanda/chart"),
        ("redpanda-data+redpanda-operator", "charts/redpanda/v{}", "charts/redpanda"),
        ("redpanda-data+helm-charts", "redpanda-{}", "charts/redpanda"),
    ],
    "sumologic": [("SumoLogic+sumologic-kubernetes-collection", "v{}", "deploy/helm/sumologic")],
    "traefik": [("traefik+traefik-helm-chart", "v{}", "traefik")],
}
# Charts that these need.
OTHERS = {
    "common": [(owner + "+helm-charts", "common-{}", "charts/library/common") for owner in ("bjw-s-labs", "bjw-s")],
    "redis-ha": [("DandyDeveloper+charts", "redis-ha-{}", "charts/redis-ha")],
    "grafana": CHARTS["grafana"],
    "rollout-operator": [("grafana+helm-charts", "rollout-operator-{}", "charts/rollout-operator")],
    "grafana-agent-operator": [("grafana+helm-charts", "agent-operator-{}", "charts/agent-operator")],
    "console": [
        ("redpanda-data+redpanda-operator", "charts/console/v{}", "charts/console/chart"),
        ("redpanda-data+redpanda-operator", "charts/console/v{}", "charts/console"),
        ("redpanda-data+helm-charts", "console-{}", "charts/console"),
    ],
    "connectors": [("redpanda-data+helm-charts", "connectors-{}", "charts/connectors")],
    "kube-prometheus-stack": CHARTS["kube-prometheus-stack"],
    "kube-state-metrics": [
        ("prometheus-community+helm-charts", "kube-state-metrics-{}", "charts/kube-state-metrics")
    ],
    "prometheus-node-exporter": [
        ("prometheus-community+helm-charts", "prometheus-node-exporter-{}", "charts/prometheus-node-exporter")
    ],
    "prometheus-windows-exporter": [
        ("prometheus-community+helm-charts", "prometheus-windows-exporter-{}", "charts/prometheus-windows-exporter")
    ],
}
# Where the schemas of charts point to other files of their repository, at a tag.
SCHEMA = re.compile(r"https://raw\.githubusercontent\.com/[^/\"]+/([^/\"]+)/([^/\"]+)/([^\"#]+)/([^/\"#]+\.json)")
# What charts ask of the cluster that Helm does not have by itself.
CLUSTER = {"cert-manager": ["--kube-version", "1.31.0"]}
DEFAULT_CLUSTER = ["--kube-version", "1.29.0"]
APIS = ["monitoring.coreos.com/v1", "networking.k8s.io/v1/Ingress"]


def git(clone, *args, raw=False):
    done = subprocess.run(["git", "--git-dir", clone, *args], capture_output=True, check=False)
    if done.returncode:
        return None
    return done.stdout if raw else done.stdout.decode()


def clone_of(clones, name):
    for below in (".git", "repo", "repo/.git", ""):
        place = clones / name / below
        if (place / "HEAD").is_file():
            return str(place)
    return None


def number(text):
    found = re.match(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(-\S+)?$", text)
    return found and (tuple(int(part or 0) for part in found.groups()[:3]), not found[4])


def satisfies(version, wanted):
    """Whether a release is in a range as Chart.yaml writes it: comparisons, ~, ^, and parts left open."""
    for one in re.split(r"[,\s]+(?=[<>=~^\d])", re.sub(r"([<>=~^])\s+", r"\1", wanted.strip())):
        sign, rest = re.match(r"([<>=~^!]*)v?(.*)$", one).groups()
        parts = [part for part in rest.split("-")[0].split(".") if part not in ("*", "x", "")]
        least = tuple(int(part) for part in parts) + (0,) * (3 - len(parts))
        fixed = len(parts)
        if sign in ("", "="):
            ok = version[:fixed] == least[:fixed]
        elif sign == "~":
            ok = version >= least and version[: min(fixed, 2)] == least[: min(fixed, 2)]
        elif sign == "^":
            keep = 1 + next((at for at, part in enumerate(least) if part), 2)
            ok = version >= least and version[:keep] == least[:keep]
        else:
            ok = {">": version > least, ">=": version >= least, "<": version < least, "<=": version <= least}[sign]
        if not ok:
            return False
    return True


class Shelf:
    """Charts out of tags, with what they need, in a folder."""

    def __init__(self, clones, folder):
        self.clones, self.folder, self.tags, self.told = clones, folder, {}, set()

    def take(self, places, version, into):
        for repository, tag, path in places:
            clone = clone_of(self.clones, repository)
            ref = clone and f"refs/tags/{tag.format(version)}:{path}"
            packed = ref and git(clone, "archive", ref, raw=True)
            if packed:
                into.mkdir(parents=True, exist_ok=True)
                subprocess.run(["tar", "-x", "-C", into], input=packed, check=True)
                # A link to what stands outside of the chart (a licence) leads nowhere here.
                for link in [path for path in into.rglob("*") if path.is_symlink()]:
                    link.unlink()
                return True
        return False

    def newest(self, places, wanted):
        found = []
        for repository, tag, _ in places:
            clone = clone_of(self.clones, repository)
            if not clone:
                continue
            start = tag.split("{}")[0]
            if (clone, start) not in self.tags:
                self.tags[clone, start] = (git(clone, "tag", "--list", start + "*") or "").split()
            for name in self.tags[clone, start]:
                version = number(name[len(start) :])
                if version and version[1] and satisfies(version[0], wanted):
                    found.append((version[0], name[len(start) :]))
        return max(found)[1] if found else None

    def chart(self, name, version):
        into = self.folder / f"{name}-{version}"
        if (into / "Chart.yaml").is_file():
            return into
        if not self.take(CHARTS[name], version, into):
            return None
        template = into / "Chart.template.yaml"
        if template.is_file() and not (into / "Chart.yaml").is_file():
            template.rename(into / "Chart.yaml")
        about = into / "Chart.yaml"
        text = about.read_text()
        if name == "cert-manager":
            # Its releases fill these in.
            text = re.sub(r"(?m)^(version|appVersion):.*$", rf"\1: v{version}", text)
        about.write_text(self.with_needs(into, text))
        # Charts of before Helm 3 list what they need here.
        needs = into / "requirements.yaml"
        if needs.is_file():
            needs.write_text(self.with_needs(into, needs.read_text()))
        self.bring_schemas(name, into)
        return into

    def bring_schemas(self, name, into):
        """Lets the chart's schemas point to files beside it, where they point to a tag of its repository."""
        clone = next(filter(None, (clone_of(self.clones, place[0]) for place in CHARTS[name])))
        for schema in list(into.rglob("*.json")):
            def file_of(found):
                _, tag, path, file = found.groups()
                folder = self.folder / "schemas" / tag
                packed = None if (folder / path).is_dir() else git(clone, "archive", f"refs/tags/{tag}", path, raw=True)
                if packed:
                    folder.mkdir(parents=True, exist_ok=True)
                    subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
                    for other in (folder / path).rglob("*.json"):
                        other.write_text(SCHEMA.sub(file_of, other.read_text()))
                there = folder / path / file
                return there.as_uri() if there.is_file() else found[0]

            schema.write_text(SCHEMA.sub(file_of, schema.read_text()))

    def with_needs(self, into, text):
        """Chart.yaml without the needs that cannot be met; the others are put into charts/."""
        found = re.search(r"(?m)^dependencies:[ ]*\n((?:[ \t-].*\n?|\n)*)", text)
        if not found:
            return text
        locks = [into / name for name in ("Chart.lock", "requirements.lock") if (into / name).is_file()]
        locked = dict(re.findall(r"- name: (\S+)\n  repository: \S*\n  version: (\S+)", locks[0].read_text() if locks else ""))
        entries = re.split(r"(?m)^(?=\s*- )", found[1])
        kept = [entries[0]]
        for entry in entries[1:]:
            field = lambda key: re.search(rf"(?m)^\s*(?:- )?{key}:\s*[\"']?([^\"'\n#]+?)[\"']?\s*(?:#.*)?$", entry)
            name, wanted = field("name")[1], field("version")
            there = into / "charts" / name
            version = None
            packed = any((into / "charts").glob(f"{name}-[0-9]*.tgz"))
            if not packed and not there.is_dir():
                places = OTHERS.get(name, [])
                # The lock says which one the release came with.
                version = locked.get(name)
                if not version or not self.take(places, version, there):
                    version = self.newest(places, wanted[1]) if wanted else None
                    version = version if version and self.take(places, version, there) else None
                if version:
                    needs = there / "Chart.yaml"
                    needs.write_text(self.with_needs(there, needs.read_text()))
            if packed or there.is_dir():
                kept.append(entry)
            elif (name, into.name) not in self.told:
                self.told.add((name, into.name))
                print(f"{into.name}: without {name}, which is in no clone", file=sys.stderr)
        (into / "Chart.lock").unlink(missing_ok=True)
        (into / "requirements.lock").unlink(missing_ok=True)
        needs = "dependencies:\n" + "".join(kept) if len(kept) > 1 else ""
        return text[: found.start()] + needs + text[found.end() :]


def versions_of(cases):
    wanted = {}
    for case in sorted(cases.glob("*/case.yaml")):
        text = case.read_text()
        pair = [re.search(rf'(?m)^{end}: *"?([^"\n]+?)"? *$', text)[1] for end in ("from", "to")]
        wanted[case.parent.name] = pair
    return wanted


def size_of(pack):
    """Versions, keys and steps of a pack, and its documented changes by what it makes of them."""
    folder = ROOT / "migrations" / pack
    versions = re.search(r"(?m)^versions:.*\n((?:[ #].*\n|\n)*)", (folder / "pack.yaml").read_text())[1]
    migrations = [path.read_text() for path in folder.glob("*.yaml") if number(path.stem)]
    steps = [text.split("\nsteps:", 1)[1] for text in migrations if "\nsteps:" in text]
    changes = (ROOT / "tests/cases" / pack / "changes.tsv").read_text().splitlines()
    made = [line.split("\t")[3] for line in changes if not line.startswith("#")]
    return [
        len(re.findall(r"(?m)^  \S+:", versions)),
        len(re.findall(r"(?m)^[^\s#].*:$", (folder / "keys.yaml").read_text())),
        sum(len(re.findall(r"(?m)^  [\w-]+:$", text)) for text in steps),
        *(made.count(kind) for kind in ("operation", "question", "notice", "excluded")),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clones", type=pathlib.Path, required=True)
    parser.add_argument("--charts", type=pathlib.Path, help="keep the charts here, and use those that are here")
    parser.add_argument("--refit", default="refit")
    parser.add_argument("--helm", help="the Helm to render with [default: helm]")
    parser.add_argument("-v", "--verbose", action="store_true", help="print every failure")
    parser.add_argument("packs", nargs="*", metavar="PACK")
    args = parser.parse_args()
    at = args.charts or pathlib.Path(tempfile.mkdtemp(prefix="charts-"))
    at.mkdir(parents=True, exist_ok=True)
    shelf = Shelf(args.clones, at.resolve())
    env = dict(os.environ, **({"HELM_BIN": args.helm} if args.helm else {}))
    print("| pack | versions | keys | steps | changes made | asked | told | excluded | cases | rendered | settings kept | \
explained by a step | by the case | unexplained | without effect | not compared | cases not rendering | keys unlike the charts |")
    print("|" + " --- |" * 18)
    failed = False
    for pack in args.packs or sorted(CHARTS):
        cases = ROOT / "tests/cases" / pack
        wanted = versions_of(cases)
        charts = {}
        for version in sorted({version for pair in wanted.values() for version in pair}):
            chart = shelf.chart(pack, version)
            if chart:
                charts[version] = chart
            else:
                print(f"{pack} {version}: in no clone", file=sys.stderr)
        command = [args.refit, "pack", "test", ROOT / "migrations" / pack, "--cases", cases, "--no-probe", "-o", "json"]
        command += CLUSTER.get(pack, DEFAULT_CLUSTER)
        for api in APIS:
            command += ["--api-versions", api]
        for version, chart in charts.items():
            command += ["--chart", f"{version}={chart}"]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=env)
        try:
            tested = json.loads(done.stdout)
        except ValueError:
            sys.exit(f"{pack}: {done.stderr or done.stdout}")
        keys = sum(failure["kind"] == "keys" for failure in tested["failures"])
        settings = tested["settings"]
        row = [pack, *size_of(pack), tested["cases"], tested["rendered"], settings["kept"], settings["explained"],
               settings["stated"], settings["unexplained"], settings["without_effect"], settings["not_compared"],
               settings["not_rendering"], keys]
        print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)
        failed |= bool(tested["failures"])
        for failure in tested["failures"] if args.verbose else []:
            place = failure["file"].removeprefix(str(ROOT) + "/")
            print(f"  {place}:{failure['line']}: {failure['message']}", file=sys.stderr)
    sys.exit(failed)


if __name__ == "__main__":
    main()
