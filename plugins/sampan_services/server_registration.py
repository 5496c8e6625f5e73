"""Registers this API server, and writes the endpoints of the Service default/kubernetes.

Each server keeps a Lease in kube-system (as upstream does, KEP-1965) that names where it is reached, and writes as
endpoints those servers whose Leases are renewed. A Lease is dead when it was not renewed for a while by the reader's
own clock, so clocks need not agree. Workers of one server share a Lease: one renews, the others see it and leave it.
Source: kube-apiserver, endpoint reconciler "lease"; apiserver identity."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan.contracts.serving import Cluster
from sampan.errors import AlreadyExists, BadRequest, Conflict, NotFound, SampanError
from sampan_machinery.metadata import micro_text, parse_time
from sampan_machinery.resources import ENDPOINT_SLICES as SLICES
from sampan_machinery.resources import ENDPOINTS, LEASES
from sampan_services.bootstrap import kubernetes_endpoints, kubernetes_slices

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds between renewals
DEAD_AFTER = 15.0  # seconds without one
FREE_AFTER = 7.0  # and of a Lease that was given back, which another worker may take up
LONG_AGO = 120.0  # seconds after which a Lease found at the start is dead whatever the clocks
NAMESPACE = "kube-system"
IDENTITY = {"apiserver.kubernetes.io/identity": "kube-apiserver"}
REACHED_AT = "sampan.dev/endpoint"

Server = tuple[str, int]  # address and port


class ServerRegistration:
    """The registration of one server process. ``clock`` is wall-clock time, for what is written; ``timer`` is
    monotonic."""

    def __init__(
        self, cluster: Cluster, options: ClusterOptions,
        clock: Callable[[], float] = time.time, timer: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._cluster = cluster
        self._server: Server = (options.api_endpoint_ip, options.api_port)
        host = options.node_name
        self._name = f"apiserver-{hashlib.sha256(f'{host} {self._server}'.encode()).hexdigest()[:26]}"
        self._holder = f"{self._name}_{os.getpid()}"
        self._labels = {**IDENTITY, **({"kubernetes.io/hostname": host} if host else {})}
        self._clock = clock
        self._timer = timer
        self._seen: dict[str, tuple[object, float]] = {}  # Lease -> what it said, and since when

    def run(self, stop: threading.Event) -> None:
        while True:
            try:
                self.look()
            except SampanError as error:
                log.warning("the API server's endpoints are not up to date: %s", error)
            if stop.wait(EVERY):
                break
        try:
            self.leave()
        except SampanError as error:
            log.warning("the API server could not take leave: %s", error)

    def look(self) -> None:
        """Renew the Lease, and write the endpoints of all servers that are alive."""
        if not self._renew():
            return
        living = {self._server}
        for lease in self._cluster.list(LEASES, NAMESPACE, labels=",".join(f"{k}={v}" for k, v in IDENTITY.items())):
            server = reached_at(lease)
            if self._is_dead(lease):
                self._remove(lease)
            elif server is not None:
                living.add(server)
        self._write(sorted(living))

    def leave(self) -> None:
        """Release the Lease, so that another worker can take it; else other servers find it expired soon."""
        found = self._cluster.get(LEASES, self._name, NAMESPACE)
        if found is not None and (found.get("spec") or {}).get("holderIdentity") == self._holder:
            self._cluster.update(LEASES, self._name, NAMESPACE, self._given_back)

    def _renew(self) -> bool:
        """Whether it is this process that renews the server's Lease."""
        found = self._cluster.get(LEASES, self._name, NAMESPACE)
        if found is None:
            try:
                self._cluster.create(LEASES, self._lease(), NAMESPACE)
            except (
                AlreadyExists,
                NotFound,
            ):  # by another worker; or Leases are not served
                return False
            return True
        holder = (found.get("spec") or {}).get("holderIdentity")
        if holder and holder != self._holder and not self._is_dead(found):
            return False
        try:
            self._cluster.update(LEASES, self._name, NAMESPACE, lambda lease: {**lease, **self._lease(lease)})
        except NotFound:  # taken for dead by another server; next time
            return False
        return True

    def _lease(self, old: Object | None = None) -> Object:
        meta: Object = dict(old["metadata"]) if old else {"name": self._name}
        meta["labels"] = {**(meta.get("labels") or {}), **self._labels}
        where = f"{self._server[0]}:{self._server[1]}"
        meta["annotations"] = {**(meta.get("annotations") or {}), REACHED_AT: where}
        spec = {
            "holderIdentity": self._holder, "leaseDurationSeconds": int(DEAD_AFTER),
            "renewTime": micro_text(self._clock()),
        }  # fmt: skip
        return {"metadata": meta, "spec": spec}

    def _given_back(self, lease: Object) -> Object | None:
        if lease["spec"].get("holderIdentity") != self._holder:
            return None
        return {**lease, "spec": {**lease["spec"], "holderIdentity": ""}}

    def _is_dead(self, lease: Object) -> bool:
        name, spec = lease["metadata"]["name"], lease.get("spec") or {}
        says = (spec.get("renewTime"), spec.get("holderIdentity"))
        now = self._timer()
        if self._seen.get(name, (None, 0.0))[0] != says:
            first = name not in self._seen
            self._seen[name] = (says, now)
            if first and self._clock() - _time_of(spec.get("renewTime")) > LONG_AGO:
                self._seen[name] = (says, now - LONG_AGO)
        return now - self._seen[name][1] > (DEAD_AFTER if spec.get("holderIdentity") else FREE_AFTER)

    def _remove(self, lease: Object) -> None:
        meta = lease["metadata"]
        if meta["name"] == self._name:
            return
        log.warning("the API server at %s is not there any more", (meta.get("annotations") or {}).get(REACHED_AT, "?"))
        self._seen.pop(meta["name"], None)
        with contextlib.suppress(NotFound, Conflict):
            self._cluster.delete(LEASES, meta["name"], NAMESPACE, uid=meta["uid"])

    def _write(self, servers: list[Server]) -> None:
        self._keep(ENDPOINTS, [kubernetes_endpoints(servers)], ("subsets",))
        slices = kubernetes_slices(servers)
        self._keep(SLICES, slices, ("endpoints", "ports"))
        wanted = {each["metadata"]["name"] for each in slices}
        label = ",".join(f"{key}={value}" for key, value in slices[0]["metadata"]["labels"].items())
        for each in self._cluster.list(SLICES, "default", labels=label):
            if each["metadata"]["name"] not in wanted:
                self._cluster.delete(SLICES, each["metadata"]["name"], "default")

    def _keep(self, resource: Any, wanted: Iterable[Object], keys: tuple[str, ...]) -> None:
        """Each as wanted in what the keys name, made where it is missing."""
        for each in wanted:
            meaning = {key: each[key] for key in keys}
            name = each["metadata"]["name"]
            current = self._cluster.get(resource, name, "default")
            if current is None:
                self._cluster.create(resource, each, "default")
            elif any(current.get(key) != value for key, value in meaning.items()):
                self._cluster.update(resource, name, "default", partial(_with, meaning))


def _with(meaning: Object, obj: Object) -> Object:
    return {**obj, **meaning}


def reached_at(lease: Object) -> Server | None:
    """What the Lease says of its server; None where it says nothing that can be used."""
    address, _, port = str((lease["metadata"].get("annotations") or {}).get(REACHED_AT, "")).rpartition(":")
    return (address, int(port)) if address and port.isdigit() else None


def _time_of(text: object) -> float:
    try:
        return parse_time(str(text))
    except BadRequest:
        return 0.0
