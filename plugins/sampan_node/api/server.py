"""The kubelet's HTTPS API: logs, exec, attach, stats and metrics of this node's pods.

Only the API server and system:masters are let in (client certificates). Without a PKI (tests) it speaks plain HTTP on
loopback. Errors are plain text with the right code, as kubelet's are.
"""

from __future__ import annotations

import json
import logging
import select
import socket
import ssl
import threading
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sampan.errors import BadRequest, NotFound, SampanError, StatusError
from sampan_forwarding.splicing import keep_alive
from sampan_node.api import kubelet_pages, metrics, podlogs
from sampan_node.streams import forwarding, forwarding_channels, log_socket, remote_spdy, spdy, websocket
from sampan_node.streams.links import Link, PlainConnection
from sampan_node.streams.remote import serve_stream
from sampan_runtime.contracts import Runtime, RuntimeFailure, Stream
from sampan_serving import server
from sampan_serving.handler import TlsHandler
from sampan_serving.subjects import subject_of

log = logging.getLogger(__name__)

ALLOWED_NAMES, ALLOWED_GROUPS = {"kube-apiserver-kubelet-client"}, {"system:masters"}
PATIENCE = 60  # seconds that a client may take over its request head


class Server:
    """``agent`` offers find(namespace, name), workers() and host."""

    def __init__(self, agent: Any, *, address: str, port: int, pki: str) -> None:
        tls = ServingCertificate(Path(pki)) if pki and (Path(pki) / "kubelet.crt").exists() else None
        if tls is None:
            address = "127.0.0.1"

        class Bound(Handler):
            pass

        Bound.agent, Bound.tls = agent, tls
        self._http = server.Server(address, port, Bound, name="node-server")
        self.port = self._http.port

    @property
    def failed(self) -> int:
        """Connections that ended before a request could be read."""
        return self._http.failed

    def start(self) -> None:
        self._http.start()

    def stop(self) -> None:
        self._http.stop()


def tls_context(pki: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(pki / "kubelet.crt", pki / "kubelet.key")
    context.load_verify_locations(pki / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


class ServingCertificate:
    """The agent's certificate, read again when its file was replaced: it is renewed while the agent runs."""

    def __init__(self, pki: Path) -> None:
        self._pki, self._lock = pki, threading.Lock()
        self._seen = self._stamp()
        self._context = tls_context(pki)

    def context(self) -> ssl.SSLContext:
        """For the next connection. A pair that cannot be used changes nothing."""
        with self._lock:
            seen = self._stamp()
            if seen != self._seen:
                try:
                    self._context.load_cert_chain(self._pki / "kubelet.crt", self._pki / "kubelet.key")
                    self._seen = seen
                except OSError as error:  # ssl.SSLError too: the key has been replaced and the certificate not yet
                    log.debug("node: the certificate in use is kept: %s", error)
            return self._context

    def _stamp(self) -> tuple[int, int]:
        try:
            found = (self._pki / "kubelet.crt").stat()
        except OSError:
            return 0, 0
        return found.st_ino, found.st_mtime_ns


def is_allowed(certificate: Any) -> bool:
    """Whether a verified client certificate (as getpeercert() gives it) may use this API."""
    subject = subject_of(certificate)
    return bool(subject.names & ALLOWED_NAMES or subject.organizations & ALLOWED_GROUPS)


class Handler(TlsHandler):
    timeout = handshake_seconds = PATIENCE
    agent: Any = None
    tls: ServingCertificate | None = None

    def tls_context(self) -> ssl.SSLContext | None:
        return self.tls.context() if self.tls is not None else None

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError, TimeoutError) as error:
            log.debug("node: a client of the agent's API went away: %s", error)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug("node: " + format, *args)

    def do_GET(self) -> None:
        try:
            if self.tls is not None and not is_allowed(self.request.getpeercert()):
                self._answer(403, b"Forbidden: only the API server may ask a node agent\n")
                return
            self._route()
        except StatusError as error:
            self._answer(error.code, error.message.encode())
        except (RuntimeFailure, SampanError) as error:
            self._answer(500, str(error).encode())

    do_POST = do_GET

    def _route(self) -> None:
        address = urlsplit(self.path)
        query = parse_qs(address.query, keep_blank_values=True)
        parts = [part for part in address.path.split("/") if part]
        match parts:
            case ["healthz"]:
                self._answer(200, b"ok")
            case ["pods"] | ["runningpods"]:
                pods = [worker.pod for worker in self.agent.workers() if not worker.gone]
                self._answer(
                    200, json.dumps({"kind": "PodList", "apiVersion": "v1", "items": pods}).encode(), json=True
                )
            case ["stats", "summary"]:
                self._answer(200, json.dumps(metrics.summary(self.agent)).encode(), json=True)
            case ["metrics", "resource"]:
                self._answer(200, metrics.resource(self.agent).encode())
            case ["metrics"]:
                text = metrics.resource(self.agent) + kubelet_pages.volume_stats(self.agent)
                self._answer(200, text.encode())
            case ["metrics", "cadvisor"]:
                self._answer(200, kubelet_pages.cadvisor(self.agent).encode())
            case ["metrics", "probes"]:
                self._answer(200, kubelet_pages.probes(self.agent).encode())
            case ["configz"]:
                self._answer(200, kubelet_pages.configz(self.agent, self.connection.getsockname()[1]), json=True)
            case ["checkpoint", _, _, _]:
                self._answer(501, b"checkpoints of containers are not supported by this node agent\n")
            case ["containerLogs", namespace, pod, container]:
                self._logs(namespace, pod, container, query)
            case ["exec" | "attach" as verb, namespace, pod, container]:
                self._stream(verb, namespace, pod, container, query)
            case ["portForward", namespace, pod]:
                self._forward(namespace, pod, query)
            case _:
                raise NotFound("404 page not found")

    def _worker(self, namespace: str, pod: str) -> Any:
        worker = self.agent.find(namespace, pod)
        if worker is None:
            raise NotFound(f'pod "{pod}" not found in namespace "{namespace}" on this node')
        return worker

    def _logs(self, namespace: str, pod: str, container: str, query: dict[str, list[str]]) -> None:
        worker = self._worker(namespace, pod)
        options = podlogs.options(query)
        one = podlogs.chosen(worker, container, previous=options.previous)
        if websocket.is_asked(self.headers):
            accepted = websocket.accept(self.headers, log_socket.PROTOCOLS)
            connection = websocket.WebSocketConnection(self._upgraded(accepted))
            log_socket.serve(
                connection, accepted.protocol, partial(podlogs.text, self.agent.host.runtime, one.id, options)
            )
            return
        lines = podlogs.text(self.agent.host.runtime, one.id, options, alive=self._is_heard)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for data in filter(None, lines):  # an empty chunk would end the answer
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

    def _is_heard(self) -> bool:
        """Whether the client is still connected: one that sends something after its request has closed the
        connection."""
        return not select.select([self.connection], [], [], 0)[0]

    def _stream(self, verb: str, namespace: str, pod: str, container: str, query: dict[str, list[str]]) -> None:
        one = podlogs.chosen(self._worker(namespace, pod), container, previous=False)
        if one.state != "running":
            raise BadRequest(f"container {container} in pod {pod} does not run")
        flags = {name: query.get(name, [""])[0] in ("1", "true") for name in ("stdin", "stdout", "stderr", "tty")}
        if not (flags["stdin"] or flags["stdout"] or flags["stderr"]):
            raise BadRequest("you must specify at least 1 of stdin, stdout, stderr")
        runtime: Runtime = self.agent.host.runtime

        def start() -> Stream:
            if verb == "exec":
                return runtime.exec(one.id, query.get("command") or [], stdin=flags["stdin"], tty=flags["tty"])
            return runtime.attach(one.id, stdin=flags["stdin"], tty=flags["tty"])

        if spdy.is_asked(self.headers):
            accepted = spdy.accept(self.headers, remote_spdy.PROTOCOLS)
            wanted = remote_spdy.wanted_streams(flags, accepted.protocol)
            connection = PlainConnection(self._upgraded(accepted))
            remote_spdy.SpdySession(connection, wanted, accepted.protocol).serve(start)
            return
        accepted = websocket.accept(self.headers)
        stream = start()
        channels = [number for number, name in remote_spdy.NAMES.items() if flags[name]]
        serve_stream(
            websocket.channels(self._upgraded(accepted), accepted.protocol), stream, accepted.protocol, channels
        )

    def _forward(self, namespace: str, pod: str, query: dict[str, list[str]]) -> None:
        sandbox = self._worker(namespace, pod).see().sandbox
        if sandbox is None or not sandbox.ready:
            raise BadRequest(f"pod {pod} does not run")
        runtime = self.agent.host.runtime
        where = f"{namespace}/{pod}"
        dial = lambda port: socket.socket(fileno=runtime.dial(sandbox.id, port))  # noqa: E731  # two words, used often
        if spdy.is_asked(self.headers):
            link = self._upgraded(spdy.accept(self.headers, forwarding.PLAIN_PROTOCOLS))
            forwarding.Forwarder(PlainConnection(link), dial, where).serve()
            return
        accepted = websocket.accept(self.headers, (forwarding.PROTOCOL, *forwarding_channels.PROTOCOLS))
        if accepted.protocol == forwarding.PROTOCOL:
            forwarding.Forwarder(websocket.WebSocketConnection(self._upgraded(accepted)), dial, where).serve()
            return
        ports = forwarding_channels.ports_of(query)
        connection = websocket.channels(self._upgraded(accepted), accepted.protocol)
        forwarding_channels.ChannelForwarder(connection, dial, where, ports).serve()

    def _upgraded(self, accepted: websocket.Handshake) -> Link:
        """The connection after HTTP."""
        self.close_connection = True
        self.connection.settimeout(None)
        keep_alive(self.connection)
        self.wfile.write(accepted.head)
        return Link(self.connection)

    def _answer(self, code: int, body: bytes, *, json: bool = False) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/json" if json else "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
