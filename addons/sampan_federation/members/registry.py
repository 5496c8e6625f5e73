"""The member clusters: their Cluster objects, and a client of each that cannot harm the host.

A client is made when it is first asked for, and again when the member's address or credentials have changed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_client import Client
from sampan_federation.caches import Caches
from sampan_federation.members.breaker import Breaker
from sampan_federation.members.guarded import GuardedTransport
from sampan_federation.resources import CLUSTERS

#: Makes a client of a member, given its Cluster object. Raises ConnectionError with what is missing.
Connect = Callable[[Object], Client]


class MemberUnavailable(ConnectionError):
    """There is no such member, or it cannot be connected to."""


class _Connection(NamedTuple):
    client: Client
    breaker: Breaker
    made_of: object  # what the client was made of: when it changes, so does the client


class Members:
    """Thread-safe."""

    def __init__(self, caches: Caches, connect: Connect, clock: Callable[[], float], *, longest: int) -> None:
        """``longest``: most bytes of one line of a member's watch."""
        self._clusters = caches.of(CLUSTERS)
        self._connect, self._clock, self._longest = connect, clock, longest
        self._lock = threading.Lock()
        self._connections: dict[str, _Connection] = {}
        self._listeners: list[Callable[[str], None]] = []
        self._clusters.on_change(self._changed)

    def names(self) -> list[str]:
        return sorted(cluster["metadata"]["name"] for cluster in self._clusters.list())

    def get(self, name: str) -> Object | None:
        """The Cluster object."""
        return self._clusters.get(name)

    def list(self) -> list[Object]:
        return sorted(self._clusters.list(), key=lambda cluster: str(cluster["metadata"]["name"]))

    def client(self, name: str) -> Client:
        """A client of the member: requests have a deadline, answers a bound, and after failures in a row requests are
        refused at once for some seconds (ConnectionError). Do not keep it: ask again for each piece of work."""
        return self._connection(name).client

    def probe(self, name: str) -> Client:
        """The same, whose next request is sent even though the member has failed."""
        connection = self._connection(name)
        connection.breaker.allow_one()
        return connection.client

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call it with the name of each member that has come, changed or gone."""
        self._listeners.append(listener)
        for name in self.names():
            listener(name)

    def forget(self, name: str) -> None:
        """Make a new client the next time: the credentials were refused, perhaps they have changed."""
        with self._lock:
            connection = self._connections.pop(name, None)
        if connection is not None:
            connection.client.close()

    def close(self) -> None:
        with self._lock:
            connections, self._connections = self._connections, {}
        for connection in connections.values():
            connection.client.close()

    def _connection(self, name: str) -> _Connection:
        cluster = self._clusters.get(name)
        if cluster is None:
            raise MemberUnavailable(f"there is no cluster {name}")
        wanted = _address(cluster)
        with self._lock:
            found = self._connections.get(name)
            if found is not None and found.made_of == wanted:
                return found
        client = self._connect(cluster)  # reads a Secret: not under the lock
        breaker = Breaker(self._clock)
        client.transport = GuardedTransport(client.transport, breaker, name, longest=self._longest)
        made = _Connection(client, breaker, wanted)
        with self._lock:
            other = self._connections.get(name)
            if other is not None and other.made_of == wanted:
                client.close()
                return other
            self._connections[name] = made
        if other is not None:
            other.client.close()
        return made

    def _changed(self, old: Object | None, new: Object | None) -> None:
        cluster = new or old
        assert cluster is not None
        name = cluster["metadata"]["name"]
        if new is None:
            self.forget(name)
        for listener in list(self._listeners):
            listener(name)


def _address(cluster: Object) -> object:
    spec = cluster.get("spec") or {}
    fields = ("apiEndpoint", "secretRef", "insecureSkipTLSVerification", "proxyURL", "syncMode")
    return (cluster["metadata"].get("uid"), *(str(spec.get(field)) for field in fields))
