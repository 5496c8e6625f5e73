"""Figures that plugins bring to /metrics."""

from __future__ import annotations

from typing import Any

from sampan.contracts.serving import Metric, ServerContext
from sampan.hookspecs import hookimpl


class Counting:
    @hookimpl
    def contribute_kinds(self, context: ServerContext) -> list[Any]:
        def fail() -> Any:
            raise RuntimeError("no")

        context.add_metric(Metric("boats_afloat", "Boats.", ("harbour",), lambda: [(("north",), 3.0)]))
        context.add_metric(Metric("boats_sunk", "Boats.", (), lambda: [((), 1.0)], counter=True))
        context.add_metric(Metric("boats_odd", "Boats.", (), fail))
        return []


def test_they_are_shown_and_one_that_fails_does_not_hide_the_others(make: Any, caplog: Any) -> None:
    text = make(more={"boats": Counting()}).get("/metrics").text

    assert 'boats_afloat{harbour="north"} 3.0' in text
    assert "boats_sunk_total 1.0" in text
    assert "the metric boats_odd cannot be read" in caplog.text
