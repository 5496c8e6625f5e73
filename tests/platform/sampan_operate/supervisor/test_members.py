from __future__ import annotations

from dataclasses import replace

import pytest

from sampan.contracts.components import Component
from sampan.contracts.options import ClusterOptions
from sampan.errors import ConfigError
from sampan.hookspecs import hookimpl
from sampan_operate.cli.run import with_work
from sampan_operate.supervisor.members import Member, fingerprint, may_ship, members_of, shipped
from sampan_server.plugins.plugins import Plugins


class Several:
    @hookimpl
    def contribute_components(self):
        return [Component(name=name, run=print, user="u") for name in ("agent", "server")]


def member(**more):
    return Member(Component(name="x", run=print, user="u", **more), "x", "1", settings=("a",), addon=True)


def test_components_get_the_settings_of_who_contributed_them():
    found = members_of(Plugins(entry_points=[], extra={"logging": Several()}))

    assert [(one.name, one.plugin) for one in found] == [("agent", "logging"), ("server", "logging")]


def test_whatever_a_process_is_told_shows_in_its_fingerprint():
    first = fingerprint([member()])

    assert fingerprint([member()]) == first
    for changed in (replace(member(), settings=("b",)), replace(member(), version="2"), replace(member(), context=1)):
        assert fingerprint([changed]) != first


def test_an_add_on_ships_what_its_components_ship_and_what_election_needs():
    plain, one = {"kind": "ConfigMap"}, member(elected=True, manifests=lambda options: [{"kind": options.node_name}])

    found = shipped([one, member()], ClusterOptions(node_name="ConfigMap"))

    assert found[0] == plain
    assert [(obj["kind"], obj["metadata"]["name"]) for obj in found[1:]] == [
        ("Role", "sampan:elect:x"), ("RoleBinding", "sampan:elect:x"),
    ]  # fmt: skip
    assert may_ship([one]) and not may_ship([member()])


def test_manifests_are_told_the_settings():
    assert shipped([member(manifests=lambda options: [options.settings])], ClusterOptions()) == [("a",)]


def test_a_component_may_be_left_off_by_its_settings():
    off = Member(Component(name="x", run=print, user="u", wanted=lambda settings: settings > 0), settings=0)

    assert (off.is_wanted, replace(off, settings=1).is_wanted, member().is_wanted) == (False, True, True)


def test_a_component_runs_where_the_cluster_has_work_for_it():
    routed = member(suits=lambda options: options.network_mode == "routed")

    assert [routed.suits(ClusterOptions(network_mode=mode)) for mode in ("local", "routed")] == [False, True]
    assert member().suits(ClusterOptions())


def test_a_command_runs_what_has_work_here_and_says_so_where_nothing_has():
    nothing = member(suits=lambda options: False)

    assert with_work([nothing, member()], ClusterOptions()) == [member()]
    assert with_work([], ClusterOptions()) == []
    with pytest.raises(ConfigError, match="no work for x"):
        with_work([nothing], ClusterOptions())
