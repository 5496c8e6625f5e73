"""A gRPC server at a socket of this machine whose library is imported when the first client connects.

grpcio cannot take over a socket that is already bound, and costs 20 MB: most nodes never have a client. So the socket
is bound here, and the bytes of a connection are passed on to grpcio's server at a private socket.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from sampan.errors import SampanError
from sampan_grpc.wire import MalformedMessage, Messages, decode, encode

log = logging.getLogger(__name__)

CHUNK = 65536
PRIVATE = ".grpc.sock"  # in the private directory


class Method(NamedTuple):
    """One unary method: names of its messages, and what answers it; a SampanError is told to the client."""

    request: str
    answer: str
    do: Callable[[dict[str, Any]], Mapping[str, Any]]


class SocketServer:
    """``library()`` imports grpc, or raises SampanError. ``private``: a directory that no other user can enter.
    ``methods``: by whole name, ``v1.Service/Method``. Paths may be longer than a socket's address may."""

    def __init__(
        self, path: Path, private: Path, messages: Messages, methods: Mapping[str, Method], library: Callable[[], Any]
    ) -> None:
        self._path, self._messages, self._methods, self._library = path, messages, dict(methods), library
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._private = os.open(private, os.O_PATH | os.O_DIRECTORY)
        self._server: Any = None
        self._pairs: dict[int, tuple[socket.socket, socket.socket]] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._listener = _bound(path)
        self._read, self._write = os.pipe()
        self._thread = threading.Thread(target=self._run, name=f"serve {path.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closed = True
        os.write(self._write, b"x")
        self._thread.join(5)
        self._path.unlink(missing_ok=True)
        with self._lock:
            for pair in self._pairs.values():
                for one in pair:
                    _shut(one)
        if self._server is not None:
            self._server.stop(0).wait()
        self._listener.close()
        for descriptor in (self._read, self._write, self._private):
            os.close(descriptor)

    def _run(self) -> None:
        poll = select.poll()
        for descriptor in (self._listener.fileno(), self._read):
            poll.register(descriptor, select.POLLIN)
        while not any(descriptor == self._read for descriptor, _ in poll.poll()):
            client, _ = self._listener.accept()
            try:
                self._pass_on(client)
            except (SampanError, OSError) as error:
                log.warning("%s: a client is turned away: %s", self._path, error)
                client.close()

    def _pass_on(self, client: socket.socket) -> None:
        if self._server is None:
            self._server = self._made(self._library())
        inner = socket.socket(socket.AF_UNIX)
        try:
            inner.connect(self._address)
        except OSError:
            inner.close()
            raise
        with self._lock:
            self._pairs[id(client)] = client, inner
        threading.Thread(target=self._relay, args=(client, inner), name=f"serve {self._path.name}", daemon=True).start()

    @property
    def _address(self) -> str:
        return f"/proc/self/fd/{self._private}/{PRIVATE}"

    def _relay(self, client: socket.socket, inner: socket.socket) -> None:
        other = {client.fileno(): (client, inner), inner.fileno(): (inner, client)}
        poll = select.poll()
        for descriptor in other:
            poll.register(descriptor, select.POLLIN)
        try:
            while not self._closed:
                for descriptor, _ in poll.poll():
                    source, target = other[descriptor]
                    data = source.recv(CHUNK)
                    if not data:
                        return
                    target.sendall(data)
        except OSError as error:
            log.debug("%s: a connection ends: %s", self._path, error)
        finally:
            with self._lock:
                self._pairs.pop(id(client), None)
                client.close()
                inner.close()

    def _made(self, grpc: Any) -> Any:
        handlers = {
            f"/{name}": grpc.unary_unary_rpc_method_handler(self._handler(grpc, name, method))
            for name, method in self._methods.items()
        }

        class Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
            def service(self, details: Any) -> Any:
                return handlers.get(details.method)

        server = grpc.server(ThreadPoolExecutor(2, thread_name_prefix="grpc"), handlers=(Handler(),))
        server.add_insecure_port(f"unix://{self._address}")
        server.start()
        return server

    def _handler(self, grpc: Any, name: str, method: Method) -> Callable[[bytes, Any], bytes]:
        def handle(data: bytes, context: Any) -> bytes:
            try:
                asked = decode(self._messages, method.request, data)
                return encode(self._messages, method.answer, method.do(asked))
            except MalformedMessage as error:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            except SampanError as error:
                context.abort(grpc.StatusCode.UNKNOWN, str(error))
            except Exception:
                log.exception("%s failed", name)
                context.abort(grpc.StatusCode.INTERNAL, f"{name} failed")
            raise AssertionError("unreachable: abort raises")

        return handle


def _bound(path: Path) -> socket.socket:
    """Listening at the path, however long it is: by its directory's descriptor."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    found = socket.socket(socket.AF_UNIX)
    try:
        path.unlink(missing_ok=True)
        found.bind(f"/proc/self/fd/{folder}/{path.name}")
        found.listen(16)
    except OSError:
        found.close()
        raise
    finally:
        os.close(folder)
    return found


def _shut(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        log.debug("a connection has ended already")
