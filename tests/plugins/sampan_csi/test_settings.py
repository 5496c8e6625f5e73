import pytest

from sampan_csi.settings import Settings, registry


def test_the_agent_and_the_side_car_look_at_one_directory(tmp_path):
    assert registry(Settings(), tmp_path) == tmp_path / "csi" / "plugins_registry"
    assert str(registry(Settings(registry="/var/lib/x"), tmp_path)) == "/var/lib/x"


@pytest.mark.parametrize("wrong", [{"registry": "x"}, {"registry": "/a/../b"}, {"sidecar_of": ("A B",)}])
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**wrong)
