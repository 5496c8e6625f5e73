"""Flow control and its objects in a real API server, in process."""

from __future__ import annotations

import pytest

from sampan.errors import Invalid, TooManyRequests
from sampan_machinery.resources import CONFIG_MAPS, FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS
from sampan_testing.cluster import start


@pytest.fixture(scope="module")
def cluster():
    with start(only=("config", "flowcontrol"), settings={"flowcontrol": {"seats": 10}}) as cluster:
        yield cluster


def test_the_bootstrap_objects_are_there_and_not_dangling(cluster):
    def said():
        found = cluster.client.list(FLOW_SCHEMAS).items
        return len(found) == 11 and all(each["status"]["conditions"][0]["status"] == "False" for each in found)

    assert cluster.until(said)
    assert len(cluster.client.list(PRIORITY_LEVEL_CONFIGURATIONS).items) == 8


def test_mandatory_objects_cannot_be_changed_and_come_back(cluster):
    with pytest.raises(Invalid, match="spec of 'catch-all' must equal the fixed value"):
        cluster.client.patch(FLOW_SCHEMAS, "catch-all", {"spec": {"matchingPrecedence": 9}})

    uid = cluster.client.get(FLOW_SCHEMAS, "catch-all")["metadata"]["uid"]
    cluster.client.delete(FLOW_SCHEMAS, "catch-all")
    assert cluster.until(lambda: cluster.client.get(FLOW_SCHEMAS, "catch-all")["metadata"]["uid"] != uid)


def test_a_level_that_may_have_nothing_under_way_refuses_the_second_request(cluster, schema, level):
    client = cluster.client
    client.create(
        PRIORITY_LEVEL_CONFIGURATIONS,
        {**level("tight", shares=0, queues=0, borrowing=0), "metadata": {"name": "tight"}},
    )
    tight = schema("tight", precedence=50, level="tight", kind="User", user={"name": "greedy"})
    client.create(FLOW_SCHEMAS, {**tight, "metadata": {"name": "tight"}})
    greedy = cluster.client_as("greedy")

    assert greedy.list(CONFIG_MAPS, "default").items == []
    dispatcher = next(
        step.step for step in cluster.app.front._chain if getattr(step, "name", "") == "flow-control"
    )._dispatcher
    dispatcher.level("tight").running += 1
    with pytest.raises(TooManyRequests, match="too many requests, please try again later"):
        greedy.request("GET", "/api/v1/namespaces/default/configmaps")
    dispatcher.level("tight").running -= 1


def test_the_levels_can_be_looked_at(cluster):
    found = cluster.client.request("GET", "/debug/api_priority_and_fairness/dump_priority_levels").body.decode()

    assert "workload-low, 0, 0, " in found


def test_the_levels_are_shown_on_metrics(cluster):
    found = cluster.client.request("GET", "/metrics").body.decode()

    assert 'apiserver_flowcontrol_nominal_limit_seats{priority_level="workload-low"}' in found
