"""The add-on as a component: looks at nodes, serves what they used, keeps a history. Connects its parts."""

from __future__ import annotations

import base64
import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from sampan.contracts.components import Running
from sampan.contracts.kinds import Object
from sampan.errors import SampanError
from sampan_client.informers import Informer
from sampan_machinery.resources import API_SERVICES, CONFIG_MAPS, NODES, PODS
from sampan_machinery.resources import ENDPOINT_SLICES as SLICES
from sampan_metrics import certificates, trust
from sampan_metrics.api import Api
from sampan_metrics.exposition import KnownFigures
from sampan_metrics.figures import Figures
from sampan_metrics.history import History, Sample
from sampan_metrics.manifests import endpoints
from sampan_metrics.reading import Address
from sampan_metrics.resources import API_SERVICE_NAME, NAMESPACE, SERVICE
from sampan_metrics.scraping import Scraper
from sampan_metrics.serving import Security, api_server, figure_server, listening
from sampan_metrics.usage import LatestUsage, Usage

log = logging.getLogger(__name__)

TIDY = 60.0  # seconds between two tidyings of the history
REACHED_WITHIN = 10.0  # seconds after which it is said that the API server does not hand requests on
RENEW = 3600.0  # seconds between two looks at the certificate and whom to trust
LEAST_INTERVAL = 1.0


def run(running: Running) -> None:
    """Until stopped."""
    with contextlib.ExitStack() as stack:
        MetricsComponent(running, stack).run()


class MetricsComponent:
    def __init__(self, running: Running, stack: contextlib.ExitStack) -> None:
        self._running, self._stack = running, stack
        self._settings: Any = running.settings
        own = running.metrics if running.metrics is not None else CollectorRegistry()
        self._figures = Figures(own)
        self._stack.callback(_forget, own, self._figures)
        self._known = LatestUsage()
        self._history = self._open_history()
        self._security = Security()
        self._nodes = self._informer(NODES)
        self._pods = self._informer(PODS)
        self._config = Informer(
            running.client, CONFIG_MAPS, namespace=NAMESPACE, fields=f"metadata.name={trust.CONFIG}",
            on_change=lambda old, new: self._trust(new),
        )  # fmt: skip
        self._own = own
        self._tidied = self._renewed = time.monotonic()
        self._said = ""
        self._answers = threading.Event()  # a request through the API server was answered here

    def run(self) -> None:
        running = self._running
        for informer in (self._config, self._nodes, self._pods):
            informer.start()
            self._stack.callback(informer.stop)
        while not all(informer.wait_synced(0.5) for informer in (self._nodes, self._pods, self._config)):
            if running.stop.is_set():
                return
        address = self._settings.address or running.options.api_endpoint_ip
        api = Api(self._known, self._nodes, self._pods, self._history)
        server = listening(
            lambda: api_server(address, self._settings.port, api, self._security, self._figures),
            f"the API of metrics at {address}:{self._settings.port}",
        )
        self._stack.callback(server.stop)
        self._certify()
        server.start()
        self._expose()
        self._stack.callback(self._take_leave, address, server.port)
        self._announce(address, server.port)
        scraper = Scraper(
            running.client, self._known, self._node_names, self._figures,
            interval=max(self._settings.interval, LEAST_INTERVAL), on_fresh=self._keep,
        )  # fmt: skip
        scraper.run(running.stop, lambda: self._after_round(scraper))

    # -- beginning

    def _informer(self, resource: Any) -> Informer:
        return Informer(self._running.client, resource, metadata_only=True, keep=_named)

    def _open_history(self) -> History | None:
        if not self._settings.history:
            return None
        path = Path(self._running.home) / "history.db"
        history = History(path, hours=self._settings.history_hours, megabytes=self._settings.history_megabytes)
        self._stack.callback(history.close)
        return history

    def _trust(self, config_map: Object | None) -> None:
        """Take over the cluster's front proxy from the informer, whenever it changes."""
        self._security.trust = trust.read(config_map)
        self._secure()

    def _secure(self) -> None:
        home = Path(self._running.home)
        if (home / "serving.crt").exists():
            files = str(home / "serving.crt"), str(home / "serving.key")
            self._security.context = trust.context(*files, self._security.trust)

    def _certify(self) -> None:
        domain = self._running.options.cluster_domain or "cluster.local"
        names = [f"{SERVICE}.{NAMESPACE}.svc", f"{SERVICE}.{NAMESPACE}.svc.{domain}", "localhost"]
        serving, _ = certificates.ensure(Path(self._running.home), names)
        self._secure()
        if self._settings.register:
            bundle = base64.b64encode(serving.authority).decode()
            patch = {"spec": {"caBundle": bundle, "insecureSkipTLSVerify": None}}
            self._running.client.patch(API_SERVICES, API_SERVICE_NAME, patch)

    def _expose(self) -> None:
        if not self._settings.prometheus:
            return
        host, _, port = self._settings.prometheus.rpartition(":")
        if not port.isdigit():
            raise ValueError(f"plugins.metrics.prometheus must be HOST:PORT, not {self._settings.prometheus!r}")
        registry = CollectorRegistry()
        registry.register(KnownFigures(self._known))
        host = host.strip("[]") or "127.0.0.1"
        server = listening(
            lambda: figure_server(host, int(port), [registry, self._own]), f"Prometheus' figures at {host}:{port}"
        )
        self._stack.callback(server.stop)
        server.start()
        log.info("metrics: figures for Prometheus are at http://%s:%d/metrics", host, server.port)

    def _announce(self, address: str, port: int, *, here: bool = True) -> None:
        if self._settings.endpoints:
            slice_ = endpoints(address, port, self._running.options.node_name, here=here)
            self._running.client.patch(
                SLICES, slice_["metadata"]["name"], slice_, NAMESPACE, how="apply", field_manager="sampan-metrics",
                force=True,
            )  # fmt: skip

    def _take_leave(self, address: str, port: int) -> None:
        """Remove the endpoints of this process, and restore the APIService as it was shipped, so that it can be removed
        as well."""
        try:
            self._announce(address, port, here=False)
            if self._settings.register:
                self._running.client.patch(API_SERVICES, API_SERVICE_NAME, {"spec": {"caBundle": None}})
        except (SampanError, OSError) as error:
            log.debug("metrics: the API server could not be told that the API ends: %s", error)

    # -- going on

    def _node_names(self) -> list[str]:
        return [node["metadata"]["name"] for node in self._nodes.list()]

    def _keep(self, node: str, fresh: Mapping[Address, Usage]) -> None:
        if not self._answers.is_set() and self._known.node(node) is not None and self._is_reached():
            self._answers.set()
            self._report({})
        if self._history is None:
            return
        samples = [
            Sample(node, address, usage.at, round(usage.cpu * 1e9), usage.memory) for address, usage in fresh.items()
        ]
        try:
            self._history.add(samples)
        except sqlite3.Error as error:
            self._figures.history_failures.inc(len(samples))
            log.warning("metrics: %d measurements are not kept: %s", len(samples), error)

    def _is_reached(self) -> bool:
        """Whether the API server hands requests on to here, so that being ready means that `kubectl top` works."""
        deadline = time.monotonic() + REACHED_WITHIN
        while why := self._unreached():
            if time.monotonic() > deadline:
                self._running.failing(f"the API server does not reach what is served here: {why}")
                return False
            if self._running.stop.wait(0.1):
                return False
        return True

    def _unreached(self) -> str:
        """What the APIService says against being available, "" for nothing."""
        try:
            found = self._running.client.get(API_SERVICES, API_SERVICE_NAME)
        except (SampanError, OSError) as error:
            return str(error)
        for condition in (found.get("status") or {}).get("conditions", ()):
            if condition.get("type") == "Available":
                said = condition.get("status")
                return "" if said == "True" else str(condition.get("message") or said)
        return "not checked yet"

    def _after_round(self, scraper: Scraper) -> None:
        self._report(scraper.failing())
        now = time.monotonic()
        if now - self._tidied >= TIDY and self._history is not None:
            self._tidied = now
            try:
                self._history.tidy(time.time())
                self._figures.history_bytes.set(self._history.size())
            except sqlite3.Error as error:
                log.warning("metrics: the history cannot be tidied: %s", error)
        if now - self._renewed >= RENEW:
            self._renewed = now
            try:
                self._certify()
            except (SampanError, OSError) as error:
                log.warning("metrics: the serving certificate cannot be renewed now: %s", error)

    def _report(self, failing: Mapping[str, str]) -> None:
        names = self._node_names()
        usages = self._known.all()
        self._figures.containers.set(sum(len(found) for found in usages.values()) - len(usages))
        if names and len(failing) >= len(names):
            node, why = next(iter(failing.items()))
            said, say = f"no node tells its figures ({node}: {why})", self._running.failing
        else:
            missing = f", {len(failing)} of them silent" if failing else ""
            every = f"every {self._settings.interval:g} s"
            said, say = f"what pods use is looked at {every} on {len(names)} nodes{missing}", self._running.ready
            if names and not self._answers.is_set():
                return  # not before the first figures can be had
        if said != self._said:
            self._said = said
            say(said)


def _named(obj: Object) -> Object:
    """What has to be known of a node or pod."""
    kept = ("name", "namespace", "uid", "resourceVersion", "labels")
    return {"metadata": {key: obj["metadata"][key] for key in kept if key in obj["metadata"]}}


def _forget(registry: CollectorRegistry, figures: Figures) -> None:
    """A component that is restarted registers its figures again."""
    for collector in vars(figures).values():
        with contextlib.suppress(KeyError):
            registry.unregister(collector)
