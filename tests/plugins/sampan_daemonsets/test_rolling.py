from __future__ import annotations

from sampan_daemonsets.nodes import Fit
from sampan_daemonsets.rolling import Pair, allows_surge, changes, pair, surge_of
from sampan_machinery.metadata import now_text

NOW = 1_700_000_000.0
HERE, AWAY = Fit(True, True), Fit(False, True)


def pod(name, digest="old", *, ready=True):
    conditions = [{"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": now_text(NOW - 60)}]
    metadata = {"name": name, "labels": {"controller-revision-hash": digest}}
    return {"metadata": metadata, "status": {"conditions": conditions}}


def rolling(build, **limits):
    limits = {"maxUnavailable": 0, "maxSurge": 0, **limits}
    return build(updateStrategy={"type": "RollingUpdate", "rollingUpdate": limits})


def names(pods):
    return [found["metadata"]["name"] for found in pods]


def test_percentages_of_nodes_round_up(build):
    assert surge_of(rolling(build, maxSurge="25%"), 5) == 2
    assert allows_surge(rolling(build, maxSurge="1%"))
    assert not allows_surge(build(updateStrategy={"type": "OnDelete"}))


def test_a_node_with_two_pods_of_a_kind_is_put_in_order_first(build):
    assert pair(build(), "n", [pod("a"), pod("b")], "new", HERE) is None
    found = pair(build(), "n", [pod("a"), pod("b", "new")], "new", HERE)
    assert (found.new["metadata"]["name"], found.old["metadata"]["name"]) == ("b", "a")


def test_as_many_go_as_may_be_unavailable(build):
    pairs = [Pair("a", None, pod("a"), HERE), Pair("b", None, None, HERE), Pair("c", None, pod("c"), HERE), None]

    assert names(changes(rolling(build, maxUnavailable=3), pairs, 4, NOW).deleted) == ["a"]
    assert changes(rolling(build, maxUnavailable=2), pairs, 4, NOW).deleted == []


def test_without_any_limit_one_may_be_unavailable(build):
    assert names(changes(rolling(build), [Pair("a", None, pod("a"), HERE)], 1, NOW).deleted) == ["a"]


def test_a_surge_counts_new_pods_that_are_not_available_yet(build):
    pairs = [
        Pair("a", pod("a2", "new", ready=False), pod("a"), HERE),
        Pair("b", None, pod("b"), HERE),
        Pair("c", None, pod("c", ready=False), HERE),
        Pair("d", pod("d2", "new"), pod("d"), HERE),
    ]

    found = changes(rolling(build, maxSurge=1), pairs, 4, NOW)
    assert (names(found.deleted), found.nodes) == (["d"], ["c"])

    found = changes(rolling(build, maxSurge=2), pairs, 4, NOW)
    assert (names(found.deleted), found.nodes) == (["d"], ["c", "b"])


def test_pods_on_nodes_that_suit_no_more_go_when_enough_others_serve(build):
    away = Pair("x", None, pod("x"), AWAY)
    broken = Pair("y", None, pod("y", ready=False), AWAY)

    found = changes(rolling(build, maxSurge=1), [away, broken, Pair("a", pod("a", "new"), None, HERE)], 1, NOW)
    assert names(found.deleted) == ["y", "x"]

    found = changes(rolling(build, maxSurge=1), [away, Pair("a", pod("a", "new", ready=False), None, HERE)], 1, NOW)
    assert found.deleted == []
