"""Third-party scheduling plugins: every extension point of the contract, each call isolated.

A plugin that raises, is late or answers nonsense is in the failure log. Where it was asked whether a node will do, that
counts as no (a broken safety rule must not let pods through); everywhere else its answer is ignored.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_scheduling.contracts import NodeView, Snapshot, State, Verdict

log = logging.getLogger(__name__)


class ThirdParty:
    """The plugins, asked in the order given."""

    def __init__(self, plugins: Sequence[Any], weights: Mapping[str, float] | None = None) -> None:
        self._plugins = list(plugins)
        self._weights = weights or {}  # in place of the plugin's own
        #: Each ``concerns`` one time, with the positions of the plugins that share it.
        self._choosers: dict[Any, list[int]] = {}
        for place, plugin in enumerate(self._plugins):
            if (concerns := getattr(plugin, "concerns", None)) is not None:
                self._choosers.setdefault(concerns, []).append(place)
        self._subsets: dict[frozenset[int], ThirdParty] = {}
        self.filters = self._with("filter", "filter_all", "filter_rows")
        self.scorers = self._with("score", "score_all")
        self.asked = bool(self._plugins)
        self.waits = bool(self._with("permit", "pre_bind"))

    def of(self, pod: Object) -> ThirdParty:
        """Those that have to do with this pod."""
        if not self._choosers:
            return self
        out = frozenset(
            place for concerns, places in self._choosers.items() if not _concerns(concerns, pod) for place in places
        )
        if not out:
            return self
        if (found := self._subsets.get(out)) is None:
            kept = [plugin for place, plugin in enumerate(self._plugins) if place not in out]
            found = ThirdParty(kept, self._weights)
            found._choosers = {}
            self._subsets[out] = found
        return found

    def start(self, handle: Any) -> None:
        for plugin in self._with("start"):
            _ask(plugin, "start", None, handle)

    def stop(self) -> None:
        for plugin in self._with("stop"):
            _ask(plugin, "stop", None)

    def _with(self, *methods: str) -> list[Any]:
        return [plugin for plugin in self._plugins if any(hasattr(plugin, method) for method in methods)]

    def sorter(self) -> Callable[[Object, Object], bool] | None:
        """Whether one pod goes before another, by the first plugin that sorts; None: none sorts."""
        for plugin in self._with("less"):
            return lambda a, b: bool(_ask(plugin, "less", False, a, b))
        return None

    def refuse_all(self, state: State, pod: Object, nodes: Snapshot) -> Verdict | None:
        """What a pre-filter has against every node."""
        for plugin in self._with("pre_filter"):
            verdict: Verdict | None = _ask(plugin, "pre_filter", _failed(plugin), state, pod, nodes)
            if verdict is not None:
                return _named(plugin, verdict)
        return None

    def filter(
        self, state: State, pod: Object, nodes: Snapshot, rows: Sequence[int], refused: dict[int, Verdict]
    ) -> Sequence[int]:
        """The rows of these that will do; the others are noted in ``refused``."""
        for plugin in self.filters:
            if not rows:
                break
            if hasattr(plugin, "filter_rows"):  # our own (extenders)
                refusing = plugin.filter_rows(state, pod, nodes, rows)
                verdicts = {row: refusing.get(row) for row in rows}
            elif hasattr(plugin, "filter_all"):
                found = _ask(plugin, "filter_all", None, state, pod, nodes)
                verdicts = {row: _verdict_of(plugin, found, row) for row in rows}
            else:
                verdicts = {row: _ask(plugin, "filter", _failed(plugin), state, pod, nodes.node(row)) for row in rows}
            refused.update({row: _named(plugin, each) for row, each in verdicts.items() if each is not None})
            rows = [row for row in rows if verdicts[row] is None]
        return rows

    def verdict(self, state: State, pod: Object, node: NodeView) -> Verdict | None:
        """What those that answer node by node have against this node as it is now (preemption's question)."""
        for plugin in self.filters:
            if hasattr(plugin, "filter"):
                verdict = _ask(plugin, "filter", _failed(plugin), state, pod, node)
                if verdict is not None:
                    return _named(plugin, verdict)
        return None

    def scores(self, state: State, pod: Object, nodes: Snapshot, rows: Sequence[int]) -> dict[str, list[float]]:
        """Weighted points by plugin, in the order of ``rows``."""
        found: dict[str, list[float]] = {}
        for plugin in self.scorers:
            points = None
            if hasattr(plugin, "score_all"):
                points = _ask(plugin, "score_all", None, state, pod, nodes, rows)
            else:
                points = [_ask(plugin, "score", 0.0, state, pod, nodes.node(row)) for row in rows]
            if points is not None and len(points) == len(rows):
                weight = self._weights.get(plugin.name, plugin.weight)
                found[plugin.name] = [weight * _bounded(value) for value in points]
        return found

    def make_room(self, state: State, pod: Object, nodes: Snapshot, refused: dict[int, list[Verdict]]) -> str | None:
        """The node that a post-filter nominates, by the first that does."""
        for plugin in self._with("post_filter"):
            name: str | None = _ask(plugin, "post_filter", None, state, pod, nodes, refused)
            if name:
                return name
        return None

    def reserve(self, state: State, pod: Object, node: NodeView) -> str:
        """ "" once all have reserved; else the name of the plugin that failed, and nothing is reserved."""
        for plugin in self._with("reserve"):
            if _ask(plugin, "reserve", _RAISED, state, pod, node) is _RAISED:
                self.unreserve(state, pod, node)
                return str(plugin.name)
        return ""

    def unreserve(self, state: State, pod: Object, node: NodeView) -> None:
        for plugin in reversed(self._with("unreserve")):
            _ask(plugin, "unreserve", None, state, pod, node)

    def permit(self, state: State, pod: Object, node: NodeView) -> float:
        """Seconds that a plugin wants the pod to wait, 0 for none. Raises what a plugin raises to refuse."""
        return max((float(plugin.permit(state, pod, node) or 0) for plugin in self._with("permit")), default=0.0)

    def pre_bind(self, state: State, pod: Object, node: NodeView) -> float:
        """Seconds that a plugin wants the pod to wait, 0 for none; the others have been asked too. Raises what a plugin
        raises."""
        return max((float(plugin.pre_bind(state, pod, node) or 0) for plugin in self._with("pre_bind")), default=0.0)


_RAISED = object()


def _concerns(concerns: Callable[[Object], Any], pod: Object) -> bool:
    """A plugin that cannot say is asked."""
    try:
        return bool(concerns(pod))
    except StatusError:
        return True
    except Exception:
        log.exception("a scheduling plugin failed in concerns")
        return True


def _ask(plugin: Any, method: str, otherwise: Any, *facts: Any) -> Any:
    try:
        return getattr(plugin, method)(*facts)
    except StatusError:  # from the isolation, which has logged it
        return otherwise
    except Exception:
        log.exception("scheduling plugin %s failed in %s", plugin.name, method)
        return otherwise


def _named(plugin: Any, verdict: Verdict) -> Verdict:
    return verdict if verdict.plugin else verdict._replace(plugin=str(plugin.name))


def _failed(plugin: Any) -> Verdict:
    return Verdict(f"plugin {plugin.name} failed", True)


def _verdict_of(plugin: Any, found: Any, row: int) -> Verdict | None:
    """What a filter_all answer says of one row; a row refused without a reason still is refused."""
    if found is None:
        return _failed(plugin)
    lets, reasons = found
    if row < len(lets) and lets[row]:
        return None
    if isinstance(reasons, Verdict):
        return reasons
    return (reasons or {}).get(row) or Verdict(f"refused by plugin {plugin.name}")


def _bounded(value: Any) -> float:
    """0 to 100; what is no number gives no points."""
    points = float(value)
    return min(100.0, max(0.0, points)) if math.isfinite(points) else 0.0
