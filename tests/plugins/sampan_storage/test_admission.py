import pytest

from sampan.contracts.access import User
from sampan.contracts.admission import Review
from sampan.errors import Forbidden
from sampan_machinery.resources import STORAGE_CLASSES
from sampan_storage.admission import DefaultStorageClass, PersistentVolumeClaimResize, StorageObjectInUseProtection
from sampan_storage.kinds import ATTRIBUTES_CLASS, CLAIM, VOLUME
from sampan_testing.shelves import Shelf

DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}


def a_class(name, *, default=False, created="2026-01-01T00:00:00Z", **fields):
    meta = {"name": name, "creationTimestamp": created, "annotations": DEFAULT if default else {}}
    return STORAGE_CLASSES, {"metadata": meta, "provisioner": "a.example", **fields}


def review(kind, obj, old=None, classes=()):
    operation = "CREATE" if old is None else "UPDATE"
    return Review(operation, kind, "", "default", "a", obj, old, User("me"), False, Shelf(classes))


def defaulted(claim, *classes):
    asked = review(CLAIM, {"metadata": {}, **claim}, classes=classes)
    DefaultStorageClass().admit(asked)
    return (asked.object.get("spec") or {}).get("storageClassName")


def test_a_claim_without_a_class_gets_the_default():
    assert defaulted({}, a_class("slow"), a_class("fast", default=True)) == "fast"


def test_of_several_defaults_the_newest_counts():
    old, new = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    classes = [a_class("a", default=True, created=old), *(a_class(n, default=True, created=new) for n in "cb")]

    assert defaulted({}, *classes) == "b"


@pytest.mark.parametrize(
    "claim",
    [
        {"spec": {"storageClassName": ""}},
        {"metadata": {"annotations": {"volume.beta.kubernetes.io/storage-class": "a"}}},
    ],
)
def test_a_claim_that_says_something_is_left_alone(claim):
    before = (claim.get("spec") or {}).get("storageClassName")

    assert defaulted(claim, a_class("fast", default=True)) == before


def test_without_a_default_nothing_is_set():
    assert defaulted({}, a_class("fast")) is None


@pytest.mark.parametrize(
    "kind, finalizer", [(VOLUME, "pv-protection"), (CLAIM, "pvc-protection"), (ATTRIBUTES_CLASS, "vac-protection")]
)
def test_new_objects_are_protected_once(kind, finalizer):
    asked = review(kind, {"metadata": {"finalizers": ["a.example/b"]}})
    StorageObjectInUseProtection().admit(asked)
    StorageObjectInUseProtection().admit(asked)

    assert asked.object["metadata"]["finalizers"] == ["a.example/b", f"kubernetes.io/{finalizer}"]


def claim(size, phase="Bound", name="fast"):
    spec = {"resources": {"requests": {"storage": size}}, "storageClassName": name}
    return {"metadata": {"name": "a"}, "spec": spec, "status": {"phase": phase}}


def resize(new, old, *classes):
    PersistentVolumeClaimResize().admit(review(CLAIM, new, old, classes))


def test_a_claim_grows_where_its_class_allows_it():
    resize(claim("2Gi"), claim("1Gi"), a_class("fast", allowVolumeExpansion=True))
    resize(claim("1Gi"), claim("1Gi"))
    resize(claim("512Mi"), claim("1Gi"))


@pytest.mark.parametrize(
    "new, old, allowed, why",
    [
        (claim("2Gi"), claim("1Gi", "Pending"), True, "Only bound persistent volume claims can be expanded"),
        (
            claim("2Gi"),
            claim("1Gi"),
            False,
            "only dynamically provisioned pvc can be resized and the storageclass that",
        ),
        (claim("2Gi", name=""), claim("1Gi", name=""), True, "only dynamically provisioned pvc can be resized"),
        (
            claim("2Gi", name="other"),
            claim("1Gi", name="other"),
            True,
            "only dynamically provisioned pvc can be resize",
        ),
    ],
)
def test_any_other_growth_is_refused(new, old, allowed, why):
    with pytest.raises(Forbidden, match=f'^persistentvolumeclaims "a" is forbidden: {why}'):
        resize(new, old, a_class("fast", allowVolumeExpansion=allowed))
