import sys

import pytest

from sampan_deviceplugins import endpoint as module
from sampan_deviceplugins.endpoint import GRACE, Endpoint, connect
from sampan_grpc.channel import CallError
from sampan_testing.cluster import until


@pytest.fixture
def endpoint(plugin):
    made = []

    def make(**more):
        options = {"pre_start_required": True, "get_preferred_allocation_available": True}
        found = Endpoint("example.com/gpu", connect(str(plugin.folder / plugin.name)), options, **more)
        found.start()
        made.append(found)
        return found

    yield make
    for each in made:
        each.close()


def test_the_list_of_devices_is_followed(plugin, endpoint):
    found = endpoint()

    plugin.list(a="Healthy", b="Unhealthy")
    until(lambda: found.every == {"a", "b"})
    assert found.healthy == {"a"}
    plugin.list(a="Healthy", b="Healthy")
    until(lambda: found.healthy == {"a", "b"})


def test_a_plugin_that_has_gone_has_no_healthy_devices_and_is_over_after_a_while(plugin, endpoint):
    now = [0.0]
    found = endpoint(clock=lambda: now[0])
    plugin.list(a="Healthy")
    until(lambda: found.healthy == {"a"})

    plugin.close()

    until(lambda: not found.healthy)
    assert found.every == {"a"} and not found.is_over
    until(lambda: found.preferred(["a"], [], 1) == ())
    now[0] = GRACE
    assert found.is_over


def test_the_plugin_says_what_a_container_gets(plugin, endpoint):
    found = endpoint()
    plugin.wished = ["b"]

    assert list(found.preferred(["b", "a"], [], 1)) == ["b"]
    answer = found.allocate(["b"])
    found.pre_start(["b"])

    assert answer["envs"] == {"GPUS": "b"}
    assert plugin.calls == [
        ("GetPreferredAllocation", ["a", "b"]), ("Allocate", ["b"]), ("PreStartContainer", ["b"]),
    ]  # fmt: skip


def test_a_refusal_is_told_and_a_plugin_is_not_asked_what_it_does_not_offer(plugin):
    found = Endpoint("example.com/gpu", connect(str(plugin.folder / plugin.name)), None)
    found.start()
    try:
        plugin.refuses = "it is broken"
        with pytest.raises(CallError, match="it is broken"):
            found.allocate(["a"])
        found.pre_start(["a"])

        assert found.preferred(["a"], [], 1) == ()
        assert plugin.calls == [("Allocate", ["a"])]
    finally:
        found.close()


def test_without_the_library_the_plugin_is_turned_away(monkeypatch):
    monkeypatch.setitem(sys.modules, "grpc", None)

    with pytest.raises(module.Missing, match="pip install"):
        connect("/nowhere")
