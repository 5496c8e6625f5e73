from __future__ import annotations

import base64
import threading

import pytest

from sampan.errors import ConfigError
from sampan_client import kubeconfig
from sampan_joining.certificates import Issued, Wanted, obtain, outcome, request_of, wait_on, write_identity, write_pair
from sampan_pki.requests import read_request

NODE = Wanted("system:node:a", ("system:nodes",))
PEM = base64.b64encode(b"CERTIFICATE").decode()


class Api:
    """Answers a request with each status in turn."""

    def __init__(self, *statuses):
        self.statuses, self.created = list(statuses), []

    def create(self, resource, request):
        self.created.append(request)
        return {"metadata": {"name": "node-csr-1"}}

    def get(self, resource, name):
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return {"metadata": {"name": name}, "status": status}


def test_each_identity_has_its_signer_and_usages():
    serving = Wanted("system:node:a", ("system:nodes",), ("a", "192.0.2.1"))

    assert (NODE.signer, NODE.usages[1]) == ("kubernetes.io/kube-apiserver-client-kubelet", "client auth")
    assert (serving.signer, serving.usages[1]) == ("kubernetes.io/kubelet-serving", "server auth")
    assert Wanted("system:kube-proxy").signer == "kubernetes.io/kube-apiserver-client"


def test_a_certificate_is_asked_for_and_waited_for():
    api, waited = Api({}, {"conditions": [{"type": "Approved"}]}, {"certificate": PEM}), []

    issued = obtain(api, NODE, wait=waited.append)

    assert issued.certificate == b"CERTIFICATE" and len(waited) == 2
    (request,) = api.created
    asked = read_request(base64.b64decode(request["spec"]["request"]))
    assert (asked.common_name, asked.organizations) == ("system:node:a", ("system:nodes",))
    assert request["spec"]["signerName"] == NODE.signer and "expirationSeconds" not in request["spec"]


def test_a_serving_certificate_asks_for_its_names():
    api = Api({"certificate": PEM})
    obtain(api, Wanted("system:node:a", ("system:nodes",), ("a", "192.0.2.1")))

    asked = read_request(base64.b64decode(api.created[0]["spec"]["request"]))
    assert (asked.dns_names, asked.addresses) == (("a",), ("192.0.2.1",))


@pytest.mark.parametrize("word", ["Denied", "Failed"])
def test_a_refusal_ends_the_wait(word):
    status = {"conditions": [{"type": word, "message": "not you"}]}

    with pytest.raises(ConfigError, match=f"node-csr-1 was {word.lower()}: not you"):
        obtain(Api(status), NODE)


def test_one_without_an_approval_is_given_up_with_the_way_out():
    times = iter(range(0, 1000, 50))

    with pytest.raises(ConfigError, match="kubectl certificate approve node-csr-1"):
        obtain(Api({}), NODE, patience=100, wait=lambda seconds: None, clock=lambda: next(times))


def test_the_duration_is_asked_for_where_it_is_given():
    assert request_of(NODE, b"x", 3600)["spec"]["expirationSeconds"] == 3600
    assert outcome({"metadata": {"name": "one"}}) is None


def test_a_component_that_stops_waits_no_longer():
    stop = threading.Event()
    stop.set()

    with pytest.raises(ConfigError, match="stopping"):
        obtain(Api({}), NODE, wait=wait_on(stop))


def test_keys_are_readable_by_their_owner_alone(tmp_path):
    write_pair(tmp_path / "pki" / "kubelet", Issued(b"certificate", b"key"))

    assert (tmp_path / "pki" / "kubelet.crt").read_bytes() == b"certificate"
    assert (tmp_path / "pki" / "kubelet.key").stat().st_mode & 0o777 == 0o600


def test_an_identity_is_a_kubeconfig(tmp_path):
    write_identity([tmp_path / "node"], "https://192.0.2.1:6443", b"CA", "system:node:a", Issued(b"C", b"K"))

    found = kubeconfig.load(tmp_path / "node")
    assert (found.server, found.ca, found.certificate, found.key) == ("https://192.0.2.1:6443", b"CA", b"C", b"K")
