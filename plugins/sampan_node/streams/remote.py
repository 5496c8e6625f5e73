"""exec and attach over a WebSocket: channels 0 stdin, 1 stdout, 2 stderr, 3 error, 4 resize, 255 close.

Source: KEP-4006 and client-go's remotecommand v5 (meaning).
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Collection
from typing import Any

from sampan_node.streams.websocket import Base64Channels, WebSocketConnection
from sampan_runtime.contracts import Stream

log = logging.getLogger(__name__)

PARTING = 3.0  # seconds that a client has to answer the close frame
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
#: Protocols whose error channel carries a Status; those before had a sentence, and only for a failure.
WITH_STATUS = ("v5.channel.k8s.io", "v4.channel.k8s.io", "v4.base64.channel.k8s.io")


def exit_status(code: int) -> dict[str, Any]:
    """The Status that tells how the command ended."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    cause = {"reason": "ExitCode", "message": str(code)}
    return {
        "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": [cause]},
        "message": f"command terminated with non-zero exit code: exit status {code}", "code": 500,
    }  # fmt: skip


def ending(code: int, protocol: str) -> bytes:
    """What the error channel says of how the command ended; b"": nothing."""
    if protocol in WITH_STATUS:
        return json.dumps(exit_status(code)).encode()
    return f"command terminated with exit code {code}".encode() if code else b""


def serve_stream(
    connection: WebSocketConnection | Base64Channels,
    stream: Stream,
    protocol: str,
    wanted: Collection[int] = (STDOUT, STDERR),
) -> None:
    """Carry bytes both ways until the command ends or the client goes away. ``wanted``: the channels asked for.
    Blocks."""
    done = threading.Event()
    reader = threading.Thread(target=_carry_input, args=(connection, stream, done), daemon=True)
    reader.start()
    try:
        for channel, data in stream.output():
            if channel in wanted and not connection.send(bytes([channel]) + data):
                return
        if said := ending(stream.exit_code(), protocol):
            connection.send(bytes([ERROR]) + said)
    finally:
        done.set()
        connection.close()
        reader.join(PARTING)
        connection.abandon()
        stream.close()


def _carry_input(connection: WebSocketConnection | Base64Channels, stream: Stream, done: threading.Event) -> None:
    try:
        for message in connection.messages():
            if message:
                _handle(message[0], message[1:], stream)
    except Exception:
        log.exception("node: reading an exec's input failed")
    if not done.is_set():
        stream.close()  # the client went away: output() ends


def _handle(channel: int, data: bytes, stream: Stream) -> None:
    if channel == STDIN:
        stream.send(data)
    elif channel == CLOSE:
        if data[:1] == bytes([STDIN]):
            stream.close_input()
    elif channel == RESIZE:
        resize(stream, data)


def resize(stream: Stream, data: bytes) -> None:
    try:
        size = json.loads(data)
        stream.resize(int(size["Width"]), int(size["Height"]))
    except (ValueError, KeyError, TypeError) as error:
        log.debug("node: not a terminal size: %s", error)
