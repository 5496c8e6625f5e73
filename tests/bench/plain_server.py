"""The API server's worker on plain TCP, as it stands behind nginx: ``plain_server.py HOME PORT``."""

from __future__ import annotations

import signal
import socket
import sys

import machine

from sampan_http import Server
from sampan_operate.supervisor import cluster
from sampan_operate.supervisor.memory import settle
from sampan_server.wsgi import build_app
from sampan_settings.settings import load


def main(home: str, port: int) -> None:
    machine.many_files(12_000)
    settings = load(home=home)
    plugins = cluster.load_plugins(settings)
    options, _ = cluster.prepare(settings, plugins)
    app = build_app(settings, plugins, options)
    settle()
    with socket.create_server(("127.0.0.1", port), backlog=2048) as listener:
        server = Server(app, [listener])
        signal.signal(signal.SIGTERM, lambda *_: server.stop())
        server.run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
