"""A host and three members in this process, by clocks that can be moved."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sampan.contracts.kinds import Object
from sampan_client import Client
from sampan_client.transports import Response, Stream
from sampan_federation.component import Federation
from sampan_federation.manifests import manifests
from sampan_federation.members import joining
from sampan_federation.members.registry import Members
from sampan_federation.names import CLUSTER_NAMESPACE
from sampan_federation.parts import MAKERS
from sampan_federation.plugin import USER, contribute_components
from sampan_federation.resources import CLUSTERS
from sampan_federation.settings import Settings
from sampan_shipping import Shipment
from sampan_testing.cluster import Cluster, running_of, start, until

#: The plugins that the tests need: the others cost time.
LIGHT = frozenset(
    {
        "accounts", "batch", "config", "crds", "events", "gc", "hollow", "memory", "namespaces", "nodes", "pods",
        "rbac", "scheduler", "services", "workloads",
    }
)  # fmt: skip
#: A clock of the tests runs on by itself, too: spans are so long that it does not matter how slow a machine is.
UNHURRIED = Settings(probe_seconds=20, failure_seconds=300, success_seconds=300, eviction_seconds=3000)
FAILED, EVICTED = 400, 3200  # seconds until a lost member counts as lost, and from then until workloads leave it
#: A host leaves the work of its objects to the members.
WORKLOADS = (
    "deployment-controller", "replicaset-controller", "job-controller", "cronjob-controller", "replication-controller",
)  # fmt: skip
#: name: (region, zone)
PLACES = {"east": ("r1", "z1"), "west": ("r2", "z1"), "north": ("r3", "z1")}


class Link:
    """The transport to a member, that can be cut: requests fail, watches end."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.selectable = inner, inner.selectable
        self.cut = False
        self.ended: Callable[[Stream], None] = lambda stream: None
        self.lie: Callable[[str, str, Response], Response] | None = (
            None  # (method, path, true answer): what is answered
        )
        self.sent: list[tuple[str, str]] = []
        self._streams: list[Stream] = []

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        self.sent.append((method, path))
        if self.cut:
            raise ConnectionError("the link is cut")
        answer = self.inner.send(method, path, headers, body)
        return self.lie(method, path, answer) if self.lie else answer

    def stream(self, path: str, headers: Mapping[str, str], *, longest: int = 0) -> Stream:
        if self.cut:
            raise ConnectionError("the link is cut")
        stream: Stream = self.inner.stream(path, headers, longest=longest)
        self._streams.append(stream)
        return stream

    def close(self) -> None:
        self.inner.close()

    def set(self, *, cut: bool) -> None:
        self.cut = cut
        if cut:
            streams, self._streams = self._streams, []
            for stream in streams:
                stream.close()
                self.ended(stream)  # as a socket that is closed becomes readable


class Fleet:
    """What the tests see."""

    def __init__(self, host: Cluster, members: dict[str, Cluster]) -> None:
        self.host, self.members = host, members
        self.links: dict[str, Link] = {}
        self.client: Client = host.client
        self.federation: Federation | None = None

    def connect(self, cluster: Object) -> Client:
        name = cluster["metadata"]["name"]
        if name not in self.members:
            raise ConnectionError(f"no such member {name}")
        account = (
            f"system:serviceaccount:{CLUSTER_NAMESPACE}:{joining.account_name(name)}"  # with what `join` allows it
        )
        client = self.members[name].client_as(account, "system:serviceaccounts")
        link = self.links.setdefault(name, Link(client.transport))
        link.inner = client.transport
        link.ended = client.hub.mark  # type: ignore[attr-defined]  # a PolledHub
        client.transport = link
        return client

    @property
    def registry(self) -> Members:
        assert self.federation is not None
        return self.federation.context.members

    def settle(self) -> None:
        """Until there is nothing to do now."""
        while sum(self._engines_settle()):
            pass

    def advance(self, seconds: float, step: float = 0.0) -> None:
        """Let time pass everywhere, in steps of a few seconds, or of a minute where it is long."""
        step = step or (5.0 if seconds < 100 else 60.0)
        self.settle()
        while seconds > 0:
            for cluster in (self.host, *self.members.values()):
                cluster.clock.advance(min(step, seconds))
            self.settle()
            seconds -= step

    def until(self, what: Callable[[], Any], seconds: float = 30) -> Any:
        """Settle, and wait until it is true."""
        self.settle()
        return until(what, seconds)

    def cut(self, name: str) -> None:
        self.links[name].set(cut=True)

    def heal(self, name: str) -> None:
        self.links[name].set(cut=False)

    def _engines_settle(self) -> Iterator[int]:
        for cluster in (self.host, *self.members.values()):
            assert cluster.engine is not None
            yield cluster.engine.settle()


def cluster_object(name: str, region: str = "", zone: str = "", **spec: Any) -> Object:
    """A Cluster in push mode."""
    place = {"region": region, "zone": zone, "zones": [zone]} if region else {}
    return {
        "apiVersion": CLUSTERS.api_version,
        "kind": "Cluster",
        "metadata": {"name": name, "labels": {"name": name}},
        "spec": {
            "syncMode": "Push",
            "apiEndpoint": f"https://{name}.invalid:6443",
            "secretRef": {"namespace": "karmada-cluster", "name": name},
            **place,
            **spec,
        },
    }


@contextmanager
def fleet_of(
    places: Mapping[str, tuple[str, str]] = PLACES,
    *,
    makers: Sequence[Any] = MAKERS,
    settings: Settings | None = None,
    nodes: int = 1,
) -> Iterator[Fleet]:
    """A host with the federation's controllers, and its members, joined."""
    with ExitStack() as stack:
        host = stack.enter_context(start(travel=True, only=LIGHT, without=WORKLOADS))
        members = {name: stack.enter_context(start(travel=True, nodes=nodes, only=LIGHT)) for name in places}
        for name, member in members.items():
            for resource, obj in joining.member_objects(name, joining.RULES):
                joining.ensure(member.client, resource, obj)
        fleet = Fleet(host, members)
        Shipment(host.client, "federation", "1", manifests(USER)).apply()
        fleet.settle()
        [component] = contribute_components()
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sampan-fleet-")))
        running = running_of(host, component, home, host.client_as(USER, *component.groups))
        running = dataclasses.replace(running, settings=settings or UNHURRIED)
        assert host.engine is not None
        clock = host.clock.time

        def make() -> Federation:
            fleet.federation = Federation(
                running, clock=clock, ticks=clock, connect=fleet.connect, makers=makers, threaded=False
            )
            return fleet.federation

        host.engine.add("federation", make)
        for name, (region, zone) in places.items():
            host.client.create(CLUSTERS, cluster_object(name, region, zone))
        fleet.settle()
        yield fleet
