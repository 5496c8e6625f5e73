import os
import socket

from sampan_http.succession import Succession, address_of, is_served


def test_the_newest_worker_is_awaited_until_it_serves():
    workers = Succession()
    assert not workers.is_awaited()
    assert not workers.has_begun()

    workers.made(1)
    workers.made(2)
    workers.serves(2)
    assert not workers.is_awaited()
    workers.serves(1)
    assert not workers.is_awaited()

    workers.made(3)
    assert workers.has_begun()
    assert workers.is_awaited()


def test_forked_workers_tell_their_arbiter():
    workers = Succession()
    workers.made(1)

    child = os.fork()
    if child == 0:
        workers.serves(1)
        os._exit(0)
    os.waitpid(child, 0)

    assert not workers.is_awaited()


def test_a_port_is_served_while_anybody_listens():
    with socket.create_server(("0.0.0.0", 0)) as listener:
        address = address_of(listener)
        assert is_served(address)

    assert not is_served(address)


def test_a_unix_socket_is_served_while_anybody_listens(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        address = address_of(listener)
        assert is_served(address)

    assert not is_served(address)
    assert not is_served((socket.AF_UNIX, str(tmp_path / "none")))
