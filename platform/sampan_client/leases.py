"""Leader election: one of several processes works; it holds a Lease and renews it.

Source: coordination.k8s.io/v1 Lease; the rules of client-go's leaderelection (a lease is timed from when this process
saw it change, so clocks need not agree).
"""

from __future__ import annotations

import datetime
import logging
import random
import threading
import time
from collections.abc import Callable

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, Conflict, NotFound, StatusError
from sampan_client.client import Client
from sampan_machinery.resources import LEASES

_JITTER = random.Random()  # of its own: what a program does with the module's stays reproducible
log = logging.getLogger(__name__)

_UNREACHABLE_RETRY = 0.2  # seconds between tries of a server that cannot be reached: a refused connection costs little


class Elector:
    """``on_started`` is called when this process has acquired the lease, ``on_stopped`` when it has lost it; both on
    the thread of ``run``, so they must return within ``renew`` seconds.

    The times are shorter than upstream's 15 s and 10 s, so that another process takes over within 15 s after a leader
    is killed: ``duration`` plus one more check, ``retry`` later. While this process does not lead, ``on_trouble`` is
    called with the reason if the lease cannot be read, and with "" once it can. A server that cannot be reached may be
    starting, together with this process: it is tried more often, and is a reason only after ``retry`` seconds.
    """

    def __init__(
        self,
        client: Client,
        name: str,
        identity: str,
        on_started: Callable[[], None],
        on_stopped: Callable[[], None],
        *,
        namespace: str = "kube-system",
        duration: float = 10.0,
        renew: float = 6.0,
        retry: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
        on_trouble: Callable[[str], None] | None = None,
    ) -> None:
        self.name, self.identity, self.namespace = name, identity, namespace
        self.leading = False
        self._client = client
        self._on_started, self._on_stopped = on_started, on_stopped
        self._duration, self._renew, self._retry = duration, renew, retry
        self._clock = clock
        self._on_trouble, self._trouble = on_trouble, ""
        self._unreachable: float | None = None  # since when the server cannot be reached
        self._seen: Object = {}  # the last observed spec
        self._seen_at = 0.0
        self._lease: Object | None = None

    def run(self, stop: threading.Event) -> None:
        """Run until ``stop`` is set or the acquired lease is lost; releases a held lease at the end."""
        while not stop.is_set() and not self._try():
            pause = self._retry if self._unreachable is None else min(_UNREACHABLE_RETRY, self._retry)
            stop.wait(pause * _JITTER.uniform(1.0, 1.2))
        if stop.is_set() and not self.leading:
            return
        log.info("leading %s/%s as %s", self.namespace, self.name, self.identity)
        try:
            self._on_started()
            self._keep(stop)
        finally:
            self.leading = False
            self._on_stopped()
            self._release()

    def _keep(self, stop: threading.Event) -> None:
        """Renew no more often than needed: these are the steady writes of an idle cluster."""
        renewed = self._clock()
        pause = usual = self._renew / 2
        while not stop.wait(pause):
            if self._try():
                renewed, pause = self._clock(), usual
            elif self._clock() - renewed > self._renew:
                log.error("leadership of %s/%s is lost", self.namespace, self.name)
                return
            else:
                pause = min(self._retry, usual)

    def _try(self) -> bool:
        """Acquire or renew the lease. Returns whether this process holds it."""
        try:
            self.leading = self._take()
        except (StatusError, ConnectionError) as error:
            log.debug("lease %s/%s: %s", self.namespace, self.name, error)
            if not isinstance(error, ConnectionError):
                self._unreachable = None
            elif self._unreachable is None:
                self._unreachable = self._clock()
            starting = self._unreachable is not None and self._clock() - self._unreachable < self._retry
            if not (self.leading or starting or isinstance(error, Conflict | AlreadyExists)):
                self._troubled(str(error))
            self._lease = None  # read it again before the next write
            return False
        self._unreachable = None
        self._troubled("")
        return self.leading

    def _troubled(self, words: str) -> None:
        if self._on_trouble is not None and words != self._trouble:
            self._on_trouble(words)
        self._trouble = words

    def _take(self) -> bool:
        now = _now()
        if self._lease is None:
            try:
                self._saw(self._client.get(LEASES, self.name, self.namespace))
            except NotFound:
                metadata = {"name": self.name, "namespace": self.namespace}
                spec = self._spec(now, now, 0)
                lease = {"kind": "Lease", "apiVersion": LEASES.api_version, "metadata": metadata, "spec": spec}
                self._saw(self._client.create(LEASES, lease, self.namespace))
                return True
        assert self._lease is not None
        spec = self._lease.get("spec") or {}
        holder = spec.get("holderIdentity") or ""
        lasts = float(spec.get("leaseDurationSeconds") or self._duration)
        if holder and holder != self.identity and self._clock() - self._seen_at < lasts:
            self._lease = None
            return False
        transitions = int(spec.get("leaseTransitions") or 0) + (holder != self.identity)
        acquired = spec.get("acquireTime") or now if holder == self.identity else now
        self._saw(self._client.update(LEASES, {**self._lease, "spec": self._spec(acquired, now, transitions)}))
        return True

    def _saw(self, lease: Object) -> None:
        self._lease = lease
        spec = lease.get("spec") or {}
        if spec != self._seen:
            self._seen, self._seen_at = spec, self._clock()

    def _spec(self, acquired: str, renewed: str, transitions: int) -> Object:
        return {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": int(self._duration),
            "acquireTime": acquired,
            "renewTime": renewed,
            "leaseTransitions": transitions,
        }

    def _release(self) -> None:
        if self._lease is None or (self._lease.get("spec") or {}).get("holderIdentity") != self.identity:
            return
        now = _now()
        spec = {**self._spec(now, now, int(self._lease["spec"].get("leaseTransitions") or 0)), "holderIdentity": ""}
        spec["leaseDurationSeconds"] = 1
        try:
            self._client.update(LEASES, {**self._lease, "spec": spec})
        except (StatusError, ConnectionError) as error:
            log.debug("lease %s/%s could not be released: %s", self.namespace, self.name, error)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
