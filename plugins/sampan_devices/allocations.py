"""A claim's status: what was allocated to it, who has reserved it, and what drivers say about the devices.

Source: resource validation and the strategy of ResourceClaim (meaning, order, words).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from sampan.contracts.kinds import Object, Problem
from sampan_devices import limits
from sampan_devices.requests import Names, default_tolerations, reference, references
from sampan_devices.shapes import binding_conditions, configuration, items, label, pool_name, raw_object, repeated, uid
from sampan_machinery.conditions import validate_conditions
from sampan_machinery.equality import same
from sampan_machinery.metadata import get_path
from sampan_machinery.problems import forbidden, invalid, required, shown, too_long, too_many, unsupported
from sampan_machinery.validation import IMMUTABLE, validate_driver_name
from sampan_podspec.validation.scheduling import node_selector

SOURCES = ("FromClaim", "FromClass")

DeviceId = tuple[str, str, str, str]  # driver, pool, device, share


def default_status(status: Object) -> None:
    for result in results_of(status):
        default_tolerations(result)


def results_of(status: Object) -> list[Object]:
    found: list[Object] = get_path(status, "allocation", "devices", "results", default=None) or []
    return found


def device_id(holder: Object) -> DeviceId:
    return (
        holder.get("driver") or "",
        holder.get("pool") or "",
        holder.get("device") or "",
        holder.get("shareID") or "",
    )


def drop_deallocated(status: Object, old: Object) -> None:
    """Remove, in place, what was said about devices that are no longer allocated."""
    gone = {device_id(each) for each in results_of(old)} - {device_id(each) for each in results_of(status)}
    if status.get("devices"):
        kept = [each for each in status["devices"] if device_id(each) not in gone]
        status["devices"] = kept
        if not kept:
            del status["devices"]


def claim_status(path: str, status: Object, old: Object, known: Names, *, deleting: bool) -> Iterator[Problem]:
    reserved, allocation = status.get("reservedFor") or [], status.get("allocation")
    yield from items(
        f"{path}.reservedFor", reserved, limits.RESERVATIONS, _consumer, lambda each: each.get("uid") or ""
    )
    allocated = {device_id(each) for each in results_of(status)}

    def device(where: str, each: Object) -> Iterator[Problem]:
        yield from _device(where, each)
        if device_id(each) not in allocated:
            yield invalid(where, _shown(device_id(each)), "must be an allocated device in the claim")
        yield from _said(where, each)

    devices = status.get("devices") or []
    yield from items(f"{path}.devices", devices, -1, device)
    yield from repeated(f"{path}.devices", [device_id(each) for each in devices], _shown)
    if reserved and allocation is None:
        yield forbidden(f"{path}.reservedFor", "may not be specified when `allocated` is not set")
    elif deleting and any(each not in (old.get("reservedFor") or []) for each in reserved):
        why = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"
        yield forbidden(f"{path}.reservedFor", why)
    if allocation is None:
        return
    if old.get("allocation") is None:
        yield from _allocation(f"{path}.allocation", allocation, known)
    elif not same(allocation, old["allocation"]):
        yield invalid(f"{path}.allocation", allocation, IMMUTABLE)


def _shown(found: DeviceId) -> dict[str, str]:
    """As upstream shows its own record."""
    return dict(zip(("Driver", "Pool", "Device", "ShareID"), found, strict=True))


def _consumer(path: str, consumer: Object) -> Iterator[Problem]:
    for field in ("resource", "name", "uid"):
        if not consumer.get(field):
            yield required(f"{path}.{field}")


def _allocation(path: str, allocation: Object, known: Names) -> Iterator[Problem]:
    devices = allocation.get("devices") or {}

    def result(where: str, each: Object) -> Iterator[Problem]:
        yield from reference(f"{where}.request", each.get("request") or "", known)
        yield from _device(where, each)
        yield from binding_conditions(where, each)

    def config(where: str, each: Object) -> Iterator[Problem]:
        source = each.get("source")
        if not source:
            yield required(f"{where}.source")
        elif source not in SOURCES:
            yield unsupported(f"{where}.source", source, SOURCES)
        yield from references(f"{where}.requests", each.get("requests"), known)
        yield from configuration(where, each)

    yield from items(f"{path}.devices.results", devices.get("results"), limits.RESULTS, result)
    yield from items(f"{path}.devices.config", devices.get("config"), 2 * limits.CONFIGS, config)
    if allocation.get("nodeSelector") is not None:
        yield from node_selector(f"{path}.nodeSelector", allocation["nodeSelector"])


def _device(path: str, holder: Object) -> Iterator[Problem]:
    yield from validate_driver_name(f"{path}.driver", holder.get("driver") or "")
    yield from pool_name(f"{path}.pool", holder.get("pool"))
    yield from label(f"{path}.device", holder.get("device"))
    if holder.get("shareID") is not None:
        yield from uid(f"{path}.shareID", holder["shareID"])


def _said(path: str, device: Object) -> Iterator[Problem]:
    """What its driver says about it."""
    conditions = device.get("conditions") or []
    if len(conditions) > limits.STATUS_CONDITIONS:
        yield too_many(f"{path}.conditions", len(conditions), limits.STATUS_CONDITIONS)
    yield from validate_conditions(f"{path}.conditions", conditions)
    if device.get("data") is not None:
        yield from raw_object(f"{path}.data", device["data"], limits.STATUS_DATA)
    network, where = device.get("networkData") or {}, f"{path}.networkData"
    for field, most in (("interfaceName", limits.INTERFACE_NAME), ("hardwareAddress", limits.HARDWARE_ADDRESS)):
        if len((network.get(field) or "").encode()) > most:
            yield too_long(f"{where}.{field}", most)
    yield from items(f"{where}.ips", network.get("ips"), limits.ADDRESSES, _address, str)


def _address(path: str, text: str) -> Iterator[Problem]:
    """An address and the length of its prefix."""
    try:
        found = ipaddress.ip_interface(text if "/" in text else "no prefix")
    except ValueError:
        yield invalid(path, text, "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)")
        return
    if text != found.with_prefixlen:
        yield invalid(path, text, f"must be in canonical form ({shown(found.with_prefixlen)})")
