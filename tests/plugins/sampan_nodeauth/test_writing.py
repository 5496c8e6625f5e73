from __future__ import annotations

import copy

import pytest

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan.errors import Conflict, NotFound
from sampan_machinery.resources import NODES
from sampan_nodeauth import writing
from sampan_testing.shelves import Shelf

POD = Kind(group="", version="v1", kind="Pod", plural="pods")
NODE = Kind(group="", version="v1", kind="Node", plural="nodes", namespaced=False)
ACCOUNT = Kind(group="", version="v1", kind="ServiceAccount", plural="serviceaccounts")
CLAIM = Kind(group="", version="v1", kind="PersistentVolumeClaim", plural="persistentvolumeclaims")
LEASE = Kind(group="coordination.k8s.io", version="v1", kind="Lease", plural="leases")


def review(operation, kind, new=None, old=None, *, sub="", name="web", namespace="shop", reader=None):
    return Review(operation, kind, sub, namespace, name, new, old, ANONYMOUS, False, reader or Shelf())


def test_a_node_deletes_its_own_pods_only(pod):
    assert writing.of_pod("n1", review("DELETE", POD, old=pod())) == ""
    assert writing.of_pod("n2", review("DELETE", POD, old=pod())) == (
        'node "n2" can only delete pods with spec.nodeName set to itself'
    )


def test_a_node_writes_no_pods_spec_and_no_strange_subresource(pod):
    assert "can only create and delete mirror pods" in writing.of_pod("n1", review("UPDATE", POD, pod(), pod()))
    assert writing.of_pod("n1", review("UPDATE", POD, pod(), pod(), sub="ephemeralcontainers")) == (
        "unexpected pod subresource \"ephemeralcontainers\", only 'status' and 'eviction' are allowed"
    )


def test_a_node_evicts_its_own_pods_only(shelf, pod):
    evicting = review("CREATE", POD, {"metadata": {"name": "web"}}, sub="eviction", reader=shelf(pod()))

    assert writing.of_pod("n1", evicting) == ""
    assert writing.of_pod("n2", evicting) == "node n2 can only evict pods with spec.nodeName set to itself"
    with pytest.raises(NotFound):
        writing.of_pod("n1", review("CREATE", POD, {}, sub="eviction", name="gone"))


def test_a_node_writes_the_status_of_its_own_pods_and_nothing_beside_it(pod):
    labelled = pod()
    labelled["metadata"]["labels"] = {"app": "other"}
    claimed = pod(status={"resourceClaimStatuses": [{"name": "c", "resourceClaimName": "x"}]})

    def why(new, node="n1"):
        return writing.of_pod(node, review("UPDATE", POD, new, pod(), sub="status"))

    assert why(pod(status={"phase": "Running"})) == ""
    assert why(pod(), "n2") == 'node "n2" can only update pod status for pods with spec.nodeName set to itself'
    assert why(labelled) == 'node "n1" cannot update labels through pod status'
    assert why(claimed) == 'node "n1" cannot update resource claim statuses'


OWNER = {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "node-uid", "controller": True}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, ""),
        ({"mirror": False}, 'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only'),
        ({"node": "n2"}, 'node "n1" can only create pods with spec.nodeName set to itself'),
        ({"owners": []}, "an owner reference set to itself"),
        ({"owners": [OWNER, OWNER]}, "a single owner reference set to itself"),
        ({"owners": [{**OWNER, "name": "n2"}]}, "an owner reference set to itself"),
        ({"owners": [{**OWNER, "controller": False}]}, "a controller owner reference set to itself"),
        ({"owners": [{**OWNER, "blockOwnerDeletion": True}]}, "must not set blockOwnerDeletion"),
        ({"owners": [{**OWNER, "uid": "other"}]}, "that has the uid of its Node"),
        ({"spec": {"serviceAccountName": "x"}}, "can not create pods that reference a service account"),
        ({"spec": {"imagePullSecrets": [{"name": "x"}]}}, "can not create pods that reference secrets"),
        ({"spec": {"volumes": [{"name": "v", "configMap": {"name": "x"}}]}}, "that reference configmaps"),
    ],
)
def test_a_node_makes_mirror_pods_of_its_own_that_reach_for_nothing(pod, change, why):
    annotations = {"kubernetes.io/config.mirror": "x"} if change.get("mirror", True) else {}
    new = pod(node=change.get("node", "n1"), annotations=annotations, **change.get("spec", {}))
    new["metadata"]["ownerReferences"] = change.get("owners", [OWNER])
    reader = Shelf([(NODES, {"metadata": {"name": "n1", "uid": "node-uid"}})])

    found = writing.of_pod("n1", review("CREATE", POD, new, reader=reader))

    assert why in found if why else found == ""


def a_node(labels=None, **more):
    return {"metadata": {"name": "n1", "labels": labels or {}}, "spec": {}, **more}


@pytest.mark.parametrize(
    ("new", "old", "why"),
    [
        (a_node({"kubernetes.io/os": "linux"}), None, ""),
        (a_node({"node-restriction.kubernetes.io/a": "1"}), None,
         'node "n1" is not allowed to set the following labels: node-restriction.kubernetes.io/a'),
        (a_node(status={"phase": "x"}), a_node(), ""),
        (a_node({"mine": "2"}), a_node({"mine": "1"}), ""),
        (a_node(), a_node({"node-role.kubernetes.io/x": ""}),
         'node "n1" is not allowed to modify labels: node-role.kubernetes.io/x'),
        (a_node(spec={"taints": []}), a_node(spec={"taints": [{"key": "k"}]}),
         'node "n1" is not allowed to modify taints'),
        (a_node(spec={"unschedulable": True}), a_node(), ""),
    ],
)  # fmt: skip
def test_a_node_writes_itself_but_not_what_others_say_of_it(new, old, why):
    operation = "UPDATE" if old else "CREATE"

    assert writing.of_node("n1", review(operation, NODE, copy.deepcopy(new), old, name="n1")) == why


def test_a_node_sets_no_owner_of_itself():
    owned = a_node()
    owned["metadata"]["ownerReferences"] = [OWNER]

    assert "not allowed to set owner" in writing.of_node("n1", review("CREATE", NODE, owned, name="n1"))
    assert "not allowed to modify owner" in writing.of_node("n1", review("UPDATE", NODE, owned, a_node(), name="n1"))


def token(ref, audiences=()):
    return {"spec": {"boundObjectRef": ref, "audiences": list(audiences)}}


TOKENS = [{"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}]
VAULT = [{"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "t", "audience": "vault"}}]}}]
WEB = {"kind": "Pod", "apiVersion": "v1", "name": "web", "uid": "uid-web"}


@pytest.mark.parametrize(
    ("node", "volumes", "request_", "why"),
    [
        ("n1", TOKENS, token(WEB), ""),
        ("n1", VAULT, token(WEB, ["vault"]), ""),
        ("n1", TOKENS, token(WEB, ["vault"]), 'audience "vault" not found in pod spec volume'),
        ("n1", VAULT, token(WEB), 'audience "" not found in pod spec volume'),
        ("n1", VAULT, token(WEB, ["vault", "more"]), "node may only request 0 or 1 audiences"),
        ("n2", TOKENS, token(WEB), "node requested token bound to a pod scheduled on a different node"),
        ("n1", TOKENS, token(None), "node requested token not bound to a pod"),
        ("n1", TOKENS, token({**WEB, "kind": "Secret"}), "node requested token not bound to a pod"),
        ("n1", TOKENS, token({**WEB, "uid": ""}), "node requested token with a pod binding without a uid"),
    ],
)
def test_tokens_are_for_the_nodes_own_pods(shelf, pod, node, volumes, request_, why):
    asking = review("CREATE", ACCOUNT, request_, sub="token", name="default", reader=shelf(pod(volumes=volumes)))

    assert writing.of_account(node, asking) == why


def test_a_token_for_a_pod_that_is_gone_or_another_is_refused(shelf, pod):
    def ask(ref):
        writing.of_account("n1", review("CREATE", ACCOUNT, token(ref), sub="token", reader=shelf(pod())))

    with pytest.raises(NotFound):
        ask({**WEB, "name": "gone"})
    with pytest.raises(Conflict, match="does not match the UID in record"):
        ask({**WEB, "uid": "old"})


def test_a_node_writes_its_own_lease_in_its_namespace():
    assert writing.of_lease("n1", review("UPDATE", LEASE, name="n1", namespace="kube-node-lease")) == ""
    assert "the same name" in writing.of_lease("n1", review("CREATE", LEASE, name="n2", namespace="kube-node-lease"))
    assert "kube-node-lease" in writing.of_lease("n1", review("UPDATE", LEASE, name="n1", namespace="kube-system"))


def test_a_node_writes_only_the_status_of_a_claim():
    assert writing.of_claim("n1", review("UPDATE", CLAIM, sub="status")) == ""
    assert writing.of_claim("n1", review("UPDATE", CLAIM)) == "may only update PVC status"
