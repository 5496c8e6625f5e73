"""Stage objects (kwok.x-k8s.io/v1alpha1), compiled: which objects a stage takes, how likely, after how long.

Both forms are read: ``next`` (with statusTemplate) and ``steps``. What this plugin does not do is refused with the
field's path. Source: KWOK's API reference of Stage. Must not know clients or clocks.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from sampan.contracts.kinds import Object
from sampan_cel.values import Duration
from sampan_hollow.paths import Path, PathError
from sampan_hollow.rendering import Rendered, TemplateError

API_VERSION, KIND = "kwok.x-k8s.io/v1alpha1", "Stage"
#: Kinds whose objects go through stages: those that a node agent writes.
KINDS = ("Node", "Pod")
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_DURATION = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}

Match = Callable[[Object], bool]
#: The values that an expression finds in an object; None where it fails.
Query = Callable[[Object], list[Any] | None]


class StageError(ValueError):
    """A Stage that cannot be used; the message begins with the field's path."""


@dataclass(frozen=True)
class Step:
    """One step of a stage: exactly one of the fields says what is done."""

    event: Mapping[str, str] | None = None
    finalizers: Mapping[str, Any] | None = None
    delete: bool = False
    template: Rendered | None = None
    how: str = "strategic"
    subresource: str = ""
    root: str = ""


@dataclass(frozen=True)
class Stage:
    """A compiled Stage."""

    name: str
    kind: str
    matches: tuple[Match, ...]
    steps: tuple[Step, ...]
    weight: Callable[[Object], int | None]  # None: its expression fails
    delay: Callable[[Object, float, Random], float]  # seconds, given the object and the time
    immediate: bool = False

    def takes(self, obj: Object) -> bool:
        return all(match(obj) for match in self.matches)


def compile_stages(objects: Iterable[Object]) -> list[Stage]:
    """Raises StageError. Objects of other kinds and stages without a selector, which take nothing, are left out."""
    return [
        compile_stage(obj)
        for obj in objects
        if obj and obj.get("kind") == KIND and (obj.get("spec") or {}).get("selector") is not None
    ]


def compile_stage(obj: Object) -> Stage:
    """Raises StageError with the stage's name and the field's path."""
    name = str((obj.get("metadata") or {}).get("name") or "")
    try:
        if obj.get("apiVersion") != API_VERSION:
            raise StageError(f"apiVersion: {obj.get('apiVersion')!r} is not {API_VERSION}")
        return _stage(name, obj.get("spec") or {})
    except (StageError, PathError, TemplateError) as error:
        raise StageError(f"Stage {name!r}: {error}") from error
    except (TypeError, AttributeError, KeyError) as error:
        raise StageError(f"Stage {name!r}: it does not have the form of a Stage: {error!r}") from error


def _stage(name: str, spec: Object) -> Stage:
    kind = (spec.get("resourceRef") or {}).get("kind")
    if kind not in KINDS:
        raise StageError(f"spec.resourceRef.kind: {kind!r} is not supported; stages are for {' and '.join(KINDS)}")
    delay = spec.get("delay") or {}
    return Stage(
        name=name, kind=kind, matches=tuple(_matches(spec["selector"])), steps=tuple(_steps(spec)),
        weight=_weight(int(spec.get("weight") or 0), _query(spec.get("weightFrom"), "spec.weightFrom")),
        delay=_delay(delay), immediate=bool(spec.get("immediateNextStage")),
    )  # fmt: skip


def _matches(selector: Object) -> Iterable[Match]:
    for where in ("labels", "annotations"):
        wanted = selector.get("match" + where.capitalize())
        if wanted:
            yield _pairs(where, wanted)
    for number, one in enumerate(selector.get("matchExpressions") or ()):
        at = f"spec.selector.matchExpressions[{number}]"
        if "cel" in one:
            yield _condition(one["cel"].get("expression") or "", at)
        else:
            yield _requirement(one.get("jq") or one, at)


def _pairs(where: str, wanted: Mapping[str, str]) -> Match:
    def match(obj: Object) -> bool:
        found = obj["metadata"].get(where) or {}
        return all(found.get(key) == value for key, value in wanted.items())

    return match


def _requirement(one: Object, at: str) -> Match:
    path, operator, values = Path(one.get("key") or ""), one.get("operator"), one.get("values") or ()
    if operator not in _OPERATORS:
        raise StageError(f"{at}.operator: {operator!r} is not one of {', '.join(_OPERATORS)}")
    if bool(values) != (operator in ("In", "NotIn")):
        raise StageError(f"{at}.values: In and NotIn need values, Exists and DoesNotExist take none")
    wanted, exists = frozenset(map(str, values)), operator in ("In", "Exists")

    def match(obj: Object) -> bool:
        found = path.values(obj)
        if operator in ("Exists", "DoesNotExist"):
            return bool(found) is exists
        return any(_text(value) in wanted for value in found or ()) is exists

    return match


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None


def _condition(text: str, at: str) -> Match:
    query = _program(text, at)
    return lambda obj: query(obj) == [True]


def _program(text: str, at: str) -> Query:
    from sampan_cel import CelError, CheckError, CostExceeded, Environment, ParseError, types
    from sampan_machinery.expressions.libraries import KUBERNETES

    try:
        program = Environment({"self": types.DYN}, KUBERNETES).compile(text)
    except (ParseError, CheckError) as error:
        raise StageError(f"{at}.cel.expression: {error}") from error

    def query(obj: Object) -> list[Any] | None:
        try:
            return [program.evaluate({"self": obj}, budget=_BUDGET)]
        except (CelError, CostExceeded):
            return None

    return query


_BUDGET = 1_000_000


def _query(source: Object | None, at: str) -> Query | None:
    """An ExpressionFrom in its three forms."""
    if not source:
        return None
    if "cel" in source:
        return _program(source["cel"].get("expression") or "", at)
    text = source.get("expressionFrom") or (source.get("jq") or {}).get("expression") or ""
    return Path(text).values


def _weight(constant: int, query: Query | None) -> Callable[[Object], int | None]:
    if query is None:
        return lambda obj: constant

    def weight(obj: Object) -> int | None:
        found = query(obj)
        if found is None:
            return None
        if not found:
            return constant
        try:
            return int(found[0])
        except (TypeError, ValueError):
            return constant

    return weight


def _delay(delay: Object) -> Callable[[Object, float, Random], float]:
    duration = _seconds(delay, "durationMilliseconds", "durationFrom")
    jitter = _seconds(delay, "jitterDurationMilliseconds", "jitterDurationFrom")

    def seconds(obj: Object, now: float, random: Random) -> float:
        least, most = duration(obj, now), jitter(obj, now)
        if most is None:
            return max(0.0, least or 0.0)
        if most <= (least or 0.0):
            return max(0.0, most)
        return max(0.0, random.uniform(least or 0.0, most))

    return seconds


def _seconds(delay: Object, name: str, source: str) -> Callable[[Object, float], float | None]:
    constant = None if delay.get(name) is None else float(delay[name]) / 1000
    query = _query(delay.get(source), f"spec.delay.{source}")
    if query is None:
        return lambda obj, now: constant

    def seconds(obj: Object, now: float) -> float | None:
        found = query(obj)
        if not found:
            return constant
        value = found[0]
        if value == "":
            return None
        parsed = duration_of(value, now)
        return constant if parsed is None else parsed

    return seconds


def duration_of(value: Any, now: float) -> float | None:
    """Seconds of a time (from ``now``), of a duration as Go writes it (1m30s) or of a whole number of them, as fields
    of pods are; None for anything else. KWOK ignores numbers."""
    if isinstance(value, Duration):
        return value.nanos / 1e9
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        return None
    try:
        if "T" in value:
            return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp() - now
    except ValueError:
        return None
    parts = list(_DURATION.finditer(value))
    if value == "0":
        return 0.0
    if not parts or "".join(part[0] for part in parts) != value:
        return None
    return sum(float(part[0][: -len(part[1])]) * _UNITS[part[1]] for part in parts)


def _steps(spec: Object) -> Iterable[Step]:
    """In the order in which KWOK performs them."""
    for number, step in enumerate(spec.get("steps") or ()):
        yield from _step(step, f"spec.steps[{number}]", spec["resourceRef"]["kind"])
    after = spec.get("next") or {}
    if after.get("event"):
        yield Step(event=after["event"])
    if after.get("finalizers"):
        yield Step(finalizers=after["finalizers"])
    if after.get("delete"):
        yield Step(delete=True)
        return
    for number, patch in enumerate(after.get("patches") or ()):
        yield _patch(patch, f"spec.next.patches[{number}]")
    if after.get("statusTemplate"):
        _refuse(after, ("statusPatchAs",), "spec.next")
        where = after.get("statusSubresource") or "status"
        yield Step(template=Rendered(after["statusTemplate"]), subresource=where, root="status")


def _step(step: Object, at: str, kind: str) -> Iterable[Step]:
    _refuse(step, ("apply",), at)
    if step.get("event"):
        yield Step(event=step["event"])
    if step.get("finalizers"):
        yield Step(finalizers=step["finalizers"])
    if step.get("delete"):
        yield Step(delete=True)
    elif step.get("patch"):
        yield _patch(step["patch"], f"{at}.patch")


def _patch(patch: Object, at: str) -> Step:
    _refuse(patch, ("impersonation",), at)
    how = patch.get("type") or "strategic"
    if how not in ("json", "merge", "strategic"):
        raise StageError(f"{at}.type: {how!r} is not one of json, merge, strategic")
    return Step(
        template=Rendered(patch.get("template") or ""), how=how, subresource=patch.get("subresource") or "",
        root=patch.get("root") or "",
    )  # fmt: skip


def _refuse(obj: Object, names: Sequence[str], at: str) -> None:
    for name in names:
        if obj.get(name):
            raise StageError(f"{at}.{name}: not supported")
