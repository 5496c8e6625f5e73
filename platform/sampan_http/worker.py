"""gunicorn's worker class of ours: ``--worker-class sampan_http.Worker``.

Takes from gunicorn: sockets (unix ones speak no TLS), certfile, keyfile, ca_certs, keepalive (when longer than ours),
graceful_timeout, worker_connections (when changed), max_requests, accesslog. Knows nothing of HTTP.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from types import FrameType, SimpleNamespace
from typing import Any, ClassVar

from gunicorn.workers.base import Worker as GunicornWorker

from sampan_http.drain import Others
from sampan_http.heads import Environ
from sampan_http.limits import Limits
from sampan_http.server import Server
from sampan_http.succession import Address, Succession, address_of, is_served
from sampan_http.tls import Certificates

log = logging.getLogger(__name__)

#: Seconds a thread may hold the interpreter while another waits for it. Measured beside one thread that only computes,
#: 16 connections: parked answers' p99 44 ms with Python's 5 ms, 8 ms with this; at 0.1 ms switching eats a third.
SWITCH_INTERVAL = 0.001
BOOT_PAUSE = 2.0  # seconds between attempts to begin
#: gunicorn's own exit code for an application that cannot be loaded, which ends the arbiter with the same code.
REFUSED = 4
_STOCK_CONNECTIONS = 1000  # gunicorn's default for worker_connections: nobody chose it


class Worker(GunicornWorker):  # type: ignore[misc]  # gunicorn is not typed
    """One process, one loop."""

    limits = Limits()  # a subclass may set others
    server: Server | None = None
    succession: ClassVar[Succession | None] = None  # one for all workers of an arbiter

    def __init__(self, age: int, *rest: Any, **named: Any) -> None:
        """In the arbiter, before the fork."""
        super().__init__(age, *rest, **named)
        if Worker.succession is None:
            Worker.succession = Succession()
        Worker.succession.made(age)
        self._told = False  # to end, by the arbiter
        self._certificates: Certificates | None = None
        self._addresses: list[Address] = []

    def init_process(self) -> None:
        """Load the application and serve.

        gunicorn ends altogether where a worker cannot load it. That is right at the first start. Later (a reload with
        a broken configuration) the old workers serve on, until a reload that works. An error with a true
        attribute ``prevents_start`` explains itself: it is logged without a traceback.
        """
        try:
            super().init_process()
        except Exception as error:
            if self.booted or self.succession is None or not self.succession.has_begun():
                if getattr(error, "prevents_start", False) and not self.booted:
                    log.error("the server does not start: %s", error)
                    sys.exit(REFUSED)
                raise
            log.exception("the application cannot be loaded; those that serve go on")
            time.sleep(BOOT_PAUSE)
            sys.exit(1)

    def run(self) -> None:
        cfg = self.cfg
        sys.setswitchinterval(SWITCH_INTERVAL)
        if cfg.is_ssl:
            self._certificates = Certificates(cfg.certfile, cfg.keyfile, cfg.ca_certs)
        listeners = [getattr(sock, "sock", sock) for sock in self.sockets]
        self._addresses = [address_of(sock) for sock in listeners]
        self.server = Server(
            self.wsgi,
            listeners,
            ssl_context=self._certificates.context if self._certificates else None,
            limits=self._limits(),
            access=self._access if cfg.accesslog else None,
            multiprocess=cfg.workers > 1,
            on_tick=self._tick,
            others=Others(self._are_awaited, self._let_go, self._serve_on),
        )
        assert self.succession is not None
        self.succession.serves(self.age)
        self.server.run()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: finish gracefully."""
        self.alive = False
        self._told = True
        if self.server is not None:
            self.server.stop()

    # -- the others

    def _are_awaited(self) -> bool:
        """Not where the arbiter has gone: then nobody makes the worker any more that was on its way."""
        if self.succession is None or self.ppid != os.getppid():
            return False
        return self._told and self.succession.is_awaited()

    def _let_go(self) -> None:
        """Without us the port is closed as soon as nobody else holds it, and clients are told at once."""
        for sock in self.sockets:
            sock.close()

    def _serve_on(self) -> bool:
        if not self._told:  # our own decision (max_requests): we are replaced only when we have ended
            return bool(self.cfg.workers > 1)
        return any(is_served(address) for address in self._addresses)

    def _limits(self) -> Limits:
        cfg = self.cfg
        limits = replace(
            self.limits,
            graceful_seconds=max(cfg.graceful_timeout - 1.0, cfg.graceful_timeout / 2),  # before the arbiter's SIGKILL
            patience_seconds=cfg.graceful_timeout / 2,
            spread_seconds=min(self.limits.spread_seconds, cfg.graceful_timeout / 4),
            idle_seconds=max(float(cfg.keepalive), self.limits.idle_seconds),
        )
        if cfg.worker_connections != _STOCK_CONNECTIONS:
            limits = replace(limits, connections=cfg.worker_connections)
        return limits

    def _tick(self) -> None:
        """Once a second: show the arbiter that we live, and see whether we should."""
        self.notify()
        server = self.server
        assert server is not None
        if self._certificates is not None:
            server.ssl_context = self._certificates.current()
        if self.ppid != os.getppid():
            log.info("the parent has gone")
            server.stop()
        elif self.alive and server.served >= self.max_requests:
            self.log.info("restarting after %s requests", server.served)
            self.alive = False
        if not self.alive:
            server.stop()

    def _access(
        self, environ: Environ, status: str, headers: Sequence[tuple[str, str]], size: int, seconds: float
    ) -> None:
        answer: Any = SimpleNamespace(status=status, sent=size, headers=headers)
        request = [(key[5:].replace("_", "-"), value) for key, value in environ.items() if key.startswith("HTTP_")]
        self.log.access(answer, request, environ, timedelta(seconds=seconds))
