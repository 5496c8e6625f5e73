"""The worker class for gunicorn: ``--worker-class sampan_http.Worker``.

Uses from gunicorn: sockets (unix ones without TLS), certfile, keyfile, ca_certs, keepalive (if longer than
``Limits.idle_seconds``), graceful_timeout, worker_connections (if changed), max_requests, accesslog. Knows nothing of
HTTP.
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

from sampan_http.drain import Successors
from sampan_http.heads import Environ
from sampan_http.limits import Limits
from sampan_http.server import Server
from sampan_http.successors import Address, WorkerProgress, address_of, has_listener
from sampan_http.tls import ReloadingContext

log = logging.getLogger(__name__)

#: Seconds a thread may hold the interpreter while another waits for it. Measured beside one thread that only computes,
#: 16 connections: parked answers' p99 44 ms with Python's 5 ms, 8 ms with this; at 0.1 ms switching eats a third.
SWITCH_INTERVAL = 0.001
BOOT_PAUSE = 2.0  # seconds between attempts to load the application
#: gunicorn's own exit code for an application that cannot be loaded, which ends the arbiter with the same code.
REFUSED = 4
_STOCK_CONNECTIONS = 1000  # gunicorn's default for worker_connections: not set by the user


class Worker(GunicornWorker):  # type: ignore[misc]  # gunicorn is not typed
    """One process with one loop."""

    limits = Limits()  # a subclass may set other ones
    server: Server | None = None
    progress: ClassVar[WorkerProgress | None] = None  # one for all workers of an arbiter

    def __init__(self, age: int, *rest: Any, **named: Any) -> None:
        """In the arbiter, before the fork."""
        super().__init__(age, *rest, **named)
        if Worker.progress is None:
            Worker.progress = WorkerProgress()
        Worker.progress.forking(age)
        self._told = False  # whether the arbiter sent SIGTERM
        self._certificates: ReloadingContext | None = None
        self._addresses: list[Address] = []

    def init_process(self) -> None:
        """Load the application and serve.

        gunicorn's arbiter exits if a worker cannot load the application. That is right at the first start. Later (a
        reload with a broken configuration) the old workers go on serving until a reload succeeds. An error with a true
        attribute ``prevents_start`` is logged without a traceback.
        """
        try:
            super().init_process()
        except Exception as error:
            if self.booted or self.progress is None or not self.progress.any_has_served():
                if getattr(error, "prevents_start", False) and not self.booted:
                    log.error("the server does not start: %s", error)
                    sys.exit(REFUSED)
                raise
            log.exception("the application cannot be loaded; the old workers go on serving")
            time.sleep(BOOT_PAUSE)
            sys.exit(1)

    def run(self) -> None:
        cfg = self.cfg
        sys.setswitchinterval(SWITCH_INTERVAL)
        if cfg.is_ssl:
            self._certificates = ReloadingContext(cfg.certfile, cfg.keyfile, cfg.ca_certs)
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
            successors=Successors(self._is_starting, self._close_listeners, self._is_listening),
        )
        assert self.progress is not None
        self.progress.serving(self.age)
        self.server.run()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: drain."""
        self.alive = False
        self._told = True
        if self.server is not None:
            self.server.stop()

    # -- successors

    def _is_starting(self) -> bool:
        """Whether a newer worker is starting. False if the arbiter has gone, because then no worker is forked."""
        if self.progress is None or self.ppid != os.getppid():
            return False
        return self._told and self.progress.newest_is_starting()

    def _close_listeners(self) -> None:
        """Close the listening sockets: if no other process has them open, clients get "connection refused" at once."""
        for sock in self.sockets:
            sock.close()

    def _is_listening(self) -> bool:
        if not self._told:  # stopped by max_requests: the arbiter forks the successor only after this worker has ended
            return bool(self.cfg.workers > 1)
        return any(has_listener(address) for address in self._addresses)

    def _limits(self) -> Limits:
        cfg = self.cfg
        limits = replace(
            self.limits,
            graceful_seconds=max(cfg.graceful_timeout - 1.0, cfg.graceful_timeout / 2),  # before the arbiter's SIGKILL
            last_request_seconds=cfg.graceful_timeout / 2,
            spread_seconds=min(self.limits.spread_seconds, cfg.graceful_timeout / 4),
            idle_seconds=max(float(cfg.keepalive), self.limits.idle_seconds),
        )
        if cfg.worker_connections != _STOCK_CONNECTIONS:
            limits = replace(limits, connections=cfg.worker_connections)
        return limits

    def _tick(self) -> None:
        """Once a second: notify the arbiter, reload certificates, stop without an arbiter or after max_requests."""
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
