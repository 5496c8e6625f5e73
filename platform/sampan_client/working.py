"""The loop of a thread that works off a queue, for controllers that are not reconcilers. Knows nothing of keys."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sampan.errors import Conflict, StatusError
from sampan_client.queue import Item, Queue

#: What goes away by itself: another writer was faster, the server is away.
PASSING = (Conflict, ConnectionError)


def work_off(
    queue: Queue,
    handle: Callable[[Item], None],
    *,
    log: logging.Logger,
    what: str,
    passing: tuple[type[Exception], ...] = PASSING,
) -> None:
    """Handle one item after another until the queue is closed. What fails is tried again with back-off: without a word
    where it is ``passing``, with a warning where the API refuses it, with a traceback else. ``what`` names the work in
    the log, as in "counting the use of quota %s"."""
    while (item := queue.get()) is not None:
        _handle(queue, item, handle, log, what, passing)


def work_one(
    queue: Queue,
    handle: Callable[[Item], None],
    *,
    log: logging.Logger,
    what: str,
    passing: tuple[type[Exception], ...] = PASSING,
) -> bool:
    """As ``work_off``, but one item that is due now, without waiting. False: there is none."""
    item = queue.take()
    if item is not None:
        _handle(queue, item, handle, log, what, passing)
    return item is not None


def _handle(
    queue: Queue, item: Item, handle: Callable[[Item], None], log: logging.Logger, what: str,
    passing: tuple[type[Exception], ...],
) -> None:  # fmt: skip
    try:
        handle(item)
        queue.forget(item)
    except passing as error:
        log.debug(f"{what} is tried again: %s", item.key, error)
        queue.add_limited(item)
    except StatusError as error:
        log.warning(f"{what} failed and is tried again: %s", item.key, error)
        queue.add_limited(item)
    except Exception:
        log.exception(f"{what} failed and is tried again", item.key)
        queue.add_limited(item)
    finally:
        queue.done(item)
