"""Kinds that come and go on a real server with two workers: gunicorn, SQLite, TLS, kubectl."""

from __future__ import annotations

import shutil
import subprocess
import time

import pytest
from clusters import ROOT, until
from servers import make

from sampan.contracts.kinds import Resource
from sampan.errors import NotFound
from sampan_client import Client

TOYS = Resource("meta.toys.example", "v1", "toys", "Toy", False)
BOATS = Resource("toys.example", "v1", "boats", "Boat")
BOATS_2 = Resource("toys.example", "v2", "boats", "Boat")
PLUGIN = """
from toys import Toys

toys = Toys()
contribute_kinds, contribute_kind_sources = toys.contribute_kinds, toys.contribute_kind_sources
"""

pytestmark = pytest.mark.kubectl


@pytest.fixture(scope="module")
def server(tmp_path_factory, tools):
    folder = tmp_path_factory.mktemp("toys")
    place = folder / "installed"
    (place / "toys_plugin-0.1.dist-info").mkdir(parents=True)
    shutil.copy2(ROOT / "tests" / "platform" / "sampan_server" / "toys.py", place)
    (place / "toys_plugin.py").write_text(PLUGIN)
    (place / "toys_plugin-0.1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: toys-plugin\nVersion: 0.1\n"
    )
    (place / "toys_plugin-0.1.dist-info" / "entry_points.txt").write_text("[sampan.plugins]\ntoys = toys_plugin\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(place))
        found = make(folder, tools, f"sqlite://{folder}/state.db", workers=2)
        try:
            found.start()
            found.wait()
            yield found
        finally:
            found.stop()


def everywhere(server, ask, count=12):
    """The answers over so many connections of their own, each of which some worker has taken."""
    answers = []
    for _ in range(count):
        client = server.client()
        try:
            answers.append(ask(client))
        finally:
            client.close()
    return answers


def serves(resource):
    def ask(client: Client) -> bool:
        try:
            client.list(resource)
        except NotFound:
            return False
        return True

    return ask


def toy(**spec):
    return {"metadata": {"name": "boats"}, "spec": {"kind": "Boat", **spec}}


def test_every_worker_serves_a_kind_that_comes_changes_and_goes(server):
    client = server.client()
    client.create(TOYS, toy(versions=["v1"]))
    until(lambda: all(everywhere(server, serves(BOATS))), why="a worker does not serve the kind")

    client.create(BOATS, {"metadata": {"name": "a"}, "spec": {"crew": 2}}, "default")
    assert "boats" in server.cluster.kubectl("api-resources", "--api-group=toys.example")
    assert "crew" in server.cluster.kubectl("explain", "boats.spec")
    assert server.cluster.kubectl("get", "boats", "a", "-o", "jsonpath={.spec.crew}") == "2"
    watching = subprocess.Popen(
        [str(server.cluster.tools / "kubectl"), "get", "boats", "--watch-only"],
        env=server.cluster.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        time.sleep(1)
        there = client.get(TOYS, "boats")
        client.update(TOYS, {**there, "spec": {"kind": "Boat", "versions": ["v1", "v2"], "stored": "v2"}})
        until(lambda: all(everywhere(server, serves(BOATS_2))), why="a worker does not serve the version")
        assert everywhere(server, lambda each: each.get(BOATS_2, "a", "default")["spec"]) == [{"sailors": 2}] * 12
        assert watching.wait(90) == 0  # kubectl's watch ends as with a changed definition
    finally:
        if watching.poll() is None:
            watching.kill()
            watching.wait(90)
        assert watching.stdout is not None
        watching.stdout.close()

    client.delete(TOYS, "boats")
    both = (BOATS, BOATS_2)
    until(
        lambda: not any(served for each in both for served in everywhere(server, serves(each))), why="it is served yet"
    )
    assert "boats" not in server.cluster.kubectl("api-resources", "--cached=false")
    client.create(TOYS, toy(versions=["v1"]))
    until(lambda: all(everywhere(server, serves(BOATS), 4)), why="the kind has not come back")
    assert client.get(BOATS, "a", "default")["spec"] == {"crew": 2}
    client.close()


def test_a_server_that_starts_again_serves_what_is_described(server):
    client = server.client()
    if not serves(BOATS)(client):
        client.create(TOYS, toy(versions=["v1"]))
    client.close()
    server.stop()
    server.start()
    server.wait()

    assert all(everywhere(server, serves(BOATS), 6))
