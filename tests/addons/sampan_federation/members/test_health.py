from __future__ import annotations

from sampan_federation.members.health import Probe, Standing, judge

GOOD, BAD, LOST = Probe(True, True), Probe(True, False, "etcd"), Probe(False, False, "refused")


def judged(current: str | None, probe: Probe, standing: Standing, now: float):
    status = {} if current is None else {"conditions": [{"type": "Ready", "status": current}]}
    standing.saw(probe, now)
    verdict = judge(status, probe, standing, now, failure_seconds=30, success_seconds=30)
    return verdict and verdict.status


def test_a_new_member_is_judged_at_once():
    assert judged(None, GOOD, Standing(), 0) == "True"
    assert judged(None, LOST, Standing(), 0) == "Unknown"
    assert judged(None, BAD, Standing(), 0) == "False"


def test_failures_have_to_last():
    standing = Standing()
    assert judged("True", LOST, standing, 0) is None
    assert judged("True", LOST, standing, 29) is None
    assert judged("True", GOOD, standing, 29.5) == "True"
    assert judged("True", LOST, standing, 31) is None
    assert judged("True", BAD, standing, 61) == "False"


def test_so_have_successes():
    standing = Standing()
    assert judged("Unknown", GOOD, standing, 0) is None
    assert judged("Unknown", GOOD, standing, 30) == "True"
    assert judged("Unknown", BAD, standing, 31) == "False"
