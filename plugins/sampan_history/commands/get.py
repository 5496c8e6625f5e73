"""`sampan get`: what `kubectl get` reads, at an earlier moment."""

from __future__ import annotations

from collections.abc import Iterable

import click
import msgspec

from sampan.contracts.commands import Place
from sampan.contracts.resources import Object, Resource
from sampan_client import Client
from sampan_explain.past.reading import items_at, revision_of, table_at
from sampan_history.commands.asking import aligned, connected, kind_named
from sampan_machinery import yamlout
from sampan_machinery.selectors import escape

_FORMS = ("table", "wide", "json", "yaml", "name")


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="RESOURCE [NAME]")
@click.option("--at", "when", default="", help="10m (ago), a time like 2026-01-31T12:00:00Z, or @REVISION.")
@click.option("-n", "--namespace", default="", help="Without, that of the kubeconfig's context.")
@click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="Of all namespaces.")
@click.option("-l", "--selector", default="", help="Labels, as in kubectl.")
@click.option("--field-selector", default="", help="Fields, as in kubectl.")
@click.option("-o", "--output", type=click.Choice(_FORMS), default="table")
@click.pass_obj
def get(
    place: Place, words: tuple[str, ...], when: str, namespace: str, everywhere: bool, selector: str,
    field_selector: str, output: str,
) -> None:  # fmt: skip
    """Read RESOURCE, or one object of it, as it was at an earlier moment (--at), within what `history` in sampan.yaml
    keeps. The same rights are wanted as for reading them now by `list`."""
    if not when:
        raise click.UsageError("say when with --at (10m, a time, or @REVISION); `kubectl get` reads what is there now")
    parts = words[0].split("/", 1) if len(words) == 1 else list(words)
    if len(parts) > 2:
        raise click.UsageError("name one kind, and one object of it or none")
    name = parts[1] if len(parts) == 2 else ""
    with connected(place) as client:
        resource = kind_named(client, parts[0]).resource
        where = "" if everywhere or not resource.namespaced else namespace or client.namespace
        fields = ",".join(filter(None, [field_selector, f"metadata.name={escape(name)}" if name else ""]))
        revision = revision_of(client, when)
        for line in _shown(client, resource, revision, where, selector, fields, output, name):
            click.echo(line)


def _shown(
    client: Client, resource: Resource, revision: int, where: str, labels: str, fields: str, output: str, name: str
) -> Iterable[str]:  # fmt: skip
    if output in ("table", "wide"):
        table = table_at(client, resource, revision, where, labels=labels, fields=fields)
        rows = table.get("rows") or []
        _require(rows, resource, name, revision)
        yield from _table(table, wide=output == "wide", namespaces=resource.namespaced and not where)
        return
    items = items_at(client, resource, revision, where, labels=labels, fields=fields)
    _require(items, resource, name, revision)
    if output == "name":
        group = f".{resource.group}" if resource.group else ""
        yield from (f"{resource.kind.lower()}{group}/{each['metadata']['name']}" for each in items)
        return
    found: Object = items[0] if name else {"apiVersion": "v1", "kind": "List", "items": items}
    encoded = msgspec.json.format(msgspec.json.encode(found), indent=2) if output == "json" else yamlout.encode(found)
    yield encoded.decode().rstrip("\n")


def _require(found: list[Object], resource: Resource, name: str, revision: int) -> None:
    if name and not found:
        raise click.ClickException(f"there was no {resource.kind.lower()} {name} at revision {revision}")


def _table(table: Object, *, wide: bool, namespaces: bool) -> Iterable[str]:
    if not table.get("rows"):
        yield "nothing was there"
        return
    columns = table.get("columnDefinitions") or []
    kept = [place for place, column in enumerate(columns) if wide or not column.get("priority")]
    head = tuple(columns[place]["name"].upper() for place in kept)
    rows = []
    for row in table["rows"]:
        cells = tuple("<none>" if row["cells"][place] is None else str(row["cells"][place]) for place in kept)
        metadata = (row.get("object") or {}).get("metadata") or {}
        rows.append((*((metadata.get("namespace", ""),) if namespaces else ()), *cells))
    yield from aligned((*(("NAMESPACE",) if namespaces else ()), *head), rows)
