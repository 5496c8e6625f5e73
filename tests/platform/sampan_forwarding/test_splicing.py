"""Bytes are copied both ways between two connections."""

import select
import socket
import threading

from sampan_forwarding import splicing
from sampan_forwarding.splicing import MOST, splice

MUCH = 16 * MOST


class Spliced:
    """``client`` and ``server`` are the far ends of the two connections."""

    def __init__(self, splice=splice):
        self.client, near = socket.socketpair()
        self.server, far = socket.socketpair()
        self.ends = (self.client, near, self.server, far)
        for end in (self.client, self.server):
            end.settimeout(60)
        self.thread = threading.Thread(target=splice, args=(near, far), daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in self.ends:
            end.close()

    def is_over(self):
        self.thread.join(60)
        return not self.thread.is_alive()


def read(sock, size):
    seen = 0
    while seen < size:
        data = sock.recv(min(65536, size - seen))  # what comes next is for the next who reads
        if not data:
            break
        seen += len(data)
    return seen


def test_bytes_go_both_ways_until_a_side_ends():
    with Spliced() as pair:
        pair.client.sendall(b"question")
        assert pair.server.recv(100) == b"question"
        pair.server.sendall(b"answer")
        pair.server.close()

        assert pair.client.recv(100) == b"answer"
        assert pair.is_over()


def test_a_blocked_direction_does_not_block_the_other():
    """The server reads only after its output was read, as a command that echoes does; the client sends before it
    reads."""
    with Spliced() as pair:

        def serve():
            pair.server.sendall(b"o" * MUCH)
            read(pair.server, MUCH)
            pair.server.sendall(b"all")

        serving = threading.Thread(target=serve, daemon=True)
        sending = threading.Thread(target=pair.client.sendall, args=(b"i" * MUCH,), daemon=True)
        sending.start()
        pair.thread.join(0.2)  # now the way to the server is full
        serving.start()

        assert read(pair.client, MUCH) == MUCH
        assert pair.client.recv(3) == b"all"


def test_the_last_bytes_of_a_side_that_ended_are_passed_on():
    with Spliced() as pair:
        sending = threading.Thread(target=lambda: (pair.server.sendall(b"x" * MUCH), pair.server.close()))
        sending.start()

        assert read(pair.client, MUCH) == MUCH
        assert pair.is_over()
        sending.join()


def test_a_side_that_reads_nothing_is_given_only_so_much():
    with Spliced() as pair:
        pair.server.settimeout(0.5)
        taken = 0
        try:
            while True:
                taken += pair.server.send(b"x" * 65536)
        except TimeoutError:
            pass

        room = sum(end.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) for end in pair.ends)
        assert taken < room + 2 * MOST


class Counted:
    """A socket that counts how often it is asked for bytes."""

    def __init__(self, sock):
        self.sock, self.asked = sock, 0
        self.setblocking, self.send, self.fileno = sock.setblocking, sock.send, sock.fileno

    def recv(self, size):
        self.asked += 1
        return self.sock.recv(size)


def test_a_side_that_says_nothing_is_not_asked_for_each_piece_of_the_other():
    counted = []

    def count(near, far):
        counted.extend([Counted(near), Counted(far)])
        splice(*counted)

    with Spliced(count) as pair:
        sending = threading.Thread(target=lambda: (pair.client.sendall(b"x" * MUCH), pair.client.close()))
        sending.start()
        assert read(pair.server, MUCH) == MUCH
        assert pair.is_over()
        sending.join()

    near, far = counted
    assert near.asked > 10
    assert far.asked == 1


def test_an_end_that_was_closed_is_found_by_trying():
    assert splicing._poll({-1: select.POLLIN, 7: select.POLLOUT}, None) == {-1: select.POLLIN, 7: select.POLLOUT}

    gone, near = socket.socketpair()
    gone.close()
    near.close()
    with near, socket.socket() as far:
        way = splicing.Direction(near, far)
        way.told({})
        way.move()

    assert way.over
