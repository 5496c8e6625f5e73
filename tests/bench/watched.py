"""One worker's loop around the real application, over plain sockets or TLS: ``watched.py HOME PORT plain|tls``."""

from __future__ import annotations

import resource
import signal
import socket
import sys

from sampan.apiserver.worker import Server
from sampan.apiserver.worker.tls import server_context
from sampan.apiserver.wsgi import build_app
from sampan.options import cluster_options
from sampan.settings import load
from sampan.supervisor.cluster import load_plugins, prepare


def main(home: str, port: int, how: str) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
    settings = load(home=home)
    plugins = load_plugins(settings)
    prepare(settings, plugins)
    options = cluster_options(settings)
    listener = socket.create_server(("127.0.0.1", port), backlog=2048)
    pki = settings.home / "pki"
    context = server_context(str(pki / "server.crt"), str(pki / "server.key")) if how == "tls" else None
    server = Server(build_app(settings, plugins, options), [listener], ssl_context=context)
    signal.signal(signal.SIGTERM, lambda *_: server.stop())
    server.run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
