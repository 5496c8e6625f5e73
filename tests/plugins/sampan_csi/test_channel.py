import csidriver
import grpc
import pytest

from sampan_csi.channel import CallFailure, Channel
from sampan_csi.messages import CONTROLLER, NODE


@pytest.fixture
def driver(tmp_path):
    found = csidriver.Driver("d.test", tmp_path / "registry", tmp_path / "data")
    found.start()
    yield found
    found.stop()


@pytest.fixture
def channel(driver):
    found = Channel(str(driver.data / "csi.sock"), patience=5)
    yield found
    found.close()


def test_a_call_is_answered(channel):
    assert channel.call(NODE, "NodeGetInfo")["node_id"] == "node-of-driver"


def test_a_refusal_has_the_driver_s_code_and_words(channel, driver):
    driver.fail["NodeGetInfo"] = grpc.StatusCode.FAILED_PRECONDITION, "not now"

    with pytest.raises(CallFailure) as raised:
        channel.call(NODE, "NodeGetInfo")

    assert raised.value.code == "FAILED_PRECONDITION"
    assert str(raised.value) == "rpc error: code = FailedPrecondition desc = not now"


def test_a_method_that_the_driver_does_not_have_is_told(channel, monkeypatch):
    monkeypatch.delattr(csidriver.Driver, "DeleteVolume")

    with pytest.raises(CallFailure) as raised:
        channel.call(CONTROLLER, "DeleteVolume", volume_id="x")
    assert raised.value.code == "UNIMPLEMENTED"


def test_a_socket_without_a_server_is_told(tmp_path):
    channel = Channel(str(tmp_path / "none.sock"), patience=5)

    with pytest.raises(CallFailure) as raised:
        channel.call(NODE, "NodeGetInfo")
    channel.close()
    assert raised.value.code == "UNAVAILABLE"
