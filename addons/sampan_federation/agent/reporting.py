"""The agent's own work: it says that it is there and how its cluster is, and renews its token."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_federation.agent.registering import agent_name
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.members.heartbeats import beat
from sampan_federation.members.joining import TOKEN_SECONDS, request_token
from sampan_federation.members.reporting import Reporter
from sampan_federation.resources import CLUSTERS
from sampan_machinery.metadata import is_deleting, parse_time

log = logging.getLogger(__name__)

#: Keeps a token that was renewed, for this process and the next one.
Keep = Callable[[str], None]
AGAIN = 60.0  # seconds after a renewal has failed


class Reporting:
    """Satisfies ``Controller``. One key: the name of the cluster."""

    name = "agent"
    workers = 1

    def __init__(self, context: Context, cluster: str, keep: Keep) -> None:
        self._context, self._cluster, self._keep = context, cluster, keep
        self._clusters = context.caches.of(CLUSTERS)
        self._reporter = Reporter(context)
        self._renew_at = 0.0  # at the start: how old the token is, is not known

    def start(self, enqueue: Enqueue) -> None:
        self._clusters.on_change(lambda old, new: enqueue(self._cluster) if is_other(old, new) else None)
        enqueue(self._cluster)

    def handle(self, key: Hashable) -> float | None:
        cluster = self._clusters.get(self._cluster)
        if cluster is None or is_deleting(cluster):
            return None
        seconds = self._context.settings.probe_seconds
        beat(self._context.host, self._cluster, self._context.clock(), seconds)
        self._renew()
        self._reporter.update(cluster)
        return seconds

    def close(self) -> None:
        return None

    def _renew(self) -> None:
        """A failure is logged and tried again, for the old token still works."""
        now = self._context.clock()
        if now < self._renew_at:
            return
        try:
            token, expires = request_token(self._context.host, agent_name(self._cluster))
            self._keep(token)
        except (StatusError, ConnectionError, OSError, KeyError, ValueError) as error:
            self._renew_at = now + AGAIN
            log.warning("the agent's token is not renewed: %s", error)
            return
        ends = parse_time(expires) if expires else now + TOKEN_SECONDS
        self._renew_at = now + (ends - now) / 2


def is_other(old: Object | None, new: Object | None) -> bool:
    """Whether more has changed than the status, which is the agent's own."""
    if old is None or new is None:
        return True
    return bool(old["metadata"].get("generation") != new["metadata"].get("generation"))
