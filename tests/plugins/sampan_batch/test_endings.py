from sampan_batch.endings import COMPLETED, Ending, deadline_in, ending_of, finished_since, is_complete, is_finished
from sampan_batch.state import state_of
from sampan_machinery.metadata import parse_time

START = "2026-11-30T10:00:00Z"
NOW = parse_time(START) + 20


def state(make, pods=(), *, status=None, **spec):
    job = make.job(**spec)
    job["status"] = status or {}
    return state_of(job, list(pods), NOW)


def condition(name, reason="Because"):
    return {
        "conditions": [{"type": name, "status": "True", "reason": reason, "message": "m", "lastTransitionTime": START}]
    }


def test_an_end_that_was_decided_stays(make):
    failed = [make.ended(make.pod(), 1)]

    found = ending_of(state(make, failed, status=condition("SuccessCriteriaMet"), backoffLimit=0))
    assert found == Ending("SuccessCriteriaMet", "Because", "m")
    assert (found.terminal, found.fails) == ("Complete", False)

    found = ending_of(state(make, status=condition("FailureTarget")))
    assert (found.terminal, found.fails, found.reason) == ("Failed", True, "Because")


def test_a_policy_comes_before_the_limits(make):
    rules = [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1]}}]
    failed = [make.ended(make.pod(), 1)]

    found = ending_of(state(make, failed, backoffLimit=0, podFailurePolicy={"rules": rules}))

    assert found.reason == "PodFailurePolicy"


def test_the_limit_comes_before_the_deadline(make):
    failed = [make.ended(make.pod(), 1)]

    found = ending_of(state(make, failed, status={"startTime": START}, backoffLimit=0, activeDeadlineSeconds=10))

    assert found.reason == "BackoffLimitExceeded"


def test_the_deadline_counts_from_the_start_and_not_while_suspended(make):
    assert deadline_in(state(make, status={"startTime": START}, activeDeadlineSeconds=30)) == 10
    assert deadline_in(state(make, activeDeadlineSeconds=30)) == 30
    assert deadline_in(state(make, status={"startTime": START}, activeDeadlineSeconds=30, suspend=True)) is None
    assert ending_of(state(make, status={"startTime": START}, activeDeadlineSeconds=20)).reason == "DeadlineExceeded"


def test_a_job_is_complete_when_nothing_runs_any_more(make):
    done = state(make, status={"succeeded": 2}, completions=2)

    assert is_complete(done, 0) and not is_complete(done, 1)
    assert not is_complete(state(make, status={"succeeded": 1}, completions=2), 0)
    assert is_complete(state(make, status={"succeeded": 1}, parallelism=2), 0)
    assert not is_complete(state(make, parallelism=2), 0)
    assert COMPLETED.terminal == "Complete"


def test_when_a_job_finished(make):
    job = make.job()
    assert (is_finished(job), finished_since(job)) == (False, None)

    job["status"] = condition("Failed")
    assert (is_finished(job), finished_since(job)) == (True, parse_time(START))
