"""The table of resources against the schema and the kinds that our plugins serve."""

from __future__ import annotations

from sampan.contracts.kinds import Resource
from sampan_machinery import resources
from sampan_machinery.schema import load
from sampan_testing.cluster import start

TABLE = {name: each for name, each in vars(resources).items() if isinstance(each, Resource)}


def test_each_is_a_kind_of_the_schema():
    missing = {name for name, each in TABLE.items() if not load().has(each.group, each.version, each.kind)}

    assert missing == set()


def test_no_resource_is_there_twice():
    assert len(set(TABLE.values())) == len(TABLE)


def test_the_kinds_served_have_the_addresses_of_the_table():
    by_plural = {(each.group, each.version, each.plural): each for each in TABLE.values()}
    with start(control=False) as cluster:
        served = [each.resource for each in cluster.app.registry.served.values()]

    both = [each for each in served if (each.group, each.version, each.plural) in by_plural]

    assert len(both) > 20
    assert [each for each in both if each != by_plural[each.group, each.version, each.plural]] == []
