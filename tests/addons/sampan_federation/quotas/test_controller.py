from __future__ import annotations

import pytest
from contexts import one

from sampan_federation.quotas.controller import Quotas
from sampan_federation.resources import CLUSTERS, FEDERATED_RESOURCE_QUOTAS, RESOURCE_BINDINGS, WORKS

KEY = ("shop", "q")


@pytest.fixture
def host():
    with one(Quotas) as found:
        found.api.create(CLUSTERS, {"metadata": {"name": "east"}})
        parts = [{"clusterName": name, "hard": {"cpu": "4"}} for name in ("east", "nowhere")]
        spec = {"overall": {"cpu": "8"}, "staticAssignments": parts}
        found.api.create(FEDERATED_RESOURCE_QUOTAS, {"metadata": {"name": "q", "namespace": "shop"}, "spec": spec})
        found.handle(KEY)
        yield found


def test_clusters_get_their_quota_and_report_what_is_used(host):
    [work] = host.api.list(WORKS)
    assert work["spec"]["workload"]["manifests"][0]["spec"] == {"hard": {"cpu": "4"}}
    host.api.update(WORKS, {**work, "status": {"manifestStatuses": [{"status": {"used": {"cpu": "1"}}}]}}, "status")
    host.synced()
    assert KEY in host.keys

    host.handle(KEY)

    quota = host.api.get(FEDERATED_RESOURCE_QUOTAS, "q", "shop")
    assert quota["status"]["overallUsed"] == {"cpu": "1"}


def test_a_quota_that_is_gone_takes_its_works_with_it(host):
    host.api.remove(FEDERATED_RESOURCE_QUOTAS, "q", "shop")

    host.handle(KEY)

    assert all("deletionTimestamp" in work["metadata"] for work in host.api.list(WORKS))


def test_a_quota_without_parts_says_what_bindings_request(host):
    spec = {"clusters": [{"name": "east", "replicas": 3}], "replicaRequirements": {"resourceRequest": {"cpu": "500m"}}}
    whole = {"metadata": {"name": "whole", "namespace": "shop"}, "spec": {"overall": {"cpu": "8"}}}
    host.api.create(FEDERATED_RESOURCE_QUOTAS, whole)
    host.synced()
    host.keys.clear()
    host.api.create(RESOURCE_BINDINGS, {"metadata": {"name": "b", "namespace": "shop"}, "spec": spec})
    host.synced()
    assert ("shop", "whole") in host.keys

    host.handle(("shop", "whole"))

    assert host.api.get(FEDERATED_RESOURCE_QUOTAS, "whole", "shop")["status"]["overallUsed"] == {"cpu": "1500m"}
