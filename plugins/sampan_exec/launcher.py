"""The process that supervises one container of the exec runtime: starts it, writes its log, reports its end.

Run by path as ``python -I -S launcher.py DIRECTORY FD`` in a session of its own, so it outlives the agent. All it is
told is in DIRECTORY/spec.json; what it reports is DIRECTORY/state.json (pid and start time), exit.json (code, time)
and the log. FD gets one line of JSON once the program runs or cannot. Standard library only; it must stay small, for
there is one per container.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import rights  # type: ignore[import-not-found] # beside this file; -I leaves its directory out
from container_log import ContainerLog  # type: ignore[import-not-found] # same
from wire import CLOSE, ENDED, HEAD, RESIZE, STDERR, STDIN, STDOUT  # type: ignore[import-not-found] # same

TYPE_CHECKING = False  # importing typing costs more than all the rest
if TYPE_CHECKING:
    from typing import Any

MAX_BACKLOG = 1 << 20  # bytes an attached reader may lag before it is cut off


def write_json(path: str, data: object) -> None:
    """Whole or not at all: a reader never sees half a file."""
    with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(data, file)
    os.replace(path + ".new", path)


def start_time(pid: int) -> int:
    """When the process started, in clock ticks since boot: with the pid it names a process for ever."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[19])


def prepare_files(spec: dict[str, Any]) -> None:
    from rootfs import ContainerRoot  # type: ignore[import-not-found] # beside this file

    rights.own_namespaces(spec["hostname"])
    root = ContainerRoot(spec["root"], privileged=spec.get("privileged", False))
    for host_path, container_path, read_only in sorted(spec["mounts"], key=lambda mount: mount[1].count("/")):
        root.place(host_path, container_path, read_only=read_only)
    if spec["cwd"].startswith("/"):
        root.directory(spec["cwd"])
    root.enter()


def run_program(spec: dict[str, Any]) -> None:
    """In the child: become the container's program. Raises OSError."""
    os.chdir(spec["cwd"])  # before the change of user, who may not be able to reach it by its path
    if spec["user"] is not None and os.geteuid() == 0:
        os.setgroups(spec["groups"])
        os.setgid(spec["group"])
        os.setuid(spec["user"])
    if spec.get("agent"):
        rights.die_with(spec["agent"])  # only now: a change of user takes it back
    if spec["no_new_privileges"]:
        rights.no_new_privileges()
    os.umask(0o022)
    os.execve(find_program(spec["argv"][0], spec["env"].get("PATH", "")), spec["argv"], spec["env"])


def find_program(name: str, path: str) -> str:
    if "/" in name:
        return name
    for folder in path.split(":"):
        candidate = os.path.join(folder or ".", name)
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return candidate
    raise FileNotFoundError(2, f'executable "{name}" not found in $PATH')


class AttachedClient:
    """One reader of the container's output, perhaps the writer of its input."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.incoming = b""
        self.outgoing = b""
        connection.setblocking(False)


class Launcher:
    def __init__(self, directory: str) -> None:
        self._directory = directory
        with open(os.path.join(directory, "spec.json")) as file:
            self.spec = json.load(file)
        self._log = ContainerLog(os.path.join(directory, "log"))
        self._poll = select.epoll()
        self._streams: dict[int, int] = {}  # descriptor -> channel
        self._attached: dict[int, AttachedClient] = {}
        self._stdin = -1
        self._pty = -1
        self._pending = b""  # input that the program has not taken yet
        self._closing = False  # its end was announced
        self._fed = False  # waiting until the program takes more
        self.child = 0

    def start(self) -> None:
        """Fork the program; raises OSError with why it could not be executed."""
        rights.become_subreaper()
        self._listen()
        if self.spec["namespaces"]:
            prepare_files(self.spec)
        told, tell = os.pipe()
        ends = self._open_streams()
        self.child = os.fork()
        if self.child == 0:
            self._in_child(ends, tell)
        os.close(tell)
        for end in set(ends):
            os.close(end)
        with os.fdopen(told, "rb") as pipe:
            problem = pipe.read()
        if problem:
            os.waitpid(self.child, 0)
            raise OSError(problem.decode(errors="replace"))

    def _in_child(self, ends: tuple[int, ...], tell: int) -> None:
        try:
            os.setsid()
            for number in range(1, signal.NSIG):
                if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
                    signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            for target, end in enumerate(ends):
                os.dup2(end, target)
            if self.spec["tty"]:
                import fcntl
                import termios

                fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            run_program(self.spec)
        except BaseException as error:
            os.write(tell, str(error).encode())
        finally:
            os._exit(127)

    def _open_streams(self) -> tuple[int, ...]:
        if self.spec["tty"]:
            ours, theirs = os.openpty()
            self._pty = self._stdin = ours
            self._watch(ours, STDOUT)
            if self.spec["namespaces"]:
                import devices  # type: ignore[import-not-found] # beside this file

                devices.make_console(theirs)
            return self._owned(theirs, theirs, theirs)
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        self._watch(out, STDOUT)
        self._watch(err, STDERR)
        if self.spec["stdin"]:
            in_end, self._stdin = os.pipe()
            os.set_blocking(self._stdin, False)
        else:
            in_end = os.open("/dev/null", os.O_RDONLY)
            return in_end, *self._owned(out_end, err_end)
        return self._owned(in_end, out_end, err_end)

    def _owned(self, *ends: int) -> tuple[int, ...]:
        """The program's user has to own them to open /dev/stdout or its terminal by name."""
        if self.spec["user"] is not None and os.geteuid() == 0:
            for end in ends:
                os.fchown(end, self.spec["user"], -1)
        return ends

    def _watch(self, descriptor: int, channel: int) -> None:
        self._streams[descriptor] = channel
        self._poll.register(descriptor, select.EPOLLIN)

    def _listen(self) -> None:
        folder = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(f"/proc/self/fd/{folder}/attach")  # this way the path's length does not matter
        self._door.listen(8)
        os.close(folder)
        self._poll.register(self._door.fileno(), select.EPOLLIN)

    def run(self) -> int:
        """Carry output until the program has ended and all its descendants are gone; returns the exit code."""
        signal.set_wakeup_fd(self._wakeup(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(ignored, signal.SIG_IGN)
        code = self._reap()
        while code is None:
            for descriptor, event in self._poll.poll():
                self._serve(descriptor, event)
            code = self._reap()
        self._end_descendants()
        self._drain()
        return code

    def _wakeup(self) -> int:
        self._woken, writing = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(writing, False)
        self._poll.register(self._woken, select.EPOLLIN)
        return writing

    def _serve(self, descriptor: int, event: int) -> None:
        if descriptor == self._woken:
            os.read(self._woken, 4096)
        elif descriptor in self._streams:
            self._carry(descriptor)
        elif descriptor == self._door.fileno():
            connection, _ = self._door.accept()
            self._attached[connection.fileno()] = AttachedClient(connection)
            self._poll.register(connection.fileno(), select.EPOLLIN)
        elif descriptor == self._stdin:
            self._feed()
        elif descriptor in self._attached:
            self._hear(self._attached[descriptor], event)

    def _carry(self, descriptor: int) -> bool:
        """Move what there is to read into the log and to who is attached; False at the end."""
        try:
            data = os.read(descriptor, 65536)
        except OSError:  # a terminal whose last user is gone reads as EIO
            data = b""
        channel = self._streams[descriptor]
        if not data:
            self._poll.unregister(descriptor)
            del self._streams[descriptor]
            return False
        self._log.write(channel, data)
        for reader in list(self._attached.values()):
            self._send(reader, channel, data)
        return True

    def _send(self, reader: AttachedClient, channel: int, data: bytes) -> None:
        reader.outgoing += HEAD.pack(channel, len(data)) + data
        self._flush(reader)
        if len(reader.outgoing) > MAX_BACKLOG:
            self._drop(reader)

    def _flush(self, reader: AttachedClient) -> None:
        try:
            sent = reader.socket.send(reader.outgoing) if reader.outgoing else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(reader)
            return
        reader.outgoing = reader.outgoing[sent:]
        wanted = select.EPOLLIN | (select.EPOLLOUT if reader.outgoing else 0)
        self._poll.modify(reader.socket.fileno(), wanted)

    def _drop(self, reader: AttachedClient) -> None:
        number = reader.socket.fileno()
        if self._attached.pop(number, None):
            self._poll.unregister(number)
            reader.socket.close()

    def _hear(self, reader: AttachedClient, event: int) -> None:
        if event & select.EPOLLOUT:
            self._flush(reader)
        if not event & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            return
        try:
            data = reader.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(reader)
            return
        reader.incoming += data
        while len(reader.incoming) >= HEAD.size:
            channel, length = HEAD.unpack_from(reader.incoming)
            if len(reader.incoming) < HEAD.size + length:
                break
            body = reader.incoming[HEAD.size : HEAD.size + length]
            reader.incoming = reader.incoming[HEAD.size + length :]
            self._told(channel, body)

    def _told(self, channel: int, body: bytes) -> None:
        if channel == STDIN and self._stdin >= 0:
            self._pending += body
            self._feed()
        elif channel == CLOSE and self._stdin >= 0 and self._pty < 0 and self.spec["stdin_once"]:
            self._finish_input()
        elif channel == RESIZE and self._pty >= 0:
            import fcntl
            import termios

            width, height = struct.unpack("!HH", body)
            fcntl.ioctl(self._pty, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def _finish_input(self) -> None:
        if not self._pending:
            os.close(self._stdin)
            self._stdin = -1
        else:
            self._closing = True

    def _feed(self) -> None:
        try:
            written = os.write(self._stdin, self._pending) if self._pending else 0
        except BlockingIOError:
            written = 0
        except OSError:
            self._pending, written = b"", 0
        self._pending = self._pending[written:]
        if self._stdin in self._streams:  # a terminal: reading and writing share the descriptor
            return
        if self._pending and not self._fed:
            self._poll.register(self._stdin, select.EPOLLOUT)
            self._fed = True
        elif not self._pending and self._fed:
            self._poll.unregister(self._stdin)
            self._fed = False
        if self._closing and not self._pending:
            self._finish_input()

    def _reap(self) -> int | None:
        """Collect the dead; the program's exit code once it is among them (128 + signal when killed)."""
        code = None
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return 255 if code is None else code
            if pid == 0:
                return code
            if pid == self.child:
                found = os.waitstatus_to_exitcode(status)
                code = found if found >= 0 else 128 - found

    def _end_descendants(self) -> None:
        """The program was its container's first process: with it goes all it started, whatever its session."""
        while True:
            for pid in children(os.getpid()):
                kill_tree(pid)
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return

    def _drain(self) -> None:
        for descriptor in list(self._streams):
            os.set_blocking(descriptor, False)
            while self._carry(descriptor):
                pass
        self._log.close()

    def tell_end(self, code: int) -> None:
        for reader in list(self._attached.values()):
            reader.socket.setblocking(True)
            reader.socket.settimeout(2)
            try:
                reader.socket.sendall(reader.outgoing + HEAD.pack(ENDED, 4) + struct.pack("!i", code))
            except OSError:
                continue


def children(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def kill_tree(pid: int) -> None:
    below = children(pid)
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    for child in below:
        kill_tree(child)


def main() -> None:
    directory, report = sys.argv[1], int(sys.argv[2])
    os.set_inheritable(report, False)
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    launcher = Launcher(directory)
    try:
        launcher.start()
    except OSError as error:
        os.write(report, json.dumps({"error": str(error)}).encode())
        os._exit(1)
    # From here on the files are reached through the folder: the mount namespace may hide the path.
    here = f"/proc/self/fd/{folder}"
    started = {
        "pid": launcher.child,
        "start_time": start_time(launcher.child),
        "launcher": os.getpid(),
        "launcher_start": start_time(os.getpid()),
        "started": time.time(),
    }
    try:
        write_json(f"{here}/state.json", started)
    except OSError:  # the folder was removed meanwhile: no agent would find this program
        kill_tree(launcher.child)
        os._exit(1)
    try:
        os.write(report, json.dumps(started).encode())
    except BrokenPipeError:
        pass  # the agent was killed meanwhile; the next one finds state.json
    finally:
        os.close(report)
    code = launcher.run()
    write_json(f"{here}/exit.json", {"code": code, "finished": time.time()})
    launcher.tell_end(code)


if __name__ == "__main__":
    main()
