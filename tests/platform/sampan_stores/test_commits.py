from __future__ import annotations

import threading

import pytest

from sampan.contracts.store import Delete, Put, Stale
from sampan_stores.commits import accepted, call_back, commit

OPS = (Put("/a", b"1"), Delete("/b"))


def test_a_commit_is_a_submission_that_is_waited_for():
    given = []

    def submit(ops, done):
        given.append(ops)
        threading.Thread(target=done, args=(7,)).start()

    assert commit(submit, OPS) == 7
    assert given == [OPS]


def test_an_error_is_raised():
    with pytest.raises(Stale):
        commit(lambda ops, done: done(Stale("/a")), OPS)


@pytest.mark.parametrize("ops", [(), (Put("/a", b""), Delete("/a"))])
def test_an_invalid_commit_is_refused_before_it_is_submitted(ops):
    with pytest.raises(ValueError):
        accepted(ops, 10)


def test_a_commit_has_a_largest_size():
    assert accepted(OPS, 2) is OPS
    with pytest.raises(ValueError, match="at most 1 operations"):
        accepted(OPS, 1)


def test_a_callback_that_raises_is_logged_and_the_next_is_called(caplog):
    def bad(answer):
        raise RuntimeError("oh")

    call_back(bad, 1)

    assert "a commit's callback failed" in caplog.text
