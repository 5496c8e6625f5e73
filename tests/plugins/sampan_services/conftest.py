"""A real API server in process with the kinds of Services and pods, over the store in memory."""

from __future__ import annotations

import json
from typing import Any

import pytest
from falcon.testing import TestClient

from sampan.contracts.access import Decision, User
from sampan.contracts.options import ClusterOptions
from sampan.hookspecs import hookimpl
from sampan_memory.store import MemoryStore
from sampan_namespaces import plugin as namespaces
from sampan_pki import ensure
from sampan_pods import plugin as pods
from sampan_server.app import new_app
from sampan_server.plugins.plugins import Plugins
from sampan_services import plugin as services

ADMIN = User("admin", ("system:masters",))
CONTROLLER = User("system:kube-controller-manager")
NS = "/api/v1/namespaces/default"


class Everything:
    """Allows whatever is asked: access is not the subject here."""

    name = "everything"

    def authorize(self, asked: Any) -> tuple[Decision, str]:
        return Decision.ALLOW, ""


class Open:
    @hookimpl
    def contribute_authorizers(self) -> list[Any]:
        return [Everything()]


class Api:
    """(status, answer) of requests; ``service`` and ``ports`` save typing."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.client = TestClient(app.wsgi)

    def raw(self, method: str, path: str, body: Any = None, media: str = "application/json", **more: Any) -> Any:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body)
        headers = {"content-type": media, **more.pop("headers", {})}
        return self.client.simulate_request(
            method, path, body=data, headers=headers, extras={"sampan.user": more.pop("user", ADMIN)}, **more
        )

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        answer = self.raw(method, path, body, **more)
        return answer.status_code, answer.json

    def slice(self, body: Any) -> tuple[int, Any]:
        """As a controller makes it, who may lead to loopback."""
        return self("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", body, user=CONTROLLER)

    def service(self, name: str, **spec: Any) -> tuple[int, Any]:
        body = {"kind": "Service", "apiVersion": "v1", "metadata": {"name": name}, "spec": spec}
        return self("POST", f"{NS}/services", body)

    def get(self, name: str) -> Any:
        return self("GET", f"{NS}/services/{name}")[1]

    def patch(self, name: str, patch: Any, sub: str = "") -> tuple[int, Any]:
        return self("PATCH", f"{NS}/services/{name}{sub}", patch, media="application/merge-patch+json")

    def addresses(self) -> set[str]:
        found = self("GET", "/apis/networking.k8s.io/v1/ipaddresses")[1]["items"]
        return {item["metadata"]["name"] for item in found}

    def node_ports(self) -> set[str]:
        found = self("GET", "/apis/allocation.sampan.dev/v1/nodeports")[1]["items"]
        return {item["metadata"]["name"] for item in found}


@pytest.fixture
def make_api(tmp_path):
    """An API server whose Services come from the given ranges."""
    made: list[Any] = []

    def make(cidr: str = "10.96.0.0/16", node_ports: str = "30000-32767") -> Api:
        ensure(tmp_path / "pki")
        extra = {"open": Open(), "namespaces": namespaces, "pods": pods, "services": services}
        plugins = Plugins(entry_points=[], extra=extra)
        prefix = cidr.partition("/")[0].rpartition(".")[0]
        options = ClusterOptions(
            pki=str(tmp_path / "pki"), service_cidr=cidr, service_ip=f"{prefix}.1", api_port=6443,
            api_endpoint_ip="127.0.0.1", node_port_range=node_ports,
        )  # fmt: skip
        app = new_app(plugins, store=MemoryStore(), home=str(tmp_path), options=options)
        assert plugins.failures() == []
        assert app.failed_bootstrap == []
        made.append(app)
        return Api(app)

    yield make
    for app in made:
        app.close()


@pytest.fixture
def api(make_api):
    return make_api()
