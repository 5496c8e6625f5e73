"""What Kubernetes answers with although nothing set it, and what it leaves out although it was sent."""

import pytest

from sampan_machinery.schema import load

POD, ROLE, SLICE = (
    ("", "v1", "Pod"),
    ("rbac.authorization.k8s.io", "v1", "Role"),
    ("discovery.k8s.io", "v1", "EndpointSlice"),
)


def completed(kind, obj):
    load().complete(*kind, obj)
    return obj


def test_structs_are_there_and_lists_that_are_always_written_are_null():
    assert completed(POD, {"spec": {"containers": [{"name": "c"}]}}) == {
        "metadata": {}, "spec": {"containers": [{"name": "c", "resources": {}}]}, "status": {},
    }  # fmt: skip
    assert completed(ROLE, {}) == {"metadata": {}, "rules": None}
    assert completed(SLICE, {"addressType": "IPv4", "endpoints": [], "ports": []})["endpoints"] is None


def test_what_is_there_stays():
    pod = completed(POD, {"spec": {"containers": [{"name": "c", "resources": {"limits": {"cpu": "1"}}}]}})

    assert pod["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "1"}}
    assert completed(POD, completed(POD, {})) == load().zero(*POD)


def test_what_is_filled_in_is_not_shared():
    first, second = completed(POD, {}), completed(POD, {})
    first["spec"]["nodeName"] = "n"

    assert "nodeName" not in second["spec"] and "nodeName" not in load().zero(*POD)["spec"]


@pytest.mark.parametrize("kind", sorted(load().table.kinds))
def test_every_kind_can_be_completed_and_is_decoded_again_as_it_was(kind):
    group, version, name = kind.split("/")
    zero = completed((group, version, name), {})

    assert zero == load().zero(group, version, name)
    assert completed((group, version, name), load().prune(group, version, name, zero)) == zero


def test_deep_values_that_are_omitted_when_empty_are_left_out_in_one_pass():
    spec = {
        "containers": [{"name": "c", "env": [], "args": [], "tty": False, "livenessProbe": {"initialDelaySeconds": 0}}]
    }

    pruned = load().prune(*POD, {"spec": {**spec, "hostNetwork": False, "nodeSelector": {}}})

    assert pruned == {"spec": {"containers": [{"name": "c", "livenessProbe": {}}]}}


def test_null_for_a_field_that_is_omitted_when_empty_is_no_fault():
    body = b'{"spec":{"containers":[{"name":"c","env":null,"tty":null}],"hostNetwork":null}}'

    assert load().decode_checked(*POD, body) == ({"spec": {"containers": [{"name": "c"}]}}, [])
