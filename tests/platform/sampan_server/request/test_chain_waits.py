"""Requests of every shape that a chain step has let wait."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from sampan.contracts.chain import ChainRequest, Later
from sampan.contracts.serving import Answer, Route
from sampan.hookspecs import hookimpl

CMS = "/api/v1/namespaces/default/configmaps"


class Waiting:
    """Lets everything wait for a moment."""

    name, after, inline = "waiting", "authenticate", True
    __name__ = "sampan_config.test"

    def __init__(self) -> None:
        self.ended: list[int] = []

    def enter(self, request: ChainRequest) -> Any:
        def begin(resume: Any) -> None:
            threading.Timer(0.01, resume, (lambda outcome: self.ended.append(outcome.status),)).start()

        raise Later(begin)

    @hookimpl
    def contribute_chain_steps(self) -> Any:
        return [self]


@pytest.fixture
def server(make: Any, shapes: Any, on_loop: Any) -> Any:
    extra = shapes.Extra()
    extra.routes = [Route(path="/blocking", serve=lambda call: Answer(202, b"", "text/plain"), blocking=True)]
    return on_loop(make(extra, more={"waiting": Waiting()}))


def test_a_watch_begins_after_its_wait(server: Any, shapes: Any) -> None:
    connection = server.connect()
    connection.request("GET", f"{CMS}?watch=1&timeoutSeconds=120")
    answer = connection.getresponse()

    assert answer.status == 200
    server.ask("POST", CMS, shapes.config_map("a"))
    assert b"ADDED" in answer.readline()
    connection.close()


def test_what_blocks_runs_on_the_pool_after_its_wait(server: Any) -> None:
    assert server.ask("GET", "/blocking")[0] == 202


def test_what_computes_for_long_does_too(server: Any, shapes: Any) -> None:
    assert server.ask("POST", CMS, shapes.config_map("big", data="x" * 20_000))[0] == 201
