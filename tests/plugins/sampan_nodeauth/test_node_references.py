from __future__ import annotations

import pytest

from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_machinery.resources import PODS
from sampan_machinery.resources import VOLUME_ATTACHMENTS as ATTACHMENTS
from sampan_nodeauth import node_references as subject
from sampan_nodeauth.node_references import NodeReferences

PULL = {"imagePullSecrets": [{"name": "key"}]}


class Counting:
    """A Reader that says how often pods were listed."""

    def __init__(self, shelf):
        self._shelf, self.lists = shelf, 0

    def __getattr__(self, name):
        return getattr(self._shelf, name)

    def list(self, *args, **kwargs):
        self.lists += 1
        return self._shelf.list(*args, **kwargs)


def test_only_the_pods_node_and_namespace_count(shelf, pod):
    references = NodeReferences(shelf(pod(**PULL)))

    assert references.is_named("n1", "secrets", "shop", "key")
    assert not references.is_named("n2", "secrets", "shop", "key")
    assert not references.is_named("n1", "secrets", "other", "key")
    assert not references.is_named("n1", "configmaps", "shop", "key")
    assert not references.is_named("n1", "secrets", "shop", "other")


def test_the_right_ends_with_the_pod(shelf, pod):
    objects = shelf(pod(**PULL), pod("db", **PULL))
    references = NodeReferences(objects)
    assert references.is_named("n1", "secrets", "shop", "key")

    objects.drop(PODS, "web", "shop")
    assert references.is_named("n1", "secrets", "shop", "key")

    objects.drop(PODS, "db", "shop")
    assert not references.is_named("n1", "secrets", "shop", "key")


def test_a_pod_of_the_same_name_elsewhere_is_no_witness(shelf, pod):
    objects = shelf(pod(**PULL))
    references = NodeReferences(objects)
    assert references.is_named("n1", "secrets", "shop", "key")

    objects.put(PODS, pod(node="n2", **PULL))

    assert not references.is_named("n1", "secrets", "shop", "key")
    assert references.is_named("n2", "secrets", "shop", "key")


def test_a_pod_bound_later_counts_at_once(shelf, pod):
    objects = shelf(pod(node="", **PULL))
    references = NodeReferences(objects)
    assert not references.is_named("n1", "secrets", "shop", "key")

    objects.put(PODS, pod(**PULL))

    assert references.is_named("n1", "secrets", "shop", "key")


def test_an_unbound_pod_belongs_to_no_node(shelf, pod):
    references = NodeReferences(shelf(pod(node="", **PULL)))

    assert not references.pod_is_here("", "shop", "web")
    assert not references.pod_is_here("n1", "shop", "web")
    assert not references.pod_is_here("n1", "shop", "absent")


def test_pods_are_read_once_until_one_changes_and_a_witness_spares_even_that(shelf, pod):
    objects = Counting(shelf(pod(**PULL)))
    references = NodeReferences(objects)
    for name in ("key", "nothing", "key", "no-more"):
        references.is_named("n1", "secrets", "shop", name)
    assert objects.lists == 1

    objects.put(PODS, pod("other"))
    assert references.is_named("n1", "secrets", "shop", "key")
    assert objects.lists == 1

    references.is_named("n1", "secrets", "shop", "nothing")
    assert objects.lists == 2


def test_memory_is_bounded(shelf, pod, monkeypatch):
    monkeypatch.setattr(subject, "_MOST", 10)
    references = NodeReferences(shelf(*(pod(node=f"n{number}", name=f"p{number}", **PULL) for number in range(50))))

    for number in range(50):
        assert references.is_named(f"n{number}", "secrets", "shop", "key")

    assert len(references._named) <= 10
    assert len(references._witnesses) <= 10


@pytest.mark.parametrize(("claim", "may"), [("data", True), ("other", False)])
def test_a_volume_follows_its_claim(shelf, pod, claim, may):
    objects = shelf(pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]))
    spec = {"claimRef": {"namespace": "shop", "name": claim}}
    objects.put(VOLUMES, {"metadata": {"name": "pv"}, "spec": spec})

    assert NodeReferences(objects).volume_is_claimed("n1", "pv") is may
    assert not NodeReferences(objects).volume_is_claimed("n1", "absent")


def test_an_attachment_says_its_node(shelf):
    objects = shelf()
    objects.put(ATTACHMENTS, {"metadata": {"name": "a"}, "spec": {"nodeName": "n1"}})

    assert NodeReferences(objects).attaches_here("n1", "a")
    assert not NodeReferences(objects).attaches_here("n2", "a")


def test_a_secret_of_a_csi_volume_is_read_where_the_volume_is_used(shelf, pod):
    use = {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]}
    source = {"driver": "d", "volumeHandle": "h", "nodeStageSecretRef": {"namespace": "vault", "name": "key"}}
    volume = {"metadata": {"name": "pv"}, "spec": {"claimRef": {"namespace": "shop", "name": "data"}, "csi": source}}
    objects = shelf(pod(**use))
    objects.put(VOLUMES, volume)
    references = NodeReferences(objects)

    assert references.is_secret_of_volume("n1", "vault", "key")
    assert not references.is_secret_of_volume("n1", "vault", "other")
    assert not references.is_secret_of_volume("n1", "shop", "key")
    assert not references.is_secret_of_volume("n2", "vault", "key")
