"""A bridge of this cluster's own, whose containers have addresses of the node's range. Where nodes route each other's
pods; elsewhere pods are on Docker's usual bridge, whose addresses all clusters of a machine share."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sampan_docker.engine import ask, is_missing
from sampan_docker.translation import CLUSTER, HOME
from sampan_runtime.contracts import RuntimeFailure

log = logging.getLogger(__name__)

REASON = "CreatePodSandboxError"


@dataclass(frozen=True)
class PodNetwork:
    """``pods``: the node's range; "" where pods are on Docker's usual bridge."""

    name: str
    bridge: str
    pods: str
    mtu: int


def named(home_id: str, pods: str = "", mtu: int = 0) -> PodNetwork:
    """The home's network; an interface's name has 15 characters at most."""
    return PodNetwork(f"sampan_{home_id}", f"sn{home_id}"[:15], pods, mtu)


def body(network: PodNetwork, labels: Mapping[str, str]) -> dict[str, Any]:
    """What the daemon is asked for. It does not translate addresses: between nodes pods keep theirs, and what leaves
    the cluster is the pod network's to translate. Source: Docker Engine API, NetworkCreate; options of its bridge
    driver, of which a daemon passes over those that it does not know."""
    gateway = str(next(ipaddress.ip_network(network.pods).hosts()))
    return {
        "name": network.name, "driver": "bridge", "labels": dict(labels), "check_duplicate": True,
        "ipam": {"Driver": "default", "Config": [{"Subnet": network.pods, "Gateway": gateway}]},
        "options": {
            "com.docker.network.bridge.name": network.bridge,
            "com.docker.network.bridge.enable_ip_masquerade": "false",
            "com.docker.network.bridge.gateway_mode_ipv4": "nat-unprotected",
            "com.docker.network.driver.mtu": str(network.mtu),
        },
    }  # fmt: skip


def is_as(found: Mapping[str, Any], network: PodNetwork) -> bool:
    """Whether the daemon's network has the same range and MTU."""
    subnets = [one.get("Subnet") for one in (found.get("IPAM") or {}).get("Config") or ()]
    mtu = (found.get("Options") or {}).get("com.docker.network.driver.mtu")
    return subnets == [network.pods] and mtu == str(network.mtu)


def ensure(client: Any, network: PodNetwork, cluster: str, home: str) -> None:
    """Make it; one with another range is removed with the containers on it, which the agent makes again. Raises
    RuntimeFailure."""
    found = _found(client, network.name)
    if found is not None and is_as(found, network):
        return
    if found is not None:
        log.warning("docker: the range of this node's pods is another one now; its pods are made again")
        remove(client, network.name)
    ask(REASON, lambda: client.create_network(**body(network, {CLUSTER: cluster, HOME: home})))


def remove(client: Any, name: str) -> None:
    """With what is on it; none is fine. Raises RuntimeFailure."""
    found = _found(client, name)
    if found is None:
        return
    for container in found.get("Containers") or {}:
        ask(REASON, client.remove_container, container, force=True, v=True)
    ask(REASON, client.remove_network, name)


def _found(client: Any, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = ask(REASON, client.inspect_network, name)
    except RuntimeFailure as error:
        if is_missing(error):
            return None
        raise
    return found
