"""One HTTP/1 connection on the loop: reads requests, calls the application, writes answers, in order.

While a request is parked or on the pool, nothing more is read. Handoffs are in exchange.py; this file must not know
what the application does.
"""

from __future__ import annotations

import socket
import ssl
import time
from io import BytesIO
from typing import Any

from sampan_http.answers import CONTINUE, Answer
from sampan_http.bodies import Body, Chunked, Counted, too_large
from sampan_http.channel import DISCONNECTED, IN, OUT, PEER_CLOSED, READ, RECEIVE, WOULD_BLOCK, Channel
from sampan_http.context import ServerContext
from sampan_http.heads import CHUNKED, Environ
from sampan_http.refusals import Refused
from sampan_http.tls import send_close_notify

#: State of a connection. AWAY: a pool thread owns the socket. LINGER: refused; further input is discarded.
HANDSHAKE, HEAD, BODY, BUSY, AWAY, LINGER, CLOSED = range(7)

_END = b"\r\n\r\n"


class Connection(Channel):
    """Reads requests and writes answers; ``serve`` and ``reply`` are implemented by Exchange."""

    __slots__ = (
        "account",
        "base",
        "body",
        "bodyless",
        "buffer",
        "context",
        "environ",
        "keep",
        "minor",
        "received",
        "refused",
        "reserved",
        "scanned",
        "since",
        "started",
        "state",
    )  # fmt: skip

    def __init__(self, context: ServerContext, sock: socket.socket, base: Environ) -> None:
        super().__init__(context.loop, sock, context.limits.write_seconds)
        self.context = context
        self.base = base
        self.buffer = b""
        self.scanned = 0  # bytes of the buffer already searched for the end of a head
        self.body: Body | None = None
        self.environ: Environ | None = None  # set while the body is read; with an access log, until the answer
        self.minor = 1
        self.keep = True
        self.bodyless = False  # a HEAD request: the answer has no body
        self.refused = False
        self.since = 0.0
        self.account = ""  # the account that the body is counted for
        self.reserved = 0  # bytes of the body budget, until the request is answered
        self.started = 0.0  # when the head of the current body arrived
        self.received = 0  # bytes of the current body
        self.state = HANDSHAKE if isinstance(sock, ssl.SSLSocket) else HEAD
        self.loop.watch(self.fd, READ, self)
        self.loop.wheel.put(self, self.loop.now + context.limits.head_seconds)

    # -- implemented by Exchange

    def serve(self, environ: Environ) -> bool:
        """Call the application. Returns True when the answer is sent and the next request may be read."""
        raise NotImplementedError

    def reply(self, answer: Answer) -> bool:
        """Send an Answer. Returns as ``serve`` does."""
        raise NotImplementedError

    def client_left(self) -> None:
        """The peer closed the connection while a pool thread owns the socket."""
        raise NotImplementedError

    # -- events

    def on_events(self, mask: int) -> None:
        state = self.state
        if state in (HEAD, BODY) and mask & IN and not self.queue:
            self._receive()
        elif state == AWAY:
            self.client_left()
        elif mask & DISCONNECTED:
            self.close()
        elif state == HANDSHAKE:
            self._handshake()
        else:
            if mask & OUT:
                self._flush()
            if mask & READ and self.state not in (CLOSED, AWAY):
                self._not_expected()

    def expire(self, now: float) -> None:
        """A deadline passed: answer 408 if a request has begun, else only close."""
        if self.queue or self.state in (HANDSHAKE, LINGER) or (self.state == HEAD and not self.buffer):
            self.close()
        elif self.state == HEAD:
            self._refuse(Refused(408, "the request head did not arrive in time"))
        elif self.state == BODY:
            self._refuse(Refused(408, "the request body did not arrive in time"))

    def abort(self) -> None:
        """Close at once, also with a request in flight."""
        if self.state == AWAY:
            self.keep = False
            try:
                self.sock.shutdown(socket.SHUT_RDWR)  # wakes the thread, which closes the socket
            except OSError:
                return
        else:
            self.close()

    def drain(self) -> None:
        if self.state == HEAD and not self.buffer and not self.queue:
            self._receive()  # a request may have arrived just now: it is answered before the connection is closed
        if self.state == HANDSHAKE or (self.state == HEAD and not self.buffer and not self.queue):
            self.close(close_notify=True)

    def close(self, *, close_notify: bool = False) -> None:
        if self.state == CLOSED:
            return
        self.state = CLOSED
        self.close_socket(close_notify=close_notify)
        self._release()
        self.buffer = b""
        self.body = self.environ = None
        self.context.ended(self)

    # -- reading

    def continue_reading(self) -> None:
        """The answer to a handed-off request has been sent: process what arrived in the meantime."""
        self.set_events(READ)
        self.requests()

    def requests(self) -> None:
        """Answer the requests in the buffer, a few per turn of the loop."""
        if self.state != HEAD or self.queue:
            return
        for _ in range(self.context.limits.requests_per_turn):
            if not self._next():
                return
        if self.buffer:
            self.loop.call_soon(self.requests)
        else:
            self._idle()

    def _receive(self) -> None:
        try:
            data = self.sock.recv(RECEIVE)
        except ssl.SSLWantWriteError:
            self.set_events(self.mask | OUT)
            return
        except WOULD_BLOCK:
            return
        except OSError:
            data = b""
        if not data:
            self.close(close_notify=True)
        elif self.state == BODY:
            if self._feed(data):
                self.requests()
        else:
            self.buffer = self.buffer + data if self.buffer else data
            self.requests()

    def _next(self) -> bool:
        """Process one request of the buffer. Returns False if nothing more can be done now."""
        if self.reserved:
            self._release()
        buffer = self.buffer
        if not buffer:
            self._idle()
            return False
        end = buffer.find(_END, self.scanned)
        if end < 0 or end > self.context.limits.head_bytes:
            self._incomplete(end)
            return False
        end += 4
        if end == len(buffer):
            head, self.buffer = buffer, b""
        else:
            head, self.buffer = buffer[:end], buffer[end:]
        self.scanned = 0
        heads = self.context.heads
        try:
            environ = heads.parse(head.removeprefix(b"\r\n"), self.base)
            self.minor, self.keep = heads.minor, heads.keep
            self.bodyless = environ["REQUEST_METHOD"] == "HEAD"
            if heads.length:
                return self._begin_body(environ)
        except Refused as refused:
            self._refuse(refused)
            return False
        environ["wsgi.input"] = BytesIO()
        return self.serve(environ)

    def _incomplete(self, end: int) -> None:
        """The buffer holds no complete head: refuse it if it is too large or malformed, else wait."""
        buffer = self.buffer
        if len(buffer) > self.context.limits.head_bytes or end > 0:
            self._refuse(Refused(431, f"request head larger than {self.context.limits.head_bytes} bytes"))
        elif b"\n" in buffer.replace(b"\r\n", b""):
            self._refuse(Refused(400, "lines of a request head end with CR LF"))
        else:
            if not self.scanned:
                self.loop.wheel.put(self, self.loop.now + self.context.limits.head_seconds)
            self.scanned = max(1, len(buffer) - 3)

    def _begin_body(self, environ: Environ) -> bool:
        heads, limits = self.context.heads, self.context.limits
        length, expects = heads.length, heads.expects
        if (length == CHUNKED or length > len(self.buffer)) and not self._may_send_body(environ, length):
            return False
        self.body = Chunked(limits.body_bytes) if length == CHUNKED else Counted(length, limits.body_bytes)
        self.environ = environ
        self.state = BODY
        if expects and not self.buffer and not self.transmit(CONTINUE):
            self.close()
            return False
        data, self.buffer = self.buffer, b""
        return self._feed(data)

    def _may_send_body(self, environ: Environ, length: int) -> bool:
        """Whether a body that has not arrived yet will be read: the application and the budget decide by the head."""
        context = self.context
        refusal, self.account = context.inspect(environ)
        if refusal is not None:
            self._turn_away(refusal)
            return False
        self.started, self.received = self.loop.now, 0
        if length > context.limits.body_bytes:
            raise too_large(context.limits.body_bytes)
        self._reserve(max(length, 0))
        return True

    def _reserve(self, size: int) -> None:
        if size > 0:
            if not self.context.bodies.reserve(self.account, size):
                raise Refused(429, "too many large request bodies are on their way; try again", retry_after=1)
            self.reserved += size

    def _release(self) -> None:
        if self.reserved:
            self.context.bodies.release(self.account, self.reserved)
            self.reserved = 0

    def _feed(self, data: bytes) -> bool:
        """Add bytes to the body. Returns as ``_next`` does."""
        body, environ = self.body, self.environ
        assert body is not None and environ is not None
        self.received += len(data)
        try:
            rest = body.feed(data)
            self._reserve(body.size() - self.reserved if self.reserved or rest is None else 0)
        except Refused as refused:
            self._refuse(refused)
            return False
        if rest is None:
            self.loop.wheel.put(self, self._body_deadline())
            return False
        content = body.whole()
        if "wsgi.input_terminated" in environ:
            environ["CONTENT_LENGTH"] = str(len(content))
        environ["wsgi.input"] = BytesIO(content)
        self.body = self.environ = None
        self.buffer = rest
        self.state = HEAD
        return self.serve(environ)

    def _body_deadline(self) -> float:
        """When the next bytes of the body must have arrived."""
        limits = self.context.limits
        rate = self.started + limits.body_grace_seconds + self.received / limits.body_rate
        return min(self.loop.now + limits.body_seconds, self.started + limits.body_total_seconds, rate)

    def _idle(self) -> None:
        if self.state == HEAD:
            self.loop.wheel.put(self, self.loop.now + self.context.limits.idle_seconds)

    def _not_expected(self) -> None:
        """Input or an end of file that cannot be handled now: stop reading. In state LINGER, read and discard it."""
        if self.state != LINGER:
            self.set_events(self.mask & ~READ)
            return
        try:
            if not self.sock.recv(RECEIVE):
                self.close()
        except WOULD_BLOCK:
            return
        except OSError:
            self.close()

    def _handshake(self) -> None:
        sock: Any = self.sock
        try:
            sock.do_handshake()
        except ssl.SSLWantReadError:
            self.set_events(READ)
        except ssl.SSLWantWriteError:
            self.set_events(OUT | PEER_CLOSED)
        except (OSError, ValueError):  # not TLS, a certificate of another authority, peer gone
            self.close()
        else:
            self.base["sampan.peer_certificate"] = sock.getpeercert(binary_form=True)
            self.state = HEAD
            self.set_events(READ)

    # -- writing

    def send(self, head: bytes, body: bytes) -> bool:
        """Send a complete answer. Returns True when it is sent and the next request may be read."""
        if len(body) <= RECEIVE:
            alive = self.transmit(head + body)
        else:
            first = RECEIVE - len(head)
            alive = self.transmit(head + body[:first], memoryview(body)[first:])
        if not alive:
            self.close()
            return False
        if self.queue:
            self.state = HEAD
            return False
        return self.written()

    def written(self) -> bool:
        """An answer has been sent. Returns True if the next request may be read; else the connection is closed.

        While the server drains and has a successor, a connection whose last answer was keep-alive may send one more
        request.
        """
        context = self.context
        if self.keep and (context.has_successor or not context.stopping):
            self.state = HEAD
            return True
        if self.refused or context.has_successor:
            self._linger()
        else:
            self.close(close_notify=True)
        return False

    def _flush(self) -> None:
        if not self.queue:  # TLS had to write before reading
            self.set_events(READ)
        elif not self.flush():
            self.close()
        elif not self.queue:
            self.set_events(READ)
            if self.state == BODY:  # the 100 Continue was sent
                self.loop.wheel.put(self, self._body_deadline())
            elif self.written():
                self.requests()

    def _refuse(self, refused: Refused) -> None:
        self._turn_away(self.context.refuse(refused.code, refused.message, retry_after=refused.retry_after))

    def _turn_away(self, answer: Answer) -> None:
        """Answer without reading further, and close the connection afterwards."""
        self._release()
        self.keep = self.bodyless = False
        self.refused = True
        self.body = self.environ = None
        self.minor = 1
        self.state = HEAD
        self.buffer = b""
        self.reply(answer)

    def _linger(self) -> None:
        """Lingering close, so that the client can read the refusal: closing with unread input resets the connection."""
        self.state = LINGER
        self.buffer = b""
        self.set_events(READ)
        try:
            send_close_notify(self.sock)
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.close()
            return
        self.loop.wheel.put(self, self.loop.now + self.context.limits.linger_seconds)

    def seconds(self) -> float:
        """Seconds since the application was called; only valid with an access log."""
        return time.monotonic() - self.since
