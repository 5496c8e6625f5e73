"""Which admitters have a say: a table by kind, operation and subresource, so that one costs nothing where it has none.

Compiled when the server starts and again when kinds come or go (``compile``). Where an admitter's rules are objects
(``watches``), the table is emptied when one of these changes and filled again by the requests that follow.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from sampan.contracts.admission import Admitter, Review, Versions
from sampan.contracts.kinds import Kind, Resource
from sampan_server.cache.collection import Collection
from sampan_server.extension.declared import has_a_say, subresources_of
from sampan_server.request.encoding import encode_json
from sampan_server.write.steps import BlockingCall, Step

OPERATIONS = ("CREATE", "UPDATE", "DELETE", "CONNECT")

Address = tuple[str, str, str, str]  # group, plural, operation, subresource


class Plan(NamedTuple):
    """The admitters of one phase that are asked about one kind of write, in their order."""

    admitters: tuple[Admitter, ...]
    waits: bool  # one of them blocks, or is asked again: ``in_turn`` runs them

    def in_turn(self, review: Review) -> Generator[Step, int, bool]:
        """Ask them where one may block: a part of a write (``steps.Work``). Then a second round of those with
        ``reinvocation`` whose object a later one has changed, and where one with ``reinvokes`` has changed it, of those
        with ``second_round``. Returns whether one with ``reinvokes`` has changed the object."""
        seen: dict[str, bytes] = {}
        reinvoked = False
        for admitter in self.admitters:
            before = encode_json(review.object) if getattr(admitter, "reinvokes", False) else b""
            yield from _asked(admitter, review)
            reinvoked |= bool(before) and encode_json(review.object) != before
            if getattr(admitter, "reinvocation", False):
                seen[admitter.name] = encode_json(review.object)
        review.reinvoked = reinvoked
        for admitter in self.admitters:
            before = seen.get(admitter.name, b"")
            if (before and encode_json(review.object) != before) or (
                reinvoked and getattr(admitter, "second_round", False)
            ):
                yield from _asked(admitter, review)
        return reinvoked


NO_ADMITTER = Plan((), waits=False)


class Admitters:
    """The admitters of one phase, in their order."""

    def __init__(self, admitters: Sequence[Admitter] = ()) -> None:
        self._all = tuple(admitters)
        self._plans: dict[Address, Plan] = {}
        #: Of the objects that are the rules of admitters.
        self.watched = {resource for each in admitters for resource in getattr(each, "watches", ())}
        self.versions: Versions | None = None  # set before the first plan

    def compile(self, kinds: Iterable[Kind]) -> None:
        """Make the table for these kinds. Replaces the former one at once, so requests may be under way. Where rules
        are objects it is left empty, as these are not known before the watch cache is loaded."""
        if self.watched:
            self.forget()
            return
        self._plans = {
            (kind.group, kind.plural, operation, subresource): self._plan(kind, operation, subresource)
            for kind in kinds
            for operation in OPERATIONS
            for subresource in subresources_of(kind)
        }

    def forget(self) -> None:
        """An admitter's rules have changed."""
        self._plans = {}

    def plan(self, kind: Kind, operation: str, subresource: str = "") -> Plan:
        address = (kind.group, kind.plural, operation, subresource)
        plans = self._plans
        found = plans.get(address)
        if found is None:  # a kind that came after the table was made, or rules have changed
            found = plans[address] = self._plan(kind, operation, subresource)
        return found

    def of(self, kind: Kind, operation: str, subresource: str = "") -> tuple[Admitter, ...]:
        """Those that are asked about an operation on a kind."""
        return self.plan(kind, operation, subresource).admitters

    def _plan(self, kind: Kind, operation: str, subresource: str) -> Plan:
        found = tuple(each for each in self._all if has_a_say(each, kind, operation, subresource))
        if self.watched and found:
            resources = self.versions.resources(kind) if self.versions is not None else (kind.resource,)
            found = tuple(each for each in found if _concerns(each, resources, subresource, operation))
        waits = any(getattr(each, name, False) for each in found for name in ("blocking", "reinvocation", "reinvokes"))
        return Plan(found, waits) if found else NO_ADMITTER


class RuleFollower:
    """Empties a table of admitters when one of the collections that hold their rules has changed."""

    def __init__(self, admitters: Admitters, collections: Sequence[Collection]) -> None:
        self._admitters, self._collections = admitters, collections
        self._seen = self._now()

    def look(self) -> None:
        """A batch of changes has been applied; on the feed's thread."""
        if (now := self._now()) != self._seen:
            self._seen = now
            self._admitters.forget()

    def _now(self) -> list[int]:
        return [collection.changed for collection in self._collections]


def _concerns(admitter: Admitter, resources: Sequence[Resource], subresource: str, operation: str) -> bool:
    asks: Callable[[Sequence[Resource], str, str], bool] | None = getattr(admitter, "concerns", None)
    return asks is None or asks(resources, subresource, operation)


def _asked(admitter: Admitter, review: Review) -> Iterator[Step]:
    if getattr(admitter, "blocking", False):
        yield BlockingCall(partial(admitter.admit, review))
    else:
        admitter.admit(review)
