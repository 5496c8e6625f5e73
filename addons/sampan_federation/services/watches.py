"""The EndpointSlices of exported Services on members: a watch for each exported Service."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sampan.contracts.kinds import Object
from sampan_client import Client
from sampan_client.informers import Informer
from sampan_federation.execution.budget import BudgetTransport
from sampan_federation.services.exporting import MOST_SLICES, SERVICE_NAME
from sampan_machinery.resources import ENDPOINT_SLICES

ServiceKey = tuple[str, str]  # namespace, name
_Key = tuple[str, str, str]  # cluster, namespace, name


class SliceWatches:
    """Thread-safe. ``on_change`` is called with the Service whose slices have changed."""

    def __init__(self, client_of: Callable[[str], Client], on_change: Callable[[ServiceKey], None]) -> None:
        self._client_of, self._on_change = client_of, on_change
        self._lock = threading.Lock()
        self._informers: dict[_Key, tuple[Client, Informer]] = {}

    def slices(self, cluster: str, namespace: str, name: str) -> list[Object] | None:
        """None while they are not known yet. Raises ConnectionError if the member cannot be connected to."""
        key, client = (cluster, namespace, name), self._client_of(cluster)
        with self._lock:
            known = self._informers.get(key)
            if known is None or known[0] is not client:
                informer = self._new(key, client)
                self._informers[key] = client, informer
                informer.start()
            else:
                informer = known[1]
        if known is not None and known[0] is not client:
            known[1].stop()
        return informer.list() if informer.synced else None

    def keep_only(self, service: ServiceKey, clusters: set[str]) -> None:
        """End the watches of clusters that do not export the Service any more."""
        with self._lock:
            ended = [key for key in self._informers if key[1:] == service and key[0] not in clusters]
            stopped = [self._informers.pop(key)[1] for key in ended]
        for informer in stopped:
            informer.stop()

    def close(self) -> None:
        with self._lock:
            found, self._informers = list(self._informers.values()), {}
        for _, informer in found:
            informer.stop()

    def _new(self, key: _Key, client: Client) -> Informer:
        _, namespace, name = key
        watching = Client(BudgetTransport(client.transport, lambda: MOST_SLICES), user_agent="sampan-federation")
        watching.hub = client.hub
        service = namespace, name
        return Informer(
            watching, ENDPOINT_SLICES, namespace=namespace, labels=f"{SERVICE_NAME}={name}",
            on_change=lambda old, new: self._on_change(service), on_synced=lambda: self._on_change(service),
        )  # fmt: skip
