"""Building the application for another server than ours."""

from __future__ import annotations

import pytest
from falcon.testing import TestClient

from sampan.contracts.options import ClusterOptions
from sampan.errors import ConfigError
from sampan_auth import plugin as auth
from sampan_memory import plugin as memory
from sampan_server.plugins.plugins import Plugins
from sampan_server.wsgi import build
from sampan_settings.settings import parse


@pytest.fixture
def plugins():
    return Plugins(entry_points=[], extra={"memory": memory, "auth": auth})


def settings(tmp_path, workers=1):
    return parse({"home": str(tmp_path), "store": "memory:", "api": {"workers": workers}})


def test_a_store_of_one_process_is_refused_where_there_are_several(tmp_path, plugins):
    with pytest.raises(ConfigError, match=r"the store memory: lives in one process.*set api\.workers to 1"):
        build(settings(tmp_path, workers=2), plugins, ClusterOptions())


def test_under_a_server_with_several_processes_it_answers_that_and_nothing_else(tmp_path, plugins):
    app = build(settings(tmp_path), plugins, ClusterOptions())
    client = TestClient(app.wsgi)

    alone = client.simulate_get("/livez", extras={"wsgi.multiprocess": False})
    several = client.simulate_get("/livez", extras={"wsgi.multiprocess": True})
    app.close()

    assert (alone.status_code, alone.text) == (200, "ok")
    assert several.status_code == 503
    assert "lives in one process" in several.json["message"]
