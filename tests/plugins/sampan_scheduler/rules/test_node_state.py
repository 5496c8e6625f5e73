import pytest

NO = {"key": "k", "value": "v", "effect": "NoSchedule"}


def test_a_cordoned_node_takes_only_who_tolerates_that(build, place):
    cluster = place(build.node("n", cordoned=True))
    tolerates = [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]

    assert cluster.why(build.pod("a")) == "0/1 nodes are available: 1 node(s) were unschedulable."
    assert cluster.node_of(build.pod("a", tolerations=tolerates)) == "n"


@pytest.mark.parametrize(
    ("toleration", "node"),
    [
        (None, ""),
        ({"key": "k", "operator": "Equal", "value": "v", "effect": "NoSchedule"}, "n"),
        ({"key": "k", "value": "other"}, ""),
        ({"key": "k", "operator": "Exists"}, "n"),
        ({"operator": "Exists"}, "n"),
        ({"key": "k", "operator": "Exists", "effect": "NoExecute"}, ""),
    ],
)
def test_taints_keep_pods_away_that_do_not_tolerate_them(build, place, toleration, node):
    pod = build.pod("a", tolerations=[toleration] if toleration else [])

    decision = place(build.node("n", taints=[NO])).decide(pod)

    assert decision.node == node
    assert node or decision.message() == "0/1 nodes are available: 1 node(s) had untolerated taint(s)."


def test_a_node_that_would_rather_not_comes_last(build, place):
    soft = {"key": "k", "effect": "PreferNoSchedule"}

    assert place(build.node("a", taints=[soft]), build.node("b")).node_of(build.pod("p")) == "b"


@pytest.mark.parametrize(
    ("port", "fits"),
    [
        ({"hostPort": 80}, False),
        ({"hostPort": 80, "hostIP": "0.0.0.0"}, False),
        ({"hostPort": 80, "hostIP": "10.0.0.2"}, True),
        ({"hostPort": 80, "hostIP": "10.0.0.1", "protocol": "UDP"}, True),
        ({"hostPort": 81, "hostIP": "10.0.0.1"}, True),
        ({"containerPort": 80}, True),
    ],
)
def test_host_ports_clash_on_overlapping_addresses(build, place, port, fits):
    taken = build.pod("a", on="n", ports=[{"hostPort": 80, "hostIP": "10.0.0.1"}])

    assert bool(place(build.node("n")).put(taken).node_of(build.pod("b", ports=[port]))) is fits
