from __future__ import annotations

import click
import pytest

from sampan.contracts.commands import Place
from sampan.errors import ConfigError
from sampan_joining.sessions import aligned, failures_in_words, opened


def test_columns_are_as_wide_as_their_widest_cell():
    assert aligned([("NAME", "AGE"), ("a", "10s"), ("longer", "1s")]) == ["NAME     AGE", "a        10s", "longer   1s"]


def test_failures_are_one_sentence():
    @failures_in_words
    def command(error):
        raise error

    for error in (ConfigError("set it"), ConnectionError("it is away")):
        with pytest.raises(click.ClickException) as caught:
            command(error)
        assert caught.value.message == str(error)


def test_a_missing_kubeconfig_is_named(tmp_path):
    place = Place(str(tmp_path), str(tmp_path / "kubeconfig"))

    with pytest.raises(ConfigError, match="cannot be read"), opened(place):
        pass
