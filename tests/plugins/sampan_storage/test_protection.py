from types import SimpleNamespace

import pytest

from sampan.contracts.reconciling import Key, Update
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_machinery.resources import PODS
from sampan_machinery.resources import VOLUME_ATTRIBUTES_CLASSES as CLASSES
from sampan_storage import protection
from sampan_testing.shelves import Shelf

DELETING = "2026-01-01T00:00:00Z"


def claim(*, deleting=False, finalizers=("kubernetes.io/pvc-protection",), **fields):
    meta = {"name": "data", "namespace": "default", "finalizers": list(finalizers)}
    if deleting:
        meta["deletionTimestamp"] = DELETING
    return {"metadata": meta, **fields}


def pod(*volumes, node="n", name="web"):
    spec = {"volumes": list(volumes), **({"nodeName": node} if node else {})}
    return PODS, {"metadata": {"name": name, "namespace": "default"}, "spec": spec}


USES = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}


def decided(obj, *others):
    return protection.decide_claim(Key("default", "data"), Shelf([(CLAIMS, obj), *others]))


def test_a_claim_that_nothing_uses_loses_its_finalizer():
    [action] = decided(claim(deleting=True, finalizers=("a.example/b", "kubernetes.io/pvc-protection")), pod())

    assert isinstance(action, Update)
    assert action.object["metadata"]["finalizers"] == ["a.example/b"]


@pytest.mark.parametrize(
    "user, stays",
    [
        (pod(USES), True),
        (pod(USES, node=""), False),
        (pod({"name": "data", "ephemeral": {}}), False),
        (pod({"name": "other", "persistentVolumeClaim": {"claimName": "other"}}), False),
    ],
)
def test_only_a_pod_on_a_node_that_uses_it_keeps_a_claim(user, stays):
    assert bool(decided(claim(deleting=True), user)) is not stays


class Api:
    def __init__(self, *pods):
        self.asked = 0
        self._pods = [obj for _, obj in pods]

    def list(self, resource, namespace):
        self.asked += 1
        return SimpleNamespace(items=self._pods)


def test_before_a_claim_is_let_go_the_api_is_asked_for_its_pods():
    key, going = Key("default", "data"), Shelf([(CLAIMS, claim(deleting=True))])

    assert protection.reconcile_claim(key, Api(pod(USES)), going) == []
    assert len(protection.reconcile_claim(key, Api(pod()), going)) == 1


def test_the_api_is_not_asked_where_the_informer_knows():
    key, api = Key("default", "data"), Api()

    assert protection.reconcile_claim(key, api, Shelf([(CLAIMS, claim(deleting=True)), pod(USES)])) == []
    assert len(protection.reconcile_claim(key, api, Shelf([(CLAIMS, claim(finalizers=()))]))) == 1
    assert api.asked == 0


def test_a_claim_without_its_finalizer_gets_it():
    [action] = decided(claim(finalizers=()), pod(USES))

    assert action.object["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    assert decided(claim()) == []
    assert decided(claim(deleting=True, finalizers=())) == []


def test_what_is_gone_is_left_alone():
    assert protection.decide_claim(Key("default", "data"), Shelf()) == []


@pytest.mark.parametrize("phase, stays", [("Bound", True), ("Released", False), ("Available", False)])
def test_a_volume_stays_while_it_is_bound(phase, stays):
    meta = {"name": "v", "finalizers": ["kubernetes.io/pv-protection"], "deletionTimestamp": DELETING}
    shelf = Shelf([(VOLUMES, {"metadata": meta, "status": {"phase": phase}})])

    assert bool(protection.decide_volume(Key("", "v"), shelf)) is not stays


@pytest.mark.parametrize(
    "user, stays",
    [
        ((VOLUMES, {"metadata": {"name": "v"}, "spec": {"volumeAttributesClassName": "gold"}}), True),
        ((CLAIMS, claim(spec={"volumeAttributesClassName": "gold"})), True),
        ((CLAIMS, claim(status={"currentVolumeAttributesClassName": "gold"})), True),
        ((CLAIMS, claim(status={"modifyVolumeStatus": {"targetVolumeAttributesClassName": "gold"}})), True),
        ((CLAIMS, claim(spec={"volumeAttributesClassName": "silver"})), False),
    ],
)
def test_a_class_of_attributes_stays_while_something_names_it(user, stays):
    meta = {"name": "gold", "finalizers": ["kubernetes.io/vac-protection"], "deletionTimestamp": DELETING}
    shelf = Shelf([(CLASSES, {"metadata": meta}), user])

    assert bool(protection.decide_class(Key("", "gold"), shelf)) is not stays


def test_who_is_looked_at_when_a_user_changes():
    _, user = pod(USES, {"name": "tmp", "ephemeral": {}}, {"name": "x", "emptyDir": {}})

    assert protection.keys_of_pod(user, Shelf()) == [Key("default", "data"), Key("default", "web-tmp")]
    assert protection.keys_of_claim(claim(spec={"volumeAttributesClassName": "gold"}), Shelf()) == [Key("", "gold")]
    assert protection.keys_of_volume({"spec": {"volumeAttributesClassName": "gold"}}, Shelf()) == [Key("", "gold")]
    assert protection.keys_of_volume({"spec": {}}, Shelf()) == []
