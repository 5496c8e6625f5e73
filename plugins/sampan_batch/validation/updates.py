"""What may change in a Job that exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_batch.pods import is_indexed
from sampan_machinery.equality import same
from sampan_machinery.metadata import condition_is, copy, get_path
from sampan_machinery.problems import invalid
from sampan_machinery.validation import validate_immutable

_TEMPLATE = "spec.template"
_LATER = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy")
_DIRECTIVES = ("nodeSelector", "tolerations", "schedulingGates")


def validate_change(new: Object, old: Object) -> Iterator[Problem]:
    spec, before = new["spec"], old["spec"]
    yield from _validate_completions(new, before)
    yield from validate_immutable("spec.selector", spec.get("selector"), before.get("selector"))
    yield from _validate_template(spec, old)
    for name in _LATER:
        value, former = spec.get(name), before.get(name)
        if (value is None) != (former is None) or not same(value, former):  # a list without an element is as none
            yield from validate_immutable(f"spec.{name}", value, former)


def _validate_completions(new: Object, before: Object) -> Iterator[Problem]:
    """An elastic Indexed Job changes both numbers together."""
    completions = new["spec"].get("completions")
    if not is_indexed(new):
        yield from validate_immutable("spec.completions", completions, before.get("completions"))
    elif completions not in (None, before.get("completions"), new["spec"].get("parallelism")):
        yield invalid("spec.completions", completions, "can only be modified in tandem with spec.parallelism")


def _is_at_rest(job: Object) -> bool:
    """Suspended, and no pod of it is left: scheduling directives and resources may change."""
    status = job.get("status") or {}
    never = not status.get("startTime") or condition_is(status, "Suspended")
    return bool(job["spec"].get("suspend")) and never and not status.get("active")


def _validate_template(spec: Object, old: Object) -> Iterator[Problem]:
    template, before = spec.get("template") or {}, old["spec"].get("template") or {}
    if template == before:
        return
    if not _is_at_rest(old):
        yield from validate_immutable(_TEMPLATE, template, before)
        return
    allowed = _redirected(template, before)["spec"]
    for where in ("containers", "initContainers"):
        _take_resources(allowed.get(where) or [], template["spec"].get(where) or [])
    yield from validate_immutable(f"{_TEMPLATE}.spec", template["spec"], allowed)


def _redirected(template: Object, before: Object) -> Object:
    """The old template with the new scheduling directives: node affinity, selector, tolerations and gates."""
    found: Object = copy(before)
    for name in _DIRECTIVES:
        _take(found["spec"], template["spec"], name)
    affinity = copy(get_path(before, "spec", "affinity", default={}))
    _take(affinity, get_path(template, "spec", "affinity", default={}), "nodeAffinity")
    if affinity or template["spec"].get("affinity") is not None:
        found["spec"]["affinity"] = affinity
    else:
        found["spec"].pop("affinity", None)
    return found


def _take(target: Any, source: Any, name: str) -> None:
    if source.get(name) is None:
        target.pop(name, None)
    else:
        target[name] = source[name]


def _take_resources(targets: list[Object], sources: list[Object]) -> None:
    if len(targets) != len(sources):
        return
    for target, source in zip(targets, sources, strict=True):
        if target.get("name") == source.get("name"):
            _take(target, source, "resources")
