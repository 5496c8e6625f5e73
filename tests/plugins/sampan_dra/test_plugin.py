from types import SimpleNamespace

from sampan_dra import plugin
from sampan_dra.settings import Settings


def test_the_node_agent_gets_what_prepares_devices(tmp_path):
    context = SimpleNamespace(settings=Settings())
    home = tmp_path / "components" / "node"

    (devices,) = plugin.contribute_claimed_devices(context, client=None, home=str(home), node="n")
    try:
        assert devices.name == "dynamic resources"
        assert (tmp_path / "components" / "csi" / "plugins_registry").is_dir()
    finally:
        devices.close()
