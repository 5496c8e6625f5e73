from __future__ import annotations

import pytest

from sampan_statefulsets import identity


def pod(name, **labels):
    return {"metadata": {"name": name, "namespace": "default", "labels": labels}}


@pytest.mark.parametrize(
    "name, found",
    [("db-0", ("db", 0)), ("a-b-12", ("a-b", 12)), ("db", ("", -1)), ("db-x", ("", -1)), ("db-99999999999", ("", -1))],
)
def test_parent_and_ordinal_are_in_the_name(name, found):
    assert identity.parent_and_ordinal(name) == found


def test_the_range_begins_at_the_first_ordinal(build):
    owner = build(replicas=2, ordinals={"start": 3})

    wanted = [ordinal for ordinal in range(8) if identity.is_wanted(owner, pod(f"db-{ordinal}"))]

    assert wanted == [3, 4]


def test_a_pod_without_its_label_has_no_identity(build):
    assert identity.has_identity(build(), pod("db-0", **{identity.NAME_LABEL: "db-0"}))
    assert not identity.has_identity(build(), pod("db-0"))
    assert not identity.has_identity(build(), pod("other-0", **{identity.NAME_LABEL: "other-0"}))


def test_a_claim_takes_the_place_of_a_volume_of_its_name(build):
    owner = build(volumeClaimTemplates=[{"metadata": {"name": "data"}}])
    owner.update(kind="StatefulSet", apiVersion="apps/v1")
    owner["metadata"]["uid"] = "u"
    template = owner["spec"]["template"]
    template["spec"]["volumes"] = [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]

    made = identity.new_pod(owner, template, "db-x", 1)

    assert made["spec"]["volumes"] == [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-1"}},
        {"name": "tmp", "emptyDir": {}},
    ]
