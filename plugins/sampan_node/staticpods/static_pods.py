"""Runs the pods of a folder's manifests, with or without an API, and shows each in the API by a mirror pod."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, Conflict, SampanError
from sampan_machinery.metadata import copy
from sampan_machinery.resources import NODES, PODS
from sampan_node.host import Host
from sampan_node.pod.worker import Worker
from sampan_node.staticpods import manifests, mirrors

log = logging.getLogger(__name__)

LOOK_EVERY = 10.0  # seconds between looks at the folder
AGAIN = 10.0  # seconds until a mirror that could not be written is tried again


class StaticWorker(Worker):
    """Its pod is not the API's: what is told there is told of its mirror, and may fail without harm."""

    def __init__(self, host: Host, pod: Object) -> None:
        self._shown: Object | None = None  # the mirror as the API has it
        self._problem = ""  # why it could not be written last
        super().__init__(host, pod)
        self.told.set()

    def mirrored(self, mirror: Object | None) -> None:
        """The informer has news of the mirror; None: it is gone. One that a client deletes is created again."""
        self._shown = mirror
        if mirror is None or not self._is_own(mirror):
            self.poke()

    def _write(self, status: Object) -> None:
        self._known = copy(status)
        self._settle()
        if self.gone:
            return
        try:
            self._show(status)
        except (SampanError, OSError) as error:
            if self._problem != str(error):
                log.info("node: the mirror of static pods/%s is not written: %s", self.where(), error)
            self._problem = str(error)
            self._host.clock.after(AGAIN, self.poke)

    def _publish(self, seen: Any) -> None:
        status = self._status(seen)
        shown = (self._shown or {}).get("status") or {}
        if (
            self._shown is None
            or not self._is_own(self._shown)
            or any(shown.get(key) != value for key, value in status.items())
        ):
            self._write(status)

    def _show(self, status: Object) -> None:
        meta = self.pod["metadata"]
        mirror = self._mirror()
        patch = {"metadata": {"uid": mirror["metadata"]["uid"]}, "status": status}
        self._shown = self._host.client.patch(
            PODS, meta["name"], patch, meta["namespace"], subresource="status", how="strategic"
        )
        self._known = copy((self._shown or {}).get("status") or status)

    def _mirror(self) -> Object:
        """The pod's mirror, created where it is missing or of an older manifest. A node may ask only for pods that are
        bound to it, so it is created first and asked for where there is one."""
        meta, client = self.pod["metadata"], self._host.client
        for _ in range(2):
            if self._shown is not None and self._is_own(self._shown):
                return self._shown
            try:
                wanted = manifests.mirror(self.pod, client.get(NODES, self._host.name))
                made: Object = client.create(PODS, wanted, meta["namespace"])
                return made
            except AlreadyExists:
                self._shown = client.get(PODS, meta["name"], meta["namespace"])
            if not self._is_own(self._shown):
                self._unshow(self._shown)
                self._shown = None
        raise Conflict(f"pods {meta['name']} is not this node's to write")

    def _is_own(self, mirror: Object) -> bool:
        """Whether it is of this manifest, and not being deleted."""
        meta = mirror["metadata"]
        own = (meta.get("annotations") or {}).get(mirrors.MIRROR) == self.pod["metadata"]["uid"]
        return own and not meta.get("deletionTimestamp")

    def _unshow(self, mirror: Object) -> None:
        """Remove a mirror; a pod that is none is another owner's and stays."""
        meta = mirror["metadata"]
        if mirrors.is_mirror(mirror):
            self._host.client.delete(PODS, meta["name"], meta["namespace"], uid=meta["uid"], grace=0)

    def _remove(self) -> None:
        super()._remove()
        try:
            if self._shown is not None and self._is_own(self._shown):
                self._unshow(self._shown)
        except (SampanError, OSError) as error:
            log.debug("node: the mirror of static pods/%s stays: %s", self.where(), error)

    def _delete(self) -> None:
        self.finished.set()


class StaticPods:
    """``add`` takes a new worker; the folder is looked at every LOOK_EVERY seconds."""

    def __init__(self, host: Host, folder: Path, add: Callable[[Worker], None]) -> None:
        self._host, self._folder, self._add = host, folder, add
        self._running: dict[str, StaticWorker] = {}
        self._told: dict[str, str] = {}
        self._stopped = False

    def start(self) -> None:
        self.look()
        self._plan()

    def stop(self) -> None:
        self._stopped = True

    def _plan(self) -> None:
        if not self._stopped:
            self._host.clock.after(LOOK_EVERY, self._submit)

    def _submit(self) -> None:
        if not self._stopped:
            self._host.pool.submit(self._again)

    def _again(self) -> None:
        try:
            self.look()
        except Exception:
            log.exception("node: static pods")
        self._plan()

    def look(self) -> None:
        """Start the pods of new manifests, end those whose manifest is gone or has changed."""
        found = manifests.read(self._folder, self._host.name, time.time())
        for file, why in found.problems.items():
            if self._told.get(file) != why:
                log.warning("node: %s/%s: %s", self._folder, file, why)
        self._told = found.problems
        for uid in [uid for uid in self._running if uid not in found.pods]:
            self._running.pop(uid).vanish()
        for uid, pod in found.pods.items():
            if uid not in self._running:
                worker = self._running[uid] = StaticWorker(self._host, pod)
                self._add(worker)
                worker.poke()

    def mirrored(self, old: Object | None, new: Object | None) -> bool:
        """News of a pod of this node; whether it is a mirror, which no worker runs."""
        pod = new if new is not None else old
        if pod is None or not mirrors.is_mirror(pod):
            return False
        if worker := self._running.get(pod["metadata"]["annotations"][mirrors.MIRROR]):
            worker.mirrored(new)
        return True
