"""Runs one more command inside a running container of the exec runtime (kubectl exec, probes, hooks).

Run by path as ``python -I -S enter.py FD``, where FD holds JSON; joins the namespaces of the container's first process
and becomes the command. Ends with 126 or 127 and a sentence on stderr where that cannot be, as shells and other
runtimes do.
"""

from __future__ import annotations

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import rights  # type: ignore[import-not-found] # beside this file; -I leaves its directory out
from launcher import run_program  # type: ignore[import-not-found] # same


def join(pid: int) -> None:
    """Join the container's mount and UTS namespaces. Raises OSError."""
    kinds = ("mnt", "uts") if os.geteuid() == 0 else ("user", "mnt", "uts")
    spaces = [os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY) for kind in kinds]
    root = os.open(f"/proc/{pid}/root", os.O_RDONLY | os.O_DIRECTORY)
    for space in spaces:
        rights.enter(space)
    os.fchdir(root)
    os.chroot(".")


def main() -> None:
    with open(int(sys.argv[1])) as file:
        spec = json.load(file)
    try:
        if spec["namespaces"]:
            join(spec["pid"])
        if spec["tty"]:
            import fcntl
            import termios

            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        run_program(spec)
    except OSError as error:
        print(f"exec failed: {error}", file=sys.stderr)
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


if __name__ == "__main__":
    main()
