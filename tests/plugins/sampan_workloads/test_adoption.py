import pytest

from sampan.contracts.kinds import Resource
from sampan.contracts.reconciling import Key, Patch
from sampan_workloads.adoption import adopt_and_release, concerned

PODS = Resource("", "v1", "pods", "Pod")
SETS = Resource("apps", "v1", "replicasets", "ReplicaSet")


def owner(uid="set-uid", name="web", **more):
    metadata = {"name": name, "namespace": "default", "uid": uid, **more}
    spec = {"selector": {"matchLabels": {"app": "web"}}}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec}


def reference(uid="set-uid", name="web"):
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": uid, "controller": True}


def pod(name, app, *references, **more):
    metadata = {"name": name, "namespace": "default", "labels": {"app": app}, **more}
    if references:
        metadata["ownerReferences"] = list(references)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}}


class Observed:
    def __init__(self, *objects):
        self._objects = objects

    def list(self, resource, namespace=""):
        return [obj for obj in self._objects if obj["kind"] == resource.kind]


def result(*pods, of=None, **more):
    for number, each in enumerate(pods):
        each["metadata"].update(uid=f"u{number}", resourceVersion=str(number))
    mine, actions = adopt_and_release(of or owner(), PODS, Observed(*pods), **more)
    return [each["metadata"]["name"] for each in mine], actions


def test_own_pods_that_match_are_kept_and_others_are_not_looked_at():
    mine, actions = result(pod("mine", "web", reference()), pod("theirs", "web", reference("other")), pod("x", "db"))

    assert (mine, actions) == (["mine"], [])


def test_an_orphan_that_matches_is_adopted_guarded_by_uid_and_version():
    mine, actions = result(pod("orphan", "web"))

    assert mine == ["orphan"]
    (patch,) = actions
    assert isinstance(patch, Patch)
    metadata = patch.patch["metadata"]
    assert (metadata["uid"], metadata["resourceVersion"]) == ("u0", "0")
    assert [ref["uid"] for ref in metadata["ownerReferences"]] == ["set-uid"]


def test_an_own_pod_that_does_not_match_is_released():
    mine, actions = result(pod("changed", "db", reference()))

    assert mine == []
    assert len(actions) == 1


def test_a_terminating_pod_is_kept_and_never_adopted():
    gone = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    mine, actions = result(pod("ending", "db", reference(), **gone), pod("orphan", "web", **gone))

    assert (mine, actions) == (["ending"], [])


@pytest.mark.parametrize(
    "more", [{"of": owner(deletionTimestamp="2026-01-01T00:00:00Z")}, {"may_adopt": lambda _: False}]
)
def test_an_owner_that_is_deleted_or_may_not_adopts_nothing(more):
    assert result(pod("orphan", "web"), **more) == ([], [])


def test_a_pod_concerns_its_controller_and_an_orphan_all_that_select_it():
    keys = concerned(SETS)
    seen = Observed(owner(), {**owner(name="db"), "spec": {"selector": {"matchLabels": {"app": "db"}}}})

    assert keys(pod("a", "web", reference(name="other")), seen) == [Key("default", "other")]
    assert keys(pod("a", "web", {**reference(), "kind": "Job"}), seen) == []
    assert keys(pod("a", "web"), seen) == [Key("default", "web")]
