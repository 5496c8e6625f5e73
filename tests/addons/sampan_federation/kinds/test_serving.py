from __future__ import annotations

import pytest

from sampan.errors import Invalid
from sampan_federation import resources
from sampan_federation.resources import CLUSTERS, MULTI_CLUSTER_INGRESSES, MULTI_CLUSTER_SERVICES, SERVICE_IMPORTS


def test_every_kind_is_served(client):
    every = [each for each in vars(resources).values() if isinstance(each, type(CLUSTERS))]

    assert len(every) == 17
    for resource in every:
        assert client.list(resource).items == []


def test_services_are_checked(create):
    imported = {"type": "ClusterSetIP", "ports": [{"port": 80, "protocol": "TCP"}]}

    assert create(SERVICE_IMPORTS, imported) == imported
    with pytest.raises(Invalid, match="type"):
        create(SERVICE_IMPORTS, {**imported, "type": "Magic"})
    assert create(MULTI_CLUSTER_SERVICES, {"types": ["CrossCluster"]}) == {"types": ["CrossCluster"]}


INGRESS = {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}


def test_a_multi_cluster_ingress_is_an_ingress(create):
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"name": "http"}}}}
    spec = {
        "ingressClassName": "x",
        "rules": [{"host": "a.example", "http": {"paths": [path]}}],
        "tls": [{"hosts": ["a"]}],
    }

    assert create(MULTI_CLUSTER_INGRESSES, spec) == spec
    assert create(MULTI_CLUSTER_INGRESSES, INGRESS) == INGRESS
    for wrong, words in (({}, "either"), ({"rules": []}, "either"), ({**INGRESS, "rules": [{"http": {}}]}, "paths")):
        with pytest.raises(Invalid, match=words):
            create(MULTI_CLUSTER_INGRESSES, wrong)


def test_a_multi_cluster_service_has_one_type_that_stays(client, create):
    for wrong, words in (
        ({"types": ["CrossCluster", "LoadBalancer"]}, "more than one type"),
        ({"types": ["Magic"]}, "types"),
        ({"types": ["CrossCluster"], "ports": [{"port": 0}]}, "port"),
        ({"types": ["CrossCluster"], "ports": [{"port": 1, "name": "A B"}]}, "name"),
    ):
        with pytest.raises(Invalid, match=words):
            create(MULTI_CLUSTER_SERVICES, wrong)
    made = {"metadata": {"name": "fixed", "namespace": "default"}, "spec": {"types": ["LoadBalancer"]}}
    client.create(MULTI_CLUSTER_SERVICES, made)
    with pytest.raises(Invalid, match="immutable"):
        client.patch(MULTI_CLUSTER_SERVICES, "fixed", {"spec": {"types": ["CrossCluster"]}}, "default")
    client.delete(MULTI_CLUSTER_SERVICES, "fixed", "default")
