"""What an extender is asked and what it answers, on the wire: JSON with the names of Go's fields, for upstream's
records have no others. Answers are read in any case, as Go reads them.

Source: k8s.io/kube-scheduler extender/v1; upstream's HTTPExtender (meaning).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from sampan.contracts.kinds import Object
from sampan.errors import SampanError
from sampan_scheduler.extenders.extender import Extender
from sampan_scheduling.contracts import Verdict
from sampan_webhookclient.calls import Call
from sampan_webhookclient.client import WebhookClient
from sampan_webhookclient.failures import CallFailed

HIGHEST = 10  # points that an extender gives at most
AGENT = "kube-scheduler"


class ExtenderFailed(SampanError):
    """It could not be asked, refused, or answered what cannot be read."""


@dataclass(frozen=True)
class Victims:
    """Pods on one node that would have to go, and how many of them a PodDisruptionBudget protects."""

    pods: tuple[Object, ...]
    violations: int = 0


@dataclass(frozen=True)
class Chosen:
    """The same as an extender answers it: uids."""

    uids: tuple[str, ...]
    violations: int = 0


class Asker:
    """``client`` is shared: it keeps connections. Every call may block for the extender's timeout and raises
    ExtenderFailed."""

    def __init__(self, extender: Extender, client: WebhookClient) -> None:
        self.extender, self._client = extender, client

    def filter(self, pod: Object, nodes: Sequence[Object]) -> dict[str, Verdict]:
        """What is against each node, by name; a node that will do is left out."""
        answer = self._post(self.extender.filter_verb, self._args(pod, nodes), dict)
        if why := _get(answer, "Error", str):
            raise self._failed(why)
        given = {node["metadata"]["name"] for node in nodes}
        kept = self._kept(answer)
        if stray := kept - given:
            raise self._failed(f"it names node {min(stray)!r}, which it was not asked about")
        hopeless = _get(answer, "FailedAndUnresolvableNodes", dict)
        failed = _get(answer, "FailedNodes", dict)
        refused = {}
        for name in given - kept:
            reason = hopeless.get(name) or failed.get(name) or f"node(s) were left out by {self.extender.name}"
            unresolvable = name in hopeless or name not in failed
            refused[name] = Verdict(str(reason), unresolvable, (), self.extender.name)
        return refused

    def prioritize(self, pod: Object, nodes: Sequence[Object]) -> dict[str, int]:
        """Points from 0 to HIGHEST, by node."""
        answer = self._post(self.extender.prioritize_verb, self._args(pod, nodes), list)
        return {_get(each, "Host", str): _get(each, "Score", int) for each in answer if isinstance(each, dict)}

    def preempt(self, pod: Object, victims: Mapping[str, Victims]) -> dict[str, Chosen]:
        """Those of these nodes that may be cleared, and whom it would remove there."""
        if self.extender.knows_nodes:
            asked: dict[str, Any] = {"NodeNameToVictims": None, "NodeNameToMetaVictims": {
                name: _victims([{"UID": each["metadata"]["uid"]} for each in found.pods], found)
                for name, found in victims.items()
            }}  # fmt: skip
        else:
            asked = {"NodeNameToMetaVictims": None, "NodeNameToVictims": {
                name: _victims(found.pods, found) for name, found in victims.items()
            }}  # fmt: skip
        answer = self._post(self.extender.preempt_verb, {"Pod": pod, **asked}, dict)
        return {name: _chosen(found) for name, found in _get(answer, "NodeNameToMetaVictims", dict).items()}

    def bind(self, pod: Object, node: str) -> None:
        meta = pod["metadata"]
        asked = {"PodName": meta["name"], "PodNamespace": meta["namespace"], "PodUID": meta["uid"], "Node": node}
        if why := _get(self._post(self.extender.bind_verb, asked, dict), "Error", str):
            raise self._failed(why)

    def _args(self, pod: Object, nodes: Sequence[Object]) -> dict[str, Any]:
        if self.extender.knows_nodes:
            return {"Pod": pod, "Nodes": None, "NodeNames": [node["metadata"]["name"] for node in nodes]}
        return {"Pod": pod, "Nodes": {"metadata": {}, "items": nodes}, "NodeNames": None}

    def _kept(self, answer: Mapping[str, Any]) -> set[str]:
        names = _get(answer, "NodeNames", list)
        if names and self.extender.knows_nodes:
            return set(map(str, names))
        try:
            items = _get(answer, "Nodes", dict).get("items") or ()
            return {str(each["metadata"]["name"]) for each in items}
        except (KeyError, TypeError):
            raise self._failed("its answer has nodes without names") from None

    def _post(self, verb: str, asked: Mapping[str, Any], kind: type) -> Any:
        extender = self.extender
        try:
            body = msgspec.json.encode(asked)
            call = Call(extender.destination(verb), body, extender.timeout, agent=AGENT)
            reply = self._client.call(call)
        except CallFailed as error:
            raise ExtenderFailed(str(error)) from error
        except (OSError, ValueError) as error:
            raise self._failed(str(error)) from error
        if reply.status != 200:
            raise ExtenderFailed(
                f"failed {verb} with extender at URL {extender.url}/{verb}, code {reply.status}"
            )  # fmt: skip
        try:
            answer = msgspec.json.decode(reply.body)
        except msgspec.DecodeError as error:
            raise self._failed(f"its answer to {verb} cannot be read: {error}") from error
        if answer is None:
            return kind()
        if not isinstance(answer, kind):
            raise self._failed(f"its answer to {verb} is {type(answer).__name__}, not {kind.__name__}")
        return answer

    def _failed(self, why: str) -> ExtenderFailed:
        return ExtenderFailed(f"{self.extender.name}: {why}")


def _victims(pods: Sequence[Object], found: Victims) -> dict[str, Any]:
    return {"Pods": pods, "NumPDBViolations": found.violations}


def _chosen(found: Any) -> Chosen:
    pods = _get(found if isinstance(found, dict) else {}, "Pods", list)
    uids = tuple(_get(each, "UID", str) for each in pods if isinstance(each, dict))
    return Chosen(uids, _get(found if isinstance(found, dict) else {}, "NumPDBViolations", int))


def _get(answer: Mapping[str, Any], name: str, kind: type) -> Any:
    """The field whatever its case; empty where there is none, or one of another type."""
    found = answer.get(name)
    if found is None:
        low = name.lower()
        found = next((value for key, value in answer.items() if key.lower() == low), None)
    return found if isinstance(found, kind) else kind()
