"""A process in the background keeps what it must, and nothing that its caller has left open."""

import contextlib
import os
import signal
import subprocess
import sys

PROGRAM = """
import sys, time
from sampan_operate.supervisor.background import files_of_caller, in_background
left_open = files_of_caller()
with open(sys.argv[1], "ab") as log, open(sys.argv[2], "w") as lock:
    def main():
        print("runs", flush=True)
        assert lock.writable() and open(f"/proc/self/fd/{lock.fileno()}")
        time.sleep(60)
    print(in_background(main, log, lock, left_open if sys.argv[3] == "close" else ()), flush=True)
"""


def started(tmp_path, how, inherited):
    names = [str(tmp_path / "log"), str(tmp_path / "lock")]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *names, how], pass_fds=[inherited], capture_output=True, check=True, timeout=120
    )
    return int(done.stdout)


def files_of(process):
    for each in os.listdir(f"/proc/{process}/fd"):
        with contextlib.suppress(FileNotFoundError):  # it opens and closes some meanwhile
            yield os.readlink(f"/proc/{process}/fd/{each}")


def test_a_descriptor_of_the_caller_is_closed_and_the_lock_is_not(tmp_path):
    for how in ("close", "keep"):
        read, write = os.pipe()
        process = started(tmp_path, how, write)
        os.close(write)
        os.set_blocking(read, False)
        try:
            if how == "close":
                assert os.read(read, 1) == b""  # no process has the other end any more
            else:
                try:
                    os.read(read, 1)
                except BlockingIOError:
                    pass
                else:
                    raise AssertionError("the other end is closed although it was to be kept")
            assert str(tmp_path / "lock") in files_of(process)
        finally:
            os.kill(process, signal.SIGKILL)
            os.close(read)
