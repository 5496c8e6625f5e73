import pytest

from sampan.contracts.access import User
from sampan_client import Client
from sampan_client.events import Recorder
from sampan_machinery.resources import EVENTS
from sampan_testing.miniapi import MiniApi

POD = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web", "namespace": "default", "uid": "u"}}


@pytest.fixture
def api(monkeypatch):
    monkeypatch.setattr("sampan_client.events._FLUSH", 60.0)  # a slow machine may need longer than is usual
    return MiniApi([EVENTS])


@pytest.fixture
def recorder(api):
    return Recorder(Client.in_process(api, User("me")), "kubelet", "n1")


def test_an_event_has_component_reason_and_message(api, recorder):
    recorder.event(POD, "Normal", "Pulled", "image is there")
    recorder.close()

    (event,) = api.list(EVENTS)
    assert event["involvedObject"]["name"] == "web"
    assert event["source"] == {"component": "kubelet", "host": "n1"}
    assert (event["reason"], event["message"], event["count"]) == ("Pulled", "image is there", 1)


def test_the_same_event_again_is_counted(api, recorder):
    for revision in ("1", "2", "3"):
        seen = {**POD, "metadata": {**POD["metadata"], "resourceVersion": revision}}
        recorder.event(seen, "Warning", "BackOff", "again")
    recorder.close()

    (event,) = api.list(EVENTS)
    assert event["count"] == 3


def test_many_similar_events_become_one(api, recorder):
    for number in range(15):
        recorder.event(POD, "Warning", "Failed", f"message {number}")
    recorder.close()

    events = api.list(EVENTS)
    assert len(events) == 11
    assert events[-1]["message"].startswith("(combined from similar events): ")
    assert events[-1]["count"] == 5


def test_an_object_with_too_many_events_is_rate_limited(api, recorder):
    for number in range(100):
        recorder.event(POD, "Normal", f"Reason{number}", "")
    recorder.close()

    assert len(api.list(EVENTS)) == 25


def test_nothing_happens_after_the_end(api, recorder):
    recorder.close()

    recorder.event(POD, "Normal", "Late", "")

    assert list(api.list(EVENTS)) == []


def test_without_a_thread_the_caller_writes_one_after_another(api):
    recorder = Recorder(Client.in_process(api, User("me")), "kubelet", threaded=False)
    recorder.event(POD, "Normal", "One", "x")
    recorder.event(POD, "Normal", "Two", "x")

    assert api.list(EVENTS) == []
    assert [recorder.write_one(), recorder.write_one(), recorder.write_one()] == [True, True, False]
    assert [each["reason"] for each in api.list(EVENTS)] == ["One", "Two"]
