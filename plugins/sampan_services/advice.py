"""Warnings about Services that are valid and yet not what their writer means: fields that are ignored or deprecated.

Source: upstream's warnings on Services, whose words clients see.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan_machinery.names import without_leading_zeros

_OLD_HINTS, _TOPOLOGY = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
_CLOSE, _ZONE = "PreferClose", "PreferSameZone"


class ServiceAdvice:
    """The admitter. After validation, so that what it looks at has the right types."""

    name = "serviceadvice"
    operations = frozenset({"CREATE", "UPDATE"})
    resources = frozenset({"services"})
    mutates = False
    priority = 950

    def admit(self, review: Review) -> None:
        if review.kind.plural != "services" or review.kind.group or review.subresource or review.object is None:
            return
        review.warnings += [text for text in advice(review.object) if text not in review.warnings]


def advice(service: Object) -> Iterator[str]:
    """All that there is to say, in upstream's order."""
    spec, external = service.get("spec") or {}, service["spec"].get("type") == "ExternalName"
    headless = spec.get("type") == "ClusterIP" and spec.get("clusterIP") == "None"
    if _OLD_HINTS in (service["metadata"].get("annotations") or {}):
        yield f"annotation {_OLD_HINTS} is deprecated, please use {_TOPOLOGY} instead"
    if headless:
        for field in ("loadBalancerIP", "externalIPs"):
            if spec.get(field):
                yield f"spec.{field} is ignored for headless services"
        if spec.get("sessionAffinity") != "None":
            yield "spec.SessionAffinity is ignored for headless services"
    elif not external:
        yield from _addresses("clusterIPs", spec)
    yield from _addresses("externalIPs", spec)
    if spec.get("externalIPs") and not headless and not external:
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
    yield from _address("spec.loadBalancerIP", spec.get("loadBalancerIP") or "")
    for index, text in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        yield from _range(f"spec.loadBalancerSourceRanges[{index}]", text)
    if external and spec.get("externalIPs"):
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    if not external and spec.get("externalName"):
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.get("trafficDistribution") == _CLOSE:
        yield f'spec.trafficDistribution: "{_CLOSE}" is deprecated; use "{_ZONE}"'


def _addresses(field: str, spec: Object) -> Iterator[str]:
    for index, text in enumerate(spec.get(field) or ()):
        yield from _address(f"spec.{field}[{index}]", text)


def _address(path: str, text: str) -> Iterator[str]:
    """An address that is spelled in another way than programs print it; what is none is validation's."""
    plain = without_leading_zeros(text)
    try:
        address = ipaddress.ip_address(plain)
    except ValueError:
        return
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    if plain != text or mapped is not None:
        yield f'{path}: non-standard IP address "{text}" is invalid: use "{mapped or address}"'
    elif str(address) != text:
        yield f'{path}: IPv6 address "{text}" should be in RFC 5952 canonical format ("{address}")'


def _range(path: str, text: str) -> Iterator[str]:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:  # validation refuses it, or it was there before
        return
    if isinstance(network, ipaddress.IPv6Network) and str(network) != text:
        yield f'{path}: IPv6 CIDR value "{text}" should be in RFC 5952 canonical format ("{network}")'
