"""Calls to a driver on this node: at a socket of its own, with messages that are named after the methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sampan_grpc.channel import CallError, Channel
from sampan_grpc.wire import Message

#: The requests and answers of these methods are named otherwise.
_NAMED = {
    "GetInfo": ("InfoRequest", "PluginInfo"),
    "NotifyRegistrationStatus": ("RegistrationStatus", "RegistrationStatusResponse"),
}


class DriverChannel:
    """To one socket. Thread-safe. ``grpc`` is the library; ``failure`` makes of a refusal, or of silence, the exception
    that ``call`` raises."""

    def __init__(
        self, grpc: Any, path: str, messages: Mapping[str, Message], *, patience: float,
        failure: Callable[[CallError], Exception],
    ) -> None:  # fmt: skip
        self._patience, self._failure = patience, failure
        self._channel = Channel(grpc, path, messages)

    def call(self, service: str, method: str, **fields: Any) -> dict[str, Any]:
        request, answer = _NAMED.get(method, (f"{method}Request", f"{method}Response"))
        try:
            return self._channel.call(f"{service}/{method}", request, answer, fields, patience=self._patience)
        except CallError as error:
            raise self._failure(error) from error

    def close(self) -> None:
        self._channel.close()
