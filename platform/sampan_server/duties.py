"""What plugins have the server do beside answering: a thread each, told when the server ends. Knows no HTTP."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

from sampan.contracts.serving import Duty

log = logging.getLogger(__name__)

PATIENCE = 3.0  # seconds that all of them together are given to end


class Duties:
    """Those that are under way."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self, duties: Iterable[tuple[str, Duty]]) -> None:
        """(plugin, duty) pairs."""
        for plugin, duty in duties:
            thread = threading.Thread(target=self._run, args=(plugin, duty), name=f"duty-{duty.name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def end(self) -> None:
        """Ask them to end, and wait a little."""
        self._stop.set()
        left = PATIENCE
        for thread in self._threads:
            if left > 0:
                thread.join(left)
            if thread.is_alive():
                log.warning("%s has not ended in time", thread.name)
                left = 0

    def _run(self, plugin: str, duty: Duty) -> None:
        try:
            duty.run(self._stop)
        except Exception:
            log.exception("plugin %s: duty %s ended by an exception", plugin, duty.name)
