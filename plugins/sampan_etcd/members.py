"""Talking to the members of an etcd: one channel each, one of them at a time, another one when that fails.

A read (``ask``) is retried until its deadline. A write (``send``) is repeated only where it was certainly not carried
out. Knows failures and channels, nothing of keys."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc

from sampan.contracts.store import Unavailable
from sampan.errors import ConfigError
from sampan_etcd.failures import Failure, FailureKind, failure
from sampan_etcd.messages import AUTHENTICATE, authenticate_request, read_token
from sampan_etcd.options import Options
from sampan_etcd.retries import Retries

log = logging.getLogger(__name__)

PAUSE = 0.05  # seconds before the next member is tried
CHANNEL = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),  # the members say what is too large
    ("grpc.keepalive_time_ms", 10_000),  # etcd closes connections that ping more often than every 5 s
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),  # an idle watch shall be pinged for ever
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
)
ELSEWHERE = {FailureKind.NOT_DONE, FailureKind.UNSURE}

#: Called once with the answer, or with why there is none; on a thread of gRPC's; must not block.
Then = Callable[[bytes | Failure], None]
Metadata = tuple[tuple[str, str], ...]


class Members:
    """Any thread may use it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._credentials = _credentials(options)
        self._lock = threading.Lock()
        self._channels: dict[str, grpc.Channel] = {}
        self._current = 0
        self._calls: dict[tuple[str, str], Any] = {}
        self._token: Metadata = ()
        self._login = threading.Lock()
        self._retries = Retries()
        self._closed = False
        if options.username:
            self._log_in(())

    def ask(self, method: str, request: bytes, *, patience: float = 0) -> bytes:
        """The answer to a question; raises Failure."""
        deadline = time.monotonic() + (patience or self._options.timeout)
        while True:
            token, member, call = self._token, *self._call(method)
            left = deadline - time.monotonic()
            try:
                answer: bytes = call(request, timeout=max(0.1, min(left, self._attempt())), metadata=token)
                return answer
            except grpc.RpcError as error:
                found = failure(error)
            self._learn(found, member, token)
            if (
                self._closed
                or found.meaning not in {*ELSEWHERE, FailureKind.NOT_KNOWN}
                or deadline - time.monotonic() < PAUSE
            ):
                raise found
            time.sleep(PAUSE)

    def send(self, method: str, request: bytes, then: Then, *, question: bool = False) -> None:
        """Have an order carried out, at most once; or ask a question without waiting."""
        self._attempt_order(method, request, then, time.monotonic() + self._options.timeout, question)

    def stream(self, method: str, request: bytes) -> tuple[str, Any]:
        """(member, the call): a feed of messages that begins with one request. A member without a leader ends it."""
        member, channel = self._channel()
        metadata = (*self._token, ("hasleader", "true"))
        return member, channel.stream_stream(method)(iter((request,)), metadata=metadata)

    def learn(self, error: grpc.RpcError | Failure, member: str) -> Failure:
        """Turn to another member, or log in again, where that is what the end of a stream asks for."""
        found = error if isinstance(error, Failure) else failure(error)
        self._learn(found, member, self._token)
        return found

    def close(self) -> None:
        with self._lock:
            self._closed = True
            channels, self._channels = self._channels, {}
        self._retries.close()
        for channel in channels.values():
            channel.close()

    def _attempt(self) -> float:
        """Seconds for one member: all of them, or so few that others get their turn."""
        return self._options.timeout if len(self._options.members) == 1 else max(1.0, self._options.timeout / 3)

    def _attempt_order(self, method: str, request: bytes, then: Then, deadline: float, question: bool) -> None:
        token = self._token
        harmless = {*ELSEWHERE, FailureKind.NOT_KNOWN} if question else {FailureKind.NOT_DONE, FailureKind.NOT_KNOWN}

        def finished(future: grpc.Future) -> None:
            try:
                answer: bytes | Failure = future.result()
            except grpc.RpcError as error:
                answer = failure(error)
            except grpc.FutureCancelledError:
                answer = Failure(FailureKind.UNSURE, "the connection was closed")
            if not isinstance(answer, Failure):
                then(answer)
                return
            if answer.meaning not in harmless or time.monotonic() + PAUSE > deadline:
                self._turn_from(answer, member)
                then(answer)
                return
            why = answer

            def retry() -> None:  # not here: logging in blocks, and this is gRPC's thread
                self._learn(why, member, token)
                self._attempt_order(method, request, then, deadline, question)

            if not self._retries.after(PAUSE, retry):
                then(why)

        try:
            member, call = self._call(method)
            left = deadline - time.monotonic()
            future = call.future(
                request, timeout=max(0.1, min(left, self._attempt()) if question else left), metadata=token
            )
        except (Unavailable, ValueError) as error:  # ValueError: gRPC's for a closed channel
            then(Failure(FailureKind.NOT_DONE, str(error)))
            return
        future.add_done_callback(finished)

    def _learn(self, found: Failure, member: str, token: Metadata) -> None:
        self._turn_from(found, member)
        if found.meaning is FailureKind.NOT_KNOWN and self._options.username:
            try:
                self._log_in(token)
            except Unavailable as error:
                log.warning("%s", error)

    def _turn_from(self, found: Failure, member: str) -> None:
        """Use the next member from now on, unless another thread has switched already."""
        members = self._options.members
        with self._lock:
            if found.meaning in ELSEWHERE and members[self._current] == member and len(members) > 1:
                self._current = (self._current + 1) % len(members)
                log.warning("turning from etcd member %s to %s: %s", member, members[self._current], found)

    def _channel(self) -> tuple[str, grpc.Channel]:
        with self._lock:
            if self._closed:
                raise Unavailable("the store is closed")
            member = self._options.members[self._current]
            channel = self._channels.get(member)
            if channel is None:
                channel = self._channels[member] = self._connect(member)
            return member, channel

    def _call(self, method: str) -> tuple[str, Any]:
        member, channel = self._channel()
        call = self._calls.get((member, method))
        if call is None:
            call = self._calls[member, method] = channel.unary_unary(method)
        return member, call

    def _connect(self, member: str) -> grpc.Channel:
        if self._credentials is None:
            return grpc.insecure_channel(member, options=CHANNEL)
        return grpc.secure_channel(member, self._credentials, options=CHANNEL)

    def _log_in(self, refused: Metadata) -> None:
        """Get a new token, unless another thread has got one since that was refused."""
        with self._login:
            if self._token != refused:
                return
            password = self._options.password
            if self._options.password_file:
                password = Path(self._options.password_file).read_text().strip()
            request = authenticate_request(self._options.username, password)
            for place in _turns(len(self._options.members)):
                member, call = self._call(AUTHENTICATE)
                try:
                    token = read_token(call(request, timeout=self._attempt()))
                    self._token = (("token", token),)
                    return
                except grpc.RpcError as error:
                    found = failure(error)
                    if "authentication is not enabled" in str(found):
                        self._token = ()
                        return
                    self._turn_from(found, member)
                    if place == 0 or found.meaning not in ELSEWHERE:
                        raise Unavailable(f"etcd: cannot log in as {self._options.username}: {found}") from error


def _turns(count: int) -> Iterator[int]:
    """How many more turns follow: two rounds."""
    return iter(range(2 * count - 1, -1, -1))


def _credentials(options: Options) -> grpc.ChannelCredentials | None:
    if not options.ca:
        return None
    try:
        ca, key, cert = (Path(path).read_bytes() if path else None for path in (options.ca, options.key, options.cert))
    except OSError as error:
        raise ConfigError(f"store: {error}") from None
    return grpc.ssl_channel_credentials(ca, key, cert)
