"""Equality, order and text of values."""

import math

import pytest

from sampan_cel import CelError
from sampan_cel.values import (
    BoolKey,
    Duration,
    Optional,
    Timestamp,
    Uint,
    compare,
    double_text,
    equal,
    key_of,
    read_duration,
    type_of,
)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True),
        (1, Uint(1), True),
        (1, True, False),
        (0, False, False),
        ("1", 1, False),
        (math.nan, math.nan, False),
        ([1, [True]], [1, [True]], True),
        ([1], [True], False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"b": 1}, False),
        (None, None, True),
        (None, 0, False),
        (b"a", "a", False),
        (Optional(1), Optional(1.0), True),
        (Optional(present=False), Optional(None), False),
        (Duration(1), Timestamp(1), False),
    ],
)
def test_equality(left, right, same):
    assert equal(left, right) is same
    assert equal(right, left) is same


def test_values_of_different_types_have_no_order():
    assert compare(1, 2.5) == -1 and compare("b", "a") == 1 and compare(Duration(2), Duration(2)) == 0
    assert compare(math.nan, 1) is None
    for left, right in (("a", 1), (None, None), ([1], [2]), (Timestamp(1), Duration(1)), (True, 1)):
        with pytest.raises(CelError):
            compare(left, right)


def test_bool_keys_are_not_numbers():
    assert {key_of(True): "bool", key_of(1): "int"} == {BoolKey(True): "bool", 1: "int"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.5, "1.5"),
        (100000.0, "100000"),
        (1000000.0, "1e+06"),
        (1.25e-7, "1.25e-07"),
        (math.inf, "+Inf"),
        (math.nan, "NaN"),
        (1e300, "1e+300"),
    ],
)
def test_doubles_are_written_as_in_go(value, text):
    assert double_text(value) == text


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("1.5h", 5400 * 10**9),
        ("-1m", -60 * 10**9),
        ("0", 0),
        (".5s", 5 * 10**8),
        ("1h1ms", 3600_001_000_000),
        ("+2us", 2000),
    ],
)
def test_durations(text, nanos):
    assert read_duration(text).nanos == nanos


@pytest.mark.parametrize("text", ["", "-", "1", "s", "1s2", "--1s", "1.s.s"])
def test_texts_that_are_no_duration(text):
    with pytest.raises(CelError):
        read_duration(text)


def test_types_of_values():
    assert [
        type_of(each).name for each in (True, 1, Uint(1), 1.0, "", b"", None, [], {}, Duration(0), Optional(1))
    ] == [
        "bool",
        "int",
        "uint",
        "double",
        "string",
        "bytes",
        "null_type",
        "list",
        "map",
        "google.protobuf.Duration",
        "optional_type",
    ]
