"""The kind and the rule in the real API server, in process, beside real pods."""

from __future__ import annotations

import pytest

from sampan.errors import Forbidden, Invalid
from sampan_machinery.resources import PODS, RUNTIME_CLASSES
from sampan_testing.cluster import start


@pytest.fixture
def client():
    with start(only=("pods", "runtimeclasses"), control=False) as cluster:
        yield cluster.client


def pod(**spec):
    return {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "c", "image": "x"}], **spec}}


def a_class(**fields):
    return {"metadata": {"name": "sandboxed"}, "handler": "sandbox", **fields}


def test_a_pod_counts_its_class_overhead(client):
    client.create(RUNTIME_CLASSES, a_class(overhead={"podFixed": {"memory": "120Mi"}}))

    assert client.create(PODS, pod(runtimeClassName="sandboxed"), "default")["spec"]["overhead"] == {"memory": "120Mi"}


def test_an_unknown_class_is_refused_even_in_a_dry_run(client):
    for query in ({}, {"dryRun": "All"}):
        with pytest.raises(Forbidden, match='RuntimeClass "sandboxed" not found'):
            body = {"kind": "Pod", "apiVersion": "v1", **pod(runtimeClassName="sandboxed")}
            client.request("POST", "/api/v1/namespaces/default/pods", query=query, body=body)


def test_a_pod_outlives_its_class(client):
    client.create(RUNTIME_CLASSES, a_class(overhead={"podFixed": {"memory": "120Mi"}}))
    client.create(PODS, pod(runtimeClassName="sandboxed"), "default")
    client.delete(RUNTIME_CLASSES, "sandboxed")

    patched = client.patch(PODS, "web", {"metadata": {"labels": {"a": "b"}}}, "default")

    assert patched["metadata"]["labels"] == {"a": "b"}


def test_a_class_without_a_handler_and_a_new_handler_are_refused(client):
    with pytest.raises(Invalid, match=r'RuntimeClass.node.k8s.io "sandboxed" is invalid: handler: Required value'):
        client.create(RUNTIME_CLASSES, {"metadata": {"name": "sandboxed"}})
    client.create(RUNTIME_CLASSES, a_class())
    with pytest.raises(Invalid, match=r"handler: Invalid value: .*: field is immutable$"):
        client.patch(RUNTIME_CLASSES, "sandboxed", {"handler": "other"})
