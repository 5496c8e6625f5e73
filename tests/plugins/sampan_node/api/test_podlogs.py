"""What a runtime calls a line may be a part of one: of 16 KiB, or whatever had no newline when it was written."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan_node.api import podlogs
from sampan_node.api.podlogs import Options, stamp, text

AT = 1_700_000_000_000_000_000
PART = b"x" * 16384
TIMES = Options(timestamps=True)


class Said:
    """A runtime whose container has written these pieces."""

    def __init__(self, *pieces):
        self._pieces = [(AT + n, *piece) for n, piece in enumerate(pieces)]

    def logs(self, container_id, *, follow, since, tail):
        return iter(self._pieces)


def shown(*pieces, options=TIMES):
    return b"".join(text(Said(*pieces), "c", options, alive=lambda: True))


def test_a_line_in_parts_has_one_time():
    assert shown((1, PART), (1, PART), (1, b"end\n"), (1, b"next\n")) == (
        stamp(AT) + b" " + PART + PART + b"end\n" + stamp(AT + 3) + b" next\n"
    )


def test_without_times_nothing_is_between_the_parts():
    assert shown((1, PART), (1, b"end\n"), options=Options()) == PART + b"end\n"


def test_a_line_in_parts_is_not_torn_by_the_other_stream():
    assert shown((1, PART), (2, b"error\n"), (1, b"end\n"), (2, b"more\n"), options=Options()) == (
        PART + b"end\nerror\nmore\n"
    )


def test_what_waits_for_a_line_that_does_not_end_is_bounded(monkeypatch):
    monkeypatch.setattr(podlogs, "HELD", 100)
    errors = [(2, b"e" * 40 + b"\n")] * 3

    assert shown((1, PART), *errors, (1, b"end\n"), options=Options()) == PART + b"\n" + errors[0][1] * 3 + b"end\n"


def test_what_waits_is_shown_at_the_end():
    assert shown((1, b"no newline"), (2, b"error\n"), options=Options()) == b"no newline\nerror\n"


@given(st.lists(st.tuples(st.sampled_from((1, 2)), st.sampled_from((b"a", b"b\n", b"\n", b"c" * 30))), max_size=30))
def test_each_stream_says_what_it_said_in_its_order(pieces):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(podlogs, "HELD", 40)
        found = list(podlogs.by_line(iter([(AT, *piece) for piece in pieces])))

    for channel in (1, 2):
        said = b"".join(data for one, data in pieces if one == channel)
        # a newline may be added where a line had to be cut, and nothing else
        assert b"".join(d for _, c, d, _ in found if c == channel).replace(b"\n", b"") == said.replace(b"\n", b"")
    for (_, before, data, _), (_, after, _, begins) in pairwise(found):
        assert begins == data.endswith(b"\n")
        assert begins or before == after
