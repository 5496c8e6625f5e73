from __future__ import annotations

import pytest

from sampan_federation.quotas.enforcing import exceeded, overall_used, summed, used_by


def binding(*replicas: int, **requests: str):
    clusters = [{"name": f"m{index}", "replicas": count} for index, count in enumerate(replicas)]
    return {"spec": {"clusters": clusters, "replicaRequirements": {"resourceRequest": requests}}}


def quota(**overall: str):
    return {"metadata": {"name": "all"}, "spec": {"overall": overall}}


def test_a_binding_uses_its_replicas_times_the_requests_of_one():
    assert used_by(binding(2, 3, cpu="100m")) == {"cpu": 500_000_000}
    assert used_by(binding(2, cpu="1"), [{"name": "a", "replicas": 5}]) == {"cpu": 5_000_000_000}
    assert used_by({}) == used_by(binding(2)) == {}
    assert used_by(binding(1, cpu="nonsense")) == {}
    assert summed([{"cpu": 1}, {"cpu": 2, "memory": 3}]) == {"cpu": 3, "memory": 3}


@pytest.mark.parametrize("others, before, wanted, refused", [
    ("1", "0", "1", False), ("1", "0", "1500m", True),
    ("3", "2", "2", False),  # more is used than is allowed now: what does not grow may stay, and be moved
    ("3", "2", "1", False), ("3", "2", "2100m", True),
])  # fmt: skip
def test_what_asks_for_more_than_is_left_is_refused(others, before, wanted, refused):
    amounts = [used_by(binding(1, cpu=each)) for each in (others, before, wanted)]

    words = exceeded([quota(cpu="2")], *amounts)

    assert bool(words) is refused
    assert not words or words.startswith("the FederatedResourceQuota all allows 2 of cpu")


def test_requests_of_other_resources_and_quotas_that_go_do_not_matter():
    amounts = {}, {}, used_by(binding(9, cpu="9"))

    assert not exceeded([quota(memory="1Gi"), {**quota(cpu="1"), "metadata": {"deletionTimestamp": "x"}}], *amounts)
    assert exceeded([quota(**{"requests.cpu": "1"})], *amounts)


def test_what_is_used_is_said_of_what_is_limited():
    used = used_by(binding(2, cpu="250m", memory="1Gi"))

    assert overall_used(quota(cpu="2", memory="8Gi", pods="7"), used) == {"cpu": "500m", "memory": "2Gi", "pods": "0"}
