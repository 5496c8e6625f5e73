"""What chain steps are told of watches and streams: once, when they end."""

from __future__ import annotations

import socket
import time
from typing import Any

from chainsteps import CMS, Plugin, Step

from sampan.contracts.serving import Answer
from sampan_http.handoff import Hijacked, Offloaded
from sampan_server.request.outcomes import OutcomeTracker


def test_a_watch_on_the_loop_is_told_at_its_end(make: Any, shapes: Any, on_loop: Any, plugin: Any) -> None:
    step = Step(after="authorize")
    server = on_loop(make(more={"mine": plugin(step)}))

    connection = server.connect()
    connection.request("GET", f"{CMS}?watch=1")
    answer = connection.getresponse()
    assert answer.status == 200 and step.told == []
    server.ask("POST", CMS, shapes.config_map("a"))
    assert b"ADDED" in answer.readline()
    assert step.statuses() == [201]
    assert server.ask("GET", f"{CMS}?watch=1&timeoutSeconds=1")[0] == 200
    assert step.statuses(2) == [200, 201]
    assert max(outcome.seconds for outcome in step.outcomes) > 0.5
    answer.close()
    connection.close()

    assert step.statuses(3) == [200, 200, 201]
    assert [verb for verb, _ in step.asked] == ["watch", "create", "watch"]


def test_a_watch_whose_client_leaves_is_told(make: Any, on_loop: Any, plugin: Any) -> None:
    step = Step(after="authorize")
    server = on_loop(make(more={"mine": plugin(step)}))
    sock = socket.create_connection(server.listener.getsockname())
    sock.sendall(f"GET {CMS}?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert b"200 OK" in sock.recv(1000)
    assert step.told == []

    sock.close()

    assert step.statuses() == [200]


def test_work_for_the_pool_that_is_dropped_is_told_as_unanswered_and_what_runs_by_its_answer() -> None:
    tracker, told = OutcomeTracker(time.perf_counter()), []
    tracker.told.append(told.append)

    handoff = tracker.followed(tracker.followed(Offloaded(lambda: Answer(200, iter([b"x"])))))
    assert isinstance(handoff, Offloaded) and handoff.run is not None
    answer = handoff.run()
    del handoff
    assert told == []
    assert b"".join(answer.body) == b"x"
    assert [outcome.status for outcome in told] == [200]

    tracker.told.append(told.append)
    handoff = tracker.followed(Offloaded(lambda: Answer(200)))
    del handoff
    assert [outcome.status for outcome in told] == [200, 0]


def test_a_connection_that_has_ended_when_it_is_taken_is_told() -> None:
    class Ended:
        on_close = None

    tracker, told = OutcomeTracker(time.perf_counter()), []
    tracker.told.append(told.append)
    handoff = tracker.followed(Hijacked(lambda connection: None))

    assert isinstance(handoff, Hijacked)
    handoff.take(Ended())

    assert [outcome.status for outcome in told] == [200]


def test_watches_end_with_the_server_and_are_told(make: Any, on_loop: Any) -> None:
    step = Step(after="authorize")
    server = on_loop(make(more={"mine": Plugin(step)}))
    connection = server.connect()
    connection.request("GET", f"{CMS}?watch=1")
    answer = connection.getresponse()

    server.server.stop()
    answer.read()
    connection.close()

    assert step.statuses() == [200]


def test_a_watch_by_a_generator_is_told_at_its_end(make: Any, wsgi: Any) -> None:
    step = Step(after="authorize")
    server = wsgi(make(more={"mine": Plugin(step)}))

    assert server.ask("GET", f"{CMS}?watch=1&timeoutSeconds=1")[0] == 200

    assert step.statuses() == [200]
    assert step.outcomes[0].seconds > 0.5


def test_a_watch_in_process_is_told_when_it_is_closed(make: Any, shapes: Any) -> None:
    step = Step(after="authorize")
    api = make(more={"mine": Plugin(step)})
    api.post(CMS, shapes.config_map("a"))

    api.watch(CMS, count=1)

    assert step.statuses(2) == [200, 201]
