"""The controller: watches objects, schedules work, and restarts nginx when it ends. What is served is the matter of
``building``, how it comes into force that of ``applying``.
"""

from __future__ import annotations

import logging
import secrets
import socket
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sampan.contracts.components import Running
from sampan.contracts.kinds import Object, Resource
from sampan_client.informers import Informer
from sampan_ingress import certificates, reporting
from sampan_ingress.applying import Applier
from sampan_ingress.building import IngressWarning, read_parts
from sampan_ingress.defaults import fallbacks_of
from sampan_ingress.figures import Figures
from sampan_ingress.manifests import lease_name
from sampan_ingress.model import LocationOptions
from sampan_ingress.nginx import BadConfiguration
from sampan_ingress.observed import TLS_SECRETS, Key, Observed, key_in, key_of, named_by, observed, service_of
from sampan_ingress.places import PlaceTaken, check_free
from sampan_ingress.settings import Settings
from sampan_machinery.resources import ENDPOINT_SLICES as SLICES
from sampan_machinery.resources import INGRESS_CLASSES as CLASSES
from sampan_machinery.resources import INGRESSES, SECRETS, SERVICES

log = logging.getLogger(__name__)

COLLECT = 0.05  # seconds in which changes that come together are taken together
AGAIN = 5.0  # seconds until what did not go is tried again
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0  # before nginx is started again
STEADY = 10.0  # seconds of life after which nginx counts as well again


@dataclass
class DueTime:
    """When something is to be done; None: not at all."""

    at: float | None = None

    def in_(self, seconds: float) -> None:
        """Not later than that."""
        wanted = time.monotonic() + seconds
        self.at = wanted if self.at is None else min(self.at, wanted)

    @property
    def now(self) -> bool:
        return self.at is not None and self.at <= time.monotonic()


class Controller:
    """One run of the add-on."""

    def __init__(
        self, running: Running, settings: Settings, options: LocationOptions, applier: Applier, wake: threading.Event,
        figures: Figures,
    ) -> None:  # fmt: skip
        self._running, self._settings, self._options = running, settings, options
        self._applier, self._nginx, self._wake, self._figures = applier, applier.nginx, wake, figures
        self._informers = {
            resource.plural: Informer(
                running.client, resource, on_change=partial(self._changed, resource), on_synced=wake.set, fields=fields
            )
            for resource, fields in (
                (INGRESSES, ""), (CLASSES, ""), (SERVICES, ""), (SLICES, ""), (SECRETS, TLS_SECRETS)
            )
        }  # fmt: skip
        identity = identity_in(Path(running.home), socket.gethostname())
        self._reporter = reporting.Reporter(
            running.client, lease_name(settings.controller), identity, self._current, self._addresses
        )
        self._self_signed = certificates.self_signed(Path(running.home) / "default.pem")
        self._dirty = False
        self._named: dict[Resource, set[Key]] = {}  # of these, changes of others are passed over
        self._build, self._start = DueTime(), DueTime()
        self._pause = FIRST_PAUSE
        self._started = 0.0
        self._last_change = 0.0
        self._said = ""

    def run(self) -> None:
        stop = self._running.stop
        for informer in self._informers.values():
            informer.start()
        self._reporter.start(stop)
        if self._applier.resume():
            self._started = time.monotonic()
            log.info("nginx serves what it served last, until the cluster's state is known")
        self._dirty = True
        try:
            threading.Thread(target=self._wake_at_the_end, name="ingress-stop", daemon=True).start()
            while not stop.is_set():
                self._step()
                self._wake.wait(self._patience())
                self._wake.clear()
            if self._nginx.alive:
                time.sleep(self._settings.leave_seconds)
        finally:
            for informer in self._informers.values():
                informer.stop()
            self._reporter.close()

    def _wake_at_the_end(self) -> None:
        self._running.stop.wait()
        self._wake.set()

    def _changed(self, resource: Resource, old: Object | None, new: Object | None) -> None:
        obj = new or old
        known = self._named.get(resource)
        if obj is None or (known is not None and (service_of(obj) if resource is SLICES else key_of(obj)) not in known):
            return
        if old is not None and new is not None and old["metadata"].get("generation") and is_same(old, new):
            return  # a status, most often our own
        self._dirty = True
        self._wake.set()

    def _patience(self) -> float | None:
        due = self._build.at if self._start.at is None else self._start.at  # nothing is built before it is started
        return None if due is None else max(0.0, due - time.monotonic())

    def _step(self) -> None:
        """Whatever is due now."""
        if self._started and not self._nginx.alive and self._start.at is None:
            self._ended()
        if self._start.now:
            self._start.at = None
            self._start_again()
        if self._dirty and all(informer.synced for informer in self._informers.values()):
            self._dirty = False
            since = time.monotonic() - self._last_change
            self._build.in_(max(COLLECT, self._settings.reload_seconds - since))
        if self._build.now and self._start.at is None:
            self._build.at = None
            self._apply()

    def _ended(self) -> None:
        lived = time.monotonic() - self._started
        self._pause = FIRST_PAUSE if lived > STEADY else min(self._pause * 2, LONGEST_PAUSE)
        self._running.failing(f"nginx has ended; it is started again in {self._pause:.1f} s")
        self._said = ""
        self._start.in_(self._pause)

    def _start_again(self) -> None:
        self._figures.restarts.inc()
        self._started = time.monotonic()
        if self._applier.restart():
            self._ready()
            return
        try:
            check_free(self._applier.place)
        except PlaceTaken as error:
            self._running.failing(str(error))

    def _apply(self) -> None:
        seen = self._observed()
        fallbacks = fallbacks_of(self._settings, self._options, seen, self._self_signed)
        parts, complaints = read_parts(seen, fallbacks)
        try:
            applied = self._applier.apply(parts, fallbacks)
        except BadConfiguration as error:
            self._figures.refused()
            self._running.failing(f"nginx takes no configuration at all: {error}")
            self._said = ""
            self._build.in_(AGAIN)
            return
        if applied.changed:
            self._last_change = time.monotonic()
            self._started = self._started or self._last_change
        whole = sorted({*complaints, *applied.complaints})
        self._tell(seen, whole, hosts=len(applied.configuration.servers) - 1)
        if applied.in_force:
            self._ready()
        elif self._nginx.alive:
            self._running.failing("nginx does not take the new configuration over; it goes on with the one before")
            self._said = ""

    def _tell(self, seen: Observed, complaints: list[IngressWarning], *, hosts: int) -> None:
        self._figures.ingresses.set(len(seen.ingresses))
        self._figures.bad.set(len({complaint.ingress for complaint in complaints}))
        self._figures.hosts.set(hosts)
        self._reporter.report(seen.ingresses, complaints)

    def _ready(self) -> None:
        place = self._applier.place
        words = f"Ingresses are served on ports {place.http_port} and {place.https_port}"
        if words != self._said:
            self._said = words
            self._running.ready(words)

    def _observed(self) -> Observed:
        # Before the rest is read: what changes from now on is looked at again if one of these Ingresses names it.
        services, private = named_by(self._informers[INGRESSES.plural].list())
        services.add(key_in(self._settings.default_backend.partition(":")[0]))
        private.add(key_in(self._settings.default_certificate))
        self._named = {SERVICES: services, SLICES: services, SECRETS: private}
        found = {plural: informer.list() for plural, informer in self._informers.items()}
        return observed(
            found[INGRESSES.plural], found[CLASSES.plural], found[SERVICES.plural], found[SLICES.plural],
            found[SECRETS.plural], controller=self._settings.controller,
        )  # fmt: skip

    def _current(self, key: Key) -> Object | None:
        return self._informers[INGRESSES.plural].get(key.name, key.namespace)

    def _addresses(self) -> list[Object]:
        settings = self._settings
        if settings.publish:
            return reporting.entries(settings.publish)
        if settings.publish_service:
            namespace, _, name = settings.publish_service.partition("/")
            return reporting.of_service(self._running.client, namespace, name)
        wide = settings.address in ("", "0.0.0.0", "::")
        return reporting.entries([self._running.options.node_ip if wide else settings.address])


def identity_in(home: Path, host: str) -> str:
    """What this controller is called in the Lease: kept, so that it goes on at once after it was killed. The process id
    would not do: it is 1 in every pod."""
    path = home / "identity"
    known = path.read_text() if path.exists() else ""
    if known.startswith(f"{host}-"):
        return known
    path.write_text(made := f"{host}-{secrets.token_hex(4)}")
    return made


def is_same(old: Object, new: Object) -> bool:
    """Whether nothing but the status differs."""
    return old["metadata"]["generation"] == new["metadata"].get("generation") and _marks(old) == _marks(new)


def _marks(obj: Object) -> tuple[Any, ...]:
    metadata = obj["metadata"]
    return metadata.get("uid"), metadata.get("annotations"), metadata.get("labels"), metadata.get("deletionTimestamp")
