"""The kind ReplicationController: defaults, validation, columns. Its controller is that of ReplicaSets.

Source: core/v1 reference; upstream's ValidateReplicationController.
"""

from __future__ import annotations

from sampan.contracts.kinds import Kind, Object, Problem, Scale
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.metadata import copy, get_path, labels_of
from sampan_machinery.problems import forbidden, invalid, required
from sampan_machinery.resources import REPLICATION_CONTROLLERS
from sampan_machinery.selectors import NOTHING, Selector, from_labels
from sampan_machinery.validation import validate_non_negative
from sampan_podspec import advice
from sampan_podspec.statuses import validate_counts
from sampan_podspec.templates import count_column, default_template, wide_columns
from sampan_podspec.validation import pod_template

_COUNTS = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas")


def default(obj: Object) -> None:
    """The labels of the template are those of the controller, and its selector, where it names none."""
    spec = obj.setdefault("spec", {})
    if spec.get("replicas") is None:
        spec["replicas"] = 1
    if not isinstance(spec.get("template"), dict):
        return
    labels = get_path(spec, "template", "metadata", "labels")
    if labels is not None:
        if not spec.get("selector"):
            spec["selector"] = copy(labels)
        if not labels_of(obj):
            obj.setdefault("metadata", {})["labels"] = copy(labels)
    default_template(obj)


def validate(new: Object, old: Object | None) -> list[Problem]:
    spec = new.get("spec") or {}
    selector = spec.get("selector") or {}
    found = validate_non_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    if not selector:
        found.append(required("spec.selector"))
    found += validate_non_negative("spec.replicas", spec.get("replicas"))
    found += _validate_template(spec.get("template"), selector)
    return found + validate_counts(new, old, _COUNTS, within=_COUNTS[1:])


def _validate_template(template: Object | None, selector: Object) -> list[Problem]:
    path = "spec.template"
    if template is None:
        return [required(path)]
    found: list[Problem] = []
    if selector and not from_labels(selector).matches(labels_of(template)):
        detail = "`selector` does not match template `labels`"
        found.append(invalid(f"{path}.metadata.labels", labels_of(template) or None, detail))
    found += pod_template(template, path, restart_policies=("Always",))
    if get_path(template, "spec", "activeDeadlineSeconds") is not None:
        detail = "activeDeadlineSeconds in ReplicationController is not Supported"
        found.append(forbidden(f"{path}.spec.activeDeadlineSeconds", detail))
    return found


def selector_of(controller: Object) -> Selector:
    """All pairs of the map must match. A controller without a selector, which validation refuses, selects nothing."""
    labels = get_path(controller, "spec", "selector")
    return from_labels(labels) if labels else NOTHING


def _selector_text(obj: Object) -> str:
    return str(from_labels(get_path(obj, "spec", "selector")))


REPLICATION_CONTROLLER = Kind(
    **REPLICATION_CONTROLLERS._asdict(), short_names=("rc",), categories=("all",), propagation="Orphan",
    status=True, generation=True, scale=Scale(selector=_selector_text),
    fields={"status.replicas": lambda obj: str(get_path(obj, "status", "replicas", default=0))},
    default=default, validate=validate, warn=advice.of_template("spec", "template"),
    columns=(
        NAME,
        count_column("Desired", "spec", "replicas"),
        count_column("Current", "status", "replicas"),
        count_column("Ready", "status", "readyReplicas"),
        AGE,
        *wide_columns(_selector_text),
    ),
)  # fmt: skip
