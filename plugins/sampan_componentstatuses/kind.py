"""The kind ComponentStatus: deprecated, and still what ``kubectl get componentstatuses`` asks for. Made when it is
read, from the Leases by which the elected components are known to work. Source: API reference core/v1."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from sampan.contracts.kinds import Column, Kind, Object
from sampan.contracts.serving import Reader
from sampan_machinery.columns import NAME
from sampan_machinery.metadata import parse_time
from sampan_machinery.resources import COMPONENT_STATUSES, LEASES

NAMESPACE = "kube-system"
#: Upstream's name of each component, and its Lease.
COMPONENTS = {"controller-manager": "sampan-reconciler", "scheduler": "sampan-scheduler"}
_DURATION = 10.0  # seconds, where a Lease does not say it


def component_statuses(reader: Reader, clock: Callable[[], float] = time.time) -> list[Object]:
    return [
        {"metadata": {"name": name}, "conditions": [condition(lease, reader.get(LEASES, lease, NAMESPACE), clock())]}
        for name, lease in COMPONENTS.items()
    ]


def condition(name: str, lease: Object | None, now: float) -> Object:
    """Healthy while its Lease is renewed in time."""
    spec = (lease or {}).get("spec") or {}
    if not spec.get("renewTime") or not spec.get("holderIdentity"):
        return _unhealthy(f"no instance holds the Lease {NAMESPACE}/{name}")
    silent = now - parse_time(spec["renewTime"])
    if silent > (spec.get("leaseDurationSeconds") or _DURATION):
        return _unhealthy(f"the Lease {NAMESPACE}/{name} was renewed {silent:.0f} s ago")
    return {"type": "Healthy", "status": "True", "message": "ok"}


def _unhealthy(error: str) -> Object:
    return {"type": "Healthy", "status": "False", "error": error}


def _cell(read: Callable[[Object], Any]) -> Callable[[Object], Any]:
    def cell(obj: Object) -> Any:
        found: Sequence[Object] = obj.get("conditions") or ()
        return next((read(each) for each in found if each.get("type") == "Healthy"), "")

    return cell


COMPONENT_STATUS = Kind(
    **COMPONENT_STATUSES._asdict(),
    singular="componentstatus",
    short_names=("cs",),
    verbs=("get", "list"),
    computed=component_statuses,
    deprecated="v1 ComponentStatus is deprecated in v1.19+",
    columns=(
        NAME,
        Column(
            "Status",
            _cell(lambda healthy: "Healthy" if healthy["status"] == "True" else "Unhealthy"),
            description="Status of the component conditions",
        ),
        Column(
            "Message", _cell(lambda healthy: healthy.get("message") or ""),
            description="Message of the component conditions",
        ),
        Column(
            "Error", _cell(lambda healthy: healthy.get("error") or ""), description="Error of the component conditions"
        ),
    ),
)  # fmt: skip
