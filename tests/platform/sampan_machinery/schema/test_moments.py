from __future__ import annotations

import pytest

from sampan_machinery.schema.moments import parse

LAYOUT = "2006-01-02T15:04:05Z07:00"
MICRO = "2006-01-02T15:04:05.000000Z07:00"


@pytest.mark.parametrize(
    "text, shown",
    [
        ("2025-01-02T03:04:05Z", "2025-01-02T03:04:05"),
        ("2025-01-02T03:04:05+02:00", "2025-01-02T01:04:05"),
        ("2025-01-02T3:04:05-02:30", "2025-01-02T05:34:05"),
        ("2025-01-02T03:04:05,1234567Z", "2025-01-02T03:04:05.123456"),
    ],
)
def test_times_are_read_as_utc(text, shown):
    assert parse(text).isoformat() == shown


@pytest.mark.parametrize(
    "text, part, rest",
    [
        ("foo", "2006", "foo"),
        ("", "2006", ""),
        ("2025-1-02", "01", "1-02"),
        ("2025-01-02", "T", ""),
        ("2025-01-02t03:04:05Z", "T", "t03:04:05Z"),
        ("2025-01-02T03:04:05", "Z07:00", ""),
        ("2025-01-02T03:04:05.Z", "Z07:00", ".Z"),
    ],
)
def test_the_part_that_cannot_be_read_is_named(text, part, rest):
    with pytest.raises(ValueError) as refused:
        parse(text)

    assert str(refused.value) == f'parsing time "{text}" as "{LAYOUT}": cannot parse "{rest}" as "{part}"'


@pytest.mark.parametrize(
    "text, part, rest",
    [
        ("2025-01-02T03:04:05Z", ".000000", "Z"),
        ("2025-01-02T03:04:05.1Z", ".000000", ".1Z"),
        ("2025-01-02T03:04:05.1234567Z", "Z07:00", "7Z"),
    ],
)
def test_a_fraction_of_six_digits_is_wanted_of_a_micro_time(text, part, rest):
    with pytest.raises(ValueError) as refused:
        parse(text, micro=True)

    assert str(refused.value) == f'parsing time "{text}" as "{MICRO}": cannot parse "{rest}" as "{part}"'
    assert parse("2025-01-02T03:04:05.000006Z", micro=True).microsecond == 6


@pytest.mark.parametrize(
    "text, what",
    [
        ("2025-13-02T03:04:05Z", "month out of range"),
        ("2025-02-30T03:04:05Z", "day out of range"),
        ("2025-01-02T24:04:05Z", "hour out of range"),
        ("2025-01-02T03:04:65Z", "second out of range"),
        ("2025-01-02T03:04:05Zx", 'extra text: "x"'),
        ("9999-12-31T23:59:59-01:00", "year out of range"),
    ],
)
def test_a_number_that_is_too_large_is_named(text, what):
    with pytest.raises(ValueError) as refused:
        parse(text)

    assert str(refused.value) == f'parsing time "{text}": {what}'
