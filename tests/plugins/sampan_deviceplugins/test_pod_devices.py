from types import SimpleNamespace

import pytest

from sampan_deviceplugins.allocations import Allocations
from sampan_deviceplugins.pod_devices import PluginDevices, edits_of
from sampan_grpc.channel import CallError
from sampan_runtime.contracts import AdmitsPods, Device, Edits, EditsContainers, Mount, OffersResources, RuntimeFailure

GPU = "example.com/gpu"


class Fake:
    """A plugin without a socket."""

    def __init__(self, *healthy):
        self.healthy, self.calls, self.failure = frozenset(healthy), [], None

    def preferred(self, available, included, number):
        return ()

    def allocate(self, ids):
        self.calls.append(("allocate", list(ids)))
        if self.failure:
            raise CallError(self.failure)
        return {"envs": {"GPUS": ",".join(ids)}, "cdi_devices": [{"name": f"gpu={one}"} for one in ids]}

    def pre_start(self, ids):
        self.calls.append(("start", list(ids)))
        if self.failure:
            raise CallError(self.failure)


@pytest.fixture
def gpus():
    return Fake("a", "b")


@pytest.fixture
def devices(gpus, tmp_path):
    plugins = SimpleNamespace(
        get={GPU: gpus}.get, resources=lambda: frozenset({GPU, "example.com/away"}), offered=lambda: {GPU: (2, 2)},
        close=lambda: None,
    )  # fmt: skip
    return PluginDevices(plugins, Allocations(tmp_path / "allocations.json"))


def container(name, number=1, resource=GPU):
    return {"name": name, "resources": {"limits": {resource: str(number)}}}


def pod(uid, *containers, init=()):
    return {"metadata": {"uid": uid}, "spec": {"containers": list(containers), "initContainers": list(init)}}


def test_it_has_a_say_in_all_that_devices_are_about(devices):
    assert isinstance(devices, EditsContainers) and isinstance(devices, AdmitsPods)
    assert isinstance(devices, OffersResources) and devices.resources() == {GPU: (2, 2)}


def test_a_pod_gets_its_devices_when_it_is_admitted(devices, gpus):
    web = pod("1", container("web", 2))

    assert devices.admit(web) == ""
    devices.prepare(web)

    assert gpus.calls == [("allocate", ["a", "b"])]
    assert devices.names(web, web["spec"]["containers"][0]) == ["gpu=a", "gpu=b"]
    assert devices.edits(web, web["spec"]["containers"][0]).env == (("GPUS", "a,b"),)
    assert gpus.calls[1:] == [("start", ["a", "b"])]


def test_a_pod_for_which_there_are_too_few_is_refused_and_keeps_none(devices, gpus):
    assert devices.admit(pod("1", container("web"))) == ""
    text = "requested number of devices unavailable for example.com/gpu. Requested: 2, Available: 1"

    assert devices.admit(pod("2", container("web", 2))) == f"Allocate failed due to {text}, which is unexpected"
    assert devices.admit(pod("3", container("one"), container("two"))).startswith("Allocate failed due to requested")
    assert devices.admit(pod("4", container("web"))) == ""


def test_devices_are_free_again_with_their_pod(devices):
    one = pod("1", container("web", 2))
    assert devices.admit(one) == ""
    assert devices.admit(pod("2", container("web")))

    devices.release(one)

    assert devices.admit(pod("2", container("web"))) == ""


def test_what_an_init_container_had_serves_the_next_container(devices, gpus):
    assert devices.admit(pod("1", container("web", 2), init=[container("load", 2)])) == ""
    assert gpus.calls == [("allocate", ["a", "b"]), ("allocate", ["a", "b"])]


def test_a_plugin_that_refuses_or_is_away_is_named(devices, gpus):
    gpus.failure = "no power"
    assert devices.admit(pod("1", container("web"))) == "Allocate failed due to no power, which is unexpected"
    gpus.failure = None

    away = devices.admit(pod("1", container("web", resource="example.com/away")))

    assert "cannot allocate unregistered device example.com/away" in away
    assert devices.admit(pod("1", container("web", 2))) == ""


def test_a_pod_that_was_not_admitted_here_waits_for_its_devices(devices, gpus):
    gpus.healthy = frozenset()
    static = pod("1", container("web"))
    with pytest.raises(RuntimeFailure, match="no healthy devices present"):
        devices.prepare(static)

    gpus.healthy = frozenset("a")
    devices.prepare(static)
    gpus.failure = "cold"
    with pytest.raises(RuntimeFailure, match="device plugin PreStartContainer rpc failed: cold"):
        devices.edits(static, static["spec"]["containers"][0])


def test_pods_without_devices_cost_nothing(devices, gpus):
    plain = pod("1", container("web", resource="cpu"))

    assert devices.admit(plain) == ""
    devices.release(plain)

    assert devices.names(plain, plain["spec"]["containers"][0]) == []
    assert devices.edits(plain, plain["spec"]["containers"][0]) == Edits()
    assert gpus.calls == []


def test_the_answer_becomes_variables_mounts_and_devices():
    answer = {
        "envs": {"A": "1"},
        "mounts": [{"container_path": "/c", "host_path": "/h", "read_only": True}],
        "devices": [
            {"container_path": "/dev/x", "host_path": "/dev/null", "permissions": "r"},
            {"container_path": "/dev/y", "host_path": "/dev/zero", "permissions": ""},
        ],
    }

    assert edits_of(answer) == Edits(
        (("A", "1"),), (Mount("/h", "/c", True),),
        (Device("/dev/null", "/dev/x", True), Device("/dev/zero", "/dev/y", False)),
    )  # fmt: skip
