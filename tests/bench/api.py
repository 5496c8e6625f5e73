"""A bare client for loads: no retries, no caching, certificates not verified (it is this machine's loopback)."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

Headers = dict[str, str]


class Api:
    """One server."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.headers: Headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self.ready_after = 0.0
        self._parts = urlsplit(url)

    def connect(self, timeout: float = 60.0) -> http.client.HTTPConnection:
        host, port = str(self._parts.hostname), self._parts.port
        if self._parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=timeout)
        context = ssl._create_unverified_context()  # loopback, and no secret is sent
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)

    def call(
        self, method: str, path: str, body: Any = None, connection: http.client.HTTPConnection | None = None
    ) -> tuple[int, bytes]:
        used = connection or self.connect()
        headers = {**self.headers, "Content-Type": "application/json"}
        used.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = used.getresponse()
        data = answer.read()
        if connection is None:
            used.close()
        return answer.status, data

    def must(self, method: str, path: str, body: Any = None, connection: Any = None) -> bytes:
        """The answer's body; ends the benchmark for a refusal, but for what is there already."""
        status, data = self.call(method, path, body, connection)
        if status >= 300 and status != 409:
            raise SystemExit(f"{method} {path}: {status} {data[:300]!r}")
        return data

    def wait_ready(self, seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                if self.call("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass  # not listening yet
            if time.monotonic() > end:
                raise SystemExit(f"{self.url} does not answer")
            time.sleep(0.01)

    def namespace(self, name: str) -> str:
        meta = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        self.must("POST", "/api/v1/namespaces", meta)
        return name

    def each(self, count: int, threads: int, work: Callable[[int, http.client.HTTPConnection], object]) -> float:
        """``work(number, connection)`` for all numbers below ``count``; the seconds it took."""

        def run(first: int) -> None:
            connection = self.connect()
            for number in range(first, count, threads):
                work(number, connection)
            connection.close()

        started = time.monotonic()
        workers = [threading.Thread(target=run, args=(first,)) for first in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return time.monotonic() - started
