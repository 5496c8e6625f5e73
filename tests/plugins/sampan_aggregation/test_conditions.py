from sampan_aggregation.conditions import LOCAL, PASSED, Availability, found, with_verdict

NOW = 1_800_000_000.0
AWAY = Availability(False, "FailedDiscoveryCheck", "no answer")


def test_before_the_first_check_there_is_none():
    assert found({}) is None
    assert found({"status": {"conditions": [{"type": "Other"}]}}) is None


def test_a_verdict_becomes_the_condition_and_others_stay():
    obj = {"status": {"conditions": [{"type": "Other", "status": "True"}]}}

    assert with_verdict(obj, PASSED, NOW) is obj
    assert [each["type"] for each in obj["status"]["conditions"]] == ["Other", "Available"]
    assert (found(obj)["status"], found(obj)["reason"]) == ("True", "Passed")


def test_the_same_verdict_changes_nothing():
    obj = with_verdict({}, PASSED, NOW)

    assert with_verdict(obj, PASSED, NOW + 60) is None


def test_the_time_is_that_of_the_last_change_of_status():
    obj = with_verdict({}, PASSED, NOW)
    since = found(obj)["lastTransitionTime"]

    with_verdict(obj, LOCAL, NOW + 60)
    assert (found(obj)["reason"], found(obj)["lastTransitionTime"]) == ("Local", since)
    with_verdict(obj, AWAY, NOW + 60)
    assert found(obj)["lastTransitionTime"] != since
    assert len(obj["status"]["conditions"]) == 1
