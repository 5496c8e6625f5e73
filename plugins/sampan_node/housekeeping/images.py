"""Images that this node has pulled, when each was last used, and which to remove when the disk fills.

Only what the agent pulled itself is ever removed: the engine may hold images of others. Source: kubelet's image garbage
collection.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

from sampan_runtime.contracts import Runtime, RuntimeFailure

log = logging.getLogger(__name__)

LEAST_AGE = 120.0  # seconds after its last use before an image may go


class PulledImages:
    """Kept in one file, so that a later agent knows them too."""

    def __init__(self, file: Path, now: Callable[[], float] = time.time) -> None:
        self._file, self._now = file, now
        self._lock = threading.Lock()
        self._used = self._read()

    def _read(self) -> dict[str, float]:
        try:
            found = json.loads(self._file.read_text())
            return {str(name): float(at) for name, at in found.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def _write(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(self._used))
        fresh.replace(self._file)

    def pulled(self, reference: str) -> None:
        with self._lock:
            self._used[reference] = self._now()
            self._write()

    def used(self, reference: str) -> None:
        """A container with this image starts; nothing where it was not pulled here."""
        with self._lock:
            if reference in self._used:
                self._used[reference] = self._now()
                self._write()

    def unused(self, busy: Collection[str]) -> list[str]:
        """Those that may go, the one that was used longest ago first."""
        with self._lock:
            old = [(at, name) for name, at in self._used.items() if name not in busy]
        return [name for at, name in sorted(old) if self._now() - at >= LEAST_AGE]

    def collect(self, runtime: Runtime, is_enough: Callable[[], bool]) -> list[str]:
        """Remove unused images until there is room; those that were removed."""
        busy = {one.image for one in runtime.containers()}
        gone = []
        for name in self.unused(busy):
            if is_enough():
                break
            try:
                if runtime.image(name) is not None:
                    runtime.remove_image(name)
            except RuntimeFailure as error:  # a container of another program has it
                log.debug("node: image %s stays: %s", name, error)
                continue
            gone.append(name)
            with self._lock:
                self._used.pop(name, None)
                self._write()
        return gone
