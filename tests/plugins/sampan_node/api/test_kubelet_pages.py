import json
from types import SimpleNamespace

import pytest

from sampan.contracts.options import ClusterOptions
from sampan_node.api import kubelet_pages
from sampan_node.pod.machine import PodMemory
from sampan_node.volumes.measuring import MeasuredVolume
from sampan_runtime.contracts import Container, Usage
from sampan_volumes.contracts import VolumeUsage


@pytest.fixture
def agent():
    one = Container("c1", "s", "u", "main", 0, "running", "web:1", "i", 1.0, 2.0, applied=(20, 5000, 1 << 20))
    memory = PodMemory()
    memory.probes["main", "liveness", True] += 2
    memory.probes["main", "liveness", False] += 1
    pod = {"metadata": {"name": "web", "namespace": "shop", "uid": "u"}}
    runtime = SimpleNamespace(containers=lambda: [one], usage=lambda: [Usage("c1", 1_500_000_000, 4096, 9.0)])
    host = SimpleNamespace(
        runtime=runtime, allocatable={"cpu": "2", "memory": "1Mi", "pods": "110"}, ip="192.0.2.1", sysctls=("net.*",),
        options=ClusterOptions(dns_ip="10.96.0.10", cluster_domain="cluster.local"),
    )  # fmt: skip
    return SimpleNamespace(host=host, workers=lambda: [SimpleNamespace(pod=pod, memory=memory)])


def test_use_and_limits_of_containers_have_cadvisors_names(agent):
    lines = kubelet_pages.cadvisor(agent).splitlines()
    labels = '{container="main",id="/c1",image="web:1",name="c1",namespace="shop",pod="web"}'

    assert f"container_cpu_usage_seconds_total{labels} 1.500000" in lines
    assert f"container_memory_working_set_bytes{labels} 4096" in lines
    assert f"container_spec_cpu_quota{labels} 5000" in lines
    assert f"container_spec_memory_limit_bytes{labels} 1048576" in lines
    assert "machine_cpu_cores 2" in lines
    assert "machine_memory_bytes 1048576" in lines


def test_probes_are_counted_by_their_result(agent):
    said = kubelet_pages.probes(agent)
    labels = 'container="main",namespace="shop",pod="web",pod_uid="u",probe_type="Liveness"'

    assert f'prober_probe_total{{{labels},result="successful"}} 2\n' in said
    assert f'prober_probe_total{{{labels},result="failed"}} 1\n' in said


def test_the_configuration_is_a_kubelets(agent):
    found = json.loads(kubelet_pages.configz(agent, 10250))["kubeletconfig"]

    assert (found["kind"], found["maxPods"], found["clusterDNS"]) == ("KubeletConfiguration", 110, ["10.96.0.10"])
    assert (found["port"], found["allowedUnsafeSysctls"]) == (10250, ["net.*"])


def test_volumes_of_claims_have_kubelet_s_names(agent):
    of_claim = MeasuredVolume("data", "mine", VolumeUsage(1000, 400, 600, 10, 4, 6), 0.0)
    agent.volumes = lambda: {"u": [of_claim, MeasuredVolume("tmp", "", VolumeUsage(1), 0.0)], "gone": [of_claim]}

    lines = kubelet_pages.volume_stats(agent).splitlines()

    labels = '{namespace="shop",persistentvolumeclaim="mine"}'
    assert f"kubelet_volume_stats_available_bytes{labels} 600" in lines
    assert f"kubelet_volume_stats_inodes_used{labels} 4" in lines
    assert len([line for line in lines if not line.startswith("#")]) == 6

    agent.volumes = dict
    assert kubelet_pages.volume_stats(agent) == ""
