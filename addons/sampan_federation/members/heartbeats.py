"""Whether the agents of members in pull mode are there: each renews a Lease in its execution namespace.

A Lease is timed from when this process saw it change, so that clocks need not agree.
"""

from __future__ import annotations

from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, NotFound
from sampan_client import Client
from sampan_federation.names import execution_namespace
from sampan_machinery.metadata import now_text
from sampan_machinery.resources import LEASES


class _Heard(NamedTuple):
    revision: str
    at: float


class Heartbeats:
    """The host's side."""

    def __init__(self, host: Client) -> None:
        self._host = host
        self._heard: dict[str, _Heard] = {}

    def silence(self, name: str, now: float) -> float:
        """Seconds since the agent was heard of; since it was first looked at, where it has not been heard of."""
        try:
            revision = str(self._host.get(LEASES, name, execution_namespace(name))["metadata"]["resourceVersion"])
        except NotFound:
            revision = ""
        heard = self._heard.get(name)
        if heard is None or heard.revision != revision:
            heard = self._heard[name] = _Heard(revision, now)
        return now - heard.at

    def forget(self, name: str) -> None:
        self._heard.pop(name, None)


def beat(host: Client, name: str, now: float, seconds: float) -> None:
    """The agent's side: renew the Lease. ``seconds``: until it does so again."""
    namespace = execution_namespace(name)
    spec = {
        "holderIdentity": name, "leaseDurationSeconds": max(1, round(4 * seconds)), "renewTime": _micro(now),
    }  # fmt: skip
    try:
        lease: Object = host.get(LEASES, name, namespace)
    except NotFound:
        fresh = {"apiVersion": LEASES.api_version, "kind": "Lease", "metadata": {"name": name, "namespace": namespace}}
        try:
            host.create(LEASES, {**fresh, "spec": spec})
        except AlreadyExists:
            return
    else:
        host.update(LEASES, {**lease, "spec": spec})


def _micro(now: float) -> str:
    return now_text(now).replace("Z", f".{int(now % 1 * 1_000_000):06d}Z")
