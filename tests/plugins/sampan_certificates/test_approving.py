from __future__ import annotations

import pytest

from sampan.contracts.reconciling import Key, Update
from sampan_certificates.approving import Approver
from sampan_machinery.resources import CERTIFICATE_SIGNING_REQUESTS as REQUESTS
from sampan_pki.requests import read_request
from sampan_testing.shelves import Shelf

KUBELET = "kubernetes.io/kube-apiserver-client-kubelet"
USAGES = ("digital signature", "client auth")
NODE = ("system:node:a", ("system:nodes",))


class Api:
    """Allows the given subresources, and remembers what it was asked."""

    def __init__(self, *allowed):
        self.allowed, self.asked = allowed, []

    def create(self, resource, review):
        self.asked.append(review["spec"])
        return {"status": {"allowed": review["spec"]["resourceAttributes"]["subresource"] in self.allowed}}


def reconcile(request, api):
    return Approver(read_request).reconcile(Key("", "one"), api, Shelf([(REQUESTS, request)]))


def node_request(make, pem, **more):
    return make(signer=KUBELET, usages=USAGES, pem=pem(*NODE), **more)


def test_a_new_node_is_approved_where_its_token_may_ask(make, pem):
    api = Api("nodeclient")
    request = node_request(make, pem, username="system:bootstrap:abcdef", groups=["system:bootstrappers"])

    (action,) = reconcile(request, api)

    assert isinstance(action, Update) and action.subresource == "approval"
    (condition,) = action.object["status"]["conditions"]
    assert (condition["type"], condition["reason"]) == ("Approved", "AutoApproved")
    assert condition["message"] == "Auto approving kubelet client certificate after SubjectAccessReview."
    assert api.asked == [
        {
            "user": "system:bootstrap:abcdef", "groups": ["system:bootstrappers"],
            "resourceAttributes": {
                "group": "certificates.k8s.io", "version": "*", "resource": "certificatesigningrequests",
                "subresource": "nodeclient", "verb": "create",
            },
        }
    ]  # fmt: skip


def test_a_node_renews_its_own(make, pem):
    (action,) = reconcile(node_request(make, pem, username="system:node:a"), Api("selfnodeclient"))

    assert "self kubelet" in action.object["status"]["conditions"][0]["message"]


def test_one_that_may_not_ask_waits_for_an_administrator(make, pem):
    assert reconcile(node_request(make, pem, username="jane"), Api()) == []


@pytest.mark.parametrize("more", [{"usages": ("server auth",)}, {"signer": "example.com/a"}])
def test_other_requests_are_not_even_asked_about(make, pem, more):
    api = Api("nodeclient")

    assert reconcile(make(**{"signer": KUBELET, "usages": USAGES, "pem": pem(*NODE), **more}), api) == []
    assert api.asked == []


def test_a_decision_is_not_taken_twice(make, pem):
    denied = {"conditions": [{"type": "Denied", "status": "True"}]}

    assert reconcile(node_request(make, pem, status=denied), Api("nodeclient")) == []
