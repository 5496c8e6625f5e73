import json

from sampan_explain.past import who
from sampan_machinery.metadata import parse_time
from sampan_machinery.resources import DEPLOYMENTS


def managed(*entries):
    return {"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": list(entries)}}


def entry(manager, time="2026-01-01T00:00:05Z", **more):
    return {"manager": manager, "operation": "Update", "time": time, **more}


def audit(verb="patch", name="web", at="2026-01-01T00:00:05.2Z", code=200, **more):
    return json.dumps({
        "stage": "ResponseComplete", "verb": verb, "stageTimestamp": at, "user": {"username": "ann"},
        "userAgent": "kubectl/v1.37", "responseStatus": {"code": code},
        "objectRef": {"apiGroup": "apps", "resource": "deployments", "namespace": "default", "name": name}, **more,
    }).encode()  # fmt: skip


def test_the_manager_whose_entry_is_new_wrote_it():
    old, new = managed(entry("helm")), managed(entry("helm"), entry("kubectl-edit", subresource="scale"))

    assert [(each.name, each.how) for each in who.managers(old, new)] == [("kubectl-edit", "Update of scale")]
    assert who.managers(old, None) == []


def test_a_manager_that_lost_a_field_to_the_writer_did_not_write():
    old = managed(entry("helm", fieldsV1={"f:a": {}, "f:b": {}}))
    new = managed(
        entry("helm", fieldsV1={"f:b": {}}), entry("kubectl-patch", "2026-01-01T00:00:09Z", fieldsV1={"f:a": {}})
    )

    assert [each.name for each in who.managers(old, new)] == ["kubectl-patch"]


def test_the_time_is_the_servers_else_the_managers_else_that_of_creation():
    writers = who.managers(None, managed(entry("helm")))

    assert who.written_at(managed(), 12.0, writers) == 12.0
    assert who.written_at(managed(), writers[0].at + 8.0, writers) == writers[0].at
    assert who.written_at(managed(), 0.0, writers) == parse_time("2026-01-01T00:00:05Z")
    assert who.written_at(managed(), 0.0, []) == parse_time("2026-01-01T00:00:00Z")


def test_the_audit_log_tells_the_user_of_a_write():
    lines = [audit(name="other"), b"not json web", audit(verb="get"), audit(code=409), audit()]
    events = who.audited(lines, DEPLOYMENTS, "default", "web")
    found = who.auditor(events, parse_time("2026-01-01T00:00:05Z"), deleted=False, revision=7)

    assert len(events) == 1
    assert (found.user, found.name, found.how) == ("ann", "kubectl", "patch")


def test_an_event_that_is_not_near_or_of_another_verb_is_none():
    events = who.audited([audit()], DEPLOYMENTS, "default", "web")

    assert who.auditor(events, parse_time("2026-01-01T00:01:00Z"), deleted=False, revision=7) is None
    assert who.auditor(events, parse_time("2026-01-01T00:00:05Z"), deleted=True, revision=7) is None


def test_an_event_that_holds_the_object_counts_by_its_revision():
    line = audit(responseObject={"metadata": {"resourceVersion": "7"}}, impersonatedUser={"username": "bob"})
    events = who.audited([line], DEPLOYMENTS, "default", "web")

    assert who.auditor(events, 0.0, deleted=False, revision=7).user == "bob"
