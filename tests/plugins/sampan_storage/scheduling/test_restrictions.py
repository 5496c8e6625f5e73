import pytest

from sampan_storage.scheduling.restrictions import ALONE, NO_DISK, VolumeRestrictions


def test_a_claim_for_one_pod_alone_keeps_others_from_every_node(build, known, ask):
    build.claim(volume="pv", modes=("ReadWriteOncePod",))
    user = build.pod("data", name="first")
    free, taken = build.node("a"), build.node("b", user, row=1)
    rules = VolumeRestrictions(known)

    assert ask(rules, build.pod("data"), free, build.node("b", row=1)) == ["", ""]
    assert ask(rules, build.pod("data"), free, taken) == [ALONE.reason, ALONE.reason]
    assert not ALONE.unresolvable  # removing the user helps


def test_other_claims_are_shared(build, known, ask):
    build.claim(volume="pv")

    assert ask(VolumeRestrictions(known), build.pod("data"), build.node("a", build.pod("data", name="first"))) == [""]


RBD = {"monitors": ["m1", "m2"], "image": "i"}


@pytest.mark.parametrize(
    ("kind", "one", "other", "clash"),
    [
        ("gcePersistentDisk", {"pdName": "d"}, {"pdName": "d"}, True),
        ("gcePersistentDisk", {"pdName": "d", "readOnly": True}, {"pdName": "d", "readOnly": True}, False),
        ("gcePersistentDisk", {"pdName": "d"}, {"pdName": "e"}, False),
        ("awsElasticBlockStore", {"volumeID": "v", "readOnly": True}, {"volumeID": "v", "readOnly": True}, True),
        ("iscsi", {"iqn": "q"}, {"iqn": "q"}, True),
        ("rbd", RBD, {"monitors": ["m2"], "image": "i", "pool": "rbd"}, True),
        ("rbd", RBD, {"monitors": ["m3"], "image": "i"}, False),
    ],
)
def test_a_disk_is_written_by_one_node_s_pod_alone(build, known, ask, kind, one, other, clash):
    node = build.node("a", build.pod(name="first", **{kind: other}))

    assert ask(VolumeRestrictions(known), build.pod(**{kind: one}), node) == [NO_DISK.reason if clash else ""]
