from types import SimpleNamespace

from sampan_csi import plugin
from sampan_csi.settings import Settings


def test_the_node_agent_gets_a_mounter_that_looks_for_drivers(tmp_path):
    home = tmp_path / "components" / "node"
    context = SimpleNamespace(settings=Settings())

    (mounter,) = plugin.contribute_volume_mounters(context, client=None, home=str(home), node="n")

    try:
        assert mounter.kind == "csi"
        assert (tmp_path / "components" / "csi" / "plugins_registry").is_dir()
    finally:
        mounter.close()


def test_the_side_car_is_part_of_the_node_s_process():
    (component,) = plugin.contribute_components()

    assert (component.process, component.user) == ("node", "sampan:csi")
