"""The record of what may be said about a kind: by a ResourceInterpreterCustomization, by a plugin, or built in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sampan.contracts.kinds import Object
from sampan_federation.interpreter.replicas import Replicas


class RuleFailed(Exception):
    """A rule could not be followed: which, for what, and why."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What one source says about one kind; None: it says nothing about that."""

    replicas: Callable[[Object], Replicas] | None = None
    revise: Callable[[Object, int], Object] | None = None
    retain: Callable[[Object, Object], Object] | None = None
    health: Callable[[Object], bool] | None = None
    reflect: Callable[[Object], Any] | None = None
    aggregate: Callable[[Object, Sequence[Object]], Object] | None = None
    dependencies: Callable[[Object], list[Object]] | None = None
