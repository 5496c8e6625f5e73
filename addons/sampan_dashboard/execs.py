"""Terminals: a WebSocket to a container for each, whose output the browser reads as server-sent events.

The API server is spoken to by v5.channel.k8s.io, the browser by forms and a stream, so that one CSRF check covers both.
Source: KEP-4006 (WebSockets for exec), RFC 6455.
"""

from __future__ import annotations

import codecs
import json
import logging
import secrets
import select
import socket
import ssl
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import wsproto
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
)  # fmt: skip

from sampan.errors import BadGateway, TooManyRequests, from_status
from sampan_client.http import tls_context
from sampan_client.hub import start_thread
from sampan_client.kubeconfig import Config
from sampan_dashboard.feeds import sse
from sampan_dashboard.plaintext import plain

log = logging.getLogger(__name__)

PROTOCOL = "v5.channel.k8s.io"
STDIN, STDOUT, STDERR, ERROR, RESIZE = range(5)
MOST = 8  # terminals of one session
MOST_WAITING = 64 * 1024  # bytes of output before a browser listens
LONGEST_INPUT = 4096  # characters of one line
CONNECT_SECONDS = 15.0
JOIN_SECONDS = 30.0  # in which a browser must come for the output
#: A terminal that asks for no colours: what it sends is shown as text.
SHELL = ("sh", "-c", "TERM=dumb; export TERM; exec sh")
#: One that knows the cursor and colours, for xterm.js; bash where the image has it.
FULL_SHELL = ("sh", "-c", "TERM=xterm-256color; export TERM; command -v bash >/dev/null && exec bash; exec sh")
MOST_CELLS = 1000  # columns, or rows

Send = Callable[[bytes], None]


class Terminal:
    """One process in a container. Output that comes before a listener waits for it, up to a limit."""

    def __init__(self, sock: socket.socket, connection: wsproto.WSConnection, *, full: bool = False) -> None:
        """``full``: control sequences are passed on, for a page that is a terminal and not text."""
        self.id = secrets.token_urlsafe(24)
        self._sock, self._connection = sock, connection
        # Parts of a character may come in two messages. Errors of the shell go the same way: a terminal has one stream.
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._full = full
        sock.setblocking(False)
        self._lock = threading.Lock()  # of the socket
        self._sending = threading.Lock()  # held for one message
        self._telling = threading.Lock()  # of what waits
        self._send: Send | None = None
        self._waiting = b""
        self.ended = threading.Event()
        self._timer = threading.Timer(JOIN_SECONDS, self._give_up)
        self._timer.daemon = True

    def start(self) -> None:
        self._timer.start()
        start_thread(self._read, "dashboard terminal")

    def listen(self, send: Send) -> Callable[[], None]:
        """Send what comes from now on, and what waits; the terminal ends when its listener goes."""
        self._timer.cancel()
        with self._telling:
            waiting, self._waiting, self._send = self._waiting, b"", send
        if waiting:
            send(waiting)
        return self.close

    def write(self, text: str) -> None:
        """What the user typed. Raises OSError once the process has gone."""
        self._transmit(BytesMessage(bytes([STDIN]) + text[:LONGEST_INPUT].encode()))

    def resize(self, columns: int, rows: int) -> None:
        """Raises OSError once the process has gone."""
        size = {"Width": max(1, min(columns, MOST_CELLS)), "Height": max(1, min(rows, MOST_CELLS))}
        self._transmit(BytesMessage(bytes([RESIZE]) + json.dumps(size).encode()))

    def close(self) -> None:
        self.ended.set()
        self._timer.cancel()
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("dashboard: a terminal was closed already")

    def _give_up(self) -> None:
        if self._send is None:
            self.close()

    def _transmit(self, event: BytesMessage | Pong) -> None:
        """All of it, while the reader goes on between the parts: OpenSSL allows one thread at a time."""
        with self._sending:
            data = memoryview(self._connection.send(event))
            while data:
                try:
                    with self._lock:
                        data = data[self._sock.send(data) :]
                except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    self._wait(select.POLLOUT)

    def _receive(self) -> bytes | None:
        """What there is, b"" at the end, None for nothing yet."""
        try:
            with self._lock:
                return self._sock.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            self._wait(select.POLLIN)
            return None

    def _wait(self, what: int) -> None:
        poll = select.poll()
        poll.register(self._sock, what)
        poll.poll(1000)

    def _read(self) -> None:
        try:
            while not self.ended.is_set():
                data = self._receive()
                if data is None:
                    continue
                self._connection.receive_data(data or None)
                for event in self._connection.events():
                    self._meet(event)
                if not data:
                    break
        except (OSError, ValueError, wsproto.utilities.ProtocolError) as error:
            log.debug("dashboard: a terminal broke: %s", error)
        finally:
            self.ended.set()
            self._timer.cancel()
            self._tell(sse("end", {"text": ""}))
            with self._sending, self._lock:
                self._sock.close()

    def _meet(self, event: Event) -> None:
        if isinstance(event, BytesMessage):
            self._take(bytes(event.data))
        elif isinstance(event, Ping):
            self._transmit(event.response())
        elif isinstance(event, CloseConnection):
            self.ended.set()

    def _take(self, data: bytes) -> None:
        channel, content = data[:1], data[1:]
        if not content:
            return
        if channel == bytes([ERROR]):
            self._tell(sse("end", {"text": outcome(content)}))
        elif channel in (bytes([STDOUT]), bytes([STDERR])):
            text = self._decode(content)
            self._tell(sse("output", {"text": text if self._full else plain(text)}))

    def _tell(self, event: bytes) -> None:
        with self._telling:
            send = self._send
            if send is None:
                self._waiting = (self._waiting + event)[:MOST_WAITING]
                return
        send(event)


class Terminals:
    """Those of one session."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._terminals: dict[str, Terminal] = {}

    def add(self, make: Callable[[], Terminal]) -> Terminal:
        with self._lock:
            self._terminals = {id: each for id, each in self._terminals.items() if not each.ended.is_set()}
            if len(self._terminals) >= MOST:
                raise TooManyRequests(f"at most {MOST} terminals at one time: close one")
            terminal = make()
            self._terminals[terminal.id] = terminal
        terminal.start()
        return terminal

    def find(self, id: str) -> Terminal | None:
        return self._terminals.get(id)

    def close(self) -> None:
        with self._lock:
            terminals, self._terminals = list(self._terminals.values()), {}
        for terminal in terminals:
            terminal.close()


def outcome(content: bytes) -> str:
    """How the process ended, in words; "" for well."""
    try:
        status = json.loads(content)
    except ValueError:
        return plain(content.decode("utf-8", "replace"))
    if not isinstance(status, dict) or status.get("status") == "Success":
        return ""
    return plain(str(status.get("message") or status.get("reason") or "it failed"))


def connect(config: Config, path: str, *, full: bool = False) -> Terminal:
    """Open a terminal at an exec path with its query. Raises the StatusError of a refusal, or ConnectionError."""
    url = urlsplit(config.server)
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    try:
        sock = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
    except OSError as error:
        raise ConnectionError(f"the API server at {host}:{port} cannot be reached: {error}") from error
    try:
        if url.scheme == "https":
            sock = tls_context(config).wrap_socket(sock, server_hostname=config.tls_server_name or host)
        terminal = Terminal(
            sock, shake_hands(sock, host, url.path.rstrip("/") + path, config.authorization()), full=full
        )
    except OSError as error:
        sock.close()
        raise ConnectionError(f"the terminal cannot be opened: {error}") from error
    except BaseException:
        sock.close()
        raise
    return terminal


def shake_hands(sock: socket.socket, host: str, target: str, authorization: str) -> wsproto.WSConnection:
    """The opened WebSocket; raises what the server answers instead."""
    connection = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
    headers = [(b"Authorization", authorization.encode())] if authorization else []
    sock.sendall(
        connection.send(Request(host=host, target=target, subprotocols=[PROTOCOL], extra_headers=headers))
    )  # fmt: skip
    refusal, body = 0, b""
    while True:
        data = sock.recv(65536)
        if not data:
            raise BadGateway("the API server closed the connection")
        connection.receive_data(data)
        for event in connection.events():
            if isinstance(event, AcceptConnection):
                return connection
            if isinstance(event, RejectConnection):
                refusal = event.status_code
                if not event.has_body:
                    raise from_status(refusal, {})
            elif isinstance(event, RejectData):
                body += bytes(event.data)
                if event.body_finished:
                    raise from_status(refusal, status_of(body))


def status_of(body: bytes) -> dict[str, object]:
    """The Status of a refusal; the text itself as its message where it is none."""
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"message": plain(body[:1000].decode("utf-8", "replace"))}
