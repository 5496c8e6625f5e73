from sampan_scheduler.analysis.templates import pods_of

TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "web"}]}}


def made(*manifests, nodes=(), classes=(), namespace="default"):
    return list(pods_of(manifests, nodes, classes, namespace))


def workload(kind, **spec):
    return {"kind": kind, "metadata": {"name": "x"}, "spec": {"template": TEMPLATE, **spec}}


def names(pods):
    return [pod["metadata"]["name"] for pod in pods]


def test_workloads_bring_as_many_pods_as_they_say():
    assert names(made(workload("Deployment", replicas=2))) == ["x-0", "x-1"]
    assert names(made(workload("StatefulSet"), workload("Job", parallelism=2))) == ["x-0", "x-0", "x-1"]
    assert made(workload("ReplicaSet", replicas=0)) == []
    cron = {"kind": "CronJob", "metadata": {"name": "c"}, "spec": {"jobTemplate": {"spec": {"template": TEMPLATE}}}}
    assert names(made(cron)) == ["c-0"]


def test_lists_are_looked_into_and_other_kinds_bring_none():
    pod = {"kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}, "spec": {"containers": []}}

    found = made({"kind": "List", "items": [pod, {"kind": "Service", "metadata": {"name": "s"}}]}, {"kind": "Secret"})

    assert [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in found] == [("shop", "p")]


def test_pods_of_a_deployment_spread_as_those_of_its_replicaset():
    pod = made(workload("Deployment"), namespace="shop")[0]

    assert pod["metadata"]["namespace"] == "shop"
    assert pod["metadata"]["labels"] == {"app": "web"}
    assert pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"


def test_a_daemonset_brings_a_pod_for_each_node_that_it_selects(build, place):
    selecting = {**TEMPLATE, "spec": {**TEMPLATE["spec"], "nodeSelector": {"disk": "ssd"}}}
    nodes = [build.node("a", labels={"disk": "ssd"}, cordoned=True), build.node("b")]

    (pod,) = made(workload("DaemonSet", template=selecting), nodes=nodes)

    assert pod["metadata"]["name"] == "x-a"
    assert place(*nodes).node_of(pod) == "a"  # cordoned nodes get them too


def test_priority_comes_from_the_class_that_is_named_or_the_default_one():
    classes = [
        {"metadata": {"name": "high"}, "value": 1000, "preemptionPolicy": "Never"},
        {"metadata": {"name": "usual"}, "value": 5, "globalDefault": True},
    ]
    named = {**TEMPLATE, "spec": {**TEMPLATE["spec"], "priorityClassName": "high"}}

    pods = made(workload("Job"), workload("Job", template=named), classes=classes)

    assert [(pod["spec"]["priority"], pod["spec"]["preemptionPolicy"]) for pod in pods] == [(5, None), (1000, "Never")]
    assert "priority" not in made(workload("Job"))[0]["spec"]
