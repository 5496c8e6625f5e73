"""Stage objects: what they take, how long they wait, and what is refused."""

from __future__ import annotations

from random import Random

import pytest
import yaml

from sampan_hollow.stages import StageError, compile_stage, compile_stages, duration_of

NOW = 1_800_000_000.0


def stage(text, kind="Pod"):
    return compile_stage(
        {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "Stage",
            "metadata": {"name": "one"},
            "spec": {"resourceRef": {"apiGroup": "v1", "kind": kind}, **yaml.safe_load(text)},
        }
    )


def pod(**metadata):
    return {"metadata": {"name": "a", **metadata}, "spec": {}, "status": {"phase": "Running"}}


@pytest.mark.parametrize(
    ("selector", "takes"),
    [
        ("{}", True),
        ("{matchLabels: {a: b}}", True),
        ("{matchLabels: {a: c}}", False),
        ("{matchAnnotations: {x: y}}", True),
        ("{matchExpressions: [{key: .status.phase, operator: In, values: [Running]}]}", True),
        ("{matchExpressions: [{key: .status.phase, operator: NotIn, values: [Running]}]}", False),
        ("{matchExpressions: [{key: .status.podIP, operator: Exists}]}", False),
        ("{matchExpressions: [{key: '.status.none.[].x', operator: DoesNotExist}]}", True),
        ("{matchExpressions: [{jq: {key: .status.phase, operator: Exists}}]}", True),
        ("{matchExpressions: [{cel: {expression: 'self.status.phase == \"Running\"'}}]}", True),
        ("{matchExpressions: [{cel: {expression: 'self.status.nothing == 1'}}]}", False),
    ],
)
def test_which_objects_a_stage_takes(selector, takes):
    found = stage(f"{{selector: {selector}, next: {{delete: true}}}}")

    assert found.takes(pod(labels={"a": "b"}, annotations={"x": "y"})) is takes


@pytest.mark.parametrize(
    ("delay", "annotations", "least", "most"),
    [
        ("{}", {}, 0, 0),
        ("{durationMilliseconds: 1500}", {}, 1.5, 1.5),
        ("{durationMilliseconds: 1000, jitterDurationMilliseconds: 5000}", {}, 1, 5),
        ("{durationMilliseconds: 1000, jitterDurationMilliseconds: 500}", {}, 0.5, 0.5),
        (
            "{durationMilliseconds: 1000, durationFrom: {expressionFrom: '.metadata.annotations[\"d\"]'}}",
            {"d": "1m2s"},
            62,
            62,
        ),
        (
            "{durationMilliseconds: 1000, durationFrom: {expressionFrom: '.metadata.annotations[\"d\"]'}}",
            {"d": "soon"},
            1,
            1,
        ),
        ("{durationFrom: {jq: {expression: '.metadata.annotations[\"d\"]'}}}", {"d": "2027-01-15T08:00:30Z"}, 30, 30),
        ("{durationFrom: {cel: {expression: 'duration(\"90s\")'}}}", {}, 90, 90),
    ],
)
def test_how_long_a_stage_waits(delay, annotations, least, most):
    found = stage(f"{{selector: {{}}, delay: {delay}, next: {{delete: true}}}}")
    seconds = [found.delay(pod(annotations=annotations), NOW, Random(seed)) for seed in range(50)]

    assert least - 1e-6 <= min(seconds) <= max(seconds) <= most + 1e-6
    if most > least:
        assert max(seconds) - min(seconds) > (most - least) / 2


def test_a_weight_may_come_from_the_object():
    found = stage("""
selector: {}
weight: 3
weightFrom: {expressionFrom: '.metadata.annotations["w"]'}
next: {delete: true}
""")

    assert found.weight(pod()) == 3
    assert found.weight(pod(annotations={"w": "7"})) == 7


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "{selector: {matchExpressions: [{key: .a, operator: Like, values: [x]}]}}",
            "matchExpressions[0].operator: 'Like'",
        ),
        ("{selector: {matchExpressions: [{key: .a, operator: In}]}}", "In and NotIn need values"),
        ("{selector: {matchExpressions: [{key: '.a | length', operator: Exists}]}}", "'.a | length'"),
        ("{selector: {matchExpressions: [{cel: {expression: 'self.'}}]}}", "matchExpressions[0].cel.expression"),
        ("{selector: {}, next: {statusTemplate: '{{ nope }}'}}", "function 'nope' is not supported"),
        (
            "{selector: {}, next: {statusTemplate: x, statusPatchAs: {username: a}}}",
            "spec.next.statusPatchAs: not supported",
        ),
        ("{selector: {}, steps: [{apply: {template: x}}]}", "spec.steps[0].apply: not supported"),
        ("{selector: {}, steps: [{patch: {template: x, type: apply}}]}", "spec.steps[0].patch.type: 'apply'"),
        ("{selector: []}", "does not have the form of a Stage"),
    ],
)
def test_what_is_not_supported_is_refused_with_its_place(text, words):
    with pytest.raises(StageError) as caught:
        stage(text)

    assert str(caught.value).startswith("Stage 'one': ")
    assert words in str(caught.value)


def test_other_kinds_are_refused_in_words():
    with pytest.raises(StageError, match="'PersistentVolume' is not supported; stages are for Node and Pod"):
        stage("{selector: {}, next: {delete: true}}", kind="PersistentVolume")


def test_a_stage_without_a_selector_takes_nothing_and_other_kinds_in_a_file_are_passed_over():
    assert (
        compile_stages([None, {"kind": "Kustomization"}, {"kind": "Stage", "spec": {"resourceRef": {"kind": "Pod"}}}])
        == []
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h2m3s", 3723),
        ("1.5s", 1.5),
        ("100ms", 0.1),
        ("0", 0),
        ("5", None),
        ("s", None),
        ("1d", None),
        (5, 5),
        (True, None),
        ("T", None),
    ],
)
def test_durations_as_go_writes_them(text, seconds):
    assert duration_of(text, NOW) == (pytest.approx(seconds) if seconds is not None else None)
