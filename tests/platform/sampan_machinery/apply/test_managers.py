import copy

import pytest

from sampan_machinery.apply.fieldset import members
from sampan_machinery.apply.managed_fields import object_changes, object_fields
from sampan_machinery.apply.managers import decode, track
from sampan_testing.types import DEPLOYMENT, POD

T0, T1, T2 = (f"2026-01-01T00:00:0{second}Z" for second in range(3))


def pod(image="nginx", **metadata):
    containers = [{"name": "web", "image": image, "ports": [{"containerPort": 80}]}]
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "web", "namespace": "default", "uid": "1", "labels": {"app": "web"}, **metadata},
        "spec": {"containers": containers},
    }


#: What a Pod has of which nothing is set.
ZERO = {"metadata": {}, "spec": {"containers": None}, "status": {}}


def created(obj=None, manager="kubectl", node=POD, zero=ZERO):
    obj = obj or pod()
    track(None, obj, node, manager=manager, api_version="v1", now=T0, zero=zero)
    return obj


def updated(before, after, manager="other", now=T1, **more):
    after = copy.deepcopy(after)
    track(before, after, POD, manager=manager, api_version="v1", now=now, **more)
    return after


def entries(obj):
    return {(e["manager"], e["operation"]): e for e in obj["metadata"].get("managedFields", [])}


def test_a_creator_manages_all_fields_but_the_identity():
    assert created()["metadata"]["managedFields"] == [
        {
            "manager": "kubectl",
            "operation": "Update",
            "apiVersion": "v1",
            "time": T0,
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
                "f:spec": {
                    "f:containers": {
                        'k:{"name":"web"}': {
                            ".": {},
                            "f:name": {},
                            "f:image": {},
                            "f:ports": {
                                ".": {},
                                'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}},
                            },
                        },
                    }
                },
            },
        }
    ]


def several(*ports):
    obj = pod()
    obj["spec"]["containers"][0]["ports"] = [{"containerPort": 80, "name": name} for name in ports]
    return obj


def ports_of(entry):
    return entry["fieldsV1"]["f:spec"]["f:containers"]['k:{"name":"web"}']["f:ports"]


def test_elements_that_share_a_key_are_one_field():
    port = 'k:{"containerPort":80,"protocol":"TCP"}'
    twice = created(several("a", "b"))
    assert ports_of(entries(twice)["kubectl", "Update"])[port] == {}

    other = updated(twice, {**several("a", "c"), "metadata": twice["metadata"]})
    assert ports_of(entries(other)["other", "Update"]) == {port: {}}

    once = updated(twice, {**several("a"), "metadata": twice["metadata"]})
    assert ports_of(entries(once)["other", "Update"])[port] == {".": {}, "f:containerPort": {}, "f:name": {}}
    assert port not in ports_of(entries(once)["kubectl", "Update"])

    single = created(several("a"))
    again = updated(single, {**several("a", "a"), "metadata": single["metadata"]})
    assert ports_of(entries(again)["other", "Update"]) == {port: {}}
    assert port not in ports_of(entries(again)["kubectl", "Update"])


def test_what_a_type_always_has_is_not_added_by_its_creator():
    probe = {"httpGet": {"port": 80}}
    container = {"name": "web", "livenessProbe": probe, "resources": {"limits": {"cpu": "1"}}}
    made = {**pod(), "spec": {"containers": [container], "volumes": [{"name": "v"}]}}

    spec = entries(created(made))["kubectl", "Update"]["fieldsV1"]["f:spec"]

    assert "." not in spec and "." not in spec["f:containers"]
    assert spec["f:volumes"]["."] == {}
    web = spec["f:containers"]['k:{"name":"web"}']
    assert web["f:livenessProbe"] == {".": {}, "f:httpGet": {".": {}, "f:port": {}}}
    assert web["f:resources"] == {".": {}, "f:limits": {".": {}, "f:cpu": {}}}


def test_a_creator_does_not_manage_what_it_cannot_set():
    obj = {**pod(), "status": {"phase": "Pending"}}
    track(None, obj, POD, manager="kubectl", api_version="v1", now=T0, zero=ZERO, ignore=("status",))

    assert set(entries(obj)["kubectl", "Update"]["fieldsV1"]) == {"f:metadata", "f:spec"}


def test_of_a_type_without_zero_values_all_is_added():
    assert entries(created(zero=None))["kubectl", "Update"]["fieldsV1"]["f:spec"]["."] == {}


def test_an_updater_takes_over_what_it_changes():
    before = created()

    after = updated(before, pod("apache"))

    image = {"f:spec": {"f:containers": {'k:{"name":"web"}': {"f:image": {}}}}}
    assert entries(after)["other", "Update"]["fieldsV1"] == image
    assert entries(after)["other", "Update"]["time"] == T1
    web = entries(after)["kubectl", "Update"]["fieldsV1"]["f:spec"]["f:containers"]['k:{"name":"web"}']
    assert "f:image" not in web
    assert entries(after)["kubectl", "Update"]["time"] == T0


def test_a_removed_field_has_no_manager():
    before = created()
    bare = pod()
    del bare["metadata"]["labels"]
    del bare["spec"]["containers"][0]["ports"]

    after = updated(before, bare)

    owned = {"/".join(path) for path in members(entries(after)["kubectl", "Update"]["fieldsV1"])}
    assert not any("labels" in path or "ports" in path for path in owned)
    assert ("other", "Update") not in entries(after)


def test_a_write_that_changes_nothing_keeps_the_list_and_its_times():
    before = created()

    assert updated(before, before, manager="kubectl")["metadata"] == before["metadata"]


def test_a_client_that_omits_the_list_keeps_it():
    before = created()
    before["metadata"]["resourceVersion"] = "5"

    assert entries(updated(before, pod()))["kubectl", "Update"]


@pytest.mark.parametrize("reset", [[], [{}]])
def test_managers_are_removed_on_request_until_the_next_apply(reset):
    after = updated(created(), pod(managedFields=reset))

    assert "managedFields" not in after["metadata"]
    assert "managedFields" not in updated(after, pod("apache"))["metadata"]


def test_a_subresource_cannot_set_the_list():
    after = updated(created(), pod(managedFields=[]), subresource="status")

    assert entries(after)["kubectl", "Update"]


@pytest.mark.parametrize(
    "garbage",
    [
        "x",
        [1],
        [{"manager": "x"}],
        [{"manager": "x", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"x": 1}}],
    ],
)
def test_a_list_that_cannot_be_read_is_ignored(garbage):
    assert decode(garbage) is None
    assert entries(updated(created(), pod(managedFields=garbage)))["kubectl", "Update"]


def test_a_status_write_is_an_entry_of_its_own():
    before = {**created(), "status": {}}
    after = {**pod(), "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}

    entry = entries(updated(before, after, manager="kubelet", subresource="status"))["kubelet", "Update"]

    assert entry["subresource"] == "status"
    assert entry["fieldsV1"] == {
        "f:status": {
            "f:phase": {},
            "f:conditions": {".": {}, 'k:{"type":"Ready"}': {".": {}, "f:type": {}, "f:status": {}}},
        }
    }


def test_old_updaters_are_merged_beyond_ten():
    obj = created()
    for number in range(12):
        labels = {**obj["metadata"]["labels"], f"l{number}": "x"}
        obj = updated(obj, pod(labels=labels), manager=f"m{number:02}", now=f"2026-01-01T00:01:{number:02}Z")

    found = entries(obj)
    assert len(found) == 10
    ancient = found["ancient-changes", "Update"]
    assert {"f:l0", "f:l1"} < set(ancient["fieldsV1"]["f:metadata"]["f:labels"])
    assert ("m11", "Update") in found


def test_atomic_values_are_one_field():
    made = object_fields(
        {"spec": {"selector": {"matchLabels": {"a": "b"}}, "strategy": {"rollingUpdate": {}}}}, DEPLOYMENT, dots=False
    )

    assert made == {"f:spec": {"f:selector": {}, "f:strategy": {"f:rollingUpdate": {}}}}


def test_equal_objects_have_no_changes_and_types_may_change():
    assert object_changes(pod(), pod(), POD) == ({}, {})
    changed, gone = object_changes({"spec": {"containers": []}}, {"spec": {"containers": "x"}}, POD)
    assert changed == {"f:spec": {"f:containers": {}}}
    assert gone == {"f:spec": {"f:containers": {}}}


def test_a_body_with_invalid_keys_does_not_raise():
    wild = {"spec": {"containers": [{"name": {"x": 1}}, 7, {}, {"name": "a"}, {"name": "a"}]}, "zzz": {"q": [1]}}

    assert object_fields(wild, POD, dots=True)["f:zzz"] == {".": {}, "f:q": {}}
    assert object_fields(wild, None, dots=True)
