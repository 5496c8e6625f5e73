"""Both rules in the real API server, in process, beside roles, pods, tokens and configuration."""

from __future__ import annotations

import pytest

from sampan.contracts.access import User
from sampan.contracts.kinds import Resource
from sampan.contracts.options import ClusterOptions
from sampan.errors import Forbidden
from sampan_accounts import plugin as accounts
from sampan_client import Client
from sampan_config import plugin as config
from sampan_memory.store import MemoryStore
from sampan_namespaces import plugin as namespaces
from sampan_nodeauth import plugin as nodeauth
from sampan_nodes import plugin as nodes
from sampan_pods import plugin as pods
from sampan_rbac import plugin as rbac
from sampan_server.app import new_app
from sampan_server.plugins.plugins import Plugins

PODS = Resource("", "v1", "pods", "Pod")
NODES = Resource("", "v1", "nodes", "Node", False)
SECRETS = Resource("", "v1", "secrets", "Secret")
ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount")
REVIEWS = Resource("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", False)


@pytest.fixture
def app(tmp_path):
    parts = {"accounts": accounts, "config": config, "namespaces": namespaces, "nodeauth": nodeauth, "nodes": nodes,
             "pods": pods, "rbac": rbac}  # fmt: skip
    plugins = Plugins(entry_points=[], extra=parts)
    store = MemoryStore()
    app = new_app(plugins, store=store, options=ClusterOptions(pki=str(tmp_path)))
    assert plugins.failures() == []
    yield app
    app.close()
    store.close()


@pytest.fixture
def admin(app):
    return Client.in_process(app.wsgi, User("admin", ("system:masters",)))


@pytest.fixture
def node(app, node_user):
    return Client.in_process(app.wsgi, node_user("n1"))


def manifest(kind, name, **more):
    return {"kind": kind, "apiVersion": "v1", "metadata": {"name": name}, **more}


@pytest.fixture
def bound(admin):
    """A pod on n1 that mounts the Secret ``mine``, and one on n2."""
    for name in ("mine", "other"):
        admin.create(SECRETS, manifest("Secret", name), "default")
    containers = [{"name": "c", "image": "busybox"}]
    volumes = [{"name": "v", "secret": {"secretName": "mine"}}]
    spec = {"nodeName": "n1", "containers": containers, "volumes": volumes}
    far = {"nodeName": "n2", "containers": containers}
    admin.create(PODS, manifest("Pod", "far", spec=far), "default")
    return admin.create(PODS, manifest("Pod", "web", spec=spec), "default")


def test_a_node_reads_what_its_pods_mount_and_is_told_why_it_may_not_the_rest(node, bound):
    assert node.get(SECRETS, "mine", "default")["metadata"]["name"] == "mine"
    assert len(node.list(SECRETS, "default", fields="metadata.name=mine").items) == 1

    with pytest.raises(Forbidden) as refused:
        node.get(SECRETS, "other", "default")

    assert refused.value.message == (
        'secrets "other" is forbidden: User "system:node:n1" cannot get resource "secrets" in API group "" in the '
        "namespace \"default\": no relationship found between node 'n1' and this object"
    )


def test_a_node_lists_its_own_pods_only(node, bound):
    mine = node.list(PODS, fields="spec.nodeName=n1").items

    assert [pod["metadata"]["name"] for pod in mine] == ["web"]
    with pytest.raises(Forbidden, match=r"can only list/watch pods with spec\.nodeName field selector"):
        node.list(PODS)
    with pytest.raises(Forbidden, match="can only list/watch pods"):
        node.list(PODS, fields=r"metadata.name!=a\,spec.nodeName=n1")


def test_a_node_registers_and_writes_itself_only(node, admin):
    node.create(NODES, manifest("Node", "n1"))
    admin.create(NODES, manifest("Node", "n2"))

    node.patch(NODES, "n1", {"status": {"phase": "Running"}}, subresource="status")
    with pytest.raises(Forbidden, match=r"not allowed to modify labels: node-restriction\.kubernetes\.io/a"):
        node.patch(NODES, "n1", {"metadata": {"labels": {"node-restriction.kubernetes.io/a": "b"}}})
    with pytest.raises(Forbidden, match='not allowed to modify node "n2"'):
        node.patch(NODES, "n2", {"status": {"phase": "Running"}}, subresource="status")
    with pytest.raises(Forbidden, match='not allowed to modify node "n3"'):
        node.create(NODES, manifest("Node", "n3"))


def test_a_node_tells_of_and_removes_its_own_pods_only(node, bound):
    node.patch(PODS, "web", {"status": {"phase": "Running"}}, "default", subresource="status")
    node.delete(PODS, "web", "default", grace=0)

    with pytest.raises(Forbidden, match="can only update pod status"):
        node.patch(PODS, "far", {"status": {"phase": "Failed"}}, "default", subresource="status")
    with pytest.raises(Forbidden, match="can only delete pods"):
        node.delete(PODS, "far", "default", grace=0)


def test_an_eviction_of_anothers_pod_is_refused_before_anything_is_written(node, admin, bound):
    eviction = {"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": "far"}}

    with pytest.raises(Forbidden, match=r"node n1 can only evict pods with spec\.nodeName set to itself"):
        node.create(PODS, eviction, "default", subresource="eviction", name="far")

    assert not admin.get(PODS, "far", "default")["status"].get("conditions")


def test_a_token_is_for_a_pod_on_the_node_asking(node, admin, bound):
    far = admin.get(PODS, "far", "default")

    def ask(pod):
        ref = {"kind": "Pod", "apiVersion": "v1", **{key: pod["metadata"][key] for key in ("name", "uid")}}
        body = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "spec": {"boundObjectRef": ref}}
        return node.create(ACCOUNTS, body, "default", subresource="token", name="default")

    with pytest.raises(Forbidden, match="bound to a pod scheduled on a different node"):
        ask(far)


def test_a_review_knows_the_field_selector(admin):
    def may(**selector):
        asked = {"verb": "list", "resource": "pods", "fieldSelector": selector} if selector else {
            "verb": "list", "resource": "pods"}  # fmt: skip
        spec = {"user": "system:node:n1", "groups": ["system:nodes"], "resourceAttributes": asked}
        review = {"kind": "SubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "spec": spec}
        return admin.create(REVIEWS, review)["status"]

    own = {"key": "spec.nodeName", "operator": "In", "values": ["n1"]}
    assert may(requirements=[own])["allowed"] is True
    assert may(rawSelector="spec.nodeName=n1")["allowed"] is True
    assert may(requirements=[{**own, "values": ["n2"]}])["allowed"] is False
    assert may() == {"allowed": False, "reason": "can only list/watch pods with spec.nodeName field selector"}
