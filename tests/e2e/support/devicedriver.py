"""A small driver of devices (dynamic resource allocation), and its registrar: a device is a variable and a file.

``python devicedriver.py NAME REGISTRY DATA`` serves both until it is killed. What is called is noted in DATA/calls, a
line of JSON a call; the CDI specification that it writes is DATA/cdi/NAME.json. Speaks the field numbers of dra/v1 by
the tables below, which are its own.
"""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from sampan_grpc.wire import decode, encode, table

TABLES = table("""
    InfoRequest:
    PluginInfo: type=1 name=2 endpoint=3 supported_versions=4:[str]
    RegistrationStatus: plugin_registered=1:bool error=2
    RegistrationStatusResponse:
    Claim: namespace=1 uid=2 name=3
    NodePrepareResourcesRequest: claims=1:[Claim]
    NodeUnprepareResourcesRequest: claims=1:[Claim]
    Device: request_names=1:[str] pool_name=2 device_name=3 cdi_device_ids=4:[str]
    Prepared: devices=1:[Device] error=2
    Entry: key=1 value=2:Prepared
    NodePrepareResourcesResponse: claims=1:[Entry]
    Gone: error=1
    GoneEntry: key=1 value=2:Gone
    NodeUnprepareResourcesResponse: claims=1:[GoneEntry]
""")


class Driver:
    """``errors``: what it says of every claim, by method. ``requests``: to which its device belongs, none: all."""

    def __init__(self, name: str, registry: Path, data: Path) -> None:
        self.name, self.registry, self.data = name, registry, data
        self.versions, self.requests = ["v1.DRAPlugin", "v1beta1.DRAPlugin"], []
        self.errors: dict[str, str] = {}
        self._lock = threading.Lock()
        self._servers: list[grpc.Server] = []
        (data / "cdi").mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        self.registry.mkdir(parents=True, exist_ok=True)
        edits = {"env": [f"DEVICE={self.name}"]}
        cdi = {"cdiVersion": "0.6.0", "kind": f"{self.name}/one", "devices": [{"name": "a", "containerEdits": edits}]}
        (self.data / "cdi" / f"{self.name}.json").write_text(json.dumps(cdi))
        self._serve(self.data / "dra.sock")
        self._serve(self.registry / f"{self.name}-reg.sock")

    def stop(self) -> None:
        for server in self._servers:
            server.stop(0).wait()
        self._servers.clear()
        (self.registry / f"{self.name}-reg.sock").unlink(missing_ok=True)

    def _serve(self, socket: Path) -> None:
        socket.unlink(missing_ok=True)
        server = grpc.server(ThreadPoolExecutor(4))
        server.add_generic_rpc_handlers((self,))
        server.add_insecure_port(f"unix://{socket}")
        server.start()
        self._servers.append(server)

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        service, _, method = details.method.rpartition("/")
        if service not in ("/pluginregistration.Registration", "/k8s.io.kubelet.pkg.apis.dra.v1.DRAPlugin"):
            return None
        request = {"GetInfo": "InfoRequest", "NotifyRegistrationStatus": "RegistrationStatus"}.get(method)
        response = {"GetInfo": "PluginInfo", "NotifyRegistrationStatus": "RegistrationStatusResponse"}.get(method)

        def call(data: bytes, context: grpc.ServicerContext) -> bytes:
            asked = decode(TABLES, request or f"{method}Request", data)
            with self._lock, (self.data / "calls").open("a") as file:
                file.write(json.dumps({"method": method, **asked}) + "\n")
            return encode(TABLES, response or f"{method}Response", getattr(self, method)(asked) or {})

        return grpc.unary_unary_rpc_method_handler(call)

    def calls(self, *methods: str) -> list[dict]:
        try:
            lines = (self.data / "calls").read_text().splitlines()
        except FileNotFoundError:
            return []
        found = [json.loads(line) for line in lines]
        return [one for one in found if not methods or one["method"] in methods]

    def GetInfo(self, asked: dict) -> dict:
        endpoint = str(self.data / "dra.sock")
        return {"type": "DRAPlugin", "name": self.name, "endpoint": endpoint, "supported_versions": self.versions}

    def NotifyRegistrationStatus(self, asked: dict) -> None:
        return None

    def NodePrepareResources(self, asked: dict) -> dict:
        device = {
            "request_names": self.requests, "pool_name": "p", "device_name": "a",
            "cdi_device_ids": [f"{self.name}/one=a"],
        }  # fmt: skip
        why = self.errors.get("NodePrepareResources", "")
        value = {"error": why} if why else {"devices": [device]}
        return {"claims": [{"key": one["uid"], "value": value} for one in asked["claims"]]}

    def NodeUnprepareResources(self, asked: dict) -> dict:
        value = {"error": self.errors.get("NodeUnprepareResources", "")}
        return {"claims": [{"key": one["uid"], "value": value} for one in asked["claims"]]}


if __name__ == "__main__":
    served = Driver(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    served.start()
    print("serving", flush=True)
    threading.Event().wait()
