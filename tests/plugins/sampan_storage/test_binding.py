from sampan.contracts.reconciling import Patch, Update
from sampan_storage.binding import BIND_COMPLETED, BOUND_BY_CONTROLLER, bind, claim_phase, unbind, volume_phase


def volume(annotations=None, phase="Available", reference=None, **spec):
    spec = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"}, **spec}
    if reference is not None:
        spec["claimRef"] = reference
    return {"metadata": {"name": "v", "uid": "2", "annotations": annotations or {}}, "spec": spec,
            "status": {"phase": phase}}  # fmt: skip


def claim(annotations=None, status=None, **spec):
    meta = {
        "name": "data",
        "namespace": "default",
        "uid": "1",
        "resourceVersion": "7",
        "annotations": annotations or {},
    }
    return {"metadata": meta, "spec": spec, "status": status or {"phase": "Pending"}}


REFERENCE = {
    "kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": "default", "name": "data", "uid": "1",
    "resourceVersion": "7",
}  # fmt: skip
BOUND = {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"}}


def test_a_binding_is_four_writes_and_the_volume_comes_first():
    reserve, phase, name, status = bind(volume(), claim())

    assert isinstance(reserve, Update)
    assert reserve.object["spec"]["claimRef"] == REFERENCE
    assert reserve.object["metadata"]["annotations"] == {BOUND_BY_CONTROLLER: "yes"}
    assert phase.patch == {"metadata": {"uid": "2"}, "status": {"phase": "Bound", "message": None}}
    assert name.object["spec"]["volumeName"] == "v"
    assert name.object["metadata"]["annotations"] == {BOUND_BY_CONTROLLER: "yes", BIND_COMPLETED: "yes"}
    assert isinstance(status, Patch)
    assert status.patch["status"] == BOUND
    assert (status.namespace, status.subresource) == ("default", "status")


def test_what_users_have_reserved_is_not_said_to_be_the_controllers():
    reserved = volume(reference={"namespace": "default", "name": "data"})
    reserve, _, name, _ = bind(reserved, claim(volumeName="v"))

    assert reserve.object["metadata"]["annotations"] == {}
    assert reserve.object["spec"]["claimRef"]["uid"] == "1"
    assert name.object["metadata"]["annotations"] == {BIND_COMPLETED: "yes"}


def test_what_is_bound_is_left_alone():
    done = claim({BIND_COMPLETED: "yes"}, BOUND, volumeName="v")

    assert list(bind(volume(phase="Bound", reference=REFERENCE), done)) == []


def test_objects_of_the_informer_are_not_changed():
    one, other = volume(), claim()
    list(bind(one, other))

    assert (one, other) == (volume(), claim())


def test_unbinding_frees_what_the_controller_had_bound():
    free, phase = unbind(volume({BOUND_BY_CONTROLLER: "yes"}, "Bound", REFERENCE))

    assert "claimRef" not in free.object["spec"]
    assert free.object["metadata"]["annotations"] == {}
    assert phase.patch["status"]["phase"] == "Available"


def test_unbinding_leaves_what_a_user_reserved():
    free, _ = unbind(volume(phase="Bound", reference=REFERENCE))

    assert free.object["spec"]["claimRef"].keys() == REFERENCE.keys() - {"uid"}


def test_a_phase_is_written_when_it_is_new():
    assert list(volume_phase(volume(phase="Bound"), "Bound")) == []
    [failed] = volume_phase(volume(phase="Released"), "Failed", "why")
    assert failed.patch["status"] == {"phase": "Failed", "message": "why"}


def test_a_lost_claim_has_nothing():
    [patch] = claim_phase(claim(status=BOUND), "Lost")

    assert patch.patch["status"] == {"phase": "Lost", "accessModes": None, "capacity": None}


def test_the_capacity_of_a_bound_claim_is_the_resizers():
    assert list(claim_phase(claim(status={**BOUND, "capacity": {"storage": "1Gi"}}), "Bound", volume())) == []


def test_the_class_of_attributes_is_taken_over_once():
    gold = volume(volumeAttributesClassName="gold")

    [patch] = claim_phase(claim(), "Bound", gold)
    assert patch.patch["status"]["currentVolumeAttributesClassName"] == "gold"
    assert list(claim_phase(claim(status=BOUND), "Bound", gold)) == []


def test_a_volume_that_is_being_resized_has_its_old_size():
    [patch] = claim_phase(claim(), "Bound", volume({"volume.alpha.kubernetes.io/pre-resize-capacity": "1024Mi"}))

    assert patch.patch["status"]["capacity"] == {"storage": "1Gi"}
