"""The rule DenyServiceExternalIPs, off until a setting turns it on: no Service takes addresses that are not the
cluster's to give (CVE-2020-8554). Source: upstream's admission controller of this name."""

from __future__ import annotations

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object


class DenyServiceExternalIPs:
    """Those that a Service has already may stay."""

    name = "DenyServiceExternalIPs"
    operations = frozenset({"CREATE", "UPDATE"})
    resources = frozenset({"services"})
    subresources = frozenset({""})
    mutates = False
    priority = 500

    def admit(self, review: Review) -> None:
        if external_ips(review.object) - external_ips(review.old):
            raise review.forbidden("Use of external IPs is denied by admission control")


def external_ips(service: Object | None) -> set[str]:
    return set(((service or {}).get("spec") or {}).get("externalIPs") or ())
