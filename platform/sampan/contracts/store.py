"""What a store promises: a revisioned log of keys and bytes.

Keys are text like ``/pods/default/web`` (the API server chooses them; a store never looks inside). A revision is
a positive integer that grows by one with every commit; all operations of one commit share one revision. The API server
puts resourceVersion = the entry's revision, so a value never contains its own revision.

Fine print, the same for every backend:

- A store in which nothing was ever written is at revision 1 (0 means "now" or "any" to Kubernetes clients).
- A commit names a key once; naming it twice, or naming none, is a ValueError where commit or submit is called.
- A commit that changes nothing (it deletes keys that are absent) makes no revision and answers with the newest one.
- Writing the bytes that are there already is a change like any other.
- After compact(R): reads as of R and later work, earlier ones raise Compacted; feeds that start after R or later
  work, those that would need a change of R itself or of an earlier revision raise Compacted.
- Reading as of a revision that is not there yet reads the newest; the Page says which revision that was.
- An entry with a ttl goes away by a commit of the store's own, seen by watchers as a delete, within a few seconds
  of its time. Putting it again replaces the ttl, or ends it with ttl 0.
- Keys order by their UTF-8 bytes.
- A store may have an attribute ``trouble``: words on why it cannot be written as usual, "" while it can. It is read for
  /readyz and metrics and must be quick.
- A store that only its own process sees has an attribute ``shared`` that is False; every other one may be opened by
  several processes at once.
- Of commits submitted to one store, those that name a common key take effect in the order they were submitted, others
  in any order (a store across a network has several under way at once); callbacks come in the order of revisions.

Every backend, first-party or third-party, passes ``sampan_testing.store.StoreContract``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sampan.errors import SampanError


class Stale(SampanError):
    """A precondition of a commit did not hold; nothing of that commit was written."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} is not at the revision the commit expects")
        self.key = key


class Compacted(SampanError):
    """The revision asked for is older than what the store keeps."""

    def __init__(self, oldest: int) -> None:
        super().__init__(f"revisions before {oldest} have been compacted")
        self.oldest = oldest


class Unavailable(SampanError):
    """The store cannot answer now; whether a commit in flight was written is not known."""


class Unusable(Unavailable):
    """What is stored cannot be used until an operator has acted (it is damaged, or of a newer format); the message
    names the file and the way out. A server does not start with such a store; one that runs answers 503 and writes
    nothing."""


class Full(Unavailable):
    """There is no room for this commit, which adds to what is stored; deletions are still accepted."""


class Entry(NamedTuple):
    """A key's value as of a revision."""

    key: str
    value: bytes
    revision: int  # of the commit that wrote this value
    created: int  # of the commit that made the key exist


class Page(NamedTuple):
    """A slice of the entries under a prefix, in key order."""

    entries: list[Entry]
    revision: int  # the slice is as of this revision
    more: bool  # entries after the last one exist
    remaining: int  # how many, 0 when not more


@dataclass(frozen=True, slots=True)
class Put:
    """Write ``value``. ``expect``: None = whatever is there; 0 = key must be absent; N = entry is at revision N."""

    key: str
    value: bytes
    expect: int | None = None
    ttl: int = 0  # seconds the entry lives unless put again; 0 = for ever. Used for Events.


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the key. ``expect`` as in Put (0: it must be absent, so nothing happens); deleting an absent key with None
    is a no-op, with a revision it is Stale."""

    key: str
    expect: int | None = None


Op = Put | Delete


def checked(ops: Sequence[Op]) -> Sequence[Op]:
    """The ops themselves; raises ValueError where they are no commit (see the fine print). For stores to call."""
    if len(ops) == 1:
        return ops
    if not ops:
        raise ValueError("a commit needs at least one operation")
    keys: set[str] = set()
    for op in ops:
        if op.key in keys:
            raise ValueError(f"{op.key} is named twice in one commit")
        keys.add(op.key)
    return ops


class Change(NamedTuple):
    """One key's change in one commit, as a watcher sees it."""

    revision: int
    key: str
    value: bytes | None  # None: deleted
    previous: bytes | None  # None: created
    previous_revision: int = 0


#: Called once with the commit's revision, or with Stale/Unavailable; from any thread (also within submit), in the order
#: of the revisions; must not block.
Done = Callable[[int | SampanError], None]


class Watch(Protocol):
    """An ordered, gap-free feed of changes."""

    def batches(self) -> Iterator[tuple[int, Sequence[Change]]]:
        """Yield (revision, changes): every change up to and including that revision has now been yielded.

        A commit is never split over two batches. Blocks while nothing happens; yields an empty batch about
        every 10 s as a sign of life. Ends when it or the store is closed; raises Compacted or Unavailable when the
        feed is lost.
        """

    def close(self) -> None:
        """End the feed, from any thread."""


class Store(Protocol):
    """A place to keep the cluster's objects."""

    def revision(self) -> int:
        """The newest committed revision, linearizable: every commit acknowledged to anybody before is included."""

    def get(self, key: str, *, revision: int = 0) -> Entry | None:
        """The entry now (revision 0) or as of a revision; raises Compacted."""

    def page(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        """Entries whose key starts with prefix and is greater than ``after``; limit 0 = all; raises Compacted."""

    def commit(self, *ops: Op) -> int:
        """Write all or nothing, durably, and return the revision. Raises Stale or Unavailable."""

    def submit(self, ops: Sequence[Op], done: Done) -> None:
        """The same without waiting: commits that are submitted together share one disk flush."""

    def watch(self, after: int) -> Watch:
        """Changes with a revision greater than ``after``; the feed raises Compacted if they are gone."""

    def compact(self, revision: int) -> None:
        """Forget what only revisions before this one need; returns soon, works in small steps."""

    def close(self) -> None:
        """Finish what was submitted, then let go of everything; whatever is asked later is Unavailable."""


class DistantStore(Store, Protocol):
    """A store across a network, whose ``revision`` is a trip: the API server must not stand still meanwhile."""

    def ask_revision(self, done: Done) -> None:
        """``revision`` without waiting: called once, with the revision or with Unavailable; from any thread."""
