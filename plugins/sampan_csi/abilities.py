"""What a driver says that it can do. Asked each time: rarely, and a driver may have been replaced."""

from __future__ import annotations

from typing import Protocol

from sampan_csi.drivers import Driver
from sampan_csi.messages import CONTROLLER, HAS_TOPOLOGY, IDENTITY, NODE


class Registered(Protocol):
    """What is needed of Drivers."""

    def get(self, name: str) -> Driver: ...


def of_controller(driver: Driver) -> set[int]:
    """ControllerServiceCapability.RPC.Type. Raises CallFailure."""
    listed = driver.channel.call(CONTROLLER, "ControllerGetCapabilities")["capabilities"]
    return {one["rpc"]["type"] for one in listed if one["rpc"]}


def of_node(driver: Driver) -> set[int]:
    """NodeServiceCapability.RPC.Type. Raises CallFailure."""
    listed = driver.channel.call(NODE, "NodeGetCapabilities")["capabilities"]
    return {one["rpc"]["type"] for one in listed if one["rpc"]}


def has_topology(driver: Driver) -> bool:
    """Whether its volumes are not everywhere. Raises CallFailure."""
    listed = driver.channel.call(IDENTITY, "GetPluginCapabilities")["capabilities"]
    return HAS_TOPOLOGY in {one["service"]["type"] for one in listed if one["service"]}
