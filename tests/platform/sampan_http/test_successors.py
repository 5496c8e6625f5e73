import os
import socket

from sampan_http.successors import WorkerProgress, address_of, has_listener


def test_the_newest_worker_is_starting_until_it_serves():
    workers = WorkerProgress()
    assert not workers.newest_is_starting()
    assert not workers.any_has_served()

    workers.forking(1)
    workers.forking(2)
    workers.serving(2)
    assert not workers.newest_is_starting()
    workers.serving(1)
    assert not workers.newest_is_starting()

    workers.forking(3)
    assert workers.any_has_served()
    assert workers.newest_is_starting()


def test_the_arbiter_sees_what_a_forked_worker_writes():
    workers = WorkerProgress()
    workers.forking(1)

    child = os.fork()
    if child == 0:
        workers.serving(1)
        os._exit(0)
    os.waitpid(child, 0)

    assert not workers.newest_is_starting()


def test_a_port_is_served_while_a_process_listens():
    with socket.create_server(("0.0.0.0", 0)) as listener:
        address = address_of(listener)
        assert has_listener(address)

    assert not has_listener(address)


def test_a_unix_socket_is_served_while_a_process_listens(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        address = address_of(listener)
        assert has_listener(address)

    assert not has_listener(address)
    assert not has_listener((socket.AF_UNIX, str(tmp_path / "none")))
