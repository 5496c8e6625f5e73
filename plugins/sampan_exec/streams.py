"""Both ends of a running exec or attach, as the contract's ``Stream``."""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import select
import signal
import socket
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sampan_exec.wire import CLOSE, ENDED, HEAD, RESIZE, STDIN
from sampan_runtime.contracts import RuntimeFailure

CHUNK, PIPE = 128 * 1024, 256 * 1024  # bytes read at once, and held for a command whose output is not read yet
UNLOCK, PEER = 0x40045431, 0x5441  # TIOCSPTLCK, TIOCGPTPEER


class ExecStream:
    """A command started by exec, over pipes or a terminal."""

    def __init__(self, argv: Sequence[str], *, stdin: bool, tty: bool, root: str, passed: int) -> None:
        self._pty = -1
        if tty:
            self._pty, theirs = open_terminal(root)
            ends = (theirs, theirs, theirs)
        else:
            ends = (subprocess.PIPE if stdin else subprocess.DEVNULL, subprocess.PIPE, subprocess.PIPE)
        self._process = subprocess.Popen(
            argv, stdin=ends[0], stdout=ends[1], stderr=ends[2], env={}, cwd="/", start_new_session=True,
            pass_fds=(passed,),
        )  # fmt: skip
        if tty:
            os.close(theirs)
        else:
            self._widen()
        self._closed = threading.Lock()  # taken by the first close
        self._on_close: Callable[[], None] = lambda: None

    def output(self) -> Iterator[tuple[int, bytes]]:
        sources = {self._pty: 1} if self._pty >= 0 else self._pipes()
        poll = select.poll()
        for descriptor in sources:
            poll.register(descriptor, select.POLLIN)
        while sources:
            for descriptor, _ in poll.poll():
                try:
                    data = os.read(descriptor, CHUNK)
                except OSError:  # EIO: the terminal's last user is gone
                    data = b""
                if data:
                    yield sources[descriptor], data
                else:
                    poll.unregister(descriptor)
                    del sources[descriptor]

    def _widen(self) -> None:
        """Let the command write ahead, so that fewer and larger messages are sent."""
        assert self._process.stdout
        with contextlib.suppress(OSError):  # more than this user's pipes may hold together
            fcntl.fcntl(self._process.stdout, fcntl.F_SETPIPE_SZ, PIPE)

    def _pipes(self) -> dict[int, int]:
        assert self._process.stdout and self._process.stderr
        return {self._process.stdout.fileno(): 1, self._process.stderr.fileno(): 2}

    def send(self, data: bytes) -> None:
        try:
            if self._pty >= 0:
                while data:
                    data = data[os.write(self._pty, data) :]
            elif self._process.stdin:
                self._process.stdin.write(data)
                self._process.stdin.flush()
        except (OSError, ValueError):
            return  # the command does not read any more; its exit code is what counts

    def close_input(self) -> None:
        if self._pty >= 0:
            self.send(b"\x04")
        elif self._process.stdin:
            try:
                self._process.stdin.close()
            except OSError:
                return

    def resize(self, width: int, height: int) -> None:
        if self._pty >= 0:
            fcntl.ioctl(self._pty, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def exit_code(self) -> int:
        code = self._process.wait()
        return code if code >= 0 else 128 - code

    def when_closed(self, do: Callable[[], None]) -> None:
        self._on_close = do

    def kill(self) -> None:
        """End the command and everything that is still of its group."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return

    def close(self) -> None:
        if not self._closed.acquire(blocking=False):
            return
        self._on_close()
        self.kill()
        self._process.wait()
        for file in (self._process.stdin, self._process.stdout, self._process.stderr):
            if file:
                try:
                    file.close()
                except OSError:
                    continue
        if self._pty >= 0:
            os.close(self._pty)
            self._pty = -1


def open_terminal(root: str) -> tuple[int, int]:
    """Both ends of a terminal of the container whose files are below ``root``, so that the command finds it by name.

    One of the host's where the container has none of its own. Source: ioctl_tty(2), TIOCGPTPEER.
    """
    flags = os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC
    try:
        folder = os.open(f"{root or '/none'}/dev/pts", os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY)
        try:
            if os.stat("ptmx", dir_fd=folder, follow_symlinks=False).st_rdev != os.makedev(5, 2):
                return os.openpty()
            ours = os.open("ptmx", flags | os.O_NOFOLLOW, dir_fd=folder)
        finally:
            os.close(folder)
    except OSError:
        return os.openpty()
    try:
        fcntl.ioctl(ours, UNLOCK, struct.pack("i", 0))
        return ours, fcntl.ioctl(ours, PEER, flags)
    except OSError:
        os.close(ours)
        return os.openpty()


class AttachStream:
    """The launcher's socket: what the container says from now on, and its input."""

    def __init__(self, folder: Path, *, stdin: bool) -> None:
        self._stdin = stdin
        self._socket = socket.socket(socket.AF_UNIX)
        self._code: queue.Queue[int] = queue.Queue()
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._socket.connect(f"/proc/self/fd/{handle}/attach")
        except OSError as error:
            raise RuntimeFailure("AttachError", f"the container does not run: {error}") from error
        finally:
            os.close(handle)

    def output(self) -> Iterator[tuple[int, bytes]]:
        with self._socket.makefile("rb") as file:
            while len(head := file.read(HEAD.size)) == HEAD.size:
                channel, length = HEAD.unpack(head)
                body = file.read(length)
                if channel == ENDED:
                    self._code.put(struct.unpack("!i", body)[0])
                    return
                yield channel, body

    def _tell(self, channel: int, body: bytes) -> None:
        try:
            self._socket.sendall(HEAD.pack(channel, len(body)) + body)
        except OSError:
            return  # the container has ended; output() says so

    def send(self, data: bytes) -> None:
        if self._stdin:
            self._tell(STDIN, data)

    def close_input(self) -> None:
        if self._stdin:
            self._tell(CLOSE, b"")

    def resize(self, width: int, height: int) -> None:
        self._tell(RESIZE, struct.pack("!HH", width, height))

    def exit_code(self) -> int:
        try:
            return self._code.get_nowait()
        except queue.Empty:
            return 0

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
