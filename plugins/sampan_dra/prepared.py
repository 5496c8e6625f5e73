"""Which claims are prepared on this node, for which pods, in one file that outlives the agent.

Written before a driver is asked, so that what was prepared is unprepared whatever happens meanwhile. Source: kubelet's
checkpoint of claims (meaning).
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

VERSION = 1


@dataclass(frozen=True)
class GivenDevice:
    """A device as its driver has prepared it."""

    requests: tuple[str, ...]  # of the claim; none: all
    cdi: tuple[str, ...]  # qualified names


@dataclass(frozen=True)
class PreparedClaim:
    uid: str
    namespace: str
    name: str
    drivers: tuple[str, ...]
    pods: frozenset[str] = frozenset()  # uids
    devices: tuple[GivenDevice, ...] = ()
    done: bool = field(default=False)  # all drivers have answered

    def names_for(self, request: str) -> Iterable[str]:
        """CDI names of what a request got, ``""``: of all. An alternative of a request counts as the request."""
        for device in self.devices:
            if not request or not device.requests or any(_is_of(one, request) for one in device.requests):
                yield from device.cdi


def _is_of(name: str, request: str) -> bool:
    return name == request or name.partition("/")[0] == request


class PreparedClaims:
    """Thread-safe; each change is on the disk when it returns. Raises OSError."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, threading.Lock()
        self._claims = {one.uid: one for one in _read(file)}

    def get(self, uid: str) -> PreparedClaim | None:
        return self._claims.get(uid)

    def of_pod(self, pod: str) -> list[PreparedClaim]:
        return [one for one in self._claims.values() if pod in one.pods]

    def named(self, namespace: str, name: str) -> PreparedClaim | None:
        found = (one for one in self._claims.values() if (one.namespace, one.name) == (namespace, name))
        return next(found, None)

    def put(self, claim: PreparedClaim) -> None:
        with self._lock:
            self._claims = {**self._claims, claim.uid: claim}
            self._write()

    def let_go(self, uid: str, pod: str) -> PreparedClaim | None:
        """The claim without that pod; None where it is not known."""
        with self._lock:
            if (known := self._claims.get(uid)) is None:
                return None
            changed = replace(known, pods=known.pods - {pod})
            self._claims = {**self._claims, uid: changed}
            self._write()
            return changed

    def remove(self, uid: str) -> None:
        with self._lock:
            self._claims = {key: one for key, one in self._claims.items() if key != uid}
            self._write()

    def _write(self) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        claims = [{**asdict(one), "pods": sorted(one.pods)} for one in self._claims.values()]
        fresh = self._file.with_suffix(".tmp")
        with fresh.open("w") as file:
            json.dump({"version": VERSION, "claims": claims}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)


def _read(file: Path) -> list[PreparedClaim]:
    try:
        found = json.loads(file.read_bytes())
    except FileNotFoundError:
        return []
    return [_claim(one) for one in found["claims"]]


def _claim(one: dict[str, Any]) -> PreparedClaim:
    devices = tuple(GivenDevice(tuple(each["requests"]), tuple(each["cdi"])) for each in one["devices"])
    return PreparedClaim(
        one["uid"], one["namespace"], one["name"], tuple(one["drivers"]), frozenset(one["pods"]), devices, one["done"]
    )
