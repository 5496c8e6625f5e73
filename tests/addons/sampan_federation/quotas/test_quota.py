from sampan_federation.quotas.quota import resource_quotas, status_of

QUOTA = {
    "metadata": {"name": "q", "namespace": "shop"},
    "spec": {
        "overall": {"cpu": "10"},
        "staticAssignments": [
            {"clusterName": "east", "hard": {"cpu": "4"}}, {"clusterName": "west", "hard": {"cpu": "6"}}
        ],
    },
}  # fmt: skip


def work(cluster, **status):
    return {
        "metadata": {"name": "w", "namespace": f"karmada-es-{cluster}"},
        "status": {"manifestStatuses": [{"status": status}]},
    }


def test_each_cluster_gets_its_part():
    found = resource_quotas(QUOTA)

    assert found["west"]["metadata"] == {"name": "q", "namespace": "shop"}
    assert {cluster: each["spec"]["hard"] for cluster, each in found.items()} == {
        "east": {"cpu": "4"},
        "west": {"cpu": "6"},
    }


def test_what_is_used_is_added():
    works = [
        work("west", hard={"cpu": "6"}, used={"cpu": "1500m"}),
        work("east", used={"cpu": "500m"}),
        {"metadata": {"namespace": "karmada-es-n"}},
    ]

    status = status_of(QUOTA, works)

    assert (status["overall"], status["overallUsed"]) == ({"cpu": "10"}, {"cpu": "2"})
    assert [each["clusterName"] for each in status["aggregatedStatus"]] == ["east", "west"]


def test_what_is_no_quantity_is_left_out():
    status = status_of(QUOTA, [work("east", used={"cpu": "lots", "memory": True, "pods": 3}, hard="x")])

    assert status["aggregatedStatus"] == [{"clusterName": "east", "hard": {}, "used": {"pods": "3"}}]
