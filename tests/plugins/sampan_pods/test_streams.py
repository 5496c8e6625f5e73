from __future__ import annotations

import pytest

from sampan.errors import BadRequest, Invalid, NotFound, ServiceUnavailable
from sampan_pods.streams import check_log_options


def log(client, query=""):
    return client.request("GET", f"/api/v1/namespaces/default/pods/web/log{query}")


def test_a_pod_without_a_node_has_said_nothing(client, make):
    make()

    assert log(client).status == 204


def test_a_node_that_is_not_there_is_named(client, make):
    make(nodeName="n1")

    with pytest.raises(NotFound, match='nodes "n1" not found'):
        log(client)


def test_a_container_has_to_be_chosen(client, make):
    make(containers=[{"name": "a", "image": "x"}, {"name": "b", "image": "x"}])

    with pytest.raises(BadRequest, match=r"a container name must be specified for pod web, choose one of: \[a b\]"):
        log(client)
    with pytest.raises(BadRequest, match="container c is not valid for pod web"):
        log(client, "?container=c")


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"tailLines": "x"}, BadRequest),
        ({"tailLines": "-1"}, Invalid),
        ({"limitBytes": "0"}, Invalid),
        ({"sinceSeconds": "0"}, Invalid),
        ({"sinceSeconds": "5", "sinceTime": "2026-01-01T00:00:00Z"}, Invalid),
    ],
)
def test_log_options_are_checked(query, error):
    with pytest.raises(error):
        check_log_options(query, "web")


def test_exec_wants_a_command_an_upgrade_and_a_node(client, make):
    make()
    path = "/api/v1/namespaces/default/pods/web/exec"

    with pytest.raises(BadRequest, match="at least one command"):
        client.request("POST", path)
    with pytest.raises(BadRequest, match="does not have a host assigned"):
        client.request("POST", path, query={"command": "ls"})


def test_an_agent_that_cannot_be_reached_is_unavailable(client, make, tmp_path):
    from sampan.contracts.kinds import Resource
    from sampan_pki import ensure

    ensure(tmp_path)
    status = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 1}},
    }
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "status": status}
    client.create(Resource("", "v1", "nodes", "Node", False), node)
    make(nodeName="n1")

    with pytest.raises(ServiceUnavailable, match="cannot be reached"):
        log(client)


def test_a_pod_without_an_address_cannot_be_proxied_to(client, make):
    make()

    with pytest.raises(BadRequest, match="has no address yet"):
        client.request("GET", "/api/v1/namespaces/default/pods/web:80/proxy/")
