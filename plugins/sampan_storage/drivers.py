"""What CSI drivers say about themselves: CSIDriver, CSINode, CSIStorageCapacity. Defaults, generation, validation.

Source: storage defaults, strategies and validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sampan.contracts.kinds import Draft, Object, Problem
from sampan_machinery import names, quantities
from sampan_machinery.equality import same
from sampan_machinery.problems import duplicate, invalid, required, unsupported, unsupported_in_order
from sampan_machinery.validation import (
    by_rule,
    validate_driver_name,
    validate_immutable,
    validate_label_selector,
    validate_non_negative,
)

GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
LIFECYCLE_MODES = ("Persistent", "Ephemeral")
LONGEST_NODE_ID = 256
SHORTEST_PERIOD = 10  # seconds
SHORTEST_TOKEN = 600  # seconds
LONGEST_TOKEN = 2**32
_DRIVER_DEFAULTS = {
    "attachRequired": True, "podInfoOnMount": False, "storageCapacity": False,
    "fsGroupPolicy": "ReadWriteOnceWithFSType", "requiresRepublish": False, "seLinuxMount": False,
}  # fmt: skip


def default_driver(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    for name, value in _DRIVER_DEFAULTS.items():
        if spec.get(name) is None:
            spec[name] = value
    if not spec.get("volumeLifecycleModes"):
        spec["volumeLifecycleModes"] = ["Persistent"]


def prepare_driver(draft: Draft) -> None:
    """Without the field whose feature is off upstream. A new driver has no generation: upstream counts updates."""
    spec, old = draft.object.get("spec") or {}, draft.old
    before = (old or {}).get("spec") or {}
    if before.get("preventPodSchedulingIfMissing") is None:
        spec.pop("preventPodSchedulingIfMissing", None)
    if old is not None and not same(spec, before):
        draft.object["metadata"]["generation"] = (old["metadata"].get("generation") or 0) + 1


def validate_driver(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new.get("spec") or {}
    yield from _group_policy("spec.fsGroupPolicy", spec.get("fsGroupPolicy"))
    yield from _tokens("spec.tokenRequests", spec.get("tokenRequests") or ())
    for mode in spec.get("volumeLifecycleModes") or ():
        if mode not in LIFECYCLE_MODES:
            yield unsupported_in_order("spec.volumeLifecycleModes", mode, LIFECYCLE_MODES)
    period, in_secrets = spec.get("nodeAllocatableUpdatePeriodSeconds"), spec.get("serviceAccountTokenInSecrets")
    if period is not None and period < SHORTEST_PERIOD:
        why = f"must be greater than or equal to {SHORTEST_PERIOD} seconds"
        yield invalid("spec.nodeAllocatableUpdatePeriodSeconds", period, why)
    if in_secrets is not None and not spec.get("tokenRequests"):
        why = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        yield invalid("spec.serviceAccountTokenInSecrets", in_secrets, why)
    if old is not None:
        before = old.get("spec") or {}
        for name, told in (("attachRequired", "attachedRequired"), ("volumeLifecycleModes", "volumeLifecycleModes")):
            yield from validate_immutable(f"spec.{told}", spec.get(name), before.get(name))  # sic: attachedRequired


def _group_policy(path: str, policy: str | None) -> Iterator[Problem]:
    if policy is not None and policy not in GROUP_POLICIES:
        yield unsupported(path, policy, GROUP_POLICIES)


def _tokens(path: str, requests: Sequence[Object]) -> Iterator[Problem]:
    audiences = set()
    for index, request in enumerate(requests):
        audience, seconds = request.get("audience") or "", request.get("expirationSeconds")
        if audience in audiences:
            yield duplicate(f"{path}[{index}].audience", audience)
            continue
        audiences.add(audience)
        where = f"{path}[{index}].expirationSeconds"
        if seconds is not None and seconds < SHORTEST_TOKEN:
            yield invalid(where, seconds, "may not specify a duration less than 10 minutes")
        if seconds is not None and seconds > LONGEST_TOKEN:
            yield invalid(where, seconds, "may not specify a duration larger than 2^32 seconds")


def validate_node(new: Object, old: Object | None) -> Iterator[Problem]:
    """A driver may be added or removed; of one that stays only ``allocatable`` changes."""
    drivers, seen = (new.get("spec") or {}).get("drivers") or (), set()
    for index, driver in enumerate(drivers):
        where, name = f"spec.drivers[{index}]", driver.get("name") or ""
        yield from _node_driver(where, driver)
        if name in seen:
            yield duplicate(f"{where}.name", name)
        seen.add(name)
        yield from _topology_keys(where, driver.get("topologyKeys") or ())
    for before in ((old or {}).get("spec") or {}).get("drivers") or ():
        for driver in drivers:
            if driver.get("name") == before.get("name") and not same(_fixed(driver), _fixed(before)):
                yield invalid("spec.drivers", _fixed(driver), "field is immutable")


def _fixed(driver: Object) -> Object:
    return {key: value for key, value in driver.items() if key != "allocatable"}


def _node_driver(path: str, driver: Object) -> Iterator[Problem]:
    yield from validate_driver_name(f"{path}.name", driver.get("name") or "")
    identifier = driver.get("nodeID") or ""
    if not identifier:
        yield required(f"{path}.nodeID")
    if len(identifier.encode()) > LONGEST_NODE_ID:
        yield invalid(f"{path}.nodeID", identifier, f"must be {LONGEST_NODE_ID} characters or less")
    count = (driver.get("allocatable") or {}).get("count")
    yield from validate_non_negative(f"{path}.allocatable.count", count)


def _topology_keys(path: str, keys: Sequence[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for key in keys:
        if not key:
            yield required(path)
        if key in seen:
            yield duplicate(path, key)
        seen.add(key)
        yield from by_rule(path, key, names.label_key)


def validate_capacity(new: Object, old: Object | None) -> Iterator[Problem]:
    """What was asked of the driver never changes, its answer may."""
    topology, storage_class = new.get("nodeTopology"), new.get("storageClassName") or ""
    any_value = old is not None and bool(validate_label_selector("", old.get("nodeTopology")))
    yield from validate_label_selector("nodeTopology", topology, any_value=any_value)
    yield from by_rule("storageClassName", storage_class, names.dns_subdomain)
    amount = new.get("capacity")
    if amount is not None and quantities.nanos(amount) < 0:
        yield invalid("capacity", quantities.canonical(amount), "must be greater than or equal to 0")
    if old is not None and not same(topology, old.get("nodeTopology")):
        yield invalid("nodeTopology", topology, "field is immutable")
    if old is not None and storage_class != (old.get("storageClassName") or ""):
        yield invalid("storageClassName", storage_class, "field is immutable")
