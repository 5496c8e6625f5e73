from sampan_localpath.component import _ours, _relevant
from sampan_localpath.naming import PROVISIONER
from sampan_volumes.provisioning import ASKED_PROVISIONER, PROVISIONED_BY


def obj(**annotations):
    meta = {
        "name": "x",
        "namespace": "d",
        "uid": "u",
        "resourceVersion": "1",
        "managedFields": [1],
        "labels": {"a": "b"},
    }
    return {"metadata": {**meta, "annotations": annotations}, "spec": {"large": "x"}}


def test_only_what_this_provisioner_has_to_do_with_is_kept():
    bare = {"metadata": {"name": "x", "namespace": "d", "uid": "u", "resourceVersion": "1"}}

    assert _ours(obj()) == _relevant(obj()) == bare
    assert _ours(obj(**{PROVISIONED_BY: PROVISIONER}))["spec"] == {"large": "x"}
    assert _relevant(obj(**{ASKED_PROVISIONER: PROVISIONER}))["spec"] == {"large": "x"}
    assert "managedFields" not in _relevant(obj(**{ASKED_PROVISIONER: PROVISIONER}))["metadata"]
