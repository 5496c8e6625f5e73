"""A connection taken over from HTTP: how it ends."""

import socket
import threading

from sampan_server.subresources.upgrades import SocketUpgrade, taken


def test_the_end_is_said_and_what_is_still_coming_is_read(monkeypatch):
    monkeypatch.setattr("sampan_server.subresources.upgrades.PARTING", 60.0)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        upgrade = taken(ours, b"head")
        closing = threading.Thread(target=upgrade.close)
        closing.start()

        assert theirs.recv(100) == b"head"
        assert theirs.recv(100) == b""
        theirs.sendall(b"late")  # would reset the connection where it is not read
        theirs.shutdown(socket.SHUT_WR)
        closing.join(60)
        assert not closing.is_alive()


def test_the_descriptor_stays_the_worker_s_to_close():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.shutdown(socket.SHUT_WR)

        SocketUpgrade(ours).close()

        assert ours.fileno() >= 0
