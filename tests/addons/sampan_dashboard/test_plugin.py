from __future__ import annotations

import pytest

from sampan.errors import ConfigError
from sampan_dashboard import plugin
from sampan_dashboard.commands import dashboard
from sampan_server.plugins.plugins import read_settings


def test_it_is_one_component_and_one_command():
    (component,) = plugin.contribute_components()
    (command,) = plugin.contribute_commands()

    assert (component.name, component.process, command.name) == ("dashboard", "dashboard", "dashboard")
    assert command.load() is dashboard


@pytest.mark.parametrize(
    "wrong", [{"port": 70000}, {"session_hours": 0}, {"idle_minutes": "long"}, {"address": "not an address"}]
)
def test_a_wrong_setting_is_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        read_settings("dashboard", plugin.Settings, wrong)
