from __future__ import annotations

import pytest

from sampan_docker.streams import HEAD, LONGEST, log_lines

STAMP = b"2026-01-02T03:04:05.%09dZ "


class Answer:
    """Docker's answer, given in chunks of so many bytes."""

    def __init__(self, data, size=65536):
        self.raw, self._data, self._size = self, data, size

    def read(self, size):
        part, self._data = self._data[:size], self._data[size:]
        return part

    def stream(self, _):
        while part := self.read(self._size):
            yield part

    def close(self):
        self._data = b""


def pieces(*texts):
    """As the engine cuts them: each piece with its time."""
    return [STAMP % n + text for n, text in enumerate(texts)]


LONG = [b"a" * LONGEST, b"b" * LONGEST, b"c\n", b"short\n", b"d" * (LONGEST - 1) + b"\n", b"e" * LONGEST, b"\n"]


@pytest.mark.parametrize("size", [1, 7, 1000, 65536])
def test_parts_of_a_terminals_long_lines_are_told_apart(size):
    found = list(log_lines(Answer(b"".join(pieces(*LONG)), size), tty=True))

    assert [text for _, _, text in found] == LONG
    assert [when % 10 for when, _, _ in found] == list(range(len(LONG)))


def test_frames_are_pieces_already():
    data = b"".join(HEAD.pack(1, len(piece)) + piece for piece in pieces(*LONG))

    assert [text for _, _, text in log_lines(Answer(data), tty=False)] == LONG


def test_what_looks_like_a_time_elsewhere_is_text():
    text = b"x" * 100 + STAMP % 1 + b"y\n"

    assert [found for _, _, found in log_lines(Answer(STAMP % 0 + text), tty=True)] == [text]
