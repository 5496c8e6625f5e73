"""gunicorn's worker class of ours: ``--worker-class sampan.apiserver.worker.Worker``.

Takes from gunicorn: sockets, certfile, keyfile, ca_certs, keepalive (when longer than ours), graceful_timeout,
worker_connections (when changed), max_requests, accesslog. Knows nothing of HTTP.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from types import FrameType, SimpleNamespace
from typing import Any

from gunicorn.workers.base import Worker as GunicornWorker

from sampan.apiserver.worker.heads import Environ
from sampan.apiserver.worker.limits import Limits
from sampan.apiserver.worker.server import Server
from sampan.apiserver.worker.tls import server_context

log = logging.getLogger(__name__)

#: Seconds a thread may hold the interpreter while another waits for it. Measured beside one thread that only computes,
#: 16 connections: parked answers' p99 44 ms with Python's 5 ms, 8 ms with this; at 0.1 ms switching eats a third.
SWITCH_INTERVAL = 0.001
_STOCK_CONNECTIONS = 1000  # gunicorn's default for worker_connections: nobody chose it


class Worker(GunicornWorker):  # type: ignore[misc]  # gunicorn is not typed
    """One process, one loop."""

    limits = Limits()  # a subclass may set others
    server: Server | None = None

    def run(self) -> None:
        cfg = self.cfg
        sys.setswitchinterval(SWITCH_INTERVAL)
        context = server_context(cfg.certfile, cfg.keyfile, cfg.ca_certs) if cfg.is_ssl else None
        self.server = Server(
            self.wsgi,
            [getattr(sock, "sock", sock) for sock in self.sockets],
            ssl_context=context,
            limits=self._limits(),
            access=self._access if cfg.accesslog else None,
            multiprocess=cfg.workers > 1,
            on_tick=self._tick,
        )
        self.server.run()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: finish gracefully."""
        self.alive = False
        if self.server is not None:
            self.server.stop()

    def _limits(self) -> Limits:
        cfg = self.cfg
        limits = replace(
            self.limits,
            graceful_seconds=max(cfg.graceful_timeout - 1.0, cfg.graceful_timeout / 2),  # before the arbiter's SIGKILL
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
