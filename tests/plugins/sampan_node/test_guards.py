from __future__ import annotations

import pytest

from sampan.contracts.components import Contributed
from sampan_isolation import Deadlines, FailureLog, Isolation
from sampan_isolation.runners import Runners
from sampan_node.guards import SandboxGuards
from sampan_runtime.contracts import RuntimeFailure, Sandbox

POD = {"metadata": {"uid": "u"}}


class Guard:
    name = "mine"

    def __init__(self, failure=None):
        self.seen, self.failure = [], failure

    def prepare(self, pod, sandbox):
        self.seen.append(sandbox.id)
        if self.failure:
            raise self.failure


def sandbox(identifier="s1"):
    return Sandbox(identifier, "a", "d", "u", 0, True, "10.0.0.1", 1.0)


def guards(guard, isolation=None):
    return SandboxGuards([Contributed("plugin", [guard], isolation)])


def test_a_guard_is_asked_once_for_each_sandbox():
    guard = Guard()
    asked = guards(guard)
    for identifier in ("s1", "s1", "s2", "s2"):
        asked.prepare(POD, sandbox(identifier))
    assert guard.seen == ["s1", "s2"]

    asked.forget("u")
    asked.prepare(POD, sandbox("s2"))
    assert guard.seen == ["s1", "s2", "s2"]


def test_after_a_failure_it_is_asked_again():
    guard = Guard(RuntimeFailure("NotYet", "wait"))
    asked = guards(guard)
    for _ in range(2):
        with pytest.raises(RuntimeFailure, match="wait"):
            asked.prepare(POD, sandbox())
    assert guard.seen == ["s1", "s1"]


@pytest.mark.parametrize("isolated", [False, True])
def test_a_guard_that_raises_something_else_holds_the_containers_back_too(isolated):
    isolation = Isolation("plugin", FailureLog(), Runners(), Deadlines()) if isolated else None
    with pytest.raises(RuntimeFailure, match="guard mine"):
        guards(Guard(ValueError("broken")), isolation).prepare(POD, sandbox())
