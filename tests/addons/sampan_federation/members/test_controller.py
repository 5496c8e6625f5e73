from __future__ import annotations

import msgspec
from fleets import EVICTED, FAILED

from sampan_client.transports import Response
from sampan_federation.members.probing import MOST_PAGES
from sampan_federation.resources import CLUSTERS
from sampan_machinery.metadata import get_condition
from sampan_machinery.resources import NAMESPACES


def cluster(fleet, name: str = "east"):
    return fleet.client.get(CLUSTERS, name)


def ready(fleet, name: str = "east"):
    condition = get_condition(cluster(fleet, name).get("status"), "Ready")
    return condition["status"], condition["reason"]


def taints(fleet, name: str = "east"):
    found = cluster(fleet, name)["spec"].get("taints") or []
    return [(taint["key"].partition("/")[2], taint["effect"]) for taint in found]


def test_a_member_says_what_it_is(fleet):
    status = cluster(fleet)["status"]

    assert ready(fleet) == ("True", "ClusterReady")
    assert status["kubernetesVersion"].startswith("v1.")
    assert {"name": "deployments", "kind": "Deployment"} in next(
        each["resources"] for each in status["apiEnablements"] if each["groupVersion"] == "apps/v1"
    )
    assert status["nodeSummary"] == {"totalNum": 1, "readyNum": 1}
    assert status["resourceSummary"]["allocatable"]["cpu"] == "64"
    assert get_condition(status, "CompleteAPIEnablements")["status"] == "True"
    assert fleet.client.get(NAMESPACES, "karmada-es-east")


def test_a_lost_member_is_unknown_then_tainted_then_evicted_from_and_comes_back(fleet):
    fleet.cut("east")
    fleet.advance(40)
    assert ready(fleet) == ("True", "ClusterReady")  # a link may break for a moment

    fleet.advance(FAILED)
    assert ready(fleet) == ("Unknown", "ClusterNotReachable")
    assert taints(fleet) == [("unreachable", "NoSchedule")]

    fleet.advance(EVICTED)
    assert taints(fleet) == [("unreachable", "NoSchedule"), ("unreachable", "NoExecute")]
    assert ready(fleet, "west") == ("True", "ClusterReady")

    fleet.heal("east")
    fleet.advance(FAILED)
    assert ready(fleet) == ("True", "ClusterReady")
    assert taints(fleet) == []


def test_a_member_that_says_it_is_not_ready_is_believed(fleet):
    fleet.links["east"].lie = lambda method, path, answer: (
        Response(500, {}, b"etcd failed") if path == "/readyz" else answer
    )
    fleet.advance(FAILED)

    assert ready(fleet) == ("False", "ClusterNotReady")
    assert taints(fleet) == [("not-ready", "NoSchedule")]


def test_a_member_that_lies_about_everything_harms_no_other(fleet):
    nonsense = msgspec.json.encode(
        {
            "items": [
                {"spec": 1},
                7,
                {"status": {"conditions": [1]}},
                {"status": {"allocatable": {"cpu": [], "x" * 5000: "1"}}},
            ],
            "gitVersion": "v" * 9999,
        }
    )

    fleet.links["east"].lie = lambda method, path, answer: Response(200, {}, nonsense)
    fleet.advance(70)

    status = cluster(fleet)["status"]
    assert len(status["kubernetesVersion"]) == 253
    assert ready(fleet, "west") == ("True", "ClusterReady")


def test_a_list_without_end_is_given_up(fleet):
    endless = msgspec.json.encode({"items": [], "metadata": {"continue": "more"}})
    fleet.links["east"].lie = lambda method, path, answer: Response(200, {}, endless) if "/nodes" in path else answer
    fleet.links["east"].sent.clear()
    fleet.advance(65)

    assert ready(fleet) == ("True", "ClusterReady")
    pages = [path for _, path in fleet.links["east"].sent if "/nodes" in path]
    assert pages and len(pages) % MOST_PAGES == 0


def test_a_member_that_leaves_takes_its_namespace_along(fleet):
    fleet.client.delete(CLUSTERS, "east")

    def gone() -> bool:
        fleet.advance(2)
        return fleet.registry.names() == ["north", "west"]

    fleet.until(gone)
    assert "karmada-es-east" not in [each["metadata"]["name"] for each in fleet.client.list(NAMESPACES).items]
