"""What chain steps are told of connections that are taken over, refused by their head, or dropped."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import replace
from typing import Any

from chainsteps import BOATS, CMS, Plugin, Step

from sampan.contracts.chain import ChainRequest, OutcomeCallback
from sampan.contracts.kinds import Kind
from sampan.contracts.serving import Subresource
from sampan.errors import Forbidden
from sampan_http.pool import Pool
from sampan_server.request.chain import ContributedStep
from sampan_server.request.request import Request


def test_a_subresource_that_takes_the_connection_is_told(make: Any, shapes: Any, on_loop: Any, plugin: Any) -> None:
    def serve(call: Any) -> Any:
        if call.query.get("refuse"):
            raise Forbidden("no")
        upgrade = call.takeover(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        upgrade.sendall(upgrade.recv())
        upgrade.close()
        return {}

    step, extra = Step(after="authorize"), shapes.Extra()
    sub = Subresource(name="sail", kind="Sail", serve=serve, blocking=True, connects=True, methods=("GET",))
    boat = Kind(group="example.org", version="v1", kind="Boat", plural="boats", schema={"type": "object"})
    extra.kinds = [replace(boat, subresources=(sub,))]
    server = on_loop(make(extra, more={"mine": plugin(step)}))
    server.ask("POST", BOATS, {"metadata": {"name": "b"}})
    head = "HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"

    for query in ("", "?refuse=1"):
        sock = socket.create_connection(server.listener.getsockname())
        sock.sendall(f"GET {BOATS}/b/sail{query} {head}".encode())
        assert sock.recv(1000)
        if not query:
            sock.sendall(b"ahoy")
        while sock.recv(1000):
            pass
        sock.close()

    assert step.statuses(3) == [101, 201, 403]


def test_a_body_that_is_refused_by_its_head_is_told_of(make: Any, on_loop: Any, plugin: Any) -> None:
    step, late = Step("early", before="authenticate"), Step("late", after="authorize")
    server = on_loop(make(more={"mine": plugin(step, late)}))
    sock = socket.create_connection(server.listener.getsockname())
    sock.sendall(f"POST {CMS} HTTP/1.1\r\nHost: x\r\nX-User: \r\nContent-Length: 100000\r\n\r\n".encode())

    assert b"401 Unauthorized" in sock.recv(1000)
    sock.close()

    assert step.statuses() == [401]
    assert late.asked == []


def test_a_body_that_comes_later_is_asked_of_once(make: Any, shapes: Any, on_loop: Any, plugin: Any) -> None:
    step = Step("early", before="authenticate")
    server = on_loop(make(more={"mine": plugin(step)}))
    body = json.dumps(shapes.config_map("a")).encode()
    sock = socket.create_connection(server.listener.getsockname())
    head = f"POST {CMS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    sock.sendall(head.encode())
    time.sleep(0.1)
    sock.sendall(body)

    assert b"201 Created" in sock.recv(1000)
    sock.close()

    assert step.statuses() == [201]
    assert len(step.asked) == 1


def test_a_request_that_is_dropped_is_told_of_as_unanswered(make: Any) -> None:
    step = Step(before="authenticate")
    request = Request({"REQUEST_METHOD": "GET", "PATH_INFO": "/version", "sampan.loop": object()})
    make(more={"mine": Plugin(step)})
    ContributedStep(Plain(step), Pool(1, 1.0))(request)

    del request

    assert step.statuses() == [0]


class Plain:
    """A step whose answer holds nothing of the request."""

    def __init__(self, step: Step) -> None:
        self.name, self.step = step.name, step

    def enter(self, request: ChainRequest) -> OutcomeCallback:
        return lambda outcome: self.step.told.append(("", outcome.status))
