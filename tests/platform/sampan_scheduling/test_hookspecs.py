from __future__ import annotations

from types import SimpleNamespace

import pytest

from sampan_scheduling.contributed import scheduling_plugins
from sampan_scheduling.hookspecs import wrong_with


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        (SimpleNamespace(name="a", weight=1, score=print), ""),
        (SimpleNamespace(weight=1, score=print), "has no name"),
        (SimpleNamespace(name="a", weight=True, score=print), "a.weight must be a number, not True"),
        (SimpleNamespace(name="a", weight=1), "a has none of the methods less, pre_filter"),
    ],
)
def test_a_scheduling_plugin_has_a_name_a_weight_and_a_method(plugin, words):
    found = wrong_with(plugin)

    assert words in found and bool(words) == bool(found)


def test_where_no_plugin_can_be_asked_there_are_none():
    assert scheduling_plugins(None) == []
