"""A hundred webhooks that never answer: the writes that they are asked about wait, and nothing else does."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sampan.contracts.access import User
from sampan_http import Limits, Server

ADMIN = User("admin", ("system:masters", "system:authenticated"))
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
SECRETS = "/api/v1/namespaces/default/secrets"
MANY, OTHERS, WAITING = 100, 50, 8


class Named:
    """The application of one caller."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        return self._app({**environ, "sampan.user": ADMIN}, start)

    def inspect_head(self, environ: dict[str, Any]) -> Any:
        return self._app.inspect_head({**environ, "sampan.user": ADMIN})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)


@pytest.fixture
def port(cluster: Any) -> Iterator[int]:
    """The cluster on the event loop of sampan_http."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(Named(cluster.app.wsgi), [listener], limits=Limits(graceful_seconds=1.0))
    thread = threading.Thread(target=server.run)
    thread.start()
    yield listener.getsockname()[1]
    server.stop()
    thread.join()
    listener.close()


def ask(port: int, method: str, path: str, body: Any = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


@pytest.mark.parametrize("mutating", [False, True])
def test_others_go_on_while_a_hundred_webhooks_do_not_answer(hooks: Any, port: int, mutating: bool) -> None:
    silent = socket.create_server(("127.0.0.1", 0), backlog=WAITING * MANY)  # connects, and never says anything
    config = {"url": f"https://127.0.0.1:{silent.getsockname()[1]}/x"}
    for number in range(MANY):
        hooks.add(
            f"down-{number}", clientConfig=config, failurePolicy="Ignore", timeoutSeconds=30, mutating=mutating
        )  # fmt: skip
    before = threading.active_count()
    written: list[int] = []
    names = [f"{'m' if mutating else 'v'}-waits-{number}" for number in range(WAITING)]
    writers = [
        threading.Thread(
            target=lambda name=name: written.append(ask(port, "POST", CONFIG_MAPS, {"metadata": {"name": name}}))
        )
        for name in names
    ]  # fmt: skip
    for writer in writers:
        writer.start()

    reads = [ask(port, "GET", CONFIG_MAPS) for _ in range(OTHERS)]
    secret = {"metadata": {"generateName": "other-"}}
    writes = [ask(port, "POST", SECRETS, secret) for _ in range(OTHERS)]

    assert (reads, writes) == ([200] * OTHERS, [201] * OTHERS)
    assert written == []
    # The clients' threads, and one of the server's for each; some of its own come and go.
    assert threading.active_count() <= before + 3 * WAITING
    silent.close()
    for writer in writers:
        writer.join()
    assert written == [201] * WAITING
