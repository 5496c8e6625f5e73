"""Asks extenders on threads of their own, so that one that hangs holds back only the pods that it is asked about.

Upstream asks while it decides: an extender that answers after five seconds lets every pod wait as long. Here the nodes
that will do are collected in one decision, the extenders are asked about them without the scheduler's lock, and the pod
is decided about again with their answers.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sampan.contracts.kinds import Object
from sampan_scheduler.extenders.calls import HIGHEST, Asker, Chosen, ExtenderFailed, Victims
from sampan_scheduler.extenders.extender import Extender
from sampan_scheduling.contracts import Snapshot, State, Verdict
from sampan_webhookclient.client import WebhookClient

log = logging.getLogger(__name__)

THREADS = 8  # for the pods that the same extenders are asked about
STATE = "extenders"  # the key of a cycle's state
LATER = Verdict("node(s) changed while extenders were asked")


@dataclass
class Answers:
    """Of one scheduling cycle. ``asked``: nodes that will do but for the extenders, collected; then what these say."""

    asked: dict[str, Object] = field(default_factory=dict)
    given: bool = False
    refused: dict[str, Verdict] = field(default_factory=dict)  # by node
    points: dict[str, dict[str, int]] = field(default_factory=dict)  # by extender and node
    missed: bool = False  # there is a node that no extender was asked about


class Gate:
    """Stands in a cycle where the extenders would: refuses nodes as they have, or collects those to ask about.

    It is asked by rows only: preemption tries nodes without extenders, as upstream.
    """

    name, weight = "extenders", 0

    def __init__(self, extenders: Sequence[Extender]) -> None:
        self._extenders = [each for each in extenders if each.filter_verb or each.prioritize_verb]

    def concerns(self, pod: Object) -> bool:
        return any(each.concerns(pod) for each in self._extenders)

    def filter_rows(self, state: State, pod: Object, nodes: Snapshot, rows: Sequence[int]) -> dict[int, Verdict]:
        answers: Answers = state.setdefault(STATE, Answers())
        found = {row: nodes.node(row) for row in rows}
        if not answers.given:
            answers.asked = {node.name: node.object for node in found.values()}
            return {}
        refused = {}
        for row, node in found.items():
            if node.name not in answers.asked:
                answers.missed = True
                refused[row] = LATER
            elif (verdict := answers.refused.get(node.name)) is not None:
                refused[row] = verdict
        return refused


class Points:
    """The points of one extender, from 0 to 10, on the scale of all others."""

    def __init__(self, extender: Extender) -> None:
        self.name, self.weight = extender.name, extender.weight
        self.concerns = extender.concerns

    def score_all(self, state: State, pod: Object, nodes: Snapshot, rows: Sequence[int]) -> list[float]:
        answers: Answers = state.get(STATE) or Answers()
        points = answers.points.get(self.name) or {}
        return [points.get(nodes.node(row).name, 0) * 100 / HIGHEST for row in rows]


class Extenders:
    """``submit(names, job)`` runs a job on a thread that may block, for the extenders of these names; tests pass their
    own."""

    def __init__(
        self, extenders: Sequence[Extender], *, client: WebhookClient | None = None,
        submit: Callable[[tuple[str, ...], Callable[[], None]], Any] | None = None,
    ) -> None:  # fmt: skip
        self._client = client or WebhookClient()
        self._all = [Asker(each, self._client) for each in extenders]
        self._pools: dict[tuple[str, ...], ThreadPoolExecutor] = {}
        self._lock = threading.Lock()
        self._run = submit or self._on_pool
        #: What stands for them among the plugins of a cycle.
        self.rules: list[Any] = [Gate(extenders), *(Points(each) for each in extenders if each.prioritize_verb)]

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def wanted(self, state: State) -> Answers | None:
        """What has to be asked before the cycle can be ended."""
        answers: Answers | None = state.get(STATE)
        return answers if answers is not None and answers.asked and not answers.given else None

    def preempting(self, pod: Object) -> bool:
        return any(each.extender.preempt_verb for each in self._of(pod))

    def binder_of(self, pod: Object) -> Asker | None:
        """That which binds this pod in place of the scheduler."""
        return next((each for each in self._of(pod) if each.extender.bind_verb), None)

    def submit(self, pod: Object, job: Callable[[], None]) -> None:
        self._run(tuple(each.extender.name for each in self._of(pod)), job)

    def ask(self, pod: Object, answers: Answers) -> str:
        """Fill in what the extenders say; why the pod cannot be decided about now, "" where it can."""
        nodes = list(answers.asked.values())
        askers = self._of(pod)
        try:
            for each in askers:
                if nodes and each.extender.filter_verb and (refused := self._filtered(each, pod, nodes)):
                    answers.refused |= refused
                    nodes = [node for node in nodes if node["metadata"]["name"] not in refused]
        except ExtenderFailed as error:
            return str(error)
        for each in askers:
            if len(nodes) > 1 and each.extender.prioritize_verb:
                answers.points[each.extender.name] = self._prioritized(each, pod, nodes)
        answers.given = True
        return ""

    def preempt(
        self, pod: Object, victims: Mapping[str, Victims], present: Mapping[str, Mapping[str, Object]]
    ) -> dict[str, Victims]:
        """Those of these nodes that all extenders would clear, with their victims, which may be any that are
        ``present`` there (by node and uid). Raises ExtenderFailed."""
        for each in self._of(pod):
            if not victims or not each.extender.preempt_verb:
                continue
            try:
                victims = _victims(each.preempt(pod, victims), present, each.extender)
            except ExtenderFailed as error:
                if not each.extender.ignorable:
                    raise
                log.warning("%s", error)
        return dict(victims)

    def _of(self, pod: Object) -> list[Asker]:
        return [each for each in self._all if each.extender.concerns(pod)]

    def _filtered(self, asker: Asker, pod: Object, nodes: Sequence[Object]) -> dict[str, Verdict]:
        try:
            return asker.filter(pod, nodes)
        except ExtenderFailed as error:
            if not asker.extender.ignorable:
                raise
            log.warning("%s", error)
            return {}

    def _prioritized(self, asker: Asker, pod: Object, nodes: Sequence[Object]) -> dict[str, int]:
        """None where it fails: the others decide, as upstream."""
        try:
            return asker.prioritize(pod, nodes)
        except ExtenderFailed as error:
            log.warning("%s", error)
            return {}

    def _on_pool(self, names: tuple[str, ...], job: Callable[[], None]) -> Future[None]:
        with self._lock:
            pool = self._pools.get(names)
            if pool is None:
                pool = self._pools[names] = ThreadPoolExecutor(THREADS, thread_name_prefix="extender")
        return pool.submit(_logged, job)


def _logged(job: Callable[[], None]) -> None:
    try:
        job()
    except Exception:
        log.exception("what an extender answered could not be used")


def _victims(
    chosen: Mapping[str, Chosen], present: Mapping[str, Mapping[str, Object]], extender: Extender
) -> dict[str, Victims]:
    found = {}
    for node, each in chosen.items():
        if not each.uids:
            if extender.ignorable:
                continue
            raise ExtenderFailed(f'expected at least one victim pod on node "{node}"')
        known = present.get(node) or {}
        if strange := [uid for uid in each.uids if uid not in known]:
            text = f"claims to preempt pod (UID: {strange[0]}) on node: {node}, but the pod is not found on that node"
            raise ExtenderFailed(f"extender: {extender.url} {text}")
        found[node] = Victims(tuple(known[uid] for uid in each.uids), each.violations)
    return found
