"""The drivers that have registered on this node. When one has been away for a while, what it offered of this node is
taken back. Source: kubelet's DRA plugin manager (meaning, its 30 seconds)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from sampan.errors import SampanError
from sampan_dra.channel import Channel
from sampan_grpc.registration import Registry
from sampan_machinery.resources import RESOURCE_SLICES
from sampan_machinery.selectors import escape

log = logging.getLogger(__name__)

KIND = "DRAPlugin"
VERSION = "v1.DRAPlugin"
WIPE_AFTER = 30.0  # seconds that a driver may be away, for a restart, before its slices are removed


class Driver(NamedTuple):
    name: str
    channel: Channel
    socket: Path  # at which it registered


class Drivers:
    """``connect`` opens a channel; ``client`` has the node's identity; ``timer`` is threading.Timer's shape."""

    def __init__(
        self, folder: Path, client: Any, node: str, *, connect: Callable[[str], Channel] = Channel,
        timer: Callable[..., Any] = threading.Timer,
    ) -> None:  # fmt: skip
        self._client, self._node, self._connect, self._timer = client, node, connect, timer
        self._drivers: dict[str, Driver] = {}
        self._wipes: dict[str, Any] = {}
        self._registry = Registry(folder, KIND, connect=connect, accept=self._accept, leave=self._leave)

    def start(self) -> None:
        self._registry.start()

    def get(self, name: str) -> Driver | None:
        return self._drivers.get(name)

    def close(self) -> None:
        self._registry.close()
        for wipe in self._wipes.values():
            wipe.cancel()
        for driver in self._drivers.values():
            driver.channel.close()

    def _accept(self, path: Path, info: dict[str, Any]) -> str:
        versions = info["supported_versions"]
        if VERSION not in versions:
            return f"no supported version among {', '.join(versions)}; {VERSION} is wanted"
        name = info["name"]
        if (wipe := self._wipes.pop(name, None)) is not None:
            wipe.cancel()
        known = self._drivers.get(name)
        self._drivers[name] = Driver(name, self._connect(info["endpoint"] or str(path)), path)
        if known is not None:  # a new instance of it comes before the old one has gone
            known.channel.close()
        log.info("dra: driver %s has registered", name)
        return ""

    def _leave(self, path: Path) -> None:
        for driver in [one for one in self._drivers.values() if one.socket == path]:
            log.info("dra: driver %s has unregistered", driver.name)
            del self._drivers[driver.name]
            driver.channel.close()
            wipe = self._wipes[driver.name] = self._timer(WIPE_AFTER, self._wipe, args=(driver.name,))
            wipe.daemon = True
            wipe.start()

    def _wipe(self, driver: str) -> None:
        """Nothing of the driver's is offered on this node any more."""
        self._wipes.pop(driver, None)
        selected = f"spec.nodeName={escape(self._node)},spec.driver={escape(driver)}"
        try:
            for one in self._client.list(RESOURCE_SLICES, fields=selected).items:
                self._client.delete(RESOURCE_SLICES, one["metadata"]["name"], uid=one["metadata"]["uid"])
        except SampanError as error:
            log.warning("dra: slices of driver %s stay: %s", driver, error)
