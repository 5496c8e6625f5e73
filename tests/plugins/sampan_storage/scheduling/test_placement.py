import pytest

from sampan_storage.claim_binder import SELECTED_NODE
from sampan_storage.scheduling import placement, podclaims
from sampan_storage.scheduling.reservations import Plan, Reservations


@pytest.fixture
def placed(build, known):
    """placed(pod, node): the plan, or why not."""
    promises = Reservations()

    def at(pod, node):
        return placement.place(podclaims.read(pod, known), placement.facts_of(node), known, promises)

    at.promises = promises
    return at


def test_a_bound_volume_is_used_where_its_affinity_lets(build, placed):
    build.claim(volume="pv")
    assert placed(build.pod("data"), build.node()) == placement.NOT_THERE

    build.volume(on="a")
    assert placed(build.pod("data"), build.node("a")) == Plan()
    assert placed(build.pod("data"), build.node("b")) == placement.AFFINITY


def test_a_delayed_claim_gets_a_volume_of_the_node(build, placed):
    build.claim(storage_class="static")
    build.volume("there", on="a", storage_class="static")

    assert [match.volume["metadata"]["name"] for match in placed(build.pod("data"), build.node("a")).matches] == [
        "there"
    ]
    assert placed(build.pod("data"), build.node("b")) == placement.NO_VOLUME


def test_two_claims_do_not_get_one_volume(build, placed):
    build.claim("a", storage_class="static")
    build.claim("b", storage_class="static", size="2Gi")
    build.volume("big", storage_class="static", size="3Gi")
    assert placed(build.pod("a", "b"), build.node()) == placement.NO_VOLUME

    build.volume("small", storage_class="static")
    found = {
        match.claim["metadata"]["name"]: match.volume["metadata"]["name"]
        for match in placed(build.pod("a", "b"), build.node()).matches
    }
    assert found == {"a": "small", "b": "big"}


def test_a_volume_that_is_promised_to_another_claim_is_not_free(build, placed):
    build.claim("a", storage_class="static")
    build.claim("b", storage_class="static")
    build.volume(storage_class="static")
    placed.promises.add("uid-web", "n", placed(build.pod("a"), build.node()))

    assert placed(build.pod("b", name="other"), build.node()) == placement.NO_VOLUME
    placed.promises.drop("uid-web")
    assert isinstance(placed(build.pod("b", name="other"), build.node()), Plan)


def test_a_claim_without_a_volume_is_provisioned_where_its_class_can(build, placed):
    claim = build.claim()

    assert placed(build.pod("data"), build.node()) == Plan((), (claim,))


def test_a_claim_whose_node_is_chosen_goes_nowhere_else(build, placed):
    claim = build.claim(annotations={SELECTED_NODE: "a"})
    assert placed(build.pod("data"), build.node("a")) == Plan((), (claim,))
    assert placed(build.pod("data"), build.node("b")) == placement.NO_VOLUME

    shared = build.claim("shared")
    placed.promises.add("uid-other", "a", Plan((), (shared,)))
    assert placed(build.pod("shared"), build.node("b")) == placement.NO_VOLUME


def test_allowed_topologies_choose_nodes(build, placed, known):
    build.claim()
    expression = {"key": "topology.kubernetes.io/zone", "values": ["z1", "z2"]}
    known.classes["wait"] = {**known.classes["wait"], "allowedTopologies": [{"matchLabelExpressions": [expression]}]}

    assert isinstance(placed(build.pod("data"), build.node(**{"topology.kubernetes.io_zone": "z2"})), Plan)
    assert placed(build.pod("data"), build.node(**{"topology.kubernetes.io_zone": "z3"})) == placement.NO_VOLUME
    assert placed(build.pod("data"), build.node()) == placement.NO_VOLUME


def test_capacity_counts_for_a_driver_that_tells_it(build, placed, known):
    build.claim(size="5Gi")
    known.drivers["x.test/p"] = {"spec": {"storageCapacity": True}}
    assert placed(build.pod("data"), build.node()) == placement.NO_SPACE

    here = {"matchLabels": {"kubernetes.io/hostname": "n"}}
    known.capacity = [{"storageClassName": "wait", "capacity": "4Gi", "nodeTopology": here}]
    assert placed(build.pod("data"), build.node()) == placement.NO_SPACE

    known.capacity = [{"storageClassName": "wait", "capacity": "5Gi", "nodeTopology": here}]
    assert isinstance(placed(build.pod("data"), build.node()), Plan)
    assert placed(build.pod("data"), build.node("other")) == placement.NO_SPACE

    known.capacity[0]["maximumVolumeSize"] = "1Gi"
    assert placed(build.pod("data"), build.node()) == placement.NO_SPACE
