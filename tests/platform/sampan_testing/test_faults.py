"""Faults that a simulation injects."""

from __future__ import annotations

from random import Random

import pytest

from sampan.contracts.access import User
from sampan_testing.faults import NONE, Crashed, Faults, FaultyTransport
from sampan_testing.polling import News


def transport(faults, log, waits=None):
    def app(environ, start):
        log.append(environ["REQUEST_METHOD"])
        start("200 OK", [])
        return [b"{}"]

    return FaultyTransport(
        app, User("a", ()), News(), lambda stream: None, faults=lambda: faults, random=Random(1),
        told=lambda method, path, status: None, wait=(waits if waits is not None else []).append,
    )  # fmt: skip


def only(**one):
    return Faults(**{**vars(NONE), **one})


@pytest.mark.parametrize(
    ("faults", "error", "reached"),
    [
        (only(crashes=2.0), Crashed, False),
        (only(unreachable=1.0), ConnectionError, False),
        (only(lost_answers=1.0), ConnectionError, True),
    ],
)
def test_a_request_breaks_before_or_after_it_was_done(faults, error, reached):
    log = []
    with pytest.raises(error):
        transport(faults, log).send("PUT", "/api/v1/nodes/a", {}, b"{}")

    assert bool(log) is reached


@pytest.mark.parametrize(("faults", "code"), [(only(conflicts=1.0), 409), (only(errors=1.0), 500)])
def test_a_request_is_refused_without_being_done(faults, code):
    log = []

    assert transport(faults, log).send("PUT", "/api/v1/nodes/a", {}, b"{}").status == code
    assert log == []


def test_a_slow_store_lets_time_pass():
    waits = []
    transport(only(slow=1.0), [], waits).send("POST", "/api/v1/nodes", {}, b"{}")

    assert len(waits) == 1


def test_reads_and_requests_without_faults_go_through():
    log = []
    transport(only(crashes=2.0), log).send("GET", "/api/v1/nodes", {}, None)
    transport(NONE, log).send("POST", "/api/v1/nodes", {}, b"{}")

    assert log == ["GET", "POST"]
