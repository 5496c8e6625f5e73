import pytest

from sampan_devices.kinds import RESOURCE_SLICE, state
from sampan_machinery.tables import to_table


@pytest.mark.parametrize(
    "claim, shown",
    [
        ({"metadata": {}}, "pending"),
        ({"metadata": {}, "status": {"allocation": {}}}, "allocated"),
        ({"metadata": {}, "status": {"allocation": {}, "reservedFor": [{}]}}, "allocated,reserved"),
        ({"metadata": {"deletionTimestamp": "2026"}}, "deleted"),
        ({"metadata": {"deletionTimestamp": "2026"}, "status": {"allocation": {}}}, "deleted,allocated"),
    ],
)
def test_the_state_of_a_claim(claim, shown):
    assert state(claim) == shown


def test_a_slice_shows_whose_devices_it_has():
    meta = {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}
    obj = {"metadata": meta, "spec": {"nodeName": "n", "driver": "d", "pool": {"name": "p"}}}

    assert to_table(RESOURCE_SLICE.columns, [obj], now=1767225660)["rows"][0]["cells"] == ["a", "n", "d", "p", "60s"]
    assert {name: read(obj) for name, read in RESOURCE_SLICE.fields.items()} == {
        "spec.nodeName": "n", "spec.driver": "d"
    }  # fmt: skip
    assert RESOURCE_SLICE.fields["spec.nodeName"]({"spec": {}}) == ""
