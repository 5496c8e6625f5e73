from sampan_federation.interpreter.interpreter import Interpreter
from sampan_federation.interpreter.kinds import DEPLOYMENT, KindName
from sampan_federation.interpreter.rules import RuleFailed, Rules

WIDGET = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "status": {"a": 1}}
KIND = KindName("example.com/v1", "Widget")
DEPLOYED = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "w"}, "spec": {"replicas": 2}}


def failing(*_):
    raise RuleFailed("no")


def test_customizations_come_before_plugins_and_these_before_what_is_built_in():
    interpreter = Interpreter({DEPLOYMENT: Rules(health=lambda obj: True, reflect=lambda obj: {"by": "plugin"})})

    assert interpreter.health(DEPLOYED) == "Healthy"
    interpreter.customize({DEPLOYMENT: Rules(health=lambda obj: False)})
    assert interpreter.health(DEPLOYED) == "Unhealthy"
    assert interpreter.reflect(DEPLOYED) == {"by": "plugin"}
    assert interpreter.replicas(DEPLOYED).number == 2


def test_a_health_rule_that_fails_is_unknown():
    assert Interpreter({KIND: Rules(health=failing)}).health(WIDGET) == "Unknown"


def test_a_retention_rule_also_keeps_what_every_member_owns():
    interpreter = Interpreter({KIND: Rules(retain=lambda desired, observed: {**desired, "kept": True})})
    observed = {**WIDGET, "metadata": {"name": "w", "finalizers": ["f"]}}

    found = interpreter.retain(WIDGET, observed)

    assert found["kept"] is True and found["metadata"]["finalizers"] == ["f"]


def test_an_aggregated_status_that_stays_is_none():
    interpreter = Interpreter({KIND: Rules(aggregate=lambda obj, items: {"a": len(items)})})

    assert interpreter.aggregate(WIDGET, [{}], now="") is None
    assert interpreter.aggregate(WIDGET, [{}, {}], now="") == {"a": 2}


def test_revision_and_dependencies_follow_rules():
    rules = Rules(revise=lambda obj, number: {**obj, "n": number}, dependencies=lambda obj: [{"kind": "Secret"}])
    interpreter = Interpreter({KIND: rules})

    assert interpreter.revise(WIDGET, 3)["n"] == 3
    assert interpreter.dependencies(WIDGET) == [{"kind": "Secret"}]
