from sampan.contracts.reconciling import Create, Emit, Key, Remove
from sampan_machinery.resources import CSI_DRIVERS, NODES, PODS, VOLUME_ATTACHMENTS
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_storage import attaching
from sampan_testing.shelves import Shelf


def name(node="n"):
    return attaching.attachment_name("h", "d", node)


def pod(node="n", phase="Pending", **meta):
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
    spec = {"volumes": volumes, **({"nodeName": node} if node else {})}
    whole = {"metadata": {"name": f"on-{node}", "namespace": "default", "uid": node, **meta}, "spec": spec}
    return PODS, {**whole, "status": {"phase": phase}}


CLAIM = CLAIMS, {"metadata": {"name": "data", "namespace": "default"}, "spec": {"volumeName": "pv"}}


def volume(*modes):
    reference = {"namespace": "default", "name": "data"}
    source = {"driver": "d", "volumeHandle": "h"}
    spec = {"csi": source, "accessModes": list(modes or ("ReadWriteOnce",)), "claimRef": reference}
    return VOLUMES, {"metadata": {"name": "pv"}, "spec": spec}


def driver(required):
    return CSI_DRIVERS, {"metadata": {"name": "d"}, "spec": {"attachRequired": required}}


def attachment(node="n", **status):
    spec = {"attacher": "d", "nodeName": node, "source": {"persistentVolumeName": "pv"}}
    return VOLUME_ATTACHMENTS, {"metadata": {"name": name(node), "uid": "u"}, "spec": spec, "status": status}


def decided(*objects, node="n"):
    return attaching.decide(Key("", name(node)), Shelf(objects))


def test_a_volume_is_attached_where_a_pod_uses_it():
    (made,) = decided(pod(), CLAIM, volume())

    assert isinstance(made, Create)
    assert made.object["metadata"] == {"name": name()}
    assert made.object["spec"] == attachment()[1]["spec"]
    assert set(attaching.keys_of_pod(pod()[1], Shelf((CLAIM, volume())))) == {Key("", name())}


def test_a_driver_may_not_attach():
    assert decided(pod(), CLAIM, volume(), driver(False)) == []
    assert len(decided(pod(), CLAIM, volume(), driver(True))) == 1


def test_a_pod_without_a_node_or_a_bound_claim_attaches_nothing():
    assert decided(pod(node=""), CLAIM, volume()) == []
    assert decided(pod(), volume()) == []


def test_a_volume_is_detached_when_no_pod_of_the_node_is_left():
    (gone,) = decided(pod("other"), CLAIM, volume(), attachment())
    assert (type(gone), gone.name, gone.uid) == (Remove, name(), "u")

    assert decided(pod(deletionTimestamp="now"), CLAIM, volume(), attachment()) == []
    assert decided(pod(phase="Succeeded"), CLAIM, volume(), attachment()) == []


def node(*in_use, taint=""):
    spec = {"taints": [{"key": taint}]} if taint else {}
    return NODES, {"metadata": {"name": "n"}, "spec": spec, "status": {"volumesInUse": list(in_use)}}


def test_a_volume_that_is_still_mounted_is_not_detached():
    mounted = "kubernetes.io/csi/d^h"

    assert decided(CLAIM, volume(), attachment(), node(mounted)) == []
    assert len(decided(CLAIM, volume(), attachment(), node("kubernetes.io/csi/d^other"))) == 1
    assert len(decided(CLAIM, volume(), attachment(), node(mounted, taint="node.kubernetes.io/out-of-service"))) == 1
    assert attaching.keys_of_node(node()[1], Shelf((attachment(), attachment("m")))) == [Key("", name())]


def test_attachments_of_others_are_left_alone():
    resource, inline = attachment()
    inline["spec"]["source"] = {"inlineVolumeSpec": {}}
    assert decided((resource, inline)) == []

    assert decided(attachment()) == []  # of a volume that is not there
    resource, named = attachment()
    named["metadata"]["name"] = "mine"
    assert attaching.decide(Key("", "mine"), Shelf(((resource, named), volume()))) == []


def test_a_volume_for_one_node_is_not_attached_to_two():
    (event,) = decided(pod("m"), CLAIM, volume(), attachment("n"), node="m")

    assert isinstance(event, Emit)
    assert event.message == (
        'Multi-Attach error for volume "pv" Volume is already exclusively attached to one node and can\'t be attached '
        "to another"
    )
    assert isinstance(decided(pod("m"), CLAIM, volume("ReadWriteMany"), attachment("n"), node="m")[0], Create)


def test_the_end_of_an_attachment_is_news_for_the_pods_that_wait():
    shelf = Shelf((pod("m"), CLAIM, volume()))

    assert set(attaching.keys_of_attachment(attachment("n")[1], shelf)) == {Key("", name("n")), Key("", name("m"))}


def test_what_came_of_it_is_told_at_the_pod():
    (event,) = decided(pod(), CLAIM, volume(), attachment(attached=True))
    assert (event.reason, event.message) == (
        "SuccessfulAttachVolume", 'AttachVolume.Attach succeeded for volume "pv"',
    )  # fmt: skip

    (event,) = decided(pod(), CLAIM, volume(), attachment(attachError={"message": "no slot"}))
    assert event.message == 'AttachVolume.Attach failed for volume "pv" : no slot'
    assert decided(pod(phase="Running"), CLAIM, volume(), attachment(attached=True)) == []
