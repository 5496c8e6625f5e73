from sampan_explain.past.reading import Revision
from sampan_explain.past.telling import time_text, told


def revision(number, **data):
    metadata = {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z", "generation": 1}
    return Revision(number, 100.0 + number, {"kind": "ConfigMap", "metadata": metadata, "data": data} if data else None)


def test_each_revision_says_what_it_changed():
    rows = told([revision(9), revision(7, a="2"), revision(5, a="1")])

    assert [row["change"] for row in rows] == ["deleted", "changed", "created"]
    assert rows[1]["text"] == ["data.a: 1 \u2192 2"]
    assert rows[1]["time"] == "1970-01-01T00:01:47Z"


def test_the_oldest_that_is_kept_was_not_created_by_its_write():
    assert told([revision(5, a="1")], cut=True)[0]["change"] == "oldest kept"


def test_a_time_that_is_not_known_is_a_hyphen():
    assert time_text(0.0) == "-"


def test_no_revisions_are_no_records():
    assert told([]) == []
