from __future__ import annotations

import itertools

import pytest

from sampan_dashboard.sessions import LINK_SECONDS, MOST_LINKS, Sessions, Times


class Account:
    closed = 0

    def close(self):
        self.closed += 1


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sessions(clock):
    numbers = itertools.count()
    return Sessions(Times(session=100, idle=10), clock, lambda: f"token-{next(numbers)}")


def test_a_link_signs_in_once(sessions):
    account = Account()
    code = sessions.link(lambda: account)

    session = sessions.redeem(code)

    assert session is not None and session.account is account
    assert sessions.find(session.id) is session
    assert sessions.redeem(code) is None


def test_a_link_is_for_a_short_time(sessions, clock):
    code = sessions.link(Account)
    clock.now += LINK_SECONDS

    assert sessions.redeem(code) is None


def test_links_that_are_not_used_do_not_pile_up(sessions):
    first = sessions.link(Account)
    for _ in range(MOST_LINKS):
        sessions.link(Account)

    assert sessions.redeem(first) is None
    assert len(sessions._links) == MOST_LINKS


def test_a_session_that_is_not_used_ends_and_its_account_is_closed(sessions, clock):
    account = Account()
    session = sessions.begin(account)
    clock.now += 9
    assert sessions.find(session.id) is session
    clock.now += 9
    assert sessions.find(session.id) is session
    clock.now += 10

    assert sessions.find(session.id) is None
    assert account.closed == 1


def test_a_session_ends_also_when_it_is_used(sessions, clock):
    session = sessions.begin(Account())
    for _ in range(12):
        clock.now += 9
        sessions.find(session.id)

    assert sessions.find(session.id) is None


def test_signing_out_ends_one_session_alone(sessions):
    one, other = sessions.begin(Account()), sessions.begin(Account())
    sessions.end(one.id)
    sessions.end("unknown")

    assert sessions.find(one.id) is None
    assert sessions.find(other.id) is other
    assert (one.account.closed, other.account.closed) == (1, 0)


def test_closing_ends_all(sessions):
    account = Account()
    sessions.begin(account)
    code = sessions.link(Account)
    sessions.close()

    assert (sessions.count(), account.closed, sessions.redeem(code)) == (0, 1, None)


def test_ids_and_tokens_are_unguessable_and_never_the_same():
    sessions = Sessions()
    found = [sessions.begin(Account()) for _ in range(3)]

    assert len({*(one.id for one in found), *(one.csrf for one in found)}) == 6
    assert all(len(one.id) >= 40 for one in found)
