"""Gives Services of type LoadBalancer their addresses: one decision about all of them, so that none is given twice.

Pure. A Service keeps the address that it has for as long as that is valid. ``spec.loadBalancerIP`` asks for one;
Services with the same value in the annotation sampan.dev/shared-address may share one if their ports differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Emit, Key, Observed, Patch, Reconciler, Watching
from sampan_loadbalancer.pools import Pool
from sampan_machinery.resources import SERVICES

SHARED = "sampan.dev/shared-address"
ALL = Key("", "loadbalancers")  # the one key: every change is about all of them


class Holders:
    """Which Services have which address."""

    def __init__(self) -> None:
        self._by_address: dict[str, list[Object]] = {}

    def may_take(self, address: str, service: Object) -> bool:
        """Whether it is free, or all who have it share it with this one."""
        return all(may_share(one, service) for one in self._by_address.get(address, ()))

    def take(self, address: str, service: Object) -> None:
        self._by_address.setdefault(address, []).append(service)

    def is_free(self, address: str) -> bool:
        return address not in self._by_address

    def shareable(self, service: Object) -> str:
        """An address that others share and this Service may share with them; "" for none."""
        if not share_key(service):
            return ""
        return next((address for address in self._by_address if self.may_take(address, service)), "")


def reconciler(automatic: Pool, reserved: Pool, own_class: str) -> Reconciler:
    return Reconciler(
        name="loadbalancer", primary=SERVICES, watches=(Watching(SERVICES, lambda obj, seen: [ALL]),),
        decide=decider(automatic, reserved, own_class), workers=1,
    )  # fmt: skip


def decider(automatic: Pool, reserved: Pool, own_class: str) -> Callable[[Key, Observed], Iterator[Action]]:
    """``automatic``: addresses that are given to anybody; ``reserved``: only to those who ask for them."""

    def decide(key: Key, seen: Observed) -> Iterator[Action]:
        mine = sorted((one for one in seen.list(SERVICES) if is_mine(one, own_class)), key=_age)
        holders, without = Holders(), []
        for service in mine:
            address = current(service)
            if (address in automatic or address in reserved) and _fits(address, service, holders):
                holders.take(address, service)
            else:
                without.append(service)
        for service in without:
            yield from _assign(service, holders, automatic, reserved)

    return decide


def _fits(address: str, service: Object, holders: Holders) -> bool:
    wanted = service["spec"].get("loadBalancerIP") or address
    return bool(wanted == address and holders.may_take(address, service))


def _assign(service: Object, holders: Holders, automatic: Pool, reserved: Pool) -> Iterator[Action]:
    address, why = _choose(service, holders, automatic, reserved)
    if address:
        holders.take(address, service)
        yield Emit(service, "Normal", "IPAllocated", f"Assigned IP [{address}]")
    else:
        yield Emit(service, "Warning", "AllocationFailed", why)
    if address != current(service):
        metadata = service["metadata"]
        ingress = [{"ip": address, "ipMode": "VIP"}] if address else None
        patch = {"status": {"loadBalancer": {"ingress": ingress}}}
        yield Patch(SERVICES, metadata["name"], metadata["namespace"], patch, subresource="status")


def _choose(service: Object, holders: Holders, automatic: Pool, reserved: Pool) -> tuple[str, str]:
    """(address, why there is none)."""
    wanted = service["spec"].get("loadBalancerIP") or ""
    if wanted:
        if wanted not in automatic and wanted not in reserved:
            return "", f"address {wanted} is not in the load balancer's pool"
        if not holders.may_take(wanted, service):
            return "", f"address {wanted} is in use by another Service"
        return wanted, ""
    if shared := holders.shareable(service):
        return shared, ""
    free = next((address for address in automatic if holders.is_free(address)), "")
    return free, "" if free else "no address of the load balancer's pool is free"


def is_mine(service: Object, own_class: str) -> bool:
    """Whether this load balancer serves it: those that name no class, and those that name its own."""
    spec = service["spec"]
    going = service["metadata"].get("deletionTimestamp")
    return bool(spec.get("type") == "LoadBalancer" and spec.get("loadBalancerClass") in (None, own_class) and not going)


def current(service: Object) -> str:
    """The address that it has, "" for none."""
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return next((str(one["ip"]) for one in ingress if one.get("ip")), "")


def share_key(service: Object) -> str:
    return str((service["metadata"].get("annotations") or {}).get(SHARED) or "")


def may_share(one: Object, other: Object) -> bool:
    """The same key, no port of both, and no traffic policy Local: its node would have to have endpoints of both."""
    policies = {each["spec"].get("externalTrafficPolicy") for each in (one, other)}
    same = share_key(one) == share_key(other) != ""
    return same and "Local" not in policies and not _ports(one) & _ports(other)


def _ports(service: Object) -> set[tuple[str, int]]:
    return {(port.get("protocol") or "TCP", port["port"]) for port in service["spec"].get("ports") or ()}


def _age(service: Object) -> tuple[str, str, str]:
    metadata = service["metadata"]
    return str(metadata.get("creationTimestamp") or ""), metadata["namespace"], metadata["name"]
