"""What every installed add-on ships: edits survive restarts and upgrades, on a whole API server in this process."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import entry_points

import pytest

from sampan_testing.shipping import OPTIONS, api_server, check_edits_survive

ADDONS = sorted(entry_points(group="sampan.addons"), key=lambda point: point.name)


def shipping(point):
    """The manifests functions of an add-on's components."""
    contribute = getattr(point.load(), "contribute_components", None)
    return [component.manifests for component in (contribute() if contribute else ()) if component.manifests]


@pytest.mark.parametrize("point", ADDONS, ids=lambda point: point.name)
def test_edits_of_what_an_add_on_ships_survive(point, tmp_path):
    record = getattr(point.load(), "Settings", None)
    options = replace(OPTIONS, settings=record() if record else None)
    for manifests in shipping(point):
        with api_server(tmp_path) as client:
            check_edits_survive(manifests, client, options=options)


def test_there_is_an_add_on_that_ships_something():
    assert any(shipping(point) for point in ADDONS)
