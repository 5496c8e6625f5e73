from __future__ import annotations

import pytest

from sampan.contracts.store import Compacted
from sampan_etcd.messages import Event, KeyValue
from sampan_etcd.names import Names, after_all, entries

NAMES = Names(entries("/sampan"), 10)


def test_what_begins_with_a_prefix_is_before_the_end():
    end = after_all(NAMES.key("/a/"))

    assert NAMES.key("/a/") < NAMES.key("/a/\U0010ffff") < end < NAMES.key("/b")


def test_others_keys_are_no_changes():
    found = NAMES.changes([
        Event(False, KeyValue(b"/other/data/a", b"1", 12, 12), None),
        Event(False, KeyValue(b"/sampan/data/a", b"1", 12, 12), None),
        Event(False, KeyValue(b"/sampan/store", b"1", 12, 12), None),
    ])  # fmt: skip

    assert found == [(2, "/a", b"1", None, 0)]


def test_a_change_whose_previous_value_is_gone_is_told_as_compacted():
    for event in (
        Event(True, KeyValue(b"/sampan/data/a", b"", 0, 20), None),
        Event(False, KeyValue(b"/sampan/data/a", b"2", 12, 20), None),
    ):
        with pytest.raises(Compacted):
            NAMES.changes([event])
