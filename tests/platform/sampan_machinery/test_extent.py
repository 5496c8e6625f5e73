from __future__ import annotations

import json
import random

import pytest

from sampan.errors import TooLarge
from sampan_machinery import extent


def fits(text):
    try:
        extent.check(text)
    except TooLarge:
        return False
    return True


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(extent, "FROM", 0)
    monkeypatch.setattr(extent, "MOST_CONTAINERS", 100)
    monkeypatch.setattr(extent, "MOST_KEYS", 200)
    monkeypatch.setattr(extent, "MOST_VALUES", 1000)


@pytest.mark.parametrize(
    ("value", "fitting"),
    [
        ([[]] * 99, True),
        ([[]] * 100, False),
        ([{}] * 100, False),
        ([1] * 999, True),
        ([1] * 1001, False),
        ({f"k{number}": 1 for number in range(200)}, True),
        ({f"k{number}": 1 for number in range(201)}, False),
        ({"text": "[{,:" * 5000}, True),
        ({"text": 'quote " and \\ slash' * 500}, True),
        ({"a\\": "\\", "b": ["\\\\", '\\"'] * 40}, True),
        ({'"' * 50: [[]] * 99}, False),
    ],
)
def test_lists_objects_and_values_are_counted_outside_of_texts(value, fitting):
    assert fits(json.dumps(value).encode()) is fitting


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_the_cuts_between_slices_change_nothing(monkeypatch, size):
    monkeypatch.setattr(extent, "_SLICE", size)
    rng = random.Random(size)
    for _ in range(200):
        texts = ["".join(rng.choice('a"\\[{,') for _ in range(rng.randrange(12))) for _ in range(rng.randrange(20))]
        value = {"t": texts, "l": [[]] * rng.choice((60, 97, 98, 120))}

        assert fits(json.dumps(value).encode()) is (3 + len(value["l"]) <= 100)


def test_a_text_that_is_too_deep_is_left_to_its_parser(monkeypatch):
    monkeypatch.setattr(extent, "DEEP", 50)

    assert fits(b"[" * 1_000_000)


def test_a_short_text_is_not_counted(monkeypatch):
    monkeypatch.setattr(extent, "FROM", 10_000)

    assert fits(b"[" * 9_999)
