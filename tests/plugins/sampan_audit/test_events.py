from __future__ import annotations

from sampan.contracts.access import User
from sampan_audit import events

NOW = 1_800_000_000.0


def test_an_event_says_who_what_and_from_where(request_of):
    caller = User("jane", ("dev",), "7", {"scope": ("a",)})
    request = request_of(caller=caller, user=caller, name="web", headers={"user-agent": "kubectl"})

    event = events.event_of(events.facts_of(request, 1, "id", NOW), "ResponseComplete", NOW + 0.5)
    events.ended(event, 201, {"a/b": "c"})

    assert event == {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": "id",
        "stage": "ResponseComplete", "requestURI": "/api/v1/namespaces/default/pods?dryRun=All", "verb": "create",
        "user": {"username": "jane", "uid": "7", "groups": ["dev"], "extra": {"scope": ["a"]}},
        "sourceIPs": ["10.0.0.9"], "userAgent": "kubectl",
        "objectRef": {"resource": "pods", "namespace": "default", "name": "web", "apiVersion": "v1"},
        "requestReceivedTimestamp": "2027-01-15T08:00:00.000000Z", "stageTimestamp": "2027-01-15T08:00:00.500000Z",
        "responseStatus": {"metadata": {}, "code": 201}, "annotations": {"a/b": "c"},
    }  # fmt: skip


def test_whom_the_caller_acts_as_is_said():
    event = {}

    events.impersonated(event, User("bob"))

    assert event == {"impersonatedUser": {"username": "bob"}}


def test_proxies_are_named_before_the_connection(request_of):
    def found(peer="10.0.0.9", **headers):
        request = request_of(peer=peer, headers={k.replace("_", "-"): v for k, v in headers.items()})
        facts = events.facts_of(request, 1, "id", NOW)
        return events.event_of(facts, "ResponseComplete", NOW).get("sourceIPs", [])

    assert found(x_forwarded_for="1.1.1.1, 2.2.2.2") == ["1.1.1.1", "2.2.2.2", "10.0.0.9"]
    assert found(x_forwarded_for="1.1.1.1", x_real_ip="1.1.1.1", peer="1.1.1.1") == ["1.1.1.1"]
    assert found(x_real_ip="3.3.3.3") == ["3.3.3.3", "10.0.0.9"]
    assert found(peer="") == []


def test_a_long_user_agent_is_cut(request_of):
    facts = events.facts_of(request_of(headers={"user-agent": "a" * 2000}), 1, "id", NOW)
    event = events.event_of(facts, "ResponseComplete", NOW)

    assert len(event["userAgent"]) == 1024 + len("...TRUNCATED")


def test_users_of_one_name_are_told_apart(request_of):
    groups = []
    for number in range(3000):  # more than are remembered
        caller = User("jane", (f"g{number}",))
        facts = events.facts_of(request_of(caller=caller, user=caller), 1, "id", NOW)
        groups += events.event_of(facts, "ResponseComplete", NOW)["user"]["groups"]

    assert groups == [f"g{number}" for number in range(3000)]
