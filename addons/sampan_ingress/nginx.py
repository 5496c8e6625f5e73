"""The program nginx: found, tested, started, reloaded, ended. Knows files and processes, and nothing of their content.

nginx's master is tied to the thread that starts it: it ends when that does, however that comes about. Its workers
follow their master, except where it is killed: then they are told to finish what they have and to take nothing new.
"""

from __future__ import annotations

import contextlib
import http.client
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sampan_ingress import tethered

log = logging.getLogger(__name__)

TEST_SECONDS = 60.0
QUIT_SECONDS = 3.0  # for connections that are open when the add-on is stopped; run has to return within 10 s
TERM_SECONDS = 1.0
ASK_SECONDS = 5.0
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}  # nothing of ours: it may hold credentials


class NginxMissing(Exception):
    """There is no nginx on this machine."""


class BadConfiguration(Exception):
    """``nginx -t`` refuses a file; the text is nginx's own."""


def find(path: str = "") -> str:
    """The program; raises NginxMissing."""
    found = shutil.which(path or "nginx", path=None if path else f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise NginxMissing(f"no nginx is found{f' at {path}' if path else ''}; on Debian: apt-get install nginx-light")
    return found


class Nginx:
    """One nginx over ``folder``; its configuration is ``folder/nginx.conf``. ``start`` and ``stop`` on one thread."""

    def __init__(self, program: str, folder: Path, on_end: Callable[[], None]) -> None:
        self.conf = folder / "nginx.conf"
        self._program = program
        self._folder = folder
        self._on_end = on_end
        self._master: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        return self._master is not None and self._master.poll() is None

    @property
    def pid(self) -> int:
        return self._master.pid if self._master is not None else 0

    def test(self, conf: Path) -> None:
        """Raises BadConfiguration."""
        argv = [self._program, "-e", "stderr", "-t", "-q", "-p", str(self._folder), "-c", str(conf)]
        try:
            done = subprocess.run(
                argv, capture_output=True, env=_ENVIRONMENT, timeout=TEST_SECONDS, check=False, cwd=self._folder
            )
        except subprocess.TimeoutExpired as error:
            raise BadConfiguration(f"nginx -t did not end within {TEST_SECONDS:.0f} s") from error
        if done.returncode:
            raise BadConfiguration(done.stderr.decode(errors="replace").strip()[:2000] or "nginx -t failed")

    def start(self) -> None:
        """With the configuration in place; returns at once. Workers left by a master that was killed only finish."""
        if self._master is not None:
            self._tell_workers(self._master, signal.SIGQUIT)
        argv = [sys.executable, "-I", "-S", tethered.__file__, str(os.getpid())]
        argv += [self._program, "-e", "stderr", "-p", str(self._folder), "-c", str(self.conf)]
        master = subprocess.Popen(
            argv, env=_ENVIRONMENT, cwd=self._folder, stdin=subprocess.DEVNULL, start_new_session=True
        )
        self._master = master
        threading.Thread(target=self._watch, args=(master,), name="nginx-watch", daemon=True).start()

    def accepting(self) -> set[int]:
        """The workers that take new connections; empty where the machine does not tell."""
        return {pid for pid in self._workers() if not _is_ending(pid)}

    def draining(self) -> list[int]:
        """The workers that only finish what they have, oldest first."""
        return [pid for pid in self._workers() if _is_ending(pid)]

    def trim(self, most: int) -> int:
        """End the oldest beyond so many; how many they were. Each costs memory, however few connections it has."""
        surplus = self.draining()[:-most]
        for pid in surplus:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        return len(surplus)

    def _workers(self) -> list[int]:
        """In the order in which they were made, as the kernel lists children."""
        try:
            return list(map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()))
        except (OSError, ValueError):
            return []

    def reload(self) -> None:
        """Take the configuration in place; connections that are open stay with the workers they have."""
        if self._master is not None and self._master.poll() is None:
            self._master.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """Finish what is going on for a moment, then end all of it; no process is left."""
        master = self._master
        if master is not None and master.poll() is None:
            master.send_signal(signal.SIGQUIT)
            try:
                master.wait(QUIT_SECONDS)
            except subprocess.TimeoutExpired:
                master.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    master.wait(TERM_SECONDS)
        if master is not None:
            if master.poll() is None:
                master.kill()
            master.wait()
            self._tell_workers(master, signal.SIGKILL)
        self._master = None

    def _watch(self, master: subprocess.Popen[bytes]) -> None:
        master.wait()
        self._on_end()

    def _tell_workers(self, master: subprocess.Popen[bytes], number: signal.Signals) -> None:
        """Those of a master that has ended: its process group, and whatever else works in our folder."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(master.pid, number)
        sweep(self._folder, number)


def _is_ending(pid: int) -> bool:
    """Whether a worker only finishes what it has; nginx says so in its title."""
    try:
        return b"shutting down" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


def sweep(folder: Path, number: signal.Signals = signal.SIGKILL) -> int:
    """Signal every nginx that works in this folder; how many there were."""
    found = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "comm").read_text().startswith("nginx") and Path(os.readlink(entry / "cwd")) == folder:
                os.kill(int(entry.name), number)
                found += 1
        except OSError:
            continue
    return found


class _Unix(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("status", timeout=ASK_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ASK_SECONDS)
        self.sock.connect(self._path)


def ask(path: str, what: str) -> str:
    """What nginx answers on its own socket; raises OSError when it does not."""
    connection = _Unix(path)
    try:
        connection.request("GET", what, headers={"Connection": "close"})
        response = connection.getresponse()
        text = response.read().decode()
        if response.status != 200:
            raise OSError(f"nginx answers {response.status}")
        return text
    except http.client.HTTPException as error:
        raise OSError(f"nginx answers nonsense: {error}") from error
    finally:
        connection.close()


def wait_for(path: str, what: str, answer: str, *, seconds: float, stop: threading.Event) -> bool:
    """Until nginx gives that answer; whether it did in time."""
    deadline = time.monotonic() + seconds
    while not stop.is_set():
        try:
            if ask(path, what) == answer:
                return True
        except OSError:
            log.debug("nginx does not answer yet")
        if time.monotonic() > deadline:
            return False
        stop.wait(0.02)
    return False
