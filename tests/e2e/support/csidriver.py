"""A small CSI driver, and its registrar: volumes are directories that are bind-mounted. Needs root.

``python csidriver.py NAME REGISTRY DATA`` serves both until it is killed. What is called is noted in DATA/calls, a line
of JSON a call. Speaks the field numbers of csi.proto by the tables below, which are its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from sampan_csi.mounts import is_mounted
from sampan_grpc.wire import decode, encode, table

TABLES = table("""
    InfoRequest:
    PluginInfo: type=1 name=2 endpoint=3 supported_versions=4:[str]
    RegistrationStatus: plugin_registered=1:bool error=2
    RegistrationStatusResponse:
    Mount: fs_type=1 mount_flags=2:[str] volume_mount_group=3
    Block:
    Mode: mode=1:int
    Capability: block=1:Block mount=2:Mount access_mode=3:Mode
    Topology: segments=1:map
    NodeGetInfoRequest:
    NodeGetInfoResponse: node_id=1 max_volumes_per_node=2:int accessible_topology=3:Topology
    NodeGetCapabilitiesRequest:
    Rpc: type=1:int
    Service: rpc=1:Rpc
    NodeGetCapabilitiesResponse: capabilities=1:[Service]
    NodeStageVolumeRequest: volume_id=1 publish_context=2:map staging_target_path=3 volume_capability=4:Capability secrets=5:map volume_context=6:map
    NodeStageVolumeResponse:
    NodeUnstageVolumeRequest: volume_id=1 staging_target_path=2
    NodeUnstageVolumeResponse:
    NodePublishVolumeRequest: volume_id=1 publish_context=2:map staging_target_path=3 target_path=4 volume_capability=5:Capability readonly=6:bool secrets=7:map volume_context=8:map
    NodePublishVolumeResponse:
    NodeUnpublishVolumeRequest: volume_id=1 target_path=2
    NodeUnpublishVolumeResponse:
    GetPluginCapabilitiesRequest:
    GetPluginCapabilitiesResponse: capabilities=1:[PluginCapability]
    PluginCapability: service=1:Rpc
    ControllerGetCapabilitiesRequest:
    ControllerGetCapabilitiesResponse: capabilities=1:[Service]
    CapacityRange: required_bytes=1:int limit_bytes=2:int
    TopologyRequirement: requisite=1:[Topology] preferred=2:[Topology]
    CreateVolumeRequest: name=1 capacity_range=2:CapacityRange volume_capabilities=3:[Capability] parameters=4:map accessibility_requirements=7:TopologyRequirement
    Volume: capacity_bytes=1:int volume_id=2 volume_context=3:map accessible_topology=5:[Topology]
    CreateVolumeResponse: volume=1:Volume
    DeleteVolumeRequest: volume_id=1
    DeleteVolumeResponse:
    ControllerPublishVolumeRequest: volume_id=1 node_id=2 volume_capability=3:Capability readonly=4:bool volume_context=6:map
    ControllerPublishVolumeResponse: publish_context=1:map
    ControllerUnpublishVolumeRequest: volume_id=1 node_id=2
    ControllerUnpublishVolumeResponse:
""")  # noqa: E501  # a message a line
VERSIONS = ["1.0.0"]


def bind(source: Path, target: Path, *, read_only: bool = False) -> None:
    target.mkdir(parents=True, exist_ok=True)
    if not is_mounted(target):
        subprocess.run(["mount", "--bind", str(source), str(target)], check=True)
        if read_only:
            subprocess.run(["mount", "-o", "remount,bind,ro", str(target)], check=True)


def unmount(target: Path) -> None:
    while is_mounted(target):
        subprocess.run(["umount", str(target)], check=True)
    if target.is_dir():
        target.rmdir()


class Driver:
    """``fail``: method -> (grpc code, words) that it answers with."""

    def __init__(self, name: str, registry: Path, data: Path) -> None:
        self.name, self.registry, self.data = name, registry, data
        self.topology: dict[str, str] = {}
        self.fail: dict[str, tuple[grpc.StatusCode, str]] = {}
        self._lock = threading.Lock()
        data.mkdir(parents=True, exist_ok=True)
        self._servers: list[grpc.Server] = []

    def start(self) -> None:
        self.registry.mkdir(parents=True, exist_ok=True)
        self._serve(self.data / "csi.sock")
        self._serve(self.registry / f"{self.name}-reg.sock")

    def stop(self) -> None:
        for server in self._servers:
            server.stop(0).wait()
        (self.registry / f"{self.name}-reg.sock").unlink(missing_ok=True)

    def _serve(self, socket: Path) -> None:
        socket.unlink(missing_ok=True)
        server = grpc.server(ThreadPoolExecutor(4))
        server.add_generic_rpc_handlers((self,))
        server.add_insecure_port(f"unix://{socket}")
        server.start()
        self._servers.append(server)

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        method = details.method.rpartition("/")[2]
        answer = getattr(self, method, None)
        if answer is None:
            return None
        request = {"GetInfo": "InfoRequest", "NotifyRegistrationStatus": "RegistrationStatus"}.get(method)
        response = {"GetInfo": "PluginInfo", "NotifyRegistrationStatus": "RegistrationStatusResponse"}.get(method)

        def call(data: bytes, context: grpc.ServicerContext) -> bytes:
            asked = decode(TABLES, request or f"{method}Request", data)
            with self._lock, (self.data / "calls").open("a") as file:
                file.write(json.dumps({"method": method, **asked}) + "\n")
            if method in self.fail:
                context.abort(*self.fail[method])
            return encode(TABLES, response or f"{method}Response", answer(asked) or {})

        return grpc.unary_unary_rpc_method_handler(call)

    def calls(self, *methods: str) -> list[dict]:
        try:
            lines = (self.data / "calls").read_text().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        found = [json.loads(line) for line in lines if line.endswith("\n")]  # the last may be half written
        return [one for one in found if not methods or one["method"] in methods]

    def GetInfo(self, asked: dict) -> dict:
        endpoint = str(self.data / "csi.sock")
        return {"type": "CSIPlugin", "name": self.name, "endpoint": endpoint, "supported_versions": VERSIONS}

    def NotifyRegistrationStatus(self, asked: dict) -> None:
        return None

    def NodeGetInfo(self, asked: dict) -> dict:
        topology = {"segments": self.topology} if self.topology else None
        return {"node_id": "node-of-driver", "max_volumes_per_node": 3, "accessible_topology": topology}

    def NodeGetCapabilities(self, asked: dict) -> dict:
        return {"capabilities": [{"rpc": {"type": 1}}]}

    def GetPluginCapabilities(self, asked: dict) -> dict:
        return {"capabilities": [{"service": {"type": kind}} for kind in (1, 2)]}

    def ControllerGetCapabilities(self, asked: dict) -> dict:
        return {"capabilities": [{"rpc": {"type": kind}} for kind in (1, 2)]}

    def CreateVolume(self, asked: dict) -> dict:
        found = {"volume_id": f"id-{asked['name']}", "capacity_bytes": asked["capacity_range"]["required_bytes"]}
        self._folder(found)
        wanted = asked["accessibility_requirements"]
        topology = wanted["preferred"][:1] if wanted else []
        return {"volume": {**found, "volume_context": {"made": "yes"}, "accessible_topology": topology}}

    def DeleteVolume(self, asked: dict) -> None:
        shutil.rmtree(self.data / asked["volume_id"], ignore_errors=True)

    def ControllerPublishVolume(self, asked: dict) -> dict:
        return {"publish_context": {"device": f"{asked['volume_id']} on {asked['node_id']}"}}

    def ControllerUnpublishVolume(self, asked: dict) -> None:
        return None

    def NodeStageVolume(self, asked: dict) -> None:
        bind(self._folder(asked), Path(asked["staging_target_path"]))

    def NodeUnstageVolume(self, asked: dict) -> None:
        unmount(Path(asked["staging_target_path"]))

    def NodePublishVolume(self, asked: dict) -> None:
        staged = asked["staging_target_path"]
        source = Path(staged) if staged else self._folder(asked)
        bind(source, Path(asked["target_path"]), read_only=asked["readonly"])

    def NodeUnpublishVolume(self, asked: dict) -> None:
        unmount(Path(asked["target_path"]))

    def _folder(self, asked: dict) -> Path:
        place = self.data / asked["volume_id"]
        place.mkdir(exist_ok=True)
        place.chmod(0o777)
        return place


if __name__ == "__main__":
    served = Driver(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    served.start()
    print("serving", flush=True)
    threading.Event().wait()
