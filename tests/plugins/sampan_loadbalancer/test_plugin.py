from __future__ import annotations

import pytest

from sampan.contracts.reconciling import ReconcilerContext
from sampan_loadbalancer import plugin


@pytest.mark.parametrize(
    ("settings", "there"),
    [
        (plugin.Settings(), False),
        (plugin.Settings(addresses=("192.0.2.1",)), True),
        (plugin.Settings(reserved=("192.0.2.1",)), True),
    ],
)
def test_it_is_off_unless_a_pool_is_set(settings, there):
    assert bool(plugin.contribute_reconcilers(ReconcilerContext(settings, ""))) is there


def test_settings_say_what_is_wrong():
    with pytest.raises(ValueError, match="addresses must be addresses like"):
        plugin.Settings(addresses=("nonsense",))
    with pytest.raises(ValueError, match="reserved"):
        plugin.Settings(reserved=("10.0.0.0/8",))
