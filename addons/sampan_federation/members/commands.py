"""`sampan federation search` and `get`: what members have, through the host and as its user."""

from __future__ import annotations

import dataclasses
import json
import sys

import click

from sampan.contracts.commands import Place
from sampan.errors import SampanError, StatusError
from sampan_client import Client
from sampan_federation.members.searching import Found, Query, clean, merged, search
from sampan_federation.resources import CLUSTERS

OUTPUT = click.option("-o", "--output", type=click.Choice(["table", "wide", "name", "json"]), default="table")
LABELS = click.option("-l", "--selector", default="", help="Labels, as in kubectl.")
FIELDS = click.option("--field-selector", default="", help="As in kubectl.")
HOST = click.option("--kubeconfig", default="", metavar="FILE", help="Of the host; default: $KUBECONFIG, or home's.")
CONTEXT = click.option("--context", default="", help="Of the host's kubeconfig.")
HERE = "\n"  # the kubeconfig's namespace; no namespace is called so


@click.command(name="search")
@click.argument("kind")
@click.argument("name", default="")
@LABELS
@FIELDS
@click.option("-n", "--namespace", default="", help="Default: all.")
@click.option("--clusters", default="", metavar="NAME,…", help="Default: all.")
@OUTPUT
@HOST
@CONTEXT
@click.pass_obj
def find_objects(
    place: Place, kind: str, name: str, selector: str, field_selector: str, namespace: str, clusters: str, output: str,
    kubeconfig: str, context: str,
) -> None:  # fmt: skip
    """Search objects of a KIND in all members: pods -l app=web."""
    query = Query(kind, name, namespace, selector, field_selector, output == "json")
    _run(place, kubeconfig, context, clusters, query, output)


@click.command(name="get")
@click.argument("kind")
@click.argument("name", default="")
@click.option("--cluster", required=True, help="The member.")
@LABELS
@FIELDS
@click.option("-n", "--namespace", default="", help="Default: that of the kubeconfig.")
@click.option("-A", "--all-namespaces", is_flag=True)
@OUTPUT
@HOST
@CONTEXT
@click.pass_obj
def get_objects(
    place: Place, kind: str, name: str, cluster: str, selector: str, field_selector: str, namespace: str,
    all_namespaces: bool, output: str, kubeconfig: str, context: str,
) -> None:  # fmt: skip
    """Read objects of one member, as `kubectl get` does."""
    query = Query(kind, name, "" if all_namespaces else namespace or HERE, selector, field_selector, output == "json")
    _run(place, kubeconfig, context, cluster, query, output)


def _run(place: Place, kubeconfig: str, context: str, clusters: str, query: Query, output: str) -> None:
    client = Client.from_kubeconfig(kubeconfig or place.kubeconfig, context=context)
    try:
        if query.namespace == HERE:
            query = dataclasses.replace(query, namespace=client.namespace)
        wanted = [each.strip() for each in clusters.split(",") if each.strip()]
        names = wanted or sorted(each["metadata"]["name"] for each in client.list(CLUSTERS).items)
        found = search(client, names, query)
    except (StatusError, SampanError, ConnectionError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        client.close()
    show(found, output)
    if any(each.trouble for each in found):
        sys.exit(1)


def show(found: list[Found], output: str) -> None:
    """On the terminal; what went wrong with a member, beside it."""
    if output == "json":
        click.echo(json.dumps([_as_json(each) for each in found], indent=2))
    elif output == "name":
        for each in found:
            for meta in (obj["metadata"] for obj in each.objects):
                kind = each.resource.plural if each.resource else ""
                click.echo(
                    "/".join(filter(None, (each.cluster, clean(meta.get("namespace")), kind, clean(meta["name"]))))
                )
    elif any(each.rows for each in found):
        lines = merged(found, wide=output == "wide")
        widths = [max(len(row[column]) for row in lines) + 3 for column in range(len(lines[0]))]
        for row in lines:
            click.echo("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    elif not any(each.trouble for each in found):
        click.echo("No resources found", err=True)
    for each in found:
        if each.trouble:
            click.echo(f"{each.cluster}: {each.trouble}", err=True)


def _as_json(found: Found) -> dict[str, object]:
    return {"cluster": found.cluster, "objects": found.objects, "error": found.trouble or None}
