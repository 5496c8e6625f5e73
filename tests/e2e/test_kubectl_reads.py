"""kubectl, unmodified: events, waiting, and what a cluster says of itself."""

from __future__ import annotations

import json
import subprocess

import pytest
from clusters import Cluster, until

pytestmark = pytest.mark.kubectl


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    return exec_cluster


def event(about: str, kind: str, reason: str) -> dict:
    return {
        "apiVersion": "v1", "kind": "Event", "metadata": {"generateName": "e-"}, "type": kind, "reason": reason,
        "message": f"{reason} happened", "count": 3, "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:05:00Z", "source": {"component": "test"},
        "involvedObject": {"apiVersion": "v1", "kind": "ConfigMap", "name": about},
    }  # fmt: skip


def test_events_are_chosen_by_object_and_type(cluster, namespace):
    for about, kind, reason in (("one", "Normal", "Made"), ("one", "Warning", "Broke"), ("two", "Warning", "Fell")):
        body = event(about, kind, reason)
        body["involvedObject"]["namespace"] = namespace
        cluster.kubectl("create", "-f", "-", input=json.dumps(body))

    def reasons(*args: str) -> list[str]:
        return sorted(line.split()[-4] for line in cluster.kubectl("events", "--no-headers", *args).splitlines())

    assert reasons() == ["Broke", "Fell", "Made"]
    assert reasons("--for=configmap/one") == ["Broke", "Made"]
    assert reasons("--types=Warning") == ["Broke", "Fell"]
    assert reasons("--for=configmap/one", "--types=Warning") == ["Broke"]
    assert "(x3 over" in cluster.kubectl("events", "--for=configmap/two")
    assert namespace in cluster.kubectl("events", "--all-namespaces")
    chosen = cluster.get("events", "--field-selector=involvedObject.name=one,type=Warning,reason=Broke")
    assert [each["reason"] for each in chosen["items"]] == ["Broke"]


def test_events_of_a_pod_are_watched_while_it_starts(cluster, namespace):
    first = event("seen", "Normal", "Expected")
    first["involvedObject"] |= {"kind": "Pod", "namespace": namespace}
    cluster.kubectl("create", "-f", "-", input=json.dumps(first))
    watching = cluster.popen("events", "--watch", "--for=pod/seen", "--no-headers", stdout=subprocess.PIPE)
    try:
        assert " Expected " in watching.stdout.readline()  # from here on it watches
        cluster.apply(cluster.pod("seen", "sleep 100"))
        seen = [watching.stdout.readline().split()[2] for _ in range(4)]
        # the scheduler writes its event in its own time, the node those of the container one after the other
        assert sorted(seen) == ["Created", "Pulled", "Scheduled", "Started"]
        assert [reason for reason in seen if reason != "Scheduled"] == ["Pulled", "Created", "Started"]
    finally:
        watching.terminate()
        watching.wait(90)
        watching.stdout.close()


def test_wait_for_what_is_not_there_yet(cluster, namespace):
    waiting = cluster.popen("wait", "--for=create", "configmap/late", "--timeout=120s", stdout=subprocess.PIPE)
    cluster.kubectl("create", "configmap", "late")

    assert waiting.communicate(timeout=150)[0].strip() == "configmap/late condition met"
    assert cluster.kubectl("wait", "--for=delete", "configmap/never") == ""


def test_wait_for_conditions_by_value_and_for_all_of_a_kind(cluster, namespace):
    cluster.apply(cluster.pod("one", "sleep 100"), cluster.pod("two", "sleep 100"))

    said = cluster.kubectl("wait", "--for=condition=Ready", "pods", "--all", "--timeout=120s")
    assert said.splitlines() == ["pod/one condition met", "pod/two condition met"]
    assert "condition met" in cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Running", "pod/one")
    assert "timed out waiting" in cluster.kubectl(
        "wait", "--for=condition=Ready=false", "pod/one", "--timeout=1s", check=False
    )  # fmt: skip


def test_labels_and_annotations_are_overwritten_only_when_told(cluster, namespace):
    cluster.kubectl("create", "configmap", "a")
    cluster.kubectl("label", "cm", "a", "tier=front")
    cluster.kubectl("annotate", "cm", "a", "note=one")

    assert "--overwrite is false" in cluster.kubectl("label", "cm", "a", "tier=back", check=False)
    assert "--overwrite is false" in cluster.kubectl("annotate", "cm", "a", "note=two", check=False)
    cluster.kubectl("label", "--overwrite", "cm", "--all", "tier=back")
    cluster.kubectl("annotate", "--overwrite", "cm", "a", "note=two")
    metadata = cluster.get("cm", "a")["metadata"]
    assert (metadata["labels"], metadata["annotations"]) == ({"tier": "back"}, {"note": "two"})
    assert cluster.kubectl("label", "cm", "a", "--list").strip() == "tier=back"
    stale = ("label", "--overwrite", "cm", "a", "tier=x", "--resource-version=1")
    assert "the object has been modified" in cluster.kubectl(*stale, check=False)
    assert "Invalid value" in cluster.kubectl("label", "cm", "a", "bad key=x", check=False)


def test_kinds_are_listed_by_group_scope_verb_and_category(cluster):
    def names(*args: str) -> list[str]:
        return cluster.kubectl("api-resources", "-o", "name", *args).split()

    apps = ["controllerrevisions.apps", "daemonsets.apps", "deployments.apps", "replicasets.apps", "statefulsets.apps"]
    assert names("--api-group=apps") == apps
    assert "namespaces" not in names("--namespaced") and "namespaces" in names("--namespaced=false")
    assert "tokenreviews.authentication.k8s.io" not in names("--verbs=list")
    assert {"pods", "services", "deployments.apps"} <= set(names("--categories=all"))
    wide = cluster.kubectl("api-resources", "--api-group=batch", "-o", "wide").splitlines()[1].split()
    assert wide[:5] == ["cronjobs", "cj", "batch/v1", "true", "CronJob"] and "deletecollection" in wide[5]
    assert {"v1", "apps/v1", "batch/v1"} <= set(cluster.kubectl("api-versions").split())


def test_a_dump_holds_objects_and_logs_of_the_namespace(cluster, namespace, tmp_path):
    cluster.apply(cluster.pod("talks", "echo spoken; sleep 100"))
    cluster.kubectl("wait", "pod/talks", "--for=condition=Ready", "--timeout=120s")
    until(lambda: "spoken" in cluster.kubectl("logs", "talks"))

    cluster.kubectl("cluster-info", "dump", f"--namespaces={namespace}", f"--output-directory={tmp_path}")

    assert json.loads((tmp_path / "nodes.json").read_text())["items"]
    folder = tmp_path / namespace
    assert [each["metadata"]["name"] for each in json.loads((folder / "pods.json").read_text())["items"]] == ["talks"]
    assert "spoken" in (folder / "talks" / "logs.txt").read_text()
    assert {"events.json", "services.json", "deployments.json"} <= {each.name for each in folder.iterdir()}
