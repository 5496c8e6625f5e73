import csidriver
import grpc
import pytest

from sampan_csi.drivers import Drivers
from sampan_machinery.resources import NODES
from sampan_volumes.contracts import VolumeFailure


@pytest.fixture
def drivers(tmp_path, api):
    found = Drivers(tmp_path / "registry", api, "n")
    found.start()
    yield found
    found.close()


@pytest.fixture
def driver(tmp_path):
    found = csidriver.Driver("d.test", tmp_path / "registry", tmp_path / "data")
    yield found
    found.stop()


def test_a_driver_registers_when_its_socket_appears_and_leaves_with_it(drivers, driver, api, until):
    with pytest.raises(VolumeFailure, match=r"driver name d\.test not found in the list of registered CSI drivers"):
        drivers.get("d.test")

    driver.topology = {"zone": "z1"}
    driver.start()

    until(lambda: [each["plugin_registered"] for each in driver.calls("NotifyRegistrationStatus")][-1:] == [True])
    assert drivers.get("d.test").capabilities == {1}
    assert api.drivers()["d.test"] == {
        "name": "d.test", "nodeID": "node-of-driver", "topologyKeys": ["zone"], "allocatable": {"count": 3},
    }  # fmt: skip
    assert api.objects[NODES, "n"]["metadata"]["labels"] == {"zone": "z1"}

    driver.stop()
    until(lambda: not api.drivers())
    with pytest.raises(VolumeFailure):
        drivers.get("d.test")


def test_a_driver_that_was_there_before_the_agent_is_found(tmp_path, api, driver, until):
    driver.start()
    found = Drivers(tmp_path / "registry", api, "n")
    try:
        found.start()
        until(lambda: api.drivers())
    finally:
        found.close()


def test_a_plugin_of_another_type_is_told_so(drivers, driver, api, until, monkeypatch):
    monkeypatch.setattr(driver, "GetInfo", lambda asked: {"type": "DevicePlugin", "name": "x"})
    driver.start()

    status, *_ = until(lambda: driver.calls("NotifyRegistrationStatus"))

    assert status["plugin_registered"] is False
    assert status["error"] == "plugins of type 'DevicePlugin' are not known to this node agent"
    assert not api.drivers()


def test_a_driver_of_another_version_is_told_so(drivers, driver, api, until, monkeypatch):
    monkeypatch.setattr(csidriver, "VERSIONS", ["2.0.0"])
    driver.start()

    status, *_ = until(lambda: driver.calls("NotifyRegistrationStatus"))
    assert status["error"] == "no supported version among 2.0.0; 1.x is wanted"


def test_a_registration_that_fails_is_tried_again(drivers, driver, api, until):
    driver.fail["NodeGetInfo"] = grpc.StatusCode.UNAVAILABLE, "starting"
    driver.start()
    until(lambda: driver.calls("NodeGetInfo"))
    assert not driver.calls("NotifyRegistrationStatus")

    driver.fail.clear()

    until(lambda: api.drivers())


def test_the_library_is_not_imported_before_a_driver_comes():
    import subprocess
    import sys

    code = "import sys, sampan_csi.drivers, sampan_csi.mounter; sys.exit('grpc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
