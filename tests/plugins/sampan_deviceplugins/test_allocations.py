import pytest

from sampan_deviceplugins.allocations import Allocation, Allocations

GPU = "example.com/gpu"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "devices" / "allocations.json"


def test_what_was_given_outlives_the_agent(file):
    one = Allocation("uid", "web", GPU, ("a", "b"), {"envs": {"GPU": "a,b"}})
    found = Allocations(file)
    found.add([one])
    found.know([GPU])

    again = Allocations(file)

    assert again.resources == {GPU}
    assert again.of_pod("uid") == again.of_container("uid", "web") == [one]
    assert again.of_container("uid", "other") == again.of_pod("other") == []
    assert again.used(GPU) == {"a", "b"}
    assert again.used("example.com/other") == set()


def test_devices_are_free_when_their_pod_lets_them_go(file):
    found = Allocations(file)
    found.add([Allocation("uid", "web", GPU, ("a",)), Allocation("other", "web", GPU, ("b",))])

    found.release("uid")
    found.release("never heard of")

    assert found.used(GPU) == Allocations(file).used(GPU) == {"b"}


def test_nothing_is_written_where_nothing_changes(file):
    Allocations(file).release("uid")
    Allocations(file).know(())

    assert not file.exists()
