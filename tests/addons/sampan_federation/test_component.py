from __future__ import annotations

from sampan_federation.resources import CLUSTERS
from sampan_machinery.resources import NODES


def test_members_are_reached_through_clients_of_their_own(fleet):
    assert fleet.registry.names() == ["east", "north", "west"]
    assert len(fleet.registry.client("east").list(NODES).items) == 1


def test_a_member_whose_link_is_cut_is_not_asked_after_three_failures(fleet):
    client = fleet.registry.client("east")
    fleet.cut("east")

    said = []
    for _ in range(5):
        try:
            client.list(NODES)
        except ConnectionError as error:
            said.append(str(error))

    assert "not asked" in said[-1]


def test_clusters_are_printed_as_users_know_them(fleet):
    table = fleet.client.request(
        "GET",
        f"/apis/{CLUSTERS.api_version}/clusters",
        headers={"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"},
    ).body

    assert b'"VERSION"' in table and b'"MODE"' in table and b'"READY"' in table
