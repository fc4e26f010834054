#!/usr/bin/env python3
"""Counts the releases of some charts in a checkout of a GitOps repository, without refit.

    python3 benches/repositories/count_releases.py FOLDER CHART...        (needs PyYAML)

Prints a line for each release: kind, file, release, chart, version; tab-separated, `-` where there is none.
What refit finds in the same folder is compared with this by compare.py. The point is that nothing here was
learnt from refit: PyYAML reads the files, and the places are those that the deployers document. So this script
must never be "corrected" to agree; a line on one side only is a question to be looked into.

Left out on purpose, because only the deployer knows: what a generator or a template renders, and what lies
in other repositories.
"""

import pathlib
import sys

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(LOADER):
    """A reader that takes unknown tags for plain values."""


class Patient(yaml.SafeLoader):
    """The same, slower, for an anchor that is set again: YAML allows it, and PyYAML refuses it."""

    def compose_node(self, parent, index):
        anchor = getattr(self.peek_event(), "anchor", None)
        if anchor in self.anchors and not self.check_event(yaml.AliasEvent):
            del self.anchors[anchor]
        return super().compose_node(parent, index)


def any_tag(loader, _suffix, node):
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


# Versions are texts, and dates are none of our business.
for reader in (Loader, Patient):
    reader.add_multi_constructor("", any_tag)
    reader.yaml_implicit_resolvers = {
        letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":float", ":int"))]
        for letter, resolvers in reader.yaml_implicit_resolvers.items()
    }


def get(value, *path):
    """What stands at a path of keys, or None."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def named(chart, charts):
    """The chart's own name, if it is one of those asked for: `repo/chart` and OCI references end in it."""
    if not isinstance(chart, str):
        return None
    last = chart.rstrip("/").rsplit("/", 1)[-1].split(":")[0]
    return last if last in charts else None


def flux(doc, charts, sources):
    if doc.get("kind") != "HelmRelease":
        return
    name = get(doc, "metadata", "name")
    chart = get(doc, "spec", "chart", "spec", "chart")
    if found := named(chart, charts):
        yield "flux", name, found, get(doc, "spec", "chart", "spec", "version")
    ref = get(doc, "spec", "chartRef")
    if isinstance(ref, dict):
        for source in sources.get((ref.get("kind"), ref.get("name")), []):
            if found := named(source[0], charts):
                yield "flux", name, found, source[1]
                break


def argo(doc, charts):
    kind = doc.get("kind")
    if kind == "Application":
        spec = doc.get("spec")
    elif kind == "ApplicationSet":
        spec = get(doc, "spec", "template", "spec")
    else:
        return
    sources = get(spec, "sources")
    sources = sources if isinstance(sources, list) else [get(spec, "source")]
    for source in sources:
        if found := named(get(source, "chart"), charts):
            name = get(doc, "metadata", "name")
            yield "argo", name, found, get(source, "targetRevision")


def k3s(doc, charts):
    if doc.get("kind") == "HelmChart" and str(doc.get("apiVersion")).startswith("helm.cattle.io"):
        if found := named(get(doc, "spec", "chart"), charts):
            yield "k3s", get(doc, "metadata", "name"), found, get(doc, "spec", "version")


def by_file_name(path, doc, charts):
    """Files that are known by their names, not by a kind."""
    if path.name in ("kustomization.yaml", "kustomization.yml", "Kustomization"):
        for chart in get(doc, "helmCharts") or []:
            if found := named(get(chart, "name"), charts):
                yield "kustomize", get(chart, "releaseName") or found, found, get(chart, "version")
    elif path.name == "Chart.yaml":
        for chart in get(doc, "dependencies") or []:
            if found := named(get(chart, "name"), charts):
                yield "umbrella", get(chart, "alias") or found, found, get(chart, "version")
    elif path.name == "fleet.yaml":
        if found := named(get(doc, "helm", "chart"), charts):
            yield "fleet", get(doc, "helm", "releaseName"), found, get(doc, "helm", "version")
    elif "helmfile" in str(path):
        for chart in get(doc, "releases") or []:
            if found := named(get(chart, "chart"), charts):
                yield "helmfile", get(chart, "name"), found, get(chart, "version")


def documents(path):
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        docs = list(yaml.load_all(text, Loader))
    except yaml.composer.ComposerError:
        docs = list(yaml.load_all(text, Patient))
    return [doc for doc in docs if isinstance(doc, dict)]


def main():
    root, charts = pathlib.Path(sys.argv[1]), set(sys.argv[2:])
    files, sources, unread = [], {}, []
    for path in sorted(root.rglob("*")):
        if path.suffix not in (".yaml", ".yml") or not path.is_file() or ".git" in path.parts:
            continue
        try:
            docs = documents(path)
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            unread.append((path, str(error).splitlines()[0]))
            continue
        files.append((path, docs))
        for doc in docs:
            kind, name = doc.get("kind"), get(doc, "metadata", "name")
            if kind == "OCIRepository":
                ref = get(doc, "spec", "ref", "tag") or get(doc, "spec", "ref", "semver")
                sources.setdefault((kind, name), []).append((get(doc, "spec", "url"), ref))
            elif kind == "HelmChart" and str(doc.get("apiVersion")).startswith("source."):
                source = (get(doc, "spec", "chart"), get(doc, "spec", "version"))
                sources.setdefault((kind, name), []).append(source)
    for path, docs in files:
        for doc in docs:
            found = [*flux(doc, charts, sources), *argo(doc, charts), *k3s(doc, charts)]
            found += by_file_name(path, doc, charts)
            for kind, name, chart, version in found:
                row = (kind, str(path.relative_to(root)), name, chart, version)
                print("\t".join("-" if part is None else str(part) for part in row))
    for path, why in unread:
        print(f"not read: {path.relative_to(root)}: {why}", file=sys.stderr)


if __name__ == "__main__":
    main()
