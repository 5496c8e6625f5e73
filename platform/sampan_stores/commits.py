"""Commits for stores with a writer thread: submit, wait, return the revision or raise the error."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from sampan.contracts.store import Done, Op, checked
from sampan.errors import SampanError

log = logging.getLogger(__name__)

Submit = Callable[[Sequence[Op], Done], None]


def accepted(ops: Sequence[Op], most: int) -> Sequence[Op]:
    """Returns the ops; raises ValueError if they are not a valid commit, or more than ``most``."""
    if len(ops) > most:
        raise ValueError(f"a commit has at most {most} operations")
    return checked(ops)


def commit(submit: Submit, ops: Sequence[Op]) -> int:
    """``Store.commit`` implemented by ``Store.submit``: waits; returns the revision or raises Stale or Unavailable."""
    answer: list[int | SampanError] = []
    answered = threading.Lock()
    answered.acquire()

    def done(found: int | SampanError) -> None:
        answer.append(found)
        answered.release()

    submit(ops, done)
    answered.acquire()
    if isinstance(answer[0], SampanError):
        raise answer[0]
    return answer[0]


def call_back(done: Done, answer: int | SampanError) -> None:
    """Call ``done``; an exception is logged, so that the following callbacks are called too."""
    try:
        done(answer)
    except Exception:
        log.exception("a commit's callback failed")
