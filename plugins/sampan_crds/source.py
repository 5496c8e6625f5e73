"""Custom kinds as they come and go: a kind source over the definitions that are stored."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kind_sources import Refused
from sampan.contracts.kinds import Kind, Object, Resource
from sampan.contracts.serving import Reader
from sampan_crds.converting import Strategy
from sampan_crds.definitions import ESTABLISHED, is_deleting, is_true
from sampan_crds.names import Naming, namings
from sampan_crds.serving import kinds_of
from sampan_machinery.resources import CUSTOM_RESOURCE_DEFINITIONS

log = logging.getLogger(__name__)


class Known(NamedTuple):
    """A definition as it was read last, and what was made of it."""

    revision: int
    crd: Object
    made_of: Any
    kinds: Sequence[Kind]


class Outcome(NamedTuple):
    """What became of a definition on this server."""

    naming: Naming
    is_served: bool
    wrong: str  # why not, "" where nothing is wrong


class CustomResources:
    """The KindSource. ``settled`` tells the duty, which writes the status of definitions."""

    name = "custom-resources"
    watches: Sequence[Resource] = (CUSTOM_RESOURCE_DEFINITIONS,)

    def __init__(self, reader: Reader, strategies: Callable[[Object], tuple[Strategy, bool]]) -> None:
        """``strategies``: that of a definition, and whether it may wait for another server."""
        self._reader, self._strategies = reader, strategies
        self._known: dict[str, Known] = {}
        self._namings: Mapping[str, Naming] = {}
        self.outcomes: Mapping[str, Outcome] = {}  # by the definitions' names; replaced as a whole
        self.told = threading.Event()

    def kinds(self) -> list[Kind]:
        known = self._read()
        self._namings = namings(each.crd for each in known.values())
        for name, each in known.items():
            known[name] = self._made(each, self._namings[name])
        self._known = known
        return [kind for each in known.values() for kind in each.kinds]

    def _read(self) -> dict[str, Known]:
        """All definitions; those are decoded that have changed."""
        found: dict[str, Known] = {}
        for (_, name), revision in self._reader.revisions(CUSTOM_RESOURCE_DEFINITIONS).items():
            known = self._known.get(name)
            if known is None or known.revision != revision:
                crd = self._reader.get(CUSTOM_RESOURCE_DEFINITIONS, name)
                if crd is None:
                    continue
                known = known or Known(0, {}, None, ())
                known = known._replace(revision=int(crd["metadata"]["resourceVersion"]), crd=crd)
            found[name] = known
        return found

    def _made(self, known: Known, naming: Naming) -> Known:
        crd = known.crd
        if not naming.is_good and not is_true(crd, ESTABLISHED):
            return known._replace(kinds=(), made_of=None)
        made_of = (crd["metadata"].get("uid"), crd["spec"], dict(naming.accepted), is_deleting(crd))
        if known.made_of == made_of:
            return known._replace(made_of=made_of)
        try:
            strategy, blocks = self._strategies(crd)
            kinds = kinds_of(crd, naming.accepted, strategy, blocks=blocks)
        except (KeyError, TypeError, ValueError) as error:  # written past this server's validation
            log.error("the definition %s cannot be served: %r", crd["metadata"]["name"], error)
            kinds = []
        return known._replace(made_of=made_of, kinds=kinds)

    def settled(self, served: Sequence[Kind], refused: Sequence[Refused]) -> None:
        mine = {(kind.group, kind.version, kind.plural) for kind in served}
        wrong = {(kind.group, kind.plural): why for kind, why in refused}
        outcomes = {}
        for name, known in self._known.items():
            wanted = [(kind.group, kind.version, kind.plural) for kind in known.kinds]
            why = next((wrong[group, plural] for group, _, plural in wanted if (group, plural) in wrong), "")
            is_served = bool(wanted) and all(each in mine for each in wanted)
            outcomes[name] = Outcome(self._namings[name], is_served, why)
        self.outcomes = outcomes
        self.told.set()

    def removes(self, kind: Kind) -> bool:
        """What a deleted definition left: its duty has emptied it, but for versions that are not served."""
        return self._reader.get(CUSTOM_RESOURCE_DEFINITIONS, f"{kind.plural}.{kind.group}") is None
