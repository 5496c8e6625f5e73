"""What kind sources offer, and which of it can be served. Pure: no cache, no registry, no threads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from sampan.contracts.kind_sources import KindSource, Refused
from sampan.contracts.kinds import Kind
from sampan_server.plugins.answers import kind_complaint
from sampan_server.registry import Address, prefix_of


class Source(NamedTuple):
    """A source and what the server knows of its plugin."""

    plugin: str
    source: KindSource
    third_party: bool = False
    isolate: Callable[[Kind], Kind] = lambda kind: kind  # makes the kind's functions safe to call

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def key(self) -> tuple[str, str]:
        """Tells it from all others."""
        return self.plugin, self.source.name


class Offered(NamedTuple):
    """A kind that a source offers."""

    source: Source
    kind: Kind
    used: Kind  # the same, isolated
    complaint: str  # what is wrong with it by itself

    @property
    def stored(self) -> Address:
        """The address of the version that it is stored as."""
        kind = self.kind
        return (*kind.stored_as, kind.plural) if kind.stored_as else (kind.group, kind.version, kind.plural)


Offers = Mapping[Address, Offered]


def taken(source: Source, kinds: Sequence[Kind], before: Offers) -> dict[Address, Offered]:
    """An answer by address; a kind that is unchanged keeps its isolated form. Raises TypeError."""
    found: dict[Address, Offered] = {}
    for kind in kinds:
        if not isinstance(kind, Kind):
            raise TypeError(f"a Kind is wanted, not {kind!r:.60}")
        address = (kind.group, kind.version, kind.plural)
        known = before.get(address)
        if known is None or known.kind is not kind:
            complaint = kind_complaint(kind)
            known = Offered(source, kind, kind if complaint else source.isolate(kind), complaint)
        found[address] = known
    return found


def plan(
    all_offers: Sequence[Offers], addresses: Collection[Address], prefixes: Collection[str]
) -> tuple[dict[Address, Offered], list[tuple[Source, Refused]]]:
    """What shall be served, and what is refused: ``addresses`` and ``prefixes`` are taken by kinds that do not come and
    go. Earlier offers win."""
    wanted: dict[Address, Offered] = {}
    refused: list[tuple[Source, Refused]] = []
    owners = dict.fromkeys(prefixes, ("", ""))
    for offers in all_offers:
        good: dict[Address, Offered] = {}
        for address, offered in offers.items():
            is_taken = address in addresses or address in wanted
            why = offered.complaint or _conflict(offered, offers, owners, is_taken=is_taken)
            if why:
                refused.append((offered.source, Refused(offered.kind, why)))
            else:
                good[address] = offered
        for address, offered in good.items():
            if offered.stored in good:
                wanted[address] = offered
            else:
                why = "the version that it is stored as is refused"
                refused.append((offered.source, Refused(offered.kind, why)))
    return wanted, refused


def _conflict(offered: Offered, offers: Offers, owners: dict[str, tuple[str, str]], *, is_taken: bool) -> str:
    kind = offered.kind
    if is_taken:
        return f"{kind.resource.group_resource} of {kind.api_version} is served already"
    stored = offers.get(offered.stored)
    if stored is None:
        return f"it is stored as {'/'.join(filter(None, offered.stored[:2]))}, which is not offered"
    if stored.kind.stored_as:
        return f"it is stored as {stored.kind.api_version}, which is stored as another version itself"
    if (
        not (kind.answer or kind.computed)
        and owners.setdefault(prefix_of(stored.kind), offered.source.key) != offered.source.key
    ):
        return f"the objects of {kind.resource.group_resource} are another kind's already"
    return ""
