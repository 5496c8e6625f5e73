"""The CSI drivers that have registered on this node, as node-driver-registrar does it with a kubelet, and the node's
CSINode. Source: k8s.io/kubelet pluginregistration/v1; kubelet's plugin watcher and CSI plugin (meaning).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, NotFound
from sampan_csi.channel import Channel
from sampan_csi.messages import NODE
from sampan_grpc.registration import Registry
from sampan_machinery.metadata import copy
from sampan_machinery.resources import CSI_NODES, NODES
from sampan_volumes.contracts import VolumeFailure

log = logging.getLogger(__name__)

TYPE = "CSIPlugin"


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
        self._registry = Registry(
            folder, TYPE, connect=connect, accept=self._take, leave=self._leave, answering=not observing
        )  # fmt: skip

    def start(self) -> None:
        self._registry.start()

    def get(self, name: str) -> Driver:
        """Raises VolumeFailure where it is not registered."""
        found = self._drivers.get(name)
        if found is None:
            raise VolumeFailure(f"driver name {name} not found in the list of registered CSI drivers")
        return found

    def close(self) -> None:
        self._registry.close()
        for driver in self._drivers.values():
            driver.channel.close()

    def _leave(self, path: Path) -> None:
        for driver in [one for one in self._drivers.values() if one.socket == path]:
            log.info("csi: driver %s has unregistered", driver.name)
            del self._drivers[driver.name]
            driver.channel.close()
            if not self._observing:
                self._write(lambda node, name=driver.name: _without(node, name))  # type: ignore[misc]  # mypy cannot infer a lambda's default

    def _take(self, path: Path, info: dict[str, Any]) -> str:
        """Why the driver is not taken, "" where it is. Raises VolumeFailure, StatusError."""
        return _refusal(info) or self._accept(path, info)

    def _accept(self, path: Path, info: dict[str, Any]) -> str:
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
    if not any(version.lstrip("v").startswith("1.") for version in info["supported_versions"]):
        return f"no supported version among {', '.join(info['supported_versions'])}; 1.x is wanted"
    return ""


def _without(node: Object, name: str) -> list[Object]:
    return [copy(one) for one in node["spec"].get("drivers") or () if one["name"] != name]


def _with(node: Object, name: str, facts: dict[str, Any], topology: dict[str, str]) -> list[Object]:
    entry: Object = {"name": name, "nodeID": facts["node_id"], "topologyKeys": sorted(topology)}
    if facts["max_volumes_per_node"] > 0:
        entry["allocatable"] = {"count": facts["max_volumes_per_node"]}
    if not topology:
        entry["topologyKeys"] = None
    return [*_without(node, name), entry]
