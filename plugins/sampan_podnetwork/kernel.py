"""Makes the kernel's routes and tunnel equal to a plan, by pyroute2. A program of its own: the plan comes as JSON on
standard input, and it ends.

pyroute2 costs 22 MB and half a second to import, and nodes come and go seldom: so that memory is not kept.
What belongs to a cluster is told by the routes' protocol number and the cluster's range, and by the device's name.
"""

from __future__ import annotations

import ipaddress
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

PROTOCOL = 83  # of routes that are sampan's; the numbers from 80 on are free but for a few daemons (rtnetlink(7))
LOCAL_TABLE = 255


def apply(kernel: Any, wanted: Mapping[str, Any]) -> list[str]:
    """``kernel``: a pyroute2.IPRoute. ``wanted``: plan, cluster and device, as ``component`` writes them. Returns what
    was changed, in words."""
    done = list(_tunnel(kernel, wanted["device"], wanted.get("tunnel")))
    done += _routes(kernel, wanted)
    done += _peers(kernel, wanted["device"], wanted.get("tunnel"))
    return done


def _tunnel(kernel: Any, device: str, tunnel: Mapping[str, Any] | None) -> Iterator[str]:
    """The device; made again where it is another than wanted."""
    found = next(iter(kernel.link_lookup(ifname=device)), None)
    if found is not None and (tunnel is None or not _is_as(kernel, found, tunnel)):
        kernel.link("del", index=found)
        found = None
        yield f"removed {device}"
    if tunnel is None or found is not None:
        return
    below = _device_of(kernel, tunnel["local"])
    kernel.link(
        "add", ifname=device, kind="vxlan", vxlan_id=tunnel["id"], vxlan_port=tunnel["port"],
        vxlan_local=tunnel["local"], vxlan_link=below, vxlan_learning=False, address=tunnel["hardware"],
        mtu=tunnel["mtu"],
    )  # fmt: skip
    index = kernel.link_lookup(ifname=device)[0]
    kernel.addr("add", index=index, address=tunnel["address"], prefixlen=32)
    kernel.link("set", index=index, state="up")
    yield f"made {device}"


def _device_of(kernel: Any, address: str) -> int:
    """The interface that has this address; packets of the tunnel leave by it."""
    for found in kernel.get_addr():
        if found.get_attr("IFA_LOCAL") == address or found.get_attr("IFA_ADDRESS") == address:
            return int(found["index"])
    raise LookupError(f"no interface of this machine has the address {address}")


def _is_as(kernel: Any, index: int, tunnel: Mapping[str, Any]) -> bool:
    (link,) = kernel.get_links(index)
    info = link.get_attr("IFLA_LINKINFO")
    data = info.get_attr("IFLA_INFO_DATA") if info is not None else None
    if data is None:
        return False
    addresses = {one.get_attr("IFA_ADDRESS") for one in kernel.get_addr(index=index)}
    return (
        data.get_attr("IFLA_VXLAN_ID") == tunnel["id"]
        and data.get_attr("IFLA_VXLAN_LOCAL") == tunnel["local"]
        and data.get_attr("IFLA_VXLAN_PORT") == tunnel["port"]
        and link.get_attr("IFLA_MTU") == tunnel["mtu"]
        and link.get_attr("IFLA_ADDRESS") == tunnel["hardware"]
        and tunnel["address"] in addresses
        and link["state"] == "up"
    )


def _routes(kernel: Any, wanted: Mapping[str, Any]) -> Iterator[str]:
    """Routes to other nodes' pods, and the local range."""
    here = dict(_ours(kernel, wanted["cluster"]))
    tunnel = wanted.get("tunnel")
    made = {(254, one["pods"]): {"gateway": one["via"]} for one in wanted.get("routes", ())}
    if tunnel:
        index = kernel.link_lookup(ifname=tunnel["name"])[0]
        for peer in tunnel["peers"]:
            gateway = str(ipaddress.ip_network(peer["pods"]).network_address)
            made[(254, peer["pods"])] = {"gateway": gateway, "oif": index, "flags": 4, "prefsrc": tunnel["address"]}
    if wanted.get("local"):
        loopback = kernel.link_lookup(ifname="lo")[0]
        made[(LOCAL_TABLE, wanted["local"])] = {"oif": loopback, "type": "local", "scope": "host"}
    for (table, pods), how in made.items():
        if not _is_same(here.get((table, pods)), how):
            kernel.route("replace", dst=pods, table=table, proto=PROTOCOL, **how)
            yield f"route {pods} {how.get('gateway', 'local')}"
    for table, pods in here.keys() - made.keys():
        how = {"type": "local", "scope": "host"} if table == LOCAL_TABLE else {}
        kernel.route("del", dst=pods, table=table, proto=PROTOCOL, **how)
        yield f"no route {pods}"


def _ours(kernel: Any, cluster: str) -> Iterator[tuple[tuple[int, str], Mapping[str, Any]]]:
    """Those in the kernel, by table and range."""
    whole = ipaddress.ip_network(cluster)
    for route in kernel.get_routes(family=2):
        target = route.get_attr("RTA_DST")
        if route["proto"] != PROTOCOL or not target or ipaddress.ip_address(target) not in whole:
            continue
        found = {"gateway": route.get_attr("RTA_GATEWAY"), "oif": route.get_attr("RTA_OIF")}
        yield (route.get_attr("RTA_TABLE") or route["table"], f"{target}/{route['dst_len']}"), found


def _is_same(found: Mapping[str, Any] | None, how: Mapping[str, Any]) -> bool:
    if found is None or found.get("gateway") != how.get("gateway"):
        return False
    return "oif" not in how or found.get("oif") == how["oif"]


def _peers(kernel: Any, device: str, tunnel: Mapping[str, Any] | None) -> Iterator[str]:
    """Which hardware address is at which node (the forwarding database), and which address has it (ARP)."""
    if not tunnel:
        return
    index = kernel.link_lookup(ifname=device)[0]
    wanted = {}
    for peer in tunnel["peers"]:
        gateway = str(ipaddress.ip_network(peer["pods"]).network_address)
        wanted[gateway] = (peer["hardware"], peer["address"])
    known = {
        one.get_attr("NDA_DST"): one.get_attr("NDA_LLADDR") for one in kernel.get_neighbours(family=2, ifindex=index)
    }
    forwarded = {
        (one.get_attr("NDA_LLADDR"), one.get_attr("NDA_DST")) for one in kernel.fdb("dump", ifindex=index)
        if one["ifindex"] == index and one.get_attr("NDA_DST")
    }  # fmt: skip
    for hardware, address in forwarded - set(wanted.values()):
        kernel.fdb("del", ifindex=index, lladdr=hardware, dst=address)
        yield f"no peer {address}"
    for gateway in known.keys() - wanted.keys():
        kernel.neigh("del", ifindex=index, dst=gateway)
    for gateway, (hardware, address) in wanted.items():
        if known.get(gateway) != hardware:
            kernel.neigh("replace", ifindex=index, dst=gateway, lladdr=hardware, state=128)  # permanent
        if (hardware, address) not in forwarded:
            kernel.fdb("append", ifindex=index, lladdr=hardware, dst=address)
            yield f"peer {address}"


def main() -> None:
    from pyroute2 import IPRoute

    wanted = json.load(sys.stdin)
    with IPRoute() as kernel:
        json.dump(apply(kernel, wanted), sys.stdout)


if __name__ == "__main__":
    main()
