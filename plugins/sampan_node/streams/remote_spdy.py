"""exec and attach over plain SPDY/3.1, as kubectl before 1.31 and many client libraries speak them.

The client opens a stream for each of error, stdin, stdout, stderr and resize; what each is for, its header streamtype
says. Source: client-go's remotecommand, protocols channel.k8s.io and v2 to v4 (meaning).
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from functools import partial

from sampan_node.streams import spdy
from sampan_node.streams.links import PlainConnection
from sampan_node.streams.remote import PARTING, STDERR, STDOUT, WITH_STATUS, ending, resize
from sampan_runtime.contracts import RuntimeFailure, Stream

log = logging.getLogger(__name__)

#: Best first.
PROTOCOLS = ("v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io")
WITH_RESIZE = PROTOCOLS[:2]
PATIENCE = 30.0  # seconds in which the client opens its streams
NAMES = {STDOUT: "stdout", STDERR: "stderr"}


class SpdySession:
    """One exec or attach. ``wanted`` are the streams that the client will open."""

    def __init__(self, connection: PlainConnection, wanted: Collection[str], protocol: str) -> None:
        self._connection, self._wanted, self._protocol = connection, frozenset(wanted), protocol
        self._frames = spdy.Frames()
        self._order = threading.Lock()  # of what is sent: header compression needs it
        self._streams: dict[str, int] = {}  # by type
        self._types: dict[int, str] = {}
        self._events = self._received()

    def serve(self, start: Callable[[], Stream]) -> None:
        """Once the client has opened its streams, start the command and carry bytes both ways until it ends or the
        client goes away. Blocks."""
        if not self._opened():
            self._connection.abandon()
            return
        try:
            stream = start()
        except RuntimeFailure as error:
            self._refuse(str(error))
            self._part()
            return
        over = threading.Event()
        reader = threading.Thread(target=self._carry_input, args=(stream, over), daemon=True)
        reader.start()
        try:
            if self._carry_output(stream):
                self._finish("error", ending(stream.exit_code(), self._protocol))
        finally:
            over.set()
            self._send(lambda: self._frames.goaway(max(self._types, default=0)))
            self._connection.close()
            reader.join(PARTING)
            self._connection.abandon()
            stream.close()
            reader.join()

    def _opened(self) -> bool:
        """Whether all streams came in time."""
        timer = threading.Timer(PATIENCE, self._connection.abandon)
        timer.start()
        try:
            while not self._wanted <= self._streams.keys():
                if next(self._events, None) is None:
                    return False
            return True
        finally:
            timer.cancel()

    def _received(self) -> Iterator[spdy.Event]:
        """Events of the client; what is the same whatever runs is done here. Ends where the client goes away."""
        try:
            for message in self._connection.messages():
                for event in self._frames.receive(message):
                    if isinstance(event, spdy.Opened):
                        self._open(event)
                    elif isinstance(event, spdy.Ping):
                        self._send(partial(self._frames.pong, event.number))
                    yield event
        except spdy.ProtocolError as error:
            log.info("node: exec or attach: %s", error)

    def _open(self, event: spdy.Opened) -> None:
        kind = event.headers.get("streamtype", "")
        if kind not in self._wanted or kind in self._streams:
            self._send(lambda: self._frames.reset(event.stream))
            return
        self._send(lambda: self._frames.accept(event.stream))
        self._streams[kind], self._types[event.stream] = event.stream, kind

    def _carry_output(self, stream: Stream) -> bool:
        """False where the client has gone."""
        for channel, data in stream.output():
            number = self._streams.get(NAMES.get(channel, ""))
            if number is not None and not self._send(partial(self._frames.data, number, data)):
                return False
        for kind in ("stdout", "stderr"):
            self._finish(kind)
        return True

    def _carry_input(self, stream: Stream, over: threading.Event) -> None:
        try:
            for event in self._events:
                if isinstance(event, spdy.Data):
                    self._take(event, stream)
                elif isinstance(event, spdy.Reset) and self._types.get(event.stream) == "stdin":
                    stream.close_input()
        except Exception:
            log.exception("node: reading an exec's input failed")
        if not over.is_set():
            stream.close()  # the client went away: output() ends

    def _take(self, event: spdy.Data, stream: Stream) -> None:
        kind = self._types.get(event.stream)
        if kind == "stdin":
            if event.data:
                stream.send(event.data)
            if event.over:
                stream.close_input()
        elif kind == "resize" and event.data:
            for line in event.data.split(b"\n"):
                if line.strip():
                    resize(stream, line)

    def _refuse(self, message: str) -> None:
        said = message.encode()
        if self._protocol in WITH_STATUS:
            status = {"metadata": {}, "status": "Failure", "reason": "InternalError", "message": message, "code": 500}
            said = json.dumps(status).encode()
        self._finish("error", said)

    def _finish(self, kind: str, said: bytes = b"") -> None:
        number = self._streams.get(kind)
        if number is not None:
            self._send(lambda: self._frames.data(number, said, over=True))

    def _part(self) -> None:
        """Let the client read the end before the connection is closed."""
        self._connection.close()
        timer = threading.Timer(PARTING, self._connection.abandon)
        timer.start()
        with contextlib.suppress(StopIteration):
            while True:
                next(self._events)
        timer.cancel()

    def _send(self, frame: Callable[[], bytes]) -> bool:
        with self._order:
            return self._connection.send(frame())


def wanted_streams(flags: dict[str, bool], protocol: str) -> list[str]:
    """The streams that a client opens for this query: a terminal has no stderr of its own."""
    streams = ["error", *(name for name in ("stdin", "stdout", "stderr") if flags[name])]
    if flags["tty"]:
        streams = [name for name in streams if name != "stderr"]
        if protocol in WITH_RESIZE:
            streams.append("resize")
    return streams
