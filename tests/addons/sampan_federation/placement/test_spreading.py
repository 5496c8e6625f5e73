from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from properties import proved

from sampan_federation.placement.spreading import Ranked, choose


def cluster(name: str, region: str = "", zones: tuple[str, ...] = (), provider: str = "", running=False, room=10):
    groups = {"cluster": (name,), "zone": zones}
    groups |= {by: (value,) for by, value in (("region", region), ("provider", provider)) if value}
    return Ranked(name, groups, running, room)


def by(field: str, least: int, most: int):
    return {"spreadByField": field, "minGroups": least, "maxGroups": most}


def names(chosen):
    return chosen if isinstance(chosen, str) else sorted(each.name for each in chosen)


def test_without_constraints_all_are_taken():
    assert names(choose([cluster("a"), cluster("b")], [], 0)) == ["a", "b"]


def test_where_it_runs_is_kept_then_the_roomiest_are_taken():
    fleet = [cluster("a", room=1), cluster("b", room=50), cluster("c", running=True, room=1)]

    assert names(choose(fleet, [by("cluster", 1, 2)], 0)) == ["b", "c"]


def test_a_less_roomy_cluster_is_exchanged_until_the_replicas_fit():
    """The example in Karmada's selection by cluster: two of (40, 30, 60) for 80 replicas."""
    fleet = [cluster("m1", running=True, room=40), cluster("m2", running=True, room=30), cluster("m3", room=60)]

    assert names(choose(fleet, [by("cluster", 2, 2)], 80)) == ["m1", "m3"]
    assert "room for 200" in names(choose(fleet, [by("cluster", 2, 2)], 200))


def test_two_regions_with_a_cluster_each():
    fleet = [cluster("a1", "a"), cluster("a2", "a"), cluster("b1", "b"), cluster("c1", "c", room=5)]

    assert names(choose(fleet, [by("region", 2, 2), by("cluster", 2, 2)], 0)) == ["a1", "b1"]
    assert names(choose(fleet, [by("region", 2, 2), by("cluster", 3, 3)], 0)) == ["a1", "a2", "b1"]


def test_values_of_a_label_are_groups_too():
    def labelled(name: str, tier: str):
        return Ranked(name, {"cluster": (name,), "label tier": (tier,)}, False, 10)

    fleet = [labelled("a", "gold"), labelled("b", "gold"), labelled("c", "iron")]
    one_each = [{"spreadByLabel": "tier", "minGroups": 2, "maxGroups": 2}, by("cluster", 2, 2)]

    assert names(choose(fleet, one_each, 0)) == ["a", "c"]
    assert choose(fleet, [{"spreadByLabel": "tier", "minGroups": 3}], 0) == (
        "2 values of the label tier fit, and the policy wants 3 at least"
    )


def test_zones_inside_regions_inside_providers():
    fleet = [
        cluster("a", "r1", ("z1",), "p1"),
        cluster("b", "r1", ("z2",), "p1"),
        cluster("c", "r2", ("z3",), "p2"),
        cluster("d", "r3", ("z4",), "p2"),
    ]
    wanted = [by("provider", 2, 2), by("region", 2, 2), by("zone", 3, 3), by("cluster", 3, 3)]

    assert names(choose(fleet, wanted, 0)) == ["a", "b", "c"]


def test_too_few_groups_say_how_many_fit():
    assert "1 region fits, and the policy wants 2 at least" in names(
        choose([cluster("a", "a")], [by("region", 2, 3)], 0)
    )


def test_a_cluster_in_several_zones_covers_each_of_them():
    assert names(choose([cluster("a", zones=("z1", "z2"))], [by("zone", 2, 2)], 0)) == ["a"]


def test_a_hopeless_search_ends():
    fleet = [cluster(f"c{number:03}", f"r{number:03}") for number in range(60)]

    assert "5000 combinations" in names(choose(fleet, [by("region", 20, 20), by("cluster", 2, 3)], 0))


FLEET = some.lists(
    some.tuples(some.sampled_from("abc"), some.sampled_from("xyz"), some.booleans(), some.integers(0, 20)), max_size=7
)


@proved
@given(FLEET, some.integers(1, 3), some.integers(0, 2), some.integers(1, 4), some.integers(0, 2))
def test_what_is_chosen_satisfies_the_constraints(fleet, least, more, clusters, clusters_more):
    found = [
        cluster(f"c{number}", region, (zone,), running=running, room=room)
        for number, (region, zone, running, room) in enumerate(fleet)
    ]
    chosen = choose(found, [by("region", least, least + more), by("cluster", clusters, clusters + clusters_more)], 0)

    if not isinstance(chosen, str):
        regions = {each.groups["region"][0] for each in chosen}
        assert least <= len(regions) <= least + more
        assert clusters <= len(chosen) <= clusters + clusters_more


@proved
@given(FLEET, some.integers(1, 3))
def test_a_new_member_displaces_none_that_runs_it(fleet, most):
    found = [cluster(f"c{number}", region, (zone,), room=room) for number, (region, zone, _, room) in enumerate(fleet)]
    before = choose(found, [by("cluster", 1, most)], 0)
    if isinstance(before, str):
        return
    ran = {each.name for each in before}
    after = choose(
        [each._replace(running=each.name in ran) for each in found] + [cluster("new", room=1000)],
        [by("cluster", 1, most)],
        0,
    )

    assert ran <= {each.name for each in after}
