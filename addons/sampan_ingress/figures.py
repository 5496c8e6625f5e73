"""The add-on's own figures, and nginx's as it tells them on its socket."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sampan_ingress.nginx import ask
from sampan_ingress.rendering import FIGURES

log = logging.getLogger(__name__)

_STATUS = re.compile(
    r"Active connections: (\d+).*?\n\s*(\d+) (\d+) (\d+)\s*\n"
    r"Reading: (\d+) Writing: (\d+) Waiting: (\d+)",
    re.DOTALL,
)


class Figures:
    """All names begin with ``sampan_ingress_``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str) -> Counter:
            return Counter(f"sampan_ingress_{name}", text, registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"sampan_ingress_{name}", text, registry=registry)

        self._reloads = counter("reloads", "Configurations that nginx was given.")
        self._failures = counter("reload_failures", "Configurations that nginx refused or did not take over.")
        self._at = gauge("last_reload_success_timestamp_seconds", "When nginx last took a configuration over.")
        self.restarts = counter("nginx_restarts", "Times that nginx ended by itself and was started again.")
        self.ingresses = gauge("ingresses", "Ingresses of this controller's classes.")
        self.bad = gauge("bad_ingresses", "Ingresses of which something is wrong.")
        self.hosts = gauge("hosts", "Hosts that are served.")
        self.draining = gauge("draining_workers", "nginx's workers that only finish connections open before a change.")

    def reloaded(self, taken: bool) -> None:
        self._reloads.inc()
        if taken:
            self._at.set(time.time())
        else:
            self._failures.inc()

    def refused(self) -> None:
        self._failures.inc()


class NginxFigures(Collector):
    """Read at each scrape; absent while nginx does not answer."""

    def __init__(self, socket: str) -> None:
        self._socket = socket

    def describe(self) -> Iterator[Metric]:
        return iter(())  # not asked at registration: nginx does not run yet

    def collect(self) -> Iterator[Metric]:
        try:
            found = _STATUS.search(ask(self._socket, FIGURES))
        except OSError as error:
            log.debug("nginx tells no figures: %s", error)
            return
        if found is None:
            return
        active, _, handled, requests, reading, writing, waiting = map(int, found.groups())
        yield CounterMetricFamily("sampan_ingress_requests", "Requests that nginx answered.", value=requests)
        yield CounterMetricFamily("sampan_ingress_handled_connections", "Connections accepted.", value=handled)
        states = GaugeMetricFamily("sampan_ingress_connections", "Open connections of clients.", labels=["state"])
        for state, value in (("active", active), ("reading", reading), ("writing", writing), ("waiting", waiting)):
            states.add_metric([state], value)
        yield states
