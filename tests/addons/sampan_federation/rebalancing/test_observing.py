from __future__ import annotations

from sampan_federation.rebalancing.observing import Workload, finished, is_newer, observed

WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "shop"}
ROLE = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "name": "a:b"}


def test_a_workload_is_named_by_its_binding():
    [web, role] = observed({"workloads": [ROLE, WEB]}, {}).items()

    assert web == (Workload("apps/v1", "Deployment", "shop", "web"), {"workload": WEB})
    assert role[0].binding == "a.b-clusterrole" and role[1] == {"workload": ROLE}


def test_results_are_kept_and_those_of_workloads_that_are_named_no_more_if_they_were_good():
    done = {"workload": WEB, "result": "Successful"}
    failed = {"workload": ROLE, "result": "Failed", "reason": "ReferencedBindingNotFound"}
    other = {**WEB, "name": "api"}

    found = observed({"workloads": [other]}, {"observedWorkloads": [done, failed]})

    assert list(found.values()) == [{"workload": other}, done]
    assert not finished(list(found.values()))
    assert finished([done, failed])


def test_a_binding_is_told_once():
    made = {"metadata": {"creationTimestamp": "2026-11-30T12:00:00Z"}}

    assert is_newer(made, {"spec": {}})
    assert is_newer(made, {"spec": {"rescheduleTriggeredAt": "2026-11-30T11:59:59Z"}})
    assert not is_newer(made, {"spec": {"rescheduleTriggeredAt": "2026-11-30T12:00:00Z"}})
