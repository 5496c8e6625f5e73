from sampan_devices.scheduling.readiness import TIMEOUT, is_late, readiness, waits
from sampan_machinery.metadata import parse_time

DEVICE = {"driver": "d", "pool": "p", "device": "a"}
AT = "2026-01-01T00:00:00Z"


def claim(*conditions, wanted=("on",), failing=("off",)):
    result = {**DEVICE, "request": "r", "bindingConditions": list(wanted), "bindingFailureConditions": list(failing)}
    said = [{**DEVICE, "conditions": [{"type": name, "status": value} for name, value in conditions]}]
    status = {"allocation": {"devices": {"results": [result]}, "allocationTimestamp": AT}}
    return {"metadata": {"name": "c"}, "status": {**status, "devices": said if conditions else []}}


def test_devices_are_ready_once_all_their_conditions_are_true():
    assert readiness(claim(wanted=(), failing=())).ready
    assert not readiness(claim()).ready
    assert not readiness(claim(("on", "False"))).ready
    assert readiness(claim(("on", "True"), ("off", "False"))).ready


def test_a_failure_is_told():
    assert "device binding failed: claim=c" in readiness(claim(("off", "True"))).failed


def test_only_devices_with_conditions_can_be_late():
    now = parse_time(AT) + TIMEOUT

    assert waits(claim()) and not waits(claim(wanted=()))
    assert is_late(claim(), now + 1) and not is_late(claim(), now) and not is_late(claim(wanted=()), now + 1)
