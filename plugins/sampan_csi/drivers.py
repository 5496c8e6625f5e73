"""The CSI drivers that have registered on this node, as node-driver-registrar does it with a kubelet, and the node's
CSINode. Source: k8s.io/kubelet pluginregistration/v1; kubelet's plugin watcher and CSI plugin (meaning).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, NotFound, StatusError
from sampan_csi.channel import Channel
from sampan_csi.messages import NODE, REGISTRATION
from sampan_csi.sockets import SocketWatcher
from sampan_machinery.metadata import copy
from sampan_machinery.resources import CSI_NODES, NODES
from sampan_volumes.contracts import VolumeFailure

log = logging.getLogger(__name__)

TYPE = "CSIPlugin"
AGAIN = 2.0  # seconds until a registration that failed is tried again


@dataclass(frozen=True)
class Driver:
    name: str
    channel: Channel
    socket: Path  # at which it registered
    capabilities: frozenset[int]  # NodeServiceCapability.RPC.Type


class Drivers:
    """``connect`` opens a channel; ``node`` is the node's name. ``observing``: the node agent answers registrars and
    writes the CSINode. ``on_change()`` after a driver has come."""

    def __init__(
        self, folder: Path, client: Any, node: str, *, connect: Callable[[str], Channel] = Channel,
        observing: bool = False, on_change: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._client, self._node, self._connect = client, node, connect
        self._observing, self._on_change = observing, on_change
        self._drivers: dict[str, Driver] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._closed = False
        self._watcher = SocketWatcher(folder, self._look)

    def start(self) -> None:
        self._watcher.start()

    def get(self, name: str) -> Driver:
        """Raises VolumeFailure where it is not registered."""
        found = self._drivers.get(name)
        if found is None:
            raise VolumeFailure(f"driver name {name} not found in the list of registered CSI drivers")
        return found

    def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._watcher.close()
        for driver in self._drivers.values():
            driver.channel.close()

    def _look(self) -> None:
        with self._lock:
            if self._closed:
                return
            paths = self._watcher.paths()
            self._leave(set(paths))
            known = {driver.socket for driver in self._drivers.values()}
            failed = [path for path in paths if path not in known and not self._register(path)]
        if failed and not self._closed:
            self._timer = threading.Timer(AGAIN, self._look)
            self._timer.daemon = True
            self._timer.start()

    def _leave(self, paths: set[Path]) -> None:
        for driver in [one for one in self._drivers.values() if one.socket not in paths]:
            log.info("csi: driver %s has unregistered", driver.name)
            del self._drivers[driver.name]
            driver.channel.close()
            if not self._observing:
                self._write(lambda node, name=driver.name: _without(node, name))  # type: ignore[misc]  # mypy cannot infer a lambda's default

    def _register(self, path: Path) -> bool:
        """Whether nothing is left to do for this socket."""
        try:
            registrar = self._connect(str(path))
        except VolumeFailure as error:
            log.warning("csi: %s: %s", path.name, error)
            return True
        try:
            info = registrar.call(REGISTRATION, "GetInfo")
            why = _refusal(info)
            if not why:
                why = self._accept(path, info)
            if not self._observing:
                registrar.call(REGISTRATION, "NotifyRegistrationStatus", plugin_registered=not why, error=why)
            if why:
                log.warning("csi: %s is not registered: %s", path.name, why)
            return True
        except (VolumeFailure, StatusError, OSError) as error:
            log.info("csi: %s cannot be registered now: %s", path.name, error)
            return False
        finally:
            registrar.close()

    def _accept(self, path: Path, info: dict[str, Any]) -> str:
        """Take the driver; why not, "" where it is taken. Raises VolumeFailure, StatusError."""
        channel = self._connect(info["endpoint"] or str(path))
        if self._observing:
            self._drivers[info["name"]] = Driver(info["name"], channel, path, frozenset())
            self._on_change()
            return ""
        facts = channel.call(NODE, "NodeGetInfo")
        if not facts["node_id"]:
            channel.close()
            return "the driver has no node_id"
        listed = channel.call(NODE, "NodeGetCapabilities")["capabilities"]
        capabilities = frozenset(one["rpc"]["type"] for one in listed if one["rpc"])
        topology = (facts["accessible_topology"] or {}).get("segments") or {}
        if topology:
            self._client.patch(NODES, self._node, {"metadata": {"labels": topology}})
        self._write(lambda node: _with(node, info["name"], facts, topology))
        self._drivers[info["name"]] = Driver(info["name"], channel, path, capabilities)
        log.info("csi: driver %s has registered", info["name"])
        return ""

    def _write(self, change: Callable[[Object], list[Object]]) -> None:
        """This node's CSINode with other drivers."""
        try:
            known = self._client.get(CSI_NODES, self._node)
        except NotFound:
            node = self._client.get(NODES, self._node)["metadata"]
            owner = {"apiVersion": "v1", "kind": "Node", "name": self._node, "uid": node["uid"]}
            fresh = {
                "apiVersion": "storage.k8s.io/v1", "kind": "CSINode",
                "metadata": {"name": self._node, "ownerReferences": [owner]}, "spec": {"drivers": []},
            }  # fmt: skip
            try:
                known = self._client.create(CSI_NODES, fresh)
            except AlreadyExists:
                known = self._client.get(CSI_NODES, self._node)
        drivers = change(known)
        if drivers != (known["spec"].get("drivers") or []):
            self._client.update(CSI_NODES, {**known, "spec": {**known["spec"], "drivers": drivers}})


def _refusal(info: dict[str, Any]) -> str:
    if info["type"] != TYPE:
        return f"plugins of type {info['type']!r} are not known to this node agent"
    if not any(version.lstrip("v").startswith("1.") for version in info["supported_versions"]):
        return f"no supported version among {', '.join(info['supported_versions'])}; 1.x is wanted"
    return "" if info["name"] else "the driver has no name"


def _without(node: Object, name: str) -> list[Object]:
    return [copy(one) for one in node["spec"].get("drivers") or () if one["name"] != name]


def _with(node: Object, name: str, facts: dict[str, Any], topology: dict[str, str]) -> list[Object]:
    entry: Object = {"name": name, "nodeID": facts["node_id"], "topologyKeys": sorted(topology)}
    if facts["max_volumes_per_node"] > 0:
        entry["allocatable"] = {"count": facts["max_volumes_per_node"]}
    if not topology:
        entry["topologyKeys"] = None
    return [*_without(node, name), entry]
