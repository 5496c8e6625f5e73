"""No plugin falls away in silence: what cannot be loaded keeps an API server from starting, and is named."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from sampan.errors import PluginError
from sampan.hookspecs import hookimpl
from sampan_memory.store import MemoryStore
from sampan_server.app import new_app
from sampan_server.plugins.plugins import Plugins
from sampan_testing.cluster import start


@pytest.fixture
def point(monkeypatch):
    """An entry point to a module with that source."""

    def make(source, group="sampan.plugins", name="guard"):
        module = ModuleType("made_up_guard")
        exec(f"from sampan.hookspecs import hookimpl\n{source}", module.__dict__)
        monkeypatch.setitem(sys.modules, "made_up_guard", module)
        return EntryPoint(name, "made_up_guard", group)

    return make


def refused(plugins):
    """What an API server says that does not start."""
    with pytest.raises(PluginError) as error:
        new_app(plugins, store=MemoryStore())
    return str(error.value)


BROKEN = {
    "misspelt": ("@hookimpl\ndef contribute_admiters():\n    return []", "did you mean 'contribute_admitters'?"),
    "optional": (
        "@hookimpl(optionalhook=True)\ndef contribute_admiters():\n    return []",
        "did you mean 'contribute_admitters'?",
    ),
    "unmarked": ("def contribute_admitters():\n    return []", "contribute_admitters is not marked with @hookimpl"),
    "misspelt and unmarked": ("def contribute_admiter():\n    return []", "did you mean 'contribute_admitters'?"),
    "argument": ("@hookimpl\ndef contribute_admitters(contxt):\n    return []", "contxt"),
    "empty": ("", "implements no hook"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_plugin_whose_hooks_are_not_as_they_should_be_keeps_the_server_from_starting(case, point):
    source, words = BROKEN[case]

    plugins = Plugins(entry_points=[point(source)])

    assert [found.name for found in plugins.not_loaded()] == ["guard"]
    said = refused(plugins)
    assert words in said and "disable: [guard]" in said


def test_a_plugin_that_cannot_be_imported_keeps_the_server_from_starting():
    said = refused(Plugins(entry_points=[EntryPoint("guard", "no.such.module", "sampan.plugins")]))

    assert "No module named 'no'" in said and "disable: [guard]" in said


def test_the_way_out_is_to_disable_it():
    plugins = Plugins(entry_points=[EntryPoint("guard", "no.such.module", "sampan.plugins")], disabled=["guard"])

    plugins.require()


def test_an_add_on_that_cannot_be_imported_is_only_named():
    plugins = Plugins(entry_points=[EntryPoint("web", "no.such.module", "sampan.addons")], addons=["web"])

    plugins.require()

    assert [found.name for found in plugins.not_loaded()] == ["web"]
    assert [each.plugin for each in plugins.failure_log.failures()] == ["web"]


def test_an_add_on_may_not_guard_the_api_for_it_may_fall_away(point):
    source = "@hookimpl\ndef contribute_admitters():\n    return []"

    plugins = Plugins(entry_points=[point(source, "sampan.addons")], addons=["guard"])

    assert "an add-on is a client of the API" in plugins.not_loaded()[0].error


class Guard:
    name = "guard"
    operations = frozenset({"CREATE"})
    mutates = False
    priority = 500

    def __init__(self, *resources):
        self.resources = frozenset(resources)

    def admit(self, review):
        pass


class Brings:
    def __init__(self, *admitters):
        self.admitters = admitters

    @hookimpl
    def contribute_admitters(self):
        return self.admitters


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("deployments", "(did you mean 'deployments.apps'?)"), ("pod", "(did you mean 'pods'?)"),
        ("deployments.app", "(did you mean 'deployments.apps'?)"), ("zeppelins", "which is not served, so"),
    ],
)  # fmt: skip
def test_an_admitter_for_a_resource_that_nothing_serves_keeps_the_server_from_starting(name, hint):
    with pytest.raises(PluginError) as error, start({"mine": Brings(Guard("pods", name))}, control=False):
        pass

    said = str(error.value)
    assert f"plugin mine: the admitter guard names the resource {name!r}" in said
    assert hint in said and "disable: [mine]" in said


def test_two_admitters_of_one_name_keep_the_server_from_starting():
    both = {"mine": Brings(Guard("pods")), "yours": Brings(Guard("pods"))}

    with pytest.raises(PluginError) as error, start(both, control=False):
        pass

    assert "plugin yours: 'guard' is the name of another plugin's in admission already" in str(error.value)


def below(*subresources, resources=("pods",), **declared):
    guard = Guard(*resources)
    guard.subresources = frozenset(subresources)
    for name, value in declared.items():
        setattr(guard, name, value)
    return guard


def test_an_admitter_for_a_subresource_that_nothing_serves_keeps_the_server_from_starting():
    with pytest.raises(PluginError) as error, start({"mine": Brings(below("", "statos"))}, control=False):
        pass

    said = str(error.value)
    assert (
        "the admitter guard names the subresource 'statos' of pods, which is not served (did you mean 'status'?)"
        in said
    )


@pytest.mark.parametrize(
    "guard",
    [
        below("status", "scale", resources=("*.apps", "pods")), below("", "*", resources=("*",)),
        below("statos", resources=("zeppelins",), may_be_absent=True),
    ],
)  # fmt: skip
def test_groups_everything_and_what_may_be_absent_can_be_named(guard):
    with start({"mine": Brings(guard)}, control=False):
        pass


def test_a_group_that_nothing_serves_is_refused():
    with pytest.raises(PluginError, match="names the resource"), start({"mine": Brings(Guard("*.ap"))}, control=False):
        pass
