from __future__ import annotations

import sys

import pytest

from sampan.errors import ConfigError
from sampan_etcd import plugin


def test_other_urls_are_left_to_others():
    assert plugin.provide_store("sqlite:///x") is None
    assert plugin.provide_store("memory://") is None


def test_a_missing_library_is_named_with_the_way_out(monkeypatch):
    monkeypatch.delitem(sys.modules, "sampan_etcd.store", raising=False)
    for name in [name for name in sys.modules if name.startswith("sampan_etcd.") and not name.endswith(".options")]:
        if name != "sampan_etcd.plugin":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "grpc", None)

    with pytest.raises(ConfigError, match=r"pip install 'sampan\[etcd\]'"):
        plugin.provide_store("etcd://127.0.0.1:1")
