"""No container of a pod starts before this node's part of the pod network is there: its address might not be yet."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from sampan.contracts.kinds import Object
from sampan_runtime.contracts import RuntimeFailure, Sandbox

REASON = "NetworkNotReady"
PATIENCE = 10.0  # seconds for what a start waits for; then the agent tries again


class ReadyHomes:
    """Whose network is ready, by home. The node agent and the component are started side by side, so the agent's pods
    wait here."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._ready: set[str] = set()

    @contextlib.contextmanager
    def of(self, home_id: str) -> Iterator[Callable[[bool], None]]:
        """Gives the function by which the component says whether it is. Once it was, it stays so while the component
        runs: routes of running pods are not taken away by a failure."""

        def tell(ready: bool) -> None:
            with self._news:
                if ready:
                    self._ready.add(home_id)
                    self._news.notify_all()

        try:
            yield tell
        finally:
            with self._news:
                self._ready.discard(home_id)

    def wait(self, home_id: str, seconds: float) -> bool:
        with self._news:
            return self._news.wait_for(lambda: home_id in self._ready, seconds)


READY = ReadyHomes()


class NetworkGuard:
    """What the node agent is given."""

    name = "podnetwork"

    def __init__(self, home_id: str, patience: float = PATIENCE) -> None:
        self._home_id, self._patience = home_id, patience

    def prepare(self, pod: Object, sandbox: Sandbox) -> None:
        """Raises RuntimeFailure while the network is not ready."""
        if not pod["spec"].get("hostNetwork") and not READY.wait(self._home_id, self._patience):
            raise RuntimeFailure(REASON, "the pod network of this node is not ready yet")
