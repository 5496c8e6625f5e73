"""One plugin's isolation: calls with a deadline, and a circuit breaker for hooks that miss it repeatedly."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from sampan.errors import InternalError, SampanError, StatusError
from sampan_isolation.failure_log import FailureLog
from sampan_isolation.limits import Deadlines
from sampan_isolation.runners import Late, Runners

#: Abandoned threads above which no function is called with a deadline.
MOST_ABANDONED = 32


class Broken(InternalError):
    """A call into a plugin failed or returned an invalid answer; the message names the plugin. Clients get a 500, as
    for a failing webhook upstream:
    https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/"""

    def __init__(self, plugin: str, hook: str, why: str, shown: str = "") -> None:
        """``why`` is for the log and the operator. Clients get ``shown``, because an exception may hold secrets."""
        super().__init__(f"Internal error occurred: plugin {plugin} failed in {hook}: {shown or why}")
        self.plugin, self.hook, self.why = plugin, hook, why


class Isolation:
    """The isolation of one plugin in one process. Thread-safe."""

    def __init__(
        self,
        plugin: str,
        failure_log: FailureLog,
        runners: Runners,
        deadlines: Deadlines,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.plugin = plugin
        self.deadlines = deadlines
        self._failure_log, self._runners, self._clock = failure_log, runners, clock
        self._lock = threading.Lock()
        self._missed: dict[str, int] = {}  # by hook: missed deadlines in a row
        self._open_until: dict[str, float] = {}  # by hook: until when the circuit breaker is open (no calls)

    def call(
        self,
        hook: str,
        function: Callable[[], Any],
        *,
        seconds: float = 0.0,
        check: Callable[[Any], str] | None = None,
        passes: tuple[type[Exception], ...] = (StatusError,),
        once: bool = False,
    ) -> Any:
        """Returns what ``function()`` returns. Exceptions in ``passes`` are raised unchanged, any other failure as
        Broken.

        ``check`` returns what is wrong with an answer, or "". ``seconds``: a deadline other than that of requests.
        """
        self._check_breaker(hook)
        limit = seconds or self.deadlines.request
        try:
            answer = self._runners.call(function, limit, self.plugin, once=once)
        except Late:
            raise self._late(hook, limit) from None
        except Broken:
            raise
        except passes:
            self._reset_breaker(hook)
            raise
        except BaseException as error:
            self._reset_breaker(hook)
            raise self.failed(hook, "raised", f"{type(error).__name__}: {error}", error) from error
        self._reset_breaker(hook)
        return self._checked(hook, answer, check)

    def inline(
        self,
        hook: str,
        function: Callable[[], Any],
        *,
        check: Callable[[Any], str] | None = None,
        passes: tuple[type[Exception], ...] = (StatusError,),
    ) -> Any:
        """As ``call``, but on the caller's thread and without a deadline, for functions that are declared to be
        fast."""
        try:
            answer = function()
        except passes:
            raise
        except Exception as error:
            raise self.failed(hook, "raised", f"{type(error).__name__}: {error}", error) from error
        return self._checked(hook, answer, check)

    def failed(self, hook: str, reason: str, words: str, error: BaseException | None = None) -> Broken:
        """Log a failure and return the error to raise for it."""
        self._failure_log.note(self.plugin, hook, reason, words, error if not isinstance(error, SampanError) else None)
        shown = {"raised": f"it raised {type(error).__name__}", "answer": "its answer makes no sense"}.get(reason, "")
        return Broken(self.plugin, hook, words, shown)

    def _checked(self, hook: str, answer: Any, check: Callable[[Any], str] | None) -> Any:
        wrong = check(answer) if check is not None else ""
        if wrong:
            raise self.failed(hook, "answer", wrong)
        return answer

    def _check_breaker(self, hook: str) -> None:
        """Raises Broken while the circuit breaker is open. After the pause, one call is let through as a trial."""
        until = self._open_until.get(hook)
        if until is None and self._runners.abandoned_at_most < MOST_ABANDONED:
            return
        with self._lock:
            now = self._clock()
            until = self._open_until.get(hook, 0.0)
            if now >= until and self._runners.abandoned() < MOST_ABANDONED:
                if hook in self._open_until:
                    self._open_until[hook] = now + self.deadlines.pause
                return
        missed = self._missed.get(hook, 0)
        words = f"it was late {missed} times in a row and is not asked for {max(until - now, 1):.0f} s more"
        raise self.failed(hook, "refused", words)

    def _late(self, hook: str, limit: float) -> Broken:
        with self._lock:
            missed = self._missed[hook] = self._missed.get(hook, 0) + 1
            if missed >= self.deadlines.misses:
                self._open_until[hook] = self._clock() + self.deadlines.pause
        return self.failed(hook, "late", f"no answer within {limit:g} s")

    def _reset_breaker(self, hook: str) -> None:
        if self._missed.get(hook) or hook in self._open_until:
            with self._lock:
                self._missed.pop(hook, None)
                self._open_until.pop(hook, None)
