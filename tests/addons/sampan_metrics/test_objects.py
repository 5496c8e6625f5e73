import pytest

from sampan_metrics.objects import COLUMNS, amounts, discovery, group, listed, node_metrics, pod_metrics
from sampan_metrics.reading import Measurement
from sampan_metrics.usage import Usage

POINT = Measurement(1_800_000_000.0, 1.0, 0)


def usage(cpu=0.25, memory=64 << 20, at=1_800_000_000.0, window=15.0):
    return Usage(at, window, cpu, memory, POINT)


@pytest.mark.parametrize(("cpu", "text"), [(0.25, "250000000n"), (0.0, "0"), (1e-9, "1n")])
def test_amounts_are_nanocores_and_kibibytes(cpu, text):
    assert amounts(cpu, 2048) == {"cpu": text, "memory": "2Ki"}


def test_a_node_is_told_with_its_labels():
    found = node_metrics({"name": "n1", "labels": {"zone": "a"}}, usage())

    assert (found["kind"], found["metadata"]["name"], found["metadata"]["labels"]) == (
        "NodeMetrics",
        "n1",
        {"zone": "a"},
    )
    assert found["usage"] == {"cpu": "250000000n", "memory": "65536Ki"}
    assert found["window"] == "15s"


def test_a_pod_is_as_old_as_its_oldest_container_and_its_window_the_longest():
    found = pod_metrics(
        {"name": "web", "namespace": "shop"}, {"b": usage(window=15.25), "a": usage(at=1_799_999_000.0)}
    )

    assert [each["name"] for each in found["containers"]] == ["a", "b"]
    assert found["timestamp"] < node_metrics({"name": "n"}, usage())["timestamp"]
    assert found["window"] == "15.25s"
    assert found["metadata"]["namespace"] == "shop"


def test_a_row_sums_a_pods_containers():
    pod = pod_metrics({"name": "web"}, {"a": usage(), "b": usage(cpu=0.5)})

    assert [column.cell(pod) for column in COLUMNS] == ["web", "750m", "128Mi", "15s"]


def test_lists_and_discovery_name_the_kinds():
    assert listed("PodMetrics", [{}])["kind"] == "PodMetricsList"
    assert [each["name"] for each in discovery()["resources"]] == ["nodes", "nodes/history", "pods", "pods/history"]
    assert group()["preferredVersion"] == {"groupVersion": "metrics.k8s.io/v1beta1", "version": "v1beta1"}
