"""The figures of nodes and containers for Prometheus, with the names and times of the agents that told them."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sampan_metrics.reading import NODE
from sampan_metrics.usage import LatestUsage

_CONTAINER = ["node", "namespace", "pod", "container"]


class KnownFigures(Collector):
    """The newest measurements, read at each scrape."""

    def __init__(self, known: LatestUsage) -> None:
        self._known = known

    def describe(self) -> Iterator[Metric]:
        return iter(())  # not asked at registration: nothing is known yet

    def collect(self) -> Iterator[Metric]:
        node_cpu = CounterMetricFamily("node_cpu_usage_seconds", "CPU time of the node in core-seconds", None, ["node"])
        node_memory = GaugeMetricFamily("node_memory_working_set_bytes", "Working set of the node", None, ["node"])
        cpu = CounterMetricFamily(
            "container_cpu_usage_seconds", "CPU time of the container in core-seconds", None, _CONTAINER
        )
        memory = GaugeMetricFamily(
            "container_memory_working_set_bytes", "Working set of the container", None, _CONTAINER
        )
        for node, usages in self._known.all().items():
            for address, usage in usages.items():
                labels = [node] if address == NODE else [node, *address]
                seconds, bytes_ = (node_cpu, node_memory) if address == NODE else (cpu, memory)
                seconds.add_metric(labels, usage.point.cpu, timestamp=usage.at)
                bytes_.add_metric(labels, usage.memory, timestamp=usage.at)
        yield from (node_cpu, node_memory, cpu, memory)
