"""Calls to a socket of this machine over gRPC. The library is imported with the first call: it costs 20 MB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sampan_csi.messages import MESSAGES
from sampan_csi.wire import MalformedMessage, decode, encode
from sampan_volumes.contracts import VolumeFailure

PATIENCE = 120.0  # seconds, as kubelet's CSI calls


class CallFailure(VolumeFailure):
    """A driver refused, or did not answer; ``code`` is gRPC's word, NOT_FOUND for example."""

    def __init__(self, message: str, code: str = "UNKNOWN") -> None:
        super().__init__(message)
        self.code = code


class Channel:
    """To one socket. Thread-safe."""

    def __init__(self, path: str, *, patience: float = PATIENCE) -> None:
        try:
            import grpc
        except ImportError as error:
            raise VolumeFailure("CSI drivers need the library grpcio: pip install 'sampan[csi]'") from error
        self._grpc, self._patience = grpc, patience
        options = (("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1))
        self._channel = grpc.insecure_channel(f"unix://{path}", options=options)

    def call(self, service: str, method: str, **fields: Any) -> dict[str, Any]:
        """Raises CallFailure."""
        ask = self._channel.unary_unary(f"/{service}/{method}")
        request, answer = _names(method)
        try:
            data = ask(encode(MESSAGES, request, _without_none(fields)), timeout=self._patience, wait_for_ready=False)
            return decode(MESSAGES, answer, data)
        except self._grpc.RpcError as error:
            code = error.code().name
            words = "".join(part.capitalize() for part in code.split("_"))
            raise CallFailure(f"rpc error: code = {words} desc = {error.details()}", code) from error
        except MalformedMessage as error:
            raise CallFailure(f"{method}: {error}", "INTERNAL") from error

    def close(self) -> None:
        self._channel.close()


def _names(method: str) -> tuple[str, str]:
    """Of the request and of the answer."""
    special = {
        "GetInfo": ("InfoRequest", "PluginInfo"),
        "NotifyRegistrationStatus": ("RegistrationStatus", "RegistrationStatusResponse"),
    }
    return special.get(method, (f"{method}Request", f"{method}Response"))


def _without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
