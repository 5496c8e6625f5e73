"""Runs the API server under gunicorn in a supervised process."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from gunicorn.app.base import BaseApplication

from sampan.contracts.options import ClusterOptions
from sampan_operate.supervisor import parent_death
from sampan_operate.supervisor.memory import LOADED, settle, trim
from sampan_server.plugins.plugins import Plugins
from sampan_settings.settings import Settings

log = logging.getLogger(__name__)

WORKER = "sampan_http.Worker"
GRACE = 10  # seconds for requests in flight when the server stops


class Gateway(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn without a command line or configuration file; all its settings are set here."""

    def __init__(self, settings: Settings, plugins: Plugins, options: ClusterOptions) -> None:
        self._settings = settings
        self._plugins = plugins
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        pki = self._options.pki
        for name, value in {
            "bind": self._addresses(),
            "worker_class": WORKER,
            "workers": self._settings.api.workers,
            "certfile": f"{pki}/server.crt",
            "keyfile": f"{pki}/server.key",
            "ca_certs": f"{pki}/client-ca.crt",
            "timeout": 60,
            "graceful_timeout": GRACE,
            "loglevel": "warning",
            "control_socket_disable": True,
            "post_fork": _end_with_arbiter,
            "post_worker_init": _settle,
            "backlog": 2048,
        }.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def _addresses(self) -> list[str]:
        """The configured address, and the one where pods reach this machine, unless the first is a wildcard."""
        host, port = self._settings.api.host, self._settings.api.port
        own = self._options.api_endpoint_ip
        if host in ("0.0.0.0", "::", "", own):
            return [f"{host}:{port}"]
        return [f"{host}:{port}", f"{own}:{port}"]

    def load(self) -> Any:
        from sampan_server.wsgi import build_app

        return build_app(self._settings, self._plugins, self._options)


def serve_api(settings: Settings, plugins: Plugins, options: ClusterOptions) -> None:
    """Serve until SIGTERM."""
    Gateway(settings, plugins, options).run()


def _end_with_arbiter(arbiter: Any, worker: Any) -> None:
    """End the worker with its arbiter: otherwise it would keep the port and get requests beside the next server."""
    parent_death.request_signal(arbiter.pid, signal.SIGKILL)


def _settle(worker: Any) -> None:
    settle()
    timer = threading.Timer(LOADED, trim)
    timer.daemon = True
    timer.start()
