import pytest

from sampan_dra.channel import MESSAGES, CallFailure, Channel
from sampan_grpc.wire import decode, encode


def test_a_map_of_messages_is_read_as_the_list_of_its_entries():
    """Bytes of the official Go library: claims {"u": devices [{pool p, device d, CDI a/b=1}]}."""
    data = bytes.fromhex("0a140a0175120f0a0d1201701a01642205612f623d31")

    (entry,) = decode(MESSAGES, "NodePrepareResourcesResponse", data)["claims"]

    assert entry["key"] == "u"
    (device,) = entry["value"]["devices"]
    assert (device["pool_name"], device["device_name"], device["cdi_device_ids"]) == ("p", "d", ["a/b=1"])
    device = {"pool_name": "p", "device_name": "d", "cdi_device_ids": ["a/b=1"]}
    answer = {"claims": [{"key": "u", "value": {"devices": [device]}}]}
    assert encode(MESSAGES, "NodePrepareResourcesResponse", answer) == data

    (entry,) = decode(MESSAGES, "NodeUnprepareResourcesResponse", bytes.fromhex("0a080a017512030a0165"))["claims"]
    assert (entry["key"], entry["value"]) == ("u", {"error": "e"})


def test_a_driver_that_does_not_answer_is_told(tmp_path):
    channel = Channel(str(tmp_path / "none.sock"))
    try:
        with pytest.raises(CallFailure, match="Unavailable"):
            channel.call("s", "NodePrepareResources", claims=[])
    finally:
        channel.close()
