"""Stored objects whose kind is no longer served, because its plugin was removed. They are served again with the plugin.

Compares the kinds that the running API server serves with the keys in the store, jumping from one kind to the next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sampan.contracts.store import Store

_LAST = "\U0010ffff"  # sorts after every key of a kind


def unserved(store: Store, served: Collection[str]) -> Iterator[tuple[str, int]]:
    """(``websites.web.example.org``, number of objects) of each kind that is stored but not served. A few reads per
    kind, for any number of objects."""
    after = "/"
    while found := store.page("/", after=after, limit=1).entries:
        prefix = "/".join(found[0].key.split("/", 3)[:3]) + "/"
        after = prefix + _LAST
        _, group, plural, _ = prefix.split("/")
        name = plural if group == "core" else f"{plural}.{group}"
        if name not in served:
            yield name, store.page(prefix, limit=1).remaining + 1
