from __future__ import annotations

from sampan_dashboard import summaries

CRASHED = {
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "shop", "creationTimestamp": "1970-01-01T00:00:00Z"},
    "spec": {"nodeName": "node-1", "initContainers": [{"name": "init", "image": "i"}],
             "containers": [{"name": "main", "image": "nginx:1"}]},
    "status": {
        "phase": "Running",
        "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}],
        "conditions": [{"type": "Ready", "status": "False", "message": "containers with unready status: [main]"}],
        "initContainerStatuses": [{"name": "init", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}],
        "containerStatuses": [{
            "name": "main", "restartCount": 4,
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}},
            "lastState": {"terminated": {"exitCode": 3, "reason": "Error"}},
        }],
    },
}  # fmt: skip


def test_a_sentence_says_what_it_is_and_how():
    assert summaries.sentence(CRASHED, 90.0) == "Pod web in shop: CrashLoopBackOff, 90s old."
    assert summaries.sentence({"kind": "Gizmo", "metadata": {"name": "a"}}, 0.0).startswith("Gizmo a: exists")


def test_a_crashed_pod_says_why():
    facts = dict(summaries.facts(CRASHED))

    assert facts["Node"] == "node-1"
    assert facts["IP"] == "10.0.0.1, fd00::1"
    assert "back-off 40s" in facts["Why"] and "exit code 3" in facts["Why"] and "unready" in facts["Why"]


def test_a_pod_that_is_well_says_nothing():
    well = {
        "kind": "Pod",
        "status": {"phase": "Running", "containerStatuses": [{"name": "m", "state": {"running": {}}}]},
    }

    assert "Why" not in dict(summaries.facts(well))


def test_containers_are_shown_with_how_they_ended():
    init, main = summaries.containers(CRASHED)

    assert init == ("init", "i", "Completed, exit code 0", "good", 0, "")
    assert main == ("main", "nginx:1", "CrashLoopBackOff", "bad", 4, "Error, exit code 3")


def test_a_workload_shows_the_containers_of_its_template():
    template = {"spec": {"containers": [{"name": "main", "image": "a:1"}]}}
    cron = {"kind": "CronJob", "spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}}}

    assert [each.image for each in summaries.containers({"kind": "Deployment", "spec": {"template": template}})] == [
        "a:1"
    ]
    assert [each.image for each in summaries.containers(cron)] == ["a:1"]
    assert dict(summaries.facts(cron))["Schedule"] == "@daily"
    assert summaries.containers({"kind": "ConfigMap"}) == []


def test_a_secret_shows_its_keys_and_never_a_value():
    found = summaries.facts({"kind": "Secret", "type": "Opaque", "data": {"password": "aHVudGVyMg=="}})

    assert found == [("Type", "Opaque"), ("Keys", "password")]


def test_other_kinds_say_what_is_asked_of_them_first():
    service = {"kind": "Service", "spec": {"type": "NodePort", "clusterIPs": ["10.0.0.1"],
               "ports": [{"port": 80, "targetPort": 8080, "nodePort": 30000}]}}  # fmt: skip
    binding = {"kind": "RoleBinding", "roleRef": {"kind": "Role", "name": "view"},
               "subjects": [{"kind": "User", "name": "ann"}]}  # fmt: skip
    node = {"kind": "Node", "spec": {"taints": [{"key": "gpu", "effect": "NoSchedule"}]},
            "status": {"allocatable": {"cpu": "2"}}}  # fmt: skip
    claim = {"kind": "PersistentVolumeClaim", "status": {"capacity": {"storage": "1Gi"}}}
    ingress = {"kind": "Ingress", "spec": {"rules": [{"host": "a.example"}, {}]}}

    assert dict(summaries.facts(service))["Ports"] == "80→8080/TCP (node 30000)"
    assert dict(summaries.facts(binding)) == {"Role": "Role view", "Subject": "User ann"}
    assert dict(summaries.facts(node)) == {"Allocatable": "cpu 2", "Taints": "gpu:NoSchedule"}
    assert dict(summaries.facts(claim)) == {"Capacity": "1Gi"}
    assert dict(summaries.facts(ingress)) == {"Hosts": "a.example, *"}
    assert summaries.facts({"kind": "Gizmo"}) == []
