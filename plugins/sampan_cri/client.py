"""The connection to a CRI runtime: the one place that imports gRPC, when the first client is made.

Failures become RuntimeFailure, with the gRPC code, for the caller to tell what is not there from what went wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sampan.errors import SampanError
from sampan_cri.messages import IMAGES, MESSAGES, RUNTIME, names
from sampan_grpc.channel import CallError, Channel
from sampan_runtime.contracts import RuntimeFailure

PATIENCE = 120.0  # seconds, as kubelet's runtimeRequestTimeout
EVENTS = "containerd.services.events.v1.Events"
STORED, CONTENT = "containerd.services.images.v1.Images", "containerd.services.content.v1.Content"
NAMESPACE = "k8s.io"  # containerd's own, of what its CRI service runs
IMAGE_METHODS = {"ListImages", "ImageStatus", "PullImage", "RemoveImage"}


class CriFailure(RuntimeFailure):
    """``code`` is gRPC's word: NOT_FOUND, UNAVAILABLE, UNIMPLEMENTED …"""

    def __init__(self, reason: str, message: str, code: str) -> None:
        super().__init__(reason, message)
        self.code = code


class Client:
    """Calls of both services. Thread-safe."""

    def __init__(self, path: str) -> None:
        try:
            import grpc
        except ModuleNotFoundError as error:
            raise SampanError("cri: the library grpcio is not installed: pip install 'sampan[cri]'") from error
        self.path = path
        self._channel = Channel(grpc, path, MESSAGES)

    def call(self, method: str, *, reason: str = "RuntimeError", patience: float = PATIENCE, **fields: Any) -> Any:
        """The answer as a dict. Raises CriFailure with ``reason``."""
        service = IMAGES if method in IMAGE_METHODS else RUNTIME
        try:
            return self._channel.call(f"{service}/{method}", *names(method), fields, patience=patience)
        except CallError as error:
            text = f"the CRI runtime at {self.path} does not answer: {error.details}"
            raise CriFailure(reason, text if error.code == "UNAVAILABLE" else error.details, error.code) from error

    def events(self, opened: Callable[[Callable[[], Any]], None]) -> Iterator[dict[str, Any]]:
        """CRI's own (GetContainerEvents): containerd from 1.7, CRI-O. Raises CriFailure."""
        return self._stream(f"{RUNTIME}/GetContainerEvents", {}, opened)

    def containerd_events(self, opened: Callable[[Callable[[], Any]], None], *topics: str) -> Iterator[dict[str, Any]]:
        """Those of containerd itself, at the same socket. Raises CriFailure."""
        filters = [f'namespace=="{NAMESPACE}",topic=="{topic}"' for topic in topics]
        return self._stream(f"{EVENTS}/Subscribe", {"filters": filters}, opened)

    def stored_image(self, name: str) -> dict[str, Any]:
        """Of containerd's own images: its ``target`` is a descriptor. Raises CriFailure."""
        fields, headers = {"name": name}, {"containerd-namespace": NAMESPACE}
        try:
            found = self._channel.call(f"{STORED}/Get", *names("Get"), fields, patience=PATIENCE, headers=headers)
        except CallError as error:
            raise CriFailure("RuntimeError", error.details, error.code) from error
        return dict(found["image"] or {})

    def content(self, digest: str) -> Iterator[bytes]:
        """A blob of containerd's content store, in pieces. Raises CriFailure."""
        found = self._stream(f"{CONTENT}/Read", {"digest": digest}, lambda _: None)
        return (piece["data"] for piece in found)

    def _stream(
        self, method: str, fields: dict[str, Any], opened: Callable[[Callable[[], Any]], None]
    ) -> Iterator[dict[str, Any]]:
        headers = {"containerd-namespace": NAMESPACE}
        request, answer = names(method.rpartition("/")[2])
        try:
            yield from self._channel.stream(method, request, answer, fields, headers=headers, opened=opened)
        except CallError as error:
            raise CriFailure("RuntimeError", error.details, error.code) from error

    def close(self) -> None:
        self._channel.close()


def is_missing(error: RuntimeFailure) -> bool:
    """Whether the failure was that the thing asked about does not exist."""
    return getattr(error, "code", "") == "NOT_FOUND"
