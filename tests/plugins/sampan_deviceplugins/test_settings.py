from pathlib import Path

import pytest

from sampan.errors import ConfigError
from sampan_deviceplugins.settings import Settings, folder


def test_plugins_register_in_the_agents_directory_unless_told_otherwise():
    assert folder(Settings(), Path("/home/components/node")) == Path("/home/components/node/device-plugins")
    assert folder(Settings(folder="/run/plugins"), Path("/home/components/node")) == Path("/run/plugins")


@pytest.mark.parametrize("path", ["relative", "/a/../b"])
def test_the_folder_is_an_absolute_path(path):
    with pytest.raises((ConfigError, ValueError), match="must be an absolute path"):
        Settings(folder=path)
