import pytest

from sampan_federation.interpreter.reading import LARGEST, LARGEST_STATUS
from sampan_federation.interpreter.reflection import RULES, reflected
from sampan_federation.works.names import GENERATION


def member_object(kind, api_version="apps/v1", annotations=None, spec=None, **status):
    metadata = {"name": "a", "generation": 4, "annotations": annotations or {}}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec or {}, "status": status}


def test_a_deployment_reports_numbers_and_the_generation_it_was_made_from():
    found = reflected(
        member_object(
            "Deployment", annotations={GENERATION: "7"}, replicas=2, readyReplicas=1, observedGeneration=4,
            conditions=[{"type": "Available"}],
        )
    )  # fmt: skip

    assert found == {
        "generation": 4, "resourceTemplateGeneration": 7, "replicas": 2, "readyReplicas": 1, "observedGeneration": 4,
    }  # fmt: skip


def test_without_a_status_nothing_is_reported():
    assert reflected(member_object("Deployment")) is None


def test_only_services_with_a_load_balancer_report():
    assert reflected(member_object("Service", "v1", spec={"type": "ClusterIP"}, loadBalancer={})) is None
    address = {"ingress": [{"ip": "192.0.2.1"}]}
    found = reflected(member_object("Service", "v1", spec={"type": "LoadBalancer"}, loadBalancer=address))
    assert found == {"loadBalancer": address}


def test_a_job_reports_its_conditions_and_times():
    conditions = [{"type": "Complete", "status": "True"}]
    found = reflected(
        member_object("Job", "batch/v1", succeeded=1, conditions=conditions, startTime="2026-01-01T00:00:00Z")
    )
    assert found == {"succeeded": 1, "conditions": conditions, "startTime": "2026-01-01T00:00:00Z"}


def test_another_kind_reports_its_whole_status():
    assert reflected(member_object("Widget", "example.com/v1", size=3)) == {"size": 3}


def test_numbers_that_are_none_are_left_out_and_large_ones_are_cut():
    found = reflected(member_object("Deployment", replicas="lots", readyReplicas=10**30, availableReplicas=-3))

    assert found == {"generation": 4, "readyReplicas": LARGEST}


def test_a_status_that_is_too_large_or_too_deep_is_not_reported():
    nested = {}
    for _ in range(40):
        nested = {"a": nested}

    assert reflected(member_object("Widget", "example.com/v1", text="x" * LARGEST_STATUS)) is None
    assert reflected(member_object("Widget", "example.com/v1", deep=nested)) is None


@pytest.mark.parametrize("garbage", [None, [], "x", 7, {"conditions": 3, "loadBalancer": [], "disruptedPods": 1}])
@pytest.mark.parametrize("kind", list(RULES), ids=str)
def test_a_status_that_is_no_status_fails_no_rule(kind, garbage):
    lying = member_object(kind.kind, kind.api_version, annotations={GENERATION: [1]}, spec={"type": "LoadBalancer"})

    reflected({**lying, "status": garbage})
