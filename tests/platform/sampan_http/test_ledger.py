from __future__ import annotations

import pytest

from sampan_http.ledger import Ledger


@pytest.fixture
def ledger():
    return Ledger(100)


def never():
    raise AssertionError("cut off")


def buffer(size):
    return bytes(bytearray(size))


def test_a_buffer_that_many_hold_counts_once(ledger):
    shared = buffer(90)

    for holder in range(50):
        ledger.hold(holder, shared, never)

    assert ledger.total == 90


def test_it_counts_until_the_last_has_let_go(ledger):
    shared = buffer(90)
    ledger.hold("a", shared, never)
    ledger.hold("b", shared, never)
    ledger.hold("b", shared, never)

    ledger.let_go("a", shared)
    ledger.let_go("b", shared)
    assert ledger.total == 90

    ledger.let_go("b", shared)
    assert ledger.total == 0


def test_over_the_limit_the_longest_holding_are_cut_off(ledger):
    held = {name: buffer(40) for name in "abc"}
    cut = []

    def cut_off(name):
        def act():
            cut.append(name)
            ledger.let_go(name, held[name])

        return act

    for name in "abc":
        ledger.hold(name, held[name], cut_off(name))

    assert cut == ["a"]
    assert ledger.total == 80


def test_one_that_has_read_all_is_a_new_holder(ledger):
    held = {name: buffer(40) for name in "abc"}
    cut = []
    ledger.hold("a", held["a"], never)
    ledger.hold("b", held["b"], lambda: (cut.append("b"), ledger.let_go("b", held["b"])))
    ledger.let_go("a", held["a"])
    ledger.hold("a", held["a"], never)

    ledger.hold("c", held["c"], never)

    assert cut == ["b"]


def test_one_client_alone_may_be_sent_more_than_the_limit(ledger):
    ledger.hold("a", buffer(500), never)

    assert ledger.total == 500
