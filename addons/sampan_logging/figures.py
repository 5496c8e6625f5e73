"""The add-on's own figures, as Prometheus knows them. Must not know what they are figures of."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class Figures:
    """Registered where a registry is given; elsewhere they are kept all the same."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        registry = registry or CollectorRegistry()

        def counter(name: str, words: str) -> Counter:
            return Counter(f"sampan_logging_{name}", words, registry=registry)

        def gauge(name: str, words: str) -> Gauge:
            return Gauge(f"sampan_logging_{name}", words, registry=registry)

        self.read = counter("lines_read", "Lines read from containers' logs.")
        self.shipped = counter("lines_shipped", "Lines that Elasticsearch has acknowledged.")
        self.repeated = counter("lines_repeated", "Lines sent again that Elasticsearch had already.")
        self.retried = counter("lines_retried", "Lines that Elasticsearch could not take and that are sent again.")
        self.rejected = counter("lines_rejected", "Lines that Elasticsearch refused for good, now in rejected.jsonl.")
        self.gaps = counter("gaps", "Times that lines were found to be missing.")
        self.containers = gauge("containers", "Containers whose logs are followed or known.")
        self.spool = gauge("spool_bytes", "Bytes on disk that Elasticsearch has not acknowledged.")
        self.lag = gauge("lag_seconds", "Age of the oldest line that Elasticsearch has not acknowledged; 0: none.")
