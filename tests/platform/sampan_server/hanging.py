"""Deadlines of plugins that pass for what hangs and for nothing else.

A test with a short deadline means what never returns. On a slow machine, what returns soon may need longer than that as
well: with ``late_alone``, a deadline passes only while the function of the call is one that has said that it ``hangs``.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

from sampan_isolation import runners

_hanging: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


def hangs(thread: threading.Thread | None = None) -> None:
    """From now on the deadline of what runs on this thread, or on that one, may pass."""
    _hanging.add(thread or threading.current_thread())


def late_alone(monkeypatch: Any) -> None:
    """To be called by a fixture of the tests with a short deadline."""
    run, wait, running = runners._Task.run, runners._Task.wait, {}

    def noting(task: Any) -> None:
        running[id(task)] = threading.current_thread()
        run(task)
        running.pop(id(task), None)

    def waiting(task: Any, seconds: float) -> bool:
        if task.done.acquire(timeout=seconds):
            return True
        while running.get(id(task)) not in _hanging:
            if task.done.acquire(timeout=0.01):
                return True
        return wait(task, 0)

    monkeypatch.setattr(runners._Task, "run", noting)
    monkeypatch.setattr(runners._Task, "wait", waiting)
