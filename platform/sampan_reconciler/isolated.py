"""Isolation of third-party reconcilers: one that raises, hangs or returns invalid actions costs only its deadline."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, get_args

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
from sampan_client import Client
from sampan_isolation import Isolation

_ACTIONS = get_args(Action)
#: Exceptions that a reconciler may raise on purpose.
_EXPECTED = (Retry, GiveUp, StatusError, ConnectionError)
#: Factor of the deadline for a reconciler that calls the API itself.
_CALLING = 12

AnyReconciler = Reconciler | ClientReconciler | Standing


def isolated(isolation: Isolation, reconciler: AnyReconciler) -> AnyReconciler:
    """The reconciler with its functions isolated. A Standing has its own thread, so it needs no deadline."""
    if isinstance(reconciler, Standing):
        return dataclasses.replace(reconciler, run=_standing(isolation, reconciler))
    watches = tuple(_watching(isolation, reconciler.name, each) for each in reconciler.watches)
    hook, limit = f"reconciler {reconciler.name}", isolation.deadlines.decide
    if isinstance(reconciler, Reconciler):
        decide = reconciler.decide

        def decided(key: Key, observed: Observed) -> list[Action]:
            return _actions(isolation, hook, lambda: decide(key, observed), limit)

        return dataclasses.replace(reconciler, decide=decided, watches=watches)
    reconcile = reconciler.reconcile

    def reconciled(key: Key, client: Client, observed: Observed) -> list[Action]:
        return _actions(isolation, hook, lambda: reconcile(key, client, observed), limit * _CALLING)

    return dataclasses.replace(reconciler, reconcile=reconciled, watches=watches)


def _actions(isolation: Isolation, hook: str, ask: Callable[[], Iterable[Action]], limit: float) -> list[Action]:
    """All actions as a list: a generator is exhausted within the deadline."""
    found: list[Action] = isolation.call(hook, lambda: _list(ask()), seconds=limit, check=_checked, passes=_EXPECTED)
    return found


def _list(answer: Any) -> Any:
    return answer if answer is None or isinstance(answer, str | dict) else list(answer)


def _checked(answer: Any) -> str:
    if not isinstance(answer, list):
        return f"it must return actions, not {answer!r:.60}"
    wrong = next((each for each in answer if not isinstance(each, _ACTIONS)), None)
    return "" if wrong is None else f"it must return actions, not {wrong!r:.60}"


def _watching(isolation: Isolation, name: str, watching: Watching) -> Watching:
    """Isolate ``keys``. It runs on the thread that handles all changes, so the short deadline of requests applies."""
    keys = watching.keys
    if keys is None:
        return watching

    def guarded(obj: Object, observed: Observed) -> list[Key]:
        hook = f"reconciler {name}, keys"
        try:
            found: list[Key] = isolation.call(hook, lambda: _list(keys(obj, observed)), check=_keys)
        except StatusError:
            return []
        return found

    return dataclasses.replace(watching, keys=guarded)


def _keys(answer: Any) -> str:
    good = isinstance(answer, list) and all(isinstance(each, Key) for each in answer)
    return "" if good else f"it must return Keys, not {answer!r:.60}"


def _standing(isolation: Isolation, standing: Standing) -> Callable[[Client, Any], None]:
    run = standing.run
    return lambda client, stop: isolation.inline(f"standing {standing.name}", lambda: run(client, stop), passes=())
