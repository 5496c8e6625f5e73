"""The kinds of a member: where each is served. Asked one group and version at a time, and kept.

A member may lie: names are checked before they become part of a path.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import msgspec

from sampan.contracts.kinds import Resource
from sampan.errors import NotFound
from sampan_client import Client
from sampan_federation.interpreter.kinds import KindName
from sampan_federation.interpreter.reading import items, text

AGAIN = 10.0  # seconds until a kind that a member does not serve is asked for again
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_GROUP_VERSION = re.compile(r"([a-z0-9][-a-z0-9.]{0,252}/)?v[a-z0-9]{1,30}", re.ASCII)


class Discovery:
    """Thread-safe."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, Resource]] = {}  # by apiVersion: by kind
        self._asked: dict[str, float] = {}

    def resource_of(self, client: Client, kind: KindName) -> Resource:
        """Raises NotFound if the member does not serve the kind, or what asking it raises."""
        with self._lock:
            known = self._known.get(kind.api_version, {})
            recent = self._ticks() - self._asked.get(kind.api_version, float("-inf")) < AGAIN
        if kind.kind not in known and not recent:
            known = _served(client, kind.api_version)
            with self._lock:
                self._known[kind.api_version], self._asked[kind.api_version] = known, self._ticks()
        if kind.kind not in known:
            raise NotFound(f"the member does not serve the kind {kind.kind} of {kind.api_version}")
        return known[kind.kind]


def _served(client: Client, api_version: str) -> dict[str, Resource]:
    if not _GROUP_VERSION.fullmatch(api_version):
        raise NotFound(f"{api_version[:100]!r} is no API version")
    group, _, version = api_version.rpartition("/")
    try:
        body = client.request("GET", f"/apis/{api_version}" if group else f"/api/{api_version}").body
        answer = msgspec.json.decode(body)
    except NotFound:
        return {}
    except msgspec.MsgspecError as error:
        raise ConnectionError(f"the member's answer to discovery is no JSON: {error}") from error
    found: dict[str, Resource] = {}
    for each in items(answer, "resources"):
        plural, kind = text(each, "name"), text(each, "kind")
        if _NAME.fullmatch(plural) and kind:
            found.setdefault(kind, Resource(group, version, plural, kind, each.get("namespaced") is True))
    return found
