"""Calls to a driver's socket over gRPC. The library is imported with the first call: it costs 20 MB."""

from __future__ import annotations

from typing import Any

from sampan_csi.messages import MESSAGES
from sampan_grpc.channel import CallError
from sampan_grpc.channel import Channel as GrpcChannel
from sampan_grpc.registration import Missing
from sampan_volumes.contracts import VolumeFailure

PATIENCE = 120.0  # seconds, as kubelet's CSI calls


class CallFailure(VolumeFailure):
    """A driver refused, or did not answer; ``code`` is gRPC's word, NOT_FOUND for example."""

    def __init__(self, message: str, code: str = "UNKNOWN") -> None:
        super().__init__(message)
        self.code = code


class Channel:
    """To one socket. Thread-safe. Raises Missing."""

    def __init__(self, path: str, *, patience: float = PATIENCE) -> None:
        try:
            import grpc
        except ImportError as error:
            raise Missing("CSI drivers need the library grpcio: pip install 'sampan[csi]'") from error
        self._patience, self._channel = patience, GrpcChannel(grpc, path, MESSAGES)

    def call(self, service: str, method: str, **fields: Any) -> dict[str, Any]:
        """Raises CallFailure."""
        request, answer = _names(method)
        try:
            return self._channel.call(f"{service}/{method}", request, answer, fields, patience=self._patience)
        except CallError as error:
            raise CallFailure(str(error), error.code) from error

    def close(self) -> None:
        self._channel.close()


def _names(method: str) -> tuple[str, str]:
    """Of the request and of the answer."""
    special = {
        "GetInfo": ("InfoRequest", "PluginInfo"),
        "NotifyRegistrationStatus": ("RegistrationStatus", "RegistrationStatusResponse"),
    }
    return special.get(method, (f"{method}Request", f"{method}Response"))
