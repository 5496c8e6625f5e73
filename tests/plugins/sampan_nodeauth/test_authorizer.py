from __future__ import annotations

import pytest

from sampan.contracts.access import Attributes, Decision, User
from sampan_nodeauth.authorizer import NodeAuthorizer


def asked(user, verb, resource, name="", *, namespace="shop", group="", sub="", fields=""):
    return Attributes(user, verb, group, "v1", resource, sub, namespace, name, fields=fields)


@pytest.fixture
def authorizer(shelf, pod):
    return NodeAuthorizer(
        shelf(
            pod(serviceAccountName="robot", imagePullSecrets=[{"name": "key"}]),
            pod("far", "n2", imagePullSecrets=[{"name": "far-key"}]),
        )
    )


@pytest.mark.parametrize(
    "user",
    [
        User("system:node:n1"),
        User("jane", ("system:nodes",)),
        User("system:serviceaccount:a:b", ("system:nodes",)),
        User("system:node", ("system:nodes",)),
    ],
)
def test_others_than_nodes_are_not_its_business(authorizer, user):
    assert authorizer.authorize(asked(user, "get", "secrets", "key")) == (Decision.NO_OPINION, "")


def test_a_node_without_a_name_may_nothing(authorizer, node_user):
    decision, why = authorizer.authorize(asked(node_user(""), "get", "services"))

    assert (decision, why) == (Decision.NO_OPINION, 'unknown node for user "system:node:"')


LEASES = {"group": "coordination.k8s.io"}


@pytest.mark.parametrize(
    ("verb", "resource", "name", "more"),
    [
        ("get", "secrets", "key", {}),
        ("list", "secrets", "key", {}),
        ("watch", "secrets", "key", {}),
        ("get", "serviceaccounts", "robot", {}),
        ("create", "serviceaccounts", "robot", {"sub": "token"}),
        ("get", "pods", "web", {}),
        ("list", "pods", "", {"namespace": "", "fields": "spec.nodeName=n1"}),
        ("watch", "pods", "", {"fields": "status.phase!=Failed,spec.nodeName==n1"}),
        ("patch", "pods", "web", {"sub": "status"}),
        ("delete", "pods", "web", {}),
        ("create", "pods", "web", {"sub": "eviction"}),
        ("create", "events", "", {}),
        ("patch", "events", "e", {"group": "events.k8s.io"}),
        ("list", "services", "", {"namespace": ""}),
        ("watch", "endpointslices", "", {"namespace": "", "group": "discovery.k8s.io"}),
        ("get", "nodes", "n1", {"namespace": ""}),
        ("patch", "nodes", "n1", {"namespace": "", "sub": "status"}),
        ("create", "leases", "", {**LEASES, "namespace": "kube-node-lease"}),
        ("patch", "leases", "n1", {**LEASES, "namespace": "kube-node-lease"}),
        ("create", "tokenreviews", "", {"namespace": "", "group": "authentication.k8s.io"}),
    ],
)
def test_a_node_may_what_its_work_needs(authorizer, node_user, verb, resource, name, more):
    assert authorizer.authorize(asked(node_user(), verb, resource, name, **more)) == (Decision.ALLOW, "")


FAR = "no relationship found between node 'n1' and this object"
SELECT = "can only list/watch pods with spec.nodeName field selector"


@pytest.mark.parametrize(
    ("verb", "resource", "name", "more", "why"),
    [
        ("get", "secrets", "far-key", {}, FAR),
        ("get", "secrets", "key", {"namespace": "other"}, FAR),
        ("get", "secrets", "", {}, "No Object name found"),
        ("list", "secrets", "", {}, "No Object name found"),
        ("list", "secrets", "", {"namespace": ""}, "can only read namespaced object of this type"),
        ("update", "secrets", "key", {}, "can only read resources of this type"),
        ("create", "configmaps", "", {}, "can only read resources of this type"),
        ("create", "serviceaccounts", "default", {"sub": "token"}, FAR),
        ("list", "serviceaccounts", "robot", {}, "can only get individual resources of this type"),
        ("get", "persistentvolumes", "pv", {"namespace": ""}, FAR),
        ("get", "pods", "far", {}, FAR),
        ("list", "pods", "", {"namespace": ""}, SELECT),
        ("list", "pods", "", {"fields": "spec.nodeName=n2"}, SELECT),
        ("list", "pods", "", {"fields": "spec.nodeName!=n1"}, SELECT),
        ("list", "pods", "", {"fields": r"metadata.name!=a\,spec.nodeName=n1"}, SELECT),
        ("patch", "leases", "n2", {**LEASES, "namespace": "kube-node-lease"},
         "can only access node lease with the same name as the requesting node"),
        ("get", "leases", "n1", {**LEASES, "namespace": "kube-system"},
         'can only access leases in the "kube-node-lease" system namespace'),
        ("list", "leases", "", {**LEASES, "namespace": "kube-node-lease"},
         "can only get, create, update, patch, or delete a node lease"),
        ("get", "volumeattachments", "a", {"namespace": "", "group": "storage.k8s.io"}, FAR),
        ("delete", "nodes", "n1", {"namespace": ""}, ""),
        ("create", "pods", "web", {"sub": "exec"},
         "can only get, list, watch, create and delete pods, write their status and evict them"),
        ("get", "deployments", "web", {"group": "apps"}, ""),
        ("create", "clusterrolebindings", "", {"namespace": "", "group": "rbac.authorization.k8s.io"}, ""),
    ],
)  # fmt: skip
def test_a_node_may_not_the_rest_and_is_told_why(authorizer, node_user, verb, resource, name, more, why):
    assert authorizer.authorize(asked(node_user(), verb, resource, name, **more)) == (Decision.NO_OPINION, why)


def test_paths_are_left_to_others(authorizer, node_user):
    assert authorizer.authorize(Attributes(node_user(), "get", path="/metrics")) == (Decision.NO_OPINION, "")
