import pytest

from sampan_scheduling.contracts import Verdict
from sampan_storage.scheduling import podclaims


def test_bound_claims_are_told_from_those_that_wait_for_a_node(build, known):
    bound, delayed = build.claim("a", volume="pv"), build.claim("b")

    found = podclaims.read(build.pod("a", "b"), known)

    assert (found.bound, found.delayed) == ([bound], [delayed])


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        (None, 'persistentvolumeclaim "data" not found'),
        ({"storage_class": "now"}, "pod has unbound immediate PersistentVolumeClaims"),
        ({"storage_class": ""}, "pod has unbound immediate PersistentVolumeClaims"),
        ({"storage_class": "none"}, 'storageclass.storage.k8s.io "none" not found'),
        ({"deletionTimestamp": "now"}, 'persistentvolumeclaim "data" is being deleted'),
    ],
)
def test_a_pod_waits_with_upstream_s_words(build, known, claim, why):
    if claim is not None:
        build.claim(**claim)

    assert podclaims.read(build.pod("data"), known) == Verdict(why, True)


def test_a_lost_claim_names_its_volume(build, known):
    build.claim(volume="pv")["status"]["phase"] = "Lost"

    why = 'persistentvolumeclaim "data" bound to non-existent persistentvolume "pv"'
    assert podclaims.read(build.pod("data"), known) == Verdict(why, True)


def test_a_claim_that_names_its_volume_is_the_binder_s_even_if_its_class_waits(build, known):
    build.claim()["spec"]["volumeName"] = "pv"

    assert podclaims.read(build.pod("data"), known).reason == "pod has unbound immediate PersistentVolumeClaims"


def test_an_ephemeral_claim_is_waited_for_and_has_to_be_the_pod_s(build, known):
    pod = build.pod(ephemeral={"volumeClaimTemplate": {}})
    waiting = 'waiting for ephemeral volume controller to create the persistentvolumeclaim "web-ephemeral"'
    assert podclaims.read(pod, known) == Verdict(waiting, True)

    build.claim("web-ephemeral")
    assert "was not created for pod default/web" in podclaims.read(pod, known).reason

    owner = {"kind": "Pod", "name": "web", "uid": "uid-web", "controller": True}
    build.claim("web-ephemeral", ownerReferences=[owner])
    assert len(podclaims.read(pod, known).delayed) == 1
