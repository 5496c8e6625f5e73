import os
import socket

import pytest
from spaces import Space

from sampan_cri import netns


@pytest.mark.root
def test_what_listens_on_the_pods_loopback_alone_is_reached():
    space = Space(f"cri{os.urandom(4).hex()}")
    try:
        listening = space.do(lambda: socket.create_server(("127.0.0.1", 0)))
        with (
            listening,
            socket.socket(fileno=netns.dial(f"/run/netns/{space.name}", listening.getsockname()[1], 30)) as end,
        ):
            served, _ = listening.accept()
            with served:
                served.sendall(b"here")
                assert end.recv(10) == b"here"
    finally:
        space.remove()


def test_a_namespace_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        netns.dial(str(tmp_path / "none"), 1, 1)
    (tmp_path / "file").touch()
    with pytest.raises(PermissionError, match="entering"):
        netns.dial(str(tmp_path / "file"), 1, 1)


def test_a_port_on_which_nothing_listens_is_an_error():
    with socket.socket() as bound:  # no process listens at this port, and no other can
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(OSError):
            netns.connect("localhost", bound.getsockname()[1], 30)


def test_either_loopback_address_will_do():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        os.close(netns.connect("localhost", listening.getsockname()[1], 30))
