"""Managers of replicas, as a Scale shows them, and back."""

from __future__ import annotations

from sampan_machinery.apply.scaled import of_object, of_scale

PATH = ("spec", "replicas")


def entry(manager, fields, operation="Update", version="apps/v1", **more):
    return {"manager": manager, "operation": operation, "apiVersion": version, "fieldsType": "FieldsV1",
            "fieldsV1": fields, **more}  # fmt: skip


ALONE = {"f:spec": {"f:replicas": {}}}
BESIDE = {"f:spec": {"f:paused": {}, "f:replicas": {}}}


def test_a_scale_shows_who_has_the_replicas_and_nothing_else():
    found = of_scale([entry("a", BESIDE), entry("b", {"f:spec": {"f:paused": {}}})], PATH)

    assert found == [entry("a", ALONE, version="autoscaling/v1")]


def test_what_an_applier_took_the_former_manager_has_no_more():
    before = [entry("a", BESIDE), entry("b", ALONE)]
    after = [entry("me", ALONE, "Apply", "autoscaling/v1", subresource="scale")]

    found = of_object(before, after, PATH, "apps/v1")

    assert found == [
        entry("me", ALONE, "Apply", subresource="scale"),
        entry("a", {"f:spec": {"f:paused": {}}}),
    ]


def test_who_shares_the_replicas_keeps_them_with_its_time():
    before = [entry("a", BESIDE, time="2026-01-01T00:00:00Z")]
    after = [*of_scale(before, PATH), entry("me", ALONE, "Apply", "autoscaling/v1", subresource="scale")]

    found = of_object(before, after, PATH, "apps/v1")

    assert before[0] in found and len(found) == 2


def test_replicas_of_a_custom_kind_may_be_anywhere():
    fields = {"f:spec": {"f:size": {"f:crew": {}}}}

    assert of_scale([entry("a", fields)], ("spec", "size", "crew")) == [entry("a", ALONE, version="autoscaling/v1")]
    after = [entry("me", ALONE, "Apply", "autoscaling/v1", subresource="scale")]
    assert of_object([], after, ("spec", "size", "crew"), "a.example/v1") == [
        entry("me", fields, "Apply", "a.example/v1", subresource="scale")
    ]
