from sampan_machinery.schema import load
from sampan_machinery.types import Node


def pod_spec():
    return load().node("", "v1", "Pod").field("spec")


def test_a_list_of_maps_knows_its_keys_and_merge_key():
    ports = pod_spec().field("containers").item().field("ports")

    assert (ports.shape, ports.list_type, ports.list_keys) == ("list", "map", ("containerPort", "protocol"))
    assert (ports.patch_strategy, ports.patch_merge_key) == ("merge", "containerPort")
    assert ports.item().default("protocol") == "TCP"
    assert list(ports.item().required()) == ["containerPort"]


def test_strategies_are_those_of_the_place():
    assert load().node("apps", "v1", "Deployment").field("spec").field("strategy").patch_strategy == "retainKeys"
    assert pod_spec().field("volumes").patch_strategy == "merge,retainKeys"


def test_a_list_without_a_word_is_atomic():
    assert pod_spec().field("containers").item().field("args").list_type == "atomic"


def test_sets_maps_and_scalars_are_told_apart():
    metadata = load().node("", "v1", "Pod").field("metadata")

    assert metadata.field("finalizers").list_type == "set"
    assert (metadata.field("labels").shape, metadata.field("labels").item().scalar) == ("map", "string")
    assert metadata.field("creationTimestamp").scalar == "time"
    assert metadata.field("nothing") is None
    assert "labels" in metadata.fields()


def test_atomic_structs_say_so():
    assert pod_spec().field("imagePullSecrets").item().atomic
    assert pod_spec().field("nodeSelector").atomic
    assert not pod_spec().atomic


def test_a_type_may_contain_itself():
    crd = load().node("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    schema = crd.field("spec").field("versions").item().field("schema").field("openAPIV3Schema")

    assert schema.field("properties").item().field("properties").item().field("type").scalar == "string"


def test_nodes_are_kept():
    node: Node = load().node("", "v1", "Pod")

    assert node.field("spec") is load().node("", "v1", "Pod").field("spec")


def test_a_field_can_be_granular_where_its_type_is_atomic():
    volume, event = load().node("", "v1", "PersistentVolume"), load().node("", "v1", "Event")

    assert not volume.field("spec").field("claimRef").atomic
    assert event.field("involvedObject").atomic
