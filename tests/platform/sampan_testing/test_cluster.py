"""The cluster in one process: it is complete, fast and leaves nothing behind."""

from __future__ import annotations

import threading

import pytest

from sampan.contracts.kinds import Kind, Resource
from sampan.errors import Forbidden
from sampan.hookspecs import hookimpl
from sampan_testing.cluster import start, until

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
PODS = Resource("", "v1", "pods", "Pod")
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", False)
LABELS = {"app": "web"}


def deployment():
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "main", "image": "busybox"}]}}
    return {
        "metadata": {"name": "web"},
        "spec": {"replicas": 2, "selector": {"matchLabels": LABELS}, "template": template},
    }


def test_a_deployment_becomes_running_pods_on_fake_nodes():
    before = threading.active_count()
    with start(nodes=2) as cluster:
        cluster.client.create(DEPLOYMENTS, deployment(), "default")

        cluster.until(lambda: cluster.client.get(DEPLOYMENTS, "web", "default")["status"]["readyReplicas"] == 2)

        assert {pod["spec"]["nodeName"] for pod in cluster.client.list(PODS).items} == {"node-1", "node-2"}
        cluster.client.delete(DEPLOYMENTS, "web", "default", propagation="Foreground")
        cluster.until(lambda: not cluster.client.list(PODS).items)
    until(lambda: threading.active_count() <= before)


def test_callers_have_the_rights_that_rbac_gives_them():
    with start(control=False) as cluster, pytest.raises(Forbidden, match='User "jane" cannot list'):
        cluster.client_as("jane").list(PODS, "default")


def test_without_rbac_all_requests_are_allowed():
    with start(only=("namespaces",), control=False) as cluster:
        jane = cluster.client_as("jane")

        assert "default" in {each["metadata"]["name"] for each in jane.list(NAMESPACES).items}


def test_a_plugin_that_fails_at_boot_fails_the_test_by_its_name():
    class Broken:
        @hookimpl
        def contribute_kinds(self):
            raise RuntimeError("no idea")

    with (
        pytest.raises(AssertionError, match="broken: contribute_kinds: RuntimeError: no idea"),
        start({"broken": Broken()}),
    ):
        pass


def test_a_plugin_under_test_needs_no_installing():
    class Boats:
        @hookimpl
        def contribute_kinds(self):
            return [Kind(group="example.org", version="v1", kind="Boat", plural="boats", schema={"type": "object"})]

    with start({"boats": Boats()}, only=(), control=False) as cluster:
        boats = Resource("example.org", "v1", "boats", "Boat")
        cluster.client.create(boats, {"metadata": {"name": "a"}}, "default")

        assert len(cluster.client.list(boats, "default").items) == 1
