import os
import signal
import subprocess
import sys

import pytest

from sampan_cri import processes

CHILDREN = """
import subprocess, sys, time
late = subprocess.Popen(["sh", "-c", "sleep 1000; true"])
init = subprocess.Popen(["sleep", "1001"])
print(init.pid, late.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def shim():
    """A parent of two: the container's first process, and a command that was run beside it."""
    argv = [sys.executable, "-c", CHILDREN]
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )  # fmt: skip
    try:
        init, late = map(int, process.stdout.readline().split())
        yield process.pid, init, late
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # with what its children have started, or are about to
        process.communicate()


def state(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


def test_a_late_command_is_killed_with_what_it_started(shim, until):
    parent, init, late = shim
    (sleeping,) = until(lambda: list(processes.children(late)))

    assert processes.parent_of(init) == parent
    assert processes.kill_late(init, ["sh", "-c", "sleep 1000; true"], processes.start_of(late))

    until(lambda: state(late) == "Z" and not os.path.exists(f"/proc/{sleeping}/exe"))
    assert state(init) != "Z"


def test_other_commands_and_earlier_ones_are_left_alone(shim):
    _, init, late = shim
    begun = processes.start_of(late)

    assert not processes.kill_late(init, ["sh", "-c", "else"], begun)
    assert not processes.kill_late(init, ["sh", "-c", "sleep 1000; true"], begun + 1)
    assert state(late) != "Z"


def test_processes_are_limited_in_the_cgroup_of_either_version(tmp_path):
    proc, groups = tmp_path / "proc" / "7", tmp_path / "cgroup"
    proc.mkdir(parents=True)
    for folder in ("pids/x", "x"):
        (groups / folder).mkdir(parents=True)
        (groups / folder / "pids.max").write_text("max\n")

    (proc / "cgroup").write_text("5:pids:/x\n4:cpu:/x\n")
    assert processes.limit_number(7, 50, proc.parent, groups)
    assert (groups / "pids/x/pids.max").read_text() == "50\n"

    (proc / "cgroup").write_text("0::/x\n")
    assert processes.limit_number(7, 60, proc.parent, groups)
    assert (groups / "x/pids.max").read_text() == "60\n"

    (proc / "cgroup").write_text("4:cpu:/x\n")
    assert not processes.limit_number(7, 60, proc.parent, groups)


def test_swap_is_counted_where_the_kernel_has_its_file(tmp_path):
    assert not processes.swap_is_counted(tmp_path)
    (tmp_path / "cgroup.controllers").touch()
    assert processes.swap_is_counted(tmp_path)
