from __future__ import annotations

import pytest

from sampan_flowcontrol.work import MOST, width


@pytest.mark.parametrize(
    "verb, objects, query, seats",
    [
        ("get", 5000, {}, 1),
        ("create", 5000, {}, 1),
        ("list", 0, {}, 1),
        ("list", 100, {}, 1),
        ("list", 250, {}, 3),
        ("list", 50_000, {}, MOST),
        ("list", 50_000, {"limit": ["200"]}, 2),
        ("list", 250, {"limit": ["0"]}, 3),
        ("list", 250, {"limit": ["many"]}, 3),
        ("list", 250, {"fieldSelector": ["metadata.name=a"]}, 1),
        ("watch", 250, {}, 3),
        ("watch", 250, {"resourceVersion": ["7"]}, 1),
        ("watch", 250, {"resourceVersion": ["7"], "sendInitialEvents": ["true"]}, 3),
    ],
)
def test_a_list_takes_a_seat_for_each_hundred_objects(request_of, verb, objects, query, seats):
    assert width(request_of(verb=verb, objects=objects, query=query)) == seats
