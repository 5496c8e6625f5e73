from __future__ import annotations

import pytest

from sampan_networkpolicy.enforcing import Enforcement
from sampan_networkpolicy.subjects import lean_pod
from sampan_nftables.kernel import ScriptRefused


class Recording:
    def __init__(self):
        self.applied, self.refusing = [], False

    def apply(self, wanted):
        if self.refusing:
            raise ScriptRefused("no")
        self.applied.append(wanted)

    def forget(self):
        self.applied.append("forgotten")

    def gap(self):
        return ""


class Known:
    def __init__(self):
        self.all_pods = []
        self.all_policies = [{"metadata": {"name": "p", "namespace": "d"}, "spec": {"podSelector": {}}}]

    def policies(self):
        return self.all_policies

    def pods(self):
        return self.all_pods

    def namespaces(self):
        return [{"metadata": {"name": "d"}}]


def pod(name="a", ip=""):
    metadata = {"name": name, "namespace": "d", "uid": name, "creationTimestamp": "2026-01-01T00:00:00Z"}
    status = {"phase": "Pending", "podIPs": [{"ip": ip}] if ip else []}
    return {"metadata": metadata, "spec": {"nodeName": "n1", "containers": [{"name": "c"}]}, "status": status}


@pytest.fixture
def filter():
    return Recording()


@pytest.fixture
def known():
    return Known()


@pytest.fixture
def enforcement(filter, known):
    return Enforcement(filter, known, "n1")


def test_a_starting_pod_is_isolated_before_the_api_shows_its_address(enforcement, filter, known):
    known.all_pods = [lean_pod(pod())]
    enforcement.start(pod(), ["10.0.0.1"])
    assert set(filter.applied[-1].ingress) == {"10.0.0.1"}

    enforcement.refresh()  # something else has changed, and the API does not show the address yet
    assert set(filter.applied[-1].ingress) == {"10.0.0.1"}


def test_a_pod_that_the_informer_does_not_have_yet_is_isolated_too(enforcement, filter):
    enforcement.start(pod(), ["10.0.0.1"])
    assert set(filter.applied[-1].ingress) == {"10.0.0.1"}


def test_once_the_api_shows_the_address_the_api_counts(enforcement, filter, known):
    enforcement.start(pod(), ["10.0.0.1"])
    shown = lean_pod(pod(ip="10.0.0.1"))
    known.all_pods = [shown]
    enforcement.changed(lean_pod(pod()), shown)
    known.all_pods = []
    enforcement.refresh()
    assert filter.applied[-1].ingress == {}


def test_a_pod_with_a_new_sandbox_keeps_its_new_address_against_the_apis_old_one(enforcement, filter, known):
    known.all_pods = [lean_pod(pod(ip="10.0.0.1"))]
    enforcement.start(pod(), ["10.0.0.2"])
    enforcement.changed(None, known.all_pods[0])
    enforcement.refresh()
    assert set(filter.applied[-1].ingress) == {"10.0.0.2"}


def test_after_a_loss_the_whole_is_written(enforcement, filter):
    enforcement.refresh(whole=True)
    assert filter.applied[0] == "forgotten"
    assert len(filter.applied) == 2


def test_a_deleted_pod_is_forgotten(enforcement, filter):
    enforcement.start(pod(), ["10.0.0.1"])
    enforcement.changed(lean_pod(pod()), None)
    enforcement.refresh()
    assert filter.applied[-1].ingress == {}


def test_a_refusal_of_the_kernel_reaches_the_caller(enforcement, filter):
    filter.refusing = True
    with pytest.raises(ScriptRefused):
        enforcement.start(pod(), ["10.0.0.1"])
