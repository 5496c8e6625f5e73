from sampan_podspec.claims import ClaimUse, claim_uses, foreign_claim, usable_on


def test_claims_are_named_by_volumes_and_made_for_ephemeral_ones():
    volumes = [
        {"name": "a", "persistentVolumeClaim": {"claimName": "data", "readOnly": True}},
        {"name": "b", "emptyDir": {}},
        {"name": "c", "ephemeral": {"volumeClaimTemplate": {}}},
    ]

    assert list(claim_uses({"metadata": {"name": "web"}, "spec": {"volumes": volumes}})) == [
        ClaimUse("a", "data", False, True),
        ClaimUse("c", "web-c", True, False),
    ]


def test_an_ephemeral_claim_belongs_to_its_pod():
    pod = {"metadata": {"name": "web", "namespace": "ns", "uid": "1"}}
    meta = {"name": "web-c", "namespace": "ns"}
    owner = {"kind": "Pod", "name": "web", "uid": "1", "controller": True}

    assert foreign_claim(pod, {"metadata": {**meta, "ownerReferences": [owner]}}) == ""
    assert foreign_claim(pod, {"metadata": meta}) == "PVC ns/web-c was not created for pod ns/web (pod is not owner)"


def test_a_volume_without_affinity_is_usable_everywhere():
    assert usable_on({"spec": {}}, {}, "n")


def test_affinity_is_any_of_its_terms():
    terms = [{"matchExpressions": [{"key": "zone", "operator": "In", "values": [zone]}]} for zone in ("a", "b")]
    volume = {"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}}}

    assert usable_on(volume, {"zone": "b"}, "n")
    assert not usable_on(volume, {"zone": "c"}, "n")
    assert not usable_on({"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": []}}}}, {}, "n")
