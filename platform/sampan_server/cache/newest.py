"""Asking the store for its newest revision without waiting, one question at a time.

A caller that asks while a question is under way shares the next one: the answer of an earlier one might leave out what
was acknowledged in between. Knows the store contract and nothing of requests.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from sampan.contracts.store import Done, Store, Unavailable
from sampan.errors import SampanError


class Newest:
    """``ask_revision`` where the store has it; else its ``revision``, which then is quick."""

    def __init__(self, store: Store) -> None:
        self._ask: Callable[[Done], None] | None = getattr(store, "ask_revision", None)
        self._store = store
        self._lock = threading.Lock()
        self._waiting: list[Done] = []
        self._asking = False

    @property
    def takes_time(self) -> bool:
        """Whether the answer comes later, on another thread."""
        return self._ask is not None

    def ask(self, done: Done) -> None:
        """Call with the newest revision, or with why it cannot be known; at once where the store is quick."""
        if self._ask is None:
            answer: int | SampanError
            try:
                answer = self._store.revision()
            except SampanError as error:
                answer = error
            done(answer)
            return
        with self._lock:
            self._waiting.append(done)
            if self._asking:
                return
            self._asking = True
        self._next()

    def wait(self, timeout: float) -> int:
        """The same by waiting; raises Unavailable when it takes longer."""
        answers: list[int | SampanError] = []
        arrived = threading.Event()

        def done(answer: int | SampanError) -> None:
            answers.append(answer)
            arrived.set()

        self.ask(done)
        if not arrived.wait(timeout):
            raise Unavailable("the store does not answer in time")
        if isinstance(answers[0], SampanError):
            raise answers[0]
        return answers[0]

    def _next(self) -> None:
        with self._lock:
            asked, self._waiting = self._waiting, []
            if not asked:
                self._asking = False
                return

        def tell(answer: int | SampanError) -> None:
            for done in asked:
                done(answer)
            self._next()

        assert self._ask is not None
        self._ask(tell)
