from types import SimpleNamespace

import pytest

from sampan.contracts.access import User
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan.errors import TooManyRequests
from sampan_events.plugin import Settings, contribute_admitters
from sampan_events.ratelimit import Buckets, EventRateLimit, Limit, key_of
from sampan_machinery.resources import EVENTS
from sampan_testing.shelves import Shelf


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def review(namespace="a", user="me", name="web", dry_run=False):
    event = {"source": {"component": "k"}, "involvedObject": {"kind": "Pod", "namespace": namespace, "name": name}}
    kind = Kind(**EVENTS._asdict())
    return Review("CREATE", kind, "", namespace, "e", event, None, User(user), dry_run, Shelf())


def allowed(rule, asked):
    try:
        rule.admit(asked)
    except TooManyRequests:
        return False
    return True


def test_a_bucket_holds_a_burst_and_fills_up_again():
    clock = Clock()
    buckets = Buckets(Limit("Server", qps=2, burst=2), clock)

    assert [buckets.take("") for _ in range(3)] == [True, True, False]
    clock.now += 0.5
    assert [buckets.take("") for _ in range(2)] == [True, False]
    clock.now += 60
    assert [buckets.take("") for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    "kind, other",
    [("Namespace", review("b")), ("User", review(user="you")), ("SourceAndObject", review(name="db"))],
)
def test_each_has_a_bucket_of_its_own(kind, other):
    rule = EventRateLimit([Limit(kind, qps=0.1, burst=1)], Clock())

    assert [allowed(rule, each) for each in (review(), review(), other)] == [True, False, True]


def test_the_server_has_one_for_all():
    rule = EventRateLimit([Limit("Server", qps=0.1, burst=1)], Clock())

    assert [allowed(rule, each) for each in (review(), review("b"))] == [True, False]


def test_the_refusal_names_the_limits():
    rule = EventRateLimit([Limit("Namespace", qps=0.1, burst=1), Limit("User", qps=0.1, burst=1)], Clock())
    rule.admit(review())

    with pytest.raises(TooManyRequests) as refused:
        rule.admit(review())

    assert str(refused.value) == ("[limit reached on type Namespace for key a, limit reached on type User for key me]")


def test_a_dry_run_is_free():
    rule = EventRateLimit([Limit("Server", qps=0.1, burst=1)], Clock())

    assert all(allowed(rule, review(dry_run=True)) for _ in range(3))


def test_who_was_heard_of_least_recently_is_forgotten():
    buckets = Buckets(Limit("User", qps=0.1, burst=1, cache_size=1), Clock())

    assert [buckets.take("a"), buckets.take("b"), buckets.take("a")] == [True, True, True]
    assert key_of("SourceAndObject", review()) == "kPodaweb"


def test_the_rule_is_there_where_limits_are_set():
    limit = Limit("Server", qps=1, burst=1)

    assert contribute_admitters(SimpleNamespace(settings=Settings())) == []
    assert len(contribute_admitters(SimpleNamespace(settings=Settings(rate_limits=(limit,))))) == 1
    with pytest.raises(ValueError, match="greater than 0"):
        Limit("Server", qps=0, burst=1)
