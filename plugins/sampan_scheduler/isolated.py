"""A third-party scheduling plugin, isolated: every call has a deadline and an answer of the right sort.

Has the methods that the plugin has, and no others; node by node scores are asked for all nodes by one call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sampan.contracts.components import Hooks
from sampan_scheduling.contracts import Verdict
from sampan_scheduling.contributed import scheduling_plugins

#: In which raising is an answer: it refuses.
_REFUSING = ("reserve", "permit", "pre_bind")


def contributed(hooks: Hooks | None) -> list[Any]:
    """Scheduling plugins that other plugins contribute."""
    return [
        found.answer if found.isolation is None else Isolated(found.isolation, found.answer)
        for found in scheduling_plugins(hooks)
    ]


class Isolated:
    """``isolation`` is what ``Plugins.isolation`` gives."""

    def __init__(self, isolation: Any, plugin: Any) -> None:
        self._isolation, self._plugin = isolation, plugin
        self.name: str = plugin.name
        self.weight: float = plugin.weight

    def __getattr__(self, name: str) -> Any:
        if name == "score_all" and hasattr(self._plugin, "score"):
            method = getattr(self._plugin, "score_all", None) or self._score_each
        elif name in _CHECKS:
            method = getattr(self._plugin, name)
        else:
            raise AttributeError(name)
        return self._guarded(name, method)

    def _guarded(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        passes = (Exception,) if name in _REFUSING else ()

        def call(*facts: Any) -> Any:
            return self._isolation.call(
                f"scheduling {name.removesuffix('_all')}", lambda: method(*facts),
                seconds=self._isolation.deadlines.decide, check=_CHECKS[name], passes=passes,
            )  # fmt: skip

        return call

    def _score_each(self, state: Any, pod: Any, nodes: Any, rows: Any) -> list[Any]:
        return [self._plugin.score(state, pod, nodes.node(row)) for row in rows]


def _anything(answer: Any) -> str:
    return ""


def _number(answer: Any) -> str:
    try:
        float(answer)
    except (TypeError, ValueError):
        return f"it must answer a number, not {answer!r:.60}"
    return ""


def _numbers(answer: Any) -> str:
    try:
        for each in answer:
            float(each)
    except (TypeError, ValueError):
        return f"it must answer a number for each node, not {answer!r:.60}"
    return ""


def _verdict(answer: Any) -> str:
    return (
        "" if answer is None or isinstance(answer, Verdict) else f"it must answer a Verdict or None, not {answer!r:.60}"
    )


def _verdicts(answer: Any) -> str:
    good = isinstance(answer, tuple) and len(answer) == 2 and hasattr(answer[0], "__len__")
    return "" if good else f"it must answer (booleans, reasons), not {answer!r:.60}"


def _name(answer: Any) -> str:
    return "" if answer is None or isinstance(answer, str) else f"it must answer a node's name, not {answer!r:.60}"


def _wait(answer: Any) -> str:
    return "" if answer is None else _number(answer)


_CHECKS: dict[str, Callable[[Any], str]] = {
    "less": _anything, "pre_filter": _verdict, "filter": _verdict, "filter_all": _verdicts, "post_filter": _name,
    "score": _number, "score_all": _numbers, "reserve": _anything, "unreserve": _anything, "permit": _wait,
    "pre_bind": _wait, "start": _anything, "stop": _anything, "concerns": _anything,
}  # fmt: skip
