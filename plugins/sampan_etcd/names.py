"""Between the store's keys and revisions and etcd's.

Keys get a prefix. Revisions are etcd's less a constant: the store's revision 1 is the one in which etcd got the key
that says "here is a store", so that every store begins at 1 whatever was in its etcd before. Knows no calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sampan.contracts.store import Change, Compacted, Entry
from sampan_etcd.messages import Event, KeyValue


class Names(NamedTuple):
    """The two ways of one store."""

    prefix: bytes  # of the keys
    shift: int  # etcd's revision less ours

    def key(self, key: str) -> bytes:
        return self.prefix + key.encode()

    def ours(self, revision: int) -> int:
        return revision - self.shift

    def theirs(self, revision: int) -> int:
        return revision + self.shift

    def entry(self, pair: KeyValue) -> Entry:
        key = pair.key[len(self.prefix) :].decode()
        return Entry(key, pair.value, pair.modified - self.shift, pair.created - self.shift)

    def changes(self, events: Sequence[Event]) -> list[Change]:
        """Those of the events that are about this store; raises Compacted where etcd no longer knew what was before."""
        found = []
        for deleted, pair, previous in events:
            if not pair.key.startswith(self.prefix):
                continue
            revision = pair.modified - self.shift
            if previous is None and (deleted or pair.created != pair.modified):
                raise Compacted(revision)
            found.append(
                Change(
                    revision,
                    pair.key[len(self.prefix) :].decode(),
                    None if deleted else pair.value,
                    previous.value if previous else None,
                    previous.modified - self.shift if previous else 0,
                )
            )
        return found


def marker(prefix: str) -> bytes:
    """The key that says that a store is here."""
    return f"{prefix}/store".encode()


def entries(prefix: str) -> bytes:
    """What the keys of entries begin with."""
    return f"{prefix}/data".encode()


def after_all(prefix: bytes) -> bytes:
    """The first key that does not begin with the prefix (UTF-8 never ends in 0xff)."""
    return prefix[:-1] + bytes((prefix[-1] + 1,))
