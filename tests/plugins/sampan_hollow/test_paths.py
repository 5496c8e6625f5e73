"""Paths in the subset of jq that KWOK's stages use."""

from __future__ import annotations

import pytest

from sampan_hollow.paths import Path, PathError

POD = {
    "metadata": {"annotations": {"a.b/c": "5s"}, "ownerReferences": [{"kind": "Job"}]},
    "status": {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "Initialized", "status": "False"}],
        "containerStatuses": [{"state": {"running": {"startedAt": "now"}}}],
    },
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (".status.phase", ["Running"]),
        ('.metadata.annotations["a.b/c"]', ["5s"]),
        (".metadata.ownerReferences.[].kind", ["Job"]),
        (".metadata.ownerReferences[].kind", ["Job"]),
        (".metadata.ownerReferences[0].kind", ["Job"]),
        ('.status.conditions.[] | select( .type == "Ready" ) | .status', ["True"]),
        ('.status.conditions[] | select(.type != "Ready") | .status', ["False"]),
        (".status.containerStatuses.[].state.running.startedAt", ["now"]),
        (".metadata.deletionTimestamp", []),
        ('.metadata.labels["x"]', []),
        (".", [POD]),
        (". | select(.status.phase == .status.conditions[0].status) | .status.phase", []),
        (". | select(.status.phase != .status.conditions[0].status) | .status.phase", ["Running"]),
        (". | select(.metadata.none == .status.none) | .status.phase", ["Running"]),
        ('.status.conditions[] | select(.type | test("^R")) | .type', ["Ready"]),
        ("select(.metadata.none) | .status.phase", []),
    ],
)
def test_what_a_path_finds(path, values):
    assert Path(path).values(POD) == values


def test_a_list_that_is_not_there_ends_in_an_error_as_in_jq():
    assert Path(".status.initContainerStatuses.[].state").values(POD) is None
    assert Path(".status.phase.x").values(POD) is None
    assert Path('.status | test("x")').values(POD) is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        "status",
        ".a |",
        "| .a",
        ".a, .b",
        ".a | length",
        ".a[1:2]",
        ".a | select(.b",
        ".a | select(.b == )",
        '.a | test("(")',
        ".a | test(1)",
        ".a == 1",
        "$x",
        ".a | select(.b > 1)",
    ],
)
def test_what_is_outside_the_subset_is_refused(path):
    with pytest.raises(PathError):
        Path(path)
