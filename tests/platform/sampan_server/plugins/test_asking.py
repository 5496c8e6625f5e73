from __future__ import annotations

from types import SimpleNamespace

import pytest

from sampan.contracts.options import ClusterOptions
from sampan.hookspecs import hookimpl
from sampan_server.plugins.asking import HooksOf
from sampan_server.plugins.plugins import Plugins


class Preferring:
    """A third-party scheduling plugin, with what it was told."""

    name, weight, context = "preferring", 1, None

    @hookimpl
    def contribute_scheduling_plugins(self, context):
        Preferring.context = context
        return [self]

    def score(self, state, pod, node):
        return 1


@pytest.fixture
def hooks():
    plugins = Plugins(entry_points=[], extra={"preferring": Preferring()})
    options = ClusterOptions(node_name="n")
    return HooksOf(plugins, {"contribute_scheduling_plugins"}, home="/h", options=options)


def test_an_answer_says_whose_it_is_and_how_it_is_isolated(hooks):
    (found,) = hooks.ask("contribute_scheduling_plugins")

    assert (found.plugin, [each.name for each in found.answer]) == ("preferring", ["preferring"])
    assert found.isolation is not None
    assert (Preferring.context.home, Preferring.context.options.node_name) == ("/h", "n")


def test_answers_of_sampans_own_plugins_are_not_isolated():
    import sampan_exec.plugin

    plugins = Plugins(entry_points=[], extra={"exec": sampan_exec.plugin})

    (found,) = HooksOf(plugins, {"contribute_runtimes"}, home="", options=ClusterOptions()).ask("contribute_runtimes")

    assert found.isolation is None


def test_a_hook_that_the_component_does_not_name_is_not_asked(hooks):
    with pytest.raises(LookupError, match="contribute_admitters is not among the hooks"):
        hooks.ask("contribute_admitters")
    with pytest.raises(LookupError, match="provide_runtime"):
        hooks.first("provide_runtime", name="x", home="", options=ClusterOptions())


def test_the_first_answer_counts():
    class Answering:
        @hookimpl
        def provide_runtime(self, name):
            return SimpleNamespace(name=name)

    plugins = Plugins(entry_points=[], extra={"answering": Answering()})
    hooks = HooksOf(plugins, {"provide_runtime"}, home="", options=ClusterOptions())

    assert hooks.first("provide_runtime", name="x", home="", options=ClusterOptions()).name == "x"


def test_one_that_is_asked_for_a_first_answer_has_its_settings():
    class Answering:
        @hookimpl
        def provide_runtime(self, context):
            return context

    plugins = Plugins(entry_points=[], extra={"answering": Answering()})
    found = HooksOf(plugins, {"provide_runtime"}, home="/h", options=ClusterOptions())

    assert found.first("provide_runtime", name="x", home="", options=ClusterOptions()).home == "/h"
