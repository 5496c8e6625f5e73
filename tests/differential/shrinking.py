"""A shorter story that still shows a fault: fewer steps, fewer options, smaller bodies. Greedy, within a budget."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from steps import Step, Story

BUDGET = 60  # stories tried


def shortest(story: Story, shows: Callable[[Story], bool], budget: int = BUDGET) -> Story:
    left = budget

    def still(tried: Story) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and shows(tried)

    progress = True
    while progress and left > 0:
        progress = False
        for candidate in _smaller(story):
            if left <= 0:
                break
            if still(candidate):
                story, progress = candidate, True
                break
    return story


def _smaller(story: Story) -> Iterator[Story]:
    """Each way to make the story smaller by one thing, big things first."""
    steps = story.steps
    if len(steps) > 1:
        for index in reversed(range(len(steps))):
            yield _with(story, (*steps[:index], *steps[index + 1 :]))
    for index, step in enumerate(steps):
        for smaller in _smaller_steps(step):
            yield _with(story, (*steps[:index], smaller, *steps[index + 1 :]))


def _with(story: Story, steps: tuple[Step, ...]) -> Story:
    return dataclasses.replace(story, steps=steps)


def _smaller_steps(step: Step) -> Iterator[Step]:
    for name in step.query:
        if name == "timeoutSeconds" and "watch" in step.query:
            continue  # it would not end
        yield dataclasses.replace(step, query={key: value for key, value in step.query.items() if key != name})
    if step.accept:
        yield dataclasses.replace(step, accept="")
    for body in _smaller_values(step.body):
        yield dataclasses.replace(step, body=body)


def _smaller_values(value: Any) -> Iterator[Any]:
    """The value without one of its parts, outermost first."""
    waiting: list[tuple[Any, ...]] = [()]
    while waiting:
        path = waiting.pop(0)
        here = _at(value, path)
        keys = list(here) if isinstance(here, dict) else list(range(len(here))) if isinstance(here, list) else []
        for key in keys:
            if key not in ("apiVersion", "kind", "name"):
                without = copy.deepcopy(value)
                del _at(without, path)[key]
                yield without
            waiting.append((*path, key))


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value
