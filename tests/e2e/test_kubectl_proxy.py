"""kubectl proxy, unmodified, and what plain HTTP clients do through it."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
from collections.abc import Iterator

import pytest
from clusters import Cluster

pytestmark = pytest.mark.kubectl
_PORT = re.compile(r"Starting to serve on 127\.0\.0\.1:(\d+)")


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    return exec_cluster


@pytest.fixture
def through(cluster: Cluster) -> Iterator[http.client.HTTPConnection]:
    """A connection to a proxy of the test's own."""
    proxy = cluster.popen("proxy", "--port=0", stdout=subprocess.PIPE)
    try:
        found = _PORT.match(proxy.stdout.readline())
        assert found
        connection = http.client.HTTPConnection("127.0.0.1", int(found.group(1)), timeout=120)
        yield connection
        connection.close()
    finally:
        proxy.terminate()
        proxy.wait(90)
        proxy.stdout.close()


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: object = None) -> tuple[int, str]:
    text = None if body is None else json.dumps(body)
    connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_discovery_objects_and_writes_pass_through(through, namespace):
    maps = f"/api/v1/namespaces/{namespace}/configmaps"

    assert json.loads(ask(through, "GET", "/api")[1])["versions"] == ["v1"]
    assert "apps" in {group["name"] for group in json.loads(ask(through, "GET", "/apis")[1])["groups"]}
    assert ask(through, "POST", maps, {"metadata": {"name": "a"}, "data": {"k": "v"}})[0] == 201
    assert json.loads(ask(through, "GET", f"{maps}/a")[1])["data"] == {"k": "v"}
    status, refused = ask(through, "POST", maps, {"metadata": {"name": "a"}})
    assert (status, json.loads(refused)["reason"]) == (409, "AlreadyExists")
    assert ask(through, "DELETE", f"{maps}/a")[0] == 200
    assert ask(through, "GET", "/readyz") == (200, "ok")


def test_the_root_lists_the_paths_that_are_served(through):
    status, body = ask(through, "GET", "/")

    paths = json.loads(body)["paths"]
    assert status == 200 and paths == sorted(paths)
    for path in (
        "/api",
        "/api/v1",
        "/apis",
        "/apis/apps",
        "/apis/apps/v1",
        "/healthz",
        "/livez",
        "/metrics",
        "/openapi/v3",
        "/readyz",
        "/version",
    ):
        assert path in paths


def test_a_watch_streams_through(through, namespace):
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    revision = json.loads(ask(through, "GET", maps)[1])["metadata"]["resourceVersion"]
    watching = http.client.HTTPConnection(through.host, through.port, timeout=120)
    watching.request("GET", f"{maps}?watch=1&resourceVersion={revision}")
    stream = watching.getresponse()

    ask(through, "POST", maps, {"metadata": {"name": "a"}})
    ask(through, "DELETE", f"{maps}/a")

    events = [json.loads(stream.readline()) for _ in range(2)]
    assert [(each["type"], each["object"]["metadata"]["name"]) for each in events] == [("ADDED", "a"), ("DELETED", "a")]
    watching.close()


def test_paths_that_the_proxy_refuses_do_not_reach_the_server(through, namespace):
    assert ask(through, "GET", f"/api/v1/namespaces/{namespace}/pods/p/exec?command=id")[0] == 403
