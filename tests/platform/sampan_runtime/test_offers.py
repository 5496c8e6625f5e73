from __future__ import annotations

import pytest

from sampan.hookspecs import hookimpl
from sampan_runtime.contracts import RuntimeOffer
from sampan_runtime.offers import host_address, offers_of
from sampan_server.plugins.plugins import Plugins


def offer(name, priority=0, address=""):
    return RuntimeOffer(name=name, pods="x", priority=priority, host_address=lambda: address)


class Offering:
    def __init__(self, *offers):
        self.offers = offers

    @hookimpl
    def contribute_runtimes(self):
        return self.offers


def test_the_preferred_runtime_comes_first():
    plugins = Plugins(entry_points=[], extra={"a": Offering(offer("low")), "b": Offering(offer("x", 1), offer("y", 9))})

    assert [each.name for each in offers_of(plugins)] == ["y", "x", "low"]


def test_what_is_no_offer_is_refused():
    plugins = Plugins(entry_points=[], extra={"bad": Offering("docker")})

    assert offers_of(plugins) == []
    assert "a RuntimeOffer is wanted, not 'docker' (str)" in plugins.failures()[0].error


@pytest.mark.parametrize(
    ("wanted", "address"),
    [("auto", "172.17.0.1"), ("bridged", "172.17.0.1"), ("plain", ""), ("of somebody without an offer", "172.17.0.1")],
)
def test_pods_reach_this_machine_where_the_runtime_says(wanted, address):
    assert host_address(wanted, [offer("plain", 5), offer("bridged", 1, "172.17.0.1")]) == address


def test_a_runtime_that_cannot_be_used_is_not_asked_where_pods_reach_this_machine():
    away = RuntimeOffer(name="x", pods="", host_address=lambda: "172.17.0.1", unavailable=lambda: "away")

    assert host_address("auto", [away, offer("plain", 0)]) == ""
    assert host_address("x", [away]) == "172.17.0.1"


def test_a_runtime_is_added_by_its_plugin_alone():
    import sampan_docker.plugin
    import sampan_exec.plugin

    own = {"docker": sampan_docker.plugin, "exec": sampan_exec.plugin}
    plugins = Plugins(entry_points=[], extra={**own, "third": Offering(offer("third", 1))})

    assert [each.name for each in offers_of(plugins)] == ["docker", "third", "exec"]
