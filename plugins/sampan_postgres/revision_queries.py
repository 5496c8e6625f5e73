"""Asks for the newest revision without blocking the caller: one thread waits instead. Knows no SQL."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from sampan.contracts.store import Done, Unavailable
from sampan.errors import SampanError

log = logging.getLogger(__name__)


class RevisionQueries:
    """The thread begins with the first question."""

    def __init__(self, revision: Callable[[], int]) -> None:
        self._revision = revision
        self._questions: queue.SimpleQueue[Done | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, done: Done) -> None:
        with self._lock:
            if not self._closed:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="postgres-asking", daemon=True)
                    self._thread.start()
                self._questions.put(done)
                return
        done(Unavailable("the store is closed"))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._questions.put(None)
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while (done := self._questions.get()) is not None:
            answer: int | SampanError
            try:
                answer = self._revision()
            except SampanError as error:
                answer = error
            try:
                done(answer)
            except Exception:
                log.exception("a question's callback failed")
