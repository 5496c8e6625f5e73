"""port-forward over a WebSocket without SPDY, as the Python, JavaScript and kr8s clients speak it.

The ports are in the query. The n-th has channel 2n for bytes and 2n+1 for what went wrong; the first message of each
names the port, in two bytes, the lower first. Each port is dialled once: a WebSocket is one connection to each.
Source: kubelet's portforward v4.channel.k8s.io (meaning).
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Mapping, Sequence

from sampan.errors import BadRequest
from sampan_node.streams.forwarding import Forwarded, read
from sampan_node.streams.remote import PARTING
from sampan_node.streams.websocket import Base64Channels, WebSocketConnection
from sampan_runtime.contracts import RuntimeFailure

log = logging.getLogger(__name__)

PROTOCOLS = ("v4.channel.k8s.io", "v4.base64.channel.k8s.io", "")
MOST = 128  # ports; a channel is one byte


def ports_of(query: Mapping[str, Sequence[str]]) -> list[int]:
    """The ports asked for, in one parameter or in several; raises BadRequest."""
    texts = [text for value in query.get("port", ()) for text in value.split(",")]
    if not texts:
        raise BadRequest('query parameter "port" is required')
    ports = []
    for text in texts:
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
            raise BadRequest(f'unable to parse "{text}" as a port')
        ports.append(int(text))
    if len(ports) > MOST:
        raise BadRequest(f"no more than {MOST} ports can be forwarded by one WebSocket")
    return ports


class ChannelForwarder:
    """``dial(port)`` gives a connected socket into the pod; ``where`` names the pod in messages."""

    def __init__(
        self, connection: WebSocketConnection | Base64Channels, dial: Callable[[int], socket.socket], where: str,
        ports: Sequence[int],
    ) -> None:  # fmt: skip
        self._connection, self._dial, self._where = connection, dial, where
        self._ports = [Forwarded(port, 2 * index, 2 * index + 1) for index, port in enumerate(ports)]
        self._lock = threading.Lock()
        self._left = len(ports)  # those that are not over
        self._gone = False  # the client is
        self._parting: threading.Timer | None = None

    def serve(self) -> None:
        """Until the connections to all ports are over or the client goes away. Blocks."""
        for port in self._ports:
            name = port.port.to_bytes(2, "little")
            self._connection.send(bytes([port.data]) + name)
            self._connection.send(bytes([port.errors]) + name)
        carriers = [threading.Thread(target=self._carry, args=(port,), daemon=True) for port in self._ports]
        for carrier in carriers:
            carrier.start()
        try:
            for message in self._connection.messages():
                if message:
                    self._pass_on(message[0], message[1:])
        finally:
            self._gone = True
            for port in self._ports:
                port.close()
            self._connection.abandon()
            for carrier in carriers:
                carrier.join()
            if self._parting is not None:
                self._parting.cancel()

    def _carry(self, port: Forwarded) -> None:
        """Dial, then carry from the pod to the client until either ends."""
        try:
            with port.connect(self._dial) as sock:
                while data := read(sock):
                    if not self._connection.send(bytes([port.data]) + data):
                        break
        except (OSError, ValueError, RuntimeFailure) as error:
            if not self._gone:
                text = f"error forwarding port {port.port} to pod {self._where}: {error}"
                self._connection.send(bytes([port.errors]) + text.encode())
        finally:
            port.dialled.set()
            with self._lock:
                self._left -= 1
                last = not self._left
            if last:
                self._part()

    def _pass_on(self, channel: int, data: bytes) -> None:
        if channel % 2 or channel >= 2 * len(self._ports):
            return
        port = self._ports[channel // 2]
        port.dialled.wait()
        if port.socket is not None:
            try:
                port.socket.sendall(data)
            except OSError as error:  # the pod has closed, or takes nothing
                log.debug("node: port-forward to %s: %s", self._where, error)
                port.close()

    def _part(self) -> None:
        """All ports are closed: send the close frame, and close the connection if the client does not answer."""
        self._connection.close()
        self._parting = threading.Timer(PARTING, self._connection.abandon)
        self._parting.start()
