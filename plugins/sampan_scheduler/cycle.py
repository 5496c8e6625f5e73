"""One scheduling decision: which node, and why not the others. Pure but for the rng.

Rules about one node (``local``) are asked through tables (tables.py), rules about several nodes answer in domains
(cycle_types.py) that are applied by label column, third-party plugins are asked last (third_party.py). Must not know of
threads, clocks or the API.
"""

from __future__ import annotations

import random
from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import add
from typing import Any

from sampan_scheduler.cycle_types import Refusal, Requirement
from sampan_scheduler.decisions import CycleResult, Decision, Explanation
from sampan_scheduler.groups import PROBES, Domain, Grouping, RowGroups, Source, Trait, one_of
from sampan_scheduler.nodes import Cluster, NodeInfo
from sampan_scheduler.pods import HOSTNAME, OWNER, PodInfo
from sampan_scheduler.profiles import Profile
from sampan_scheduler.rules.node_affinity import CONFLICT, NOT_NAMED
from sampan_scheduler.tables import MOST_TABLES, VerdictTable, VerdictTables, normalized
from sampan_scheduler.third_party import ThirdParty
from sampan_scheduling.contracts import UNCHECKED, State, Verdict


class Cycle:
    """Decides for one pod after another over a Cluster."""

    def __init__(
        self, cluster: Cluster, profile: Profile, third_party: Sequence[Any] = (), rng: random.Random | None = None,
        *, extenders: Sequence[Any] = (),
    ) -> None:  # fmt: skip
        """``extenders``: what stands for them among the plugins, whatever the profile says; asked last."""
        self._cluster = cluster
        self.profile = profile
        self._tables = VerdictTables(
            cluster,
            [rule for rule in profile.filters if rule.local],
            [(rule, weight) for rule, weight in profile.scores if rule.local],
        )
        self._wide = [rule for rule in profile.filters if not rule.local]
        self._wide_scores = [(rule, weight) for rule, weight in profile.scores if not rule.local]
        self._normalized = [(rule, weight) for rule, weight in profile.scores if hasattr(rule, "raw")]
        self._groups: dict[tuple[bytes, str], RowGroups] = {}  # by kind of pod and controller
        self._names_matter = any(rule.name == NOT_NAMED.plugin for rule in profile.filters)
        self._rng = rng or random.Random()
        taking_part = [plugin for plugin in third_party if profile.takes_part(plugin.name)]
        self.third_party = ThirdParty([*taking_part, *extenders], profile.weights)

    def decide(self, pod: PodInfo, state: State | None = None) -> CycleResult:
        """The best node for the pod, which must not stand on one. Changes nothing in the cluster."""
        state = {} if state is None else state
        cluster = self._cluster
        third_party = self.third_party.of(pod.object)
        refusal = self._refuses_all(pod, state)
        if refusal is not None:
            decision = Decision(pod.ref, pod.uid, "", len(cluster), refusal=refusal.reason)
            return CycleResult(decision, dict.fromkeys(range(len(cluster)), refusal))
        pod = _checked(pod, state)
        rows: Sequence[int] | None
        if pod.node_names is not None and self._names_matter:
            table, rows = self._named(pod, pod.node_names)
        else:
            table, rows = self._tables.of(pod), None
        found = list(self._refusals(pod))
        if rows is None and not cluster.nominated and not third_party.asked and not any(table.raws.values()):
            row = self._in_short(pod, table, found)
            if row is not None:
                return CycleResult(Decision(pod.ref, pod.uid, cluster.rows[row].name, len(cluster)))
        refused: dict[int, Verdict] = {}
        rows = self._filter(pod, state, table, rows, found, refused)
        if not rows:
            return self._nowhere(pod, table, refused)
        rows = self._preferred(pod, rows)
        scores = self._scores(state, pod, table, rows)
        best = max(scores)
        place = scores.index(best)
        if scores.count(best) > 1:
            place = self._rng.choice([place for place, score in enumerate(scores) if score == best])
        row = rows[place]
        return CycleResult(Decision(pod.ref, pod.uid, cluster.rows[row].name, len(cluster)))

    def explain(self, pod: PodInfo, state: State | None = None) -> Explanation:
        """What is said of every node. Slower than ``decide``, with the same outcome."""
        state = {} if state is None else state
        names = [node.name for node in self._cluster.rows]
        refusal = self._refuses_all(pod, state)
        if refusal is not None:
            return Explanation(dict.fromkeys(names, refusal), {})
        pod = _checked(pod, state)
        named = pod.node_names is not None and self._names_matter
        table, some = self._named(pod, pod.node_names or frozenset()) if named else (self._tables.of(pod), None)
        refused: dict[int, Verdict] = {}
        rows = self._filter(pod, state, table, some, list(self._refusals(pod)), refused)
        refused |= {row: verdict for row, verdict in enumerate(table.verdicts) if verdict is not None}
        by_plugin = self._points(state, pod, table, rows, explained=True)
        points: dict[str, dict[str, float]] = {}
        for place, row in enumerate(rows):
            local = self._tables.points(pod, self._cluster.rows[row])
            points[names[row]] = {**local, **{name: values[place] for name, values in by_plugin.items()}}
        return Explanation({names[row]: verdict for row, verdict in sorted(refused.items())}, points)

    def fits(self, pod: PodInfo, node: NodeInfo, state: State) -> bool:
        """Whether every rule lets the pod onto this one node as it is now (preemption asks this of trial nodes), also
        with the pods for which room was made there."""
        if self.verdict(pod, node, state) is not None:
            return False
        return not self._cluster.nominated or self._beside_nominated(pod, node, state) is None

    def verdict(self, pod: PodInfo, node: NodeInfo, state: State) -> Verdict | None:
        """What the first rule that objects says of this one node as it is now."""
        pod = _checked(pod, state)
        verdict = self._tables.verdict(pod, node)
        if verdict is not None:
            return verdict
        for found in self._refusals(pod):
            verdict = found.against(node.labels.get(found.topology_key))
            if verdict is not None:
                return verdict
        return self.third_party.of(pod.object).verdict(state, pod.object, node)

    def may_help(self, pod: PodInfo, node: NodeInfo) -> bool:
        """Whether a change of this node may be what the pod waits for: no rule about the node alone is against it."""
        return self._tables.verdict(pod, node) is None

    def _refuses_all(self, pod: PodInfo, state: State) -> Verdict | None:
        if pod.node_names is not None and not pod.node_names and self._names_matter:
            return CONFLICT
        return self.third_party.of(pod.object).refuse_all(state, pod.object, self._cluster)

    def _refusals(self, pod: PodInfo) -> list[Refusal | Requirement]:
        return [found for rule in self._wide for found in rule.refusals(pod, self._cluster)]

    def _named(self, pod: PodInfo, names: frozenset[str]) -> tuple[VerdictTable, list[int]]:
        """A table in which only nodes that the pod names are asked: those of a DaemonSet are one kind each."""
        cluster = self._cluster
        table = VerdictTable()
        table.verdicts = [NOT_NAMED] * len(cluster)
        table.scores = [0] * len(cluster)
        rows = sorted(node.row for name in names if (node := cluster.by_name.get(name)) is not None)
        for row in rows:
            node = cluster.rows[row]
            table.verdicts[row] = self._tables.verdict(pod, node)
            table.scores[row] = sum(self._tables.points(pod, node).values())
            for rule, _ in self._normalized:
                table.set_raw(rule.name, row, rule.raw(pod, node))
        table.tally = dict(
            Tally(reason for each in table.verdicts if each is not None for reason in (each.reason, *each.more))
        )
        return table, [row for row in rows if table.verdicts[row] is None]

    def equals(self, pod: PodInfo) -> set[int]:
        """The rows of which ``decide`` takes one at random, where groups of nodes tell them; empty: they do not."""
        found, table = list(self._refusals(pod)), self._tables.of(pod)
        best, without = self._best(pod, table, found, self._groupings(pod))
        return {row for rows in best for row in rows} - without

    def _groupings(self, pod: PodInfo) -> list[Grouping]:
        return [rule.grouping(pod, self._cluster, weight) for rule, weight in self._wide_scores]

    def _in_short(self, pod: PodInfo, table: VerdictTable, found: Sequence[Refusal | Requirement]) -> int | None:
        """The best row without a look at each; None: not decided here, or there is none."""
        groupings = self._groupings(pod)
        if all(each.sources == () for each in groupings):
            return self._quick(table, found)
        best, without = self._best(pod, table, found, groupings)
        return one_of(best, without, self._rng) if best else None

    def _best(
        self, pod: PodInfo, table: VerdictTable, found: Sequence[Refusal | Requirement], groupings: Sequence[Grouping]
    ) -> tuple[list[list[int]], set[int]]:
        """Lists with the rows that have most points, and rows in them that will not do. Empty: not decided here, or
        there is none."""
        given: list[Source] = []
        for grouping in groupings:
            if grouping.sources is None:
                return [], set()
            given += grouping.sources
        without: set[int] = set()
        judged: list[Refusal | Requirement] = []
        for each in found:
            if each.topology_key != HOSTNAME:
                judged.append(each)
            elif isinstance(each, Refusal):
                without.update(self._rows_refused(each))
            else:
                return [], set()
        place = len(given)
        sources = (*given, *[Domain(each.topology_key) for each in judged])

        def fits(trait: Trait) -> bool:
            return all(each.against(domain) is None for each, domain in zip(judged, trait[place:], strict=True))

        key = pod.signature, pod.labels.get(OWNER, "")
        groups = self._groups.get(key)
        if groups is None or groups.sources != sources:
            if groups is None and len(self._groups) >= MOST_TABLES:
                del self._groups[next(iter(self._groups))]
            groups = self._groups[key] = RowGroups(sources)
        groups.update(self._cluster, table)
        return groups.best([each for each in groupings if each.sources], without, fits), without

    def _rows_refused(self, found: Refusal) -> Iterator[int]:
        by_domain = self._cluster.rows_of(found.topology_key)
        for domain in found.domains:
            yield from by_domain.get(domain, ())
        if found.missing is not None:
            yield from by_domain.get(None, ())

    def _quick(self, table: VerdictTable, found: Sequence[Refusal | Requirement]) -> int | None:
        """The best row where only the table's scores count; None: there is none."""
        columns = [(each, self._cluster.domains(each.topology_key)) for each in found]
        for score in sorted(table.buckets, reverse=True):
            bucket = table.buckets[score]
            for _ in range(min(PROBES, len(bucket))):
                row = self._rng.choice(bucket)
                if all(each.against(column[row]) is None for each, column in columns):
                    return row
            left = bucket
            for each, column in columns:
                left = [row for row in left if each.against(column[row]) is None]
            if left:
                return self._rng.choice(left)
        return None

    def _filter(
        self, pod: PodInfo, state: State, table: VerdictTable, rows: Sequence[int] | None,
        found: Sequence[Refusal | Requirement], refused: dict[int, Verdict],
    ) -> Sequence[int]:  # fmt: skip
        """Rows that will do; what others have against the rest of the table's is put into ``refused``."""
        if rows is None:
            rows = table.rows
        for each in found:
            rows = self._apply(each, rows, refused)
        rows = self._leave_to_nominated(pod, state, rows, refused)
        return self.third_party.of(pod.object).filter(state, pod.object, self._cluster, rows, refused)

    def _apply(self, found: Refusal | Requirement, rows: Sequence[int], refused: dict[int, Verdict]) -> Sequence[int]:
        column = self._cluster.domains(found.topology_key)
        domains = found.domains
        held = None  # rows refused, where the common case can be told in one pass
        if isinstance(found, Refusal):
            if not found.domains and found.missing is None:
                return rows
            if None not in column:
                held = [row for row in rows if column[row] in found.domains]
        elif domains is not None:
            held = [row for row in rows if column[row] not in domains]
        if held is None:
            verdicts = {row: verdict for row in rows if (verdict := found.against(column[row])) is not None}
        else:
            verdicts = dict.fromkeys(held, found.verdict)
        if not verdicts:
            return rows
        refused |= verdicts
        return [row for row in rows if row not in verdicts]

    def _leave_to_nominated(
        self, pod: PodInfo, state: State, rows: Sequence[int], refused: dict[int, Verdict]
    ) -> Sequence[int]:
        """Without nodes whose room was made for pods as important as this one, where both do not fit."""
        for name in list(self._cluster.nominated):
            node = self._cluster.by_name.get(name)
            if node is None or node.row not in rows:
                continue
            verdict = self._beside_nominated(pod, node, state)
            if verdict is not None:
                refused[node.row] = verdict
                rows = [row for row in rows if row != node.row]
        return rows

    def _beside_nominated(self, pod: PodInfo, node: NodeInfo, state: State) -> Verdict | None:
        """What is against the pod on this node once the pods that are nominated to it and as important are there."""
        waiting = self._cluster.nominated.get(node.name) or {}
        others = [info for uid, info in waiting.items() if uid != pod.uid and info.priority >= pod.priority]
        if not others:
            return None
        for info in others:
            self._cluster.add_pod(info, node.name)
        try:
            return self.verdict(pod, node, state)
        finally:
            for info in others:
                self._cluster.remove_pod(info.uid)

    def _nowhere(self, pod: PodInfo, table: VerdictTable, refused: dict[int, Verdict]) -> CycleResult:
        reasons = {reason: count for reason, count in table.tally.items() if count}
        for reason, count in Tally(r for verdict in refused.values() for r in (verdict.reason, *verdict.more)).items():
            reasons[reason] = reasons.get(reason, 0) + count
        refused |= {row: verdict for row, verdict in enumerate(table.verdicts) if verdict is not None}
        return CycleResult(Decision(pod.ref, pod.uid, "", len(self._cluster), reasons), refused)

    def _preferred(self, pod: PodInfo, rows: Sequence[int]) -> Sequence[int]:
        """Of these the node that was cleared for the pod, where it is one of them."""
        kept = self._cluster.nomination(pod.uid) if self._cluster.nominated else ""
        node = self._cluster.by_name.get(kept)
        return [node.row] if node is not None and node.row in rows else rows

    def _scores(self, state: State, pod: PodInfo, table: VerdictTable, rows: Sequence[int]) -> list[float]:
        """All points of each of these rows."""
        if len(rows) == 1:
            return [0]
        scores: list[float] = table.scores  # type: ignore[assignment]
        if len(rows) != len(scores):
            scores = list(map(table.scores.__getitem__, rows))
        for values in self._points(state, pod, table, rows).values():
            scores = list(map(add, scores, values))
        return scores

    def _points(
        self, state: State, pod: PodInfo, table: VerdictTable, rows: Sequence[int], *, explained: bool = False
    ) -> dict[str, Sequence[float]]:
        """Weighted points in the order of ``rows``, by plugin: those that depend on which nodes will do. ``explained``:
        with points that are the same for all."""
        found: dict[str, Sequence[float]] = {}
        for rule, weight in self._normalized:
            values = normalized(table.raws.get(rule.name, {}), rows, weight, reverse=rule.reverse)
            if values is not None:
                found[rule.name] = values
            elif rule.reverse and explained:
                found[rule.name] = [weight * 100] * len(rows)
        for rule, weight in self._wide_scores:
            values = rule.scores(pod, self._cluster, rows, weight)
            if values is not None:
                found[rule.name] = values
        return {**found, **self.third_party.of(pod.object).scores(state, pod.object, self._cluster, rows)}


def _checked(pod: PodInfo, state: State) -> PodInfo:
    """The pod with the requests that our own rules check; a plugin may look after others."""
    unchecked = state.get(UNCHECKED)
    if not unchecked or not any(name in unchecked for name in pod.requests):
        return pod
    requests = {name: amount for name, amount in pod.requests.items() if name not in unchecked}
    return replace(pod, requests=requests, signature=pod.signature + "\0".join(["", *sorted(unchecked)]).encode())
