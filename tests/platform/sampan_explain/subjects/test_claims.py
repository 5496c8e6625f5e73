import pytest

from sampan_explain.subjects.claims import unfit


def claim(make, cls="fast", size="1Gi", phase="Pending", modes=("ReadWriteOnce",), metadata=None, **spec):
    return make.obj(
        "PersistentVolumeClaim", "data", metadata=metadata or {},
        spec={"accessModes": list(modes), "resources": {"requests": {"storage": size}},
              **({} if cls is None else {"storageClassName": cls}), **spec},
        status={"phase": phase},
    )  # fmt: skip


def cls(make, name="fast", mode="Immediate", provisioner="example.com/disk", default=False):
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    return make.obj("StorageClass", name, "storage.k8s.io/v1", namespace="", metadata={"annotations": annotations},
                    provisioner=provisioner, volumeBindingMode=mode)  # fmt: skip


def volume(make, name="pv", size="1Gi", cls="fast", modes=("ReadWriteOnce",), phase="Available", **spec):
    return make.obj(
        "PersistentVolume",
        name,
        namespace="",
        status={"phase": phase},
        spec={"capacity": {"storage": size}, "accessModes": list(modes), "storageClassName": cls, **spec},
    )


def test_a_claim_that_is_bound(make, why):
    assert not why(claim(make, phase="Bound")).causes


def test_a_claim_whose_volume_is_gone(make, why, reasons):
    assert reasons(why(claim(make, phase="Lost", volumeName="pv"))) == ["VolumeLost"]


def test_a_class_that_does_not_exist(make, why):
    found = why(claim(make, "fasst"), cls(make))

    assert found.causes[0].text == "Its StorageClass fasst does not exist; did you mean fast?"


def test_no_default_class(make, why):
    found = why(claim(make, None), cls(make))

    assert "no default one (there are fast)" in found.causes[0].text
    assert found.causes[0].commands == (
        "kubectl annotate storageclass fast storageclass.kubernetes.io/is-default-class=true",
    )
    assert not why(claim(make, None), cls(make, default=True)).causes


def test_a_claim_that_waits_for_its_first_consumer(make, why):
    found = why(claim(make), cls(make, mode="WaitForFirstConsumer"))

    assert (found.healthy, found.causes[0].reason) == (True, "WaitForFirstConsumer")


def test_a_claim_that_waits_for_its_pod_to_be_scheduled(make, why):
    pod = make.pod(phase="Pending", node="", volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}])
    found = why(claim(make), cls(make, mode="WaitForFirstConsumer"), pod)

    assert found.causes[0].reason == "WaitForPodScheduled"
    assert found.causes[0].commands == ("sampan why pod/web-1 -n default",)


def test_a_provisioner_that_failed(make, why):
    made = claim(make)
    found = why(made, cls(make), make.event(made, "ProvisioningFailed", "out of capacity"))

    assert found.causes[0].text == "The provisioner example.com/disk failed: out of capacity."


def test_a_provisioner_that_does_not_run(make, why):
    found = why(claim(make), cls(make))

    assert found.causes[0].reason == "NoProvisioner"
    assert "there is no CSIDriver example.com/disk" in found.causes[0].facts


def test_each_volume_says_why_it_does_not_fit(make, why):
    found = why(
        claim(make, "manual"), cls(make, "manual", provisioner="kubernetes.io/no-provisioner"),
        volume(make, "small", "100Mi", "manual"), volume(make, "other", cls="slow"),
        volume(make, "shared", cls="manual", modes=("ReadOnlyMany",)),
    )  # fmt: skip

    assert found.causes[0].facts == (
        "persistentvolume/shared: it does not allow ReadWriteOnce",
        "persistentvolume/small: it has 100Mi, and 1Gi are asked for",
        "persistentvolume/other: its class is slow, not manual",
    )


def test_a_cluster_without_volumes(make, why, reasons):
    assert reasons(why(claim(make, ""))) == ["NoVolumes"]


def test_a_claim_that_names_a_volume(make, why, reasons):
    assert reasons(why(claim(make, volumeName="pv"))) == ["NoSuchVolume"]
    assert reasons(why(claim(make, volumeName="pv"), volume(make, size="1Mi"))) == ["VolumeDoesNotFit"]
    assert not why(claim(make, volumeName="pv"), volume(make)).causes


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"claimRef": {"namespace": "x", "name": "y"}}, "bound to the claim x/y"),
        ({"claimRef": {"namespace": "default", "name": "data", "uid": "old"}}, "an earlier claim of the same name"),
        ({"phase": "Released"}, "it is Released"),
        ({"volumeMode": "Block"}, "its volumeMode is Block"),
    ],
)
def test_volumes_that_belong_to_others_or_are_of_another_kind(make, more, words):
    assert words in unfit(claim(make), volume(make, **more), "fast")


def test_a_claims_selector_counts(make):
    assert unfit(claim(make, selector={"matchLabels": {"a": "b"}}), volume(make), "fast")
