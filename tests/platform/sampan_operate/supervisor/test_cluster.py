from __future__ import annotations

import os

import pytest

from sampan.contracts.components import Component
from sampan.contracts.options import ClusterOptions
from sampan.errors import ConfigError
from sampan.hookspecs import hookimpl
from sampan_client import kubeconfig
from sampan_operate.supervisor.cluster import (
    Configured,
    all_components,
    all_members,
    clean_up,
    clean_up_unwanted,
    load_plugins,
    prepare,
    processes,
)
from sampan_server.plugins.plugins import Plugins
from sampan_settings import reservations
from sampan_settings.settings import load, parse


class Some:
    def __init__(self, *components):
        self.components = components

    @hookimpl
    def contribute_components(self):
        return self.components


class Ours(Some):
    """As if it came with sampan."""

    __name__ = "sampan_node.plugin"


def plugins(*components):
    return Plugins(entry_points=[], extra={"some": Ours(*components)})


def component(name, process="control", cleanup=None, **more):
    return Component(name=name, run=print, user="u", process=process, cleanup=cleanup, **more)


def test_the_api_server_is_first_and_groups_share_a_process(tmp_path):
    settings = parse({"home": str(tmp_path)})
    found = all_members(
        plugins(component("scheduler"), component("node", "node"), component("proxy", "node")), settings
    )

    wanted = processes(settings, plugins(), ClusterOptions(node_name="n"), found)

    assert [(process.name, process.order, process.components) for process in wanted] == [
        ("apiserver", 0, ["apiserver"]),
        ("control", 1, ["reconciler", "scheduler"]),
        ("node", 2, ["node", "proxy"]),
    ]


def test_a_third_party_component_has_a_process_of_its_own(tmp_path):
    settings = parse({"home": str(tmp_path)})
    strange = Plugins(entry_points=[], extra={"some": Some(component("busy"), component("own", "other"))})

    found = all_components(strange, settings)

    assert [(each.name, each.process) for each in found[1:]] == [("busy", "busy"), ("own", "other")]


def test_without_a_node_nothing_of_it_runs(tmp_path):
    settings = parse({"home": str(tmp_path), "node": {"enabled": False}})

    found = all_components(plugins(component("scheduler"), component("node", "node")), settings)

    assert [component.name for component in found] == ["reconciler", "scheduler"]


def test_cleaning_up_goes_on_past_a_failure_and_says_so(tmp_path, caplog):
    done = []

    def fail(home, options):
        raise OSError("busy")

    several = plugins(
        component("a", "node", cleanup=fail),
        component("b", cleanup=lambda home, options: done.append(home)),
        component("c"),
    )
    complaints = clean_up(parse({"home": str(tmp_path), "node": {"enabled": False}}), several, {})

    assert complaints == ["a: busy"]
    assert done == [f"{tmp_path}/components/b"]
    assert "cleaning up after a failed" in caplog.text


def test_what_others_still_need_is_cleaned_up_last(tmp_path):
    done = []

    def note(home, options):
        done.append(home.rpartition("/")[2])

    several = plugins(component("a", cleanup=note, cleans_up_last=True), component("b", cleanup=note))
    clean_up(parse({"home": str(tmp_path), "node": {"enabled": False}}), several, {})

    assert done == ["b", "a"]


def test_before_a_start_only_what_is_not_wanted_any_more_is_cleaned_up(tmp_path):
    done = []

    def note(home, options):
        done.append(home)

    several = plugins(component("a", "node", cleanup=note), component("b", cleanup=note))
    settings = {"home": str(tmp_path), "node": {"enabled": True}}

    assert clean_up_unwanted(parse(settings), several, {}) == []
    assert done == []
    clean_up_unwanted(parse({**settings, "node": {"enabled": False}}), several, {})
    assert done == [f"{tmp_path}/components/a"]


def test_a_reload_takes_up_addons_and_leaves_the_server_where_it_is(tmp_path):
    file = tmp_path / "sampan.yaml"
    file.write_text("api: {port: 7001}\naddons: []\nnode: {enabled: false}\n")
    settings = load(home=str(tmp_path), environ={})
    configured = Configured(settings, load_plugins(settings), "", None)
    file.write_text("api: {port: 7199}\naddons: [dns]\nnode: {enabled: false}\n")

    wanted = configured.reload()

    assert "dns" in [process.name for process in wanted]
    assert configured.facts()["settings"]["api"]["port"] == 7001
    assert configured.facts()["settings"]["addons"] == ["dns"]
    for path in (tmp_path / "kubeconfig", tmp_path / "kubeconfigs" / "dns"):
        assert kubeconfig.load(str(path)).server == "https://127.0.0.1:7001"


def test_no_home_chooses_its_ranges_while_another_does(tmp_path, monkeypatch):
    monkeypatch.setattr(reservations, "TURN", f"\0sampan-test-{os.getpid()}")
    monkeypatch.setattr(reservations, "TURN_SECONDS", 0.05)
    settings = parse({"home": str(tmp_path / "home"), "node": {"enabled": False}})

    with reservations.turn(), pytest.raises(ConfigError, match="has been choosing its addresses"):
        prepare(settings, plugins())

    assert not (tmp_path / "home" / "cluster.json").exists()
