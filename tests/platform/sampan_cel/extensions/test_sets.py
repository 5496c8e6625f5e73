"""Lists taken as sets."""

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sets.contains([1, 2], [2])", True),
        ("sets.equivalent([1, 2], [2, 1, 1])", True),
        ("sets.intersects([1], [2])", False),
    ],
)
def test_values(run, text, value):
    assert run(text) == value
