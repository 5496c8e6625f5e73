"""The cluster-wide options: what every part of a cluster is told about the cluster and about this machine."""

from __future__ import annotations

import dataclasses
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """Worked out once from the settings and from this machine. Text is "" and a number is 0 where it is not known.

    Reading it as a mapping (``options["dns_ip"]``), as before sampan 0.2, still works, with a DeprecationWarning.
    """

    home_id: str = ""
    """Short name of the home, unique on this machine; part of the names of what a cluster makes outside of its home."""
    home: str = ""
    """Directory with the cluster's data, keys and logs."""
    pki: str = ""
    """Directory with keys and certificates; "" for a component of a cluster that is not sampan's."""
    kubeconfig: str = ""
    """File with the administrator's identity, or the identity that the component was given."""
    server_url: str = ""
    """URL of the API server as this machine reaches it."""
    api_host: str = ""
    """Address that the API server listens on."""
    api_port: int = 0
    """Port that the API server listens on."""
    api_endpoint_ip: str = ""
    """Address at which pods and other machines reach the API server."""
    service_cidr: str = ""
    """Range of the addresses of Services."""
    service_ip: str = ""
    """Address of the Service default/kubernetes."""
    node_port_range: str = ""
    """Ports of Services of type NodePort, as first-last."""
    dns_ip: str = ""
    """Address of the cluster's DNS Service."""
    dns_reachable: bool = True
    """Whether port 53 of a Service's address can be answered on this machine."""
    cluster_domain: str = "cluster.local"
    """The cluster's DNS domain."""
    pod_cidr: str = ""
    """Range of the addresses of pods, of which each node gets a part."""
    node_cidr_mask: int = 24
    """Prefix length of the part of ``pod_cidr`` that each node gets."""
    node_pod_cidr: str = ""
    """This node's part of ``pod_cidr``; known to its container runtime alone, and only where ``network_mode`` is
    routed."""
    network_mode: str = "local"
    """local: pods' addresses are this machine's own affair; routed: nodes route the pods of the others."""
    joined: bool = False
    """Whether this home is that of a node alone, which has joined a cluster of another machine."""
    loopback_pods: str = ""
    """Range of loopback addresses that only this home uses, for pods without a network of their own."""
    node_name: str = ""
    """Name of this machine as a node, whether it is one or not."""
    node_ip: str = ""
    """Address of this machine as a node."""
    kubelet_port: int = 0
    """Port of the node agent's own HTTPS API; 0: a free one."""
    runtime: str = ""
    """Name of the container runtime wanted on this node; "" or auto: the first that works."""
    history: float = 300.0
    """Seconds that earlier revisions of objects can be read."""
    beside: tuple[str, ...] = ()
    """Names of all components that run in this process; empty for the API server."""
    identity: str = ""
    """Name of this process in leader elections; "": one made of the node's name and the process id."""

    if not TYPE_CHECKING:  # so that type checkers refuse it

        def __getitem__(self, key):
            _warn(key)
            try:
                return getattr(self, key)
            except AttributeError:
                raise KeyError(key) from None

        def get(self, key, default=None):
            _warn(key)
            return getattr(self, key, default)

        def keys(self):
            return (each.name for each in dataclasses.fields(self))


@dataclass(frozen=True, kw_only=True)
class ManifestOptions(ClusterOptions):
    """What ``Component.manifests`` is given."""

    settings: Any = None
    """The plugin's own settings record."""


def _warn(key: str) -> None:
    warnings.warn(f"the cluster-wide options are a record: read options.{key}", DeprecationWarning, stacklevel=3)
