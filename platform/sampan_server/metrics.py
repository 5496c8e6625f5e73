"""What the server counts, in Prometheus' format. Cheap: one counter and one histogram a request, children kept.

Names as upstream's, so that its dashboards work.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from sampan.contracts.serving import Answer, Distribution, Metric
from sampan_isolation import FailureLog
from sampan_server.registry import Served
from sampan_server.request.request import Request

log = logging.getLogger(__name__)

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LABELS = ("verb", "group", "version", "resource", "subresource", "scope")
MOST_SERIES = 5000  # a client cannot make more by asking for odd paths


class Metrics:
    """One process's figures."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter("apiserver_request", "Requests answered.", (*_LABELS, "code"), registry=self.registry)
        self._seconds = Histogram(
            "apiserver_request_duration_seconds",
            "Seconds from the request's head to its answer, watches left out.",
            _LABELS,
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._children: dict[Any, tuple[Any, Any]] = {}
        self._loop = False

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        Gauge(name, text, registry=self.registry).set_function(read)

    def add(self, metric: Metric) -> None:
        """A family that a plugin brings."""
        self.registry.register(_Contributed(metric))

    def watch_plugins(self, failure_log: FailureLog) -> None:
        """Show what plugins have done wrong."""
        self.registry.register(_PluginFailures(failure_log))

    def count(self, request: Request, code: int, seconds: float) -> None:
        served = request.served
        resource = request.resource if served is not None else ""
        scope = "" if not resource else "resource" if request.name else "namespace" if request.namespace else "cluster"
        group, version, sub = (request.group, request.version, request.subresource) if resource else ("", "", "")
        name = (request.verb, group, version, resource, sub, scope, code)
        children = self._children.get(name)
        if children is None:
            if len(self._children) >= MOST_SERIES:
                return
            labels = [request.verb.upper(), group, version, resource, sub, scope]
            children = (self._requests.labels(*labels, str(code)), self._seconds.labels(*labels))
            self._children[name] = children
        children[0].inc()
        if request.verb != "watch":
            children[1].observe(seconds)

    def follow(self, gone: Sequence[Served], fresh: Sequence[Served]) -> None:
        """Kinds have changed: the figures of those that are served no more go."""
        left = {served.resource[:3] for served in gone} - {served.resource[:3] for served in fresh}
        if not left:
            return
        for name in [name for name in self._children.copy() if name[1:4] in left]:
            del self._children[name]
            verb, group, version, resource, sub, scope, code = name
            labels = (verb.upper(), group, version, resource, sub, scope)
            for family, values in ((self._requests, (*labels, str(code))), (self._seconds, labels)):
                with contextlib.suppress(KeyError):  # another code's child had the same labels
                    family.remove(*values)

    def watch_loop(self, loop: Any) -> None:
        """Show how long the event loop that serves has kept its clients waiting at most."""
        if not self._loop:
            self._loop = True
            text = "Longest turn of the event loop: so long others have waited."
            self.gauge("sampan_event_loop_longest_turn_seconds", text, lambda: loop.longest_turn)

    def __call__(self, request: Request) -> Answer:
        if hasattr(request.loop, "longest_turn"):
            self.watch_loop(request.loop)
        return Answer(200, generate_latest(self.registry), CONTENT_TYPE_LATEST)


class _Contributed:
    """A collector of prometheus_client over a plugin's figures."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def describe(self) -> Iterator[Any]:
        """Without it the registry would collect once to know the names, before the server serves."""
        yield self._family()

    def collect(self) -> Iterator[Any]:
        family = self._family()
        try:
            for labels, value in self._metric.read():
                if isinstance(value, Distribution):
                    family.add_metric(labels, [(_bound(at), n) for at, n in value.buckets], value.total)
                else:
                    family.add_metric(labels, value)
        except Exception:
            log.exception("the metric %s cannot be read", self._metric.name)
        yield family

    def _family(self) -> Any:
        kind: Any = CounterMetricFamily if self._metric.counter else GaugeMetricFamily
        if self._metric.histogram:
            kind = HistogramMetricFamily
        return kind(self._metric.name, self._metric.text, labels=self._metric.labels)


def _bound(value: float) -> str:
    """A bucket's upper bound, as the label ``le`` has it."""
    return "+Inf" if math.isinf(value) else repr(float(value))


class _PluginFailures:
    """A collector of prometheus_client over the failure_log."""

    def __init__(self, failure_log: FailureLog) -> None:
        self._failure_log = failure_log

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(
            "sampan_plugin_failures", "Calls of plugins' code that raised, were late or answered nonsense.",
            labels=("plugin", "hook", "reason"),
        )  # fmt: skip
        for found in self._failure_log.failures():
            family.add_metric((found.plugin, found.hook, found.reason), found.count)
        yield family
