"""Calls the application for each request and implements the handoffs: Parked, Hijacked, Offloaded.

Knows nothing of how requests are read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import Any

from sampan_http.answers import Answer, answer_headers, status_line
from sampan_http.channel import OUT, PEER_CLOSED, READ
from sampan_http.connection import AWAY, BUSY, CLOSED, HEAD, Connection
from sampan_http.handoff import Hijacked, Offloaded, Outcome, Parked
from sampan_http.heads import Environ
from sampan_http.hijacked import HijackedConnection
from sampan_http.streams import PrereadSocket, close_body, stream_body, with_first_piece
from sampan_http.tls import send_close_notify

log = logging.getLogger(__name__)

_LATE_STREAM = 1.0  # seconds until a stream ends that begins while the server drains

Header = tuple[str, str]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
Handoff = Parked | Hijacked | Offloaded


class StartResponse:
    """WSGI's start_response; stores its arguments."""

    __slots__ = ("headers", "status", "written")

    def __init__(self) -> None:
        self.status = ""
        self.headers: Sequence[Header] = ()
        self.written: list[bytes] = []

    def __call__(
        self, status: str, headers: Sequence[Header], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        if self.status and exc_info is None:
            raise AssertionError("start_response was called before")
        self.status, self.headers = status, headers
        return self.written.append


class Resume:
    """The callback of a parked request; may be called from any thread, once."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Exchange) -> None:
        self._exchange: Exchange | None = exchange

    def __call__(self, outcome: Outcome) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            log.error("a parked request was resumed twice")
            return
        exchange.loop.call_soon(partial(exchange.resumed, outcome))


class Exchange(Connection):
    """A connection whose requests go to the application."""

    __slots__ = ("stream",)

    stream: object  # the iterator body that a pool thread sends

    def serve(self, environ: Environ) -> bool:
        context = self.context
        context.served += 1
        if context.access is not None:
            self.environ, self.since = environ, context.loop.now
        start = StartResponse()
        try:
            result = context.app(environ, start)
        except (Parked, Hijacked, Offloaded) as handoff:
            return self._hand_off(handoff)
        except Exception:
            log.exception("%s %s failed", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            return self.reply(context.refuse(500, "internal error"))
        return self._respond(start, result)

    def reply(self, answer: Answer) -> bool:
        headers = answer_headers(answer)
        if isinstance(answer.body, (bytes, bytearray)):
            return self._send_whole(status_line(answer.status), headers, answer.body)
        return self._send_stream(status_line(answer.status), headers, answer.body)

    def resumed(self, outcome: Outcome) -> None:
        """Send the outcome of a parked or offloaded request. The outcome is called even if the client has gone."""
        try:
            answer = outcome()
        except (Parked, Hijacked, Offloaded) as handoff:
            self._hand_off(handoff)
            return
        except Exception as error:
            answer = self._failure(error, "an outcome failed")
        if self.state == CLOSED:
            close_body(answer.body)
        elif self.reply(answer):
            self.continue_reading()

    def client_left(self) -> None:
        """Call the iterator body's ``cancel()`` if it has one; else the thread notices at its next write."""
        self.loop.forget(self.fd)
        self.mask = 0
        cancel = getattr(self.stream, "cancel", None)
        if cancel is not None:
            cancel()

    # -- answers

    def _respond(self, start: StartResponse, result: Iterable[bytes]) -> bool:
        if isinstance(result, (list, tuple)):
            body = result[0] if len(result) == 1 and not start.written else b"".join((*start.written, *result))
            close_body(result)
            return self._send_whole(start.status, start.headers, body)
        if not start.status:
            self.state = BUSY
            self.context.pool.submit(partial(self._pull, start, result))
            return False
        if start.written:
            result = with_first_piece(b"".join(start.written), iter(result), result)
        return self._send_stream(start.status, start.headers, result)

    def _pull(self, start: StartResponse, result: Iterable[bytes]) -> None:
        """On the pool: an application that calls start_response only when its body is iterated (PEP 3333)."""
        try:
            rest = iter(result)
            first = next(rest, b"")
            if not start.status:
                raise AssertionError("start_response was not called")
        except Exception:
            log.exception("an application failed before its answer began")
            close_body(result)
            self.loop.call_soon(partial(self.resumed, self._internal_error))
            return
        self.loop.call_soon(partial(self._pulled, start, with_first_piece(first, rest, result)))

    def _pulled(self, start: StartResponse, body: Iterator[bytes]) -> None:
        if self.state == CLOSED:
            close_body(body)
        elif self._respond(start, body):
            self.continue_reading()

    def _send_whole(self, status: str, headers: Sequence[Header], body: bytes) -> bool:
        try:
            head, _, keep = self.context.response_heads.encode(
                status,
                headers,
                None if self.bodyless and not body else len(body),
                minor=self.minor,
                keep=self._may_keep_alive(),
            )
        except ValueError:
            log.exception("an answer cannot be sent")
            return self._send_whole(*self._internal_error_parts())
        self.keep = keep
        if self.context.access is not None:
            self._log(status, headers, len(body))
        return self.send(head, b"" if self.bodyless else body)

    def _send_stream(self, status: str, headers: Sequence[Header], body: Iterable[bytes]) -> bool:
        try:
            head, chunked, keep = self.context.response_heads.encode(
                status, headers, None, minor=self.minor, keep=self._may_keep_alive()
            )
        except ValueError:
            log.exception("an answer cannot be sent")
            close_body(body)
            return self._send_whole(*self._internal_error_parts())
        self.keep = keep
        if self.context.access is not None:
            self._log(status, headers, 0)
        if self.bodyless:
            close_body(body)
            return self.send(head, b"")
        self.state = AWAY
        self.stream = body
        self.loop.wheel.drop(self)
        self.set_events(PEER_CLOSED)
        self.context.pool.submit(partial(self._stream, head, body, chunked))
        return False

    def _stream(self, head: bytes, body: Iterable[bytes], chunked: bool) -> None:
        """On the pool."""
        sent = stream_body(self.sock, head, body, chunked=chunked, stall=self.stall)
        self.loop.call_soon(partial(self._returned, sent))
        if self.loop.closed:
            self.sock.close()

    def _returned(self, sent: bool) -> None:
        """The pool thread has finished with the socket."""
        self.stream = None
        self.state = HEAD
        if not sent:
            self.close()
            return
        self.sock.setblocking(False)
        if self.mask:
            self.set_events(READ)
        else:
            self.mask = READ
            self.loop.watch(self.fd, READ, self)
        if self.written():
            self.requests()

    def _may_keep_alive(self) -> bool:
        return self.keep and not self.context.stopping

    def _log(self, status: str, headers: Sequence[Header], size: int) -> None:
        environ, self.environ = self.environ, None
        if environ is not None and self.context.access is not None:
            self.context.access(environ, status, headers, size, self.seconds())

    # -- handoffs

    def _hand_off(self, handoff: Handoff) -> bool:
        handoff.__traceback__ = None  # its frames keep the request alive
        if isinstance(handoff, Parked):
            return self._park(handoff)
        if self.state == CLOSED:
            return False
        if isinstance(handoff, Hijacked):
            return self._hijack(handoff.take)
        if handoff.run_raw is not None:
            return self._give_socket(handoff.run_raw)
        context = self.context
        if handoff.heavy and context.heavy.waiting() >= context.limits.heavy_waiting:
            return self.reply(context.refuse(429, "too many large requests wait already; try again", retry_after=1))
        self.state = BUSY
        self.deadline = 0.0
        pool = context.heavy if handoff.heavy else context.pool
        pool.submit(partial(self._work, handoff.run or _nothing_to_run))
        return False

    def _park(self, parked: Parked) -> bool:
        if self.state != CLOSED:
            self.state = BUSY
            self.deadline = 0.0
        resume = Resume(self)
        try:
            parked.begin(resume)
        except Exception as error:
            answer = self._failure(error, "a request could not be parked")
            resume(lambda: answer)
        return False

    def _hijack(self, take: Callable[[Any], None]) -> bool:
        """Replace this object by a HijackedConnection, which uses less memory."""
        context, sock, early = self.context, self.sock, self.buffer
        if context.access is not None:
            self._log("200 OK", (), 0)
        self.set_events(self.mask & ~OUT)
        self.loop.wheel.drop(self)
        hijacked = HijackedConnection(self.loop, sock, self.mask, self.stall, context.ended)
        hijacked.set_events(READ)
        self.loop.hand_to(self.fd, hijacked)
        self.state = CLOSED
        self._release()
        self.buffer, self.environ = b"", None
        context.clients.discard(self)
        context.clients.add(hijacked)
        try:
            take(hijacked)
        except Exception:
            log.exception("a connection could not be hijacked")
            hijacked.abort()
        if early and hijacked.on_data is not None:
            hijacked.on_data(early)
        if context.has_successor:
            context.loop.call_later(_LATE_STREAM, hijacked.drain)
        elif context.stopping:
            hijacked.drain()
        return False

    def _give_socket(self, run_raw: Callable[[object], None]) -> bool:
        """Give the socket to a pool thread; the connection is closed when ``run_raw`` returns."""
        early, self.buffer = self.buffer, b""
        self.state = AWAY
        self.release()
        self.mask = 0
        self.stream = None
        self.context.pool.submit(partial(self._raw, run_raw, early))
        return False

    def _raw(self, run_raw: Callable[[object], None], early: bytes) -> None:
        """On the pool."""
        try:
            self.sock.settimeout(None)
            run_raw(PrereadSocket(self.sock, early) if early else self.sock)
        except OSError as error:
            log.debug("a raw connection ended: %s", error)
        except Exception:
            log.exception("a raw connection failed")
        finally:
            send_close_notify(self.sock)
            self.loop.call_soon(self._raw_done)
            if self.loop.closed:
                self.sock.close()

    def _raw_done(self) -> None:
        self.state = HEAD
        self.close()

    def _internal_error(self) -> Answer:
        return self.context.refuse(500, "internal error")

    def _internal_error_parts(self) -> tuple[str, list[Header], bytes]:
        answer = self._internal_error()
        assert isinstance(answer.body, bytes)
        return status_line(500), answer_headers(answer), answer.body

    def _failure(self, error: Exception, words: str) -> Answer:
        """The answer for an error outside the WSGI call; logged if the application has no answer for it."""
        answer = self.context.answer_error(error)
        if answer is None:
            log.error(words, exc_info=error)
        return answer or self._internal_error()

    def _work(self, run: Callable[[], Answer]) -> None:
        """On the pool; the result is handed to the loop."""
        try:
            answer = run()
        except BaseException as error:
            self.loop.call_soon(partial(self.resumed, partial(_raise, error)))
        else:
            self.loop.call_soon(partial(self.resumed, lambda: answer))


def _raise(error: BaseException) -> Answer:
    raise error


def _nothing_to_run() -> Answer:
    raise ValueError("Offloaded without run or run_raw")
