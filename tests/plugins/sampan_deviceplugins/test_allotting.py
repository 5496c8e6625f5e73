import pytest

from sampan_deviceplugins.allotting import Inheritance, Unavailable, Wanted, choose, summed, wanted

GPU = "example.com/gpu"


def container(name, number=0, **more):
    return {"name": name, "resources": {"limits": {GPU: str(number), "cpu": "1"}}, **more}


def pod(*containers, init=(), status=None):
    return {"spec": {"containers": list(containers), "initContainers": list(init)}, "status": status or {}}


def one(number, *, passes_on=False):
    return Wanted("c", GPU, number, passes_on)


def chosen(number, healthy, used=(), inherited=(), preferred=lambda available, included, size: ()):
    return choose(one(number), healthy, used, inherited, preferred)


def test_init_containers_come_first_and_only_those_that_end_pass_their_devices_on():
    found = wanted(
        pod(container("web", 2), init=[container("load", 1), container("side", 1, restartPolicy="Always")]), {GPU}
    )

    assert list(found) == [
        Wanted("load", GPU, 1, True), Wanted("side", GPU, 1, False), Wanted("web", GPU, 2, False),
    ]  # fmt: skip


def test_resources_without_a_plugin_and_those_that_a_claim_stands_for_are_left_out():
    status = {"extendedResourceClaimStatus": {"requestMappings": [{"containerName": "web", "resourceName": GPU}]}}

    assert list(wanted(pod(container("web", 1)), {"example.com/other"})) == []
    assert list(wanted(pod(container("web", 1), status=status), {GPU})) == []
    assert list(wanted(pod(container("web", 0)), {GPU})) == []


def test_free_and_healthy_devices_are_chosen():
    assert chosen(2, ["a", "b", "c"], used=["a"]) == ["b", "c"]


def test_what_earlier_containers_of_the_pod_had_is_taken_first():
    assert chosen(2, ["a", "b", "c"], used=["c"], inherited=["c"]) == ["c", "a"]


def test_the_plugin_says_which_it_would_rather_give():
    asked = []

    def preferred(available, included, size):
        asked.append((list(available), list(included), size))
        return ["c", "never heard of"]

    assert chosen(2, ["a", "b", "c", "d"], used=["a", "d"], inherited=["d"], preferred=preferred) == ["d", "c"]
    assert asked == [(["d", "b", "c"], ["d"], 2)]


def test_too_few_are_told_with_numbers():
    with pytest.raises(Unavailable) as raised:
        chosen(2, ["a", "b"], used=["a"])

    text = "requested number of devices unavailable for example.com/gpu. Requested: 2, Available: 1"
    assert str(raised.value) == text
    with pytest.raises(Unavailable, match="no healthy devices present"):
        chosen(1, [])


def test_a_container_that_stays_takes_inherited_devices_for_good():
    inheritance = Inheritance()

    inheritance.took(one(1, passes_on=True), ["a", "b"])
    assert inheritance.of(GPU) == {"a", "b"}
    inheritance.took(one(1), ["a"])

    assert inheritance.of(GPU) == {"b"}
    assert inheritance.of("example.com/other") == frozenset()


def test_all_devices_are_the_capacity_and_healthy_ones_can_be_had():
    assert summed({GPU: ({"a", "b"}, {"a"})}) == {GPU: (2, 1)}
