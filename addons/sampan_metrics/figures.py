"""The add-on's own figures; all names begin with ``sampan_metrics_``."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Figures:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.scrapes = Counter(
            "sampan_metrics_scrapes", "Looks at a node's agent, by result.", ["result"], registry=registry
        )
        self.seconds = Histogram(
            "sampan_metrics_scrape_seconds", "How long a look took.", registry=registry,
            buckets=(0.005, 0.02, 0.1, 0.5, 2, 10),
        )  # fmt: skip
        self.containers = Gauge(
            "sampan_metrics_containers", "Containers of which the usage is known.", registry=registry
        )
        self.requests = Counter("sampan_metrics_requests", "Requests to the API, by code.", ["code"], registry=registry)
        self.history_bytes = Gauge("sampan_metrics_history_bytes", "Size of the history's file.", registry=registry)
        self.history_failures = Counter(
            "sampan_metrics_history_failures", "Measurements that could not be kept.", registry=registry
        )
