from __future__ import annotations

from types import SimpleNamespace

import pytest

from sampan.contracts.checks import CheckContext
from sampan.contracts.components import Contributed
from sampan.contracts.options import ClusterOptions
from sampan_node.checks import runtime
from sampan_runtime.contracts import RuntimeOffer

PROCESSES = RuntimeOffer(name="exec", pods="host processes")


def containers(trouble=""):
    return RuntimeOffer(name="docker", pods="containers", priority=1, found="it answers", unavailable=lambda: trouble)


def findings(wanted, *offers, starting=True, node="n"):
    hooks = SimpleNamespace(ask=lambda hook: [Contributed("p", [offer]) for offer in offers])
    options = ClusterOptions(node_name=node, runtime=wanted)
    return runtime(CheckContext(settings=None, options=options, starting=starting, hooks=hooks))


@pytest.mark.parametrize(
    ("wanted", "trouble", "grade", "text"),
    [
        ("auto", "", "ok", "it answers: pods run as containers"),
        ("auto", "it is away", "note", "it is away: pods run as host processes"),
        ("docker", "", "ok", "it answers: pods run as containers"),
        ("docker", "it is away", "bad", "node.runtime is docker, but it is away"),
        ("exec", "", "ok", "pods run as host processes, as node.runtime says"),
        ("other", "", "note", "node.runtime is other; whether it can be used is known when the node starts"),
    ],
)
def test_the_runtime_that_a_start_would_use_is_told(wanted, trouble, grade, text):
    assert findings(wanted, PROCESSES, containers(trouble)) == [(grade, text)]


def test_without_any_runtime_no_node_can_start():
    assert findings("auto") == [("bad", "no container runtime can be used: no plugin provides one")]
    assert findings("auto", containers("it is away")) == [("bad", "no container runtime can be used: it is away")]


def test_nothing_is_said_of_a_node_that_runs_or_is_not_wanted():
    assert findings("auto", PROCESSES, starting=False) == findings("auto", PROCESSES, node="") == []
