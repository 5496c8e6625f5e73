import pytest

from sampan_podspec.device_claims import (
    ClaimUse,
    claim_uses,
    claims_of,
    is_done,
    is_reserved_for,
    reservation,
    uses_claims,
)

POD = {
    "metadata": {"name": "web", "namespace": "default", "uid": "u"},
    "spec": {"resourceClaims": [
        {"name": "a", "resourceClaimName": "mine"}, {"name": "b", "resourceClaimTemplateName": "t"},
        {"name": "c", "resourceClaimTemplateName": "t"}, {"name": "d", "resourceClaimTemplateName": "t"},
    ]},
    "status": {"resourceClaimStatuses": [{"name": "b", "resourceClaimName": "web-b"}, {"name": "c"}]},
}  # fmt: skip
OWNER = {"kind": "Pod", "name": "web", "uid": "u", "controller": True}


def claim(name, *owners, **meta):
    return {"metadata": {"name": name, "namespace": "default", "ownerReferences": list(owners), **meta}}


def test_claims_are_named_by_the_pod_or_made_for_it():
    assert list(claim_uses(POD)) == [
        ClaimUse("a", "mine", False),
        ClaimUse("b", "web-b", True),
        ClaimUse("d", None, True),
    ]
    assert uses_claims(POD) and not uses_claims({"spec": {}})


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([claim("mine"), claim("web-b", OWNER)], ["mine", "web-b"]),
        ([claim("mine")], 'resourceclaim.resource.k8s.io "web-b" not found'),
        ([claim("mine", deletionTimestamp="x")], 'resourceclaim "mine" is being deleted'),
        (
            [claim("mine"), claim("web-b")],
            "ResourceClaim default/web-b was not created for Pod default/web (Pod is not owner)",
        ),
    ],
)
def test_a_pod_has_its_claims_or_waits(claims, expected):
    pod = {**POD, "spec": {"resourceClaims": POD["spec"]["resourceClaims"][:3]}}
    found = claims_of(pod, {each["metadata"]["name"]: each for each in claims}.get)

    assert (found if isinstance(found, str) else [each["metadata"]["name"] for each in found]) == expected


def test_a_pod_waits_for_a_claim_that_is_not_made_yet():
    known = {"mine": claim("mine"), "web-b": claim("web-b", OWNER)}

    assert claims_of(POD, known.get) == 'pod "default/web": ResourceClaim not created yet'


def test_a_reservation_names_the_pod_by_uid():
    reserved = {"status": {"reservedFor": [reservation(POD)]}}

    assert is_reserved_for(reserved, POD)
    assert not is_reserved_for(reserved, {"metadata": {"uid": "other"}}) and not is_reserved_for({}, POD)


def test_a_pod_is_done_that_will_not_run_again():
    deleted = {"metadata": {"deletionTimestamp": "x"}, "spec": {}}

    assert is_done(deleted) and is_done({"metadata": {}, "spec": {}, "status": {"phase": "Failed"}})
    assert not is_done({**deleted, "spec": {"nodeName": "n"}}) and not is_done(POD)
