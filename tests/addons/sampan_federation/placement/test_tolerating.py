from __future__ import annotations

from sampan_federation.placement.tolerating import seconds_left, tolerates, untolerated, words
from sampan_machinery.metadata import now_text

TAINT = {"key": "cluster.karmada.io/not-ready", "effect": "NoExecute", "timeAdded": now_text(1000)}


def test_a_toleration_matches_by_key_value_and_effect():
    assert tolerates({"key": TAINT["key"], "operator": "Exists"}, TAINT)
    assert tolerates({"operator": "Exists"}, TAINT)
    assert tolerates(
        {"key": "a", "value": "b", "effect": "NoSchedule"}, {"key": "a", "value": "b", "effect": "NoSchedule"}
    )
    assert not tolerates({"key": "a", "value": "b"}, {"key": "a", "value": "c", "effect": "NoSchedule"})
    assert not tolerates({"key": TAINT["key"], "operator": "Exists", "effect": "NoSchedule"}, TAINT)


def test_the_first_taint_that_is_not_tolerated_is_named():
    assert untolerated([TAINT], [], ("NoSchedule",)) is None
    assert untolerated([TAINT], [], ("NoExecute",)) is TAINT
    assert words(TAINT) == "cluster.karmada.io/not-ready:NoExecute"


def test_a_workload_stays_as_long_as_it_is_tolerated():
    for_a_minute = {"key": TAINT["key"], "operator": "Exists", "tolerationSeconds": 60}

    assert seconds_left([TAINT], [], 1030) == 0
    assert seconds_left([TAINT], [for_a_minute], 1030) == 30
    assert seconds_left([TAINT], [{"operator": "Exists"}], 1030) is None
    assert seconds_left([{"key": "a", "effect": "NoSchedule"}], [], 1030) is None
