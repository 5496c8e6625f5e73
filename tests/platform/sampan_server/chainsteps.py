"""A chain step that notes what it is asked and told, and the plugin that contributes it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from sampan.contracts.chain import ChainRequest, OutcomeCallback, RequestOutcome
from sampan.hookspecs import hookimpl

CMS = "/api/v1/namespaces/default/configmaps"


BOATS = "/apis/example.org/v1/namespaces/default/boats"


class Step:
    """Notes what it is asked and told."""

    inline = True

    def __init__(self, name: str = "audit", *, after: str = "", before: str = "", **more: Any) -> None:
        self.name, self.after, self.before = name, after, before
        self.asked: list[tuple[str, str]] = []
        self.told: list[tuple[str, int]] = []
        self.outcomes: list[RequestOutcome] = []
        self.threads: list[threading.Thread] = []
        self.act: Callable[[ChainRequest], None] = lambda request: None
        self.__dict__.update(more)

    def enter(self, request: ChainRequest) -> OutcomeCallback | None:
        self.asked.append((request.verb, request.path))
        self.threads.append(threading.current_thread())
        self.act(request)
        return partial(self.tell, request)

    def tell(self, request: ChainRequest, outcome: RequestOutcome) -> None:
        self.outcomes.append(outcome)  # first: a test waits for what is told
        self.told.append((f"{request.verb} {request.user.name}", outcome.status))

    def statuses(self, count: int = 1) -> list[int]:
        """Sorted, once so many are there: threads tell in any order."""
        deadline = time.monotonic() + 30
        while len(self.told) < count and time.monotonic() < deadline:
            time.sleep(0.005)
        return sorted(status for _, status in self.told)


class Plugin:
    """Steps of sampan's own, or of a third-party plugin."""

    def __init__(self, *steps: Any, ours: bool = True) -> None:
        self.steps = steps
        if ours:
            self.__name__ = "sampan_config.test_chain"

    @hookimpl
    def contribute_chain_steps(self) -> Any:
        return self.steps
