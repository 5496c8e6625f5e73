"""The step of the request chain: who falls under which level, and the wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sampan.contracts.chain import ChainRequest, Later, OutcomeCallback, Resume
from sampan.contracts.serving import Reader
from sampan_flowcontrol.bootstrap import CATCH_ALL, EXEMPT, level, schema
from sampan_flowcontrol.dispatching import Dispatcher, Running, Ticket
from sampan_flowcontrol.levels import Config, Level, config_of
from sampan_flowcontrol.matching import Schema, distinguisher, find, in_order, schema_of
from sampan_flowcontrol.shuffling import deal, flow_hash
from sampan_flowcontrol.work import LONG, known_cost, width
from sampan_machinery.resources import FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS

_MOST = 10_000
_HEADERS = ("x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid")


class Class(NamedTuple):
    """What a request falls under."""

    schema: Schema
    level: Level[Ticket] | None  # None: exempt
    flow: str
    headers: tuple[tuple[str, str], ...]  # of the answer


class FlowControl:
    """Behind impersonate, as upstream: whom a caller acts as counts."""

    name = "flow-control"
    after = "impersonate"

    def __init__(self, reader: Reader, dispatcher: Dispatcher) -> None:
        self._reader, self._dispatcher = reader, dispatcher
        self._known: dict[tuple[object, ...], Class] = {}
        self._seen = (-1, -1)
        self._schemas: list[Schema] = []
        self._configs: dict[str, Config] = {}

    def enter(self, request: ChainRequest) -> OutcomeCallback | None:
        found = self.classify(request)
        if found.level is None or request.subresource in LONG:
            return None
        for name, uid in found.headers:
            request.add_header(name, uid)
        seats, cost = width(request), known_cost(request)
        answer = self._dispatcher.enter(found.level, request, seats, lambda: self._hand(found), cost)
        if isinstance(answer, Running):
            return answer
        ticket = answer

        def begin(resume: Resume) -> None:
            self._dispatcher.begin(ticket, resume)

        raise Later(begin)

    def classify(self, request: ChainRequest) -> Class:
        """The same for every request of a caller for one thing, until any of the objects changes."""
        reader = self._reader
        seen = (reader.generation(FLOW_SCHEMAS), reader.generation(PRIORITY_LEVEL_CONFIGURATIONS))
        if seen != self._seen:
            self._read(seen)
        user = request.user
        key = (
            user.name, user.groups, request.verb, request.group, request.resource or request.path, request.subresource,
            request.namespace,
        )  # fmt: skip
        known = self._known
        found = known.get(key)
        if found is None:
            if len(known) >= _MOST:
                known = self._known = {}
            found = known[key] = self._find(request)
        return found

    def _find(self, request: ChainRequest) -> Class:
        match = find(self._schemas, request)
        assert match is not None  # catch-all takes everything
        config = self._configs[match.level]
        level = None if config.exempt else self._dispatcher.level(match.level)
        headers = tuple(zip(_HEADERS, (match.uid, config.uid), strict=True))
        return Class(match, level, distinguisher(match, request), headers)

    def _read(self, seen: tuple[int, int]) -> None:
        """A schema whose level is not there is passed over; the mandatory objects are there in any case."""
        configs = {each.name: each for each in map(config_of, self._reader.list(PRIORITY_LEVEL_CONFIGURATIONS))}
        for name in (EXEMPT, CATCH_ALL):
            configs.setdefault(name, config_of(level(name)))
        schemas = [each for each in in_order(self._reader.list(FLOW_SCHEMAS)) if each.level in configs]
        missing = {EXEMPT, CATCH_ALL} - {each.name for each in schemas}
        first = [schema_of(schema(EXEMPT))] if EXEMPT in missing else []
        last = [schema_of(schema(CATCH_ALL))] if CATCH_ALL in missing else []
        self._dispatcher.configure(list(configs.values()))
        self._schemas, self._configs = [*first, *schemas, *last], configs
        self._known = {}
        self._seen = seen

    def _hand(self, found: Class) -> Sequence[int]:
        """The queues of this flow."""
        assert found.level is not None
        config = found.level.config
        return deal(flow_hash(found.schema.name, found.flow), config.queues, config.hand)
