"""Settings of hollow nodes: bounds, and off by default."""

from __future__ import annotations

import pytest

from sampan_hollow import plugin
from sampan_hollow.plugin import Settings


def test_it_is_off_by_default():
    (component,) = plugin.contribute_components()

    assert not component.wanted(Settings())
    assert component.wanted(Settings(nodes=1))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"nodes": -1}, "nodes must be"),
        ({"cpu": "many"}, "cpu must be a quantity"),
        ({"taints": ("x",)}, "taints must look like"),
        ({"pod_cidr": "10.0.0.0/31"}, "at least four addresses"),
        ({"pod_cidr": "x"}, "pod_cidr must be a network"),
        ({"renew_every": 60.0}, "renew_every must be less than lease_seconds"),
    ],
)
def test_settings_out_of_bounds_are_refused(given, words):
    with pytest.raises(ValueError, match=words):
        Settings(**given)
