"""The kind StatefulSet: defaults and columns. Source: apps/v1 reference, upstream's defaults and printer."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.kinds import Column, Kind, Object, Scale
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.metadata import get_path
from sampan_machinery.resources import STATEFUL_SETS
from sampan_podspec import advice
from sampan_podspec.templates import default_template, selector_text, wide_columns
from sampan_statefulsets.validation import validate

_HISTORY = 10


def default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("podManagementPolicy", "OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    rolling = strategy.get("rollingUpdate")
    if strategy["type"] == "RollingUpdate" and rolling is not None:
        rolling.setdefault("partition", 0)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    for when in ("whenDeleted", "whenScaled"):
        retention.setdefault(when, "Retain")
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", _HISTORY)
    default_template(obj)
    for claim in spec.get("volumeClaimTemplates") or ():
        _default_claim(claim)


def _default_claim(claim: Object) -> None:
    claim.setdefault("kind", "PersistentVolumeClaim")
    claim.setdefault("apiVersion", "v1")
    claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    claim.setdefault("status", {}).setdefault("phase", "Pending")


def _ready(obj: Object) -> str:
    return f"{get_path(obj, 'status', 'readyReplicas', default=0)}/{get_path(obj, 'spec', 'replicas', default=0)}"


def warn(new: Object, old: Object | None) -> Iterator[str]:
    yield from _of_template(new, old)
    for index, claim in enumerate(get_path(new, "spec", "volumeClaimTemplates", default=()) or ()):
        step = "" if old is None else ".Spec"  # sic
        yield from advice.of_claim_spec(claim.get("spec") or {}, f"spec.volumeClaimTemplates[{index}]{step}")
    if get_path(new, "spec", "revisionHistoryLimit", default=0) < 0:
        yield (
            "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
        )


_of_template = advice.of_template("spec", "template", named=False)
STATEFUL_SET = Kind(
    **STATEFUL_SETS._asdict(), short_names=("sts",), categories=("all",), name_rule="label",
    status=True, generation=True, scale=Scale(selector=selector_text), default=default,
    status_defaults=False, validate=validate, warn=warn,
    columns=(
        NAME,
        Column("Ready", _ready, description="Number of the pod with ready state"),
        AGE,
        *wide_columns()[:2],
    ),
)  # fmt: skip
