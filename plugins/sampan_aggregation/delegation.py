"""The aggregation layer of one API server: which group versions other servers serve, and whether those answer.

``Aggregation`` satisfies contracts.serving.Delegation. APIServices are read from the watch cache when they have
changed. One thread checks whether the servers answer, each on a short-lived thread, so that a server that does not
answer delays no other. Every API server checks for itself: one may reach a server that another cannot."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Answer, Call, Cluster, Delegated
from sampan.errors import NotFound, SampanError, ServiceUnavailable, Timeout, TooManyRequests
from sampan_aggregation import conditions, local
from sampan_aggregation.checking import CheckResult, definitions_of, look
from sampan_aggregation.conditions import Availability
from sampan_aggregation.connecting import Dialler
from sampan_aggregation.proxying import hand_on
from sampan_machinery.endpoints import SERVICE_LABEL, NoEndpoints, Target, resolve
from sampan_machinery.resources import API_SERVICES as APISERVICES
from sampan_machinery.resources import ENDPOINT_SLICES as SLICES
from sampan_machinery.resources import SERVICES

log = logging.getLogger(__name__)

TICK = 1.0  # seconds within which a change is noticed; one look at three numbers
AGAIN = 30.0  # seconds after which a server that answers is asked again
AGAIN_FIRST, AGAIN_MOST = 1.0, 15.0  # the same for one that does not
AT_ONCE = 128  # requests in flight to one extension server: a quarter of the pool
UNAVAILABLE = "the server is currently unable to handle the request"


class Remote:
    """One group version that an APIService hands to another server."""

    def __init__(self, api_service: Object) -> None:
        self.name: str = api_service["metadata"]["name"]
        self.uid: str = api_service["metadata"].get("uid") or ""
        self.spec: Object = api_service["spec"]
        self.target: Target | Availability = Availability(False, "ServiceNotFound", "not checked yet")
        self.seen: CheckResult | None = (
            None  # None: not looked at yet, the condition in the object says what others saw
        )
        self.said = conditions.found(api_service)
        self.due = 0.0
        self.failures = 0
        self.looking = False
        self.slots = threading.BoundedSemaphore(AT_ONCE)

    @property
    def is_available(self) -> bool:
        if self.seen is not None:
            return self.seen.verdict.available
        return self.said is None or self.said.get("status") == "True"

    @property
    def host(self) -> str:
        service = self.spec["service"]
        return f"{service['name']}.{service['namespace']}.svc:{service.get('port') or 443}"


class Aggregation:
    """``group_versions``: what this server serves itself."""

    name = "aggregation"

    def __init__(
        self, cluster: Cluster, dialler: Dialler, group_versions: Callable[[], Sequence[tuple[str, str]]],
        *, clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._cluster, self._dialler, self._group_versions, self._clock = cluster, dialler, group_versions, clock
        self._remotes: dict[tuple[str, str], Remote] = {}
        self._read = -1  # the generation of APIServices that _remotes come from
        self._seen = 0  # grows with every change of what is known
        self._lock = threading.Lock()
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._watched: tuple[object, ...] = ()

    # -- contracts.serving.Delegation

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="aggregation", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def find(self, group: str, version: str) -> Delegated | None:
        remote = self._current().get((group, version))
        return None if remote is None else self._delegated(remote)

    def all(self) -> Sequence[Delegated]:
        return [self._delegated(remote) for remote in self._current().values()]

    def generation(self) -> int:
        return self._cluster.generation(APISERVICES) + self._seen

    def _delegated(self, remote: Remote) -> Delegated:
        spec, seen = remote.spec, remote.seen
        return Delegated(
            group=spec["group"], version=spec["version"], serve=partial(self.serve, remote),
            priority=spec["groupPriorityMinimum"], version_priority=spec["versionPriority"],
            resources=seen.resources if seen else None, stale=not remote.is_available,
            openapi=seen.openapi if seen else "", openapi_v2=partial(self._openapi_v2, remote),
        )  # fmt: skip

    def _openapi_v2(self, remote: Remote) -> bytes | None:
        """As ``Delegated.openapi_v2``; no longer than a check may take."""
        target = self._resolved(remote)
        return None if isinstance(target, Availability) else definitions_of(remote.host, self._dial(remote, target))

    # -- requests

    def serve(self, remote: Remote, call: Call) -> Answer | None:
        """Hand one request on; on a pool thread."""
        if not remote.is_available:
            raise ServiceUnavailable(UNAVAILABLE)
        target = self._resolved(remote)
        if isinstance(target, Availability):
            raise ServiceUnavailable(UNAVAILABLE)
        if not remote.slots.acquire(blocking=False):
            raise TooManyRequests("the extension server has too many requests to answer", retry_after=1)
        try:
            return hand_on(call, self._dial(remote, target), remote.host, remote.slots.release)
        except (ServiceUnavailable, Timeout) as error:
            log.warning("aggregation: %s: %s", remote.name, error.message)
            remote.due = 0.0
            self._wake.set()
            raise

    def _dial(self, remote: Remote, target: Target) -> Callable[[], ssl.SSLSocket]:
        return partial(self._dialler.dial, remote.spec, target)

    def _resolved(self, remote: Remote) -> Target | Availability:
        reference = remote.spec["service"]
        namespace, name = reference["namespace"], reference["name"]
        slices = self._cluster.list(SLICES, namespace, labels=f"{SERVICE_LABEL}={name}")
        found = resolve(reference, self._cluster.get(SERVICES, name, namespace), slices)
        return Availability(False, *found) if isinstance(found, NoEndpoints) else found

    # -- what is known

    def _current(self) -> dict[tuple[str, str], Remote]:
        """By group version; read again when an APIService has changed. An unchanged one keeps its state."""
        generation = self._cluster.generation(APISERVICES)
        if generation == self._read:
            return self._remotes
        with self._lock:
            fresh = {}
            for obj in self._cluster.list(APISERVICES):
                spec = obj.get("spec") or {}
                if spec.get("service"):
                    address = (spec["group"], spec["version"])
                    old = self._remotes.get(address)
                    same = old is not None and (old.spec, old.uid) == (spec, obj["metadata"].get("uid") or "")
                    fresh[address] = old if old is not None and same else Remote(obj)
            self._remotes, self._read = fresh, generation
            return fresh

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._turn()
            except Exception:
                log.exception("aggregation: looking after APIServices failed")
                self._stop.wait(AGAIN_FIRST)
            self._wake.wait(TICK)
            self._wake.clear()

    def _turn(self) -> None:
        remotes = self._current()
        kinds = (APISERVICES, SERVICES, SLICES) if remotes else (APISERVICES,)
        watched = (*(self._cluster.generation(kind) for kind in kinds), *self._group_versions())
        if watched != self._watched:
            self._keep_local()
            for remote in remotes.values():
                self._follow(remote)
            self._watched = watched
        now = time.monotonic()
        for remote in remotes.values():
            if not remote.looking and remote.due <= now:
                remote.looking = True
                threading.Thread(target=self._look, args=(remote,), name="aggregation-look", daemon=True).start()

    def _follow(self, remote: Remote) -> None:
        """A server whose endpoints have changed is looked at now."""
        target = self._resolved(remote)
        if target != remote.target:
            remote.target, remote.due, remote.failures = target, 0.0, 0

    def _look(self, remote: Remote) -> None:
        try:
            target, spec = remote.target, remote.spec
            if isinstance(target, Availability):
                seen = CheckResult(target)
            else:
                seen = look(spec["group"], spec["version"], remote.host, self._dial(remote, target))
            if not seen.verdict.available and remote.seen is not None:
                seen = CheckResult(
                    seen.verdict, remote.seen.resources, remote.seen.openapi
                )  # what it had, shown as stale
            remote.failures = 0 if seen.verdict.available else remote.failures + 1
            with self._lock:
                self._seen += seen != remote.seen
                remote.seen = seen
            self._say(remote, seen.verdict)
        except Exception:
            log.exception("aggregation: %s cannot be looked at", remote.name)
            remote.failures += 1
        finally:
            wait = AGAIN if not remote.failures else min(AGAIN_FIRST * 2 ** (remote.failures - 1), AGAIN_MOST)
            remote.due = time.monotonic() + wait
            remote.looking = False

    def _say(self, remote: Remote, verdict: Availability) -> None:
        """Write the condition if it changed; a deleted object or a store that refuses writes is retried at the next
        check."""
        if self._stop.is_set():
            return

        def change(obj: Object) -> Object | None:
            return conditions.with_verdict(obj, verdict, self._clock()) if obj.get("spec") == remote.spec else None

        try:
            self._cluster.update(APISERVICES, remote.name, "", change, subresource="status")
        except NotFound:
            return
        except SampanError as error:
            log.warning("aggregation: the condition of %s cannot be written: %s", remote.name, error)
            remote.failures += 1

    def _keep_local(self) -> None:
        """The APIServices of what this server serves itself: there, and no others marked as such. Those of its first
        moment are bootstrap objects; this is for what comes and goes later."""
        make, remove = local.changes(local.wanted(self._group_versions()), self._cluster.list(APISERVICES))
        for manifest in make:
            if self._stop.is_set():
                return
            _tolerant(partial(self._cluster.create, APISERVICES, manifest))
        for obj in remove:
            meta = obj["metadata"]
            _tolerant(partial(self._cluster.delete, APISERVICES, meta["name"], uid=meta["uid"]))


def _tolerant(write: Callable[[], object]) -> None:
    """Another server may have done it already; the next change tries again."""
    try:
        write()
    except SampanError as error:
        log.debug("aggregation: %s", error)
