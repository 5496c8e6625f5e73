import pytest

from sampan_storage.scheduling.zones import VolumeZone

ZONE, OLD = "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"


@pytest.mark.parametrize(
    ("volume", "node", "fits"),
    [
        ({ZONE: "a"}, {ZONE: "a"}, True),
        ({ZONE: "a"}, {ZONE: "b"}, False),
        ({ZONE: "a__b"}, {ZONE: "b"}, True),
        ({OLD: "a"}, {ZONE: "a"}, True),
        ({OLD: "a"}, {ZONE: "b"}, False),
        ({ZONE: "a"}, {}, True),
        ({}, {ZONE: "a"}, True),
        ({ZONE: "a"}, {"topology.kubernetes.io/region": "r"}, False),
    ],
)
def test_a_volume_s_zone_has_to_be_the_node_s(build, known, ask, volume, node, fits):
    build.claim(volume="pv")
    build.volume(labels=volume)
    there = build.node()
    there.object["metadata"]["labels"] |= node

    found = ask(VolumeZone(known), build.pod("data"), there)

    assert found == ["" if fits else "node(s) had no available volume zone"]
