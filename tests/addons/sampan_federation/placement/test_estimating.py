from __future__ import annotations

from sampan_federation.placement.estimating import available

SUMMARY = {
    "allocatable": {"cpu": "8", "memory": "16Gi", "pods": "110"},
    "allocated": {"cpu": "1500m", "memory": "2Gi", "pods": "10"},
    "allocating": {"cpu": "500m"},
}


def test_the_scarcest_resource_decides():
    assert available(SUMMARY, {"cpu": "500m", "memory": "1Gi"}) == 12
    assert available(SUMMARY, {"cpu": "500m", "memory": "4Gi"}) == 3
    assert available(SUMMARY, {}) == 100
    assert available(SUMMARY, {"example.com/gpu": "1"}) == 0


def test_a_member_that_says_nothing_or_nonsense_has_no_room():
    assert available({}, {"cpu": "1"}) == 0
    assert available({"allocatable": {"cpu": "lots", "pods": "110"}}, {"cpu": "1"}) == 0
    assert available({"allocatable": {"cpu": "1", "pods": "10"}, "allocated": {"cpu": "5"}}, {"cpu": "1"}) == 0
