from types import SimpleNamespace

from sampan_deviceplugins import plugin
from sampan_deviceplugins.settings import Settings


def test_the_node_agent_gets_what_gives_devices(tmp_path):
    context = SimpleNamespace(settings=Settings())

    (devices,) = plugin.contribute_claimed_devices(context, client=None, home=str(tmp_path), node="n")
    try:
        assert devices.name == "device plugins"
        assert devices.resources() == {}
        assert (tmp_path / "device-plugins" / "kubelet.sock").is_socket()
    finally:
        devices.close()
    assert not (tmp_path / "device-plugins" / "kubelet.sock").exists()
