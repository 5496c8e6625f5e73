"""Kinds by apiVersion and kind: under which name the host serves them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from sampan.contracts.kinds import Resource
from sampan.errors import NotFound
from sampan_client import Client

AGAIN = 30.0  # seconds until a group version that did not serve a kind is asked again


class HostKinds:
    """One group version is asked when a kind of it is first named. Thread-safe."""

    def __init__(self, host: Client, clock: Callable[[], float]) -> None:
        self._host, self._clock = host, clock
        self._lock = threading.Lock()
        self._found: dict[str, dict[str, Resource]] = {}
        self._asked: dict[str, float] = {}

    def resource(self, api_version: str, kind: str) -> Resource | None:
        """None: the host does not serve it, or did not half a minute ago. Raises ConnectionError, StatusError."""
        with self._lock:
            known = self._found.get(api_version, {}).get(kind)
            if known is not None or self._clock() - self._asked.get(api_version, float("-inf")) < AGAIN:
                return known
            self._asked[api_version] = self._clock()
        found = self._ask(api_version)
        with self._lock:
            self._found[api_version] = found
            return found.get(kind)

    def again_after(self) -> float:
        """In how many seconds it is worth asking again for a kind that is not served."""
        return AGAIN

    def _ask(self, api_version: str) -> dict[str, Resource]:
        group, _, version = api_version.rpartition("/")
        try:
            answer = self._host.request("GET", f"/apis/{api_version}" if group else f"/api/{api_version}")
        except NotFound:
            return {}
        body = msgspec.json.decode(answer.body)
        return {
            entry["kind"]: Resource(group, version, entry["name"], entry["kind"], bool(entry.get("namespaced")))
            for entry in body.get("resources") or ()
            if "/" not in entry["name"]
        }
