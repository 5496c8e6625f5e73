from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

from sampan_ingress import tethered


def test_it_ends_when_its_parent_does():
    """A parent starts a tethered sleep and says its pid; then it is killed."""
    code = (
        "import os, subprocess, sys\n"
        f"argv = [sys.executable, '-I', '-S', {tethered.__file__!r}, str(os.getpid()), sys.executable, '-c',\n"
        "        'import os, time; print(os.getpid(), flush=True); time.sleep(60)']\n"
        "subprocess.Popen(argv).wait()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert int(parent.stdout.readline()) > 0
    os.kill(parent.pid, signal.SIGKILL)

    readable, _, _ = select.select([parent.stdout], [], [], 55)  # at its end once the last who could write has ended
    assert readable
    assert parent.stdout.read() == ""
    parent.wait()
    parent.stdout.close()


def test_a_parent_that_is_gone_already_starts_nothing():
    done = subprocess.run(
        [sys.executable, "-I", "-S", tethered.__file__, "1" if os.getpid() != 1 else "2", "/bin/echo", "here"],
        capture_output=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (1, b"")
