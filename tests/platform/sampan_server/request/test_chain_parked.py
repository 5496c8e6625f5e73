"""Chain steps that let a request wait: on the loop or elsewhere, until it goes on, is refused, or its client leaves."""

from __future__ import annotations

import socket
import threading
import time
from functools import partial
from typing import Any

import pytest
from chainsteps import CMS, Plugin, Step

from sampan.contracts.chain import ChainRequest, Later
from sampan.errors import Forbidden
from sampan_server import front
from sampan_server.request import chain


def test_a_request_waits_until_it_may_go_on(make: Any, shapes: Any, under: Any, plugin: Any) -> None:
    waiting: list[Any] = []
    step, after = Step("flow", after="authenticate"), Step("after", after="flow")

    def later(request: ChainRequest) -> None:
        if request.resource:
            raise Later(begin)

    def begin(resume: Any) -> None:
        threading.Timer(0.05, lambda: resume(partial(waiting.append))).start()

    step.act = later
    server = under(make(more={"mine": plugin(step, after)}))

    assert server.ask("GET", CMS)[0] == 200
    assert server.ask("POST", CMS, shapes.config_map("a"))[0] == 201

    assert after.statuses(2) == [200, 201]
    deadline = time.monotonic() + 30
    while len(waiting) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert sorted(outcome.status for outcome in waiting) == [200, 201]
    assert all(outcome.seconds > 0.04 for outcome in waiting)
    assert len(step.asked) == len(after.asked) == 2


@pytest.mark.parametrize("at_once", [True, False])
def test_a_request_that_has_waited_can_be_refused(make: Any, under: Any, plugin: Any, at_once: bool) -> None:
    step = Step("flow", after="authenticate")

    def begin(resume: Any) -> None:
        refusal = Forbidden("no")
        if at_once:
            resume(refusal)
            resume(None)  # counts no more
        else:
            threading.Timer(0.02, lambda: resume(refusal)).start()

    def later(request: ChainRequest) -> None:
        raise Later(begin)

    step.act = later
    server = under(make(more={"mine": plugin(step)}))

    status, said = server.ask("GET", CMS)

    assert (status, said["message"]) == (403, "no")


def test_a_wait_that_cannot_begin_is_an_error(make: Any, under: Any, plugin: Any) -> None:
    step = Step("flow", after="authenticate")

    def begin(resume: Any) -> None:
        raise RuntimeError("no")

    def later(request: ChainRequest) -> None:
        raise Later(begin)

    step.act = later
    server = under(make(more={"mine": plugin(step)}))

    assert server.ask("GET", CMS)[0] == 500


def test_no_request_waits_for_ever(make: Any, under: Any, plugin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr(front, "LONGEST_WAIT", 0.05)
    first, step, kept = Step("first", before="authenticate"), Step("flow", after="authenticate"), []

    def later(request: ChainRequest) -> None:
        raise Later(kept.append)

    step.act = later
    server = under(make(more={"mine": plugin(first, step)}))

    status, said = server.ask("GET", CMS)
    kept[0](None)  # too late

    assert (status, said["reason"]) == (504, "Timeout")
    assert first.statuses() == [504]


def test_many_wait_on_the_loop_and_others_are_served(make: Any, on_loop: Any) -> None:
    step, resumes = Step("flow", after="authenticate"), []

    def later(request: ChainRequest) -> None:
        if request.resource:
            raise Later(resumes.append)

    step.act = later
    server = on_loop(make(more={"mine": Plugin(step)}))
    before = set(threading.enumerate())
    connections = [server.connect() for _ in range(100)]
    for connection in connections:
        connection.request("GET", CMS)
    deadline = time.monotonic() + 30
    while len(resumes) < 100 and time.monotonic() < deadline:
        assert server.ask("GET", "/version")[0] == 200

    new = [each.name for each in threading.enumerate() if each not in before]
    assert not [name for name in new if name.startswith("sampan")]  # none is kept busy
    for resume in resumes:
        resume(None)
    assert {connection.getresponse().status for connection in connections} == {200}
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("ours", [True, False])
def test_a_client_that_leaves_while_it_waits_is_told_of(make: Any, on_loop: Any, ours: bool) -> None:
    first, step, last = (
        Step("first", before="authenticate"),
        Step("flow", after="first"),
        Step("last", after="authorize"),
    )
    resumes: list[Any] = []

    def later(request: ChainRequest) -> None:
        if request.resource:
            raise Later(resumes.append)

    step.act, last.inline = later, ours
    server = on_loop(make(more={"mine": Plugin(first, step), "other": Plugin(last, ours=ours)}))
    sock = socket.create_connection(server.listener.getsockname())
    sock.sendall(f"GET {CMS} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    deadline = time.monotonic() + 30
    while not resumes and time.monotonic() < deadline:
        time.sleep(0.005)
    sock.close()
    assert server.ask("GET", "/version")[0] == 200  # the server has seen it by now

    resumes[0](None)

    assert first.statuses(2) == [200, 200]
    assert {verb for verb, _ in first.told} == {"get admin", "list admin"}
