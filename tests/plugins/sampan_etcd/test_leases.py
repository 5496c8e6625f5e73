from __future__ import annotations

from sampan_etcd.failures import Failure, FailureKind
from sampan_etcd.leases import SHARED_ENTRIES, SHARED_SECONDS, Leases
from sampan_etcd.messages import LEASE_GRANT
from sampan_etcd.wire import fields, number


class Members:
    """Grants leases 1, 2, 3 … when the test says so."""

    def __init__(self):
        self.asked = []

    def send(self, method, request, then):
        assert method == LEASE_GRANT
        self.asked.append(({field: value for field, value, _ in fields(request)}[1], then))

    def grant(self, place):
        seconds, then = self.asked[place]
        then(number(2, place + 1) + number(3, seconds))


def test_entries_of_a_few_seconds_share_a_lease_that_lives_longer():
    now, members, found = [0.0], Members(), []
    leases = Leases(members, clock=lambda: now[0])
    leases.take(3600, found.append)
    leases.take(3600, found.append)
    members.grant(0)
    now[0] = SHARED_SECONDS
    leases.take(3600, found.append)

    assert [seconds for seconds, _ in members.asked] == [3600 + SHARED_SECONDS]
    assert found == [1, 1, 1]
    now[0] += 0.1
    leases.take(3600, found.append)
    leases.take(60, found.append)
    assert [seconds for seconds, _ in members.asked[1:]] == [3600 + SHARED_SECONDS, 60 + SHARED_SECONDS]


def test_a_short_ttl_is_kept():
    now, members, found = [0.0], Members(), []
    leases = Leases(members, clock=lambda: now[0])
    leases.take(1, found.append)
    members.grant(0)
    now[0] = 0.1
    leases.take(1, found.append)

    assert [seconds for seconds, _ in members.asked] == [1, 1]


def test_a_lease_is_handed_out_only_so_often():
    members, found = Members(), []
    leases = Leases(members, clock=lambda: 0.0)
    for _ in range(SHARED_ENTRIES + 1):
        leases.take(3600, found.append)

    assert len(members.asked) == 2


def test_a_failure_is_told_to_all_who_wait_and_the_next_one_asks_again():
    members, found = Members(), []
    leases = Leases(members, clock=lambda: 0.0)
    leases.take(60, found.append)
    leases.take(60, found.append)
    members.asked[0][1](Failure(FailureKind.UNSURE, "lost"))
    leases.take(60, found.append)
    members.grant(1)

    assert [type(each) for each in found] == [Failure, Failure, int]


def test_a_lease_that_has_run_out_is_forgotten():
    members, found = Members(), []
    leases = Leases(members, clock=lambda: 0.0)
    leases.take(60, found.append)
    members.grant(0)
    leases.forget(1)
    leases.take(60, found.append)

    assert len(members.asked) == 2
