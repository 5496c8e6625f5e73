"""The core with a store and no other plugin: the API server and the reconciler name no plugin and no kind."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from sampan.contracts.access import User
from sampan.errors import Forbidden
from sampan_client import Client
from sampan_server.app import new_app
from sampan_server.plugins.plugins import Plugins
from sampan_testing.cluster import AllowAll

SCRIPT = """
import importlib.metadata, json, sys
from sampan_server.app import new_app
from sampan_server.plugins.plugins import Plugins
import sampan_reconciler.main
(memory,) = [p for p in importlib.metadata.entry_points(group="sampan.plugins") if p.name == "memory"]
plugins = Plugins(entry_points=[memory])
store = plugins.first("provide_store", url="memory://", history=0.0)
app = new_app(plugins, store=store)
app.close(); store.close()
own = [name for name in sys.modules if name.startswith("sampan")]
# Specifications of hooks are known before any plugin, and what they name of their own package.
hooks = [each.module for each in importlib.metadata.entry_points(group="sampan.hookspecs")]
named = {part for name in hooks for part in (name, name.partition(".")[0], name.replace("hookspecs", "contracts"))}
print(json.dumps(sorted({name.partition(".")[0] for name in own if name not in named})))
"""


@pytest.fixture
def start():
    """A client of a server with the memory store and what is named beside it."""
    import sampan_memory.plugin

    with ExitStack() as stack:

        def start(**more):
            plugins = Plugins(entry_points=[], extra={"memory": sampan_memory.plugin, **more})
            store = plugins.first("provide_store", url="memory://", history=0.0)
            stack.callback(store.close)
            app = new_app(plugins, store=store)
            stack.callback(app.close)
            return stack.enter_context(closing(Client.in_process(app.wsgi, User("admin", groups=("system:masters",)))))

        yield start


def test_discovery_is_empty_and_the_server_says_so(start, caplog):
    client = start(**{AllowAll.name: AllowAll()})

    core, groups = (json.loads(client.request("GET", path).body) for path in ("/api/v1", "/apis"))

    assert (core["resources"], groups["groups"]) == ([], [])
    assert client.request("GET", "/readyz").body == b"ok"
    assert "no plugin contributes a kind: discovery is empty" in caplog.text


def test_without_an_authorizer_only_the_public_paths_are_served(start):
    client = start()

    assert client.request("GET", "/readyz").body == b"ok"
    with pytest.raises(Forbidden):
        client.request("GET", "/apis")


def test_no_other_plugin_and_no_add_on_is_imported():
    root = Path(__file__).parents[3]
    brought = {path.parent.name for plank in ("plugins", "addons") for path in (root / plank).glob("*/__init__.py")}

    said = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True)

    assert set(json.loads(said.stdout)) & brought == {"sampan_memory"}
