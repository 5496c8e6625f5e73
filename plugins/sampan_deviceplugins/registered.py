"""The device plugins of this node: who has registered, and what they offer together."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sampan.errors import SampanError
from sampan_deviceplugins import endpoint
from sampan_deviceplugins.allotting import summed
from sampan_deviceplugins.endpoint import Calling, Endpoint
from sampan_deviceplugins.messages import MESSAGES, REGISTER, SOCKET, VERSION
from sampan_grpc.serving import Method, SocketServer
from sampan_machinery import names

log = logging.getLogger(__name__)


class NotRegistered(SampanError):
    """Why a plugin is not taken."""


class RegisteredPlugins:
    """``known``: resources of plugins of before the agent's start; ``remember`` is called when there are others."""

    def __init__(
        self, folder: Path, private: Path, *, known: frozenset[str] = frozenset(),
        remember: Callable[[frozenset[str]], None] = lambda known: None,
        connect: Callable[[str], Calling] = endpoint.connect,
    ) -> None:  # fmt: skip
        self._folder, self._connect, self._remember = folder, connect, remember
        self._known = known
        self._lock = threading.Lock()
        self._endpoints: dict[str, Endpoint] = {}
        _clear(folder)
        methods = {REGISTER: Method("RegisterRequest", "Empty", self._register)}
        self._server = SocketServer(folder / SOCKET, private, MESSAGES, methods, endpoint.library)
        self._directory = os.open(folder, os.O_PATH | os.O_DIRECTORY)

    def start(self) -> None:
        self._server.start()

    def close(self) -> None:
        self._server.close()
        with self._lock:
            endpoints, self._endpoints = list(self._endpoints.values()), {}
        for one in endpoints:
            one.close()
        os.close(self._directory)

    def get(self, resource: str) -> Endpoint | None:
        return self._endpoints.get(resource)

    def resources(self) -> frozenset[str]:
        """Those that device plugins look after, here or away."""
        return self._known | frozenset(self._endpoints)

    def offered(self) -> dict[str, tuple[int, int]]:
        """Devices and healthy devices, by resource; (0, 0) of a plugin that has been away for too long, and of one that
        has not come back since the agent started."""
        over = [one for one in list(self._endpoints.values()) if one.is_over]
        for one in over:
            self._drop(one)
        found: Mapping[str, Endpoint] = dict(self._endpoints)
        counts = summed({name: (one.every, one.healthy) for name, one in found.items()})
        return dict.fromkeys(self._known, (0, 0)) | counts

    def _drop(self, one: Endpoint) -> None:
        with self._lock:
            if self._endpoints.get(one.resource) is one:
                del self._endpoints[one.resource]
        one.close()

    def _register(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if asked["version"] != VERSION:
            text = f'requested API version "{asked["version"]}" is not supported by kubelet. Supported version is'
            raise NotRegistered(f'{text} ["{VERSION}"]')
        resource, name = asked["resource_name"], asked["endpoint"]
        if not _is_extended(resource):
            raise NotRegistered(f'the ResourceName "{resource}" is invalid')
        if "/" in name or name in ("", ".", "..", SOCKET):
            raise NotRegistered(f"the endpoint {name!r} is not the name of a socket in {self._folder}")
        channel = self._connect(f"/proc/self/fd/{self._directory}/{name}")
        fresh = Endpoint(resource, channel, asked["options"])
        with self._lock:
            before = self._endpoints.get(resource)
            self._endpoints[resource] = fresh
            self._known |= {resource}
        self._remember(self._known)
        fresh.start()
        if before is not None:
            before.close()
        log.info("device plugin of %s has registered", resource)
        return {}


def _is_extended(name: str) -> bool:
    native = "/" not in name or "kubernetes.io/" in name or name.startswith("requests.")
    return not native and not names.label_key(f"requests.{name}")


def _clear(folder: Path) -> None:
    """Remove all sockets, as a kubelet does when it starts: plugins that see theirs go register again."""
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.is_socket():
            path.unlink(missing_ok=True)
