"""Which stage comes next, and what is done then."""

from __future__ import annotations

from collections import Counter
from random import Random

import yaml

from sampan.contracts.reconciling import Emit, Patch, Remove
from sampan_hollow.component import own_stages
from sampan_hollow.deciding import actions, choose
from sampan_hollow.stages import compile_stage
from sampan_machinery.resources import PODS

GIVEN = {
    "Now": lambda: "2026-01-01T00:00:00Z",
    "NodeIPWith": lambda node: "127.32.0.1",
    "PodIPsWith": lambda *args: ["10.80.0.1"],
}


def stage(name, **spec):
    return compile_stage(
        {
            "apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": {"name": name},
            "spec": {"resourceRef": {"kind": "Pod"}, "selector": {}, "next": {"delete": True}, **spec},
        }
    )  # fmt: skip


def pod(**status):
    return {
        "metadata": {"name": "a", "namespace": "default", "uid": "u", "resourceVersion": "5"},
        "spec": {"nodeName": "n", "restartPolicy": "Always", "containers": [{"name": "main", "image": "x"}]},
        "status": status,
    }


def test_of_several_stages_the_weights_decide():
    stages = [stage("rare", weight=1), stage("often", weight=9), stage("never", weight=0)]
    random = Random(1)

    counts = Counter(choose(pod(), stages, 0.0, random).stage.name for _ in range(1000))

    assert counts["never"] == 0
    assert 50 < counts["rare"] < 200


def test_stages_without_weights_are_equally_likely():
    random = Random(1)
    counts = Counter(choose(pod(), [stage("a"), stage("b")], 0.0, random).stage.name for _ in range(1000))

    assert 400 < counts["a"] < 600


def test_an_object_that_no_stage_takes_stays_as_it_is():
    assert choose(pod(), [stage("a", selector={"matchLabels": {"x": "y"}})], 0.0, Random(1)) is None


def test_a_pod_becomes_running_and_ready_by_our_own_stages():
    found = choose(pod(phase="Pending"), [each for each in own_stages() if each.kind == "Pod"], 0.0, Random(1))
    (patch,) = actions(pod(phase="Pending"), PODS, found.stage, GIVEN)

    status = patch.patch["status"]
    assert (found.stage.name, found.delay) == ("pod-runs", 0.0)
    assert (patch.how, patch.subresource) == ("strategic", "status")
    assert (status["phase"], status["podIP"]) == ("Running", "10.80.0.1")
    assert status["containerStatuses"][0]["state"] == {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    assert {each["type"] for each in status["conditions"] if each["status"] == "True"} >= {"Ready", "Initialized"}
    assert patch.patch["metadata"] == {"uid": "u"}


def test_the_steps_of_a_stage_are_done_in_order_and_end_with_the_deletion():
    found = stage("all", **yaml.safe_load("""
next:
  event: {type: Warning, reason: Going, message: it goes}
  finalizers: {add: [{value: a/b}], remove: [{value: c/d}]}
  delete: true
  statusTemplate: "phase: Failed"
"""))  # fmt: skip
    obj = pod()
    obj["metadata"]["finalizers"] = ["c/d", "e/f"]

    event, finalizers, deletion = actions(obj, PODS, found, GIVEN)

    assert (event.type, event.reason, event.message) == ("Warning", "Going", "it goes")
    assert finalizers.patch == {"metadata": {"finalizers": ["e/f", "a/b"], "resourceVersion": "5"}}
    assert deletion == Remove(PODS, "a", "default", uid="u", grace=0)
    assert (type(event), type(finalizers)) == (Emit, Patch)


def test_a_patch_of_a_part_has_its_root_and_a_json_patch_its_prefix():
    found = stage("all", **yaml.safe_load("""
next:
  patches:
  - {root: status, subresource: status, type: merge, template: "phase: Running"}
  - {root: metadata, type: json, template: '[{"op": "add", "path": "/labels", "value": {}}]'}
"""))  # fmt: skip

    merge, json = actions(pod(), PODS, found, GIVEN)

    assert (merge.how, merge.patch["status"]) == ("merge", {"phase": "Running"})
    assert json.patch == [{"op": "add", "path": "/metadata/labels", "value": {}}]
