"""A plugin brings hooks of its own, which other plugins implement."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest

from sampan.errors import PluginError
from sampan.hookspecs import hookimpl, hookspec
from sampan_server.plugins.plugins import Plugins


@hookspec
def contribute_colours():
    """Called: … Answer: … Failure: …"""


def wrong_with(colour):
    return "" if isinstance(colour, str) else f"a colour is wanted, not {colour!r}"


@pytest.fixture
def specs(monkeypatch):
    def make(**content):
        monkeypatch.setitem(sys.modules, "made_up_specs", SimpleNamespace(**content))
        return [EntryPoint("colours", "made_up_specs", "sampan.hookspecs")]

    return make


class Red:
    answer = ("red",)

    @hookimpl
    def contribute_colours(self):
        return self.answer


def test_a_hook_of_a_plugin_is_asked_as_any_other(specs):
    points = specs(contribute_colours=contribute_colours, CHECKS={"contribute_colours": wrong_with})

    plugins = Plugins(entry_points=[], extra={"red": Red()}, hookspecs=points)

    assert plugins.ask("contribute_colours") == [("red", ["red"])]


def test_its_answers_are_checked_by_what_comes_with_the_hook(specs):
    points = specs(contribute_colours=contribute_colours, CHECKS={"contribute_colours": wrong_with})
    red = Red()
    red.answer = (7,)

    plugins = Plugins(entry_points=[], extra={"red": red}, hookspecs=points)

    assert plugins.ask("contribute_colours") == []
    assert "a colour is wanted, not 7" in plugins.failures()[0].error


def test_a_misspelt_one_is_refused_with_a_suggestion(specs):
    class Misspelt:
        @hookimpl
        def contribute_colors(self):
            return []

    points = specs(contribute_colours=contribute_colours)

    with pytest.raises(PluginError, match=r"contribute_colors, which is no hook \(did you mean 'contribute_colours'"):
        Plugins(entry_points=[], extra={"misspelt": Misspelt()}, hookspecs=points)


def test_without_the_hooks_definition_it_is_no_hook():
    with pytest.raises(PluginError, match="contribute_colours, which is no hook"):
        Plugins(entry_points=[], extra={"red": Red()}, hookspecs=[])


def test_definitions_that_cannot_be_imported_are_named(caplog):
    missing = EntryPoint("colours", "no.such.module", "sampan.hookspecs")

    plugins = Plugins(entry_points=[], hookspecs=[missing])

    assert "plugin colours failed in import" in caplog.text
    assert not plugins.failures()


def test_a_hook_of_the_platform_cannot_be_defined_again(specs, caplog):
    @hookspec
    def contribute_kinds(everything):
        """Called: … Answer: … Failure: …"""

    Plugins(entry_points=[], hookspecs=specs(contribute_kinds=contribute_kinds))

    assert "plugin colours failed in hookspecs" in caplog.text


def test_the_hooks_of_a_disabled_plugin_are_known_all_the_same():
    plugins = Plugins(disabled=["node", "scheduler"])

    assert plugins.not_loaded() == [] or [each.name for each in plugins.not_loaded()] == []
    assert plugins.implementing("provide_runtime") == ["cri", "docker", "exec"]
