"""Which admitters have a say: a table by kind, operation and subresource, so that one costs nothing where it has none.

Compiled when the server starts and again when kinds come or go (``compile``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from sampan.contracts.admission import Admitter, Review
from sampan.contracts.kinds import Kind
from sampan_server.extension.declared import has_a_say, subresources_of
from sampan_server.request.encoding import encode_json
from sampan_server.write.steps import BlockingCall, Step

OPERATIONS = ("CREATE", "UPDATE", "DELETE", "CONNECT")

Address = tuple[str, str, str, str]  # group, plural, operation, subresource


class Plan(NamedTuple):
    """The admitters of one phase that are asked about one kind of write, in their order."""

    admitters: tuple[Admitter, ...]
    waits: bool  # one of them blocks, or is asked again: ``in_turn`` runs them

    def in_turn(self, review: Review) -> Iterator[Step]:
        """Ask them where one may block: a part of a write (``steps.Work``). Then those with ``reinvocation`` again
        whose object a later one has changed."""
        seen: list[tuple[Admitter, bytes]] = []
        for admitter in self.admitters:
            yield from _asked(admitter, review)
            if getattr(admitter, "reinvocation", False):
                seen.append((admitter, encode_json(review.object)))
        for admitter, before in seen:
            if encode_json(review.object) != before:
                yield from _asked(admitter, review)


NO_ADMITTER = Plan((), waits=False)


class Admitters:
    """The admitters of one phase, in their order."""

    def __init__(self, admitters: Sequence[Admitter] = ()) -> None:
        self._all = tuple(admitters)
        self._plans: dict[Address, Plan] = {}

    def compile(self, kinds: Iterable[Kind]) -> None:
        """Make the table for these kinds. Replaces the former one at once, so requests may be under way."""
        self._plans = {
            (kind.group, kind.plural, operation, subresource): self._plan(kind, operation, subresource)
            for kind in kinds
            for operation in OPERATIONS
            for subresource in subresources_of(kind)
        }

    def plan(self, kind: Kind, operation: str, subresource: str = "") -> Plan:
        address = (kind.group, kind.plural, operation, subresource)
        found = self._plans.get(address)
        if found is None:  # a kind that came after the table was made
            found = self._plans[address] = self._plan(kind, operation, subresource)
        return found

    def of(self, kind: Kind, operation: str, subresource: str = "") -> tuple[Admitter, ...]:
        """Those that are asked about an operation on a kind."""
        return self.plan(kind, operation, subresource).admitters

    def _plan(self, kind: Kind, operation: str, subresource: str) -> Plan:
        found = tuple(each for each in self._all if has_a_say(each, kind, operation, subresource))
        waits = any(getattr(each, "blocking", False) or getattr(each, "reinvocation", False) for each in found)
        return Plan(found, waits) if found else NO_ADMITTER


def _asked(admitter: Admitter, review: Review) -> Iterator[Step]:
    if getattr(admitter, "blocking", False):
        yield BlockingCall(partial(admitter.admit, review))
    else:
        admitter.admit(review)
