"""The kind DaemonSet: defaults, its template's generation, columns. Source: apps/v1 reference, upstream's strategy and
printer."""

from __future__ import annotations

from sampan.contracts.kinds import Column, Draft, Kind, Object
from sampan.errors import BadRequest
from sampan_daemonsets.validation import validate
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.equality import same
from sampan_machinery.metadata import annotations_of, get_path
from sampan_machinery.resources import DAEMON_SETS
from sampan_podspec import advice
from sampan_podspec.templates import count_column, default_template, wide_columns

#: Counts changes of the template. A field of the internal type upstream, which v1 shows as this annotation.
GENERATION = "deprecated.daemonset.template.generation"
_HISTORY = 10


def default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        if strategy.get("rollingUpdate") is None:
            strategy["rollingUpdate"] = {}
        strategy["rollingUpdate"].setdefault("maxUnavailable", 1)
        strategy["rollingUpdate"].setdefault("maxSurge", 0)
    spec.setdefault("revisionHistoryLimit", _HISTORY)
    default_template(obj)
    metadata = obj.setdefault("metadata", {})
    if GENERATION not in annotations_of(obj):  # who leaves it out owns it, as upstream, which reads a zero
        metadata["annotations"] = {**annotations_of(obj), GENERATION: "0"}


def prepare(draft: Draft) -> None:
    """Number the template: clients cannot."""
    if draft.old is None:
        generation = max(1, _generation(draft.object))
    else:
        generation = _generation(draft.old)
        if not draft.subresource and not same(_template(draft.object), _template(draft.old)):
            generation += 1
    metadata = draft.object.setdefault("metadata", {})
    metadata["annotations"] = {**annotations_of(draft.object), GENERATION: str(generation)}


def _generation(obj: Object) -> int:
    text = annotations_of(obj).get(GENERATION, "0")
    try:
        return int(text)
    except ValueError:
        raise BadRequest(f"annotation {GENERATION}: {text[:64]!r} is not a whole number") from None


def _template(obj: Object) -> Object | None:
    template: Object | None = get_path(obj, "spec", "template")
    return template


def _node_selector(obj: Object) -> str:
    selector = get_path(obj, "spec", "template", "spec", "nodeSelector", default={})
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items())) or "<none>"


DAEMON_SET = Kind(
    **DAEMON_SETS._asdict(), short_names=("ds",), categories=("all",), status=True, generation=True,
    default=default, status_defaults=False, prepare=prepare, validate=validate,
    warn=advice.of_template("spec", "template", named=False),
    columns=(
        NAME,
        count_column("Desired", "status", "desiredNumberScheduled"),
        count_column("Current", "status", "currentNumberScheduled"),
        count_column("Ready", "status", "numberReady"),
        count_column("Up-to-date", "status", "updatedNumberScheduled"),
        count_column("Available", "status", "numberAvailable"),
        Column("Node Selector", _node_selector),
        AGE,
        *wide_columns(),
    ),
)  # fmt: skip
