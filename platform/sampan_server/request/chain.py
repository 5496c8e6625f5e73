"""The request chain: the server's own steps and those of plugins, in their order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sampan.contracts.chain import LONGEST_WAIT, ChainStep, Later, OutcomeCallback, RequestOutcome
from sampan.errors import PluginError, StatusError, Timeout
from sampan_http.pool import Pool
from sampan_server.plugins.plugins import suggest
from sampan_server.request.aside import Aside
from sampan_server.request.outcomes import OutcomeTracker
from sampan_server.request.request import Request

log = logging.getLogger(__name__)

Step = Callable[[Request], None]

#: What ``Later``'s resume was called with: what enter would have returned, or an error.
Result = OutcomeCallback | Exception | None


class ContributedStep:
    """A plugin's step as one of the chain's."""

    def __init__(self, step: ChainStep, pool: Pool) -> None:
        self.step = step
        self.name = step.name
        self._refused: Callable[[Request, RequestOutcome], None] | None = getattr(step, "refused", None)
        self._pool = pool
        self._waits = bool(getattr(step, "waits", False))  # isolated: not to be called on the loop

    def __call__(self, request: Request) -> None:
        """Raises what the step raises; Later too, which ``front`` knows."""
        if self._waits and not request.may_wait:
            raise Aside
        told = self.step.enter(request)
        if told is not None:
            self.add_callback(request, told)

    def tell_refused(self, request: Request, outcome: RequestOutcome) -> None:
        """A step ahead of this one has refused the request."""
        if self._refused is not None:
            try:
                self._refused(request, outcome)
            except Exception:
                log.exception("a chain step failed when it was told of a refusal")

    def add_callback(self, request: Request, told: OutcomeCallback) -> None:
        """Tell of the outcome by this."""
        if request.tracker is None:
            request.tracker = OutcomeTracker(request.started)
        request.tracker.told.append(self._quick(told))

    def begin(self, later: Later, arrived: Callable[[Result], None]) -> None:
        """Start the wait; ``arrived`` is called once."""
        begin = later.begin
        once = _Once(arrived)

        def start() -> None:
            try:
                begin(once)
            except Exception as error:
                once(error)

        if self._waits:
            self._pool.submit(start)
        else:
            start()

    def ask_and_tell(self, request: Request, outcome: RequestOutcome) -> None:
        """A request that is refused already: ask and tell, where no client waits for it."""

        def ask() -> None:
            told = None
            try:
                told = self.step.enter(request)
            except (Later, StatusError):
                return
            if told is not None:
                told(outcome)

        self._pool.submit(ask)

    def _quick(self, told: OutcomeCallback) -> OutcomeCallback:
        if not self._waits:
            return told
        return lambda outcome: self._pool.submit(partial(told, outcome))


class _Once:
    """Passes on the first call; later ones are dropped."""

    def __init__(self, function: Callable[[Result], None]) -> None:
        self._function = function
        self._lock = threading.Lock()
        self._called = False

    def __call__(self, result: Result = None) -> None:
        with self._lock:
            called, self._called = self._called, True
        if not called:
            self._function(result)


def too_long() -> Timeout:
    return Timeout(f"the request has waited for {LONGEST_WAIT:g} s", retry_after=1)


def wait(step: ContributedStep, later: Later) -> Result:
    """The end of a wait on a thread that may wait."""
    arrived, results = threading.Event(), []

    def note(result: Result) -> None:
        results.append(result)
        arrived.set()

    step.begin(later, note)
    return results[0] if arrived.wait(LONGEST_WAIT) else too_long()


def ordered(
    own: Sequence[tuple[str, Step]], contributed: Sequence[tuple[str, ChainStep]], pool: Pool
) -> tuple[Step, ...]:
    """The server's own named steps and those of (plugin, step) pairs, each in its place. Raises PluginError for a name
    that is taken, and for a place that is not there."""
    known: dict[str, Any] = dict(own)
    ahead: dict[str, list[str]] = {}
    behind: dict[str, list[str]] = {}
    plugins: dict[str, str] = {}
    for plugin, step in sorted(contributed, key=lambda pair: pair[1].name):
        if step.name in known:
            raise PluginError(plugin, f"{step.name!r} is the name of another chain step already")
        known[step.name] = ContributedStep(step, pool)
        plugins[step.name] = plugin
        places, place = (ahead, _place(step, "before")) if _place(step, "before") else (behind, _place(step, "after"))
        places.setdefault(place, []).append(step.name)
    for place in (*ahead, *behind):
        if place not in known:
            name = (*ahead.get(place, ()), *behind.get(place, ()))[0]
            raise PluginError(
                plugins[name], f"the chain step {name} has its place at {place!r}, which is none{suggest(place, known)}"
            )
    found: list[str] = []

    def add(name: str) -> None:
        for each in ahead.get(name, ()):
            add(each)
        found.append(name)
        for each in behind.get(name, ()):
            add(each)

    for name, _ in own:
        add(name)
    for name in plugins:
        if name not in found:
            raise PluginError(
                plugins[name], f"the chain step {name} and the one it names have no place but each other's"
            )
    return tuple(known[name] for name in found)


def _place(step: ChainStep, which: str) -> str:
    return str(getattr(step, which, "") or "")
