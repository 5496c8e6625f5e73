"""Hooks that say what a kind means to the federation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.hookspecs.markers import hookspec
from sampan_federation.contracts import wrong_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sampan_federation.contracts import KindInterpreter


@hookspec
def contribute_interpreters() -> Sequence[KindInterpreter]:
    """Say what kinds mean to the federation: replicas, health, status, what members own, and dependencies.

    Called: once in the federation's process, when it starts.
    Answer: a sequence of KindInterpreter, each for one kind. Rules of a ResourceInterpreterCustomization come before
    these, and these before the built-in ones.
    Failure: raise; the plugin's interpreters are left out and named. A rule that fails or is late fails the object's
    Work, which says so.
    """


#: What each element of an answer has to be.
CHECKS = {"contribute_interpreters": wrong_with}
