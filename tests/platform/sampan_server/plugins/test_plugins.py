from __future__ import annotations

import dataclasses
import sys
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest
from hanging import late_alone

from sampan.errors import ConfigError, PluginError
from sampan.hookspecs import hookimpl
from sampan_isolation import Deadlines
from sampan_server.plugins.plugins import Plugins, read_settings


@dataclasses.dataclass(frozen=True)
class Settings:
    depth: int = 3
    ratio: float = 0.5
    words: tuple[str, ...] = ()
    on: bool = False
    name: str = ""
    maybe: int | None = None


class Kinds:
    def __init__(self, answer=None):
        self.answer = answer

    @hookimpl
    def contribute_kinds(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def module(monkeypatch):
    """Entry points to modules made up on the spot."""

    @hookimpl
    def on_stop():
        pass

    def make(name, group="sampan.plugins", **content):
        content = {"on_stop": on_stop, **content}  # a module without any hook is refused
        monkeypatch.setitem(sys.modules, f"made_up_{name}", SimpleNamespace(__name__=f"made_up_{name}", **content))
        return EntryPoint(name, f"made_up_{name}", group)

    return make


def test_answers_come_in_the_order_of_names():
    plugins = Plugins(entry_points=[], extra={"b": Kinds(None), "a": Kinds(())})

    assert plugins.ask("contribute_kinds") == [("a", []), ("b", [])]


def test_a_plugin_that_fails_in_a_hook_is_named_and_left_out(module, caplog):
    plugins = Plugins(
        entry_points=[module("bad", contribute_kinds=Kinds(RuntimeError("oh")).contribute_kinds), module("ok")]
    )

    assert plugins.ask("contribute_kinds") == []
    assert [(found.name, found.error) for found in plugins.failures()] == [
        ("bad", "contribute_kinds: RuntimeError: oh")
    ]
    assert "plugin bad failed in contribute_kinds" in caplog.text


def test_where_leaving_out_is_not_safe_the_failure_is_raised():
    with pytest.raises(PluginError, match="plugin bad: failed in contribute_kinds: RuntimeError: oh"):
        Plugins(entry_points=[], extra={"bad": Kinds(RuntimeError("oh"))}).demand("contribute_kinds")


def test_a_plugin_that_cannot_be_imported_is_named_and_left_out(module, caplog):
    plugins = Plugins(entry_points=[EntryPoint("gone", "no.such.module", "sampan.plugins"), module("fine")])

    assert [found.name for found in plugins.failures()] == ["gone"]
    assert "No module named 'no'" in plugins.failures()[0].error
    assert "plugin gone failed in import" in caplog.text


@pytest.mark.parametrize("hang", ["while True: pass", "import time; time.sleep(2)"])
def test_a_plugin_whose_import_does_not_end_is_named_and_left_out(hang, module, tmp_path, monkeypatch):
    (tmp_path / "never_ends.py").write_text(f"import hanging; hanging.hangs()\n{hang}")
    monkeypatch.syspath_prepend(tmp_path)
    late_alone(monkeypatch)
    points = [EntryPoint("endless", "never_ends", "sampan.plugins"), module("fine")]

    plugins = Plugins(entry_points=points, deadlines=Deadlines(boot=0.1))

    assert [(found.name, found.error) for found in plugins.failures()] == [
        ("endless", "import: no answer within 0.1 s")
    ]  # fmt: skip
    assert plugins.manager.has_plugin("fine")


def test_a_plugin_that_fails_to_provide_is_named():
    class Store:
        @hookimpl
        def provide_store(self, url):
            raise OSError("no disk")

    with pytest.raises(PluginError, match="plugin disk: failed in provide_store: OSError: no disk"):
        Plugins(entry_points=[], extra={"disk": Store()}).first("provide_store", url="x:", history=0.0)


def test_what_is_third_party_is_told_by_the_distribution():
    import sampan_config.plugin

    plugins = Plugins(extra={"mine": Kinds(()), "again": sampan_config.plugin}, disabled=["config"])

    assert plugins.is_third_party("mine")
    assert not plugins.is_third_party("rbac")
    assert not plugins.is_third_party("again")


def test_an_unknown_hook_is_refused_with_a_suggestion(module):
    class Wrong:
        @hookimpl
        def contribute_kind(self):
            return []

    with pytest.raises(PluginError, match=r"contribute_kind, which is no hook \(did you mean 'contribute_kinds'\?\)"):
        Plugins(entry_points=[], extra={"wrong": Wrong()})


def test_an_unknown_argument_of_a_hook_is_refused():
    class Wrong:
        @hookimpl
        def contribute_kinds(self, ocntext):
            return []

    with pytest.raises(PluginError, match="ocntext"):
        Plugins(entry_points=[], extra={"wrong": Wrong()})


def test_add_ons_run_when_named_and_plugins_unless_named(module):
    points = [module("dns", group="sampan.addons"), module("web", group="sampan.addons"), module("gc"), module("rbac")]

    plugins = Plugins(entry_points=points, addons=["dns"], disabled=["gc"])

    assert {found.name: (found.addon, found.enabled) for found in plugins.found} == {
        "dns": (True, True), "web": (True, False), "gc": (False, False), "rbac": (False, True),
    }  # fmt: skip


@pytest.mark.parametrize("more", [{"disabled": ["rback"]}, {"addons": ["rback"]}, {"settings": {"rback": {}}}])
def test_an_unknown_name_is_refused_with_a_suggestion(module, more):
    with pytest.raises(ConfigError, match=r"no plugin or add-on is called 'rback' \(did you mean 'rbac'\?\)"):
        Plugins(entry_points=[module("rbac")], **more)


def test_a_plugin_gets_its_own_section_as_its_record(module):
    plugins = Plugins(entry_points=[module("x", Settings=Settings), module("y")], settings={"x": {"depth": 5}})

    assert plugins.settings_of("x") == Settings(depth=5)
    assert plugins.settings_of("y") is None


def test_lists_become_tuples_and_whole_numbers_do_for_fractions():
    assert read_settings("x", Settings, {"words": ["a"], "ratio": 1, "maybe": 4}) == Settings(
        words=("a",), ratio=1, maybe=4
    )


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ({"dept": 1}, r"plugins.x.dept is not a setting \(did you mean 'depth'\?\)"),
        ({"depth": "1"}, "plugins.x.depth must be a whole number, not '1'"),
        ({"depth": True}, "plugins.x.depth must be a whole number, not True"),
        ({"on": 1}, "plugins.x.on must be true or false, not 1"),
        ({"words": "a"}, "plugins.x.words must be list, not 'a'"),
    ],
)
def test_a_wrong_section_is_refused(section, sentence):
    with pytest.raises(ConfigError, match=sentence):
        read_settings("x", Settings, section)


def test_a_section_for_a_plugin_without_settings_is_refused():
    with pytest.raises(ConfigError, match="plugin y has no settings"):
        read_settings("y", None, {"a": 1})


def test_an_announcement_reaches_all_though_one_fails(caplog):
    heard = []

    class Listener:
        @hookimpl
        def on_ready(self, url):
            heard.append(url)

    class Deaf:
        @hookimpl
        def on_ready(self):
            raise RuntimeError("what?")

    Plugins(entry_points=[], extra={"a": Deaf(), "b": Listener()}).tell("on_ready", url="https://x")

    assert heard == ["https://x"]
    assert "plugin a failed in on_ready" in caplog.text
