"""Volumes of hollow nodes, alone and in a cluster."""

from __future__ import annotations

import logging
import time

import pytest

from sampan.errors import AlreadyExists, Conflict
from sampan_hollow.volumes import NOWHERE, PROVISIONED_BY, Volumes, is_free, volume_for, wants_volume
from sampan_machinery.resources import NODES, PERSISTENT_VOLUMES, PODS
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_testing.cluster import start
from sampan_testing.nodes import hollow_node

CHOSEN = {"volume.kubernetes.io/selected-node": "n", "volume.kubernetes.io/storage-provisioner": "p"}


def claim(annotations=CHOSEN, volume="", **meta):
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "volumeName": volume}
    return {"metadata": {"name": "c", "namespace": "d", "uid": "u", "annotations": annotations, **meta}, "spec": spec}


def test_a_claim_wants_a_volume_once_it_has_a_node_and_one_of_the_provisioners():
    assert wants_volume(claim(), ["p"])
    assert not wants_volume(claim(), ["q"]) and not wants_volume(claim({}), ["p"])
    assert not wants_volume(claim(volume="v"), ["p"]) and not wants_volume(claim(deletionTimestamp="x"), ["p"])


def test_a_volume_belongs_to_its_node_and_goes_when_it_is_released():
    made = volume_for(claim())

    assert made["metadata"] == {"name": "pvc-u", "annotations": {PROVISIONED_BY: "p"}}
    assert made["spec"]["hostPath"] == {"path": NOWHERE} and made["spec"]["capacity"] == {"storage": "1Gi"}
    assert made["spec"]["claimRef"]["uid"] == "u"
    assert not is_free(made) and is_free({**made, "status": {"phase": "Released"}})
    kept = {**made["spec"], "persistentVolumeReclaimPolicy": "Retain"}
    assert not is_free({**made, "spec": kept, "status": {"phase": "Released"}})


@pytest.mark.parametrize(("error", "tries"), [(AlreadyExists("there"), 1), (Conflict("again"), 5)])
def test_a_write_is_tried_a_few_times_and_then_told(error, tries, caplog):
    asked = []

    class Api:
        def create(self, resource, obj):
            asked.append(obj)
            raise error

    with caplog.at_level(logging.WARNING):
        Volumes(Api(), ["p"], lambda name: name == "n")._provision(claim())
    told = [record for record in caplog.records if record.name.startswith("sampan_hollow")]
    assert len(asked) == tries and bool(told) == (tries > 1)


def test_a_claim_is_bound_on_a_hollow_node_and_its_volume_goes_with_it():
    with start() as cluster:
        api = cluster.client
        api.create(NODES, hollow_node("sim", {}, time.time()))
        volumes = Volumes(
            cluster.client_as("system:hollow-nodes"), ["sampan.dev/local-path"], lambda name: name == "sim"
        )
        volumes.start()
        try:
            spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
            api.create(CLAIMS, {"metadata": {"name": "data"}, "spec": spec}, "default")
            used = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
            pod = {"containers": [{"name": "main", "image": "x"}], "volumes": used}
            api.create(PODS, {"metadata": {"name": "web"}, "spec": pod}, "default")

            cluster.until(lambda: api.get(PODS, "web", "default")["spec"]["nodeName"] == "sim", 60)
            (volume,) = api.list(PERSISTENT_VOLUMES).items
            assert volume["spec"]["hostPath"]["path"] == NOWHERE
            api.delete(PODS, "web", "default", grace=0)
            api.delete(CLAIMS, "data", "default")
            cluster.until(lambda: not api.list(PERSISTENT_VOLUMES).items, 60)
        finally:
            volumes.stop()
