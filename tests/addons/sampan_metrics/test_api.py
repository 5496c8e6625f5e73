from __future__ import annotations

import pytest

from sampan.errors import BadRequest, MethodNotAllowed, NotFound, ServiceUnavailable
from sampan_metrics.api import ROOT, Api
from sampan_metrics.history import History, Sample
from sampan_metrics.reading import NODE, Address, Measurement
from sampan_metrics.usage import LatestUsage

T = 1_800_000_000.0


class Copy:
    """Objects as an informer of metadata holds them."""

    def __init__(self, *metas):
        self._objects = [{"metadata": meta} for meta in metas]

    def list(self, namespace=""):
        return [obj for obj in self._objects if not namespace or obj["metadata"].get("namespace") == namespace]

    def get(self, name, namespace=""):
        return next((obj for obj in self.list(namespace) if obj["metadata"]["name"] == name), None)


@pytest.fixture
def api(tmp_path):
    known = LatestUsage()
    for at, cpu in ((T - 15, 10.0), (T, 13.75)):
        known.take(
            "n1",
            {
                NODE: Measurement(at, cpu * 2, 3 << 30),
                Address("ns", "web", "main"): Measurement(at, cpu, 5 << 20),
                Address("ns", "web", "side"): Measurement(at, cpu / 10, 1 << 20),
                Address("other", "db", "main"): Measurement(at, 0.0, 1 << 20),
                Address("gone", "x", "main"): Measurement(at, 1.0, 1),
            },
        )
    nodes = Copy({"name": "n1", "labels": {"zone": "a"}}, {"name": "n2"})
    pods = Copy(
        {"name": "web", "namespace": "ns", "labels": {"app": "web"}},
        {"name": "db", "namespace": "other", "labels": {"app": "db"}},
        {"name": "pending", "namespace": "ns", "labels": {"app": "web"}},
    )
    history = History(tmp_path / "h.db")
    history.add([Sample("n1", Address("ns", "web", "main"), T - 60, 250_000_000, 5 << 20)])
    yield Api(known, nodes, pods, history, clock=lambda: T)
    history.close()


def ask(api, path, accept="application/json", method="GET", **query):
    return api.answer(method, ROOT + path, {key: [value] for key, value in query.items()}, accept)


def test_a_pod_is_told_by_container(api):
    assert ask(api, "/namespaces/ns/pods/web") == {
        "kind": "PodMetrics", "apiVersion": "metrics.k8s.io/v1beta1",
        "metadata": {
            "name": "web", "namespace": "ns", "labels": {"app": "web"}, "creationTimestamp": "2027-01-15T08:00:00Z",
        },
        "timestamp": "2027-01-15T08:00:00Z", "window": "15s",
        "containers": [
            {"name": "main", "usage": {"cpu": "250000000n", "memory": "5120Ki"}},
            {"name": "side", "usage": {"cpu": "25000000n", "memory": "1024Ki"}},
        ],
    }  # fmt: skip


def test_a_node_is_told_as_a_whole(api):
    found = ask(api, "/nodes/n1")

    assert found["usage"] == {"cpu": "500000000n", "memory": f"{3 << 20}Ki"}
    assert found["metadata"]["labels"] == {"zone": "a"}


def names(listing):
    return [item["metadata"]["name"] for item in listing["items"]]


def test_lists_are_of_what_is_there_and_known(api):
    assert names(ask(api, "/nodes")) == ["n1"]
    assert names(ask(api, "/pods")) == ["web", "db"]
    assert names(ask(api, "/namespaces/ns/pods")) == ["web"]
    assert ask(api, "/pods")["kind"] == "PodMetricsList"


def test_selectors_choose(api):
    assert names(ask(api, "/pods", labelSelector="app in (db)")) == ["db"]
    assert names(ask(api, "/nodes", labelSelector="zone!=a")) == []
    assert names(ask(api, "/pods", fieldSelector="metadata.namespace=ns")) == ["web"]
    with pytest.raises(BadRequest):
        ask(api, "/pods", fieldSelector="spec.nodeName=n1")
    with pytest.raises(BadRequest):
        ask(api, "/pods", labelSelector="((")


def test_kubectl_get_is_given_tables(api):
    table = ask(api, "/pods", accept="application/json;as=Table;v=v1;g=meta.k8s.io,application/json")

    assert [row["cells"] for row in table["rows"]] == [["web", "275m", "6Mi", "15s"], ["db", "0m", "1Mi", "15s"]]
    assert table["rows"][0]["object"]["metadata"]["namespace"] == "ns"


def test_discovery_names_both_resources(api):
    found = api.answer("GET", ROOT, {}, "")

    assert [resource["name"] for resource in found["resources"]] == ["nodes", "nodes/history", "pods", "pods/history"]
    assert api.answer("GET", "/apis/metrics.k8s.io", {}, "")["kind"] == "APIGroup"
    assert api.answer("GET", "/apis", {}, "")["groups"][0]["name"] == "metrics.k8s.io"


def test_history_is_told_by_step(api):
    (row,) = ask(api, "/namespaces/ns/pods/web/history", since="10m", step="1m")["items"]

    assert row == {
        "timestamp": "2027-01-15T07:59:00Z", "node": "n1", "container": "main",
        "usage": {"cpu": "250000000n", "memory": "5120Ki"}, "most": {"cpu": "250000000n", "memory": "5120Ki"},
    }  # fmt: skip
    assert ask(api, "/nodes/n1/history")["items"] == []
    for wrong in ({"since": "yesterday"}, {"step": "1"}, {"until": "-5m"}):
        with pytest.raises(BadRequest):
            ask(api, "/nodes/n1/history", **wrong)


def test_what_is_not_there_is_refused(api):
    for path in ("/nodes/n2", "/nodes/n3", "/namespaces/ns/pods/pending", "/namespaces/gone/pods/x", "/x", "/pods/web"):
        with pytest.raises(NotFound):
            ask(api, path)
    for wrong in ({"method": "DELETE"}, {"watch": "true"}):
        with pytest.raises(MethodNotAllowed):
            ask(api, "/pods", **wrong)


def test_without_a_history_none_is_told(api):
    bare = Api(LatestUsage(), Copy(), Copy(), None)

    with pytest.raises(ServiceUnavailable):
        ask(bare, "/nodes/n1/history")
