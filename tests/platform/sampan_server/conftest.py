"""A server in process over the store in memory, with a few small kinds and the real ones of the config plugin."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from falcon.testing import Result, TestClient

from sampan.contracts.access import Attributes, Decision, User
from sampan.contracts.kinds import Column, Deletion, Kind, Scale
from sampan.hookspecs import hookimpl
from sampan_config import plugin as config
from sampan_http import Limits, Server
from sampan_isolation import Deadlines
from sampan_machinery import problems
from sampan_memory.store import MemoryStore
from sampan_server.app import App, new_app
from sampan_server.plugins.plugins import Plugins

ADMIN = User("admin", ("system:masters",))


def check_boat(new: dict[str, Any], old: dict[str, Any] | None) -> Iterator[Any]:
    if (new.get("spec") or {}).get("replicas", 0) > 100:
        yield problems.invalid("spec.replicas", new["spec"]["replicas"], "must be at most 100")


#: Shaped like a Deployment, so that it has status, scale and generation, and a schema.
DEPLOYMENT = Kind(
    group="apps", version="v1", kind="Deployment", plural="deployments", short_names=("deploy",), categories=("all",),
    status=True, generation=True, scale=Scale(), validate=check_boat,
    columns=(Column("Name", lambda obj: obj["metadata"]["name"], format="name"),),
)  # fmt: skip
POD = Kind(
    group="", version="v1", kind="Pod", plural="pods", status=True, generation=True,
    grace=lambda deletion: _grace(deletion),
    fields={"spec.nodeName": lambda obj: (obj.get("spec") or {}).get("nodeName", "")},
)  # fmt: skip
NODE = Kind(group="", version="v1", kind="Node", plural="nodes", namespaced=False, status=True, status_on_create=True)
REVIEW = Kind(
    group="authorization.k8s.io", version="v1", kind="SelfSubjectAccessReview", plural="selfsubjectaccessreviews",
    namespaced=False, verbs=("create",), answer=lambda call: {**call.body(), "status": {"allowed": True}},
)  # fmt: skip


def _grace(deletion: Deletion) -> int:
    if not (deletion.object.get("spec") or {}).get("nodeName"):
        return 0
    return 30 if deletion.requested is None else deletion.requested


@dataclass
class Extra:
    """A plugin of a test's own making."""

    kinds: list[Kind] = field(default_factory=list)
    admitters: list[Any] = field(default_factory=list)
    routes: list[Any] = field(default_factory=list)
    bootstrap_objects: list[Any] = field(default_factory=list)
    authenticators: list[Any] = field(default_factory=list)

    @hookimpl
    def contribute_kinds(self) -> list[Kind]:
        return [DEPLOYMENT, POD, NODE, REVIEW, *self.kinds]

    @hookimpl
    def contribute_admitters(self) -> list[Any]:
        return self.admitters

    @hookimpl
    def contribute_routes(self) -> list[Any]:
        return self.routes

    @hookimpl
    def contribute_bootstrap_objects(self) -> list[Any]:
        return self.bootstrap_objects

    @hookimpl
    def contribute_authenticators(self) -> list[Any]:
        return self.authenticators

    @hookimpl
    def contribute_authorizers(self) -> list[Any]:
        return [Masters()]


class Masters:
    name = "masters"
    inline = True

    def authorize(self, asked: Attributes) -> tuple[Decision, str]:
        allowed = "system:masters" in asked.user.groups
        return (Decision.ALLOW if allowed else Decision.NO_OPINION), ""


class Api:
    """A client with the habits of these tests."""

    def __init__(self, app: App, user: User | None = ADMIN) -> None:
        self.app = app
        self.client = TestClient(app.wsgi)
        self.user = user

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Result:
        extras = {"sampan.user": self.user} if self.user else {}
        headers = {"Content-Type": "application/json", **more.pop("headers", {})}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        extras.update(more.pop("environ", {}))
        return self.client.simulate_request(method, path, body=body, headers=headers, extras=extras, **more)

    def get(self, path: str, **more: Any) -> Result:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any, **more: Any) -> Result:
        return self.call("POST", path, body, **more)

    def put(self, path: str, body: Any, **more: Any) -> Result:
        return self.call("PUT", path, body, **more)

    def patch(self, path: str, body: Any, how: str = "merge-patch+json", **more: Any) -> Result:
        return self.call("PATCH", path, body, headers={"Content-Type": f"application/{how}"}, **more)

    def delete(self, path: str, body: Any = None, **more: Any) -> Result:
        return self.call("DELETE", path, body, **more)

    def as_user(self, user: User | None) -> Api:
        return Api(self.app, user)

    def watch(self, path: str, query: str = "", count: int = 1) -> list[dict[str, Any]]:
        """The first so many events."""
        from sampan_server.request.request import Request

        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": f"watch=1&timeoutSeconds=60&{query}",
            "sampan.user": self.user,
        }  # fmt: skip
        answer = self.app.front.answer(Request(environ))
        assert answer.status == 200 and not isinstance(answer.body, bytes), answer
        found: list[dict[str, Any]] = []
        for lines in answer.body:
            found += [json.loads(line) for line in lines.splitlines()]
            if len(found) >= count:
                break
        answer.body.close()
        return found


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def pod(name: str, node: str = "", **labels: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"containers": [{"name": "main", "image": "busybox"}]}
    if node:
        spec["nodeName"] = node
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}


def deployment(name: str, replicas: int = 1) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main", "image": "busybox"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


@pytest.fixture
def make() -> Iterator[Callable[..., Api]]:
    """Servers with a plugin of the test's own; all closed at the end."""
    made: list[tuple[App, MemoryStore]] = []

    def build(
        extra: Extra | None = None, store: MemoryStore | None = None, *, more: Mapping[str, object] | None = None,
        deadlines: Deadlines | None = None, **facts: Any,
    ) -> Api:  # fmt: skip
        store = store or MemoryStore()
        found = {"config": config, "extra": extra or Extra(), **(more or {})}
        app = new_app(Plugins(entry_points=[], extra=found, deadlines=deadlines), store=store, **facts)
        made.append((app, store))
        return Api(app)

    yield build
    for app, store in made:
        app.close()
        store.close()


@pytest.fixture
def api(make: Callable[..., Api]) -> Api:
    return make()


class Named:
    """The application of callers who name themselves by X-User: the administrator where there is none, and where it is
    empty whom the authenticators know."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        return self._app(self._named(environ), start)

    def inspect_head(self, environ: dict[str, Any]) -> Any:
        return self._app.inspect_head(self._named(environ))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)

    def _named(self, environ: dict[str, Any]) -> dict[str, Any]:
        name = environ.get("HTTP_X_USER", "admin")
        if name:
            environ["sampan.user"] = ADMIN if name == "admin" else User(name)
        return environ


class WholeRequests(http.client.HTTPConnection):
    """Sends head and body at once: the chain is asked about a head that comes alone, and again when all is there."""

    def _send_output(self, message_body: Any = None, encode_chunked: bool = False) -> None:
        self._buffer.extend((b"", b""))
        head = b"\r\n".join(self._buffer)
        del self._buffer[:]
        body = message_body.encode() if isinstance(message_body, str) else message_body or b""
        self.send(head + body)


class OnLoop:
    """The same server on the event loop of sampan_http, over sockets."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.server = Server(Named(api.app.wsgi), [self.listener], limits=Limits(graceful_seconds=1.0))
        self.server_thread = threading.Thread(target=self.server.run)
        self.server_thread.start()

    def connect(self) -> http.client.HTTPConnection:
        return WholeRequests(*self.listener.getsockname(), timeout=60)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        connection = self.connect()
        try:
            sent = {"Content-Type": "application/json", **{name.replace("_", "-"): v for name, v in headers.items()}}
            connection.request(method, path, json.dumps(body) if body is not None else None, sent)
            answer = connection.getresponse()
            data = answer.read()
            return answer.status, json.loads(data) if data[:1] == b"{" else data.decode()
        finally:
            connection.close()

    def close(self) -> None:
        self.server.stop()
        self.server_thread.join()
        self.listener.close()


@pytest.fixture
def on_loop() -> Iterator[Callable[[Api], OnLoop]]:
    """on_loop(api) serves it over a socket."""
    running: list[OnLoop] = []

    def begin(api: Api) -> OnLoop:
        running.append(OnLoop(api))
        return running[-1]

    yield begin
    for each in running:
        each.close()


@pytest.fixture
def shapes() -> Any:
    """Builders of small objects."""
    return type(
        "Shapes",
        (),
        {
            "config_map": staticmethod(config_map),
            "pod": staticmethod(pod),
            "deployment": staticmethod(deployment),
            "Extra": Extra,
            "Named": Named,
        },
    )


@pytest.fixture
def make_api(make: Callable[..., Api]) -> Callable[[Kind], Api]:
    """Servers with one more kind."""

    class Kinds:
        def __init__(self, kind: Kind) -> None:
            self.kind = kind

        @hookimpl
        def contribute_kinds(self) -> list[Kind]:
            return [self.kind]

    return lambda kind: make(more={"kinds": Kinds(kind)})
