"""The agent's HTTP API over a runtime that runs nothing, and clients of its streams by hand."""

from __future__ import annotations

import base64
import contextlib
import ctypes
import gc
import os
import socket
import struct
import threading
import time
import zlib
from types import SimpleNamespace

import pytest

from sampan_node.api.server import Server
from sampan_node.pod.machine import PodMemory, RuntimeState
from sampan_node.streams.spdy import DICTIONARY
from sampan_runtime.contracts import Container, RuntimeFailure, Sandbox


def _exchange(one, other):
    """Two names at once, as a container can do it. Source: renameat2(2)."""
    assert ctypes.CDLL(None, use_errno=True).renameat2(-100, bytes(one), -100, bytes(other), 2) == 0


@contextlib.contextmanager
def _swapping(one, other):
    stop = threading.Event()

    def swap():
        while not stop.is_set():
            _exchange(one, other)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def exchange():
    """exchange(one, other): both names are swapped at once."""
    return _exchange


@pytest.fixture
def swapping():
    """with swapping(one, other) as thread: another thread swaps both names all the while."""
    return _swapping


class Command:
    """Echoes its input in capitals until that ends; says ``x`` on stderr then."""

    def __init__(self, code=0):
        self.read, self.write = os.pipe()
        self.code, self.sizes = code, []
        self.lock = threading.Lock()

    def output(self):
        with open(self.read, "rb", buffering=0) as source:
            while data := source.read(4096):
                yield 1, data.upper()
        yield 2, b"x"

    def send(self, data):
        os.write(self.write, data)

    def close_input(self):
        with self.lock:
            if self.write >= 0:
                os.close(self.write)
                self.write = -1

    def resize(self, width, height):
        self.sizes.append((width, height))

    def exit_code(self):
        return self.code

    close = close_input


class Runtime:
    """Every port of its pod leads to the listener in ``ports``; another is refused."""

    name = "fake"

    def __init__(self):
        self.commands, self.asked, self.ports, self.lines = [], [], {}, [(1, 1, b"one\n"), (2, 2, b"two\n")]
        self.failure = None
        self.follow = threading.Event()

    def exec(self, container_id, command, *, stdin, tty):
        if self.failure:
            raise RuntimeFailure("StartError", self.failure)
        self.asked.append((command, stdin, tty))
        self.commands.append(Command(int(command[1]) if len(command) > 1 else 0))
        return self.commands[-1]

    attach = exec

    def dial(self, sandbox_id, port):
        if port not in self.ports:
            raise ConnectionRefusedError(111, "Connection refused")
        return socket.create_connection(("127.0.0.1", self.ports[port]), timeout=30).detach()

    def logs(self, container_id, *, follow, since, tail):
        yield from self.lines
        while follow and not self.follow.wait(0.02):
            yield 0, 0, b""

    def usage(self):
        return []

    def containers(self, pod_uid=""):
        return []


@pytest.fixture
def runtime():
    return Runtime()


@pytest.fixture
def agent(runtime):
    """A served agent with the pod default/web."""
    container = Container("c", "s", "u", "main", 0, "running", "i", "i", 1.0, 2.0, 3.0)
    seen = RuntimeState(Sandbox("s", "web", "default", "u", 0, True, "127.0.0.1", 1.0), [container])
    pod = {"metadata": {"name": "web", "namespace": "default", "uid": "u"}, "spec": {"containers": [{"name": "main"}]}}
    worker = SimpleNamespace(pod=pod, see=lambda: seen, memory=PodMemory(), gone=False)
    agent = SimpleNamespace(
        host=SimpleNamespace(runtime=runtime, name="n1"), workers=lambda: [worker], volumes=dict,
        find=lambda namespace, name: worker if (namespace, name) == ("default", "web") else None,
    )  # fmt: skip
    server = Server(agent, address="127.0.0.1", port=0, pki="")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def pod(runtime):
    """pod(port, serve): that port of the pod, where each connection is handed to ``serve`` on a thread of its own."""
    listeners = []

    def listen(port, serve):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        runtime.ports[port] = listener.getsockname()[1]

        def accept():
            while True:
                try:
                    sock, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(sock,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()

    yield listen
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


class Upgraded:
    """A connection on which an upgrade was asked for; ``status`` and ``head`` tell the answer."""

    def __init__(self, port, path, headers):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        lines = [f"POST {path} HTTP/1.1", "Host: x", "Connection: Upgrade", *headers]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        self.head = b"".join(iter(self.file.readline, b"\r\n"))
        self.status = int(self.head.split()[1])

    def close(self):
        self.file.close()
        self.socket.close()


class WebSocket(Upgraded):
    def __init__(self, port, path, protocol):
        key = base64.b64encode(b"0123456789abcdef").decode()
        wanted = [f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []
        super().__init__(
            port, path, ["Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", *wanted]
        )

    def send(self, data, opcode=2):
        mask = b"\1\2\3\4"
        body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        self.socket.sendall(bytes([0x80 | opcode, 0x80 | len(data)]) + mask + body)

    def receive(self):
        """(opcode, bytes) of the next frame; (8, …) at the end."""
        first = self.file.read(2)
        if len(first) < 2:
            return 8, b""
        size = first[1]
        if size > 125:  # the length follows
            form = "!H" if size == 126 else "!Q"
            size = struct.unpack(form, self.file.read(struct.calcsize(form)))[0]
        return first[0] & 15, self.file.read(size)


class Spdy(Upgraded):
    """The client's half of SPDY."""

    def __init__(self, port, path, *protocols):
        super().__init__(port, path, ["Upgrade: SPDY/3.1", *(f"X-Stream-Protocol-Version: {one}" for one in protocols)])
        self.deflate, self.inflate = zlib.compressobj(zdict=DICTIONARY), zlib.decompressobj(zdict=DICTIONARY)
        self.next = 1

    def open(self, **headers):
        stream, self.next = self.next, self.next + 2
        plain = struct.pack("!I", len(headers))
        for word in (one for pair in headers.items() for one in pair):
            plain += struct.pack("!I", len(word)) + word.encode()
        block = self.deflate.compress(plain) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
        payload = struct.pack("!IIH", stream, 0, 0) + block
        self.socket.sendall(struct.pack("!HHI", 0x8003, 1, len(payload)) + payload)
        return stream

    def data(self, stream, data, over=False):
        self.socket.sendall(struct.pack("!II", stream, (1 if over else 0) << 24 | len(data)) + data)

    def reset(self, stream):
        self.socket.sendall(struct.pack("!HHIII", 0x8003, 3, 8, stream, 5))

    def receive(self):
        """("data", stream, bytes, over), ("reset", stream), ("accepted", stream), ("goaway",) or ("end",)."""
        head = self.file.read(8)
        if len(head) < 8:
            return ("end",)
        first, second = struct.unpack("!II", head)
        payload = self.file.read(second & 0xFFFFFF)
        if not first >> 31:
            return "data", first, payload, bool(second >> 24 & 1)
        kind = {2: "accepted", 3: "reset", 7: "goaway"}[first & 0xFFFF]
        return ("goaway",) if kind == "goaway" else (kind, struct.unpack_from("!I", payload)[0])

    def collect(self):
        """Bytes by stream, and the streams that were ended in order, until the server goes away."""
        said, ended = {}, []
        while (event := self.receive())[0] not in ("goaway", "end"):
            if event[0] == "data":
                said[event[1]] = said.get(event[1], b"") + event[2]
                ended += [event[1]] if event[3] else []
        return said, ended


@pytest.fixture
def websocket(agent):
    """websocket(path, protocol): a connected client."""
    yield from _clients(lambda path, protocol: WebSocket(agent.port, path, protocol))


@pytest.fixture
def spdy(agent):
    """spdy(path, protocol, …): a connected client."""
    yield from _clients(lambda path, *protocols: Spdy(agent.port, path, *protocols))


def _clients(connect):
    made = []

    def make(*args):
        made.append(connect(*args))
        return made[-1]

    yield make
    for client in made:
        client.close()


def in_use():
    """Threads and open descriptors of this process."""
    gc.collect()
    return threading.active_count(), len(os.listdir("/proc/self/fd"))


@pytest.fixture
def leaves_nothing(agent):
    """leaves_nothing(act): whatever ``act`` did is over, its threads and its descriptors gone."""

    def check(act):
        before = in_use()
        act()
        for _ in range(2400):
            if all(now <= then for now, then in zip(in_use(), before, strict=True)):
                return
            time.sleep(0.025)
        names = [thread.name for thread in threading.enumerate()]
        raise AssertionError(f"before {before}, after {in_use()}: {names}")

    return check
