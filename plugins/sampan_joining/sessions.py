"""How the commands reach the cluster, and how they end when it cannot be reached or refuses."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sampan.contracts.commands import Place
from sampan.errors import SampanError

if TYPE_CHECKING:
    from sampan_client import Client

Command = TypeVar("Command", bound=Callable[..., Any])


@contextlib.contextmanager
def opened(place: Place) -> Iterator[Client]:
    """A client with the identity that the command was given. Raises ConfigError."""
    from sampan_client import Client

    client = Client.from_kubeconfig(place.kubeconfig, user_agent="sampan-join")
    try:
        yield client
    finally:
        client.close()


def failures_in_words(command: Command) -> Command:
    """Errors of sampan's and of connections are one sentence, with exit code 1."""

    @functools.wraps(command)
    def run(*args: Any, **given: Any) -> Any:
        try:
            return command(*args, **given)
        except (SampanError, ConnectionError) as error:
            raise click.ClickException(str(error)) from error

    return run  # type: ignore[return-value]  # the same arguments, the same answer


def aligned(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Lines with columns of equal width, as kubectl prints them."""
    found = list(rows)
    widths = [max(map(len, column)) for column in zip(*found, strict=True)]
    return ["   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in found]
