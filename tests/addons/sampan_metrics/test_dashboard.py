from types import SimpleNamespace

import msgspec

from sampan.errors import Forbidden
from sampan_metrics.dashboard import Usage

NODES = {"items": [{"metadata": {"name": "a"}, "usage": {"cpu": "1500m", "memory": "64Mi"}}]}
CONTAINERS = [{"usage": {"cpu": "5m", "memory": "1Mi"}}, {"usage": {"cpu": "7m", "memory": "oops"}}]
PODS = {"items": [{"metadata": {"name": "p"}, "containers": CONTAINERS}]}


class Api:
    def __init__(self):
        self.asked = []

    def request(self, method, path):
        self.asked.append(path)
        if "secret" in path:
            raise Forbidden("no")
        return SimpleNamespace(body=msgspec.json.encode(NODES if path.endswith("nodes") else PODS))


def test_nodes_are_asked_for_once():
    api = Api()

    found = Usage("nodes", wide=False).cells(api, [("", "a"), ("", "b")])

    assert found == {("", "a"): "1500m \u00b7 64 MiB"}
    assert api.asked == ["/apis/metrics.k8s.io/v1beta1/nodes"]


def test_pods_are_asked_for_by_namespace_and_what_may_not_be_read_is_empty():
    api = Api()

    found = Usage("pods", wide=True).cells(api, [("x", "p"), ("x", "q"), ("secret", "p")])

    assert found == {("x", "p"): "12m \u00b7 1 MiB"}
    assert len(api.asked) == 2
