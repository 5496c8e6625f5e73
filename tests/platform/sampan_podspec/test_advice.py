"""Advice on pods and their templates, in the words of kube-apiserver 1.36.2."""

from __future__ import annotations

import pytest

from sampan_podspec.advice import advice, of_pod, of_template

NO_POD = "a null labelSelector results in matching no pod"


def told(**spec):
    return list(advice({"metadata": {}, "spec": spec}))


def of_containers(*containers):
    return told(containers=[{"name": "c", **container} for container in containers])


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"hostAliases": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.1"}]}, 'spec.hostAliases[1].ip: duplicate ip "10.0.0.1"'),
        ({"imagePullSecrets": [{"name": "a"}, {"name": "a"}]}, 'spec.imagePullSecrets[1].name: duplicate name "a"'),
        ({"imagePullSecrets": [{}]}, 'spec.imagePullSecrets[0].name: invalid empty name ""'),
        ({"nodeSelector": {"beta.kubernetes.io/os": "linux"}},
         'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'),
        ({"topologySpreadConstraints": [{}]}, f"spec.topologySpreadConstraints[0].labelSelector: {NO_POD}"),
        ({"overhead": {"memory": "1500m"}},
         'spec.overhead[memory]: fractional byte value "1500m" is invalid, must be an integer'),
        ({"terminationGracePeriodSeconds": -1},
         "spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"),
        ({"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{}]}}},
         f"spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: {NO_POD}"),
        ({"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{}]}}},
         "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm."
         f"labelSelector: {NO_POD}"),
        ({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "app.kubernetes.io/created-by"}]}]}}}},
         "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]."
         "matchExpressions[0].key: app.kubernetes.io/created-by is deprecated since v1.9"),
        ({"volumes": [{"name": "v", "gitRepo": {}}]},
         "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+"),
        ({"volumes": [{"name": "v", "storageos": {}}]},
         "spec.volumes[0].storageOS: deprecated in v1.22, non-functional in v1.25+"),
        ({"volumes": [{"name": "v", "configMap": {"name": "m", "items": [{"path": "a"}, {"path": "a/b"}]}}]},
         'volume "v" (ConfigMap "m"): overlapping paths: "a/b" with "a"'),
        ({"volumes": [{"name": "v", "projected": {"sources": [{}]}}]},
         'volume "v" (Projected) has no sources provided'),
        ({"volumes": [{"name": "v", "projected": {"sources": [
            {"secret": {"name": "s", "items": [{"path": "token"}]}}, {"serviceAccountToken": {"path": "token"}}]}}]},
         'volume "v" (Projected): overlapping paths: "token" (ServiceAccountToken) with "token" (Secret "s")'),
        ({"volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {
            "resources": {"requests": {"storage": "0.5"}}}}}}]},
         "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: "
         'fractional byte value "500m" is invalid, must be an integer'),
    ],
)  # fmt: skip
def test_what_is_said_of_a_pod(spec, said):
    assert told(**spec) == [said]


@pytest.mark.parametrize(
    ("ports", "said"),
    [
        ([{"containerPort": 1}, {"containerPort": 1}], "duplicate port definition with spec.containers[0].ports[0]"),
        ([{"containerPort": 1}, {"containerPort": 1, "hostPort": 2}],
         "overlapping port definition with spec.containers[0].ports[0]"),
        ([{"containerPort": 1, "hostPort": 2}, {"containerPort": 1, "hostPort": 2, "hostIP": "10.0.0.1"}],
         "dangerously ambiguous port definition with spec.containers[0].ports[0]"),
        ([{"containerPort": 1}, {"containerPort": 2, "hostIP": "1.2.3.4", "protocol": "TCP"}],
         "hostIP set without hostPort: {Name: HostPort:0 ContainerPort:2 Protocol:TCP HostIP:1.2.3.4}"),
    ],
)  # fmt: skip
def test_what_is_said_of_ports(ports, said):
    assert of_containers({"ports": ports}) == [f"spec.containers[0].ports[1]: {said}"]


def test_a_port_name_given_twice_over_containers():
    first, second = ({"ports": [{"name": "a", "containerPort": number}]} for number in (1, 2))

    assert of_containers(first, second) == [
        'spec.containers[1].ports[0]: duplicate port name "a" with spec.containers[0].ports[0], services and probes '
        "that select ports by name will use spec.containers[0].ports[0]"
    ]


def test_a_variable_may_begin_from_its_former_value():
    first = {"name": "A", "value": "1"}

    assert of_containers({"env": [first, {"name": "A", "value": "$(A)2"}]}) == []
    for again in ({"name": "A", "value": "2"}, {"name": "A", "value": "$(A)"}, {"name": "A", "valueFrom": {}}):
        assert of_containers({"env": [first, again]}) == [
            'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'
        ]


def test_fractions_of_bytes_limits_first():
    resources = {"requests": {"memory": "0.1", "cpu": "0.1"}, "limits": {"memory": "1.5", "ephemeral-storage": "1m"}}

    assert [text.partition(":")[0] for text in of_containers({"resources": resources})] == [
        "spec.containers[0].resources.limits[memory]",
        "spec.containers[0].resources.requests[memory]",
        "spec.containers[0].resources.limits[ephemeral-storage]",
    ]
    assert of_containers({"resources": {"requests": {"memory": "64Mi"}, "limits": {"memory": "1.5Gi"}}}) == []


def test_a_pod_is_advised_on_when_it_is_made():
    pod = {"metadata": {"name": "a.b"}, "spec": {"imagePullSecrets": [{}]}}

    first, second = of_pod(pod, None)
    assert first.startswith("metadata.name: this is used in the Pod's hostname") and "imagePullSecrets" in second
    assert list(of_pod(pod, pod)) == []


def test_a_template_is_advised_on_when_its_generation_changes():
    warn = of_template("spec", "template")
    template = {"metadata": {"annotations": {"scheduler.alpha.kubernetes.io/critical-pod": ""}},
                "spec": {"initContainers": [{"env": [{"name": "A"}, {"name": "A"}]}]}}  # fmt: skip
    new = {"metadata": {"name": "a", "generation": 2}, "spec": {"template": template}}

    assert list(warn(new, {"metadata": {"generation": 2}})) == []
    assert [text.partition(": ")[0] for text in warn(new, {"metadata": {"generation": 1}})] == [
        "spec.template.metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]",
        "spec.template.spec.initContainers[0].env[1]",
    ]
    assert list(warn({"metadata": {"name": "a"}, "spec": {}}, None)) == []
