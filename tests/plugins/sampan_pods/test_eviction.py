from __future__ import annotations

import pytest

from sampan.errors import BadRequest, Conflict, Invalid, NotFound, TooManyRequests
from sampan.hookspecs import hookimpl
from sampan_machinery.metadata import parse_time
from sampan_machinery.resources import PODS
from sampan_testing.cluster import start


def evict(client, name="web", **options):
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}, "deleteOptions": options}
    return client.create(PODS, body, "default", name=name, subresource="eviction")


def test_an_evicted_pod_says_why_it_ends(client, make):
    make(nodeName="n1")

    assert evict(client)["status"] == "Success"

    pod = client.get(PODS, "web", "default")
    assert pod["metadata"]["deletionGracePeriodSeconds"] == 30
    condition = next(each for each in pod["status"]["conditions"] if each["type"] == "DisruptionTarget")
    assert (condition["status"], condition["reason"]) == ("True", "EvictionByEvictionAPI")
    assert condition["observedGeneration"] == 1


def test_the_delete_options_count(client, make):
    make(nodeName="n1")

    evict(client, gracePeriodSeconds=5)

    assert client.get(PODS, "web", "default")["metadata"]["deletionGracePeriodSeconds"] == 5


def test_a_dry_run_changes_nothing(client, make):
    before = make(nodeName="n1")

    evict(client, dryRun=["All"])

    assert client.get(PODS, "web", "default")["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    with pytest.raises(Conflict, match="the UID in the precondition"):
        evict(client, dryRun=["All"], preconditions={"uid": "other"})
    with pytest.raises(NotFound):
        evict(client, "gone", dryRun=["All"])


def test_an_eviction_of_another_pod_than_named_is_refused(client, make):
    made = make(nodeName="n1")
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "other"}}

    for named in (body, {**body, "metadata": {}}):
        with pytest.raises(BadRequest, match="name in URL does not match name in Eviction object"):
            client.create(PODS, named, "default", name="web", subresource="eviction")
    with pytest.raises(Conflict):
        evict(client, preconditions={"uid": "other"})
    with pytest.raises(Conflict, match="the ResourceVersion in the precondition"):
        evict(client, preconditions={"resourceVersion": "1"})
    with pytest.raises(Invalid, match="can not be set for pod eviction"):
        evict(client, ignoreStoreReadErrorWithClusterBreakingPotential=True)
    assert "deletionTimestamp" not in client.get(PODS, "web", "default")["metadata"]

    evict(client, preconditions={"resourceVersion": made["metadata"]["resourceVersion"]})


class Pinning:
    """A rule that judges a state of the pod which is gone."""

    name, operations, mutates, priority = "pinning", frozenset({"CREATE"}), True, 500
    resources, subresources = frozenset({"pods"}), frozenset({"eviction"})

    @hookimpl
    def contribute_admitters(self):
        return [self]

    def admit(self, review):
        review.object.setdefault("deleteOptions", {})["preconditions"] = {"resourceVersion": "1"}


def test_a_client_asks_again_where_the_pod_has_changed_since_admission():
    with start({"pinning": Pinning()}, only=("pods", "nodes"), control=False) as cluster:
        spec = {"nodeName": "n1", "containers": [{"name": "main", "image": "busybox"}]}
        cluster.client.create(PODS, {"metadata": {"name": "web"}, "spec": spec}, "default")

        with pytest.raises(TooManyRequests):
            evict(cluster.client)


def test_an_eviction_of_another_namespace_than_the_requests_is_refused(client, make):
    make(nodeName="n1")
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web", "namespace": "other"}}

    with pytest.raises(BadRequest, match="does not match the namespace sent on the request"):
        client.request("POST", "/api/v1/namespaces/default/pods/web/eviction", body=body)


def test_what_a_pod_says_of_its_times_is_by_the_servers_clock():
    with start(travel=True, only=("pods", "nodes")) as cluster:
        cluster.clock.advance(3_600)
        now = cluster.clock.time()
        spec = {"containers": [{"name": "main", "image": "busybox"}]}
        gated = {"metadata": {"name": "gated"}, "spec": {**spec, "schedulingGates": [{"name": "wait"}]}}
        cluster.client.create(PODS, gated, "default")
        cluster.client.create(PODS, {"metadata": {"name": "web"}, "spec": spec}, "default")
        binding = {"target": {"kind": "Node", "name": "n1"}}
        cluster.client.create(PODS, binding, "default", name="web", subresource="binding")
        evict(cluster.client)

        pods = cluster.client.list(PODS, "default").items

    conditions = [one for pod in pods for one in pod["status"]["conditions"]]
    assert {one["type"] for one in conditions} == {"PodScheduled", "DisruptionTarget"}
    assert all(parse_time(one["lastTransitionTime"]) >= int(now) for one in conditions)
