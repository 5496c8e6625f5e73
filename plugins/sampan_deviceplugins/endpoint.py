"""One device plugin: its socket, the devices that it says it has, and calls to it.

Source: k8s.io/kubelet pkg/apis/deviceplugin/v1beta1; kubelet's endpoint of device plugins (meaning).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from sampan.errors import SampanError
from sampan_deviceplugins.messages import HEALTHY, MESSAGES, SERVICE
from sampan_grpc.channel import CallError, Channel

log = logging.getLogger(__name__)

ALLOCATE, PRE_START = 10.0, 30.0  # seconds that a call may take; the second is kubelet's, the first has none there
CONNECT = 20_000  # milliseconds until a connection counts as failed: as Go's clients, for a plugin may be busy
GRACE = 300.0  # seconds for which a plugin may be away before its resource is taken back, as upstream
MISSING = "device plugins need the library grpcio: pip install 'sampan[deviceplugins]'"


class Missing(SampanError):
    """The library for gRPC is not installed."""


def library() -> Any:
    """Raises Missing."""
    try:
        import grpc  # with the first of them: it costs 20 MB
    except ImportError as error:
        raise Missing(MISSING) from error
    return grpc


class Calling(Protocol):
    """What is needed of a Channel."""

    def call(
        self, method: str, request: str, answer: str, fields: Mapping[str, Any], *, patience: float
    ) -> dict[str, Any]: ...

    def stream(
        self, method: str, request: str, answer: str, fields: Mapping[str, Any], *,
        opened: Callable[[Callable[[], Any]], None],
    ) -> Any: ...  # fmt: skip

    def close(self) -> None: ...


def connect(path: str) -> Calling:
    """Raises Missing."""
    return Channel(library(), path, MESSAGES, connect_within=CONNECT)


class Endpoint:
    """Its list of devices is followed on a thread of its own."""

    def __init__(
        self, resource: str, channel: Calling, options: Mapping[str, Any] | None, *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.resource, self._channel, self._clock = resource, channel, clock
        options = options or {}
        self._pre_start = bool(options.get("pre_start_required"))
        self._prefers = bool(options.get("get_preferred_allocation_available"))
        self._health: dict[str, bool] = {}
        self._gone: float | None = None  # since when it is away
        self._cancel: Callable[[], Any] = lambda: None
        self._closed = False
        self._thread = threading.Thread(target=self._follow, name=f"devices {resource}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closed = True
        self._cancel()
        self._channel.close()
        self._thread.join(5)

    @property
    def every(self) -> frozenset[str]:
        return frozenset(self._health)

    @property
    def healthy(self) -> frozenset[str]:
        return frozenset(name for name, good in self._health.items() if good)

    @property
    def is_over(self) -> bool:
        """Whether it has been away for so long that it is not expected back."""
        return self._gone is not None and self._clock() - self._gone >= GRACE

    def preferred(self, available: Collection[str], included: Collection[str], number: int) -> Collection[str]:
        """Which devices the plugin would rather give; none where it does not say."""
        if not self._prefers or self._gone is not None:
            return ()
        asked = {"available": sorted(available), "must_include": sorted(included), "size": number}
        answer = self._call(
            "GetPreferredAllocation", "PreferredAllocationRequest", "PreferredAllocationResponse",
            container_requests=[asked],
        )  # fmt: skip
        said: Sequence[Mapping[str, Any]] = answer["container_responses"]
        return said[0]["devices"] if said else ()

    def allocate(self, ids: Collection[str]) -> dict[str, Any]:
        """What the container gets. Raises CallError."""
        asked = [{"devices_ids": list(ids)}]
        answer = self._call("Allocate", "AllocateRequest", "AllocateResponse", container_requests=asked)
        if not answer["container_responses"]:
            raise CallError("no containers return in allocation response")
        said: dict[str, Any] = answer["container_responses"][0]
        return said

    def pre_start(self, ids: Collection[str]) -> None:
        """Before each start of a container. Raises CallError."""
        if self._pre_start:
            request, answer = "PreStartContainerRequest", "PreStartContainerResponse"
            self._call("PreStartContainer", request, answer, patience=PRE_START, devices_ids=list(ids))

    def _call(
        self, method: str, request: str, answer: str, *, patience: float = ALLOCATE, **fields: Any
    ) -> dict[str, Any]:
        return self._channel.call(f"{SERVICE}/{method}", request, answer, fields, patience=patience)

    def _follow(self) -> None:
        try:
            stream = self._channel.stream(
                f"{SERVICE}/ListAndWatch", "Empty", "ListAndWatchResponse", {}, opened=self._opened
            )
            for said in stream:
                self._health = {each["ID"]: each["health"] == HEALTHY for each in said["devices"]}
        except SampanError as error:
            if not self._closed:
                log.info("device plugin of %s has gone: %s", self.resource, error)
        self._gone = self._clock()
        self._health = dict.fromkeys(self._health, False)

    def _opened(self, cancel: Callable[[], Any]) -> None:
        self._cancel = cancel
        if self._closed:
            cancel()
