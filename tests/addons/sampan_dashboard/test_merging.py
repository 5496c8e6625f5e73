from __future__ import annotations

import base64
import zlib

import pytest

from sampan.errors import BadRequest, Conflict
from sampan_dashboard import merging
from sampan_dashboard.merging import merged, pack, unpack

BEFORE = {"spec": {"replicas": 2, "paused": True, "args": ["a"]}, "data": None}


def test_what_others_wrote_in_between_stays():
    after = {"spec": {"replicas": 3, "args": ["a"], "added": {"x": None}}, "data": None}
    now = {**BEFORE, "metadata": {"resourceVersion": "9"}, "status": {"ready": 1}}

    assert merged(now, BEFORE, after) == {
        "spec": {"replicas": 3, "args": ["a"], "added": {"x": None}}, "data": None,
        "metadata": {"resourceVersion": "9"}, "status": {"ready": 1},
    }  # fmt: skip
    assert now["spec"] == BEFORE["spec"]


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"spec": {"replicas": 5, "paused": True, "args": ["a"]}}, "spec.replicas was 2 and is 5 now"),
        ({"spec": {"paused": True, "args": ["a"]}}, "spec.replicas was 2 and is nothing now"),
        ({}, "is nothing now"),
        ({"spec": []}, "is nothing now"),
    ],
)
def test_a_change_of_the_same_field_is_a_conflict(now, words):
    with pytest.raises(Conflict, match=words):
        merged(now, BEFORE, {"spec": {"replicas": 3, "paused": True, "args": ["a"]}})


def test_the_same_change_by_another_is_none():
    assert merged({"a": 2}, {"a": 1}, {"a": 2}) == {"a": 2}
    assert merged({}, {"a": 1}, {}) == {}


def test_a_list_is_one_field():
    with pytest.raises(Conflict, match="args"):
        merged({"args": ["a", "b"]}, {"args": ["a"]}, {"args": ["c"]})


def test_many_conflicts_are_counted():
    before, now = {str(each): 0 for each in range(9)}, {str(each): 1 for each in range(9)}

    with pytest.raises(Conflict, match="and 4 more"):
        merged(now, before, dict.fromkeys(before, 2))


def test_an_object_travels_in_a_form():
    assert unpack(pack(BEFORE)) == BEFORE


@pytest.mark.parametrize("data", [b"x", zlib.compress(b"[]"), zlib.compress(b"{")])
def test_anything_else_in_its_place_is_refused(data):
    with pytest.raises(BadRequest):
        unpack(base64.b64encode(data).decode())
    with pytest.raises(BadRequest):
        unpack("§")


def test_what_grows_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(merging, "LARGEST", 1000)

    with pytest.raises(BadRequest):
        unpack(pack({"a": "x" * 100_000}))
