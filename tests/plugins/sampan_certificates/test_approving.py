from __future__ import annotations

import pytest

from sampan.contracts.reconciling import Key, Update
from sampan_certificates.approving import Approver
from sampan_client.client import Listing
from sampan_machinery.resources import CERTIFICATE_SIGNING_REQUESTS as REQUESTS
from sampan_pki.requests import read_request
from sampan_testing.shelves import Shelf

KUBELET = "kubernetes.io/kube-apiserver-client-kubelet"
USAGES = ("digital signature", "client auth")
NODE = ("system:node:a", ("system:nodes",))


class Api:
    """Allows the given subresources (or subresource:name), and remembers what it was asked."""

    def __init__(self, *allowed):
        self.allowed, self.asked, self.nodes = allowed, [], []

    def create(self, resource, review):
        self.asked.append(review["spec"])
        about = review["spec"]["resourceAttributes"]
        words = about["subresource"] + (f":{about['name']}" if "name" in about else "")
        return {"status": {"allowed": words in self.allowed}}

    def list(self, resource):
        return Listing(self.nodes, "1")


def reconcile(request, api, **how):
    return Approver(read_request, **how).reconcile(Key("", "one"), api, Shelf([(REQUESTS, request)]))


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


API_CLIENT, SERVING = "kubernetes.io/kube-apiserver-client", "kubernetes.io/kubelet-serving"
SERVES = ("digital signature", "server auth")
AS_NODE = {"username": "system:node:a", "groups": ["system:nodes", "system:authenticated"]}


def component_request(make, pem, user="system:kube-proxy", organizations=("system:node-proxier",), names=(), **more):
    request = pem(user, organizations, names)
    return make(**{"signer": API_CLIENT, "usages": USAGES, "pem": request, **AS_NODE, **more})


def serving_request(make, pem, *names, node="system:node:a", **more):
    request = pem(node, ("system:nodes",), names)
    return make(**{"signer": SERVING, "usages": SERVES, "pem": request, **AS_NODE, **more})


def node(name, *addresses):
    status = {"addresses": [{"type": "InternalIP", "address": one} for one in addresses]}
    return {"metadata": {"name": name}, "status": status}


def test_a_component_of_a_node_needs_the_right_to_its_user_and_to_each_group(make, pem):
    user, group = "nodecomponent:system:kube-proxy", "nodecomponent:system:node-proxier"

    assert len(reconcile(component_request(make, pem), Api(user, group))) == 1
    assert reconcile(component_request(make, pem), Api(user)) == []
    assert reconcile(component_request(make, pem), Api(group)) == []


def test_no_node_gets_a_component_with_groups_or_names_of_its_choice(make, pem):
    api = Api("nodecomponent:system:kube-proxy")

    assert reconcile(component_request(make, pem, organizations=("system:masters",)), api) == []
    assert reconcile(component_request(make, pem, usages=SERVES), api) == []
    assert reconcile(component_request(make, pem, organizations=(), names=("a.example",)), api) == []


def test_who_is_no_node_waits_for_an_administrator(make, pem):
    api = Api("nodecomponent:system:kube-proxy", "nodecomponent:system:node-proxier")

    assert reconcile(component_request(make, pem, username="jane", groups=["dev"]), api) == []
    assert api.asked == []


def test_a_serving_certificate_names_the_node_and_addresses_of_its_own(make, pem):
    api = Api()

    assert len(reconcile(serving_request(make, pem, "a", "192.0.2.7"), api)) == 1
    api.nodes = [node("a", "192.0.2.7"), node("b", "192.0.2.8")]
    assert len(reconcile(serving_request(make, pem, "a", "192.0.2.7"), api)) == 1


@pytest.mark.parametrize("foreign", ["b", "192.0.2.8", "127.0.0.1", "10.96.0.1", "192.0.2.1"])
def test_a_serving_certificate_with_a_foreign_name_waits_for_an_administrator(make, pem, foreign):
    api = Api()
    api.nodes = [node("b", "192.0.2.8")]

    assert reconcile(serving_request(make, pem, foreign), api, reserved=("10.96.0.0/16", "192.0.2.1")) == []


def test_an_existing_node_serves_at_none_but_its_addresses(make, pem):
    api = Api()
    api.nodes = [node("a", "192.0.2.7")]

    assert reconcile(serving_request(make, pem, "a", "192.0.2.9"), api) == []


def test_a_serving_certificate_is_for_the_node_that_asks_and_only_by_the_setting(make, pem):
    assert reconcile(serving_request(make, pem, "b", node="system:node:b"), Api()) == []
    assert reconcile(serving_request(make, pem, "a"), Api(), serving=False) == []
    assert reconcile(serving_request(make, pem, "a", usages=USAGES), Api()) == []
