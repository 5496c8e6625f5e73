from __future__ import annotations

import uuid

import pytest

from sampan.contracts.access import User
from sampan.contracts.chain import RequestOutcome
from sampan.errors import InternalError
from sampan_audit.matching import Matcher
from sampan_audit.step import Audit, attempted

NOW = 1_800_000_000.0
ALL = {"level": "RequestResponse"}
OUTCOME = RequestOutcome(201, 0.5, {"a/b": "c"}, b"{}")


@pytest.fixture
def entries():
    return []


@pytest.fixture
def audit(entries, policy):
    def build(*rules, **more):
        return Audit(Matcher(policy(*rules, **more)), lambda entry: entries.append(entry) or True, lambda: NOW)

    return build


def stages(entries):
    return [entry.event["stage"] for entry in entries]


def test_a_request_is_logged_when_it_comes_and_when_it_ends(audit, entries, request_of):
    request = request_of(headers={"content-type": "application/json; charset=utf-8"})
    told = audit(ALL).enter(request)
    request.body = b"{}"
    told(OUTCOME)

    assert stages(entries) == ["RequestReceived", "ResponseComplete"]
    assert request.kept
    last = entries[-1]
    assert (last.sent, last.media, last.answer) == (b"{}", "application/json", b"{}")
    assert last.event["annotations"] == {"a/b": "c"}
    assert request.added == [("audit-id", last.event["auditID"])]


def test_a_request_that_no_rule_names_costs_no_callback(audit, request_of):
    assert audit({"level": "None"}).enter(request_of()) is None


def test_omitted_stages_are_left_out(audit, entries, request_of):
    told = audit(ALL, omitStages=["RequestReceived", "ResponseStarted"]).enter(request_of())
    told.started(200)
    told(OUTCOME)

    assert stages(entries) == ["ResponseComplete"]


def test_a_stream_is_logged_when_it_begins(audit, entries, request_of):
    told = audit({"level": "Metadata", "omitStages": ["RequestReceived"]}).enter(request_of(verb="watch"))
    told.started(200)

    assert stages(entries) == ["ResponseStarted"]
    assert entries[0].event["responseStatus"]["code"] == 200


@pytest.mark.parametrize("secret", [{"sensitive": True}, {"resource": "serviceaccounts", "subresource": "token"}])
def test_what_holds_secrets_is_never_logged_above_metadata(audit, entries, request_of, secret):
    request = request_of(**secret)
    audit(ALL).enter(request)(OUTCOME)

    assert not request.kept
    assert {entry.event["level"] for entry in entries} == {"Metadata"}
    assert {entry.level for entry in entries} == {1}


def test_the_clients_own_id_is_taken_where_it_is_one(audit, entries, request_of):
    audit(ALL).enter(request_of(headers={"audit-id": "mine"}))
    audit(ALL).enter(request_of(headers={"audit-id": "x" * 65}))

    assert entries[0].event["auditID"] == "mine"
    assert len(entries[1].event["auditID"]) == 36


def test_impersonation_is_seen_at_the_end(audit, entries, request_of):
    request = request_of()
    told = audit(ALL).enter(request)
    request.user = User("bob")
    told(OUTCOME)

    assert entries[-1].event["user"]["username"] == "jane"
    assert entries[-1].event["impersonatedUser"] == {"username": "bob"}


def test_failed_authentication_is_logged_by_rules_that_name_no_user(audit, entries, request_of):
    refused = RequestOutcome(401, 0.1, {}, b"")
    request = request_of(user=User(""), headers={"authorization": "Bearer x"})

    audit({"level": "Metadata", "userGroups": ["dev"]}).refused(request, refused)
    assert entries == []
    audit(ALL).refused(request, refused)

    event = entries[0].event
    assert (event["stage"], event["user"]) == ("ResponseStarted", {})
    assert event["responseStatus"]["message"] == "Authentication failed, attempted: bearer"
    assert attempted(request_of()) == "Authentication failed, no credentials provided"


def test_ids_are_uuids_and_none_comes_twice(audit, entries, request_of):
    step = audit({"level": "Metadata", "omitStages": ["ResponseComplete"]})
    for _ in range(1000):
        step.enter(request_of())

    ids = {entry.event["auditID"] for entry in entries}
    assert len(ids) == 1000 and {uuid.UUID(each).version for each in ids} == {4}


@pytest.mark.parametrize("strict", [True, False])
def test_a_strict_log_refuses_what_it_cannot_write_when_it_comes(policy, request_of, strict):
    step = Audit(Matcher(policy(ALL)), lambda entry: False, lambda: NOW, strict=strict)

    if not strict:
        assert step.enter(request_of()) is not None
        return
    with pytest.raises(InternalError, match="audit log"):
        step.enter(request_of())
