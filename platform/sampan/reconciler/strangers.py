"""Strangers' reconcilers behind their plugin's fence: one that raises, hangs or answers nonsense costs its deadline."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Protocol, get_args

from sampan.client import Client
from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import (
    Action,
    ClientReconciler,
    GiveUp,
    Key,
    Observed,
    Reconciler,
    Retry,
    Standing,
    Watching,
)
from sampan.errors import StatusError

_ACTIONS = get_args(Action)
#: What a reconciler may raise on purpose.
_MEANT = (Retry, GiveUp, StatusError, ConnectionError)
#: How much longer one that calls the API itself may take.
_CALLING = 12

AnyReconciler = Reconciler | ClientReconciler | Standing


class Deadlines(Protocol):
    """Seconds."""

    @property
    def decide(self) -> float: ...


class Isolation(Protocol):
    """One plugin's isolation: calls with a deadline. The server's package implements it."""

    @property
    def deadlines(self) -> Deadlines: ...

    def call(
        self, hook: str, function: Callable[[], Any], *, seconds: float = 0.0,
        check: Callable[[Any], str] | None = None, passes: tuple[type[Exception], ...] = ...,
    ) -> Any:  # fmt: skip
        """What ``function()`` returns, within ``seconds``; raises a StatusError for what goes wrong."""

    def inline(self, hook: str, function: Callable[[], Any], *, passes: tuple[type[Exception], ...] = ...) -> Any:
        """The same on the caller's thread, without a deadline."""


def fenced(fence: Isolation, reconciler: AnyReconciler) -> AnyReconciler:
    """The same reconciler with its functions behind the fence. A Standing has a thread of its own anyway."""
    if isinstance(reconciler, Standing):
        return dataclasses.replace(reconciler, run=_standing(fence, reconciler))
    watches = tuple(_watching(fence, reconciler.name, each) for each in reconciler.watches)
    hook, limit = f"reconciler {reconciler.name}", fence.deadlines.decide
    if isinstance(reconciler, Reconciler):
        decide = reconciler.decide

        def decided(key: Key, observed: Observed) -> list[Action]:
            return _actions(fence, hook, lambda: decide(key, observed), limit)

        return dataclasses.replace(reconciler, decide=decided, watches=watches)
    reconcile = reconciler.reconcile

    def reconciled(key: Key, client: Client, observed: Observed) -> list[Action]:
        return _actions(fence, hook, lambda: reconcile(key, client, observed), limit * _CALLING)

    return dataclasses.replace(reconciler, reconcile=reconciled, watches=watches)


def _actions(fence: Isolation, hook: str, ask: Callable[[], Iterable[Action]], limit: float) -> list[Action]:
    """All actions at once: a generator is run to its end inside the fence."""
    found: list[Action] = fence.call(hook, lambda: _list(ask()), seconds=limit, check=_checked, passes=_MEANT)
    return found


def _list(answer: Any) -> Any:
    return answer if answer is None or isinstance(answer, str | dict) else list(answer)


def _checked(answer: Any) -> str:
    if not isinstance(answer, list):
        return f"it must answer actions, not {answer!r:.60}"
    wrong = next((each for each in answer if not isinstance(each, _ACTIONS)), None)
    return "" if wrong is None else f"it must answer actions, not {wrong!r:.60}"


def _watching(fence: Isolation, name: str, watching: Watching) -> Watching:
    """Which keys a change concerns is asked on the thread that hears of all changes: it must not wait long."""
    keys = watching.keys
    if keys is None:
        return watching

    def guarded(obj: Object, observed: Observed) -> list[Key]:
        hook = f"reconciler {name}, keys"
        try:
            found: list[Key] = fence.call(hook, lambda: _list(keys(obj, observed)), check=_keys)
        except StatusError:
            return []
        return found

    return dataclasses.replace(watching, keys=guarded)


def _keys(answer: Any) -> str:
    good = isinstance(answer, list) and all(isinstance(each, Key) for each in answer)
    return "" if good else f"it must answer Keys, not {answer!r:.60}"


def _standing(fence: Isolation, standing: Standing) -> Callable[[Client, Any], None]:
    run = standing.run
    return lambda client, stop: fence.inline(f"standing {standing.name}", lambda: run(client, stop), passes=())
