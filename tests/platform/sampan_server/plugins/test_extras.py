"""A plugin whose libraries are not installed is left out, with the name of the extra, unless it may guard the API."""

from __future__ import annotations

import sys
from importlib.metadata import PathDistribution

import pytest

from sampan.errors import PluginError
from sampan_memory.store import MemoryStore
from sampan_server.app import new_app
from sampan_server.plugins import extras
from sampan_server.plugins.plugins import Plugins

METADATA = """\
Metadata-Version: 2.1
Name: far-away
Version: 1.2
Requires-Dist: msgspec
Requires-Dist: no-such-lib>=3; extra == "one"
Requires-Dist: no-such-lib[fast]>=3 ; extra == "two"
Requires-Dist: other.lib; extra == 'two'
Requires-Dist: msgspec>=0.1; extra == "here"
Requires-Dist: no-such-lib; python_version < "3" and extra == "marked"
"""
NEEDS = "needs no-such-lib, which is not installed: pip install 'far-away[one]' and start again"
STORE = "from sampan.hookspecs import hookimpl\n@hookimpl\ndef provide_store(url):\n    pass\n"
GUARD = "from sampan.hookspecs import hookimpl\n@hookimpl\ndef contribute_admitters():\n    return []\n"


@pytest.fixture
def point(tmp_path, monkeypatch):
    """The entry point of an installed distribution, to a module with that source."""

    def make(name, source=STORE, group="sampan.plugins"):
        (tmp_path / "far_away.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "far_away", raising=False)
        info = tmp_path / "far_away-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(METADATA)
        (info / "entry_points.txt").write_text(f"[{group}]\n{name} = far_away\n")
        (found,) = PathDistribution(info).entry_points
        return found

    return make


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("one", NEEDS),
        (
            "Two",
            "needs no-such-lib and other.lib, which are not installed: pip install 'far-away[Two]' and start again",
        ),
        ("here", ""),
        ("marked", ""),
        ("without", ""),
    ],
)
def test_what_the_extra_of_that_name_wants_and_is_not_there_is_said_with_the_way_out(name, sentence, point):
    assert extras.lacking(point(name)) == sentence


def test_a_plugin_without_its_library_is_left_out_and_the_server_starts(point):
    plugins = Plugins(entry_points=[point("one")])

    new_app(plugins, store=MemoryStore()).close()
    (found,) = plugins.left_out()
    assert (found.name, found.lacks, found.error) == ("one", NEEDS, "")
    assert plugins.failures() == plugins.not_loaded() == []
    assert plugins.hooks_of("one") == [] == plugins.implementing("provide_store")
    assert plugins.left_out("provide_store") == [found]
    assert plugins.left_out("provide_runtime") == []


@pytest.mark.parametrize("source", [GUARD, "import no_such_lib\n" + STORE], ids=["a guard", "not importable"])
def test_one_that_guards_the_api_or_may_do_so_keeps_the_server_from_starting(source, point):
    plugins = Plugins(entry_points=[point("one", source)])

    with pytest.raises(PluginError) as error:
        new_app(plugins, store=MemoryStore())
    assert NEEDS in str(error.value) and "disable: [one]" in str(error.value)
    assert plugins.left_out() == []


def test_one_that_is_disabled_lacks_nothing(point):
    plugins = Plugins(entry_points=[point("one")], disabled=["one"])

    assert plugins.left_out() == []


def test_an_add_on_without_its_library_is_left_out(point):
    plugins = Plugins(entry_points=[point("one", group="sampan.addons")], addons=["one"])

    assert [found.lacks for found in plugins.left_out()] == [NEEDS]
    assert plugins.failures() == []
