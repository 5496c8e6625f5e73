"""Collects what Works report in the status of their binding, and shows it as the status of the host's object."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from typing import cast

from sampan.contracts.kinds import Object
from sampan.errors import Conflict, NotFound, StatusError
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.execution.discovery import Discovery
from sampan_federation.interpreter.kinds import KindName
from sampan_federation.interpreter.rules import RuleFailed
from sampan_federation.resources import CLUSTER_RESOURCE_BINDINGS, RESOURCE_BINDINGS
from sampan_federation.status import binding_status
from sampan_federation.works.controller import template_of
from sampan_federation.works.index import BindingKey, index_of
from sampan_machinery.metadata import is_deleting, key_of, now_text

log = logging.getLogger(__name__)

REFUSED = 30.0  # seconds until a status that the host refuses is written again


class Statuses:
    """Satisfies ``Controller``. Keys: (namespace, name) of a binding."""

    name = "status"
    workers = 2

    def __init__(self, context: Context) -> None:
        self._context = context
        self._index = index_of(context.caches)
        caches = context.caches
        self._bindings = {True: caches.of(RESOURCE_BINDINGS), False: caches.of(CLUSTER_RESOURCE_BINDINGS)}
        self._kinds = Discovery(context.clock)
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._index.on_change(self._work_changed)
        for bindings in self._bindings.values():
            bindings.on_change(self._binding_changed)

    def handle(self, key: Hashable) -> float | None:
        namespace, name = binding_key = cast(BindingKey, key)
        binding = self._bindings[bool(namespace)].get(name, namespace)
        if binding is None or is_deleting(binding):
            return None
        now = now_text(self._context.clock())
        status = binding_status.aggregated(binding, self._index.works_of(binding_key), now)
        if status is not None:
            resource = RESOURCE_BINDINGS if namespace else CLUSTER_RESOURCE_BINDINGS
            try:
                self._context.host.update(resource, {**binding, "status": status}, subresource="status")
            except NotFound:
                return None
        return self._show(binding, (status or binding.get("status") or {}).get("aggregatedStatus") or [], now)

    def close(self) -> None:
        return None

    def _show(self, binding: Object, items: list[Object], now: str) -> float | None:
        """Write the status of the host's object."""
        template = template_of(self._context, self._kinds, binding)
        if template is None or is_deleting(template):
            return None
        try:
            status = self._context.interpreter.aggregate(template, items, now=now)
            if status is None:
                return None
            resource = self._kinds.resource_of(self._context.host, KindName(template["apiVersion"], template["kind"]))
            self._context.host.update(resource, {**template, "status": status}, subresource="status")
        except Conflict:
            raise
        except NotFound:
            return None  # the object is gone, or its kind has no status
        except (StatusError, RuleFailed) as error:
            words = error.message if isinstance(error, StatusError) else str(error)
            self._context.recorder.event(binding, "Warning", "AggregateStatusFailed", words)
            return REFUSED
        return None

    def _work_changed(self, binding: BindingKey, old: Object | None, new: Object | None) -> None:
        if old is None or new is None or old.get("status") != new.get("status") or is_deleting(old) != is_deleting(new):
            self._enqueue(binding)

    def _binding_changed(self, old: Object | None, new: Object | None) -> None:
        binding = new or old
        assert binding is not None
        if new is not None and (old is None or old["metadata"].get("generation") != new["metadata"].get("generation")):
            self._enqueue(key_of(binding))
