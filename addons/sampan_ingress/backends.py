"""From an Ingress' backend to the pods behind it. Source: KEP-752 (slices), KEP-1669 (ending pods)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sampan.contracts.kinds import Object
from sampan_ingress.model import Endpoint, Upstream
from sampan_ingress.observed import Key, Observed
from sampan_machinery.addresses import is_address

_is_name = re.compile(r"[a-z0-9.-]+_[a-z0-9.-]+_[a-z0-9-]+").fullmatch


class BadBackend(ValueError):
    """A backend without endpoints; says why. Requests for it are answered 503."""


def upstream_of(namespace: str, backend: Object, observed: Observed, balance: str) -> tuple[Upstream, str]:
    """The upstream, and what is wrong with it in words ("" if nothing): then it has no endpoints."""
    service = backend.get("service")
    if service is None:
        return Upstream("none"), "only Services can be backends; resources are not supported"
    key = Key(namespace, str(service.get("name") or ""))
    port = service.get("port") or {}
    wanted = port.get("name") or port.get("number") or ""
    if not _is_name(f"{key.namespace}_{key.name}_{wanted}"):  # it becomes a part of a URL, where quotes do not help
        return Upstream("none"), f"{str(key)[:100]!r} with port {str(wanted)[:100]!r} is no Service"
    name = f"{key.namespace}_{key.name}_{wanted}" + ("" if balance == "round_robin" else f"_{balance}")
    try:
        return Upstream(name, _endpoints(key, wanted, observed), balance), ""
    except BadBackend as error:
        return Upstream(name, (), balance), str(error)


def _endpoints(key: Key, wanted: str | int, observed: Observed) -> tuple[Endpoint, ...]:
    service = observed.services.get(key)
    if service is None:
        raise BadBackend(f"Service {key} does not exist")
    spec = service.get("spec") or {}
    if spec.get("type") == "ExternalName":
        raise BadBackend(f"Service {key} is of type ExternalName, which would let an Ingress lead anywhere")
    field = "name" if isinstance(wanted, str) else "port"
    ports = [one for one in spec.get("ports") or () if one.get(field) == wanted and one.get("protocol") != "UDP"]
    if not ports:
        raise BadBackend(f"Service {key} has no TCP port {wanted}")
    name = ports[0].get("name") or ""
    ready, ending = set(), set()
    for conditions, endpoint in _all(observed, key, name):
        if conditions.get("ready") is not False:
            ready.add(endpoint)
        elif conditions.get("serving"):
            ending.add(endpoint)
    return tuple(sorted(ready or ending))  # terminating pods still answer where no other does


def _all(observed: Observed, key: Key, port_name: str) -> Iterator[tuple[Object, Endpoint]]:
    for one in observed.slices.get(key, ()):
        if one.get("addressType") == "FQDN":
            continue
        ports = [
            port["port"]
            for port in one.get("ports") or ()
            if (port.get("name") or "") == port_name and port.get("port")
        ]
        for endpoint in one.get("endpoints") or ():
            addresses = endpoint.get("addresses") or ()
            # An API server checks this; nginx would take a name, or the path of a socket, as well.
            if addresses and ports and is_address(addresses[0]):
                yield endpoint.get("conditions") or {}, Endpoint(addresses[0], ports[0])
