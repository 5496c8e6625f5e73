"""Metrics with upstream's names: seats, what runs, what waits, what was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sampan.contracts.serving import Metric
from sampan_flowcontrol.dispatching import Dispatcher, Snapshot

_LABELS = ("priority_level",)
_OF: tuple[tuple[str, str, Callable[[Snapshot], float]], ...] = (
    ("nominal_limit_seats", "Seats that a priority level has by its shares.", lambda each: each.seats.nominal),
    ("lower_limit_seats", "Seats of a priority level that are never lent.", lambda each: each.seats.least),
    ("current_executing_seats", "Seats of a priority level that are taken.", lambda each: each.running),
    ("current_inqueue_requests", "Requests that wait in the queues of a priority level.", lambda each: each.waiting),
    ("rejected_requests", "Requests of a priority level that were refused.", lambda each: each.refused),
)


def figures(dispatcher: Dispatcher) -> list[Metric]:
    return [
        Metric(
            f"apiserver_flowcontrol_{name}",
            text,
            _LABELS,
            _reader(dispatcher, read),
            counter=name == "rejected_requests",
        )
        for name, text, read in _OF
    ]


def _reader(
    dispatcher: Dispatcher, read: Callable[[Snapshot], float]
) -> Callable[[], Iterable[tuple[tuple[str, ...], float]]]:
    return lambda: [((each.name,), float(read(each))) for each in dispatcher.snapshots()]
