"""Stored objects whose kind is served no more, because its plugin went: they stay, and come back with it.

Asks the running API server what it serves and the store what it holds, key by key from one kind to the next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sampan.contracts.store import Store

_LAST = "\U0010ffff"  # behind every key of a kind


def unserved(store: Store, served: Collection[str]) -> Iterator[tuple[str, int]]:
    """(``websites.web.example.org``, how many objects) of each kind that is stored and not served. A few reads a kind,
    however many objects there are."""
    after = "/"
    while found := store.page("/", after=after, limit=1).entries:
        prefix = "/".join(found[0].key.split("/", 3)[:3]) + "/"
        after = prefix + _LAST
        _, group, plural, _ = prefix.split("/")
        name = plural if group == "core" else f"{plural}.{group}"
        if name not in served:
            yield name, store.page(prefix, limit=1).remaining + 1
