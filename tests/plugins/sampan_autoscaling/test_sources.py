"""The wire shape of the three metrics APIs."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from sampan.errors import NotFound
from sampan_autoscaling.proportions import Sample, Unmeasured
from sampan_autoscaling.sources import ApiSource

ITEM = {
    "metadata": {"name": "web-1", "namespace": "default"},
    "timestamp": "2026-01-01T00:00:10Z",
    "window": "15.04s",
    "containers": [
        {"name": "c", "usage": {"cpu": "12m", "memory": "3Mi"}},
        {"name": "side", "usage": {"cpu": "1500u", "memory": "1Mi"}},
    ],
}


class Answering:
    def __init__(self, *items, error=None):
        self.items, self.error, self.asked = items, error, []

    def request(self, method, path, *, query):
        self.asked.append((path, query))
        if self.error:
            raise self.error
        return SimpleNamespace(body=json.dumps({"items": self.items}).encode())


def source(*items, error=None):
    client = Answering(*items, error=error)
    return ApiSource(client, lambda about: "ingresses.networking.k8s.io"), client


def test_containers_are_added_up_or_taken_alone():
    found, client = source(ITEM)

    assert found.resource("default", "app=web", "cpu") == {"web-1": Sample(14, 1767225610.0, 15.04)}
    assert found.resource("default", "app=web", "cpu", "side")["web-1"].value == 2
    assert client.asked[0] == ("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods", {"labelSelector": "app=web"})


def test_a_pod_without_a_figure_is_left_out_and_a_container_that_is_not_there_named():
    found, _ = source(ITEM)

    assert found.resource("default", "", "nvidia.com/gpu") == {}
    with pytest.raises(Unmeasured, match="container x not present in metrics for pod default/web-1"):
        found.resource("default", "", "cpu", "x")


def test_a_metrics_api_that_is_not_there_says_so():
    found, _ = source(error=NotFound("the server could not find the requested resource"))

    with pytest.raises(Unmeasured, match="unable to fetch metrics from resource metrics API: the server could not"):
        found.resource("default", "app=web", "cpu")


def test_an_answer_that_is_nonsense_is_no_answer():
    broken = {**ITEM, "containers": [{"name": "c", "usage": {"cpu": "much"}}]}

    with pytest.raises(Unmeasured, match="'much', which is no quantity"):
        source(broken)[0].resource("default", "", "cpu")
    with pytest.raises(Unmeasured, match="no metrics returned from resource metrics API"):
        source()[0].resource("default", "", "cpu")


def test_custom_and_external_figures():
    value = {"describedObject": {"name": "web-1"}, "timestamp": "2026-01-01T00:00:10Z", "value": "1500m"}
    found, client = source(value, {**value, "describedObject": {"name": "web-2"}})
    metric = {"name": "hits", "selector": {"matchLabels": {"verb": "GET"}}}

    assert {name: each.value for name, each in found.pods("ns", "a=b", metric).items()} == {
        "web-1": 1500,
        "web-2": 1500,
    }
    assert found.object("ns", {"kind": "Ingress", "name": "in"}, metric) == 1500
    assert found.external("ns", metric) == 3000
    assert [path.removeprefix("/apis/") for path, _ in client.asked] == [
        "custom.metrics.k8s.io/v1beta2/namespaces/ns/pods/*/hits",
        "custom.metrics.k8s.io/v1beta2/namespaces/ns/ingresses.networking.k8s.io/in/hits",
        "external.metrics.k8s.io/v1beta1/namespaces/ns/hits",
    ]
    assert client.asked[0][1] == {"labelSelector": "a=b", "metricLabelSelector": "verb=GET"}
