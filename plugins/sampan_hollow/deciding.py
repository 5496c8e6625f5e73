"""Which stage an object enters next, when, and what is done then: pure functions over an object, the stages, the
time and a random source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.reconciling import Action, Emit, Patch, Remove
from sampan_hollow.stages import Stage, Step

Given = Mapping[str, Callable[..., Any]]


class Choice(NamedTuple):
    """The stage that an object enters after ``delay`` seconds."""

    stage: Stage
    delay: float


def choose(obj: Object, stages: Sequence[Stage], now: float, random: Random) -> Choice | None:
    """The next stage of an object; None where none takes it. Of several the weights decide; stages whose weight cannot
    be read take part only where no other can."""
    found = [stage for stage in stages if stage.takes(obj)]
    if not found:
        return None
    stage = found[0] if len(found) == 1 else _weighted(obj, found, random)
    return Choice(stage, stage.delay(obj, now, random))


def _weighted(obj: Object, stages: Sequence[Stage], random: Random) -> Stage:
    weighed = [(stage, stage.weight(obj)) for stage in stages]
    known = [(stage, max(0, weight)) for stage, weight in weighed if weight is not None]
    if not known:
        return random.choice(list(stages))
    if not any(weight for _, weight in known):
        return random.choice([stage for stage, _ in known])
    return random.choices([stage for stage, _ in known], [weight for _, weight in known])[0]


def actions(obj: Object, resource: Resource, stage: Stage, given: Given) -> Iterator[Action]:
    """What is done when an object enters a stage, in order. Raises TemplateError."""
    deleted = False
    for step in stage.steps:
        if step.event is not None:
            event = step.event
            yield Emit(
                obj, event.get("type") or "Normal", event.get("reason") or stage.name, event.get("message") or ""
            )
        if deleted:
            continue
        if step.finalizers is not None:
            yield from _finalizers(obj, resource, step.finalizers)
        if step.delete:
            deleted = True
            yield from _delete(obj, resource)
        if step.template is not None:
            yield from _patch(obj, resource, step, given)


def _address(obj: Object) -> tuple[str, str]:
    return obj["metadata"]["name"], obj["metadata"].get("namespace", "")


def _finalizers(obj: Object, resource: Resource, change: Mapping[str, Any]) -> Iterator[Action]:
    present = list(obj["metadata"].get("finalizers") or ())
    gone = {each.get("value") for each in change.get("remove") or ()}
    wanted = [] if change.get("empty") else [each for each in present if each not in gone]
    wanted += [one for each in change.get("add") or () if (one := each.get("value")) and one not in wanted]
    if wanted != present:
        version = obj["metadata"].get("resourceVersion")  # a list is replaced as a whole: those of others stay
        metadata = {"finalizers": wanted or None, **({"resourceVersion": version} if version else {})}
        yield Patch(resource, *_address(obj), {"metadata": metadata})


def _delete(obj: Object, resource: Resource) -> Iterator[Action]:
    """At once: what is left of the grace period is the stage's delay. Finalizers of others hold the object all the
    same."""
    yield Remove(resource, *_address(obj), uid=obj["metadata"].get("uid", ""), grace=0)


def _patch(obj: Object, resource: Resource, step: Step, given: Given) -> Iterator[Action]:
    assert step.template is not None
    data = step.template.data(obj, given)
    if step.how == "json":
        prefix = f"/{step.root}" if step.root else ""
        data = [{**each, "path": prefix + each.get("path", "")} for each in data or ()]
    elif step.root:
        data = {step.root: data}
    if not data or (step.root and step.how != "json" and data[step.root] is None):
        return
    if step.how != "json" and obj["metadata"].get("uid"):
        data = {**data, "metadata": {**(data.get("metadata") or {}), "uid": obj["metadata"]["uid"]}}
    yield Patch(resource, *_address(obj), data, how=step.how, subresource=step.subresource)
