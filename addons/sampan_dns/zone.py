"""The cluster's names: what Services, EndpointSlices and pods resolve to. Pure; knows nothing of DNS packets.

Source: the Kubernetes DNS-based service discovery specification, version 1.1.0; KEP-1645 for ``clusterset.local``, the
names of Services that other clusters export.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple

from sampan.contracts.kinds import Object

SERVICE_LABEL = "kubernetes.io/service-name"
IMPORT_LABEL = "multicluster.kubernetes.io/service-name"  # of a Service that stands for one of other clusters
CLUSTERSET = "clusterset.local"
SPEC_VERSION = "1.1.0"


class Srv(NamedTuple):
    port: int
    target: str  # full name, no dot at the end


class Records(NamedTuple):
    """All that one name stands for."""

    addresses: tuple[str, ...] = ()
    services: tuple[Srv, ...] = ()
    alias: str = ""
    text: str = ""


class Zone:
    """Names without the dot at the end, in lower case → Records. ``parents`` are names that exist but hold nothing."""

    def __init__(self, domain: str, services: Iterable[Object], slices: Iterable[Object]) -> None:
        self.domain = domain.lower().rstrip(".")
        self._names: dict[str, Records] = {}
        self._reverse: dict[str, str] = {}
        self._has_imports = False
        by_service: dict[tuple[str, str], list[Object]] = {}
        for slice_ in slices:
            name = (slice_["metadata"].get("labels") or {}).get(SERVICE_LABEL)
            if name:
                by_service.setdefault((slice_["metadata"]["namespace"], name), []).append(slice_)
        for service in services:
            metadata = service["metadata"]
            self._add_service(service, by_service.get((metadata["namespace"], metadata["name"]), []))
        self._names[f"dns-version.{self.domain}"] = Records(text=SPEC_VERSION)
        self._parents = _parents(self._names, (self.domain, CLUSTERSET))
        for fixed in (f"svc.{self.domain}", f"pod.{self.domain}", self.domain, f"svc.{CLUSTERSET}", CLUSTERSET):
            self._parents.add(fixed)

    def holds(self, name: str) -> bool:
        """Whether the name is ours to answer for."""
        own = name == self.domain or name.endswith("." + self.domain)
        return own or (self._has_imports and (name == CLUSTERSET or name.endswith("." + CLUSTERSET)))

    def find(self, name: str) -> Records | None:
        """The records of a name; empty Records for one that exists and holds nothing; None where there is none."""
        found = self._names.get(name)
        if found is not None:
            return found
        pod = _pod_address(name, self.domain)
        if pod:
            return Records((pod,))
        return Records() if name in self._parents else None

    def pointer(self, address: str) -> str:
        """The name behind an address of the cluster, or ""."""
        return self._reverse.get(address, "")

    def _add_service(self, service: Object, slices: list[Object]) -> None:
        metadata = service["metadata"]
        self._add(f"{metadata['name']}.{metadata['namespace']}.svc.{self.domain}", service["spec"], slices)
        imported = (metadata.get("labels") or {}).get(IMPORT_LABEL)
        if imported:
            self._has_imports = True
            self._add(f"{imported}.{metadata['namespace']}.svc.{CLUSTERSET}", service["spec"], slices)

    def _add(self, name: str, spec: Object, slices: list[Object]) -> None:
        if spec.get("type") == "ExternalName":
            self._names[name] = Records(alias=str(spec.get("externalName") or "").rstrip(".").lower())
        elif spec.get("clusterIP") == "None":
            self._add_headless(name, slices)
        else:
            self._add_cluster_ip(name, spec)

    def _add_cluster_ip(self, name: str, spec: Object) -> None:
        addresses = tuple(spec.get("clusterIPs") or [spec.get("clusterIP")])
        self._names[name] = Records(tuple(address for address in addresses if address))
        for address in addresses:
            if address:
                self._reverse.setdefault(address, name)
        for port in spec.get("ports") or ():
            if port.get("name"):
                key = f"_{port['name']}._{port.get('protocol', 'TCP').lower()}.{name}".lower()
                self._names[key] = Records(services=(Srv(port["port"], name),))

    def _add_headless(self, name: str, slices: list[Object]) -> None:
        every: dict[str, None] = {}
        ports: dict[str, dict[Srv, None]] = {}
        for slice_ in slices:
            for endpoint in slice_.get("endpoints") or ():
                if (endpoint.get("conditions") or {}).get("ready", True) is False:
                    continue
                for address in endpoint["addresses"]:
                    host = f"{endpoint.get('hostname') or _dashed(address)}.{name}".lower()
                    every[address] = None
                    known = self._names.get(host, Records()).addresses
                    self._names[host] = Records(tuple(dict.fromkeys((*known, address))))
                    self._reverse.setdefault(address, host)
                    for port in slice_.get("ports") or ():
                        if port.get("name") and port.get("port"):
                            key = f"_{port['name']}._{port.get('protocol', 'TCP').lower()}.{name}".lower()
                            ports.setdefault(key, {})[Srv(port["port"], host)] = None
        if every:  # a headless Service without endpoints has no name, as upstream's DNS has it
            self._names[name] = Records(tuple(every))
        for key, services in ports.items():
            self._names[key] = Records(services=tuple(services))


def _parents(names: Iterable[str], domains: tuple[str, ...]) -> set[str]:
    """Every name between a record and its domain."""
    found = set()
    for name in names:
        rest = name.partition(".")[2]
        while rest and rest not in domains and rest not in found:
            found.add(rest)
            rest = rest.partition(".")[2]
    return found


def _pod_address(name: str, domain: str) -> str:
    """``10-1-2-3.default.pod.cluster.local`` → 10.1.2.3."""
    suffix = f".pod.{domain}"
    if not name.endswith(suffix):
        return ""
    parts = name[: -len(suffix)].split(".")
    if len(parts) != 2:
        return ""
    for text in (parts[0].replace("-", "."), parts[0].replace("-", ":")):
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            continue
    return ""


def _dashed(address: str) -> str:
    return address.replace(".", "-").replace(":", "-")
