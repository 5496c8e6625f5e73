from __future__ import annotations

import pytest

from sampan_machinery.varints import varint


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), (2**64 - 1, "ffffffffffffffffff01")],
)
def test_a_number_takes_seven_bits_a_byte(value, written):
    assert varint(value).hex() == written
