"""Where sampan_gc meets the platform."""

from __future__ import annotations

from sampan.contracts.reconciling import Standing
from sampan.hookspecs import hookimpl
from sampan_gc import collector


@hookimpl
def contribute_reconcilers() -> list[Standing]:
    return [Standing(name="garbage-collector", run=collector.run)]
