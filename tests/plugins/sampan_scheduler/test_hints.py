import pytest

from sampan_scheduler.hints import (
    NEAR,
    SPREAD,
    Refused,
    after_node,
    after_node_gone,
    after_pod_gone,
    after_pod_placed,
    node_changes,
)
from sampan_scheduler.pods import read_pod

WEB, DB = {"app": "web"}, {"app": "db"}
FIT, TAINTS = "NodeResourcesFit", "TaintToleration"


@pytest.fixture
def refused(build):
    def make(*plugins, **spec):
        return Refused(read_pod(build.pod("p", **spec), lambda _: frozenset()), frozenset(plugins))

    return make


@pytest.fixture
def info(build):
    return lambda **spec: read_pod(build.pod("other", **spec), lambda _: frozenset())


def yes(info, node):
    return True


def no(info, node):
    return False


def test_what_changed_in_a_node_is_named(build):
    node = build.node("n")
    assert node_changes(None, node) == {"added"}
    assert node_changes(node, {**node, "status": {**node["status"], "conditions": [{"type": "Ready"}]}}) == set()
    assert node_changes(node, build.node("n", cpu="9")) == {"allocatable"}
    assert node_changes(node, build.node("n", labels={"a": "b"}, cordoned=True)) == {"labels", "unschedulable"}
    assert node_changes(node, build.node("n", taints=[{"key": "k"}])) == {"taints"}


@pytest.mark.parametrize(
    ("plugin", "changes", "passes", "helps"),
    [
        (FIT, {"allocatable"}, yes, True),
        (FIT, {"allocatable"}, no, False),
        (TAINTS, {"allocatable"}, yes, True),  # another rule about the node may have refused meanwhile
        (SPREAD, {"allocatable"}, yes, False),
        (SPREAD, {"taints"}, no, True),
        (NEAR, {"taints"}, yes, False),
        (NEAR, {"labels"}, no, True),
        (NEAR, {"added"}, no, True),
        ("somebody's", {"images"}, no, True),
    ],
)
def test_a_node_helps_pods_refused_by_what_looks_at_the_change(refused, plugin, changes, passes, helps):
    assert after_node(refused(plugin), object(), frozenset(changes), passes) is helps


def test_a_node_that_goes_helps_only_those_that_count_domains(refused):
    assert after_node_gone(refused(SPREAD))
    assert not after_node_gone(refused(FIT, NEAR))


def test_a_pod_that_goes_helps_where_it_took_room_or_kept_others_apart(build, refused, info):
    assert after_pod_gone(refused(FIT), info(), object(), yes)
    assert not after_pod_gone(refused(FIT), info(), object(), no)
    apart = refused(NEAR, affinity=build.apart(build.term(DB)))
    assert after_pod_gone(apart, info(labels=DB), object(), no)
    assert not after_pod_gone(apart, info(labels=WEB), object(), yes)
    held = info(affinity=build.apart(build.term(WEB)))
    assert after_pod_gone(refused(NEAR, labels=WEB), held, object(), no)


def test_a_pod_that_comes_helps_those_that_want_to_be_near_it_or_count_it(build, refused, info):
    near = refused(NEAR, affinity=build.near(build.term(DB)))
    assert after_pod_placed(near, info(labels=DB))
    assert not after_pod_placed(near, info(labels=WEB))
    counts = refused(SPREAD, topologySpreadConstraints=[build.spread(WEB)])
    assert after_pod_placed(counts, info(labels=WEB))
    assert not after_pod_placed(counts, info(labels=WEB, namespace="other"))
    assert not after_pod_placed(refused(FIT), info(labels=WEB))


def test_where_it_is_not_known_who_refused_anything_may_help(refused, info):
    assert after_node(refused(), object(), frozenset({"images"}), no)
    assert after_pod_gone(refused(), info(), object(), no)
