from __future__ import annotations

import pytest

from sampan.contracts.options import ClusterOptions
from sampan_networkpolicy import plugin


def test_it_runs_beside_the_agent_and_guards_its_sandboxes():
    (component,) = plugin.contribute_components()
    (guard,) = plugin.contribute_sandbox_guards(ClusterOptions(home_id="h", beside=("node", "networkpolicy")))
    assert (component.process, component.user, guard.name) == ("node", "system:network-policy", "networkpolicy")


def test_settings_say_what_is_wrong():
    assert plugin.Settings().unenforceable == "event"
    with pytest.raises(ValueError, match="unenforceable must be one of event, refuse"):
        plugin.Settings(unenforceable="ignore")


def test_an_agent_that_runs_without_the_component_holds_no_pod_back():
    assert plugin.contribute_sandbox_guards(ClusterOptions(home_id="h", beside=("node", "proxy"))) == []
