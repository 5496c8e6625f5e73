from __future__ import annotations

import copy

import pytest

from sampan_podspec.defaults import default_pod, default_pod_spec, pull_policy


def defaulted(container=None, pod=True, **spec):
    obj = {"spec": {"containers": [{"name": "c", "image": "x", **(container or {})}], **spec}}
    if pod:
        default_pod(obj)
    else:
        default_pod_spec(obj["spec"])
    return obj["spec"]


def first(**container):
    return defaulted(container)["containers"][0]


def test_a_small_pod_gets_what_upstream_shows():
    assert defaulted() == {
        "containers": [
            {
                "name": "c", "image": "x", "imagePullPolicy": "Always", "resources": {},
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            }
        ],
        "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
        "terminationGracePeriodSeconds": 30, "securityContext": {}, "enableServiceLinks": True,
    }  # fmt: skip


def test_defaults_are_the_same_when_repeated():
    probe = {"httpGet": {"port": 80}}
    once = {"spec": defaulted({"livenessProbe": probe, "ports": [{"containerPort": 1}]}, volumes=[{"name": "v"}])}
    again = copy.deepcopy(once)
    default_pod(again)

    assert again == once


def test_a_template_gets_no_more_than_its_spec():
    spec = defaulted({"resources": {"limits": {"cpu": "1"}}}, pod=False)

    assert "enableServiceLinks" not in spec
    assert spec["containers"][0]["resources"] == {"limits": {"cpu": "1"}}


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"), ("nginx:latest", "Always"), ("nginx:1", "IfNotPresent"), ("host:5000/nginx", "Always"),
        ("host:5000/nginx:1", "IfNotPresent"), ("nginx@sha256:00", "IfNotPresent"), ("", "IfNotPresent"),
        ("A_b", "IfNotPresent"), ("Example/nginx", "Always"), ("example/Nginx", "IfNotPresent"),
        ("a--b__c.d/e", "Always"),
        (f"nginx@sha256:{'0' * 64}", "IfNotPresent"), (f"nginx:latest@sha256:{'0' * 64}", "Always"),
        ("0" * 64, "IfNotPresent"), ("localhost/a", "Always"), ("-a", "IfNotPresent"), ("a b", "IfNotPresent"),
    ],
)  # fmt: skip
def test_mutable_tags_are_pulled_always(image, policy):
    assert pull_policy(image) == policy


def test_values_that_are_set_stay():
    spec = defaulted({"imagePullPolicy": "Never"}, restartPolicy="Never", terminationGracePeriodSeconds=0)

    assert spec["containers"][0]["imagePullPolicy"] == "Never"
    assert (spec["restartPolicy"], spec["terminationGracePeriodSeconds"]) == ("Never", 0)


def test_requests_follow_limits_in_a_pod():
    found = first(resources={"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "1"}})

    assert found["resources"]["requests"] == {"cpu": "1", "memory": "1Gi"}


CPU, PAGES = {"cpu": "1"}, {"hugepages-2Mi": "4Mi"}


@pytest.mark.parametrize(
    "whole, container, shown",
    [
        ({"limits": CPU}, {}, {"limits": CPU, "requests": CPU}),
        ({"limits": CPU}, {"requests": {"cpu": "250m"}}, {"limits": CPU, "requests": {"cpu": "250m"}}),
        ({"limits": CPU}, {"requests": {"memory": "1Gi"}}, {"limits": CPU, "requests": {**CPU, "memory": "1Gi"}}),
        ({"requests": CPU}, {"requests": {"memory": "1Gi"}}, {"requests": CPU}),
        ({"limits": {"pods": "1"}}, {}, {"limits": {"pods": "1"}}),
        ({"limits": CPU}, {"limits": PAGES}, {"limits": {**CPU, **PAGES}, "requests": {**CPU, **PAGES}}),
        ({}, {"requests": CPU}, {}),
    ],
)
def test_requests_of_a_whole_pod_follow_its_containers_and_then_its_limits(whole, container, shown):
    assert defaulted({"resources": container}, resources=copy.deepcopy(whole))["resources"] == shown
    assert defaulted({"resources": container}, resources=copy.deepcopy(whole), pod=False)["resources"] == whole


def test_both_names_of_the_account_are_shown():
    for name in ("serviceAccountName", "serviceAccount"):
        spec = defaulted(**{name: "robot"})
        assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("robot", "robot")


def test_probes_and_hooks_have_numbers_and_paths():
    found = first(
        livenessProbe={"httpGet": {"port": 80}, "timeoutSeconds": 0}, readinessProbe={"grpc": {"port": 1}},
        lifecycle={"preStop": {"httpGet": {"port": 80}}, "stopSignal": "SIGUSR1"},
    )  # fmt: skip

    assert found["livenessProbe"] == {
        "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10,
        "successThreshold": 1, "failureThreshold": 3,
    }  # fmt: skip
    assert found["readinessProbe"]["grpc"] == {"port": 1, "service": ""}
    assert found["lifecycle"]["preStop"]["httpGet"]["scheme"] == "HTTP"


def test_ports_on_the_hosts_network_are_the_hosts():
    spec = defaulted({"ports": [{"containerPort": 80}]}, hostNetwork=True)

    assert spec["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "TCP", "hostPort": 80}]


def test_volumes_have_modes_and_sources():
    item = {"path": "p", "fieldRef": {"fieldPath": "metadata.name"}}
    volumes = defaulted(
        volumes=[
            {"name": "a"},
            {"name": "b", "configMap": {"name": "x"}},
            {"name": "c", "downwardAPI": {"items": [item]}},
            {"name": "d", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
            {"name": "e", "hostPath": {"path": "/"}},
        ]
    )["volumes"]

    assert volumes[0] == {"name": "a", "emptyDir": {}}
    assert volumes[1]["configMap"]["defaultMode"] == 0o644
    assert volumes[2]["downwardAPI"]["items"][0]["fieldRef"]["apiVersion"] == "v1"
    assert volumes[3]["projected"] == {
        "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}], "defaultMode": 0o644,
    }  # fmt: skip
    assert volumes[4]["hostPath"] == {"path": "/", "type": ""}


def test_variables_from_fields_name_the_version():
    found = first(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}])

    assert found["env"][0]["valueFrom"]["fieldRef"]["apiVersion"] == "v1"
