"""The ways that an application is served: in process, by a plain WSGI server, on the event loop."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from chainsteps import Plugin, Step


class Unserved:
    """The application called in process, as the in-process client does."""

    def __init__(self, api: Any) -> None:
        self.api = api

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        user = headers.pop("X_User", "admin")
        api = self.api if user == "admin" else self.api.as_user(None)
        bare, _, query = path.partition("?")
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = api.call(method, bare, body, query_string=query, headers=sent)
        return answer.status_code, answer.json if answer.content[:1] == b"{" else answer.text


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


class PlainWsgi:
    """A plain WSGI server, one request at a time."""

    def __init__(self, app: Any) -> None:
        self.server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=60)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        connection = self.connect()
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): v for name, v in headers.items()}}
        connection.request(method, path, json.dumps(body) if body is not None else None, sent)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, json.loads(data) if data[:1] == b"{" else data.decode()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def wsgi(shapes: Any) -> Iterator[Callable[[Any], PlainWsgi]]:
    running: list[PlainWsgi] = []

    def begin(api: Any) -> PlainWsgi:
        running.append(PlainWsgi(shapes.Named(api.app.wsgi)))
        return running[-1]

    yield begin
    for each in running:
        each.close()


@pytest.fixture(params=["in process", "plain WSGI", "event loop"])
def under(request: Any, on_loop: Any, wsgi: Any) -> Callable[[Any], Any]:
    """under(api) serves it in one of three ways."""
    return {"in process": Unserved, "plain WSGI": wsgi, "event loop": on_loop}[request.param]


@pytest.fixture(params=["ours", "third-party", "third-party inline"])
def plugin(request: Any) -> Callable[..., Plugin]:
    def build(*steps: Step) -> Plugin:
        for step in steps:
            step.inline = request.param == "third-party inline"
        return Plugin(*steps, ours=request.param == "ours")

    return build
