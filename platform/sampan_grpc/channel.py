"""Calls to a socket of this machine over gRPC, with dicts for messages. The caller brings the library: it costs 20 MB
and belongs to the caller's extra."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sampan.errors import SampanError
from sampan_grpc.wire import MalformedMessage, Messages, decode, encode

LARGEST = 16 << 20  # bytes of one message; containerd's own limit
RECONNECT = 1_000  # milliseconds until a server that has gone is tried again, at most; gRPC would wait 120 s


class CallError(SampanError):
    """A call failed; ``code`` is gRPC's word, NOT_FOUND for example, and ``details`` what the server says."""

    def __init__(self, message: str, code: str = "UNKNOWN", details: str = "") -> None:
        super().__init__(message)
        self.code, self.details = code, details or message


class Channel:
    """To one socket (``/run/x.sock``). ``grpc`` is the library. ``connect_within``: milliseconds in which a server has
    to greet a new connection; gRPC takes it from its least pause between two. Thread-safe."""

    def __init__(self, grpc: Any, path: str, messages: Messages, *, connect_within: int = 100) -> None:
        self._grpc, self._messages = grpc, messages
        options = (
            ("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_receive_message_length", LARGEST), ("grpc.max_send_message_length", LARGEST),
            ("grpc.initial_reconnect_backoff_ms", 100), ("grpc.min_reconnect_backoff_ms", connect_within),
            ("grpc.max_reconnect_backoff_ms", RECONNECT),
        )  # fmt: skip
        self._channel = grpc.insecure_channel(f"unix://{path}", options=options)

    def call(
        self, method: str, request: str, answer: str, fields: Mapping[str, Any], *, patience: float,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """``method`` is its whole name, ``csi.v1.Node/NodeGetInfo``; ``request`` and ``answer`` are names of messages.

        Raises CallError, DEADLINE_EXCEEDED after ``patience`` seconds among them.
        """
        ask = self._channel.unary_unary(f"/{method}")
        data = encode(self._messages, request, _without_none(fields))
        try:
            said = ask(data, timeout=patience, wait_for_ready=False, metadata=_pairs(headers))
        except self._grpc.RpcError as error:
            raise self._error(error) from error
        except ValueError as error:
            raise _closed(error) from error
        return self._decoded(method, answer, said)

    def stream(
        self, method: str, request: str, answer: str, fields: Mapping[str, Any], *,
        headers: Mapping[str, str] | None = None, opened: Callable[[Callable[[], Any]], None] | None = None,
    ) -> Iterator[dict[str, Any]]:  # fmt: skip
        """The messages that the server sends, until it ends. ``opened`` is given a function that ends the stream from
        another thread. Raises CallError."""
        ask = self._channel.unary_stream(f"/{method}")
        data = encode(self._messages, request, _without_none(fields))
        try:
            call = ask(data, metadata=_pairs(headers))
        except ValueError as error:
            raise _closed(error) from error
        if opened is not None:
            opened(call.cancel)
        try:
            for said in call:
                yield self._decoded(method, answer, said)
        except self._grpc.RpcError as error:
            raise self._error(error) from error
        finally:
            call.cancel()

    def close(self) -> None:
        self._channel.close()

    def _decoded(self, method: str, answer: str, data: bytes) -> dict[str, Any]:
        try:
            return decode(self._messages, answer, data)
        except MalformedMessage as error:
            raise CallError(f"{method.rpartition('/')[2]}: {error}", "INTERNAL") from error

    @staticmethod
    def _error(error: Any) -> CallError:
        code, details = error.code().name, str(error.details())
        words = "".join(part.capitalize() for part in code.split("_"))
        return CallError(f"rpc error: code = {words} desc = {details}", code, details)


def _closed(error: ValueError) -> CallError:
    """gRPC's own error where another thread has closed the channel meanwhile."""
    return CallError(f"rpc error: code = Cancelled desc = {error}", "CANCELLED", str(error))


def _without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _pairs(headers: Mapping[str, str] | None) -> tuple[tuple[str, str], ...] | None:
    return tuple(headers.items()) if headers else None
