"""Numbers."""

import pytest

from sampan_cel import CelError
from sampan_cel.values import Uint


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("math.greatest(1, 3, 2)", 3),
        ("math.least([2.5, 1.5])", 1.5),
        ("math.abs(-3)", 3),
        ("math.round(2.5)", 3.0),
        ("math.ceil(1.2)", 2.0),
        ("math.sign(-2)", -1),
        ("math.bitAnd(6, 3)", 2),
        ("math.bitNot(0u)", Uint(2**64 - 1)),
        ("math.bitShiftLeft(1, 63)", -(2**63)),
        ("math.bitShiftRight(-1, 1)", 2**63 - 1),
        ("math.sqrt(9)", 3.0),
    ],
)
def test_values(run, text, value):
    assert run(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("math.bitShiftLeft(1, -1)", "negative offset"),
        ("math.abs(-9223372036854775808)", "integer overflow"),
    ],
)
def test_errors(run, text, words):
    with pytest.raises(CelError, match=words):
        run(text)
