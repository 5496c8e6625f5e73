"""What the commands have in common: a client, names of objects, times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sampan.contracts.commands import Place
from sampan.contracts.resources import Resource
from sampan.errors import SampanError
from sampan_client import Client
from sampan_client.discovery import Discovered, discover, find


@contextmanager
def connected(place: Place) -> Iterator[Client]:
    """A client as the user of the kubeconfig; errors of the API become those of the command."""
    client = client_of(place)
    try:
        yield client
    except (SampanError, OSError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        client.close()


def client_of(place: Place) -> Client:
    if not Path(place.kubeconfig).exists():
        raise click.ClickException(f"there is no kubeconfig {place.kubeconfig}: is the cluster up?")
    return Client.from_kubeconfig(place.kubeconfig)


def kind_named(client: Client, word: str) -> Discovered:
    found = find(discover(client), word)
    if found is None:
        raise click.UsageError(f"the server has no kind called {word}; `kubectl api-resources` lists them")
    return found


def object_named(client: Client, words: tuple[str, ...], namespace: str) -> tuple[Resource, str, str]:
    """(resource, name, namespace "" where there is none) of KIND/NAME or KIND NAME."""
    parts = words[0].split("/", 1) if len(words) == 1 else list(words)
    if len(parts) != 2 or not all(parts):
        raise click.UsageError("name one object: KIND/NAME or KIND NAME")
    resource = kind_named(client, parts[0]).resource
    return resource, parts[1], (namespace or client.namespace) if resource.namespaced else ""


def shown(resource: Resource, name: str, namespace: str) -> str:
    return f"{resource.kind.lower()} {namespace + '/' if namespace else ''}{name}"


def aligned(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Columns, to the left."""
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    for row in (head, *rows):
        yield "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
