import pytest

from sampan_machinery.patches import merge_patch
from sampan_node.volumes.claims import ClaimedVolume
from sampan_node.volumes.expansion import Expansions, is_due
from sampan_volumes.contracts import ExpansionFailure, VolumeFailure

POD = {"kind": "Pod", "metadata": {"name": "web", "namespace": "ns", "uid": "p"}, "spec": {}}


def claimed(size="2Gi", told="1Gi", state="NodeResizePending", modes=("ReadWriteOnce",), annotations=None):
    status = {"phase": "Bound", "capacity": {"storage": told}}
    if state:
        status["allocatedResourceStatuses"] = {"storage": state}
    claim = {
        "metadata": {"name": "data", "namespace": "ns", "uid": "1", "annotations": annotations or {}},
        "spec": {"accessModes": list(modes), "resources": {"requests": {"storage": "2Gi"}}}, "status": status,
    }  # fmt: skip
    return ClaimedVolume(claim, {"metadata": {"name": "pv"}, "spec": {"capacity": {"storage": size}}})


SHARED = ("ReadWriteMany",)


@pytest.mark.parametrize(
    ("found", "grown", "due"),
    [
        (claimed(), "", True),
        (claimed(state="NodeResizeInProgress"), "", True),
        (claimed("1Gi"), "", False),
        (claimed(state="ControllerResizeInProgress"), "", False),
        (claimed(state="NodeResizeInfeasible"), "", False),
        (claimed(told="2Gi", state=None), "1Gi", False),
        (claimed(told="2Gi", state=None, modes=SHARED), "1Gi", True),
        (claimed(told="2Gi", state=None, modes=SHARED), "2Gi", False),
        (claimed(told="2Gi", state=None, modes=SHARED), "", False),
        (
            claimed(
                told="2Gi", state=None, modes=SHARED,
                annotations={"volume.kubernetes.io/node-expansion-not-required": "yes"},
            ),
            "1Gi", False,
        ),
    ],
)  # fmt: skip
def test_a_node_expands_what_the_claim_asks_it_for(found, grown, due):
    assert is_due(found, grown) is due


class World:
    """The API, the recorder and the driver of one pod."""

    def __init__(self):
        self.claim, self.said, self.sizes, self.failure = claimed().claim, [], [], None
        self.states = []
        self.expansions = Expansions(self, self.tell, lambda: 0.0)

    def patch(self, resource, name, patch, namespace, *, subresource):
        assert (resource.plural, name, namespace, subresource) == ("persistentvolumeclaims", "data", "ns", "status")
        self.claim = merge_patch.apply(self.claim, {"status": patch["status"]})
        self.states.append((self.claim["status"].get("allocatedResourceStatuses") or {}).get("storage"))
        return self.claim

    def tell(self, about, type, reason, message):
        self.said.append((about["kind"], type, reason))

    def expand(self, size):
        self.sizes.append(size)
        if self.failure is not None:
            raise self.failure

    def look(self, size="2Gi"):
        self.expansions.look(POD, claimed(size)._replace(claim=self.claim), self.expand)

    def conditions(self):
        return [one["type"] for one in self.claim["status"].get("conditions") or ()]


@pytest.fixture
def world():
    return World()


def test_a_volume_grows_before_the_pod_uses_it_and_the_claim_is_told(world):
    world.look()
    world.look()

    assert world.sizes == [2 << 30] and world.states == ["NodeResizeInProgress", None]
    assert world.claim["status"]["capacity"] == {"storage": "2Gi"} and not world.conditions()
    assert world.said == [
        ("Pod", "Normal", "FileSystemResizeSuccessful"),
        ("PersistentVolumeClaim", "Normal", "FileSystemResizeSuccessful"),
    ]


def test_a_pod_waits_for_its_volume_to_grow(world):
    world.failure = ExpansionFailure("busy")
    with pytest.raises(VolumeFailure, match="NodeExpandVolume failed: busy"):
        world.look()
    assert world.conditions() == ["NodeResizeError"] and world.states[-1] == "NodeResizeInProgress"

    world.failure = None
    world.look()

    assert not world.conditions() and world.states[-1] is None


def test_a_pod_that_runs_is_told_of_a_failure_by_an_event(world):
    world.look("1Gi")
    world.failure = ExpansionFailure("too large", infeasible=True)

    world.look()

    assert world.said == [("Pod", "Warning", "VolumeResizeFailed")]
    assert world.states[-1] == "NodeResizeInfeasible"
    world.look()
    assert len(world.sizes) == 1


def test_a_volume_that_does_not_grow_in_use_keeps_no_pod_from_it_and_is_left_alone(world):
    world.failure = ExpansionFailure("in use", in_use=True)
    world.look()
    world.look()

    assert len(world.sizes) == 1 and world.said == [("Pod", "Warning", "VolumeResizeFailed")]


def test_a_shared_volume_grows_here_too_after_another_node_has_told_the_claim(world):
    first, later = (claimed(size, size, None, SHARED) for size in ("1Gi", "2Gi"))
    world.expansions.look(POD, first, world.expand)
    world.expansions.look(POD, later, world.expand)
    world.expansions.look(POD, later, world.expand)

    assert world.sizes == [2 << 30] and not world.states
