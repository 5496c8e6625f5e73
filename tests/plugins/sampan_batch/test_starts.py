import pytest

from sampan_batch.starts import due, name_of, next_in
from sampan_machinery.metadata import parse_time
from sampan_machinery.schedules import parse

CREATED = "2026-11-30T10:00:10Z"
T = parse_time("2026-11-30T10:00:00Z")


@pytest.fixture
def tick(make):
    found = make.cron_job()
    found["metadata"]["creationTimestamp"] = CREATED
    return found


def at(cron_job, text, seconds):
    found = due(cron_job, parse(text), T + seconds)
    return found.at and found.at - T, found.missed


def test_the_newest_start_is_due(tick):
    assert at(tick, "* * * * *", 30) == (None, 0)
    assert at(tick, "* * * * *", 61) == (60, 0)
    assert at(tick, "* * * * *", 301) == (300, 5)


def test_starts_that_are_made_are_not_due(tick):
    tick["status"] = {"lastScheduleTime": "2026-11-30T10:05:00Z"}

    assert at(tick, "* * * * *", 330) == (None, 0)
    assert at(tick, "* * * * *", 360) == (360, 0)


def test_intervals_count_from_the_last_start(tick):
    assert at(tick, "@every 90s", 101) == (100, 0)
    assert at(tick, "@every 90s", 460)[0] == 460


def test_irregular_schedules_find_their_newest_start(tick):
    monday_evening = parse_time("2026-12-07T16:00:00Z") - T

    found, _ = at(tick, "30 6-16/4 * * 1-5", monday_evening)

    assert found == parse_time("2026-12-07T14:30:00Z") - T


def test_the_deadline_limits_how_far_back_is_looked(tick):
    tick["spec"]["startingDeadlineSeconds"] = 120

    assert at(tick, "* * * * *", 86400 + 1) == (86400, 2)
    tick["spec"]["startingDeadlineSeconds"] = 20
    assert at(tick, "0 * * * *", 3660) == (None, 0)


def test_a_schedule_that_never_fits_is_a_problem(tick):
    assert "less than 1 second" in due(tick, parse("59 23 31 2 *"), T).problem
    assert next_in(tick, parse("59 23 31 2 *"), T) is None


def test_the_next_start_has_a_tenth_of_a_second_for_clocks(tick):
    assert next_in(tick, parse("* * * * *"), T + 30) == pytest.approx(30.1)
    assert next_in(tick, parse("* * * * *"), T + 90) == pytest.approx(30.1)


def test_a_job_is_named_after_the_minute_of_its_start(tick):
    assert name_of(tick, T) == f"tick-{int(T) // 60}"
