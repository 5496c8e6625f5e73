"""Hooks that give the cluster a place to keep its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from sampan.contracts.store import Store


@hookspec(firstresult=True)
def provide_store(url: str) -> Store | None:
    """Open the store that ``url`` names (sqlite:///path, memory://, etcd://host:port, postgresql://…).

    Called: once in each API server process, after the fork, before the first request.
    Answer: a Store if the scheme is yours, else None; the first Store wins.
    Failure: raise; a platform without a store does not start.
    """
