"""Which devices the containers of which pods have, with what their plugins said of them, in one file that outlives the
agent. Source: kubelet's checkpoint of devices (meaning)."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

VERSION = 1


@dataclass(frozen=True)
class Allocation:
    """``answer``: of the plugin's Allocate, as the message ContainerAllocateResponse has it."""

    pod: str  # uid
    container: str
    resource: str
    ids: tuple[str, ...]
    answer: Mapping[str, Any] = field(default_factory=dict)


class Allocations:
    """Thread-safe; each change is on the disk when it returns. Raises OSError."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, threading.Lock()
        self.resources, self._all = _read(file)  # those of which a plugin once was here; all allocations

    def of_pod(self, pod: str) -> list[Allocation]:
        return [one for one in self._all if one.pod == pod]

    def of_container(self, pod: str, container: str) -> list[Allocation]:
        return [one for one in self._all if (one.pod, one.container) == (pod, container)]

    def used(self, resource: str) -> set[str]:
        return {each for one in self._all if one.resource == resource for each in one.ids}

    def add(self, fresh: Iterable[Allocation]) -> None:
        with self._lock:
            self._write(self.resources, [*self._all, *fresh])

    def release(self, pod: str) -> None:
        with self._lock:
            kept = [one for one in self._all if one.pod != pod]
            if len(kept) != len(self._all):
                self._write(self.resources, kept)

    def know(self, resources: Iterable[str]) -> None:
        with self._lock:
            if (found := frozenset(resources)) != self.resources:
                self._write(found, self._all)

    def _write(self, resources: frozenset[str], every: list[Allocation]) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {"version": VERSION, "resources": sorted(resources), "allocations": [asdict(one) for one in every]}
        fresh = self._file.with_suffix(".tmp")
        with fresh.open("w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)
        self.resources, self._all = resources, every


def _read(file: Path) -> tuple[frozenset[str], list[Allocation]]:
    try:
        found = json.loads(file.read_bytes())
    except FileNotFoundError:
        return frozenset(), []
    return frozenset(found["resources"]), [
        Allocation(**{**one, "ids": tuple(one["ids"])}) for one in found["allocations"]
    ]
