"""One HTTP/1 connection on the loop: reads requests, asks the application, writes answers, in order.

While a request is answered elsewhere (parked, on the pool) nothing more is read. Leaving HTTP is in exchange.py's
hands; this file must not know what the application does.
"""

from __future__ import annotations

import socket
import ssl
import time
from io import BytesIO
from typing import Any

from sampan_http.answers import CONTINUE, Answer
from sampan_http.bodies import Body, Chunked, Counted, too_large
from sampan_http.channel import GONE, IN, LEFT, NOT_NOW, OUT, READ, RECEIVE, Channel
from sampan_http.heads import CHUNKED, Environ
from sampan_http.refusals import Refused
from sampan_http.service import Service
from sampan_http.tls import say_goodbye

#: What a connection is doing. AWAY: a pool thread owns the socket. LINGER: refused, the rest is thrown away.
HANDSHAKE, HEAD, BODY, BUSY, AWAY, LINGER, CLOSED = range(7)

_END = b"\r\n\r\n"


class Connection(Channel):
    """The reading and writing half; ``serve`` and ``reply`` come from Exchange."""

    __slots__ = ("account", "bare", "base", "body", "buffer", "environ", "keep", "minor", "received", "refused",
                 "reserved", "scanned", "service", "since", "started", "state")  # fmt: skip

    def __init__(self, service: Service, sock: socket.socket, base: Environ) -> None:
        super().__init__(service.loop, sock, service.limits.write_seconds)
        self.service = service
        self.base = base
        self.buffer = b""
        self.scanned = 0  # bytes of the buffer known to hold no end of a head
        self.body: Body | None = None
        self.environ: Environ | None = None  # while its body is read, and where access is logged until it is answered
        self.minor = 1
        self.keep = True
        self.bare = False  # HEAD: the answer has no body
        self.refused = False
        self.since = 0.0
        self.account = ""  # who the body counts for
        self.reserved = 0  # bytes of the body budget; until the request is answered
        self.started = 0.0  # when the head of the present body came
        self.received = 0  # bytes of it
        self.state = HANDSHAKE if isinstance(sock, ssl.SSLSocket) else HEAD
        self.loop.watch(self.fd, READ, self)
        self.loop.wheel.put(self, self.loop.now + service.limits.head_seconds)

    # -- for Exchange to fill in

    def serve(self, environ: Environ) -> bool:
        """Ask the application; True when the answer is sent and the next request may come."""
        raise NotImplementedError

    def reply(self, answer: Answer) -> bool:
        """Send an Answer; True as in serve."""
        raise NotImplementedError

    def client_left(self) -> None:
        """The peer went while a pool thread owns the socket."""
        raise NotImplementedError

    # -- events

    def on_events(self, mask: int) -> None:
        state = self.state
        if state in (HEAD, BODY) and mask & IN and not self.queue:
            self._receive()
        elif state == AWAY:
            self.client_left()
        elif mask & GONE:
            self.close()
        elif state == HANDSHAKE:
            self._shake_hands()
        else:
            if mask & OUT:
                self._flush()
            if mask & READ and self.state not in (CLOSED, AWAY):
                self._not_expected()

    def expire(self, now: float) -> None:
        """A deadline passed: say so where a request has begun, else just close."""
        if self.queue or self.state in (HANDSHAKE, LINGER) or (self.state == HEAD and not self.buffer):
            self.close()
        elif self.state == HEAD:
            self._refuse(Refused(408, "the request head did not arrive in time"))
        elif self.state == BODY:
            self._refuse(Refused(408, "the request body did not arrive in time"))

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        if self.state == AWAY:
            self.keep = False
            try:
                self.sock.shutdown(socket.SHUT_RDWR)  # wakes the thread; closing is left to it
            except OSError:
                return
        else:
            self.close()

    def retire(self) -> None:
        if self.state == HEAD and not self.buffer and not self.queue:
            self._receive()  # a request may have come just now; it is answered, and the connection ends with it
        if self.state == HANDSHAKE or (self.state == HEAD and not self.buffer and not self.queue):
            self.close(politely=True)

    def close(self, *, politely: bool = False) -> None:
        if self.state == CLOSED:
            return
        self.state = CLOSED
        self.shut(politely=politely)
        self._release()
        self.buffer = b""
        self.body = self.environ = None
        self.service.ended(self)

    # -- reading

    def continue_reading(self) -> None:
        """The answer to a waiting request is out: on with what came meanwhile."""
        self.want(READ)
        self.requests()

    def requests(self) -> None:
        """Answer what is in the buffer, a few requests at a time."""
        if self.state != HEAD or self.queue:
            return
        for _ in range(self.service.limits.requests_per_turn):
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
            self.want(self.mask | OUT)
            return
        except NOT_NOW:
            return
        except OSError:
            data = b""
        if not data:
            self.close(politely=True)
        elif self.state == BODY:
            if self._feed(data):
                self.requests()
        else:
            self.buffer = self.buffer + data if self.buffer else data
            self.requests()

    def _next(self) -> bool:
        """One request out of the buffer; False when there is no more to do now."""
        if self.reserved:
            self._release()
        buffer = self.buffer
        if not buffer:
            self._idle()
            return False
        end = buffer.find(_END, self.scanned)
        if end < 0 or end > self.service.limits.head_bytes:
            self._incomplete(end)
            return False
        end += 4
        if end == len(buffer):
            head, self.buffer = buffer, b""
        else:
            head, self.buffer = buffer[:end], buffer[end:]
        self.scanned = 0
        heads = self.service.heads
        try:
            environ = heads.parse(head.removeprefix(b"\r\n"), self.base)
            self.minor, self.keep = heads.minor, heads.keep
            self.bare = environ["REQUEST_METHOD"] == "HEAD"
            if heads.length:
                return self._begin_body(environ)
        except Refused as refused:
            self._refuse(refused)
            return False
        environ["wsgi.input"] = BytesIO()
        return self.serve(environ)

    def _incomplete(self, end: int) -> None:
        """A head that is not there yet, or never will be."""
        buffer = self.buffer
        if len(buffer) > self.service.limits.head_bytes or end > 0:
            self._refuse(Refused(431, f"request head larger than {self.service.limits.head_bytes} bytes"))
        elif b"\n" in buffer.replace(b"\r\n", b""):
            self._refuse(Refused(400, "lines of a request head end with CR LF"))
        else:
            if not self.scanned:
                self.loop.wheel.put(self, self.loop.now + self.service.limits.head_seconds)
            self.scanned = max(1, len(buffer) - 3)

    def _begin_body(self, environ: Environ) -> bool:
        heads, limits = self.service.heads, self.service.limits
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
        """Whether a body that is not here yet will be read: the application and the budget decide by the head."""
        service = self.service
        refusal, self.account = service.inspect(environ)
        if refusal is not None:
            self._turn_away(refusal)
            return False
        self.started, self.received = self.loop.now, 0
        if length > service.limits.body_bytes:
            raise too_large(service.limits.body_bytes)
        self._reserve(max(length, 0))
        return True

    def _reserve(self, size: int) -> None:
        if size > 0:
            if not self.service.bodies.reserve(self.account, size):
                raise Refused(429, "too many large request bodies are on their way; try again", retry_after=1)
            self.reserved += size

    def _release(self) -> None:
        if self.reserved:
            self.service.bodies.release(self.account, self.reserved)
            self.reserved = 0

    def _feed(self, data: bytes) -> bool:
        """More of a body; True as in ``_next``."""
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
        """When the next bytes of the body must have come."""
        limits = self.service.limits
        rate = self.started + limits.body_grace_seconds + self.received / limits.body_rate
        return min(self.loop.now + limits.body_seconds, self.started + limits.body_total_seconds, rate)

    def _idle(self) -> None:
        if self.state == HEAD:
            self.loop.wheel.put(self, self.loop.now + self.service.limits.idle_seconds)

    def _not_expected(self) -> None:
        """Bytes, or the peer's end, while nothing can be read: look again later. LINGER reads to throw away."""
        if self.state != LINGER:
            self.want(self.mask & ~READ)
            return
        try:
            if not self.sock.recv(RECEIVE):
                self.close()
        except NOT_NOW:
            return
        except OSError:
            self.close()

    def _shake_hands(self) -> None:
        sock: Any = self.sock
        try:
            sock.do_handshake()
        except ssl.SSLWantReadError:
            self.want(READ)
        except ssl.SSLWantWriteError:
            self.want(OUT | LEFT)
        except (OSError, ValueError):  # not TLS, a certificate of somebody else's, gone
            self.close()
        else:
            self.base["sampan.peer_certificate"] = sock.getpeercert(binary_form=True)
            self.state = HEAD
            self.want(READ)

    # -- writing

    def send(self, head: bytes, body: bytes) -> bool:
        """Send a whole answer in one go; True when it is out and the next request may come."""
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
        """An answer is out: True when the next request may come, else the connection ends.

        While the server stops patiently, one that was promised another request waits for it.
        """
        service = self.service
        if self.keep and (service.patient or not service.stopping):
            self.state = HEAD
            return True
        if self.refused or service.patient:
            self._linger()
        else:
            self.close(politely=True)
        return False

    def _flush(self) -> None:
        if not self.queue:  # TLS had to write before it could read
            self.want(READ)
        elif not self.flush():
            self.close()
        elif not self.queue:
            self.want(READ)
            if self.state == BODY:  # it was the 100 Continue
                self.loop.wheel.put(self, self._body_deadline())
            elif self.written():
                self.requests()

    def _refuse(self, refused: Refused) -> None:
        self._turn_away(self.service.refuse(refused.code, refused.message, retry_after=refused.retry_after))

    def _turn_away(self, answer: Answer) -> None:
        """Answer without reading further; the connection ends with it."""
        self._release()
        self.keep = self.bare = False
        self.refused = True
        self.body = self.environ = None
        self.minor = 1
        self.state = HEAD
        self.buffer = b""
        self.reply(answer)

    def _linger(self) -> None:
        """Let the client read the refusal: closing with its bytes unread would reset the connection."""
        self.state = LINGER
        self.buffer = b""
        self.want(READ)
        try:
            say_goodbye(self.sock)
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.close()
            return
        self.loop.wheel.put(self, self.loop.now + self.service.limits.linger_seconds)

    def seconds(self) -> float:
        """Since the application got the request; only meaningful where access is logged."""
        return time.monotonic() - self.since
