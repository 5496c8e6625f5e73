"""Writes the tables of kinds in docs/compatibility.md from a server that runs with every first-party plugin.

Run it (`make docs`) after a kind, a verb or a subresource has come or gone; a style test compares. What the last column
says of a kind is written by hand and stays.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import sampan_machinery.resources
from sampan.contracts.kinds import ALL_VERBS, Resource
from sampan_testing.cluster import Cluster, start

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "compatibility.md"
DISCOVERY = {"Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}
SERVED = re.compile(r"^\| kind \| API \|.*\n\|[-|]+\|\n((?:\|.*\n)*)", re.MULTILINE)
SERVED_HEAD = "| kind | API | verbs | subresources | notes |\n|---|---|---|---|---|\n"
MISSING = re.compile(r"^\| group \| kinds \|\n\|---\|---\|\n(?:\|.*\n)*", re.MULTILINE)
MISSING_HEAD = "| group | kinds |\n|---|---|\n"
OWN = ".sampan.dev"  # groups that are not Kubernetes'
WHOLE = frozenset(ALL_VERBS)


class Row(NamedTuple):
    """One kind in one version, as discovery shows it."""

    kind: str
    api: str
    verbs: frozenset[str]
    subresources: tuple[str, ...]


def rows_of(group: str, found: Any) -> Iterator[Row]:
    """The rows of one item of an APIGroupDiscoveryList."""
    for version in found["versions"]:
        api = f"{group}/{version['version']}" if group else version["version"]
        for resource in version["resources"]:
            kind = resource.get("responseKind", {}).get("kind", "")
            below = tuple(sub["subresource"] for sub in resource.get("subresources", ()))
            yield Row(kind, api, frozenset(resource.get("verbs", ())), below)


def discovered(cluster: Cluster) -> list[Row]:
    found = [
        item
        for path in ("/api", "/apis")
        for item in json.loads(cluster.client.request("GET", path, headers=DISCOVERY).body)["items"]
    ]
    groups = [(item["metadata"].get("name", ""), item) for item in found]
    return [row for group, item in groups if not group.endswith(OWN) for row in rows_of(group, item)]


def served(rows: list[Row], notes: dict[str, str]) -> Iterator[str]:
    """One line for each kind with the same verbs and subresources in all its versions."""
    apis: dict[tuple[str, frozenset[str], tuple[str, ...]], list[str]] = defaultdict(list)
    for row in rows:
        apis[row.kind, row.verbs, row.subresources].append(row.api)
    for (kind, verbs, below), versions in apis.items():
        cells = kind, ", ".join(versions), in_words(verbs), ", ".join(below), notes.get(kind, "")
        yield f"| {' | '.join(cells)} |\n".replace("|  |", "| |").replace("|  |", "| |")


def in_words(verbs: frozenset[str]) -> str:
    if verbs == WHOLE:
        return "all"
    return ", ".join(verb for verb in (*ALL_VERBS, *sorted(verbs - WHOLE)) if verb in verbs)


def missing(rows: list[Row]) -> Iterator[str]:
    """Kinds of Kubernetes v1.36, of groups that are GA there, that this server does not have."""
    there = {(row.kind, row.api) for row in rows}
    names: dict[str, list[str]] = defaultdict(list)
    for resource in vars(sampan_machinery.resources).values():
        if isinstance(resource, Resource) and (resource.kind, resource.api_version) not in there:
            names[resource.api_version].append(resource.kind)
    for api, kinds in sorted(names.items()):
        yield f"| {api} | {', '.join(sorted(kinds))} |\n"
    words = "all; a kube-apiserver v1.36 without `--runtime-config` serves none, either"
    yield f"| internal, alpha and beta APIs | {words} |\n"


def notes_in(table: str) -> dict[str, str]:
    """The last column by kind; of a kind with several rows the first note."""
    found: dict[str, str] = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) > 3 and cells[-1]:
            found.setdefault(cells[0], cells[-1])
    return found


def written(text: str, rows: list[Row]) -> str:
    """The page with both tables as they are now."""
    table = SERVED.search(text)
    assert table is not None, "the page has no table of kinds that are served"
    text = text.replace(table.group(0), SERVED_HEAD + "".join(served(rows, notes_in(table.group(1)))))
    return MISSING.sub(lambda _: MISSING_HEAD + "".join(missing(rows)), text)


if __name__ == "__main__":
    with start(control=False) as cluster:
        PAGE.write_text(written(PAGE.read_text(), discovered(cluster)))
