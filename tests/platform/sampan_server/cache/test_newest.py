from __future__ import annotations

import pytest

from sampan.contracts.store import Unavailable
from sampan_server.cache.newest import Newest


class Distant:
    """A store that answers when the test says so."""

    def __init__(self):
        self.questions = []

    def ask_revision(self, done):
        self.questions.append(done)


class Near:
    def __init__(self, answer):
        self.answer = answer

    def revision(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_near_store_answers_at_once():
    found = []
    Newest(Near(5)).ask(found.append)
    Newest(Near(Unavailable("gone"))).ask(found.append)

    assert found[0] == 5
    assert isinstance(found[1], Unavailable)
    assert not Newest(Near(5)).takes_time


def test_who_asks_while_a_question_is_under_way_shares_the_next_one():
    store, found = Distant(), []
    newest = Newest(store)
    for name in "abc":
        newest.ask(lambda answer, name=name: found.append((name, answer)))
    assert len(store.questions) == 1

    store.questions[0](7)
    assert found == [("a", 7)]
    assert len(store.questions) == 2
    store.questions[1](9)

    assert found == [("a", 7), ("b", 9), ("c", 9)]
    newest.ask(lambda answer: None)
    assert len(store.questions) == 3


def test_a_failure_is_told_to_all_who_share_it():
    store, found = Distant(), []
    newest = Newest(store)
    newest.ask(found.append)
    store.questions[0](Unavailable("gone"))

    assert isinstance(found[0], Unavailable)


def test_waiting_has_an_end():
    with pytest.raises(Unavailable, match="in time"):
        Newest(Distant()).wait(0.01)
    assert Newest(Near(3)).wait(1) == 3
