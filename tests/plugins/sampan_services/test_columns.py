from __future__ import annotations

import pytest

from sampan_services.columns import SLICE

PORTS = next(column for column in SLICE if column.name == "Ports")


@pytest.mark.parametrize(
    "ports, text",
    [
        (None, "<unset>"),
        ([{"port": 80, "name": "http"}], "80"),
        ([{"name": "http"}, {}], "http,*"),
        ([{"port": number} for number in range(1, 6)], "1,2,3 + 2 more..."),
    ],
)
def test_ports_of_a_slice_are_shown_by_number_or_name(ports, text):
    assert PORTS.cell({"ports": ports}) == text
