"""What ``kubectl get`` shows of Services, Endpoints and EndpointSlices."""

from __future__ import annotations

from sampan.contracts.kinds import Column, Object
from sampan_machinery.columns import AGE, NAME

SHOWN = 3  # endpoints and ports named before "+ N more"


def external_text(service: Object) -> str:
    spec = service["spec"]
    given = list(spec.get("externalIPs") or ())
    if spec.get("type") == "ExternalName":
        return spec.get("externalName") or "<none>"
    if spec.get("type") == "LoadBalancer":
        ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        found = [i.get("ip") or i.get("hostname") for i in ingress]
        return ",".join([*found, *given]) or "<pending>"
    return ",".join(given) or "<none>"


def ports_text(service: Object) -> str:
    """``80/TCP,443:30443/TCP``."""
    texts = []
    for port in service["spec"].get("ports") or ():
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        texts.append(f"{port['port']}{node}/{port.get('protocol', 'TCP')}")
    return ",".join(texts) or "<none>"


def selector_text(selector: Object | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((selector or {}).items())) or "<none>"


def endpoints_text(endpoints: Object) -> str:
    """``10.1.1.1:80,10.1.1.2:80 + 3 more...``."""
    found: list[str] = []
    for subset in endpoints.get("subsets") or ():
        addresses = [a["ip"] for a in subset.get("addresses") or ()]
        ports = subset.get("ports") or ()
        found += [f"{ip}:{p['port']}" for p in ports for ip in addresses] if ports else addresses
    return _shortened(found, " + {} more...")


def _shortened(found: list[str], more: str) -> str:
    if not found:
        return "<none>"
    text = ",".join(found[:SHOWN])
    return text + more.format(len(found) - SHOWN) if len(found) > SHOWN else text


def _slice_ports(slice_: Object) -> str:
    ports = slice_.get("ports")
    if not ports:
        return "<unset>"
    return _shortened([_slice_port(port) for port in ports], " + {} more...")


def _slice_port(port: Object) -> str:
    """A port without number is every port, and shown by its name if it has one, even an empty one."""
    number, name = port.get("port"), port.get("name")
    return str(number) if number is not None else "*" if name is None else str(name)


def _slice_addresses(slice_: Object) -> str:
    found = [address for endpoint in slice_.get("endpoints") or () for address in endpoint.get("addresses") or ()]
    return "<unset>" if not found else _shortened(found, " + {} more...")


SERVICE = (
    NAME,
    Column("Type", lambda obj: obj["spec"].get("type") or ""),
    Column("Cluster-IP", lambda obj: obj["spec"].get("clusterIP") or "<none>"),
    Column("External-IP", external_text),
    Column("Port(s)", ports_text),
    AGE,
    Column("Selector", lambda obj: selector_text(obj["spec"].get("selector")), priority=1),
)
ENDPOINTS = (
    NAME,
    Column("Endpoints", endpoints_text),
    AGE,
)
SLICE = (
    NAME,
    Column("AddressType", lambda obj: obj.get("addressType") or ""),
    Column("Ports", _slice_ports),
    Column("Endpoints", _slice_addresses),
    AGE,
)
