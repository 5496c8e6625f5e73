"""The supervisor with real, tiny children, in a child of its own so that the test's signals stay its own."""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import time

import pytest

from sampan_operate.supervisor import processes
from sampan_operate.supervisor.processes import Process, Supervisor
from sampan_operate.supervisor.state import read_state

PATIENCE = 60.0


def until(check, what):
    """The first answer that is true; polls, for the other side is another process."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.005)
    raise AssertionError(f"{what} did not come about")


def sleeper(path, name):
    """Says in a file that it starts, and that it ends."""

    def main():
        def end(*_):
            note(path, f"{name} ends")
            sys.exit(0)

        signal.signal(signal.SIGTERM, end)
        note(path, f"{name} starts")
        while True:
            signal.pause()

    return main


def note(path, line):
    with open(path, "a") as file:
        file.write(line + "\n")


@pytest.fixture
def supervise(tmp_path):
    """Starts a supervisor in a child; returns its pid. None is left."""
    pids = []

    def start(wanted, reload=None):
        pid = os.fork()
        if pid == 0:
            try:
                Supervisor(tmp_path, wanted, reload=reload).run()
            finally:
                os._exit(0)
        pids.append(pid)
        return pid

    yield start
    for pid in pids:
        try:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            continue


def states(home):
    return {process["name"]: process for process in read_state(home).get("processes", ())}


def running(home, *names):
    return lambda: all(states(home).get(name, {}).get("pid") for name in names)


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def test_processes_start_in_order_and_stop_in_reverse(supervise, tmp_path):
    log = tmp_path / "log"
    pid = supervise([Process("b", sleeper(log, "b"), order=1), Process("a", sleeper(log, "a"), order=0)])
    until(lambda: len(lines(log)) == 2 and running(tmp_path, "a", "b")(), "both starts")
    assert list(states(tmp_path)) == ["b", "a"]

    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)

    assert lines(log)[2:] == ["b ends", "a ends"]
    assert {state["status"] for state in states(tmp_path).values()} == {"stopped"}


def test_what_ends_is_started_again_with_longer_and_longer_pauses(supervise, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "FIRST_PAUSE", 0.01)
    log = tmp_path / "log"

    def main():
        note(log, str(time.monotonic()))
        sys.exit(3)

    supervise([Process("weak", main)])

    until(lambda: len(lines(log)) >= 5, "five starts")
    starts = [float(line) for line in lines(log)]
    pauses = [after - before for before, after in itertools.pairwise(starts)]
    assert pauses[3] > 0.07  # 0.01 doubled three times, however slow the machine
    until(lambda: states(tmp_path)["weak"]["restarts"] >= 4, "the restarts in the state")
    assert states(tmp_path)["weak"]["exit"] == "ended with code 3"


def test_a_killed_process_says_by_what(supervise, tmp_path):
    supervise([Process("victim", sleeper(tmp_path / "log", "victim"))])
    until(lambda: lines(tmp_path / "log") and running(tmp_path, "victim")(), "the start")
    victim = states(tmp_path)["victim"]["pid"]

    os.kill(victim, signal.SIGKILL)

    again = until(lambda: running(tmp_path, "victim")() and states(tmp_path)["victim"]["pid"] != victim, "the restart")
    assert again
    assert states(tmp_path)["victim"]["exit"] == "was ended by SIGKILL"


def test_what_does_not_stop_is_killed(supervise, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "STOP_TIMEOUT", 0.1)
    log = tmp_path / "log"

    def main():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        note(log, "starts")
        while True:
            signal.pause()

    pid = supervise([Process("stubborn", main)])
    until(lambda: lines(log) and running(tmp_path, "stubborn")(), "the start")
    stubborn = states(tmp_path)["stubborn"]["pid"]

    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)

    assert states(tmp_path)["stubborn"]["exit"] == "killed"
    with pytest.raises(ProcessLookupError):
        os.kill(stubborn, 0)


def test_who_has_longer_to_end_is_not_killed_before(supervise, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "STOP_TIMEOUT", -1.0)  # is over at once
    log = tmp_path / "log"

    pid = supervise([Process("slow", sleeper(log, "slow"), stop_seconds=PATIENCE + 1)])
    until(lambda: lines(log) and running(tmp_path, "slow")(), "the start")
    assert read_state(tmp_path)["stop_seconds"] == PATIENCE + 1

    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)

    assert lines(log) == ["slow starts", "slow ends"]


def test_a_process_that_ends_knows_whether_all_ends_or_it_is_replaced(supervise, tmp_path):
    log = tmp_path / "log"

    def asks(name):
        def main():
            def end(*_):
                note(log, f"{name} {read_state(tmp_path)['stopping']}")
                sys.exit(0)

            signal.signal(signal.SIGTERM, end)
            note(log, f"{name} starts")
            while True:
                signal.pause()

        return main

    pid = supervise([Process("old", asks("old"))], reload=lambda: [Process("new", asks("new"))])
    until(lambda: lines(log) and running(tmp_path, "old")(), "the start")
    os.kill(pid, signal.SIGHUP)
    until(lambda: "new starts" in lines(log), "the change")
    until(lambda: set(states(tmp_path)) == {"new"}, "the state")
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)

    assert lines(log) == ["old starts", "old False", "new starts", "new True"]


def test_hangup_starts_what_is_new_and_stops_what_is_gone(supervise, tmp_path):
    log = tmp_path / "log"
    made = {name: Process(name, sleeper(log, name)) for name in ("keep", "old", "new")}
    pid = supervise([made["keep"], made["old"]], reload=lambda: [made["keep"], made["new"]])
    until(lambda: len(lines(log)) == 2 and running(tmp_path, "keep", "old")(), "the first two")
    keep = states(tmp_path)["keep"]["pid"]

    os.kill(pid, signal.SIGHUP)

    until(lambda: "new starts" in lines(log) and "old ends" in lines(log), "the change")
    until(lambda: set(states(tmp_path)) == {"keep", "new"}, "the state")
    assert states(tmp_path)["keep"]["pid"] == keep


def test_a_process_with_other_components_is_restarted(supervise, tmp_path):
    log = tmp_path / "log"
    pid = supervise(
        [Process("control", sleeper(log, "first"), components=["a"])],
        reload=lambda: [Process("control", sleeper(log, "second"), components=["a", "b"])],
    )
    until(lambda: lines(log), "the start")

    os.kill(pid, signal.SIGHUP)

    until(lambda: lines(log) == ["first starts", "first ends", "second starts"], "the change")
    until(lambda: states(tmp_path)["control"]["components"] == ["a", "b"], "the state")


def test_a_process_with_other_settings_is_restarted_and_only_that(supervise, tmp_path):
    log = tmp_path / "log"
    pid = supervise(
        [Process("a", sleeper(log, "first"), fingerprint="1"), Process("b", sleeper(log, "b"), fingerprint="1")],
        reload=lambda: [
            Process("a", sleeper(log, "second"), fingerprint="2"),
            Process("b", sleeper(log, "other b"), fingerprint="1"),
        ],
    )
    until(lambda: len(lines(log)) == 2 and running(tmp_path, "a", "b")(), "the starts")

    os.kill(pid, signal.SIGHUP)

    until(lambda: "second starts" in lines(log) and read_state(tmp_path)["reloads"] == 1, "the change")
    assert sorted(lines(log)[2:]) == ["first ends", "second starts"]


def test_a_configuration_that_cannot_be_read_changes_nothing(supervise, tmp_path):
    tried = tmp_path / "tried"

    def reload():
        note(tried, "tried")
        raise ValueError("no")

    pid = supervise([Process("a", sleeper(tmp_path / "log", "a"))], reload=reload)
    until(lambda: lines(tmp_path / "log") and running(tmp_path, "a")(), "the start")

    os.kill(pid, signal.SIGHUP)

    until(lambda: lines(tried) and read_state(tmp_path)["reloads"], "the attempt")
    assert read_state(tmp_path)["complaint"] == "no"
    assert running(tmp_path, "a")()
    assert json.loads((tmp_path / "run" / "state.json").read_text())["pid"] == pid
