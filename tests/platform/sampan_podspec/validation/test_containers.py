"""Containers: the order of problems is upstream's, the name first and its uniqueness after the rest."""

from __future__ import annotations

from sampan_podspec.validation.containers import PodFacts, all_containers

AROUND = PodFacts((), (), host_network=False, grace=None, restart_policy="Always", own_users=False)
GOOD = {"name": "a", "image": "i", "terminationMessagePolicy": "File", "imagePullPolicy": "Always"}


def found(**spec):
    return [f"{problem.path}: {problem.reason}" for problem in all_containers("s", spec, AROUND)]


def test_a_name_given_twice_is_told_after_the_rest_of_the_container():
    assert found(containers=[GOOD, {**GOOD, "image": ""}]) == [
        "s.containers[1].image: FieldValueRequired",
        "s.containers[1].name: FieldValueDuplicate",
    ]


def test_a_missing_name_is_told_first():
    assert found(containers=[{**GOOD, "name": "", "image": ""}]) == [
        "s.containers[0].name: FieldValueRequired",
        "s.containers[0].image: FieldValueRequired",
    ]


def test_hooks_are_told_before_probes():
    container = {**GOOD, "lifecycle": {"preStop": {}}, "livenessProbe": {}}

    assert found(containers=[container]) == [
        "s.containers[0].lifecycle.preStop: FieldValueRequired",
        "s.containers[0].livenessProbe: FieldValueRequired",
    ]


def test_each_source_of_a_variable_is_looked_into_before_it_is_one_too_many():
    both = {"configMapKeyRef": {"name": "c", "key": "k"}, "secretKeyRef": {"name": "s", "key": "a/b"}}

    assert found(containers=[{**GOOD, "env": [{"name": "A", "valueFrom": both}]}]) == [
        "s.containers[0].env[0].valueFrom.secretKeyRef.key: FieldValueInvalid",
        "s.containers[0].env[0].valueFrom: FieldValueInvalid",
    ]
    taken = {"name": "A", "value": "x", "valueFrom": {"secretKeyRef": {"name": "s"}}}
    assert found(containers=[{**GOOD, "env": [taken]}]) == [
        "s.containers[0].env[0].valueFrom.secretKeyRef.key: FieldValueRequired",
        "s.containers[0].env[0].valueFrom: FieldValueInvalid",
    ]
    assert found(containers=[{**GOOD, "envFrom": [{"configMapRef": {"name": "c"}, "secretRef": {}}]}]) == [
        "s.containers[0].envFrom[0].secretRef.name: FieldValueRequired",
        "s.containers[0].envFrom: FieldValueInvalid",
    ]
