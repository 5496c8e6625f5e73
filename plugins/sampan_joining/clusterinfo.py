"""What a machine that joins believes: kube-public/cluster-info, checked by a token and by the hash of the authority.

Pure. Two checks, as kubeadm makes them: the ConfigMap is signed with the token's secret, which an attacker between
the machines does not know, and its authority has the public key whose hash was given.
Source: kubeadm's token discovery.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import ConfigError
from sampan_machinery.bootstrap_tokens import SIGNATURE, is_signed

NETWORK = "sampan.dev/network"  # the extension of the kubeconfig's cluster


@dataclass(frozen=True)
class Network:
    """The cluster's addresses, as its API server has them in its settings."""

    mode: str
    pod_cidr: str
    node_cidr_mask: int
    service_cidr: str
    node_ports: str
    domain: str


@dataclass(frozen=True)
class ClusterInfo:
    server: str  # URL of the API server as it says others reach it
    authority: bytes  # PEM
    network: Network


def verified(info: Object, token_id: str, secret: str, hashes: Collection[str], hash_of: Any) -> ClusterInfo:
    """What the ConfigMap says, once both checks have passed. ``hash_of``: PEM → hashes of its public keys. Raises
    ConfigError."""
    data = info.get("data") or {}
    content, signed = data.get("kubeconfig") or "", data.get(f"{SIGNATURE}{token_id}") or ""
    if not signed:
        raise ConfigError(
            f"the cluster knows no token {token_id} that may sign; make one with `sampan token create` on its machine"
        )
    if not is_signed(content, signed, token_id, secret):
        raise ConfigError("the cluster's description is not signed with this token: this is not the cluster meant")
    found = parsed(content)
    try:
        its = hash_of(found.authority)
    except ValueError as error:
        raise ConfigError("the cluster's description holds no usable authority") from error
    if not its or not set(its) <= set(hashes):
        raise ConfigError(
            f"the cluster's authority has the hash {', '.join(its) or 'of none'}, not the one given with --ca-hash: "
            "this is not the cluster meant"
        )
    return found


def parsed(content: str) -> ClusterInfo:
    """The kubeconfig in the ConfigMap, YAML or JSON. Raises ConfigError."""
    import yaml

    try:
        cluster = yaml.safe_load(content)["clusters"][0]["cluster"]
        authority = base64.b64decode(cluster["certificate-authority-data"], validate=True)
        server = str(cluster["server"])
    except (yaml.YAMLError, KeyError, TypeError, IndexError, ValueError) as error:
        raise ConfigError("the cluster's description (kube-public/cluster-info) cannot be read") from error
    extensions = {str(one.get("name")): one.get("extension") for one in cluster.get("extensions") or ()}
    return ClusterInfo(server, authority, _network(extensions.get(NETWORK)))


def _network(told: Any) -> Network:
    if not isinstance(told, Mapping):
        raise ConfigError("the cluster does not describe its network: it is none of sampan's, or of an older version")
    text = {key: str(told.get(key) or "") for key in ("mode", "podCidr", "serviceCidr", "nodePorts", "domain")}
    return Network(
        text["mode"], text["podCidr"], int(told.get("nodeCidrMask") or 24), text["serviceCidr"], text["nodePorts"],
        text["domain"],
    )  # fmt: skip


def require_routed(network: Network) -> None:
    """Raises ConfigError for a cluster whose pods other machines cannot reach."""
    if network.mode != "routed":
        raise ConfigError(
            "pods of this cluster have addresses that only its first machine reaches; there: `sampan down`, set "
            "network.mode: routed in sampan.yaml, `sampan up`"
        )
    if network.service_cidr.startswith("127."):
        raise ConfigError(
            f"Services of this cluster have addresses on loopback ({network.service_cidr}), which cannot be reached "
            "from other machines; begin a new home as root, with nft installed"
        )
