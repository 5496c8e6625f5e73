"""`sampan whatif`: a snapshot through the API, and what the scheduler makes of it. Changes nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
import msgspec

from sampan.contracts.commands import Place
from sampan.errors import SampanError
from sampan_client import Client
from sampan_machinery import yamlin
from sampan_scheduler.analysis import words
from sampan_scheduler.analysis.lending import started
from sampan_scheduler.analysis.planning import Plan
from sampan_scheduler.analysis.snapshot import Reader, take
from sampan_scheduler.analysis.templates import pods_of
from sampan_scheduler.component import configured

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sampan.contracts.kinds import Object

_OUTPUT = click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: one document."
)


@click.command()
@click.option("-f", "--filename", "files", multiple=True, help="Manifests that would be applied; - reads them here.")
@click.option("--without-node", "without", multiple=True, help="A node that would go.")
@click.option("-n", "--namespace", default="", help="Of manifests that name none; without, that of the kubeconfig.")
@_OUTPUT
@click.pass_obj
def whatif(place: Place, files: tuple[str, ...], without: tuple[str, ...], namespace: str, output: str) -> None:
    """Say which nodes the pods of manifests would go to, or where the pods of a node would go if it were not there.

    Ends with code 1 if a pod would find no node. Changes nothing.
    """
    if not files and not without:
        raise click.UsageError("give manifests with -f, or a node with --without-node")
    try:
        manifests = [manifest for file in files for manifest in _manifests(file)]
        client = _client(place)
        snapshot = take(client)
        known = {node["metadata"]["name"] for node in snapshot.nodes}
        for name in without:
            if name not in known:
                raise click.ClickException(f"there is no node {name}")
        read = Reader(client)
        plan = Plan(snapshot, configured(place.settings), frozenset(without), started(place.hooks, read.list))
        nodes = [node for node in snapshot.nodes if node["metadata"]["name"] not in without]
        pods = [*plan.displaced(), *pods_of(manifests, nodes, snapshot.priority_classes, namespace or client.namespace)]
        try:
            planned = plan.place(pods)
        finally:
            plan.stop()
    except (SampanError, OSError) as error:
        raise click.ClickException(str(error)) from error
    for problem in read.problems:
        click.echo(f"not read, and counted as if there were none: {problem}", err=True)
    _show(words.plan_json(planned) if output == "json" else words.plan_lines(planned))
    if not all(each.node for each in planned):
        sys.exit(1)


def _client(place: Place) -> Client:
    if not Path(place.kubeconfig).exists():
        raise click.ClickException(f"there is no kubeconfig {place.kubeconfig}: is the cluster up?")
    return Client.from_kubeconfig(place.kubeconfig)


def _manifests(file: str) -> list[Object]:
    stream: IO[bytes]
    if file == "-":
        return _documents(sys.stdin.buffer.read())
    found = []
    folder = Path(file)
    for path in sorted(folder.glob("*.y*ml")) if folder.is_dir() else [folder]:
        with path.open("rb") as stream:
            found += _documents(stream.read())
    return found


def _documents(text: bytes) -> list[Object]:
    parts = (b"\n" + text).split(b"\n---")
    return [found for part in parts if part.strip() and isinstance(found := yamlin.decode(part), dict)]


def _show(answer: Iterable[str] | dict[str, Any]) -> None:
    if isinstance(answer, dict):
        click.echo(msgspec.json.encode(answer).decode())
        return
    for line in answer:
        click.echo(line)
