import pytest

from sampan_storage.matching import best, is_reserved, mismatch

CLAIM = {
    "metadata": {"name": "data", "namespace": "default", "uid": "1"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def volume(name="v", size="1Gi", modes=("ReadWriteOnce",), phase="Available", labels=None, deleting=False, **spec):
    meta = {"name": name, "labels": labels or {}, **({"deletionTimestamp": "2026"} if deleting else {})}
    spec = {"accessModes": list(modes), "capacity": {"storage": size}, **spec}
    return {"metadata": meta, "spec": spec, "status": {"phase": phase}}


def claim(**spec):
    return {**CLAIM, "spec": {**CLAIM["spec"], **spec}}


def chosen(volumes, wanted=CLAIM, *, delayed=False):
    found = best(wanted, volumes, delayed=delayed)
    return found and found["metadata"]["name"]


RESERVED = {"namespace": "default", "name": "data"}


def test_the_smallest_volume_that_is_large_enough():
    assert chosen([volume("big", "5Gi"), volume("small", "512Mi"), volume("fits", "2Gi")]) == "fits"


def test_few_access_modes_come_before_a_small_size():
    shared = volume("shared", "1Gi", ("ReadWriteOnce", "ReadOnlyMany"))

    assert chosen([shared, volume("own", "5Gi")]) == "own"
    assert chosen([shared]) == "shared"


def test_a_reserved_volume_comes_first():
    reserved = volume("mine", "9Gi", ("ReadWriteOnce", "ReadWriteMany"), "Pending", claimRef=RESERVED)

    assert chosen([volume(), reserved]) == "mine"
    assert chosen([volume(), reserved], delayed=True) == "mine"


def test_a_claim_that_waits_for_its_pod_gets_no_free_volume():
    assert chosen([volume()], delayed=True) is None


@pytest.mark.parametrize(
    "unfit",
    [
        volume(size="1023Mi"),
        volume(modes=("ReadOnlyMany",)),
        volume(phase="Released"),
        volume(volumeMode="Block"),
        volume(deleting=True),
        volume(storageClassName="fast"),
        volume(volumeAttributesClassName="gold"),
        volume(claimRef={"namespace": "default", "name": "other"}),
        volume(claimRef={**RESERVED, "uid": "other"}),
    ],
)
def test_what_does_not_fit(unfit):
    assert chosen([unfit]) is None


def test_selector_and_class_are_asked_for():
    fast = claim(storageClassName="fast")
    blue = claim(selector={"matchLabels": {"color": "blue"}})

    assert chosen([volume(), volume("f", storageClassName="fast")], fast) == "f"
    assert chosen([volume(labels={"color": "red"}), volume("b", labels={"color": "blue"})], blue) == "b"


@pytest.mark.parametrize(
    "named, why",
    [
        (volume(), ""),
        (volume(deleting=True), 'the volume is marked for deletion "v"'),
        (volume(size="1"), "requested PV is too small"),
        (volume(storageClassName="a"), "storageClassName does not match"),
        (volume(volumeAttributesClassName="a"), "volumeAttributesClassName does not match"),
        (volume(volumeMode="Block"), "incompatible volumeMode"),
        (volume(modes=("ReadOnlyMany",)), "incompatible accessMode"),
    ],
)
def test_why_a_named_volume_does_not_fit(named, why):
    assert mismatch(named, CLAIM) == why


def test_a_volume_is_reserved_by_name_and_by_uid():
    assert is_reserved(volume(claimRef=RESERVED), CLAIM)
    assert is_reserved(volume(claimRef={**RESERVED, "uid": "1"}), CLAIM)
    assert not is_reserved(volume(claimRef={**RESERVED, "uid": "2"}), CLAIM)
    assert not is_reserved(volume(), CLAIM)
