from __future__ import annotations

import pytest

from sampan.contracts.kinds import Kind
from sampan_server.extension.kind_offers import Source, plan, taken


class Named:
    watches = ()

    def __init__(self, name):
        self.name = name


ONE, OTHER = Source("one", Named("one")), Source("other", Named("other"))


def kind(plural="boats", version="v1", **more):
    schema = {"type": "object", "properties": {}}
    return Kind(**{"group": "g", "version": version, "kind": "Boat", "plural": plural, "schema": schema, **more})


def planned(*answers, addresses=(), prefixes=()):
    wanted, refused = plan([taken(source, kinds, {}) for source, kinds in answers], addresses, prefixes)
    return sorted(wanted), [(source.name, why) for source, (_, why) in refused]


def test_all_versions_of_one_source_are_served():
    assert planned((ONE, [kind(), kind(version="v2", stored_as=("g", "v1"))])) == (
        [("g", "v1", "boats"), ("g", "v2", "boats")],
        [],
    )


@pytest.mark.parametrize(
    ("kinds", "why"),
    [
        ([kind(version="v2", stored_as=("g", "v1"))], "it is stored as g/v1, which is not offered"),
        (
            [kind(), kind(version="v2", stored_as=("g", "v1")), kind(version="v3", stored_as=("g", "v2"))],
            "it is stored as g/v2, which is stored as another version itself",
        ),
        ([kind(schema={"type": "odd"})], "the schema of Boat"),
        ([kind(plural="")], "plural must be text"),
    ],
)
def test_what_makes_no_sense_is_refused(kinds, why):
    _, refused = planned((ONE, kinds))

    assert len(refused) == 1
    assert why in refused[0][1]


def test_with_a_stored_version_its_siblings_are_refused():
    wanted, refused = planned((ONE, [kind(schema={"type": "odd"}), kind(version="v2", stored_as=("g", "v1"))]))

    assert wanted == []
    assert refused[1] == ("one", "the version that it is stored as is refused")


def test_what_plugins_and_earlier_sources_have_wins():
    assert planned((ONE, [kind()]), addresses={("g", "v1", "boats")})[1] == [
        ("one", "boats.g of g/v1 is served already")
    ]
    assert planned((ONE, [kind()]), (OTHER, [kind()])) == (
        [("g", "v1", "boats")],
        [("other", "boats.g of g/v1 is served already")],
    )


def test_no_two_share_what_is_stored():
    why = "the objects of boats.g are another kind's already"

    assert planned((ONE, [kind(version="v2")]), prefixes={"/g/boats/"})[1] == [("one", why)]
    assert planned((ONE, [kind()]), (OTHER, [kind(version="v2")]))[1] == [("other", why)]


def test_an_unchanged_kind_is_isolated_once():
    made = []

    def isolate(kind):
        made.append(kind)
        return kind

    source, boats = Source("one", Named("one"), third_party=True, isolate=isolate), kind()
    first = taken(source, [boats], {})
    assert taken(source, [boats], first) == first
    assert len(made) == 1
    taken(source, [kind()], first)
    assert len(made) == 2


def test_only_kinds_are_taken():
    with pytest.raises(TypeError, match="a Kind is wanted"):
        taken(ONE, ["boats"], {})
