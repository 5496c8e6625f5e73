"""A controller adopts what its selector matches and releases what it does not."""

from sampan.contracts.kinds import Resource
from sampan.contracts.reconciling import Key
from sampan_machinery.metadata import controller_ref
from sampan_podspec.adoption import adopt_and_release, concerned

SETS = Resource("apps", "v1", "replicasets", "ReplicaSet")
PODS = Resource("", "v1", "pods", "Pod")


class Observed:
    def __init__(self, pods=(), owners=()):
        self._of = {PODS: list(pods), SETS: list(owners)}

    def list(self, resource, namespace=""):
        return self._of[resource]

    def claimable(self, resource, uid, namespace):
        return self._of[resource]


def owner(name="web", uid="u1", **metadata):
    metadata = {"name": name, "namespace": "default", "uid": uid, **metadata}
    spec = {"selector": {"matchLabels": {"app": "web"}}}
    return {"kind": "ReplicaSet", "apiVersion": "apps/v1", "metadata": metadata, "spec": spec}


def pod(name, *, app="web", controller=None, **metadata):
    metadata = {
        "name": name, "namespace": "default", "uid": f"uid-{name}", "resourceVersion": "7", "labels": {"app": app},
        **metadata,
    }  # fmt: skip
    if controller is not None:
        metadata["ownerReferences"] = [controller_ref(controller)]
    return {"metadata": metadata}


def names(pods):
    return [each["metadata"]["name"] for each in pods]


def test_own_and_matching_orphans_are_the_controllers_and_an_orphan_is_adopted():
    me = owner()

    mine, actions = adopt_and_release(
        me, PODS, Observed([pod("own", controller=me), pod("orphan"), pod("other", app="x")])
    )

    assert names(mine) == ["own", "orphan"]
    (adopt,) = actions
    assert adopt.name == "orphan"
    metadata = adopt.patch["metadata"]
    assert (metadata["uid"], metadata["resourceVersion"]) == ("uid-orphan", "7")
    assert metadata["ownerReferences"] == [controller_ref(me)]


def test_an_own_one_that_no_longer_matches_is_released():
    me = owner()

    mine, actions = adopt_and_release(me, PODS, Observed([pod("own", app="x", controller=me)]))

    assert mine == []
    assert actions[0].patch["metadata"]["ownerReferences"] is None


def test_a_finalizer_comes_with_adoption_and_goes_with_release():
    me = owner()
    pods = [pod("orphan", finalizers=["x"]), pod("own", app="x", controller=me, finalizers=["x", "track"])]

    _, (adopt, release) = adopt_and_release(me, PODS, Observed(pods), finalizer="track")
    _, (plain, _) = adopt_and_release(me, PODS, Observed(pods))

    assert adopt.patch["metadata"]["finalizers"] == ["x", "track"]
    assert release.patch["metadata"]["finalizers"] == ["x"]
    assert "finalizers" not in plain.patch["metadata"]


def test_anothers_is_left_alone_and_so_is_what_is_being_deleted():
    me, another = owner(), owner("db", "u2")
    pods = [pod("theirs", controller=another), pod("going", deletionTimestamp="2026-01-01T00:00:00Z")]

    assert adopt_and_release(me, PODS, Observed(pods)) == ([], [])


def test_a_deleting_controller_neither_adopts_nor_releases():
    me = owner(deletionTimestamp="2026-01-01T00:00:00Z")

    assert adopt_and_release(me, PODS, Observed([pod("orphan"), pod("own", app="x", controller=me)])) == ([], [])


def test_the_owner_may_refuse_to_adopt():
    assert adopt_and_release(owner(), PODS, Observed([pod("orphan")]), lambda obj: False) == ([], [])


def test_a_change_concerns_the_controller_or_for_an_orphan_all_that_match():
    me, another = owner(), owner("db", "u2")
    keys = concerned(SETS)

    assert list(keys(pod("own", controller=me), Observed())) == [Key("default", "web")]
    assert list(keys(pod("orphan"), Observed(owners=[me, another]))) == [Key("default", "web"), Key("default", "db")]
    assert list(keys(pod("orphan", app="x"), Observed(owners=[me, another]))) == []
