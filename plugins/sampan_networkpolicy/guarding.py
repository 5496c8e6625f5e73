"""No container of a pod starts before the pod's policies are in force."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any, Protocol

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_machinery.resources import NETWORK_POLICIES
from sampan_networkpolicy import deciding, subjects
from sampan_nftables.kernel import ScriptRefused
from sampan_runtime.contracts import RuntimeFailure, Sandbox

log = logging.getLogger(__name__)

REASON = "NetworkPolicyNotInForce"
PATIENCE = 5.0  # seconds for what a start waits for; then the agent tries again


class Policies(Protocol):
    """What the guard asks of the component."""

    def wait_all(self, seconds: float) -> bool: ...

    def wait_seen(self, listed: list[Object], seconds: float) -> bool: ...

    def policies(self) -> list[Object]: ...


class Enforcer(Protocol):
    def start(self, pod: Object, addresses: list[str]) -> None: ...


class EventSink(Protocol):
    def event(self, about: Object, type: str, reason: str, message: str) -> None: ...


class PodGuard:
    """Asks for the namespace's policies as they are now, because the informer may be behind the agent's: a policy that
    was created before the pod holds from the pod's first moment. While the API is away, what was known last counts."""

    def __init__(
        self, client: Any, known: Policies, enforcement: Enforcer | None, events: EventSink, *, refuses: bool
    ) -> None:
        self._client = client
        self._known = known
        self._enforcement = enforcement
        self._events = events
        self._refuses = refuses

    def prepare(self, pod: Object, sandbox: Sandbox) -> None:
        """Raises RuntimeFailure while the policies are not in force."""
        if pod["spec"].get("hostNetwork"):
            return
        namespace = pod["metadata"]["namespace"]
        try:
            listed = list(self._client.list(NETWORK_POLICIES, namespace).items)
        except (StatusError, ConnectionError) as error:
            log.debug("the policies of %s cannot be asked for, the known ones count: %s", namespace, error)
            listed = []
        if not (self._known.wait_seen(listed, PATIENCE) and self._known.wait_all(PATIENCE)):
            raise RuntimeFailure(REASON, "the cluster's network policies are not known yet")
        mine = deciding.selects(self._known.policies(), pod)
        alone = bool(sandbox.ip) and not sandbox.shares_host and not subjects.is_loopback(sandbox.ip)
        if self._enforcement is None or not alone:
            if mine:
                self._cannot(pod, mine)
            return
        if not self._known.policies():
            return
        try:
            self._enforcement.start(pod, [sandbox.ip])
        except ScriptRefused as error:
            raise RuntimeFailure(REASON, f"the packet filter refuses the network policies: {error}") from error

    def _cannot(self, pod: Object, policies: list[Object]) -> None:
        names = ", ".join(sorted(policy["metadata"]["name"] for policy in policies))
        why = "the pod has no network of its own" if self._enforcement else "nftables may not be used on this node"
        text = f"network policies ({names}) select this pod and cannot be enforced: {why}"
        if self._refuses:
            raise RuntimeFailure("NetworkPolicyNotEnforceable", text)
        self._events.event({"kind": "Pod", "apiVersion": "v1", **pod}, "Warning", "NetworkPolicyNotEnforced", text)


class Guards:
    """The guards of the clusters of this process, by home. The node agent and the component that enforces are started
    side by side, so the agent's pods wait here for the component."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._serving: dict[str, PodGuard] = {}

    @contextlib.contextmanager
    def serving(self, home_id: str, guard: PodGuard) -> Iterator[None]:
        with self._news:
            self._serving[home_id] = guard
            self._news.notify_all()
        try:
            yield
        finally:
            with self._news:
                del self._serving[home_id]

    def of(self, home_id: str, seconds: float) -> PodGuard:
        """Raises RuntimeFailure where the component does not run."""
        with self._news:
            if not self._news.wait_for(lambda: home_id in self._serving, seconds):
                raise RuntimeFailure(REASON, "the component that enforces network policies does not run yet")
            return self._serving[home_id]


GUARDS = Guards()


class WaitingGuard:
    """What the node agent is given: finds the guard of its home when a pod starts."""

    name = "networkpolicy"

    def __init__(self, home_id: str) -> None:
        self._home_id = home_id

    def prepare(self, pod: Object, sandbox: Sandbox) -> None:
        GUARDS.of(self._home_id, PATIENCE).prepare(pod, sandbox)
