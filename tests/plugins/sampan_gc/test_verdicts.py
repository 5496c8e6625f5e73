import pytest

from sampan.contracts.kinds import Resource
from sampan_gc.graph import FOREGROUND, ORPHAN, GraphNode, Owner
from sampan_gc.verdicts import Delete, Keep, OwnerState, RemoveOwners, blocking, judge

PODS = Resource("", "v1", "pods", "Pod")
SOLID, DANGLING, WAITING = OwnerState.SOLID, OwnerState.DANGLING, OwnerState.WAITING


def node(uid="it", *, owners=(), finalizers=(), deleting=False):
    return GraphNode(PODS, "default", uid, uid, tuple(owners), deleting, tuple(finalizers))


def states(*found):
    return [(Owner("v1", "Pod", f"owner-{n}", f"o{n}", False), state) for n, state in enumerate(found)]


@pytest.mark.parametrize(
    ("owners", "wanted"),
    [
        ((), Keep()),
        ((SOLID,), Keep()),
        ((SOLID, DANGLING), RemoveOwners(("o1",))),
        ((WAITING, SOLID), RemoveOwners(("o0",))),
        ((DANGLING,), Delete("Background")),
        ((DANGLING, WAITING), Delete("Background")),
    ],
)
def test_an_object_goes_when_no_owner_is_left(owners, wanted):
    assert judge(node(), states(*owners), []) == wanted


def test_the_objects_own_finalizer_decides_how_it_is_deleted():
    assert judge(node(finalizers=[ORPHAN]), states(DANGLING), []) == Delete("Orphan")
    assert judge(node(finalizers=[FOREGROUND]), states(DANGLING), []) == Delete("Foreground")


def test_below_an_owner_that_waits_dependents_go_first():
    assert judge(node(), states(WAITING), [node("child")]) == Delete("Foreground")
    assert judge(node(), states(DANGLING), [node("child")]) == Delete("Background")


def test_a_ring_of_objects_that_wait_for_each_other_is_broken():
    waiting = node("child", finalizers=[FOREGROUND], deleting=True)

    assert judge(node(), states(WAITING), [waiting]) == Delete("Foreground", unblock=True)


def test_only_dependents_that_block_are_waited_for():
    blocks = node("blocks", owners=[Owner("v1", "Pod", "it", "it", True)])
    other = node("other", owners=[Owner("v1", "Pod", "it", "it", False), Owner("v1", "Pod", "x", "x", True)])

    assert blocking(node(), [blocks, other]) == [blocks]
