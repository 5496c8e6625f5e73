from pathlib import Path

import pytest

from sampan.errors import ConfigError
from sampan_dra.settings import Settings, registry


def test_drivers_register_where_csi_drivers_do_unless_told_otherwise():
    assert registry(Settings(), Path("/home/components")) == Path("/home/components/csi/plugins_registry")
    assert registry(Settings(registry="/run/drivers"), Path("/home/components")) == Path("/run/drivers")


@pytest.mark.parametrize("path", ["relative", "/a/../b"])
def test_a_registry_is_an_absolute_path(path):
    with pytest.raises((ConfigError, ValueError), match="must be an absolute path"):
        Settings(registry=path)
