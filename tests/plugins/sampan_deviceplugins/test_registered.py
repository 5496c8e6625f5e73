import pytest

from sampan_deviceplugins.registered import RegisteredPlugins
from sampan_grpc.channel import CallError
from sampan_testing.cluster import until

GPU = "example.com/gpu"


@pytest.fixture
def registered(tmp_path):
    made = []

    def make(**more):
        found = RegisteredPlugins(tmp_path / "device-plugins", tmp_path / "private", **more)
        found.start()
        made.append(found)
        return found

    yield make
    for each in made:
        each.close()


def test_a_plugin_registers_and_its_devices_are_counted(registered, plugin_after):
    remembered = []
    found = registered(remember=remembered.append)
    plugin = plugin_after()

    assert plugin.register() == {}
    plugin.list(a="Healthy", b="Unhealthy")

    until(lambda: found.offered() == {GPU: (2, 1)})
    assert found.get(GPU) is not None and found.get("example.com/other") is None
    assert found.resources() == {GPU}
    assert remembered == [{GPU}]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"version": "v1alpha"}, 'requested API version "v1alpha" is not supported by kubelet'),
        ({"resource": "cpu"}, 'the ResourceName "cpu" is invalid'),
        ({"resource": "kubernetes.io/gpu"}, 'the ResourceName "kubernetes.io/gpu" is invalid'),
        ({"endpoint": "../else.sock"}, "is not the name of a socket in"),
        ({"endpoint": "kubelet.sock"}, "is not the name of a socket in"),
    ],
)
def test_what_is_wrong_is_told_to_the_plugin(registered, plugin_after, wrong, text):
    found = registered()

    with pytest.raises(CallError, match=text):
        plugin_after().register(**wrong)

    assert found.offered() == {}


def test_a_second_registration_takes_the_place_of_the_first(registered, plugin_after):
    found = registered()
    first, second = plugin_after("one.sock"), plugin_after("two.sock")
    first.register()
    first.list(a="Healthy")
    until(lambda: found.offered() == {GPU: (1, 1)})

    second.register()
    second.list(b="Healthy", c="Healthy")

    until(lambda: found.offered() == {GPU: (2, 2)})


def test_resources_of_before_a_restart_stay_known_and_are_none_until_their_plugin_is_back(registered, plugin_after):
    found = registered(known=frozenset({GPU, "example.com/nic"}))
    plugin = plugin_after()

    assert found.offered() == {GPU: (0, 0), "example.com/nic": (0, 0)}
    plugin.register()
    plugin.list(a="Healthy")

    until(lambda: found.offered() == {GPU: (1, 1), "example.com/nic": (0, 0)})


def test_a_plugin_that_stays_away_offers_nothing_any_more(registered, plugin_after):
    found = registered()
    plugin = plugin_after()
    plugin.register()
    plugin.list(a="Healthy")
    until(lambda: found.offered() == {GPU: (1, 1)})
    plugin.close()
    until(lambda: found.offered() == {GPU: (1, 0)})

    found.get(GPU)._gone = float("-inf")

    assert found.offered() == {GPU: (0, 0)}
    assert found.get(GPU) is None


def test_sockets_of_before_are_removed_so_that_plugins_register_again(registered, plugin, tmp_path):
    other = tmp_path / "device-plugins" / "notes.txt"
    other.write_text("mine")

    registered()

    assert sorted(path.name for path in other.parent.iterdir()) == ["kubelet.sock", "notes.txt"]
