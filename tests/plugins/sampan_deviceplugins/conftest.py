"""A device plugin: one socket, devices whose list the test changes, and answers that say which were given."""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from sampan_grpc.channel import Channel
from sampan_grpc.wire import decode, encode, table

GPU = "example.com/gpu"
#: By hand from the published proto, so that a slip in the plugin's own table is seen.
MESSAGES = table("""
    Empty:
    DevicePluginOptions: pre_start_required=1:bool get_preferred_allocation_available=2:bool
    RegisterRequest: version=1 endpoint=2 resource_name=3 options=4:DevicePluginOptions
    Device: ID=1 health=2
    ListAndWatchResponse: devices=1:[Device]
    Wish: available_deviceIDs=1:[str] must_include_deviceIDs=2:[str] allocation_size=3:int
    PreferredAllocationRequest: container_requests=1:[Wish]
    Granted: deviceIDs=1:[str]
    PreferredAllocationResponse: container_responses=1:[Granted]
    Ask: devices_ids=1:[str]
    AllocateRequest: container_requests=1:[Ask]
    Mount: container_path=1 host_path=2 read_only=3:bool
    DeviceSpec: container_path=1 host_path=2 permissions=3
    CDIDevice: name=1
    Answer: envs=1:map mounts=2:[Mount] devices=3:[DeviceSpec] annotations=4:map cdi_devices=5:[CDIDevice]
    AllocateResponse: container_responses=1:[Answer]
    PreStartContainerRequest: devices_ids=1:[str]
    PreStartContainerResponse:
""")
_NAMES = {"GetPreferredAllocation": "PreferredAllocation"}


class DevicePlugin(grpc.GenericRpcHandler):
    """``calls``: (method, ids); ``refuses``: what Allocate and PreStartContainer say instead of an answer."""

    def __init__(self, folder, name="gpu.sock"):
        self.folder, self.name = folder, name
        self.calls: list[tuple[str, list[str]]] = []
        self.refuses = ""
        self.wished: list[str] = []
        self._lists: queue.Queue = queue.Queue()
        folder.mkdir(parents=True, exist_ok=True)
        self._server = grpc.server(ThreadPoolExecutor(8), handlers=(self,))
        self._server.add_insecure_port(f"unix://{folder / name}")
        self._server.start()

    def close(self):
        self._lists.put(None)
        self._server.stop(0).wait()

    def list(self, **health):
        """Tells the devices: a="Healthy", b="Unhealthy"."""
        self._lists.put([{"ID": name, "health": word} for name, word in health.items()])

    def register(self, resource=GPU, version="v1beta1", endpoint=None, **options):
        channel = Channel(grpc, str(self.folder / "kubelet.sock"), MESSAGES, connect_within=60_000)
        fields = {"version": version, "endpoint": self.name if endpoint is None else endpoint,
                  "resource_name": resource, "options": options}  # fmt: skip
        try:
            return channel.call("v1beta1.Registration/Register", "RegisterRequest", "Empty", fields, patience=60)
        finally:
            channel.close()

    def service(self, details):
        service, _, method = details.method.rpartition("/")
        if service != "/v1beta1.DevicePlugin":
            return None
        if method == "ListAndWatch":
            return grpc.unary_stream_rpc_method_handler(self._follow)
        return grpc.unary_unary_rpc_method_handler(lambda data, context: self._answer(method, data, context))

    def _follow(self, data, context):
        while (devices := self._lists.get()) is not None:
            yield encode(MESSAGES, "ListAndWatchResponse", {"devices": devices})

    def _answer(self, method, data, context):
        name = _NAMES.get(method, method.removesuffix("Container") if method == "Allocate" else method)
        asked = decode(MESSAGES, f"{name}Request", data)
        if method == "GetPreferredAllocation":
            (wish,) = asked["container_requests"]
            self.calls.append((method, wish["available_deviceIDs"]))
            answer = {"container_responses": [{"deviceIDs": self.wished}]}
            return encode(MESSAGES, "PreferredAllocationResponse", answer)
        ids = asked["devices_ids"] if "devices_ids" in asked else asked["container_requests"][0]["devices_ids"]
        self.calls.append((method, ids))
        if self.refuses:
            context.abort(grpc.StatusCode.UNKNOWN, self.refuses)
        if method == "PreStartContainer":
            return encode(MESSAGES, "PreStartContainerResponse", {})
        return encode(MESSAGES, "AllocateResponse", {"container_responses": [{
            "envs": {"GPUS": ",".join(ids)},
            "mounts": [{"container_path": "/lib/gpu", "host_path": "/opt/gpu", "read_only": True}],
            "devices": [{"container_path": f"/dev/{one}", "host_path": "/dev/null", "permissions": "r"} for one in ids],
            "cdi_devices": [{"name": f"example.com/gpu={one}"} for one in ids],
        }]})  # fmt: skip


@pytest.fixture
def plugin(tmp_path):
    found = DevicePlugin(tmp_path / "device-plugins")
    yield found
    found.close()


@pytest.fixture
def plugin_after(tmp_path):
    """Makes one when the agent is there, which removes the sockets of before."""
    made = []

    def make(name="gpu.sock"):
        made.append(DevicePlugin(tmp_path / "device-plugins", name))
        return made[-1]

    yield make
    for each in made:
        each.close()
