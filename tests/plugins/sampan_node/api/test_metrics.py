from __future__ import annotations

from types import SimpleNamespace

from prometheus_client.parser import text_string_to_metric_families

from sampan_node.api import metrics
from sampan_node.volumes.measuring import MeasuredVolume
from sampan_runtime.contracts import Usage
from sampan_volumes.contracts import VolumeUsage


def agent(*containers):
    """A node with containers given as (id, pod uid, name, nanoseconds, bytes)."""
    usage = [Usage(id, cpu, memory, 1_800_000_000.25) for id, _, _, cpu, memory in containers]
    there = [
        SimpleNamespace(id=id, pod_uid=uid, name=name, started=1_700_000_000.5) for id, uid, name, _, _ in containers
    ]
    pods = {uid: {"metadata": {"name": f"pod-{uid}", "namespace": "ns", "uid": uid}} for _, uid, *_ in containers}
    runtime = SimpleNamespace(usage=lambda: usage, containers=lambda: there)
    host = SimpleNamespace(name="n1", runtime=runtime)
    return SimpleNamespace(
        host=host, workers=lambda: [SimpleNamespace(pod=pod) for pod in pods.values()], volumes=dict,
    )  # fmt: skip


TWO = (("a", "u1", "web", 2_500_000_000, 1000), ("b", "u1", "side", 500_000_000, 24))


def samples(text):
    return {
        (sample.name, *sorted(sample.labels.items())): (sample.value, sample.timestamp)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_resource_metrics_read_as_the_kubelets():
    found = samples(metrics.resource(agent(*TWO)))

    web = (("container", "web"), ("namespace", "ns"), ("pod", "pod-u1"))
    pod = (("namespace", "ns"), ("pod", "pod-u1"))
    assert found["container_cpu_usage_seconds_total", *web] == (2.5, 1_800_000_000.25)
    assert found["container_memory_working_set_bytes", *web][0] == 1000
    assert found["container_start_time_seconds", *web][0] == 1_700_000_000.5
    assert found["pod_cpu_usage_seconds_total", *pod][0] == 3.0
    assert found["pod_memory_working_set_bytes", *pod][0] == 1024
    assert found["node_cpu_usage_seconds_total",][0] > 0
    assert found["node_memory_working_set_bytes",][0] > 0
    assert found["resource_scrape_error",] == (0, None)


def test_a_node_without_pods_has_its_own_figures():
    assert "node_cpu_usage_seconds_total" in metrics.resource(agent())


def test_the_summary_adds_containers_up():
    (pod,) = metrics.summary(agent(*TWO))["pods"]

    assert pod["podRef"] == {"name": "pod-u1", "namespace": "ns", "uid": "u1"}
    assert pod["cpu"] == {"time": "2027-01-15T08:00:00Z", "usageCoreNanoSeconds": 3_000_000_000}
    assert pod["memory"]["workingSetBytes"] == 1024
    assert [one["name"] for one in pod["containers"]] == ["web", "side"]


def test_the_summary_tells_what_volumes_have_and_use():
    one = agent(*TWO)
    measured = MeasuredVolume("data", "mine", VolumeUsage(1000, 400, 600), 1_800_000_000.0)
    one.volumes = lambda: {"u1": [measured]}

    (pod,) = metrics.summary(one)["pods"]

    assert pod["volume"] == [
        {"name": "data", "time": "2027-01-15T08:00:00Z", "capacityBytes": 1000, "usedBytes": 400,
         "availableBytes": 600, "pvcRef": {"name": "mine", "namespace": "ns"}},
    ]  # fmt: skip


def test_a_container_of_a_pod_that_has_gone_is_left_out():
    one = agent(*TWO)
    one.workers = list

    assert metrics.uses(one) == []


def test_idle_and_stolen_time_is_nobodys_use(tmp_path):
    (tmp_path / "stat").write_text("cpu  100 10 50 9000 800 3 2 700 0 0\nbtime 1700000000\n")
    (tmp_path / "meminfo").write_text("MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 400 kB\n")

    node = metrics.node_use(str(tmp_path))

    assert node.cpu == 165 * 1_000_000_000 // metrics.TICKS
    assert (node.memory, node.available, node.booted) == (600 * 1024, 400 * 1024, 1_700_000_000.0)
