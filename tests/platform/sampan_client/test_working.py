"""The loop of a thread that works off a queue."""

from __future__ import annotations

import logging

import pytest

from sampan.errors import Conflict, Forbidden
from sampan_client.queue import Item, Queue
from sampan_client.working import work_off, work_one

log = logging.getLogger("test")


class Handler:
    """Raises what it is given, one for each call; closes the queue when nothing is left."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.queue = Queue([1])
        self.queue.open(0)
        self.queue.add(Item(0, "a"))
        self.outcomes = list(outcomes)
        self.seen: list[object] = []

    def __call__(self, item: Item) -> None:
        self.seen.append(item.key)
        outcome = self.outcomes.pop(0)
        if not self.outcomes:
            self.queue.close()
        if outcome is not None:
            raise outcome


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (Conflict("changed"), "DEBUG"),
        (ConnectionError("away"), "DEBUG"),
        (Forbidden("no"), "WARNING"),
        (KeyError("fault"), "ERROR"),
    ],
)
def test_what_fails_is_tried_again_and_said_as_loud_as_it_deserves(
    error: Exception, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    handler = Handler(error, None)

    work_off(handler.queue, handler, log=log, what="looking at %s")

    assert handler.seen == ["a", "a"]
    assert [record.levelname for record in caplog.records] == [level]
    assert caplog.records[0].getMessage().startswith("looking at a")
    assert (caplog.records[0].exc_info is not None) == (level == "ERROR")


def test_a_success_forgets_earlier_failures() -> None:
    handler = Handler(Conflict("1"), Conflict("2"), None)

    work_off(handler.queue, handler, log=log, what="%s")

    assert handler.queue.add_limited(Item(0, "a")) == pytest.approx(0.005)


def test_what_else_passes_is_the_callers_to_say(caplog: pytest.LogCaptureFixture) -> None:
    handler = Handler(KeyError("later"), None)

    work_off(handler.queue, handler, log=log, what="%s", passing=(KeyError,))

    assert not caplog.records


def test_one_item_is_handled_without_waiting_for_another() -> None:
    handler = Handler(None, None)

    assert work_one(handler.queue, handler, log=log, what="looking at %s")
    assert not work_one(handler.queue, handler, log=log, what="looking at %s")
    assert handler.seen == ["a"]
