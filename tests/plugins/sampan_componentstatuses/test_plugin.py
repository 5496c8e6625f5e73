"""The kind in the real API server, in process."""

import pytest

from sampan.errors import MethodNotAllowed, NotFound
from sampan_machinery.resources import COMPONENT_STATUSES
from sampan_testing.cluster import start


def test_in_the_server_they_are_read_and_not_written():
    with start(only=("componentstatuses", "nodes"), control=False) as cluster:
        listed = cluster.client.request("GET", "/api/v1/componentstatuses")
        one = cluster.client.get(COMPONENT_STATUSES, "scheduler")

        assert '299 - "v1 ComponentStatus is deprecated in v1.19+"' in listed.headers["warning"]
        assert [each["metadata"]["name"] for each in cluster.client.list(COMPONENT_STATUSES).items] == [
            "controller-manager",
            "scheduler",
        ]
        assert (one["kind"], one["conditions"][0]["status"]) == ("ComponentStatus", "False")
        with pytest.raises(NotFound):
            cluster.client.get(COMPONENT_STATUSES, "etcd-0")
        with pytest.raises(MethodNotAllowed):
            cluster.client.create(COMPONENT_STATUSES, {"metadata": {"name": "x"}})


def test_they_are_printed_and_selected():
    with start(only=("componentstatuses", "nodes"), control=False) as cluster:
        accept = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
        path = "/api/v1/componentstatuses"
        table = cluster.client.request("GET", path, headers=accept).body
        named = cluster.client.list(COMPONENT_STATUSES, fields="metadata.name=scheduler").items

        assert (
            b'"cells":["scheduler","Unhealthy","","no instance holds the Lease kube-system/sampan-scheduler"]' in table
        )
        assert len(named) == 1
        assert cluster.client.list(COMPONENT_STATUSES, labels="a=b").items == []
