"""Decisions by groups of nodes against the points of every single node, on clusters that change at random."""

from __future__ import annotations

import random

import pytest

from sampan_scheduler.counters import CounterKey
from sampan_scheduler.groups import Count, Domain, Images, one_of
from sampan_scheduler.pods import HOSTNAME
from sampan_scheduler.rules.interpod import InterPodAffinity

MB = 1 << 20


def some_node(build, rng, number):
    labels = {"disk": rng.choice(("ssd", "hdd"))}
    taints = [{"key": "a", "effect": "NoSchedule"}] if rng.random() < 0.2 else []
    node = build.node(f"n{number}", zone=rng.choice(("x", "y", "z", "")), labels=labels, taints=taints,
                      cpu=rng.choice(("4", "7")), pods="9")  # fmt: skip
    if rng.random() < 0.1:
        del node["metadata"]["labels"][HOSTNAME]
    node["status"]["images"] = [
        {"names": [f"image{i}:latest"], "sizeBytes": rng.randrange(900) * MB} for i in rng.sample(range(3), 2)
    ]
    return node


def kind_of_pod(build, rng, number):
    """What the pods of one workload say."""
    labels = {"app": f"a{number % 4}"}
    affinity = {}
    if rng.random() < 0.4:
        affinity |= build.apart(build.term(labels, key=rng.choice((build.host, build.zone))))
    if rng.random() < 0.3:
        affinity |= build.near(build.term({"app": f"a{rng.randrange(4)}"}, key=build.zone))
    spec = {"affinity": affinity, "cpu": f"{rng.randrange(1, 8) * 100}m"}
    keys = rng.sample((build.zone, build.host), rng.choice((0, 0, 1, 2)))
    if keys:
        spec["topologySpreadConstraints"] = [
            build.spread(labels, key=key, skew=rng.randint(1, 3), hard=rng.random() < 0.3,
                         nodeTaintsPolicy=rng.choice(("Honor", "Ignore")))
            for key in keys
        ]  # fmt: skip
    if rng.random() < 0.3:
        spec["nodeSelector"] = {"disk": "ssd"}
    return {"labels": labels, "owner": f"rs{number}" if rng.random() < 0.7 else "", **spec}, f"image{rng.randrange(4)}"


def pod_of(build, kind, number):
    said, image = kind
    pod = build.pod(f"p{number}", **said)
    pod["spec"]["containers"][0]["image"] = image
    return pod


def change(cluster, build, rng, number):
    """Some node or pod comes, goes or changes."""
    names, what = list(cluster.by_name), rng.random()
    if what < 0.1 and len(names) > 5:
        cluster.drop_node(rng.choice(names))
    elif what < 0.2:
        cluster.set_node(some_node(build, rng, number))
    elif what < 0.3:
        cluster.set_node(some_node(build, rng, rng.choice(names)[1:]))
    elif what < 0.45 and cluster.where:
        cluster.remove_pod(rng.choice(list(cluster.where)))
    elif what < 0.5:
        cluster.forgotten, cluster.changes = cluster.moment, []  # as ``trim`` does where the log is long


@pytest.mark.parametrize("seed", range(16))
def test_groups_choose_among_exactly_the_nodes_that_have_most_points(build, place, seed):
    rng = random.Random(seed)
    placed = place(*(some_node(build, rng, number) for number in range(12)))
    kinds = [kind_of_pod(build, rng, number) for number in range(6)]
    decided = 0
    for number in range(120):
        pod = placed.read(pod_of(build, rng.choice(kinds), number))
        totals = dict(placed.cycle.explain(pod).ranked())

        equals = {placed.cluster.rows[row].name for row in placed.cycle.equals(pod)}

        best = {name for name, total in totals.items() if total == max(totals.values())}
        assert equals in (set(), best), pod
        decided += bool(equals)
        chosen = placed.cycle.decide(pod).decision.node
        assert chosen in best if best else not chosen
        if chosen:
            placed.cluster.add_pod(pod, chosen)
        change(placed.cluster, build, rng, 100 + number)
    assert decided > 20


def test_a_rule_whose_domains_are_nodes_gives_points_node_by_node(build, place):
    term = build.term({"app": "web"}, key=build.host)
    placed = place(build.node("a"), build.node("b"))
    placed.put(build.pod("near", labels={"app": "web"}, on="a"))
    pod = placed.read(build.pod("p", affinity=build.prefers("podAffinity", 5, term)))

    assert InterPodAffinity().grouping(pod, placed.cluster).sources is None
    assert not placed.cycle.equals(pod)
    assert placed.cycle.decide(pod).decision.node == "a"


def test_sources_say_what_a_node_has(build, place):
    placed = place(build.node("a", zone="x"), build.node("b"))
    placed.put(build.pod("p", labels={"app": "web"}, on="a"))
    pods = placed.read(build.pod("q", topologySpreadConstraints=[build.spread({"app": "web"})])).spread[0].selector
    counter = placed.cluster.counter(CounterKey(HOSTNAME, ((None, pods),)))
    a, b = placed.cluster.rows

    assert (Domain(build.zone).of(a), Domain(build.zone).of(b)) == ("x", None)
    assert (Count(counter).of(a), Count(counter).of(b)) == (1, 0)
    assert Images(("i:latest",)).of(a) == (0,)


@pytest.mark.parametrize("without", [set(), {1, 2, 3, 4, 5, 6, 7, 8}])
def test_one_of_never_takes_a_row_that_will_not_do_and_takes_each_other(without):
    rng = random.Random(1)

    taken = {one_of([[0, 1, 2], [], [3, 4, 5, 6, 7, 8, 9]], without, rng) for _ in range(300)}

    assert taken == set(range(10)) - without
