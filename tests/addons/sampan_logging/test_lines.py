from __future__ import annotations

import pytest

from sampan_client.streams import Piece
from sampan_logging.lines import LATE, LinePosition, LogAnswer, Seek, digest, parse, shown

SECOND = 1_000_000_000
NOW = 1_790_000_000 * SECOND


def raw(*lines):
    return [f"{shown(ns)} {text}".encode() for ns, text in lines]


@pytest.mark.parametrize(
    ("line", "ns"),
    [
        (b"2026-01-02T03:04:05.000000001Z hi there", 1),
        (b"2026-01-02T03:04:05Z hi there", 0),
        (b"2026-01-02T03:04:05.5Z hi there", 500_000_000),
        (b"2026-01-02T05:04:05.000000001+02:00 hi there", 1),
        (b"2026-01-01T20:34:05.000000001-06:30 hi there", 1),
    ],
)
def test_a_line_begins_with_its_time(line, ns):
    assert parse(line) == (1_767_323_045 * SECOND + ns, b"hi there")


@pytest.mark.parametrize(
    "line",
    [b"", b"unable to retrieve container logs", b"2026-01-02T03:04:05.xZ a", b"2026-13-02T03:04:05Z a", b"\xff" * 30],
)
def test_what_does_not_is_told_apart(line):
    assert parse(line) is None


def test_times_are_shown_with_all_nine_digits():
    assert shown(1_767_323_045 * SECOND + 120) == "2026-01-02T03:04:05.000000120Z"


def test_lines_of_the_same_time_are_numbered():
    found = LogAnswer(Seek(None)).take(raw((NOW, "a"), (NOW, "b"), (NOW + 1, "c"), (NOW + 1, "d")))

    assert [(ns - NOW, ordinal, text) for ns, ordinal, text in found] == [
        (0, 0, b"a"), (0, 1, b"b"), (1, 0, b"c"), (1, 1, b"d"),
    ]  # fmt: skip


def test_reading_goes_on_behind_the_line_it_stopped_at():
    lines = raw((NOW, "a"), (NOW, "same"), (NOW, "same"), (NOW, "same"), (NOW + 1, "b"))
    seek = Seek(LinePosition(NOW, 2, digest(b"same")))

    found = LogAnswer(seek).take(lines)

    assert [text for _, _, text in found] == [b"same", b"b"]
    assert seek.found and not seek.missed


def test_what_stands_behind_is_new_though_its_time_is_older():
    seek = Seek(LinePosition(NOW, 0, digest(b"out")))

    found = LogAnswer(seek).take(raw((NOW, "out"), (NOW - 5, "err")))

    assert [text for _, _, text in found] == [b"err"]


def test_a_rotated_log_is_noticed():
    seek = Seek(LinePosition(NOW, 0, digest(b"gone")))

    assert LogAnswer(seek).take(raw((NOW + LATE + 1, "new"))) == []
    assert seek.missed


def test_a_line_in_pieces_keeps_its_time():
    first = Piece(raw((NOW, "beginning "))[0])

    found = LogAnswer(Seek(None)).take([first, b"2026-01-01T00:00:00Z looks like a line", *raw((NOW + 1, "next"))])

    assert [(ordinal, text) for _, ordinal, text in found] == [
        (0, b"beginning "), (1, b"2026-01-01T00:00:00Z looks like a line"), (0, b"next"),
    ]  # fmt: skip


def test_a_kubelet_that_has_no_log_is_not_a_line():
    answer = LogAnswer(Seek(None))

    assert answer.take([b"unable to retrieve container logs for containerd://1"]) == []
    assert answer.odd.startswith(b"unable")


def test_reading_again_begins_before_the_line():
    assert LinePosition(1_767_323_045 * SECOND + 5, 0, "").since == "2026-01-02T03:04:04Z"
