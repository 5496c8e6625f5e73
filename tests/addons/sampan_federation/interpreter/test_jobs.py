from sampan_federation.interpreter.jobs import aggregate_job, is_true

NOW = "2026-01-01T00:00:00Z"


def done(**more):
    return {"conditions": [{"type": kind, "status": "True"} for kind in ("SuccessCriteriaMet", "Complete")], **more}


def test_success_criteria_come_before_complete():
    reported = [{"clusterName": "a", "status": done()}, {"clusterName": "b", "status": done()}]

    found = aggregate_job({"status": {}}, reported, NOW)

    assert [each["type"] for each in found["conditions"]] == ["SuccessCriteriaMet", "Complete"]


def test_without_members_nothing_is_complete():
    assert aggregate_job({}, [], NOW) == {}


def test_the_start_that_was_shown_stays():
    reported = [{"clusterName": "a", "status": {"startTime": "2020-01-01T00:00:00Z"}}]

    assert aggregate_job({"status": {"startTime": NOW}}, reported, NOW)["startTime"] == NOW


def test_a_condition_is_true_only_by_its_status():
    assert not is_true({"conditions": [{"type": "Failed", "status": "False"}]}, "Failed")
    assert not is_true(None, "Failed")
