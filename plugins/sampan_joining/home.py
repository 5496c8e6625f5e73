"""The home of a node that has joined: its settings, keys and kubeconfigs. Written once; the component renews them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sampan.errors import ConfigError
from sampan_joining.certificates import Issued, write_identity, write_pair, write_safely
from sampan_joining.clusterinfo import Network

SETTINGS = "sampan.yaml"
KUBECONFIG = "kubeconfig"


@dataclass(frozen=True)
class NodeFacts:
    """What this machine is called and where others reach it."""

    name: str
    ip: str
    runtime: str
    kubelet_port: int = 0


def require_free(home: Path) -> None:
    """Raises ConfigError for the home of a cluster of its own, and for one that has joined already."""
    if (home / "pki" / "ca.key").exists() or (home / "store.db").exists():
        raise ConfigError(f"{home} is the home of a cluster of its own; name another one with --home")
    server = str((_settings(home).get("node") or {}).get("server") or "")
    if server and (home / KUBECONFIG).exists():
        raise ConfigError(
            f"{home} has joined {server} already: `sampan up` starts its node; to join again, `sampan down` and remove "
            "the home"
        )


def settings_for(given: Mapping[str, Any], server: str, facts: NodeFacts, network: Network) -> dict[str, Any]:
    """The configuration file: what the user has set there stays, but for what the cluster decides."""
    node = {**(given.get("node") or {}), "server": server, "name": facts.name, "ip": facts.ip, "runtime": facts.runtime}
    if facts.kubelet_port:
        node["kubelet_port"] = facts.kubelet_port
    told = {
        "mode": network.mode, "pod_cidr": network.pod_cidr, "node_cidr_mask": network.node_cidr_mask,
        "service_cidr": network.service_cidr, "node_ports": network.node_ports, "domain": network.domain,
    }  # fmt: skip
    return {**given, "node": node, "network": {**(given.get("network") or {}), **told}, "addons": []}


def write_settings(home: Path, server: str, facts: NodeFacts, network: Network) -> None:
    import yaml

    made = settings_for(_settings(home), server, facts, network)
    text = "# Written by `sampan join`: this machine is a node alone.\n" + yaml.safe_dump(made, sort_keys=False)
    write_safely(home / SETTINGS, text.encode(), 0o644)


def write_authority(home: Path, authority: bytes) -> None:
    write_safely(home / "pki" / "ca.crt", authority, 0o644)


def write_component(home: Path, name: str, server: str, authority: bytes, user: str, issued: Issued) -> None:
    """A component's kubeconfig; the agent's is also what commands in this home use."""
    folder = home / "kubeconfigs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    paths = [folder / name, *([home / KUBECONFIG] if name == "node" else [])]
    write_identity(paths, server, authority, user, issued)


def write_serving(home: Path, issued: Issued) -> None:
    write_pair(home / "pki" / "kubelet", issued)


def _settings(home: Path) -> dict[str, Any]:
    """What the file says now, {} where there is none. Raises ConfigError."""
    import yaml

    path = home / SETTINGS
    try:
        found = yaml.safe_load(path.read_text()) if path.exists() else {}
    except (OSError, yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    if not isinstance(found or {}, dict):
        raise ConfigError(f"{path}: a mapping of settings is expected")
    return found or {}
