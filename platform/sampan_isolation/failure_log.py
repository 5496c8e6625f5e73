"""Failure log: plugin errors are counted, logged once per burst, and written to a file that `sampan plugins list`
reads. Thread-safe."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from sampan.files import write_whole

log = logging.getLogger(__name__)

BURST = 10.0  # seconds in which the same failure is logged once
_WRITE = 1.0  # seconds between two writes of the file


@dataclass
class Failure:
    """One kind of failure. ``reason``: raised; late; refused (not called: the circuit breaker is open); answer."""

    plugin: str
    hook: str
    reason: str
    count: int = 0
    last: str = ""
    at: float = 0.0  # seconds since the epoch
    logged_at: float = 0.0
    unlogged: int = 0


class FailureLog:
    """The failures of one process. After ``keep_in`` they are also written to a file named by the process id."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._failures: dict[tuple[str, str, str], Failure] = {}
        self._lock = threading.Lock()
        self._clock = clock
        self._folder: Path | None = None
        self._timer: threading.Timer | None = None

    def keep_in(self, folder: Path) -> None:
        """Write a file in ``folder`` from the first failure on."""
        self._folder = folder

    def note(self, plugin: str, hook: str, reason: str, words: str, error: BaseException | None = None) -> None:
        """Count a failure. Log it unless the same failure was logged within the burst."""
        now = self._clock()
        with self._lock:
            found = self._failures.setdefault((plugin, hook, reason), Failure(plugin, hook, reason))
            found.count += 1
            found.last, found.at = words, now
            say = now - found.logged_at >= BURST
            more = found.unlogged
            found.logged_at, found.unlogged = (now, 0) if say else (found.logged_at, more + 1)
            if self._folder is not None and self._timer is None:
                self._timer = threading.Timer(_WRITE, self._write)
                self._timer.daemon = True
                self._timer.start()
        if say:
            again = f" ({more} more times since this was logged last)" if more else ""
            log.error("plugin %s failed in %s: %s%s", plugin, hook, words, again, exc_info=error)

    def failures(self) -> list[Failure]:
        with self._lock:
            return [Failure(**asdict(found)) for found in self._failures.values()]

    def write(self) -> None:
        """Write the file now, if there is a folder and a failure."""
        if self._folder is not None and self._failures:
            self._write()

    def _write(self) -> None:
        with self._lock:
            self._timer = None
            text = json.dumps([asdict(found) for found in self._failures.values()])
        assert self._folder is not None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{os.getpid()}.json"
            write_whole(path, text)
        except OSError as error:
            log.warning("the failure log cannot be written: %s", error)


def read(folder: Path) -> list[Failure]:
    """The failures in the files of all running processes, merged; files of ended processes are ignored."""
    joined: dict[tuple[str, str, str], Failure] = {}
    for path in sorted(folder.glob("*.json")):
        if not path.stem.isdigit() or not Path(f"/proc/{path.stem}").exists():
            continue
        try:
            found = [Failure(**each) for each in json.loads(path.read_text())]
        except (OSError, ValueError, TypeError):
            continue  # being removed now, or written by another version
        for each in found:
            known = joined.setdefault((each.plugin, each.hook, each.reason), each)
            if known is not each:
                known.count += each.count
                known.last, known.at = (each.last, each.at) if each.at > known.at else (known.last, known.at)
    return list(joined.values())
