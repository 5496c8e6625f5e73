import pytest

from sampan_cri.client import CriFailure, is_missing


def test_a_call_is_answered_by_the_service_that_has_it(client, fake):
    fake.answers["ListImages"] = {"images": [{"id": "sha256:1"}]}

    assert client.call("Version")["runtime_name"] == "fake"
    assert client.call("ListImages")["images"][0]["id"] == "sha256:1"


def test_a_refusal_has_the_callers_reason_and_the_runtimes_words(client, fake, refusal):
    fake.answers["StartContainer"] = refusal("NOT_FOUND", "no such container")

    with pytest.raises(CriFailure, match=r"^no such container$") as raised:
        client.call("StartContainer", reason="RunContainerError", container_id="x")

    assert (raised.value.reason, raised.value.code, is_missing(raised.value)) == (
        "RunContainerError",
        "NOT_FOUND",
        True,
    )


def test_a_runtime_that_is_away_is_named(client, fake):
    fake.close()

    with pytest.raises(CriFailure, match=r"the CRI runtime at .*cri.sock does not answer"):
        client.call("Version", patience=5)


def test_events_are_streamed_until_the_runtime_ends_them(client, fake):
    fake.answers["GetContainerEvents"] = [{"container_id": "a"}, {"container_id": "b"}]
    cancels = []

    assert [one["container_id"] for one in client.events(cancels.append)] == ["a", "b"]
    assert len(cancels) == 1


def test_containerds_events_are_asked_for_by_topic(client, fake):
    fake.answers["Subscribe"] = []

    assert list(client.containerd_events(lambda _: None, "/tasks/exit")) == []
    assert fake.requests("Subscribe") == [{"filters": ['namespace=="k8s.io",topic=="/tasks/exit"']}]
