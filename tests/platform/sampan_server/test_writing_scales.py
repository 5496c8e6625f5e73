"""Reading and writing the scale subresource."""

from __future__ import annotations

from typing import Any

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def test_scale_reads_and_writes_replicas(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))

    scale = api.get(f"{DEPLOYMENTS}/a/scale").json
    assert scale["kind"] == "Scale" and scale["spec"] == {"replicas": 1}
    assert api.put(f"{DEPLOYMENTS}/a/scale", {**scale, "spec": {"replicas": 5}}).json["spec"] == {"replicas": 5}
    assert api.put(f"{DEPLOYMENTS}/a/scale", scale).status_code == 409
    assert api.patch(f"{DEPLOYMENTS}/a/scale", {"spec": {"replicas": 6}}).status_code == 200
    assert api.get(f"{DEPLOYMENTS}/a").json["spec"]["replicas"] == 6
    assert api.patch(f"{DEPLOYMENTS}/a/scale", {"spec": {"replicas": -1}}).status_code == 422


def test_a_scale_of_none_leaves_the_zero_out(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))

    assert api.patch(f"{DEPLOYMENTS}/a/scale", {"spec": {"replicas": 0}}).json["spec"] == {}


def test_no_manager_has_replicas_that_a_scale_leaves_out(api: Any, shapes: Any) -> None:
    where, applied = f"{DEPLOYMENTS}/a", {**shapes.deployment("a"), "apiVersion": "apps/v1", "kind": "Deployment"}
    api.post(DEPLOYMENTS, shapes.deployment("a"))

    api.patch(f"{where}/scale", {"spec": {"replicas": 3}})
    (entry,) = [each for each in api.get(where).json["metadata"]["managedFields"] if each.get("subresource")]
    assert entry["fieldsV1"] == {"f:spec": {"f:replicas": {}}} and "time" not in entry
    applied["spec"]["replicas"] = 2
    assert api.patch(f"{where}?fieldManager=me", applied, "apply-patch+yaml").status_code == 409

    api.patch(f"{where}/scale", {"spec": {"replicas": 0}})
    assert not [each for each in api.get(where).json["metadata"]["managedFields"] if each.get("subresource")]
    assert api.patch(f"{where}?fieldManager=me", applied, "apply-patch+yaml").status_code == 200


def test_a_scale_is_shown_as_the_client_wants_it(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    where, as_table = f"{DEPLOYMENTS}/a/scale", "application/json;as=Table;v=v1;g=meta.k8s.io"

    table = api.get(where, headers={"Accept": as_table}).json
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert table["rows"][0]["cells"][:3] == ["a", 1, 0]
    partial = api.get(where, headers={"Accept": as_table.replace("Table", "PartialObjectMetadata")}).json
    assert partial["kind"] == "PartialObjectMetadata" and partial["metadata"]["name"] == "a"
    assert api.get(where, headers={"Accept": "text/plain"}).status_code == 406


def test_a_scale_of_another_name_is_refused(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    assert api.patch(f"{DEPLOYMENTS}/a/scale", {"metadata": {"name": "z"}}, "merge-patch+json").status_code == 400


def test_an_apply_to_a_scale_takes_the_replicas_from_who_has_them(api: Any, shapes: Any) -> None:
    where, how = f"{DEPLOYMENTS}/a", "apply-patch+yaml"
    sent = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a"}, "spec": {"replicas": 4}}
    api.post(f"{DEPLOYMENTS}?fieldManager=first", shapes.deployment("a"))

    refused = api.patch(f"{where}/scale?fieldManager=me", sent, how)
    assert refused.status_code == 409 and refused.json["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "first" using autoscaling/v1',
         "field": ".spec.replicas"}
    ]  # fmt: skip
    taken = api.patch(f"{where}/scale?fieldManager=me&force=true", sent, how)
    assert taken.json["kind"] == "Scale" and taken.json["spec"] == {"replicas": 4}

    entries = {entry["manager"]: entry for entry in api.get(where).json["metadata"]["managedFields"]}
    assert entries["me"]["operation"] == "Apply" and entries["me"]["subresource"] == "scale"
    assert entries["me"]["apiVersion"] == "apps/v1" and entries["me"]["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    assert "f:replicas" not in entries["first"]["fieldsV1"]["f:spec"]
    assert api.patch(f"{where}/scale?fieldManager=me", sent, how).json["metadata"] == taken.json["metadata"]


def test_an_apply_to_a_scale_is_checked_as_any_other(api: Any, shapes: Any) -> None:
    where, how = f"{DEPLOYMENTS}/a/scale?fieldManager=me&force=true", "apply-patch+yaml"
    sent = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a"}, "spec": {"replicas": -1}}
    api.post(DEPLOYMENTS, shapes.deployment("a"))

    assert api.patch(where, sent, how).status_code == 422
    assert api.patch(where, {**sent, "kind": "Foo"}, how).status_code == 400
    assert api.patch(f"{DEPLOYMENTS}/none/scale?fieldManager=me", sent, how).status_code == 404
