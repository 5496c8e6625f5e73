"""Member clusters that are a dict each: what the federation's client is given in place of a connection.

Serves ConfigMaps, their watch, and what is probed of a member. Calls ``on_write(member, object)`` for each write.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sampan_client.transports import Response

COLLECTION = "/api/v1/configmaps"
CONFIG_MAPS = {"name": "configmaps", "kind": "ConfigMap", "namespaced": True, "verbs": ["get", "list", "watch"]}
DISCOVERY = {
    "kind": "APIGroupDiscoveryList",
    "items": [
        {
            "metadata": {"name": ""},
            "versions": [
                {
                    "version": "v1",
                    "freshness": "Current",
                    "resources": [
                        {
                            "resource": "configmaps",
                            "responseKind": {"group": "", "version": "v1", "kind": "ConfigMap"},
                            "scope": "Namespaced",
                            "verbs": CONFIG_MAPS["verbs"],
                        }
                    ],
                }
            ],
        }
    ],
}
FIXED: dict[str, Any] = {
    "/readyz": "ok",
    "/version": {"gitVersion": "v1.36.2"},
    "/api": DISCOVERY,
    "/apis": {"kind": "APIGroupDiscoveryList", "items": []},
    "/api/v1": {"resources": [CONFIG_MAPS]},
    "/api/v1/nodes": {"items": [], "metadata": {}},
    "/api/v1/pods": {"items": [], "metadata": {}},
}


class FakeMember:
    """Satisfies ``Transport``."""

    selectable = True

    def __init__(self, name: str, on_write: Callable[[str, dict[str, Any]], None]) -> None:
        self.name = name
        self._on_write = on_write
        self._lock = threading.Lock()
        self._objects: dict[str, dict[str, Any]] = {}
        self._streams: list[FakeStream] = []
        self._revision = 0

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        place = urlsplit(path).path
        if place in FIXED:
            return _answer(200, FIXED[place])
        with self._lock:
            if method == "POST" and place.endswith("/configmaps"):
                obj = json.loads(body or b"{}")
                return self._put(f"{place}/{obj['metadata']['name']}", obj, "ADDED")
            known = self._objects.get(place)
            if known is None:
                return _answer(404, {"kind": "Status", "code": 404, "reason": "NotFound", "message": f"no {place}"})
            if method == "PUT":
                return self._put(place, json.loads(body or b"{}"), "MODIFIED")
            if method == "DELETE":
                del self._objects[place]
                self._tell("DELETED", known)
            return _answer(200, known)

    def stream(self, path: str, headers: Mapping[str, str], *, longest: int = 0) -> FakeStream:
        stream = FakeStream()
        asked = parse_qs(urlsplit(path).query)
        with self._lock:
            if "sendInitialEvents" in asked:
                for obj in self._objects.values():
                    stream.push("ADDED", obj)
                marks = {"resourceVersion": str(self._revision), "annotations": {"k8s.io/initial-events-end": "true"}}
                stream.push("BOOKMARK", {"kind": "ConfigMap", "apiVersion": "v1", "metadata": marks})
            self._streams = [each for each in self._streams if not each.ended]
            self._streams.append(stream)
        return stream

    def close(self) -> None:
        return None

    def _put(self, place: str, obj: dict[str, Any], kind: str) -> Response:
        self._revision += 1
        obj["metadata"].update(resourceVersion=str(self._revision), uid=f"{self.name}{place}")
        self._objects[place] = obj
        self._tell(kind, obj)
        self._on_write(self.name, obj)
        return _answer(200, obj)

    def _tell(self, kind: str, obj: dict[str, Any]) -> None:
        for stream in self._streams:
            stream.push(kind, obj)


class FakeStream:
    """Satisfies ``Stream``."""

    status, body = 200, b""

    def __init__(self) -> None:
        self.ended = False
        self._lines: deque[bytes] = deque()
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def push(self, kind: str, obj: Mapping[str, Any]) -> None:
        if not self.ended:
            self._lines.append(json.dumps({"type": kind, "object": obj}).encode())
            self._writer.send(b"\0")

    def fileno(self) -> int:
        return self._reader.fileno()

    def wait(self, timeout: float | None = None) -> None:
        return None

    def read(self, timeout: float | None = None, most: int = 0) -> list[bytes]:
        with contextlib.suppress(BlockingIOError):
            self._reader.recv(4096)
        found = []
        while self._lines:
            found.append(self._lines.popleft())
        return found

    def close(self) -> None:
        self.ended = True
        self._reader.close()
        self._writer.close()


def _answer(status: int, body: Any) -> Response:
    return Response(status, {}, body.encode() if isinstance(body, str) else json.dumps(body).encode())
