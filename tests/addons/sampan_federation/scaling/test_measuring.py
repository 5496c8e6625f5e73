from __future__ import annotations

import msgspec
import pytest

from sampan.errors import NotFound
from sampan_client import Client
from sampan_client.transports import Response
from sampan_federation.scaling.measuring import samples_of
from sampan_federation.scaling.proposing import MetricUnavailable


class Member:
    """A member that answers what the test says, as a registry and as a transport."""

    selectable = False

    def __init__(self, pods, metrics) -> None:
        self.pods, self.metrics, self.asked = pods, metrics, []

    def client(self, name):
        return Client(self)

    def send(self, method, path, headers, body):
        self.asked.append(path)
        answer = self.metrics if "metrics.k8s.io" in path else self.pods
        if isinstance(answer, Exception):
            raise answer
        return Response(200, {}, msgspec.json.encode({"items": answer}))


POD = {"metadata": {"name": "a"}, "status": {"phase": "Pending"}, "spec": {"containers": []}}


def test_pods_of_all_clusters_are_taken_with_their_metrics():
    usage = {"metadata": {"name": "a"}, "containers": [{"name": "app", "usage": {"cpu": "1"}}]}
    member = Member([POD], [usage])

    found = samples_of(member, ["east", "west"], "shop", "app=web")

    assert [sample.used for sample in found] == [{("app", "cpu"): 1000}] * 2
    assert all("/namespaces/shop/pods?" in path and "labelSelector=app%3Dweb" in path for path in member.asked)


@pytest.mark.parametrize("pods, metrics, words", [
    ([POD], NotFound("no"), "east does not serve metrics.k8s.io"), ([POD], ConnectionError("away"), "away"),
    ([{"metadata": 1}], [], "without metadata"),
])  # fmt: skip
def test_a_cluster_that_cannot_be_asked_is_named(pods, metrics, words):
    with pytest.raises(MetricUnavailable, match=words):
        samples_of(Member(pods, metrics), ["east"], "shop", "app=web")
