"""Kinds that come and go on a real server with two workers: gunicorn, SQLite, TLS, kubectl."""

from __future__ import annotations

import shutil
import subprocess

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
    for name in ("toys.py", "hanging.py"):
        shutil.copy2(ROOT / "tests" / "platform" / "sampan_server" / name, place)
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


def read(client, resource):
    """The specification of boat a; None at a worker that does not serve the kind yet."""
    try:
        return client.get(resource, "a", "default")["spec"]
    except NotFound:
        return None


def toy(**spec):
    return {"metadata": {"name": "boats"}, "spec": {"kind": "Boat", **spec}}


def test_every_worker_serves_a_kind_that_comes_changes_and_goes(server):
    client = server.client()
    client.create(TOYS, toy(versions=["v1"]))
    until(lambda: all(everywhere(server, serves(BOATS))), why="a worker does not serve the kind")

    kubectl = (
        server.cluster.kubectl
    )  # which worker it gets is the kernel's choice, and one may have escaped the question
    until(lambda: serves(BOATS)(client))
    client.create(BOATS, {"metadata": {"name": "a"}, "spec": {"crew": 2}}, "default")
    until(lambda: "boats" in kubectl("api-resources", "--api-group=toys.example"))
    until(lambda: "crew" in kubectl("explain", "boats.spec", check=False))
    until(lambda: kubectl("get", "boats", "a", "-o", "jsonpath={.spec.crew}", check=False) == "2")
    watching = server.cluster.popen("get", "boats", "-w", "-o", "name", stdout=subprocess.PIPE)
    try:
        assert watching.stdout.readline() == "boat.toys.example/a\n"
        client.create(BOATS, {"metadata": {"name": "b"}, "spec": {"crew": 3}}, "default")
        assert watching.stdout.readline() == "boat.toys.example/b\n"  # its watch stands
        there = client.get(TOYS, "boats")
        client.update(TOYS, {**there, "spec": {"kind": "Boat", "versions": ["v1", "v2"], "stored": "v2"}})
        until(lambda: all(everywhere(server, serves(BOATS_2))), why="a worker does not serve the version")
        until(lambda: everywhere(server, lambda each: read(each, BOATS_2)) == [{"sailors": 2}] * 12)
        assert watching.wait(90) == 0  # kubectl's watch ends as with a changed definition
    finally:
        if watching.poll() is None:
            watching.kill()
            watching.wait(90)
        watching.stdout.close()

    client.delete(TOYS, "boats")
    both = (BOATS, BOATS_2)
    until(
        lambda: not any(served for each in both for served in everywhere(server, serves(each))), why="it is served yet"
    )
    until(lambda: "boats" not in kubectl("api-resources", "--cached=false"))
    client.create(TOYS, toy(versions=["v1"]))
    until(lambda: all(everywhere(server, serves(BOATS), 4)), why="the kind has not come back")
    until(lambda: read(client, BOATS) == {"crew": 2})
    client.close()


def test_a_server_that_starts_again_serves_what_is_described(server):
    client = server.client()
    if not serves(BOATS)(client):
        client.create(TOYS, toy(versions=["v1"]))
    client.close()
    server.stop()
    server.start()
    server.wait()

    until(lambda: all(everywhere(server, serves(BOATS), 6)))
