"""One storage, two views, through the real API server."""

from __future__ import annotations

import pytest

from sampan.contracts.kinds import Resource
from sampan.errors import BadRequest, Conflict, Invalid
from sampan_events.events import COLUMNS, from_core, to_core, validate, validate_fresh
from sampan_testing.cluster import start

CORE = Resource("", "v1", "events", "Event")
FRESH = Resource("events.k8s.io", "v1", "events", "Event")
TIME = "2026-01-01T00:00:00.000000Z"


@pytest.fixture
def client():
    with start(only=("events",), control=False) as cluster:
        yield cluster.client


def core(name="e", **more):
    about = {"kind": "Pod", "namespace": "default", "name": "web"}
    body = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": "default"}}
    said = {"reason": "Started", "message": "it runs", "type": "Normal"}
    return {**body, "involvedObject": about, **said, **more}


def fresh(name="f", **more):
    about = {"kind": "Pod", "namespace": "default", "name": "web"}
    body = {"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": name, "namespace": "default"}}
    said = {"regarding": about, "reason": "Killing", "note": "it ends", "type": "Normal", "action": "Kill"}
    return {
        **body,
        **said,
        "eventTime": TIME,
        "reportingController": "example.com/x",
        "reportingInstance": "x-1",
        **more,
    }


def names(client, resource, fields):
    return [event["metadata"]["name"] for event in client.list(resource, "default", fields=fields).items]


def test_what_one_view_writes_the_other_shows(client):
    client.create(CORE, core(source={"component": "kubelet"}, count=3, firstTimestamp=TIME[:19] + "Z"), "default")
    client.create(FRESH, fresh(), "default")

    seen = client.get(FRESH, "e", "default")
    assert (seen["apiVersion"], seen["note"], seen["regarding"]["name"]) == ("events.k8s.io/v1", "it runs", "web")
    assert (seen["deprecatedCount"], seen["deprecatedSource"]) == (3, {"component": "kubelet"})
    seen = client.get(CORE, "f", "default")
    assert (seen["apiVersion"], seen["message"], seen["involvedObject"]["name"]) == ("v1", "it ends", "web")
    assert (seen["reportingComponent"], seen["source"]) == ("example.com/x", {})


def test_both_views_are_selected_by_fields(client):
    client.create(CORE, core(source={"component": "kubelet"}), "default")
    client.create(FRESH, fresh(type="Warning"), "default")

    assert names(client, CORE, "involvedObject.name=web,reason=Started") == ["e"]
    assert names(client, CORE, "source=kubelet") == ["e"]
    assert names(client, CORE, "source=example.com/x") == ["f"]
    assert names(client, CORE, "type=Warning,involvedObject.kind=Pod") == ["f"]
    assert names(client, FRESH, "reportingController=example.com/x") == ["f"]
    assert names(client, FRESH, "regarding.name=web,reason=Killing") == ["f"]


def test_both_views_print_the_same(client):
    client.create(FRESH, fresh(), "default")
    headers = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}

    for path in ("/api/v1", "/apis/events.k8s.io/v1"):
        table = client.request("GET", f"{path}/namespaces/default/events", headers=headers).body
        assert b'"Normal","Killing","pod/web",' in table


def test_a_patch_and_a_deletion_through_one_view_count_for_the_other(client):
    client.create(CORE, core(), "default")
    client.patch(FRESH, "e", {"series": {"count": 2, "lastObservedTime": TIME}}, "default")
    assert client.get(CORE, "e", "default")["series"]["count"] == 2

    client.delete_collection(FRESH, "default")
    assert client.list(CORE, "default").items == []


def test_the_views_map_onto_each_other():
    event = core(reportingComponent="a", count=1, lastTimestamp="x", firstTimestamp="y", source={})

    assert to_core(from_core(event)) == event


@pytest.mark.parametrize(
    ("event", "paths"),
    [
        (core(), []),
        (core(involvedObject={"namespace": "other"}), ["involvedObject.namespace"]),
        (core(involvedObject={"kind": "Node"}), []),
        ({**core(involvedObject={}), "metadata": {"name": "e", "namespace": "a"}}, ["involvedObject.namespace"]),
        (to_core(fresh()), []),
        (to_core(fresh(reportingController="", action="")), [*["reportingComponent"] * 3, "action"]),
        (to_core(fresh(reportingController="not a name")), ["reportingComponent"]),
        (to_core(fresh(reason="x" * 129, note="x" * 1025)), ["reason", "message"]),
        (core(series={"count": 1}, type="Other"), []),
    ],
)
def test_what_is_wrong_is_named(event, paths):
    assert [problem.path for problem in validate(event, None)] == paths


@pytest.mark.parametrize(
    ("more", "paths"),
    [
        ({}, []),
        ({"reportingController": "not a name"}, ["reportingController"]),
        ({"eventTime": None, "type": "Other"}, ["eventTime", "type"]),
        ({"series": {"count": 1}}, ["series.count", "series.lastObservedTime"]),
        ({"metadata": {"namespace": "default", "name": "A_b"}}, ["metadata.name"]),
        ({"metadata": {"namespace": "default", "name": "a", "generateName": "B_"}}, ["metadata.generateName"]),
        (
            {"deprecatedCount": 1, "deprecatedSource": {"host": "h"}, "deprecatedFirstTimestamp": TIME},
            ["firstTimestamp", "count", "source"],
        ),
    ],
)
def test_the_fresh_view_wants_more_of_a_new_event(more, paths):
    assert [problem.path for problem in validate_fresh(to_core(fresh(**more)), None)] == paths


def test_the_fresh_view_lets_an_event_say_nothing_else_later(client):
    client.create(FRESH, fresh(), "default")

    with pytest.raises(Invalid) as refused:
        client.patch(FRESH, "f", {"note": "other", "type": "Warning", "related": {"kind": "A"}}, "default")

    assert [cause.field for cause in refused.value.causes] == ["message", "type", "related"]
    assert client.patch(CORE, "f", {"message": "other"}, "default")["message"] == "other"


def test_an_event_elsewhere_than_its_object_is_refused(client):
    with pytest.raises(Invalid, match=r"does not match event\.namespace"):
        client.create(CORE, core(involvedObject={"namespace": "other"}), "default")


def test_columns_show_the_newest_time_and_the_count():
    cells = {column.name: column.cell(core(series={"count": 5, "lastObservedTime": TIME})) for column in COLUMNS}

    assert (cells["Last Seen"], cells["Count"], cells["Object"]) == (TIME, 5, "pod/web")
    assert COLUMNS[0].cell(core(eventTime=TIME)) == TIME


def test_owners_have_the_fields_of_the_version_that_they_wrote(client):
    made = client.create(FRESH, fresh(), "default")
    changed = client.patch(CORE, "f", {"message": "another"}, "default")

    (entry,) = made["metadata"]["managedFields"]
    assert entry["apiVersion"] == "events.k8s.io/v1" and {"f:note", "f:regarding"} <= set(entry["fieldsV1"])
    found = {each["apiVersion"]: each["fieldsV1"] for each in changed["metadata"]["managedFields"]}
    assert "f:note" not in found["events.k8s.io/v1"] and found["v1"] == {"f:message": {}}


@pytest.mark.parametrize("group", ["api/v1", "apis/events.k8s.io/v1"])
def test_a_version_that_is_none_is_told_as_by_reads_without_a_cache(client, group):
    with pytest.raises(BadRequest, match=r"^invalid resource version: resourceVersion: Invalid value"):
        client.request("GET", f"/{group}/namespaces/default/events/absent?resourceVersion=foo")


def test_a_precondition_that_does_not_hold_names_what_is_stored(client):
    client.create(FRESH, fresh(), "default")
    path = "/apis/events.k8s.io/v1/namespaces/default/events/f"

    with pytest.raises(Conflict, match=r'fulfilled on Event "f": the UID'):
        client.request("DELETE", path, body={"preconditions": {"uid": "x"}})


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"source": {"host": "n"}}, ", n"),
        ({"source": {"component": "kubelet", "host": "n"}}, "kubelet, n"),
        ({"source": {"component": "kubelet"}, "reportingComponent": "c", "reportingInstance": "i"}, "kubelet, i"),
        ({"source": {}, "reportingComponent": "c", "reportingInstance": "i"}, "c, i"),
        ({"source": {"host": "n"}, "reportingComponent": "c"}, "c, n"),
        ({"source": {}}, ""),
    ],
)
def test_the_source_is_a_component_and_where_it_runs(event, text):
    (column,) = [each for each in COLUMNS if each.name == "Source"]

    assert column.cell(event) == text
