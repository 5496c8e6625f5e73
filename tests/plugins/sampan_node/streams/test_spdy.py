import pytest

from sampan.errors import BadRequest, Forbidden
from sampan_node.streams import spdy

OURS = ("v4.channel.k8s.io", "channel.k8s.io")


def test_an_upgrade_is_accepted_with_the_client_s_first_protocol_that_is_known():
    headers = {"Upgrade": "SPDY/3.1", "X-Stream-Protocol-Version": "v9.channel.k8s.io, channel.k8s.io"}

    answer = spdy.accept(headers, OURS)

    assert spdy.is_asked(headers)
    assert answer.protocol == "channel.k8s.io"
    assert b"X-Stream-Protocol-Version: channel.k8s.io\r\n" in answer.head


def test_a_client_without_a_protocol_or_with_unknown_ones_is_refused():
    with pytest.raises(BadRequest):
        spdy.accept({"Upgrade": "SPDY/3.1"}, OURS)
    with pytest.raises(Forbidden):
        spdy.accept({"X-Stream-Protocol-Version": "v9.channel.k8s.io"}, OURS)
