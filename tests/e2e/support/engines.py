"""Stores of every kind for end-to-end tests: a URL, and what it takes to have it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from etcds import start_members
from postgreses import Postgres

NAMES = ("etcd", "postgres")


@contextmanager
def engine(name: str, folder: Path) -> Iterator[str]:
    """The URL of a new, empty store that several processes may share."""
    if name == "sqlite":
        yield f"sqlite://{folder}/store.db"
    elif name == "etcd":
        members = start_members(folder / "etcd", 1)
        try:
            yield f"etcd://{members[0].address}"
        finally:
            members[0].stop()
    else:
        server = Postgres()
        try:
            server.start()
            yield server.url
        finally:
            server.remove()
