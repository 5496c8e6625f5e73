"""What pods of hollow nodes are said to use."""

from __future__ import annotations

from sampan_hollow.usage import exposition, usage_of


def pod(annotations=None, phase="Running"):
    return {
        "metadata": {
            "name": "a",
            "namespace": "n",
            "annotations": annotations,
            "creationTimestamp": "2027-01-15T08:00:00Z",
        },
        "spec": {"containers": [{"name": "main"}]},
        "status": {"phase": phase, "startTime": "2027-01-15T08:00:00Z"},
    }


def test_annotations_say_it_and_nonsense_counts_as_none():
    assert usage_of(pod({"kwok.x-k8s.io/usage-cpu": "250m", "kwok.x-k8s.io/usage-memory": "1Ki"})) == (0.25, 1024.0)
    assert usage_of(pod({"kwok.x-k8s.io/usage-cpu": "much"})) == (0.001, 1048576.0)


def test_counters_grow_with_the_age_of_the_pod_and_ended_pods_use_nothing():
    text = exposition([pod({"kwok.x-k8s.io/usage-cpu": "500m"}), pod(phase="Succeeded")], 1_800_000_010.0)

    assert 'container_cpu_usage_seconds_total{container="main",namespace="n",pod="a"} 5.000000 1800000010000' in text
    assert "node_cpu_usage_seconds_total 5.000000" in text
    assert text.count("container_start_time_seconds") == 1
