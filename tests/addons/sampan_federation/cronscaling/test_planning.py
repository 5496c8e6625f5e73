from __future__ import annotations

import pytest

from sampan_federation.cronscaling.planning import Due, plan, record
from sampan_machinery.metadata import now_text, parse_time

NOON = parse_time("2026-11-30T12:00:00Z")
UP = {"name": "up", "schedule": "0 8 * * *", "targetReplicas": 9}
DOWN = {"name": "down", "schedule": "0 20 * * *", "targetReplicas": 1}


def at(text):
    return parse_time(f"2026-11-{text}:00Z")


def test_a_new_rule_gets_its_next_time_and_is_not_made_up_for():
    found = plan([UP, DOWN], [], NOON)

    assert found.histories == [
        {"ruleName": "up", "nextExecutionTime": "2026-12-01T08:00:00Z"},
        {"ruleName": "down", "nextExecutionTime": "2026-11-30T20:00:00Z"},
    ]
    assert (found.due, found.problems, found.wake) == ([], [], at("30T20:00"))


def test_a_rule_whose_time_has_come_is_due_once():
    histories = plan([UP], [], at("30T07:59")).histories

    found = plan([UP], histories, at("30T08:00"))

    assert found.due == [Due(UP, at("30T08:00"))]
    assert plan([UP], found.histories, at("30T08:01")).due == []


def test_missed_times_are_made_the_newest_of_each_rule_in_their_order():
    histories = plan([DOWN, UP], [], at("26T00:00")).histories

    found = plan([DOWN, UP], histories, NOON)

    assert [(due.rule["name"], now_text(due.scheduled)) for due in found.due] == [
        ("down", "2026-11-29T20:00:00Z"), ("up", "2026-11-30T08:00:00Z"),
    ]  # fmt: skip


@pytest.mark.parametrize("seconds", [1, 3, 60, 3600, 86400 * 400])
def test_of_many_missed_times_the_newest_is_found(seconds):
    rule = {"name": "often", "schedule": "*/5 * * * *", "targetReplicas": 1}
    histories = plan([rule], [], NOON - 1).histories

    [due] = plan([rule], histories, NOON + seconds).due

    assert due.scheduled == (NOON + seconds) // 300 * 300


def test_intervals_keep_their_phase():
    rule = {"name": "often", "schedule": "@every 10m", "targetReplicas": 1}
    histories = plan([rule], [], NOON).histories
    assert histories[0]["nextExecutionTime"] == "2026-11-30T12:10:00Z"

    [due] = plan([rule], histories, NOON + 1234).due

    assert now_text(due.scheduled) == "2026-11-30T12:20:00Z"


def test_a_time_of_another_schedule_is_not_made():
    histories = plan([UP], [], at("30T07:00")).histories
    later = {**UP, "schedule": "0 11 * * *"}

    found = plan([later], histories, at("30T08:30"))

    assert found.due == []
    assert found.histories[0]["nextExecutionTime"] == "2026-11-30T11:00:00Z"


def test_a_suspended_rule_has_no_next_time_and_keeps_its_history():
    history = {"ruleName": "up", "nextExecutionTime": "2026-11-30T08:00:00Z", "failedExecutions": [{"message": "x"}]}

    found = plan([{**UP, "suspend": True}], [history], NOON)

    assert found.histories == [{"ruleName": "up", "failedExecutions": [{"message": "x"}]}]
    assert (found.due, found.wake) == ([], None)


def test_the_history_of_a_rule_that_is_gone_goes_and_others_keep_their_order():
    histories = [{"ruleName": "old"}, {"ruleName": "down"}]

    found = plan([UP, DOWN], histories, NOON)

    assert [each["ruleName"] for each in found.histories] == ["down", "up"]


def test_a_time_zone_counts():
    found = plan([{**UP, "timeZone": "Asia/Tokyo"}], [], NOON)

    assert found.histories[0]["nextExecutionTime"] == "2026-11-30T23:00:00Z"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schedule": "5-1 * * * *"}, "beyond end of range"),
        ({"schedule": "0 0 31 2 *"}, "is never"),
        ({"timeZone": "Mars/Olympus"}, "unknown time zone"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_said(change, words):
    found = plan([{**UP, **change}, DOWN], [], NOON)

    assert [words in each for each in found.problems] == [True]
    assert "nextExecutionTime" not in found.histories[0]
    assert found.wake == at("30T20:00")


def test_executions_are_kept_newest_first_up_to_the_limit():
    rule = {**UP, "successfulHistoryLimit": 2, "failedHistoryLimit": 0}
    histories = [{"ruleName": "up"}]

    for hour in range(3):
        record(histories, Due(rule, NOON + hour * 3600), NOON + hour * 3600 + 1)
        record(histories, Due(rule, NOON), NOON, error="no")

    assert histories == [
        {
            "ruleName": "up",
            "successfulExecutions": [
                {
                    "scheduleTime": "2026-11-30T14:00:00Z", "executionTime": "2026-11-30T14:00:01Z",
                    "appliedReplicas": 9,
                },
                {
                    "scheduleTime": "2026-11-30T13:00:00Z", "executionTime": "2026-11-30T13:00:01Z",
                    "appliedReplicas": 9,
                },
            ],
        }
    ]  # fmt: skip


def test_a_failure_keeps_its_words_within_bounds():
    rule = {"name": "up", "schedule": "0 8 * * *", "targetMinReplicas": 2, "targetMaxReplicas": 5}
    histories = [{"ruleName": "up"}]

    record(histories, Due(rule, NOON), NOON + 5, error="x" * 5000)
    record(histories, Due(rule, NOON), NOON + 5)

    [failed] = histories[0]["failedExecutions"]
    assert (failed["executionTime"], len(failed["message"])) == ("2026-11-30T12:00:05Z", 1024)
    [good] = histories[0]["successfulExecutions"]
    assert (good["appliedMinReplicas"], good["appliedMaxReplicas"]) == (2, 5)


def test_a_lower_limit_counts_at_once():
    history = {"ruleName": "up", "successfulExecutions": [{}, {}, {}, {}]}

    [kept] = plan([{**UP, "successfulHistoryLimit": 1}], [history], NOON).histories

    assert len(kept["successfulExecutions"]) == 1
