from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from sampan_metrics.exposition import KnownFigures
from sampan_metrics.reading import NODE, Address, Measurement
from sampan_metrics.usage import LatestUsage


def test_what_is_known_is_told_with_its_time():
    known, registry = LatestUsage(), CollectorRegistry()
    for at in (1000.0, 1015.5):
        known.take("n1", {NODE: Measurement(at, at, 7), Address("ns", "web", "main"): Measurement(at, at / 2, 9)})
    registry.register(KnownFigures(known))

    lines = generate_latest(registry).decode().splitlines()

    labels = '{container="main",namespace="ns",node="n1",pod="web"}'
    assert f"container_cpu_usage_seconds_total{labels} 507.75 1015500" in lines
    assert f"container_memory_working_set_bytes{labels} 9.0 1015500" in lines
    assert 'node_cpu_usage_seconds_total{node="n1"} 1015.5 1015500' in lines
