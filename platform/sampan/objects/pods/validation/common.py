"""The few checks that every part of a PodSpec repeats."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan.objects import names, problems


def named(path: str, text: str, rule: names.Rule) -> Iterator[Problem]:
    """A required name that has to follow a rule."""
    if not text:
        yield problems.required(path)
        return
    for complaint in rule(text):
        yield problems.invalid(path, text, complaint)


def one_of(path: str, value: Any, allowed: Collection[str], *, optional: bool = True) -> Iterator[Problem]:
    if not value:
        if not optional:
            yield problems.required(path)
    elif value not in allowed:
        yield problems.unsupported(path, value, allowed)


def at_least(path: str, value: Any, least: int) -> Iterator[Problem]:
    if value is not None and value < least:
        yield problems.invalid(path, value, f"must be greater than or equal to {least}" if least == 0 else f"must be greater than {least - 1}")


def port_number(path: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, int) or not 1 <= value <= 65535:
        yield problems.invalid(path, value, "must be between 1 and 65535, inclusive")


def port_or_name(path: str, value: Any) -> Iterator[Problem]:
    """An IntOrString that is a port number or a port's name."""
    if isinstance(value, int):
        yield from port_number(path, value)
    elif not value:
        yield problems.required(path)
    else:
        for complaint in names.port_name(value):
            yield problems.invalid(path, value, complaint)
