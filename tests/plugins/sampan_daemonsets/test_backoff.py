from sampan_daemonsets.backoff import FailedPods


def test_each_failure_waits_longer_than_the_one_before():
    failed, now = FailedPods(), 1000.0

    assert failed.replace_in("a", now) == 0
    assert failed.replace_in("a", now + 0.5) == 0.5
    assert failed.replace_in("a", now + 1) == 0
    assert failed.replace_in("a", now + 2) == 1
    assert failed.replace_in("a", now + 3) == 0
    assert failed.replace_in("b", now + 3) == 0


def test_after_a_long_time_it_begins_again_and_nothing_is_kept_for_ever():
    failed = FailedPods()
    for number in range(1001):
        failed.replace_in(number, 0.0)
        failed.replace_in(number, 1.0)

    assert failed.replace_in("late", 5000.0) == 0
    assert failed.replace_in(1, 5000.0) == 0
    assert failed.replace_in(1, 5000.5) == 0.5
    assert len(failed._last) == 2


def test_the_longest_wait_is_a_quarter_of_an_hour():
    failed, now = FailedPods(), 0.0
    for _ in range(20):
        now += failed.replace_in("a", now)
        assert failed.replace_in("a", now) <= 900
        now += 900
