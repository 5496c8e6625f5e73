from __future__ import annotations

import pytest

from sampan.errors import ConfigError
from sampan_operate.cli.addons.assignments import parse


def test_values_are_yaml_and_a_minus_takes_back():
    words = ["port=53", "up=[a, b]", "text='53'", "on=true", "empty=", "url=a=b", "gone-"]

    assert parse(words) == (
        {"port": 53, "up": ["a", "b"], "text": "53", "on": True, "empty": "", "url": "a=b"},
        ["gone"],
    )


@pytest.mark.parametrize("word", ["port", "=5", "-", "a=[", "a={b"])
def test_anything_else_is_refused_in_words(word):
    with pytest.raises(ConfigError):
        parse([word])
