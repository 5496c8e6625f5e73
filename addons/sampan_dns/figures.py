"""What the server counts, in plain numbers, and how Prometheus reads them.

Counting costs the answering loop a few list additions a datagram and two looks at the clock a batch. Knows nothing of
sockets.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dnslib import RCODE

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

RCODES = 16
#: Upper bounds in seconds; the last bucket has none.
BOUNDS = (0.00001, 0.00002, 0.00005, 0.0001, 0.0005, 0.001, 0.01, 0.1, 1.0, 5.0)


class Histogram:
    """A histogram. Written by one thread."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0

    def add(self, seconds: float, count: int = 1) -> None:
        """``count`` events of ``seconds`` each."""
        self.counts[bisect.bisect_left(BOUNDS, seconds)] += count
        self.sum += seconds * count


class Figures:
    """``udp`` belongs to the loop's thread; what TCP's threads count goes through ``by_tcp``."""

    def __init__(self) -> None:
        self.udp = [0] * RCODES
        self.hits = 0
        self.answered = Histogram()  # by UDP, out of the zone, the mean of a batch
        self.forwarded = Histogram()  # by UDP, until a resolver's answer was there
        self.unanswered = 0  # questions for the rest of the world that no resolver answered
        self.refused_tcp = 0  # connections closed at once, for there were too many
        self._tcp = [0] * RCODES
        self._lock = threading.Lock()

    def batch(self, seconds: float, hits: int, misses: int) -> None:
        """So many questions were taken by UDP, one after the other, in this time."""
        count = hits + misses
        if count:
            self.hits += hits
            self.answered.add(seconds / count, count)

    def by_tcp(self, rcode: int) -> None:
        with self._lock:
            self._tcp[rcode] += 1

    def requests(self) -> dict[tuple[str, str], int]:
        """How often each (protocol, rcode) was answered."""
        return {
            (protocol, str(RCODE.get(code))): count
            for protocol, counts in (("udp", self.udp), ("tcp", self._tcp))
            for code, count in enumerate(counts)
            if count
        }


def register(registry: CollectorRegistry | None, figures: Figures, services: Callable[[], int]) -> None:
    """Register the figures; ``services`` counts the known Services."""
    if registry is not None:
        registry.register(_Reader(figures, services))


class _Reader:
    def __init__(self, figures: Figures, services: Callable[[], int]) -> None:
        self._figures, self._services = figures, services

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        found = self._figures
        requests = CounterMetricFamily(
            "sampan_dns_requests", "Questions answered, by protocol and rcode.", labels=["protocol", "rcode"]
        )
        for labels, count in found.requests().items():
            requests.add_metric(labels, count)
        yield requests
        yield CounterMetricFamily("sampan_dns_cache_hits", "Questions answered from memory.", value=found.hits)
        yield CounterMetricFamily(
            "sampan_dns_upstream_failures", "Questions for the world that no resolver answered.", value=found.unanswered
        )
        yield CounterMetricFamily(
            "sampan_dns_connections_refused",
            "TCP connections closed at once: too many were open.",
            value=found.refused_tcp,
        )
        yield GaugeMetricFamily("sampan_dns_services", "Services known.", value=self._services())
        yield _histogram("sampan_dns_request_seconds", "Time to answer by UDP out of the cluster.", found.answered)
        yield _histogram("sampan_dns_upstream_seconds", "Time until a resolver's answer was there.", found.forwarded)


def _histogram(name: str, words: str, times: Histogram) -> Metric:
    from prometheus_client.core import HistogramMetricFamily

    total, buckets = 0, []
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), list(times.counts), strict=True):
        total += count
        buckets.append((bound, float(total)))
    return HistogramMetricFamily(name, words, buckets=buckets, sum_value=times.sum)
