from sampan_csi.snapshots.definitions import definitions


def test_the_three_kinds_are_those_of_the_published_api():
    found = {one["metadata"]["name"]: one["spec"] for one in definitions()}

    assert sorted(found) == [
        "volumesnapshotclasses.snapshot.storage.k8s.io", "volumesnapshotcontents.snapshot.storage.k8s.io",
        "volumesnapshots.snapshot.storage.k8s.io",
    ]  # fmt: skip
    assert [spec["scope"] for spec in found.values()] == ["Cluster", "Cluster", "Namespaced"]
    assert [spec["names"]["shortNames"] for spec in found.values()] == [
        ["vsclass", "vsclasses"],
        ["vsc", "vscs"],
        ["vs"],
    ]
    for spec in found.values():
        (version,) = spec["versions"]
        assert version["name"] == "v1" and version["additionalPrinterColumns"][-1]["name"] == "Age"


def test_a_protected_group_says_who_approved_it():
    assert all("api-approved.kubernetes.io" in one["metadata"]["annotations"] for one in definitions())
