"""The first slice: every verb on real kinds through the whole application."""

from __future__ import annotations

from typing import Any

CMS = "/api/v1/namespaces/default/configmaps"


def test_an_object_lives_through_all_verbs(api: Any, shapes: Any) -> None:
    created = api.post(CMS, shapes.config_map("a", key="1"))
    assert created.status_code == 201
    meta = created.json["metadata"]
    assert meta["uid"] and meta["creationTimestamp"] and meta["namespace"] == "default" and int(meta["resourceVersion"])

    assert api.get(f"{CMS}/a").json == created.json
    listed = api.get(CMS).json
    item = {name: value for name, value in created.json.items() if name not in ("kind", "apiVersion")}
    assert listed["kind"] == "ConfigMapList" and listed["items"] == [item]

    updated = api.put(f"{CMS}/a", {**created.json, "data": {"key": "2"}})
    assert updated.status_code == 200 and updated.json["data"] == {"key": "2"}
    stale = api.put(f"{CMS}/a", {**created.json, "data": {"key": "3"}})
    assert stale.status_code == 409
    assert stale.json["message"] == (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to '
        "the latest version and try again"
    )

    patched = api.patch(f"{CMS}/a", {"data": {"key": None, "other": "4"}})
    assert patched.json["data"] == {"other": "4"}

    removed = api.delete(f"{CMS}/a")
    assert removed.status_code == 200 and removed.json["status"] == "Success"
    gone = api.get(f"{CMS}/a")
    assert gone.status_code == 404 and gone.json["message"] == 'configmaps "a" not found'

    events = api.watch(CMS, f"resourceVersion={meta['resourceVersion']}", 3)
    assert [event["type"] for event in events] == ["MODIFIED", "MODIFIED", "DELETED"]
    assert events[0]["object"] == updated.json
    assert int(events[2]["object"]["metadata"]["resourceVersion"]) > int(patched.json["metadata"]["resourceVersion"])


def test_a_second_create_is_refused(api: Any, shapes: Any) -> None:
    api.post(CMS, shapes.config_map("a"))

    again = api.post(CMS, shapes.config_map("a"))

    assert again.status_code == 409 and again.json["reason"] == "AlreadyExists"
