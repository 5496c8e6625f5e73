from __future__ import annotations

import sys

import pytest

from sampan.errors import ConfigError
from sampan_postgres import plugin


def test_other_urls_are_left_to_others():
    assert plugin.provide_store("sqlite:///x") is None
    assert plugin.provide_store("memory://") is None


def test_a_missing_library_is_named_with_the_way_out(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("sampan_postgres.")]:
        if name not in ("sampan_postgres.plugin", "sampan_postgres.options"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(ConfigError, match=r"pip install 'sampan\[postgres\]'"):
        plugin.provide_store("postgresql://127.0.0.1/x")
