"""Strict clients under load: whatever goes wrong on a connection counts, nothing is tried again."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

PATH = "/api/v1/namespaces/default/configmaps"


def context(home: Path, name: str = "admin") -> ssl.SSLContext:
    """TLS as kubectl does it, with a client certificate out of the home."""
    made = ssl.create_default_context(cafile=str(home / "pki" / "ca.crt"))
    if name:
        made.load_cert_chain(home / "pki" / "clients" / f"{name}.crt", home / "pki" / "clients" / f"{name}.key")
    return made


@dataclass
class Load:
    """Writers and watchers on several ports of the same cluster."""

    tls: ssl.SSLContext
    ports: list[int]
    pause: float = 0.0  # seconds of a writer between two rounds
    stop: threading.Event = field(default_factory=threading.Event)  # for writers
    over: threading.Event = field(default_factory=threading.Event)  # for watchers: nothing more will be written
    failures: list[str] = field(default_factory=list)
    written: dict[int, str] = field(default_factory=dict)  # every revision that an answer told of, and of which object
    requests: int = 0
    slowest: float = 0.0
    seen: list[list[int]] = field(default_factory=list)  # by watcher: the revisions of its events, in order
    ends: int = 0  # watches that the server ended
    _writers: list[threading.Thread] = field(default_factory=list)
    _watchers: list[threading.Thread] = field(default_factory=list)
    _prefix: str = field(default_factory=lambda: os.urandom(4).hex())
    _numbers: count = field(default_factory=count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, *, writers: int, watchers: int) -> None:
        for port in self.ports:
            for _ in range(watchers):
                self.seen.append([])
                self._begin(self._watchers, self._watch, port, self._revision(port), self.seen[-1])
        for port in self.ports:
            for _ in range(writers):
                self._begin(self._writers, self._write, port)

    @property
    def expected(self) -> list[int]:
        """What every watcher must have seen, once all is finished."""
        return sorted(self.written)

    def finish(self, seconds: float = 90.0) -> None:
        """No more writes; watchers go on until they have seen the last, or the time is up. Harmless when repeated."""
        if self.stop.is_set():
            return
        self.stop.set()
        for thread in self._writers:
            thread.join(150)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(self.written.keys() - set(seen) for seen in self.seen):
            time.sleep(0.05)
        self.over.set()
        for name in ("last-a", "last-b"):  # wakes the watchers that have seen all
            connection = self._connect(self.ports[0])
            connection.request(
                "POST", PATH, json.dumps({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"generateName": name}}),
                {"Content-Type": "application/json"},
            )  # fmt: skip
            connection.getresponse().read()
            connection.close()
        for thread in self._watchers:
            thread.join(150)

    def _begin(self, group: list[threading.Thread], work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        group.append(thread)
        thread.start()

    def _connect(self, port: int, timeout: float = 120) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", port, context=self.tls, timeout=timeout)

    def _write(self, port: int) -> None:
        connection = self._connect(port)
        while not self.stop.is_set():
            name = f"load-{self._prefix}-{next(self._numbers)}"
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"n": "1"}}
            steps: list[tuple] = [
                ("POST", PATH, body), ("GET", f"{PATH}/{name}"), ("PATCH", f"{PATH}/{name}", {"data": {"n": "2"}}),
                ("PUT", f"{PATH}/{name}", body), ("DELETE", f"{PATH}/{name}"),
            ]  # fmt: skip
            all(self._ask(connection, *step) for step in steps)  # up to the first that fails
            self.stop.wait(self.pause)
        connection.close()

    def _ask(self, connection: http.client.HTTPSConnection, method: str, path: str, body: object = None) -> bool:
        """Whether it was answered as it should be."""
        headers = {"Content-Type": "application/merge-patch+json" if method == "PATCH" else "application/json"}
        began = time.monotonic()
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            content = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.failures.append(
                f"{method} on port {connection.port} after {time.monotonic() - began:.2f} s: {error!r}"
            )
            connection.close()
            return False
        with self._lock:
            self.requests += 1
            self.slowest = max(self.slowest, time.monotonic() - began)
            if answer.status >= 400:
                self.failures.append(f"{method} on port {connection.port}: {answer.status} {content.get('message')}")
            elif method in ("POST", "PATCH", "PUT"):
                self.written[int(content["metadata"]["resourceVersion"])] = path
        return answer.status < 400

    def _watch(self, port: int, since: int, seen: list[int]) -> None:
        """Like client libraries: again from the last revision seen, whenever the server ends the stream."""
        while not self.over.is_set():
            connection = self._connect(port)
            try:
                connection.request("GET", f"{PATH}?watch=1&resourceVersion={since}")
                answer = connection.getresponse()
                while not self.over.is_set() and (line := answer.readline()):
                    event = json.loads(line)
                    since = int(event["object"]["metadata"]["resourceVersion"])
                    if event["type"] in ("ADDED", "MODIFIED") and not self.over.is_set():
                        seen.append(since)
                self.ends += 1
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                self.failures.append(f"watch on port {port}: {error!r}")
            finally:
                connection.close()

    def _revision(self, port: int) -> int:
        connection = self._connect(port)
        connection.request("GET", f"{PATH}?limit=1")
        found = json.loads(connection.getresponse().read())["metadata"]["resourceVersion"]
        connection.close()
        return int(found)
