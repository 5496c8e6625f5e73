"""Workers and whole servers are replaced, or killed, under load through nginx and direct."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
from clusters import until
from fronts import Fronted
from load import Load, context

WRITERS, WATCHERS = 2, 2  # on each way


@pytest.fixture
def load(fronted: Fronted) -> Iterator[Load]:
    load = Load(context(fronted.home), [fronted.cluster.port, fronted.direct], pause=0.01)
    load.start(writers=WRITERS, watchers=WATCHERS)
    until(lambda: load.requests > 100)
    yield load
    load.finish()


def nothing_was_lost(load: Load) -> None:
    load.finish()
    assert load.failures == []
    assert all(seen == load.expected for seen in load.seen)


def test_replacing_the_workers_loses_no_request_and_no_event(fronted, load):
    following = fronted.cluster.popen("logs", "-f", "talker", "--tail=1", stdout=subprocess.PIPE)
    for restart in range(3):
        old = fronted.children(fronted.arbiter)
        if restart == 0:
            assert following.stdout.readline().startswith("line ")
        os.kill(fronted.arbiter, signal.SIGHUP)
        until(lambda old=old: len(fronted.children(fronted.arbiter) - old) >= 2)
        if restart == 0:
            time.sleep(1)  # the workers it hangs on have been told to end; they give it the graceful time
            assert [following.stdout.readline().startswith("line ") for _ in range(5)] == [True] * 5
            following.terminate()
            following.wait(90)
            following.stdout.close()
        until(lambda old=old: not old & fronted.children(fronted.arbiter), why="the old workers have ended")

    until(lambda: load.ends >= 3 * WATCHERS)
    nothing_was_lost(load)


def test_a_killed_worker_takes_only_its_own_requests_with_it(fronted, load):
    victim = max(fronted.children(fronted.arbiter))
    before = fronted.children(fronted.arbiter)

    os.kill(victim, signal.SIGKILL)
    until(lambda: fronted.children(fronted.arbiter) - before)
    asked = load.requests
    until(lambda: load.requests > asked + 200)
    load.finish()

    assert len(load.failures) <= 2 * (WRITERS + WATCHERS), load.failures
    for seen in load.seen:  # writes may have been carried out whose answers were lost
        assert seen == sorted(set(seen)) and set(load.expected) <= set(seen)


def test_a_new_gunicorn_takes_over_from_the_old_one(fronted, load):
    """USR2: gunicorn's own way of replacing itself, program and all."""
    old = fronted.arbiter
    before = fronted.children(old)
    os.kill(old, signal.SIGUSR2)
    new = until(lambda: next((pid for pid in fronted.children(old) - before if fronted.children(pid)), 0))
    until(lambda: len(fronted.children(new)) >= 2)
    fronted.arbiter = new

    os.kill(old, signal.SIGTERM)
    assert fronted.running["gunicorn"].wait(90) == 0
    asked = load.requests
    until(lambda: load.requests > asked + 200)

    nothing_was_lost(load)


def test_a_new_certificate_is_taken_without_a_restart(fronted):
    tls = context(fronted.home, "")
    served = fronted.home / "pki" / "server.crt"

    def serial() -> str:
        with (
            socket.create_connection(("127.0.0.1", fronted.direct)) as raw,
            tls.wrap_socket(raw, server_hostname="127.0.0.1") as sock,
        ):
            return sock.getpeercert()["serialNumber"]

    old = serial()
    workers = fronted.children(fronted.arbiter)
    served.unlink()
    fronted.cluster.sampan("prepare")

    until(lambda: serial() != old)
    assert fronted.children(fronted.arbiter) == workers
