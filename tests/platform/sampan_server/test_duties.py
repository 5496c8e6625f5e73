from __future__ import annotations

import threading

import pytest

from sampan.contracts.serving import Duty
from sampan_server.duties import Duties


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    monkeypatch.setattr("sampan_server.duties.PATIENCE", 60.0)  # more than usual, for a slow machine


def test_duties_run_until_the_server_ends():
    begun, ended = threading.Event(), threading.Event()

    def run(stop):
        begun.set()
        stop.wait(60)
        ended.set()

    duties = Duties()
    duties.begin([("plugin", Duty("watchful", run))])
    assert begun.wait(60)

    duties.end()

    assert ended.is_set()


def test_one_that_raises_is_named_and_harms_no_other(caplog):
    done = threading.Event()

    def fail(stop):
        raise RuntimeError("its own fault")

    duties = Duties()
    duties.begin([("clumsy", Duty("broken", fail)), ("plugin", Duty("fine", lambda stop: done.set()))])

    assert done.wait(60)
    duties.end()
    assert "plugin clumsy: duty broken" in caplog.text


def test_one_that_does_not_end_is_left(caplog, monkeypatch):
    monkeypatch.setattr("sampan_server.duties.PATIENCE", 0.01)
    free = threading.Event()
    duties = Duties()
    duties.begin([("plugin", Duty("stubborn", lambda stop: free.wait(20)))])

    duties.end()

    assert "duty-stubborn has not ended in time" in caplog.text
    free.set()
