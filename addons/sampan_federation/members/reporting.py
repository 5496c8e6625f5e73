"""Says in the status of a Cluster object how a member is and what it has: by the host for members in push mode, by the
agent for a member in pull mode."""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_federation.controllers import Context
from sampan_federation.members import probing
from sampan_federation.members.health import COMPLETE, READY, Probe, Standing, judge
from sampan_federation.members.summaries import summarize
from sampan_federation.resources import CLUSTERS
from sampan_machinery.metadata import condition_is, copy, now_text, set_condition

#: What reading an answer raises that has another shape than the API's.
NONSENSE = (AttributeError, KeyError, TypeError, ValueError)
LONG = 120.0  # seconds without an answer


class Reporter:
    """Remembers since when members answer, and when they were looked at."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._standing: dict[str, Standing] = {}
        self._looked: dict[str, float] = {}

    def forget(self, name: str) -> None:
        self._standing.pop(name, None)
        self._looked.pop(name, None)

    def update(self, cluster: Object) -> bool:
        """Returns whether it has not answered for so long that it is to be asked more rarely: a probe of a machine that
        is gone holds a worker until its deadline."""
        name, now = cluster["metadata"]["name"], self._context.clock()
        found = self._probe(name)
        standing = self._standing.setdefault(name, Standing())
        standing.saw(found, now)
        status: dict[str, Any] = copy(cluster.get("status") or {})
        settings = self._context.settings
        verdict = judge(
            status, found, standing, now,
            failure_seconds=settings.failure_seconds, success_seconds=settings.success_seconds,
        )  # fmt: skip
        if verdict is not None:
            set_condition(
                status, READY, verdict.status, reason=verdict.reason, message=verdict.message, now=now_text(now)
            )
        due = now - self._looked.get(name, float("-inf")) >= settings.summary_seconds
        if found.healthy and (due or not condition_is(status, COMPLETE)):
            self._looked[name] = now
            self._look(cluster, status, now)
        if status != (cluster.get("status") or {}):
            self._context.host.patch(CLUSTERS, name, {"status": status}, subresource="status")
        return not found.online and now - (standing.bad_since or now) > LONG

    def _probe(self, name: str) -> Probe:
        try:
            client = self._context.members.probe(name)
        except (ConnectionError, StatusError) as error:
            return Probe(False, False, str(error)[:500])
        found = probing.probe(client)
        if found.online and not found.healthy and "Unauthorized" in found.words:
            self._context.members.forget(name)  # the Secret may have changed
        return found

    def _look(self, cluster: Object, status: dict[str, Any], now: float) -> None:
        """What the member serves and has. Of what cannot be asked for, the last answer stays."""
        name, at = cluster["metadata"]["name"], now_text(now)
        try:
            client = self._context.members.client(name)
            status["kubernetesVersion"] = probing.version(client)
            kinds, complete = probing.enablements(client)
            if kinds and (complete or not status.get("apiEnablements")):
                status["apiEnablements"] = kinds
            reason = "FullAPIEnablements" if complete else "PartialAPIEnablements"
            words = "" if complete else "some groups of its API do not answer; those that are known count as served"
            set_condition(status, COMPLETE, "True" if complete else "False", reason=reason, message=words, now=at)
            models = (cluster.get("spec") or {}).get("resourceModels") or ()
            status["nodeSummary"], status["resourceSummary"] = summarize(
                probing.nodes(client), probing.pods(client), models
            )
        except (StatusError, ConnectionError, *NONSENSE) as error:
            reason, words = "UnknownAPIEnablements", f"the member could not be asked: {error}"[:1024]
            if not condition_is(status, COMPLETE):
                set_condition(status, COMPLETE, "False", reason=reason, message=words, now=at)
        for condition in status.get("conditions") or ():
            condition.setdefault("message", "")
