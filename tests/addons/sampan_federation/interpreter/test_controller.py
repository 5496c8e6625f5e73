from __future__ import annotations

from fleets import fleet_of

from sampan_federation.parts import WORKING
from sampan_federation.resources import INTERPRETER_CUSTOMIZATIONS
from sampan_machinery.resources import EVENTS


def custom(name, rules):
    target = {"apiVersion": "example.com/v1", "kind": "Widget"}
    return {"metadata": {"name": name}, "spec": {"target": target, "customizations": rules}}


def test_customizations_are_followed_and_a_lua_script_is_refused_in_an_event():
    with fleet_of({}, makers=WORKING) as fleet:
        interpreter = fleet.federation.context.interpreter
        widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
        healthy = custom("cel", {"healthInterpretation": {"cel": "false"}})
        fleet.client.create(INTERPRETER_CUSTOMIZATIONS, healthy)
        fleet.client.create(INTERPRETER_CUSTOMIZATIONS, custom("lua", {"retention": {"luaScript": "function"}}))
        fleet.settle()

        said = [event for event in fleet.client.list(EVENTS).items if event["involvedObject"]["name"] == "lua"]
        assert interpreter.health(widget) == "Unhealthy"
        assert "CEL" in said[0]["message"]

        fleet.client.delete(INTERPRETER_CUSTOMIZATIONS, "cel")
        fleet.settle()
        assert interpreter.health(widget) == "Healthy"
