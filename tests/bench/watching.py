"""The rows of watches: how soon an event arrives, and what an idle watch costs."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from urllib.parse import urlsplit

import machine
from api import Api
from clusters import Running
from manifests import CONFIGMAP, named

WATCHERS, CREATES = 50, 200
NAME = re.compile(rb'"name":"(w-\d+)"')


def latency_p99(api: Api) -> float:
    """Milliseconds from sending a create to its event's arrival at one of 50 watchers."""
    path = f"/api/v1/namespaces/{api.namespace('bench-watch')}/configmaps"
    arrivals: list[dict[bytes, float]] = [{} for _ in range(WATCHERS)]
    ready = threading.Barrier(WATCHERS + 1)
    threads = [threading.Thread(target=_watch, args=(api, path, ready, seen), daemon=True) for seen in arrivals]
    for thread in threads:
        thread.start()
    ready.wait()
    sent: dict[bytes, float] = {}
    connection = api.connect()
    for number in range(CREATES):
        name = f"w-{number}"
        sent[name.encode()] = time.perf_counter()
        api.must("POST", path, named(CONFIGMAP, name), connection)
        time.sleep(0.005)
    for thread in threads:
        thread.join(20)
    delays = sorted(at - sent[name] for seen in arrivals for name, at in seen.items() if name in sent)
    if len(delays) < WATCHERS * CREATES:
        raise SystemExit(f"only {len(delays)} of {WATCHERS * CREATES} events arrived")
    return delays[int(len(delays) * 0.99)] * 1000


def _watch(api: Api, path: str, ready: threading.Barrier, seen: dict[bytes, float]) -> None:
    connection = api.connect(30)
    connection.request("GET", f"{path}?watch=true&timeoutSeconds=60&resourceVersion=0", headers=api.headers)
    answer = connection.getresponse()
    ready.wait()
    while len(seen) < CREATES:
        line = answer.readline()
        if not line:
            return
        found = NAME.search(line)
        if found:
            seen.setdefault(found[1], time.perf_counter())


def idle_memory(running: Running, count: int) -> float:
    """MB that ``count`` open watches without events add to the server."""
    machine.many_files(2 * count + 200)
    parts = urlsplit(running.api.url)
    path = f"/api/v1/namespaces/{running.api.namespace('bench-idle')}/configmaps?watch=true&resourceVersion=0"
    head = "".join(f"{name}: {value}\r\n" for name, value in running.api.headers.items())
    request = f"GET {path}&timeoutSeconds=600 HTTP/1.1\r\nHost: {parts.netloc}\r\n{head}\r\n".encode()
    unverified = ssl._create_unverified_context()  # a server of our own on loopback
    before = 0.0
    sockets = []
    try:
        for number in range(count + 10):
            if number == 10:  # the first few have loaded what is loaded once
                before = machine.proportional_memory([running.worker])
            sock = socket.create_connection((str(parts.hostname), int(parts.port or 0)), 10)
            if parts.scheme == "https":
                sock = unverified.wrap_socket(sock)
            sockets.append(sock)
            sock.sendall(request)
            if not sock.recv(4096).startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"watch {number} was refused")
        return machine.proportional_memory([running.worker]) - before
    finally:
        for sock in sockets:
            sock.close()
