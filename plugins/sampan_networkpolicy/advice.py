"""A warning for each write of a NetworkPolicy in a cluster whose pods are on loopback: nothing is filtered there."""

from __future__ import annotations

import ipaddress

from sampan.contracts.admission import Review

TEXT = "NetworkPolicy is stored but not enforced: pods of this cluster have loopback addresses"


class NotEnforced:
    """Says so to the client (a Warning header, which kubectl prints); never refuses."""

    name = "NetworkPolicyNotEnforced"
    operations = frozenset({"CREATE", "UPDATE"})
    mutates = False
    priority = 500
    resources = frozenset({"networkpolicies.networking.k8s.io"})
    subresources = frozenset({""})

    def __init__(self, service_cidr: str) -> None:
        self._loopback = bool(service_cidr) and ipaddress.ip_network(service_cidr).is_loopback

    def admit(self, review: Review) -> None:
        if self._loopback:
            review.warnings.append(TEXT)
