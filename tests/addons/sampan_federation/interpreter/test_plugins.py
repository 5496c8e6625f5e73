from __future__ import annotations

from types import SimpleNamespace

import pytest

from sampan.contracts.components import Contributed
from sampan_federation.contracts import wrong_with
from sampan_federation.interpreter.interpreter import Interpreter
from sampan_federation.interpreter.plugins import rules_of_plugins
from sampan_federation.interpreter.rules import RuleFailed
from sampan_isolation import Deadlines, FailureLog, Isolation
from sampan_isolation.runners import Runners

OBJ = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 3}}


def widget(**methods):
    return SimpleNamespace(api_version="example.com/v1", kind="Widget", **methods)


def interpreter(*widgets, isolation=None):
    return Interpreter(rules_of_plugins([Contributed("mine", list(widgets), isolation)]))


def test_a_plugin_says_what_a_kind_means():
    found = interpreter(
        widget(
            replicas=lambda obj: (obj["spec"]["size"], {"resourceRequest": {"cpu": "1"}}),
            revise=lambda obj, number: {**obj, "spec": {"size": number}},
            health=lambda obj: obj["spec"]["size"] > 1,
            reflect=lambda obj: {"size": obj["spec"]["size"]},
            aggregate=lambda obj, items: {"n": len(items)},
            dependencies=lambda obj: [{"apiVersion": "v1", "kind": "Secret", "name": "s"}],
        )
    )

    assert found.replicas(OBJ) == (3, {"resourceRequest": {"cpu": "1"}})
    assert found.revise(OBJ, 1)["spec"] == {"size": 1}
    assert found.health(OBJ) == "Healthy"
    assert found.reflect(OBJ) == {"size": 3}
    assert found.aggregate(OBJ, [{}], now="") == {"n": 1}
    assert found.dependencies(OBJ)[0]["kind"] == "Secret"


def test_what_it_does_not_say_is_left_to_the_built_in_rules():
    assert interpreter(widget(health=lambda obj: True)).replicas(OBJ) is None


def test_it_is_given_copies():
    def spoil(obj):
        obj["spec"].clear()
        return True

    interpreter(widget(health=spoil)).health(OBJ)

    assert OBJ["spec"] == {"size": 3}


@pytest.mark.parametrize("answer", ["many", -1, True, (1, "x"), None])
def test_an_answer_of_the_wrong_type_is_a_failed_rule(answer):
    with pytest.raises(RuleFailed, match="mine"):
        interpreter(widget(replicas=lambda obj: answer)).replicas(OBJ)


def test_a_rule_that_raises_is_a_failed_rule_isolated_or_not():
    def fails(obj, number):
        raise LookupError("no")

    isolation = Isolation("mine", FailureLog(), Runners(), Deadlines())
    for each in (None, isolation):
        with pytest.raises(RuleFailed, match="mine"):
            interpreter(widget(revise=fails), isolation=each).revise(OBJ, 1)


def test_what_is_no_interpreter_is_named():
    assert wrong_with(widget(health=lambda obj: True)) == ""
    assert "api_version" in wrong_with(object())
    assert "methods" in wrong_with(widget())
