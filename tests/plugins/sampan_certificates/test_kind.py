"""The kind through the API, and a request's whole life."""

from __future__ import annotations

import base64

import pytest

from sampan.errors import BadRequest, Forbidden, Invalid
from sampan_machinery.resources import CERTIFICATE_SIGNING_REQUESTS as REQUESTS
from sampan_machinery.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES
from sampan_pki.requests import end_of
from sampan_testing.cluster import start

APPROVED = {"type": "Approved", "status": "True", "reason": "Test", "message": "by a test"}


@pytest.fixture(scope="module")
def cluster():
    with start() as cluster:
        yield cluster


def created(cluster, make, name, **more):
    request = make(name, **more)
    request["metadata"] = {"name": name}
    return cluster.client.create(REQUESTS, request)


def test_the_server_says_who_asks(cluster, make):
    made = created(cluster, make, "who", username="mallory", groups=["system:masters"])

    assert made["spec"]["username"] == "admin"
    assert made["spec"]["groups"] == ["system:masters", "system:authenticated"]
    assert made["status"] == {}


def test_a_request_never_changes(cluster, make):
    made = created(cluster, make, "fixed")

    made["spec"]["signerName"] = "example.com/other"
    made["status"] = {"conditions": [APPROVED]}
    made["metadata"]["labels"] = {"a": "b"}
    changed = cluster.client.update(REQUESTS, made)

    assert changed["spec"]["signerName"] == "example.com/signer"
    assert changed["metadata"]["labels"] == {"a": "b"}
    assert changed["status"] == {}


def test_approval_writes_conditions_and_metadata_alone(cluster, make):
    created(cluster, make, "approved")

    patch = {"metadata": {"annotations": {"a": "b"}}, "status": {"conditions": [APPROVED], "certificate": "eA=="}}
    made = cluster.client.patch(REQUESTS, "approved", patch, subresource="approval")

    (condition,) = made["status"]["conditions"]
    assert condition["lastTransitionTime"] == condition["lastUpdateTime"]
    assert "certificate" not in made["status"]
    assert made["metadata"]["annotations"] == {"a": "b"}
    assert cluster.client.get(REQUESTS, "approved", subresource="approval")["status"] == made["status"]


def test_status_cannot_approve(cluster, make):
    created(cluster, make, "sly")

    with pytest.raises(Invalid, match='updates may not add a condition of type "Approved"'):
        cluster.client.patch(REQUESTS, "sly", {"status": {"conditions": [APPROVED]}}, subresource="status")


def test_requests_are_selected_by_their_signer(cluster, make):
    created(cluster, make, "elsewhere", signer="example.com/elsewhere")

    found = cluster.client.list(REQUESTS, fields="spec.signerName=example.com/elsewhere")

    assert [each["metadata"]["name"] for each in found.items] == ["elsewhere"]


def test_who_has_no_right_to_approve_is_refused(cluster, make):
    created(cluster, make, "guarded")
    writes = {"verbs": ["*"], "apiGroups": [REQUESTS.group], "resources": ["certificatesigningrequests/approval"]}
    cluster.client.create(CLUSTER_ROLES, {"metadata": {"name": "csr-writer"}, "rules": [writes]})
    binding = {
        "metadata": {"name": "csr-writer"}, "subjects": [{"kind": "User", "name": "jane"}],
        "roleRef": {"apiGroup": CLUSTER_ROLES.group, "kind": "ClusterRole", "name": "csr-writer"},
    }  # fmt: skip
    cluster.client.create(CLUSTER_ROLE_BINDINGS, binding)

    with pytest.raises(Forbidden, match="not permitted to approve requests with signerName"):
        cluster.client_as("jane").patch(
            REQUESTS, "guarded", {"status": {"conditions": [APPROVED]}}, subresource="approval"
        )


def test_an_approved_request_is_signed_by_the_cluster(cluster, make):
    created(cluster, make, "signed", signer="kubernetes.io/kube-apiserver-client", expirationSeconds=3600)

    cluster.client.patch(REQUESTS, "signed", {"status": {"conditions": [APPROVED]}}, subresource="approval")
    found = cluster.until(lambda: cluster.client.get(REQUESTS, "signed")["status"]["certificate"])

    assert end_of(base64.b64decode(found)) is not None


def test_a_node_gets_its_first_certificate_without_an_administrator(cluster, make, pem):
    usages = ("digital signature", "client auth")
    signer = "kubernetes.io/kube-apiserver-client-kubelet"
    created(cluster, make, "node", signer=signer, usages=usages, pem=pem("system:node:a", ("system:nodes",)))

    assert cluster.until(lambda: cluster.client.get(REQUESTS, "node")["status"]["certificate"])


def test_the_spec_has_no_manager(cluster, make):
    made = created(cluster, make, "owned")

    assert all("f:spec" not in entry["fieldsV1"] for entry in made["metadata"].get("managedFields", ()))


def test_an_apply_to_approval_has_conditions_and_no_spec(cluster, make):
    created(cluster, make, "applied")
    spec = {"signerName": "example.com/other", "expirationSeconds": 3600}
    body = {"apiVersion": REQUESTS.api_version, "kind": REQUESTS.kind, "metadata": {"name": "applied"}, "spec": spec}
    body["status"] = {"conditions": [APPROVED], "certificate": "eA=="}

    made = cluster.client.patch(REQUESTS, "applied", body, how="apply", field_manager="me", subresource="approval")

    (entry,) = [each for each in made["metadata"]["managedFields"] if each["manager"] == "me"]
    assert list(entry["fieldsV1"]) == ["f:status"] and list(entry["fieldsV1"]["f:status"]) == ["f:conditions"]
    assert (made["spec"]["signerName"], "certificate" in made["status"]) == ("example.com/signer", False)


def test_a_request_that_is_no_base64_is_refused_though_no_apply_changes_it(cluster, make):
    created(cluster, make, "garbled")
    body = {"apiVersion": REQUESTS.api_version, "kind": REQUESTS.kind, "metadata": {"name": "garbled"}}

    with pytest.raises(BadRequest, match="illegal base64 data at input byte 0"):
        cluster.client.patch(REQUESTS, "garbled", {**body, "spec": {"request": "!"}}, how="apply", field_manager="me")
