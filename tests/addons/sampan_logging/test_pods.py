from __future__ import annotations

import pytest

from sampan_logging.pods import ContainerState, NamespaceFilter, containers, kept

RUNNING, OVER, WAITING = {"running": {"startedAt": "x"}}, {"terminated": {"exitCode": 1}}, {"waiting": {"reason": "x"}}


def pod(status=None, phase="Running", **spec):
    return {
        "metadata": {"name": "web", "namespace": "d", "uid": "u", "labels": {"a.b/c": "d"}, "annotations": {"x": "y"}},
        "spec": {"nodeName": "n1", "containers": [{"name": "main", "image": "i", "env": [{"name": "A"}]}], **spec},
        "status": {"phase": phase, "containerStatuses": [{"name": "main", **status}] if status else []},
    }


def seen(pod):
    return next(containers(kept(pod)))[1]


def test_every_sort_of_container_is_found():
    one = pod(
        initContainers=[{"name": "init"}, {"name": "side", "restartPolicy": "Always"}],
        ephemeralContainers=[{"name": "debug"}],
    )

    found = {source.container: source.kind for source, _ in containers(kept(one))}

    assert found == {"init": "init", "side": "sidecar", "main": "container", "debug": "ephemeral"}


def test_a_source_says_whose_lines_they_are():
    source, _ = next(containers(kept(pod())))

    assert (source.key, source.words, source.node, source.labels) == ("u/main", "d/web main", "n1", {"a.b/c": "d"})


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, ContainerState()),
        ({"state": WAITING}, ContainerState()),
        ({"state": RUNNING}, ContainerState(0, begun=True)),
        ({"state": RUNNING, "restartCount": 2}, ContainerState(2, begun=True)),
        ({"state": OVER}, ContainerState(0, begun=True, over=True)),
        ({"state": WAITING, "lastState": OVER, "restartCount": 2}, ContainerState(2, begun=True, over=True)),
    ],
)
def test_the_status_says_which_run_has_a_log(status, expected):
    assert seen(pod(status)) == expected


def test_a_pod_that_is_over_runs_nothing():
    assert seen(pod({"state": RUNNING}, phase="Failed")).over


def test_only_what_is_needed_is_held():
    lean = kept(pod({"state": RUNNING, "image": "i"}))

    assert "annotations" not in lean["metadata"] and lean["spec"]["containers"] == [{"name": "main", "image": "i"}]
    assert list(containers(lean)) == list(containers(pod({"state": RUNNING, "image": "i"})))


def test_namespaces_are_taken_or_left():
    assert NamespaceFilter().takes("a") and NamespaceFilter(["a"]).takes("a") and not NamespaceFilter(["a"]).takes("b")
    assert not NamespaceFilter([], ["a"]).takes("a")
