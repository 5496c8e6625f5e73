"""Starting and stopping, with requests in flight."""

import queue
import threading

from sampan_http.answers import Reply
from sampan_http.handoff import Offloaded, Parked
from sampan_testing.cluster import until

GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"


def hello(environ, start):
    start("200 OK", [])
    return [b"hello"]


def test_stopping_closes_idle_connections_and_finishes_parked_ones(serve):
    resumes = queue.Queue()

    def app(environ, start):
        if environ["PATH_INFO"] == "/park":
            raise Parked(resumes.put)
        return hello(environ, start)

    running = serve(app)
    idle, busy = running.talk(), running.talk()
    idle.say(GET % b"")
    idle.answer()
    busy.say(GET % b"park")
    resume = resumes.get(timeout=30)

    running.server.stop()
    assert idle.at_end()
    resume(lambda: Reply(200, b"done"))
    code, headers, body = busy.answer()

    assert (code, headers["connection"], body) == (200, "close", b"done")
    assert busy.at_end()
    running.thread.join(30)
    assert not running.thread.is_alive()


def test_the_graceful_time_is_not_exceeded(serve):
    stuck = threading.Event()

    def forever():
        yield b"a"
        stuck.wait(30)

    def app(environ, start):
        if environ["PATH_INFO"] == "/park":
            raise Parked(lambda resume: None)
        raise Offloaded(lambda: Reply(200, forever()))

    running = serve(app, {"graceful_seconds": 0.1})
    parked, streaming = running.talk(), running.talk()
    parked.say(GET % b"park")
    streaming.say(GET % b"stream")
    streaming.head()
    assert streaming.chunk() == b"a"

    running.stop()

    assert parked.at_end()
    stuck.set()
    assert streaming.at_end()


def test_call_later_runs_in_order_and_can_be_cancelled(serve):
    loop = serve(hello).server.loop
    ran = queue.Queue()

    def plan():
        loop.call_later(0.03, lambda: ran.put(2))
        loop.call_later(0.01, lambda: ran.put(1))
        loop.call_later(0.02, lambda: ran.put(3))()

    loop.call_soon(plan)

    assert [ran.get(timeout=30), ran.get(timeout=30)] == [1, 2]
    assert ran.empty()


def test_a_call_that_fails_does_not_stop_the_loop(serve, caplog):
    running = serve(hello)

    running.server.loop.call_soon(lambda: 1 / 0)

    assert running.clients() == 0
    assert "ZeroDivisionError" in caplog.text


def test_clients_that_do_not_read_hold_a_bounded_amount_together(serve):
    def app(environ, start):
        start("200 OK", [])
        return [bytes(8 << 20)]  # a buffer of its own for each

    running = serve(app, {"queued_bytes": 20 << 20})
    queued = running.server.loop.queued
    clients = [running.connect() for _ in range(6)]
    for number, client in enumerate(clients, start=1):
        client.sendall(GET % b"")
        until(lambda number=number: running.server.served == number)

    until(lambda: queued.total <= 20 << 20)
    assert len(queued._by_connection) == 2
    assert [len(whole(client)) > 8 << 20 for client in (clients[0], clients[-1])] == [False, True]
    for client in clients:
        client.close()
    until(lambda: queued.total == 0)


def whole(sock):
    """All that comes until the server closes, or has sent the 8 MiB."""
    found = bytearray()
    try:
        while len(found) <= 8 << 20 and (data := sock.recv(1 << 20)):
            found += data
    except ConnectionResetError:
        pass
    return found
