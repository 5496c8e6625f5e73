"""The standard functions."""

import pytest

from sampan_cel import CelError
from sampan_cel.values import Duration, Timestamp, Uint


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("7u % 4u", Uint(3)),
        ("1.0 / 0.0", float("inf")),
        ("'a' + 'b'", "ab"),
        ("[1] + [2]", [1, 2]),
        ("size('h\u00e9')", 2),
        ("size(b'h\u00e9')", 3),
        ("size({'a': 1})", 1),
        ("'abc'.contains('b')", True),
        ("'abc'.endsWith('c')", True),
        ("'abc'.matches('b')", True),
        ("matches('abc', '^b')", False),
        ("int('-7')", -7),
        ("int(-7.9)", -7),
        ("int(3u)", 3),
        ("int(timestamp('1970-01-01T00:01:00Z'))", 60),
        ("uint('7')", Uint(7)),
        ("double('1.5')", 1.5),
        ("bool('t')", True),
        ("string(1.0)", "1"),
        ("string(1e6)", "1e+06"),
        ("string(123456.0)", "123456"),
        ("string(0.0001)", "0.0001"),
        ("string(1e-5)", "1e-05"),
        ("string(true)", "true"),
        ("string(b'abc')", "abc"),
        ("string(duration('90m'))", "5400s"),
        ("string(timestamp(0))", "1970-01-01T00:00:00Z"),
        ("bytes('h\u00e9')", b"h\xc3\xa9"),
        ("1 < 2.5", True),
        ("1u <= 1", True),
        ("'a' < 'b'", True),
        ("false < true", True),
        ("duration('1h') > duration('59m')", True),
        ("timestamp('2020-01-01T00:00:00+01:00') < timestamp('2020-01-01T00:00:00Z')", True),
        ("timestamp('2020-03-01T00:00:00Z') - timestamp('2020-02-28T00:00:00Z') == duration('48h')", True),
        ("timestamp('2024-02-29T23:30:05.25Z').getFullYear()", 2024),
        ("timestamp('2024-02-29T23:30:05.25Z').getMonth()", 1),
        ("timestamp('2024-02-29T23:30:05.25Z').getDate()", 29),
        ("timestamp('2024-02-29T23:30:05.25Z').getDayOfWeek()", 4),
        ("timestamp('2024-02-29T23:30:05.25Z').getDayOfYear()", 59),
        ("timestamp('2024-02-29T23:30:05.25Z').getMilliseconds()", 250),
        ("timestamp('2024-02-29T23:30:05Z').getHours('+02:00')", 1),
        ("timestamp('2024-02-29T23:30:05Z').getHours('Europe/Berlin')", 0),
        ("duration('3661s').getHours()", 1),
        ("duration('3661s').getMinutes()", 61),
        ("duration('-1.5s').getMilliseconds()", -500),
        ("1 in {1: 'a'}", True),
        ("'z' in {'a': 1}", False),
        ("dyn(2.0) in [1, 2]", True),
    ],
)
def test_values(run, text, value):
    found = run(text)

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    [
        "int('x')",
        "int(1e19)",
        "int(double('NaN'))",
        "uint(-1)",
        "uint('-1')",
        "double('x')",
        "bool('yes')",
        "string(b'\\xff')",
        "timestamp('2020-13-01T00:00:00Z')",
        "timestamp('yesterday')",
        "duration('1')",
        "duration('1x')",
        "duration('999999999h')",
        "timestamp('9999-12-31T23:59:59Z') + duration('1h')",
        "timestamp(0).getHours('Nowhere/City')",
        "timestamp(-99999999999999)",
    ],
)
def test_what_cannot_be_converted_is_an_error(run, text):
    with pytest.raises(CelError):
        run(text)


def test_times_keep_nanoseconds(run):
    assert run("timestamp('2020-01-01T00:00:00.123456789Z')") == Timestamp(1577836800_123456789)
    assert run("duration('1h2m3.000000004s')") == Duration(3723_000000004)
    assert str(Timestamp(-1)) == "1969-12-31T23:59:59.999999999Z"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 2].first().value()", 1),
        ("[1, 2].last().value()", 2),
        ("[].first().hasValue()", False),
        ("[optional.of(1), optional.none()].unwrapOpt()", [1]),
        ("optional.unwrap([optional.of('a')])", ["a"]),
    ],
)
def test_optionals_of_lists(run, text, value):
    assert run(text) == value
