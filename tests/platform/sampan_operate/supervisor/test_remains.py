"""A supervisor of its own process, with real children, killed."""

import contextlib
import os
import re
import signal
import time
from pathlib import Path

import pytest

from sampan_operate.supervisor import remains
from sampan_operate.supervisor.processes import Process, Supervisor
from sampan_operate.supervisor.state import born, is_alive, is_running, read_state, take_lock

PATIENCE = 60.0


def obedient():
    signal.pause()


def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        signal.pause()


def until(what):
    deadline = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < deadline, "never seen"
        time.sleep(0.01)
    return found


def ignores(pid, number):
    (mask,) = re.findall(r"^SigIgn:\t(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(mask, 16) >> (number - 1) & 1


@pytest.fixture
def start(tmp_path):
    """Start a supervisor over ``main``; its pid, once it and its child are told of in the state."""
    pids = []

    def begin(main):
        pid = os.fork()
        if pid == 0:
            take = take_lock(tmp_path)
            with contextlib.suppress(BaseException):
                Supervisor(tmp_path, [Process("child", main)]).run()
            os._exit(0 if take else 1)
        pids.append(pid)
        until(lambda: read_state(tmp_path).get("processes", [{}])[0].get("pid"))
        return pid

    yield begin
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
    for process in read_state(tmp_path).get("processes", ()):
        assert not is_alive(process)


def test_the_state_names_processes_for_ever(start, tmp_path):
    pid = start(obedient)

    state = read_state(tmp_path)

    assert is_alive(state) and is_alive(state["processes"][0])
    assert not is_alive({"pid": pid, "born": state["born"] + 1})
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)
    assert not is_alive(state) and born(pid) == 0


def test_processes_stop_when_their_supervisor_is_killed(start, tmp_path):
    pid = start(obedient)

    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

    until(lambda: not is_running(tmp_path))


def test_what_does_not_stop_is_killed(start, tmp_path):
    pid = start(stubborn)
    until(lambda: ignores(read_state(tmp_path)["processes"][0]["pid"], signal.SIGTERM))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert is_running(tmp_path)

    assert remains.end(tmp_path, read_state(tmp_path), timeout=0.1)

    assert not is_running(tmp_path)
