from __future__ import annotations

from sampan_federation.services.exporting import imported
from sampan_federation.services.importing import OF_IMPORT, derived_service, works_of_import


def service_import(**spec):
    ports = [{"name": "http", "port": 80, "protocol": "TCP"}]
    return {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"type": "ClusterSetIP", "ports": ports, **spec}}


def test_the_derived_service_has_the_ports_and_the_label_that_dns_answers_by():
    found = derived_service(service_import(sessionAffinity="ClientIP"))

    assert found["metadata"]["name"] == "derived-web"
    assert found["metadata"]["labels"] == {"multicluster.kubernetes.io/service-name": "web"}
    assert found["spec"]["ports"] == [{"name": "http", "port": 80, "protocol": "TCP"}]
    assert "selector" not in found["spec"] and found["spec"]["sessionAffinity"] == "ClientIP"


def test_a_headless_import_is_a_headless_service():
    assert derived_service(service_import(type="Headless"))["spec"]["clusterIP"] == "None"


def test_each_importing_cluster_gets_the_service_and_the_slices_of_all():
    slices = [{"metadata": {"name": "x"}, "addressType": "IPv4", "endpoints": [{"addresses": ["10.1.0.1"]}]}]
    exported = {each: imported(slices, each, "web", "shop") for each in ("east", "west")}

    works = works_of_import(service_import(), ["north", "south"], exported)

    by_cluster = [
        (w["metadata"]["namespace"], w["spec"]["workload"]["manifests"][0]["metadata"]["name"]) for w in works
    ]
    assert by_cluster == [
        (f"karmada-es-{cluster}", name)
        for cluster in ("north", "south")
        for name in ("derived-web", "imported-east-x", "imported-west-x")
    ]
    assert {w["metadata"]["labels"][OF_IMPORT] for w in works} == {"shop.web"}
