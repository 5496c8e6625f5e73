"""The rule Priority: a pod's class becomes its number and its policy, and only one class may be the global default.

Source: upstream's admission controller of this name, its wording too.
"""

from __future__ import annotations

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.contracts.serving import Reader
from sampan_machinery.resources import PODS
from sampan_machinery.resources import PRIORITY_CLASSES as CLASSES
from sampan_priority.resources import PREEMPTS

#: What a pod gets where no class is the default.
_NONE: Object = {"metadata": {"name": ""}, "value": 0, "preemptionPolicy": PREEMPTS}


class Priority:
    """Fills in ``priority`` and ``preemptionPolicy``; refuses an unknown class and a number that is not its value."""

    name = "Priority"
    operations = frozenset({"CREATE", "UPDATE"})
    resources = frozenset({PODS.group_resource, CLASSES.group_resource})
    subresources = frozenset({""})
    may_be_absent = True
    mutates = True
    second_round = True
    priority = 300

    def __init__(self) -> None:
        self._classes: tuple[int, dict[str, Object]] = (-1, {})

    def admit(self, review: Review) -> None:
        if review.object is None:
            return
        if review.kind.plural == CLASSES.plural:
            self._admit_class(review, review.object)
        elif review.old is not None:
            _keep(review.object, review.old)
        else:
            self._admit_pod(review, review.object.setdefault("spec", {}))

    def _admit_pod(self, review: Review, spec: Object) -> None:
        classes = self._known(review.reader)
        name = spec.get("priorityClassName")
        found = classes.get(name) if name else _default(classes)
        if found is None:
            raise review.forbidden(f"no PriorityClass with name {name} was found")
        value, policy = found.get("value", 0), found.get("preemptionPolicy") or PREEMPTS
        if spec.get("priority") not in (None, value):
            raise review.forbidden(
                f"the integer value of priority ({spec['priority']}) must not be provided in pod spec; priority "
                f"admission controller computed {value} from the given PriorityClass name",
            )
        if spec.get("preemptionPolicy") not in (None, "", policy):
            raise review.forbidden(
                f"the string value of PreemptionPolicy ({spec['preemptionPolicy']}) must not be provided in pod spec; "
                f"priority admission controller computed {policy} from the given PriorityClass name",
            )
        spec["priority"], spec["preemptionPolicy"] = value, policy
        if found["metadata"]["name"]:
            spec["priorityClassName"] = found["metadata"]["name"]

    def _admit_class(self, review: Review, new: Object) -> None:
        if not new.get("globalDefault"):
            return
        now = _default(self._known(review.reader))["metadata"]["name"]
        if now and now != review.name:
            raise review.forbidden(f"PriorityClass {now} is already marked as default. Only one default can exist")

    def _known(self, reader: Reader) -> dict[str, Object]:
        generation = reader.generation(CLASSES)  # before reading: what changes meanwhile is read again next time
        known_at, classes = self._classes
        if known_at != generation:
            classes = {one["metadata"]["name"]: one for one in reader.list(CLASSES)}
            self._classes = (generation, classes)
        return classes


def _default(classes: dict[str, Object]) -> Object:
    """The default class; the lowest where two were made at the same moment."""
    marked = [one for one in classes.values() if one.get("globalDefault")]
    return min(marked, key=lambda one: (one.get("value", 0), one["metadata"]["name"]), default=_NONE)


def _keep(new: Object, old: Object) -> None:
    """An update from a manifest need not repeat the computed fields; changes are refused by validation."""
    spec = new.setdefault("spec", {})
    for field in ("priority", "preemptionPolicy"):
        if spec.get(field) is None and old["spec"].get(field) is not None:
            spec[field] = old["spec"][field]
