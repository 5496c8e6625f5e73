from __future__ import annotations

from sampan_docker.leftovers import of_containers


def test_containers_are_counted_by_cluster_and_tell_its_home():
    labels = {"sampan.dev/cluster": "abc", "sampan.dev/home": "/gone/components/node/docker"}

    found = list(of_containers([{"Labels": labels}, {"Labels": labels}, {"Labels": {"sampan.dev/cluster": "old"}}]))

    assert [(each.what, each.home) for each in found] == [
        ("2 containers of the cluster abc", "/gone/components/node/docker"),
        ("1 containers of the cluster old", ""),
    ]
    assert found[0].remove == "docker rm -f $(docker ps -aq --filter label=sampan.dev/cluster=abc)"
