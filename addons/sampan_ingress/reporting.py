"""Reports to users: Events about problems, and the addresses in the status of each Ingress.

Of several controllers one does this, elected by a Lease. Runs on a thread of its own, so that a slow API server
delays no change of the configuration.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

from sampan.contracts.kinds import Object
from sampan.errors import NotFound, StatusError
from sampan_client import Client
from sampan_client.events import Recorder
from sampan_client.leases import Elector
from sampan_ingress.building import IngressWarning
from sampan_ingress.manifests import NAMESPACE
from sampan_ingress.observed import Key, key_of
from sampan_machinery.addresses import is_address
from sampan_machinery.resources import INGRESSES, SERVICES

log = logging.getLogger(__name__)

LEAVING = 1.0  # seconds that a write in progress is waited for at the end
AGAIN = 30.0  # seconds after which what could not be written is tried again, and a balancer's address looked up


class Reporter:
    """``report`` says what is so now; it is written when this controller is the one that does so.

    ``current`` gives an Ingress as it is now (its status above all), ``addresses`` what its status should name.
    """

    def __init__(
        self, client: Client, lease: str, identity: str, current: Callable[[Key], Object | None],
        addresses: Callable[[], list[Object]],
    ) -> None:  # fmt: skip
        self._client = client
        self._current = current
        self._addresses = addresses
        self._recorder = Recorder(client, "sampan-ingress")
        self._lease, self._identity = lease, identity
        self._leading = threading.Event()
        self._wake = threading.Event()
        self._now: tuple[Sequence[Object], Sequence[IngressWarning]] = ((), ())
        self._told: dict[str, set[IngressWarning]] = {}  # by uid
        self._threads: list[threading.Thread] = []

    def start(self, stop: threading.Event) -> None:
        for name, work in (("ingress-lease", self._elect), ("ingress-report", self._run)):
            thread = threading.Thread(target=work, args=(stop,), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Once ``stop`` is set."""
        self._wake.set()
        for thread in self._threads:
            thread.join(LEAVING)
        self._recorder.close()

    def report(self, ingresses: Sequence[Object], complaints: Sequence[IngressWarning]) -> None:
        """From any thread."""
        self._now = (ingresses, complaints)
        self._wake.set()

    def _elect(self, stop: threading.Event) -> None:
        while not stop.is_set():
            elector = Elector(
                self._client, self._lease, self._identity, self._lead, self._leading.clear,
                namespace=NAMESPACE, duration=30.0, renew=20.0, retry=5.0,  # it is not urgent, and each is a write
            )  # fmt: skip
            elector.run(stop)

    def _lead(self) -> None:
        self._leading.set()
        self._wake.set()

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._wake.wait(AGAIN)
            self._wake.clear()
            if stop.is_set() or not self._leading.is_set():
                continue
            ingresses, complaints = self._now
            try:
                self._say(ingresses, complaints)
                self._write(ingresses)
            except (StatusError, ConnectionError) as error:
                log.warning("the status of Ingresses cannot be written now: %s", error)
            except Exception:
                log.exception("the status of Ingresses cannot be written now")

    def _say(self, ingresses: Iterable[Object], complaints: Iterable[IngressWarning]) -> None:
        """Each complaint once, and again when it had gone meanwhile."""
        by_key: dict[Key, set[IngressWarning]] = {}
        for complaint in complaints:
            by_key.setdefault(complaint.ingress, set()).add(complaint)
        told: dict[str, set[IngressWarning]] = {}
        for ingress in ingresses:
            uid = ingress["metadata"].get("uid", "")
            told[uid] = by_key.get(key_of(ingress), set())
            for complaint in sorted(told[uid] - self._told.get(uid, set())):
                self._recorder.event(_about(ingress), "Warning", complaint.reason, complaint.message)
        self._told = told

    def _write(self, ingresses: Iterable[Object]) -> None:
        wanted = self._addresses()
        if not wanted:
            return
        for ingress in filter(None, (self._current(key_of(one)) for one in ingresses)):
            known = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
            if [_bare(one) for one in known] == wanted:
                continue
            key = key_of(ingress)
            try:
                self._client.patch(
                    INGRESSES, key.name, {"status": {"loadBalancer": {"ingress": wanted}}}, key.namespace,
                    subresource="status",
                )  # fmt: skip
            except NotFound:
                continue
            where = ", ".join(one.get("ip") or one.get("hostname") or "" for one in wanted)
            self._recorder.event(_about(ingress), "Normal", "Serving", f"served at {where}")


def _about(ingress: Object) -> Object:
    return {**ingress, "kind": INGRESSES.kind, "apiVersion": INGRESSES.api_version}


def _bare(entry: Mapping[str, object]) -> dict[str, object]:
    """Without what others may add: the ports."""
    return {name: entry[name] for name in ("ip", "hostname") if entry.get(name)}


def entries(addresses: Iterable[str]) -> list[Object]:
    """As status.loadBalancer.ingress has them."""
    return [{"ip": text} if is_address(text) else {"hostname": text} for text in dict.fromkeys(addresses) if text]


def of_service(client: Client, namespace: str, name: str) -> list[Object]:
    """The addresses that a Service was given, by a balancer or as external ones; where no balancer is asked for, its
    cluster address, as with ingress-nginx. [] while there are none."""
    try:
        service = client.get(SERVICES, name, namespace)
    except NotFound:
        return []
    spec = service.get("spec") or {}
    given = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    texts = [one.get("ip") or one.get("hostname") or "" for one in given] + list(spec.get("externalIPs") or ())
    if not texts and spec.get("type") != "LoadBalancer" and spec.get("clusterIP") != "None":
        texts = [spec.get("clusterIP") or ""]
    return entries(texts)
